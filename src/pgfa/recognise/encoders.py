"""The motion encoder of a recogniser, on torch or on onnxruntime, behind one small protocol."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadCheckpoint, BadConfig

if TYPE_CHECKING:
    from pgfa.model.encoder import MotionEncoder

BATCH = 256


class Encoder(Protocol):
    """Prepared clips in, features in sentence space out. Must not change by being used: threads share it."""

    @property
    def kind(self) -> str:
        """``torch`` or ``onnx``."""
        ...

    def features(self, positions: NDArray[np.float32], present: NDArray[np.bool_]) -> NDArray[np.float32]:
        """(N, T, M, V, 3) prepared clips and (N, M) who is there -> (N, d), not normalised."""
        ...


@dataclass(frozen=True)
class TorchEncoder:
    """A trained model, in evaluation mode, on its device."""

    model: MotionEncoder
    kind: Literal["torch"] = "torch"

    def features(self, positions: NDArray[np.float32], present: NDArray[np.bool_]) -> NDArray[np.float32]:
        """See `Encoder`."""
        from pgfa.train.features import features_of

        return features_of(self.model, positions, present, batch=BATCH)


@dataclass(frozen=True)
class OnnxEncoder:
    """An exported encoder (`pgfa export`).

    Attributes:
        session: of onnxruntime.
        content: the file it was opened from, as bytes, so that it can be saved again.
        size: d of the features.
        alone: the graph takes bodies one by one, and a clip is the mean of its bodies; else whole clips.
    """

    session: Any
    content: bytes
    size: int
    alone: bool
    kind: Literal["onnx"] = "onnx"

    @classmethod
    def open(cls, file: Path, *, size: int, alone: bool) -> OnnxEncoder:
        """Raises BadConfig where onnxruntime is not installed, BadCheckpoint where the file is no encoder."""
        try:
            content = file.read_bytes()
        except OSError as error:
            raise BadCheckpoint(f"{file}: not a readable file: {error}") from None
        return cls.of(content, str(file), size=size, alone=alone)

    @classmethod
    def of(cls, content: bytes, file: str, *, size: int, alone: bool) -> OnnxEncoder:
        """As `open`, from bytes; `file` is named in errors."""
        try:
            import onnxruntime
        except ImportError:
            raise BadConfig(f"{file} needs onnxruntime: pip install onnxruntime (or pgfa[export])") from None
        options = onnxruntime.SessionOptions()
        # One thread: small graphs run faster so, and sums then come out the same on every machine of a kind.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime raises kinds of its own
            raise BadCheckpoint(f"{file}: not a readable ONNX model: {str(error)[:300]}") from None
        names = [i.name for i in session.get_inputs()], [o.name for o in session.get_outputs()]
        if names != (["positions"], ["features"]):
            raise BadCheckpoint(f"{file}: expected positions -> features, found {names}")
        return cls(session, content, size, alone)

    def features(self, positions: NDArray[np.float32], present: NDArray[np.bool_]) -> NDArray[np.float32]:
        """See `Encoder`."""
        out = np.zeros((len(positions), self.size), dtype=np.float32)
        for first in range(0, len(positions), BATCH):
            part = slice(first, first + BATCH)
            out[part] = self._some(np.ascontiguousarray(positions[part]), present[part])
        return out

    def _some(self, positions: NDArray[np.float32], present: NDArray[np.bool_]) -> NDArray[np.float32]:
        if not self.alone:
            return self._run(positions)
        there = present.copy()
        there[:, 0] |= ~present.any(axis=1)  # a clip without anybody keeps its first slot, as in training
        clip, body = np.nonzero(there)
        each = self._run(np.ascontiguousarray(positions[clip, :, body][:, :, None]))
        total = np.zeros((len(positions), self.size), dtype=np.float32)
        np.add.at(total, clip, each)
        return np.asarray(total / there.sum(axis=1, keepdims=True), dtype=np.float32)

    def _run(self, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(self.session.run(["features"], {"positions": positions})[0], dtype=np.float32)
