"""Every error a user can see. Each says what was expected, what was found, and where."""

from __future__ import annotations

from pathlib import PurePath


class PgfaError(Exception):
    """Base of all errors this package raises on purpose."""


class BadFile(PgfaError):
    """A file is not what it should be.

    Args:
        file: the file (for a member of a zip: ``archive.zip!member``).
        expected: what should have stood there, in plain words.
        found: what stood there.
        where: the place in the file (``"line 12"``, ``"field d_skel"``), where known.
    """

    def __init__(self, file: str | PurePath, *, expected: str, found: str, where: str = "") -> None:
        self.file, self.expected, self.found, self.where = str(file), expected, found, where
        place = f"{self.file}, {where}" if where else self.file
        super().__init__(f"{place}: expected {expected}, found {found}")

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions with keyword-only arguments do not cross process borders by themselves.
        return _rebuild_bad_file, (self.file, self.expected, self.found, self.where)


def _rebuild_bad_file(file: str, expected: str, found: str, where: str) -> BadFile:
    return BadFile(file, expected=expected, found=found, where=where)


class BadConfig(PgfaError):
    """A setting has a value it cannot have, or settings contradict one another."""


class BadCheckpoint(PgfaError):
    """A run folder or weight file cannot be used: missing parts, wrong shapes, other settings."""


class LayoutMismatch(PgfaError):
    """Joints of one skeleton layout were asked for in another where no meaningful map exists."""


class LimitExceeded(PgfaError):
    """Something from outside is larger than the limit set for it (bytes, frames, bodies, sentences)."""
