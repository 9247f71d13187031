"""Write the licences of all pinned packages into docs/platforms.md, as the metadata of what is installed state them.

    python scripts/list_licences.py            # --check: change nothing, exit status 1 if the page differs

Run it in the environment of `make setup`.
"""

from __future__ import annotations

import argparse
import re
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
PAGE = CHECKOUT / "docs" / "platforms.md"
OPEN, CLOSE = "<!-- licences -->\n", "<!-- end of licences -->"
OF_EXTRAS = {
    "axe-playwright-python": "not stated in its metadata",
    "build": "MIT",
    "jsonschema": "MIT",
    "jsonschema-specifications": "MIT",
    "msgpack": "Apache-2.0",
    "opencv-contrib-python": "Apache Software License",
    "opencv-python": "Apache Software License",
    "pyproject_hooks": "MIT",
    "ray": "Apache 2.0",
    "referencing": "MIT",
    "rpds-py": "MIT",
    "rtmlib": "Apache License 2.0",
    "tomlkit": "MIT",
    "trove-classifiers": "Apache Software License",
    "tzdata": "Apache-2.0",
}
"""Package that `make setup` does not install everywhere -> what its metadata state."""
CLASSIFIER = "License :: OSI Approved :: "


def main() -> None:
    """Write, or check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing")
    args = parser.parse_args()
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(OPEN)
    _, _, after = rest.partition(CLOSE)
    new = before + OPEN + table() + CLOSE + after
    if args.check and new != text:
        sys.exit(f"{PAGE.name} differs: run python scripts/list_licences.py")
    if not args.check:
        PAGE.write_text(new, encoding="utf-8")


def table() -> str:
    """A row per package of constraints.txt: name, version, licence."""
    lines = ["| package | version | licence |", "|---|---|---|"]
    for name, version in pinned():
        try:
            licence = licence_of(metadata(name))
        except PackageNotFoundError:  # of an extra that the development environment does not have
            licence = OF_EXTRAS[name]
        lines.append(f"| {name} | {version} | {licence} |")
    return "\n".join(lines) + "\n"


def pinned() -> list[tuple[str, str]]:
    """Names and versions of constraints.txt."""
    text = (CHECKOUT / "constraints.txt").read_text(encoding="utf-8")
    return re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)


def licence_of(about: Any) -> str:
    """The SPDX expression of a package, else its classifiers, else the first line of its free text."""
    if expression := about.get("License-Expression"):
        return str(expression)
    classifiers = [
        c.removeprefix(CLASSIFIER) for c in about.get_all("Classifier") or () if c.startswith(CLASSIFIER)
    ]
    if classifiers:
        return ", ".join(classifiers)
    text = str(about.get("License") or "").strip()
    return text.splitlines()[0] if text else "not stated in its metadata"


if __name__ == "__main__":
    main()
