"""Clip -> fixed-size array. Two recipes made of pure functions: bodies, gaps, size, time, orientation."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pgfa.config import PrepareSettings
from pgfa.errors import BadFile
from pgfa.files import digest
from pgfa.prepare.chunk import chunks
from pgfa.prepare.default import default_recipe
from pgfa.prepare.paper import paper_recipe
from pgfa.prepare.prepared import Prepared
from pgfa.skeleton.layouts import get_layout
from pgfa.skeleton.ragged import Ragged

__all__ = ["Prepared", "prepare", "prepare_cached"]

VERSION = 1
"""To be raised whenever a change here changes results: it is part of the cache's key."""

RECIPES = {"paper": paper_recipe, "default": default_recipe}


def prepare(
    clips: Ragged, settings: PrepareSettings, progress: Callable[[int, int], None] | None = None
) -> Prepared:
    """Bring clips to one layout, one number of frames and bodies, one place, facing and size.

    Args:
        clips: of any length, with any number of body slots; may be memory-mapped. NaN where absent.
        settings: recipe (`paper`: method.md section 5; `default`: docs/preparation.md), layout, frames,
            bodies.
        progress: called with (clips done, clips in all) now and then.

    Returns:
        the clips in the same order. A clip in which nobody is seen has positions 0 and present False.

    Raises:
        LayoutMismatch: where no meaningful map to the wanted layout is known, or a recipe lacks a joint it
            needs.
    """
    layout, recipe = get_layout(settings.layout), RECIPES[settings.recipe]
    shape = (len(clips), settings.frames, settings.bodies, len(layout.joints), 3)
    positions = np.zeros(shape, dtype=np.float32)
    present = np.zeros(shape[:1] + shape[2:3], dtype=np.bool_)
    done = 0
    for chunk in chunks(clips, layout):
        positions[chunk.which], present[chunk.which] = recipe(chunk, layout, settings)
        done += len(chunk.which)
        if progress is not None:
            progress(done, len(clips))
    return Prepared(positions, present, clips.frames / clips.rate, layout)


def prepare_cached(
    clips: Ragged,
    digest_of_pack: str,
    settings: PrepareSettings,
    cache_folder: Path,
    progress: Callable[[int, int], None] | None = None,
    check: Callable[[], None] | None = None,
) -> Prepared:
    """Like `prepare`, but what was made once from the same pack, settings and version is loaded.

    A cache whose files do not fit one another is made again; one that cannot be written is done without.
    Positions stay on disk until used.

    Args:
        check: called before clips are prepared, not where the cache has them: `Pack.verify`, which reads all of
            a pack, costs little beside preparing it.
    """
    folder = cache_folder / digest("prepared", VERSION, digest_of_pack, settings.digest)
    try:
        return Prepared.load(folder, mapped=True)
    except BadFile:
        if check is not None:
            check()
        made = prepare(clips, settings, progress)
        try:
            made.save(folder)
        except OSError as error:
            warnings.warn(f"prepared clips cannot be cached in {folder}: {error}", stacklevel=2)
        return made
