"""Every method end to end on an easy synthetic set: it learns, is kept, and treats clips and classes alike."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from builders import stopped_after
from pgfa.adapt import align_with, cosines
from pgfa.config import AdaptSettings, BaselineSettings, RunSettings
from pgfa.errors import BadConfig
from pgfa.research.baselines import METHODS, TEST_TIME, Fitted, encode, points_of, sentence_vectors
from pgfa.research.baselines.encoded import ENCODER, FEATURES
from pgfa.skeleton import KINECT20
from pgfa.text import catalogue
from pgfa.train.classifier import train_classifier
from pgfa.train.clip_set import ClipSet
from pgfa.train.corpus import Corpus
from pgfa.train.run import CHECKPOINT, METRICS, WEIGHTS, read_metrics

torch.set_num_threads(1)

smie_module = import_module("pgfa.research.baselines.smie")  # the package gives its name to the method

BOOK = catalogue("utd-mhad")
LIMBS = tuple(
    tuple(f"{joint}_{side}" for joint in joints)
    for joints in (("shoulder", "elbow", "wrist", "hand"), ("knee", "ankle", "foot"))
    for side in ("left", "right")
)
WAYS = np.array([[(k >> b) & 1 for b in range(4)] for k in range(16)])  # which limbs move, a class each
UNSEEN = (3, 5, 10, 12)
SEEN = tuple(k for k in range(16) if k not in UNSEEN)
ACTIONS = tuple(
    sorted((a for a in BOOK.actions if "left" not in a.name and "right" not in a.name), key=lambda a: a.name)
)[:16]
OPTIONS = BaselineSettings(
    epochs=40,
    batch_size=32,
    learning_rate=3e-3,
    smie_learning_rate=1e-3,
    smie_samples=2,
    vae_hidden=64,
    vae_latent=16,
)
"""Few clips, so few steps an epoch: more of each step than by default."""
SHARED = tuple(name for name in METHODS if name != "pgfa")


def clips_of(classes: tuple[int, ...], each: int, seed: int) -> ClipSet:
    """Limbs that move or rest, each clip with its own pace, phase and noise."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(classes)), each)
    time = np.linspace(0, 2 * np.pi, 10)[None]
    positions = 0.02 * random.normal(size=(len(labels), 10, 1, 20, 3))
    positions += np.random.default_rng(0).normal(size=(20, 3))
    for limb, names in enumerate(LIMBS):
        moves = WAYS[list(classes)][labels, limb]
        wave = np.sin(
            random.uniform(0.8, 1.2, (len(labels), 1)) * time + random.uniform(0, 6, (len(labels), 1))
        )
        joints = [KINECT20.joints.index(name) for name in names]
        positions[:, :, 0, joints, :] += (moves[:, None] * wave)[:, :, None, None]
    present = np.ones((len(labels), 1), dtype=bool)
    origin = np.stack([np.zeros(len(labels), dtype=np.int64), np.arange(len(labels))], axis=1)
    return ClipSet(positions.astype(np.float32), present, labels, origin)


def make_corpus(seed: int = 0) -> Corpus:
    seen, unseen = (tuple(ACTIONS[k] for k in some) for some in (SEEN, UNSEEN))
    return Corpus(
        KINECT20,
        {"utd-mhad": BOOK},
        seen,
        unseen,
        clips_of(SEEN, 12, seed),
        clips_of(UNSEEN, 10, seed + 1),
        (),
    )


def make_settings(folder: Path, **train: Any) -> RunSettings:
    vectors = folder / "vectors.npz"
    if not vectors.exists():
        # What moves, carried to six dimensions: words that tell the motion, as good sentences do.
        turn = np.linalg.qr(np.random.default_rng(3).normal(size=(6, 6)))[0][:4]
        told = {ACTIONS[k].key: (2.0 * WAYS[k] - 1) @ turn for k in range(16)}
        rest = {a.key: np.random.default_rng(5).normal(size=6) for a in BOOK.actions if a.key not in told}
        np.savez(vectors, **told, **rest)
    made: dict[str, Any] = {
        "epochs": 12,
        "batch_size": 16,
        "learning_rate": 1e-2,
        "seed": 2,
        "augment": False,
        **train,
    }
    return RunSettings(
        split="utd-mhad/own",
        prepare={"frames": 10, "bodies": 1},
        text={"encoder": "file", "source": str(vectors), "centre": False},
        model={"channels": (12, 16), "strides": (1, 2), "kernel": 3, "dropout": 0.0},
        train=made,
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compare")


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return make_corpus()


@pytest.fixture(scope="module")
def fitted(home: Path, corpus: Corpus) -> dict[str, Fitted]:
    settings = make_settings(home)
    return {name: fit(settings, corpus, home, options=OPTIONS, device="cpu") for name, fit in METHODS.items()}


@pytest.fixture(scope="module")
def words(home: Path, corpus: Corpus) -> np.ndarray:
    return sentence_vectors((*corpus.unseen, *corpus.seen), make_settings(home), corpus)


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("name", METHODS)
def test_it_beats_chance_on_an_easy_set(
    name: str, fitted: dict[str, Fitted], corpus: Corpus, words: np.ndarray
) -> None:
    found = fitted[name].scores(fitted[name].features(corpus.test), words[:4])
    accuracy = (found.argmax(axis=1) == corpus.test.labels).mean()
    assert accuracy > 0.5, f"{accuracy:.2f}, chance 0.25"


@pytest.mark.parametrize("name", METHODS)
def test_it_knows_the_classes_it_was_fitted_on(
    name: str, fitted: dict[str, Fitted], corpus: Corpus, words: np.ndarray
) -> None:
    found = fitted[name].scores(fitted[name].features(corpus.train), words[4:])
    assert (found.argmax(axis=1) == corpus.train.labels).mean() > 0.6, "chance 0.08"


@pytest.mark.parametrize("name", METHODS)
def test_a_second_call_loads_and_says_the_same(
    name: str, fitted: dict[str, Fitted], home: Path, corpus: Corpus, words: np.ndarray
) -> None:
    before = files_of(home)
    again = METHODS[name](make_settings(home), corpus, home, options=OPTIONS, device="cpu")
    assert files_of(home) == before
    features = again.features(corpus.test)
    np.testing.assert_array_equal(features, fitted[name].features(corpus.test))
    np.testing.assert_array_equal(again.scores(features, words), fitted[name].scores(features, words))


@pytest.mark.parametrize("name", METHODS)
def test_the_space_ranks_as_the_scores_do(
    name: str, fitted: dict[str, Fitted], corpus: Corpus, words: np.ndarray
) -> None:
    features = fitted[name].features(corpus.test)
    scores, space = fitted[name].scores(features, words), fitted[name].space(features, words)
    points, anchors = points_of(fitted[name], features, words)
    if space is None:
        assert name == "smie"
        assert points is features
        assert anchors is None
        return
    np.testing.assert_allclose(cosines(*space), scores, atol=1e-6)
    assert anchors is not None
    assert points.shape[1] == anchors.shape[1]
    made = align_with(points, anchors, AdaptSettings(method="paper"))
    assert (made.predictions == corpus.test.labels).mean() > 0.5  # words holds the seen classes too


@pytest.mark.parametrize("name", METHODS)
def test_permuting_clips_or_classes_permutes_scores(
    name: str, fitted: dict[str, Fitted], corpus: Corpus, words: np.ndarray
) -> None:
    features = fitted[name].features(corpus.test)
    plain = fitted[name].scores(features, words)
    random = np.random.default_rng(0)
    clips, classes = random.permutation(len(features)), random.permutation(len(words))
    np.testing.assert_allclose(fitted[name].scores(features[clips], words), plain[clips], atol=1e-5)
    np.testing.assert_allclose(fitted[name].scores(features, words[classes]), plain[:, classes], atol=1e-5)
    np.testing.assert_allclose(fitted[name].scores(features, words[:2]), plain[:, :2], atol=1e-5)
    shuffled = replace(
        corpus.test, positions=corpus.test.positions[clips], present=corpus.test.present[clips],
        labels=corpus.test.labels[clips],
    )  # fmt: skip
    np.testing.assert_allclose(fitted[name].features(shuffled), features[clips], atol=1e-4)


@pytest.mark.parametrize("name", METHODS)
def test_equal_sentences_have_equal_scores(
    name: str, fitted: dict[str, Fitted], corpus: Corpus, words: np.ndarray
) -> None:
    features = fitted[name].features(corpus.test)
    found = fitted[name].scores(features, words[[0, 1, 0, 2, 1]])
    np.testing.assert_allclose(found[:, 2], found[:, 0], atol=1e-6)
    np.testing.assert_allclose(found[:, 4], found[:, 1], atol=1e-6)


@pytest.mark.parametrize("name", METHODS)
def test_small_cases_are_defined(
    name: str, fitted: dict[str, Fitted], corpus: Corpus, words: np.ndarray
) -> None:
    method, features = fitted[name], fitted[name].features(corpus.test)
    for rows, text in (
        (features[:1], words),
        (features, words[:1]),
        (features[:0], words),
        (features[:1], words[:1]),
    ):
        found = method.scores(rows, text)
        assert found.shape == (len(rows), len(text))
        assert np.isfinite(found).all()
    for value in (0.0, 1.0):  # nothing seen; all clips alike
        alike = np.full((3, features.shape[1]), value, dtype=np.float32)
        found = method.scores(alike, words)
        assert np.isfinite(found).all()
        np.testing.assert_allclose(found, np.repeat(found[:1], 3, axis=0), atol=1e-5)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elsewhere")


@pytest.mark.parametrize("name", METHODS)
def test_nothing_of_the_test_clips_is_looked_at(
    name: str, fitted: dict[str, Fitted], corpus: Corpus, words: np.ndarray, home: Path, elsewhere: Path
) -> None:
    """Other test clips with other labels: the very same fit."""
    positions, labels = -corpus.test.positions, corpus.test.labels[::-1].copy()
    other = replace(corpus, test=replace(corpus.test, positions=positions, labels=labels))
    again = METHODS[name](make_settings(home), other, elsewhere, options=OPTIONS, device="cpu")
    features = fitted[name].features(corpus.test)
    np.testing.assert_array_equal(again.features(corpus.test), features)
    np.testing.assert_array_equal(again.scores(features, words), fitted[name].scores(features, words))


@pytest.mark.parametrize("name", TEST_TIME)
def test_test_time_baselines_take_any_method(
    name: str, fitted: dict[str, Fitted], corpus: Corpus, words: np.ndarray
) -> None:
    for method in fitted.values():
        features = method.features(corpus.test)
        scores = method.scores(features, words[:4])
        found = TEST_TIME[name](scores, *points_of(method, features, words[:4]), OPTIONS)
        assert found.shape == scores.shape
        assert (found.argmax(axis=1) == corpus.test.labels).mean() > 0.5


# What is shared and what is kept


def test_one_encoder_serves_all(fitted: dict[str, Fitted], home: Path, corpus: Corpus) -> None:
    assert len(list(home.glob(f"{ENCODER}*"))) == 1
    features = {name: fitted[name].features(corpus.test) for name in SHARED}
    for name in SHARED:
        np.testing.assert_array_equal(features[name], features["eszsl"])
    assert not np.array_equal(fitted["pgfa"].features(corpus.test)[:, :4], features["eszsl"][:, :4])


def test_the_encoder_has_learnt_the_seen_classes_for_as_long_as_pgfa(
    home: Path, corpus: Corpus, fitted: dict[str, Fitted]
) -> None:
    model = train_classifier(make_settings(home), corpus, home / ENCODER, device="cpu")
    with torch.inference_mode():
        logits = model(torch.from_numpy(corpus.train.positions), torch.from_numpy(corpus.train.present))
    assert logits.shape[1] == len(corpus.seen)
    assert (logits.argmax(dim=1).numpy() == corpus.train.labels).mean() > 0.8
    ours, theirs = (list(read_metrics(home / part)) for part in ("pgfa", ENCODER))
    assert [line["learning_rate"] for line in ours] == [line["learning_rate"] for line in theirs]


def test_damaged_features_are_made_again(home: Path, corpus: Corpus, tmp_path: Path) -> None:
    for path in (home / ENCODER).iterdir():
        (tmp_path / ENCODER).mkdir(exist_ok=True)
        (tmp_path / ENCODER / path.name).write_bytes(path.read_bytes())
    whole = (home / ENCODER / FEATURES).read_bytes()
    (tmp_path / ENCODER / FEATURES).write_bytes(whole[: len(whole) // 2])
    made = encode(make_settings(home), corpus, tmp_path, device="cpu")
    np.testing.assert_array_equal(made.train, encode(make_settings(home), corpus, home, device="cpu").train)
    assert (tmp_path / ENCODER / FEATURES).read_bytes() == whole


def test_other_options_are_kept_beside_and_unread_ones_change_nothing(
    home: Path, corpus: Corpus, fitted: dict[str, Fitted], words: np.ndarray
) -> None:
    settings, before = make_settings(home), len(list(home.glob("devise-*")))
    METHODS["devise"](
        settings, corpus, home, options=OPTIONS.model_copy(update={"cache_weight": 9.0}), device="cpu"
    )
    assert len(list(home.glob("devise-*"))) == before
    other = OPTIONS.model_copy(update={"devise_margin": 0.5, "epochs": 2})
    METHODS["devise"](settings, corpus, home, options=other, device="cpu")
    assert len(list(home.glob("devise-*"))) == before + 1


def test_an_encoder_of_other_clips_is_refused(home: Path, fitted: dict[str, Fitted]) -> None:
    with pytest.raises(BadConfig, match="other settings, sentences or clips"):
        METHODS["eszsl"](make_settings(home), make_corpus(seed=7), home, options=OPTIONS, device="cpu")


# Resuming


@pytest.fixture
def short(home: Path) -> RunSettings:
    return make_settings(home, epochs=3, augment=True, mirror=True)


@pytest.mark.parametrize("epoch", [0, 1, 2])
def test_a_stopped_classifier_ends_with_the_same_weights(
    epoch: int, short: RunSettings, corpus: Corpus, tmp_path: Path
) -> None:
    train_classifier(short, corpus, tmp_path / "straight", device="cpu")
    with stopped_after(epoch):
        train_classifier(short, corpus, tmp_path / "stopped", device="cpu")
    torch.manual_seed(99)
    train_classifier(short, corpus, tmp_path / "stopped", device="cpu")
    for name in (WEIGHTS, CHECKPOINT):
        assert (tmp_path / "stopped" / name).read_bytes() == (tmp_path / "straight" / name).read_bytes()


def test_the_contrastive_scale_is_nothing_to_a_classifier(home: Path, corpus: Corpus, tmp_path: Path) -> None:
    plain = make_settings(home, epochs=2)
    train_classifier(plain, corpus, tmp_path, device="cpu")
    before = files_of(tmp_path)
    learnt = make_settings(home, epochs=2, learn_logit_scale=True, logit_scale=3.0)
    train_classifier(learnt, corpus, tmp_path, device="cpu")
    assert files_of(tmp_path) == before


def test_a_stopped_critic_ends_with_the_same_weights(
    home: Path, corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fitted: dict[str, Fitted]
) -> None:
    """Killed between two checkpoints (one in 25 epochs): it goes on from the last one."""
    settings = make_settings(home)
    for path in (home / ENCODER).iterdir():
        (tmp_path / ENCODER).mkdir(exist_ok=True)
        (tmp_path / ENCODER / path.name).write_bytes(path.read_bytes())
    steps, loss = [0], smie_module.smie_loss

    def deadly(*values: Any) -> torch.Tensor:
        steps[0] += 1
        if steps[0] == 4 * 30 + 2:
            raise KeyboardInterrupt
        return loss(*values)

    with monkeypatch.context() as patch:
        patch.setattr(smie_module, "smie_loss", deadly)
        with pytest.raises(KeyboardInterrupt):
            METHODS["smie"](settings, corpus, tmp_path, options=OPTIONS, device="cpu")
    (place,) = tmp_path.glob("smie-*")
    assert len(list(read_metrics(place))) == 30
    METHODS["smie"](settings, corpus, tmp_path, options=OPTIONS, device="cpu")
    (straight,) = (p for p in home.glob("smie-*") if p.name == place.name)
    assert (place / WEIGHTS).read_bytes() == (straight / WEIGHTS).read_bytes()
    assert len((place / METRICS).read_text().splitlines()) == 40


# SMIE's fault


def test_the_forgotten_layer_norm_is_the_papers_only(
    home: Path, corpus: Corpus, fitted: dict[str, Fitted], words: np.ndarray
) -> None:
    stated = {**OPTIONS.model_dump(exclude={"recipe"}), "recipe": "paper"}
    faulty = METHODS["smie"](
        make_settings(home), corpus, home, options=BaselineSettings(**stated), device="cpu"
    )
    features = faulty.features(corpus.test)
    assert not np.allclose(faulty.scores(features, words), fitted["smie"].scores(features, words))
    centred = features - features.mean(axis=1, keepdims=True)
    normal = centred / np.sqrt(features.var(axis=1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(
        faulty.scores(normal.astype(np.float32), words), fitted["smie"].scores(features, words), atol=1e-4
    )
    assert BaselineSettings(recipe="paper").smie_learning_rate == 1e-5
