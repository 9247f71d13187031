"""Measures of the hands: how each moves about its shoulder, where it goes, what it comes close to.

Metres of a standard body, seconds, radians. `out`, `up` and `fwd` are the directions in which a hand is seen from its
shoulder, in the body's own frame: away from the other side, upwards, forwards; so they are the same for left and right.
"""

from __future__ import annotations

import numpy as np

from pgfa.words.motion import OUTWARDS, Motion
from pgfa.words.needs import Needs, needs
from pgfa.words.series import (
    Floats,
    angle,
    centred,
    correlation,
    ends,
    length,
    quantiles,
    rates,
    share_above,
    swings,
)

AXES = ("out", "up", "fwd")
OF_AXIS = ("range", "max", "min", "net", "rev", "med", "share", "vmax", "vmin")
"""What is measured in each direction (`_movement`)."""
PLANES = {"front": (0, 1), "side": (1, 2), "level": (0, 2)}
"""Planes in which a hand circles, as pairs of directions: seen from the front, from the side, from above."""
POINTS = ("head", "chest", "hip", "knee", "ankle", "othershoulder")
"""What the distance of a hand is measured to; paired joints are those of its own side, but for the other shoulder."""
ARM = 0.5
"""Length in metres of the arm of a standard body, rounded."""
SWING = 0.10
"""Metres that a hand must move back for a change of direction."""
GAP_SWING = 0.12
"""Metres that the distance between the hands must change back for a change of direction."""
MIN_AREA = 0.005
"""Square metres: well below this the direction of a circle is not defined."""
MIN_RADIUS = 0.05
"""Metres about the centre of a circle in which a path does not wind around it."""
FULL_CIRCLE = 12.6
"""Square of a circle's circumference, divided by its area: 4 pi, rounded."""
CLOSE = 0.2
"""Metres between hands that touch; wrists or palms are tracked, not fingers."""
HEIGHT_STEP, CLOSE_STEP = 0.05, 0.03
"""Metres over which a hand changes from below to above, and hands from apart to close (`share_above`)."""

HAND_NEEDS: Needs = {
    **needs("hand shoulder heading", "path speed peak std"),
    **needs(
        "hand shoulder heading",
        *(f"{axis}_{what}" for axis in AXES for what in OF_AXIS),
        "ext_max ext_med ext_range",
    ),
    **needs("hand head", "over_head over_head_share"),
    **needs("hand shoulder", "over_shoulder_share"),
    **needs("hand pelvis", "below_waist_share"),
    **needs("hand ankles", "low"),
    **{f"to_{point}_{what}": ("hand", point) for point in POINTS for what in ("min", "med")},
    **needs("hand shoulder heading", *(f"area_{plane} wind_{plane} circ_{plane}" for plane in PLANES)),
    **needs("shoulder elbow wrist", "elbow_min elbow_max elbow_med elbow_range"),
}  # fmt: skip
"""Measures of each hand, in order, and the joints of its side that they need."""

PAIR_NEEDS: Needs = {
    **needs("hands", "hands_min hands_med hands_max hands_close_share hands_rev"),
    **needs("hands heading", "hands_cross"),
    **needs("hands shoulders heading", "hcorr_out hcorr_up hcorr_fwd"),
}
"""Measures of both hands together."""


def hand_measures(motion: Motion) -> dict[str, Floats]:
    """The measures of `HAND_NEEDS`: name -> (N, 2) left, right."""
    arm = motion.arms
    return {
        **_movement(motion, arm),
        **_reach(arm),
        **_heights(motion, arm),
        **_distances(motion),
        **_circles(arm),
        **_elbows(motion),
    }


def _movement(motion: Motion, arm: Floats) -> dict[str, Floats]:
    """How much and how fast a hand moves, in all and per direction. Tells large from small, waving from lifting.

    path: metres travelled. speed: path per second. peak: high speed. std: spread. Per direction: range, max, min and
    med: where the hand is; net: from the start of the clip to its end; rev: changes of direction; share: of the
    spread; vmax, vmin: high speed that way and back.
    """
    path = length(np.diff(arm, axis=-1)).sum(-1)
    velocity = rates(arm, motion.gradient)
    speeds = np.concatenate([velocity, length(velocity)[..., None, :]], axis=2)
    slow, peak, fast = quantiles(speeds, 0.04, 0.95, 0.96)
    low, median, high = quantiles(arm, 0.04, 0.5, 0.96)
    start, end = ends(arm)
    offset = centred(arm)
    variance = (offset * offset).mean(-1)
    total = variance.sum(-1)
    directions = {
        "range": high - low,
        "max": high,
        "min": low,
        "net": end - start,
        "rev": swings(arm, SWING),
        "med": median,
        "share": variance / (total + np.float32(1e-4))[..., None],
        "vmax": fast[..., :3],
        "vmin": -slow[..., :3],
    }
    return {
        "path": path,
        "speed": path / np.maximum(motion.seconds, np.float32(0.1)),
        "peak": peak[..., 3],
        "std": np.sqrt(total),
        **{
            f"{axis}_{what}": values[..., i]
            for i, axis in enumerate(AXES)
            for what, values in directions.items()
        },
    }


def _reach(arm: Floats) -> dict[str, Floats]:
    """How far the arm is stretched, as a share of its length: 1 is straight. Tells pushing and pointing."""
    low, median, high = quantiles(length(arm) / np.float32(ARM), 0.05, 0.5, 0.95)
    return {"ext_max": high, "ext_med": median, "ext_range": high - low}


def _heights(motion: Motion, arm: Floats) -> dict[str, Floats]:
    """How high a hand is: highest over the head, lowest over the floor, and its share of the time at each height."""
    height = motion.sides("hand")[:, :, 1]
    over_head = height - motion.joint("head")[:, None, 1]
    (high,) = quantiles(over_head, 0.9)
    (low,) = quantiles(height - motion.floor[:, None], 0.05)
    return {
        "over_head": high,
        "over_head_share": share_above(over_head, HEIGHT_STEP),
        "over_shoulder_share": share_above(arm[..., 1, :], HEIGHT_STEP),
        "below_waist_share": share_above(motion.joint("pelvis")[:, None, 1] - height, HEIGHT_STEP),
        "low": low,
    }


def _distances(motion: Motion) -> dict[str, Floats]:
    """Smallest and median distance of a hand to parts of the body. Tells what it touches, or is held to."""
    hand = motion.sides("hand")
    points = {
        "head": motion.joint("head")[:, None],
        "chest": motion.joint("chest")[:, None],
        "hip": motion.sides("hip"),
        "knee": motion.sides("knee"),
        "ankle": motion.sides("ankle"),
        "othershoulder": motion.sides("shoulder")[:, ::-1],
    }
    distances = np.stack([length(hand - points[point]) for point in POINTS], axis=2)
    low, median = quantiles(distances, 0.05, 0.5)
    return {
        f"to_{point}_{what}": values[..., i]
        for i, point in enumerate(POINTS)
        for what, values in (("min", low), ("med", median))
    }


def _circles(arm: Floats) -> dict[str, Floats]:
    """How a hand circles in each plane, about its mean position. Tells circles from lines, and their direction.

    area: square metres swept, signed: positive in `front` from the right to upwards, in `side` from upwards to
    forward, in `level` from the right to forward. So in `front` and `level` a left hand that mirrors the right one has
    the opposite sign. wind: radians wound about the centre; 0 where the area is too small for a direction. circ: area
    as a share of that of a circle as long as the path.
    """
    offset = centred(arm)
    path = length(np.diff(arm, axis=-1)).sum(-1)
    out = {}
    for plane, axes in PLANES.items():
        swept, wound = _winding(offset[..., axes[0], :], offset[..., axes[1], :])
        size = np.abs(swept)
        out[f"area_{plane}"] = swept * OUTWARDS[:, 0] if axes[0] == 0 else swept
        out[f"wind_{plane}"] = np.abs(wound) * size / (size + np.float32(MIN_AREA))
        out[f"circ_{plane}"] = size / (path**2 / FULL_CIRCLE + np.float32(0.02))
    return out


def _winding(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Area swept and angle wound about 0 by straight lines between frames: (..., T), (..., T) -> (...), (...).

    The angle is seen from MIN_RADIUS above the centre, so that a line past it on one side winds little more than one
    on the other, not half a turn more: the integral of (x dy - y dx) / (x^2 + y^2 + MIN_RADIUS^2).
    """
    dx, dy = np.diff(x, axis=-1), np.diff(y, axis=-1)
    cross = x[..., :-1] * dy - y[..., :-1] * dx
    along = x[..., :-1] * x[..., 1:] + y[..., 1:] * y[..., :-1]
    radius = np.float32(MIN_RADIUS**2)
    over = np.sqrt(cross * cross + radius * (dx * dx + dy * dy) + np.float32(1e-12))
    wound = cross / over * np.arctan2(over, along + radius)
    return cross.sum(-1) / 2, wound.sum(-1)


def _elbows(motion: Motion) -> dict[str, Floats]:
    """The angle of the elbow: pi is straight. Tells bending the arm from swinging it."""
    elbow = motion.sides("elbow")
    bend = angle(motion.sides("shoulder") - elbow, motion.sides("wrist") - elbow)
    low, median, high = quantiles(bend, 0.05, 0.5, 0.95)
    return {"elbow_min": low, "elbow_max": high, "elbow_med": median, "elbow_range": high - low}


def pair_measures(motion: Motion) -> dict[str, Floats]:
    """The measures of `PAIR_NEEDS`: name -> (N,). Tells clapping, holding with both hands, crossed arms, alternation.

    hands_min, med, max: distance between the hands. hands_close_share: of the time that they touch. hands_rev: how
    often they approach and part. hands_cross: how far the left hand is to the right of the right one, at most; below
    0 if it never is. hcorr: correlation of the hands per direction; 1 together, -1 in turn.
    """
    hands = motion.sides("hand")
    gap = hands[:, 0] - hands[:, 1]
    distance = length(gap)
    low, median, high = quantiles(distance, 0.05, 0.5, 0.95)
    (cross,) = quantiles(motion.local(gap)[:, 0], 0.95)
    offset = centred(motion.arms)
    together = correlation(offset[:, 0], offset[:, 1])
    return {
        "hands_min": low,
        "hands_med": median,
        "hands_max": high,
        "hands_close_share": share_above(CLOSE - distance, CLOSE_STEP),
        "hands_rev": swings(distance, GAP_SWING),
        "hands_cross": cross,
        **{f"hcorr_{axis}": together[:, i] for i, axis in enumerate(AXES)},
    }
