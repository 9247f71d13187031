"""All inputs of `scripts/try_readings.py`."""

from __future__ import annotations

from collections.abc import Iterator

import reading_arrays
import reading_bodies
import reading_capture
import reading_dialects
import reading_estimators
import reading_loggers
import reading_names
import reading_plain
import reading_postures
import reading_sets
import reading_strangers
from reading_cases import Case

MODULES = (
    reading_arrays,
    reading_bodies,
    reading_capture,
    reading_dialects,
    reading_estimators,
    reading_loggers,
    reading_names,
    reading_plain,
    reading_postures,
    reading_sets,
    reading_strangers,
)


def family() -> Iterator[Case]:
    """Every case, always in the same order; names are unique."""
    for module in MODULES:
        yield from module.cases()
