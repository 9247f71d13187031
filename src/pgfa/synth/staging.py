"""Performances of a stand-in: performers, actions, camera, and ghosts of the sensor."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pgfa.skeleton import NTU25
from pgfa.synth.body import Array
from pgfa.synth.choreography import choreographies
from pgfa.synth.dataset import perform
from pgfa.synth.performers import Performer, make_performers
from pgfa.synth.sensor import View, observe

PEOPLE = 106
_BLEND = 6
_PARTNER = 1.3  # metres in front


@lru_cache(maxsize=4)
def people(seed: int) -> list[Performer]:
    """The performers of a stand-in, in the order of subjects from 1."""
    return make_performers(seed, PEOPLE)


def perform_class(seed: int, action: str, subject: int, take: int) -> list[Array]:
    """One performance of a class, before any camera.

    Args:
        seed: of the stand-in.
        action: class name.
        subject: from 1; in a class for two people the partner is the next subject.
        take: number of the performance; takes differ in tempo.

    Returns:
        For each person (frames, 25, 3) metres in the axes of the floor, y up, the first facing -z; all of the same
        length.
    """
    random = np.random.default_rng([seed, 5, subject, take, *action.encode()])
    choreography = choreographies()[action]
    tempo = random.uniform(0.85, 1.2)
    if not choreography.partner:
        parts = [_perform(seed, name, subject) for name in choreography.actions]
        motion = parts[0]
        for part in parts[1:]:
            motion = _crossfade(motion, part)
        return [resample(motion, max(20, round(len(motion) * tempo / len(parts) ** 0.6)))]
    person = _perform(seed, choreography.actions[0], subject)
    partner = _perform(seed, choreography.partner, subject % PEOPLE + 1)
    frames = max(20, round(len(person) * tempo))
    facing = resample(partner, frames) * [-1, 1, -1] + [0, 0, -_PARTNER + 0.1 * random.normal()]
    return [resample(person, frames), facing]


def film(bodies: list[Array], view: View, random: np.random.Generator) -> NDArray[np.float32]:
    """(frames, bodies, 25, 3) float32: the bodies as recorded by the sensor."""
    return np.stack([observe(body, NTU25, view, random) for body in bodies], axis=1)


def add_ghost(positions: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """One more body slot: furniture that the sensor took for a person for a while; wide, low and nearly
    still."""
    frames = len(positions)
    centre = np.array([random.uniform(-1.5, 1.5), random.uniform(-0.6, -0.2), random.uniform(2.5, 4.5)])
    cloud = centre + random.normal(size=(25, 3)) * [0.35, 0.12, 0.1]
    ghost = np.full((frames, 1, 25, 3), np.nan, dtype=np.float32)
    first = int(random.integers(0, max(1, frames // 2)))
    last = int(random.integers(first + 1, frames + 1))
    ghost[first:last, 0] = cloud + 0.002 * random.normal(size=(last - first, 25, 3))
    return np.concatenate([positions, ghost], axis=1)


@lru_cache(maxsize=512)
def _perform(seed: int, name: str, subject: int) -> Array:
    streams = [np.random.default_rng([seed, kind, subject, *name.encode()]) for kind in (6, 7)]
    return perform(name, people(seed)[subject - 1], NTU25, *streams)


def _crossfade(before: Array, after: Array) -> Array:
    """One movement after the other, the end of the first blended into the beginning of the second."""
    share = np.linspace(0, 1, _BLEND)[:, None, None]
    return np.concatenate(
        [before[:-_BLEND], before[-_BLEND:] * (1 - share) + after[:_BLEND] * share, after[_BLEND:]]
    )


def resample(positions: Array, frames: int) -> Array:
    """The same movement in another number of frames, by linear interpolation."""
    times = np.linspace(0, len(positions) - 1, frames)
    low = np.minimum(times.astype(np.int64), len(positions) - 2)
    share = (times - low)[:, None, None]
    return np.asarray(positions[low] * (1 - share) + positions[low + 1] * share)
