"""What preparation makes: fixed-size arrays of many clips, and how they lie on disk."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LayoutMismatch
from pgfa.files import read_json, write_atomic, write_json
from pgfa.skeleton.layouts import Layout, get_layout

_ARRAYS = {"positions": (np.float32, 5), "present": (np.bool_, 2), "seconds": (np.float64, 1)}


@dataclass(frozen=True)
class Prepared:
    """Clips of one shape, ready for a model.

    Attributes:
        positions: (clips, frames, bodies, joints, 3) float32, finite; exactly 0 where a body is absent.
        present: (clips, bodies) bool, whether the body is there at all.
        seconds: (clips,) float64, length of the recording, which resampling to a fixed number of frames
            hides.
        layout: of the joints.
    """

    positions: NDArray[np.float32]
    present: NDArray[np.bool_]
    seconds: NDArray[np.float64]
    layout: Layout

    def __len__(self) -> int:
        return len(self.positions)

    def save(self, folder: Path) -> None:
        """Write .npy files into a folder; prepared.json, written last, says that all are there."""
        for name in _ARRAYS:
            write_atomic(
                folder / f"{name}.npy", partial(np.save, arr=getattr(self, name), allow_pickle=False)
            )
        write_json(
            folder / "prepared.json", {"layout": self.layout.name, "shape": list(self.positions.shape)}
        )

    @classmethod
    def load(cls, folder: Path, *, mapped: bool = False) -> Prepared:
        """Read what `save` wrote; `mapped` leaves positions on disk. Raises BadFile where a part is wrong."""
        where = folder / "prepared.json"
        said = read_json(where)
        if not isinstance(said, dict) or not isinstance(said.get("layout"), str):
            raise BadFile(where, expected="an object with the name of a layout", found=repr(said)[:80])
        try:
            layout = get_layout(said["layout"])
        except LayoutMismatch as error:
            raise BadFile(where, expected="a known layout", found=str(error), where="field layout") from None
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
                found = f"{getattr(array, 'dtype', type(array))} {getattr(array, 'shape', '')}"
                raise BadFile(path, expected=f"{np.dtype(kind)} of rank {rank}", found=found)
            arrays[name] = array
        clips, _, bodies, joints, _ = shape = arrays["positions"].shape
        agree = arrays["present"].shape == (clips, bodies) and arrays["seconds"].shape == (clips,)
        if list(shape) != said.get("shape") or joints != len(layout.joints) or not agree:
            found = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
            raise BadFile(folder, expected=f"arrays that agree with shape {said.get('shape')}", found=found)
        return cls(layout=layout, **arrays)
