"""Clips -> fixed-size arrays. Two recipes made of pure functions: bodies, gaps, size, time, orientation."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from pgfa.config import PrepareSettings
from pgfa.errors import BadFile
from pgfa.files import digest, write_atomic
from pgfa.files.folders import new_folder
from pgfa.prepare.default import default_recipe
from pgfa.prepare.padded import padded_chunks
from pgfa.prepare.paper import paper_recipe
from pgfa.prepare.prepared import PositionsFile, Prepared, PreparedChunk
from pgfa.skeleton.layouts import get_layout
from pgfa.skeleton.ragged import Ragged

__all__ = ["Prepared", "prepare", "prepare_cached"]

VERSION = 6
"""Part of the cache key. Increase it with every change that changes the results for a pack that exists; packs with
`Ragged.listed` have digests of their own."""

RECIPES = {"paper": paper_recipe, "default": default_recipe}


def prepare(
    clips: Ragged, settings: PrepareSettings, progress: Callable[[int, int], None] | None = None
) -> Prepared:
    """Bring clips to one layout, number of frames and bodies, position, orientation and size.

    Args:
        clips: of any length, with any number of body slots; may be memory-mapped. NaN where absent. The recipe
            `paper` takes the bodies as listed (`Ragged.as_listed`).
        settings: recipe (`paper`: method.md section 5; `default`: docs/preparation.md), layout, frames and bodies.
        progress: called with (clips done, all clips) after each chunk.

    Returns:
        The clips in the same order. A clip without a visible person has positions 0 and present False.

    Raises:
        LayoutMismatch: there is no map to the layout of the settings, or the recipe needs a joint it does not have.
    """
    layout = get_layout(settings.layout)
    out = PreparedChunk.empty(len(clips), settings.frames, settings.bodies, len(layout.joints))
    for index, chunk in _chunks(clips, settings, progress):
        out.put(index, chunk)
    seconds = clips.frames / clips.rate
    return Prepared(out.positions, out.present, seconds, out.moving_seconds, out.measured, layout)


def _chunks(
    clips: Ragged, settings: PrepareSettings, progress: Callable[[int, int], None] | None
) -> Iterator[tuple[NDArray[np.int64], PreparedChunk]]:
    """Indices of clips, and these prepared."""
    layout, recipe = get_layout(settings.layout), RECIPES[settings.recipe]
    done = 0
    for chunk in padded_chunks(clips, layout, as_listed=settings.recipe == "paper"):
        yield chunk.index, recipe(chunk, layout, settings)
        done += len(chunk.index)
        if progress is not None:
            progress(done, len(clips))


def prepare_cached(
    clips: Ragged,
    pack_digest: str,
    settings: PrepareSettings,
    cache_folder: Path,
    progress: Callable[[int, int], None] | None = None,
    check: Callable[[], None] | None = None,
) -> Prepared:
    """Like `prepare`, with the results cached on disk by pack, settings and `VERSION`.

    Inconsistent cache files are replaced. A cache that cannot be written gives a warning, and the result is then in
    memory. Cached positions are mapped: they stay on disk until used, and are written there chunk by chunk. Of several
    processes that need the same clips one prepares them, and the others wait.

    Args:
        pack_digest: `Pack.digest` of the pack that the clips are from.
        check: called before clips are prepared, but not if they are cached. Meant for `Pack.verify`, which reads the
            whole pack, which costs little compared with preparation.
    """
    from filelock import FileLock

    folder = cache_folder / digest("prepared", VERSION, pack_digest, settings.digest)
    with suppress(BadFile):
        return Prepared.load(folder, mapped=True)
    try:
        cache_folder.mkdir(parents=True, exist_ok=True)
        with FileLock(cache_folder / f".{folder.name}.lock"):
            with suppress(BadFile):  # another process has prepared them meanwhile
                return Prepared.load(folder, mapped=True)
            if check is not None:
                check()
                check = None
            _prepare_into(folder, clips, settings, progress)
            return Prepared.load(folder, mapped=True)
    except OSError as error:
        if check is not None:
            check()
        warnings.warn(f"prepared clips cannot be cached in {folder}: {error}", stacklevel=2)
        return prepare(clips, settings, progress)


def _prepare_into(
    folder: Path,
    clips: Ragged,
    settings: PrepareSettings,
    progress: Callable[[int, int], None] | None,
) -> None:
    """Prepare clips into a new folder as `Prepared.save` writes it, with one chunk in memory. Raises NotWritten."""
    layout = get_layout(settings.layout)
    shape = len(clips), settings.frames, settings.bodies, len(layout.joints), 3
    rest = PreparedChunk.empty(len(clips), 0, settings.bodies, len(layout.joints))

    def write(file: BinaryIO) -> None:
        positions = PositionsFile(file, shape)
        for index, chunk in _chunks(clips, settings, progress):
            positions.put(index, chunk.positions)
            rest.put(index, replace(chunk, positions=chunk.positions[:, :0]))

    with new_folder(folder) as new:
        write_atomic(new / "positions.npy", write)
        # Not read: the positions are on disk by now.
        blank = np.broadcast_to(np.float32(0), shape)
        seconds = clips.frames / clips.rate
        Prepared(blank, rest.present, seconds, rest.moving_seconds, rest.measured, layout).write_rest(new)
