"""What a file that is no recording is, in a few words, from its first bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain

from pgfa.errors import BadFile
from pgfa.read.encoding import as_utf8, is_text
from pgfa.read.interpret.other_counts import rows_of_shape

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"BM", "a BMP image"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive: unpack it"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it"),
    (b"Rar!", "a RAR archive: unpack it"),
    (b"BZh", "a bzip2 archive: unpack it"),
    (b"\xfd7zXZ", "an xz archive: unpack it"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive: unpack it"),
    (b"PK", "a zip archive"),
    (b"MATLAB 7.3", "a MATLAB 7.3 file: save it with -v7"),
    (b"MATLAB 5.0", "a MATLAB file of another kind"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x80", "a Python object stream"),
    (b"PAR1", "a Parquet table"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"RIFF", "sound, or a video of another kind"),
    (b"ID3", "sound"),
    (b"OggS", "sound or video"),
    (b"Kaydara FBX", "an FBX file: export it as BVH"),
    (b"glTF", "a glTF file of another kind"),
    (b"bplist", "a property list"),
)
_TEXTS: tuple[tuple[bytes, str], ...] = (
    (b"; fbx", "an FBX file in text: export it as BVH"),
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<", "XML of another kind"),
    (b"{\\rtf", "a rich text document"),
    (b"{", "JSON of another kind"),
    (b"[", "JSON of another kind"),
    (b"version https://git-lfs", "a pointer of Git LFS: fetch the file itself with `git lfs pull`"),
)


_ARCHIVES: tuple[tuple[str, str], ...] = (
    ("xl/", "an Excel workbook: save the sheet as .csv"),
    ("word/", "a Word document"),
    ("ppt/", "a presentation"),
    ("content.xml", "an OpenDocument file: save the table as .csv"),
    ("AndroidManifest.xml", "a program"),
)
"""Zip archives that are files of a program, by the name of a member, or the folder of one."""
_ARCHIVE_ENDINGS: tuple[tuple[str, str], ...] = (
    ("/data.pkl", "a file of PyTorch: save its arrays with numpy.savez"),
    (".usdc", "a USDZ file: export it as glTF or BVH"),
    (".usda", "a USDZ file: export it as glTF or BVH"),
)
LEAST_NUMBERS = 20
"""Numbers in a line of coordinates."""
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|nan", re.IGNORECASE)
MIN_TITLES, MAX_TITLES = 4, 6
"""Titles of a table, at least, and those that an error lists."""


class NotARecording(BadFile):
    """A file of no known format.

    Args:
        file: the file.
        kind: what it is.
        formats: names of the formats that can be read.
    """

    def __init__(self, file: str, kind: str, formats: tuple[str, ...]) -> None:
        names = ", ".join(formats)
        super().__init__(file, expected=f"a recording in a known format ({names})", found=kind)
        self.formats = formats
        self.args = (
            f"{file}: Not a skeleton recording ({kind}). Supported formats: {names}. docs/formats.md describes them",
        )

    def __reduce__(self) -> tuple[object, ...]:
        return NotARecording, (self.file, self.found, self.formats)


class OtherContent(BadFile):
    """A sound file that another program wrote, of a kind that holds recordings too, but not in this one."""

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_other_content, (self.file, self.expected, self.found, self.where)


def _rebuild_other_content(file: str, expected: str, found: str, where: str) -> OtherContent:
    return OtherContent(file, expected=expected, found=found, where=where)


def describe(head: bytes) -> str:
    """The kind of a file of no known format.

    Args:
        head: its first bytes, as `FileRef.head` gives them.
    """
    if not head:
        return "an empty file"
    if start := next((name for start, name in _STARTS if head.startswith(start)), ""):
        return start
    if head[257:262] == b"ustar":
        return "a tar archive: unpack it"
    if is_text(head):
        text = head.lstrip().lower()
        return next(
            (name for start, name in _TEXTS if text.startswith(start)),
            _table(as_utf8(head).decode("utf-8", "replace")),
        )
    return "an unknown binary file" if head.strip(b"\0") else "zero bytes only"


def archive_kind(names: Sequence[str]) -> str:
    """What a zip with members of these names is, if it is no mere collection of files; else ""."""
    starts = (kind for start, kind in _ARCHIVES if any(name.startswith(start) for name in names))
    ends = (kind for end, kind in _ARCHIVE_ENDINGS if any(name.endswith(end) for name in names))
    return next(chain(starts, ends), "")


def _table(text: str) -> str:
    """Text as a table with its titles, if the line below these has as many cells; as numbers; else plain text."""
    lines = [line for line in text.splitlines()[:20] if line.strip()][:2]
    separator = max(",;\t|", key=lines[0].count) if lines else ","
    titles, cells = (([cell.strip(' "') for cell in line.split(separator)]) for line in (*lines, "", "")[:2])
    if (
        len(titles) < MIN_TITLES
        or len(titles) != len(cells)
        or not all(any(map(str.isalpha, t)) for t in titles)
    ):
        return _numbers(lines)
    listed = ", ".join(title[:20] for title in titles[:MAX_TITLES])
    more = ", ..." if len(titles) > MAX_TITLES else ""
    return f"a table with the columns {listed}{more}: no x and y of joints"


def _numbers(lines: Sequence[str]) -> str:
    """Lines of as many numbers, with what is known of so many; else plain text."""
    rows = [re.split(r"[\s,;]+", line.strip()) for line in lines]
    count = len(rows[0]) if rows else 0
    if (
        count < LEAST_NUMBERS
        or {len(row) for row in rows} != {count}
        or not all(_NUMBER.fullmatch(cell) for row in rows for cell in row)
    ):
        return "plain text"
    advice = rows_of_shape((len(rows), count))
    return f"{count} numbers in a line, as no known joints have" + (f": {advice}" if advice else "")
