"""Make the pictures of docs/pictures: the page with its first example, and the report of a run.

    python scripts/pictures.py                   # trains the demo for the report: a few minutes
    python scripts/pictures.py --run runs/mine   # the report of a run that was evaluated

Drives headless Chromium by playwright. Colours are reduced to 128, so that a picture stays below 150 kB.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
SCREEN = {"width": 1366, "height": 768}
COLOURS = 128


@contextmanager
def browser() -> Iterator[Any]:
    """Headless Chromium with the light theme."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        sys.exit("pictures: Chromium is not installed")
    with sync_playwright() as playwright:
        flags = ["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else []
        chromium = playwright.chromium.launch(executable_path=program, args=flags)
        yield chromium.new_page(viewport=SCREEN, color_scheme="light", reduced_motion="reduce")
        chromium.close()


def take(view: Any, name: str) -> None:
    """Store what is visible."""
    picture = Image.open(io.BytesIO(view.screenshot())).convert("RGB").quantize(COLOURS)
    PICTURES.mkdir(exist_ok=True)
    picture.save(PICTURES / name, optimize=True)
    print(f"{PICTURES / name}: {(PICTURES / name).stat().st_size // 1000} kB")


def page(view: Any) -> None:
    """`pgfa serve`, its example answered."""
    command = [sys.executable, "-m", "pgfa.cli.main", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            view.goto(server.stdout.readline().split()[0])
            view.wait_for_function(
                "() => Number(document.body.dataset.answers || 0) && !document.body.hasAttribute('aria-busy')"
            )
            view.wait_for_timeout(1000)
            take(view, "page.png")
        finally:
            server.terminate()


def report(view: Any, run: Path) -> None:
    """The report of a run, from its top."""
    view.goto((run / "report.html").resolve().as_uri())
    view.wait_for_timeout(1000)
    take(view, "report.png")


def main() -> None:
    """See the docstring of this file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=Path, help="a run with a report; default: the demo is trained")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, browser() as view:
        page(view)
        run = args.run
        if run is None:
            subprocess.run([sys.executable, "-m", "pgfa.cli.main", "demo", folder], check=True)
            run = next(Path(folder).rglob("report.html")).parent
        report(view, run)


if __name__ == "__main__":
    main()
