"""How alignment depends on its support factor, on the number of unlabelled clips, and on class imbalance.

For explanation, never for choices: they use the labels of the test clips. Settings are the defaults.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgfa.adapt import ALPHAS, Option
from pgfa.research.benchmark.fit import MethodOutput, load_output
from pgfa.research.benchmark.plan import SplitJob
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

CurvePoint = dict[str, Any]
Index = NDArray[np.int64]


def curve_points(job: SplitJob, spec: BenchmarkSettings) -> list[CurvePoint]:
    """Points of all curves of the reference method, on every run of a split with the largest number of epochs."""
    points = []
    method = spec.reference[0]
    for (seed, epochs), fit_job in job.full.items():
        output = load_output(fit_job, method) if epochs == max(spec.epochs) else None
        if output is None:
            continue
        about = {"training": job.training, "split": job.split, "seed": seed, "method": method}
        for alignment in spec.alignments:
            for curve, values in _curves(output.zero_shot, alignment).items():
                head = about | {"alignment": alignment, "curve": curve}
                points += [head | {"x": x, "accuracy": accuracy} for x, accuracy in values]
    return points


def _curves(output: MethodOutput, alignment: str) -> dict[str, list[tuple[float, float]]]:
    clips = len(output.labels)
    everything = np.arange(clips)
    if _correct_clips(output, everything, alignment) is None:
        return {}
    numbers = [*(n for n in NUMBERS if n < clips), clips]
    curves = {
        CLIPS: [(float(n), _mean(output, blocks(clips, n), alignment)) for n in numbers],
        IMBALANCE: [(r, _mean(output, unequal(output.labels, r), alignment)) for r in RATIOS],
    }
    if "alpha" in GRIDS[alignment][0]:
        values = [_correct_clips(output, everything, alignment, {"alpha": alpha}) for alpha in ALPHAS]
        curves[ALPHA] = [(a, float(r.mean())) for a, r in zip(ALPHAS, values, strict=True) if r is not None]
    elif alignment == "none":
        curves[ALPHA] = [(a, _mean(output, [everything], alignment)) for a in (ALPHAS[0], ALPHAS[-1])]
    return curves


def blocks(clips: int, size: int) -> list[Index]:
    """Disjoint random sets of `size` clips each, at most `BLOCKS`: alignment uses one of them at a time."""
    order = np.random.default_rng([size, clips]).permutation(clips)
    count = min(BLOCKS * max(1, 20 // size), clips // size)
    return [order[i * size : (i + 1) * size] for i in range(count)]


def unequal(labels: Index, ratio: float) -> list[Index]:
    """`DRAWS` random sets of clips in which the largest class has `ratio` times the clips of the smallest.

    Sizes fall geometrically from class to class, in an order drawn anew each time. A class has at least one clip.
    """
    sets = []
    classes, sizes = np.unique(labels, return_counts=True)
    for draw in range(DRAWS):
        random = np.random.default_rng([draw, len(labels)])
        share = ratio ** -np.linspace(0, 1, len(classes))
        counts = np.maximum(1, np.round(sizes.min() * share)).astype(int)
        clips = [
            random.permutation(np.flatnonzero(labels == label))[:count]
            for label, count in zip(random.permutation(classes), counts.tolist(), strict=True)
        ]
        sets.append(np.sort(np.concatenate(clips)))
    return sets


def _mean(output: MethodOutput, sets: list[Index], alignment: str) -> float:
    """Accuracy over all clips of all sets, each aligned by itself."""
    parts = [_correct_clips(output, index, alignment) for index in sets]
    return float(np.concatenate([part for part in parts if part is not None]).mean())


def _correct_clips(
    output: MethodOutput, index: Index, alignment: str, option: Option | None = None
) -> NDArray[np.bool_] | None:
    scores = apply(alignment, option or {}, output.scores[index], output.points[index], output.anchors)
    return None if scores is None else scores.argmax(axis=1) == output.labels[index]
