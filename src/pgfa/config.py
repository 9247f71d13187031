"""Frozen settings, one class per stage: checked on creation, to and from TOML, each with a digest.

The command line, TOML files and Python use these same classes; no setting is declared twice.

Format of saved settings. `FORMAT` is its version, written as ``format`` into every file. The rule for changes:

- a setting that is renamed gets a line in `_RENAMED`: files of the older format still open, digests do not change,
  and whoever uses the old name is told the new one;
- a setting that is added gets a line in `_ADDED` with the value that older files stand for: files that do not name
  it mean that value, and digests of settings with that value do not change;
- a setting is never given another meaning; `FORMAT` grows with every change, and tests/fixtures holds files of
  every older one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, Self, TypeAlias

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pgfa.errors import BadConfig
from pgfa.files import digest, write_atomic

FORMAT: Final = 2

_RENAMED: Final[dict[str, dict[str, str]]] = {
    "train": {
        "rate": "learning_rate",
        "batch": "batch_size",
        "scale": "logit_scale",
        "learn_scale": "learn_logit_scale",
        "spoil": "degrade",
        "watch_test": "test_each_epoch",
    },
    "baseline": {
        "rate": "learning_rate",
        "batch": "batch_size",
        "smie_rate": "smie_learning_rate",
        "smie_draws": "smie_samples",
    },
    "serve": {
        "names": "allowed_hosts",
        "file_bytes": "max_file_bytes",
        "message_bytes": "max_message_bytes",
        "upload_seconds": "max_upload_seconds",
        "read_seconds": "max_read_seconds",
        "frames": "max_frames",
        "seconds": "max_seconds",
        "bodies": "max_bodies",
        "windows": "max_windows",
        "sentences": "max_sentences",
        "characters": "max_characters",
        "clips": "max_clips",
        "session_bytes": "max_session_bytes",
        "sessions": "max_sessions",
        "idle_seconds": "session_idle_seconds",
        "waiting": "max_queued",
    },
}
"""Stage -> old name -> name, since format 1."""

_ADDED: Final[dict[str, dict[str, Any]]] = {
    "prepare": {"trim": False},
    "train": {"degrade": False, "objective": "contrastive"},
}
"""Stage -> setting that older files may lack -> the value they stand for."""

ENCODERS: Final = {"stgcn": "pgfa.model.stgcn", "shiftgcn": "pgfa.model.shiftgcn"}
"""Motion encoders: name -> the module with its `SPEC` (pgfa/model/encoder.py). One line per encoder."""

OBJECTIVES: Final = {"contrastive": "pgfa.model.contrastive"}
"""Training objectives: name -> the module with its function `loss` (pgfa/model/objective.py). One line each."""

ALIGNMENTS: Final = {
    "none": "sentence vectors as they are",
    "paper": "one pass as in the paper, docs/method.md section 4",
    "iterated": "`paper` repeated until no pseudo-label changes",
    "balanced": "optimal transport: clips are assigned to classes under a class prior",
    "neighbours": "`paper` with cosines corrected for hubness",
}
"""Test-time alignments: name -> summary. `pgfa.adapt` has a module of each name, with its `METHOD`. One line each."""

Recipe = Literal["paper", "default"]
Variant = Literal["label", "plain", "skeleton", "parts"]
if TYPE_CHECKING:
    EncoderName: TypeAlias = str
    ObjectiveName: TypeAlias = str
    AlignmentName: TypeAlias = str
else:  # the choices on the command line, and what is refused, follow from the tables
    EncoderName, ObjectiveName = Literal[tuple(ENCODERS)], Literal[tuple(OBJECTIVES)]
    AlignmentName = Literal[tuple(ALIGNMENTS)]


class Settings(BaseModel):
    """Base of all settings. Raises BadConfig (not pydantic's error) on a wrong value."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            first = error.errors()[0]
            # As typed on the command line and in TOML: `train.epochs`.
            path = [*self._path(), *map(str, first["loc"])]
            name = ".".join(path) or "run"
            if first["type"] == "extra_forbidden":
                new = _RENAMED.get(".".join(path[:-1]) or self._stage(), {}).get(path[-1])
                reason = f"renamed to {'.'.join([*path[:-1], new])}" if new else "there is no such setting"
            else:
                reason = first["msg"].removeprefix("Value error, ")
            found = f", found {first.get('input')!r}" if first["loc"] else ""
            raise BadConfig(f"setting {name}: {reason}{found}") from None

    @classmethod
    def _stage(cls) -> str:
        """The name of the stage, as in a run's settings."""
        return cls.__name__.removesuffix("Settings").lower()

    @classmethod
    def _path(cls) -> tuple[str, ...]:
        """Where the stage stands in a run's settings; empty for the run itself."""
        return (cls._stage(),)

    @property
    def digest(self) -> str:
        """16 hex digits that change when any setting does."""
        return digest(_DIGEST_NAMES.get(type(self).__name__, type(self).__name__), self.canonical())

    def canonical(
        self,
        *,
        include: Collection[str] | None = None,
        exclude: Collection[str] = (),
        omit_added: bool = True,
    ) -> dict[str, Any]:
        """The settings as JSON values under the names of format 1, for digests: these outlive a renaming.

        Args:
            include: names of the settings that count, all where None.
            exclude: names of settings that do not count.
            omit_added: leave out added settings that have the value older files stand for.
        """
        old = {name: before for before, name in _RENAMED.get(self._stage(), {}).items()}
        added = _ADDED.get(self._stage(), {}) if omit_added else {}
        out: dict[str, Any] = {}
        for name, value in self.model_dump(mode="json").items():
            if name in exclude or (include is not None and name not in include):
                continue
            if name in added and value == added[name]:
                continue
            stage = getattr(self, name)
            out[old.get(name, name)] = (
                stage.canonical(omit_added=omit_added) if isinstance(stage, Settings) else value
            )
        return out

    def save(self, path: Path) -> None:
        """Write as TOML; settings that are None are left out, as TOML has no such value."""
        write_atomic(
            path, tomli_w.dumps({"format": FORMAT, **self.model_dump(mode="json", exclude_none=True)})
        )

    @classmethod
    def load(cls, path: Path, make: Callable[..., Self] | None = None) -> Self:
        """Read from TOML, by `make` where given. Raises BadConfig that names the file and the setting."""
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
            return (make or cls)(**cls.upgraded(values))
        except FileNotFoundError:
            raise BadConfig(f"{path}: no such settings file") from None
        except OSError as error:
            raise BadConfig(f"{path}: not a readable file: {error}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadConfig(f"{path}: not TOML: {error}") from None
        except BadConfig as error:
            raise BadConfig(f"{path}: {error}") from None

    @classmethod
    def upgraded(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Saved values of any format under today's names.

        Raises:
            BadConfig: they were written by a newer version of pgfa.
        """
        out = dict(values)
        version = out.pop("format", 1)
        if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= FORMAT:
            raise BadConfig(
                f"settings of format {version!r}; this version of pgfa reads formats 1 to {FORMAT}"
            )
        if version > 1:
            return out
        for stage, names in _RENAMED.items():
            if stage == cls._stage():
                out = {names.get(name, name): value for name, value in out.items()}
            elif isinstance(out.get(stage), dict) and stage in cls.model_fields:
                out[stage] = {names.get(name, name): value for name, value in out[stage].items()}
        return out


_DIGEST_NAMES: Final = {"BaselineSettings": "CompareSettings"}
"""Classes under the names that digests of format 1 were taken with."""


def renamed_options() -> dict[str, str]:
    """Options of the command line that settings were once given by -> today's, with their dashes."""
    out = {}
    for stage, names in _RENAMED.items():
        prefix = "" if stage == "serve" else f"{stage}."
        for before, name in names.items():
            for no in ("", "no-"):
                out[f"--{prefix}{no}{before.replace('_', '-')}"] = f"--{prefix}{no}{name.replace('_', '-')}"
    return out


class StageSettings(Settings):
    """Settings whose unspecified values follow a recipe: the authors' (`paper`) or this project's (`default`)."""

    recipe: Recipe = "default"
    """`paper`: the authors' choices, faults included; `default`: this project's."""

    PAPER: ClassVar[dict[str, Any]] = {}

    @model_validator(mode="before")
    @classmethod
    def _fill_from_recipe(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("recipe") == "paper":
            return {**cls._paper(values), **values}
        return values

    @classmethod
    def _paper(cls, values: dict[str, Any]) -> dict[str, Any]:
        """The authors' choices, given what is specified."""
        return cls.PAPER


class PrepareSettings(StageSettings):
    """Clip -> fixed-size array."""

    PAPER: ClassVar[dict[str, Any]] = {"layout": "ntu25", "trim": False}

    layout: str = "kinect20"
    """Layout that every clip is carried to. Kinect v2 tips and thumbs are mostly noise: `kinect20` drops them."""
    frames: Annotated[int, Field(ge=2, le=1000)] = 50
    """Frames after resampling time."""
    bodies: Annotated[int, Field(ge=1, le=8)] = 2
    """Bodies kept."""
    trim: bool = True
    """Cut off standing still before and after the action."""


class TextSettings(StageSettings):
    """Sentence -> unit vector."""

    PAPER: ClassVar[dict[str, Any]] = {"variants": ("plain",), "centre": False}

    encoder: Literal["minilm", "mpnet", "file"] = "minilm"
    """`minilm` comes with the package; `mpnet` is the paper's; `file` reads vectors from `source`."""
    source: str | None = None
    """Folder of a sentence-transformers model (mpnet), or .npz/.safetensors of vectors (file)."""
    variants: tuple[Variant, ...] = ("label", "plain", "skeleton", "parts")
    """Texts of the catalogue that stand for a class by the mean of their vectors."""
    centre: bool = True
    """Subtract the mean of the seen classes' vectors from every sentence vector."""

    @field_validator("variants")
    @classmethod
    def _some(cls, value: tuple[Variant, ...]) -> tuple[Variant, ...]:
        if not value:
            raise ValueError("at least one text variant is needed")
        return value


class ModelSettings(StageSettings):
    """Motion encoder and projection."""

    PAPER: ClassVar[dict[str, Any]] = {
        "streams": ("joint",),
        "channels": (16, 16, 16, 16, 32, 32, 32, 64, 64, 256),
        "strides": (1, 1, 1, 1, 2, 1, 1, 2, 1, 1),
        "kernel": 9,
        "dropout": 0.5,
        "absent_bodies": "zero",
    }
    PAPER_SHIFTGCN: ClassVar[dict[str, Any]] = {
        "streams": ("joint",),
        "channels": (64, 64, 64, 64, 128, 128, 128, 256, 256, 256),
        "strides": (1, 1, 1, 1, 2, 1, 1, 2, 1, 1),
        "dropout": 0.0,
        "absent_bodies": "zero",
    }

    encoder: EncoderName = "stgcn"
    """Motion encoder: ST-GCN (settings 1 and one-shot of the paper) or Shift-GCN (setting 2)."""
    streams: tuple[Literal["joint", "bone", "motion"], ...] = ("joint", "bone", "motion")
    """What a joint carries: its position, the vector from its parent, its change to the next frame."""
    channels: tuple[Annotated[int, Field(ge=1, le=4096)], ...] = (32, 64, 128)
    """Channels of each block; the last is the size of the feature."""
    strides: tuple[Annotated[int, Field(ge=1, le=2)], ...] = (2, 2, 1)
    """Temporal stride of each block."""
    kernel: Annotated[int, Field(ge=1, le=31)] = 5
    """Frames that a temporal convolution of ST-GCN sees; Shift-GCN learns how far it looks."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """Dropout in every block but the first."""
    absent_bodies: Literal["zero", "skip"] = "skip"
    """`zero`: an absent body is a body of zeros, as the authors do; `skip`: it is left out of all computation."""

    @classmethod
    def _paper(cls, values: dict[str, Any]) -> dict[str, Any]:
        return cls.PAPER_SHIFTGCN if values.get("encoder") == "shiftgcn" else cls.PAPER

    @model_validator(mode="after")
    def _one_stride_each(self) -> Self:
        if len(self.channels) != len(self.strides) or not self.channels:
            raise ValueError("channels and strides must be of the same length, one entry a block")
        if self.kernel % 2 == 0:
            raise ValueError("kernel must be odd, so that frames stay in place")
        return self


class TrainSettings(StageSettings):
    """The training loop."""

    PAPER: ClassVar[dict[str, Any]] = {
        "optimiser": "sgd",
        "schedule": "steps",
        "epochs": 50,
        "batch_size": 128,
        "learning_rate": 0.05,
        "weight_decay": 5e-4,
        "logit_scale": 1 / 0.07,
        "augment": False,
        "degrade": False,
        "sampling": "clips",
    }

    objective: ObjectiveName = "contrastive"
    """What the model is trained for; `contrastive` is the paper's loss against sentence vectors."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Random seed. Sample order, augmentation and dropout are functions of seed, epoch and step."""
    epochs: Annotated[int, Field(ge=1)] = 20
    """Passes over the training clips."""
    batch_size: Annotated[int, Field(ge=2)] = 64
    """Clips per step. The last partial batch of an epoch is dropped."""
    optimiser: Literal["sgd", "adamw"] = "adamw"
    """`sgd` with momentum 0.9, or `adamw`."""
    schedule: Literal["steps", "one-cycle"] = "one-cycle"
    """Learning rate over time. `steps`: linear warm-up over 5 epochs, then divided by 10 at each of `drops`;
    `one-cycle`: rises for 15 % of the steps, then falls by a cosine."""
    drops: tuple[Annotated[int, Field(ge=1)], ...] = (50, 80)
    """Epochs at which the schedule `steps` divides the learning rate by 10."""
    learning_rate: Annotated[float, Field(gt=0)] = 2e-3
    """Peak learning rate."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.05
    """Weight decay, applied to all weights."""
    logit_scale: Annotated[float, Field(gt=0)] = 5.0
    """s of the loss: logits are s times the cosine."""
    learn_logit_scale: bool = False
    """Train s as well. The paper describes it; the authors' code does not do it."""
    sampling: Literal["clips", "classes"] = "clips"
    """`clips`: every clip once per epoch; `classes`: clips are drawn so that every class comes equally often."""
    augment: bool = True
    """Augment clips: rotation about the vertical, size, time crop and warp, joint noise."""
    degrade: bool = True
    """With `augment`: degrade half of the clips the way poor recordings are: tilt, idle time, lost joints, noise,
    no depth."""
    mirror: bool = False
    """With `augment`: mirror half of the clips, with their joints and the left and right of their sentences. Off by
    default: it cost accuracy where performers use one hand (docs/results.md)."""
    test_each_epoch: bool = False
    """Log the accuracy on the test clips after every epoch. This uses the labels of unseen classes: reporting the
    best of these epochs, as is common in the field, is selection on the test set. The weights do not change."""


class AdaptSettings(StageSettings):
    """Test-time alignment with unlabelled clips; docs/alignment.md says what each method assumes."""

    PAPER: ClassVar[dict[str, Any]] = {"method": "paper"}

    method: AlignmentName = Field(
        default="balanced",
        description="; ".join(f"`{name}`: {summary}" for name, summary in ALIGNMENTS.items()) + ".",
    )
    alpha: Annotated[float, Field(gt=0, le=1)] = 0.9
    """Support factor: the share of a class's pseudo-labelled clips, most confident first, that are averaged into its
    prototype (`paper`, `iterated`, `neighbours`, streams)."""
    rounds: Annotated[int, Field(ge=1, le=1000)] = 10
    """Maximum number of rounds of `iterated` and `balanced`; both stop when no label changes."""
    temperature: Annotated[float, Field(gt=0, le=10)] = 0.25
    """Temperature of the softmax over cosines in `balanced`; smaller is closer to a hard assignment. In units of the
    mean margin: best cosine minus mean cosine, averaged over clips."""
    prior: Literal["uniform", "estimated"] | tuple[Annotated[float, Field(ge=0)], ...] = "estimated"
    """Class prior of `balanced`: `uniform`, `estimated` from the clips, or one number per class in the order of the
    candidates (normalised to sum 1)."""
    shrinkage: Annotated[float, Field(ge=0, le=1)] = 0.05
    """Weight of the uniform prior mixed into the `estimated` one: 0 uses the estimate alone, 1 is `uniform`."""
    neighbours: Annotated[int, Field(ge=1)] | None = None
    """Nearest clips that `neighbours` averages over to measure the hubness of an anchor (default: all clips)."""
    memory: Annotated[int, Field(ge=1, le=100_000)] = 100
    """Clips that a stream stores per class."""

    @field_validator("prior")
    @classmethod
    def _check_prior(cls, value: str | tuple[float, ...]) -> str | tuple[float, ...]:
        if not isinstance(value, str) and not 0 < sum(value) < float("inf"):
            raise ValueError("prior must have finite entries, at least one of them above 0")
        return value


class RecogniseSettings(Settings):
    """Answers over time: the windows, and which recordings count as long."""

    window: tuple[Annotated[float, Field(gt=0)], ...] = (1.5, 3.0)
    """Window lengths in seconds; cosines are averaged over the lengths."""
    hop: Annotated[float, Field(gt=0)] = 0.25
    """Seconds between the centres of successive windows."""
    live_hop: Annotated[float, Field(gt=0)] = 0.2
    """Seconds between successive live answers."""
    long_from: Annotated[float, Field(gt=0)] = 10.0
    """Recordings of at least this many seconds are answered over time by default."""


class BaselineSettings(StageSettings):
    """The methods that PGFA is compared with; docs/methods_compared.md describes each."""

    PAPER: ClassVar[dict[str, Any]] = {"smie_learning_rate": 1e-5}

    epochs: Annotated[int, Field(ge=1)] = 100
    """Passes over the stored features of the training clips, for every method that is trained on them."""
    batch_size: Annotated[int, Field(ge=2)] = 128
    """Clips per step of these methods. The last partial batch is dropped."""
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    """Peak learning rate of `pgfa-frozen`, `devise` and `vae`."""
    smie_learning_rate: Annotated[float, Field(gt=0)] = 3e-4
    """Peak learning rate of `smie`: the authors' 1e-5 times the ratio of steps between their data and a small set."""
    smie_samples: Annotated[int, Field(ge=1, le=100)] = 4
    """Random choices of calm frames whose features are computed in advance, for the temporal term of `smie`."""
    devise_margin: Annotated[float, Field(gt=0)] = 0.1
    """By how much the right class should lead in `devise`."""
    eszsl_gamma: Annotated[float, Field(gt=0)] = 0.1
    """How strongly `eszsl` is held back on the side of the features, which are standardised."""
    eszsl_lambda: Annotated[float, Field(gt=0)] = 0.1
    """How strongly `eszsl` is held back on the side of the sentences, which are unit vectors."""
    vae_hidden: Annotated[int, Field(ge=1)] = 512
    """Units of the hidden layers of `vae`."""
    vae_latent: Annotated[int, Field(ge=1)] = 64
    """Size of the latent of `vae`."""
    t3a_supports: Annotated[int, Field(ge=1)] = 20
    """Supports of each class that `t3a` keeps, its anchor among them."""
    cache_shots: Annotated[int, Field(ge=1)] = 8
    """Clips of each class that `cache` keeps."""
    cache_weight: Annotated[float, Field(ge=0)] = 2.0
    """How much the answer of `cache` counts beside the scores, in units of their spread."""
    cache_sharpness: Annotated[float, Field(gt=0)] = 5.0
    """How fast a key of `cache` counts less with its distance."""


class ServeSettings(Settings):
    """The page and its HTTP interface (`pgfa serve`): where the server listens, and its limits."""

    model_config = ConfigDict(populate_by_name=True)

    host: str = "127.0.0.1"
    """Address to listen on. The default accepts connections from this machine only."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8765
    """Port to listen on; 0 picks a free one."""
    # The alias gives the command line --allowed-host, which is repeated for each host.
    allowed_hosts: Annotated[tuple[str, ...], Field(alias="allowed_host")] = ()
    """Host names that clients may use, in addition to localhost and IP addresses."""
    max_file_bytes: Annotated[int, Field(ge=1)] = 64 * 1024**2
    """Maximum size of an upload, in bytes."""
    max_message_bytes: Annotated[int, Field(ge=1)] = 256 * 1024
    """Maximum size of a JSON request, in bytes."""
    max_upload_seconds: Annotated[float, Field(gt=0)] = 120
    """Maximum time to receive the body of one request, in seconds."""
    max_read_seconds: Annotated[float, Field(gt=0)] = 30
    """Maximum time to read one uploaded file, in seconds; a zip counts as one file."""
    max_frames: Annotated[int, Field(ge=1)] = 60_000
    """Maximum number of frames in a recording."""
    max_seconds: Annotated[float, Field(gt=0)] = 1_800
    """Maximum length of a recording, in seconds."""
    max_bodies: Annotated[int, Field(ge=1)] = 8
    """Maximum number of body slots in a recording."""
    max_windows: Annotated[int, Field(ge=1)] = 2_000
    """Maximum number of windows over all bodies of a recording; longer recordings get fewer windows per second."""
    max_sentences: Annotated[int, Field(ge=1)] = 50
    """Maximum number of sentences per request, and of taught classes per session."""
    max_characters: Annotated[int, Field(ge=1)] = 300
    """Maximum number of characters in a sentence or class name."""
    max_clips: Annotated[int, Field(ge=1)] = 200
    """Maximum number of clips per session."""
    max_session_bytes: Annotated[int, Field(ge=1)] = 256 * 1024**2
    """Maximum size of the joint positions held for a session, in bytes."""
    max_sessions: Annotated[int, Field(ge=1)] = 8
    """Maximum number of open sessions. A new one replaces the longest idle one, if that has been idle for a minute."""
    session_idle_seconds: Annotated[float, Field(gt=0)] = 2 * 3600
    """Idle time after which a session is deleted, in seconds."""
    max_queued: Annotated[int, Field(ge=1)] = 16
    """Maximum number of requests that use the recogniser or wait for it; others are refused."""


class RunSettings(StageSettings):
    """Everything that decides a training run, saved as `run.toml` in the run's folder."""

    packs: tuple[str, ...] = ()
    """Pack folders; the first that holds the split's data set is tested on."""
    split: str = ""
    """Split of a catalogue, as `utd-mhad/22-5`."""
    protocol: Literal["all", "cross-subject", "cross-view", "cross-setup"] = "all"
    """Official division of the split's data set: seen classes train on its training side only, unseen classes test on
    its test side only. `all`: every clip may train and test, classes alone divide them."""
    prepare: PrepareSettings = PrepareSettings()
    text: TextSettings = TextSettings()
    model: ModelSettings = ModelSettings()
    train: TrainSettings = TrainSettings()
    adapt: AdaptSettings = AdaptSettings()

    @classmethod
    def _path(cls) -> tuple[str, ...]:
        return ()

    @model_validator(mode="before")
    @classmethod
    def _recipe_for_all_stages(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        recipe = values.get("recipe", "default")
        stages = {}
        for name in ("prepare", "text", "model", "train", "adapt"):
            given = values.get(name, {})
            stages[name] = {"recipe": recipe, **given} if isinstance(given, dict) else given
        return {**values, **stages}

    @classmethod
    def saved(cls, **values: Any) -> Self:
        """The settings that a run or bundle kept, complete for its format; what it does not name is of `_ADDED`.

        Raises:
            BadConfig: a wrong value, or settings of a newer version of pgfa.
        """
        values = cls.upgraded(values)
        for stage, added in _ADDED.items():
            if isinstance(values.get(stage, {}), dict):
                values[stage] = {**added, **values.get(stage, {})}
        return cls(**values)
