"""Sentences of your own: a plain text file, one line per class, in the order of the class ids."""

from __future__ import annotations

from pathlib import Path

from pgfa.errors import BadFile, LimitExceeded
from pgfa.text.catalogue import Catalogue

MAX_BYTES = 16 * 1024 * 1024
MAX_CHARACTERS = 8_000


def read_sentences(path: str | Path, catalogue: Catalogue) -> dict[str, str]:
    """Sentences from a file, line n for the class with id n - 1.

    The text is UTF-8, with or without a byte-order mark; any line endings; the last line need not end. Spaces at
    both ends of a line are removed. Empty lines are accepted at the end of the file only.

    Args:
        path: the file.
        catalogue: whose classes the lines are for.

    Returns:
        Class name -> sentence, in the order of ids.

    Raises:
        BadFile: no such file, not UTF-8, an empty line, control characters, not one line per class.
        LimitExceeded: above 16 MB, or a line above 8,000 characters.
    """
    path = Path(path)
    try:
        if (size := path.stat().st_size) > MAX_BYTES:
            raise LimitExceeded(f"{path}: {size:,} bytes, more than the limit of {MAX_BYTES:,}")
        raw = path.read_bytes()
    except (OSError, ValueError) as error:
        actual = "no file" if isinstance(error, FileNotFoundError) else str(error)
        raise BadFile(path, expected="a text file, one line per class", found=actual) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line_ends = raw.count(b"\n", 0, error.start)
        actual = f"the byte {raw[error.start]:#04x}"
        raise BadFile(path, where=f"line {line_ends + 1}", expected="text in UTF-8", found=actual) from None
    lines = [line.strip() for line in text.replace("\r\n", "\n").replace("\r", "\n").rstrip().split("\n")]
    for number, line in enumerate(lines, 1):
        _check(path, number, line)
    if len(lines) != len(catalogue):
        expected = f"{len(catalogue)} lines, one per class of {catalogue.dataset}"
        raise BadFile(path, expected=expected, found=str(len(lines)))
    return {action.name: line for action, line in zip(catalogue.actions, lines, strict=True)}


def _check(path: Path, number: int, line: str) -> None:
    where = f"line {number}"
    if not line:
        raise BadFile(path, where=where, expected="a sentence", found="an empty line")
    if len(line) > MAX_CHARACTERS:
        raise LimitExceeded(f"{path}, {where}: {len(line):,} characters, limit {MAX_CHARACTERS:,}")
    if control := next((c for c in line if ord(c) < 32 and c != "\t"), ""):
        raise BadFile(path, where=where, expected="plain text", found=f"the character {control!r}")
