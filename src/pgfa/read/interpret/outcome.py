"""The end of every reader: what the user states is applied, and decisions are completed with what the file declares."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.interpret.decision import Basis, Decision
from pgfa.read.interpret.upright import rotated_up
from pgfa.read.source import FileRef
from pgfa.read.stated import UNITS, Stated
from pgfa.skeleton import NO_DEPTH, Layout

RATE_TOLERANCE = 0.05
"""By how much a stated rate may differ from that of the file."""


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
