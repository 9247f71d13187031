"""The arguments that the scripts on data sets left out have in common."""

from __future__ import annotations

import argparse
from pathlib import Path

from pgfa.research.foreign.run import Comparison


def comparison_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser of packs, `--out` and `--folds`."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packs", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder of the results")
    parser.add_argument(
        "--folds", type=int, default=0, help="of the motion encoders; default: no motion encoder"
    )
    return parser


def open_comparison(args: argparse.Namespace) -> Comparison:
    """The comparison of parsed arguments. Raises BadConfig."""
    return Comparison.open(args.packs, args.out, args.folds)
