"""Export of a recogniser for machines without torch: the encoder as ONNX, with stored sentence vectors."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pgfa.config import RunSettings
from pgfa.config.extras import require
from pgfa.errors import BadCheckpoint, BadConfig
from pgfa.files.leftovers import temporary_folder
from pgfa.recognise.bundle import ONNX, Bundle, EncoderFile, open_bundle
from pgfa.recognise.encoders import OnnxEncoder, TorchEncoder

if TYPE_CHECKING:
    from pgfa.model.encoder import MotionEncoder

OPSET = 17
PARITY = 1e-5
"""Largest difference to torch, relative to the largest feature."""


def export(source: Path | None, out: Path, sentences: Sequence[str] = ()) -> Bundle:
    """Write a bundle whose encoder runs on onnxruntime, after comparing its features with those of torch.

    Args:
        source: a training run or a bundle; None: the bundled recogniser.
        out: output folder.
        sentences: whose vectors are stored; others are encoded when they are used.

    Raises:
        BadCheckpoint: `source` is not a recogniser; or its encoder gives other features on onnxruntime.
        BadConfig: torch or onnx is needed but not installed; the encoder is Shift-GCN, whose shift ONNX does not have.
    """
    bundle = open_bundle(source)
    if isinstance(bundle.encoder, TorchEncoder):
        bundle = replace(bundle, encoder=to_onnx(bundle.encoder.model, bundle.settings))
    replace(bundle, other_form=None).save(out, sentences)
    return open_bundle(out)


def add_onnx(folder: Path) -> Bundle:
    """Convert the encoder of a bundle again, and store it in the bundle beside that of torch.

    Args:
        folder: of a bundle with an encoder for torch.

    Raises:
        BadCheckpoint: not a recogniser, one without an encoder for torch, or one that gives other features in ONNX.
        BadConfig: torch or onnx is not installed; the encoder is Shift-GCN, whose shift ONNX does not have.
    """
    bundle = open_bundle(folder, runtime="torch")
    if not isinstance(bundle.encoder, TorchEncoder):
        raise BadCheckpoint(f"{folder}: expected an encoder for torch, found only {ONNX}")
    content = to_onnx(bundle.encoder.model, bundle.settings).content
    replace(bundle, other_form=EncoderFile(ONNX, content)).save(folder)
    return open_bundle(folder)


def to_onnx(model: MotionEncoder, settings: RunSettings) -> OnnxEncoder:
    """The encoder for onnxruntime, in its folded form if it has one; compared with the model as it was trained.

    Raises:
        BadCheckpoint: it gives other features on onnxruntime.
        BadConfig: torch or onnx is not installed; the encoder is Shift-GCN, whose shift ONNX does not have.
    """
    require("train", "converting an encoder")
    import torch
    from torch import Tensor, nn

    from pgfa.model.encoder import encoder_spec

    spec = encoder_spec(settings.model.encoder)
    if not spec.exportable:
        raise BadConfig(
            f"the encoder {settings.model.encoder} cannot be exported: ONNX does not have one of its operations"
        )
    per_body = settings.model.absent_bodies == "skip"

    class Graph(nn.Module):
        """Clips, or single bodies, in; features out. Absent bodies are handled by `OnnxEncoder`."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model
            self.folded = None if spec.fold is None else spec.fold(model.encoder, torch.float32)

        def forward(self, positions: Tensor) -> Tensor:
            streams = self.model.streams_of(positions).permute(0, 4, 1, 3, 2)
            encoded = self.model.encoder(streams) if self.folded is None else self.folded.traced(streams)
            features: Tensor = self.model.projection(encoded)
            return features

    bodies = settings.prepare.bodies
    joints = int(model.parents.numel())
    example = torch.randn(3, settings.prepare.frames, 1 if per_body else bodies, joints, 3)
    with temporary_folder() as folder, warnings.catch_warnings(), torch.inference_mode():
        file = folder / "encoder.onnx"
        warnings.simplefilter("ignore")  # the exporter warns that it is deprecated
        torch.onnx.export(
            Graph().eval(), (example,), file, input_names=["positions"], output_names=["features"],
            dynamic_axes={"positions": {0: "clips"}, "features": {0: "clips"}}, opset_version=OPSET, dynamo=False,
        )  # fmt: skip
        content = file.read_bytes()
    converted = OnnxEncoder.of(content, "encoder.onnx", size=model.projection.out_features, per_body=per_body)
    random = np.random.default_rng(0)
    for clips in (1, 5):
        shape = (clips, settings.prepare.frames, bodies, joints, 3)
        present = random.random((clips, bodies)) < 0.7
        positions = random.normal(0, 0.4, shape).astype(np.float32) * present[:, None, :, None, None]
        with torch.inference_mode():
            expected = model.eval()(torch.from_numpy(positions), torch.from_numpy(present)).numpy()
        difference = np.abs(converted.features(positions, present) - expected).max() / np.abs(expected).max()
        if not difference <= PARITY:
            raise BadCheckpoint(
                f"the exported encoder differs from torch by {difference:.1e}, more than {PARITY:g}"
            )
    return converted
