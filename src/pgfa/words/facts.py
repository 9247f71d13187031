"""Measures as plain statements in units: "turns 90 degrees to the right", "travels 1.8 m, 1.2 m/s".

Metres are those of a standard body, to which clips are scaled; seconds are real time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from pgfa.words.trunk import OFF_THE_FLOOR

Values = Mapping[str, float]
"""Name of `pgfa.words.measures.MEASURES` -> value, NaN where not known."""

IN_PLACE: Final = 0.3
"""Greatest distance in metres from its mean position up to which the pelvis stays in place."""
HARDLY_MOVED: Final = 0.5
"""Metres of path of both hands together below which their shares mean nothing."""
EQUAL: Final = 0.05
"""A hand's share of the movement differs from one half by less than this if both move equally far."""
AT_HEAD: Final = 0.05
"""Metres over or under the head within which a hand is at the height of the head."""
SMALL_ANGLE: Final = 20
"""Degrees: below this, turning and leaning are sway or errors of the sensor."""
A_TURN: Final = 0.3
"""Share of a circle below which a hand does not circle."""
LIFTED: Final = 0.12
"""Metres by which pelvis or foot must move up or down to be mentioned; ankles of a sensor jitter by less."""
CORRELATED: Final = 0.5
"""Correlation of the hands from which they move together or in turn."""


class Fact(NamedTuple):
    """A statement about a clip.

    Attributes:
        text: in units.
        weight: how telling it is by itself; 1 is a large movement, 0 an unremarkable one.
    """

    text: str
    weight: float


Describe = Callable[[Values], Fact | None]


def hand_share(v: Values) -> Fact | None:
    """Which hand moves more: its share of the path of both."""
    right, left = v["R_path"], v["L_path"]
    if not right + left >= HARDLY_MOVED:
        return None if math.isnan(right + left) else Fact("hands hardly move", 0.3)
    share = right / (right + left)
    if abs(share - 0.5) < EQUAL:
        return Fact("both hands move equally far", 0.5)
    side, share = ("right", share) if share >= 0.5 else ("left", 1 - share)
    return Fact(f"{side} hand {100 * share:.0f} % of the hands' movement", 0.5 + 2 * (share - 0.5))


def hand_height(v: Values) -> Fact | None:
    """How high the higher hand gets, or both where both are above the head."""
    right, left = v["R_over_head"], v["L_over_head"]
    if not math.isnan(right + left) and min(right, left) > AT_HEAD:
        return Fact(f"both hands {min(right, left):.2f} m above the head", 1.5)
    hand, height = _greater(v, "over_head")
    if math.isnan(height):
        return None
    if abs(height) <= AT_HEAD:
        return Fact(f"{hand} hand at the height of the head", 0.8)
    side = "above" if height > 0 else "below"
    return Fact(f"{hand} hand {abs(height):.2f} m {side} the head", 1 if height > 0 else 0.2)


def travel(v: Values) -> Fact | None:
    """How far and how fast the body travels."""
    path, speed, radius = v["travel_path"], v["travel_speed"], v["travel_radius"]
    if math.isnan(path + speed + radius):
        return None
    if radius <= IN_PLACE:
        return Fact("stays in place", 0.6)
    return Fact(f"travels {path:.1f} m, {speed:.1f} m/s", 0.7 + radius)


def direction(v: Values) -> Fact | None:
    """Travel in the body's own directions."""
    if v["travel_radius"] <= IN_PLACE:
        return travel(v)
    forward, right = v["travel_fwd"], v["travel_right"]
    if math.isnan(forward + right):
        return travel(v)
    ahead = f"{abs(forward):.1f} m {'forward' if forward >= 0 else 'backward'}"
    aside = f"{abs(right):.1f} m to the {'right' if right >= 0 else 'left'}"
    return Fact(f"moves {ahead} and {aside}", 0.5)


def turning(v: Values) -> Fact | None:
    """How far the body turns, and which way."""
    net, extent = math.degrees(v["turn_net"]), math.degrees(v["turn_range"])
    if math.isnan(net + extent):
        return None
    if abs(net) >= SMALL_ANGLE:
        side = "right" if net > 0 else "left"
        return Fact(f"turns {_rounded(abs(net))} degrees to the {side}", abs(net) / 60)
    if extent >= SMALL_ANGLE:
        return Fact(f"turns by {_rounded(extent)} degrees and back", extent / 120)
    return Fact("does not turn", 0)


def pelvis(v: Values) -> Fact | None:
    """How the height of the pelvis changes."""
    start, end, low, high = (v[f"pelvis_h_{name}"] for name in ("start", "end", "min", "max"))
    if math.isnan(start + end + low + high):
        return None
    down, up = min(start, end) - low, high - max(start, end)
    net = end - start
    if max(down, up, abs(net)) < LIFTED:
        return Fact("height of the pelvis does not change", 0)
    if down >= max(up, abs(net)):
        return Fact(f"pelvis sinks by {down:.2f} m and rises again", down / 0.25)
    if up >= abs(net):
        return Fact(f"pelvis rises by {up:.2f} m and sinks again", up / 0.25)
    return Fact(f"pelvis {'rises' if net > 0 else 'sinks'} by {abs(net):.2f} m", abs(net) / 0.25)


def pelvis_height(v: Values) -> Fact | None:
    """How high the pelvis mostly is."""
    return _in_units("pelvis {:.2f} m above the ankles", v["pelvis_h_med"])


def off_the_floor(v: Values) -> Fact | None:
    """Whether both feet leave the floor."""
    height = v["feet_off"]
    if math.isnan(height):
        return None
    if height <= OFF_THE_FLOOR:
        return Fact("a foot is always on the floor", 0)
    return Fact("both feet leave the floor", 1.2)


def trunk(v: Values) -> Fact | None:
    """How far the trunk leans, and which way where that is known."""
    incline = math.degrees(v["trunk_inc_max"])
    if math.isnan(incline):
        return None
    if incline < SMALL_ANGLE:
        return Fact("trunk stays upright", 0)
    leans = {
        "forward": v["lean_fwd_max"], "backward": v["lean_back_max"],
        "to the right": v["lean_right_max"], "to the left": v["lean_left_max"],
    }  # fmt: skip
    way = "" if any(map(math.isnan, leans.values())) else " " + max(leans, key=leans.__getitem__)
    return Fact(f"trunk leans {_rounded(incline)} degrees{way}", incline / 45)


def foot_lift(v: Values) -> Fact | None:
    """Which foot is lifted, and how high."""
    foot, height = _greater(v, "foot_h")
    if math.isnan(height):
        return None
    if height < LIFTED:
        return Fact("feet stay on the floor", 0)
    return Fact(f"{foot} foot lifted by {height:.2f} m", height / 0.4)


def knee_bend(v: Values) -> Fact | None:
    """How far the more bent knee bends."""
    bend = 180 - math.degrees(v["min_knee_min"])
    return None if math.isnan(bend) else Fact(f"knee bent by {_rounded(bend)} degrees", 0)


def elbow_bend(v: Values) -> Fact | None:
    """How far the more bent elbow bends."""
    bend = 180 - math.degrees(v["min_elbow_min"])
    return None if math.isnan(bend) else Fact(f"elbow bent by {_rounded(bend)} degrees", 0)


def steps(v: Values) -> Fact | None:
    """Steps in which one foot overtakes the other."""
    return _counted(v["steps"], "step", v["step_rate"])


def marches(v: Values) -> Fact | None:
    """Steps on the spot."""
    return _counted(v["marches"], "step on the spot", v["march_rate"])


def hand_gap(v: Values) -> Fact | None:
    """How close the hands come."""
    return _in_units("hands {:.2f} m apart at the closest", v["hands_min"])


def hand_span(v: Values) -> Fact | None:
    """How far apart the hands get."""
    return _in_units("hands up to {:.2f} m apart", v["hands_max"])


def hands_in_time(v: Values) -> Fact | None:
    """Whether the hands rise and fall together or in turn."""
    together = v["hcorr_up"]
    if not abs(together) >= CORRELATED:  # NaN too
        return None
    return Fact(f"hands rise and fall {'together' if together > 0 else 'in turn'}", 0)


def hand_speed(v: Values) -> Fact | None:
    """High speed of the faster hand."""
    hand, speed = _greater(v, "peak")
    return None if math.isnan(speed) else Fact(f"{hand} hand up to {speed:.1f} m/s", speed / 6)


def body_speed(v: Values) -> Fact | None:
    """Mean speed of the joints."""
    return _in_units("joints move at {:.2f} m/s on average", v["energy"])


def reversals(v: Values) -> Fact | None:
    """How often a hand changes its direction, in the direction in which it does so most."""
    numbers = [v[f"max_{axis}_rev"] for axis in ("up", "fwd", "out")]
    if any(map(math.isnan, numbers)):
        return None
    number = round(max(numbers))
    return Fact(f"hand changes direction {number} time{'' if number == 1 else 's'}", number / 8)


def circles(v: Values) -> Fact | None:
    """How many circles a hand winds, in the plane in which it winds most."""
    wound = [v[f"max_wind_{plane}"] for plane in ("front", "side", "level")]
    if any(map(math.isnan, wound)):
        return None
    number = max(wound) / (2 * math.pi)
    return Fact(f"hand circles {number:.1f} times" if number >= A_TURN else "hand does not circle", 0)


def hand_moves(axis: str, way: str) -> Describe:
    """How far the hand that moves more does so along an axis of `pgfa.words.hands.AXES`."""

    def describe(v: Values) -> Fact | None:
        hand, extent = _greater(v, f"{axis}_range")
        return None if math.isnan(extent) else Fact(f"{hand} hand moves {extent:.2f} m {way}", 0)

    return describe


def hand_distance(point: str, name: str) -> Describe:
    """How close a hand comes to a point of `pgfa.words.hands.POINTS`."""

    def describe(v: Values) -> Fact | None:
        return _in_units(f"a hand comes within {{:.2f}} m of the {name}", v[f"min_to_{point}_min"])

    return describe


def hand_low(v: Values) -> Fact | None:
    """How low a hand gets."""
    low = v["min_low"]
    if math.isnan(low):
        return None
    return Fact(f"a hand comes down to {max(low, 0):.2f} m above the ankles", 0)


def _greater(v: Values, name: str) -> tuple[str, float]:
    """The side with the greater value and the value: of the one known side, NaN where none is."""
    right, left = v[f"R_{name}"], v[f"L_{name}"]
    if math.isnan(left) or right >= left:
        return "right", right
    return "left", left


def _in_units(text: str, value: float) -> Fact | None:
    return None if math.isnan(value) else Fact(text.format(value), 0)


def _counted(number: float, thing: str, rate: float) -> Fact | None:
    if math.isnan(number + rate):
        return None
    first, _, rest = thing.partition(" ")
    name = " ".join([first if round(number) == 1 else f"{first}s", rest]).strip()
    return Fact(f"{number:.0f} {name}, {rate:.1f} per second" if round(number) >= 1 else f"no {name}", 0)


def _rounded(degrees: float) -> int:
    """To 5 degrees, about what a sensor is good for."""
    return 5 * round(degrees / 5)


GENERAL: Final[tuple[Describe, ...]] = (
    hand_share, travel, hand_height, turning, pelvis, off_the_floor, trunk, foot_lift, reversals, hand_speed,
)  # fmt: skip
"""What is stated about any clip, in the order in which equally telling statements come."""

_UP_DOWN = hand_moves("up", "up and down")
_FORWARD_BACK = hand_moves("fwd", "forward and back")
_SIDE_TO_SIDE = hand_moves("out", "from side to side")
_TO_HEAD = hand_distance("head", "head")

_WORDS_OF: Final[dict[Describe, str]] = {
    hand_share: "right_hand left_hand both_hands one_hand",
    hands_in_time: "alternate cheer",
    foot_lift: "right_foot left_foot legs kick knee_up one_leg climb",
    travel: "stand carry",
    steps: "walk run step",
    marches: "on_spot",
    off_the_floor: "jump",
    direction: "travel_back travel_side",
    turning: "turn turn_left turn_right spin roll dance",
    body_speed: "slow fast still",
    pelvis: "sit_down stand_up get_up fall squat",
    pelvis_height: "sit kneel lie crawl",
    knee_bend: "lunge",
    trunk: "bend lean_side",
    hand_height: "overhead shoulder_level",
    _TO_HEAD: "to_head to_mouth phone",
    hand_distance("chest", "chest"): "chest",
    hand_distance("hip", "hip"): "waist",
    hand_low: "floor",
    _UP_DOWN: "lift lower up chop dribble",
    _FORWARD_BACK: "forward push pull stab punch behind",
    _SIDE_TO_SIDE: "sideways inward to_left to_right swipe",
    reversals: "wave repeat once back_forth wash",
    circles: "circle",
    hand_speed: "throw swing",
    hand_gap: "hands_together cross_arms",
    hand_span: "arms_wide",
    elbow_bend: "elbow",
}
OF_WORD: Final[dict[str, Describe]] = {
    word: describe for describe, words in _WORDS_OF.items() for word in words.split()
}
"""Word -> the statement that shows most plainly whether it is true. A word without an entry has none."""
