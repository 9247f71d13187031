"""Whether a body whose trunk points along one axis may lie on a floor or a bed along another.

The trunk alone tells nothing: somebody who lies with z up, head along y, has the numbers of somebody who stands with y
up. The place tells more, where coordinates have a floor at 0, as those of motion capture: feet at 0 along the trunk are
those of somebody who stands or sits. Where they are not, and the whole body is flat above 0 along another axis, no
higher than on a bed, it may lie there. Somebody who lies with the feet at 0 along the trunk by chance is taken for one
who stands: everybody who stands within the height of a bed from the origin has the same numbers.

People before a camera are farther away than a bed is high. In coordinates relative to the body, the hips are at 0, and
no floor is known. Of 600 real recordings, none is taken for one of somebody who lies.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.read.interpret.body import thinned
from pgfa.read.interpret.decision import Decision
from pgfa.read.interpret.gravity import LEVEL as LEVEL_FEET
from pgfa.read.interpret.gravity import ON_FLOOR, TRAVEL
from pgfa.read.interpret.postures import Standing
from pgfa.read.interpret.vectors import are_finite, norms
from pgfa.skeleton import Layout

HIPS = (0.12, 2.7)
"""Height, in trunks, of the hips of somebody who lies on a floor at 0, at least, and on a table, at most."""
LOWEST, HIGHEST = -0.2, 4.2
"""Height, in trunks, of nearly all points of somebody who lies."""
LEVEL = 0.7
"""Trunks by which the height of the hips may vary."""
FLAT = 0.7
"""Trunks from the back to the front of somebody who may lie flat."""
STRAIGHT = "a straight body, taken for one that stands"
"""The beginning of the note on such a one."""
SINKS = 0.5
"""Trunks by which the hips of somebody who squats, bends or sits down move towards the feet, at least."""

LEVEL_TRUNK, LEVEL_SHARE = 0.5, 0.8
"""Sine of the trunk's angle with a floor on which somebody lies, and the share of the frames in which it is so."""
ON_GROUND, GROUND_HIPS, GROUND_HIGHEST = (-0.15, 0.3), (0.1, 0.6), 2.2
"""Height, in trunks, of the lowest joints of somebody who lies on the ground, of the hips, and of a leg held up."""
ON_SIDE = 0.7
"""Sine of the angle of the line between the hips with a floor on which somebody lies on one side. Somebody who stands
beside the origin, on a floor that is not at 0, has the same numbers."""
NEAR_FLOOR = (-0.2, 1.6)
"""Height, in trunks, of the lowest joints of somebody who may be on a floor, a chair or a treadmill along an axis."""

Floats = NDArray[np.float64]


def ground_under(bodies: Floats, layout: Layout) -> str:
    """The axis, y or z, that points up because bodies lie on the ground at 0 across it; "" if that is not sure.

    For coordinates with a floor at 0, as of motion capture: the trunk is level, hips and lowest joints are where the
    ground is, the body is not on one side, and along no other axis that may point up is it near a floor at 0, as it
    would be if it stood.

    Args:
        bodies: (bodies, joints, 3), NaN where absent, any unit.
        layout: of the joints.
    """
    axes = [axis for axis in ("y", "z") if _is_on_ground(bodies, layout, axis)]
    return axes[0] if len(axes) == 1 else ""


def _is_on_ground(bodies: Floats, layout: Layout, up: str) -> bool:
    body, index = Standing(bodies, layout, up), "xyz".index(up)
    trunks = body.shoulders - body.hips
    known = are_finite(trunks)
    if not body.trunk > 0 or not known.any():
        return False
    level = np.abs(trunks[known, index]) <= LEVEL_TRUNK * norms(trunks[known])
    low, high = (_percentile(bodies[..., index], percent) / body.trunk for percent in (2, 98))
    hips = float(np.median(body.hips[known, index])) / body.trunk
    lies = level.mean() >= LEVEL_SHARE and ON_GROUND[0] <= low <= ON_GROUND[1] and high <= GROUND_HIGHEST
    if not lies or not GROUND_HIPS[0] <= hips <= GROUND_HIPS[1]:
        return False
    left, right = body.joints("hip")[:, known]
    if (np.abs(left - right)[:, index] > ON_SIDE * norms(left - right)).mean() > 1 - LEVEL_SHARE:
        return False
    others = (("y", 1), ("y", -1), ("z", 1))
    lowest = [
        _percentile(sign * bodies[..., "xyz".index(axis)], 2) / body.trunk
        for axis, sign in others
        if axis != up
    ]
    return not any(NEAR_FLOOR[0] <= height <= NEAR_FLOOR[1] for height in lowest)


def lies_along(bodies: Floats, layout: Layout, up: str) -> str:
    """The axis, y or z, that may point up in place of `up`, because bodies may lie along it; "" for none.

    Args:
        bodies: (bodies, joints, 3), NaN where absent, any unit.
        layout: of the joints.
        up: the signed axis along which the trunk stands.
    """
    body = Standing(bodies, layout, up)
    if not body.trunk > 0 or not body.stands.any():
        return ""
    bodies, hips = bodies[body.stands] / body.trunk, body.hips[body.stands] / body.trunk
    if ON_FLOOR[0] <= _percentile(body.sign * _feet(bodies, layout)[..., body.axis], 10) <= ON_FLOOR[1]:
        return ""
    for floor in {"y", "z"} - {up[-1]}:
        heights = bodies[..., "xyz".index(floor)]
        above = np.percentile(hips[:, "xyz".index(floor)], (5, 50, 95))
        low, high = _percentile(heights, 2), _percentile(heights, 98)
        flat = HIPS[0] <= above[1] <= HIPS[1] and above[2] - above[0] <= LEVEL
        if flat and low >= LOWEST and high <= HIGHEST:
            return floor
    return ""


def posture_of(points: Floats, layout: Layout, up: str) -> tuple[tuple[Decision, ...], tuple[str, ...]]:
    """What is assumed about the posture of bodies whose trunk has established the axis up, and a note if they are flat.

    Nothing is assumed if each of them is, or moves, where somebody who lies along that axis cannot: with the feet on a
    floor at 0, farther from the origin than a table is high, or on feet that keep to one height while the hips travel,
    or sink.

    Args:
        points: (frames, bodies, joints, 3), NaN where absent.
        layout, up: as in `lies_along`.
    """
    every = (Standing(points[:, number], layout, up) for number in range(points.shape[1]))
    if all(_stays_upright(body) for body in every if body.trunk > 0):
        return (), ()
    other = _floor_across(up)
    why = f"somebody who lies with {other} up has the same numbers"
    notes = (f"{STRAIGHT}: if it lies, state --up {other}",) if _is_flat(thinned(points), layout, up) else ()
    return (Decision("posture", "upright", "assumed", why),), notes


def _stays_upright(body: Standing) -> bool:
    """Whether one body over time cannot lie."""
    feet = np.fmin.reduce(body.sign * _feet(body.bodies, body.layout)[..., body.axis], axis=1) / body.trunk
    hips = body.hips[are_finite(body.hips)] / body.trunk
    feet = feet[np.isfinite(feet)]
    if not len(hips) or not len(feet):
        return False
    low, lower, high = np.percentile(feet, (5, 10, 95))
    if ON_FLOOR[0] <= lower <= ON_FLOOR[1]:
        return True
    if abs(float(np.median(hips[:, "xyz".index(_floor_across(body.up))]))) > HIGHEST:
        return True
    travel = np.ptp(np.percentile(hips, (5, 95), axis=0), axis=0)
    sinks, travels = travel[body.axis] >= SINKS, np.delete(travel, body.axis).max() >= TRAVEL
    return bool(high - low <= LEVEL_FEET and (sinks or travels))


def _is_flat(bodies: Floats, layout: Layout, up: str) -> bool:
    """Whether bodies that stand along an axis are so flat across it, in all frames, that they may lie there.

    Args:
        bodies, layout, up: as in `lies_along`.
    """
    body = Standing(bodies, layout, up)
    across = (bodies - body.hips[:, None])[..., "xyz".index(_floor_across(up))]
    return _percentile(across, 98) - _percentile(across, 2) <= FLAT * body.trunk


def _floor_across(up: str) -> str:
    """The axis that most probably points up if a trunk along this one lies."""
    return "y" if up[-1] == "z" else "z"


def _feet(bodies: Floats, layout: Layout) -> Floats:
    """(bodies, joints, 3) of ankles and feet."""
    names = layout.joints[: bodies.shape[1]]
    return bodies[
        :, [index for index, name in enumerate(names) if name.split("_")[0] in ("ankle", "foot", "toe")]
    ]


def _percentile(values: Floats, percent: float) -> float:
    finite = values[np.isfinite(values)]
    return float(np.percentile(finite, percent)) if len(finite) else float("nan")
