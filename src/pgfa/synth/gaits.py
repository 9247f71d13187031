"""Key poses of steps: walking, running, marching on the spot, climbing stairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from pgfa.synth.motions import Foot, Key
from pgfa.synth.places import PLACES

STAND: Final = Foot()
Steps = list[Key]


def gait(name: str, half_steps: int, *, arms: bool) -> tuple[Key, ...]:
    """Half steps, the right foot first.

    Args:
        name: of `GAITS`.
        half_steps: how many times a foot is set.
        arms: whether the arms swing; else they stay as they are.
    """
    keys: Steps = []
    for number in range(half_steps):
        sides = ("right", "left") if number % 2 == 0 else ("left", "right")
        keys += GAITS[name](*sides, arms)
    return tuple(keys)


def _key(
    time: float, leg: str, other: str, feet: tuple[Foot, Foot], hands: tuple[str, str] | None,
    step: float = 0.0, **pose: float,
) -> Key:  # fmt: skip
    """Feet and hands of the side of the leg that moves, then of the other."""
    limbs: dict[str, Foot] = dict(zip((f"{leg}_foot", f"{other}_foot"), feet, strict=True))
    if hands is None:
        return Key(time, step=step, pose=pose, **limbs)  # type: ignore[arg-type]
    arms = {side: PLACES[name] for side, name in zip((leg, other), hands, strict=True)}
    return Key(time, step=step, pose=pose, **limbs, **arms)  # type: ignore[arg-type]


def _walking(seconds: float, length: float) -> Callable[[str, str, bool], Steps]:
    def steps(leg: str, other: str, arms: bool) -> Steps:
        step, hang, swing = 0.27 * length, ("hang", "hang"), ("swing-back", "swing-front")
        passing = (Foot(up=0.10, fwd=0.02, toe=20), STAND)
        contact = (Foot(fwd=step, toe=-8), Foot(fwd=-step, toe=24))
        twist = 6.0 if leg == "right" else -6.0
        return [
            _key(seconds, leg, other, passing, hang if arms else None, step, twist=0),
            _key(seconds, leg, other, contact, swing if arms else None, step, twist=twist),
        ]

    return steps


def _running(leg: str, other: str, arms: bool) -> Steps:
    stance = (Foot(up=0.35, fwd=0.1, toe=50), Foot(toe=5))
    flight = (Foot(up=0.2, fwd=0.45), Foot(up=0.12, fwd=-0.5, toe=50))
    jog, pump = ("jog", "jog"), ("pump-back", "pump-front")
    return [
        _key(0.13, leg, other, stance, jog if arms else None, 0.5, bend=12, air=0, up=-0.05),
        _key(0.14, leg, other, flight, pump if arms else None, 0.6, bend=12, air=0.06, up=0),
    ]


def _backward(leg: str, other: str, arms: bool) -> Steps:
    hang, swing = ("hang", "hang"), ("swing-front", "swing-back")
    passing = (Foot(up=0.08, fwd=-0.05, toe=10), STAND)
    contact = (Foot(fwd=-0.22, toe=20), Foot(fwd=0.2))
    return [
        _key(0.3, leg, other, passing, hang if arms else None, -0.2),
        _key(0.3, leg, other, contact, swing if arms else None, -0.2),
    ]


def _sideways(_leg: str, _other: str, _arms: bool) -> Steps:
    """To the right, whichever foot: the left one follows."""
    return [
        Key(0.25, right_foot=Foot(out=0.25, up=0.06), side=0.1),
        Key(0.22, right_foot=Foot(out=0.15), left_foot=Foot(out=0.15), side=0.2),
        Key(0.25, right_foot=STAND, left_foot=Foot(up=0.06), side=0.15),
    ]


def _marching(leg: str, other: str, arms: bool) -> Steps:
    hang, swing = ("hang", "hang"), ("swing-back", "swing-front")
    lifted = (Foot(up=0.42, fwd=0.36, toe=15), STAND)
    return [
        _key(0.3, leg, other, lifted, swing if arms else None),
        _key(0.25, leg, other, (STAND, STAND), hang if arms else None),
    ]


def _jogging(leg: str, other: str, arms: bool) -> Steps:
    jog, pump = ("jog", "jog"), ("pump-front", "pump-back")
    heel, both = (Foot(up=0.2, fwd=-0.16, toe=50), Foot(toe=12)), (Foot(toe=22), Foot(toe=22))
    return [
        _key(0.15, leg, other, heel, pump if arms else None, air=0, up=-0.03),
        _key(0.09, leg, other, both, jog if arms else None, air=0.03, up=0),
    ]


def _high_knees(leg: str, other: str, arms: bool) -> Steps:
    jog, pump = ("jog", "jog"), ("pump-back", "pump-front")
    lifted = (Foot(up=0.45, fwd=0.4, toe=20), Foot(toe=15))
    return [
        _key(0.16, leg, other, lifted, pump if arms else None, air=0.02),
        _key(0.12, leg, other, (STAND, STAND), jog if arms else None, air=0),
    ]


def _upstairs(leg: str, other: str, arms: bool) -> Steps:
    hang, swing = ("hang", "hang"), ("swing-back", "swing-front")
    lifted, pushed = (Foot(up=0.30, fwd=0.25), STAND), (STAND, Foot(up=0.05, fwd=-0.2, toe=20))
    return [
        _key(0.35, leg, other, lifted, hang if arms else None, 0.15, bend=8),
        _key(0.4, leg, other, pushed, swing if arms else None, 0.25, bend=8),
    ]


GAITS: Final[Mapping[str, Callable[[str, str, bool], Steps]]] = {
    "walk": _walking(0.26, 1.0), "slow": _walking(0.42, 0.7), "fast": _walking(0.21, 1.3), "run": _running,
    "back": _backward, "side": _sideways, "march": _marching, "jog": _jogging, "knees": _high_knees,
    "up": _upstairs,
}  # fmt: skip
"""Name -> keys of a half step by the leg that moves, the other leg, and whether the arms swing."""
