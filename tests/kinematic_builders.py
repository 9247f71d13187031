"""A kinematic model fitted on synthetic clips of right-handed people, and its training sets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from pgfa.config import PrepareSettings
from pgfa.prepare import prepare
from pgfa.research.foreign.incomplete import measured_clips, without_depth
from pgfa.skeleton import Ragged
from pgfa.synth.dataset import make_clips
from pgfa.text import mirror_sentence
from pgfa.words.fit import MeasuredSet, fit_kinematics
from pgfa.words.lexicon import WORDS, word_vectors
from pgfa.words.measures import MEASURES, measure, mirrored
from pgfa.words.model import KinematicModel, unit
from pgfa.words.network import Network
from pgfa.words.profile import QUANTITIES

ENCODED = 12
SENTENCES = {
    "wave": "A person raises the right hand overhead and waves it.",
    "punch": "A person punches forward with the right hand.",
    "squat": "A person squats.",
    "jump": "A person jumps with both feet.",
    "walk": "A person walks.",
    "kick-forward": "A person kicks forward with the right foot.",
}


def vectors_of(sentences: list[str]) -> np.ndarray:
    """(K, ENCODED) a random unit vector for each text, in place of a sentence encoder."""
    rows = [np.random.default_rng(list(text.encode())).normal(size=ENCODED) for text in sentences]
    return unit(np.array(rows))


@lru_cache
def measured_set(actions: tuple[str, ...] = tuple(SENTENCES), seed: int = 0) -> MeasuredSet:
    """A set of synthetic clips of right-handed people, of the classes that are named."""
    clips = [c for c in make_clips(seed, 5, 2, actions) if c.source.setup == "right-handed"]
    prepared = prepare(Ragged.from_clips(clips), PrepareSettings(recipe="default", layout="kinect20"))
    measures = measure(prepared.positions[:, :, 0], prepared.measured[:, 0], prepared.moving_seconds)
    flat = measured_clips(without_depth(clips), PrepareSettings())[2]
    labels = np.array([actions.index(clip.source.action) for clip in clips])
    texts = [SENTENCES[name] for name in actions]
    images = [mirror_sentence(text) for text in texts]
    return MeasuredSet(
        measures, mirrored(measures), labels, vectors_of(texts), vectors_of(images),
        word_vectors(texts), word_vectors(images), flat=flat,
    )  # fmt: skip


def profiles_of(actions: Iterable[str]) -> np.ndarray:
    """(K, quantities) a random profile for each action, in place of the glossary."""
    rows = [np.random.default_rng(list(name.encode())).normal(size=len(QUANTITIES)) for name in actions]
    return np.array(rows, dtype=np.float32)


@lru_cache
def model_with_profile() -> KinematicModel:
    """Fitted on one set with profiles."""
    return fit_kinematics([replace(measured_set(), profiles=profiles_of(SENTENCES))])


@lru_cache
def model() -> KinematicModel:
    """Fitted on two sets, one with fewer classes."""
    return fit_kinematics([measured_set(), measured_set(("punch", "walk", "squat"), seed=1)])


def random_network(seed: int = 0, widths: tuple[int, int] = (7, 5)) -> Network:
    """An untrained network of the size of `model`."""
    random = np.random.default_rng(seed)
    sizes = (len(MEASURES), *widths, ENCODED + len(WORDS))
    return Network(
        tuple(
            (random.normal(size=ends).astype(np.float32), random.normal(size=ends[1]).astype(np.float32))
            for ends in pairwise(sizes)
        )
    )


@lru_cache
def model_with_network() -> KinematicModel:
    """`model` with an untrained network."""
    measures = measured_set().measures
    return model().with_network(random_network(), measures, np.ones(len(measures), dtype=np.float32))


def arrays_of(item: Any) -> list[np.ndarray]:
    """All numbers of a model, in the order of its fields."""
    if isinstance(item, tuple):
        return [array for part in item for array in arrays_of(part)]
    if hasattr(item, "__dataclass_fields__"):
        return [array for field in fields(item) for array in arrays_of(getattr(item, field.name))]
    return [] if item is None else [np.asarray(item)]
