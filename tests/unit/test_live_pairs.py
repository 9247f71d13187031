"""Pairs of bodies in a live stream: few are compared per answer, none is left out."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from pgfa.recognise import Recogniser
from pgfa.recognise.candidates import Candidates
from pgfa.recognise.temporal.pairs import PAIR_WINDOWS, PairTurns
from pgfa.recognise.temporal.windows import window_cosines
from pgfa.skeleton import KINECT20
from recogniser_builders import SENTENCES, swaying_clip

TWO = SENTENCES.index(next(s for s in SENTENCES if "two people" in s))
RATE = 30.0
HOP = 6
"""Frames between answers."""


def exact(recogniser: Recogniser, candidates: Candidates, positions: np.ndarray, last: int) -> np.ndarray:
    """(bodies,) cosines of the sentence about two people, all pairs compared at frame `last`, excluded."""
    first = np.array([max(0, last - 46), max(0, last - 91)])
    windows = first, np.full(2, last)
    by_length, _ = window_cosines(recogniser.encode, candidates, positions, RATE, KINECT20, windows)
    return np.asarray(by_length[..., TWO])


@pytest.mark.parametrize("bodies", [2, 3, 4, 5])
def test_pairs_of_a_stream_equal_windows_or_are_some_answers_old(bodies: int, recogniser: Recogniser) -> None:
    positions = swaying_clip(frames=151, bodies=bodies).positions
    live = recogniser.live(SENTENCES, "kinect20", RATE)
    encoded = []
    original = live.encode

    def counted(clips):  # type: ignore[no-untyped-def]
        encoded.append(len(clips))
        return original(clips)

    live.encode = counted
    answers = [live.push(i / RATE, frame) for i, frame in enumerate(positions)]
    answer = [a for a in answers if a is not None][-1]
    pairs = 2 * bodies * (bodies - 1) // 2
    assert max(encoded) == 2 * bodies + min(pairs, PAIR_WINDOWS)
    turns = -(-pairs // PAIR_WINDOWS)
    candidates = recogniser.candidates(SENTENCES)
    last = round(answer.t * RATE) + 1
    recent = [exact(recogniser, candidates, positions, last - HOP * back).mean(0) for back in range(turns)]
    for body in range(bodies):
        (cosine,) = (a.cosine for a in answer.bodies[body] if a.sentence == SENTENCES[TWO])
        low, high = min(r[body] for r in recent), max(r[body] for r in recent)
        if turns == 1:
            assert cosine == pytest.approx(float(recent[0][body]), abs=1e-5)
        else:
            assert low - 0.05 < cosine < high + 0.05


def test_turns_go_to_all_pairs_and_to_new_ones_first() -> None:
    turns = PairTurns(2, 1)
    enough = np.ones((2, 5), dtype=bool)
    everyone = {(w, a, b) for w in range(2) for a, b in combinations(range(5), 2)}
    seen = []
    for answer in range(4):
        due = turns.due(enough)
        assert len(due) == PAIR_WINDOWS
        turns.store(due, np.full((len(due), 1), answer, dtype=np.float32))
        seen += due
    assert set(seen) == everyone
    assert seen[:10] == [(0, a, b) for a, b in combinations(range(5), 2)]  # shorter windows first
    enough = np.ones((2, 6), dtype=bool)
    assert all(5 in key[1:] for key in turns.due(enough))


def test_a_pair_that_is_gone_is_forgotten() -> None:
    turns = PairTurns(2, 1)
    enough = np.ones((2, 2), dtype=bool)
    due = turns.due(enough)
    turns.store(due, np.array([[0.25], [0.75]], dtype=np.float32))
    assert turns.best(2)[..., 0].tolist() == [[0.25, 0.25], [0.75, 0.75]]
    enough[0, 1] = False
    assert turns.due(enough) == [(1, 0, 1)]
    assert turns.best(2)[..., 0].tolist() == [[0.75, 0.75], [0.75, 0.75]]  # the window known
    assert turns.due(np.zeros((2, 2), dtype=bool)) == []
    assert np.isneginf(turns.best(2)).all()
    assert turns.due(np.ones((2, 2), dtype=bool)) == due


def test_a_body_without_a_partner_has_no_pair(recogniser: Recogniser) -> None:
    live = recogniser.live(SENTENCES, "kinect20", RATE)
    answers = [live.push(i / RATE, f) for i, f in enumerate(swaying_clip(frames=40).positions)]
    last = [a for a in answers if a is not None][-1]
    (probability,) = (a.probability for a in last.bodies[0] if a.sentence == SENTENCES[TWO])
    assert probability == 0
