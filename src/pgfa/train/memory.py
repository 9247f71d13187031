"""The memory that training needs, estimated: a cluster places jobs by it (`pgfa.tasks.cluster`)."""

from __future__ import annotations

from itertools import accumulate
from operator import mul

from pgfa.config import RunSettings
from pgfa.model.shiftgcn import AGAIN_FROM
from pgfa.skeleton import get_layout
from pgfa.train.clip_selection import ClipSelection

_PROCESS = 900 * 2**20
"""Bytes of a process that has loaded torch and a sentence encoder."""
_ARRAYS = 16
"""Arrays of the size of a block's output that the backward pass of ST-GCN needs per block, measured."""
_ARRAYS_SHIFT, _ARRAYS_BETWEEN = 21, 3
"""The same for Shift-GCN, and where units are computed again."""


def needed_memory(selection: ClipSelection, settings: RunSettings) -> int:
    """Bytes that a run needs at most: its clips, twice while they are assembled, and the arrays of a step."""
    prepare, model = settings.prepare, settings.model
    joints = prepare.frames * prepare.bodies * len(get_layout(prepare.layout).joints)
    clips = 2 * (len(selection.train) + len(selection.test)) * joints * 3 * 4
    strides = accumulate(model.strides, mul)
    width = sum(channels / stride for channels, stride in zip(model.channels, strides, strict=True))
    step = settings.train.batch_size * joints
    if model.encoder == "shiftgcn":
        arrays = _ARRAYS_SHIFT * min(step, AGAIN_FROM) + _ARRAYS_BETWEEN * step
    else:
        arrays = _ARRAYS * step
    return int(_PROCESS + clips + arrays * width * 4)
