"""Coordinates of an estimator, a body model or a motion file -> metres, y up, inferred from the body."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.interpret.body import fit_of, thinned
from pgfa.read.interpret.decision import Decision
from pgfa.read.interpret.plausible import notes_on_picture
from pgfa.read.interpret.upright import (
    LOOKS_MIRRORED,
    MAX_COST,
    PLAUSIBLE,
    TORSO,
    rotated_up,
    trunk_of,
    upright,
)
from pgfa.read.interpret.vectors import are_finite, median_of, norms
from pgfa.read.stated import NOTHING, Stated
from pgfa.skeleton import NO_DEPTH, Layout

__all__ = [
    "LOOKS_MIRRORED",
    "PLAUSIBLE",
    "TORSO",
    "flat_to_metres",
    "plane_to_metres",
    "rotated_up",
    "torso_length",
    "upright_to_metres",
]

HEIGHT = 1.7
"""Metres from head to foot; used if no torso is visible."""

Floats = NDArray[np.float64]


def flat_to_metres(
    pixels: Floats, layout: Layout, *, up: str = "-y", mirrored: bool = False
) -> tuple[Floats, tuple[str, ...]]:
    """Points of an image as points in front of a camera without depth.

    One factor for the whole recording makes the median torso `TORSO` long; the median of all points becomes the
    origin; x is flipped (to the camera's left, as in a Kinect's frame), y points up; z is 0.

    Args:
        pixels: (frames, bodies, joints, 2), x to the right and y down, NaN where absent.
        layout: of the joints.
        up: the axis that points up: -y, y, x or -x; pictures are turned, and x and y change places if they have to.
        mirrored: whether the picture is mirrored.

    Returns:
        (frames, bodies, joints, 3), and problems: what was assumed.
    """
    problems: tuple[str, ...] = ()
    pixels = _upright_picture(pixels, up)
    if mirrored:
        pixels = pixels * [-1, 1]
    torso = torso_length(pixels, layout)
    factor = TORSO / torso if torso > 0 else np.nan
    if not np.isfinite(factor):
        extent = _median(np.ptp(_filled(pixels), axis=2).max(axis=-1))
        factor = HEIGHT / extent if extent > 0 else 1.0
        problems = ("no torso visible, size guessed",)
    present = are_finite(pixels)
    middle = median_of(pixels[present], axis=0) if present.any() else np.zeros(2)
    out = np.zeros((*pixels.shape[:-1], 3))
    out[..., :2] = (middle - pixels) * factor
    out[~present] = np.nan
    return out, problems


def plane_to_metres(file: str, points: Floats, layout: Layout) -> tuple[Floats, tuple[str, ...]]:
    """Points in space of which z is constant, x to the right, as those of a picture; the trunk tells whether y is up.

    Args:
        file: for the error.
        points: (frames, bodies, joints, 3), NaN where absent.
        layout: of the joints.

    Returns:
        (frames, bodies, joints, 3), and problems: that there is no depth, and what was assumed.

    Raises:
        BadFile: x and y show no body.
    """
    fit = fit_of(thinned(points[..., :2]), layout)
    if np.isfinite(fit.cost) and fit.cost > MAX_COST:
        expected = "coordinates along z too, or a body in x and y alone"
        raise BadFile(file, where="z", expected=expected, found=f"the same z everywhere, and {fit.worst}")
    trunk = trunk_of(points, layout)[..., 1]
    is_up = bool(np.median(trunk[np.isfinite(trunk)] > 0) > 0.5) if np.isfinite(trunk).any() else False
    positions, notes = flat_to_metres(points[..., :2], layout, up="y" if is_up else "-y")
    doubts = notes_on_picture(points[..., :2], layout)
    return positions, (NO_DEPTH, f"z is constant: a picture, y {'up' if is_up else 'down'}", *notes, *doubts)


def upright_to_metres(
    positions: Floats,
    layout: Layout,
    *,
    up: str | None = None,
    scale: float | None = None,
    mirrored: bool | None = False,
    custom: str | None = None,
    right_handed: bool = False,
    fronts: Floats | None = None,
    decided: Sequence[Decision] = (),
    stated: Stated = NOTHING,
) -> tuple[Floats, tuple[str, ...]]:
    """Turn a recording so that y is up, and scale it to metres.

    Args:
        positions: (frames, bodies, joints, 3), NaN where absent, any unit.
        layout: of the joints.
        up: the axis that points up (``"y"``, ``"-y"``, ``"z"``, ...), if the file has it; else y, z or -y, along which
            the trunk stands most of the time.
        scale: metres per unit, if the file has it; else the unit in which the body has a plausible stature.
        mirrored: whether the axes are left-handed, as the file or its format says; None to find out.
        custom: the axis that points up by the custom of such files, also where the trunk stands along another.
        right_handed, fronts: as in `upright`, where `mirrored` is None.
        decided: what `up`, `scale` and `mirrored` are based on, where that is not the file's declaration.
        stated: what the user states (`FileRef.stated`).

    Returns:
        positions in metres, y up, right-handed; problems, and among them the decisions, which `assemble` takes out.

    Raises:
        Undecided: the body does not settle what is neither stated nor declared.
    """
    accepted = ("y", "z", "-y") if custom is None else ()
    result = upright(
        positions,
        layout,
        up=up,
        scale=scale,
        mirrored=mirrored,
        stated=stated,
        accepted=accepted,
        custom=custom,
        right_handed=right_handed,
        fronts=fronts,
    )
    reasons = {decision.quantity: decision for decision in decided}
    decisions = [
        reasons.get(decision.quantity, decision) if decision.basis == "declared" else decision
        for decision in result.decisions
    ]
    return result.positions, (*result.problems, *decisions)


def _upright_picture(pixels: Floats, up: str) -> Floats:
    """(..., 2) turned so that the axis `up` becomes -y. Pictures have no z: one that is up in space is y or x here."""
    if up not in ("y", "-x", "x"):
        return pixels
    x, y = pixels[..., 0], pixels[..., 1]
    # y up is a picture drawn upwards: turned over, not round. x and y in the other order: their places change.
    axes = {"y": (x, -y), "-x": (y, x), "x": (y, -x)}
    return np.stack(axes[up], axis=-1)


def torso_length(positions: Floats, layout: Layout) -> float:
    """Median distance of the middle of the hips from that of the shoulders; NaN if never present together."""
    return _median(norms(trunk_of(positions, layout)))


def _median(values: Floats) -> float:
    finite = values[np.isfinite(values)]
    return float(median_of(finite)) if len(finite) else float("nan")


def _filled(points: Floats) -> Floats:
    """Absent points moved to the mean of the present ones, so that they do not change the extent."""
    present = are_finite(points)[..., None]
    count = np.maximum(present.sum(axis=2, keepdims=True), 1)
    mean = np.where(present, points, 0).sum(axis=2, keepdims=True) / count
    return np.where(present, points, mean)
