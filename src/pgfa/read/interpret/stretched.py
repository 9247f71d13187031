"""Axes that have units of their own: one that was doubled, or each scaled to its own range.

The square of a limb's length is a sum of the squares along the axes, each with the square of the axis' unit. Where one
axis was stretched, limbs that turn change their lengths; with the units that they had they keep them, and the body has
human proportions again. Both have to be so, in most of the limbs. Of 1,100 real recordings none is taken for a
stretched one; of those in which an axis was doubled, halved or scaled to its range, half to three quarters: limbs that
keep their direction show nothing.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from pgfa.read.interpret.body import fit_of
from pgfa.read.interpret.upright import MAX_COST
from pgfa.read.interpret.vectors import are_finite
from pgfa.skeleton import Layout

LIMBS = (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))
MIN_FRAMES = 5
"""Frames in which a limb has to be seen."""
UNITS = tuple(units for units in product((1.0, 1.4, 2.0, 2.8, 4.0), repeat=3) if min(units) == 1 < max(units))
"""Units of x, y and z that are tried."""
CHANGED = 0.04
"""Variation of the squares of limbs, as a share of them, that shows something."""
STEADIER, STEADY = 1.3, 0.25
"""How much less they vary with other units, at least, and how much they may vary then."""
BETTER = 8.0
"""By how much the sum of the measures of a body falls with them (`Fit.cost` times `Fit.measures`)."""
MOST_LIMBS, LIMB_STEADIER = 0.5, 1.2
"""Share of the limbs that have to vary less, by this factor."""
LOOKED_AT = 40
"""Bodies of which proportions are measured, about."""
_IMPOSSIBLE = 18.0
"""Of a body that is impossible, so that its cost can be compared."""

Floats = NDArray[np.float64]


def stretched_axes(bodies: Floats, layout: Layout) -> str:
    """In which units x, y and z would show a human body, in plain words; "" if nothing shows that they differ.

    Args:
        bodies: (bodies, joints, 3), NaN where absent.
        layout: of the joints.
    """
    variation, shares = limbs_over_time(bodies, layout)
    if not len(shares):
        return ""
    every = _change(variation.mean(axis=0, keepdims=True), shares.mean(axis=0, keepdims=True), (1.0,) * 3)[0]
    if not every >= CHANGED:
        return ""
    thinner = bodies[:: max(1, len(bodies) // LOOKED_AT)]
    tried = []
    for units in UNITS:
        changed = _change(variation.mean(axis=0, keepdims=True), shares.mean(axis=0, keepdims=True), units)[0]
        if changed * STEADIER < every and changed <= STEADY:
            tried.append((fit_of(thinner * np.array(units), layout).cost, units))
    if not tried:
        return ""
    cost, units = min(tried)
    if cost > MAX_COST:
        return ""
    fit = fit_of(thinner, layout)
    of_limbs = _change(variation, shares, (1.0,) * 3) > LIMB_STEADIER * _change(variation, shares, units)
    if (min(fit.cost, _IMPOSSIBLE) - cost) * fit.measures <= BETTER or of_limbs.mean() < MOST_LIMBS:
        return ""
    named = ", ".join(f"{unit / max(units):.2g}" for unit in units)
    return f"limbs that keep their lengths only if the units of x, y, z are as {named}: scaled axis by axis"


def limbs_over_time(bodies: Floats, layout: Layout) -> tuple[Floats, Floats]:
    """How the squares of the extents of each limb along the axes vary together, and how large they are.

    Args:
        bodies, layout: as in `stretched_axes`.

    Returns:
        (limbs, 3, 3) mean of products of their deviations, and (limbs, 3) mean; both as shares of the square of the
        limb's length.
    """
    variation, shares = [], []
    for top, end in LIMBS:
        for side in ("left", "right"):
            one, other = (bodies[:, layout.index(f"{joint}_{side}")] for joint in (top, end))
            vectors = (one - other)[are_finite(one - other)]
            length = float(np.median((vectors**2).sum(axis=-1))) if len(vectors) >= MIN_FRAMES else 0.0
            if length > 0:
                squares = vectors**2 / length
                shares.append(np.minimum(squares, 2).mean(axis=0))
                squares = np.clip(squares - np.median(squares, axis=0), -2, 2)
                variation.append(squares.T @ squares / len(squares))
    return np.array(variation).reshape(-1, 3, 3), np.array(shares).reshape(-1, 3)


def _change(variation: Floats, shares: Floats, units: tuple[float, ...]) -> Floats:
    """(limbs,) variation of the squares of limbs in these units of the axes, as a share of them."""
    weights = np.square(units)
    squares = np.einsum("i,nij,j->n", weights, variation, weights)
    out: Floats = np.sqrt(np.maximum(squares, 0)) / np.maximum(shares @ weights, 1e-9)
    return out
