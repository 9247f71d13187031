"""Why answers are what they are: the motion words of each sentence against what was measured."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from pgfa.config import PrepareSettings
from pgfa.prepare import prepare
from pgfa.recognise.pooling import cut_into_windows, movement
from pgfa.recognise.screening import screen
from pgfa.recognise.vectors import measured
from pgfa.skeleton import Clip, Ragged
from pgfa.words.interaction import interactions
from pgfa.words.interaction_reasons import interaction_facts, interaction_reasons
from pgfa.words.model import KinematicModel
from pgfa.words.reasons import Reason, facts, reasons

GENERAL = {
    "one_hand": {"right_hand", "left_hand"},
    "both_hands": {"hands_together"},
    "turn": {"turn_left", "turn_right", "spin"},
    "to_head": {"to_mouth", "phone"},
}
"""Word -> words that say the same and more: beside one of them it is left out of the line."""


@dataclass(frozen=True)
class Explanation:
    """One sentence.

    Attributes:
        sentence: as given.
        reasons: its motion words, the clearest first; none for a taught class, which is compared with its examples,
            and for a recording without a person.
    """

    sentence: str
    reasons: tuple[Reason, ...]

    def phrases(self, verdict: str) -> list[str]:
        """What the motion says about the sentence, as phrases: `for`, `against` or `open`."""
        chosen = [reason for reason in self.reasons if reason.verdict == verdict]
        words = {reason.word for reason in chosen}
        return [reason.phrase for reason in chosen if words.isdisjoint(GENERAL.get(reason.word, ()))]

    def __str__(self) -> str:
        parts = [
            f"{verdict}: {', '.join(phrases)}"
            for verdict in ("for", "against")
            if (phrases := self.phrases(verdict))
        ]
        return "; ".join(parts) or "no motion word speaks clearly for or against it"


@dataclass(frozen=True)
class Explanations(Sequence[Explanation]):
    """The sentences of a question, in its order, and facts about the recording.

    Attributes:
        explanations: one per sentence.
        facts: measured, in units, the most telling first; metres are those of a standard body.
        window_s: start and end, in seconds, of what was measured in a recording that is compared by windows: the
            window that is most like the mean of all; None: the whole recording.
    """

    explanations: tuple[Explanation, ...]
    facts: tuple[str, ...]
    window_s: tuple[float, float] | None = None

    def __len__(self) -> int:
        return len(self.explanations)

    def __iter__(self) -> Iterator[Explanation]:
        return iter(self.explanations)

    @overload
    def __getitem__(self, index: int) -> Explanation: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Explanation, ...]: ...
    def __getitem__(self, index: int | slice) -> Explanation | tuple[Explanation, ...]:
        return self.explanations[index]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "measured": list(self.facts),
            "window_s": None if self.window_s is None else [round(second, 2) for second in self.window_s],
            "sentences": [
                {"sentence": e.sentence, "reasons": [reason.to_dict() for reason in e.reasons]} for e in self
            ],
        }


@dataclass(frozen=True)
class _Measured:
    """What a recording is explained by.

    Attributes:
        measures: (measures,) of the recording, or of its most typical window.
        evidence: (detected,) see `KinematicModel.evidence`; of windows the mean, weighted as their vectors are.
        window_s: of the window that was measured, or None.
        shown: (interactions,) of it; NaN of a person alone, or where the model compares none.
    """

    measures: NDArray[np.float32]
    evidence: NDArray[np.float32]
    window_s: tuple[float, float] | None
    shown: NDArray[np.float32]

    def reasons(self, sentence: str) -> tuple[Reason, ...]:
        """Why a sentence fits or does not, the clearest reason first."""
        both = (*reasons(self.measures, self.evidence, sentence), *interaction_reasons(self.shown, sentence))
        return tuple(sorted(both, key=lambda reason: -abs(reason.evidence)))


def explain(
    model: KinematicModel,
    settings: PrepareSettings,
    clip: Clip,
    names: Sequence[str],
    taught: Collection[str],
) -> Explanations:
    """Explain sentences for a recording, cut into the windows by which it is compared (`pgfa.recognise.pooling`).

    Args:
        model: which is compared.
        settings: how recordings are prepared.
        clip: a recording; its main body counts, and of two people what they do to each other.
        names: sentences, and classes of `taught`, which have no reasons.
        taught: names of classes that are compared with examples.
    """
    if (seen := _measure(model, settings, Ragged.from_clips([clip]))) is None:
        return Explanations(tuple(Explanation(name, ()) for name in names), ())
    explanations = [Explanation(name, () if name in taught else seen.reasons(name)) for name in names]
    stated = (*interaction_facts(seen.shown), *facts(seen.measures))
    return Explanations(tuple(explanations), stated, seen.window_s)


def _measure(model: KinematicModel, settings: PrepareSettings, recording: Ragged) -> _Measured | None:
    """None without a person."""
    cut = cut_into_windows(recording)
    windows = cut.clips
    prepared = prepare(windows, settings)
    present = np.flatnonzero(prepared.present.any(axis=1))
    if not len(present):
        return None
    measures = measured(prepared)[present]
    flat = screen(windows).flat[present]
    evidence = model.evidence(measures, flat)
    shown = interactions(prepared.positions[present], prepared.present[present])
    shown[flat | (not model.interacting)] = np.nan
    if len(windows) == 1:
        return _Measured(measures[0], evidence[0], None, shown[0])
    weights = movement(measures) * cut.weight[present]
    mean = np.asarray(weights @ evidence / weights.sum(), dtype=np.float32)
    typical = int(np.linalg.norm(evidence - mean, axis=1).argmin())
    chosen = present[typical]
    rate = float(recording.rate[0])
    start = float(windows.start[chosen] - recording.start[0]) / float(recording.bodies[0]) / rate
    return _Measured(
        measures[typical], mean, (start, start + float(windows.frames[chosen]) / rate), shown[typical]
    )
