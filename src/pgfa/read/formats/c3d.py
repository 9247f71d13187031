"""C3D (.c3d): markers of a motion capture system, to the joints of a Kinect by Plug-in Gait's marker names."""

from __future__ import annotations

import contextlib
import io
import struct
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LayoutMismatch, LimitExceeded, PgfaError
from pgfa.read.assemble import assemble, check_frames
from pgfa.read.format import Format
from pgfa.read.parsing.units import upright_to_metres
from pgfa.read.sample import coordinates
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import NTU25, Clip, Source

MAX_POINTS = 4096
METRES = {"mm": 0.001, "cm": 0.01, "m": 1.0, "in": 0.0254}

# Joint -> markers and weights. A hip is a fifth of the way from the middle of the side's pelvis markers to the knee;
# a shoulder is a little below its marker.
_CENTRE = {
    "head": {"LFHD": 0.25, "RFHD": 0.25, "LBHD": 0.25, "RBHD": 0.25},
    "chest": {"C7": 0.5, "CLAV": 0.5},
    "spine": {"T10": 0.5, "STRN": 0.5},
    "pelvis": {"LASI": 0.25, "RASI": 0.25, "LPSI": 0.25, "RPSI": 0.25},
}
_SIDE = {
    "shoulder": {"SHO": 0.85, "ELB": 0.15},
    "elbow": {"ELB": 1.0},
    "wrist": {"WRA": 0.5, "WRB": 0.5},
    "hand": {"FIN": 1.0},
    "handtip": {"FIN": 1.0},
    "thumb": {"WRA": 0.5, "FIN": 0.5},
    "hip": {"ASI": 0.4, "PSI": 0.4, "KNE": 0.2},
    "knee": {"KNE": 1.0},
    "ankle": {"ANK": 1.0},
    "foot": {"TOE": 1.0},
}
MARKERS = _CENTRE | {
    f"{joint}_{side}": {side[0].upper() + marker: weight for marker, weight in weights.items()}
    for joint, weights in _SIDE.items()
    for side in ("left", "right")
}
NEEDED = sorted(
    {marker for weights in MARKERS.values() for marker in weights} - {"T10", "STRN", "LFIN", "RFIN"}
)

Floats = NDArray[np.float64]


def sniff(name: str, head: bytes) -> bool:
    """The key 0x50 in the second byte, and a possible block number in the first."""
    return len(head) >= 512 and head[1] == 0x50 and 2 <= head[0] < 16


def find(root: Path) -> list[FileRef]:
    """The .c3d files under a folder or in a zip."""
    return find_files(root, r".+\.c3d", "motion capture files (.c3d)")


def read(ref: FileRef) -> Clip:
    """One clip: (frames, 1, 25, 3) metres in ntu25, y up.

    Raises:
        BadFile: the file is damaged, or the library is missing (the extra `formats`). LayoutMismatch: the
            markers are not those of Plug-in Gait. LimitExceeded.
    """
    raw = ref.read()
    labels, points, rate, unit = _points(ref, raw)
    positions = joints_of(str(ref), labels, points)
    positions, problems = upright_to_metres(
        positions[:, None], NTU25, scale=METRES.get(unit.lower()), stated=ref.stated
    )
    if not 1 <= rate <= 10_000:
        raise BadFile(
            str(ref), where="POINT:RATE", expected="1 to 10000 frames per second", found=f"{rate:g}"
        )
    source = Source(id=ref.stem)
    return assemble(
        ref, raw, positions, rate=rate, layout=NTU25, source=source, problems=problems, absent="nan"
    )


def joints_of(file: str, labels: list[str], points: Floats) -> Floats:
    """(frames, 25, 3) joints of ntu25 from (frames, markers, 3), NaN where absent.

    Raises:
        LayoutMismatch: required markers of Plug-in Gait are missing; names some of these and of the file's.
    """
    column: dict[str, int] = {}
    for index, label in enumerate(labels):
        column.setdefault(label.split(":")[-1].strip().upper(), index)
    if "SACR" in column:  # one marker between the two at the back of the pelvis
        column.setdefault("LPSI", column["SACR"])
        column.setdefault("RPSI", column["SACR"])
    if missing := [marker for marker in NEEDED if marker not in column]:
        present = ", ".join(label[:20] for label in labels[:12]) or "none"
        raise LayoutMismatch(
            f"{file}: expected the markers of Plug-in Gait, found no {', '.join(missing[:8])}; present are {present}"
        )

    def mean(weights: dict[str, float]) -> Floats:
        total: Floats = np.sum(
            [weight * points[:, column[marker]] for marker, weight in weights.items()], axis=0
        )
        return total

    out = {joint: mean(weights) for joint, weights in MARKERS.items() if weights.keys() <= column.keys()}
    out["neck"] = (out["chest"] + out["head"]) / 2
    out.setdefault("spine", (out["pelvis"] + out["chest"]) / 2)
    for side in ("left", "right"):
        for joint in ("hand", "handtip", "thumb"):
            out.setdefault(f"{joint}_{side}", out[f"wrist_{side}"])
    return np.stack([out[joint] for joint in NTU25.joints], axis=1)


def _points(ref: FileRef, raw: bytes) -> tuple[list[str], Floats, float, str]:
    """Labels, (frames, markers, 3) with NaN where absent, frames per second, unit."""
    try:
        import c3d
    except ImportError:
        expected = "the library that reads C3D (pip install 'pgfa[formats]')"
        raise BadFile(str(ref), expected=expected, found="it is not installed") from None
    _check_header(ref, raw)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            reader = c3d.Reader(io.BytesIO(raw))
            count, used = int(reader.last_frame) - int(reader.first_frame) + 1, int(reader.point_used)
            check_frames(ref, max(count, 0))
            if used > MAX_POINTS or used < 1 or count * used * 4 > len(raw):
                actual = f"{used} points in {count} frames, {len(raw):,} bytes"
                expected = "a number of points that fits the size of the file"
                raise BadFile(str(ref), where="POINT:USED", expected=expected, found=actual)
            labels = [str(label).strip() for label in reader.point_labels][:used]
            unit = reader.get("POINT:UNITS")
            unit_name = str(unit.string_value).strip() if unit is not None else "mm"
            frames = []
            for _, points, _ in reader.read_frames(copy=True):
                frames.append(np.where(points[:, 3:4] < 0, np.nan, points[:, :3]))
                check_frames(ref, len(frames))
            stacked = np.stack(frames).astype(np.float64)
            rate = float(reader.point_rate)
    except PgfaError:
        raise
    except MemoryError:
        raise LimitExceeded(f"{ref}: its header asks for more memory than is available") from None
    except Exception as error:  # the library expects undamaged files and fails in many ways
        actual = f"{type(error).__name__}: {error}"[:200]
        raise BadFile(str(ref), expected="a C3D file", found=actual) from None
    stacked[(stacked == 0).all(axis=-1)] = np.nan
    stacked[~np.isfinite(stacked).all(axis=-1)] = np.nan
    if len(labels) < stacked.shape[1]:
        labels += [""] * (stacked.shape[1] - len(labels))
    return labels, stacked, rate, unit_name


def _check_header(ref: FileRef, raw: bytes) -> None:
    """Compare the counts in the header with the size of the file, before memory is allocated."""
    if len(raw) < 1024:
        expected = "a header and parameters of at least 1024 bytes"
        raise BadFile(str(ref), expected=expected, found=f"{len(raw)} bytes")
    # The processor type at the start of the parameters gives the byte order.
    start = (raw[0] - 1) * 512
    if start + 4 > len(raw):
        expected = "a block of parameters inside the file"
        raise BadFile(str(ref), where="byte 0", expected=expected, found=f"block {raw[0]}")
    order = ">" if raw[start + 3] == 86 else "<"
    points, analog, first, last = struct.unpack(f"{order}4H", raw[2:10])
    frames = max(last - first + 1, 0)
    check_frames(ref, frames)
    if points > MAX_POINTS:
        raise LimitExceeded(f"{ref}: {points} points, more than the limit of {MAX_POINTS}")
    if frames * (points * 8 + analog * 2) > len(raw):
        actual = f"{frames} frames of {points} points and {analog} analog values in {len(raw):,} bytes"
        raise BadFile(
            str(ref),
            where="header",
            expected="a number of frames that fits the size of the file",
            found=actual,
        )


def sample() -> dict[str, bytes]:
    """Three frames of all markers. Needs the extra, as reading does."""
    import c3d

    writer = c3d.Writer(point_rate=100)
    markers = coordinates(len(NEEDED), 3, low=-300, high=300)
    for step in range(3):
        points = np.zeros((len(NEEDED), 5), np.float32)
        points[:, :3] = markers + step
        writer.add_frames([(points, np.array([[]]))])
    writer.set_point_labels(NEEDED)
    file = io.BytesIO()
    writer.write(file)
    return {"walk.c3d": file.getvalue()}


FORMAT = Format(
    "c3d",
    "C3D: .c3d, markers of Plug-in Gait",
    sniff,
    find,
    read,
    extra="formats",
    sample=sample,
)
