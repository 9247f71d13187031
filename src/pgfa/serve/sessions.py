"""What the server holds for each open page: clips, taught classes, alignment. In memory only, for a limited time."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pgfa.config import ServeSettings
from pgfa.recognise import Recogniser
from pgfa.serve.errors import ApiError, limit_error
from pgfa.skeleton import Clip

REPLACEABLE_SECONDS, WATCHED_SECONDS = 60.0, 240.0
"""Idle time after which a session may be replaced by a new one; of one whose page is open and sends heartbeats, which a
browser delays by up to a minute in pages that are not in front."""


@dataclass
class Session:
    """The state of one open page. Its lock is held while that changes, and never acquired by the holder of a turn.

    Attributes:
        id: a random token.
        recogniser: the server's, with the classes that were taught in this session.
        aligned: `recogniser` after alignment, or None.
        clips: by id, oldest first.
        names: of the recordings, by the id of the clip: the file, and of several in one file the clip too.
        aligned_clips: ids of the clips used for the alignment.
        examples: the example clips of each taught class.
        watched: whether a page has sent a heartbeat.
        last_used: time of the latest request, by the clock of `Sessions`.
        added: number of clips added so far; gives each clip its id.
        lock: held while the session changes.
    """

    id: str
    recogniser: Recogniser
    aligned: Recogniser | None = None
    clips: dict[str, Clip] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    aligned_clips: tuple[str, ...] = ()
    examples: dict[str, list[Clip]] = field(default_factory=dict)
    watched: bool = False
    last_used: float = 0.0
    added: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def size(self) -> int:
        """Bytes of positions, of clips and of examples."""
        # Copies, because others may add to both meanwhile.
        examples = sum(clip.positions.nbytes for clips in list(self.examples.values()) for clip in clips)
        return examples + sum(clip.positions.nbytes for clip in list(self.clips.values()))

    def add(self, clips: Sequence[Clip], limits: ServeSettings, file: str = "") -> list[str]:
        """Add the clips of a file and return their ids. Raises ApiError (413) above the limits, and then adds none."""
        with self.lock:
            if (count := len(self.clips) + len(clips)) > limits.max_clips:
                raise limit_error("clips of this session", limits.max_clips, count)
            self.check_size(sum(clip.positions.nbytes for clip in clips), limits)
            ids = []
            for clip in clips:
                self.added += 1
                ids.append(f"c{self.added}")
                self.clips[ids[-1]] = clip
                self.names[ids[-1]] = recording_name(file, clip, len(clips))
            return ids

    def check_size(self, extra: int, limits: ServeSettings) -> None:
        """Raises ApiError (413) if `extra` more bytes would exceed the limit."""
        if (size := self.size + extra) > limits.max_session_bytes:
            raise limit_error("recordings of this session", limits.max_session_bytes, size, "bytes")

    def clip(self, id: str) -> Clip:
        """The clip of that id. Raises ApiError (404).

        Without the lock, which others hold while they wait for the recogniser: the server's event loop calls this.
        """
        clip = self.clips.get(id)
        if clip is None:
            raise ApiError(
                404, "NoSuchClip", where="clip", expected="a clip of this session", found=repr(id)[:60]
            )
        return clip

    def remove(self, id: str) -> None:
        """Delete a clip. Raises ApiError (404)."""
        with self.lock:
            self.clip(id)
            del self.clips[id], self.names[id]

    def name(self, id: str) -> str:
        """Of the recording of a clip, as people know it; without the lock, as `clip`. Raises ApiError (404)."""
        clip = self.clip(id)
        return self.names.get(id) or clip.source.id

    def update(self, change: Callable[[Recogniser], Recogniser]) -> None:
        """Change the recogniser and the aligned one together; if `change` raises, neither is changed."""
        with self.lock:
            recogniser = change(self.recogniser)
            aligned = change(self.aligned) if self.aligned is not None else None
            self.recogniser, self.aligned = recogniser, aligned


def recording_name(file: str, clip: Clip, clips: int) -> str:
    """How people know a recording: by its file, and if that has several, by what it is called in there."""
    return f"{file} · {clip.source.id}" if file and clips > 1 else file or clip.source.id


class Sessions:
    """All open sessions: limited in number, each deleted after some idle time.

    Args:
        recogniser: that every session starts with.
        settings: the limits.
        clock: seconds; tests replace it.
    """

    def __init__(
        self, recogniser: Recogniser, settings: ServeSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._recogniser, self._settings, self._clock = recogniser, settings, clock
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._sessions)

    def open(self) -> Session:
        """A new session. Raises ApiError (429) if there are too many and all are in use."""
        with self._lock:
            self._delete_idle()
            if len(self._sessions) >= self._settings.max_sessions:
                oldest = max(self._sessions.values(), key=self._overdue)
                if self._overdue(oldest) < 0:
                    raise ApiError(
                        429,
                        "LimitExceeded",
                        where="sessions",
                        expected=f"at most {self._settings.max_sessions:,} in use",
                        found="one more",
                        advice="close another page, or try again in a minute",
                        retry_seconds=10,
                    )
                del self._sessions[oldest.id]
            session = Session(secrets.token_urlsafe(18), self._recogniser, last_used=self._clock())
            self._sessions[session.id] = session
            return session

    def get(self, id: str) -> Session:
        """The session of that id. Raises ApiError (404) if there is none: never opened, closed or expired."""
        with self._lock:
            self._delete_idle()
            if id not in self._sessions:
                raise ApiError(
                    404,
                    "NoSuchSession",
                    where="session",
                    expected="an open session",
                    found="one that was closed or has expired",
                )
            session = self._sessions[id]
            session.last_used = self._clock()
            return session

    def close(self, id: str) -> None:
        """Delete a session. Raises ApiError (404)."""
        self.get(id)
        with self._lock:
            self._sessions.pop(id, None)

    def _overdue(self, session: Session) -> float:
        """Seconds since a session may be replaced; negative: until it may."""
        allowed = WATCHED_SECONDS if session.watched else REPLACEABLE_SECONDS
        return self._clock() - session.last_used - allowed

    def _delete_idle(self) -> None:
        deadline = self._clock() - self._settings.session_idle_seconds
        for id in [id for id, session in self._sessions.items() if session.last_used < deadline]:
            del self._sessions[id]
