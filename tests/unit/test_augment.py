"""Augmentation varies view, body size and timing, and mirrors motion and sentence together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from pgfa.config import RunSettings
from pgfa.skeleton import KINECT20
from pgfa.text import catalogue, catalogue_names, mirror_sentence
from pgfa.text.catalogue import NO_MIRROR, ActionClass
from pgfa.text.mirror import mirrored
from pgfa.train import augment as augment_module
from pgfa.train.augment import augment
from pgfa.train.batches import TrainingClips
from pgfa.train.clip_set import ClipSet
from pgfa.train.corpus import Corpus
from pgfa.train.sentences import ClassSentences, class_sentences

torch.set_num_threads(1)

MIRROR = torch.from_numpy(KINECT20.mirror)
AMOUNTS = ("TURN", "SIZE", "CROP", "WARP", "NOISE")


@pytest.fixture
def clips() -> Tensor:
    """(6, 12, 2, 20, 3): two bodies that move, the second absent in clips 1 and 4, the first in clip 5."""
    x = torch.randn(6, 12, 2, 20, 3, generator=torch.Generator().manual_seed(0))
    x[[1, 4], :, 1] = 0
    x[5, :, 0] = 0
    return x


def only(monkeypatch: pytest.MonkeyPatch, *enabled: str) -> None:
    """Switch off all other changes."""
    for name in AMOUNTS:
        if name not in enabled:
            monkeypatch.setattr(augment_module, name, 0.0)


def none(count: int) -> Tensor:
    return torch.zeros(count, dtype=torch.bool)


def test_mirroring_swaps_sides_and_negates_x_and_is_its_own_inverse(
    clips: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch)
    mirrored_clips = augment(clips, MIRROR, ~none(6))
    for left, right in KINECT20.pairs:
        a, b = KINECT20.index(left), KINECT20.index(right)
        torch.testing.assert_close(mirrored_clips[..., a, :], clips[..., b, :] * torch.tensor([-1.0, 1, 1]))
    head = KINECT20.index("head")
    torch.testing.assert_close(mirrored_clips[..., head, :], clips[..., head, :] * torch.tensor([-1.0, 1, 1]))
    torch.testing.assert_close(augment(mirrored_clips, MIRROR, ~none(6)), clips)


def test_only_flipped_clips_are_mirrored(clips: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch)
    flip = torch.tensor([True, False, False, True, False, False])
    out = augment(clips, MIRROR, flip)
    torch.testing.assert_close(out[~flip], clips[~flip])
    assert not torch.isclose(out[flip], clips[flip]).all(dim=-1).all(dim=-1).any()


def test_absent_bodies_stay_zero(clips: Tensor) -> None:
    for seed in range(5):
        torch.manual_seed(seed)
        out = augment(clips, MIRROR, torch.rand(6) < 0.5)
        assert out.shape == clips.shape
        assert (out[[1, 4], :, 1] == 0).all()
        assert (out[5, :, 0] == 0).all()
        assert (out[[0, 2, 3]] != 0).all()


def test_turning_keeps_the_vertical_and_all_lengths(clips: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "TURN")
    torch.manual_seed(1)
    out = augment(clips, MIRROR, none(6))
    torch.testing.assert_close(out[..., 1], clips[..., 1])
    torch.testing.assert_close(out.norm(dim=-1), clips.norm(dim=-1))
    nonzero = clips.norm(dim=-1) > 0
    a, b = torch.complex(clips[..., 0], clips[..., 2]), torch.complex(out[..., 0], out[..., 2])
    for clip in range(6):
        angles = (b[clip] / a[clip])[nonzero[clip]].angle()
        assert angles.max() - angles.min() < 1e-3  # one turn per clip, the same for all its frames
        assert 0 < angles.abs().max() <= augment_module.TURN + 1e-3
    assert (
        len({round(float((b[c] / a[c])[nonzero[c]].angle()[0]), 4) for c in range(6)}) == 6
    )  # a different turn for each clip


def test_a_body_is_resized_as_a_whole(clips: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "SIZE")
    torch.manual_seed(1)
    out = augment(clips, MIRROR, none(6))
    for clip in range(6):
        factor = (out[clip] / clips[clip])[clips[clip] != 0]
        assert factor.max() - factor.min() < 1e-3
        assert 1 - augment_module.SIZE <= factor.mean() <= 1 + augment_module.SIZE


def test_time_stays_in_order_and_within_the_clip(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a clip whose positions are frame numbers the numbers rise, from near its start to near its end."""
    only(monkeypatch, "CROP", "WARP")
    frames, count = 50, 200
    clock = torch.arange(frames, dtype=torch.float32).add(1)[None, :, None, None, None]
    torch.manual_seed(0)
    times = augment(clock.expand(count, frames, 1, 20, 3).clone(), MIRROR, none(count))[:, :, 0, 0, 1] - 1
    assert (times.diff(dim=1) > 0).all()
    assert times.min() >= 0
    assert times.max() <= frames - 1 + 1e-4
    assert (times[:, 0] <= augment_module.CROP * (frames - 1) + 1e-3).all()
    assert (times[:, -1] >= (1 - augment_module.CROP) * (frames - 1) - 1e-3).all()
    pace = times.diff(dim=1)
    slowest, fastest = (1 - 2 * augment_module.CROP) * (1 - augment_module.WARP), 1 + augment_module.WARP
    assert pace.min() >= slowest - 0.01
    assert pace.max() <= fastest + 0.01
    assert pace.std(dim=1).max() > 0.05  # the pace does change


def test_noise_has_the_documented_standard_deviation(clips: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "NOISE")
    out = augment(clips, MIRROR, none(6))
    assert (out - clips)[clips != 0].std().item() == pytest.approx(augment_module.NOISE, rel=0.05)


def test_change_is_bounded(clips: Tensor) -> None:
    longest = clips.norm(dim=-1).max()
    for seed in range(10):
        torch.manual_seed(seed)
        out = augment(clips, MIRROR, torch.rand(6) < 0.5)
        assert out.isfinite().all()
        assert out.norm(dim=-1).max() <= (1 + augment_module.SIZE) * longest + 10 * augment_module.NOISE


# Sides in motion and in words
# -----------------------------------------------------------------------------------------

UTD, GATOR = catalogue("utd-mhad"), catalogue("kinder-gator")
# A pair of mirror classes, a one-armed class, one without sides, one whose mirror class is unseen, one without mirror.
SEEN = (
    *(UTD[n] for n in ("swipe-left", "swipe-right", "wave", "clap", "draw-circle-clockwise")),
    GATOR["draw-letter-k"],
)
UNSEEN = (UTD["draw-circle-counter-clockwise"],)
EACH = 60


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> RunSettings:
    """Every sentence that can occur has its own vector."""
    file = tmp_path_factory.mktemp("vectors") / "vectors.npz"
    texts = {text for a in (*SEEN, *UNSEEN) for text in (a.plain, mirror_sentence(a.plain))}
    random = np.random.default_rng(0)
    np.savez(file, **{text: random.normal(size=8) for text in sorted(texts)})
    text = {"encoder": "file", "source": str(file), "centre": False, "variants": ("plain",)}
    return RunSettings(split="utd-mhad/x", text=text, train={"mirror": True, "degrade": False})


def sentences_of(settings: RunSettings) -> ClassSentences:
    return class_sentences(corpus_of_left_hands(), settings)


def clips_on_cpu(sentences: ClassSentences, settings: RunSettings) -> TrainingClips:
    return TrainingClips.of(corpus_of_left_hands(), sentences, settings, torch.device("cpu"))


def corpus_of_left_hands(seen: tuple[ActionClass, ...] = SEEN) -> Corpus:
    """Clips in which the left wrist alone is far from the body: mirrored ones show it at the right."""
    labels = np.repeat(np.arange(len(SEEN)), EACH)
    positions = np.full((len(labels), 8, 1, 20, 3), 0.01, dtype=np.float32)
    positions[..., KINECT20.index("wrist_left"), :] = (5, 1, 1)
    origin = np.zeros((len(labels), 2), dtype=np.int64)
    clips = ClipSet(positions, np.ones((len(labels), 1), dtype=bool), labels, origin)
    return Corpus(KINECT20, {"utd-mhad": UTD, "kinder-gator": GATOR}, seen, UNSEEN, clips, clips, ())


def test_a_flipped_clip_has_the_mirrored_sentence(settings: RunSettings) -> None:
    sentences, corpus = sentences_of(settings), corpus_of_left_hands()
    with np.load(settings.text.source or "") as file:
        vector = {name: file[name] / np.linalg.norm(file[name]) for name in file.files}
    torch.manual_seed(0)
    batch = clips_on_cpu(sentences, settings).batch(torch.arange(len(corpus.train)), epoch=0)
    reach = batch.positions.norm(dim=-1).mean(dim=(1, 2))
    flipped = (reach[:, KINECT20.index("wrist_right")] > reach[:, KINECT20.index("wrist_left")]).numpy()
    label = corpus.train.labels
    for i, action in enumerate(SEEN):
        members = label == i
        if action.name in ("draw-circle-clockwise", "draw-letter-k"):
            assert not flipped[members].any(), f"a mirrored clip of {action.name} must not be used"
        else:
            assert 0.25 < flipped[members].mean() < 0.75
    for clip in range(len(label)):
        sentence = SEEN[label[clip]].plain
        sentence = mirror_sentence(sentence) if flipped[clip] else sentence
        np.testing.assert_allclose(batch.vectors[clip].numpy(), vector[sentence], atol=1e-6)
    # A mirrored swipe to the left is a swipe to the right; a mirrored wave is still a wave.
    shown = np.array([{0: 1, 1: 0}.get(c, c) if f else c for c, f in zip(label, flipped, strict=True)])
    np.testing.assert_array_equal(batch.same.numpy(), shown[:, None] == shown)


def test_without_augmentation_nothing_changes(settings: RunSettings) -> None:
    sentences, corpus = sentences_of(settings), corpus_of_left_hands()
    plain = RunSettings(text=settings.text, train={"augment": False})
    index = torch.tensor([3, 100, 3])
    batch = clips_on_cpu(sentences, plain).batch(index, epoch=0)
    np.testing.assert_array_equal(batch.positions.numpy(), corpus.train.positions[index])
    vectors = sentences.vectors[corpus.train.labels[index]]
    np.testing.assert_allclose(batch.vectors.numpy(), vectors, atol=1e-6)
    assert batch.present.all()
    assert batch.same.tolist() == [[True, False, True], [False, True, False], [True, False, True]]


def test_classes_of_two_sets_that_mean_the_same_are_no_negatives(tmp_path: Path) -> None:
    """Nor are their mirror images; the recipe `paper`, made for one data set, does not merge."""
    seen = (UTD["wave"], GATOR["wave-hand"], UTD["clap"])
    rows = [
        *seen,
        *(m for a in seen if (m := mirrored(a, {"utd-mhad": UTD, "kinder-gator": GATOR}[a.dataset]))),
    ]
    np.savez(
        tmp_path / "v.npz", **{a.plain: np.random.default_rng(len(a.plain)).normal(size=4) for a in rows}
    )
    text = {"encoder": "file", "source": str(tmp_path / "v.npz"), "variants": ("plain",), "centre": True}
    merged, separate = (
        class_sentences(corpus_of_left_hands(seen), RunSettings(recipe=recipe, text=text))
        for recipe in ("default", "paper")
    )
    assert merged.same[:3, :3].tolist() == [[True, True, False], [True, True, False], [False, False, True]]
    assert (separate.same[:3, :3] == np.eye(3)).all()
    images = merged.mirror[:2]
    assert merged.same[np.ix_(images, images)].all()


def test_centred_sentences_have_mean_zero(settings: RunSettings) -> None:
    centred = settings.model_copy(update={"text": settings.text.model_copy(update={"centre": True})})
    data = clips_on_cpu(sentences_of(centred), centred)
    np.testing.assert_allclose(data.vectors[: len(SEEN)].mean(dim=0).numpy(), 0, atol=1e-6)


@pytest.mark.parametrize("name", catalogue_names())
def test_a_class_and_its_mirror_image_leak_together(name: str) -> None:
    """If the leakage rule removes one of a mirror pair it must remove both: a mirrored clip shows the other."""
    classes = catalogue(name)
    for action in classes.actions:
        if action.mirror not in (None, NO_MIRROR):
            assert set(action.means) == set(classes[str(action.mirror)].means), action.key
