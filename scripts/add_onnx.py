"""Convert the encoder of a bundle to ONNX and store it beside that of torch: the bundle then runs without torch too.

python scripts/add_onnx.py src/pgfa/recognise/weights/default
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pgfa.recognise.export import add_onnx


def main() -> None:
    """Convert, compare with torch, and save."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    add_onnx(folder)
    for file in sorted(folder.iterdir()):
        print(f"{file.stat().st_size:>10,} {file.name}")


if __name__ == "__main__":
    main()
