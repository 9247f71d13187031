"""The motion encoder of a recogniser, on torch or on onnxruntime, behind one small protocol."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from pgfa.config.extras import installed
from pgfa.errors import BadCheckpoint

if TYPE_CHECKING:
    from pgfa.model.encoder import MotionEncoder

BATCH = 16
"""Clips, or bodies, computed at a time: few enough that most of their arrays stay in a core's cache."""


class FeatureEncoder(Protocol):
    """Prepared clips in, features in sentence space out. Stateless: threads share it."""

    @property
    def kind(self) -> str:
        """``torch`` or ``onnx``."""
        ...

    def features(self, positions: NDArray[np.float32], present: NDArray[np.bool_]) -> NDArray[np.float32]:
        """(N, T, M, V, 3) prepared clips and (N, M) whether a body is present -> (N, d), not normalised."""
        ...


@dataclass(frozen=True)
class TorchEncoder:
    """A trained model, in evaluation mode, on its device."""

    model: MotionEncoder
    kind: Literal["torch"] = "torch"

    def features(self, positions: NDArray[np.float32], present: NDArray[np.bool_]) -> NDArray[np.float32]:
        """See `FeatureEncoder`."""
        from pgfa.train.features import features_of

        return features_of(self.model, positions, present, batch=BATCH)


@dataclass(frozen=True)
class OnnxEncoder:
    """An exported encoder (`pgfa export`).

    Attributes:
        session: of onnxruntime.
        content: the bytes of its file, so that it can be saved again.
        size: d of the features.
        per_body: the graph encodes single bodies, and a clip is the mean of its bodies; else whole clips.
    """

    session: Any
    content: bytes
    size: int
    per_body: bool
    kind: Literal["onnx"] = "onnx"

    @classmethod
    def open(cls, file: Path, *, size: int, per_body: bool) -> OnnxEncoder:
        """Open a file. Raises BadCheckpoint where it is not an encoder."""
        try:
            content = file.read_bytes()
        except OSError as error:
            raise BadCheckpoint(f"{file}: not a readable file: {error}") from None
        return cls.of(content, str(file), size=size, per_body=per_body)

    @classmethod
    def of(cls, content: bytes, file: str, *, size: int, per_body: bool) -> OnnxEncoder:
        """As `open`, from bytes; `file` is named in errors."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        # One thread: faster for small graphs, and sums are then the same on all machines of one kind.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime raises its own exception types
            raise BadCheckpoint(f"{file}: not a readable ONNX model: {str(error)[:300]}") from None
        names = [i.name for i in session.get_inputs()], [o.name for o in session.get_outputs()]
        if names != (["positions"], ["features"]):
            raise BadCheckpoint(f"{file}: expected positions -> features, found {names}")
        return cls(session, content, size, per_body)

    def features(self, positions: NDArray[np.float32], present: NDArray[np.bool_]) -> NDArray[np.float32]:
        """See `FeatureEncoder`."""
        if not self.per_body:
            return self._run(positions)
        used = present.copy()
        used[:, 0] |= ~present.any(axis=1)  # a clip without a person keeps its first body, as in training
        clip, body = np.nonzero(used)
        features = self._run(positions[clip, :, body][:, :, None])
        total = np.zeros((len(positions), self.size), dtype=np.float32)
        np.add.at(total, clip, features)
        return np.asarray(total / used.sum(axis=1, keepdims=True), dtype=np.float32)

    def _run(self, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        """(R, T, M, V, 3) -> (R, d), a few at a time."""
        out = np.zeros((len(positions), self.size), dtype=np.float32)
        for start in range(0, len(positions), BATCH):
            part = np.ascontiguousarray(positions[start : start + BATCH])
            out[start : start + BATCH] = self.session.run(["features"], {"positions": part})[0]
        return out


def finds_gpu() -> bool:
    """Whether torch is installed and finds a device other than the CPU."""
    if not installed("torch"):
        return False
    from pgfa.model.device import pick_device

    return pick_device("auto").type != "cpu"
