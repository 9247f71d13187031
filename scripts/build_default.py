"""Build the recogniser that comes with the package: train on every data set, calibrate on sets left out.

The bundle has the encoder for torch and in ONNX.

    python scripts/foreign_sets.py packs/* --out out/foreign --folds 4     # first: what the calibration is fitted on
    python scripts/build_default.py packs/* --out out/foreign --folds 4 --bundle out/default

Resumable: the motion encoder is an ordinary training run in out/foreign/encoder-all.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from foreign_arguments import add_arguments, comparison_of

from pgfa.recognise.export import add_onnx
from pgfa.research.foreign.default import build


def main() -> None:
    """Build and save."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser)
    parser.add_argument(
        "--bundle", type=Path, help="folder of the bundle; without it, only the encoder is trained"
    )
    args = parser.parse_args()
    comparison = comparison_of(args)
    comparison.encoded(())
    if args.bundle:
        build(comparison).save(args.bundle)
        add_onnx(args.bundle)


if __name__ == "__main__":
    main()
