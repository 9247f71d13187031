"""A timeline as a file: JSON, CSV (a line a window and body), WebVTT and ELAN (a caption a span, beside a video)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

from pgfa.recognise import Timeline
from pgfa.recognise.outputs import spans_eaf, spans_vtt

NONE = "none of these"


def to_json(timeline: Timeline) -> str:
    """All there is, as `Timeline.to_dict` has it."""
    return json.dumps(timeline.to_dict(), ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def to_csv(timeline: Timeline) -> str:
    """Columns: body (from 1), time in seconds, one a sentence, "none of these". Windows without the body are left out.

    A sentence that a spreadsheet would take for a formula is quoted with an apostrophe.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    heads = [f"'{s}" if s.startswith(("=", "+", "-", "@", "\t", "\r")) else s for s in timeline.sentences]
    writer.writerow(["body", "time_s", *heads, NONE])
    for body, rows in enumerate(timeline.probabilities):
        for time, row in zip(timeline.times, rows, strict=True):
            if row[-1] == row[-1]:
                writer.writerow([body + 1, f"{time:.3f}", *(f"{p:.5f}" for p in row)])
    return file.getvalue()


FORMS: dict[str, tuple[str, Callable[[Timeline], str]]] = {
    "json": ("application/json", to_json),
    "csv": ("text/csv; charset=utf-8", to_csv),
    "vtt": ("text/vtt; charset=utf-8", lambda timeline: spans_vtt(timeline.spans)),
    "eaf": ("application/xml; charset=utf-8", lambda timeline: spans_eaf(timeline.spans)),
}
"""Ending -> media type and writer."""
