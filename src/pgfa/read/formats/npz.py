"""The clip file of pgfa: an .npz of plain arrays, one clip per file or many. Never pickled, never unpickled.

Fields: ``positions`` (frames, bodies, joints, 3) or (frames, joints, 3) numbers in metres, y up, NaN where
absent; ``rate`` in Hz; ``layout`` by name. Optional: ``id dataset action variant subject camera setup``
(text), ``problems`` (list of text) and ``listed`` (`pgfa.Clip.listed`). A file with the field ``offsets`` holds many
clips (`npz_set`).
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LayoutMismatch, LimitExceeded
from pgfa.files import write_atomic
from pgfa.read.archive import READ_ERRORS, ZIP_START, damage, inflate, member_names
from pgfa.read.assemble import assemble, check_frames
from pgfa.read.format import Format, first_clip
from pgfa.read.formats import npz_array, npz_set
from pgfa.read.interpret.plausible import notes_on_body
from pgfa.read.limits import allowance, inflated_allowance
from pgfa.read.parsing.arrays import plain_array
from pgfa.read.sample import coordinates
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import NO_DEPTH, Clip, Layout, Source, get_layout

TEXTS = ("id", "dataset", "action", "variant", "subject", "camera", "setup")
MAX_INFLATED = 64 * 1024 * 1024
"""Bytes to which all fields of a small file together may inflate."""
MAX_NUMBERS = 10_000_000
"""Coordinates in a small file, those of `listed` included."""
OWN_FIELDS = {"layout", "offsets", "listed", "problems", "variant", "setup"}
"""Fields that only pgfa's own files have: positions and rate are in those of other programs too."""
MAX_TEXT = 1000
MAX_BODIES = 64


def sniff(name: str, head: bytes) -> bool:
    """A zip whose first member is an .npy array."""
    return head.startswith(b"PK\x03\x04") and b".npy" in head[30:130]


def is_clip(ref: FileRef) -> bool:
    """Whether a zip is one clip: an .npz by its name and first member, or with positions in it."""
    try:
        head = ref.head()
        if ref.name.lower().endswith(".npz") or ref.member is not None:
            return sniff(ref.name, head)
        return head.startswith(ZIP_START) and "positions.npy" in member_names(ref.path)
    except BadFile:
        return False


def find(root: Path) -> list[FileRef]:
    """The .npz files under a folder or in a zip."""
    return find_files(root, r".+\.npz", "clips (.npz)")


def save_clip(path: Path, clip: Clip) -> None:
    """Write one clip, atomically. Read it back with `read`; the digest is then that of the written file."""
    arrays: dict[str, Any] = {
        "positions": clip.positions,
        "rate": np.float64(clip.rate),
        "layout": np.str_(clip.layout.name),
        "problems": np.array(clip.problems, dtype=np.str_),
    }
    arrays |= {name: np.str_(getattr(clip.source, name)) for name in TEXTS}
    if clip.listed is not None:
        arrays["listed"] = clip.listed

    def write(file: BinaryIO) -> None:
        np.savez_compressed(file, allow_pickle=False, **arrays)

    write_atomic(path, write)


def read(ref: FileRef) -> Clip:
    """One clip as it was saved, or the first of many. Raises BadFile with the field, LimitExceeded."""
    return first_clip(read_all(ref))


def read_all(ref: FileRef) -> list[Clip | BadFile]:
    """All clips of the file, with an error in place of each of many that cannot be used. Raises as `read`."""
    raw = ref.read()
    fields = _fields(ref, raw)
    if isinstance(fields, Clip):
        return [fields]
    if "offsets" in fields:
        return npz_set.read_set(ref, fields, most=allowance(len(raw), npz_set.SMALL_CLIPS))
    return [_clip(ref, raw, fields)]


def _clip(ref: FileRef, raw: bytes, fields: dict[str, bytes]) -> Clip:
    positions = _field(ref, fields, "positions", "fiu", "numbers")
    if positions.ndim == 3:
        positions = positions[:, None]
    try:
        layout = get_layout(_text(ref, fields, "layout", required=True))
    except LayoutMismatch as error:
        raise BadFile(str(ref), where="field layout", expected="a known layout", found=str(error)) from None
    _check_shape(ref, "positions", positions, layout)
    check_frames(ref, positions.shape[0])
    rate = _field(ref, fields, "rate", "fiu", "a number of frames per second")
    if rate.size != 1 or not 0.01 <= float(rate.reshape(-1)[0]) < 1e6:
        actual = f"{rate.reshape(-1)[:3].tolist()}"
        raise BadFile(
            str(ref), where="field rate", expected="0.01 to 1,000,000 frames per second", found=actual
        )
    stored = _field(ref, fields, "listed", "fiu", "numbers") if "listed" in fields else None
    numbers = positions.size + (0 if stored is None else stored.size)
    if numbers > (most := allowance(len(raw), MAX_NUMBERS)):
        raise LimitExceeded(f"{ref}: {numbers:,} numbers, more than the limit of {most:,}")
    listed = None
    if stored is not None:
        _check_shape(ref, "listed", stored, layout)
        with np.errstate(over="ignore"):  # an infinite coordinate is absent
            listed = stored.astype(np.float32)
        if len(listed) != len(positions):
            expected = f"{len(positions)} frames, as in positions"
            raise BadFile(str(ref), where="field listed", expected=expected, found=f"{len(listed)}")
    texts = {name: _text(ref, fields, name) for name in TEXTS}
    source = Source(**(texts | {"id": texts["id"] or ref.stem}))
    problems: tuple[str, ...] = ()
    if "problems" in fields:
        array = _field(ref, fields, "problems", "U", "text").reshape(-1)[:MAX_TEXT]
        problems = tuple(str(text)[:MAX_TEXT] for text in array)
    if (
        not source.dataset and NO_DEPTH not in problems
    ):  # a data set keeps its clips, whatever its sensor tracked
        problems += notes_on_body(positions.astype(np.float64), layout)
    return assemble(
        ref,
        raw,
        positions,
        rate=float(rate.reshape(-1)[0]),
        layout=layout,
        source=source,
        problems=problems,
        absent="nan",
        listed=listed,
    )


def _check_shape(ref: FileRef, name: str, array: NDArray[Any], layout: Layout) -> None:
    joints = len(layout.joints)
    if array.ndim != 4 or array.shape[2:] != (joints, 3) or not 1 <= array.shape[1] <= MAX_BODIES:
        shape = " x ".join(map(str, array.shape))
        expected = f"frames x bodies x {joints} x 3 numbers (layout {layout.name})"
        raise BadFile(str(ref), where=f"field {name}", expected=expected, found=shape)


def _fields(ref: FileRef, raw: bytes) -> dict[str, bytes] | Clip:
    """Bytes of the members that are fields of a clip, inflated up to a limit for all together; the clip of a file that
    another program wrote."""
    names = {"positions", "rate", "layout", "problems", "listed", *TEXTS, *npz_set.FIELDS}
    left = inflated_allowance(len(raw), MAX_INFLATED)
    fields: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            if not OWN_FIELDS & members.keys():
                return npz_array.read_array(ref, raw, archive, members, MAX_INFLATED)
            for name in sorted(names & members.keys()):
                fields[name] = inflate(ref, archive, members[name], left, MAX_INFLATED)
                left -= len(fields[name])
    except READ_ERRORS as error:
        actual = str(error)
        if not zipfile.is_zipfile(io.BytesIO(raw)):  # without the directory at its end
            actual = damage(raw, len(raw)) or actual
        raise BadFile(str(ref), expected="an .npz file", found=actual) from None
    return fields


def _field(ref: FileRef, fields: dict[str, bytes], name: str, kinds: str, expected: str) -> NDArray[Any]:
    where = f"field {name}"
    if name not in fields:
        raise BadFile(str(ref), where=where, expected=expected, found="no such field")
    return plain_array(ref, fields[name], kinds=kinds, expected=expected, where=where)


def _text(ref: FileRef, fields: dict[str, bytes], name: str, *, required: bool = False) -> str:
    if name not in fields and not required:
        return ""
    array = _field(ref, fields, name, "U", "text")
    if array.size != 1 or len(str(array.reshape(-1)[0])) > MAX_TEXT:
        expected = f"one text of at most {MAX_TEXT} letters"
        raise BadFile(
            str(ref), where=f"field {name}", expected=expected, found=f"{array.size} of type {array.dtype}"
        )
    return str(array.reshape(-1)[0])


def sample() -> dict[str, bytes]:
    """One frame of one body."""
    file = io.BytesIO()
    np.savez(file, positions=coordinates(1, 1, 20, 3), rate=30.0, layout="kinect20")
    return {"clip.npz": file.getvalue()}


FORMAT = Format(
    "npz",
    "pgfa's clip file: .npz, one clip or many, any layout",
    sniff,
    find,
    read,
    read_all=read_all,
    container=is_clip,
    sample=sample,
)
