"""`scripts/large_recordings.py`: its recordings are sound; those of 20 MB are measured by the campaign."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
from fuzz_readers import MEGABYTES, SECONDS
from large_recordings import LARGE, measure

from machine_speed import slowness
from pgfa.read import FORMATS

SIZE = 1_000_000


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is measured as Linux does")
@pytest.mark.parametrize("format", LARGE)
def test_a_large_recording_is_read_at_little_cost(format: str) -> None:
    if format == "c3d":
        pytest.importorskip("c3d")
    cost = measure(format, SIZE)
    assert cost["read"], cost["outcome"]
    assert 0.8 * SIZE < cost["bytes"] < 1.2 * SIZE
    assert cost["seconds"] < SECONDS / 3 * slowness()
    assert cost["megabytes"] < MEGABYTES / 4


def test_every_format_with_a_sample_has_one() -> None:
    assert set(LARGE) == {name for name, format in FORMATS.items() if format.sample}
