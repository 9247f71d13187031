"""What an evaluation was made with: date, version, commit, machine, digests of the data."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from pgfa.pack import Pack

GIT_SECONDS = 5.0


def provenance(packs: Sequence[Pack]) -> dict[str, str]:
    """Name -> value, in the order in which a report shows them."""
    facts = {
        "Date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "Version": f"pgfa {version('pgfa')}",
        "Commit": commit(),
        "Software": f"Python {platform.python_version()}, numpy {version('numpy')}, torch {version('torch')}",
        "Machine": f"{platform.system()} {platform.machine()}",
        "Data": ", ".join(f"{pack.folder.name} (digest {pack.digest})" for pack in packs),
    }
    return {name: value for name, value in facts.items() if value}


def commit(folder: Path = Path(__file__).parents[1]) -> str:
    """The commit of the checkout that contains a folder, and whether the folder was changed; "" outside a checkout."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(folder), *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=GIT_SECONDS, check=True
        ).stdout.strip()

    try:
        # An installed package may lie inside some other project's checkout: only a tracked file counts.
        git("ls-files", "--error-unmatch", str(folder))
        changed = git("status", "--porcelain", "--untracked-files=no", str(folder))
        return git("rev-parse", "HEAD") + (", with changes" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return ""
