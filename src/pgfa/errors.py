"""All errors a user can see. Each says what was expected, what was found, and where."""

from __future__ import annotations

from pathlib import PurePath


class PgfaError(Exception):
    """Base class of all errors that this package raises on purpose."""


class BadFile(PgfaError):
    """A file is missing, damaged, or of another format.

    Args:
        file: the file (for a member of a zip: ``archive.zip!member``).
        expected: the expected content, in plain words.
        found: the content found instead.
        where: the position in the file (``"line 12"``, ``"field d_skel"``), if known.
    """

    def __init__(self, file: str | PurePath, *, expected: str, found: str, where: str = "") -> None:
        self.file, self.expected, self.found, self.where = str(file), expected, found, where
        location = f"{self.file}, {where}" if where else self.file
        super().__init__(f"{location}: expected {expected}, found {found}")

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions with keyword-only arguments cannot be pickled to other processes by default.
        return _rebuild_bad_file, (self.file, self.expected, self.found, self.where)


def _rebuild_bad_file(file: str, expected: str, found: str, where: str) -> BadFile:
    return BadFile(file, expected=expected, found=found, where=where)


class BadConfig(PgfaError):
    """A setting has an invalid value, or settings contradict one another."""


class BadCheckpoint(PgfaError):
    """A run folder or file of weights cannot be used: missing files, wrong shapes, other settings."""


class LayoutMismatch(PgfaError):
    """Clips of one skeleton layout cannot be converted to another: there is no meaningful map between them."""


class LimitExceeded(PgfaError):
    """An input exceeds its limit (bytes, frames, bodies, sentences)."""
