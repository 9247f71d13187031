"""Tables of figures that others published, next to what is measured here on the same splits."""

from __future__ import annotations

from collections.abc import Mapping

from pgfa.research.evidence.markdown import table
from pgfa.research.published import Published, published


def published_table(name: str, own: Mapping[str, Mapping[str, str]] | None = None) -> str:
    """A row per method: figures in per cent, protocol and source.

    Args:
        name: of the table, as in ``published.toml``.
        own: title of a row of this project -> column -> figure; put first.
    """
    rows = published(name)
    columns = list(dict.fromkeys(column for row in rows for column in row.values))
    lines = [
        [title, *(values.get(column, "-") for column in columns), "measured here", "this repository"]
        for title, values in (own or {}).items()
    ]
    lines += [
        [row.method, *(_figure(row, column) for column in columns), row.protocol, row.source] for row in rows
    ]
    return table(["method", *columns, "protocol", "source"], lines)


def _figure(row: Published, column: str) -> str:
    if column not in row.values:
        return "-"
    return f"{row.values[column]:{'+' if row.difference else ''}g}"
