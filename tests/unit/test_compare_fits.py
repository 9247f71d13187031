"""What the methods on the frozen encoder learn from: clips, sentences and labels that belong together."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from pgfa.config import BaselineSettings, RunSettings, TrainSettings
from pgfa.files import write_json
from pgfa.model.encoder import build_model
from pgfa.research.baselines import METHODS
from pgfa.research.baselines.encoded import Encoded, encode
from pgfa.research.baselines.smie import calm_features, calm_frames
from pgfa.skeleton import KINECT20
from pgfa.text import catalogue
from pgfa.train.clip_set import ClipSet
from pgfa.train.corpus import Corpus
from pgfa.train.features import features_of
from pgfa.train.run import CORPUS

torch.set_num_threads(1)

CLIPS, FRAMES, CLASSES, DRAWS = 12, 10, 3, 2


@pytest.fixture
def encoded(tmp_path: Path) -> tuple[Encoded, ClipSet]:
    """An encoder that nobody trained, as `encode` gives it."""
    random = np.random.default_rng(0)
    clips = ClipSet(
        random.normal(size=(CLIPS, FRAMES, 1, 20, 3)).astype(np.float32),
        np.ones((CLIPS, 1), dtype=bool),
        random.permutation(np.arange(CLIPS) % CLASSES),
        np.stack([np.zeros(CLIPS, dtype=np.int64), np.arange(CLIPS)], axis=1),
    )
    settings = RunSettings(
        prepare={"frames": FRAMES, "bodies": 1},
        model={"channels": (8, 12), "strides": (1, 2), "kernel": 3, "dropout": 0.0},
    )
    torch.manual_seed(0)
    model = build_model(settings, KINECT20, CLASSES)
    words = np.linalg.qr(random.normal(size=(5, CLASSES)))[0].T.astype(np.float32)
    train = features_of(model, clips.positions, clips.present, projected=False)
    same = np.eye(CLASSES, dtype=bool)
    return Encoded(settings, tmp_path, "none", model, train, clips.labels, words, same), clips


def test_calm_features_are_those_of_the_calm_frames_clip_by_clip(encoded: tuple[Encoded, ClipSet]) -> None:
    made, clips = encoded
    found = calm_features(made, clips, DRAWS)
    random = np.random.default_rng([made.settings.train.seed, DRAWS])
    for draw in range(DRAWS):
        frames = calm_frames(clips.positions, random)
        for n in range(CLIPS):
            calm = clips.positions[n : n + 1, frames[n]]
            expected = features_of(made.model, calm, clips.present[n : n + 1], projected=False)
            np.testing.assert_allclose(found[draw, n], expected[0], atol=1e-5)
    assert np.abs(found[0] - found[1]).max() > 1e-3
    assert np.abs(found - made.train).max() > 1e-3


Given = list[tuple[Any, ...]]


def given_to(
    loss: str, name: str, encoded: tuple[Encoded, ClipSet], monkeypatch: pytest.MonkeyPatch, **options: Any
) -> Given:
    """What a method's loss is called with while it is fitted, the module that learns left out."""
    made, clips = encoded
    module, seen = import_module(f"pgfa.research.baselines.{name.removeprefix('pgfa-')}"), Given()
    plain = getattr(module, loss)

    def spy(*values: Any) -> Any:
        seen.append(tuple(v.detach().clone() if isinstance(v, Tensor) else v for v in values))
        return plain(*values)

    monkeypatch.setattr(module, loss, spy)
    monkeypatch.setattr(import_module("pgfa.research.baselines.encoded"), "encode", lambda *_, **__: made)
    corpus = Corpus(KINECT20, {}, (), (), clips, clips, ())
    chosen = BaselineSettings(epochs=3, batch_size=6, smie_samples=DRAWS, **options)
    METHODS[name](made.settings, corpus, made.folder, options=chosen, device="cpu")
    assert len(seen) == 3 * CLIPS // 6
    return seen


def places(rows: Tensor, among: np.ndarray) -> list[int]:
    """Which of `among` each row is."""
    near = np.abs(rows.numpy()[:, None] - among[None]).max(axis=2) < 1e-4
    assert (near.sum(axis=1) == 1).all()
    return [int(n) for n in near.argmax(axis=1)]


def test_the_critic_learns_from_normal_features_of_whole_and_calm_clips(
    encoded: tuple[Encoded, ClipSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, clips = encoded

    def normal(rows: np.ndarray) -> np.ndarray:
        centred = rows - rows.mean(axis=-1, keepdims=True)
        return np.asarray(centred / np.sqrt(rows.var(axis=-1, keepdims=True) + 1e-5))

    whole, calm = normal(made.train), normal(calm_features(made, clips, DRAWS))
    drawn = set()
    for _, clip, part, sentence in given_to("smie_loss", "smie", encoded, monkeypatch):
        at = places(clip, whole)
        np.testing.assert_array_equal(sentence.numpy(), made.sentences[clips.labels[at]])
        for n, row in zip(at, part, strict=True):
            drawn |= set(places(row[None], calm[:, n]))
    assert drawn == set(range(DRAWS))


def test_the_frozen_projection_takes_no_clip_of_the_same_meaning_for_a_negative(
    encoded: tuple[Encoded, ClipSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = encoded
    made.same[0, 2] = made.same[2, 0] = True  # two data sets' names of one action
    for _, sentence, alike, _ in given_to("contrastive_loss", "pgfa-frozen", encoded, monkeypatch):
        labels = places(sentence, made.sentences)
        expected = [[made.same[a, b] for b in labels] for a in labels]
        assert alike.tolist() == expected
        assert alike.sum() > len(labels)


def test_ranking_and_autoencoders_are_given_each_clips_own_class(
    encoded: tuple[Encoded, ClipSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, clips = encoded
    spread = made.train.std(axis=0)
    plain = (made.train - made.train.mean(axis=0)) / np.where(spread > 0, spread, 1)
    count = np.zeros(CLASSES, dtype=int)
    for _, sentence, label, same, margin in given_to("ranking_loss", "devise", encoded, monkeypatch):
        np.testing.assert_array_equal(sentence.numpy(), made.sentences)
        np.testing.assert_array_equal(same.numpy(), made.same)
        count += np.bincount(label.numpy(), minlength=CLASSES)
        assert margin == 0.1
    assert count.tolist() == (3 * np.bincount(clips.labels)).tolist()  # every clip once an epoch
    options = {"vae_hidden": 8, "vae_latent": 4}
    for _, clip, sentence, noise, _ in given_to("pair_loss", "vae", encoded, monkeypatch, **options):
        at = places(clip, plain)
        np.testing.assert_array_equal(sentence.numpy(), made.sentences[clips.labels[at]])
        assert noise[0].shape == noise[1].shape == (6, 4)
        assert not torch.equal(*noise)


@pytest.mark.parametrize("name", ["pgfa-frozen", "smie", "devise", "vae"])
def test_every_option_that_decides_the_weights_decides_the_folder(
    name: str, encoded: tuple[Encoded, ClipSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Changed alone it must not find what the other value has made."""
    made, clips = encoded
    monkeypatch.setattr(import_module("pgfa.research.baselines.encoded"), "encode", lambda *_, **__: made)
    corpus = Corpus(KINECT20, {}, (), (), clips, clips, ())
    base = BaselineSettings(epochs=1, batch_size=6, smie_samples=1, vae_hidden=4, vae_latent=2)
    read = {
        "pgfa-frozen": {"learning_rate": 0.5},
        "smie": {"smie_learning_rate": 0.5, "smie_samples": 2},
        "devise": {"learning_rate": 0.5, "devise_margin": 0.5},
        "vae": {"learning_rate": 0.5, "vae_hidden": 5, "vae_latent": 3},
    }
    for change in (
        {},
        *({key: value} for key, value in read[name].items()),
        {"epochs": 2},
        {"batch_size": 4},
    ):
        METHODS[name](
            made.settings, corpus, made.folder, options=base.model_copy(update=change), device="cpu"
        )
    assert len(list(made.folder.glob(f"{name}-*"))) == 3 + len(read[name])
    made.sentences[:] = made.sentences[::-1].copy()
    METHODS[name](made.settings, corpus, made.folder, options=base, device="cpu")
    assert len(list(made.folder.glob(f"{name}-*"))) == 4 + len(read[name])


@pytest.mark.parametrize("recipe", ["default", "paper"])
def test_names_of_one_action_are_no_negatives_but_under_paper(
    recipe: str, encoded: tuple[Encoded, ClipSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, clips = encoded
    module, books = (
        import_module("pgfa.research.baselines.encoded"),
        {n: catalogue(n) for n in ("utd-mhad", "ntu60")},
    )
    monkeypatch.setattr(module, "train_classifier", lambda *_, **__: made.model)
    write_json(made.folder / module.ENCODER / CORPUS, {"identity": "none"})
    monkeypatch.setattr(module, "sentence_vectors", lambda *_: made.sentences)
    seen = (books["utd-mhad"]["sit-to-stand"], books["ntu60"]["stand-up"], books["utd-mhad"]["clap"])
    corpus = Corpus(KINECT20, books, seen, (books["utd-mhad"]["bowling"],), clips, clips, ())
    settings = made.settings.model_copy(update={"train": TrainSettings(recipe=recipe)})
    same = encode(settings, corpus, made.folder, device="cpu").same
    one = recipe != "paper"
    assert same.tolist() == [[True, one, False], [one, True, False], [False, False, True]]
