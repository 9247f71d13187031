"""Hostile files and messages through the server and the commands: `scripts/hostile_commands.py`, its short form."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "hostile_commands.py"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is measured as Linux does")
def test_hostile_files_and_messages_cost_little_and_break_nothing() -> None:
    pytest.importorskip("wsproto")
    command = [sys.executable, str(SCRIPT), "--short", "upload", "websocket", "live", "check"]
    process = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert process.returncode == 0, process.stdout + process.stderr
    rows = [line.split("|") for line in process.stdout.splitlines()[2:]]
    assert [row[1].strip() for row in rows] == ["upload", "websocket", "live", "check"]
    # Damaged recordings are among them that are accepted, and others that are refused.
    assert all(int(row[column].replace(",", "")) > 0 for row in rows[:3] for column in (3, 4))
