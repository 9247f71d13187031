"""Orders of joints that other programs write, with as many joints as a layout: a body that fits one of them better
than the layout is in that order, and not in the layout's.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import Undecided
from pgfa.read.interpret.body import Fit, fit_of, typical
from pgfa.read.interpret.decision import Decision
from pgfa.read.interpret.orders import layouts_of
from pgfa.read.interpret.vectors import norms
from pgfa.skeleton import Layout

BETTER = 0.8
"""Share of the layout's cost below which another order fits better."""
CLEARLY = 1.0
"""By how much another layout costs less, and it costs less than half, if it fits clearly better."""
HUMAN = 1.2
"""Cost of a body that is human in another layout, at most, in a picture too."""
NARROW = 0.15
"""Trunks by which left and right hip, or shoulder, are apart at least, to show which way they are turned."""
TELLING = 0.1
"""Share of bodies in which they have to be so far apart."""
OPPOSITE = 0.7
"""Share of bodies whose hips and shoulders are turned against each other, if left and right are mixed up."""
_SIDES = {"l": "left", "r": "right"}
_PARENTS = (
    ("elbow", "shoulder"), ("wrist", "elbow"), ("hand", "wrist"), ("knee", "hip"), ("ankle", "knee"), ("foot", "ankle"),
)  # fmt: skip

Floats = NDArray[np.float64]


def _order(program: str, joints: str) -> Layout:
    """Joints as ``head chest l:shoulder,elbow r:shoulder,elbow``; bones along limbs, and to these."""
    names: list[str] = []
    for word in joints.split():
        side, colon, parts = word.partition(":")
        names += [f"{part}_{_SIDES[side]}" for part in parts.split(",")] if colon else [word]
    bones = [
        (f"{child}_{side}", f"{parent}_{side}")
        for child, parent in _PARENTS
        for side in _SIDES.values()
        if f"{child}_{side}" in names and f"{parent}_{side}" in names
    ]
    for middle, joint in (("chest", "shoulder"), ("pelvis", "hip")):
        if middle in names:
            bones += [(f"{joint}_{side}", middle) for side in _SIDES.values()]
    trunk = [name for name in ("crown", "head", "nose", "chest", "spine", "pelvis") if name in names]
    bones += list(pairwise(trunk))
    return Layout(program, tuple(names), tuple(bones), centre=trunk[0], root=trunk[-1])


ORDERS = (
    _order(
        "CAD-60 (OpenNI)",
        "head chest spine l:shoulder,elbow r:shoulder,elbow l:hip,knee r:hip,knee l:wrist r:wrist l:ankle r:ankle",
    ),
    _order(
        "SBU Kinect (NiTE)",
        "head chest spine l:shoulder,elbow,wrist r:shoulder,elbow,wrist l:hip,knee,ankle r:hip,knee,ankle",
    ),
    _order(
        "Human3.6M with the left leg first",
        "pelvis l:hip,knee,ankle r:hip,knee,ankle spine chest nose crown l:shoulder,elbow,wrist r:shoulder,elbow,wrist",
    ),
    _order(
        "Human3.6M with the right arm first",
        "pelvis r:hip,knee,ankle l:hip,knee,ankle spine chest nose crown r:shoulder,elbow,wrist l:shoulder,elbow,wrist",
    ),
    _order(
        "MPI-INF-3DHP",
        "crown chest r:shoulder,elbow,wrist l:shoulder,elbow,wrist r:hip,knee,ankle l:hip,knee,ankle pelvis spine head",
    ),
    _order(
        "COCO with the neck at the end",
        "nose l:eye r:eye l:ear r:ear l:shoulder r:shoulder l:elbow r:elbow l:wrist r:wrist l:hip r:hip l:knee r:knee "
        "l:ankle r:ankle chest",
    ),
    _order(
        "COCO with the legs before the arms",
        "nose l:eye r:eye l:ear r:ear l:hip r:hip l:knee r:knee l:ankle r:ankle l:shoulder r:shoulder l:elbow r:elbow "
        "l:wrist r:wrist",
    ),
    _order(
        "Penn Action",
        "head l:shoulder r:shoulder l:elbow r:elbow l:wrist r:wrist l:hip r:hip l:knee r:knee l:ankle r:ankle",
    ),
    _order(
        "Penn Action with the right side first",
        "head r:shoulder l:shoulder r:elbow l:elbow r:wrist l:wrist r:hip l:hip r:knee l:knee r:ankle l:ankle",
    ),
    _order(
        "CMU Panoptic",
        "chest nose pelvis l:shoulder,elbow,wrist,hip,knee,ankle r:shoulder,elbow,wrist,hip,knee,ankle l:eye l:ear "
        "r:eye r:ear",
    ),
    _order(
        "Orbbec Astra",
        "head chest l:shoulder,elbow,hand r:shoulder,elbow,hand spine pelvis l:hip,knee,ankle r:hip,knee,ankle l:wrist "
        "r:wrist neck",
    ),
    _order(
        "OpenPose BODY_25B",
        "nose l:eye r:eye l:ear r:ear l:shoulder r:shoulder l:elbow r:elbow l:wrist r:wrist l:hip r:hip l:knee r:knee "
        "l:ankle r:ankle chest crown l:toe,small_toe,heel r:toe,small_toe,heel",
    ),
)  # fmt: skip
"""Each as a layout that is called after its program; none of them is read."""


def better_orders(bodies: Floats, cost: float) -> list[str]:
    """The programs in whose order of joints bodies fit a human body better than at that cost, the best first.

    Args:
        bodies: (bodies, joints, 2 or 3), NaN where absent.
        cost: of the reading that is the best so far.
    """
    joints = bodies.shape[1]
    fits = [(order_cost(bodies, order), order.name) for order in ORDERS if len(order.joints) == joints]
    return [name for fit, name in sorted(fits) if fit < BETTER * cost]


def better_layout(bodies: Floats, layout: Layout) -> Layout | None:
    """Another layout with as many joints, in which bodies are human, and which fits them clearly better; None if there
    is none.

    Args:
        bodies: (bodies, joints, 2 or 3), NaN where absent.
        layout: as it was given.
    """
    others = [other for other in layouts_of(len(layout.joints)) if other is not layout]
    cost = order_cost(bodies, layout) if others and len(bodies) else 0.0
    costs = [(order_cost(bodies, other), other) for other in others]
    best, other = min(costs, key=lambda pair: pair[0], default=(np.inf, layout))
    return other if best <= HUMAN and max(best + CLEARLY, 2 * best) < cost else None


def order_cost(bodies: Floats, order: Layout) -> float:
    """`Fit.cost` of bodies in an order; infinite where left and right are mixed up."""
    fit: Fit = fit_of(bodies, order)
    return float("inf") if is_crossed(bodies, order) else fit.cost


def is_crossed(bodies: Floats, layout: Layout) -> bool:
    """Whether hips and shoulders are turned against each other in most bodies: the left hip is beside the right
    shoulder. So it is where only arms or only legs have left and right exchanged.

    Args:
        bodies: (bodies, joints, 2 or 3), NaN where absent.
        layout: of the joints; with hips and shoulders.
    """
    turned = _turns(bodies, layout)
    # Somebody who twists the trunk turns the shoulders by less than a right angle.
    return bool(len(turned) > TELLING * len(bodies) and (turned < -0.3).mean() >= OPPOSITE)


def assumed_sides(bodies: Floats, layout: Layout) -> list[Decision]:
    """The assumption that left and right are as in the layout, of a body whose hips or shoulders are seen from the side
    in nearly all bodies: there, arms or legs whose sides are exchanged look the same.

    Args:
        bodies, layout: as in `is_crossed`.
    """
    if len(_turns(bodies, layout)) > TELLING * len(bodies):
        return []
    why = "seen from the side, where left and right look alike"
    return [Decision("sides", f"as {layout.name} has them", "assumed", why)]


def _turns(bodies: Floats, layout: Layout) -> Floats:
    """Cosines of the angle between hips and shoulders, right to left, of the bodies in which both are wide enough."""
    widths = []
    for joint in ("hip", "shoulder"):
        left, right = (bodies[:, layout.index(f"{joint}_{side}")] for side in ("left", "right"))
        widths.append((left - right, (left + right) / 2))
    (hips, below), (shoulders, above) = widths
    trunk = above - below
    with np.errstate(invalid="ignore", divide="ignore"):
        length = norms(trunk)[..., None]
        size = typical(length)
        along = trunk / length
        hips = hips - (hips * along).sum(axis=-1, keepdims=True) * along
        shoulders = shoulders - (shoulders * along).sum(axis=-1, keepdims=True) * along
        wide = [norms(vectors) for vectors in (hips, shoulders)]
        telling = (wide[0] > NARROW * size) & (wide[1] > NARROW * size)
        turned: Floats = (hips * shoulders).sum(axis=-1)[telling] / (wide[0] * wide[1])[telling]
    return turned


def unknown_order(programs: list[str], layouts: Sequence[Layout]) -> Undecided:
    """The question which order the joints have, that of a layout or one that is not read."""
    names = tuple(layout.name for layout in layouts)
    actual = (
        f"a body that fits the order of joints of {' or '.join(programs[:2])}, which is not read, better than "
        f"{' or '.join(names)}: save the joints in the order of a layout, or with their names"
    )
    return Undecided("", quantity="layout", found=actual, options=names)
