"""Coordinates of an estimator, a body model or a motion file -> metres, y up, inferred from the body."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.skeleton import Layout

TORSO = 0.45
"""Metres from the pelvis to the middle of the shoulders of an adult, as a Kinect measures them."""
HEIGHT = 1.7
"""Metres from head to foot; used if no torso is visible."""
_UNITS = (("metres", 1.0), ("centimetres", 0.01), ("millimetres", 0.001), ("inches", 0.0254))
PLAUSIBLE = (0.2, 0.9)
"""Plausible length of a torso, metres."""

Floats = NDArray[np.float64]


def flat_to_metres(pixels: Floats, layout: Layout) -> tuple[Floats, tuple[str, ...]]:
    """Points of an image as points in front of a camera without depth.

    One factor for the whole recording makes the median torso `TORSO` long; the median of all points becomes the
    origin; x is flipped (to the camera's left, as in a Kinect's frame), y points up; z is 0.

    Args:
        pixels: (frames, bodies, joints, 2), x to the right and y down, NaN where absent.
        layout: of the joints.

    Returns:
        (frames, bodies, joints, 3), and problems: what was assumed.
    """
    problems: tuple[str, ...] = ()
    torso = torso_length(pixels, layout)
    factor = TORSO / torso if torso > 0 else np.nan
    if not np.isfinite(factor):
        extent = _median(np.ptp(_filled(pixels), axis=2).max(axis=-1))
        factor = HEIGHT / extent if extent > 0 else 1.0
        problems = ("no torso visible, size guessed",)
    present = np.isfinite(pixels).all(axis=-1)
    middle = np.median(pixels[present], axis=0) if present.any() else np.zeros(2)
    out = np.zeros((*pixels.shape[:-1], 3))
    out[..., :2] = (middle - pixels) * factor
    out[~present] = np.nan
    return out, problems


def upright_to_metres(
    positions: Floats, layout: Layout, *, up: str | None = None, scale: float | None = None
) -> tuple[Floats, tuple[str, ...]]:
    """Rotate a recording so that y is up, and scale it to metres.

    Args:
        positions: (frames, bodies, joints, 3), NaN where absent, any unit, right-handed axes.
        layout: of the joints.
        up: the axis that points up (``"y"``, ``"-y"``, ``"z"``, ...), if the file has it; else the axis along which
            the trunk points most of the time.
        scale: metres per unit, if the file has it; else the unit in which the torso has a plausible length.

    Returns:
        positions in metres, y up, and problems: what was inferred.
    """
    problems: list[str] = []
    if up is None:
        up = up_axis(positions, layout)
        if up != "y":
            problems.append(f"up axis inferred: {up}")
    positions = rotated_up(positions, up)
    torso = torso_length(positions, layout)
    if scale is None and torso > 0:
        low, high = PLAUSIBLE
        plausible = [(name, unit) for name, unit in _UNITS if low <= torso * unit <= high]
        name, scale = plausible[0] if plausible else (f"units of {TORSO / torso:.3g} m", TORSO / torso)
        if name != "metres":
            problems.append(f"unit inferred: {name}")
    return positions * (scale or 1.0), tuple(problems)


def rotated_up(positions: Floats, up: str) -> Floats:
    """Rotate (never mirror) so that the axis `up` becomes y."""
    x, y, z = (positions[..., axis] for axis in range(3))
    axes = {
        "y": (x, y, z), "-y": (-x, -y, z), "z": (x, z, -y), "-z": (x, -z, y), "x": (-y, x, z), "-x": (y, -x, z),
    }  # fmt: skip
    return np.stack(axes[up], axis=-1)


def torso_length(positions: Floats, layout: Layout) -> float:
    """Median distance of the middle of the hips from that of the shoulders; NaN if never present together."""
    return _median(np.linalg.norm(_trunk(positions, layout), axis=-1))


def _trunk(positions: Floats, layout: Layout) -> Floats:
    """(..., 2 or 3) from the middle of the hips to the middle of the shoulders."""

    def middle(joint: str) -> Floats:
        sides = [positions[..., layout.index(f"{joint}_{side}"), :] for side in ("left", "right")]
        return (sides[0] + sides[1]) / 2

    return middle("shoulder") - middle("hip")


def up_axis(positions: Floats, layout: Layout) -> str:
    """The axis along which the trunk points most of the time (``"y"``, ``"-z"``); y if in doubt."""
    trunk = _trunk(positions, layout).reshape(-1, 3)
    trunk = trunk[np.isfinite(trunk).all(axis=-1)]
    if not len(trunk):
        return "y"
    direction = np.median(trunk, axis=0)
    axis = int(np.abs(direction).argmax())
    # Only if beyond doubt: the person may bend or lie.
    if (axis == 1 and direction[1] > 0) or np.abs(direction[axis]) < 0.8 * np.linalg.norm(direction):
        return "y"
    return ("-" if direction[axis] < 0 else "") + "xyz"[axis]


def _median(values: Floats) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else float("nan")


def _filled(points: Floats) -> Floats:
    """Absent points moved to the mean of the present ones, so that they do not change the extent."""
    present = np.isfinite(points).all(axis=-1, keepdims=True)
    count = np.maximum(present.sum(axis=2, keepdims=True), 1)
    mean = np.where(present, points, 0).sum(axis=2, keepdims=True) / count
    return np.where(present, points, mean)
