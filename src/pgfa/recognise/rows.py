"""Answers about many recordings: one row each, as a table, as JSON lines or as CSV."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pgfa.recognise.answers import NONE, Answers
from pgfa.recognise.explanation import Explanations
from pgfa.recognise.formats import MEANING, NOT_CALIBRATED, ORIGIN, cell, csv_text, line, origin

FIRST = 3
"""Answers of a row, from the most probable."""
_WIDEST = 44
"""Characters of a file or sentence in the table; of longer ones the end of a file and the start of a sentence."""
_ORDINALS = ("first", "second", "third")


@dataclass(frozen=True)
class Row:
    """One recording.

    Attributes:
        file: its path, with the id of the clip where the file holds several.
        answers: ranked.
        why: explanations of all answers, if they were asked for.
    """

    file: str
    answers: Answers
    why: Explanations | None = None

    @property
    def answer(self) -> str:
        """The sentence that is named, or "none of these"; see `Answers.best`."""
        return NONE if self.answers.best is None else self.answers.best.sentence


def rows_table(rows: Sequence[Row]) -> str:
    """One line per recording: file, the first answers and "none of these", each with its probability.

    The answer is marked by ``*``: the first sentence, or "none of these" where that is more probable than all
    sentences together (`Answers.best`). A header is over every column, and what a percentage means stands below.
    """
    count = min(FIRST, max((len(row.answers) for row in rows), default=0))
    head = ["file", NONE, *_ORDINALS[:count]]
    body = []
    for row in rows:
        is_none = row.answers.best is None
        cells = [_percentage(row.answers.none, marked=is_none)]
        for i, answer in enumerate(row.answers[:count]):
            share = _percentage(answer.probability, marked=i == 0 and not is_none)
            cells.append(f"{share}  {_start(line(answer.sentence))}")
        body.append([_end(line(row.file)), *cells])
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(cells, widths, strict=True)).rstrip()
        for cells in (head, *body)
    ]
    calibrated = all(row.answers.calibrated for row in rows)
    return "\n".join([*lines, "*: the answer", MEANING if calibrated else NOT_CALIBRATED]) + "\n"


def rows_jsonl(rows: Sequence[Row]) -> str:
    """One JSON object per line: ``file``, then what `Answers.to_dict` returns, and ``why`` if it was asked for."""
    objects = (
        {"file": row.file, **row.answers.to_dict(), **({} if row.why is None else {"why": row.why.to_dict()})}
        for row in rows
    )
    return "".join(json.dumps(o, ensure_ascii=False, allow_nan=False) + "\n" for o in objects)


def rows_csv(rows: Sequence[Row]) -> str:
    """Columns file, answer, probability of "none of these", sentence and probability of the first answers, problems,
    recogniser, aligned.

    Cells are empty where there are fewer candidates than columns.
    """
    head = ["file", "answer", "none"]
    head += [name for ordinal in _ORDINALS for name in (ordinal, f"{ordinal}_probability")]
    body = []
    for row in rows:
        cells = [cell(row.file), cell(row.answer), f"{row.answers.none:.6f}"]
        for answer in row.answers[:FIRST]:
            cells += [cell(answer.sentence), f"{answer.probability:.6f}"]
        cells += [""] * (len(head) - len(cells))
        body.append([*cells, cell("; ".join(row.answers.problems)), *origin(row.answers)])
    return csv_text([*head, "problems", *ORIGIN], body)


ROW_OUTPUTS: dict[str, Callable[[Sequence[Row]], str]] = {
    "table": rows_table,
    "json": rows_jsonl,
    "csv": rows_csv,
}
"""Name -> format of many recordings; the others of `pgfa.recognise.formats.OUTPUTS` are for one."""


def _percentage(probability: float, *, marked: bool) -> str:
    return f"{'*' if marked else ' '}{100 * probability:5.1f} %"


def _start(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _end(text: str) -> str:
    return text if len(text) <= _WIDEST else f"…{text[1 - _WIDEST :]}"
