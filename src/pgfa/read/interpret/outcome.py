"""The end of every reader: what the user states is applied, decisions become one line, doubts are noted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.interpret.body import chirality, fit_of, thinned
from pgfa.read.interpret.continuity import unsteady
from pgfa.read.interpret.decision import Basis, Decision
from pgfa.read.interpret.size import torso_of
from pgfa.read.interpret.upright import LOOKS_MIRRORED, MAX_COST, MIRRORED, PLAUSIBLE, rotated_up, standing
from pgfa.read.source import FileRef
from pgfa.read.stated import UNITS, Stated
from pgfa.skeleton import NO_DEPTH, Layout

GOOD_COST = 1.0
"""A body of higher `Fit.cost` is tracked too badly to doubt its axes."""
FEW_FRAMES = 3
"""Fewer frames give no doubts: they show too little, and a file may have many thousands of such clips."""
LIES = 0.5
"""Share of the bodies whose trunk points along another axis than y, of somebody who lies."""
RATE_TOLERANCE = 0.05
"""By how much a stated rate may differ from that of the file."""
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
    scale: float = 1.0,
) -> Outcome:
    """Apply what the user states and the reader has not applied; complete the decisions with what the file declares.

    Args:
        ref: the file, with `FileRef.stated`.
        positions: (frames, bodies, joints, 3) as the reader gives them.
        rate, layout, listed: as in a clip.
        noted: problems and decisions of the reader.
        scale: metres per unit of the file, which the reader has applied.

    Raises:
        BadFile: the user states another layout than the file declares.
    """
    decisions, problems = split_decisions(noted)
    if ref.stated.layout not in (None, layout.name):
        raise BadFile(str(ref), expected=f"the layout {ref.stated.layout}, as stated", found=f"{layout.name}")
    flat = NO_DEPTH in problems
    missing = [problem for problem in problems if problem.startswith("frame rate missing")]
    more, rate_missing = [], bool(missing)
    if ref.stated.rate is not None:
        problems = tuple(problem for problem in problems if problem not in missing)
        if not missing and abs(rate / ref.stated.rate - 1) > RATE_TOLERANCE:
            more.append(f"rate stated as {ref.stated.rate:g} fps, the file has {rate:.4g}")
        rate = float(ref.stated.rate)
    every, changes = _completed(
        ref.stated, decisions, layout, rate, scale, flat=flat, rate_missing=rate_missing
    )
    for change in changes:
        positions = change(positions)
        listed = None if listed is None else change(listed).astype(np.float32)
    if flat and ref.stated.up in ("z", "-z"):
        more.append(f"up stated as {ref.stated.up}, but a picture has no z: not used")
    if flat and ref.stated.unit is not None:
        more.append(f"unit stated as {ref.stated.unit}, but a picture has none: not used")
    if ref.stated.axes is not None and not {"array", "columns"} & {
        decision.quantity for decision in decisions
    }:
        more.append(f"axes stated as {ref.stated.axes}, but this format gives them: not used")
    pictured = any(decision.quantity == "picture" for decision in decisions)
    if (
        ref.stated.image_size
        and not pictured
        and not any(p.startswith("image size not used") for p in problems)
    ):
        more.append(
            f"image size stated as {ref.stated.image_size}, but coordinates are not from 0 to 1: not used"
        )
    if any(decision == "depth dropped" and decision not in decisions for decision in every):
        more.append(NO_DEPTH)
    return Outcome(positions, rate, listed, every, (*problems, *more))


def _completed(
    stated: Stated,
    decisions: tuple[Decision, ...],
    layout: Layout,
    rate: float,
    scale: float,
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
    decide(
        "unit",
        None if flat else stated.unit,
        "m",
        lambda points: points * (UNITS[stated.unit or "m"] / scale),
    )
    handed = {None: None, False: "right-handed", True: "left-handed"}[stated.mirrored]
    signs = np.array([-1 if stated.mirrored else 1, 1, 1])
    decide("axes", handed, "right-handed", lambda points: points * signs)
    decide("rate", None if stated.rate is None else f"{rate:.4g} Hz", f"{rate:.4g} Hz")
    if stated.depth is False:
        decide("depth", "dropped", "", lambda points: points * np.array([1, 1, 0]))
    return tuple(done.values()), changes


def doubts_of(
    positions: NDArray[np.float32],
    layout: Layout,
    decisions: Iterable[Decision],
    *,
    flat: bool,
    published: bool = False,
) -> list[str]:
    """What speaks against axes that were declared: a human body that is mirrored, or upside down, most of the time; and
    against a unit that was declared or stated: a torso of another size. Nothing of fewer than `FEW_FRAMES` frames.

    Args:
        positions: (frames, bodies, joints, 3) metres, y up, NaN where absent.
        layout: of the joints.
        decisions: those about the clip.
        flat: whether it has no depth.
        published: whether it is of a data set, whose clips are no takes that somebody joined, however they jump.
    """
    if len(positions) < FEW_FRAMES:
        return []
    decisions = tuple(decisions)
    doubts = unsteady(positions, poses=not published)
    bodies = thinned(positions)[:: max(1, positions.shape[0] * positions.shape[1] // _LOOKED_AT)][:_LOOKED_AT]
    bodies = bodies.astype(np.float64)
    given = {decision.quantity for decision in decisions if decision.basis in ("declared", "stated")}
    doubts += _posture_doubts(bodies, layout, given - {"unit"} if flat else given)
    doubtful = {decision.quantity for decision in decisions if decision.basis in ("declared", "custom")}
    asked = doubtful & ({"up"} if flat else {"axes", "up"})
    asked |= {"axes"} & given if not flat else set()
    if not asked:
        return doubts
    noted = []
    if "axes" in asked:
        sense, weight = chirality(bodies, layout)
        if sense <= MIRRORED[0] and sense * weight <= MIRRORED[1]:
            noted.append(LOOKS_MIRRORED)
    if "up" in asked:
        ends = [_height(bodies, layout, joint) for joint in ("shoulder", "ankle")]
        with np.errstate(invalid="ignore"):
            below = ends[0] < ends[1]
        if np.isfinite(ends).all(axis=0).any() and below[np.isfinite(ends).all(axis=0)].mean() > 0.9:
            noted.append("upside down most of the time: another axis may point up")
    if noted and fit_of(bodies[..., :2] if flat else bodies, layout).cost <= GOOD_COST:
        doubts += noted
    return doubts


def _posture_doubts(bodies: NDArray[np.float64], layout: Layout, given: Collection[str]) -> list[str]:
    """Notes if the body is not upright, or its torso is longer or shorter than that of any person.

    Args:
        bodies: (bodies, joints, 3) metres, y up.
        layout: of the joints.
        given: which of `up` and `unit` are declared or stated; what the body has established is right for it.
    """
    if not bodies[..., 2].any():
        bodies = bodies[..., :2]  # a picture
    doubts = []
    shares = standing(bodies, layout) if "up" in given else {}
    if shares and (most := max(shares, key=lambda axis: shares[axis])) != "y" and shares[most] > LIES:
        doubts.append(
            f"the trunk points along {most} instead of y (up): state --up, unless the person is lying"
        )
    torso = torso_of(bodies, layout) if "unit" in given else np.nan
    if np.isfinite(torso) and not PLAUSIBLE[0] <= torso <= PLAUSIBLE[1]:
        doubts.append(f"the torso is {torso:.3g} m long: another unit, or another order of joints?")
    return doubts if doubts and fit_of(bodies, layout).cost <= MAX_COST else []


def _height(bodies: NDArray[np.float64], layout: Layout, joint: str) -> NDArray[np.float64]:
    sides = [bodies[:, layout.index(f"{joint}_{side}"), 1] for side in ("left", "right")]
    out: NDArray[np.float64] = (sides[0] + sides[1]) / 2
    return out
