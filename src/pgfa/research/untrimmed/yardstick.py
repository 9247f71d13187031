"""Spans of untrimmed recordings by recognisers that have not seen the data set, and the choice of the settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from statistics import fmean

import numpy as np

from pgfa.config import RecogniseSettings
from pgfa.recognise.answers import Span
from pgfa.recognise.calibration.model import Calibration
from pgfa.recognise.candidates import Candidates
from pgfa.recognise.temporal.decode import DECODING, Decoding, decode
from pgfa.recognise.temporal.spans import span_times
from pgfa.research.untrimmed.recordings import Questions
from pgfa.research.untrimmed.score import Counts, count, total
from pgfa.research.untrimmed.windows import Windows

RIGHT = 0.9
"""Share of the spans that must be right; among settings that reach it, those that match most moments are chosen."""
GRID = tuple(
    Decoding(none_share=share, least=least, smoothing_s=smoothing, trim=trim)
    for share, least, (smoothing, trim) in product(
        (0.4, 0.5, 0.6), (0.4, 0.5, 0.6, 0.7), ((DECODING.smoothing_s, DECODING.trim), (0.3, 0.0))
    )
)


@dataclass(frozen=True)
class Item:
    """A recording, its questions, and what a recogniser that was not trained on its set makes of it."""

    questions: Questions
    windows: Windows
    calibration: Calibration


def counts(item: Item, settings: Decoding = DECODING) -> Counts:
    """Of one recording, decoded with `settings`."""
    questions, names = item.questions, item.windows.names
    spans = [
        _spans(item, chosen, settings) if chosen else [] for chosen in (questions.asked, questions.absent)
    ]
    return count(questions, spans[0], spans[1], {name: name for name in names})


def _spans(item: Item, chosen: Sequence[str], settings: Decoding) -> list[Span]:
    windows, hop = item.windows, RecogniseSettings().hop
    columns = [windows.names.index(name) for name in chosen]
    cosine = windows.cosines[:, :, columns].mean(axis=0)
    none = np.zeros(len(chosen), dtype=bool)
    vectors = np.zeros((len(chosen), 1), dtype=np.float32)
    candidates = Candidates(tuple(chosen), vectors, none, none, item.calibration)
    _, parts = decode(cosine, np.isfinite(cosine).all(axis=1), candidates, hop, settings)
    seconds = item.questions.recording.clip.seconds
    return [
        Span(*span_times(part, windows.times, hop, seconds), 0, chosen[part.candidate], part.probability)
        for part in parts
    ]


def figures(parts: Iterable[Counts]) -> tuple[float, float, float]:
    """Mean over sets of the share of moments, share of all spans that are right, false spans in ten minutes."""
    sets = list(parts)
    everything = total(sets)
    return fmean(part.matched_share for part in sets), everything.right_share, everything.false_rate


Table = Mapping[str, Mapping[Decoding, Counts]]
"""Set -> settings -> counts of its recordings."""


def table(sets: Mapping[str, Sequence[Item]], grid: Sequence[Decoding] = GRID) -> Table:
    """All sets with all settings."""
    return {
        name: {settings: total(counts(item, settings) for item in items) for settings in grid}
        for name, items in sets.items()
    }


def choose(parts: Table) -> Decoding:
    """The settings that match most moments where `RIGHT` of the spans are right, else the most right."""
    best, highest = DECODING, (-1.0, -1.0)
    for settings in next(iter(parts.values())):
        matched, right, _ = figures(of_set[settings] for of_set in parts.values())
        rank = (1.0, matched) if right >= RIGHT else (0.0, right)
        if rank > highest:
            best, highest = settings, rank
    return best
