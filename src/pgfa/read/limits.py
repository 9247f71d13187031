"""What reading one file may cost. Limits count what is produced, not what a header declares.

Any file below `SMALL` bytes is read within 5 seconds of processor time and 512 MB; above, both may grow in proportion
to its size. Readers refuse what would cost more before they allocate; `memory_cap` is the net below them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from pgfa.errors import LimitExceeded

SMALL = 20_000_000
"""Bytes of a file up to which the limits are constant."""
MEMORY = 512 * 1024**2
"""Bytes of memory that reading a small file may take."""
MAX_MEMORY = 6 * 1024**3
"""Bytes of address space that reading any file may take, and that of a process which only reads files."""
INFLATED = 32 * 1024**2
"""Bytes to which a small member of an archive may inflate."""
LINES = 2_000_000
CELLS = 4_000_000
"""Lines and cells in a small text."""
_PER_BYTE = 8
_BLOCK = 1 << 22
_LINE_ENDS = (
    b"\n", b"\r", b"\x0b", b"\x0c", b"\x1c", b"\x1d", b"\x1e", b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9",
)  # fmt: skip
"""All that `str.splitlines` takes for the end of a line, in UTF-8."""


def allowance(size: int, small: int) -> int:
    """A limit of `small` up to `SMALL` bytes, in proportion to the size above."""
    return max(small, small * size // SMALL)


def inflated_allowance(compressed: int, small: int = INFLATED) -> int:
    """Bytes to which `compressed` bytes may inflate."""
    return small + _PER_BYTE * max(0, compressed - SMALL)


def check_text(file: object, raw: bytes) -> None:
    """Raise LimitExceeded for a text of too many lines or cells; cheap, so called before it is split."""
    lines = sum(map(raw.count, _LINE_ENDS)) - raw.count(b"\r\n")
    cells = lines + sum(map(raw.count, (b",", b";"))) + _gaps(raw)
    for count, limit, noun in (
        (lines, allowance(len(raw), LINES), "lines"),
        (cells, allowance(len(raw), CELLS), "cells"),
    ):
        if count > limit:
            raise LimitExceeded(
                f"{file}: {count:,} {noun} in {len(raw):,} bytes, more than the limit of {limit:,}"
            )


def _gaps(raw: bytes) -> int:
    """Runs of spaces and tabs: columns may be aligned by several."""
    count, was_blank = 0, False
    for first in range(0, len(raw), _BLOCK):
        text = np.frombuffer(raw, np.uint8, min(_BLOCK, len(raw) - first), first)
        blank = (text == ord(" ")) | (text == ord("\t"))
        count += int(np.count_nonzero(blank[1:] > blank[:-1])) + int(blank[0] > was_blank)
        was_blank = blank[-1]
    return count


@contextmanager
def memory_cap(file: object, size: int, small: int = MEMORY) -> Iterator[None]:
    """Limit the memory that this process may take in addition while a file is read, where the system can.

    The limit counts address space, for the whole process: only for processes that do nothing else at that time.
    Within a lower cap it changes nothing.

    Args:
        file: for the error.
        size: bytes of the file.
        small: bytes of memory for a small file.

    Raises:
        LimitExceeded: in place of MemoryError.
    """
    extra = min(MAX_MEMORY, allowance(size, small))
    before = _lower(extra)
    try:
        yield
    except MemoryError:
        raise LimitExceeded(
            f"{file}: reading it takes more than the limit of {extra:,} bytes of memory"
        ) from None
    finally:
        if before is not None:
            _set(before)


def limit_process() -> None:
    """Limit the address space of this process to `MAX_MEMORY` for good, where the system can."""
    try:
        import resource
    except ImportError:  # not on this system
        return
    with suppress(ValueError, OSError):  # macOS refuses this limit; a lower one may be set already
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))


def _lower(extra: int) -> tuple[int, int] | None:
    """Lower the soft limit to `extra` above what is in use; returns the limits before, None if unchanged."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (ImportError, OSError):  # not on this system
        return None
    soft, hard = before = resource.getrlimit(resource.RLIMIT_AS)
    limit = pages * os.sysconf("SC_PAGE_SIZE") + extra
    if soft != resource.RLIM_INFINITY and soft <= limit:
        return None
    _set((limit, hard))
    return before


def _set(limits: tuple[int, int]) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, limits)
