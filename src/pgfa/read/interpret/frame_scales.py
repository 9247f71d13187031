"""Frames that were scaled one by one: a size that is the same in all of them, though no bone keeps its length.

Whatever a frame is divided by (its largest coordinate, the side or the diagonal of its box, its radius, its norm) is
the same in all frames afterwards, but for rounding. So it never is in a recording, unless the body does not move; and
then its bones keep their lengths. In space, all bones change in proportion where frames were scaled; those of a noisy
body change one by one. Of 340 real recordings, in space and as pictures, none is taken for a scaled one.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pgfa.read.interpret.vectors import are_finite, norms
from pgfa.skeleton import Layout

MIN_FRAMES, MOST = 5, 0.9
"""Frames, and their share, that have to have one size."""
MAX_FRAMES = 240
"""Frames looked at, evenly spaced."""
EXACT, ROUNDED = 1e-4, 1e-3
"""Difference of sizes, as a share of them, up to which they are equal: of those that are measured from an origin far
from the body, which hardly differ in a recording, and of all others, also of coordinates with three decimals."""
MOST_AT_END = 2
"""Points of a frame at the end of an axis, at most: more are cut off at the edge of a picture."""
FAR = 0.3
"""Extents of the body, from its middle to an origin that is far."""
CHANGED, SHARE = {2: 0.01, 3: 0.005}, 0.1
"""Share of its length by which a bone differs in a tenth of the frames, at least, in a picture, where it is
foreshortened, and in space; and share of the bones that may keep their length."""
TOGETHER = 0.5
"""Median of the change that all bones have in common, in units of that of what remains of each: noise of a sensor and
bodies of pose estimators change bones one by one."""

MIN_CHANGE, AGREE = 0.08, 0.8
"""Spread of the factor that all bones have in common, from which frames have scales of their own, and correlation of
that of one half of the bones with that of the other. Real recordings: up to 0.07, but for cartoons that grow."""
MIN_BONES, SHORT = 6, 0.3
"""Bones that show it, at least, and the share of the usual length below which bones are left out."""

Floats = NDArray[np.float64]


def common_scale(points: Floats, layout: Layout) -> str:
    """Whether all bones become longer and shorter together, more than each of them does, in plain words; "" if not.

    Whatever each frame was divided by, if it is no size of the joints that were saved: the height of the person's box,
    the distance from head to ankles.

    Args:
        points: (frames, bodies, joints, 3), NaN where absent.
        layout: of the joints.
    """
    known = layout.joints[: points.shape[2]]
    ends = np.array(
        [(known.index(a), known.index(b)) for a, b in layout.bones if a in known and b in known]
    ).T
    lengths = norms(points[:, :, ends[0]] - points[:, :, ends[1]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of bones and bodies that are absent
        usual = np.nanmedian(lengths, axis=0)
        logs = np.log(np.where(lengths > 0, lengths, np.nan) / usual)
        logs = np.where(usual > SHORT * np.nanmedian(usual, axis=-1, keepdims=True), logs, np.nan)
        logs = logs.reshape(-1, logs.shape[-1])
        logs = logs[np.isfinite(logs).sum(axis=-1) >= MIN_BONES]
        if len(logs) < MIN_FRAMES:
            return ""
        common, halves = np.nanmedian(logs, axis=1), [np.nanmedian(logs[:, n::2], axis=1) for n in range(2)]
        of_each = 1.48 * float(np.nanmedian(np.abs(logs - common[:, None])))
    change = float(np.ptp(np.percentile(common, (5, 95)))) / 3.3
    if not change > max(MIN_CHANGE, of_each):
        return ""
    both = np.isfinite(halves[0]) & np.isfinite(halves[1])
    if both.sum() < MIN_FRAMES or not np.corrcoef(halves[0][both], halves[1][both])[0, 1] > AGREE:
        return ""
    low, high = np.exp(np.percentile(common, (5, 95)))
    return f"bones that are all {low:.2g} to {high:.2g} times as long as usual at the same time: each frame was scaled"


def scale_of_frames(points: Floats, layout: Layout, markers: Floats | None = None) -> str:
    """The size that all frames have, in plain words; "" if none has been scaled on its own.

    Args:
        points: (frames, bodies, joints, 2 or 3), NaN where absent.
        layout: of the joints.
        markers: (frames, markers, 3) what the file has in place of joints, NaN where absent.
    """
    chosen = np.flatnonzero(are_finite(points).sum(axis=(1, 2)) > 3)
    if len(chosen) < MIN_FRAMES:
        return ""
    chosen = chosen[np.linspace(0, len(chosen) - 1, min(len(chosen), MAX_FRAMES)).astype(int)]
    points = points[chosen]
    bodies = points.reshape(-1, *points.shape[2:])
    bodies = bodies[are_finite(bodies).sum(axis=-1) > 3]
    looked_at = [bodies] if markers is None else [markers[chosen]]
    if markers is None and points.shape[1] > 1:
        looked_at.append(points.reshape(len(points), -1, points.shape[3]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of joints and bodies that are absent
        keeps = not _has_own_scales(points, layout)
        for frames in looked_at:
            if same := _same_on_axes(frames):
                return same
            for name, sizes, equal in () if keeps else _sizes(frames):
                if _is_constant(sizes, equal):
                    return f"has {name} of {np.nanmedian(sizes):.4g}"
    return ""


def _has_own_scales(points: Floats, layout: Layout) -> bool:
    """Whether bones change their lengths from frame to frame, and in space in proportion to each other."""
    known = layout.joints[: points.shape[2]]
    pairs = [(known.index(a), known.index(b)) for a, b in layout.bones if a in known and b in known]
    ends = np.array(pairs).T
    lengths = norms(points[:, :, ends[0]] - points[:, :, ends[1]])
    usual = np.nanmedian(lengths, axis=0)
    # Whole numbers change lengths without a scale: each end by up to one half along each axis.
    rounding = 1.5 if (points[np.isfinite(points)] % 1 == 0).all() else 0.0
    changes = (np.nanpercentile(np.abs(lengths - usual), 100 * MOST, axis=0) - rounding) / usual
    changes = changes[np.isfinite(changes)]
    if not len(changes) or np.quantile(changes, SHARE) < CHANGED[points.shape[-1]]:
        return False
    return points.shape[-1] == 2 or _change_together(lengths / usual)


def _change_together(lengths: Floats) -> bool:
    """Whether a common factor of each body and frame is most of what bones (frames, bodies, bones) differ by."""
    logs = np.log(np.where(lengths > 0, lengths, np.nan))
    common = np.nanmedian(logs, axis=-1, keepdims=True)
    return bool(np.nanmedian(np.abs(common)) > TOGETHER * np.nanmedian(np.abs(logs - common)))


def _sizes(frames: Floats) -> Iterator[tuple[str, Floats, float]]:
    """What frames (frames, points, axes) may have been divided by: its name, its value, and when values are equal."""
    low, high = np.nanmin(frames, axis=1), np.nanmax(frames, axis=1)
    extent, middle = high - low, (low + high)[:, None] / 2
    is_cut_off = _is_cut_off(frames)
    if not is_cut_off:
        yield "a largest extent", extent.max(axis=-1), ROUNDED
        for axis, name in enumerate("xyz"[: frames.shape[2]]):
            yield f"an extent along {name}", extent[:, axis], ROUNDED
        span = high.max(axis=-1) - low.min(axis=-1)
        if abs(float(np.nanmedian(span)) - 1) <= EXACT:  # a body that stays may have another one
            yield "a range of all its coordinates", span, ROUNDED
        yield "a diagonal of its box", norms(extent), ROUNDED
    is_far = np.nanmedian(np.abs(middle[:, 0]).max(axis=-1) / extent.max(axis=-1)) > FAR
    for name, origin, equal in (
        ("its mean", np.nanmean(frames, axis=1, keepdims=True), ROUNDED),
        ("the middle of its box", middle, ROUNDED),
        ("the origin", np.zeros_like(middle), EXACT if is_far else ROUNDED),
    ):
        away = frames - origin
        distances = norms(away)
        farthest = np.stack([np.nanmax(np.abs(away), axis=(1, 2)), np.nanmax(distances, axis=1)])
        # From far away, feet that stand may be farthest in all frames; so only what was made 1 on purpose counts.
        if equal == EXACT:
            on_purpose = not _is_cut_off(frames, 1)
            farthest = farthest[(np.abs(np.nanmedian(farthest, axis=1) - 1) <= EXACT) & on_purpose]
        elif is_cut_off:
            farthest = farthest[:0]
        for sizes in farthest:
            yield f"a largest distance from {name}", sizes, equal
        yield f"a norm about {name}", np.sqrt(np.nansum(distances**2, axis=1)), equal
        yield f"a mean distance from {name}", np.nanmean(distances, axis=1), equal


def _same_on_axes(frames: Floats) -> str:
    """The size that all axes of all frames (frames, points, axes) have, if each was scaled on its own."""
    low, high = np.nanmin(frames, axis=1), np.nanmax(frames, axis=1)
    sizes = {"an extent": high - low, "a largest coordinate": np.maximum(np.abs(low), np.abs(high))}
    for name, size in sizes.items():
        usual = float(np.nanmedian(size))
        equal = usual > 0 and (np.abs(size - usual) <= EXACT * usual).all(axis=1).mean() >= MOST
        if equal and not _is_cut_off(frames):
            return f"has {name} of {usual:.4g} on every axis"
    return ""


def _is_constant(sizes: Floats, equal: float) -> bool:
    """Whether nearly all sizes are one."""
    usual = float(np.nanmedian(sizes))
    return bool(usual > 0 and (np.abs(sizes - usual) <= equal * usual).mean() >= MOST)


def _is_cut_off(frames: Floats, most: int = MOST_AT_END) -> bool:
    """Whether more than `most` points of many frames are at one end of an axis: the edge of a picture."""
    if frames.shape[2] > 2:
        return False
    low, high = np.nanmin(frames, axis=1, keepdims=True), np.nanmax(frames, axis=1, keepdims=True)
    for end in (low, high):
        at_end = np.abs(frames - end) <= EXACT * (high - low)
        for axis in range(2):
            crowded = np.flatnonzero(at_end[..., axis].sum(axis=1) > most)
            points = [len(np.unique(frames[n][at_end[n, :, axis]], axis=0)) for n in crowded]
            if np.count_nonzero(np.array(points) > most) > (1 - MOST) * len(frames):
                return True
    return False
