"""What the clips of one file have in common: a file of one kind is decided once, not clip by clip."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pgfa.read.interpret.body import fits_of, thinned, typical_of_each
from pgfa.read.interpret.decision import Decision
from pgfa.read.interpret.lying import STRAIGHT, posture_of
from pgfa.read.interpret.upright import MAX_COST, Upright, rotated_up, trunk_of
from pgfa.read.interpret.vectors import norms
from pgfa.skeleton import Layout

AGREEING, NEARLY_ALL = 12, 0.9
"""Clips that have to be decided alike before the others of the file are read as these were, and their share of those
that were decided: a clip by itself is misread now and then."""
MAX_ALONE, MOST = 300, 0.6
"""Clips of a small file that are decided by themselves, at most, and the share of them that suffices then."""
TORSO = (0.05, 3.0)
"""Metres of a torso beyond which a clip has another unit than the others, however badly it is tracked."""

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

    def suits(self, points: Floats) -> list[bool]:
        """Whether clips may be read like that: each shows a human body, in the same unit.

        Args:
            points: (clips, frames, bodies, joints, 2 or 3).
        """
        every = [thinned(clip) for clip in points]
        counts = np.array([len(bodies) for bodies in every])
        out = np.zeros(len(points), np.bool_)
        for count in np.unique(counts).tolist():
            alike = np.flatnonzero(counts == count)
            bodies = np.stack([every[clip] for clip in alike])
            torsos = typical_of_each(norms(trunk_of(bodies, self.layout))) * self.scale
            fits = np.array([fit.cost for fit in fits_of(bodies, self.layout)])
            sound = ~np.isfinite(torsos) | ((torsos >= TORSO[0]) & (torsos <= TORSO[1]))
            out[alike] = (fits <= MAX_COST) & (sound if self.scale else True)
        return [bool(suits) for suits in out]


@dataclass
class Habit:
    """The readings of the clips of a file so far, of one number of joints and columns.

    Attributes:
        most: clips that are decided by themselves, at most.
        alone: clips for which that was tried.
        readings: of those of them that were decided, and how many.
        layout_decisions, upright: those of the last of them.
        settled: how the other clips are read, once enough agree.
    """

    most: int = MAX_ALONE
    alone: int = 0
    readings: Counter[Reading] = field(default_factory=Counter)
    layout_decisions: tuple[str, ...] = ()
    upright: Upright | None = None
    settled: Reading | None = None

    def add(self, layout: Layout, columns: str, decisions: tuple[str, ...], result: Upright | None) -> None:
        """Remember how a clip was decided by itself."""
        if self.settled is not None:
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
        self.readings[reading] += 1
        self.layout_decisions, self.upright = decisions, result
        share = NEARLY_ALL if self.alone < self.most else MOST
        if self.readings[reading] >= max(AGREEING, share * self.readings.total()):
            self.settled = reading

    def suits(self, points: Floats) -> bool:
        """Whether a clip may be read as the others were: it shows a human body, in the same unit.

        Args:
            points: (frames, bodies, joints, 2 or 3).
        """
        return self.settled is not None and self.settled.suits(points[None])[0]

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
