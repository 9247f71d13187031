"""Adapting, teaching and streams: alignment and examples change a copy, never the recogniser."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from builders import write_verified
from pgfa.adapt import ALIGNMENTS, Recentring, align, cosines
from pgfa.adapt.density import density_weights
from pgfa.adapt.recentre import mean_and_spread
from pgfa.config import AdaptSettings
from pgfa.errors import BadCheckpoint, BadConfig, BadFile
from pgfa.read.formats.npz import save_clip
from pgfa.read.sample import picture
from pgfa.recognise import Recogniser
from pgfa.recognise.temporal.windows import window_cosines
from pgfa.skeleton import COCO17, OPENPOSE25
from pgfa.words.interaction_words import needs_two
from recogniser_builders import (
    SENTENCES,
    swaying_clip,
)

CLIP = swaying_clip()


def test_adapt_aligns_a_recentred_copy(recogniser: Recogniser) -> None:
    clips = [swaying_clip(i) for i in range(12)]
    before = recogniser.recognise(clips, SENTENCES)
    new = recogniser.adapt(clips, SENTENCES, AdaptSettings(method="paper", alpha=0.9), cautious=False)
    anchors, features = recogniser.bundle.anchors(SENTENCES), recogniser.features(clips)
    recentring = Recentring.of(features, anchors)
    points = recentring.shift_features(features)
    expected = align(points, recentring.shift_sentences(anchors), 0.9)
    candidates = new.candidates(SENTENCES)
    sentences = cosines(points, recentring.shift_sentences(anchors))
    support = np.bincount(expected.labels[expected.support], minlength=4)
    weights = density_weights(features)
    alone = _standard(sentences, weights)
    both = (_standard(cosines(points, expected.prototypes), weights) + alone) / 2
    ratio = candidates.cosines(features) / np.where(support > 0, both, alone)
    np.testing.assert_allclose(ratio, np.median(ratio), rtol=1e-3)  # one factor for all candidates
    assert new.adaptation is not None
    assert new.adaptation.support == tuple(support)
    assert candidates.is_prototype.tolist() == (support > 0).tolist()
    assert f"adapted on 12 clips; the answer changed for {new.adaptation.changed}" in str(new.adaptation)
    assert recogniser.recognise(clips, SENTENCES) == before
    assert not recogniser.prototypes
    assert recogniser.recentring is None
    assert new.recognise(clips, SENTENCES) != before
    assert new.forget(SENTENCES[int(np.argmax(support))]).prototypes.keys() < new.prototypes.keys()


def test_too_few_clips_only_recentre(recogniser: Recogniser) -> None:
    clips = [swaying_clip(i) for i in range(11)]
    new = recogniser.adapt(clips, SENTENCES)
    assert new.adaptation is not None
    assert new.adaptation.declined == "11 clips for 4 sentences; alignment needs at least 3 per sentence"
    assert str(new.adaptation).endswith("recentred only, not aligned: " + new.adaptation.declined)
    assert new.adaptation.support == (0, 0, 0, 0)
    assert not new.prototypes
    anchors, features = recogniser.bundle.anchors(SENTENCES), recogniser.features(clips)
    recentring = Recentring.of(features, anchors)
    cosine = cosines(recentring.shift_features(features), recentring.shift_sentences(anchors))
    weights = density_weights(features)
    spread = mean_and_spread(cosine, weights)[1]
    expected = _standard(cosine, weights) * np.median(spread)
    later = new.recognise(clips[3], SENTENCES)  # a single clip, with the centre of all
    assert {a.sentence: a.cosine for a in later} == pytest.approx(
        dict(zip(SENTENCES, expected[3].tolist(), strict=True)), abs=1e-5
    )
    whole = (np.array([0]), np.array([clips[3].frames]))
    windows, _ = window_cosines(
        new.encode, new.candidates(SENTENCES), clips[3].positions, 30.0, clips[3].layout, whole
    )
    alone = [not needs_two(name) for name in SENTENCES]
    np.testing.assert_allclose(windows[0, 0, alone], expected[3, alone], atol=1e-4)


def _standard(cosine: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Written out: minus the shrunk mean, over the shrunk spread."""
    weight = (len(cosine) - 1) / (len(cosine) - 1 + 20)
    mean = weights @ cosine.astype(float)
    variance = weights @ (cosine.astype(float) - mean) ** 2
    spread = np.sqrt(weight * variance + (1 - weight) * variance.mean())
    mean = weight * mean
    return (cosine - 0.3 * mean - 0.7 * mean.mean()) / (0.3 * spread + 0.7 * spread.mean())


@pytest.mark.parametrize("cautious", [True, False])
@pytest.mark.parametrize("method", ALIGNMENTS)
def test_the_report_is_what_the_recogniser_answers(
    recogniser: Recogniser, method: str, cautious: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random features in place of the encoder's, taught classes, and adapting twice."""
    aligned = 0
    for seed in range(25):
        random = np.random.default_rng(seed)
        count = int(random.integers(1, 60))
        means = random.normal(size=(4, 6)) + 2 * random.normal(size=6)
        points = means[random.integers(0, 4, count)] + random.uniform(0.2, 1) * random.normal(size=(count, 6))
        points[random.random(count) < 0.1] = 0  # no person
        table = {f"clip-{i}": point.astype(np.float32) for i, point in enumerate(points)}
        monkeypatch.setattr(
            Recogniser,
            "features",
            lambda _, clips, table=table: np.stack([table[c.source.id] for c in clips]),
        )
        clips = [replace(CLIP, source=replace(CLIP.source, id=name)) for name in table]
        old = recogniser
        if seed % 3 == 1 and points[0].any():
            old = old.teach("my dance", clips[0])
        if seed % 5 == 2:
            old = old.adapt(clips[: count // 2 + 1], SENTENCES[:2], cautious=False)
        new = old.adapt(clips, SENTENCES, AdaptSettings(method=method), cautious=cautious)
        report = new.adaptation
        assert report is not None
        for reported, of in ((report.before, old), (report.after, new)):
            answers = of.recognise(clips, SENTENCES)
            assert [report.candidates[i] for i in reported] == [a[0].sentence for a in answers]
        assert sum(report.support) == 0 or not report.declined
        aligned += sum(report.support) > 0
    assert aligned > 0 or method == "none"


def test_a_recentred_recogniser_is_saved(recogniser: Recogniser, tmp_path: Path) -> None:
    clips = [swaying_clip(i) for i in range(24)]
    new = recogniser.teach("my dance", clips[0]).adapt(clips, SENTENCES, cautious=False)
    new.save(tmp_path, SENTENCES)
    assert json.loads((tmp_path / "recogniser.json").read_text())["form"] == "pgfa recogniser 3"
    opened = Recogniser.load(tmp_path)
    for one, other in zip(opened.recognise(clips, SENTENCES), new.recognise(clips, SENTENCES), strict=True):
        assert [a.sentence for a in one] == [a.sentence for a in other]
        assert [a.probability for a in one] == pytest.approx([a.probability for a in other], abs=1e-5)
    recogniser.save(tmp_path, SENTENCES)
    assert json.loads((tmp_path / "recogniser.json").read_text())["form"] == "pgfa recogniser 2"
    assert Recogniser.load(tmp_path).recentring is None


@pytest.mark.parametrize(
    "damage",
    [
        {"features": [1.0]},
        {"sentences": [None] * 6},
        {"clips": -1},
        {"clips": 2.5},
        {"clips": True},
        "x",
        None,
    ],
)
def test_a_damaged_recentring_is_refused(recogniser: Recogniser, damage: object, tmp_path: Path) -> None:
    recogniser.adapt([swaying_clip(i) for i in range(3)], SENTENCES).save(tmp_path, SENTENCES)
    manifest = json.loads((tmp_path / "recogniser.json").read_text())
    manifest["recentring"] = {**manifest["recentring"], **damage} if isinstance(damage, dict) else damage
    write_verified(tmp_path / "recogniser.json", manifest)
    with pytest.raises(BadCheckpoint, match=r"recogniser\.json: not a valid recentring"):
        Recogniser.load(tmp_path)


def test_adapt_to_a_folder(recogniser: Recogniser, tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="recordings"):
        recogniser.adapt(tmp_path, SENTENCES)
    (tmp_path / "notes.txt").write_text("no recording")
    clips = [swaying_clip(i) for i in range(5)]
    for i, clip in enumerate(clips):
        save_clip(tmp_path / "sub" / f"{i}.npz", clip)
    of_folder, of_clips = recogniser.adapt(tmp_path, SENTENCES), recogniser.adapt(clips, SENTENCES)
    assert of_folder.adaptation == of_clips.adaptation


def test_adapt_to_frames_in_folders_and_to_files_of_many_clips(
    recogniser: Recogniser, tmp_path: Path
) -> None:
    scored = np.concatenate([picture(OPENPOSE25), np.full((4, 25, 1), 0.9)], axis=-1)
    for n, people in enumerate([1, 0, 1, 1]):  # one frame without a person
        points = [{"pose_keypoints_2d": scored[n].reshape(-1).tolist()} for _ in range(people)]
        (tmp_path / "video").mkdir(exist_ok=True)
        (tmp_path / "video" / f"v_{n:012d}_keypoints.json").write_text(json.dumps({"people": points}))
    annotations = [{"keypoint": picture(COCO17, 5)[None] + n} for n in range(3)]
    (tmp_path / "many.pkl").write_bytes(pickle.dumps(annotations))
    adapted = recogniser.adapt(tmp_path, SENTENCES)
    assert adapted.adaptation is not None
    assert len(adapted.adaptation.before) == 1 + 3
    (tmp_path / "many.pkl").write_bytes(pickle.dumps([*annotations, {"keypoint": 5}]))
    with pytest.raises(BadFile, match="annotation 4"):
        recogniser.adapt(tmp_path, SENTENCES)


def test_a_taught_class_is_added_to_the_sentences(recogniser: Recogniser) -> None:
    new = recogniser.teach("my dance", [swaying_clip(7), swaying_clip(8)])
    assert recogniser.taught == ()
    assert new.taught == ("my dance",)
    answers = new.recognise(swaying_clip(7), SENTENCES)
    assert {a.sentence for a in answers} == {*SENTENCES, "my dance"}
    dance = next(a for a in answers if a.sentence == "my dance")
    assert dance.prototype
    unit = recogniser.features([swaying_clip(7), swaying_clip(8)])
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    mean = unit.mean(axis=0)
    assert dance.cosine == pytest.approx(float(unit[0] @ mean / np.linalg.norm(mean)), abs=1e-5)
    assert [a.sentence for a in new.recognise(swaying_clip(7))] == ["my dance"]
    again = new.teach("my dance", swaying_clip(9))
    assert again.prototypes["my dance"].clips == 1
    assert again.recognise(swaying_clip(9)).answers[0].cosine == pytest.approx(1, abs=1e-5)
    assert again.forget("my dance").prototypes == {}
    for wrong in (
        lambda: recogniser.teach("x", []),
        lambda: recogniser.teach(" ", swaying_clip()),
        lambda: recogniser.forget("x"),
    ):
        with pytest.raises(BadConfig):
            wrong()


def test_a_stream_ends_as_alignment_without_recentring(recogniser: Recogniser) -> None:
    clips, settings = [swaying_clip(i) for i in range(12)], AdaptSettings(method="paper", alpha=0.9)
    stream = recogniser.stream(SENTENCES, settings)
    for clip in clips[:5]:
        assert len(stream.recognise(clip)) == 1
    stream.recognise(clips[5:])
    features = recogniser.features(clips)
    expected = align(features, recogniser.bundle.anchors(SENTENCES), 0.9)
    candidates = stream.recogniser.candidates(SENTENCES)
    np.testing.assert_allclose(candidates.vectors, expected.prototypes, atol=1e-5)
    answers = stream.recogniser.recognise(clips[0], SENTENCES)
    assert {a.sentence: a.cosine for a in answers} == pytest.approx(
        dict(zip(SENTENCES, cosines(features[:1], expected.prototypes)[0].tolist(), strict=True)), abs=1e-5
    )


def test_a_forgotten_sentence_is_no_longer_standardised_as_its_prototype(recogniser: Recogniser) -> None:
    clips = [swaying_clip(i) for i in range(12)]
    adapted = recogniser.adapt(clips, SENTENCES, cautious=False)
    name = next(iter(adapted.prototypes))
    for other in (adapted.forget(name), adapted.teach(name, [CLIP])):
        assert other.recentring is not None
        assert name not in other.recentring.scores
        assert other.recentring.scores.keys() == set(SENTENCES) - {name}
