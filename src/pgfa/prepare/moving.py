"""Which part of a recording is not idle time at its ends, before anything is prepared."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.prepare.bodies import absent_as_nan
from pgfa.prepare.gaps import fill_gaps, remove_spikes
from pgfa.prepare.idle import active_range
from pgfa.prepare.padded import padded_chunks
from pgfa.prepare.size import scale_to_standard
from pgfa.prepare.time import at_common_rate
from pgfa.skeleton import Ragged

Seconds = NDArray[np.float64]


def moving_part(clips: Ragged) -> tuple[Seconds, Seconds]:
    """(clips,) start and (clips,) length in seconds of the part without the idle time at both ends (`active_range`).

    The whole clip where no person is seen.
    """
    begin, length = np.zeros(len(clips)), clips.frames / clips.rate
    for chunk in padded_chunks(clips, clips.layout):
        positions, visible = absent_as_nan(chunk.positions)
        visible &= chunk.valid[..., None]
        seen = np.logical_or.reduce(visible, axis=(1, 2))
        if not seen.any():
            continue
        chunk, positions, visible = chunk.take(seen), positions[seen], visible[seen]
        scale = scale_to_standard(positions[:, :, 0], visible[:, :, 0], clips.layout)
        filled = fill_gaps(remove_spikes(positions, scale), clips.layout)
        filled, frames, rate = at_common_rate(filled, chunk.frames, chunk.rate)
        part = active_range(filled, frames, rate)
        begin[chunk.index], length[chunk.index] = part.begin / rate, part.length / rate
    return begin, length
