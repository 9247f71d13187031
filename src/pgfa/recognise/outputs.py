"""Answers as text: a table, CSV, WebVTT (opens beside a video in any player), EAF (opens in ELAN)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from xml.etree import ElementTree

from pgfa.recognise.answers import Answers, Span, Timeline

_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]+")


def answers_table(answers: Answers) -> str:
    """One line a sentence, likeliest first, and one for "none of these" at its place."""
    rows = [(a.probability, a.cosine, a.sentence) for a in answers]
    lines = [f"{100 * p:6.1f} %  {c:+.3f}  {_line(s)}" for p, c, s in rows]
    if answers.calibrated:
        place = sum(p >= answers.none for p, _, _ in rows)
        lines.insert(place, f"{100 * answers.none:6.1f} %          none of these")
    else:
        lines.append("not calibrated: the order counts, the percentages are too sure")
    return "\n".join(lines)


def spans_table(timeline: Timeline) -> str:
    """One line a span."""
    if not timeline.spans:
        return "none of these at any time"
    lines = [" start     end  body  sure  sentence"]
    for s in timeline.spans:
        body = f"{s.body + 1}" if s.partner is None else f"{s.body + 1}+{s.partner + 1}"
        lines.append(
            f"{s.start_s:6.1f}  {s.end_s:6.1f}  {body:>4}  {100 * s.probability:3.0f} %  {_line(s.sentence)}"
        )
    if not timeline.calibrated:
        lines.append("not calibrated: it cannot say that none fits")
    return "\n".join(lines)


def answers_csv(answers: Answers) -> str:
    """Columns sentence, probability, cosine; "none of these" is a row without a sentence."""
    rows = [[a.sentence, f"{a.probability:.6f}", f"{a.cosine:.6f}"] for a in answers]
    return _csv(["sentence", "probability", "cosine"], [*rows, ["", f"{answers.none:.6f}", ""]])


def spans_csv(spans: Sequence[Span]) -> str:
    """Columns start_s, end_s, body, partner, sentence, probability; bodies count from 0 as in `Span`."""
    rows = [
        [
            f"{s.start_s:.3f}",
            f"{s.end_s:.3f}",
            str(s.body),
            "" if s.partner is None else str(s.partner),
            s.sentence,
            f"{s.probability:.6f}",
        ]
        for s in spans
    ]
    return _csv(["start_s", "end_s", "body", "partner", "sentence", "probability"], rows)


def spans_vtt(spans: Sequence[Span]) -> str:
    """WebVTT (W3C): a cue a span, in order of start."""
    cues = ["WEBVTT\n"]
    for number, s in enumerate(sorted(spans, key=lambda s: (s.start_s, s.body)), 1):
        text = _line(s.sentence).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        told = f"body {s.body + 1}: {text} ({100 * s.probability:.0f} %)"
        cues.append(f"{number}\n{_clock(s.start_s)} --> {_clock(s.end_s)}\n{told}\n")
    return "\n".join(cues)


def spans_eaf(spans: Sequence[Span]) -> str:
    """ELAN Annotation Format 3.0: a tier a body, an annotation a span. Times in milliseconds."""
    root = ElementTree.Element(
        "ANNOTATION_DOCUMENT",
        {"AUTHOR": "pgfa", "DATE": "1970-01-01T00:00:00+00:00", "FORMAT": "3.0", "VERSION": "3.0"},
    )
    ElementTree.SubElement(root, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
    order = ElementTree.SubElement(root, "TIME_ORDER")
    times = sorted({round(1000 * t) for s in spans for t in (s.start_s, s.end_s)})
    slot = {time: f"ts{number}" for number, time in enumerate(times, 1)}
    for time in times:
        ElementTree.SubElement(order, "TIME_SLOT", {"TIME_SLOT_ID": slot[time], "TIME_VALUE": str(time)})
    number = 0
    for body in sorted({s.body for s in spans}) or [0]:
        about = {"LINGUISTIC_TYPE_REF": "action", "TIER_ID": f"body {body + 1}"}
        tier = ElementTree.SubElement(root, "TIER", about)
        for s in (s for s in spans if s.body == body):
            number += 1
            holder = ElementTree.SubElement(tier, "ANNOTATION")
            what = {
                "ANNOTATION_ID": f"a{number}",
                "TIME_SLOT_REF1": slot[round(1000 * s.start_s)],
                "TIME_SLOT_REF2": slot[round(1000 * s.end_s)],
            }
            annotation = ElementTree.SubElement(holder, "ALIGNABLE_ANNOTATION", what)
            ElementTree.SubElement(annotation, "ANNOTATION_VALUE").text = _line(s.sentence)
    kind = {"GRAPHIC_REFERENCES": "false", "LINGUISTIC_TYPE_ID": "action", "TIME_ALIGNABLE": "true"}
    ElementTree.SubElement(root, "LINGUISTIC_TYPE", kind)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())


def _csv(head: list[str], rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([head, *rows])
    return out.getvalue()


def _clock(seconds: float) -> str:
    whole = round(1000 * seconds)
    return f"{whole // 3_600_000:02}:{whole // 60_000 % 60:02}:{whole // 1000 % 60:02}.{whole % 1000:03}"
