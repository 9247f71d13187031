"""The next clips of a file of many, which are read as those before: what does not depend on how, for all at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgfa.read.formats.keypoints.habit import Reading
from pgfa.read.interpret.arrays import coordinates_of, jump_of_each
from pgfa.read.interpret.complete import are_complete
from pgfa.read.interpret.missing import absent_joints

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Shown:
    """What a clip shows.

    Attributes:
        points: (frames, bodies, joints, 2 or 3), NaN where absent.
        notes: on what marks absent joints.
        suits: whether it may be read as the others were.
        jumps: whether its joints jump from frame to frame.
    """

    points: Floats
    notes: tuple[str, ...]
    suits: bool
    jumps: bool


def shown_by(arrays: Sequence[NDArray[np.generic]], reading: Reading) -> list[Shown]:
    """What clips show, if they are read like that.

    Args:
        arrays: (frames, bodies, joints, columns) each, all of as many joints and columns.
        reading: of clips before.
    """
    alike: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for number, array in enumerate(arrays):
        alike[array.shape].append(number)
    out: dict[int, Shown] = {}
    for numbers in alike.values():
        together = np.stack([arrays[number] for number in numbers]).astype(np.float64)
        coordinates, scores = coordinates_of(together, reading.columns)
        notes = [tuple[str, ...]()] * len(numbers)
        for clip in np.flatnonzero(~are_complete(coordinates, scores)).tolist():
            absent, notes[clip] = absent_joints(
                coordinates[clip], reading.layout, None if scores is None else scores[clip]
            )
            coordinates[clip][absent] = np.nan
        rows = zip(
            numbers,
            coordinates,
            notes,
            reading.suits(coordinates),
            jump_of_each(coordinates, reading.layout),
            strict=True,
        )
        out |= {number: Shown(points, marks, suits, jump) for number, points, marks, suits, jump in rows}
    return [out[number] for number in range(len(arrays))]
