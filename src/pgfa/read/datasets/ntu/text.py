"""The text of a `.skeleton` file -> numbers: one fast way for well-formed files, one careful way for all.

A file is (method.md section 5): frame count; per frame its body count; per body a line of 10 numbers
(tracking id first), the joint count 25, and 25 lines of 12 numbers of which the first three are x y z in
metres. The other columns (depth and colour pixels, orientation, tracking state) are not used here.

The careful way reads line by line and says where a file is wrong. The fast way reads nothing but separators,
counts and the 3 columns that matter, all joints at once; where anything is unusual it gives up, and the
careful way decides.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.parsing.fast_floats import decimals, number

JOINTS = 25
BODY_NUMBERS = 10
JOINT_NUMBERS = 12
MAX_BODIES = 6
"""What a Kinect v2 tracks at once."""
MAX_FRAMES = 100_000

_FAST_BYTES = 32 * 1024 * 1024
_BODY_TOKENS = BODY_NUMBERS + 1 + JOINTS * JOINT_NUMBERS
_PLAIN = b"0123456789 .-+eE\n"


@dataclass(frozen=True)
class Bodies:
    """All bodies of a file, one row for each body in each frame, in file order.

    Attributes:
        frames: frames in the file, those without a body included.
        frame: (rows,) frame of each row, 0-based, rising.
        ids: (rows,) tracking ids as written. Never as floats: they lie above 2**53.
        joints: (rows, 25, 3) float32 metres.
        problems: what was odd in the text and could be read all the same.
    """

    frames: int
    frame: NDArray[np.int64]
    ids: list[bytes]
    joints: NDArray[np.float32]
    problems: tuple[str, ...] = ()


def parse_text(raw: bytes, name: str) -> Bodies:
    """Read the text of a `.skeleton` file.

    Args:
        raw: the file's bytes.
        name: the file's name, for errors.

    Raises:
        BadFile: with the line, where counts, columns or numbers are not what they should be, or a file
            claims more than 100,000 frames or six bodies at once.
    """
    if len(raw) <= _FAST_BYTES:
        bodies = parse_fast(raw)
        if bodies is not None:
            return bodies
    return parse_carefully(raw, name)


def parse_fast(raw: bytes) -> Bodies | None:
    """What `parse_carefully` gives for well-formed files, many times as fast; None for any other file.

    Columns that are not used are held to the characters of numbers, no closer.
    """
    if b"\r" in raw:
        raw = raw.replace(b"\r\n", b"\n")
    if not raw.endswith(b"\n"):
        raw += b"\n"
    if raw.translate(None, _PLAIN):
        return None
    text = np.frombuffer(raw, dtype=np.uint8)
    # A number ends at each separator; it starts one place after the separator before.
    ends = np.flatnonzero(text <= 32)
    if ends[0] == 0 or (len(ends) > 1 and (ends[1:] - ends[:-1]).min() < 2):
        return None
    counts = _body_counts(raw, ends)
    if counts is None:
        return None
    # Every number has its place once the body counts are known.
    bodies = np.arange(counts.sum())
    earlier = np.cumsum(counts) - counts
    frame_tokens = 1 + np.arange(len(counts)) + earlier * _BODY_TOKENS
    body_tokens = np.repeat(2 + np.arange(len(counts)), counts) + bodies * _BODY_TOKENS
    joint_tokens = body_tokens[:, None] + (BODY_NUMBERS + 1 + JOINT_NUMBERS * np.arange(JOINTS))
    # Every line ends where its last number does, and nowhere else.
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
    ids = [raw[a:b] for a, b in zip(id_starts.tolist(), id_ends.tolist(), strict=True)]
    if not b"".join(ids).isdigit():
        return None
    wanted = (joint_tokens[:, :, None] + np.arange(3)).ravel()
    values = decimals(raw, ends[wanted - 1] + 1, ends[wanted])
    if values is None or not np.isfinite(values).all():
        return None
    return Bodies(
        frames=len(counts),
        frame=np.repeat(np.arange(len(counts)), counts),
        ids=ids,
        joints=values.reshape(-1, JOINTS, 3),
    )


def _body_counts(raw: bytes, ends: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """(frames,) bodies in each frame; None where the file has not as many numbers as they ask for."""
    frames = raw[: ends[0]]
    # A count longer than six digits is above every limit.
    if not (frames.isdigit() and len(frames) <= 6 and 0 < int(frames) <= min(MAX_FRAMES, len(ends) - 1)):
        return None
    counts, at, most = [], 1, len(ends)
    for _ in range(int(frames)):
        if at >= most:
            return None
        end = ends.item(at)
        count = raw[end - 1] - 48
        if ends.item(at - 1) != end - 2 or not 0 <= count <= MAX_BODIES:
            return None
        counts.append(count)
        at += 1 + count * _BODY_TOKENS
    return np.array(counts) if at == most and any(counts) else None


class _Lines:
    """Lines of a file one by one, with their number, for errors."""

    def __init__(self, raw: bytes, name: str) -> None:
        self._file, self.name, self.number = io.BytesIO(raw), name, 0

    def next(self, expected: str) -> bytes:
        line = self._file.readline()
        self.number += 1
        if not line:
            raise self.bad(expected, "the end of the file")
        return line

    def count(self, what: str, most: int) -> int:
        line = self.next(f"the {what}")
        number = line.strip()
        if not (number.isdigit() and len(number) < 16):
            raise self.bad(f"the {what}, a whole number", _shown(line))
        if int(number) > most:
            raise self.bad(f"a {what} of at most {most:,}", _shown(line))
        return int(number)

    def rest(self) -> int:
        """How many lines that are not blank are left."""
        return sum(1 for line in self._file if line.strip())

    def bad(self, expected: str, found: str) -> BadFile:
        return BadFile(self.name, expected=expected, found=found, where=f"line {self.number}")


def parse_carefully(raw: bytes, name: str) -> Bodies:
    """Read line by line; the rules are those of `parse_text`, and this function is what they mean."""
    lines = _Lines(raw, name)
    frames = lines.count("frame count", MAX_FRAMES)
    frame: list[int] = []
    ids: list[bytes] = []
    joints: list[NDArray[np.float32]] = []
    wide = unread = lost = 0
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
                unread += not all(_is_number(word) for word in words[3:])
            finite = np.isfinite(body).all(axis=1)
            lost += int(JOINTS - finite.sum())
            body[~finite] = np.nan
            frame.append(index)
            ids.append(head[0])
            with np.errstate(over="ignore"):
                joints.append(body.astype(np.float32))
    problems = [
        f"{wide} joint lines of more than 12 numbers" if wide else "",
        f"{unread} joint lines with text in columns not used" if unread else "",
        f"{lost} joints without a place (NaN)" if lost else "",
        f"{rest} lines after the last frame" if (rest := lines.rest()) else "",
    ]
    return Bodies(
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
