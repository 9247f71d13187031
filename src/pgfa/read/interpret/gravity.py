"""Whether a body whose trunk points along z stands: its feet keep to one height, and it moves as a lying person cannot.

Standing with z up and lying with y up are the same numbers, as long as nothing but the body is looked at. Its place
and its way tell more. A body stands only if trunk and legs are in line with z in nearly all frames, its lowest foot
keeps to one height, and

- its hips move by a trunk along y, the axis that is up if it lies: somebody who lies does not rise and sink. Cameras
  with depth have y up, so a trunk along z is an exception in their layouts (`CAMERAS`): there the hips have to move
  along x as well, as those of somebody do who walks about;
- or, in other layouts, its feet are at z = 0, as on a floor, and parts of it far below y = 0: it does not lie on that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgfa.read.interpret.body import typical
from pgfa.read.interpret.vectors import are_finite, norms
from pgfa.skeleton import AZURE32, KINECT20, MEDIAPIPE33, NTU25, NUITRACK19, ZED34, ZED38, Layout

CAMERAS = (AZURE32, KINECT20, MEDIAPIPE33, NTU25, NUITRACK19, ZED34, ZED38)
LEAST_FRAMES = 20
NEARLY_ALL = 0.9
"""Share of frames with a trunk along z and hips above ankles."""
STANDS = 0.8
"""Cosine of trunk and axis from which the trunk stands along it (37 degrees)."""
LEGS = 1.2
"""Trunks that hips are above the lower ankle, at least, in the median: somebody who sits may have fallen over."""
LEVEL = 0.4
"""Trunks by which the height of the lowest foot may vary."""
TRAVEL = 1.0
"""Trunks that the hips move along an axis, at least."""
JUMP = 0.5
"""Trunks from frame to frame that are no movement: takes that were joined, or a person taken for another."""
ON_FLOOR = (-0.2, 0.4)
"""Height, in trunks, of the lowest foot of somebody who stands on a floor at 0: ankles, or toes."""
BELOW = 0.4
"""Trunks below 0 that no part of somebody is who lies on a floor at 0."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Stance:
    """What a standing body does, in trunks: its way along x and y, the height of its lowest foot, its least y."""

    along_x: float
    along_y: float
    floor: float
    least_y: float


def standing_evidence(points: Floats, layout: Layout) -> str:
    """Why the bodies stand with z up, in plain words; "" if that is not beyond doubt.

    Args:
        points: (frames, bodies, joints, 3), NaN where absent, any unit.
        layout: of the joints.
    """
    bodies = [points[:, body] for body in range(points.shape[1])]
    stances = [_stance(body, layout) for body in bodies if are_finite(body).any()]
    if not stances:
        return ""
    reasons = []
    for stance in stances:
        if stance is None:
            return ""
        if min(stance.along_x, stance.along_y) >= TRAVEL:
            lengths = f"{stance.along_x:.1f} trunks along x and {stance.along_y:.1f} along y"
            reasons.append(f"the feet keep to one height while the body moves {lengths}")
        elif layout not in CAMERAS and stance.along_y >= TRAVEL:
            reasons.append(
                f"the feet keep to one height while the body moves {stance.along_y:.1f} trunks along y"
            )
        elif (
            layout not in CAMERAS and ON_FLOOR[0] <= stance.floor <= ON_FLOOR[1] and stance.least_y <= -BELOW
        ):
            reasons.append("the feet are on a floor at z = 0, and the body reaches far below y = 0")
    return reasons[0] if reasons else ""


def _stance(body: Floats, layout: Layout) -> _Stance | None:
    """What a body (frames, joints, 3) does if it stands on its feet with z up; None if it does not."""
    tracks = {name: body[:, index] for index, name in enumerate(layout.joints[: body.shape[1]])}
    hips, shoulders = (
        (tracks[f"{joint}_left"] + tracks[f"{joint}_right"]) / 2 for joint in ("hip", "shoulder")
    )
    feet = np.stack(
        [tracks[name][:, 2] for joint in ("ankle", "foot", "toe") for side in ("left", "right")
         if (name := f"{joint}_{side}") in tracks]
    )  # fmt: skip
    visible = are_finite(hips + shoulders) & np.isfinite(feet).all(axis=0)
    if visible.sum() < LEAST_FRAMES:
        return None
    hips, trunk, feet = hips[visible], (shoulders - hips)[visible], feet[:, visible]
    length = norms(trunk)
    unit = typical(length)
    if not unit > 0:
        return None
    upright = (trunk[:, 2] >= STANDS * length) & (hips[:, 2] > feet[:2].max(axis=0))
    low, middle, high = np.percentile(feet.min(axis=0), (5, 50, 95)) / unit
    legs = float(np.median(hips[:, 2] - feet[:2].min(axis=0))) / unit
    if upright.mean() < NEARLY_ALL or high - low > LEVEL or legs < LEGS:
        return None
    steps = np.diff(hips[:, :2], axis=0) / unit
    steps[norms(steps) > JUMP] = 0
    along_x, along_y = np.ptp(np.cumsum(steps, axis=0), axis=0).tolist()
    depths = body[visible][..., 1]
    return _Stance(
        along_x, along_y, float(middle), float(np.percentile(depths[np.isfinite(depths)], 2)) / unit
    )
