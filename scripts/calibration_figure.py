"""Draw what `scripts/calibrate.py` found: how often the recogniser is right when it is so sure (docs/model-card.md).

    pip install matplotlib
    python scripts/calibration_figure.py src/pgfa/recognise/weights/default/recogniser.json --out docs/figures/calibration.svg

Left: reliability in bins of confidence, the size of a dot the number of answers. Right: share right among the surest.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="a bundle's recogniser.json, or calibrate.py's --out")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    stored = json.loads(args.file.read_text(encoding="utf-8"))
    about = stored.get("calibration", stored)["about"]
    # The same bytes for the same numbers: no date, no random names; text stays text.
    matplotlib.rcParams.update({"svg.hashsalt": "pgfa", "svg.fonttype": "none", "font.size": 10})
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(8, 3.6), layout="constrained")
    confidence, accuracy, count = zip(*about["reliability"], strict=True)
    left.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    left.scatter(confidence, accuracy, s=[20 + n / 2 for n in count], color="#1f6feb", zorder=2)
    left.set(xlabel="probability it gives", ylabel="share right", xlim=(0, 1), ylim=(0, 1), aspect="equal")
    left.set_title("Reliability; a dot's size: answers", fontsize=10)
    answered, kept = zip(*about["rejection"], strict=True)
    right.plot([100 * x for x in answered], [100 * x for x in kept], "o-", color="#1f6feb")
    right.set(
        xlabel="answered, the surest first (%)", ylabel="right of these (%)", xlim=(0, 102), ylim=(50, 100)
    )
    right.set_title("Rejection", fontsize=10)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color="0.92")
    args.out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(args.out, metadata={"Date": None})


if __name__ == "__main__":
    main()
