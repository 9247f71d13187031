"""What `adapt` makes of pools in which some actions are common and others rare or missing (docs/foreign-sets.md).

    python scripts/skewed_pools.py packs/* --out out/foreign --folds 4     # after scripts/foreign_sets.py

Every data set is left out of training in turn. Of its clips, pools are drawn in which the classes have shares from a
Dirichlet distribution: with concentration 1 shares are uneven, with 0.3 a few classes have most clips and many have
none. Each pool is adapted to with several values of `AdaptSettings.own`, the share of a sentence's own
mean and spread in what its scores are standardised by.
"""

from __future__ import annotations

import argparse
import csv
import io
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from foreign_arguments import add_arguments, comparison_of

from pgfa.files import write_atomic
from pgfa.recognise.adapting import DEFAULT
from pgfa.research.evidence.record import save_record
from pgfa.research.foreign.leave_out import LeftOut, adapted_scores, scores
from pgfa.research.foreign.record import record_of
from pgfa.research.foreign.run import PARTS

SHARES = (0.0, 0.3, 0.6, 0.8, 1.0, None)
"""None: by the labels, as recognisers do."""
STYLES = ("plain", "typed 2")
POOLS = {"all clips": None, "concentration 1": 1.0, "concentration 0.3": 0.3}
DRAWS = 3
MOST_CLIPS, FEWEST_CLIPS = 400, 20


def main() -> None:
    """Draw, adapt, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser)
    args = parser.parse_args()
    started = time.monotonic()
    comparison = comparison_of(args)
    rows = [row for part in comparison.left_out() for row in rows_of(part)]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    file = args.out / "skewed-pools.csv"
    write_atomic(file, text.getvalue().encode())
    record = record_of(comparison, PARTS, time.monotonic() - started)
    drawn = {"pools": POOLS, "draws": DRAWS, "clips": [FEWEST_CLIPS, MOST_CLIPS], "shares": list(SHARES)}
    settings = {**record.settings, **{f"skewed_{name}": value for name, value in drawn.items()}}
    save_record(file, replace(record, kind="skewed pools", keys=("set", "pool", "style"), settings=settings))
    print(table(rows))


def rows_of(part: LeftOut) -> list[dict[str, object]]:
    """A row of accuracies per kind of pool and style of one set: means over its pools."""
    rows = []
    for kind, concentration in POOLS.items():
        pools = list(draw(part.labels, concentration))
        for style in STYLES:
            values: dict[str, list[float]] = defaultdict(list)
            for chosen in pools:
                pool = replace(part, features=part.features[chosen], labels=part.labels[chosen])
                values["alone"].append(accuracy(scores(pool, style), pool))
                for share in SHARES:
                    settings = DEFAULT.model_copy(update={"own": share})
                    values[label(share)].append(accuracy(adapted_scores(pool, style, settings)[0], pool))
            means = {name: round(float(np.mean(of_pools)), 4) for name, of_pools in values.items()}
            rows.append({"set": part.name, "pool": kind, "style": style, "pools": len(pools), **means})
    return rows


def label(share: float | None) -> str:
    """The title of a column."""
    return "by the labels" if share is None else f"{share:g}"


def accuracy(values: np.ndarray, pool: LeftOut) -> float:
    """Share of the clips whose class has the highest score."""
    return float((values.argmax(axis=1) == pool.labels).mean())


def draw(labels: np.ndarray, concentration: float | None) -> Iterator[np.ndarray]:
    """Indices of the clips of each pool; without a concentration all clips."""
    if concentration is None:
        yield np.arange(len(labels))
        return
    random, counts = np.random.default_rng(0), np.bincount(labels)
    size = min(len(labels) // 2, MOST_CLIPS)
    for _ in range(DRAWS):
        counts_drawn = random.multinomial(size, random.dirichlet(np.full(len(counts), concentration)))
        chosen = [
            random.choice(np.flatnonzero(labels == label), min(count, counts[label]), replace=False)
            for label, count in enumerate(counts_drawn)
        ]
        pool = np.concatenate(chosen)
        if len(pool) >= FEWEST_CLIPS:
            yield pool


def table(rows: list[dict[str, object]]) -> str:
    """Markdown: means over sets, and the largest loss of a set against no adaptation."""
    columns = [label(share) for share in SHARES]
    lines = [f"| pool | style | alone | {' | '.join(columns)} |", "|---" * (3 + len(columns)) + "|"]
    for kind in POOLS:
        for style in STYLES:
            chosen = [r for r in rows if (r["pool"], r["style"]) == (kind, style) and r["pools"]]
            value = {name: np.array([r[name] for r in chosen], float) for name in ("alone", *columns)}
            cells = [
                f"{100 * value[name].mean():.1f} ({100 * min((value[name] - value['alone']).min(), 0):.1f})"
                for name in columns
            ]
            lines.append(f"| {kind} | {style} | {100 * value['alone'].mean():.1f} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
