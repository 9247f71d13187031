"""Write a pack from clips, one after the other, in bounded memory."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from pgfa.errors import BadConfig
from pgfa.files import file_sha256, replace_folder, write_atomic, write_json
from pgfa.pack import pack as form
from pgfa.skeleton import Clip, Layout, get_layout

_HEADER = 128
"""Bytes of positions.npy before the first row. The count of rows is known only at the end, but a header of
three dimensions always pads to this size."""


def save_pack(
    clips: Iterable[Clip],
    out: Path,
    *,
    layout: str | None = None,
    rejected: Sequence[form.Rejected] = (),
    overwrite: bool = False,
) -> form.Pack:
    """Write clips as a pack, one at a time, and open it. An error on the way leaves what was at `out` as it
    was.

    Args:
        clips: of one layout, each with at least one frame and one body, ids unique in each data set.
        out: the folder to make.
        layout: where given, every clip is carried to it.
        rejected: files to name as not used; looked at after the last clip was taken.
        overwrite: replace a pack that is there.

    Raises:
        BadConfig: `out` is taken, no clip is given, clips are of several layouts or of the same id.
        LayoutMismatch: a clip has no meaningful map to `layout`.
    """
    check_free(out, overwrite)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.", suffix=".part") as beside:
        made = Path(beside) / "pack"
        write_pack(clips, made, layout=layout, rejected=rejected)
        replace_folder(made, out)
    return form.open_pack(out)


def check_free(out: Path, overwrite: bool) -> None:
    """Raises BadConfig where a pack may not be written at `out`."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not form.is_pack(out):
        raise BadConfig(f"{out} is there and is not a pack; choose another name")
    if not overwrite:
        raise BadConfig(
            f"{out} is a complete pack already; choose another name, or overwrite it (--overwrite)"
        )


def write_pack(
    clips: Iterable[Clip], folder: Path, *, layout: str | None = None, rejected: Sequence[form.Rejected] = ()
) -> None:
    """Write a pack's files into `folder`; arguments and errors as `save_pack`. Equal clips, equal bytes."""
    import polars as pl

    table = _Table(get_layout(layout) if layout else None)
    write_atomic(folder / form.POSITIONS, lambda file: _write_positions(file, clips, table))
    write_atomic(
        folder / form.MANIFEST, pl.DataFrame(table.columns, schema=form.polars_schema()).write_parquet
    )
    write_json(folder / form.REJECTED, [asdict(file) for file in rejected])
    name = table.layout.name if table.layout else ""
    sha = file_sha256(folder / form.POSITIONS)
    manifest_sha = file_sha256(folder / form.MANIFEST)
    settings = {
        "form": form.FORM,
        "version": form.VERSION,
        "layout": name,
        "datasets": sorted(set(table.columns["dataset"])),
        "clips": len(table.columns["id"]),
        "rows": table.rows,
        "rejected": len(rejected),
        "positions_sha256": sha,
        "manifest_sha256": manifest_sha,
        "digest": form.content_digest(sha, name, table.columns),
    }
    # Last, so that a folder without it is seen to be no pack.
    write_json(folder / form.SETTINGS, settings)


class _Table:
    """The manifest as it grows."""

    def __init__(self, carry_to: Layout | None) -> None:
        self.carry_to = self.layout = carry_to
        self.columns: dict[str, list[Any]] = {name: [] for name in form.COLUMNS}
        self.rows = 0
        self._seen: set[tuple[str, str]] = set()

    def add(self, clip: Clip) -> Clip:
        """Take a clip in; the clip as the pack holds it."""
        source = clip.source
        if self.carry_to is not None:
            clip = clip.to(self.carry_to)
        self.layout = self.layout or clip.layout
        if clip.layout.name != self.layout.name:
            raise BadConfig(
                f"a pack holds clips of one layout, found {self.layout.name} and {clip.layout.name} "
                f"(clip {source.id}); name a layout to carry all to"
            )
        if not clip.frames or not clip.bodies:
            raise BadConfig(
                f"clip {source.id} has {clip.frames} frames and {clip.bodies} bodies; one is the least"
            )
        if (source.dataset, source.id) in self._seen:
            raise BadConfig(f"two clips of data set {source.dataset!r} have the id {source.id!r}")
        self._seen.add((source.dataset, source.id))
        line = vars(source) | {
            "rate": float(clip.rate),
            "frames": clip.frames,
            "bodies": clip.bodies,
            "start": self.rows,
            "problems": list(clip.problems),
        }
        for name, values in self.columns.items():
            values.append(line[name])
        self.rows += clip.frames * clip.bodies
        return clip


def _write_positions(file: BinaryIO, clips: Iterable[Clip], table: _Table) -> None:
    file.write(bytes(_HEADER))
    for clip in clips:
        file.write(np.ascontiguousarray(table.add(clip).positions, dtype="<f4").data)
    if table.layout is None or not table.rows:
        raise BadConfig("a pack needs at least one clip")
    head = io.BytesIO()
    shape = (table.rows, len(table.layout.joints), 3)
    np.lib.format.write_array_header_1_0(head, {"descr": "<f4", "fortran_order": False, "shape": shape})
    if head.tell() != _HEADER:
        raise RuntimeError(f"this numpy writes a header of {head.tell()} bytes, {_HEADER} were kept for it")
    file.seek(0)
    file.write(head.getvalue())
