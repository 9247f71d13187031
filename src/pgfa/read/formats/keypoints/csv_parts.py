"""Tables with a line per landmark of body, face and hands (MediaPipe's Holistic) -> the lines of the body."""

from __future__ import annotations

import csv
import io

from pgfa.errors import BadFile
from pgfa.read.formats.keypoints.csv_header import plain
from pgfa.read.formats.keypoints.csv_top import top_of
from pgfa.read.parsing.text_table import short
from pgfa.read.source import FileRef

TITLES = ("type", "part", "landmark_type", "group")
"""Of the column that says to what a landmark belongs, as `plain`; in this order if a table has several."""
BODIES = ("pose_world", "world", "pose", "body")
"""Names of the body; that of the world counts before that of the picture."""
OTHERS = (
    "face",
    "face_mesh",
    "left_hand",
    "right_hand",
    "hand",
    "hands",
    "lh",
    "rh",
    "hand_left",
    "hand_right",
)
MAX_LINE = 1 << 16


def without_face_and_hands(ref: FileRef, text: str) -> tuple[str, tuple[str, ...]]:
    """The text with the lines of the body alone, and a note on what is left out; unchanged for any other table.

    Raises:
        BadFile: lines of face or hands, and none of the body.
    """
    if (top := top_of(text, MAX_LINE)) is None:
        return text, ()
    names = [plain(title) for title in top.titles]
    column = next((names.index(title) for title in TITLES if title in names), None)
    if column is None or len(top.first) != len(names) or _part(top.first[column]) not in (*BODIES, *OTHERS):
        return text, ()
    start = sum(len(line) + 1 for line in top.lines[: top.at + 1])
    lines_of: dict[str, list[list[str]]] = {}
    try:
        for row in csv.reader(io.StringIO(text[start:], newline=""), delimiter=top.separator):
            if not any(row):
                continue
            part = _part(row[column]) if len(row) == len(names) else ""
            if part not in (*BODIES, *OTHERS):
                return text, ()
            lines_of.setdefault(part, []).append(row if part in BODIES else [])
    except csv.Error:
        return text, ()
    body = next((name for name in BODIES if name in lines_of), None)
    title = top.titles[column].strip()
    left_out = ", ".join(sorted(part for part in lines_of if part != body))
    if body is None:
        expected = f"lines of the body (column {short(title)}: pose)"
        raise BadFile(str(ref), where=f"column {short(title)}", expected=expected, found=f"only {left_out}")
    if not left_out:
        return text, ()
    out = io.StringIO()
    writer = csv.writer(out, delimiter=top.separator, lineterminator="\n")
    writer.writerow(top.titles)
    writer.writerows(lines_of[body])
    note = f"lines with {short(title)} {left_out} left out: those with {body} are the body"
    return "\n".join([*top.lines[: top.at], out.getvalue()]), (note,)


def _part(cell: str) -> str:
    """The part of the person that a cell names: PoseLandmarks -> pose."""
    return plain(cell).removesuffix("_landmarks").removesuffix("_landmark")
