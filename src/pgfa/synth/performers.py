"""The performers of the synthetic data set: bodies, handedness, tempo and habits."""

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
        left_handed: performs the mirror image of every action.
        speed: tempo, 1 is average.
        motion_range: factor of the extent of movements.
        eager: 0 to 1, from the fewest to the most repeats.
        idle: seconds of standing before and after, on average.
        sway: movement while standing, 1 is average.
        stoop, nod: trunk and head held forward, degrees.
        arms_out, arms_fwd: angle of the hanging arms, outwards and forwards, degrees.
        arm_reach: reach of the hanging arms; 1 is straight, less is with bent elbows.
        stance: distance of each foot outside its hip, leg lengths.
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
    """`number` different people, every fourth left-handed, heights evenly spaced from SHORTEST to TALLEST.

    Raises:
        ValueError: for a number below 1.
    """
    if number < 1:
        raise ValueError(f"expected at least one performer, found {number}")
    random = np.random.default_rng([seed, 1])

    def spread(low: float, high: float) -> list[float]:
        """Evenly spaced values in random order, so that any number of people covers the whole range."""
        return (
            [float(v) for v in random.permutation(np.linspace(low, high, number))]
            if number > 1
            else [(low + high) / 2]
        )

    heights, speeds, ranges = spread(SHORTEST, TALLEST), spread(-0.25, 0.25), spread(0.87, 1.08)
    eager, sways = spread(0.0, 1.0), spread(0.4, 1.8)
    people = []
    for i in range(number):
        height = heights[i]
        child = max(0.0, (1.55 - height) / 0.45)  # children: larger heads, shorter legs, narrower shoulders
        arm, leg, shoulder, hip = (float(f) for f in 1 + 0.035 * random.standard_normal(4))
        body = Body(
            height=height, arm=arm * (1 - 0.04 * child), leg=leg * (1 - 0.06 * child),
            shoulder=shoulder * (1 - 0.03 * child), hip=hip, head=1 + 0.15 * child,
        )  # fmt: skip
        people.append(
            Performer(
                name=f"p{i + 1:02d}",
                body=body,
                left_handed=i % 4 == 3,
                # Short limbs swing faster: part of the tempo depends on the height.
                speed=float(np.exp(speeds[i]) * (1.7 / height) ** 0.3),
                motion_range=ranges[i],
                eager=eager[i],
                idle=float(random.uniform(0.12, 0.45)),
                sway=sways[i],
                stoop=float(random.uniform(-2, 9)),
                nod=float(random.uniform(-4, 12)),
                arms_out=float(random.uniform(4, 15)),
                arms_fwd=float(random.uniform(-3, 12)),
                arm_reach=float(random.uniform(0.94, 0.99)),
                stance=float(random.uniform(0.0, 0.08)),
            )
        )
    return people
