"""Build the source distribution, and the wheel from it, and check what they contain.

    python scripts/build_dist.py dist

Needs `build`. Every file of the package that git tracks must be in the wheel, and nothing else; the source distribution
must have what the tests and documents need.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
IN_SOURCE = (
    "README.md", "LICENSE", "CHANGELOG.md", "constraints.txt", "docs/results.md", "results/utd-present/results.csv",
    "tests/conftest.py", "scripts/core_install.py", "src/pgfa/py.typed",
)  # fmt: skip
METADATA = ("Requires-Python: >=3.11", "License-Expression: MIT", "License-File: LICENSE")


def main() -> None:
    """Build and check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="folder for both files; it must not contain any")
    args = parser.parse_args()
    subprocess.run([sys.executable, "-m", "build", "--outdir", args.out, CHECKOUT], check=True)
    (wheel,), (source,) = args.out.glob("pgfa-*.whl"), args.out.glob("pgfa-*.tar.gz")
    problems = [*wheel_problems(wheel, tracked_files()), *source_problems(source)]
    if problems:
        sys.exit("\n".join(problems))
    for file in (source, wheel):
        print(f"{file.name}: {file.stat().st_size / 1e6:.1f} MB")


def tracked_files() -> set[str]:
    """Files of the package as git tracks them, as they are named in the wheel."""
    command = ["git", "-C", str(CHECKOUT), "ls-files", "src/pgfa"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return {line.removeprefix("src/") for line in lines}


def wheel_problems(wheel: Path, expected: set[str]) -> list[str]:
    """What is wrong with a wheel, one line each."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = (name for name in names if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
        text = archive.read(metadata).decode()
    files = {name for name in names if ".dist-info/" not in name}
    problems = [f"missing in the wheel: {name}" for name in sorted(expected - files)]
    problems += [f"not tracked, but in the wheel: {name}" for name in sorted(files - expected)]
    problems += [f"metadata without {key}" for key in METADATA if key not in text]
    if not any(name.endswith("entry_points.txt") for name in names):
        problems.append("the wheel has no command")
    return problems


def source_problems(source: Path) -> list[str]:
    """What is missing in a source distribution."""
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    return [f"missing in the source distribution: {name}" for name in IN_SOURCE if name not in names]


if __name__ == "__main__":
    main()
