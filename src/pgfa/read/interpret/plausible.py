"""Whether points that have the names of joints are where these joints of a body can be. One check for all readers.

A layout that a file names is not doubted for an odd body: sensors lose limbs, children and dolls have their own sizes.
But names that were exchanged, axes with units of their own and frames that were scaled one by one show in what bones do
over time, whatever their lengths are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.interpret.body import fit_of, thinned
from pgfa.read.interpret.exchanged import exchanged_joints
from pgfa.read.interpret.frame_scales import common_scale
from pgfa.read.interpret.scales import check_scales
from pgfa.read.interpret.stretched import stretched_axes
from pgfa.read.interpret.upright import MAX_COST
from pgfa.read.stated import NOTHING, Stated
from pgfa.skeleton import NO_DEPTH, Layout

Floats = NDArray[np.float64]


def check_body(file: str, points: Floats, layout: Layout, stated: Stated = NOTHING) -> tuple[str, ...]:
    """Raise BadFile if joints are exchanged, axes stretched, or frames scaled one by one; a note if the user states the
    layout.

    Args:
        file: for the error.
        points: (frames, bodies, joints, 3), NaN where absent; any unit, any axis up.
        layout: of the joints.
        stated: by the user; with the layout, what the body shows counts no more.
    """
    bodies = thinned(points)
    if not len(bodies):
        return ()
    # What is no body in any frame has no scale: angles, velocities.
    scaled = common_scale(points, layout) if fit_of(bodies, layout).cost <= MAX_COST else ""
    causes = (scaled, exchanged_joints(bodies, layout), stretched_axes(bodies, layout))
    if not (found := "; or ".join(filter(None, causes))):
        return ()
    expected = "joints with their own names, in coordinates of one scale on all axes and in all frames"
    if stated.layout is not None:
        return (f"expected {expected}, found {found}",)
    expected += f" (to read them as they are: --layout {layout.name})"
    raise BadFile(file, where="joints", expected=expected, found=found)


def check_saved(file: str, points: Floats, layout: Layout, stated: Stated = NOTHING) -> tuple[str, ...]:
    """As `check_body`, of points whose file declares all, with notes if no human body appears, or no depth.

    Args, Raises:
        As `check_body`.
    """
    bodies = thinned(points)
    if not len(bodies):
        return ()
    if not np.nan_to_num(bodies[..., 2]).any():
        return (NO_DEPTH,)
    check_scales(file, points, layout)
    notes = check_body(file, points, layout, stated)
    fit = fit_of(bodies, layout)
    if np.isfinite(fit.cost) and fit.cost > MAX_COST:
        notes += (f"the body is not human in {layout.name}: {fit.worst}",)
    return notes
