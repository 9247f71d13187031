"""Counts and shares: moments found, spans that are right, false spans where the right sentence is not asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pgfa.recognise.answers import Span
from pgfa.research.untrimmed.compose import Action
from pgfa.research.untrimmed.recordings import Questions

TOLERANCE = 0.5
"""Seconds by which a span may miss a tagged moment."""
MIN_OVERLAP = 0.5
"""Share of a span that must lie in actions of its sentence, where their starts and ends are known."""


@dataclass(frozen=True)
class Counts:
    """Of one or more recordings; they add up.

    Attributes:
        moments, matched: tagged moments of candidates, and those that a span of their sentence
            contains, give or take `TOLERANCE`.
        spans, right: spans, and those that are right (`is_right`).
        false, minutes: spans when none of the candidates is performed, and minutes asked about so.
    """

    moments: int = 0
    matched: int = 0
    spans: int = 0
    right: int = 0
    false: int = 0
    minutes: float = 0.0

    def __add__(self, other: Counts) -> Counts:
        names = self.__dataclass_fields__
        return Counts(**{name: getattr(self, name) + getattr(other, name) for name in names})

    @property
    def matched_share(self) -> float:
        """Share of the tagged moments that a span of their sentence contains."""
        return self.matched / self.moments if self.moments else float("nan")

    @property
    def right_share(self) -> float:
        """Share of the spans that are right; 1 without spans."""
        return self.right / self.spans if self.spans else 1.0

    @property
    def false_rate(self) -> float:
        """False spans in ten minutes."""
        return 10 * self.false / self.minutes if self.minutes else 0.0


def is_right(span: Span, name: str, questions: Questions) -> bool:
    """Whether a class is performed in a span: in most of it, or, where only moments are known, at one of these."""
    own = [action for action in questions.recording.actions if action.name == name]
    if not questions.exact:
        return any(_contains(span, action) for action in own)
    inside = sum(max(0.0, min(span.end_s, a.end_s) - max(span.start_s, a.start_s)) for a in own)
    return inside >= MIN_OVERLAP * (span.end_s - span.start_s)


def _contains(span: Span, action: Action) -> bool:
    return span.start_s - TOLERANCE <= action.middle <= span.end_s + TOLERANCE


def count(
    questions: Questions, asked: Sequence[Span], absent: Sequence[Span], name_of: dict[str, str]
) -> Counts:
    """Of one recording.

    Args:
        questions: the recording and what is asked.
        asked: spans when the candidates are `questions.asked`.
        absent: spans when they are `questions.absent`.
        name_of: sentence -> class.
    """
    moments = [a for a in questions.recording.actions if a.name in questions.asked]
    right = [s for s in asked if is_right(s, name_of[s.sentence], questions)]
    matched = [any(name_of[s.sentence] == a.name and _contains(s, a) for s in asked) for a in moments]
    minutes = questions.recording.clip.seconds / 60 if questions.absent else 0.0
    return Counts(len(moments), sum(matched), len(asked), len(right), len(absent), minutes)


def total(parts: Iterable[Counts]) -> Counts:
    """The sum."""
    return sum(parts, Counts())
