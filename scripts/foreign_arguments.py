"""What the scripts that leave data sets out are given, and the comparison that it stands for."""

from __future__ import annotations

import argparse
from pathlib import Path

from pgfa.research.foreign.run import Comparison


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`packs`, --out, --folds and --encoders."""
    parser.add_argument("packs", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder of what is finished")
    parser.add_argument("--folds", type=int, default=0, help="groups of sets left out by one motion encoder")
    parser.add_argument(
        "--encoders",
        type=Path,
        help="folder of motion encoders to use as they are; those that it lacks are trained, and kept there",
    )


def comparison_of(args: argparse.Namespace) -> Comparison:
    """What `add_arguments` was given."""
    return Comparison.open(args.packs, args.out, args.folds, args.encoders)
