"""Weights of the parts chosen on other sets: by explicit vectors, and that the judged set has no part in it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from pgfa.adapt import cosines, unit_rows
from pgfa.research.foreign.choice import GRID, PartCosines, weight_rows
from pgfa.research.foreign.leave_out import LeftOut
from pgfa.words.model import SHARES

WIDTHS = (6, 4, 6, 0, 3, 2)
COLUMNS = tuple(slice(a, b) for a, b in pairwise(np.cumsum([0, *WIDTHS]).tolist()))
SIZE = sum(WIDTHS)


def left_out(seed: int, sides: int = 2, classes: int = 5) -> LeftOut:
    """Random vectors; every third body stays still, and two sentences are of motion."""
    random = np.random.default_rng(seed)
    labels = np.arange(40) % classes
    features, anchors = [], []
    for _ in range(sides):
        anchor = random.normal(size=(classes, SIZE)).astype(np.float32)
        anchor[:, -2:] = 0
        length = 0.5 * np.linalg.norm(anchor, axis=1)
        anchor[:2, -2], anchor[2:, -1] = -length[:2], length[2:]
        rows = anchor[labels] + random.normal(scale=2.0, size=(40, SIZE)).astype(np.float32)
        rows[:, -2:] = 0
        rows[::3, -2] = np.linalg.norm(rows[::3], axis=1)
        features.append(unit_rows(rows))
        anchors.append(anchor)
    joined = np.concatenate(anchors, axis=1)
    return LeftOut(
        f"set {seed}", np.concatenate(features, axis=1), labels, {"plain": joined}, columns=COLUMNS
    )


def explicit(part: LeftOut, factors: tuple[float, ...]) -> float:
    """Vectors built anew with other weights, and compared whole."""
    sides = part.features.shape[1] // SIZE
    changed = []
    for rows in np.split(part.features.copy(), sides, axis=1):
        for columns, factor in zip(COLUMNS[:-1], factors, strict=True):
            rows[:, columns] *= factor
        moving = rows[:, :-2]
        still = rows[:, -2] > 0
        rows[:, -2] = np.where(still, np.linalg.norm(moving, axis=1), 0)
        changed.append(unit_rows(rows))
    scores = cosines(np.concatenate(changed, axis=1), part.anchors["plain"])
    return float((scores.argmax(axis=1) == part.labels).mean())


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("factors", [(1.0,) * 5, (0.5, 1.5, 1.0, 1.0, 0.5), (1.5, 0.5, 0.5, 1.0, 1.5)])
def test_accuracy_with_other_weights(sides: int, factors: tuple[float, ...]) -> None:
    part = left_out(3, sides)
    assert PartCosines.of(part).accuracy(factors) == pytest.approx(explicit(part, factors))


def test_the_judged_set_has_no_part_in_its_choice() -> None:
    parts = [left_out(seed) for seed in range(3)]
    rows = weight_rows(parts)
    assert [row["fixed"] for row in rows] == pytest.approx([explicit(part, (1.0,) * 5) for part in parts])
    tried = np.array([[explicit(part, factors) for part in parts] for factors in GRID])
    for number, row in enumerate(rows):
        best = np.delete(tried, number, axis=1).mean(axis=1).argmax()
        assert row["chosen"] == pytest.approx(tried[best, number])
        assert row["words"] == pytest.approx(GRID[best][1] * SHARES[1], abs=1e-3)
    other_labels = LeftOut(**{**vars(parts[0]), "labels": (parts[0].labels + 1) % 5})
    assert weight_rows([other_labels, *parts[1:]])[0]["words"] == rows[0]["words"]
