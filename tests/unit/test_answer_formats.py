"""Answers as table, JSON, CSV, WebVTT and EAF."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from importlib.metadata import version
from xml.etree import ElementTree

import numpy as np
import pytest

from pgfa.errors import BadConfig
from pgfa.recognise import Answer, Answers, Calibration, Recogniser, Span, Timeline
from pgfa.recognise.formats import MEANING, OUTPUTS, render
from recogniser_builders import SENTENCES, swaying_clip, tiny_recogniser

SPANS = (
    Span(0.5, 2.25, 0, 'a person "waves", & <bows>\n--> now', 0.876),
    Span(61.001, 3725.5, 0, "jumps \x07", 0.5),
    Span(1.0, 2.0, 1, "two people shake hands", 0.25, partner=0),
)


def timeline_of(spans: tuple[Span, ...], sentences: tuple[str, ...] = ("a person waves",)) -> Timeline:
    """A timeline of one body in two windows, in the second of which it is absent."""
    columns = len(sentences) + 1
    probabilities = np.full((1, 2, columns), np.nan, dtype=np.float32)
    probabilities[0, 0] = 1 / columns
    return Timeline(sentences, np.array([0.5, 1.0]), probabilities, spans, 1.5, True, "clip")


TIMELINE = timeline_of(SPANS)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_spans_as_vtt_and_csv() -> None:
    text = render("vtt", TIMELINE)
    head, _, cues = text.partition("\n1\n")
    assert head.startswith("WEBVTT\n\nNOTE recording ")
    assert f"pgfa {version('pgfa')}" in head
    assert cues.startswith("00:00:00.500 --> 00:00:02.250\nbody 1: a person")
    assert "00:01:01.001 --> 01:02:05.500" in text
    assert text.count("-->") == 3
    assert "&amp; &lt;bows&gt; --&gt; now (88 %)" in text
    assert [(float(x["start_s"]), x["sentence"], x["partner"]) for x in rows_of(render("csv", TIMELINE))] == [
        (s.start_s, s.sentence, "" if s.partner is None else str(s.partner)) for s in SPANS
    ]


def test_spans_as_eaf() -> None:
    root = ElementTree.fromstring(render("eaf", TIMELINE))
    slots = {x.get("TIME_SLOT_ID"): int(x.get("TIME_VALUE", "")) for x in root.iter("TIME_SLOT")}
    assert list(slots.values()) == sorted(slots.values())
    annotations = [
        (
            tier.get("TIER_ID"),
            slots[a.get("TIME_SLOT_REF1")],
            slots[a.get("TIME_SLOT_REF2")],
            a.findtext("ANNOTATION_VALUE"),
        )
        for tier in root.iter("TIER")
        for a in tier.iter("ALIGNABLE_ANNOTATION")
    ]
    half = len(annotations) // 2
    shares = [(f"{tier}, probability", *times) for tier, *times, _ in annotations[:half]]
    assert [tuple(a[:3]) for a in annotations[half:]] == shares
    assert [float(a[3] or "") for a in annotations[half:]] == pytest.approx(
        [s.probability for s in sorted(SPANS, key=lambda s: s.body)], abs=5e-4
    )
    written = datetime.fromisoformat(root.get("DATE", ""))
    assert abs((datetime.now(UTC) - written).total_seconds()) < 3600
    properties = {x.get("NAME"): x.text for x in root.iter("PROPERTY")}
    assert properties["pgfa"] == version("pgfa")
    assert annotations[1] == ("body 1", 61001, 3725500, "jumps")
    assert annotations[2] == ("body 2", 1000, 2000, "two people shake hands")
    assert ElementTree.fromstring(render("eaf", timeline_of(()))).tag == "ANNOTATION_DOCUMENT"


def test_windows_as_csv_leave_out_absent_bodies() -> None:
    (row,) = rows_of(render("windows.csv", TIMELINE))
    assert row == {
        "recording": "clip", "body": "1", "time_s": "0.500", "a person waves": "0.50000", "none of these": "0.50000",
        "recogniser": "", "aligned": "no",
    }  # fmt: skip


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_csv_cell_is_a_formula(start: str) -> None:
    """Every CSV, of the command line and of the page, marks what a spreadsheet would run."""
    sentence = f'{start}HYPERLINK("http://x", "a person waves")'
    timeline = timeline_of((Span(0.0, 1.0, 0, sentence, 0.9),), (sentence,))
    answers = Answers((Answer(sentence, 0.9, 0.5),), 0.1, True)
    texts = [output.timeline(timeline) for name, output in OUTPUTS.items() if name.endswith("csv")]
    texts += [render("csv", answers), render("windows.csv", timeline)]
    assert len(texts) == 4
    for text in texts:
        cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
        assert f"'{sentence}" in cells
        assert not [cell for cell in cells if cell.startswith(start)]


def test_tables(recogniser: Recogniser) -> None:
    heading, *lines, meaning = render("table", recogniser.recognise(swaying_clip(), SENTENCES)).splitlines()
    assert meaning == MEANING
    assert [heading.index(word) for word in ("cosine", "sentence")] == [10, 18]
    assert lines[0][18:] == recogniser.recognise(swaying_clip(), SENTENCES)[0].sentence
    shares = [float(line.split()[0]) for line in lines if "none of these" not in line]
    assert shares == sorted(shares, reverse=True)
    assert sum("none of these" in line for line in lines) == 1
    uncalibrated = tiny_recogniser(calibration=Calibration.unfitted(9.0))
    assert "not calibrated: percentages are overconfident" in render(
        "table", uncalibrated.recognise(swaying_clip(), SENTENCES)
    )
    text = render("table", recogniser.spans(swaying_clip(frames=300), SENTENCES))
    assert "sentence" in text or "none of these" in text


@pytest.mark.parametrize("name", OUTPUTS)
def test_every_format_ends_with_a_line_break_and_refuses_what_it_cannot_write(
    name: str, recogniser: Recogniser
) -> None:
    answers = recogniser.recognise(swaying_clip(), SENTENCES)
    assert render(name, TIMELINE).endswith("\n")
    if OUTPUTS[name].answers is None:
        with pytest.raises(BadConfig, match="answers over time"):
            render(name, answers)
    else:
        assert render(name, answers).endswith("\n")


def test_json_is_to_dict(recogniser: Recogniser) -> None:
    assert json.loads(render("json", recogniser.recognise(swaying_clip(), SENTENCES))) == (
        recogniser.recognise(swaying_clip(), SENTENCES).to_dict()
    )
    assert json.loads(render("json", TIMELINE)) == json.loads(json.dumps(TIMELINE.to_dict()))
