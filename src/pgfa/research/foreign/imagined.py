"""Imagined recordings of the glossary's actions as one more set to train a kinematic model on."""

from __future__ import annotations

import numpy as np

from pgfa.config import PrepareSettings, TextSettings
from pgfa.prepare import prepare
from pgfa.research.foreign.sets import class_means
from pgfa.skeleton.ragged import Ragged
from pgfa.synth.imagined import glossary_motions, imagine
from pgfa.text.glossary import entries
from pgfa.words.fit import MeasuredSet
from pgfa.words.measures import measure, mirrored

PERFORMERS, SEED = 8, 3
SHARE = 3.0
"""Weight of the set in units of that of a set of recordings of its size."""


def imagined_set(text: TextSettings, performers: int = PERFORMERS) -> MeasuredSet:
    """Every action of the glossary by a number of synthetic people; its sentences are its names and its description.

    Args:
        text: which sentence encoder.
        performers: how many people.
    """
    motions = glossary_motions()
    clips = imagine(motions, performers, seed=SEED)
    prepared = prepare(Ragged.from_clips(clips), PrepareSettings())
    seen = prepared.present[:, 0]
    number = {key: row for row, key in enumerate(motions)}
    labels = np.array([number[clip.source.action] for clip in clips], dtype=np.int64)[seen]
    measures = measure(
        prepared.positions[seen][:, :, 0], prepared.measured[seen, 0], prepared.moving_seconds[seen]
    )
    described = {entry.key: (*entry.names, entry.motion) for entry in entries()}
    means = class_means([described[key] for key in motions], text)
    return MeasuredSet(measures, mirrored(measures), labels, *means, share=SHARE)
