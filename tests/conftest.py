"""Fixtures shared by all tests: where the real recordings and the reference values lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Hub look-ups would hang or fail on a machine without a network; everything tested here works offline.
os.environ.setdefault("HF_HUB_OFFLINE", "1")

SHARED = Path(os.environ.get("PGFA_SHARED", Path(__file__).resolve().parents[2] / "shared"))


def _shared(part: str) -> Path:
    folder = SHARED / part
    if not SHARED.exists():
        pytest.skip(
            f"reason: no folder {SHARED} (the real recordings do not come with the code; set PGFA_SHARED)"
        )
    assert folder.is_dir(), f"{SHARED} is there, but {folder} is not: the shared folder is broken"
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real recordings; the test is skipped where there is none."""
    return _shared("data")


@pytest.fixture(scope="session")
def parity() -> Path:
    """Folder of the reference values of the authors' code; the test is skipped where there is none."""
    return _shared("parity")
