"""Bundles written by earlier versions still open, and give the same answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pgfa.pack import open_pack
from pgfa.recognise import Recogniser

FOLDERS = sorted((Path(__file__).parents[1] / "fixtures").glob("v*"))


@pytest.mark.parametrize("name", ["bundle", "bundle-onnx"])
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_bundles_of_every_version_give_the_same_answers(folder: Path, name: str, tmp_path: Path) -> None:
    """Opened as it is, and saved again in the present form."""
    if "onnx" in name:
        pytest.importorskip("onnxruntime", reason="reason: the extra `export` is not installed")
    expected: dict[str, Any] = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    clip = open_pack(folder / "pack").clip(0)
    recogniser = Recogniser.load(folder / name)
    recogniser.save(tmp_path)
    for opened in (recogniser, Recogniser.load(tmp_path)):
        answers = opened.recognise(clip, expected["sentences"])
        for answer, (sentence, probability, cosine, prototype) in zip(
            answers, expected["answers"][name], strict=True
        ):
            assert (answer.sentence, answer.prototype) == (sentence, prototype)
            assert answer.probability == pytest.approx(probability, abs=1e-5)
            assert answer.cosine == pytest.approx(cosine, abs=1e-5)
