"""Turns at the recogniser: one request at a time uses it, and a long one lets others go first between its pieces."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pgfa.serve.errors import ApiError

SHORT, PATIENCE = 0.5, 5.0
"""Seconds of the recogniser up to which a request keeps its place in the order of arrival; seconds after which a
waiting request goes before one that comes later, however much it has used already."""


class Cancelled(Exception):
    """The client has disconnected, or the request was cancelled: the answer is not needed."""


class Turn:
    """One request and its use of the recogniser.

    Attributes:
        long: whether it will use the recogniser for more than SHORT, as far as one can tell.
        used: seconds for which it has held the recogniser.
        entered: when it arrived.
        since: when it started to wait, or to hold the recogniser.
        share: of its work that is done, 0 to 1.
        cancelled: whether it is to end.
        called: notified when the request may go on, or is cancelled.
    """

    def __init__(self, turns: Turns, long: bool = False) -> None:
        self._turns = turns
        self.long = long
        self.entered = turns.now()
        self.used = self.since = self.share = 0.0
        self.cancelled = False
        self.called = turns.condition()

    @property
    def rank(self) -> float:
        """The lowest goes first: the request that has waited longest, after what it has used already."""
        return self.entered if self.used <= SHORT else self.since + min(self.used, PATIENCE)

    def progress(self, share: float) -> None:
        """Between two pieces of work: note the share that is done, and let other requests go first.

        Raises Cancelled.
        """
        self.share = share
        self._turns.pass_on(self)

    def cancel(self) -> None:
        """End the request at its next piece, or while it waits. Safe to call from any thread, at any time."""
        self.cancelled = True
        self._turns.wake(self)


class Turns:
    """Lends the recogniser to requests. Safe to share between threads.

    Short requests are served in the order of arrival. One that has used the recogniser for n seconds, at most PATIENCE,
    waits until those are served that come within n seconds of it. So a short question waits for one piece of a long
    one, and a long one is still answered when short ones never stop coming.

    Args:
        most: requests that use the recogniser or wait for it; others are refused. Long ones get half of these places,
            so that they do not keep short ones out.
        clock: seconds; tests replace it.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.most, self._clock = most, clock
        self._lock = threading.Lock()
        self._requests: list[Turn] = []
        self._waiting: list[Turn] = []
        self._holder: Turn | None = None

    def condition(self) -> threading.Condition:
        """For a request to wait on."""
        return threading.Condition(self._lock)

    def now(self) -> float:
        """The time by the clock."""
        return self._clock()

    def __len__(self) -> int:
        return len(self._requests)

    def enter(self, long: bool = False) -> Turn:
        """A new request, which counts until it has ended. Raises ApiError (429) if there are too many."""
        with self._lock:
            if len(self._requests) >= self.most:
                raise _busy(f"at most {self.most} requests in progress")
            most_long = max(1, self.most // 2)
            if long and sum(turn.long for turn in self._requests) >= most_long:
                raise _busy(f"at most {most_long} long requests in progress")
            turn = Turn(self, long)
            self._requests.append(turn)
            return turn

    @contextmanager
    def hold(self, turn: Turn | None = None) -> Iterator[Turn]:
        """Wait for the recogniser and hold it, for a new request or one that has entered.

        Raises:
            ApiError: 429 if there are too many requests.
            Cancelled: the request was cancelled while it waited.
        """
        turn = turn or self.enter()
        try:
            with self._lock:
                self._wait(turn)
            yield turn
        finally:
            self.leave(turn)

    def leave(self, turn: Turn) -> None:
        """End a request. Nothing happens if it has ended already."""
        with self._lock:
            if self._holder is turn:
                self._release()
            if turn in self._requests:
                self._requests.remove(turn)

    def pass_on(self, turn: Turn) -> None:
        """Let those go first that rank before the holder. Raises Cancelled."""
        with self._lock:
            now = self._clock()
            turn.used, turn.since = turn.used + now - turn.since, now
            if turn.cancelled or any(other.rank < turn.rank for other in self._waiting):
                self._release()
                self._wait(turn)

    def wake(self, turn: Turn) -> None:
        """Let a request see that it was cancelled."""
        with self._lock:
            turn.called.notify()

    def _wait(self, turn: Turn) -> None:
        turn.since = self._clock()
        self._waiting.append(turn)
        try:
            while not turn.cancelled and not (self._holder is None and self._first() is turn):
                turn.called.wait()
        finally:
            self._waiting.remove(turn)
        if turn.cancelled:
            self._call_first()  # the recogniser may have been left to this request
            raise Cancelled
        self._holder, turn.since = turn, self._clock()

    def _release(self) -> None:
        holder = self._holder
        assert holder is not None
        holder.used += self._clock() - holder.since
        self._holder = None
        self._call_first()

    def _call_first(self) -> None:
        if self._holder is None and self._waiting:
            self._first().called.notify()

    def _first(self) -> Turn:
        return min(self._waiting, key=lambda turn: turn.rank)


def _busy(expected: str) -> ApiError:
    return ApiError(
        429,
        "Busy",
        where="requests",
        expected=expected,
        found="one more",
        advice="try again in a few seconds",
        retry_seconds=2,
    )
