"""Whether points that have the names of joints are where these joints of a body can be. One check for all readers.

A layout that a file names is not doubted for an odd body: sensors lose limbs, children and dolls have their own sizes.
But a body that is impossible, with the pelvis above the shoulders, is that of other joints; and names that were
exchanged, axes with units of their own and frames that were scaled one by one show in what bones do over time, whatever
their lengths are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.interpret.axis_extents import cut_off, odd_axis
from pgfa.read.interpret.body import fit_of, thinned
from pgfa.read.interpret.breadth import excessive_breadth
from pgfa.read.interpret.exchanged import exchanged_joints
from pgfa.read.interpret.frame_scales import common_scale
from pgfa.read.interpret.stretched import stretched_axes
from pgfa.read.interpret.upright import MAX_COST
from pgfa.read.stated import NOTHING, Stated
from pgfa.skeleton import NO_DEPTH, Layout

Floats = NDArray[np.float64]
EXPECTED = "joints with their own names, in coordinates of one scale on all axes and in all frames"


def check_body(
    file: str, points: Floats, layout: Layout, stated: Stated = NOTHING, markers: Floats | None = None
) -> tuple[str, ...]:
    """Raise BadFile if joints are exchanged, axes stretched, or frames scaled one by one; a note if the user states the
    layout, and on coordinates that were cut off.

    Args:
        file: for the error.
        points: (frames, bodies, joints, 3), NaN where absent; any unit, any axis up.
        layout: of the joints.
        stated: by the user; with the layout, what the body shows counts no more.
        markers: (frames, markers, 3) what the file has in place of joints.
    """
    if not (fault := _faults(points, layout, markers)):
        return tuple(cut_off(points))
    if stated.layout is not None:
        return (f"expected {EXPECTED}, found {fault}", *cut_off(points))
    expected = f"{EXPECTED} (to read them as they are: --layout {layout.name})"
    raise BadFile(file, where="joints", expected=expected, found=fault)


def notes_on_picture(points: Floats, layout: Layout) -> tuple[str, ...]:
    """Notes on joints whose names were exchanged, as far as a picture shows it: there a limb is foreshortened; and on
    a body that is broader than any person, as where width and height of the picture were exchanged.

    Args:
        points: (frames, bodies, joints, 2), NaN where absent.
        layout: of the joints.
    """
    bodies = thinned(points)
    fault = exchanged_joints(bodies, layout) if len(bodies) else ""
    notes: tuple[str, ...] = (f"perhaps {fault}",) if fault else ()
    if len(bodies) and (wide := excessive_breadth(bodies, layout)):
        notes += (f"shoulders and hips {wide} wide: perhaps width and height of the picture are exchanged",)
    return notes


def notes_on_body(points: Floats, layout: Layout) -> tuple[str, ...]:
    """What `check_body` refuses, or that no human body appears, or no depth, as notes: on points of the project's own
    files, which declare all.

    Args:
        points: as for `check_body`.
        layout: of the joints.
    """
    bodies = thinned(points)
    if not len(bodies):
        return ()
    if not np.nan_to_num(bodies[..., 2]).any():
        return (NO_DEPTH,)
    notes: tuple[str, ...] = ()
    if fault := _faults(points, layout):
        notes += (f"expected {EXPECTED}, found {fault}",)
    fit = fit_of(bodies, layout)
    if np.isfinite(fit.cost) and fit.cost > MAX_COST:
        notes += (f"the body is not human in {layout.name}: {fit.worst}",)
    return notes


def _faults(points: Floats, layout: Layout, markers: Floats | None = None) -> str:
    """What is wrong with the names, axes or frames; empty if nothing is."""
    bodies = thinned(points)
    if not len(bodies):
        return ""
    fit = fit_of(bodies, layout)
    # What is no body in any frame has no scale: angles, velocities.
    scaled = common_scale(points, layout) if fit.cost <= MAX_COST else ""
    # Between markers, the joints of a body without feet may all be in one plane.
    odd = odd_axis(points) if markers is None else odd_axis(markers[:, None], constant=True)
    impossible = "" if fit.is_possible else f"an impossible body: {fit.worst}"
    # Joints in an order of another program may look as if two of them had changed places.
    faults = (odd, scaled, impossible, exchanged_joints(bodies, layout), stretched_axes(bodies, layout))
    return "; ".join(filter(None, faults))
