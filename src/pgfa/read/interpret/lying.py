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

from pgfa.read.interpret.body import typical
from pgfa.read.interpret.gravity import CAMERAS, ON_FLOOR, STANDS
from pgfa.skeleton import Layout

HIPS = (0.12, 2.7)
"""Height, in trunks, of the hips of somebody who lies on a floor at 0, at least, and on a table, at most."""
LOWEST, HIGHEST = -0.2, 4.2
"""Height, in trunks, of nearly all points of somebody who lies."""
FOURS, FOURS_LEVEL, FOURS_ABOVE = 0.9, 0.3, 0.4
"""Share of the frames in which somebody is on all fours; trunks by which hands, knees and feet may differ in height,
and that hips and shoulders are above them. Of 900 recordings of motion capture, none reaches a share of 0.75."""
HANDSTAND, WRISTS = 0.6, (-0.2, 0.5)
"""Trunks that hands are beyond the shoulders in a handstand, at least, and height of the wrists on a floor at 0."""
LEVEL = 0.7
"""Trunks by which the height of the hips may vary."""

Floats = NDArray[np.float64]


def lies_along(bodies: Floats, layout: Layout, up: str) -> str:
    """The axis, y or z, that may point up in place of `up`, because bodies may lie along it; "" for none.

    Args:
        bodies: (bodies, joints, 3), NaN where absent, any unit.
        layout: of the joints.
        up: the signed axis along which the trunk stands.
    """
    hips, shoulders = (
        np.stack([bodies[:, layout.index(f"{joint}_{side}")] for side in ("left", "right")]).mean(axis=0)
        for joint in ("hip", "shoulder")
    )
    axis, sign = "xyz".index(up[-1]), -1 if up[0] == "-" else 1
    length = np.linalg.norm(shoulders - hips, axis=-1)
    trunk = typical(length)
    with np.errstate(invalid="ignore"):
        stands = sign * (shoulders - hips)[:, axis] >= STANDS * length
    if not trunk > 0 or not stands.any():
        return ""
    bodies, hips = bodies[stands] / trunk, hips[stands] / trunk
    if ON_FLOOR[0] <= _percentile(sign * _feet(bodies, layout)[..., axis], 10) <= ON_FLOOR[1]:
        return ""
    for floor in {"y", "z"} - {up[-1]}:
        heights = bodies[..., "xyz".index(floor)]
        above = np.percentile(hips[:, "xyz".index(floor)], (5, 50, 95))
        low, high = _percentile(heights, 2), _percentile(heights, 98)
        flat = HIPS[0] <= above[1] <= HIPS[1] and above[2] - above[0] <= LEVEL
        if flat and low >= LOWEST and high <= HIGHEST:
            return floor
    return ""


def crawls_along(bodies: Floats, layout: Layout, up: str) -> str:
    """The signed axis that may point up in place of `up`, because bodies are on all fours along it; "" for none.

    Hands or elbows, and knees or feet, are then in one plane, far below hips and shoulders. Somebody who sits and
    stretches hands and knees forward has the same numbers; before a camera, that is taken for granted.

    Args:
        bodies, layout, up: as in `lies_along`.
    """
    at = {name: bodies[:, index] for index, name in enumerate(layout.joints[: bodies.shape[1]])}
    hips, shoulders = ((at[f"{joint}_left"] + at[f"{joint}_right"]) / 2 for joint in ("hip", "shoulder"))
    length = np.linalg.norm(shoulders - hips, axis=-1)
    axis, sign = "xyz".index(up[-1]), -1 if up[0] == "-" else 1
    with np.errstate(invalid="ignore"):
        stands = sign * (shoulders - hips)[:, axis] >= STANDS * length
    if layout in CAMERAS or not stands.any() or not (trunk := typical(length)) > 0:
        return ""
    for other in {0, 1, 2} - {axis}:
        for down in (1, -1):
            limbs = np.stack(
                [
                    np.fmin(*(down * at[f"{joint}_{side}"][stands, other] for joint in joints))
                    for joints in (("wrist", "elbow"), ("ankle", "knee"))
                    for side in ("left", "right")
                ]
            )
            high = down * np.stack([hips, shoulders])[:, stands, other].min(axis=0)
            with np.errstate(invalid="ignore"):
                level = np.ptp(limbs, axis=0) <= FOURS_LEVEL * trunk
                above = high - limbs.min(axis=0) >= FOURS_ABOVE * trunk
            if (level & above).mean() >= FOURS:
                return ("-" if down < 0 else "") + "xyz"[other]
    return ""


def is_on_hands(bodies: Floats, layout: Layout, up: str) -> bool:
    """Whether bodies that stand along an axis stand on their hands at 0 if the opposite axis is up.

    Hands that are held above the head are at the height of the origin only by chance, and not in nearly all frames.

    Args:
        bodies, layout, up: as in `lies_along`.
    """
    at = {name: bodies[:, index] for index, name in enumerate(layout.joints[: bodies.shape[1]])}
    axis, sign = "xyz".index(up[-1]), 1 if up[0] == "-" else -1
    hips, shoulders, hands = (
        sign * np.stack([at[f"{joint}_{side}"][:, axis] for side in ("left", "right")])
        for joint in ("hip", "shoulder", "wrist")
    )
    trunk = typical(hips.mean(axis=0) - shoulders.mean(axis=0))
    lowest = hands.min(axis=0)
    if not trunk > 0 or not np.isfinite(lowest).any():
        return False
    with np.errstate(invalid="ignore"):
        at_floor = (lowest >= WRISTS[0] * trunk) & (lowest <= WRISTS[1] * trunk)
        stretched = shoulders.mean(axis=0) - hands.max(axis=0) >= HANDSTAND * trunk
    return bool((at_floor & stretched)[np.isfinite(lowest)].mean() >= FOURS)


def _feet(bodies: Floats, layout: Layout) -> Floats:
    """(bodies, joints, 3) of ankles and feet."""
    names = layout.joints[: bodies.shape[1]]
    return bodies[
        :, [index for index, name in enumerate(names) if name.split("_")[0] in ("ankle", "foot", "toe")]
    ]


def _percentile(values: Floats, percent: float) -> float:
    finite = values[np.isfinite(values)]
    return float(np.percentile(finite, percent)) if len(finite) else float("nan")
