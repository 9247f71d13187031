"""Every baseline end to end on an easy synthetic set: it learns, is stored, and treats clips and classes alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import pgfa.research.baselines.smie as smie_module
from builders import stopped_after
from pgfa.adapt import align_with, cosines
from pgfa.config import AdaptSettings, BaselineSettings, RunSettings
from pgfa.errors import BadConfig
from pgfa.research.baselines import METHODS, TEST_TIME, FitContext, Fitted, candidate_anchors, points_of
from pgfa.research.baselines.encoded import ENCODER, FEATURES, encode
from pgfa.research.benchmark.spec import BenchmarkSettings
from pgfa.skeleton import KINECT20
from pgfa.text import catalogue
from pgfa.train.classifier import train_classifier
from pgfa.train.clip_set import ClipSet
from pgfa.train.corpus import Corpus
from pgfa.train.run import CHECKPOINT, METRICS, WEIGHTS, read_metrics

torch.set_num_threads(1)

UTD = catalogue("utd-mhad")
LIMBS = tuple(
    tuple(f"{joint}_{side}" for joint in joints)
    for joints in (("shoulder", "elbow", "wrist", "hand"), ("knee", "ankle", "foot"))
    for side in ("left", "right")
)
MOVING_LIMBS = np.array([[(k >> b) & 1 for b in range(4)] for k in range(16)])  # one class per row
UNSEEN = (3, 5, 10, 12)
SEEN = tuple(k for k in range(16) if k not in UNSEEN)
ACTIONS = tuple(
    sorted((a for a in UTD.actions if "left" not in a.name and "right" not in a.name), key=lambda a: a.name)
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
"""Few clips, so few steps per epoch: larger steps than by default."""
SHARED = tuple(name for name, baseline in METHODS.items() if not baseline.trains_encoder)


def clips_of(classes: tuple[int, ...], each: int, seed: int) -> ClipSet:
    """Limbs that move or rest, each clip with its own pace, phase and noise."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(classes)), each)
    time = np.linspace(0, 2 * np.pi, 10)[None]
    positions = 0.02 * random.normal(size=(len(labels), 10, 1, 20, 3))
    positions += np.random.default_rng(0).normal(size=(20, 3))
    for limb, names in enumerate(LIMBS):
        moves = MOVING_LIMBS[list(classes)][labels, limb]
        wave = np.sin(
            random.uniform(0.8, 1.2, (len(labels), 1)) * time + random.uniform(0, 6, (len(labels), 1))
        )
        joints = [KINECT20.joints.index(name) for name in names]
        positions[:, :, 0, joints, :] += (moves[:, None] * wave)[:, :, None, None]
    present = np.ones((len(labels), 1), dtype=bool)
    origin = np.stack([np.zeros(len(labels), dtype=np.int64), np.arange(len(labels))], axis=1)
    return ClipSet(positions.astype(np.float32), present, labels, origin)


def easy_corpus(seed: int = 0) -> Corpus:
    seen, unseen = (tuple(ACTIONS[k] for k in classes) for classes in (SEEN, UNSEEN))
    train, test = clips_of(SEEN, 12, seed), clips_of(UNSEEN, 10, seed + 1)
    return Corpus(KINECT20, {"utd-mhad": UTD}, seen, unseen, train, test, ())


def make_settings(folder: Path, **train: Any) -> RunSettings:
    path = folder / "vectors.npz"
    if not path.exists():
        # Which limbs move, mapped to six dimensions: sentences that describe the motion well.
        turn = np.linalg.qr(np.random.default_rng(3).normal(size=(6, 6)))[0][:4]
        vectors = {ACTIONS[k].key: (2.0 * MOVING_LIMBS[k] - 1) @ turn for k in range(16)}
        rest = {a.key: np.random.default_rng(5).normal(size=6) for a in UTD.actions if a.key not in vectors}
        np.savez(path, **vectors, **rest)
    changes = {"epochs": 12, "batch_size": 16, "learning_rate": 1e-2, "seed": 2, "augment": False, **train}
    return RunSettings(
        split="utd-mhad/own",
        prepare={"frames": 10, "bodies": 1},
        text={"encoder": "file", "source": str(path), "centre": False},
        model={"channels": (12, 16), "strides": (1, 2), "kernel": 3, "dropout": 0.0},
        train=changes,
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("baselines")


@pytest.fixture(scope="module")
def context(home: Path) -> FitContext:
    return FitContext(make_settings(home), easy_corpus(), home, OPTIONS, "cpu")


@pytest.fixture(scope="module")
def corpus(context: FitContext) -> Corpus:
    return context.corpus


@pytest.fixture(scope="module")
def fitted(context: FitContext) -> dict[str, Fitted]:
    return {name: baseline.fit(context) for name, baseline in METHODS.items()}


@pytest.fixture(scope="module")
def anchors(context: FitContext, corpus: Corpus) -> np.ndarray:
    return candidate_anchors((*corpus.unseen, *corpus.seen), context.settings, corpus)


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("name", METHODS)
def test_every_baseline_describes_itself_and_is_a_choice_of_the_benchmark(name: str) -> None:
    baseline = METHODS[name]
    assert baseline.title
    assert baseline.assumes
    assert baseline.source
    spec = BenchmarkSettings(
        training={"alone": ["x"]},
        splits=[{"names": ["utd-mhad/22-5"]}],
        methods=[name],
        reference=(name, "none"),
    )
    spec.check()


@pytest.mark.parametrize("name", METHODS)
def test_every_baseline_beats_chance_on_an_easy_set(
    name: str, fitted: dict[str, Fitted], corpus: Corpus, anchors: np.ndarray
) -> None:
    scores = fitted[name].scores(fitted[name].features(corpus.test), anchors[:4])
    accuracy = (scores.argmax(axis=1) == corpus.test.labels).mean()
    assert accuracy > 0.5, f"{accuracy:.2f}, chance 0.25"


@pytest.mark.parametrize("name", METHODS)
def test_every_baseline_recognises_the_classes_it_was_fitted_on(
    name: str, fitted: dict[str, Fitted], corpus: Corpus, anchors: np.ndarray
) -> None:
    scores = fitted[name].scores(fitted[name].features(corpus.train), anchors[4:])
    assert (scores.argmax(axis=1) == corpus.train.labels).mean() > 0.6, "chance 0.08"


@pytest.mark.parametrize("name", METHODS)
def test_every_baseline_is_loaded_by_a_second_call(
    name: str, fitted: dict[str, Fitted], context: FitContext, corpus: Corpus, anchors: np.ndarray
) -> None:
    home = context.folder
    before = files_of(home)
    again = METHODS[name].fit(context)
    assert files_of(home) == before
    features = again.features(corpus.test)
    np.testing.assert_array_equal(features, fitted[name].features(corpus.test))
    np.testing.assert_array_equal(again.scores(features, anchors), fitted[name].scores(features, anchors))


@pytest.mark.parametrize("name", METHODS)
def test_the_space_of_every_baseline_ranks_as_its_scores_do(
    name: str, fitted: dict[str, Fitted], corpus: Corpus, anchors: np.ndarray
) -> None:
    features = fitted[name].features(corpus.test)
    scores, space = fitted[name].scores(features, anchors), fitted[name].space(features, anchors)
    points, class_points = points_of(fitted[name], features, anchors)
    if space is None:
        assert points is features
        assert class_points is None
        return
    np.testing.assert_allclose(cosines(*space), scores, atol=1e-6)
    assert class_points is not None
    assert points.shape[1] == class_points.shape[1]
    alignment = align_with(points, class_points, AdaptSettings(method="paper"))
    assert (alignment.predictions == corpus.test.labels).mean() > 0.5  # the seen classes are candidates too


@pytest.mark.parametrize("name", METHODS)
def test_the_scores_of_every_baseline_permute_with_clips_and_classes(
    name: str, fitted: dict[str, Fitted], corpus: Corpus, anchors: np.ndarray
) -> None:
    features = fitted[name].features(corpus.test)
    plain = fitted[name].scores(features, anchors)
    random = np.random.default_rng(0)
    clips, classes = random.permutation(len(features)), random.permutation(len(anchors))
    np.testing.assert_allclose(fitted[name].scores(features[clips], anchors), plain[clips], atol=1e-5)
    np.testing.assert_allclose(fitted[name].scores(features, anchors[classes]), plain[:, classes], atol=1e-5)
    np.testing.assert_allclose(fitted[name].scores(features, anchors[:2]), plain[:, :2], atol=1e-5)
    np.testing.assert_allclose(fitted[name].features(corpus.test.take(clips)), features[clips], atol=1e-4)


@pytest.mark.parametrize("name", METHODS)
def test_every_baseline_scores_equal_sentences_equally(
    name: str, fitted: dict[str, Fitted], corpus: Corpus, anchors: np.ndarray
) -> None:
    features = fitted[name].features(corpus.test)
    scores = fitted[name].scores(features, anchors[[0, 1, 0, 2, 1]])
    np.testing.assert_allclose(scores[:, 2], scores[:, 0], atol=1e-6)
    np.testing.assert_allclose(scores[:, 4], scores[:, 1], atol=1e-6)


@pytest.mark.parametrize("name", METHODS)
def test_every_baseline_is_defined_for_few_clips_and_classes(
    name: str, fitted: dict[str, Fitted], corpus: Corpus, anchors: np.ndarray
) -> None:
    method, features = fitted[name], fitted[name].features(corpus.test)
    for rows, candidates in (
        (features[:1], anchors),
        (features, anchors[:1]),
        (features[:0], anchors),
        (features[:1], anchors[:1]),
    ):
        scores = method.scores(rows, candidates)
        assert scores.shape == (len(rows), len(candidates))
        assert np.isfinite(scores).all()
    for value in (0.0, 1.0):  # no feature is active; all clips are equal
        alike = np.full((3, features.shape[1]), value, dtype=np.float32)
        scores = method.scores(alike, anchors)
        assert np.isfinite(scores).all()
        np.testing.assert_allclose(scores, np.repeat(scores[:1], 3, axis=0), atol=1e-5)


@pytest.fixture(scope="module")
def other_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("other")


@pytest.mark.parametrize("name", METHODS)
def test_no_baseline_uses_the_test_clips(
    name: str, fitted: dict[str, Fitted], context: FitContext, anchors: np.ndarray, other_folder: Path
) -> None:
    """Other test clips with other labels: the very same fit."""
    corpus = context.corpus
    positions, labels = -corpus.test.positions, corpus.test.labels[::-1].copy()
    other = replace(corpus, test=replace(corpus.test, positions=positions, labels=labels))
    again = METHODS[name].fit(replace(context, corpus=other, folder=other_folder))
    features = fitted[name].features(corpus.test)
    np.testing.assert_array_equal(again.features(corpus.test), features)
    np.testing.assert_array_equal(again.scores(features, anchors), fitted[name].scores(features, anchors))


@pytest.mark.parametrize("name", TEST_TIME)
def test_every_test_time_baseline_takes_any_baseline(
    name: str, fitted: dict[str, Fitted], corpus: Corpus, anchors: np.ndarray
) -> None:
    baseline = TEST_TIME[name]
    options = OPTIONS if baseline.options is BaselineSettings else baseline.options()
    for method in fitted.values():
        features = method.features(corpus.test)
        scores = method.scores(features, anchors[:4])
        result = baseline.rescore(scores, *points_of(method, features, anchors[:4]), options)
        assert result.shape == scores.shape
        assert (result.argmax(axis=1) == corpus.test.labels).mean() > 0.5


# What is shared and what is stored


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


def test_damaged_features_are_computed_again(
    context: FitContext, fitted: dict[str, Fitted], tmp_path: Path
) -> None:
    home = context.folder
    for path in (home / ENCODER).iterdir():
        (tmp_path / ENCODER).mkdir(exist_ok=True)
        (tmp_path / ENCODER / path.name).write_bytes(path.read_bytes())
    whole = (home / ENCODER / FEATURES).read_bytes()
    (tmp_path / ENCODER / FEATURES).write_bytes(whole[: len(whole) // 2])
    again = encode(replace(context, folder=tmp_path))
    np.testing.assert_array_equal(again.train, encode(context).train)
    assert (tmp_path / ENCODER / FEATURES).read_bytes() == whole


def test_other_options_are_stored_separately_and_unused_ones_change_nothing(
    context: FitContext, fitted: dict[str, Fitted]
) -> None:
    home = context.folder
    before = len(list(home.glob("devise-*")))
    unused = OPTIONS.model_copy(update={"cache_weight": 9.0})
    METHODS["devise"].fit(replace(context, options=unused))
    assert len(list(home.glob("devise-*"))) == before
    other = OPTIONS.model_copy(update={"devise_margin": 0.5, "epochs": 2})
    METHODS["devise"].fit(replace(context, options=other))
    assert len(list(home.glob("devise-*"))) == before + 1


def test_an_encoder_of_other_clips_is_refused(context: FitContext, fitted: dict[str, Fitted]) -> None:
    with pytest.raises(BadConfig, match="other settings, sentences or clips"):
        METHODS["eszsl"].fit(replace(context, corpus=easy_corpus(seed=7)))


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


def test_the_contrastive_scale_does_not_matter_to_a_classifier(
    home: Path, corpus: Corpus, tmp_path: Path
) -> None:
    plain = make_settings(home, epochs=2)
    train_classifier(plain, corpus, tmp_path, device="cpu")
    before = files_of(tmp_path)
    learnt = make_settings(home, epochs=2, learn_logit_scale=True, logit_scale=3.0)
    train_classifier(learnt, corpus, tmp_path, device="cpu")
    assert files_of(tmp_path) == before


def test_a_stopped_critic_ends_with_the_same_weights(
    context: FitContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fitted: dict[str, Fitted]
) -> None:
    """Killed between two checkpoints (one in 25 epochs): it resumes from the last one."""
    home, resumed = context.folder, replace(context, folder=tmp_path)
    for path in (home / ENCODER).iterdir():
        (tmp_path / ENCODER).mkdir(exist_ok=True)
        (tmp_path / ENCODER / path.name).write_bytes(path.read_bytes())
    steps, loss = [0], smie_module.smie_loss

    def interrupted(*values: Any) -> torch.Tensor:
        steps[0] += 1
        if steps[0] == 4 * 30 + 2:
            raise KeyboardInterrupt
        return loss(*values)

    with monkeypatch.context() as patch:
        patch.setattr(smie_module, "smie_loss", interrupted)
        with pytest.raises(KeyboardInterrupt):
            METHODS["smie"].fit(resumed)
    (folder,) = tmp_path.glob("smie-*")
    assert len(list(read_metrics(folder))) == 30
    METHODS["smie"].fit(resumed)
    assert (folder / WEIGHTS).read_bytes() == (home / folder.name / WEIGHTS).read_bytes()
    assert len((folder / METRICS).read_text().splitlines()) == 40


# Under `paper`, SMIE as in the authors' code


def test_the_missing_layer_norm_is_in_the_recipe_paper_only(
    context: FitContext, fitted: dict[str, Fitted], anchors: np.ndarray
) -> None:
    paper = BaselineSettings(**{**OPTIONS.model_dump(exclude={"recipe"}), "recipe": "paper"})
    smie = METHODS["smie"].fit(replace(context, options=paper))
    assert isinstance(smie, smie_module.CriticScores)
    features = smie.features(context.corpus.test)
    expected = replace(smie, skip_norm=False).scores(features, anchors)
    assert not np.allclose(smie.scores(features, anchors), expected)
    centred = features - features.mean(axis=1, keepdims=True)
    normalised = (centred / np.sqrt(features.var(axis=1, keepdims=True) + 1e-5)).astype(np.float32)
    np.testing.assert_allclose(smie.scores(normalised, anchors), expected, atol=1e-4)
    assert not fitted["smie"].skip_norm  # type: ignore[attr-defined]
    assert BaselineSettings(recipe="paper").smie_learning_rate == 1e-5
