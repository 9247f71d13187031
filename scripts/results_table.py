"""A table of results, from the evaluation.json files of finished runs.

    python scripts/results_table.py runs/*

Runs that differ only in their seed make one row: mean over seeds, and the lowest and highest seed.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

from pgfa.evaluate.evaluation import read_evaluation
from pgfa.evaluate.report.content import BEFORE


def main(folders: list[str]) -> None:
    rows: dict[tuple[str, ...], list[dict]] = defaultdict(list)
    for folder in folders:
        path = Path(folder) / "evaluation.json"
        if path.exists():
            evaluation = read_evaluation(path)
            packs = " + ".join(evaluation["packs"])
            rows[evaluation["split"], packs, evaluation["recipe"], evaluation["start"]].append(evaluation)
    starts = list(dict.fromkeys(start for *_, start in rows)) or ["sentences"]
    columns = ("split", "trained on", "recipe", "seeds", "train / test clips")
    columns += (" or ".join(BEFORE[start] for start in starts), "after alignment", "class mean after")
    print("| " + " | ".join(columns) + " |")
    print("|---|---|---|---|---|---|---|---|")
    for (split, packs, recipe, _), runs in sorted(rows.items()):
        clips = f"{runs[0]['train_clips']:,} / {runs[0]['before']['clips']:,}"
        cells = [
            _spread([100 * run["before"]["accuracy"] for run in runs]),
            _spread([100 * run["after"]["accuracy"] for run in runs]),
            _spread([100 * run["after"]["class_mean"] for run in runs]),
        ]
        print(f"| {split} | {packs} | {recipe} | {len(runs)} | {clips} | " + " | ".join(cells) + " |")


def _spread(values: list[float]) -> str:
    mean = sum(values) / len(values)
    return f"{mean:.1f} ({min(values):.1f} to {max(values):.1f})" if len(values) > 1 else f"{mean:.1f}"


if __name__ == "__main__":
    main(sys.argv[1:])
