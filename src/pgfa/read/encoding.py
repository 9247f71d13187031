"""Text as other systems write it -> UTF-8 with line feeds. Binary files are left as they are."""

from __future__ import annotations

import re

# The longer marks first: UTF-32 starts as UTF-16 does.
_MARKS = (
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"\xef\xbb\xbf", "utf-8"),
)
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f]")
_HEAD = 4096
_HALF_PAIR = re.compile("[\ud800-\udc7f\udd00-\udfff]")
"""Without the codes by which Python keeps a byte that is not UTF-8."""
JOINERS = "\u200c\u200d"
"""Between letters of Persian and Indian scripts, and between the parts of an emoji: not printed, but no control."""


def as_utf8(raw: bytes) -> bytes:
    """UTF-16 and UTF-32 with a byte order mark as UTF-8, without the mark; carriage returns alone as line feeds.

    Other bytes, and all bytes of a file that does not start like a text, are returned unchanged.
    """
    for mark, name in _MARKS:
        if raw.startswith(mark):
            raw = raw[len(mark) :]
            if name != "utf-8":
                raw = raw.decode(name, "replace").encode("utf-8", "replace")
            break
    head = raw[:_HEAD]
    # Line ends of the Macintosh before 2001, which some programs still write.
    if b"\r" in head and b"\n" not in head and not _CONTROL.search(head):
        raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return raw


def is_text(raw: bytes) -> bool:
    """Whether bytes look like text: no control characters, as UTF-8 or a code page."""
    return bool(raw) and not _CONTROL.search(as_utf8(raw[:_HEAD]))


def printable(text: str) -> str:
    """A name of which not all bytes are UTF-8, in a form that can be printed and stored: ``b\\xe9.bvh``.

    Of half a pair of UTF-16 the code, which JSON may have: ``\\ud800``.
    """
    text = _HALF_PAIR.sub(lambda half: f"\\u{ord(half[0]):04x}", text)
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def has_control(text: str) -> bool:
    """Whether a text has characters that control how it is shown (line ends, directions), and not only letters."""
    return any(not (c.isprintable() or c in JOINERS) for c in text)


def without_control(text: str, allowed: str = "") -> str:
    """A text with escapes (``\\n``) in place of the characters that control how it is shown, but for those allowed."""
    return "".join(
        c
        if c.isprintable() or c in JOINERS or c in allowed
        else c.encode("unicode_escape", "replace").decode()
        for c in text
    )
