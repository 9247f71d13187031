"""Whether a body has the size of a person in the unit that the file declares, or the user states."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, Undecided
from pgfa.read.interpret.body import fit_of, thinned, typical
from pgfa.read.interpret.decision import Decision
from pgfa.read.interpret.upright import MAX_COST, PLAUSIBLE, trunk_of
from pgfa.read.interpret.vectors import norms
from pgfa.read.stated import UNITS
from pgfa.skeleton import Layout

POSSIBLE = (0.12, 1.2)
"""Metres of a torso that are noted, and not refused, where no metric unit gives a usual one: infants, dolls."""
METRIC = ("m", "cm", "mm")


def torso_of(bodies: NDArray[Any], layout: Layout) -> float:
    """Typical length of the torso of bodies (bodies, joints, 2 or 3), NaN where absent; NaN if it is never seen."""
    return typical(norms(trunk_of(bodies.astype(np.float64), layout)))


def check_size(file: str, positions: NDArray[Any], layout: Layout, decisions: Iterable[Decision]) -> None:
    """Raise Undecided, or BadFile where no unit helps, if the torso of a human body is far too short or too long.

    Args:
        file: for the error.
        positions: (frames, bodies, joints, 3) metres, as the decisions have them, NaN where absent.
        layout: of the joints.
        decisions: those about the clip; a unit that the body has established, or that is assumed, is right for it.
    """
    unit = next((decision for decision in decisions if decision.quantity == "unit"), None)
    bodies = thinned(positions)
    if (
        unit is None
        or unit.basis not in ("declared", "stated")
        or not len(bodies)
        or not bodies[..., 2].any()
    ):
        return
    torso = torso_of(bodies, layout)
    if not np.isfinite(torso) or torso == 0 or PLAUSIBLE[0] <= torso <= PLAUSIBLE[1]:
        return
    length = torso / _metres_of(unit)
    fitting = [name for name, metres in UNITS.items() if PLAUSIBLE[0] <= length * metres <= PLAUSIBLE[1]]
    is_possible = POSSIBLE[0] <= torso <= POSSIBLE[1] and not set(fitting) & set(METRIC)
    if is_possible or fit_of(bodies.astype(np.float64), layout).cost > MAX_COST:
        return
    given = f"{unit.value}, as {'stated' if unit.basis == 'stated' else 'the file or its format declares'}"
    actual = f"a torso of {torso:.3g} m in the unit {given}"
    if fitting:
        raise Undecided(file, quantity="unit", found=actual, options=tuple(fitting))
    expected = f"a torso of {PLAUSIBLE[0]:g} to {PLAUSIBLE[1]:g} m in one of {', '.join(UNITS)} (--unit)"
    raise BadFile(file, where="unit", expected=expected, found=actual)


def _metres_of(unit: Decision) -> float:
    """Metres per unit of a decision: of a name, or of a number of metres."""
    return UNITS.get(unit.value) or float(unit.value.removesuffix(" m"))
