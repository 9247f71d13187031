"""`scripts/try_readings.py` in short: of a fixed sample none is misread silently, crashes or is refused unclearly."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from pgfa.read import FORMATS
from reading_cases import OUTCOMES, Case, tried
from reading_family import family

FAMILY = list(family())
SHARE = 4
SAMPLE = [case for number, case in enumerate(FAMILY) if number % SHARE == 1]
NOT_WRITTEN = {"video"}
"""Needs a pose estimator."""


def test_every_format_is_in_the_family_and_every_name_once() -> None:
    assert {case.format for case in FAMILY} == set(FORMATS) - NOT_WRITTEN
    assert len(FAMILY) >= 400
    repeated = [name for name, count in Counter(case.name for case in FAMILY).items() if count > 1]
    assert not repeated


@pytest.mark.filterwarnings("ignore:Gimbal lock|missing parameter")
@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: case.name)
def test_read_right_or_refused_with_what_settles_it(case: Case, tmp_path: Path) -> None:
    outcome = tried(case, tmp_path)
    assert outcome.verdict in OUTCOMES
    assert outcome.verdict not in ("silent", "crash", "unclear"), outcome.why
