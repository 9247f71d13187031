"""Many clips of one data set in one .npz of plain arrays: the compact form of pgfa's clip file.

Fields: ``positions`` (rows, joints, 3) numbers in metres, y up, NaN where absent, one body, all frames of all clips
one after the other; ``offsets`` (clips + 1,) first row of each clip; ``joints`` (joints,) names in the order of a
known layout; ``fps`` (clips,) Hz. Optional, (clips,) text each: ``name label subject variant``. The file's name is
the data set's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from json import loads
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded, PgfaError
from pgfa.read.assemble import assemble, digest_of, with_doubts
from pgfa.read.interpret.take import Take
from pgfa.read.parsing.arrays import plain_array
from pgfa.read.parsing.text_table import short
from pgfa.read.source import FileRef
from pgfa.skeleton import LAYOUTS, Clip, Layout, Source

TEXTS = ("name", "label", "subject", "variant")
FIELDS = ("positions", "offsets", "joints", "fps", *TEXTS)
MAX_CLIPS = 200_000
SMALL_CLIPS = 20_000
"""Clips in a small file."""
MAX_TEXT = 1000
RATES = (0.01, 1e6)


def class_of(dataset: str, label: str) -> str:
    """The class that a label of a data set stands for: its words joined by hyphens.

    Labels of the known data sets that no sentence could tell apart share a class (``"walking"``, ``"walk"``); labels
    without any motion in their words have none, "".
    """
    classes = _known_labels().get(dataset, {})
    if label in classes:
        return classes[label] or ""
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")


def read_set(ref: FileRef, fields: Mapping[str, bytes], *, most: int = MAX_CLIPS) -> list[Clip | BadFile]:
    """All clips of a file, in order, with an error in place of each that cannot be used.

    Args:
        ref: the file; its name gives the data set.
        fields: name of each field -> the bytes of its .npy file.
        most: clips in the file, at most MAX_CLIPS.

    Raises:
        BadFile: a field is missing, has another type or another length.
        LimitExceeded: more clips.
    """
    joints = [str(name) for name in _array(ref, fields, "joints", "U", "names of joints").reshape(-1)[:256]]
    layout = next((layout for layout in LAYOUTS.values() if list(layout.joints) == joints), None)
    if layout is None:
        expected = f"the joints of a known layout ({', '.join(LAYOUTS)}) in its order"
        raise BadFile(str(ref), where="field joints", expected=expected, found=short(", ".join(joints)))
    positions = _array(ref, fields, "positions", "fiu", "rows x joints x 3 numbers")
    if positions.ndim != 3 or positions.shape[1:] != (len(joints), 3):
        shape = " x ".join(map(str, positions.shape))
        raise BadFile(str(ref), where="field positions", expected=f"rows x {len(joints)} x 3", found=shape)
    offsets = _offsets(ref, fields, len(positions), min(most, MAX_CLIPS))
    clips = len(offsets) - 1
    rate = _column(ref, fields, "fps", clips, "fiu").astype(np.float64)
    texts = {name: _texts(ref, fields, name, clips) for name in TEXTS}
    takes: list[Take] = []
    dataset = ref.stem
    every = [
        _clip(ref, dataset, positions[offsets[i] : offsets[i + 1]], float(rate[i]), layout, i, texts, takes)
        for i in range(clips)
    ]
    noted = iter(with_doubts([clip for clip in every if isinstance(clip, Clip)], takes))
    return [next(noted) if isinstance(clip, Clip) else clip for clip in every]


def _clip(
    ref: FileRef,
    dataset: str,
    rows: NDArray[Any],
    rate: float,
    layout: Layout,
    number: int,
    texts: Mapping[str, list[str]],
    takes: list[Take],
) -> Clip | BadFile:
    where, label = f"clip {number + 1}", texts["label"][number]
    if not RATES[0] <= rate < RATES[1]:
        return BadFile(str(ref), where=f"{where}, field fps", expected="frames per second", found=f"{rate:g}")
    raw = rows.tobytes()  # a clip in a file of many is digested by its own numbers
    source = Source(
        id=texts["name"][number] or f"{dataset}_{number + 1}",
        dataset=dataset,
        action=class_of(dataset, label) if label else "",
        variant=texts["variant"][number] or label,
        subject=texts["subject"][number],
        digest=digest_of(raw),
    )
    try:
        return assemble(
            ref, raw, rows[:, None], rate=rate, layout=layout, source=source, absent="nan", later=takes
        )
    except BadFile as error:
        at = f"{where}, {error.where}" if error.where else where
        return BadFile(str(ref), where=at, expected=error.expected, found=error.found)
    except PgfaError as error:
        return BadFile(str(ref), where=where, expected="a clip", found=str(error))


def _offsets(ref: FileRef, fields: Mapping[str, bytes], rows: int, most: int) -> NDArray[np.int64]:
    offsets = _array(ref, fields, "offsets", "iu", "whole numbers").reshape(-1)
    if len(offsets) - 1 > most:
        raise LimitExceeded(f"{ref}: {len(offsets) - 1:,} clips, more than the limit of {most:,}")
    values = offsets.astype(np.int64)
    if len(values) < 2 or values[0] != 0 or values[-1] != rows or (np.diff(values) < 1).any():
        expected = f"rising numbers from 0 to {rows}, the number of rows"
        raise BadFile(
            str(ref), where="field offsets", expected=expected, found=short(str(values.tolist()[:9]))
        )
    return values


def _texts(ref: FileRef, fields: Mapping[str, bytes], name: str, clips: int) -> list[str]:
    if name not in fields:
        return [""] * clips
    return [str(text)[:MAX_TEXT] for text in _column(ref, fields, name, clips, "U")]


def _column(ref: FileRef, fields: Mapping[str, bytes], name: str, clips: int, kinds: str) -> NDArray[Any]:
    column = _array(ref, fields, name, kinds, "one value per clip").reshape(-1)
    if len(column) != clips:
        raise BadFile(
            str(ref), where=f"field {name}", expected=f"{clips} values, one per clip", found=f"{len(column)}"
        )
    return column


def _array(ref: FileRef, fields: Mapping[str, bytes], name: str, kinds: str, expected: str) -> NDArray[Any]:
    where = f"field {name}"
    if name not in fields:
        raise BadFile(str(ref), where=where, expected=expected, found="no such field")
    return plain_array(ref, fields[name], kinds=kinds, expected=expected, where=where)


@cache
def _known_labels() -> dict[str, dict[str, str | None]]:
    """Data set -> label in its files -> class, or None for a label without any motion in its words."""
    file = resources.files("pgfa.read") / "datasets" / "lists" / "labels.json"
    table: dict[str, dict[str, str | None]] = loads(file.read_text(encoding="utf-8"))
    return table
