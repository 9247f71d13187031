"""What is held for each open page: its clips, what it taught, what it aligned. In memory only, and not for long."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pgfa.config import ServeSettings
from pgfa.recognise import Recogniser
from pgfa.serve.errors import Refused, too_much
from pgfa.skeleton import Clip

STALE = 60.0
"""Seconds without a request after which a session may be put out for a new one."""


@dataclass
class Session:
    """One page's things. Its lock is held while they change.

    Attributes:
        recogniser: the server's, and what this session taught it.
        aligned: `recogniser` after alignment, or None.
        clips: by id, oldest first.
        aligned_on: ids of the clips that were aligned on.
        examples: number of spans that each taught class was taught from.
    """

    id: str
    recogniser: Recogniser
    aligned: Recogniser | None = None
    clips: dict[str, Clip] = field(default_factory=dict)
    aligned_on: tuple[str, ...] = ()
    examples: dict[str, list[Clip]] = field(default_factory=dict)
    used: float = 0.0
    made: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def size(self) -> int:
        """Bytes of positions."""
        taught = sum(clip.positions.nbytes for clips in self.examples.values() for clip in clips)
        return taught + sum(clip.positions.nbytes for clip in self.clips.values())

    def add(self, clips: Sequence[Clip], limits: ServeSettings) -> list[str]:
        """Hold clips and give them ids. Raises Refused (413) above the limits; then none is held."""
        with self.lock:
            if (count := len(self.clips) + len(clips)) > limits.clips:
                raise too_much("clips of this session", limits.clips, count)
            self.check_size(sum(clip.positions.nbytes for clip in clips), limits)
            ids = []
            for clip in clips:
                self.made += 1
                ids.append(f"c{self.made}")
                self.clips[ids[-1]] = clip
            return ids

    def check_size(self, more: int, limits: ServeSettings) -> None:
        """Raises Refused (413) where `more` bytes would be too many."""
        if (size := self.size + more) > limits.session_bytes:
            raise too_much("recordings of this session", limits.session_bytes, size, "bytes")

    def clip(self, id: str) -> Clip:
        """Raises Refused (404)."""
        with self.lock:
            if id not in self.clips:
                raise Refused(404, "NoSuchClip", expected="a clip of this session", found=repr(id)[:60])
            return self.clips[id]

    def remove(self, id: str) -> None:
        """Let a clip go. Raises Refused (404)."""
        with self.lock:
            self.clip(id)
            del self.clips[id]

    def change(self, make: Callable[[Recogniser], Recogniser]) -> None:
        """Change the recogniser, and the aligned one beside it; both or none. Raises what `make` raises."""
        with self.lock:
            one = make(self.recogniser)
            other = make(self.aligned) if self.aligned is not None else None
            self.recogniser, self.aligned = one, other


class Sessions:
    """All sessions, at most so many, each forgotten when it was not used for so long."""

    def __init__(
        self, recogniser: Recogniser, settings: ServeSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._recogniser, self._settings, self._clock = recogniser, settings, clock
        self._held: dict[str, Session] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._held)

    def open(self) -> Session:
        """A new session. Raises Refused (429) where there are too many and all are in use."""
        with self._lock:
            self._forget()
            if len(self._held) >= self._settings.sessions:
                oldest = min(self._held.values(), key=lambda session: session.used)
                if self._clock() - oldest.used < STALE:
                    raise Refused(
                        429, "LimitExceeded", where="sessions",
                        expected=f"at most {self._settings.sessions:,} in use", found="one more",
                    )  # fmt: skip
                del self._held[oldest.id]
            session = Session(secrets.token_urlsafe(18), self._recogniser, used=self._clock())
            self._held[session.id] = session
            return session

    def get(self, id: str) -> Session:
        """Raises Refused (404) where it was never there, was closed or has been forgotten."""
        with self._lock:
            self._forget()
            if id not in self._held:
                raise Refused(
                    404, "NoSuchSession", expected="an open session", found="none, or one long unused"
                )
            session = self._held[id]
            session.used = self._clock()
            return session

    def close(self, id: str) -> None:
        """Forget a session. Raises Refused (404)."""
        self.get(id)
        with self._lock:
            self._held.pop(id, None)

    def _forget(self) -> None:
        past = self._clock() - self._settings.idle_seconds
        for id in [id for id, session in self._held.items() if session.used < past]:
            del self._held[id]
