"""The text of a `.skeleton` file -> numbers: a fast parser for well-formed files, a careful one for all.

A file is (method.md section 5): frame count; per frame its body count; per body a line of 10 numbers
(tracking id first), the joint count 25, and 25 lines of 12 numbers of which the first three are x y z in
metres. The other columns (depth and colour pixels, orientation, tracking state) are not used.

The careful parser reads line by line and names the line of an error. The fast one reads only separators, counts and
the 3 columns that are used, all joints at once; on anything unusual it gives up, and the careful parser decides.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.assemble import MAX_FRAMES, check_frames, counted
from pgfa.read.parsing.fast_floats import decimals, number

JOINTS = 25
BODY_NUMBERS = 10
JOINT_NUMBERS = 12
MAX_BODIES = 6
"""Bodies a Kinect v2 tracks at once."""

_FAST_BYTES = 32 * 1024 * 1024
_BODY_TOKENS = BODY_NUMBERS + 1 + JOINTS * JOINT_NUMBERS
_PLAIN = b"0123456789 .-+eE\n"
_LARGE = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class BodyRows:
    """All bodies of a file, one row per body and frame, in file order.

    Attributes:
        frames: number of frames in the file, including those without a body.
        frame: (rows,) frame of each row, 0-based, rising.
        ids: (rows,) tracking ids as written. Never as floats: they are above 2**53.
        joints: (rows, 25, 3) float32 metres.
        problems: what was unusual in the text but readable.
    """

    frames: int
    frame: NDArray[np.int64]
    ids: list[bytes]
    joints: NDArray[np.float32]
    problems: tuple[str, ...] = ()


def parse_text(raw: bytes, name: str) -> BodyRows:
    """Read the text of a `.skeleton` file.

    Args:
        raw: the file's bytes.
        name: the file's name, for errors.

    Raises:
        BadFile: with the line; a count, a column or a number is wrong, or more than six bodies in a frame.
        LimitExceeded: a frame count above 100,000.
    """
    if len(raw) <= _FAST_BYTES:
        parsed = parse_fast(raw)
        if parsed is not None:
            return parsed
    return parse_carefully(raw, name)


def parse_fast(raw: bytes) -> BodyRows | None:
    """As `parse_carefully` for well-formed files, many times as fast; None for any other file.

    Of columns that are not used, only the characters are checked.
    """
    if b"\r" in raw:
        raw = raw.replace(b"\r\n", b"\n")
    if not raw.endswith(b"\n"):
        raw += b"\n"
    if raw.translate(None, _PLAIN):
        return None
    text = np.frombuffer(raw, dtype=np.uint8)
    # A number ends at each separator, and starts one byte after the previous separator.
    ends = np.flatnonzero(text <= 32)
    if ends[0] == 0 or (len(ends) > 1 and (ends[1:] - ends[:-1]).min() < 2):
        return None
    counts = _body_counts(raw, ends)
    if counts is None:
        return None
    # The index of every number follows from the body counts.
    bodies = np.arange(counts.sum())
    earlier = np.cumsum(counts) - counts
    frame_tokens = 1 + np.arange(len(counts)) + earlier * _BODY_TOKENS
    body_tokens = np.repeat(2 + np.arange(len(counts)), counts) + bodies * _BODY_TOKENS
    joint_tokens = body_tokens[:, None] + (BODY_NUMBERS + 1 + JOINT_NUMBERS * np.arange(JOINTS))
    # Every line ends where its last number ends, and nowhere else.
    heads = body_tokens[:, None] + (BODY_NUMBERS - 1, BODY_NUMBERS)
    last = np.concatenate([[0], frame_tokens, heads.ravel(), joint_tokens.ravel() + (JOINT_NUMBERS - 1)])
    if np.count_nonzero(text == ord("\n")) != len(last) or (text[ends[last]] != ord("\n")).any():
        return None
    joint_counts = ends[body_tokens + BODY_NUMBERS]
    if (ends[body_tokens + (BODY_NUMBERS - 1)] != joint_counts - 3).any():
        return None
    if (text[joint_counts - 2] != ord("2")).any() or (text[joint_counts - 1] != ord("5")).any():
        return None
    id_starts, id_ends = ends[body_tokens - 1] + 1, ends[body_tokens]
    ids = [raw[start:end] for start, end in zip(id_starts.tolist(), id_ends.tolist(), strict=True)]
    if not b"".join(ids).isdigit():
        return None
    coordinate_tokens = (joint_tokens[:, :, None] + np.arange(3)).ravel()
    values = decimals(raw, ends[coordinate_tokens - 1] + 1, ends[coordinate_tokens])
    if values is None or not np.isfinite(values).all():
        return None
    return BodyRows(
        frames=len(counts),
        frame=np.repeat(np.arange(len(counts)), counts),
        ids=ids,
        joints=values.reshape(-1, JOINTS, 3),
    )


def _body_counts(raw: bytes, ends: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """(frames,) bodies in each frame; None if the number of numbers in the file does not match."""
    frames = raw[: ends[0]]
    # A count longer than six digits is above every limit.
    if not (frames.isdigit() and len(frames) <= 6 and 0 < int(frames) <= min(MAX_FRAMES, len(ends) - 1)):
        return None
    counts, token, tokens = [], 1, len(ends)
    for _ in range(int(frames)):
        if token >= tokens:
            return None
        end = ends.item(token)
        count = raw[end - 1] - 48
        if ends.item(token - 1) != end - 2 or not 0 <= count <= MAX_BODIES:
            return None
        counts.append(count)
        token += 1 + count * _BODY_TOKENS
    return np.array(counts) if token == tokens and any(counts) else None


class _Lines:
    """The lines of a file one by one, numbered for errors."""

    def __init__(self, raw: bytes, name: str) -> None:
        self._file, self.name, self.number = io.BytesIO(raw), name, 0

    def next(self, expected: str) -> bytes:
        line = self._file.readline()
        self.number += 1
        if not line:
            raise self.bad(expected, "the end of the file")
        return line

    def count(self, name: str, most: int | None = None) -> int:
        line = self.next(f"the {name}")
        digits = line.strip()
        if not (digits.isdigit() and len(digits) < 16):
            raise self.bad(f"the {name}, a whole number", _shown(line))
        if most is not None and int(digits) > most:
            raise self.bad(f"a {name} of at most {most:,}", _shown(line))
        return int(digits)

    def rest(self) -> int:
        """How many lines that are not blank remain."""
        return sum(1 for line in self._file if line.strip())

    def bad(self, expected: str, actual: str) -> BadFile:
        return BadFile(self.name, expected=expected, found=actual, where=f"line {self.number}")


def parse_carefully(raw: bytes, name: str) -> BodyRows:
    """Read line by line. This function defines the grammar of `parse_text`."""
    lines = _Lines(raw, name)
    frames = lines.count("frame count")
    check_frames(name, frames)
    frame: list[int] = []
    ids: list[bytes] = []
    joints: list[NDArray[np.float32]] = []
    wide = unreadable = lost = 0
    for index in range(frames):
        for _ in range(lines.count(f"body count of frame {index + 1} of {frames}", MAX_BODIES)):
            head = lines.next("a body's line of 10 numbers").split()
            if len(head) < BODY_NUMBERS or not head[0].lstrip(b"-").isdigit():
                raise lines.bad("a body's line of 10 numbers, its tracking id first", _shown(b" ".join(head)))
            if (count := lines.count("joint count", 10**6)) != JOINTS:
                raise lines.bad("25 joints", str(count))
            body = np.empty((JOINTS, 3), dtype=np.float64)
            for joint in range(JOINTS):
                line = lines.next("a joint's line of 12 numbers")
                words = line.split()
                if len(words) < JOINT_NUMBERS:
                    raise lines.bad("a joint's line of 12 numbers", f"{len(words)}: {_shown(line)}")
                try:
                    body[joint] = [number(word) for word in words[:3]]
                except ValueError:
                    raise lines.bad("x y z in metres", _shown(line)) from None
                wide += len(words) > JOINT_NUMBERS
                unreadable += not all(_is_number(word) for word in words[3:])
            finite = np.isfinite(body).all(axis=1)
            lost += int(JOINTS - finite.sum())
            body[~finite] = np.nan
            frame.append(index)
            ids.append(head[0])
            # No coordinate becomes infinite: those that are too large are refused with their joint.
            joints.append(np.clip(body, -_LARGE, _LARGE).astype(np.float32))
    problems = [
        counted(wide, "joint line") + " of more than 12 numbers" if wide else "",
        counted(unreadable, "joint line") + " with text in unused columns" if unreadable else "",
        counted(lost, "joint") + " without a position (NaN)" if lost else "",
        counted(rest, "line") + " after the last frame" if (rest := lines.rest()) else "",
    ]
    return BodyRows(
        frames=frames,
        frame=np.array(frame, dtype=np.int64),
        ids=ids,
        joints=np.array(joints, dtype=np.float32).reshape(-1, JOINTS, 3),
        problems=tuple(filter(None, problems)),
    )


def _is_number(word: bytes) -> bool:
    try:
        number(word)
    except ValueError:
        return False
    return True


def _shown(line: bytes) -> str:
    text = line.strip()[:60].decode("ascii", errors="backslashreplace")
    return repr(text) if text else "an empty line"
