"""The result of preparation: fixed-size arrays of many clips, in memory and on disk.

On disk it is a cache only: a change of the files increases `pgfa.prepare.VERSION`, and old caches are computed again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LayoutMismatch
from pgfa.files import read_json, verify_files, write_atomic, write_files_list
from pgfa.files.folders import new_folder
from pgfa.skeleton.layouts import Layout, get_layout

_ARRAYS = {
    "positions": (np.float32, 5),
    "present": (np.bool_, 2),
    "seconds": (np.float64, 1),
    "moving_seconds": (np.float64, 1),
    "measured": (np.bool_, 3),
}


@dataclass(frozen=True)
class PreparedChunk:
    """What a recipe makes of a chunk of clips. A clip without a visible person has 0 and False everywhere.

    Attributes:
        positions, present, moving_seconds, measured: as in `Prepared`.
    """

    positions: NDArray[np.float32]
    present: NDArray[np.bool_]
    moving_seconds: NDArray[np.float64]
    measured: NDArray[np.bool_]

    @classmethod
    def empty(cls, clips: int, frames: int, bodies: int, joints: int) -> PreparedChunk:
        """Clips without a visible person, to be filled in."""
        return cls(
            np.zeros((clips, frames, bodies, joints, 3), dtype=np.float32),
            np.zeros((clips, bodies), dtype=np.bool_),
            np.zeros(clips, dtype=np.float64),
            np.zeros((clips, bodies, joints), dtype=np.bool_),
        )

    def put(self, index: NDArray[np.int64] | NDArray[np.bool_], chunk: PreparedChunk) -> None:
        """Write a chunk with at most as many bodies over the clips of an index or mask."""
        bodies = chunk.present.shape[1]
        self.positions[index, :, :bodies] = chunk.positions
        self.present[index, :bodies] = chunk.present
        self.moving_seconds[index] = chunk.moving_seconds
        self.measured[index, :bodies] = chunk.measured


@dataclass(frozen=True)
class Prepared:
    """Clips of one shape, ready for a model.

    Attributes:
        positions: (clips, frames, bodies, joints, 3) float32, finite; exactly 0 where a body is absent.
        present: (clips, bodies) bool, whether the clip has that body at all.
        seconds: (clips,) float64, length of the recording, which is lost by resampling to a fixed number of frames.
        moving_seconds: (clips,) float64, length of the part of the recording that the frames cover: shorter than
            `seconds` where idle time, or frames without a person at the ends, were removed. 0 without a person.
        measured: (clips, bodies, joints) bool, whether the joint of that body was seen in any frame. The position of
            another one was put where its bone begins (prepare/gaps.py), or is 0.
        layout: of the joints.
    """

    positions: NDArray[np.float32]
    present: NDArray[np.bool_]
    seconds: NDArray[np.float64]
    moving_seconds: NDArray[np.float64]
    measured: NDArray[np.bool_]
    layout: Layout

    def __len__(self) -> int:
        return len(self.positions)

    def save(self, folder: Path) -> None:
        """Write .npy files and prepared.json, which has their digests, as a new folder. Raises NotWritten."""
        with new_folder(folder) as new:
            write_atomic(new / "positions.npy", partial(_write_array, array=self.positions))
            self.write_rest(new)

    def write_rest(self, new: Path) -> None:
        """Write all but the positions, which are in the folder. Raises NotWritten."""
        for name in _ARRAYS.keys() - {"positions"}:
            write_atomic(new / f"{name}.npy", partial(_write_array, array=getattr(self, name)))
        about = {"layout": self.layout.name, "shape": list(self.positions.shape)}
        write_files_list(new / "prepared.json", about, [f"{name}.npy" for name in _ARRAYS])

    @classmethod
    def load(cls, folder: Path, *, mapped: bool = False) -> Prepared:
        """Read what `save` wrote; with `mapped` positions stay on disk. Raises BadFile if a byte has changed.

        To compare the digests, the arrays are read once.
        """
        file = folder / "prepared.json"
        table = read_json(file)
        if not isinstance(table, dict) or not isinstance(table.get("layout"), str):
            raise BadFile(file, expected="an object with the name of a layout", found=repr(table)[:80])
        if not verify_files(file, table):
            raise BadFile(file, expected="digests of the arrays", found="none")
        try:
            layout = get_layout(table["layout"])
        except LayoutMismatch as error:
            raise BadFile(file, expected="a known layout", found=str(error), where="field layout") from None
        arrays = {}
        for name, (kind, rank) in _ARRAYS.items():
            path = folder / f"{name}.npy"
            try:
                array = np.load(
                    path, mmap_mode="r" if mapped and name == "positions" else None, allow_pickle=False
                )
            except (OSError, ValueError, EOFError) as error:
                raise BadFile(path, expected="an .npy array", found=str(error)) from None
            if not isinstance(array, np.ndarray) or array.dtype != kind or array.ndim != rank:
                actual = f"{getattr(array, 'dtype', type(array))} {getattr(array, 'shape', '')}"
                raise BadFile(path, expected=f"{np.dtype(kind)} of rank {rank}", found=actual)
            arrays[name] = array
        clips, _, bodies, joints, _ = shape = arrays["positions"].shape
        expected = {
            "present": (clips, bodies),
            "seconds": (clips,),
            "moving_seconds": (clips,),
            "measured": (clips, bodies, joints),
        }
        consistent = all(arrays[name].shape == size for name, size in expected.items())
        if list(shape) != table.get("shape") or joints != len(layout.joints) or not consistent:
            actual = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
            raise BadFile(folder, expected=f"arrays that agree with shape {table.get('shape')}", found=actual)
        return cls(layout=layout, **arrays)


class PositionsFile:
    """Prepared positions on their way to the disk, one chunk of clips after another in any order.

    Args:
        file: open for writing.
        shape: (clips, frames, bodies, joints, 3); what is not put is 0.
    """

    def __init__(self, file: BinaryIO, shape: tuple[int, ...]) -> None:
        self._file, self._shape = file, shape
        header = np.lib.format.header_data_from_array_1_0(np.broadcast_to(np.float32(0), shape))
        np.lib.format.write_array_header_1_0(file, {**header, "fortran_order": False})
        self._start, self._size = file.tell(), 4 * math.prod(shape[1:])
        file.truncate(self._start + shape[0] * self._size)

    def put(self, index: NDArray[np.int64], positions: NDArray[np.float32]) -> None:
        """Write the clips `index`, of which there may be fewer bodies."""
        clips = np.zeros((len(index), *self._shape[1:]), dtype=np.float32)
        clips[:, :, : positions.shape[2]] = positions
        for number, clip in zip(index.tolist(), clips, strict=True):
            self._file.seek(self._start + number * self._size)
            self._file.write(clip.data)


def _write_array(file: BinaryIO, array: NDArray[Any]) -> None:
    """As `np.save`, which on a full disk raises an error without the system's reason."""
    header = np.lib.format.header_data_from_array_1_0(array)
    np.lib.format.write_array_header_1_0(file, header)
    file.write(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
