"""What speaks against axes and units that were declared, and for takes that were joined: noted at the end of readers.

A file may have many thousands of short clips, for which each of numpy's calls takes far longer than its sums. So many
clips are looked at together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from pgfa.read.interpret.continuity import may_be_unsteady, unsteady
from pgfa.read.interpret.decision import Basis
from pgfa.read.interpret.exchanged_sides import exchanged_sides
from pgfa.read.interpret.take import Take, fit_each, look_at
from pgfa.read.interpret.unlike_bodies import unlike_bodies
from pgfa.read.interpret.upright import LOOKS_MIRRORED, MAX_COST, MIRRORED, PLAUSIBLE

BACKWARDS = (-0.7, -4.0)
"""`chirality`, and chirality x weight, from which a clip of a data set is said to look mirrored: its sensor may see
feet badly, and it was not converted on the way. Of other recordings whose axes are declared, `MIRRORED`."""
GOOD_COST = 1.0
"""A body of higher `Fit.cost` is tracked too badly to doubt its axes."""
FEW_FRAMES = 3
"""Fewer frames give no doubts: they show too little, and a file may have many thousands of such clips."""
LIES = 0.5
"""Share of the bodies whose trunk points along another axis than y, of somebody who lies."""


def doubts_of(take: Take) -> list[str]:
    """What speaks against axes that were declared: a human body that is mirrored, or upside down, most of the time; and
    against a unit that was declared or stated: a torso of another size. Nothing of fewer than `FEW_FRAMES` frames.
    """
    return doubts_of_each([take])[0]


def doubts_of_each(takes: Sequence[Take]) -> list[list[str]]:
    """`doubts_of` of many recordings."""
    out = [
        unsteady(take.positions, poses=not take.published) if odd else [] for take, odd in _may_be_odd(takes)
    ]
    look_at(take for take in takes if len(take.positions) >= FEW_FRAMES)
    suspicions = [
        [*_posture_doubts(take), *_axis_doubts(take)] if len(take.positions) >= FEW_FRAMES else []
        for take in takes
    ]
    for columns in (2, 3):
        fit_each(
            (
                take
                for take, every in zip(takes, suspicions, strict=True)
                if any(suspicion.columns == columns for suspicion in every)
            ),
            columns,
        )
    for take, notes, every in zip(takes, out, suspicions, strict=True):
        if not take.published and len(take.positions) >= FEW_FRAMES:
            notes += [*exchanged_sides(take.positions, take.layout), *unlike_bodies(take)]
        notes += [doubt.note for doubt in every if take.fit(doubt.columns).cost <= doubt.cost]
    return out


def _may_be_odd(takes: Sequence[Take]) -> Iterator[tuple[Take, bool]]:
    """Recordings, and whether `unsteady` may have a note."""
    one_body: dict[int, list[Take]] = defaultdict(list)
    for take in takes:
        if take.published and take.positions.shape[1] == 1 and len(take.positions) >= FEW_FRAMES:
            one_body[take.positions.shape[2]].append(take)
    steady: set[int] = set()
    for alike in one_body.values():
        lengths = [len(take.positions) for take in alike]
        marks = may_be_unsteady(
            np.concatenate([take.positions for take in alike]), np.cumsum([0, *lengths[:-1]])
        )
        steady |= {id(take) for take, odd in zip(alike, marks.tolist(), strict=True) if not odd}
    for take in takes:
        yield take, len(take.positions) >= FEW_FRAMES and id(take) not in steady


class _Suspicion(NamedTuple):
    """A note on a body that fits a human one, in space (3) or in the picture (2), at that cost at most."""

    note: str
    columns: int
    cost: float


def _posture_doubts(take: Take) -> Iterator[_Suspicion]:
    """Notes if the body is not upright, or its torso is longer or shorter than that of any person; where up and unit
    are declared or stated: what the body has established is right for it.
    """
    given, look = _quantities(take, "declared", "stated"), take.look
    columns = 3 if look.deep else 2
    shares = look.shares if "up" in given else {}
    if shares and (most := max(shares, key=lambda axis: shares[axis])) != "y" and shares[most] > LIES:
        words = f"the trunk points along {most} instead of y (up): state --up, unless the person is lying"
        yield _Suspicion(words, columns, MAX_COST)
    torso = look.torso if "unit" in given and not take.flat else np.nan
    if np.isfinite(torso) and not PLAUSIBLE[0] <= torso <= PLAUSIBLE[1]:
        words = f"the torso is {torso:.3g} m long: another unit, or another order of joints?"
        yield _Suspicion(words, columns, MAX_COST)


def _axis_doubts(take: Take) -> Iterator[_Suspicion]:
    """Notes if the body is mirrored, or upside down, where nothing but the file or custom says which way it is."""
    doubtful, look = _quantities(take, "declared", "custom"), take.look
    columns = 2 if take.flat else 3
    if not take.flat and "axes" in doubtful | _quantities(take, "stated"):
        least = BACKWARDS if take.published else MIRRORED
        if look.sense <= least[0] and look.sense * look.weight <= least[1]:
            yield _Suspicion(LOOKS_MIRRORED, columns, GOOD_COST)
    if "up" in doubtful and look.turned_over > 0.9:
        words = "upside down most of the time: another axis may point up"
        yield _Suspicion(words, columns, GOOD_COST)


def _quantities(take: Take, *bases: Basis) -> set[str]:
    """What was decided on such a basis."""
    return {decision.quantity for decision in take.decisions if decision.basis in bases}
