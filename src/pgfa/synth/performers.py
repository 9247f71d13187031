"""The people of the synthetic data set: bodies, handedness, tempo and habits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pgfa.synth.body import Body

SHORTEST, TALLEST = 1.10, 1.95
"""Heights of the smallest child and the tallest adult, metres."""


@dataclass(frozen=True)
class Performer:
    """One person.

    Attributes:
        name: ``"p01"``, ...
        body: bone lengths.
        left_handed: plays every action as in a mirror.
        speed: tempo, 1 is average.
        motion_range: how far movements go, 1 as written.
        eager: 0..1, how many repeats out of the usual few.
        idle: seconds of standing before and after, on average.
        sway: unrest while standing, 1 is average.
        stoop, nod: trunk and head held forward, degrees.
        arms_out, arms_fwd: how far the hanging arms stand off, degrees.
        arm_reach: 1 hangs straight, less with bent elbows.
        stance: how much wider than the hips the feet stand, leg lengths a side.
    """

    name: str
    body: Body
    left_handed: bool = False
    speed: float = 1.0
    motion_range: float = 1.0
    eager: float = 0.5
    idle: float = 0.25
    sway: float = 1.0
    stoop: float = 2.0
    nod: float = 4.0
    arms_out: float = 8.0
    arms_fwd: float = 2.0
    arm_reach: float = 0.97
    stance: float = 0.03


def make_performers(seed: int, number: int) -> list[Performer]:
    """`number` different people: heights evenly from SHORTEST to TALLEST in random order, every fourth
    left-handed.

    Raises:
        ValueError: for a number below 1.
    """
    if number < 1:
        raise ValueError(f"at least one performer is needed, found {number}")
    chance = np.random.default_rng([seed, 1])

    def spread(low: float, high: float) -> list[float]:
        """Evenly from low to high over the people, in random order: any number shows the whole range."""
        return (
            [float(v) for v in chance.permutation(np.linspace(low, high, number))]
            if number > 1
            else [(low + high) / 2]
        )

    heights, speeds, ranges = spread(SHORTEST, TALLEST), spread(-0.25, 0.25), spread(0.87, 1.08)
    eager, sways = spread(0.0, 1.0), spread(0.4, 1.8)
    people = []
    for i in range(number):
        height = heights[i]
        child = max(0.0, (1.55 - height) / 0.45)  # children: larger head, shorter legs, narrower shoulders
        arm, leg, shoulder, hip = (float(f) for f in 1 + 0.035 * chance.standard_normal(4))
        body = Body(
            height=height, arm=arm * (1 - 0.04 * child), leg=leg * (1 - 0.06 * child),
            shoulder=shoulder * (1 - 0.03 * child), hip=hip, head=1 + 0.15 * child,
        )  # fmt: skip
        people.append(
            Performer(
                name=f"p{i + 1:02d}",
                body=body,
                left_handed=i % 4 == 3,
                # Short legs and arms swing faster: part of the tempo follows the size.
                speed=float(np.exp(speeds[i]) * (1.7 / height) ** 0.3),
                motion_range=ranges[i],
                eager=eager[i],
                idle=float(chance.uniform(0.12, 0.45)),
                sway=sways[i],
                stoop=float(chance.uniform(-2, 9)),
                nod=float(chance.uniform(-4, 12)),
                arms_out=float(chance.uniform(4, 15)),
                arms_fwd=float(chance.uniform(-3, 12)),
                arm_reach=float(chance.uniform(0.94, 0.99)),
                stance=float(chance.uniform(0.0, 0.08)),
            )
        )
    return people
