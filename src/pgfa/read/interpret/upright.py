"""Which way is up, whether the axes are left-handed, and the unit: points with depth -> metres, y up, right-handed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import Undecided
from pgfa.read.interpret.body import thinned, typical
from pgfa.read.interpret.decision import Decision
from pgfa.read.interpret.facing import chirality
from pgfa.read.interpret.gravity import STANDS, standing_evidence
from pgfa.read.interpret.lying import lies_along, posture_of
from pgfa.read.interpret.postures import other_posture
from pgfa.read.interpret.unit_length import unit_length
from pgfa.read.interpret.vectors import are_finite, norms
from pgfa.read.stated import NOTHING, UNITS, Stated
from pgfa.skeleton import Layout

MAX_COST = 2.0
"""A body of higher `Fit.cost` is not taken for a human one."""
MOSTLY = 0.5
"""Share of frames in which the trunk has to stand along an axis to establish it."""
NEARLY_ALL = 0.9
"""Share of frames from which the trunk alone settles it, or the legs along another axis raise doubt."""
RIGHT = (0.3, 1.3)
MIRRORED = (-0.5, -2.5)
"""`chirality`, and chirality x weight, from which axes are right-handed or left-handed beyond doubt. Most recordings
are right-handed, so more evidence is asked for the other."""
RIGHT_BY_CUSTOM = (0.3, 0.5)
"""The same of axes that are right-handed by custom: less evidence suffices to confirm it."""
TORSO = 0.45
"""Metres from the pelvis to the middle of the shoulders of an adult, as a Kinect measures them."""
PLAUSIBLE = (0.2, 0.9)
"""Plausible length of a torso, metres."""
LONG_NAMES = {"m": "metres", "cm": "centimetres", "mm": "millimetres", "in": "inches", "ft": "feet"}
LOOKS_MIRRORED = "looks mirrored: feet and knees point backwards; if it is, read it as mirrored"
"""The note on a body that contradicts the handedness that is stated or declared."""
_ADULT, _CHILD = (1.15, 2.25), (0.75, 1.15)
"""Plausible statures, metres. Units of which only a child comes out are taken from m, cm and mm."""
_STATURE = 1.3
"""Stature as a multiple of trunk, thigh and shank together; `_STATURE_TRUNK` of the trunk alone."""
_STATURE_TRUNK = 3.6

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Upright:
    """Points in metres, y up, right-handed, with what was decided, what the user should know, and metres per unit."""

    positions: Floats
    decisions: tuple[Decision, ...]
    problems: tuple[str, ...] = ()
    scale: float = 1.0


def upright(
    points: Floats,
    layout: Layout,
    *,
    up: str | None = None,
    scale: float | None = None,
    mirrored: bool | None = None,
    stated: Stated = NOTHING,
    accepted: tuple[str, ...] = ("y", "-y"),
    custom: str | None = None,
    usual: str | None = None,
    right_handed: bool = False,
    fronts: Floats | None = None,
) -> Upright:
    """Turn a recording so that y is up, mirror it back if its axes are left-handed, and scale it to metres.

    Args:
        points: (frames, bodies, joints, 3), NaN where absent.
        layout: of the joints.
        up, scale, mirrored: as the file declares them (scale in metres per unit); None where it does not.
        stated: what the user states, which counts before what the file declares.
        accepted: the axes that are taken for up where a trunk stands along them most of the time. A trunk along
            another is somebody who stands in other axes or lies in these, which are the same numbers.
        custom: the axis that points up by the custom of such files, whatever the body does.
        usual: the axis that points up in what the program writes, if the trunk stands along it; no other is accepted.
        right_handed: whether the axes of such files are right-handed by custom, which little evidence confirms.
        fronts: (frames, bodies, 3), as `chirality` takes them.

    Raises:
        Undecided: the body does not settle what is neither stated nor declared.
    """
    bodies = thinned(points)
    decisions: list[Decision] = []
    problems: list[str] = []
    is_mirrored, decision = _handedness(points, layout, mirrored, stated, right_handed, fronts)
    decisions.append(decision)
    if is_mirrored and decision.basis == "established":
        problems.append("axes are left-handed, or left and right exchanged: mirrored back")
    if usual is not None and standing(bodies, layout).get(usual, 0) >= MOSTLY:
        custom = usual
    axis, decision = _up(points, bodies, layout, up, stated, () if usual else accepted, custom)
    decisions.append(decision)
    if decision.basis == "established":
        assumed, notes = posture_of(points, layout, axis)
        decisions += assumed
        problems += notes
    if axis != "y" and decision.basis == "established":
        problems.append(f"up axis inferred: {axis}")
    elif decision.basis == "custom" and (along := stands_along(bodies, layout)) not in ("", axis):
        problems.append(f"the trunk points along {along}, up is {axis} by custom: lying, or up is {along}")
    out = rotated_up(points, axis)
    if is_mirrored:
        out = out * [-1, 1, 1]
    factor, decision, note = _factor(bodies, layout, scale, stated)
    problems += [note] if note else []
    return Upright(out * factor, (*decisions, decision), tuple(problems), factor)


def _factor(
    bodies: Floats, layout: Layout, scale: float | None, stated: Stated
) -> tuple[float, Decision, str]:
    """Metres per unit, the decision, and a note; "" for none."""
    if stated.unit is not None:
        return UNITS[stated.unit], Decision("unit", stated.unit, "stated"), ""
    if scale is not None:
        name = next((name for name, metres in UNITS.items() if metres == scale), f"{scale:g} m")
        return scale, Decision("unit", name, "declared"), ""
    factor, decision = unit_of(bodies, layout)
    if decision.basis == "assumed":
        return factor, decision, f"units of {factor:.3g} m: size unknown, an adult assumed"
    if factor == 1 and (stature := stature_of(bodies, layout)) < _ADULT[0]:
        note = (
            f"a stature of about {stature:.1f} m: a small child, or coordinates that were divided by a height"
        )
        return factor, decision, note
    name = next((LONG_NAMES[name] for name, metres in UNITS.items() if metres == factor), "")
    return factor, decision, f"unit inferred: {name}" if factor != 1 else ""


def _handedness(
    points: Floats,
    layout: Layout,
    declared: bool | None,
    stated: Stated,
    right_handed: bool,
    fronts: Floats | None,
) -> tuple[bool, Decision]:
    names = {False: "right-handed", True: "left-handed"}
    if stated.mirrored is not None:
        return stated.mirrored, Decision("axes", names[stated.mirrored], "stated")
    if declared is not None:
        return declared, Decision("axes", names[declared], "declared")
    sense = handedness(points, layout, right_handed=right_handed, fronts=fronts)
    if sense is None:
        actual = "a body of which neither feet nor knees show whether left and right are mirrored"
        raise Undecided("", quantity="mirrored", found=actual)
    return sense, Decision("axes", names[sense], "established")


def handedness(
    points: Floats, layout: Layout, *, right_handed: bool = False, fronts: Floats | None = None
) -> bool | None:
    """Whether bodies are mirrored; None if their feet, knees and elbows do not tell.

    Args:
        points: (frames, bodies, joints, 3), NaN where absent.
        layout: of the joints.
        right_handed, fronts: as in `upright`.
    """
    if fronts is None:
        sense, weight = chirality(thinned(points), layout)
    else:
        joined = thinned(np.concatenate([points, fronts[:, :, None]], axis=2))
        sense, weight = chirality(joined[:, :-1], layout, joined[:, -1])
    least = RIGHT_BY_CUSTOM if right_handed else RIGHT
    if sense >= least[0] and sense * weight >= least[1]:
        return False
    if sense <= MIRRORED[0] and sense * weight <= MIRRORED[1]:
        return True
    return None


def _up(
    points: Floats,
    bodies: Floats,
    layout: Layout,
    declared: str | None,
    stated: Stated,
    accepted: tuple[str, ...],
    custom: str | None,
) -> tuple[str, Decision]:
    if stated.up is not None:
        return stated.up, Decision("up", stated.up, "stated")
    if declared is not None:
        return declared, Decision("up", declared, "declared")
    shares = standing(bodies, layout)
    for axis in accepted:
        if shares.get(axis, 0) >= MOSTLY:
            if doubt := _other_posture(bodies, layout, axis, shares[axis]):
                raise doubt
            return axis, Decision(
                "up", axis, "established", f"the trunk is upright in {shares[axis]:.0%} of frames"
            )
    if custom is not None:
        return custom, Decision("up", custom, "custom")
    if "y" in accepted and (why := standing_evidence(points, layout)):
        return "z", Decision("up", "z", "established", why)
    most = max(shares, key=lambda axis: shares[axis]) if shares else ""
    options: tuple[str, ...] = ("y", "z", "-y")
    lying = "y" if most[-1:] != "y" else "z"
    if not shares or shares[most] < MOSTLY:
        actual = "no axis along which the trunk stands most of the time"
    else:
        actual = (
            f"a trunk along {most} in {shares[most]:.0%} of the frames: somebody who stands with {most} up, or lies "
            f"with {lying} up"
        )
        options = (most, lying)
    raise Undecided("", quantity="up", found=actual, options=options)


def _other_posture(bodies: Floats, layout: Layout, axis: str, share: float) -> Undecided | None:
    """The question whether bodies whose trunk stands along an axis sit, lie, crawl or are on their hands with another
    one up; None where nothing shows that.

    Args:
        bodies, layout: as in `standing`.
        axis, share: the axis along which the trunk stands, and in which share of the bodies.
    """
    seen = f"a trunk along {axis} in {share:.0%} of the frames, and"
    if share < NEARLY_ALL and (other := _legs_along(bodies, layout)) not in ("", axis):
        actual = f"{seen} legs along {other} in nearly all: somebody who sits with {axis} up, or bends with {other} up"
    elif other := lies_along(bodies, layout, axis):
        actual = (
            f"{seen} a body flat above {other} = 0, as on a floor or a bed: somebody who stands with {axis} up, "
            f"or lies with {other} up"
        )
    else:
        words, other = other_posture(bodies, layout, axis)
        actual = f"{seen} {words}"
    if not other:
        return None
    return Undecided("", quantity="up", found=actual, options=(axis, other))


def standing(bodies: Floats, layout: Layout) -> dict[str, float]:
    """Signed axis -> share of bodies (bodies, joints, 2 or 3) whose trunk, head above hips, points along it."""
    return shares_along(trunk_of(bodies, layout)[None])[0]


def _legs_along(bodies: Floats, layout: Layout) -> str:
    """The signed axis along which the legs, hips above ankles, stand in nearly all bodies; "" for none."""
    hips, ankles = (
        (bodies[:, layout.index(f"{joint}_left")] + bodies[:, layout.index(f"{joint}_right")]) / 2
        for joint in ("hip", "ankle")
    )
    shares = shares_along((hips - ankles)[None])[0]
    return next((axis for axis, share in shares.items() if share >= NEARLY_ALL), "")


def shares_along(vectors: Floats) -> list[dict[str, float]]:
    """Of many clips, signed axis -> share of vectors (clips, n, 2 or 3) that point along it; those with NaN or of
    length 0 do not count."""
    length = norms(vectors)
    with np.errstate(invalid="ignore", divide="ignore"):
        known = are_finite(vectors) & (length > 0)
        units = vectors / length[..., None]
        counts = [((sign * units >= STANDS) & known[..., None]).sum(axis=1) for sign in (1, -1)]
    total = known.sum(axis=1)
    shares = np.stack(counts, axis=-1).reshape(len(vectors), -1) / np.maximum(total, 1)[:, None]
    names = [sign + axis for axis in "xyz"[: vectors.shape[-1]] for sign in ("", "-")]
    return [
        dict(zip(names, row, strict=True)) if count else {}
        for row, count in zip(shares.tolist(), total.tolist(), strict=True)
    ]


def stands_along(bodies: Floats, layout: Layout) -> str:
    """The signed axis along which the trunk stands most of the time; "" for none."""
    return next((axis for axis, share in standing(bodies, layout).items() if share >= MOSTLY), "")


def unit_of(bodies: Floats, layout: Layout) -> tuple[float, Decision]:
    """Metres per unit, from the stature of the body; an adult's trunk if no unit gives a plausible one, or the body was
    divided by a length.

    Raises Undecided where a unit gives a child and an imperial one an adult.
    """
    stature = stature_of(bodies, layout)
    trunk = typical(np.linalg.norm(trunk_of(bodies, layout), axis=-1))
    factor = TORSO / trunk if trunk > 0 else 1.0
    if length := unit_length(bodies, layout):
        return factor, Decision("unit", f"{factor:.3g} m", "assumed", f"the distance {length} is always 1")
    for (low, high), units in ((_ADULT, tuple(UNITS)), (_CHILD, ("m", "cm", "mm"))):
        fitting = [unit for unit in units if low <= stature * UNITS[unit] < high]
        if len(fitting) == 1:
            metres = UNITS[fitting[0]]
            small = [u for u in ("m", "cm", "mm") if _CHILD[0] <= stature * UNITS[u] < _CHILD[1]]
            if fitting[0] in ("in", "ft") and small:
                actual = f"a stature of {stature * UNITS[small[0]]:.1f} m in {LONG_NAMES[small[0]]}, "
                actual += f"of {stature * metres:.1f} m in {LONG_NAMES[fitting[0]]}"
                raise Undecided("", quantity="unit", found=actual, options=(small[0], fitting[0]))
            return metres, Decision(
                "unit", fitting[0], "established", f"a stature of about {stature * metres:.1f} m"
            )
    return factor, Decision("unit", f"{factor:.3g} m", "assumed", "no unit gives a plausible stature")


def is_adult(bodies: Floats, layout: Layout) -> bool:
    """Whether bodies (bodies, joints, 3) have an adult's stature in metres."""
    return _ADULT[0] <= stature_of(bodies, layout) < _ADULT[1]


def stature_of(bodies: Floats, layout: Layout) -> float:
    """Median stature of bodies (bodies, joints, 3), estimated from trunk and legs, in their unit; NaN without trunk."""
    at = {name: bodies[:, index] for index, name in enumerate(layout.joints[: bodies.shape[1]])}

    def limb(top: str, end: str) -> float:
        sides = [
            typical(norms(at[f"{top}_{s}"] - at[f"{end}_{s}"]))
            for s in ("left", "right")
            if {f"{top}_{s}", f"{end}_{s}"} <= at.keys()
        ]
        return float(np.mean(sides)) if sides else float("nan")

    trunk = typical(norms(trunk_of(bodies, layout)))
    whole = (trunk + limb("hip", "knee") + limb("knee", "ankle")) * _STATURE
    return whole if np.isfinite(whole) else trunk * _STATURE_TRUNK


def rotated_up(positions: Floats, up: str) -> Floats:
    """Rotate (never mirror) so that the axis `up` becomes y."""
    x, y, z = (positions[..., axis] for axis in range(3))
    axes = {
        "y": (x, y, z), "-y": (-x, -y, z), "z": (x, z, -y), "-z": (x, -z, y), "x": (-y, x, z), "-x": (y, -x, z),
    }  # fmt: skip
    return np.stack(axes[up], axis=-1)


def trunk_of(positions: Floats, layout: Layout) -> Floats:
    """(..., 2 or 3) from the middle of the hips to the middle of the shoulders."""

    def middle(joint: str) -> Floats:
        sides = [positions[..., layout.index(f"{joint}_{side}"), :] for side in ("left", "right")]
        return (sides[0] + sides[1]) / 2

    return middle("shoulder") - middle("hip")
