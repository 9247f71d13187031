"""A table of results, as text, Markdown, LaTeX and plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

NOT_KNOWN, NOT_GIVEN = "-", "not given"
_LATEX = str.maketrans({c: f"\\{c}" for c in "&%$#_{}"} | {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
                        "\\": r"\textbackslash{}"})  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One figure, in per cent.

    Attributes:
        value: mean over seeds (of the mean over splits).
        spread: standard deviation over seeds; None where there is one seed, or for a published figure.
        seeds: how many; 0 for a published figure.
        difference: points above something else, told with a sign.
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
    """One method: a name, where its figures come from, a cell (or words in its place) a column."""

    name: str
    where: str
    cells: tuple[Cell | str, ...]


@dataclass(frozen=True)
class Table:
    """Rows under a head.

    Attributes:
        title: of the whole.
        columns: heads of the columns of cells.
        rows: in order.
        notes: what must be known to read the figures.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    def to_text(self) -> str:
        """For a terminal: aligned columns, notes below."""
        lines = [("", *self.columns, ""), *((r.name, *map(str, r.cells), r.where) for r in self.rows)]
        width = [max(len(line[i]) for line in lines) for i in range(len(self.columns) + 2)]
        told = [
            "  ".join(
                [line[0].ljust(width[0])]
                + [text.rjust(width[i]) for i, text in enumerate(line[1:-1], 1)]
                + [line[-1]]
            ).rstrip()
            for line in lines
        ]
        rule = "-" * max(map(len, told))
        return (
            "\n".join([self.title, rule, told[0], rule, *told[1:], rule, *(f"* {n}" for n in self.notes)])
            + "\n"
        )

    def to_markdown(self) -> str:
        """A Markdown table, notes below; a column for where figures come from only if one of them tells it."""
        lines = [("", *self.columns, "where"), ("---", *["---:"] * len(self.columns), "---")]
        lines += [(r.name, *map(str, r.cells), r.where) for r in self.rows]
        if not any(r.where for r in self.rows):
            lines = [line[:-1] for line in lines]
        told = ["| " + " | ".join(text.replace("|", "\\|") for text in line) + " |" for line in lines]
        return "\n".join([f"**{self.title}**", "", *told, "", *(f"- {n}" for n in self.notes)]) + "\n"

    def to_latex(self) -> str:
        """A tabular between booktabs rules; where figures come from and the notes are comments."""
        head = " & ".join(["", *map(_latex, self.columns)])
        body = []
        for row in self.rows:
            cells = " & ".join(map(_latex, [row.name, *map(str, row.cells)]))
            body.append(f"{cells} \\\\ % {row.where}" if row.where else f"{cells} \\\\")
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


def cell_of(shares: Sequence[Sequence[float]]) -> Cell:
    """The cell of runs: (seeds, splits) shares of 1 -> mean over splits, then mean and deviation over seeds."""
    means = 100 * np.asarray(shares, dtype=np.float64).mean(axis=1)
    spread = float(means.std(ddof=1)) if len(means) > 1 else None
    return Cell(float(means.mean()), spread, len(means))


def _latex(text: str) -> str:
    return text.translate(_LATEX).replace("±", "$\\pm$")
