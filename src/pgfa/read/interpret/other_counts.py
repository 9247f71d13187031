"""Numbers of joints that programs write and no layout has, and which of these joints are those of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_SMPLX = "of {} the first 22 are smplx22: save these"
ROWS: Mapping[int, str] = {
    21: "21 are those of a hand (MediaPipe, OpenPose): save those of the body",
    29: "HybrIK's first 24 of 29 are smpl24: save these",
    45: "of SMPL's 45 the first 24 are smpl24: save these",
    49: "of SPIN's 49 the first 25 are openpose25: save these",
    52: _SMPLX.format("SMPL-H's 52"),
    55: _SMPLX.format("SMPL-X's 55"),
    73: _SMPLX.format("SMPL-H's 73"),
    91: "ARKit's 91 are read by their names: save these with them",
    127: _SMPLX.format("SMPL-X's 127"),
    144: _SMPLX.format("SMPL-X's 144"),
    543: "of MediaPipe Holistic's 543 the 33 of the body are mediapipe33: save these",
}
"""Joints -> what to save in their place."""


def rows_to_save(counts: Iterable[int]) -> str:
    """What to save in place of one of these numbers of joints, the first that is known; "" for others."""
    return next((ROWS[count] for count in counts if count in ROWS), "")


def rows_of_shape(shape: tuple[int, ...]) -> str:
    """The same for an array of that shape: joints among its last axes, or rows with all coordinates of a frame."""
    if len(shape) != 2:
        return rows_to_save(reversed(shape[-2:])) if {2, 3, 4} & set(shape) else ""
    return rows_to_save(shape[1] // columns for columns in (3, 2, 4) if shape[1] % columns == 0)
