"""What each alignment gains and loses on simulated clips, where the truth about classes and anchors is known.

    python scripts/alignment_simulation.py [--trials 20] [--anchors 1.3] [--spread 1.6] [--common 0.7] [--hub 0.5]

Class means are unit vectors with a part in common; clips are spread around them; anchors are displaced by
an individual error and by a component along the common direction (a hub is close to everything). Figures are the mean
accuracy in % over trials; simulations of a few clips are drawn ten times as often. The last row is the standard error
of a difference to `none`, the median over rows. No real clip or label is used.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import (
    ALIGNMENTS,
    Recentring,
    Stream,
    align_with,
    collect_evidence,
    cosines,
    nearest,
    unit_rows,
)
from pgfa.config import AdaptSettings

SIZE = 64
MODE = 0.9
FEW = 60


@dataclass(frozen=True)
class Simulation:
    """Unit `features` (N, d) of the classes `truth` (N,), `anchors` and true `means` (K, d), class `shares` (K,)."""

    features: NDArray[np.float32]
    anchors: NDArray[np.float32]
    truth: NDArray[np.int64]
    shares: NDArray[np.float64]
    means: NDArray[np.float32]


def draw(seed: int, case: tuple[str, int, int], options: argparse.Namespace) -> Simulation:
    """A simulation of `case` (class frequencies, classes, clips)."""
    kind, classes, clips = case
    random = np.random.default_rng(seed)

    def directions(*shape: int) -> NDArray[np.float64]:
        return random.standard_normal((*shape, SIZE)) / np.sqrt(SIZE)  # about unit length

    common = directions(1)[0]
    means = unit_rows(directions(classes) + options.common * common)
    shares = np.ones(classes)
    if kind == "zipf":
        shares = random.permutation(1 / np.arange(1, classes + 1) ** 1.5)
    elif kind == "absent":
        shares[random.permutation(classes)[: classes - classes // 2]] = 0
    shares /= shares.sum()
    truth = random.choice(classes, clips, p=shares)
    features = means[truth] + options.spread * directions(clips)
    if options.modes > 1:
        modes = MODE * directions(classes, options.modes)
        features = features + modes[truth, random.integers(0, options.modes, clips)]
    hubs = options.hub * random.standard_normal((classes, 1)) * common
    anchors = unit_rows(means + options.anchors * directions(classes) + hubs)
    return Simulation(unit_rows(features), anchors, truth, shares, means)


def methods() -> dict[str, Callable[[Simulation], NDArray[np.int64]]]:
    """Row of the table -> predictions."""

    def by(method: str, **values: object) -> Callable[[Simulation], NDArray[np.int64]]:
        settings = AdaptSettings.model_validate({"method": method, **values})
        return lambda simulation: align_with(simulation.features, simulation.anchors, settings).predictions

    def with_true_prior(simulation: Simulation) -> NDArray[np.int64]:
        settings = AdaptSettings(prior=tuple(simulation.shares.tolist()))
        return align_with(simulation.features, simulation.anchors, settings).predictions

    def streamed(simulation: Simulation) -> NDArray[np.int64]:
        stream = Stream(simulation.anchors, AdaptSettings(alpha=0.9))
        return np.concatenate([stream.add(clip[None]) for clip in simulation.features])

    def recentred(simulation: Simulation) -> NDArray[np.int64]:
        recentring = Recentring.of(simulation.features, simulation.anchors)
        points = recentring.shift_features(simulation.features)
        return nearest(points, recentring.shift_sentences(simulation.anchors))

    def adapted(simulation: Simulation) -> NDArray[np.int64]:
        recentring = Recentring.of(simulation.features, simulation.anchors)
        points = recentring.shift_features(simulation.features)
        sentences, settings = recentring.shift_sentences(simulation.anchors), AdaptSettings(method="paper")
        aligned = align_with(points, sentences, settings)
        evidence = collect_evidence(points, sentences, ALIGNMENTS["paper"], settings, aligned)
        return nearest(points, sentences if evidence.reason_to_decline() else aligned.prototypes)

    return {
        "true means": lambda simulation: cosines(simulation.features, simulation.means).argmax(axis=1),
        "none": by("none"),
        "paper, alpha 0.9": by("paper", alpha=0.9),
        "paper, alpha 0.4": by("paper", alpha=0.4),
        "iterated, alpha 0.9": by("iterated", alpha=0.9),
        "iterated, alpha 0.4": by("iterated", alpha=0.4),
        "balanced, uniform": by("balanced", prior="uniform"),
        "balanced, estimated": by("balanced", prior="estimated"),
        "balanced, true prior": with_true_prior,
        "neighbours": by("neighbours", alpha=0.9),
        "smoothed": by("smoothed"),
        "discriminant": by("discriminant"),
        "recentred": recentred,
        "adapt": adapted,
        "streaming, immediate": streamed,
    }


CASES = [
    ("balanced", 5, 250),
    ("balanced", 12, 600),
    ("zipf", 5, 250),
    ("zipf", 12, 600),
    ("absent", 5, 250),
    ("absent", 12, 600),
    ("balanced", 5, 1),
    ("balanced", 5, 3),
    ("balanced", 5, 10),
    ("balanced", 5, 50),
    ("balanced", 12, 50),
]


def table(options: argparse.Namespace, rows: dict[str, Callable[[Simulation], NDArray[np.int64]]]) -> str:
    """The table in Markdown."""
    accuracy, error = np.zeros((len(rows), len(CASES))), np.zeros((len(rows), len(CASES)))
    for column, case in enumerate(CASES):
        simulations = [
            draw(seed, case, options) for seed in range(options.trials * (10 if case[2] < FEW else 1))
        ]
        right = np.array(
            [[100 * (method(w) == w.truth).mean() for w in simulations] for method in rows.values()]
        )
        accuracy[:, column] = right.mean(axis=1)
        against_none = right - right[list(rows).index("none")]
        error[:, column] = against_none.std(axis=1, ddof=1) / np.sqrt(len(simulations))
    head = [f"{kind} {classes}/{clips}" for kind, classes, clips in CASES]
    lines = ["| | " + " | ".join(head) + " |", "|---" * (len(head) + 1) + "|"]
    for name, values in zip(rows, accuracy, strict=True):
        lines.append(f"| {name} | " + " | ".join(f"{value:.1f}" for value in values) + " |")
    typical = np.median(
        error[[row for row, name in enumerate(rows) if name not in ("none", "true means")]], axis=0
    )
    lines.append("| *standard error* | " + " | ".join(f"*{value:.1f}*" for value in typical) + " |")
    return "\n".join(lines)


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument(
        "--anchors", type=float, default=1.3, help="error of an anchor, in lengths of a class mean"
    )
    parser.add_argument("--spread", type=float, default=1.6, help="spread of clips about their class mean")
    parser.add_argument("--common", type=float, default=0.7, help="part that all class means share")
    parser.add_argument(
        "--hub", type=float, default=0.5, help="spread of the anchors along the common direction"
    )
    parser.add_argument(
        "--modes", type=int, default=1, help="number of ways in which each action is performed"
    )
    rows = methods()
    parser.add_argument(
        "--rows", nargs="+", choices=tuple(rows), default=tuple(rows), help="rows of the table"
    )
    options = parser.parse_args()
    if "none" not in options.rows:
        parser.error("--rows needs none, with which the others are compared")
    print(table(options, {name: row for name, row in rows.items() if name in options.rows}))


if __name__ == "__main__":
    main()
