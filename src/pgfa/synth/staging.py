"""Performances of a stand-in: who does what, seen from where, and what the sensor gets wrong."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pgfa.skeleton import NTU25
from pgfa.synth.body import Array
from pgfa.synth.dataset import perform
from pgfa.synth.performers import Performer, make_performers
from pgfa.synth.scores import scores
from pgfa.synth.sensor import View, observe

PEOPLE = 106
_BLEND = 6
_PARTNER = 1.3  # metres in front


@lru_cache(maxsize=4)
def people(seed: int) -> list[Performer]:
    """The performers of a stand-in, subject 1 first."""
    return make_performers(seed, PEOPLE)


def play(seed: int, action: str, subject: int, take: int) -> list[Array]:
    """One performance of a class, before any camera.

    Args:
        seed: of the stand-in.
        action: class name.
        subject: from 1; the partner of a class for two people is the next subject.
        take: which performance of this subject; takes differ in tempo.

    Returns:
        For each person (frames, 25, 3) metres on the floor's axes, y up, the first facing -z; all of one
        length.
    """
    chance = np.random.default_rng([seed, 5, subject, take, *action.encode()])
    score = scores()[action]
    tempo = chance.uniform(0.85, 1.2)
    if not score.partner:
        shots = [_one(seed, name, subject) for name in score.actions]
        whole = shots[0]
        for shot in shots[1:]:
            whole = _join(whole, shot)
        return [_warp(whole, max(20, round(len(whole) * tempo / len(shots) ** 0.6)))]
    first, second = _one(seed, score.actions[0], subject), _one(seed, score.partner, subject % PEOPLE + 1)
    frames = max(20, round(len(first) * tempo))
    across = _warp(second, frames) * [-1, 1, -1] + [0, 0, -_PARTNER + 0.1 * chance.normal()]
    return [_warp(first, frames), across]


def film(bodies: list[Array], view: View, chance: np.random.Generator) -> NDArray[np.float32]:
    """(frames, bodies, 25, 3) float32: what the sensor sees of them."""
    return np.stack([observe(body, NTU25, view, chance) for body in bodies], axis=1)


def add_ghost(positions: NDArray[np.float32], chance: np.random.Generator) -> NDArray[np.float32]:
    """One more body slot: furniture that the sensor took for a person for a while; wide, low and nearly
    still."""
    frames = len(positions)
    place = np.array([chance.uniform(-1.5, 1.5), chance.uniform(-0.6, -0.2), chance.uniform(2.5, 4.5)])
    cloud = place + chance.normal(size=(25, 3)) * [0.35, 0.12, 0.1]
    ghost = np.full((frames, 1, 25, 3), np.nan, dtype=np.float32)
    first = int(chance.integers(0, max(1, frames // 2)))
    last = int(chance.integers(first + 1, frames + 1))
    ghost[first:last, 0] = cloud + 0.002 * chance.normal(size=(last - first, 25, 3))
    return np.concatenate([positions, ghost], axis=1)


@lru_cache(maxsize=512)
def _one(seed: int, name: str, subject: int) -> Array:
    streams = [np.random.default_rng([seed, kind, subject, *name.encode()]) for kind in (6, 7)]
    return perform(name, people(seed)[subject - 1], NTU25, *streams)


def _join(before: Array, after: Array) -> Array:
    """One after the other, the last frames of the first fading into the first ones of the second."""
    share = np.linspace(0, 1, _BLEND)[:, None, None]
    return np.concatenate(
        [before[:-_BLEND], before[-_BLEND:] * (1 - share) + after[:_BLEND] * share, after[_BLEND:]]
    )


def _warp(moved: Array, frames: int) -> Array:
    """The same movement in another number of frames, linear between its frames."""
    at = np.linspace(0, len(moved) - 1, frames)
    low = np.minimum(at.astype(np.int64), len(moved) - 2)
    share = (at - low)[:, None, None]
    return np.asarray(moved[low] * (1 - share) + moved[low + 1] * share)
