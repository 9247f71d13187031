"""All errors a user can see. Each says what was expected, what was found, and where."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path, PurePath


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """``" did you mean NAME?"`` with the most similar of some names; empty where none is similar."""
    similar = get_close_matches(name.lower().replace("_", "-"), list(names), n=1, cutoff=0.6)
    return f" did you mean {similar[0]}?" if similar else ""


class PgfaError(Exception):
    """Base class of all errors that this package raises on purpose.

    Attributes:
        expected, found, where: the parts of the message, in plain words; empty where they are not known.
    """

    expected: str = ""
    found: str = ""
    where: str = ""


class ValueRefused(PgfaError):
    """A value that is refused: given by its parts, or by a message alone.

    Args:
        message: replaces the one that is built from the parts.
        where: name of the value (``"sentence 2"``, ``"rate"``).
        expected: the values that are allowed, in plain words.
        found: the value found instead.
        advice: what to do about it, if there is more to say.
    """

    def __init__(
        self, message: str = "", *, where: str = "", expected: str = "", found: str = "", advice: str = ""
    ) -> None:
        location, ending = (f"{where}: " if where else ""), (f"; {advice}" if advice else "")
        super().__init__(message or f"{location}expected {expected}, found {found}{ending}")
        self.expected, self.found, self.where = expected, found, where


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


class Undecided(BadFile):
    """The file does not say how it is to be read, and the body leaves several readings: the user has to state one.

    Args:
        file: as in BadFile.
        quantity: what is open: layout, up, unit, axes, mirrored or depth.
        found: what the body shows, in plain words.
        options: the values among which to choose, as `--QUANTITY` (in Python QUANTITY=) takes them.
    """

    def __init__(
        self, file: str | PurePath, *, quantity: str, found: str, options: tuple[str, ...] = ()
    ) -> None:
        self.quantity, self.reason, self.options = quantity, found, options
        expected = f"evidence of {_QUANTITIES.get(quantity, quantity)}"
        super().__init__(file, expected=expected, found=f"{found}; {ways_to_state(quantity, options)}")

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_undecided, (self.file, self.quantity, self.reason, self.options)

    def at(self, file: str | PurePath) -> Undecided:
        """The same, of that file."""
        return Undecided(file, quantity=self.quantity, found=self.reason, options=self.options)


_QUANTITIES = {
    "layout": "its joint layout",
    "up": "the axis that points up",
    "unit": "the unit of length",
    "axes": "the order of its axes and columns",
    "mirrored": "the handedness of its axes",
    "depth": "whether z was measured",
}


def ways_to_state(quantity: str, options: tuple[str, ...]) -> str:
    """How a user states a quantity: on the command line, in Python, in a settings file."""
    if quantity == "mirrored":
        return "state it with --mirrored or --no-mirrored (mirrored=True or False)"
    joined = (f"--{quantity}{'=' if option.startswith('-') else ' '}{option}" for option in options)
    values = " or ".join(joined) or f"--{quantity}"
    return f"state it with {values} ({quantity}=... in Python and in pgfa-recordings.toml)"


def _rebuild_undecided(file: str, quantity: str, reason: str, options: tuple[str, ...]) -> Undecided:
    return Undecided(file, quantity=quantity, found=reason, options=options)


class BadConfig(ValueRefused):
    """A setting has an invalid value, or settings contradict one another."""


class BadCheckpoint(PgfaError):
    """A run folder or file of weights cannot be used: missing files, wrong shapes, other settings."""


class LayoutMismatch(ValueRefused):
    """Clips of one skeleton layout cannot be converted to another: there is no meaningful map between them."""


class LimitExceeded(ValueRefused):
    """An input exceeds its limit (bytes, frames, bodies, sentences)."""


class FolderInUse(PgfaError):
    """Another process works in the folder.

    Args:
        folder: in which two processes must not work at the same time.
        process: id of the other process; empty if unknown.
    """

    def __init__(self, folder: str | PurePath, process: str) -> None:
        self.folder, self.process = str(folder), process
        other = f"process {process}" if process else "another process"
        super().__init__(
            f"{self.folder}: in use by {other}; wait until it has ended, or choose another folder"
        )

    def __reduce__(self) -> tuple[object, ...]:
        return FolderInUse, (self.folder, self.process)


class RankLost(PgfaError):
    """A process of a training run on several devices has ended before the others: run the same command to resume."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}; run the same command to resume after the last finished epoch")
        self.reason = reason

    def __reduce__(self) -> tuple[object, ...]:
        return RankLost, (self.reason,)


class NotWritten(PgfaError, OSError):
    """A file or folder cannot be written: disk full or read-only, no permission, something else in its place.

    Args:
        file: what was to be written.
        reason: in plain words.
    """

    def __init__(self, file: str | PurePath, reason: str) -> None:
        self.file, self.reason = str(file), reason
        super().__init__(f"{self.file}: cannot be written: {reason}")

    def __str__(self) -> str:
        return f"{self.file}: cannot be written: {self.reason}"

    def __reduce__(self) -> tuple[object, ...]:
        return NotWritten, (self.file, self.reason)

    @classmethod
    def of(cls, file: Path, error: OSError) -> NotWritten:
        """The error of the system in plain words, with what to do about it."""
        if isinstance(error, cls):
            return error
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            reason = "no space left on the disk; free some and run the same command again to resume"
        elif error.errno == errno.EROFS:
            reason = "the disk is read-only; choose another folder"
        elif error.errno in (errno.EACCES, errno.EPERM):
            reason = "permission denied; choose another folder"
        elif error.errno == errno.EBUSY and file.is_mount():
            reason = "a disk is mounted there, so that it cannot be replaced; choose a folder in it"
        elif error.errno == errno.EISDIR:
            reason = "it is a folder, expected a file"
        elif error.errno in (errno.ENOTDIR, errno.EEXIST) and (obstacle := _file_in_the_way(file)):
            reason = f"{obstacle} is a file, expected a folder"
        else:
            reason = error.strerror or str(error)
        return cls(file, reason)


def _file_in_the_way(file: Path) -> Path | None:
    return next((path for path in (file, *file.parents) if path.exists() and not path.is_dir()), None)
