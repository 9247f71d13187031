"""The training clips on the device, all copied once: a batch is one gather, augmented on the device."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pgfa.config import RunSettings
from pgfa.model.batch import Batch
from pgfa.train.augment import augment
from pgfa.train.corpus import Corpus
from pgfa.train.degrade import degrade
from pgfa.train.sentences import ClassSentences


@dataclass(frozen=True)
class TrainingClips:
    """All training clips of a run on its device.

    Attributes:
        settings: of the run; they say how clips are augmented.
        positions, present, labels: as in `ClipSet`.
        vectors: (rows, d) sentence vectors, centred; rows as in `ClassSentences`.
        same: (rows, rows) bool, rows that mean the same.
        mirror: (classes,) row of the mirror image of each class, or -1.
        mirror_joints: (V,) permutation that swaps left and right joints.
        bodies: (clips,) bodies that the encoder computes for each clip, on the host.
    """

    settings: RunSettings
    positions: Tensor
    present: Tensor
    labels: Tensor
    vectors: Tensor
    same: Tensor
    mirror: Tensor
    mirror_joints: Tensor
    bodies: NDArray[np.int64]

    @classmethod
    def of(
        cls, corpus: Corpus, sentences: ClassSentences, settings: RunSettings, device: torch.device
    ) -> TrainingClips:
        """Copy the training clips of a corpus and the sentence vectors of its classes to the device."""
        arrays = {
            "positions": corpus.train.positions,
            "present": corpus.train.present,
            "labels": corpus.train.labels,
            "vectors": sentences.vectors - sentences.centre,
            "same": sentences.same,
            "mirror": sentences.mirror,
            "mirror_joints": corpus.layout.mirror,
        }
        tensors = {name: torch.from_numpy(np.ascontiguousarray(x)).to(device) for name, x in arrays.items()}
        bodies = np.maximum(corpus.train.present.sum(axis=1), 1)
        if settings.model.absent_bodies == "zero":
            bodies[:] = settings.prepare.bodies
        return cls(settings, **tensors, bodies=bodies)

    def batch(self, index: Tensor, epoch: int) -> Batch:
        """The clips of an index (B,), augmented with the current random state; `epoch` is not used."""
        positions, present, label = self.positions[index], self.present[index], self.labels[index]
        train = self.settings.train
        if train.augment:
            image = self.mirror[label]
            share = 0.5 if train.mirror else 0.0
            flip = (torch.rand(len(index), device=index.device) < share) & (image >= 0)
            positions = augment(positions, self.mirror_joints, flip)
            label = torch.where(flip, image, label)
            if train.degrade:
                positions = degrade(positions, self.settings.prepare.layout, train.partial_views)
        return Batch(positions, present, label, self.vectors[label], self.same[label][:, label])
