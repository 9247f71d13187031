"""A table of results, as text, Markdown, LaTeX and plain data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pgfa.files import write_atomic

NOT_KNOWN, NOT_GIVEN = "-", "not given"
_LATEX = str.maketrans({c: f"\\{c}" for c in "&%$#_{}"} | {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
                        "\\": r"\textbackslash{}", "<": "$<$", ">": "$>$", "|": "$|$"})  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One number, in per cent.

    Attributes:
        value: mean over seeds (of the mean over splits).
        spread: standard deviation over seeds; None for a single seed and for published numbers.
        seeds: number of seeds; 0 for published numbers.
        difference: whether it is a difference to another method, written with its sign.
    """

    value: float
    spread: float | None = None
    seeds: int = 0
    difference: bool = False

    def __str__(self) -> str:
        sign = "+" if self.difference else ""
        return f"{self.value:{sign}.2f}" + (f" ± {self.spread:.2f}" if self.spread is not None else "")


@dataclass(frozen=True)
class Row:
    """One method: its name, the source of its numbers, and per column a cell or words in its place."""

    name: str
    source: str
    cells: tuple[Cell | str, ...]


@dataclass(frozen=True)
class Table:
    """Rows of results with titles.

    Attributes:
        title: of the table.
        columns: titles of the columns of cells.
        rows: in order.
        notes: how to read the numbers.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    def to_text(self) -> str:
        """For a terminal: aligned columns, notes below."""
        lines = [("", *self.columns, ""), *((r.name, *map(str, r.cells), r.source) for r in self.rows)]
        width = [max(len(line[i]) for line in lines) for i in range(len(self.columns) + 2)]
        texts = [
            "  ".join(
                [line[0].ljust(width[0])]
                + [text.rjust(width[i]) for i, text in enumerate(line[1:-1], 1)]
                + [line[-1]]
            ).rstrip()
            for line in lines
        ]
        rule = "-" * max(map(len, texts))
        return (
            "\n".join([self.title, rule, texts[0], rule, *texts[1:], rule, *(f"* {n}" for n in self.notes)])
            + "\n"
        )

    def to_markdown(self) -> str:
        """A Markdown table, notes below; the column for sources only if a row has one."""
        lines = [("", *self.columns, "source"), ("---", *["---:"] * len(self.columns), "---")]
        lines += [(r.name, *map(str, r.cells), r.source) for r in self.rows]
        if not any(r.source for r in self.rows):
            lines = [line[:-1] for line in lines]
        texts = ["| " + " | ".join(text.replace("|", "\\|") for text in line) + " |" for line in lines]
        return "\n".join([f"**{self.title}**", "", *texts, "", *(f"- {n}" for n in self.notes)]) + "\n"

    def to_latex(self) -> str:
        """A tabular with booktabs rules; sources and notes are comments."""
        head = " & ".join(["", *map(_latex, self.columns)])
        body = []
        for row in self.rows:
            cells = " & ".join(map(_latex, [row.name, *map(str, row.cells)]))
            body.append(f"{cells} \\\\ % {row.source}" if row.source else f"{cells} \\\\")
        lines = [
            f"% {self.title}",
            *(f"% {note}" for note in self.notes),
            f"\\begin{{tabular}}{{l{'r' * len(self.columns)}}}",
            "\\toprule",
            f"{head} \\\\",
            "\\midrule",
            *body,
            "\\bottomrule",
            "\\end{tabular}",
        ]
        return "\n".join(lines) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def cell_of(accuracies: Sequence[Sequence[float]]) -> Cell:
    """The cell of accuracies (seeds, splits), fractions of 1: mean over splits, then mean and deviation over seeds."""
    means = 100 * np.asarray(accuracies, dtype=np.float64).mean(axis=1)
    spread = float(means.std(ddof=1)) if len(means) > 1 else None
    return Cell(float(means.mean()), spread, len(means))


def write_tables(path: Path, tables: Sequence[Table]) -> None:
    """Write the tables one below the other as ``PATH.txt``, ``.md`` and ``.tex``."""
    for suffix, form in (("txt", Table.to_text), ("md", Table.to_markdown), ("tex", Table.to_latex)):
        write_atomic(path.with_name(f"{path.name}.{suffix}"), "\n".join(form(table) for table in tables))


def _latex(text: str) -> str:
    text = text.translate(_LATEX).replace("±", "$\\pm$").replace("–", "--")
    return re.sub(r"(?<![^ (])-(?=\d)", "$-$", text)
