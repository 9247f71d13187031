"""Write constraints-hashes.txt: every package of the development environment with version and SHA-256.

    python scripts/lock_hashes.py

pip resolves constraints.txt and the extras test, dev and docs for this system and this Python without installing
anything. The file holds what it would install here: `pip install --require-hashes -r constraints-hashes.txt`.
A package that does not accept the oldest Python that pyproject.toml allows is refused: pin an earlier version.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from packaging.specifiers import SpecifierSet

CHECKOUT = Path(__file__).resolve().parents[1]
OUT = CHECKOUT / "constraints-hashes.txt"
TORCH = "torch==2.13.0"
OLDEST_PYTHON = "3.11.0"
"""Systems keep the first releases of a Python for years: Debian 12 has 3.11.2."""


def main() -> None:
    """Resolve, and write."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--report", report,
             "--constraint", CHECKOUT / "constraints.txt", TORCH, f"{CHECKOUT}[test,dev,docs]"],
            check=True,
        )  # fmt: skip
        resolved = json.loads(report.read_text(encoding="utf-8"))
    if newer := needs_newer_python(resolved):
        sys.exit(
            f"not written: Python {OLDEST_PYTHON} cannot install {', '.join(newer)}; pin earlier versions"
        )
    lines = locked(resolved)
    head = (
        f"# By scripts/lock_hashes.py for {platform.system()} {platform.machine()}, "
        f"Python {'.'.join(platform.python_version_tuple()[:2])}:\n"
        "#   pip install --require-hashes -r constraints-hashes.txt\n"
        "# What the extras test, dev and docs need; without the extras scale and video, and single tools.\n"
    )
    OUT.write_text(head + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    print(f"written: {OUT.name}, {len(lines)} packages")


def needs_newer_python(report: dict[str, Any]) -> list[str]:
    """``name version (range)`` of the packages of a report of pip that refuse `OLDEST_PYTHON`."""
    abouts = [item["metadata"] for item in report["install"]]
    return [
        f"{about['name']} {about['version']} (Python {about['requires_python']})"
        for about in abouts
        if not SpecifierSet(about.get("requires_python") or "").contains(OLDEST_PYTHON)
    ]


def locked(report: dict[str, Any]) -> list[str]:
    """The packages of a report of pip, but pgfa itself: ``name==version --hash=sha256:...``, sorted."""
    lines = []
    for item in report["install"]:
        name, version = item["metadata"]["name"], item["metadata"]["version"]
        if name.lower() != "pgfa":
            sha256 = item["download_info"]["archive_info"]["hashes"]["sha256"]
            lines.append(f"{name}=={version} --hash=sha256:{sha256}")
    return sorted(lines, key=str.lower)


if __name__ == "__main__":
    main()
