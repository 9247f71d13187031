"""Figures that others published: one file, ``published.toml``, with the source and protocol of each."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from pgfa.config import Settings

FILE = "published.toml"


class Published(Settings):
    """A row of published figures, in per cent."""

    table: str
    """The table that it belongs to: one of `pgfa reproduce`, or a data set."""
    method: str
    """Name of the row."""
    source: str
    """Where the figures were read."""
    authors: bool
    """Whether that is a text of the method's authors."""
    protocol: str
    """What is known of how they were measured."""
    values: dict[str, float]
    """Column -> figure; unknown ones are absent."""
    adapted: bool = False
    """Whether the unlabelled test clips were used."""
    difference: bool = False
    """Points above another method, not an accuracy."""


@cache
def published_figures() -> tuple[Published, ...]:
    """All of them, in the order of the file."""
    text = (resources.files("pgfa.research") / FILE).read_text(encoding="utf-8")
    return tuple(Published(**row) for row in tomllib.loads(text)["figures"])


def published(table: str) -> tuple[Published, ...]:
    """The rows of a table, in the order of the file."""
    return tuple(row for row in published_figures() if row.table == table)
