"""Adapting, teaching and streams: alignment and examples change a copy, never the recogniser."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from pgfa.adapt import align
from pgfa.config import AdaptSettings
from pgfa.errors import BadConfig, BadFile
from pgfa.read.formats.npz import save_clip
from pgfa.recognise import Recogniser
from recogniser_builders import (
    SENTENCES,
    swaying_clip,
)


def test_adapt_aligns_a_copy(recogniser: Recogniser) -> None:
    clips = [swaying_clip(i) for i in range(12)]
    before = recogniser.recognise(clips, SENTENCES)
    new = recogniser.adapt(clips, SENTENCES, AdaptSettings(method="paper", alpha=0.9))
    anchors = recogniser.bundle.anchors(SENTENCES)
    expected = align(recogniser.features(clips), anchors, 0.9)
    candidates = new.candidates(SENTENCES)
    np.testing.assert_allclose(candidates.vectors, expected.prototypes, atol=1e-6)
    support = np.bincount(expected.labels[expected.support], minlength=4)
    assert new.adaptation is not None
    assert new.adaptation.support == tuple(support)
    assert candidates.is_prototype.tolist() == (support > 0).tolist()
    assert new.adaptation.changed == int((expected.predictions != expected.labels).sum())
    assert f"adapted on 12 clips; the answer changed for {new.adaptation.changed}" in str(new.adaptation)
    assert recogniser.recognise(clips, SENTENCES) == before
    assert not recogniser.prototypes
    assert new.recognise(clips, SENTENCES) != before
    assert new.forget(SENTENCES[int(np.argmax(support))]).prototypes.keys() < new.prototypes.keys()


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
    random = np.random.default_rng(0)
    for n, people in enumerate([1, 0, 1, 1]):  # one frame without a person
        points = [{"pose_keypoints_2d": random.uniform(1, 500, 75).tolist()} for _ in range(people)]
        (tmp_path / "video").mkdir(exist_ok=True)
        (tmp_path / "video" / f"v_{n:012d}_keypoints.json").write_text(json.dumps({"people": points}))
    annotations = [{"keypoint": random.uniform(1, 500, (1, 5, 17, 2))} for _ in range(3)]
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


def test_a_stream_ends_as_adapt_does(recogniser: Recogniser) -> None:
    clips, settings = [swaying_clip(i) for i in range(12)], AdaptSettings(method="paper", alpha=0.9)
    stream = recogniser.stream(SENTENCES, settings)
    for clip in clips[:5]:
        assert len(stream.recognise(clip)) == 1
    stream.recognise(clips[5:])
    expected = recogniser.adapt(clips, SENTENCES, settings)
    streamed = stream.recogniser
    assert streamed.prototypes.keys() == expected.prototypes.keys()
    vectors = [r.candidates(SENTENCES).vectors for r in (streamed, expected)]
    np.testing.assert_allclose(*vectors, atol=1e-5)
    best = [r.recognise(clips[0], SENTENCES)[0].sentence for r in (streamed, expected)]
    assert best[0] == best[1]
