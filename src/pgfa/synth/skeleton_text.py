"""Bodies -> the text of NTU RGB+D `.skeleton` files and of PKU-MMD streams, all numbers of a file in one
go."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

FIRST_ID = 72057594037931101
"""Tracking ids of the sensor are of this size: above 2**53, where floats no longer tell neighbours apart."""


def skeleton_text(positions: NDArray[np.float32], ids: Sequence[Sequence[int]] | None = None) -> bytes:
    """The `.skeleton` file of some bodies (method.md section 5).

    Depth and colour pixels are projections as a Kinect v2's; orientations are made up, the same in all
    frames.

    Args:
        positions: (frames, bodies, 25, 3) metres. A body that has a NaN in a frame is left out there.
        ids: (frames, bodies) tracking id of each body in each frame; one a slot where None.
    """
    frames = len(positions)
    there = _whole(positions)
    shown = positions[there].astype(np.float64)
    x, y, z = np.moveaxis(shown, -1, 0)
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
        parts.append(f"{there[frame].sum()}\n")
        for body in np.flatnonzero(there[frame]).tolist():
            name = FIRST_ID + body if ids is None else ids[frame][body]
            parts.append(f"{name} 0 1 1 1 1 0 0.02764709 -0.01055657 2\n25\n{_joint_lines()}")
    return ("".join(parts) % tuple(numbers.ravel().tolist())).encode()


@lru_cache
def _joint_lines() -> str:
    turns = np.random.default_rng(25).normal(size=(25, 4))
    turns /= np.linalg.norm(turns, axis=1, keepdims=True)
    varying = "%.7g %.7g %.7g %.4f %.4f %.4f %.4f"
    return "".join(f"{varying} {a:.7g} {b:.7g} {c:.7g} {d:.7g} 2\n" for a, b, c, d in turns.tolist())


def _whole(positions: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(frames, bodies) whether a body has all its joints."""
    whole: NDArray[np.bool_] = np.isfinite(np.einsum("fbjk->fb", positions.astype(np.float64)))
    return whole


def stream_text(positions: NDArray[np.float32]) -> bytes:
    """The PKU-MMD stream of two bodies: a line of 150 numbers a frame, zeros for a body that is absent.

    Args:
        positions: (frames, 2, 25, 3) metres, NaN where absent.
    """
    there = _whole(positions)
    body, nobody = " ".join(["%.7g"] * 75), " ".join(["0"] * 75)
    lines = [" ".join(body if seen else nobody for seen in frame) for frame in there.tolist()]
    return ("\n".join([*lines, ""]) % tuple(positions[there].ravel().tolist())).encode()
