"""A recogniser for machines without torch: the encoder as ONNX, beside the vectors of some sentences."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pgfa.errors import BadCheckpoint, BadConfig
from pgfa.recognise.bundle import Bundle, open_bundle
from pgfa.recognise.encoders import OnnxEncoder, TorchEncoder

OPSET = 17
PARITY = 1e-5
"""Largest difference to torch, relative to the largest feature."""


def export(source: Path | None, out: Path, sentences: Sequence[str] = ()) -> Bundle:
    """Write a bundle whose encoder runs on onnxruntime, held against torch before it is written.

    Args:
        source: a training run or a bundle; None: the recogniser in the box.
        out: folder to make.
        sentences: whose vectors are stored; others are encoded when asked for.

    Raises:
        BadCheckpoint: `source` is none; or its encoder came out different on onnxruntime.
        BadConfig: onnx or onnxruntime is not installed; the encoder is Shift-GCN, whose shift ONNX does not know.
    """
    bundle = open_bundle(source)
    if isinstance(bundle.encoder, OnnxEncoder):
        made = bundle
    else:
        assert isinstance(bundle.encoder, TorchEncoder)
        made = replace(bundle, encoder=_converted(bundle, bundle.encoder))
    made.save(out, sentences)
    return open_bundle(out)


def _converted(bundle: Bundle, encoder: TorchEncoder) -> OnnxEncoder:
    import torch
    from torch import Tensor, nn

    from pgfa.model.encoder_spec import encoder_spec

    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise BadConfig(f"pgfa export needs {error.name}: pip install 'pgfa[export]'") from None
    model, settings = encoder.model, bundle.settings
    if not encoder_spec(settings.model.encoder).exportable:
        raise BadConfig(
            f"the encoder {settings.model.encoder} cannot be exported: ONNX lacks an operation of it"
        )
    alone = settings.model.absent_bodies == "skip"

    class Graph(nn.Module):
        """Clips, or bodies one by one, in; features out. Who is present is minded outside."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, positions: Tensor) -> Tensor:
            streams = self.model.streams_of(positions).permute(0, 4, 1, 3, 2)
            features: Tensor = self.model.projection(self.model.encoder(streams))
            return features

    bodies = settings.prepare.bodies
    joints = int(model.parents.numel())
    example = torch.randn(3, settings.prepare.frames, 1 if alone else bodies, joints, 3)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), torch.inference_mode():
        file = Path(folder) / "encoder.onnx"
        warnings.simplefilter("ignore")  # the exporter warns of its own age
        torch.onnx.export(
            Graph().eval(), (example,), file, input_names=["positions"], output_names=["features"],
            dynamic_axes={"positions": {0: "clips"}, "features": {0: "clips"}}, opset_version=OPSET, dynamo=False,
        )  # fmt: skip
        content = file.read_bytes()
    made = OnnxEncoder.of(content, "encoder.onnx", size=len(bundle.centre), alone=alone)
    random = np.random.default_rng(0)
    for clips in (1, 5):
        shape = (clips, settings.prepare.frames, bodies, joints, 3)
        present = random.random((clips, bodies)) < 0.7
        positions = random.normal(0, 0.4, shape).astype(np.float32) * present[:, None, :, None, None]
        wanted = encoder.features(positions, present)
        apart = float(np.abs(made.features(positions, present) - wanted).max() / np.abs(wanted).max())
        if not apart <= PARITY:
            raise BadCheckpoint(f"the exported encoder is {apart:.1e} from torch, more than {PARITY:g}")
    return made
