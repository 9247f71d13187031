"""The orders of axes that an array of joints may have, and an array put into one order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from pgfa.read.stated import Stated
from pgfa.skeleton import LAYOUTS, SMPL24, Layout

KNOWN_ORDERS = (
    "TVC", "CTV", "TCV", "VTC", "VCT", "TMVC", "MTVC", "CTVM", "TVCM", "MCTV", "TVMC", "NTVC", "NCTV",
    "NCTVM", "NMTVC", "NTMVC", "NMCTV", "NTVCM", "NTVMC",
)  # fmt: skip
"""Orders of axes looked for, the usual first. N is 1."""
PEOPLE = 2
"""People in a row, as data sets of NTU RGB+D are stored."""

Floats = NDArray[np.float64]


def layouts_of(joints: int) -> tuple[Layout, ...]:
    """The layouts with that many joints; SMPL also without its hands."""
    actual = tuple(layout for layout in LAYOUTS.values() if len(layout.joints) == joints)
    return actual or ((SMPL24,) if joints == len(SMPL24.joints) - 2 else ())


def joint_counts() -> tuple[int, ...]:
    """The numbers of joints that some layout has."""
    return tuple(sorted({len(layout.joints) for layout in LAYOUTS.values()} | {len(SMPL24.joints) - 2}))


def without_spare_axes(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """An array without the axes of length 1 of results that were stacked, as MoveNet's (frames, 1, 1, 17, 3); any other
    array as it is.
    """
    if array.ndim != 5 or array.shape[0] == 1 or array.shape[1:3] != (1, 1):
        return array
    return array.reshape(array.shape[0], *array.shape[3:])


def orders_of(shape: tuple[int, ...], layouts: Sequence[Layout] | None, stated: Stated) -> Iterator[str]:
    """The orders of axes that an array of that shape may have: as many columns as 2 to 4, joints as a layout has.

    An array of two axes has one joint a row (one frame), or all joints of a frame in a row: of N joints ``"T(VN)"`` or
    ``"T(CN)"``. Where nothing else fits, two people of N joints may follow one another: ``"T(MN)"``, ``"T(MN)C"``.
    """
    counts = {len(layout.joints) for layout in layouts} if layouts else set(joint_counts())
    if layouts and SMPL24 in layouts:
        counts |= {len(SMPL24.joints) - 2}
    if len(shape) == 2:
        if shape[1] in (2, 3, 4) and shape[0] in counts:
            yield "VC"
        rows = [joints for joints in sorted(counts) if shape[1] in (2 * joints, 3 * joints, 4 * joints)]
        for joints in rows:
            yield f"T(V{joints})"
            yield f"T(C{joints})"
        if not rows:
            yield from (f"T(M{joints})" for joints in sorted(counts) if shape[1] in (6 * joints, 8 * joints))
        return
    if len(shape) == 3 and not stated.array_axes and shape[1] not in counts and shape[2] in (2, 3, 4):
        yield from (f"T(M{joints})C" for joints in sorted(counts) if shape[1] == 2 * joints)
    stated_orders = (stated.array_axes,) if stated.array_axes else KNOWN_ORDERS
    for order in stated_orders:
        if len(order) != len(shape):
            continue
        size = dict(zip(order, shape, strict=True))
        if size["C"] in (2, 3, 4) and size["V"] in counts and size.get("N", 1) == 1:
            yield order


def why_not(shape: tuple[int, ...], order: str, counts: Sequence[int]) -> tuple[str, str]:
    """Why an array of that shape cannot have a stated order of axes: what was expected, what was found.

    Args:
        shape: of the array.
        order: as stated (``"NCTVM"``).
        counts: numbers of joints that are possible.
    """
    expected, whole = f"the axes {order}, as stated", " x ".join(map(str, shape))
    if len(order) != len(shape):
        shorter = order.replace("N", "")
        advice = f": state {shorter}" if len(shorter) == len(shape) else ""
        return f"{expected}: {len(order)} axes", f"{len(shape)} ({whole}){advice}"
    size = dict(zip(order, shape, strict=True))
    if size.get("N", 1) != 1:
        advice = "save each clip as a file of its own, or state M if they are people recorded together"
        return f"{expected}: one clip, N of 1", f"N of {size['N']} ({whole}): {advice}"
    listed = " or ".join(map(str, counts))
    return f"{expected}: C of 2, 3 or 4, V of {listed}", f"C of {size['C']}, V of {size['V']} ({whole})"


def size_of(shape: tuple[int, ...], order: str, axis: str) -> int:
    """The length of an axis (T, M or C) of an array in that order; 1 if the array has none."""
    if order.startswith("T(M"):
        return {"T": shape[0], "M": PEOPLE, "C": _width(shape, order) // PEOPLE}.get(axis, 1)
    if order.startswith("T("):
        return {"T": shape[0], "C": _width(shape, order)}.get(axis, 1)
    return shape[order.index(axis)] if axis in order else 1


def in_order(array: NDArray[np.generic], order: str) -> Floats:
    """An array as (frames, bodies, joints, columns)."""
    if order == "VC":
        array, order = array[None], "TVC"
    elif order.startswith("T(M"):
        width = _width(array.shape, order) // PEOPLE
        array, order = array.reshape(len(array), PEOPLE, joints_of(order), width), "TMVC"
    elif order.startswith("T("):
        joints, width = joints_of(order), _width(array.shape, order)
        shape = (len(array), joints, width) if order[2] == "V" else (len(array), width, joints)
        array, order = array.reshape(shape), "TVC" if order[2] == "V" else "TCV"
    if "N" in order:
        array, order = np.take(array, 0, axis=order.index("N")), order.replace("N", "")
    if "M" not in order:
        array, order = array[None], "M" + order
    out: Floats = array.transpose([order.index(axis) for axis in "TMVC"]).astype(np.float64)
    return out


def joints_of(order: str) -> int:
    """How many joints of a body follow one another in a row: the number in ``"T(V25)"``."""
    return int(order[3 : order.index(")")])


def _width(shape: tuple[int, ...], order: str) -> int:
    """Numbers in a row per joint of a body, of all people together."""
    return int(np.prod(shape[1:])) // joints_of(order)
