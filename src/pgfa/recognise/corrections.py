"""Corrections: what a person says that moments of recordings show, and how later answers follow it.

Each correction gives the windows inside its moment a target: the logit of its sentence is to lead, or that of a
sentence that was rejected is to stay below "none of these". The differences between targets and logits are spread to
windows that move alike by kernel ridge regression. Windows unlike all corrected ones are answered as before, and so are
those beside a moment that is right: where it starts and ends is part of what a person says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import unit_rows
from pgfa.config import RecogniseSettings
from pgfa.errors import BadConfig
from pgfa.recognise.candidates import Adjustment, Candidates
from pgfa.skeleton import Clip

Array = NDArray[np.float32]
Encode = Callable[[Sequence[Clip]], Array]
"""Clips -> (clips, d) features; 0 where no person is detected."""

MARGIN = 4.0
"""Nats by which a corrected window's sentence is to lead, or a rejected one to stay behind."""
RIDGE = 0.5
"""Added to the diagonal of the kernel: how far targets may be missed. Both chosen on MSRC-12 sessions
(scripts/corrections_msrc12.py)."""
MAX_CENTRES, MAX_EXAMPLES = 8, 1_024
"""Window centres per moment; windows over all moments."""
BESIDE = (0.5, 1.0)
"""Seconds before the start and after the end of a moment that is right, at which windows keep their answer. Without
them moments grow together (scripts/corrections_msrc12.py)."""
BACKGROUND = 64
"""Windows per recording that the mean feature is computed from, where the space of the features is not centred."""


@dataclass(frozen=True)
class Correction:
    """What a person says about one moment of a recording.

    Attributes:
        recording: the whole recording; windows reach beyond the moment, as they do in answers over time.
        start_s, end_s: of the moment, in seconds, start below end.
        sentence: sentence or taught class; None: none of the sentences.
        right: whether the moment shows `sentence`; False: it shows something else.
        bodies: indices of the bodies that it is about; empty: all.
    """

    recording: Clip
    start_s: float
    end_s: float
    sentence: str | None
    right: bool = True
    bodies: tuple[int, ...] = ()


@dataclass(frozen=True)
class Corrections:
    """The windows of all corrected moments.

    Attributes:
        features: (N, d) unit features, centred.
        raw: (N, d) features as encoded.
        centre: (d,) subtracted from unit features before they are compared.
        sentences: N; None: none of the sentences.
        right: (N,) whether the window shows its sentence.
        beside: (N,) whether the window is beside its moment and keeps its answer.
    """

    features: Array
    raw: Array
    centre: Array
    sentences: tuple[str | None, ...]
    right: NDArray[np.bool_]
    beside: NDArray[np.bool_]

    def adjust(self, candidates: Candidates) -> Adjustment:
        """How the cosines of these candidates change. A sentence that is not among them counts as none of them."""
        calibration = candidates.over_time().calibration
        prototype = candidates.is_prototype
        slope = np.where(prototype, calibration.prototype_slope, calibration.slope)
        logits = slope * candidates.cosines(self.raw) + np.where(prototype, calibration.prototype_offset, 0)
        none = -math.inf
        if calibration.none is not None:
            none = calibration.none + calibration.none_log * math.log(len(candidates))
        index = {name: k for k, name in enumerate(candidates.names)}
        targets = [
            row
            if beside
            else _target(row, index.get(sentence) if sentence is not None else None, bool(right), none)
            for row, sentence, right, beside in zip(
                logits, self.sentences, self.right, self.beside, strict=True
            )
        ]
        kernel = _closeness(self.features, self.features) + RIDGE * np.eye(len(self.features))
        weights = np.linalg.solve(kernel, np.stack(targets) - logits) / slope
        return Adjustment(self._closeness_to, weights.astype(np.float32))

    def _closeness_to(self, features: Array) -> Array:
        return _closeness(_centred(features, self.centre), self.features)


def learn(encode: Encode, corrections: Sequence[Correction], centred: bool) -> Corrections:
    """Encode the windows of corrected moments.

    Args:
        encode: clips -> features.
        corrections: at least one.
        centred: whether features of unlike motions are at right angles, as in the space of a kinematic model; if not,
            the mean over the recordings is subtracted.

    Raises:
        BadConfig: a moment outside its recording, or without a person in any of its windows.
    """
    centres = MAX_EXAMPLES // (len(corrections) * len(_lengths()))
    per_moment = max(1, min(MAX_CENTRES, centres - 2 * len(BESIDE)))
    inside = [(number, w) for number, c in enumerate(corrections) for w in _windows(c, per_moment)]
    outside = (
        [(number, w) for number in range(len(corrections)) for w in _beside(corrections, number)]
        if centres > 2 * len(BESIDE)
        else []
    )
    chosen = inside + outside
    owner = [number for number, _ in chosen]
    raw = encode([window for _, window in chosen])
    seen: NDArray[np.bool_] = np.asarray(raw.any(axis=1))
    if missing := set(range(len(corrections))) - {owner[i] for i in np.flatnonzero(seen[: len(inside)])}:
        c = corrections[min(missing)]
        raise BadConfig(
            where=f"{c.start_s:.2f} to {c.end_s:.2f} s of {c.recording.source.id or 'the recording'}",
            expected="a moment with a person",
            found="no person detected",
        )
    raw = raw[seen]
    centre = np.zeros(raw.shape[1], dtype=np.float32)
    if not centred:
        recordings = {id(c.recording): c.recording for c in corrections}.values()
        background = encode([window for recording in recordings for window in _spread(recording)])
        background = background[background.any(axis=1)]
        # In a long recording, the few windows that are encoded may all be without a person.
        if len(background):
            centre = unit_rows(background).mean(axis=0).astype(np.float32)
    owners = [corrections[owner[i]] for i in np.flatnonzero(seen)]
    right = np.array([c.right for c in owners], dtype=bool)
    beside = np.flatnonzero(seen) >= len(inside)
    return Corrections(_centred(raw, centre), raw, centre, tuple(c.sentence for c in owners), right, beside)


def _target(logits: NDArray[np.float64], k: int | None, right: bool, none: float) -> NDArray[np.float64]:
    """(K,) what the logits of a corrected window should be; `k` is the column of its sentence."""
    target = logits.copy()
    if k is None:
        return np.minimum(target, none - MARGIN) if math.isfinite(none) and right else target
    others = np.arange(len(target)) != k
    best = max(none, float(target[others].max(initial=-math.inf)))
    if right:
        if math.isfinite(none):
            target[others] = np.minimum(target[others], none)
            best = none
        if math.isfinite(best):
            target[k] = max(target[k], best + MARGIN)
    elif math.isfinite(best):
        target[k] = min(target[k], (none if math.isfinite(none) else best) - MARGIN)
    return target


def _closeness(first: Array, second: Array) -> Array:
    """(N, M) squared cosines: a positive semidefinite kernel, 1 for the same motion and near 0 for unlike ones."""
    return np.asarray(np.square(first @ second.T), dtype=np.float32)


def _centred(features: Array, centre: Array) -> Array:
    moved = unit_rows(features) - centre
    return np.where(features.any(axis=1, keepdims=True), unit_rows(moved), np.float32(0))


def _lengths() -> tuple[float, ...]:
    return RecogniseSettings().window


def _windows(correction: Correction, count: int) -> list[Clip]:
    """Windows of each length at up to `count` centres inside a moment. Raises BadConfig."""
    recording, start, end = correction.recording, correction.start_s, correction.end_s
    if not 0 <= start < min(end, recording.seconds):
        raise BadConfig(
            where=f"a moment of {recording.source.id or 'the recording'}",
            expected=f"a start before its end, within {recording.seconds:.2f} s",
            found=f"{start:g} to {end:g} s",
        )
    end = min(end, recording.seconds)
    steps = min(count, max(1, round((end - start) / RecogniseSettings().hop)))
    centres = start + (np.arange(steps) + 0.5) * (end - start) / steps
    bodies = list(correction.bodies) or list(range(recording.bodies))
    if max(bodies) >= recording.bodies:
        raise BadConfig(where="bodies", expected=f"numbers below {recording.bodies}", found=f"{max(bodies)}")
    return [_window(recording, float(c), length, bodies) for length in _lengths() for c in centres]


def _beside(corrections: Sequence[Correction], number: int) -> list[Clip]:
    """Windows of each length before and after a moment that is right, but not in another corrected moment."""
    c = corrections[number]
    if not c.right or c.sentence is None:
        return []
    bodies = set(c.bodies or range(c.recording.bodies))
    taken = [
        (other.start_s, other.end_s)
        for other in corrections
        if other.recording is c.recording and bodies & set(other.bodies or bodies)
    ]
    centres = [
        time
        for distance in BESIDE
        for time in (c.start_s - distance, c.end_s + distance)
        if 0 <= time < c.recording.seconds and not any(start <= time < end for start, end in taken)
    ]
    return [_window(c.recording, t, length, sorted(bodies)) for length in _lengths() for t in centres]


def _window(recording: Clip, centre: float, length: float, bodies: list[int]) -> Clip:
    first = min(max(0, round((centre - length / 2) * recording.rate)), recording.frames - 1)
    last = max(first + 1, min(recording.frames, round((centre + length / 2) * recording.rate)))
    return recording.with_positions(recording.positions[first:last][:, bodies])


def _spread(recording: Clip) -> list[Clip]:
    """Windows over the whole recording, of the first length."""
    length = _lengths()[0]
    count = min(BACKGROUND, max(1, math.ceil(recording.seconds / length)))
    centres = (np.arange(count) + 0.5) * recording.seconds / count
    return [_window(recording, float(c), length, [body]) for c in centres for body in range(recording.bodies)]
