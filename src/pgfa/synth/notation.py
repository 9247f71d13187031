"""A notation for motions, a line of text each, read into key poses of a right-hander.

    drink: .7 r=mouth | .3 nod=-20 | .8 | .3 nod=0
    clap: .5 b=.1/-.12/.55d | 3-7( .17 b=chest | .18 b=.1/-.12/.55d )
    read-book: @seat .6 b=belly nod=22 | 2 !

Phases are separated by ``|``. A phase is its seconds, then what has been reached at its end:

- ``r=``, ``l=``, ``b=``: the right hand, the left one, both: a place of `PLACES`, or out/up/forward from the shoulder
  in arm lengths, and a letter for the elbow (``d`` down, ``o`` outward, ``u`` up);
- ``rf=``, ``lf=``, ``bf=``: a foot: out/up/forward of its place in stance in leg lengths, degrees of the toes;
- ``st=``, ``side=``: way made forward and to the right, in leg lengths;
- a channel of `pgfa.synth.body` and its value: ``bend=30``;
- ``~ro.3@.25``: a swing of the right hand outward, .3 of an arm length, a quarter of a period late (``u``: up, ``f``:
  forward); ``~twist:20``: a swing of a channel.

``2-4( ... )`` is performed two to four times, with a period of every swing each time. A gait and its number of half
steps (``walk6``; ``walkn6``: the arms stay as they are) is a phase of `pgfa.synth.gaits`. ``@seat`` is the pose it
begins in, of `BEGINNINGS`. A motion returns to the pose it begins in, unless it ends in ``!``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from pgfa.synth.body import CHANNEL
from pgfa.synth.gaits import GAITS, gait
from pgfa.synth.motions import ELBOW, Foot, Hand, Key, Motion, Phase, Wave
from pgfa.synth.places import BEGINNINGS, ELBOWS, PLACES

RETURN: Final = 0.6
"""Seconds back to the pose that a motion begins in."""
_CYCLE: Final = re.compile(r"\s*(\d+)-(\d+)\(([^()]*)\)\s*")
_PHASES: Final = re.compile(r"\s*\d+-\d+\([^()]*\)\s*|[^|()]+|.")
_GAIT: Final = re.compile(rf"({'|'.join(GAITS)})(n?)(\d+)")
_NUMBER: Final = r"-?(?:\d+\.?\d*|\.\d+)"
_HAND_SWING: Final = re.compile(rf"~([rlb])([ouf])({_NUMBER})(?:@({_NUMBER}))?")
_SWING: Final = re.compile(rf"~([a-z_]+):({_NUMBER})(?:@({_NUMBER}))?")
_HANDS: Final = {"r": "right", "l": "left", "b": "hands"}
_FEET: Final = {"rf": "right_foot", "lf": "left_foot", "bf": "feet"}
_SIDES: Final = {"r": ("right",), "l": ("left",), "b": ("right", "left")}
_WAYS: Final = {"o": "out", "u": "up", "f": "fwd"}
_STEPS: Final = {"st": "step", "side": "side"}


def parse_motion(text: str) -> Motion:
    """The motion of a line.

    Raises:
        ValueError: what is not part of the notation.
    """
    text, begin = text.strip(), None
    if text.startswith("@"):
        name, _, text = text.partition(" ")
        if name not in BEGINNINGS:
            raise ValueError(f"expected {', '.join(BEGINNINGS)}, found {name!r}")
        begin = _parse_key(BEGINNINGS[name])[0]
    stays = text.endswith("!")
    phases = [_parse_phase(part) for part in _parts(text.removesuffix("!"))]
    if not stays and begin is not None:
        phases.append(Phase((replace(begin, time=RETURN, rest=True),)))
    return Motion(tuple(phases), RETURN if not stays and begin is None else None, begin)


def _parts(text: str) -> list[str]:
    parts = [part.strip() for part in _PHASES.findall(text)]
    if bad := [part for part in parts if part in ("(", ")")]:
        raise ValueError(f"expected cycles as in 2-4( ... ), found {bad[0]!r} in {text!r}")
    return [part for part in parts if part not in ("", "|")]


def _parse_phase(text: str) -> Phase:
    if not (cycle := _CYCLE.fullmatch(text)):
        keys, waves = _parse_keys(text)
        return Phase(keys, None, waves)
    all_keys: list[Key] = []
    all_waves: list[Wave] = []
    for part in _parts(cycle[3]):
        keys, waves = _parse_keys(part)
        all_keys += keys
        all_waves += waves
    return Phase(tuple(all_keys), (int(cycle[1]), int(cycle[2])), tuple(all_waves))


def _parse_keys(text: str) -> tuple[tuple[Key, ...], tuple[Wave, ...]]:
    if parts := _GAIT.fullmatch(text):
        return gait(parts[1], int(parts[3]), arms=not parts[2]), ()
    key, waves = _parse_key(text)
    return (key,), tuple(waves)


def _parse_key(text: str) -> tuple[Key, list[Wave]]:
    seconds, *tokens = text.split()
    fields: dict[str, Any] = {}
    pose: dict[str, float] = {}
    waves: list[Wave] = []
    for token in tokens:
        name, _, value = token.partition("=")
        if token.startswith("~"):
            waves += _parse_swing(token)
        elif name in _HANDS:
            fields[_HANDS[name]] = _parse_hand(value)
        elif name in _FEET:
            fields[_FEET[name]] = Foot(*(float(number) for number in value.split("/")))
        elif name in _STEPS:
            fields[_STEPS[name]] = float(value)
        elif name in CHANNEL:
            pose[name] = float(value)
        else:
            raise ValueError(f"expected a hand, a foot, a step, a channel or a swing, found {token!r}")
    return Key(float(seconds), pose=pose, **fields), waves


def _parse_hand(value: str) -> Hand:
    if value in PLACES:
        return PLACES[value]
    elbow = ELBOWS.get(value[-1])
    out, up, forward = (float(number) for number in (value[:-1] if elbow else value).split("/"))
    return Hand((out, up, forward), elbow or ELBOW)


def _parse_swing(token: str) -> list[Wave]:
    if parts := _HAND_SWING.fullmatch(token):
        side, way, amplitude, late = parts.groups()
        channels = [f"hand_{_WAYS[way]}_{name}" for name in _SIDES[side]]
    elif parts := _SWING.fullmatch(token):
        channel, amplitude, late = parts.groups()
        channels = [channel]
    if not parts or not set(channels) <= set(CHANNEL):
        raise ValueError(f"expected a swing as in ~ro.3 or ~twist:20, found {token!r}")
    return [Wave(channel, float(amplitude), phase=float(late or 0)) for channel in channels]
