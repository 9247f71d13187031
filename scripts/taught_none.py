"""Taught classes on people and data sets that are new to the recogniser: accuracy, and "none of these".

    python scripts/taught_none.py packs/utd-mhad packs/ui-prmd packs/precog packs/msr-daily packs/cad-60 packs/msrc-12

Each data set in turn is left out of a kinematic model, which needs no motion encoder; then classes of it are taught
with 1 to 20 examples of other people than the one who is asked about. Every question has 2, 5 or 10 taught classes,
half of them without the right one; the calibration is that of the bundled recogniser, fitted with the right candidate
missing from a quarter of the questions, and errors of calibration are weighted for that.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import unit_rows
from pgfa.config import PrepareSettings
from pgfa.pack import open_pack
from pgfa.recognise import Calibration, open_bundle
from pgfa.research.foreign.default import TEXT
from pgfa.research.foreign.reliability import NONE_SHARE
from pgfa.research.foreign.sets import ForeignSet, load_set
from pgfa.words.fit import fit_kinematics

SHOTS = (1, 2, 5, 10, 20)
CANDIDATES = (2, 5, 10)
QUESTIONS = 500
BINS = 10

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Asked:
    """Questions.

    Attributes:
        cosines: (Q, most candidates) to the taught classes, the right one first where it is asked; -inf beyond `sizes`.
        present: (Q,) whether the right one is asked.
        sizes: (Q,) number of candidates.
    """

    cosines: Floats
    present: NDArray[np.bool_]
    sizes: NDArray[np.int64]

    @property
    def weights(self) -> Floats:
        """(Q,) as if the right candidate were missing from NONE_SHARE of the questions."""
        return np.where(self.present, 1 - NONE_SHARE, NONE_SHARE) / self.present.size

    def probabilities(self, calibration: Calibration) -> Floats:
        """(Q, most candidates + 1)."""
        rows = np.zeros((len(self.sizes), self.cosines.shape[1] + 1))
        for size in np.unique(self.sizes):
            chosen = self.sizes == size
            cosines = self.cosines[chosen, :size].astype(np.float32)
            shares = calibration.probabilities(cosines, np.ones(size, dtype=bool))
            rows[np.ix_(chosen, [*range(size), -1])] = shares
        return rows


def ask(features: NDArray[np.float32], data: ForeignSet, shots: int, random: np.random.Generator) -> Asked:
    """Questions about random clips, with examples of other people."""
    units, classes = unit_rows(features), np.unique(data.labels)
    cosines = np.full((QUESTIONS, max(CANDIDATES)), -np.inf)
    present, sizes = np.empty(QUESTIONS, dtype=bool), np.empty(QUESTIONS, dtype=np.int64)
    for row in range(QUESTIONS):
        clip = int(random.integers(len(units)))
        size = int(random.choice([k for k in CANDIDATES if k < len(classes)]))
        present[row], sizes[row] = random.random() < 0.5, size
        label = data.labels[clip]
        others = random.choice(classes[classes != label], size - int(present[row]), replace=False)
        names = [label, *others] if present[row] else list(others)
        for column, name in enumerate(names):
            pool = np.flatnonzero((data.labels == name) & (data.subjects != data.subjects[clip]))
            chosen = random.choice(pool, min(shots, len(pool)), replace=False)
            cosines[row, column] = unit_rows(units[chosen].mean(axis=0, keepdims=True))[0] @ units[clip]
    return Asked(cosines, present, sizes)


def figures(asked: Asked, calibration: Calibration) -> list[float]:
    """False "none", found "none", right and not "none", expected calibration error."""
    shares = asked.probabilities(calibration)
    none, first = shares[:, -1] > 0.5, shares.argmax(axis=1)
    hit = np.where(asked.present, first == 0, first == shares.shape[1] - 1)
    confidence, weights = shares.max(axis=1), asked.weights / asked.weights.sum()
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    error = sum(abs(float((weights * (confidence - hit))[bins == b].sum())) for b in range(BINS))
    return [
        float(none[asked.present].mean()), float(none[~asked.present].mean()),
        float((hit & ~none)[asked.present].mean()), error,
    ]  # fmt: skip


def five_and_mean(
    features: NDArray[np.float32], data: ForeignSet, random: np.random.Generator
) -> list[float]:
    """Accuracy among all classes, each person in turn asked about: five examples taught; the mean of their features."""
    units, classes = unit_rows(features), np.unique(data.labels)
    hits: list[list[bool]] = [[], []]
    for person in np.unique(data.subjects):
        others = [np.flatnonzero((data.labels == c) & (data.subjects != person)) for c in classes]
        chosen = [random.choice(pool, min(5, len(pool)), replace=False) for pool in others]
        asked = data.subjects == person
        for way, rows in enumerate((units, features)):
            means = unit_rows(np.stack([rows[five].mean(axis=0) for five in chosen]))
            best = (units[asked] @ means.T).argmax(axis=1)
            hits[way] += (classes[best] == data.labels[asked]).tolist()
    return [float(np.mean(way)) for way in hits]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packs", nargs="+", type=Path)
    args = parser.parse_args()
    sets = [load_set(open_pack(pack), PrepareSettings(), TEXT) for pack in args.packs]
    calibration = open_bundle().calibration
    asked: dict[str, list[Asked]] = {}
    accuracy = {}
    for data in sets:
        model = fit_kinematics([other.measured for other in sets if other is not data])
        features = model.features(data.measured.measures)
        random = np.random.default_rng(0)
        asked[data.name] = [ask(features, data, shots, random) for shots in SHOTS]
        accuracy[data.name] = five_and_mean(features, data, random)
    print("| set | five examples taught | mean of their features |\n|---|---|---|")
    for name, (five, mean) in accuracy.items():
        print(f"| {name} | {100 * five:.1f} % | {100 * mean:.1f} % |")
    print("\n| examples | false none | found none | right, not none | calibration error |")
    print("|---|---|---|---|---|")
    for number, shots in enumerate(SHOTS):
        means = np.mean([figures(asked[name][number], calibration) for name in asked], axis=0)
        print(f"| {shots} | " + " | ".join(f"{100 * x:.1f} %" for x in means) + " |")


if __name__ == "__main__":
    main()
