"""The bundled recogniser: small, calibrated, and correct on simple synthetic motion."""

from __future__ import annotations

from pathlib import Path

import pytest

import pgfa
from pgfa.recognise.bundle import BUNDLED, open_bundle
from pgfa.serve.examples import SENTENCES as SENTENCES_OF_THE_PAGE
from pgfa.serve.examples import example_clip
from pgfa.synth import imagined, make_clips

SENTENCES = {
    "squat": "A person bends the knees, squats down low and stands up again.",
    "clap": "A person claps both hands together in front of the chest.",
    "wave": "A person waves a raised hand from side to side.",
    "kick-forward": "A person kicks forward with one leg.",
    "bow": "A person bends the upper body far forward and rises again.",
    "jumping-jacks": "A person jumps with legs apart while swinging both arms up overhead.",
}


@pytest.mark.parametrize("folder", [BUNDLED, BUNDLED.with_name("open")], ids=lambda folder: folder.name)
def test_it_is_small(folder: Path) -> None:
    assert sum(file.stat().st_size for file in folder.iterdir()) <= 12 * 1000**2


@pytest.mark.parametrize("name", [None, "open"])
def test_it_recognises_synthetic_motion(name: str | None) -> None:
    """Synthetic motion is not in its training data: half correct among six is three times chance."""
    recogniser = pgfa.Recogniser.load(name)
    assert recogniser.calibration.fitted
    clips = make_clips(seed=3, performers=4, repeats=1, actions=tuple(SENTENCES))
    answers = recogniser.recognise(clips, list(SENTENCES.values()))
    correct = [
        result.answers[0].sentence == SENTENCES[clip.source.action]
        for clip, result in zip(clips, answers, strict=True)
    ]
    assert sum(correct) / len(correct) >= 0.5
    assert all(abs(sum(a.probability for a in result) + result.none - 1) < 1e-6 for result in answers)


def test_it_finds_several_actions_in_a_row() -> None:
    """The example of the page: most of its actions, in their order, and no other."""
    names = ("waves", "squats", "throws", "claps", "kicks")
    spans = pgfa.Recogniser.load().spans(example_clip("several"), SENTENCES_OF_THE_PAGE).spans
    performed = [next((n for n in names if n in span.sentence), span.sentence) for span in spans]
    assert performed == [name for name in names if name in performed]
    assert len(performed) >= 3


def test_the_open_recogniser_is_trained_on_open_recordings_only() -> None:
    seen = open_bundle(Path("open")).provenance["seen"]
    # Imagined recordings are made from text of this project.
    expected = {"ui-prmd", "precog", "cmu", "kaykit", "deepmimic", imagined.DATASET}
    assert {name.partition("/")[0] for name in seen} == expected


def test_a_folder_of_that_name_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    open_bundle().save(tmp_path / "open")
    assert open_bundle(Path("open")).provenance == open_bundle().provenance
