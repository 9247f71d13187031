"""Output formats of answers: table, JSON, CSV, WebVTT (captions for any video player), EAF (for ELAN).

`OUTPUTS` is the one table of formats; the command line and the page both write through `render`.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import mimetypes
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from pgfa.errors import BadConfig
from pgfa.recognise.answers import NONE, Answers, Span, Timeline
from pgfa.recognise.explanation import Explanations

MEANING = (
    "Of answers with 70 %, about 70 in 100 were right for actions that were left out of training; "
    "for other sensors and wordings it can be more or fewer."
)
"""What a percentage of a calibrated recogniser says, in the words that users see everywhere. The documents quote it
(tests/unit/test_meaning.py)."""
NOT_CALIBRATED = "not calibrated: percentages are overconfident; only their order is meaningful"
ORIGIN = ("recogniser", "aligned")
"""Last columns of every CSV."""
HEADING = "   share  cosine  sentence"
"""Of the table of one recording. A share is a probability where the recogniser is calibrated."""
EXPLAINED = 3
"""Answers of the table that are explained, from the first."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]+")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First characters of a cell that a spreadsheet would run as a formula."""


def to_json(result: Answers | Timeline) -> str:
    """Everything, as `to_dict` returns it."""
    return _json(result.to_dict())


def explained_json(answers: Answers, why: Explanations) -> str:
    """`to_json`, and `why`."""
    return _json({**answers.to_dict(), "why": why.to_dict()})


def _json(data: dict[str, Any]) -> str:
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def answers_table(answers: Answers, why: Explanations | None = None) -> str:
    """A heading, then one line per candidate, most probable first, and one for "none of these": first where it is
    the answer (`Answers.best`), otherwise last.

    With `why` a line below each of the first `EXPLAINED` candidates, and what was measured at the end.
    """
    rows = [(a.probability, a.cosine, a.sentence) for a in answers]
    lines = [f"{100 * p:6.1f} %  {c:+.3f}  {line(s)}" for p, c, s in rows]
    if why is not None:
        of_sentence = {e.sentence: e for e in why}
        for i, (_, _, sentence) in enumerate(rows[:EXPLAINED]):
            lines[i] += f"\n{'':18}{of_sentence[sentence]}"
    if answers.calibrated:
        lines.insert(
            0 if answers.best is None else len(lines), f"{100 * answers.none:6.1f} %          {NONE}"
        )
    lines.insert(0, HEADING)
    lines.append(MEANING if answers.calibrated else NOT_CALIBRATED)
    if why is not None and why.facts:
        where = "" if why.window_s is None else " from {:.1f} to {:.1f} s".format(*why.window_s)
        lines.append(f"measured{where}: {'; '.join(why.facts)}")
    return "\n".join(lines) + "\n"


def spans_table(timeline: Timeline) -> str:
    """One line per span."""
    lines = [" start     end  body  conf  sentence"]
    for s in timeline.spans:
        body = f"{s.body + 1}" if s.partner is None else f"{s.body + 1}+{s.partner + 1}"
        lines.append(
            f"{s.start_s:6.1f}  {s.end_s:6.1f}  {body:>4}  {100 * s.probability:3.0f} %  {line(s.sentence)}"
        )
    if not timeline.spans:
        lines = [f"{NONE} at any time"]
    elif not timeline.calibrated:
        lines.append(f'not calibrated: percentages are overconfident, and "{NONE}" is never an answer')
    return "\n".join(lines) + "\n"


def origin(result: Answers | Timeline) -> list[str]:
    """Cells of the columns `ORIGIN`: what answered. The last columns of every row of a CSV."""
    return [cell(result.recogniser), "yes" if result.aligned else "no"]


def answers_csv(answers: Answers) -> str:
    """Columns recording, sentence, probability, cosine, recogniser, aligned; "none of these" is a row without a
    sentence."""
    rows = [[cell(a.sentence), f"{a.probability:.6f}", f"{a.cosine:.6f}"] for a in answers]
    rows.append(["", f"{answers.none:.6f}", ""])
    return _with_origin(answers, ["sentence", "probability", "cosine"], rows)


def spans_csv(timeline: Timeline) -> str:
    """Columns recording, start_s, end_s, body, partner, sentence, probability, recogniser, aligned; bodies count from 0
    as in `Span`."""
    rows = [
        [
            f"{s.start_s:.3f}",
            f"{s.end_s:.3f}",
            str(s.body),
            "" if s.partner is None else str(s.partner),
            cell(s.sentence),
            f"{s.probability:.6f}",
        ]
        for s in timeline.spans
    ]
    return _with_origin(timeline, ["start_s", "end_s", "body", "partner", "sentence", "probability"], rows)


def windows_csv(timeline: Timeline) -> str:
    """Columns recording, body (from 1), time_s, one per sentence, "none of these", recogniser, aligned. Windows without
    the body are left out."""
    rows = [
        [str(body), f"{time:.3f}", *(f"{p:.5f}" for p in row)]
        for body, windows in enumerate(timeline.probabilities, 1)
        for time, row in zip(timeline.times, windows, strict=True)
        if row[-1] == row[-1]  # not NaN
    ]
    return _with_origin(timeline, ["body", "time_s", *map(cell, timeline.sentences), NONE], rows)


def _with_origin(result: Answers | Timeline, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A CSV in which every row names the recording and what answered, so that many can be put together."""
    recording, ending = cell(line(result.source)), origin(result)
    return csv_text(["recording", *head, *ORIGIN], [[recording, *row, *ending] for row in rows])


def spans_vtt(timeline: Timeline) -> str:
    """WebVTT (W3C): a note with the recording and what answered, then one cue per span, in order of start."""
    name = line(timeline.source) or "without a name"
    note = f"recording {name}, answered by pgfa {version('pgfa')}, recogniser {recogniser_of(timeline)}"
    cues = ["WEBVTT\n", f"NOTE {note.replace('-->', '->')}\n"]
    for number, s in enumerate(sorted(timeline.spans, key=lambda s: (s.start_s, s.body)), 1):
        text = line(s.sentence).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        caption = f"body {s.body + 1}: {text} ({100 * s.probability:.0f} %)"
        cues.append(f"{number}\n{_clock(s.start_s)} --> {_clock(s.end_s)}\n{caption}\n")
    return "\n".join(cues)


def spans_eaf(timeline: Timeline, media: str = "", media_offset_s: float = 0.0) -> str:
    """ELAN Annotation Format 3.0: per body a tier with an annotation per span, and one with their probabilities.

    Times are in milliseconds. The date is that of the call.

    Args:
        timeline: the spans.
        media: name of a video of the same scene, beside the file. Times are then those of the video, and what is before
            its first frame is left out.
        media_offset_s: time of the video at the first frame of the recording.
    """
    offset = media_offset_s if media else 0.0
    moved = [replace(s, start_s=max(0.0, s.start_s + offset), end_s=s.end_s + offset) for s in timeline.spans]
    spans = [s for s in moved if s.end_s > 0]
    root = ElementTree.Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": "pgfa",
            "DATE": datetime.now(UTC).isoformat(timespec="seconds"),
            "FORMAT": "3.0",
            "VERSION": "3.0",
        },
    )
    header = ElementTree.SubElement(root, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
    if media:
        kind = mimetypes.guess_type(media)[0] or "video/unknown"
        path = f"./{quote(line(media))}"
        names = {"MEDIA_URL": path, "RELATIVE_MEDIA_URL": path, "MIME_TYPE": kind}
        ElementTree.SubElement(header, "MEDIA_DESCRIPTOR", names)
    for name, value in (
        ("pgfa", version("pgfa")),
        ("recording", line(timeline.source)),
        ("recogniser", recogniser_of(timeline)),
    ):
        ElementTree.SubElement(header, "PROPERTY", {"NAME": name}).text = value
    order = ElementTree.SubElement(root, "TIME_ORDER")
    times = sorted({round(1000 * t) for s in spans for t in (s.start_s, s.end_s)})
    slot = {time: f"ts{number}" for number, time in enumerate(times, 1)}
    for time in times:
        ElementTree.SubElement(order, "TIME_SLOT", {"TIME_SLOT_ID": slot[time], "TIME_VALUE": str(time)})
    numbers = itertools.count(1)
    for suffix, value_of in (("", _sentence), (", probability", _probability)):
        for body in sorted({s.body for s in spans}) or [0]:
            attributes = {"LINGUISTIC_TYPE_REF": "action", "TIER_ID": f"body {body + 1}{suffix}"}
            tier = ElementTree.SubElement(root, "TIER", attributes)
            for s in (s for s in spans if s.body == body):
                attributes = {
                    "ANNOTATION_ID": f"a{next(numbers)}",
                    "TIME_SLOT_REF1": slot[round(1000 * s.start_s)],
                    "TIME_SLOT_REF2": slot[round(1000 * s.end_s)],
                }
                parent = ElementTree.SubElement(tier, "ANNOTATION")
                annotation = ElementTree.SubElement(parent, "ALIGNABLE_ANNOTATION", attributes)
                ElementTree.SubElement(annotation, "ANNOTATION_VALUE").text = value_of(s)
    attributes = {"GRAPHIC_REFERENCES": "false", "LINGUISTIC_TYPE_ID": "action", "TIME_ALIGNABLE": "true"}
    ElementTree.SubElement(root, "LINGUISTIC_TYPE", attributes)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def recogniser_of(timeline: Timeline) -> str:
    """What answered, in words."""
    return (
        f"{line(timeline.recogniser) or 'without a name'}, {'aligned' if timeline.aligned else 'not aligned'}"
    )


def _sentence(span: Span) -> str:
    return line(span.sentence)


def _probability(span: Span) -> str:
    return f"{span.probability:.3f}"


@dataclass(frozen=True)
class Output:
    """A format of answers.

    Attributes:
        media_type: for HTTP.
        timeline: writes answers over time.
        answers: writes the answers for a whole recording; None: the format is for answers over time only.
        explained: writes them with their explanations; None: the format has none.
    """

    media_type: str
    timeline: Callable[[Timeline], str]
    answers: Callable[[Answers], str] | None = None
    explained: Callable[[Answers, Explanations], str] | None = None


OUTPUTS: dict[str, Output] = {
    "table": Output("text/plain; charset=utf-8", spans_table, answers_table, answers_table),
    "json": Output("application/json", to_json, to_json, explained_json),
    "csv": Output("text/csv; charset=utf-8", spans_csv, answers_csv),
    "windows.csv": Output("text/csv; charset=utf-8", windows_csv),
    "vtt": Output("text/vtt; charset=utf-8", spans_vtt),
    "eaf": Output("application/xml; charset=utf-8", spans_eaf),
}
"""Name -> format. `csv` has one row per candidate or span, `windows.csv` one per window and body."""


def render(name: str, result: Answers | Timeline, why: Explanations | None = None) -> str:
    """Answers as text in a format of `OUTPUTS`, with explanations where there are any and the format has them.

    Raises BadConfig where the format is for answers over time only.
    """
    output = OUTPUTS[name]
    if isinstance(result, Timeline):
        return output.timeline(result)
    if output.answers is None:
        raise BadConfig(f"the format {name} is for answers over time, found the answer for a whole recording")
    if why is not None and output.explained is not None:
        return output.explained(result, why)
    return output.answers(result)


def line(text: str) -> str:
    """Text on one line, without control characters."""
    return " ".join(_CONTROL.sub(" ", text).split())


def cell(text: str) -> str:
    """Text for a CSV cell; what a spreadsheet would run as a formula gets an apostrophe in front."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def csv_text(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A header and rows of cells as CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([head, *rows])
    return out.getvalue()


def _clock(seconds: float) -> str:
    ms = round(1000 * seconds)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"
