"""What the clips of one file have in common: a file of one kind is decided once, not clip by clip."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pgfa.read.interpret.decision import Decision
from pgfa.read.interpret.lying import STRAIGHT, posture_of
from pgfa.read.interpret.upright import Upright, rotated_up
from pgfa.skeleton import Layout

AGREEING = 12
"""Clips that have to be decided alike before the others of the file are read as these were."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Reading:
    """How one clip was read: what is the same for all clips of a program that writes them alike.

    Attributes:
        layout, columns: as they were established.
        up, mirrored: the axis that points up, whether axes were mirrored back; "" and False for a picture.
        scale: metres per unit; 0 where each body has its own.
    """

    layout: Layout
    columns: str
    up: str = ""
    mirrored: bool = False
    scale: float = 0.0


@dataclass
class Habit:
    """The readings of the clips of a file so far, of one number of joints and columns.

    Attributes:
        readings: of clips that were decided by themselves, until enough agree or two differ.
        layout_decisions, upright: those of the last of them.
        settled: how the other clips are read, if enough agree.
    """

    readings: list[Reading] = field(default_factory=list)
    layout_decisions: tuple[str, ...] = ()
    upright: Upright | None = None
    settled: Reading | None = None

    def add(self, layout: Layout, columns: str, decisions: tuple[str, ...], result: Upright | None) -> None:
        """Remember how a clip was decided by itself."""
        if len(self.readings) >= AGREEING:
            return
        values = {} if result is None else {d.quantity: d for d in result.decisions}
        up, axes, unit = (values.get(quantity) for quantity in ("up", "axes", "unit"))
        established = unit is not None and unit.basis != "assumed" and result is not None
        reading = Reading(
            layout,
            columns,
            up.value if up else "",
            bool(axes and axes.value.startswith("left")),
            result.scale if established and result is not None else 0.0,
        )
        self.readings.append(reading)
        self.layout_decisions, self.upright = decisions, result
        if len(self.readings) == AGREEING and len(set(self.readings)) == 1:
            self.settled = reading

    def applied(self, points: Floats) -> Upright | None:
        """Points in space as the other clips were read; None unless they agree, and have one unit.

        Args:
            points: (frames, bodies, joints, 3).
        """
        if (settled := self.settled) is None or self.upright is None or not settled.scale:
            return None
        out = rotated_up(points, settled.up) * settled.scale
        if settled.mirrored:
            out = out * [-1, 1, 1]
        decisions = [
            Decision(d.quantity, d.value, d.basis, "as in other clips of the file")
            if d.basis == "established"
            else d
            for d in self.upright.decisions
            if d.quantity != "posture"
        ]
        notes = [note for note in self.upright.problems if not note.startswith(STRAIGHT)]
        if any(d.quantity == "up" and d.basis == "established" for d in decisions):
            assumed, more = posture_of(points, settled.layout, settled.up)
            decisions += assumed
            notes += more
        return Upright(out, tuple(decisions), tuple(notes), settled.scale)
