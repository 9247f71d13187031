"""From the numbers of an estimator, a body model or a motion file to metres, y up, by the body itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.skeleton import Layout

TORSO = 0.45
"""Metres from the pelvis to between the shoulders of a grown person, as a Kinect sees them."""
HEIGHT = 1.7
"""Metres from head to foot; used where no torso was seen."""
_UNITS = (("metres", 1.0), ("centimetres", 0.01), ("millimetres", 0.001), ("inches", 0.0254))
PLAUSIBLE = (0.2, 0.9)
"""Metres that a torso may be long."""

Floats = NDArray[np.float64]


def flat_in_metres(pixels: Floats, layout: Layout) -> tuple[Floats, tuple[str, ...]]:
    """Points of a picture as points in front of a camera without depth.

    One factor for the whole recording makes the median torso `TORSO` long; the middle of all points becomes the
    origin; x is turned round (to the camera's left, as in a Kinect's frame) and y up; z is 0.

    Args:
        pixels: (frames, bodies, joints, 2), x to the right and y down, NaN where absent.
        layout: of the joints.

    Returns:
        (frames, bodies, joints, 3), and what had to be guessed.
    """
    problems: tuple[str, ...] = ()
    torso = torso_length(pixels, layout)
    factor = TORSO / torso if torso > 0 else np.nan
    if not np.isfinite(factor):
        extent = _median(np.ptp(_filled(pixels), axis=2).max(axis=-1))
        factor = HEIGHT / extent if extent > 0 else 1.0
        problems = ("no torso seen: size guessed from what was",)
    known = np.isfinite(pixels).all(axis=-1)
    middle = np.median(pixels[known], axis=0) if known.any() else np.zeros(2)
    out = np.zeros((*pixels.shape[:-1], 3))
    out[..., :2] = (middle - pixels) * factor
    out[~known] = np.nan
    return out, problems


def upright_in_metres(
    positions: Floats, layout: Layout, *, up: str | None = None, scale: float | None = None
) -> tuple[Floats, tuple[str, ...]]:
    """Turn a recording so that y is up and give it metres.

    Args:
        positions: (frames, bodies, joints, 3), NaN where absent, any unit, right-handed axes.
        layout: of the joints.
        up: the axis that is up (``"y"``, ``"-y"``, ``"z"``, ...), where the file says it; else the axis along
            which the trunk lies most of the time.
        scale: metres in a unit, where the file says it; else the unit in which the torso is that of a person.

    Returns:
        positions in metres, y up, and what was found out rather than told.
    """
    problems: list[str] = []
    if up is None:
        up = upwards(positions, layout)
        if up != "y":
            problems.append(f"{up} was up: turned")
    positions = turned_up(positions, up)
    torso = torso_length(positions, layout)
    if scale is None and torso > 0:
        low, high = PLAUSIBLE
        fits = [(name, unit) for name, unit in _UNITS if low <= torso * unit <= high]
        name, scale = fits[0] if fits else (f"units of {TORSO / torso:.3g} m", TORSO / torso)
        if name != "metres":
            problems.append(f"lengths taken for {name}")
    return positions * (scale or 1.0), tuple(problems)


def turned_up(positions: Floats, up: str) -> Floats:
    """Turn (never mirror) so that the axis `up` becomes y."""
    x, y, z = (positions[..., axis] for axis in range(3))
    ways = {
        "y": (x, y, z), "-y": (-x, -y, z), "z": (x, z, -y), "-z": (x, -z, y), "x": (-y, x, z), "-x": (y, -x, z),
    }  # fmt: skip
    return np.stack(ways[up], axis=-1)


def torso_length(positions: Floats, layout: Layout) -> float:
    """Median way from between the hips to between the shoulders; NaN where they are never seen together."""
    return _median(np.linalg.norm(_trunk(positions, layout), axis=-1))


def _trunk(positions: Floats, layout: Layout) -> Floats:
    """(..., 2 or 3) from between the hips to between the shoulders."""

    def between(joint: str) -> Floats:
        sides = [positions[..., layout.index(f"{joint}_{side}"), :] for side in ("left", "right")]
        return (sides[0] + sides[1]) / 2

    return between("shoulder") - between("hip")


def upwards(positions: Floats, layout: Layout) -> str:
    """The axis along which the trunk lies most of the time (``"y"``, ``"-z"``); y where that is in doubt."""
    trunk = _trunk(positions, layout).reshape(-1, 3)
    trunk = trunk[np.isfinite(trunk).all(axis=-1)]
    if not len(trunk):
        return "y"
    way = np.median(trunk, axis=0)
    axis = int(np.abs(way).argmax())
    # Only where it is beyond doubt: somebody may bend or lie.
    if (axis == 1 and way[1] > 0) or np.abs(way[axis]) < 0.8 * np.linalg.norm(way):
        return "y"
    return ("-" if way[axis] < 0 else "") + "xyz"[axis]


def _median(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _filled(points: Floats) -> Floats:
    """Absent points at the mean of what the body has, so that they do not count in its extent."""
    known = np.isfinite(points).all(axis=-1, keepdims=True)
    mean = np.where(known, points, 0).sum(axis=2, keepdims=True) / np.maximum(
        known.sum(axis=2, keepdims=True), 1
    )
    return np.where(known, points, mean)
