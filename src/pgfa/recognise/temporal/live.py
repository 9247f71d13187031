"""Running answers while frames arrive: a sliding window, encoded every hop. Not thread-safe."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.config import RecogniseSettings
from pgfa.errors import BadConfig, LimitExceeded
from pgfa.recognise.answers import Answers
from pgfa.recognise.candidates import Candidates, Encode
from pgfa.recognise.temporal.pairs import PairTurns
from pgfa.recognise.temporal.windows import body_clips, pair_clips, present_enough
from pgfa.skeleton import Layout, Ragged

MAX_BODIES = 8
MAX_RATE = 240.0

_DEFAULT = RecogniseSettings()


@dataclass(frozen=True)
class LiveAnswer:
    """The current answers.

    Attributes:
        t: time of the last frame, as given.
        bodies: index of a body -> its answers, for the bodies in the last frame.
    """

    t: float
    bodies: dict[int, Answers]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        bodies = []
        for index, answers in self.bodies.items():
            values = answers.to_dict()
            del values["source"], values["problems"], values["reading"]
            bodies.append({"body": index, **values})
        return {"t": self.t, "bodies": bodies}


class Live:
    """Stores the last few seconds of frames and answers every hop.

    The windows are those of a recording (`window_cosines`), with one exception: more than three bodies take turns to
    be compared as pairs (`PairTurns`), for their number is what decides whether an answer is in time.

    Args:
        encode: clips -> features.
        candidates: sentences and taught classes.
        layout: of the joints of every frame.
        rate: frames per second; None: computed from the times of the frames.
        window: lengths in seconds; cosines are averaged over them.
        hop: seconds between answers.
    """

    def __init__(
        self,
        encode: Encode,
        candidates: Candidates,
        layout: Layout,
        rate: float | None = None,
        *,
        window: Sequence[float] = _DEFAULT.window,
        hop: float = _DEFAULT.live_hop,
    ) -> None:
        if rate is not None and not (math.isfinite(rate) and 0 < rate <= MAX_RATE):
            raise BadConfig(
                where="rate",
                expected=f"frames per second above 0 and at most {MAX_RATE:g}",
                found=f"{rate}",
            )
        self.encode, self.layout, self.rate = encode, layout, rate
        self.candidates = candidates.over_time()
        self.window, self.hop = tuple(sorted(window)), hop
        self._frames: deque[tuple[float, NDArray[np.float32]]] = deque()
        self._answered = -math.inf
        self._pairs = PairTurns(len(self.window), int(self.candidates.needs_two.sum()))

    def push(self, t: float, bodies: NDArray[np.float32]) -> LiveAnswer | None:
        """Add a frame. Returns an answer where a hop has passed since the last one, else None.

        Args:
            t: seconds, later than the previous frame.
            bodies: (bodies, joints, 3) metres, y up, NaN where absent; a body keeps its index.

        Raises:
            BadConfig: a time that does not increase; another number of joints.
            LimitExceeded: more than MAX_BODIES.
        """
        joints = len(self.layout.joints)
        if bodies.ndim != 3 or bodies.shape[1:] != (joints, 3):
            raise BadConfig(
                where="bodies",
                expected=f"bodies x {joints} x 3 numbers ({self.layout.name})",
                found=f"{bodies.shape}",
            )
        if len(bodies) > MAX_BODIES:
            raise LimitExceeded(where="bodies", expected=f"at most {MAX_BODIES}", found=f"{len(bodies)}")
        previous = self._frames[-1][0] if self._frames else -math.inf
        if not math.isfinite(t) or t <= previous:
            raise BadConfig(where="times", expected="times that increase", found=f"{t} after {previous:g}")
        self._frames.append((float(t), np.asarray(bodies, dtype=np.float32)))
        limit = self.window[-1] * MAX_RATE
        while self._frames[-1][0] - self._frames[0][0] > self.window[-1] or len(self._frames) > limit:
            self._frames.popleft()
        if t - self._answered < self.hop - 1e-9 or len(self._frames) < 2:
            return None
        self._answered = t
        return self._answer(t)

    def _answer(self, t: float) -> LiveAnswer:
        times = np.array([time for time, _ in self._frames])
        count = max(len(bodies) for _, bodies in self._frames)
        positions = np.full((len(times), count, len(self.layout.joints), 3), np.nan, dtype=np.float32)
        for row, (_, bodies) in zip(positions, self._frames, strict=True):
            row[: len(bodies)] = bodies
        rate = self.rate or (len(times) - 1) / float(times[-1] - times[0])
        first = np.array([np.searchsorted(times, t - length) for length in self.window])
        windows = first, np.full(len(first), len(times))
        cosine = self._cosines(positions, rate, windows).mean(axis=0)
        present = np.flatnonzero(~np.isnan(cosine).any(axis=1) & np.isfinite(positions[-1]).any((1, 2)))
        return LiveAnswer(
            float(t),
            {
                int(body): self.candidates.rank(
                    self.candidates.probabilities(cosine[[body]])[0], cosine[body]
                )
                for body in present
            },
        )

    def _cosines(
        self,
        positions: NDArray[np.float32],
        rate: float,
        windows: tuple[NDArray[np.int64], NDArray[np.int64]],
    ) -> NDArray[np.float32]:
        """(W, bodies, K) as `window_cosines`; bodies and pairs are encoded at once, which saves a third of the time."""
        enough, two = present_enough(positions, rate, windows), self.candidates.needs_two
        cosine = np.full((*enough.shape, len(self.candidates)), np.nan, dtype=np.float32)
        if not enough.any():
            return cosine
        clips = body_clips(positions, rate, self.layout, windows, enough)
        bodies, due = len(clips), self._pairs.due(enough) if two.any() else []
        if due:
            alone = [(a, b, np.array([w])) for w, a, b in due]
            clips = Ragged.join([clips, pair_clips(positions, rate, self.layout, windows, alone)])
        features = self.encode(clips)
        cosine[enough] = self.candidates.cosines(features[:bodies])
        if two.any():
            self._pairs.store(due, self.candidates.cosines(features[bodies:], two))
            cosine[..., two] = np.where(enough[..., None], self._pairs.best(enough.shape[1]), np.nan)
        return cosine
