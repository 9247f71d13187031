"""Measures of the whole body's path and of the trunk: turning, height, jumps, travel, lean, head.

Metres of a standard body, seconds, radians; to the right and to the left as the body sees it.
"""

from __future__ import annotations

import numpy as np

from pgfa.words.motion import Motion
from pgfa.words.needs import Needs, needs
from pgfa.words.series import Floats, ends, length, quantiles, share_above, smooth, swings, wrapped

OFF_THE_FLOOR = 0.12
"""Height in metres over the floor of the lower ankle from which both feet are in the air."""
AIR_STEP = 0.03
"""Metres over which feet change from on the floor to in the air (`share_above`)."""
TRAVEL_FRAMES = 7
"""Frames over which the pelvis is averaged before its path is measured: sway is not travel."""
LEAN_SWING = 0.12
"""Radians that the trunk must lean back for a change of direction."""
HEAD_SWING = 0.03
"""Metres that the head must move back for a change of direction."""

TRUNK_NEEDS: Needs = {
    **needs("heading", "turn_net turn_abs turn_range turn_net_abs"),
    **needs(
        "pelvis ankles",
        "pelvis_h_med pelvis_h_min pelvis_h_max pelvis_h_start pelvis_h_end pelvis_h_net pelvis_h_range",
    ),
    **needs("pelvis", "pelvis_up_speed pelvis_down_speed"),
    **needs("ankles", "feet_off feet_off_share"),
    **needs("pelvis", "travel_path travel_net travel_speed travel_speed_max travel_radius"),
    **needs("pelvis heading", "travel_fwd travel_right travel_side_abs travel_fwd_speed"),
    **needs("pelvis chest", "trunk_inc_med trunk_inc_max trunk_inc_start trunk_inc_end trunk_inc_range"),
    **needs("pelvis chest heading", "lean_fwd_max lean_back_max lean_right_max lean_left_max trunk_rev"),
    **needs("shoulders hips", "twist_range"),
    **needs("head chest heading", "head_fwd_range head_side_range head_fwd_max head_rev"),
}
"""Measures of the body's path, the trunk and the head, in order, and the joints that they need."""


def trunk_measures(motion: Motion) -> dict[str, Floats]:
    """The measures of `TRUNK_NEEDS`: name -> (N,).

    trunk_rev: how often the trunk turns around, leaning forward or back. head_rev: how often the head does, forward or
    back or to a side. Tells repeated bows and nods from single ones.
    """
    trunk = motion.local(motion.joint("chest") - motion.joint("pelvis"))
    lean = np.arctan2(trunk[:, ::2], np.maximum(trunk[:, 1:2], np.float32(0.02)))
    head = motion.local(motion.joint("head") - motion.joint("chest"))[:, ::2]
    turns = swings(np.concatenate([lean[:, 1:], head], axis=1), [LEAN_SWING, HEAD_SWING, HEAD_SWING])
    return {
        **_turning(motion),
        **_height(motion),
        **_travel(motion),
        **_lean(trunk, lean),
        **_head(head),
        "trunk_rev": turns[:, 0],
        "head_rev": turns[:, 1] + turns[:, 2],
    }


def _turning(motion: Motion) -> dict[str, Floats]:
    """How the body turns about the vertical, in radians. Tells turning left and right, spinning, looking around.

    turn_net: from start to end, positive to the right. turn_abs: path. turn_range: from one extreme to the other.
    twist_range: of the shoulders over the hips.
    """
    heading = np.arctan2(motion.right[:, 1], motion.right[:, 0])
    steps = wrapped(np.diff(heading, axis=-1))
    turned = np.concatenate([np.zeros_like(heading[:, :1]), np.cumsum(steps, axis=-1)], axis=-1)
    start, end = ends(turned, 3)
    net = end - start
    shoulders, hips = (
        motion.sides(name)[:, 1, ::2] - motion.sides(name)[:, 0, ::2] for name in ("shoulder", "hip")
    )
    cross = shoulders[:, 1] * hips[:, 0] - shoulders[:, 0] * hips[:, 1]
    along = shoulders[:, 0] * hips[:, 0] + shoulders[:, 1] * hips[:, 1]
    series = np.stack([turned, np.arctan2(cross, along)], axis=1)
    least, low, high, most = quantiles(series, 0.02, 0.05, 0.95, 0.98)
    return {
        "turn_net": net,
        "turn_abs": np.abs(steps).sum(-1),
        "turn_range": (most - least)[:, 0],
        "turn_net_abs": np.abs(net),
        "twist_range": (high - low)[:, 1],
    }


def _height(motion: Motion) -> dict[str, Floats]:
    """How high the body is. Tells standing, sitting, kneeling, lying, the ways between them, and jumps.

    pelvis_h: height of the pelvis over the ankles on the floor, 0.8 standing. pelvis_up_speed, down_speed: high
    vertical speeds. feet_off: height of the lower ankle over the floor, at most; feet_off_share: of the time in the
    air.
    """
    pelvis = motion.joint("pelvis")[:, 1]
    height = pelvis - motion.floor
    lower_ankle = motion.sides("ankle")[:, :, 1].min(1) - motion.floor
    low, median, high = quantiles(height, 0.03, 0.5, 0.97)
    fall, rise = quantiles(np.diff(pelvis, axis=-1) / motion.interval, 0.03, 0.97)
    (lifted,) = quantiles(lower_ankle, 0.95)
    start, end = ends(height)
    return {
        "pelvis_h_med": median,
        "pelvis_h_min": low,
        "pelvis_h_max": high,
        "pelvis_h_start": start,
        "pelvis_h_end": end,
        "pelvis_h_net": end - start,
        "pelvis_h_range": high - low,
        "pelvis_up_speed": rise,
        "pelvis_down_speed": -fall,
        "feet_off": lifted,
        "feet_off_share": share_above(lower_ankle - np.float32(OFF_THE_FLOOR), AIR_STEP),
    }


def _travel(motion: Motion) -> dict[str, Floats]:
    """How the body moves over the floor. Tells walking and running from staying, and forwards from sideways.

    travel_path, net: metres along the path and from start to end. travel_speed, speed_max: per second. travel_radius:
    large distance from the mean position. travel_fwd, right: metres in the body's own directions, side_abs to
    either side; in these the last step counts twice, so that each frame has a step.
    """
    pelvis = smooth(motion.joint("pelvis"), TRAVEL_FRAMES)
    level = pelvis[:, ::2]
    step = np.diff(pelvis, axis=-1)
    pace = length(step[:, ::2])
    path = pace.sum(-1)
    (fast,) = quantiles(pace / motion.interval, 0.9)
    (radius,) = quantiles(length(level - level.mean(-1, keepdims=True)), 0.98)
    seconds = np.maximum(motion.seconds[:, 0], np.float32(0.1))
    steps = motion.local(np.concatenate([step, step[..., -1:]], axis=-1))
    forward = steps[:, 2].sum(-1)
    return {
        "travel_path": path,
        "travel_net": np.hypot(*(level[..., -1] - level[..., 0]).T),
        "travel_speed": path / seconds,
        "travel_speed_max": fast,
        "travel_radius": radius,
        "travel_fwd": forward,
        "travel_right": steps[:, 0].sum(-1),
        "travel_side_abs": np.abs(steps[:, 0]).sum(-1),
        "travel_fwd_speed": forward / seconds,
    }


def _lean(trunk: Floats, lean: Floats) -> dict[str, Floats]:
    """How the trunk, from pelvis to chest, leans, in radians. Tells bending, bowing and lying.

    trunk_inc: from the vertical, in any direction. lean_fwd, back, right, left: that way, at most.

    Args:
        trunk: (N, 3, T) chest from pelvis, as seen by the body.
        lean: (N, 2, T) its angles to the right and forward.
    """
    incline = np.arccos(np.clip(trunk[:, 1] / np.maximum(length(trunk), np.float32(1e-3)), -1, 1))
    series = np.concatenate([incline[:, None], lean], axis=1)
    low, median, high = quantiles(series, 0.05, 0.5, 0.95)
    start, end = ends(incline)
    return {
        "trunk_inc_med": median[:, 0],
        "trunk_inc_max": high[:, 0],
        "trunk_inc_start": start,
        "trunk_inc_end": end,
        "trunk_inc_range": high[:, 0] - low[:, 0],
        "lean_fwd_max": high[:, 2],
        "lean_back_max": -low[:, 2],
        "lean_right_max": high[:, 1],
        "lean_left_max": -low[:, 1],
    }


def _head(head: Floats) -> dict[str, Floats]:
    """How the head moves about the chest: (N, 2, T) to the right and forward, in metres.

    Tells nodding and tilting; which way the head looks is not measured.
    """
    low, high = quantiles(head, 0.05, 0.95)
    return {
        "head_fwd_range": high[:, 1] - low[:, 1],
        "head_side_range": high[:, 0] - low[:, 0],
        "head_fwd_max": high[:, 1],
    }
