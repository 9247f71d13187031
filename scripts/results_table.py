"""The result tables of docs/results.md, from the evaluation.json files of finished runs.

    python scripts/results_table.py runs/*

Runs that differ only in their seed make one row: mean over seeds, and the lowest and highest seed.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path


def main(folders: list[str]) -> None:
    rows: dict[tuple[str, ...], list[dict]] = defaultdict(list)
    for folder in folders:
        file = Path(folder) / "evaluation.json"
        if file.exists():
            found = json.loads(file.read_text())
            rows[found["split"], " + ".join(found["packs"]), found["recipe"]].append(found)
    columns = ("split", "trained on", "recipe", "seeds", "train / test clips")
    columns += ("from sentences", "after alignment", "class mean after")
    print("| " + " | ".join(columns) + " |")
    print("|---|---|---|---|---|---|---|---|")
    for (split, packs, recipe), runs in sorted(rows.items()):
        clips = f"{runs[0]['train_clips']:,} / {runs[0]['from_sentences']['clips']:,}"
        cells = [
            _spread([100 * run["from_sentences"]["accuracy"] for run in runs]),
            _spread([100 * run["after_alignment"]["accuracy"] for run in runs]),
            _spread([100 * run["after_alignment"]["class_mean"] for run in runs]),
        ]
        print(f"| {split} | {packs} | {recipe} | {len(runs)} | {clips} | " + " | ".join(cells) + " |")


def _spread(values: list[float]) -> str:
    mean = sum(values) / len(values)
    return f"{mean:.1f} ({min(values):.1f} to {max(values):.1f})" if len(values) > 1 else f"{mean:.1f}"


if __name__ == "__main__":
    main(sys.argv[1:])
