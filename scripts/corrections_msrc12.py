"""What ten corrections change in untrimmed MSRC-12 sessions, at the moments that were not corrected.

    python scripts/corrections_msrc12.py FOLDER_OF_MSRC12 [--corrections 10]

For each person the first errors of each of their sessions are corrected as somebody at the page would: a missing
moment is added (0.75 s before and after its tag), a wrong one is rejected. Then all sessions of the person are answered
again. A tag counts as found where a moment of its gesture is within 0.5 s; a moment counts as right where it is within
0.5 s of a tag of its gesture. Tags that were corrected are left out of both.
"""

from __future__ import annotations

import argparse
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from spans_msrc12 import SENTENCES, TOLERANCE

from pgfa.read import as_ref
from pgfa.read.datasets import msrc12
from pgfa.recognise import Correction, Recogniser, Timeline
from pgfa.skeleton import Clip

REACH = 0.75
"""Seconds before and after a tag that an added moment covers."""


@dataclass
class Session:
    """An untrimmed recording, the sentence of its gesture, and the times of its repetitions in seconds."""

    clip: Clip
    sentence: str
    tags: list[float]


def sessions_by_person(folder: Path) -> dict[str, list[Session]]:
    """The sessions below a folder, by person."""
    by_person = defaultdict(list)
    for ref in msrc12.find(folder):
        match = re.fullmatch(msrc12.NAME, ref.name)
        assert match
        clip = msrc12.read(as_ref(ref.path))
        tags = [float(t) for t, text in msrc12.tags(ref) if text.strip() and t < clip.seconds]
        person = ref.name.rpartition("_")[2].partition(".")[0]
        by_person[person].append(Session(clip, SENTENCES[int(match[3]) - 1], tags))
    return by_person


def covers(start: float, end: float, time: float) -> bool:
    """Whether a time is within a moment, or within the tolerance of it."""
    return start - TOLERANCE < time < end + TOLERANCE


def errors_of(session: Session, line: Timeline) -> list[tuple[float, Correction, float | None]]:
    """(start, correction, tag) of each error of an answer, in order of time."""
    own_spans = [s for s in line.spans if s.sentence == session.sentence]
    errors: list[tuple[float, Correction, float | None]] = [
        (tag, Correction(session.clip, max(0.0, tag - REACH), tag + REACH, session.sentence), tag)
        for tag in session.tags
        if not any(covers(s.start_s, s.end_s, tag) for s in own_spans)
    ]
    for s in line.spans:
        if s.sentence != session.sentence or not any(covers(s.start_s, s.end_s, t) for t in session.tags):
            errors.append(
                (s.start_s, Correction(session.clip, s.start_s, s.end_s, s.sentence, right=False), None)
            )
    return sorted(errors, key=lambda error: error[0])


def agreement(session: Session, line: Timeline, left_out: list[float]) -> np.ndarray:
    """Tags found, tags, moments right, moments, without those that were corrected; tenths of a second in moments and
    in all."""
    tags = [t for t in session.tags if t not in left_out]
    spans = [s for s in line.spans if not any(covers(s.start_s, s.end_s, t) for t in left_out)]
    own = [s for s in line.spans if s.sentence == session.sentence]
    hits = sum(any(covers(s.start_s, s.end_s, t) for s in own) for t in tags)
    right = sum(
        s.sentence == session.sentence and any(covers(s.start_s, s.end_s, t) for t in tags) for s in spans
    )
    covered = sum(round(10 * (s.end_s - s.start_s)) for s in line.spans)
    return np.array([hits, len(tags), right, len(spans), covered, round(10 * session.clip.seconds)])


def row_of(title: str, counts: np.ndarray) -> str:
    """A row of the table."""
    hits, tags, right, spans, covered, length = counts
    return f"| {title} | {hits} of {tags} | {right} of {spans} | {100 * covered / length:.0f} % |"


def main() -> None:
    """See the docstring of this file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--corrections", type=int, default=10)
    args = parser.parse_args()
    recogniser = Recogniser.load()
    totals = np.zeros((2, 6), dtype=int)
    for person, sessions in sessions_by_person(args.folder).items():
        lines = [recogniser.spans(session.clip, SENTENCES) for session in sessions]
        queues = [errors_of(session, line) for session, line in zip(sessions, lines, strict=True)]
        corrections: list[Correction] = []
        left_out: list[list[float]] = [[] for _ in sessions]
        # One error of each session after another, from the first on, until there are enough.
        for round_number in range(max(map(len, queues), default=0)):
            for number, queue in enumerate(queues):
                if round_number < len(queue) and len(corrections) < args.corrections:
                    _, correction, tag = queue[round_number]
                    corrections.append(correction)
                    left_out[number] += [] if tag is None else [tag]
        if not corrections:
            continue
        corrected = recogniser.correct(corrections)
        after = [corrected.spans(session.clip, SENTENCES) for session in sessions]
        print(f"{person}: {len(sessions)} sessions, {len(corrections)} corrections", flush=True)
        for row, answers in ((0, lines), (1, after)):
            counts = sum(
                agreement(session, line, out)
                for session, line, out in zip(sessions, answers, left_out, strict=True)
            )
            totals[row] += counts
    print(
        "\n| | tags in a moment of their gesture | moments at a tag of their gesture | share of the time in moments |"
    )
    print("|---|---|---|---|")
    print(row_of("before", totals[0]))
    print(row_of(f"after {args.corrections} corrections per person", totals[1]))


if __name__ == "__main__":
    main()
