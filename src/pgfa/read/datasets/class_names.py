"""Class names of the data sets whose files hold a class number only. A test holds the catalogues to the same names."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files


@lru_cache
def class_names(family: str) -> tuple[str, ...]:
    """Names in the order of the data set's numbers: 120 of ``"ntu"`` (A001 first), 51 of ``"pku"``."""
    text = files("pgfa.read.datasets").joinpath(f"lists/{family}-classes.txt").read_text(encoding="ascii")
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))
