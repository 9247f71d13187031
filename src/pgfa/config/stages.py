"""Settings of the stages of a run: preparation, sentences, model, training, alignment."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from pgfa.config.settings import StageSettings
from pgfa.config.tables import ALIGNMENTS, ENCODERS, OBJECTIVES, AlignmentName, EncoderName, ObjectiveName

Variant = Literal["label", "plain", "skeleton", "parts"]


def _listed(table: dict[str, str]) -> str:
    """The entries of a table of choices, for help."""
    return "; ".join(f"`{name}`: {summary}" for name, summary in table.items()) + "."


class PrepareSettings(StageSettings):
    """Clip -> fixed-size array."""

    PAPER: ClassVar[dict[str, Any]] = {"layout": "ntu25", "trim": False, "soft_ends": False}

    layout: str = "kinect20"
    """Joint layout that every clip is converted to. `kinect20` omits Kinect v2 tips and thumbs, mostly noise."""
    frames: Annotated[int, Field(ge=2, le=1000)] = 50
    """Frames per clip after resampling in time."""
    bodies: Annotated[int, Field(ge=1, le=8)] = 2
    """Maximum number of bodies per clip."""
    trim: bool = True
    """Cut off idle time before and after the action."""
    soft_ends: bool = True
    """With `trim`: where idle time ends is a mean over thresholds, and clips show no finer detail than 1/12 s, so that
    answers depend less on the frame rate. Off: one threshold, as in earlier versions."""


class TextSettings(StageSettings):
    """Sentence -> unit vector."""

    PAPER: ClassVar[dict[str, Any]] = {"variants": ("plain",), "centre": False}

    encoder: Literal["minilm", "mpnet", "file"] = "minilm"
    """Sentence encoder. `minilm` comes with the package; `mpnet` is the paper's; the package contains
    its vectors of the catalogues' sentences. `file` reads vectors from `source`."""
    source: str | None = None
    """`mpnet`: folder of a sentence-transformers model; `file`: file of vectors (.npz or .safetensors)."""
    variants: tuple[Variant, ...] = ("label", "plain", "skeleton", "parts")
    """Texts of the catalogue whose vectors are averaged into the vector of a class."""
    centre: bool = True
    """Subtract the mean of the seen classes' vectors from every sentence vector."""

    @field_validator("variants")
    @classmethod
    def _check_variants(cls, value: tuple[Variant, ...]) -> tuple[Variant, ...]:
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

    encoder: EncoderName = Field(
        default="stgcn",
        description="Motion encoder. "
        + _listed(ENCODERS)
        + " The paper uses `shiftgcn` in setting 2, else `stgcn`.",
    )
    streams: tuple[Literal["joint", "bone", "motion"], ...] = ("joint", "bone", "motion")
    """Inputs per joint: position (`joint`), vector from its parent (`bone`), change to the next frame (`motion`)."""
    channels: tuple[Annotated[int, Field(ge=1, le=4096)], ...] = (32, 64, 128)
    """Channels of each block; the last number is the size of the feature."""
    strides: tuple[Annotated[int, Field(ge=1, le=2)], ...] = (2, 2, 1)
    """Temporal stride of each block."""
    kernel: Annotated[int, Field(ge=1, le=31)] = 5
    """Length of the temporal convolutions of `stgcn` in frames, an odd number. `shiftgcn` learns its own."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """Dropout in every block but the first."""
    absent_bodies: Literal["zero", "skip"] = "skip"
    """Bodies that are absent from a clip. `zero`: they are computed as bodies of zeros, as the authors do; `skip`: they
    are left out of all computation."""

    @classmethod
    def _paper(cls, values: dict[str, Any]) -> dict[str, Any]:
        encoders = {"stgcn": cls.PAPER, "shiftgcn": cls.PAPER_SHIFTGCN}
        if (encoder := values.get("encoder", "stgcn")) in encoders:
            return encoders[encoder]
        return {name: cls.PAPER[name] for name in ("streams", "absent_bodies")}  # not an encoder of the paper

    @model_validator(mode="after")
    def _one_stride_each(self) -> Self:
        if len(self.channels) != len(self.strides) or not self.channels:
            raise ValueError("channels and strides must have the same length, one entry per block")
        if self.kernel % 2 == 0:
            raise ValueError("kernel must be odd")
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

    objective: ObjectiveName = Field(
        default="contrastive", description="Training objective. " + _listed(OBJECTIVES)
    )
    seed: Annotated[int, Field(ge=0)] = 0
    """Random seed. Sample order, augmentation and dropout are functions of seed, epoch and step."""
    epochs: Annotated[int, Field(ge=1)] = 20
    """Passes over the training clips; `pgfa train` makes more of fewer than 640 clips, unless you set it."""
    batch_size: Annotated[int, Field(ge=2)] = 64
    """Clips per step; the last partial batch of an epoch is dropped. `pgfa train` takes smaller batches, down to 16,
    of fewer than 640 clips, unless you set it."""
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
    precision: Literal["float32", "bfloat16"] = "float32"
    """Number format of the motion encoder in training. `bfloat16` is faster where the processor has instructions for
    it (docs/speed.md), and many times slower where it has none (`pgfa doctor` tells); weights, features, loss and
    evaluation are float32 in either case."""
    compile: bool = False
    """Compile the motion encoder for training (torch.compile): the first step takes up to a minute more, each step
    less time on a GPU. Changes the weights by rounding."""
    sampling: Literal["clips", "classes", "roots"] = "clips"
    """`clips`: every clip once per epoch; `classes`: clips are drawn so that every class comes equally often; `roots`:
    in between, a class comes in proportion to the root of its number of clips."""
    augment: bool = True
    """Augment clips: rotation about the vertical, size, time crop and warp, joint noise."""
    degrade: bool = True
    """With `augment`: degrade half of the clips the way poor recordings are: tilt, idle time, lost joints, noise,
    no depth."""
    partial_views: bool = False
    """With `degrade`: defects of recordings that show less, too: more clips without depth, seen from up to 60° to the
    side, and whole arms and legs that are never seen."""
    mirror: bool = False
    """With `augment`: mirror half of the clips, with their joints and the left and right of their sentences. Off by
    default: it cost accuracy where performers use one hand (docs/former-figures.md)."""
    test_each_epoch: bool = False
    """Log the accuracy on the test clips after every epoch. This uses the labels of unseen classes: reporting the
    best of these epochs, as is common in the field, is selection on the test set. The weights do not change."""


class AdaptSettings(StageSettings):
    """Test-time alignment with unlabelled clips; docs/alignment.md says what each method assumes."""

    PAPER: ClassVar[dict[str, Any]] = {"method": "paper"}

    method: AlignmentName = Field(
        default="balanced",
        description="Alignment method. " + _listed(ALIGNMENTS),
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
    """Nearest clips that `neighbours` averages over to measure the hubness of an anchor (default: all clips), and that
    `smoothed` and `discriminant` connect each clip with (default: 8 and 5)."""
    own: Annotated[float, Field(ge=0, le=1)] | None = None
    """Share of a sentence's own mean and spread in what `smoothed`, `discriminant` and recognisers standardise its
    scores by (default: 0.3, and a recogniser takes up to 0.8 where its labels are even); 1 gives every sentence a
    similar share of the clips."""
    memory: Annotated[int, Field(ge=1, le=100_000)] = 100
    """Clips that a stream stores per class."""

    @field_validator("prior")
    @classmethod
    def _check_prior(cls, value: str | tuple[float, ...]) -> str | tuple[float, ...]:
        if not isinstance(value, str) and not 0 < sum(value) < float("inf"):
            raise ValueError("prior must have finite entries, at least one of them above 0")
        return value
