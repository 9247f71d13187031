"""The default preparation: that of the paper with its errors corrected (docs/preparation.md)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pgfa.config import PrepareSettings
from pgfa.prepare.bodies import MAX_LINKED, absent_as_nan, centroid_and_spread, link_bodies, select_bodies
from pgfa.prepare.gaps import fill_gaps, remove_spikes
from pgfa.prepare.idle import active_range
from pgfa.prepare.orient import facing_angle, root_position, turn
from pgfa.prepare.padded import PaddedClips
from pgfa.prepare.prepared import PreparedChunk
from pgfa.prepare.single_threshold import single_threshold_range
from pgfa.prepare.size import scale_to_standard
from pgfa.prepare.time import DETAIL_SECONDS, at_common_rate, resample_smooth
from pgfa.skeleton.layouts import Layout


def default_recipe(padded: PaddedClips, layout: Layout, settings: PrepareSettings) -> PreparedChunk:
    """Prepare a chunk: bodies, gaps, size, rate, idle time, time, position, orientation, in this order.

    A joint counts as measured if the whole recording shows it, idle time included, for then its gaps are filled from
    measurements.
    """
    clips, _, slots, joints, _ = padded.positions.shape
    out = PreparedChunk.empty(clips, settings.frames, settings.bodies, joints)

    positions, visible = absent_as_nan(padded.positions)
    visible &= padded.valid[..., None]
    any_visible = np.logical_or.reduce(visible, axis=2)
    usable = np.logical_or.reduce(any_visible, axis=1)
    if not usable.any():
        return out
    if not any_visible[:, [0]].all() or not np.array_equal(any_visible.sum(1), padded.frames):
        first = any_visible[usable].argmax(1)
        last = any_visible.shape[1] - 1 - any_visible[usable, ::-1].argmax(1)
        padded = replace(padded, positions=positions).take(usable).trim(first, last - first + 1)
        positions, visible = absent_as_nan(padded.positions)
        visible &= padded.valid[..., None]

    if slots > 1:
        positions, visible, person = _linked_bodies(positions, visible, padded.frames, settings.bodies)
    else:
        person = np.logical_or.reduce(visible, axis=1)
    scale = scale_to_standard(positions[:, :, 0], visible[:, :, 0], layout)
    positions = remove_spikes(positions, scale)
    measured = np.logical_or.reduce(np.isfinite(positions[..., 0]), axis=1)
    positions, frames, rate = at_common_rate(fill_gaps(positions, layout), padded.frames, padded.rate)
    padded = replace(padded, positions=positions, frames=frames, rate=rate)
    if settings.trim and not settings.soft_ends:
        padded = padded.trim(*single_threshold_range(positions, frames, rate))
        positions, frames = padded.positions, padded.frames
    soft = settings.trim and settings.soft_ends
    part = active_range(positions, frames, rate) if soft else None
    active = padded if part is None else padded.trim(*part.rounded(frames))
    main = active.positions[:, :, 0]
    centre = root_position(main, active.valid, layout)
    angle = facing_angle(main, active.valid, rate, layout)

    detail = 1.0 if part is None else DETAIL_SECONDS * rate
    resampled = resample_smooth(positions, frames, settings.frames, part, detail)
    resampled -= centre[:, None, None, None]
    resampled *= scale[:, None, None, None, None]
    resampled = turn(resampled, angle)
    resampled = np.where(person[:, None, :, None, None], resampled, 0)
    measured &= person[..., None]
    out.put(
        usable, PreparedChunk(resampled, person, (frames if part is None else part.length) / rate, measured)
    )
    return out


def _linked_bodies(
    positions: NDArray[np.float32], visible: NDArray[np.bool_], frames: NDArray[np.int64], count: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]]:
    if visible.shape[2] > MAX_LINKED:
        busiest = np.argsort(-visible.sum(1), axis=1, kind="stable")[:, None, :MAX_LINKED]
        positions, visible = _by_slot(positions, visible, busiest)
    centre, spread = centroid_and_spread(positions)
    slots = link_bodies(centre, spread, visible)
    positions, visible = _by_slot(positions, visible, slots)
    spread = np.take_along_axis(spread, slots, axis=2)
    order, person = select_bodies(positions, spread, visible, frames, count)
    positions, visible = _by_slot(positions, visible, order[:, None])
    return positions, visible, person


def _by_slot(
    positions: NDArray[np.float32], visible: NDArray[np.bool_], slots: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Reorder bodies; slots (clips, frames or 1, bodies of the result)."""
    clips, frames, bodies, *rest = positions.shape
    slots = np.broadcast_to(slots, (clips, frames, slots.shape[2]))
    if slots.shape[2] == bodies and (slots == np.arange(bodies)).all():
        return positions, visible
    row = np.arange(clips * frames).reshape(clips, frames, 1) * bodies + slots
    flat = positions.reshape(clips * frames * bodies, -1)
    return flat[row].reshape(*row.shape, *rest), visible.reshape(-1)[row]
