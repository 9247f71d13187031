"""Bodies as the text of NTU RGB+D `.skeleton` files and of PKU-MMD streams; a file is formatted in one operation."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

FIRST_ID = 72057594037931101
"""Tracking ids of the sensor are of this size, above 2**53, where floats no longer distinguish neighbours."""


def skeleton_text(positions: NDArray[np.float32], ids: Sequence[Sequence[int]] | None = None) -> bytes:
    """The `.skeleton` file of some bodies (method.md section 5).

    Depth and colour pixels are projections as by a Kinect v2; orientations are invented and constant.

    Args:
        positions: (frames, bodies, 25, 3) metres. A body with a NaN in a frame is left out of that frame.
        ids: (frames, bodies) tracking id of each body in each frame; None: one per slot.
    """
    frames = len(positions)
    complete = _complete(positions)
    visible = positions[complete].astype(np.float64)
    x, y, z = np.moveaxis(visible, -1, 0)
    depth = np.clip(z, 0.1, None)
    numbers = np.stack(
        [
            x, y, z,
            256 + 365 * x / depth, 212 - 365 * y / depth,
            960 + 1060 * x / depth, 540 - 1060 * y / depth,
        ],
        axis=-1,
    )  # fmt: skip
    parts = [f"{frames}\n"]
    for frame in range(frames):
        parts.append(f"{complete[frame].sum()}\n")
        for body in np.flatnonzero(complete[frame]).tolist():
            name = FIRST_ID + body if ids is None else ids[frame][body]
            parts.append(f"{name} 0 1 1 1 1 0 0.02764709 -0.01055657 2\n25\n{_joint_lines()}")
    return ("".join(parts) % tuple(numbers.ravel().tolist())).encode()


@lru_cache
def _joint_lines() -> str:
    turns = np.random.default_rng(25).normal(size=(25, 4))
    turns /= np.linalg.norm(turns, axis=1, keepdims=True)
    varying = "%.7g %.7g %.7g %.4f %.4f %.4f %.4f"
    return "".join(f"{varying} {a:.7g} {b:.7g} {c:.7g} {d:.7g} 2\n" for a, b, c, d in turns.tolist())


def _complete(positions: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(frames, bodies) whether all joints of a body are finite."""
    finite: NDArray[np.bool_] = np.isfinite(np.einsum("fbjk->fb", positions.astype(np.float64)))
    return finite


def stream_text(positions: NDArray[np.float32]) -> bytes:
    """The PKU-MMD stream of two bodies: a line of 150 numbers per frame, zeros for an absent body.

    Args:
        positions: (frames, 2, 25, 3) metres, NaN where absent.
    """
    complete = _complete(positions)
    present, absent = " ".join(["%.7g"] * 75), " ".join(["0"] * 75)
    lines = [
        " ".join(present if is_complete else absent for is_complete in frame) for frame in complete.tolist()
    ]
    return ("\n".join([*lines, ""]) % tuple(positions[complete].ravel().tolist())).encode()
