"""How often the benchmark's star is given without a difference: Student's interval, Holm's correction, bootstrap.

    python scripts/interval_coverage.py --trials 2000      # some minutes; prints Markdown

Methods are simulated that do not differ: what distinguishes them on one split is drawn anew for each split, with mean
0, and what distinguishes their seeds for each seed. With one split, which its interval is about, they do not
differ on that split. The rate should be 5 %: of single intervals that exclude 0, and of columns with any star.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgfa.evaluate.student import LEVEL, holm, paired_difference
from pgfa.evaluate.table import Row, Table

Correct = list[NDArray[np.bool_]]
"""Per split (methods, seeds, clips): which clips were recognised correctly; method 0 is the reference."""

BOOTSTRAP = "bootstrap of splits, seeds and clips"


@dataclass(frozen=True)
class Design:
    """Splits and seeds of a column."""

    splits: int
    seeds: int

    def __str__(self) -> str:
        return f"{self.splits} split{'s' * (self.splits > 1)} x {self.seeds} seed{'s' * (self.seeds > 1)}"


@dataclass(frozen=True)
class Spread:
    """Standard deviations of what is drawn, in logits; near 50 % a logit is 25 points of accuracy.

    Attributes:
        split: of the difficulty of splits.
        method: of what distinguishes a method on one split.
        seed: of the seeds of a method on one split.
        clip: of the difficulty of clips, the same for all methods.
        clips: number of test clips per split.
    """

    split: float = 0.8
    method: float = 0.4
    seed: float = 0.4
    clip: float = 1.5
    clips: int = 160


DESIGNS = (Design(1, 3), Design(3, 1), Design(5, 1), Design(7, 1), Design(20, 1), Design(20, 3))
SPREADS = (
    Spread(method=0.1, seed=0.1),
    Spread(),
    Spread(method=0.8, seed=0.8),
    Spread(method=0.8, seed=0.2, clips=400),
)
"""From methods and seeds that hardly differ to seeds 12 points apart, as on 22/5 in docs/former-figures.md."""


def draw(design: Design, spread: Spread, methods: int, random: np.random.Generator) -> Correct:
    """One column of methods that do not differ."""
    drawn = []
    for _ in range(design.splits):
        logit = 0.5 + spread.split * random.normal() + spread.clip * random.normal(size=(1, 1, spread.clips))
        if design.splits > 1:
            logit = logit + spread.method * random.normal(size=(methods, 1, 1))
        logit = logit + spread.seed * random.normal(size=(methods, design.seeds, 1))
        drawn.append(random.random(logit.shape) < 1 / (1 + np.exp(-logit)))
    return drawn


def paired_units(correct: Correct, method: int) -> list[float]:
    """The differences that the benchmark takes: of splits, or of the seeds of a single split."""
    by_split = [(split[method].mean(axis=1) - split[0].mean(axis=1)) for split in correct]
    return [float(d.mean()) for d in by_split] if len(by_split) > 1 else by_split[0].tolist()


def bootstrap_excludes_zero(correct: Correct, resamples: int, random: np.random.Generator) -> bool:
    """Whether a 95 % percentile interval of method 1 minus the reference excludes 0, as it was once computed.

    Each resample draws splits, for each of them seeds, and clips, with replacement.
    """
    means = []
    for split in correct:
        # Clips on which all seeds differ alike are interchangeable: their numbers are drawn, not the clips.
        kinds, counts = np.unique(split[1].astype(int) - split[0], axis=1, return_counts=True)
        seeds, clips = len(kinds), counts.sum()
        by_seed = random.multinomial(clips, counts / clips, resamples) @ kinds.T / clips
        weight = random.multinomial(seeds, np.full(seeds, 1 / seeds), resamples) / seeds
        means.append((by_seed * weight).sum(axis=1))
    # Each draw reads a row of its own: a split that is drawn twice comes with other clips and seeds.
    draws = np.arange(len(correct))[:, None]
    rows = (np.arange(resamples) + draws * (resamples // len(correct))) % resamples
    drawn = random.integers(0, len(correct), (len(correct), resamples))
    low, high = np.quantile(np.stack(means)[drawn, rows].mean(axis=0), [LEVEL / 2, 1 - LEVEL / 2])
    return bool(low > 0 or high < 0)


def single_rates(
    design: Design, spread: Spread, trials: int, *, resamples: int = 0, seed: int = 0
) -> tuple[float, float]:
    """Rates at which the interval of one difference excludes 0: Student's, and (with `resamples`) the bootstrap's."""
    random = np.random.default_rng([seed, design.splits, design.seeds])
    student = bootstrap = 0
    for _ in range(trials):
        correct = draw(design, spread, 2, random)
        p = paired_difference(paired_units(correct, 1)).p
        student += p is not None and p < LEVEL
        bootstrap += resamples > 0 and bootstrap_excludes_zero(correct, resamples, random)
    return student / trials, bootstrap / trials


def family_rates(
    design: Design, spread: Spread, trials: int, *, compared: int = 20, seed: int = 0
) -> tuple[float, float]:
    """Rates of columns in which any of the differences to one reference is clear: with Holm's correction, without."""
    random = np.random.default_rng([seed, design.splits, design.seeds, compared])
    corrected = plain = 0
    for _ in range(trials):
        correct = draw(design, spread, compared + 1, random)
        differences = holm([paired_difference(paired_units(correct, m)) for m in range(1, compared + 1)])
        corrected += any(d.clear for d in differences)
        plain += any(d.p is not None and d.p < LEVEL for d in differences)
    return corrected / trials, plain / trials


def coverage_table(trials: int, resamples: int, designs: Sequence[Design] = DESIGNS) -> Table:
    """Lowest and highest rate over `SPREADS`, in per cent."""
    rows = []
    for design in designs:
        single = [single_rates(design, s, trials, resamples=resamples) for s in SPREADS]
        family = [family_rates(design, s, trials) for s in SPREADS]
        student, bootstrap = zip(*single, strict=True)
        corrected, plain = zip(*family, strict=True)
        cells = tuple(_range(rates) for rates in (student, bootstrap, corrected, plain))
        rows.append(Row(str(design), "", cells))
    heads = ("Student", BOOTSTRAP, "any of 20, Student and Holm", "any of 20, Student alone")
    return Table(f"Rate without a difference, %, {trials:,} trials; nominal 5", heads, tuple(rows))


def _range(rates: Sequence[float]) -> str:
    low, high = 100 * min(rates), 100 * max(rates)
    return f"{low:.1f} to {high:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--resamples", type=int, default=1000)
    args = parser.parse_args()
    print(coverage_table(args.trials, args.resamples).to_markdown())


if __name__ == "__main__":
    main()
