"""Exported recognisers: the same features on onnxruntime, and no torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pgfa.errors import BadCheckpoint, BadConfig
from pgfa.read.formats.npz import save_clip
from pgfa.recognise import Recogniser
from pgfa.recognise.encoders import OnnxEncoder
from pgfa.recognise.export import export
from recogniser_builders import (
    SENTENCES,
    swaying_clip,
    tiny_recogniser,
)


@pytest.mark.parametrize("recipe", ["default", "paper"])
def test_onnx_gives_the_features_of_torch(recipe: str, tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="reason: the extra `export` is not installed")
    pytest.importorskip("onnxruntime", reason="reason: the extra `export` is not installed")
    recogniser = tiny_recogniser(recipe)
    recogniser.save(tmp_path / "torch")
    export(tmp_path / "torch", tmp_path / "onnx")
    other = Recogniser.load(tmp_path / "onnx")
    assert isinstance(other.bundle.encoder, OnnxEncoder)
    for count in (1, 2, 7):
        clips = [swaying_clip(i, frames=20 + i, bodies=1 + i % 2) for i in range(count)]
        expected = recogniser.features(clips)
        np.testing.assert_allclose(other.features(clips), expected, atol=1e-5 * np.abs(expected).max())
    other.save(tmp_path / "again")
    assert Recogniser.load(tmp_path / "again").recognise(swaying_clip(), SENTENCES) == other.recognise(
        swaying_clip(), SENTENCES
    )


def test_an_exported_recogniser_does_not_import_torch(exported: Path, tmp_path: Path) -> None:
    save_clip(tmp_path / "clip.npz", swaying_clip(frames=400, bodies=2))
    code = (
        "import sys; from pgfa.cli.main import main\n"
        f"try: main(['recognise', {str(tmp_path / 'clip.npz')!r}, '--run', {str(exported)!r}, "
        f"'--sentence', {SENTENCES[0]!r}, '--sentence', {SENTENCES[2]!r}])\n"
        "except SystemExit as stop: assert not stop.code, stop.code\n"
        "heavy = ('torch', 'transformers', 'sentence_transformers', 'polars', 'matplotlib', 'scipy')\n"
        "print([m for m in heavy if m in sys.modules])"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    assert process.stdout.strip().splitlines()[-1] == "[]"


def test_shiftgcn_is_not_exported(exported: Path, tmp_path: Path) -> None:
    tiny_recogniser(encoder="shiftgcn").save(tmp_path / "torch")
    with pytest.raises(BadConfig, match="shiftgcn cannot be exported"):
        export(tmp_path / "torch", tmp_path / "onnx")
    assert not (tmp_path / "onnx").exists()


def test_a_file_that_is_not_onnx_is_refused(exported: Path, tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(b"not a model")
    with pytest.raises(BadCheckpoint, match="not a readable ONNX"):
        OnnxEncoder.open(tmp_path / "x.onnx", size=6, per_body=True)
