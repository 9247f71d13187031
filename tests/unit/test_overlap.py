"""Taught classes and sentences that mean the same are named, once, with both names; few examples count as few."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from pgfa.config import ServeSettings
from pgfa.errors import BadConfig
from pgfa.read.formats.npz import save_clip
from pgfa.recognise import Calibration, Recogniser
from pgfa.serve.app import create_app
from reason_builders import TEXTS, kinematic_recogniser, right_handers

CALIBRATION = Calibration(16.0, 9.0, -2.0, none=0.5, none_log=0.9, fitted=True)
OTHERS = [TEXTS["walk"], TEXTS["bow"]]


@pytest.fixture(scope="module")
def taught() -> Recogniser:
    """A calibrated recogniser that was taught kicks, by examples that its sentence describes."""
    recogniser = kinematic_recogniser()
    recogniser = replace(recogniser, bundle=replace(recogniser.bundle, calibration=CALIBRATION))
    kicks = [clip for clip in right_handers(9, 4) if clip.source.action == "kick-forward"]
    return recogniser.teach("mirror image", kicks)


@pytest.fixture(autouse=True)
def vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name "mirror image" has the vector of no sentence; "again" that of the sentence about kicks."""
    from pgfa.recognise.bundle import Bundle

    anchors = Bundle.anchors

    def stored(self: Bundle, sentences: list[str]) -> np.ndarray:
        known = {"mirror image": TEXTS["sit-down"], "again": TEXTS["kick-forward"]}
        return anchors(self, [known.get(sentence, sentence) for sentence in sentences])

    monkeypatch.setattr(Bundle, "anchors", stored)


def test_examples_that_a_sentence_describes(taught: Recogniser) -> None:
    (overlap,) = taught.overlaps([*OTHERS, TEXTS["kick-forward"]])
    assert (overlap.taught, overlap.sentence, overlap.reason) == (
        "mirror image",
        TEXTS["kick-forward"],
        "examples",
    )
    assert "'mirror image'" in str(overlap)
    assert repr(TEXTS["kick-forward"]) in str(overlap)


def test_a_name_that_says_what_a_sentence_says(taught: Recogniser) -> None:
    waves = [clip for clip in right_handers(9, 4) if clip.source.action == "wave"]
    recogniser = taught.forget("mirror image").teach("again", waves)
    (overlap,) = recogniser.overlaps([*OTHERS, TEXTS["kick-forward"]])
    assert (overlap.sentence, overlap.reason) == (TEXTS["kick-forward"], "wording")


def test_without_a_sentence_encoder_the_examples_decide(
    taught: Recogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pgfa.recognise.bundle import Bundle

    anchors = Bundle.anchors

    def only_stored(self: Bundle, sentences: list[str]) -> np.ndarray:
        if "mirror image" in sentences:
            raise BadConfig("no sentence encoder")
        return anchors(self, sentences)

    monkeypatch.setattr(Bundle, "anchors", only_stored)
    (overlap,) = taught.overlaps([*OTHERS, TEXTS["kick-forward"]])
    assert overlap.reason == "examples"
    assert not taught.overlaps(OTHERS)


def test_different_meanings_are_not_named(taught: Recogniser) -> None:
    assert not taught.overlaps(OTHERS)
    assert not taught.overlaps([])
    assert not taught.overlaps(["mirror image"])  # the class itself
    assert not taught.forget("mirror image").overlaps([TEXTS["kick-forward"]])


def test_the_command_line_names_both_once(
    tmp_path: Path, taught: Recogniser, capsys: pytest.CaptureFixture[str]
) -> None:
    from pgfa.cli.main import main

    taught.save(tmp_path / "bundle")
    for i, clip in enumerate(right_handers(9, 2)[:3]):
        save_clip(tmp_path / f"{i}.npz", clip)
    files = [str(tmp_path / f"{i}.npz") for i in range(3)]
    with pytest.raises(SystemExit) as stop:
        main(["recognise", *files, "--run", str(tmp_path / "bundle"), "--as", TEXTS["kick-forward"]])
    assert not stop.value.code
    assert capsys.readouterr().err.count("mean the same") == 1


def test_the_page_is_told(taught: Recogniser) -> None:
    with TestClient(create_app(taught, ServeSettings()), base_url="http://localhost") as client:
        session = "/api/sessions/" + client.post("/api/sessions").json()["session"]
        client.post(f"{session}/examples/wave")
        asked = {"sentences": [*OTHERS, TEXTS["kick-forward"]]}
        (note,) = client.post(f"{session}/clips/c1/answer", json=asked).json()["overlaps"]
        assert "'mirror image'" in note
        asked = {"sentences": OTHERS}
        assert client.post(f"{session}/clips/c1/answer", json=asked).json()["overlaps"] == []
