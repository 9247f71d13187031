"""Write a pack from clips, one after another, in bounded memory."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from pgfa.errors import BadConfig
from pgfa.files import file_sha256, write_atomic, write_files_list, write_json
from pgfa.files.folders import new_folder
from pgfa.pack.blocks import read_digests
from pgfa.pack.manifest import COLUMNS, JSON, PARQUET, manifest_bytes
from pgfa.pack.pack import (
    FORM,
    POSITIONS,
    REJECTED,
    SETTINGS,
    VERSION,
    Pack,
    Rejected,
    content_digest,
    is_pack,
    open_pack,
)
from pgfa.pack.protocol import ACCOUNT, DIVISIONS
from pgfa.skeleton import Clip, Layout, get_layout

NAMES = {POSITIONS, JSON, PARQUET, SETTINGS, REJECTED, DIVISIONS, ACCOUNT}
"""Files of a pack, of all versions: other files in its folder stay where it is replaced."""
_HEADER = 128
"""Bytes of positions.npy before the first row. The number of rows is known only at the end, but numpy pads a header of
three dimensions to this size in any case."""


def save_pack(
    clips: Iterable[Clip],
    out: Path,
    *,
    layout: str | None = None,
    rejected: Sequence[Rejected] = (),
    overwrite: bool = False,
) -> Pack:
    """Write clips as a pack, one at a time, and open it. After an error `out` is as it was before.

    Args:
        clips: of one layout, each with at least one frame and one body, ids unique within each data set.
        out: folder to create.
        layout: convert every clip to this layout.
        rejected: files that could not be used; read after the last clip.
        overwrite: replace an existing pack; other files in its folder stay.

    Raises:
        BadConfig: `out` exists, there are no clips, or clips have several layouts or the same id.
        LayoutMismatch: there is no map from a clip's layout to `layout`.
        NotWritten: disk full or read-only, no permission, or a file in the way.
    """
    check_free(out, overwrite)
    with new_folder(out, NAMES) as new:
        write_pack(clips, new, layout=layout, rejected=rejected)
    return open_pack(out)


def check_free(out: Path, overwrite: bool) -> None:
    """Raises BadConfig if a pack must not be written to `out`."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not is_pack(out):
        raise BadConfig(f"{out} exists and is not a pack; choose another name")
    if not overwrite:
        raise BadConfig(f"{out} is already a complete pack; choose another name, or replace it (--overwrite)")


def write_pack(
    clips: Iterable[Clip],
    folder: Path,
    *,
    layout: str | None = None,
    rejected: Sequence[Rejected] = (),
    documents: Mapping[str, Any] | None = None,
) -> None:
    """Write the files of a pack into `folder`; arguments and errors as `save_pack`. Equal clips give equal bytes.

    `documents`: names of further JSON files, and their content.
    """
    table = _Table(get_layout(layout) if layout else None)
    write_atomic(folder / POSITIONS, lambda file: _write_positions(file, clips, table))
    write_atomic(folder / JSON, manifest_bytes(table.columns))
    documents = {REJECTED: [asdict(file) for file in rejected], **(documents or {})}
    for document, content in documents.items():
        write_json(folder / document, content)
    name = table.layout.name if table.layout else ""
    sha, blocks = read_digests(folder / POSITIONS, _HEADER)
    manifest_sha = file_sha256(folder / JSON)
    settings = {
        "form": FORM,
        "version": VERSION,
        "layout": name,
        "datasets": sorted(set(table.columns["dataset"])),
        "clips": len(table.columns["id"]),
        "rows": table.rows,
        "rejected": len(rejected),
        "positions_sha256": sha,
        "manifest_sha256": manifest_sha,
        "digest": content_digest(sha, name, table.columns),
        "blocks": blocks,
    }
    # Last, so that an incomplete folder is not taken for a pack.
    write_files_list(folder / SETTINGS, settings, documents)


class _Table:
    """The manifest while clips are written."""

    def __init__(self, target: Layout | None) -> None:
        self.target = self.layout = target
        self.columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
        self.rows = 0
        self._ids: set[tuple[str, str]] = set()

    def add(self, clip: Clip) -> Clip:
        """Add a line for a clip. Returns the clip in the layout of the pack."""
        source = clip.source
        if self.target is not None:
            clip = clip.to(self.target)
        self.layout = self.layout or clip.layout
        if clip.layout.name != self.layout.name:
            raise BadConfig(
                f"expected clips of one layout, found {self.layout.name} and {clip.layout.name} (clip {source.id}); "
                "give the layout to convert all to"
            )
        if not clip.frames or not clip.bodies:
            raise BadConfig(
                f"expected at least one frame and one body, found {clip.frames} frames and {clip.bodies} bodies "
                f"in clip {source.id}"
            )
        if (source.dataset, source.id) in self._ids:
            raise BadConfig(
                f"expected unique ids, found two clips {source.id!r} of data set {source.dataset!r}"
            )
        self._ids.add((source.dataset, source.id))
        line = vars(source) | {
            "rate": float(clip.rate),
            "frames": clip.frames,
            "bodies": clip.bodies,
            "listed": 0 if clip.listed is None else clip.listed.shape[1],
            "start": self.rows,
            "problems": list(clip.problems),
            "reading": clip.reading,
        }
        for name, values in self.columns.items():
            values.append(line[name])
        self.rows += clip.frames * (clip.bodies + line["listed"])
        return clip


def _write_positions(file: BinaryIO, clips: Iterable[Clip], table: _Table) -> None:
    file.write(bytes(_HEADER))
    for clip in map(table.add, clips):
        for array in (clip.positions, clip.listed):
            if array is not None:
                file.write(np.ascontiguousarray(array, dtype="<f4").data)
    if table.layout is None or not table.rows:
        raise BadConfig("expected at least one clip, found none")
    head = io.BytesIO()
    shape = (table.rows, len(table.layout.joints), 3)
    np.lib.format.write_array_header_1_0(head, {"descr": "<f4", "fortran_order": False, "shape": shape})
    if head.tell() != _HEADER:
        raise RuntimeError(
            f"this version of numpy writes a header of {head.tell()} bytes instead of {_HEADER}"
        )
    file.seek(0)
    file.write(head.getvalue())
