"""Tables of results: their forms to the letter, and the figures in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgfa.evaluate.table import Cell, Row, Table, cell_of, write_tables

TABLE = Table(
    title="A table",
    columns=("NTU-60", "PKU_MMD"),
    rows=(
        Row("SMIE", "a page", (Cell(65.08), "-")),
        Row("over & above", "abstract", (Cell(22.961, difference=True), Cell(-1.5, difference=True))),
        Row("ours", "last epoch", (Cell(70.004, 1.25, 3), "not given")),
    ),
    notes=("Per cent.",),
)

TEXT = """\
A table
-----------------------------------------------
                    NTU-60    PKU_MMD
-----------------------------------------------
SMIE                 65.08          -  a page
over & above        +22.96      -1.50  abstract
ours          70.00 ± 1.25  not given  last epoch
-----------------------------------------------
* Per cent.
"""

MARKDOWN = """\
**A table**

|  | NTU-60 | PKU_MMD | source |
| --- | ---: | ---: | --- |
| SMIE | 65.08 | - | a page |
| over & above | +22.96 | -1.50 | abstract |
| ours | 70.00 ± 1.25 | not given | last epoch |

- Per cent.
"""

LATEX = r"""% A table
% Per cent.
\begin{tabular}{lrr}
\toprule
 & NTU-60 & PKU\_MMD \\
\midrule
SMIE & 65.08 & - \\ % a page
over \& above & +22.96 & $-$1.50 \\ % abstract
ours & 70.00 $\pm$ 1.25 & not given \\ % last epoch
\bottomrule
\end{tabular}
"""


def test_text() -> None:
    # The rule is as long as the longest line.
    assert TABLE.to_text() == TEXT.replace("-" * 47, "-" * 49)


def test_markdown() -> None:
    assert TABLE.to_markdown() == MARKDOWN


def test_latex() -> None:
    assert TABLE.to_latex() == LATEX


def test_without_sources_there_is_no_column_for_them() -> None:
    table = Table("Ours", ("a",), (Row("x", "", (Cell(1.0),)),))
    assert "|  | a |\n| --- | ---: |\n| x | 1.00 |\n" in table.to_markdown()
    assert "x & 1.00 \\\\\n" in table.to_latex()


def test_plain_data() -> None:
    data = TABLE.to_dict()
    assert data["rows"][2]["cells"][0] == {"value": 70.004, "spread": 1.25, "seeds": 3, "difference": False}
    assert data["rows"][0]["cells"][1] == "-"


def test_a_cell_is_the_mean_over_splits_then_over_seeds() -> None:
    cell = cell_of([[0.5, 0.7], [0.6, 1.0]])  # 60 and 80
    assert (cell.value, cell.seeds) == (pytest.approx(70), 2)
    assert cell.spread == pytest.approx(200**0.5)
    assert cell_of([[0.25, 0.75]]) == Cell(50.0, None, 1)


def test_tables_are_written_in_every_form(tmp_path: Path) -> None:
    write_tables(tmp_path / "tables", [TABLE, TABLE])
    assert (tmp_path / "tables.txt").read_text(encoding="utf-8") == f"{TABLE.to_text()}\n{TABLE.to_text()}"
    assert (tmp_path / "tables.md").read_text(
        encoding="utf-8"
    ) == f"{TABLE.to_markdown()}\n{TABLE.to_markdown()}"
    assert (tmp_path / "tables.tex").read_text(encoding="utf-8") == f"{TABLE.to_latex()}\n{TABLE.to_latex()}"
