"""Where hands are put, and the poses in which motions begin (`pgfa.synth.notation`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pgfa.synth.motions import Hand

DOWN: Final = (0.35, -0.95, -0.1)
OUTWARD: Final = (1.0, -0.15, -0.1)
UPWARD: Final = (1.0, 0.15, 0.2)
ELBOWS: Final[Mapping[str, tuple[float, float, float]]] = {"d": DOWN, "o": OUTWARD, "u": UPWARD}
"""Directions of an elbow."""

PLACES: Final[Mapping[str, Hand]] = {
    "hang": Hand((0.1, -0.96, 0.05)),
    "front": Hand((0, 0.02, 0.97), DOWN),
    "up": Hand((0.08, 0.97, 0.12), OUTWARD),
    "side": Hand((0.97, 0.03, 0.08), DOWN),
    "mouth": Hand("mouth", (0.6, -0.6, 0.5)),
    "ear": Hand("ear", (0.25, -0.95, 0.2)),
    "crown": Hand("crown", UPWARD),
    "brow": Hand("brow", (1, 0.15, -0.1)),
    "chest": Hand("chest", DOWN),
    "waist": Hand("waist", (1, 0.1, -0.5)),
    "belly": Hand((-0.18, -0.48, 0.32), DOWN),
    "lap": Hand((-0.05, -0.62, 0.4)),
    "table": Hand((0, -0.36, 0.52)),
    "keyboard": Hand((-0.05, -0.38, 0.45), DOWN),
    "nape": Hand((-0.2, 0.38, -0.05), UPWARD),
    "low-back": Hand((-0.1, -0.62, -0.25), (0.9, -0.2, -0.5)),
    "other-shoulder": Hand((-0.5, -0.02, 0.3), DOWN),
    "other-elbow": Hand((-0.42, -0.38, 0.36), DOWN),
    "other-wrist": Hand((-0.4, -0.42, 0.48), DOWN),
    "knee": Hand((0, -0.85, 0.45)),
    "pocket": Hand((0.08, -0.72, 0.02), (0.6, -0.1, -0.8)),
    "guard": Hand((-0.1, -0.02, 0.36), DOWN),
    "low": Hand((0, -0.78, 0.5)),
    "eyes": Hand((-0.14, 0.28, 0.3), DOWN),
    "face": Hand((-0.12, 0.2, 0.34), DOWN),
    "carry": Hand((-0.1, -0.42, 0.45), DOWN),
    "high": Hand((0.1, 0.72, 0.55), OUTWARD),
    "reach": Hand((0, 0.3, 0.85), DOWN),
    "up-out": Hand((0.62, 0.62, 0.2), OUTWARD),
    "behind-ear": Hand((0.42, 0.46, -0.3), (0.85, -0.45, -0.1)),
    "release": Hand((-0.1, 0.34, 0.88), OUTWARD),
    "follow": Hand((-0.42, -0.52, 0.55), OUTWARD),
    "across": Hand((-0.55, 0.05, 0.6), OUTWARD),
    "out": Hand((0.75, -0.1, 0.5), DOWN),
    "back-down": Hand((0.14, -0.7, -0.55), OUTWARD),
    "shoulder": Hand((0, 0.05, 0.15), (0.5, -0.8, 0.1)),
    "behind-head": Hand((0.05, 0.45, -0.1), UPWARD),
    "clasp": Hand((-0.22, -0.25, 0.5), DOWN),
    "wheel": Hand((-0.05, -0.1, 0.75), DOWN),
    "beside-hip": Hand((0.25, -0.7, 0.05), (1, 0.1, -0.5)),
    "floor": Hand((-0.05, -0.1, 0.97), DOWN),
    "chin": Hand((-0.12, 0.12, 0.25), DOWN),
    "side-up": Hand((0.68, 0.68, 0.05), OUTWARD),
    "side-low": Hand((0.6, -0.75, 0.1), OUTWARD),
    "mid-front": Hand((0, -0.25, 0.7), DOWN),
    "nose": Hand((-0.16, 0.24, 0.28), DOWN),
    "swing-front": Hand((0.02, -0.72, 0.55)),
    "swing-back": Hand((0.1, -0.86, -0.34), (0.9, 0, -0.4)),
    "pump-front": Hand((-0.06, -0.24, 0.52), DOWN),
    "pump-back": Hand((0.1, -0.58, 0.1), (0.2, -0.1, -1)),
    "jog": Hand((0.02, -0.5, 0.38), (0.2, -0.4, -0.9)),
    "other-hip": Hand((-0.35, -0.72, 0.2), DOWN),
}
"""By name. `floor` is within reach of a bent trunk; `other-` places are on the other side of the body."""

BEGINNINGS: Final[Mapping[str, str]] = {
    "@seat": "0 up=-.45 fwd=-.40 bend=4 b=lap",
    "@table": "0 up=-.45 fwd=-.40 bend=8 b=table",
    "@floor": "0 up=-.98 bf=0/0/.9/-30 bend=10 b=lap",
    "@cross": "0 up=-.98 bf=-.05/0/.35 knee_out_right=55 knee_out_left=55 bend=8 b=.1/-.55/.55",
    "@kneel": "0 up=-.52 bf=0/0/-.45/60",
    "@lie": "0 tip=-88 b=hang",
    "@side": "0 tip=-88 roll=80 b=lap",
    "@prone": "0 tip=86 b=hang",
    "@fours": "0 tip=80 bf=0/.5/.5/20 b=front",
    "@plank": "0 tip=74 b=front",
    "@handstand": "0 tip=178 b=up",
}
"""Poses: on a chair (at a table), sitting on the floor with straight and crossed legs, kneeling, lying on the back, on
the side and face down, on hands and knees, as for push-ups, on the hands."""
