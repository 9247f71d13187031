"""Imagined recordings of the glossary's actions as one more set to train on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pgfa.config import PrepareSettings, TextSettings
from pgfa.files import digest
from pgfa.prepare import prepare
from pgfa.research.foreign.incomplete import measured_clips, without_depth
from pgfa.research.foreign.sets import class_means
from pgfa.skeleton.ragged import Ragged
from pgfa.synth.imagined import DATASET, glossary_motions, imagine
from pgfa.text import ActionClass, Catalogue
from pgfa.text.catalogue import Parts
from pgfa.text.glossary import Entry, entries
from pgfa.words.fit import MeasuredSet
from pgfa.words.measures import measure, mirrored

PERFORMERS, SEED = 8, 3
SHARE = 3.0
"""Weight of the set in units of that of a set of recordings of its size."""
_UNSAID = Parts(head="still", arms="still", torso="still", legs="still")


@dataclass(frozen=True)
class ImaginedSet:
    """Imagined recordings, prepared and measured.

    Attributes:
        catalogue: an action per entry of the glossary that has a motion, in the order of the motions; its plain
            sentence is the description of the entry, the other texts of a catalogue are not used.
        positions, present: as in `pgfa.prepare.Prepared`.
        measured: for the kinematic model; its labels count in the catalogue.
    """

    catalogue: Catalogue
    positions: NDArray[np.float32]
    present: NDArray[np.bool_]
    measured: MeasuredSet

    @cached_property
    def digest(self) -> str:
        """Of the clips, their labels and the vectors of their sentences."""
        arrays = (self.positions, self.measured.labels, self.measured.encoded, self.measured.words)
        return digest(*(np.ascontiguousarray(array).tobytes() for array in arrays))


def imagined_set(text: TextSettings, performers: int = PERFORMERS) -> ImaginedSet:
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
    positions = np.asarray(prepared.positions[seen])
    measures = measure(positions[:, :, 0], prepared.measured[seen, 0], prepared.moving_seconds[seen])
    by_key = {entry.key: entry for entry in entries()}
    described = [by_key[key] for key in motions]
    means = class_means([(*entry.names, entry.motion) for entry in described], text)
    flat = without_depth([clip for clip, one in zip(clips, seen, strict=True) if one], SEED)
    without = measured_clips(flat, PrepareSettings())[2]
    measured = MeasuredSet(
        measures,
        mirrored(measures),
        labels,
        *means,
        share=SHARE,
        flat=without,
    )
    actions = tuple(_action(number, entry) for number, entry in enumerate(described))
    return ImaginedSet(
        Catalogue(DATASET, "Imagined recordings", actions, {}), positions, prepared.present[seen], measured
    )


def _action(number: int, entry: Entry) -> ActionClass:
    return ActionClass(
        dataset=DATASET, id=number, name=entry.key, label=entry.names[0], plain=entry.motion, skeleton=entry.motion,
        parts=_UNSAID, means=(entry.key,),
    )  # fmt: skip
