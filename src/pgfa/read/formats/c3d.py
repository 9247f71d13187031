"""C3D (.c3d): markers of a motion capture system, to the joints of a Kinect by the markers' names.

The library reads header and parameters; the coordinates are taken from the data section at once, whose size also gives
the number of frames where the header's 16 bits do not suffice.
"""

from __future__ import annotations

import contextlib
import io
import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded, PgfaError
from pgfa.read.assemble import MAX_FRAMES, check_frames
from pgfa.read.format import Format
from pgfa.read.parsing.markers import Trajectories, check_cells, marker_clip, standing
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import Clip

MAX_POINTS = 4096
BLOCK = 512
NEEDED = (
    "C7", "CLAV",
    *(side + name for side in "LR" for name in (
        "FHD", "BHD", "SHO", "ELB", "WRA", "WRB", "ASI", "PSI", "KNE", "ANK", "TOE",
    )),
)  # fmt: skip
"""Markers of Plug-in Gait of which the sample consists."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Section:
    """The data section: where it starts, and what a frame in it consists of."""

    start: int
    points: int
    analog: int
    floats: bool
    scale: float
    order: str
    dec: bool

    @property
    def frame(self) -> int:
        """Bytes per frame."""
        return (4 * self.points + self.analog) * (4 if self.floats else 2)


def sniff(name: str, head: bytes) -> bool:
    """The key 0x50 in the second byte, a possible block number in the first, and no text."""
    return len(head) >= 512 and head[1] == 0x50 and 2 <= head[0] < 16 and b"\0" in head[:BLOCK]


def find(root: Path) -> list[FileRef]:
    """The .c3d files under a folder or in a zip."""
    return find_files(root, r".+\.c3d", "motion capture files (.c3d)")


def read(ref: FileRef) -> Clip:
    """One clip: (frames, subjects, 25, 3) metres in ntu25, y up.

    Raises:
        BadFile: the file is damaged, its markers do not give a body, or the library is missing (the extra
            `formats`). LimitExceeded.
    """
    raw = ref.read()
    try:
        import c3d
    except ImportError:
        expected = "the library that reads C3D (pip install 'pgfa[formats]')"
        raise BadFile(str(ref), expected=expected, found="it is not installed") from None
    _check_header(ref, raw)
    with _plain_errors(ref), warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        # The library's own comparison of header and parameters refuses files that only lack analog data.
        lenient = type("Reader", (c3d.Reader,), {"_check_metadata": lambda self: None})
        reader = lenient(io.BytesIO(raw))
        section = _section(ref, reader)
        labels = _labels(reader, section.points)
        frames = _frames(ref, raw, reader, section)
        unit = reader.get("POINT:UNITS")
        unit_name = str(unit.string_value).strip(" \0") if unit is not None else ""
        rate = float(reader.point_rate)
        points = _points(raw, section, frames)
    return marker_clip(ref, raw, Trajectories(labels, points, rate, unit_name), where="POINT:RATE")


@contextlib.contextmanager
def _plain_errors(ref: FileRef) -> Iterator[None]:
    """The library expects undamaged files and fails in many ways."""
    try:
        yield
    except PgfaError:
        raise
    except MemoryError:
        raise LimitExceeded(f"{ref}: its header asks for more memory than is available") from None
    except Exception as error:
        actual = f"{type(error).__name__}: {error}"[:200]
        raise BadFile(str(ref), expected="a C3D file", found=actual) from None


def _check_header(ref: FileRef, raw: bytes) -> None:
    """Check what the library would follow before it allocates memory."""
    if len(raw) < 2 * BLOCK:
        expected = "a header and parameters of at least 1024 bytes"
        raise BadFile(str(ref), expected=expected, found=f"{len(raw)} bytes")
    start = (raw[0] - 1) * BLOCK
    if start + 4 > len(raw):
        expected = "a block of parameters inside the file"
        raise BadFile(str(ref), where="byte 0", expected=expected, found=f"block {raw[0]}")
    # The processor type at the start of the parameters gives the byte order.
    (points,) = struct.unpack((">" if raw[start + 3] == 86 else "<") + "H", raw[2:4])
    if points > MAX_POINTS:
        raise LimitExceeded(f"{ref}: {points} points, more than the limit of {MAX_POINTS}")


def _section(ref: FileRef, reader: Any) -> _Section:
    points = int(reader.point_used)
    channels = int(reader.analog_used)
    # The library cuts 999.99 / 100 off to 9.
    analog = channels * round(float(reader.analog_rate) / float(reader.point_rate)) if channels else 0
    if points > MAX_POINTS:
        raise LimitExceeded(f"{ref}: {points} points, more than the limit of {MAX_POINTS}")
    if points < 1:
        expected = "markers, or joint centres exported as points"
        raise BadFile(str(ref), where="POINT:USED", expected=expected, found="no point")
    start = (int(reader.header.data_block) - 1) * BLOCK
    scale = float(reader.point_scale)
    if start < BLOCK or not 0 <= analog < 1 << 24 or not np.isfinite(scale):
        expected = "a data section after the header, and a scale"
        actual = f"block {reader.header.data_block}, {analog} analog values, scale {scale:g}"
        raise BadFile(str(ref), where="header", expected=expected, found=actual)
    order = ">" if reader.proc_type == 86 else "<"
    return _Section(start, points, analog, scale < 0, abs(scale), order, reader.proc_type == 85)


def _labels(reader: Any, points: int) -> tuple[str, ...]:
    """The labels of all points: a parameter has at most 255, more are in LABELS2, LABELS3, ..."""
    labels: list[str] = []
    for number in range(1, 2 + points // 255):
        parameter = reader.get("POINT:LABELS" + (str(number) if number > 1 else ""))
        if parameter is None:
            break
        labels += [str(label).strip(" \0") for label in np.ravel(parameter.string_array)]
    return tuple((labels + [""] * points)[:points])


def _frames(ref: FileRef, raw: bytes, reader: Any, section: _Section) -> int:
    """The number of frames: as the file has it, where the data section is as long.

    The header counts with 16 bits; of more than 65,535 frames some programs write the remainder or the maximum, and
    others a parameter that others do not know. What fits the data section counts.
    """
    available = (len(raw) - section.start) // section.frame
    padding = BLOCK // section.frame + 1
    first = int(reader.header.first_frame)
    counts = [int(reader.header.last_frame) - first + 1]
    with contextlib.suppress(Exception):  # parameters of other lengths than the library expects
        counts.append(int(reader.last_frame) - int(reader.first_frame) + 1)
    fitting = [count for count in counts if 0 < count <= available and available - count <= padding]
    if fitting:
        count = max(fitting)
    elif available > 0xFFFF - padding and any(
        count >= 0xFFFF or 0 <= (available - count) % 0x10000 <= padding for count in counts
    ):
        count = _without_padding(raw, section, available)
    else:
        count = max(counts)
        if not 0 < count <= available:
            expected = "a number of frames that fits the size of the file"
            actual = (
                f"{count} frames of {section.points} points in {len(raw):,} bytes, which hold {available}"
            )
            raise BadFile(str(ref), where="header", expected=expected, found=actual)
    check_frames(ref, count)
    check_cells(ref, count * (4 * section.points + section.analog))
    return count


def _without_padding(raw: bytes, section: _Section, frames: int) -> int:
    """The last block is filled up with zeros, which may look like frames."""
    least = max(1, frames - BLOCK // section.frame)
    while frames > least and not any(
        raw[section.start + (frames - 1) * section.frame : section.start + frames * section.frame]
    ):
        frames -= 1
    return min(frames, MAX_FRAMES + 1)


def _points(raw: bytes, section: _Section, frames: int) -> Floats:
    """(frames, points, 3), NaN where a point is invalid: a negative residual, or at 0 0 0."""
    words = frames * section.frame // (4 if section.floats else 2)
    if section.floats and section.dec:
        import c3d

        part = raw[section.start : section.start + frames * section.frame]
        flat = np.asarray(c3d.c3d.DEC_to_IEEE_BYTES(part), dtype=np.float64)
    else:
        kind = "f4" if section.floats else "i2"
        flat = np.frombuffer(raw, section.order + kind, words, section.start)
    columns = flat.reshape(frames, -1)[:, : 4 * section.points]
    values = columns.reshape(frames, section.points, 4).astype(np.float64)
    points: Floats = values[..., :3] * (1.0 if section.floats else section.scale)
    with np.errstate(invalid="ignore"):
        invalid = (values[..., 3] <= -1) | ~np.isfinite(points).all(axis=-1) | (points == 0).all(axis=-1)
    points[invalid] = np.nan
    return points


def sample() -> dict[str, bytes]:
    """Three frames of all markers. Needs the extra, as reading does."""
    import c3d

    writer = c3d.Writer(point_rate=100)
    for frame in 1000 * standing(NEEDED)[..., [2, 0, 1]]:
        points = np.zeros((len(NEEDED), 5), np.float32)
        points[:, :3] = frame
        writer.add_frames([(points, np.array([[]]))])
    writer.set_point_labels(list(NEEDED))
    file = io.BytesIO()
    writer.write(file)
    return {"walk.c3d": file.getvalue()}


FORMAT = Format(
    "c3d",
    "C3D: .c3d, markers of a whole body by their names",
    sniff,
    find,
    read,
    extra="formats",
    sample=sample,
)
