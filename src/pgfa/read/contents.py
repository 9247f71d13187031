"""What a file that is no recording is, in a few words, from its first bytes."""

from __future__ import annotations

from pgfa.errors import BadFile
from pgfa.read.encoding import is_text

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
        return next((name for start, name in _TEXTS if text.startswith(start)), "plain text")
    return "an unknown binary file" if head.strip(b"\0") else "zero bytes only"
