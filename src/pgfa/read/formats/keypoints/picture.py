"""Keypoints without depth: the size of the picture, which way is up in it, and metres by an adult's trunk."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.read.formats.keypoints.info import KeypointInfo
from pgfa.read.interpret.body import fit_of, thinned
from pgfa.read.interpret.decision import Decision
from pgfa.read.interpret.pictures import are_shares, in_pixels, is_normalised, picture_columns
from pgfa.read.interpret.plausible import notes_on_picture
from pgfa.read.interpret.upright import MAX_COST, MOSTLY, standing
from pgfa.read.parsing.units import flat_to_metres
from pgfa.read.source import FileRef
from pgfa.skeleton import NO_DEPTH, Layout

SIZE_OPTION = "--image-size 1920x1080"

Floats = NDArray[np.float64]


def from_picture(
    ref: FileRef, points: Floats, layout: Layout, info: KeypointInfo, columns: str, *, named: bool
) -> tuple[Floats, list[str]]:
    """Points of a picture as points before a camera, y up, with decisions and notes. Raises Undecided.

    Args:
        ref: the file.
        points: (frames, bodies, joints, 2), NaN where absent.
        layout: of the joints.
        info: what else the file holds.
        columns: as they are read.
        named: whether the file gives x and y by name.
    """
    stated = ref.stated
    notes: list[str] = [NO_DEPTH]
    size = stated.pixels or info.size
    if size is None and is_normalised(points):
        notes.append(f"image size missing, assumed square (to state it: {SIZE_OPTION})")
    elif size is not None and are_shares(points):
        points = points * np.array(size)
        notes += [Decision("picture", f"{size[0]:g}x{size[1]:g}", "stated")] if stated.pixels else []
    elif size is not None and (stated.pixels or not in_pixels(points)):
        what = "pixels" if in_pixels(points) else "neither from 0 to 1 nor pixels"
        notes.append(f"image size not used: coordinates are {what}")
    bodies = thinned(points)
    up, decision = "-y", Decision("up", "-y", "custom", "pictures count y downwards")
    if (given := stated.up or info.up) is not None:
        up, decision = given, Decision("up", given, "stated" if stated.up else "declared")
    else:
        shares = standing(bodies, layout)
        settled = named or bool(stated.columns) or max(shares.get("y", 0), shares.get("-y", 0)) >= MOSTLY
        # What is no human body has no trunk that could stand.
        if not settled and fit_of(bodies, layout).cost <= MAX_COST:
            raise picture_columns(shares, columns)
        if shares.get("y", 0) >= MOSTLY:
            up, decision = "y", Decision("up", "y", "established", "the trunk stands along y")
            notes.append("up axis inferred: y")
    notes += notes_on_picture(points, layout)
    mirrored = bool(info.turned) if stated.mirrored is None else stated.mirrored
    points, assumptions = flat_to_metres(points, layout, up=up, mirrored=mirrored)
    notes += [decision, Decision("unit", "an adult's trunk", "assumed"), *assumptions]
    if stated.mirrored is not None:
        notes.append(Decision("axes", "mirrored" if mirrored else "not mirrored", "stated"))
    elif info.turned:
        notes.append(Decision("axes", "mirrored", "declared"))
    else:
        notes += info.flip_notes
    return points, notes
