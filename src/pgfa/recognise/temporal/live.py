"""Running answers while frames arrive: a sliding window, encoded every hop. Not for several threads."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadConfig, LimitExceeded
from pgfa.recognise.answers import Answer, Answers
from pgfa.recognise.temporal.windows import window_cosines
from pgfa.skeleton import Layout

if TYPE_CHECKING:
    from pgfa.recognise.recogniser import Recogniser

WINDOW = (1.5, 3.0)
HOP = 0.2
MAX_BODIES = 8
MAX_RATE = 240.0


@dataclass(frozen=True)
class LiveAnswer:
    """What is going on at a moment.

    Attributes:
        t: time of the last frame, as given.
        bodies: slot -> answers, of the bodies that are there.
    """

    t: float
    bodies: dict[int, Answers]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        told = []
        for slot, answers in self.bodies.items():
            said = answers.to_dict()
            del said["source"], said["problems"]
            told.append({"body": slot, **said})
        return {"t": self.t, "bodies": told}


class Live:
    """Holds the last few seconds of frames and answers every hop.

    Args:
        recogniser: that answers.
        names: candidates.
        layout: of the joints of every frame.
        rate: frames a second; None: told by the times of the frames.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        names: Sequence[str],
        layout: Layout,
        rate: float | None = None,
        *,
        window: Sequence[float] = WINDOW,
        hop: float = HOP,
    ) -> None:
        if rate is not None and not (math.isfinite(rate) and 0 < rate <= MAX_RATE):
            raise BadConfig(f"rate must be above 0 and at most {MAX_RATE:g} frames a second, found {rate}")
        self.recogniser, self.names, self.layout, self.rate = recogniser, list(names), layout, rate
        self.window, self.hop = tuple(sorted(window)), hop
        self._frames: deque[tuple[float, NDArray[np.float32]]] = deque()
        self._answered = -math.inf
        # Once: sentence vectors lie in files, and an answer must not wait for a disk.
        self._vectors, self._prototype = recogniser.anchors(self.names)

    def push(self, t: float, bodies: NDArray[np.float32]) -> LiveAnswer | None:
        """Take in a frame; answer where a hop has passed since the last answer, else None.

        Args:
            t: seconds, above that of the frame before.
            bodies: (bodies, joints, 3) metres, y up, NaN where absent; a body keeps its slot.

        Raises:
            BadConfig: a time that does not go up; another number of joints.
            LimitExceeded: more than MAX_BODIES.
        """
        joints = len(self.layout.joints)
        if bodies.ndim != 3 or bodies.shape[1:] != (joints, 3):
            raise BadConfig(
                f"expected bodies x {joints} x 3 numbers ({self.layout.name}), found {bodies.shape}"
            )
        if len(bodies) > MAX_BODIES:
            raise LimitExceeded(f"{len(bodies)} bodies in a frame, more than the limit of {MAX_BODIES}")
        before = self._frames[-1][0] if self._frames else -math.inf
        if not math.isfinite(t) or t <= before:
            raise BadConfig(f"the times of frames must be numbers that go up, found {t} after {before:g}")
        self._frames.append((float(t), np.asarray(bodies, dtype=np.float32)))
        most = self.window[-1] * MAX_RATE
        while self._frames[-1][0] - self._frames[0][0] > self.window[-1] or len(self._frames) > most:
            self._frames.popleft()
        if t - self._answered < self.hop - 1e-9 or len(self._frames) < 2:
            return None
        self._answered = t
        return self._answer(t)

    def _answer(self, t: float) -> LiveAnswer:
        times = np.array([time for time, _ in self._frames])
        slots = max(len(bodies) for _, bodies in self._frames)
        positions = np.full((len(times), slots, len(self.layout.joints), 3), np.nan, dtype=np.float32)
        for row, (_, bodies) in zip(positions, self._frames, strict=True):
            row[: len(bodies)] = bodies
        rate = self.rate or (len(times) - 1) / float(times[-1] - times[0])
        first = np.array([np.searchsorted(times, t - length) for length in self.window])
        last = np.full(len(first), len(times))
        near, _ = window_cosines(
            self.recogniser, positions, rate, self.layout, first, last, self.names, self._vectors
        )
        near = near.mean(axis=0)
        calibration = self.recogniser.calibration
        told = {}
        for slot in np.flatnonzero(~np.isnan(near).any(axis=1) & np.isfinite(positions[-1]).any((1, 2))):
            likely = calibration.probabilities(near[[slot]], self._prototype)[0]
            order = np.argsort(-likely[:-1], kind="stable")
            answers = tuple(
                Answer(self.names[i], float(likely[i]), float(near[slot, i]), bool(self._prototype[i]))
                for i in order
            )
            told[int(slot)] = Answers(answers, float(likely[-1]), calibration.fitted)
        return LiveAnswer(float(t), told)
