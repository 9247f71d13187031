"""A pack: many clips, as recorded, in one folder. Opening it, and selecting from it.

The folder contains

- ``pack.json``: form, version, layout, data sets, counts, digests of all files, of blocks of the positions
  (`pgfa.pack.blocks`) and of itself (``checksum``);
- ``positions.npy``: (rows, joints, 3) float32; a row is one body in one frame (`pgfa.skeleton.Ragged`), a clip its
  people frame by frame and then, where the file lists its bodies differently (`Clip.listed`), these frame by frame;
- ``manifest.json``: one value per clip in each of `pgfa.pack.manifest.COLUMNS`; Parquet in versions 1 and 2;
- ``rejected.json``: the files that could not be used, and why;
- ``divisions.json`` and ``account.json``, for data sets that have them (`pgfa.pack.protocol`, `ImportReport.account`).

Rule for changes: packs of every earlier `VERSION` stay readable. A new optional key of pack.json keeps `VERSION`:
packs without the digests that were added so (``blocks``, ``files``, ``checksum``) open as before. Any other change of
these files increases `VERSION` and is mapped to the present form in `_read_settings` or `pgfa.pack.manifest`, the only
places that look at the version; `tests/fixtures` keeps a pack of each version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadConfig, BadFile
from pgfa.files import digest, file_sha256, read_json, verify_files
from pgfa.files.folders import recover_folder
from pgfa.pack.blocks import BlockDigests
from pgfa.pack.manifest import COLUMNS, Manifest, manifest_name, read_manifest, to_lists
from pgfa.skeleton import LAYOUTS, Clip, Layout, Ragged, Source
from pgfa.skeleton.bodies import close_up
from pgfa.skeleton.ragged import AS_STORED

FORM, VERSION = "pgfa pack", 3
SETTINGS, POSITIONS, REJECTED = "pack.json", "positions.npy", "rejected.json"


@dataclass(frozen=True)
class Rejected:
    """A file of the data set that could not be used.

    Attributes:
        file: its path below the imported folder (or in the zip).
        message: the reason.
    """

    file: str
    message: str


@dataclass(frozen=True, eq=False)
class Pack:
    """Clips of one layout on disk, or a selection of them: the same memory-mapped rows, fewer manifest lines.

    Attributes:
        folder: the pack's folder.
        layout: of all its clips.
        manifest: one value per clip in each column; `listed` as in `pgfa.skeleton.Ragged`.
        positions: (rows, joints, 3) float32, metres, memory-mapped, read-only.
        digest: 16 hex digits that identify the content and the selection; caches use it as a key.
        rejected: files that the import could not use.
        blocks: with which `clip` verifies the positions that it reads; None: an earlier version wrote the pack, and
            only `verify` detects changed positions.
    """

    folder: Path
    layout: Layout
    manifest: Manifest
    positions: NDArray[np.float32]
    digest: str
    rejected: tuple[Rejected, ...] = ()
    blocks: BlockDigests | None = None

    def __len__(self) -> int:
        return len(self.manifest["id"])

    @cached_property
    def ragged(self) -> Ragged:
        """The clips end to end, for preparation: positions memory-mapped, the rest in memory."""
        names = ("start", "frames", "bodies", "rate", "listed")
        start, frames, bodies, rate, listed = (self.manifest[name] for name in names)
        return Ragged(
            self.positions,
            start=start,
            frames=frames,
            bodies=bodies,
            rate=rate,
            layout=self.layout,
            listed=listed,
        )

    def clip(self, index: int) -> Clip:
        """One clip, in memory. Raises IndexError outside the pack, BadFile if a byte of it has changed."""
        line = {name: values[index : index + 1 or None].tolist()[0] for name, values in self.manifest.items()}
        first, frames, bodies, listed = (line[name] for name in ("start", "frames", "bodies", "listed"))
        count = frames * (bodies + max(listed, 0))
        if self.blocks is not None:
            self.blocks.verify(self.folder / POSITIONS, self.positions, first, count)
        rows = np.array(self.positions[first : first + count])
        positions = rows[: frames * bodies].reshape(frames, bodies, -1, 3)
        names = Source.__dataclass_fields__
        clip = Clip(
            positions=positions,
            rate=line["rate"],
            layout=self.layout,
            source=Source(**{name: line[name] for name in names}),
            problems=tuple(line["problems"]),
            reading=line["reading"],
        )
        if listed == AS_STORED:
            return clip
        if listed > 0:
            return replace(clip, listed=rows[frames * bodies :].reshape(frames, listed, -1, 3))
        by_presence = close_up(positions)
        same = np.array_equal(by_presence, positions, equal_nan=True)
        return clip if same else replace(clip, listed=by_presence)

    def select(
        self, selection: NDArray[np.bool_] | NDArray[np.integer[Any]] | Sequence[bool] | Sequence[int]
    ) -> Pack:
        """The clips of a mask (one value per clip), or of indices in their order. No row is copied.

        Raises:
            IndexError: a mask of another length, or an index outside the pack.
        """
        index = np.asarray(selection)
        if index.dtype == bool and index.shape != (len(self),):
            raise IndexError(f"expected a mask of {len(self)} values, found shape {index.shape}")
        # numpy resolves negative indices and refuses everything that is not an index.
        clips = np.arange(len(self))[index if index.size else index.astype(np.int64)]
        if np.array_equal(clips, np.arange(len(self))):
            return self
        selection_digest = digest(self.digest, clips.astype("<i8").tobytes())
        manifest = {name: values[clips] for name, values in self.manifest.items()}
        return replace(self, manifest=manifest, digest=selection_digest)

    def column(self, name: str) -> NDArray[Any]:
        """(clips,) values of a manifest column; text as numpy strings."""
        values = self.manifest[name]
        return values.astype(str) if COLUMNS.get(name) is str else values

    def index_of(self, clip: str) -> int:
        """Index of the clip with that id. Raises BadConfig that names a few of the pack's ids."""
        ids = self.manifest["id"].tolist()
        if clip not in ids:
            examples = ", ".join(ids[:5]) + (", ..." if len(ids) > 5 else "")
            raise BadConfig(f"{self.folder} has no clip {clip!r}; its {len(ids)} clips: {examples}")
        return int(ids.index(clip))

    @cached_property
    def actions(self) -> NDArray[np.str_]:
        """(clips,) the class of each clip."""
        return self.column("action")

    @cached_property
    def subjects(self) -> NDArray[np.str_]:
        """(clips,) the subject who performs each clip."""
        return self.column("subject")

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The classes that have clips in this pack, sorted."""
        return tuple(sorted(set(self.actions.tolist())))

    @cached_property
    def datasets(self) -> tuple[str, ...]:
        """The data sets that have clips in this pack, sorted."""
        return tuple(sorted(set(self.column("dataset").tolist())))

    def verify(self) -> None:
        """Read the whole pack and compare it with its digests. Raises BadFile if a byte has changed."""
        settings = read_json(self.folder / SETTINGS)
        version = settings.get("version")
        manifest = read_manifest(self.folder, settings.get("manifest_sha256"), version)
        sha = file_sha256(self.folder / POSITIONS)
        if sha != settings.get("positions_sha256"):
            raise _bad(self.folder / POSITIONS, f"SHA-256 {settings.get('positions_sha256')}", sha)
        content = content_digest(sha, self.layout.name, to_lists(manifest), version)
        if content != settings.get("digest"):
            raise _bad(self.folder / manifest_name(version), f"digest {settings.get('digest')}", content)


def is_pack(path: Path) -> bool:
    """Whether a folder has the file pack.json (the pack may still be damaged)."""
    return (path / SETTINGS).is_file()


def open_pack(path: str | Path) -> Pack:
    """Open a pack; positions stay on disk until used.

    Raises:
        BadFile: a file is missing or truncated, the version or layout is unknown, or the manifest does not match the
            positions, or a file its digest. Positions are compared with theirs as they are used: by `Pack.clip`
            those of the clip, before preparation all.
    """
    folder = Path(path)
    recover_folder(folder)
    if not folder.is_dir():
        missing = "no such folder" if folder.is_absolute() else f"no such folder below {Path.cwd()}"
        raise _bad(folder, "a pack (a folder with pack.json)", "a file" if folder.exists() else missing)
    settings = _read_settings(folder / SETTINGS)
    blocks = settings.get("blocks")
    layout = LAYOUTS[settings["layout"]]
    positions = _map_positions(folder / POSITIONS, settings["rows"], len(layout.joints))
    manifest = read_manifest(folder, settings["manifest_sha256"], settings["version"])
    _check_manifest(
        folder / manifest_name(settings["version"]), manifest, settings["clips"], settings["rows"]
    )
    rejected = _read_rejected(folder / REJECTED)
    digests = BlockDigests(blocks) if isinstance(blocks, list) else None
    return Pack(folder, layout, manifest, positions, settings["digest"], rejected, digests)


def content_digest(
    positions_sha256: str, layout: str, columns: dict[str, list[Any]], version: int = VERSION
) -> str:
    """The digest of a pack: of its positions, layout and manifest.

    Packs of versions 2 and 3 with the same clips have the same digest, and where no clip has several bodies, also
    those of version 1.
    """
    version = min(version, 2)
    if max(columns["bodies"]) == 1 and max(columns["listed"]) <= 0:
        version = 1
    # How clips were read is a note and changes no number.
    columns = {name: values for name, values in columns.items() if name != "reading"}
    if version == 1:
        columns = {name: values for name, values in columns.items() if name != "listed"}
    return digest(FORM, version, layout, positions_sha256, columns)


def _bad(file: Path, expected: str, actual: str, where: str = "") -> BadFile:
    return BadFile(file, expected=expected, found=actual, where=where)


def _read_settings(file: Path) -> dict[str, Any]:
    settings = read_json(file)
    if not isinstance(settings, dict) or settings.get("form") != FORM:
        raise _bad(file, f'an object with "form": "{FORM}"', repr(settings)[:80])
    if settings.get("version") not in range(1, VERSION + 1):
        expected = f"version 1 to {VERSION}"
        raise _bad(file, expected, f"{settings.get('version')!r}", "field version")
    if not isinstance(settings.get("layout"), str) or settings["layout"] not in LAYOUTS:
        names = ", ".join(sorted(LAYOUTS))
        raise _bad(file, f"a known layout ({names})", f"{settings.get('layout')!r}", "field layout")
    for name in ("clips", "rows"):
        if type(settings.get(name)) is not int or settings[name] < 1:
            raise _bad(file, "a count above 0", f"{settings.get(name)!r}", f"field {name}")
    for name in ("digest", "manifest_sha256", "positions_sha256"):
        if not isinstance(settings.get(name), str):
            raise _bad(file, "a digest", f"{settings.get(name)!r}", f"field {name}")
    verify_files(file, settings)
    return settings


def _map_positions(file: Path, rows: int, joints: int) -> NDArray[np.float32]:
    expected = f"a .npy array of float32 ({rows}, {joints}, 3)"
    try:
        mapped = np.lib.format.open_memmap(file, mode="r")
    except FileNotFoundError:
        raise _bad(file, expected, "no file") from None
    except Exception as error:  # numpy parses the header as Python, which fails in many ways
        raise _bad(file, expected, f"{error} ({_size(file)})") from None
    if mapped.dtype != np.dtype("<f4") or mapped.shape != (rows, joints, 3) or not mapped.flags.c_contiguous:
        raise _bad(file, expected, f"{mapped.dtype} {mapped.shape}")
    # A plain view, for slicing numpy's memmap class is slow.
    return np.asarray(mapped)


def _size(file: Path) -> str:
    return f"{file.stat().st_size:,} bytes" if file.is_file() else "not a file"


def _check_manifest(file: Path, manifest: Manifest, clips: int, rows: int) -> None:
    if len(manifest["id"]) != clips:
        raise _bad(file, f"{clips} lines, as in {SETTINGS}", f"{len(manifest['id'])}")
    start, frames, bodies = (manifest[name] for name in ("start", "frames", "bodies"))
    listed = np.maximum(manifest["listed"], 0)
    # Each factor is bounded first, so that the product cannot overflow into a plausible number.
    own_rows = frames.astype(float) * (bodies.astype(float) + listed)
    fits = (frames >= 1) & (bodies >= 1) & (own_rows <= rows)
    if fits.all():
        ends = np.cumsum(frames * (bodies + listed))
        fits = (start == ends - frames * (bodies + listed)) & (ends <= rows)
    if not fits.all():
        line = int(np.argmin(fits))
        actual = f"start {start[line]}, {frames[line]} frames, {bodies[line]} bodies, {listed[line]} listed"
        expected = f"clips end to end in the {rows} rows of {POSITIONS}"
        raise _bad(file, expected, actual, f"line {line} (clip {manifest['id'][line]})")
    if ends[-1] != rows:
        raise _bad(file, f"clips that fill the {rows} rows of {POSITIONS}", f"{ends[-1]} rows filled")
    rate = manifest["rate"]
    if not (valid := np.isfinite(rate) & (rate > 0)).all():
        line = int(np.argmin(valid))
        raise _bad(file, "frames per second above 0", f"{rate[line]}", f"line {line}, column rate")


def _read_rejected(file: Path) -> tuple[Rejected, ...]:
    entries = read_json(file)
    try:
        return tuple(Rejected(str(entry["file"]), str(entry["message"])) for entry in entries)
    except (TypeError, KeyError, IndexError):
        raise _bad(file, "a list of objects with file and message", repr(entries)[:80]) from None
