"""Encoders in ONNX, exported or beside that of torch: the same features on onnxruntime, and no torch."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from pgfa.errors import BadCheckpoint, BadConfig
from pgfa.read.formats.npz import save_clip
from pgfa.recognise import Recogniser
from pgfa.recognise.bundle import BUNDLED, MANIFEST, ONNX, TORCH, open_bundle
from pgfa.recognise.encoders import BATCH, OnnxEncoder, TorchEncoder
from pgfa.recognise.export import PARITY, add_onnx, export
from recogniser_builders import (
    SENTENCES,
    swaying_clip,
    tiny_recogniser,
)


@pytest.mark.parametrize("recipe", ["default", "paper"])
def test_onnx_gives_the_features_of_torch(recipe: str, tmp_path: Path) -> None:
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


def test_an_export_has_the_folded_form(tmp_path: Path) -> None:
    """Without batch norm, and with kernels in place of the weights of each frequency, which are four times as many.

    The bundled file is what the command makes.
    """
    shutil.copytree(BUNDLED, tmp_path / "bundle")
    add_onnx(tmp_path / "bundle")
    made, bundled = (onnx.load(folder / ONNX).graph for folder in (tmp_path / "bundle", BUNDLED))
    used = [node.op_type for node in made.node]
    assert "BatchNormalization" not in used
    assert used.count("Conv") == 2  # over time, with few channels
    assert used == [node.op_type for node in bundled.node]
    assert (tmp_path / "bundle" / ONNX).stat().st_size < 1.1 * (BUNDLED / TORCH).stat().st_size


def test_an_export_is_compared_with_the_model_as_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with the folded form, from which it is made."""
    tiny_recogniser().save(tmp_path / "torch")
    monkeypatch.setattr("pgfa.model.folded._scale_and_offset", lambda norm: (norm.weight, norm.bias + 1))
    with pytest.raises(BadCheckpoint, match="differs from torch"):
        export(tmp_path / "torch", tmp_path / "onnx")


def test_few_bodies_are_computed_at_a_time() -> None:
    """However many clips have two bodies: what is computed stays in a core's cache."""
    sizes = []

    class Session:
        def run(self, _: object, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
            sizes.append(len(inputs["positions"]))
            return [inputs["positions"][:, 0, 0, 0, :2]]

    positions = np.arange(24 * 2, dtype=np.float32).reshape(24, 1, 2, 1, 1) + np.zeros(3, np.float32)
    features = OnnxEncoder(Session(), b"", 2, per_body=True).features(positions, np.ones((24, 2), bool))
    np.testing.assert_array_equal(features, positions.mean(axis=2)[:, 0, 0, :2])
    assert sizes == [BATCH] * 3


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


def test_a_bundle_has_the_encoder_twice(tmp_path: Path) -> None:
    """On the CPU that of ONNX computes, on request that of torch; both are saved again, byte for byte."""
    folder = tmp_path / "bundle"
    tiny_recogniser().save(folder)
    alone = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    assert isinstance(open_bundle(folder).encoder, TorchEncoder)
    assert isinstance(add_onnx(folder).encoder, OnnxEncoder)
    both = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    assert both["encoder"] == alone["encoder"]  # what earlier versions read
    assert both["form"] == alone["form"]
    assert {ONNX, TORCH} <= set(both["files"])
    for runtime, encoder in (("onnx", OnnxEncoder), ("torch", TorchEncoder)):
        bundle = open_bundle(folder, runtime=runtime)
        assert isinstance(bundle.encoder, encoder)
        bundle.save(tmp_path / runtime)
        for file in folder.iterdir():
            assert (tmp_path / runtime / file.name).read_bytes() == file.read_bytes()


def test_other_devices_use_the_encoder_of_torch(tmp_path: Path) -> None:
    """`meta` is a device of torch that computes nothing, on every machine."""
    folder = tmp_path / "bundle"
    tiny_recogniser().save(folder)
    add_onnx(folder)
    assert isinstance(open_bundle(folder, device="meta").encoder, TorchEncoder)


@pytest.mark.parametrize("name", [ONNX, TORCH])
def test_both_encoders_are_verified(name: str, tmp_path: Path) -> None:
    shutil.copytree(BUNDLED, tmp_path / "bundle")
    content = bytearray((tmp_path / "bundle" / name).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "bundle" / name).write_bytes(content)
    with pytest.raises(BadCheckpoint, match=f"{name}: expected SHA-256"):
        open_bundle(tmp_path / "bundle")


def test_an_exported_recogniser_has_no_encoder_for_torch(tmp_path: Path) -> None:
    export(None, tmp_path / "exported")
    assert not (tmp_path / "exported" / TORCH).exists()
    with pytest.raises(BadCheckpoint, match=f"expected an encoder for torch, found only {ONNX}"):
        add_onnx(tmp_path / "exported")


def test_the_bundled_recogniser_answers_the_same_with_torch() -> None:
    by_onnx, by_torch = (Recogniser(open_bundle(runtime=runtime)) for runtime in ("onnx", "torch"))
    assert isinstance(by_onnx.bundle.encoder, OnnxEncoder)
    assert isinstance(by_torch.bundle.encoder, TorchEncoder)
    clips = [swaying_clip(i, frames=20 + 10 * i, bodies=1 + i % 2) for i in range(6)]
    expected = by_torch.features(clips)
    np.testing.assert_allclose(by_onnx.features(clips), expected, atol=PARITY * np.abs(expected).max())
    for own, other in zip(
        by_onnx.recognise(clips, SENTENCES), by_torch.recognise(clips, SENTENCES), strict=True
    ):
        assert [a.sentence for a in own] == [a.sentence for a in other]
        assert own.none == pytest.approx(other.none, abs=PARITY)
        assert [a.probability for a in own] == pytest.approx([a.probability for a in other], abs=PARITY)
        assert [a.cosine for a in own] == pytest.approx([a.cosine for a in other], abs=PARITY)
