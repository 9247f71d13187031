"""The memory that training needs, estimated: a cluster places jobs by it (`pgfa.tasks.cluster`)."""

from __future__ import annotations

from pgfa.config import RunSettings
from pgfa.skeleton import get_layout
from pgfa.train.clip_selection import ClipSelection

_PROCESS = 900 * 2**20
"""Bytes of a process that has loaded torch and a sentence encoder."""
_ARRAYS_PER_BLOCK = {"stgcn": 9.0, "shiftgcn": 3.0}
"""Arrays of the size of a block's output that training keeps per block."""


def needed_memory(selection: ClipSelection, settings: RunSettings) -> int:
    """Bytes that a run needs at most: its clips, twice while they are prepared, and the arrays of a step."""
    prepare, model = settings.prepare, settings.model
    values = prepare.frames * prepare.bodies * len(get_layout(prepare.layout).joints)
    clips = 2 * (len(selection.train) + len(selection.test)) * values * 3 * 4
    blocks = sum(
        channels / stride
        for channels, stride in zip(model.channels, _strides_so_far(model.strides), strict=True)
    )
    arrays = _ARRAYS_PER_BLOCK.get(model.encoder, max(_ARRAYS_PER_BLOCK.values()))
    step = settings.train.batch_size * values * blocks * arrays * 4
    return int(_PROCESS + clips + step)


def _strides_so_far(strides: tuple[int, ...]) -> list[int]:
    total, products = 1, []
    for stride in strides:
        total *= stride
        products.append(total)
    return products
