"""People of one recording that are read alike, although they stand otherwise: one upside down, or mirrored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pgfa.read.interpret.take import Take, look_at
from pgfa.read.interpret.upright import MAX_COST, MIRRORED

TURNED_OVER = 0.9
"""Share of the frames in which the shoulders of one are below the ankles, and those of another above them."""


def unlike_bodies(take: Take) -> Iterator[str]:
    """Notes on people who contradict each other: no statement on the whole recording is right for both."""
    if take.positions.shape[1] < 2:
        return
    people = [
        replace(take, positions=take.positions[:, [body]], _looks=[], _fits={})
        for body in range(take.positions.shape[1])
    ]
    look_at(people)
    over = [person.look.turned_over for person in people]
    if max(over) > TURNED_OVER and min(over) < 1 - TURNED_OVER:
        body = over.index(max(over))
        if people[body].fit(2 if take.flat else 3).cost <= MAX_COST:
            yield f"body {body + 1} is upside down beside others who stand: the axes of one of them are others"
            return  # an axis that is turned over mirrors the body too
    if not take.flat:
        sides = [_handedness(person) for person in people]
        if {1, -1} <= set(sides):
            one, other = sides.index(1) + 1, sides.index(-1) + 1
            yield f"body {other} looks mirrored, and body {one} does not: the axes of one of them are others"


def _handedness(person: Take) -> int:
    """1 of a body that is as its axes say, -1 of one that is mirrored, 0 where feet and knees do not show it."""
    look = person.look
    for sign in (1, -1):
        if -sign * look.sense <= MIRRORED[0] and -sign * look.sense * look.weight <= MIRRORED[1]:
            return sign if person.fit(3).cost <= MAX_COST else 0
    return 0
