"""Tables of nothing but numbers (.txt, .csv, .tsv): all joints of a frame in a line, as numpy.savetxt writes them.

Perhaps behind the number and the time of the frame, and below titles that only count the columns, as pandas writes
them. Which joints and columns the numbers are, the body decides, as of an array.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.assemble import counted
from pgfa.read.format import Format
from pgfa.read.formats.keypoints.reader import JOINTS, KeypointInfo, from_array
from pgfa.read.interpret.orders import orders_of
from pgfa.read.parsing.cells import MAX_TEXT, cells_of, lines_of, numbers_of, separator_of, text_of
from pgfa.read.parsing.frame_times import (
    Timeline,
    empty_frames,
    number_timeline,
    possible_rate,
    time_timeline,
    time_unit,
)
from pgfa.read.parsing.rates import rate_in_comments
from pgfa.read.parsing.text_table import is_comment
from pgfa.read.sample import picture, rows
from pgfa.read.source import FileRef, find_files
from pgfa.read.stated import NOTHING
from pgfa.skeleton import COCO17, Clip

MIN_COLUMNS = 22
"""Numbers in a line, at least: of the fewest joints in a picture."""
MOST_FRAMES = 8
"""Frames from line to line, fewer than these: larger steps are milliseconds, unless they are all equal and below twice
as many."""
MAX_BEFORE = 2
"""Columns before those of the joints: the number and the time of the frame."""
LOOKED_AT = 8
"""Lines looked at to detect the format."""

Floats = NDArray[np.float64]


def sniff(name: str, head: bytes) -> bool:
    """Lines of as many numbers as the joints of a layout have, perhaps behind one or two others."""
    lines = [line for line in text_of(head).split("\n") if line.strip() and not is_comment(line)][
        : LOOKED_AT + 1
    ]
    lines = lines[:-1] if len(lines) > 1 else lines  # the last may be cut off
    if lines and _counts_columns(_cells(lines[0])):
        lines = lines[1:]
    table = [_cells(line) for line in lines]
    if not table or len({len(cells) for cells in table}) > 1 or len(table[0]) < MIN_COLUMNS:
        return False
    return bool(_leads(len(table[0]))) and all(_is_number(cell) for cells in table for cell in cells)


def find(root: Path) -> list[FileRef]:
    """The .txt, .csv and .tsv files under a folder or in a zip."""
    return find_files(root, r"(?!\._).+\.(txt|csv|tsv|dat)", "tables of numbers (.txt, .csv)")


def read(ref: FileRef) -> Clip:
    """One clip. Raises BadFile with the line, Undecided, LimitExceeded."""
    raw = ref.read(MAX_TEXT)
    lines = lines_of(ref, raw)
    filled = [n for n, line in enumerate(lines) if line.strip() and not is_comment(line)]
    above = [line for line in lines[: filled[0] if filled else 0] if is_comment(line)]
    if filled and _counts_columns(_cells(lines[filled[0]])):
        filled.pop(0)
    if not filled:
        raise BadFile(str(ref), expected="lines of numbers", found="none")
    width = len(_cells(lines[filled[0]]))
    numbers = numbers_of(ref, lines, filled, separator=separator_of(lines[filled[0]]), width=width)
    short = [n for n in filled if len(_cells(lines[n])) != width]
    if short:
        actual = str(len(_cells(lines[short[0]])))
        expected = f"{width} numbers, as in the lines before"
        raise BadFile(str(ref), where=f"line {short[0] + 1}", expected=expected, found=actual)
    before, points = _split(ref, numbers)
    points, rate, notes = over_time(ref, before, points)
    rate = rate or rate_in_comments(above)
    return from_array(ref, raw, points, KeypointInfo(rate=rate, problems=notes))


def _cells(line: str) -> list[str]:
    cells = cells_of(line, separator_of(line))
    return cells[:-1] if cells and not cells[-1] else cells


def _counts_columns(cells: list[str]) -> bool:
    """Whether titles only count the columns: 0, 1, 2, ..., perhaps behind one without a title."""
    titles = cells[1:] if cells and not cells[0] else cells
    return len(titles) >= MIN_COLUMNS and titles == [str(n) for n in range(len(titles))]


def _leads(width: int) -> list[int]:
    """How many columns may be before those of joints."""
    return [lead for lead in range(MAX_BEFORE + 1) if next(orders_of((1, width - lead), None, NOTHING), None)]


def _split(ref: FileRef, numbers: Floats) -> tuple[Floats, Floats]:
    """The columns before those of the joints, and these."""
    leads = _leads(numbers.shape[1])
    rising = [
        lead
        for lead in leads
        if lead and _rises(numbers[:, :lead], even=0 in leads, whole=bool((numbers[:, lead:] % 1 != 0).any()))
    ]
    if not rising and 0 not in leads:
        counts = ", ".join(map(str, JOINTS))
        expected = (
            f"2 to 4 numbers of each of {counts} joints, perhaps behind the frame and its time, which rise"
        )
        raise BadFile(
            str(ref), where="lines", expected=expected, found=f"{numbers.shape[1]} numbers in a line"
        )
    lead = rising[-1] if rising else 0
    return numbers[:, :lead], numbers[:, lead:]


def _rises(columns: Floats, *, even: bool, whole: bool) -> bool:
    """Whether columns never fall from line to line; `even`: and rise by the same step, as no coordinate does, or,
    where that tells them from coordinates (`whole`), are whole numbers.
    """
    steps = np.diff(columns, axis=0)
    if not np.isfinite(columns).all() or len(steps) < 2 or (steps < 0).any():
        return False
    if not even:
        return True
    if whole and (columns % 1 == 0).all():
        return True
    usual = np.median(steps, axis=0)
    return bool((usual > 0).all() and (np.abs(steps - usual) <= 0.05 * usual).mean() > 0.9)


def over_time(ref: FileRef, before: Floats, points: Floats) -> tuple[Floats, float | None, tuple[str, ...]]:
    """The joints with empty frames where numbers or times are missing, the rate that times give, and notes."""
    if not before.shape[1]:
        return points, None, ()
    read_as = ("first column read as frame numbers", "first column read as times")
    numbered = _are_numbers(before[:, 0])
    keys, first = np.unique(before[:, 0], return_index=True)
    notes: tuple[str, ...] = (read_as[0] if numbered else read_as[1],)
    if len(keys) < len(before):
        notes += (f"{counted(len(before) - len(keys), 'line')} of frames that come again not read",)
    rate: float | None = None
    timeline = number_timeline(ref, keys) if numbered else None
    column = before.shape[1] - 1
    if column and not (np.diff(before[first, column]) > 0).all():
        notes, column = (*notes, "second column not read: it does not rise"), 0
    if timeline is None or column:
        times = before[first, column]
        timed, rate, more = _timed(ref, times, keys if timeline is not None and column else None)
        timeline, notes = timeline or timed, notes + more
    out = np.full((timeline.frames, points.shape[1]), np.nan)
    out[timeline.index_of] = points[first]
    return out, rate, notes + timeline.problems + empty_frames(timeline)


def _are_numbers(column: Floats) -> bool:
    """Whether values are frame numbers, perhaps of every few frames, and no times in milliseconds or ticks."""
    steps = np.diff(np.unique(column))
    steps = steps if len(steps) else np.ones(1)
    usual, even = np.median(steps), (steps == steps[0]).all()
    return bool((column % 1 == 0).all() and usual < MOST_FRAMES * (2 if even else 1))


def _timed(
    ref: FileRef, times: Floats, numbers: Floats | None
) -> tuple[Timeline, float | None, tuple[str, ...]]:
    """Frames by their times, the rate, and notes on it."""
    counts = np.arange(len(times), dtype=np.float64) if numbers is None else numbers
    unit = time_unit("time", times)
    timeline = time_timeline(ref, times, counts, unit)
    rate, notes = possible_rate("time", timeline.rate, unit)
    return timeline, rate, notes


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", ".") or "nan")  # a comma within a cell is a decimal one
    except ValueError:
        return False
    return True


def sample() -> dict[str, bytes]:
    """Four frames of one body of 17 joints, in pixels, as numpy.savetxt writes them."""
    return {"keypoints.txt": ("\n".join(rows(picture(COCO17).reshape(4, 34), " ")) + "\n").encode()}


FORMAT = Format(
    "keypoints-txt",
    "keypoints as a table of numbers: .txt, .csv, a line per frame",
    sniff,
    find,
    read,
    sample=sample,
)
