"""Live frames as lines of JSON: answers every hop, and invalid lines are named."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st

from pgfa.errors import BadConfig, BadFile, LayoutMismatch, LimitExceeded, PgfaError
from pgfa.recognise import Bundle, Recogniser
from pgfa.recognise.temporal.jsonl import MAX_LINE
from pgfa.recognise.temporal.windows import window_cosines
from pgfa.skeleton import KINECT20
from recogniser_builders import (
    SENTENCES,
    frame_lines,
    live_answers,
    swaying_clip,
    tiny_recogniser,
)


def test_live_answers_every_hop_like_windows(recogniser: Recogniser) -> None:
    long = swaying_clip(frames=150, bodies=2)
    answers = live_answers(recogniser, frame_lines(long))
    times = [a["t"] for a in answers]
    assert len(answers) == 25
    assert np.allclose(np.diff(times[1:]), 0.2, atol=0.04)
    last = round(times[-1] * 30) + 1
    first = np.array([last - 46, last - 91])  # the frames of the last 1.5 and 3 seconds, both ends counted
    by_length, _ = window_cosines(
        recogniser.encode,
        recogniser.candidates(SENTENCES),
        long.positions,
        30.0,
        KINECT20,
        (first, np.full(2, last)),
    )
    expected = by_length.mean(axis=0)
    assert [b["body"] for b in answers[-1]["bodies"]] == [0, 1]
    for body in answers[-1]["bodies"]:
        for answer in body["answers"]:
            k = SENTENCES.index(answer["sentence"])
            assert answer["cosine"] == pytest.approx(float(expected[body["body"], k]), abs=2e-3)
        assert body["none"] + sum(a["probability"] for a in body["answers"]) == pytest.approx(1, abs=1e-4)


def test_live_drops_old_frames_and_absent_bodies(recogniser: Recogniser) -> None:
    lines = frame_lines(swaying_clip(frames=40))
    lines += [json.dumps({"t": 2 + i / 30, "bodies": [None]}) for i in range(60)]
    assert live_answers(recogniser, lines)[-1]["bodies"] == []
    live = recogniser.live(SENTENCES, "kinect20")
    frame = swaying_clip(frames=1).positions[0]
    for i in range(600):
        live.push(i / 100, frame)
    assert len(live._frames) <= 302


def test_a_live_answer_reads_no_sentence_vectors(
    recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = recogniser.live(SENTENCES, "kinect20")
    monkeypatch.setattr(Bundle, "anchors", lambda *_: pytest.fail("read again"))
    monkeypatch.setattr(Recogniser, "candidates", lambda *_: pytest.fail("computed again"))
    frame = swaying_clip(frames=1).positions[0]
    assert [live.push(i / 10, frame) is not None for i in range(4)] == [False, True, False, True]


@pytest.mark.parametrize("t", ["NaN", "1e400", "-1e400", "1e300", "9" * 400, "0.5", "1.0"])
def test_a_frame_at_a_wrong_time_is_left_out_and_reported(recogniser: Recogniser, t: str) -> None:
    lines = frame_lines(swaying_clip(frames=60))
    at_one = next(i for i, line in enumerate(lines) if i and json.loads(line)["t"] >= 1)
    bad = re.sub(r'"t": [^,]+', f'"t": {t}', lines[at_one])
    found = live_answers(recogniser, [*lines[: at_one + 1], bad, *lines[at_one + 1 :]])
    notes = [answer["note"] for answer in found if "note" in answer]
    assert len(notes) == 1
    assert f"line {at_one + 2}: the time " in notes[0]
    assert notes[0].endswith("the frame is left out")
    expected = live_answers(recogniser, lines)
    answers = [answer for answer in found if "note" not in answer]
    assert [a["bodies"] for a in answers] == [a["bodies"] for a in expected]


def test_a_clock_that_is_set_anew_starts_the_answers_anew(recogniser: Recogniser) -> None:
    lines = frame_lines(swaying_clip(frames=60))
    found = live_answers(recogniser, [*lines, *lines[1:]])
    position = next(i for i, answer in enumerate(found) if "note" in answer)
    assert "answers start anew" in found[position]["note"]
    first, second = found[:position], found[position + 1 :]
    assert [a["bodies"] for a in first] == [a["bodies"] for a in second]


HEAD = '{"layout": "kinect20"}'
BODY = json.dumps([[0.1, 0.2, 0.3]] * 20)


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        (["{"], "line 1"),
        (["[1]"], "JSON object"),
        (['{"layout": "teapot"}'], "teapot"),
        (['{"layout": 5}'], "header"),
        (['{"layout": "kinect20", "rate": -1}'], "rate"),
        (['{"layout": "kinect20", "rate": "x"}'], "header"),
        (['{"layout": "kinect20", "rate": true}'], "header"),
        ([HEAD, '{"t": "now", "bodies": []}'], 'seconds "t"'),
        ([HEAD, HEAD], "a second header"),
        ([HEAD, '{"t": 1}'], "20 joints"),
        ([HEAD, '{"t": 1, "bodies": [[1, 2]]}'], "body 0"),
        ([HEAD, f'{{"t": 1, "bodies": [{BODY}, {BODY[:-1]}, [1]]]}}'], "body 1"),
        ([HEAD, '{"t": 1, "bodies": ["kick"]}'], "body 0"),
        ([HEAD, f'{{"t": 1, "bodies": [{", ".join(["null"] * 9)}]}}'], "at most 8, found 9"),
        ([HEAD, '{"t": 1, "x": "' + "y" * MAX_LINE + '"}'], "bytes"),
        ([HEAD, "[" * 100_000], "line 2"),
    ],
)
def test_invalid_lines_are_named(lines: list[str], error: str, recogniser: Recogniser) -> None:
    with pytest.raises((BadFile, LimitExceeded)) as caught:
        live_answers(recogniser, lines)
    assert error in str(caught.value)
    assert "stdin" in str(caught.value)


@given(st.lists(st.recursive(st.none() | st.floats() | st.text(max_size=3) | st.integers(),
                             lambda inner: st.lists(inner, max_size=4), max_leaves=8), max_size=3))  # fmt: skip
@tries(max_examples=150, deadline=None)
def test_any_bodies_are_answered_or_refused(bodies: Any) -> None:
    lines = [HEAD] + [json.dumps({"t": t, "bodies": bodies}) for t in (0, 1)]
    try:
        answers = live_answers(RECOGNISER, lines)
    except PgfaError:
        return
    assert not re.search("NaN|Infinity", json.dumps(answers))


RECOGNISER = tiny_recogniser()


def test_live_needs_a_known_layout(recogniser: Recogniser) -> None:
    with pytest.raises(LayoutMismatch):
        recogniser.live(SENTENCES, "teapot")
    with pytest.raises(BadConfig, match="20 x 3"):
        recogniser.live(SENTENCES, "kinect20").push(0.0, np.zeros((1, 25, 3), np.float32))
