"""Coordinates of pictures: shares of the image or pixels, and a z that is no depth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import Undecided
from pgfa.read.interpret.arrays import PIXELS, has_scores, may_be_scores
from pgfa.read.interpret.axis_extents import is_thin
from pgfa.read.interpret.body import thinned
from pgfa.read.interpret.decision import Decision
from pgfa.read.interpret.scales import extent_of_axes, scaled
from pgfa.read.interpret.upright import MOSTLY, is_adult, standing, unit_of
from pgfa.read.interpret.vectors import any_of, are_finite, norms
from pgfa.skeleton import MEDIAPIPE33, Layout

IN_PICTURE, MOST_PIXELS = 0.99, 8000.0
"""Share of the joints in a picture, and its largest side, if x and y are pixels."""
MILLIMETRES = (400.0, 12_000.0)
"""Median distance of a body from a depth camera."""
THIN_DEPTH = "it hardly varies within a body"
"""Why a z is dropped that extends over next to nothing."""

Floats = NDArray[np.float64]


def check_columns(file: str, points: Floats, columns: str, layout: Layout, *, deep: bool = False) -> None:
    """Raise Undecided if the third column beside pixels may be scores, though it was not declared as z; BadFile if all
    columns were scaled to one range each, so that a coordinate may look like a score.

    Args:
        file: for the error.
        points: (frames, bodies, joints, 3 or 4).
        columns: as they are read so far.
        layout: of the joints.
        deep: whether something else says that the points are in space.
    """
    if columns == "xys" and (extent := extent_of_axes(points)):
        raise scaled(file, f"every axis {extent}")
    if deep:
        return
    if columns == "xyz" and may_be_scores(points, layout) and not _is_relative_depth(points, layout):
        actual = "a third column beside pixels, perhaps scores: from 0 to 100 or 255, or hardly varying within a body"
        raise Undecided(file, quantity="axes", found=actual, options=("xys", "xyz", "xy-"))
    if columns == "xyzs" and layout is not MEDIAPIPE33 and has_scores(points[..., :3]):
        actual = "four columns beside pixels, of which the third and the fourth may be scores"
        raise Undecided(file, quantity="axes", found=actual, options=("xys-", "xy-s", "xyzs"))


def picture_columns(shares: Mapping[str, float], columns: str) -> Undecided:
    """The question whether a picture is x, y or y, x, where the trunk does not stand most of the time.

    Args:
        shares: as `standing` gives them.
        columns: their order so far.
    """
    sideways = max(shares.get("x", 0), shares.get("-x", 0))
    swapped = columns.replace("x", "?").replace("y", "x").replace("?", "y")
    return Undecided(
        "",
        quantity="axes",
        found=f"a trunk along the first column in {sideways:.0%} of the frames, and seldom along the second: columns "
        "y, x, or somebody who does not stand",
        options=(swapped, columns, "xyz") if len(columns) == 3 else (swapped, columns),
    )


def _is_relative_depth(points: Floats, layout: Layout) -> bool:
    """Whether a third column is MediaPipe's z of landmarks of an image: half-way between the hips it is always 0."""
    if layout is not MEDIAPIPE33:
        return False
    seen = are_finite(points[..., :3]) & any_of(points[..., :2] != 0)
    z = np.where(seen, points[..., 2], np.nan)
    hips = (z[..., layout.index("hip_left")] + z[..., layout.index("hip_right")]) / 2
    hips, spread = hips[np.isfinite(hips)], float(np.nanstd(z)) if seen.any() else 0.0
    return bool(len(hips) and spread > 0 and np.median(np.abs(hips)) < 0.05 * spread)


def rough_depth(points: Floats, layout: Layout) -> Decision | None:
    """Whether z is a depth, if that is a question: it hardly varies, or is that of landmarks of an image, and rough.

    MediaPipe's world landmarks have the hips at the origin. In landmarks of an image x and y are shares of its width
    and height, or pixels, and only the depth of the hips is 0. A body elsewhere was moved, and keeps its depth.

    Args:
        points: (frames, bodies, joints, 3), NaN where absent.
        layout: of the joints.
    """
    bodies = thinned(points)
    if is_thin(bodies):
        return Decision("depth", "dropped", "established", THIN_DEPTH)
    if layout is not MEDIAPIPE33:
        return None
    if standing(bodies, layout).get("y", 0) >= MOSTLY and is_adult(bodies, layout):
        return Decision("depth", "kept", "established", "a body with y up, of the size of an adult in metres")
    hips = points[..., [layout.index("hip_left"), layout.index("hip_right")], :].mean(axis=-2)
    hips = hips[are_finite(hips)]
    if not len(hips) or np.median(norms(hips[:, :2])) <= 0.1:
        return None
    finite = points[are_finite(points)]
    in_image = np.mean((finite[:, :2] > -0.5) & (finite[:, :2] < 1.5)) > 0.95
    depth_of_hips = float(np.median(np.abs(hips[:, 2])))
    # In pixels z is in pixels too.
    at_hips = depth_of_hips < (0.05 if in_image else 0.05 * float(np.median(_heights(bodies))))
    pixels = np.ptp(finite[:, :2]) > PIXELS and np.median(norms(hips[:, :2])) > PIXELS
    if at_hips and (in_image or pixels):
        return Decision("depth", "dropped", "established", "landmarks of an image")
    return Decision("depth", "kept", "established", "the hips move as a body does")


def check_depth(file: str, points: Floats, layout: Layout) -> None:
    """Raise Undecided if x and y are pixels and z a depth camera's millimetres, so that lengths cannot be compared.

    Args:
        file: for the error.
        points: (frames, bodies, joints, 3), NaN where absent, of no known unit.
        layout: of the joints.
    """
    finite = points[are_finite(points)]
    if not len(finite) or np.ptp(finite[:, :2], axis=0).min() <= PIXELS:
        return
    inside = (finite >= 0).mean(axis=0).min() >= IN_PICTURE and finite[:, :2].max() <= MOST_PIXELS
    away = MILLIMETRES[0] <= np.median(finite[:, 2]) <= MILLIMETRES[1]
    if inside and away and unit_of(thinned(points), layout)[1].basis == "assumed":
        actual = "x and y as of pixels, and z as of a depth in millimetres: save points in space of one unit, or read "
        raise Undecided(file, quantity="depth", found=actual + "them without depth (--no-depth)")


def _heights(bodies: Floats) -> Floats:
    """How far each of (bodies, joints, 3) extends along y."""
    y = bodies[np.isfinite(bodies).any(axis=(1, 2)), :, 1]
    heights: Floats = np.nanmax(y, axis=1) - np.nanmin(y, axis=1)
    return heights if len(heights) else np.ones(1)


def is_normalised(points: Floats) -> bool:
    """Whether x and y are from 0 to 1 of the image (a body may extend a little beyond the image)."""
    finite = points[np.isfinite(points)]
    return bool(len(finite) and np.abs(finite).max() <= 4)


def are_shares(points: Floats) -> bool:
    """Whether x and y are shares of an image's width and height: from 0 to 1, but for what extends beyond the image."""
    finite = points[np.isfinite(points)]
    if not len(finite):
        return False
    inside = ((finite > -0.5) & (finite < 1.5)).mean() > 0.95
    return bool(inside and (finite < 0).mean() < 0.1 and np.median(finite) < 1)


def in_pixels(points: Floats) -> bool:
    """Whether a body extends over many pixels."""
    finite = points[np.isfinite(points)]
    return bool(len(finite) and np.ptp(finite) > PIXELS)
