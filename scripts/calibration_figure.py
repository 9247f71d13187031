r"""Plot the figures that `pgfa calibrate` stores: accuracy against confidence (docs/model-card.md).

    pip install matplotlib
    python scripts/calibration_figure.py src/pgfa/recognise/weights/default/recogniser.json \
      --out docs/figures/calibration.svg

Left: reliability per bin of confidence; dot size is the number of answers. Right: accuracy of the most confident.
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
    parser.add_argument(
        "file", type=Path, help="a bundle's recogniser.json, or the output file of `pgfa calibrate`"
    )
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    stored = json.loads(args.file.read_text(encoding="utf-8"))
    about = stored.get("calibration", stored)["about"]
    # The same bytes for the same numbers: no date, no random names; text stays text.
    matplotlib.rcParams.update({"svg.hashsalt": "pgfa", "svg.fonttype": "none", "font.size": 10})
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(8, 3.6), layout="constrained")
    confidence, accuracy, count = zip(*about["reliability"], strict=True)
    left.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    left.scatter(
        confidence, accuracy, s=[20 + 180 * n / max(count) for n in count], color="#1f6feb", zorder=2
    )
    left.set(xlabel="confidence", ylabel="accuracy", xlim=(0, 1), ylim=(0, 1), aspect="equal")
    left.set_title("Reliability; dot size: number of answers", fontsize=10)
    answered, accurate = zip(*about["rejection"], strict=True)
    right.plot([100 * x for x in answered], [100 * x for x in accurate], "o-", color="#1f6feb")
    right.set(
        xlabel="answered, most confident first (%)",
        ylabel="accuracy of these (%)",
        xlim=(0, 102),
        ylim=(50, 100),
    )
    right.set_title("Rejection", fontsize=10)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color="0.92")
    args.out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(args.out, metadata={"Date": None})


if __name__ == "__main__":
    main()
