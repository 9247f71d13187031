"""How alignment depends on its support factor, on the number of unlabelled clips, and on how unequal classes are.

For reading, never for choosing: these look at the labels of the test clips. Settings are the defaults.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgfa.adapt import ALPHAS, Option
from pgfa.research.benchmark.fit import Told, load
from pgfa.research.benchmark.plan import Job
from pgfa.research.benchmark.spec import BenchmarkSettings
from pgfa.research.selection import GRIDS, apply

ALPHA, CLIPS, IMBALANCE = "alpha", "clips", "imbalance"
NUMBERS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
RATIOS = (1.0, 2.0, 5.0, 10.0, 20.0)
BLOCKS, DRAWS = 10, 5

SCHEMA = pl.Schema(
    {
        "training": pl.String, "split": pl.String, "seed": pl.Int64, "method": pl.String, "alignment": pl.String,
        "curve": pl.String, "x": pl.Float64, "accuracy": pl.Float64,
    }
)  # fmt: skip

Row = dict[str, Any]
Places = NDArray[np.int64]


def curves(job: Job, spec: BenchmarkSettings) -> list[Row]:
    """Points of all curves of the reference method, on every run of a job with the greatest length of training."""
    rows = []
    method = spec.reference[0]
    for (seed, epochs), unit in job.full.items():
        told = load(unit, method) if epochs == max(spec.epochs) else None
        if told is None:
            continue
        own = told.zero_shot
        about = {"training": job.training, "split": job.split, "seed": seed, "method": method}
        for alignment in spec.alignments:
            for curve, points in _curves(own, alignment).items():
                head = about | {"alignment": alignment, "curve": curve}
                rows += [head | {"x": x, "accuracy": accuracy} for x, accuracy in points]
    return rows


def _curves(told: Told, alignment: str) -> dict[str, list[tuple[float, float]]]:
    everything = np.arange(len(told.labels))
    if _right(told, everything, alignment) is None:
        return {}
    found = {
        CLIPS: [(float(n), _mean(told, blocks(len(told.labels), n), alignment)) for n in _numbers(told)],
        IMBALANCE: [(r, _mean(told, unequal(told.labels, r), alignment)) for r in RATIOS],
    }
    if "alpha" in GRIDS[alignment][0]:
        values = [_right(told, everything, alignment, {"alpha": alpha}) for alpha in ALPHAS]
        found[ALPHA] = [(a, float(r.mean())) for a, r in zip(ALPHAS, values, strict=True) if r is not None]
    elif alignment == "none":
        found[ALPHA] = [(a, _mean(told, [everything], alignment)) for a in (ALPHAS[0], ALPHAS[-1])]
    return found


def _numbers(told: Told) -> list[int]:
    clips = len(told.labels)
    return [*(n for n in NUMBERS if n < clips), clips]


def blocks(clips: int, size: int) -> list[Places]:
    """Disjoint random sets of `size` clips each, `BLOCKS` at most: each is all that alignment gets to see."""
    order = np.random.default_rng([size, clips]).permutation(clips)
    count = min(BLOCKS * max(1, 20 // size), clips // size)
    return [order[i * size : (i + 1) * size] for i in range(count)]


def unequal(labels: Places, ratio: float) -> list[Places]:
    """`DRAWS` random sets of clips in which the largest class has `ratio` times the clips of the smallest.

    Sizes fall geometrically from class to class, in an order drawn anew each time. A class has one clip at least.
    """
    sets = []
    kinds, sizes = np.unique(labels, return_counts=True)
    for draw in range(DRAWS):
        random = np.random.default_rng([draw, len(labels)])
        share = ratio ** -np.linspace(0, 1, len(kinds))
        wanted = np.maximum(1, np.round(sizes.min() * share)).astype(int)
        chosen = [
            random.permutation(np.flatnonzero(labels == kind))[:count]
            for kind, count in zip(random.permutation(kinds), wanted.tolist(), strict=True)
        ]
        sets.append(np.sort(np.concatenate(chosen)))
    return sets


def _mean(told: Told, sets: list[Places], alignment: str) -> float:
    """Accuracy over all clips of all sets, each aligned on its own."""
    rights = [_right(told, at, alignment) for at in sets]
    return float(np.concatenate([right for right in rights if right is not None]).mean())


def _right(told: Told, at: Places, alignment: str, option: Option | None = None) -> NDArray[np.bool_] | None:
    scores = apply(alignment, option or {}, told.scores[at], told.points[at], told.anchors)
    return None if scores is None else scores.argmax(axis=1) == told.labels[at]
