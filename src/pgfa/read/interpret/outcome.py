"""The end of every reader: what the user states is applied, decisions become one line, doubts are noted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.interpret.body import chirality, fit_of, thinned
from pgfa.read.interpret.decision import Decision
from pgfa.read.interpret.upright import MAX_COST, rotated_up
from pgfa.read.source import FileRef
from pgfa.read.stated import UNITS
from pgfa.skeleton import NO_DEPTH, Layout

BACKWARDS = (-0.7, -4.0)
"""`chirality`, and chirality x weight, from which a clip whose axes are declared is said to look mirrored."""
_LOOKED_AT = 60
"""Bodies looked at, evenly spaced, in a clip whose axes are declared: readers of data sets read many files."""


@dataclass(frozen=True)
class Outcome:
    """A recording with what the user states applied to it."""

    positions: NDArray[Any]
    rate: float
    listed: NDArray[np.float32] | None
    decisions: tuple[Decision, ...]
    problems: tuple[str, ...]


def split_decisions(problems: Iterable[str]) -> tuple[tuple[Decision, ...], tuple[str, ...]]:
    """Decisions, and problems without them."""
    every = list(problems)
    decisions = tuple(item for item in every if isinstance(item, Decision))
    return decisions, tuple(item for item in every if not isinstance(item, Decision))


def apply_stated(
    ref: FileRef,
    positions: NDArray[Any],
    rate: float,
    layout: Layout,
    listed: NDArray[np.float32] | None,
    noted: Iterable[str],
) -> Outcome:
    """Apply what the user states and the reader has not applied; complete the decisions with what the file declares.

    Args:
        ref: the file, with `FileRef.stated`.
        positions: (frames, bodies, joints, 3) as the reader gives them.
        rate, layout, listed: as in a clip.
        noted: problems and decisions of the reader.

    Raises:
        BadFile: the user states another layout than the file declares.
    """
    stated = ref.stated
    decisions, others = split_decisions(noted)
    done = {decision.quantity: decision for decision in decisions}
    if stated.layout not in (None, layout.name):
        raise BadFile(str(ref), expected=f"the layout {stated.layout}, as stated", found=f"{layout.name}")
    every, problems = list(decisions), list(others)

    def note(quantity: str, value: str, is_stated: bool) -> bool:
        """Whether the statement still has to be applied; adds the decision where the reader made none."""
        if quantity in done and not (is_stated and done[quantity].basis != "stated"):
            return False
        if quantity in done:
            every.remove(done[quantity])
        every.append(Decision(quantity, value, "stated" if is_stated else "declared"))
        return is_stated

    def change(function: Any) -> None:
        nonlocal positions, listed
        positions = function(positions)
        listed = None if listed is None else function(listed).astype(np.float32)

    note("layout", layout.name, stated.layout is not None)
    if note("up", stated.up or "y", stated.up is not None):
        change(lambda points: rotated_up(points, stated.up or "y"))
    if NO_DEPTH in others and stated.unit is not None:
        problems.append(f"unit stated as {stated.unit}, but a picture has none: not used")
    elif note("unit", stated.unit or "m", stated.unit is not None):
        change(lambda points: points * UNITS[stated.unit or "m"])
    if NO_DEPTH in others and stated.mirrored is None and "axes" not in done:
        every.append(Decision("axes", "x to the right", "custom"))
        done["axes"] = every[-1]
    names = {None: "right-handed", False: "right-handed", True: "left-handed"}
    if note("axes", names[stated.mirrored], stated.mirrored is not None) and stated.mirrored:
        change(lambda points: points * np.array([-1, 1, 1]))
    if stated.rate is not None:
        rate = stated.rate
    note("rate", f"{rate:.4g} Hz", stated.rate is not None)
    if stated.depth is False and "depth" not in done:
        change(lambda points: np.where(np.isfinite(points), points * np.array([1, 1, 0]), points))
        problems.append(NO_DEPTH)
        every.append(Decision("depth", "dropped", "stated"))
    if stated.axes is not None and not {"array", "columns"} & done.keys():
        problems.append(f"axes stated as {stated.axes}, but this format gives them: not used")
    return Outcome(positions, rate, listed, tuple(every), tuple(problems))


def doubts_of(
    positions: NDArray[np.float32], layout: Layout, decisions: Iterable[Decision], *, flat: bool
) -> list[str]:
    """What speaks against axes that were declared: a human body that is mirrored, or upside down, most of the time."""
    basis = {decision.quantity: decision.basis for decision in decisions}
    bodies = thinned(positions)[:: max(1, positions.shape[0] * positions.shape[1] // _LOOKED_AT)][:_LOOKED_AT]
    bodies = bodies.astype(np.float64)
    if not len(bodies) or fit_of(bodies[..., :2] if flat else bodies, layout).cost > MAX_COST:
        return []
    doubts = []
    if not flat and basis.get("axes") in ("declared", "custom"):
        sense, weight = chirality(bodies, layout)
        if sense <= BACKWARDS[0] and sense * weight <= BACKWARDS[1]:
            doubts.append("looks mirrored: feet and knees point backwards; if it is, read it as mirrored")
    if basis.get("up") in ("declared", "custom"):
        ends = [_height(bodies, layout, joint) for joint in ("shoulder", "ankle")]
        with np.errstate(invalid="ignore"):
            below = ends[0] < ends[1]
        if np.isfinite(ends).all(axis=0).any() and below[np.isfinite(ends).all(axis=0)].mean() > 0.9:
            doubts.append("upside down most of the time: another axis may point up")
    return doubts


def _height(bodies: NDArray[np.float64], layout: Layout, joint: str) -> NDArray[np.float64]:
    sides = [bodies[:, layout.index(f"{joint}_{side}"), 1] for side in ("left", "right")]
    out: NDArray[np.float64] = (sides[0] + sides[1]) / 2
    return out
