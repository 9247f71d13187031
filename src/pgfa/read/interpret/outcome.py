"""The end of every reader: what the user states is applied, decisions become one line, doubts are noted."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.interpret.body import chirality, fit_of, thinned, typical
from pgfa.read.interpret.decision import Basis, Decision
from pgfa.read.interpret.upright import rotated_up
from pgfa.read.source import FileRef
from pgfa.read.stated import UNITS, Stated
from pgfa.skeleton import NO_DEPTH, Layout

BACKWARDS = (-0.7, -4.0)
"""`chirality`, and chirality x weight, from which a clip whose axes are declared is said to look mirrored."""
GOOD_COST = 1.0
"""A body of higher `Fit.cost` is tracked too badly to doubt its axes."""
JUMP, SUDDEN, MAX_JUMPS = 1.0, 20.0, 3
"""Metres, and median steps, from one frame to the next that are a jump; with more of them tracking is bad."""
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
    decisions, problems = split_decisions(noted)
    if ref.stated.layout not in (None, layout.name):
        raise BadFile(str(ref), expected=f"the layout {ref.stated.layout}, as stated", found=f"{layout.name}")
    if ref.stated.rate is not None:
        rate = ref.stated.rate
    flat = NO_DEPTH in problems
    rate_missing = any(problem.startswith("frame rate missing") for problem in problems)
    every, changes = _completed(ref.stated, decisions, layout, rate, flat=flat, rate_missing=rate_missing)
    for change in changes:
        positions = change(positions)
        listed = None if listed is None else change(listed).astype(np.float32)
    more = []
    if flat and ref.stated.unit is not None:
        more.append(f"unit stated as {ref.stated.unit}, but a picture has none: not used")
    if ref.stated.axes is not None and not {"array", "columns"} & {
        decision.quantity for decision in decisions
    }:
        more.append(f"axes stated as {ref.stated.axes}, but this format gives them: not used")
    if any(decision == "depth dropped" and decision not in decisions for decision in every):
        more.append(NO_DEPTH)
    return Outcome(positions, rate, listed, every, (*problems, *more))


def _completed(
    stated: Stated,
    decisions: tuple[Decision, ...],
    layout: Layout,
    rate: float,
    *,
    flat: bool,
    rate_missing: bool,
) -> tuple[tuple[Decision, ...], list[Callable[[NDArray[Any]], NDArray[Any]]]]:
    """The decisions of a reader with those it has not made, as stated or declared; what is still to be applied."""
    done = {decision.quantity: decision for decision in decisions}
    if rate_missing and stated.rate is None:
        done.setdefault("rate", Decision("rate", f"{rate:.4g} Hz", "assumed"))
    changes: list[Callable[[NDArray[Any]], NDArray[Any]]] = []

    def decide(
        quantity: str, given: str | None, declared: str, change: Callable[..., Any] | None = None
    ) -> None:
        earlier = done.get(quantity)
        if earlier is not None and (given is None or earlier.basis == "stated"):
            return
        basis: Basis = "stated" if given is not None else "declared"
        done[quantity] = Decision(quantity, declared if given is None else given, basis)
        if given is not None and change is not None:
            changes.append(change)

    if flat and stated.mirrored is None:
        done.setdefault("axes", Decision("axes", "x to the right", "custom"))
    decide("layout", stated.layout, layout.name)
    decide("up", stated.up, "y", lambda points: rotated_up(points, stated.up or "y"))
    decide("unit", None if flat else stated.unit, "m", lambda points: points * UNITS[stated.unit or "m"])
    handed = {None: None, False: "right-handed", True: "left-handed"}[stated.mirrored]
    signs = np.array([-1 if stated.mirrored else 1, 1, 1])
    decide("axes", handed, "right-handed", lambda points: points * signs)
    decide("rate", None if stated.rate is None else f"{rate:.4g} Hz", f"{rate:.4g} Hz")
    if stated.depth is False:
        decide("depth", "dropped", "", lambda points: points * np.array([1, 1, 0]))
    return tuple(done.values()), changes


def doubts_of(
    positions: NDArray[np.float32], layout: Layout, decisions: Iterable[Decision], *, flat: bool
) -> list[str]:
    """What speaks against axes that were declared: a human body that is mirrored, or upside down, most of the time."""
    doubts = _jump(positions)
    doubtful = {decision.quantity for decision in decisions if decision.basis in ("declared", "custom")}
    asked = doubtful & ({"up"} if flat else {"axes", "up"})
    if not asked:
        return doubts
    bodies = thinned(positions)[:: max(1, positions.shape[0] * positions.shape[1] // _LOOKED_AT)][:_LOOKED_AT]
    bodies = bodies.astype(np.float64)
    noted = []
    if "axes" in asked:
        sense, weight = chirality(bodies, layout)
        if sense <= BACKWARDS[0] and sense * weight <= BACKWARDS[1]:
            noted.append("looks mirrored: feet and knees point backwards; if it is, read it as mirrored")
    if "up" in asked:
        ends = [_height(bodies, layout, joint) for joint in ("shoulder", "ankle")]
        with np.errstate(invalid="ignore"):
            below = ends[0] < ends[1]
        if np.isfinite(ends).all(axis=0).any() and below[np.isfinite(ends).all(axis=0)].mean() > 0.9:
            noted.append("upside down most of the time: another axis may point up")
    if noted and fit_of(bodies[..., :2] if flat else bodies, layout).cost <= GOOD_COST:
        doubts += noted
    return doubts


def _jump(positions: NDArray[np.float32]) -> list[str]:
    """A note if a body that moves smoothly is suddenly elsewhere: two takes that were joined, or two people."""
    if len(positions) < 3:
        return []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a body without joints has no mean
        centre = np.nanmean(positions.astype(np.float64), axis=2)
        steps = np.linalg.norm(np.diff(centre, axis=0), axis=-1)
        usual = np.array([typical(body) for body in steps.T])
        jumps = steps > np.maximum(JUMP, SUDDEN * usual)
    if not 1 <= jumps.sum() <= MAX_JUMPS:
        return []
    frame, body = (int(index) for index in np.argwhere(jumps)[0])
    return [
        f"body {body + 1} jumps by {steps[frame, body]:.1f} m after frame {frame + 1}: perhaps takes that were joined"
    ]


def _height(bodies: NDArray[np.float64], layout: Layout, joint: str) -> NDArray[np.float64]:
    sides = [bodies[:, layout.index(f"{joint}_{side}"), 1] for side in ("left", "right")]
    out: NDArray[np.float64] = (sides[0] + sides[1]) / 2
    return out
