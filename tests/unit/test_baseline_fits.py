"""What the baselines on the frozen encoder learn from: clips, sentences and labels that belong together."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from builders import make_clip_set
from pgfa.config import BaselineSettings, RunSettings, TrainSettings
from pgfa.files import write_json
from pgfa.model.encoder import build_model
from pgfa.research.baselines import METHODS, FitContext
from pgfa.research.baselines.encoded import Encoded, encode
from pgfa.research.baselines.smie import calm_features, calm_frames
from pgfa.skeleton import KINECT20
from pgfa.text import catalogue
from pgfa.train.corpus import Corpus
from pgfa.train.features import features_of
from pgfa.train.run import CORPUS

torch.set_num_threads(1)

encoded_module = import_module("pgfa.research.baselines.encoded")

CLIPS, FRAMES, CLASSES, SAMPLES = 12, 10, 3, 2


@pytest.fixture
def encoded(tmp_path: Path) -> Encoded:
    """An untrained encoder, in the form that `encode` returns."""
    random = np.random.default_rng(0)
    clips = make_clip_set(CLIPS, CLASSES, frames=FRAMES, bodies=1)
    clips = replace(clips, labels=random.permutation(np.arange(CLIPS) % CLASSES))
    settings = RunSettings(
        prepare={"frames": FRAMES, "bodies": 1},
        model={"channels": (8, 12), "strides": (1, 2), "kernel": 3, "dropout": 0.0},
    )
    torch.manual_seed(0)
    model = build_model(settings, KINECT20, CLASSES)
    anchors = np.linalg.qr(random.normal(size=(5, CLASSES)))[0].T.astype(np.float32)
    features = features_of(model, clips.positions, clips.present, projected=False)
    context = FitContext(settings, Corpus(KINECT20, {}, (), (), clips, clips, ()), tmp_path, device="cpu")
    return Encoded(context, "none", model, features, clips.labels, anchors, np.eye(CLASSES, dtype=bool))


def fit_on(encoded: Encoded, name: str, options: BaselineSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fit a baseline on the encoder as it is."""
    context = replace(encoded.context, options=options)
    monkeypatch.setattr(encoded_module, "encode", lambda context: replace(encoded, context=context))
    METHODS[name].fit(context)


def test_calm_features_are_those_of_the_calm_frames_clip_by_clip(encoded: Encoded) -> None:
    clips = encoded.context.corpus.train
    features = calm_features(encoded, clips, SAMPLES)
    random = np.random.default_rng([encoded.settings.train.seed, SAMPLES])
    for sample in range(SAMPLES):
        frames = calm_frames(clips.positions, random)
        for n in range(CLIPS):
            calm = clips.positions[n : n + 1, frames[n]]
            expected = features_of(encoded.model, calm, clips.present[n : n + 1], projected=False)
            np.testing.assert_allclose(features[sample, n], expected[0], atol=1e-5)
    assert np.abs(features[0] - features[1]).max() > 1e-3
    assert np.abs(features - encoded.train).max() > 1e-3


LossCalls = list[tuple[Any, ...]]


def loss_calls(
    loss: str, name: str, encoded: Encoded, monkeypatch: pytest.MonkeyPatch, **options: Any
) -> LossCalls:
    """What a baseline's loss is called with while it is fitted: the module that learns, then tensors."""
    module, calls = import_module(f"pgfa.research.baselines.{name.removeprefix('pgfa-')}"), LossCalls()
    original = getattr(module, loss)

    def spy(*values: Any) -> Any:
        calls.append(tuple(v.detach().clone() if isinstance(v, Tensor) else v for v in values))
        return original(*values)

    monkeypatch.setattr(module, loss, spy)
    settings = BaselineSettings(epochs=3, batch_size=6, smie_samples=SAMPLES, **options)
    fit_on(encoded, name, settings, monkeypatch)
    assert len(calls) == 3 * CLIPS // 6
    return calls


def indices_of(rows: Tensor, table: np.ndarray) -> list[int]:
    """Which row of `table` each row is."""
    equal = np.abs(rows.numpy()[:, None] - table[None]).max(axis=2) < 1e-4
    assert (equal.sum(axis=1) == 1).all()
    return [int(n) for n in equal.argmax(axis=1)]


def test_the_critic_learns_from_normalised_features_of_whole_and_calm_clips(
    encoded: Encoded, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = encoded.context.corpus.train

    def normalised(rows: np.ndarray) -> np.ndarray:
        centred = rows - rows.mean(axis=-1, keepdims=True)
        return np.asarray(centred / np.sqrt(rows.var(axis=-1, keepdims=True) + 1e-5))

    whole, calm = normalised(encoded.train), normalised(calm_features(encoded, clips, SAMPLES))
    drawn = set()
    for _, clip, part, anchor in loss_calls("smie_loss", "smie", encoded, monkeypatch):
        index = indices_of(clip, whole)
        np.testing.assert_array_equal(anchor.numpy(), encoded.anchors[clips.labels[index]])
        for n, row in zip(index, part, strict=True):
            drawn |= set(indices_of(row[None], calm[:, n]))
    assert drawn == set(range(SAMPLES))


@pytest.mark.parametrize(("recipe", "sizes"), [("default", [5, 5]), ("paper", [5, 5, 2])])
def test_the_critic_keeps_the_last_partial_batch_under_paper(
    encoded: Encoded, monkeypatch: pytest.MonkeyPatch, recipe: str, sizes: list[int]
) -> None:
    """12 clips in batches of 5, each clip once per epoch; weights of the two recipes are stored separately."""
    module, batches = import_module("pgfa.research.baselines.smie"), []
    original = module.smie_loss

    def spy(critic: Any, whole: Tensor, *more: Tensor) -> Tensor:
        batches.append(whole.detach().clone())
        return original(critic, whole, *more)  # type: ignore[no-any-return]

    monkeypatch.setattr(module, "smie_loss", spy)
    options = {"epochs": 3, "batch_size": 5, "smie_samples": SAMPLES, "smie_learning_rate": 1e-3}
    fit_on(encoded, "smie", BaselineSettings(recipe=recipe, **options), monkeypatch)
    assert [len(batch) for batch in batches] == 3 * sizes
    for epoch in range(3):
        rows = torch.cat(batches[len(sizes) * epoch : len(sizes) * (epoch + 1)]).numpy()
        assert len(np.unique(rows.round(4), axis=0)) == sum(sizes)
    other = {"default": "paper", "paper": "default"}[recipe]
    fit_on(encoded, "smie", BaselineSettings(recipe=other, **options), monkeypatch)
    assert len([*encoded.context.folder.glob("smie-*")]) == 2


def test_for_the_frozen_projection_clips_of_the_same_meaning_are_no_negatives(
    encoded: Encoded, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded.same[0, 2] = encoded.same[2, 0] = True  # two data sets' names of one action
    for _, anchor, same, _ in loss_calls("contrastive_loss", "pgfa-frozen", encoded, monkeypatch):
        labels = indices_of(anchor, encoded.anchors)
        assert same.tolist() == [[encoded.same[a, b] for b in labels] for a in labels]
        assert same.sum() > len(labels)


def test_ranking_and_autoencoders_use_the_class_of_each_clip(
    encoded: Encoded, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = encoded.labels
    spread = encoded.train.std(axis=0)
    standard = (encoded.train - encoded.train.mean(axis=0)) / np.where(spread > 0, spread, 1)
    count = np.zeros(CLASSES, dtype=int)
    for _, anchors, label, same, margin in loss_calls("ranking_loss", "devise", encoded, monkeypatch):
        np.testing.assert_array_equal(anchors.numpy(), encoded.anchors)
        np.testing.assert_array_equal(same.numpy(), encoded.same)
        count += np.bincount(label.numpy(), minlength=CLASSES)
        assert margin == 0.1
    assert count.tolist() == (3 * np.bincount(labels)).tolist()  # every clip once per epoch
    options = {"vae_hidden": 8, "vae_latent": 4}
    for _, clip, anchor, noise, _ in loss_calls("pair_loss", "vae", encoded, monkeypatch, **options):
        index = indices_of(clip, standard)
        np.testing.assert_array_equal(anchor.numpy(), encoded.anchors[labels[index]])
        assert noise[0].shape == noise[1].shape == (6, 4)
        assert not torch.equal(*noise)


DECISIVE = {
    "pgfa-frozen": {"learning_rate": 0.5},
    "smie": {"smie_learning_rate": 0.5, "smie_samples": 2},
    "devise": {"learning_rate": 0.5, "devise_margin": 0.5},
    "vae": {"learning_rate": 0.5, "vae_hidden": 5, "vae_latent": 3},
}
"""Baselines that learn on features -> the options that decide their weights, beside epochs and batch size."""


@pytest.mark.parametrize("name", DECISIVE)
def test_every_option_that_decides_the_weights_decides_the_folder(
    name: str, encoded: Encoded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one option changed it must not load what was trained with the other value."""
    folder = encoded.context.folder
    base = BaselineSettings(epochs=1, batch_size=6, smie_samples=1, vae_hidden=4, vae_latent=2)
    single = [{option: value} for option, value in DECISIVE[name].items()]
    for change in ({}, *single, {"epochs": 2}, {"batch_size": 4}):
        fit_on(encoded, name, base.model_copy(update=change), monkeypatch)
    assert len(list(folder.glob(f"{name}-*"))) == 3 + len(DECISIVE[name])
    encoded.anchors[:] = encoded.anchors[::-1].copy()
    fit_on(encoded, name, base, monkeypatch)
    assert len(list(folder.glob(f"{name}-*"))) == 4 + len(DECISIVE[name])


def test_constants_of_a_baseline_decide_the_folder_too(encoded: Encoded) -> None:
    """They need no line in `BaselineSettings`."""
    encoded = replace(encoded, context=replace(encoded.context, options=BaselineSettings(epochs=1)))
    for constants in (None, {"margin": 0.2}, {"margin": 0.3}, {"margin": 0.3}):
        module = torch.nn.Linear(encoded.train.shape[1], 2)
        encoded_module.train_on_features(
            module,
            "own",
            lambda module, batch: module(batch.features).square().mean(),
            encoded,
            set(),
            constants=constants,
        )
    assert len(list(encoded.context.folder.glob("own-*"))) == 3


@pytest.mark.parametrize("recipe", ["default", "paper"])
def test_names_of_one_action_are_no_negatives_except_in_the_recipe_paper(
    recipe: str, encoded: Encoded, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogues = {name: catalogue(name) for name in ("utd-mhad", "ntu60")}
    utd, ntu = catalogues["utd-mhad"], catalogues["ntu60"]
    clips, folder = encoded.context.corpus.train, encoded.context.folder
    monkeypatch.setattr(encoded_module, "train_classifier", lambda *_, **__: encoded.model)
    write_json(folder / encoded_module.ENCODER / CORPUS, {"identity": "none"})
    monkeypatch.setattr(encoded_module, "candidate_anchors", lambda *_: encoded.anchors)
    seen = (utd["sit-to-stand"], ntu["stand-up"], utd["clap"])
    corpus = Corpus(KINECT20, catalogues, seen, (utd["bowling"],), clips, clips, ())
    settings = encoded.settings.model_copy(update={"train": TrainSettings(recipe=recipe)})
    same = encode(FitContext(settings, corpus, folder, device="cpu")).same
    one = recipe != "paper"
    assert same.tolist() == [[True, one, False], [one, True, False], [False, False, True]]
