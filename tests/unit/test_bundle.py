"""Recognisers on disk: a bundle gives the same answers, and a damaged one is refused."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import pgfa
from builders import write_verified
from pgfa.errors import BadCheckpoint
from pgfa.recognise import Recogniser
from recogniser_builders import (
    CALIBRATION,
    SENTENCES,
    swaying_clip,
    tiny_recogniser,
)


def test_a_bundle_answers_as_before(recogniser: Recogniser, tmp_path: Path) -> None:
    recogniser.save(tmp_path)
    again = Recogniser.load(tmp_path)
    assert again.recognise(swaying_clip(), SENTENCES) == recogniser.recognise(swaying_clip(), SENTENCES)
    assert again.calibration == CALIBRATION
    assert again.bundle.provenance == {"seen": ["a/b"]}
    content = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    again.save(tmp_path)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == content


def test_answers_name_the_recogniser_by_its_folder_and_a_digest(
    recogniser: Recogniser, tmp_path: Path
) -> None:
    recogniser.save(tmp_path / "mine")
    again = Recogniser.load(tmp_path / "mine")
    digest = hashlib.sha256((tmp_path / "mine" / "recogniser.json").read_bytes()).hexdigest()
    answers, timeline = again.recognise(swaying_clip(), SENTENCES), again.spans(swaying_clip(), SENTENCES)
    assert answers.recogniser == timeline.recogniser == f"mine {digest[:12]}"
    assert not answers.aligned
    adapted = again.adapt([swaying_clip(i) for i in range(6)], SENTENCES[:3])
    assert adapted.recognise(swaying_clip(), SENTENCES).aligned
    adapted.save(tmp_path / "adapted")
    saved = Recogniser.load(tmp_path / "adapted").spans(swaying_clip(), SENTENCES)
    assert saved.aligned
    assert saved.recogniser.startswith("adapted ")
    assert not again.teach("mine", swaying_clip()).recognise(swaying_clip(), SENTENCES).aligned


def test_a_bundle_keeps_what_was_adapted_and_taught(recogniser: Recogniser, tmp_path: Path) -> None:
    clips = [swaying_clip(i) for i in range(6)]
    changed = (
        recogniser.adapt(clips, SENTENCES[:3])
        .teach("my dance\n😀", clips[:2])
        .teach(SENTENCES[3], swaying_clip(9))
    )
    changed.save(tmp_path)
    again = Recogniser.load(tmp_path)
    assert again.recognise(clips, SENTENCES) == changed.recognise(clips, SENTENCES)
    assert again.taught == changed.taught == ("my dance\n😀", SENTENCES[3])
    assert {n: (p.clips, p.taught) for n, p in again.prototypes.items()} == {
        n: (p.clips, p.taught) for n, p in changed.prototypes.items()
    }
    content = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    again.save(tmp_path)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == content
    recogniser.save(tmp_path)  # without the old prototypes
    assert Recogniser.load(tmp_path).prototypes == {}
    assert not (tmp_path / "prototypes.safetensors").exists()


@pytest.mark.parametrize("kind", ["cut", "absent", "fewer", "no name", "text", "not finite"])
def test_damaged_prototypes_are_refused(kind: str, recogniser: Recogniser, tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    recogniser.teach("a", swaying_clip()).teach("b", swaying_clip(1)).save(tmp_path)
    manifest, vectors = tmp_path / "recogniser.json", tmp_path / "prototypes.safetensors"
    content = json.loads(manifest.read_text())
    if kind == "cut":
        vectors.write_bytes(vectors.read_bytes()[:-3])
    elif kind == "absent":
        vectors.unlink()
    elif kind == "not finite":
        save_file({"vectors": np.full((2, 6), np.nan, np.float32)}, vectors)
    else:
        listed = content["prototypes"]
        content["prototypes"] = {"fewer": listed[:1], "no name": [{}, {}], "text": "a"}[kind]
    if kind != "absent":
        write_verified(manifest, content)
    with pytest.raises(BadCheckpoint, match=str(vectors)):
        Recogniser.load(tmp_path)


def test_without_a_path_the_bundled_recogniser_is_opened(
    monkeypatch: pytest.MonkeyPatch, recogniser: Recogniser, tmp_path: Path
) -> None:
    monkeypatch.setattr("pgfa.recognise.bundle.BUNDLED", tmp_path)
    with pytest.raises(BadCheckpoint, match="contains no default recogniser"):
        pgfa.Recogniser.load()
    recogniser.save(tmp_path)
    assert pgfa.Recogniser.load().recognise(swaying_clip(), SENTENCES) == recogniser.recognise(
        swaying_clip(), SENTENCES
    )


@pytest.mark.parametrize("kind", ["no weights", "changed weights", "form", "text", "list", "settings", "centre",
                                  "calibration", "sentences", "long vector", "other file"])  # fmt: skip
def test_a_damaged_bundle_is_refused(kind: str, recogniser: Recogniser, tmp_path: Path) -> None:
    recogniser.save(tmp_path)
    manifest = tmp_path / "recogniser.json"
    content = json.loads(manifest.read_text())
    weights, vectors = tmp_path / "encoder.safetensors", tmp_path / "sentences.safetensors"
    if kind == "no weights":
        weights.unlink()
    elif kind == "changed weights":
        raw = bytearray(weights.read_bytes())
        raw[-3] ^= 1
        weights.write_bytes(raw)
    elif kind == "sentences":
        vectors.write_bytes(vectors.read_bytes()[:-5])
    elif kind == "long vector":
        from safetensors.numpy import save_file

        save_file({"x": np.ones(6, np.float32)}, vectors)
    elif kind == "text":
        manifest.write_text("{")
    elif kind == "list":
        manifest.write_text("[1]")
    else:
        content |= {
            "form": {"form": "another"},
            "settings": {"settings": {"model": {"channels": "many"}}},
            "centre": {"text_centre": ["a"]},
            "calibration": {"calibration": {"slope": 1}},
            "other file": {"encoder": {"file": "../x", "sha256": ""}},
        }[kind]
        manifest.write_text(json.dumps(content))
    with pytest.raises(BadCheckpoint, match=str(tmp_path)):
        Recogniser.load(tmp_path)


def test_a_bundle_contains_no_paths_of_the_machine(tmp_path: Path) -> None:
    recogniser = tiny_recogniser()
    settings = recogniser.bundle.settings.model_copy(
        update={"packs": ("/home/somebody/packs/utd-mhad", "C:\\data\\mine")}
    )
    Recogniser(replace(recogniser.bundle, settings=settings)).save(tmp_path)
    text = (tmp_path / "recogniser.json").read_text()
    assert "somebody" not in text
    assert "utd-mhad" in text
    assert '"mine"' in text
