"""Postures in which a trunk points along the axis that looks like the one up, though another axis is.

Somebody who crawls, or is in a plank or push-up, has the trunk along the floor: read with that direction up, hands,
knees or feet are in one plane across another axis, far below hips and shoulders, and the body would fall over. Somebody
on the hands has the trunk along the axis that points down. What has the numbers of a usual posture too is asked about.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pgfa.read.interpret.body import typical
from pgfa.read.interpret.gravity import CAMERAS, STANDS
from pgfa.read.interpret.vectors import are_finite, norms
from pgfa.skeleton import AZURE32, MEDIAPIPE33, ZED34, ZED38, Layout

FOURS, FOURS_LEVEL, FOURS_ABOVE = 0.9, 0.3, 0.4
"""Share of the frames in which somebody is on all fours; trunks by which hands, knees and feet may differ in height,
and that hips and shoulders are above them. Of 900 recordings of motion capture, none reaches a share of 0.75."""
PLANK, PLANK_LEVEL, PLANK_REACH, PLANK_OFF = 0.55, 0.55, 0.5, 0.25
"""The same of a plank, with ankles in place of knees; trunks of the shoulders above the hands, and of the middle of the
trunk above the ankles, at least. Of 1,900 real recordings none reaches a share of 0.45."""
STRAIGHT = 0.9
"""Distance from hip to ankle as a share of thigh and shank, from which a leg is straight."""
RISE = 0.8
"""Trunks that feet and hips move along the trunk from the first to the last fifth of the recording, at least, and no
less than the hips do across it. Of 2,200 real recordings two do, of somebody on a climbing frame, and
cartoon figures."""
HANDSTAND, WRISTS = 0.6, (-0.2, 0.5)
"""Trunks that hands are beyond the shoulders in a handstand, at least, and height of the wrists on a floor at 0."""
TURNED_OVER = 0.5
"""Share of the first or the last tenth of the frames in which trunk and legs point along the opposite axis."""
Y_DOWN = (AZURE32, MEDIAPIPE33, ZED34, ZED38)
"""Layouts of programs that count y downwards."""
SIDES = ("left", "right")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Standing:
    """Bodies (bodies, joints, 3), NaN where absent, whose trunk stands along a signed axis in most of them."""

    bodies: Floats
    layout: Layout
    up: str

    @property
    def axis(self) -> int:
        """Index of the axis."""
        return "xyz".index(self.up[-1])

    @property
    def sign(self) -> int:
        """Which way along it."""
        return -1 if self.up[0] == "-" else 1

    @property
    def opposite(self) -> str:
        """The axis that points the other way."""
        return self.up[1:] if self.sign < 0 else f"-{self.up}"

    def joints(self, joint: str) -> Floats:
        """(2, bodies, 3) the left and the right one."""
        return np.stack([self.bodies[:, self.layout.index(f"{joint}_{side}")] for side in SIDES])

    @cached_property
    def hips(self) -> Floats:
        """(bodies, 3) their middle."""
        out: Floats = self.joints("hip").mean(axis=0)
        return out

    @cached_property
    def shoulders(self) -> Floats:
        """(bodies, 3) their middle."""
        out: Floats = self.joints("shoulder").mean(axis=0)
        return out

    @cached_property
    def trunk(self) -> float:
        """Its typical length."""
        return typical(norms(self.shoulders - self.hips))

    @cached_property
    def stands(self) -> NDArray[np.bool_]:
        """(bodies,) whether the trunk points along the axis."""
        vectors = self.shoulders - self.hips
        with np.errstate(invalid="ignore"):
            out: NDArray[np.bool_] = self.sign * vectors[:, self.axis] >= STANDS * norms(vectors)
        return out


def other_posture(bodies: Floats, layout: Layout, up: str) -> tuple[str, str]:
    """What bodies whose trunk stands along an axis do if another one is up, in plain words, and that axis.

    Args:
        bodies: (bodies, joints, 3), NaN where absent, any unit, in the order of time.
        layout: of the joints.
        up: the signed axis along which the trunk stands.

    Returns:
        Words and a signed axis; two empty texts if nothing shows that.
    """
    body = Standing(bodies, layout, up)
    if not body.trunk > 0 or not body.stands.any():
        return "", ""
    if _is_on_hands(body):
        words = f"hands beyond the head: somebody who stands with {up} up, or on the hands with {body.opposite} up"
        return words, body.opposite
    if _turns_over(body):
        words = f"along {body.opposite}, with the legs, at the beginning or the end: somebody who stands there with "
        return f"{words}{body.opposite} up, or on the head with {up} up", body.opposite
    if other := _crawls_along(body):
        words = f"hands, knees and feet in one plane across {other[-1]}: somebody who sits with {up} up, or crawls "
        return f"{words}with {other} up", other
    if other := _planks_along(body):
        words = f"hands and feet in one plane across {other[-1]}: somebody who leans back with {up} up, or is in a "
        return f"{words}plank or push-up with {other} up", other
    if rise := _rise(body):
        other = "y" if up[-1] == "z" else "z"
        words = (
            f"feet that move by {rise:.1f} trunks along it: somebody who climbs with {up} up, or crawls with "
        )
        return f"{words}{other} up", other
    return "", ""


def _across(body: Standing) -> Iterator[tuple[str, int, int]]:
    """The signed axes across that along which the trunk stands: name, index and sign."""
    for axis in {0, 1, 2} - {body.axis}:
        for sign in (1, -1):
            yield ("-" if sign < 0 else "") + "xyz"[axis], axis, sign


def _crawls_along(body: Standing) -> str:
    """The signed axis that may point up in place of that of the trunk, because bodies are on all fours along it.

    Hands or elbows, and knees or feet, are then in one plane, far below hips and shoulders. Somebody who sits and
    stretches hands and knees forward has the same numbers; before a camera, that is taken for granted.
    """
    if body.layout in CAMERAS:
        return ""
    for name, axis, sign in _across(body):
        limbs = np.concatenate(_limbs(body, axis, sign, ("ankle", "knee")))
        high = sign * np.stack([body.hips, body.shoulders])[:, body.stands, axis].min(axis=0)
        with np.errstate(invalid="ignore"):
            level = np.ptp(limbs, axis=0) <= FOURS_LEVEL * body.trunk
            above = high - limbs.min(axis=0) >= FOURS_ABOVE * body.trunk
        if (level & above).mean() >= FOURS:
            return name
    return ""


def _planks_along(body: Standing) -> str:
    """The signed axis along which bodies are in a plank: with a straight leg, on hands and feet. With the trunk up they
    would lean back by far more than anybody can.
    """
    hips, knees, ankles = (body.joints(joint) for joint in ("hip", "knee", "ankle"))
    thighs, shanks = norms(hips - knees), norms(knees - ankles)
    with np.errstate(invalid="ignore"):
        legs = norms(hips - ankles) >= STRAIGHT * (thighs + shanks)
    straight = legs.any(axis=0)[body.stands]
    for name, axis, sign in _across(body):
        hands, feet = _limbs(body, axis, sign, ("ankle",))
        hip, shoulder = (sign * point[body.stands, axis] for point in (body.hips, body.shoulders))
        with np.errstate(invalid="ignore"):
            level = np.ptp(np.concatenate([hands, feet]), axis=0) <= PLANK_LEVEL * body.trunk
            on_hands = shoulder - hands.max(axis=0) >= PLANK_REACH * body.trunk
            off_feet = (hip + shoulder) / 2 - feet.max(axis=0) >= PLANK_OFF * body.trunk
        if (level & on_hands & off_feet & straight).mean() >= PLANK:
            return name
    return ""


def _limbs(body: Standing, axis: int, sign: int, legs: tuple[str, ...]) -> tuple[Floats, Floats]:
    """(2, standing bodies) the lower of wrist and elbow, and of these joints of the leg, of each side."""
    lowest = [
        np.fmin.reduce([sign * body.joints(joint)[:, body.stands, axis] for joint in joints])
        for joints in (("wrist", "elbow"), legs)
    ]
    return lowest[0], lowest[1]


def _rise(body: Standing) -> float:
    """Trunks that feet and hips move along the trunk, if that is more than anybody does who does not climb; else 0."""
    feet = (body.sign * body.joints("ankle")[..., body.axis]).min(axis=0)
    seen = np.isfinite(feet) & are_finite(body.hips)
    count = int(seen.sum()) // 5
    if not count:
        return 0.0
    hips = body.hips[seen]
    heights = np.stack([feet[seen], body.sign * hips[:, body.axis]], axis=1)
    feet_rise, hips_rise = np.median(heights[-count:], axis=0) - np.median(heights[:count], axis=0)
    if feet_rise * hips_rise <= 0:
        return 0.0
    rise = float(min(abs(feet_rise), abs(hips_rise)))
    sideways = np.ptp(np.percentile(np.delete(hips, body.axis, axis=1), (5, 95), axis=0), axis=0).max()
    return rise / body.trunk if rise >= max(RISE * body.trunk, sideways) else 0.0


def _is_on_hands(body: Standing) -> bool:
    """Whether bodies that stand along an axis stand on their hands if the opposite axis is up.

    Hands that are held above the head are at the height of the origin only by chance, and not in nearly all frames.
    With an axis up that points down in most files, they are asked about wherever they are.
    """
    hips, shoulders, hands = (
        -body.sign * body.joints(joint)[..., body.axis] for joint in ("hip", "shoulder", "wrist")
    )
    trunk, lowest = typical(hips.mean(axis=0) - shoulders.mean(axis=0)), hands.min(axis=0)
    if not trunk > 0 or not np.isfinite(lowest).any():
        return False
    with np.errstate(invalid="ignore"):
        at_floor = (lowest >= WRISTS[0] * trunk) & (lowest <= WRISTS[1] * trunk)
        stretched = shoulders.mean(axis=0) - hands.max(axis=0) >= HANDSTAND * trunk
    anywhere = body.sign < 0 and body.layout not in Y_DOWN
    return bool(((at_floor | anywhere) & stretched)[np.isfinite(lowest)].mean() >= FOURS)


def _turns_over(body: Standing) -> bool:
    """Whether trunk and legs point the other way at the beginning or the end, where people are on their feet."""
    legs = body.hips - body.joints("ankle").mean(axis=0)
    with np.errstate(invalid="ignore"):
        trunk_over, legs_over = (
            -body.sign * part[:, body.axis] >= STANDS * norms(part)
            for part in (body.shoulders - body.hips, legs)
        )
    over: NDArray[np.bool_] = trunk_over & legs_over
    count = max(1, len(over) // 10)
    return bool(max(over[:count].mean(), over[-count:].mean()) >= TURNED_OVER)
