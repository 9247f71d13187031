"""Build the recogniser that comes with the package: train on every data set, calibrate on sets left out.

The bundle has the encoder for torch and in ONNX.

    python scripts/foreign_sets.py packs/* --out out/foreign --folds 4     # first: what the calibration is fitted on
    python scripts/build_default.py packs/* --out out/foreign --folds 4 --bundle out/default

Resumable: the motion encoder is an ordinary training run in out/foreign/encoder-all.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from comparison_arguments import comparison_parser, open_comparison

from pgfa.recognise.export import add_onnx
from pgfa.research.foreign.default import build


def main() -> None:
    """Build and save."""
    parser = comparison_parser(__doc__)
    parser.add_argument(
        "--bundle", type=Path, help="folder of the bundle; without it, only the encoder is trained"
    )
    args = parser.parse_args()
    comparison = open_comparison(args)
    comparison.encoded(())
    if args.bundle:
        build(comparison).save(args.bundle)
        add_onnx(args.bundle)


if __name__ == "__main__":
    main()
