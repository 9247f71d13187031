"""Settings: recipes, TOML, digests, and errors for wrong values."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, get_origin

import pytest

from pgfa.config import (
    AdaptSettings,
    ModelSettings,
    PrepareSettings,
    RunSettings,
    Settings,
    TextSettings,
    TrainSettings,
)
from pgfa.errors import BadConfig

STAGES = ("prepare", "text", "model", "train", "adapt")


def test_the_recipe_of_the_paper_applies_to_every_stage() -> None:
    run = RunSettings(recipe="paper")
    assert all(getattr(run, stage).recipe == "paper" for stage in STAGES)
    assert (run.prepare.layout, run.prepare.frames, run.prepare.bodies) == ("ntu25", 50, 2)
    assert run.text.variants == ("plain",)
    assert not run.text.centre
    assert run.model.channels == (16, 16, 16, 16, 32, 32, 32, 64, 64, 256)
    assert run.model.strides == (1, 1, 1, 1, 2, 1, 1, 2, 1, 1)
    assert (run.model.kernel, run.model.dropout, run.model.absent_bodies) == (9, 0.5, "zero")
    assert run.model.streams == ("joint",)
    train = run.train
    assert (train.optimiser, train.schedule, train.learning_rate, train.weight_decay) == (
        "sgd",
        "steps",
        0.05,
        5e-4,
    )
    assert (train.epochs, train.batch_size, train.augment, train.sampling) == (50, 128, False, "clips")
    assert train.logit_scale == pytest.approx(1 / 0.07)
    assert not train.learn_logit_scale
    assert train.drops == (50, 80)


def test_the_default_recipe_is_the_default() -> None:
    assert RunSettings() == RunSettings(recipe="default")
    assert RunSettings().train.optimiser == "adamw"
    assert all(getattr(RunSettings(), stage).recipe == "default" for stage in STAGES)


def test_values_override_the_recipe() -> None:
    run = RunSettings(recipe="paper", train={"batch_size": 64, "epochs": 60}, prepare={"bodies": 1})
    assert (run.train.batch_size, run.train.epochs, run.train.learning_rate) == (64, 60, 0.05)
    assert (run.prepare.bodies, run.prepare.layout) == (1, "ntu25")
    mixed = RunSettings(recipe="paper", train={"recipe": "default"})
    assert mixed.train == TrainSettings()
    assert mixed.model == ModelSettings(recipe="paper")


RUNS = {
    "default": RunSettings(),
    "paper": RunSettings(recipe="paper", split="ntu60/setting-1a", packs=("a", "b c")),
    "own": RunSettings(
        split="own/unseen:\"x\",ü", text={"encoder": "file", "source": "C:\\v.npz", "variants": ("label", "parts")},
        train={"drops": (), "logit_scale": 0.1 + 0.2, "learn_logit_scale": True}, adapt={"method": "none", "alpha": 1},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RUNS)
def test_toml_round_trip(name: str, tmp_path: Path) -> None:
    RUNS[name].save(tmp_path / "deep" / "run.toml")
    loaded = RunSettings.load(tmp_path / "deep" / "run.toml")
    assert loaded == RUNS[name]
    assert loaded.digest == RUNS[name].digest


def test_a_short_toml_is_enough(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text('recipe = "paper"\nsplit = "utd-mhad/22-5"\n[train]\nepochs = 3\n')
    loaded = RunSettings.load(tmp_path / "run.toml")
    assert loaded == RunSettings(recipe="paper", split="utd-mhad/22-5", train={"epochs": 3})


WRONG: list[tuple[type[Settings], dict[str, Any], str]] = [
    (TrainSettings, {"learning_rate": -1}, r"setting train\.learning_rate: .*greater than 0, found -1"),
    (TrainSettings, {"learning_rate": float("inf")}, r"setting train\.learning_rate: .*finite"),
    (TrainSettings, {"learning_rate": float("nan")}, r"setting train\.learning_rate: "),
    (TrainSettings, {"epochs": 0}, r"setting train\.epochs: .*found 0"),
    (TrainSettings, {"epochs": "many"}, r"setting train\.epochs: .*integer.*found 'many'"),
    (TrainSettings, {"optimiser": "adam"}, r"setting train\.optimiser: .*'sgd' or 'adamw'.*found 'adam'"),
    (TrainSettings, {"rate": 1}, r"setting train\.rate: renamed to train\.learning_rate"),
    (TrainSettings, {"recipe": "mine"}, r"setting train\.recipe: .*'paper' or 'default', found 'mine'"),
    (TrainSettings, {"batch_size": 1}, r"setting train\.batch_size: "),
    (TrainSettings, {"drops": (0,)}, r"setting train\.drops\.0: "),
    (
        ModelSettings,
        {"channels": (4, 8), "strides": (1,)},
        r"setting model: channels and strides must have the same length, one entry per block$",
    ),
    (ModelSettings, {"channels": (), "strides": ()}, r"channels and strides"),
    (ModelSettings, {"strides": (1, 3, 1)}, r"setting model\.strides\.1: "),
    (ModelSettings, {"dropout": 1}, r"setting model\.dropout: .*less than 1"),
    (PrepareSettings, {"frames": 1}, r"setting prepare\.frames: "),
    (TextSettings, {"variants": ()}, r"setting text\.variants: .*at least one text variant"),
    (TextSettings, {"encoder": "bert"}, r"setting text\.encoder: .*found 'bert'"),
    (AdaptSettings, {"alpha": 0}, r"setting adapt\.alpha: .*greater than 0"),
    (AdaptSettings, {"alpha": 1.1}, r"setting adapt\.alpha: .*less than or equal to 1"),
    (RunSettings, {"train": 3}, r"setting train: "),
    (
        RunSettings,
        {"train": {"learning_rate": 0}},
        r"setting train\.learning_rate: .*greater than 0, found 0",
    ),
    (RunSettings, {"speed": 1}, r"setting speed: no such setting"),
]


@pytest.mark.parametrize(("kind", "values", "message"), WRONG)
def test_wrong_values_are_refused_by_name(kind: type[Settings], values: dict[str, Any], message: str) -> None:
    with pytest.raises(BadConfig, match=message):
        kind(**values)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"rate = ", "not TOML"),
        (b"\xff\xfe", "not TOML"),
        (b"[train]\nrate = -1", r"setting train\.learning_rate: .*greater than 0"),
        (b"[train]\nrate = inf", "rate: .*finite"),
        (b"[tain]\nrate = 1", "tain"),
        (b"x = " + b"[" * 5000, "not TOML"),
    ],
)
def test_a_wrong_file_is_named(content: bytes, message: str, tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_bytes(content)
    with pytest.raises(BadConfig, match=message) as caught:
        RunSettings.load(file)
    assert str(file) in str(caught.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="no such settings file"):
        RunSettings.load(tmp_path / "absent.toml")
    with pytest.raises(BadConfig, match="not a readable file"):
        RunSettings.load(tmp_path)


def test_settings_are_frozen() -> None:
    with pytest.raises(Exception, match="frozen"):
        TrainSettings().learning_rate = 3.0  # type: ignore[misc]


CANDIDATES: list[Any] = [
    *(True, False, 0, 1, 2, 3, 7, 64, 0.5, 0.25, "other", "ntu25", "paper"),
    *((1,), (0.5,), (1, 1, 1), (4, 4, 4), ("bone",), ("label",), ("other",)),
]


def other_value(kind: type[Settings], name: str) -> Any:
    """A valid value of a setting that is not its default."""
    annotation = kind.model_fields[name].annotation
    for value in [
        *CANDIDATES,
        *(getattr(annotation, "__args__", ()) if get_origin(annotation) is Literal else ()),
    ]:
        try:
            changed = kind(**{name: value})
        except BadConfig:
            continue
        if getattr(changed, name) != getattr(kind(), name):
            return value
    raise AssertionError(f"no other value found for {kind.__name__}.{name}: add one to CANDIDATES")


def test_every_setting_changes_the_digest() -> None:
    """Otherwise a run could resume, or a cache be used, with other settings than it was written with."""
    base = RunSettings()
    digests, count = {base.digest}, 1
    for stage in STAGES:
        kind = type(getattr(base, stage))
        for name, field in kind.model_fields.items():
            if get_origin(field.annotation) is Literal and len(field.annotation.__args__) == 1:
                continue  # a single choice so far
            changed = RunSettings(**{stage: {name: other_value(kind, name)}})
            assert getattr(changed, stage).digest != getattr(base, stage).digest, name
            digests.add(changed.digest)
            count += 1
    for values in ({"split": "x/y"}, {"packs": ("p",)}, {"packs": ("p", "q")}, {"recipe": "paper"}):
        digests.add(RunSettings(**values).digest)
        count += 1
    assert len(digests) == count
    assert RunSettings().digest == base.digest
    assert TrainSettings().digest != ModelSettings().digest


def test_every_setting_has_a_description() -> None:
    for stage in STAGES:
        kind = type(getattr(RunSettings(), stage))
        assert not [name for name, field in kind.model_fields.items() if not field.description]


DIGESTS = {
    (PrepareSettings, "default"): "fc4242f2917e492b",
    (PrepareSettings, "paper"): "e18a7a1cca7eadab",
    (TrainSettings, "default"): "ed91f9434d4eaf9e",
    (TrainSettings, "paper"): "2629137387156ff1",
    (RunSettings, "default"): "8b00cec1e4d7e6e3",
    (RunSettings, "paper"): "807f7d208f4c5633",
}
"""As format 1 had them, with today's defaults set back: caches and folders named by a digest are found again."""
SET_BACK: dict[type[Settings], dict[str, Any]] = {
    PrepareSettings: {"soft_ends": False},
    RunSettings: {"prepare": {"soft_ends": False}},
}


@pytest.mark.parametrize(("kind", "recipe"), DIGESTS)
def test_digests_are_those_of_format_1(kind: type[Settings], recipe: str) -> None:
    assert kind(recipe=recipe, **SET_BACK.get(kind, {})).digest == DIGESTS[kind, recipe]
