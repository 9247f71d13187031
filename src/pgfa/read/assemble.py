"""From a reader's numbers to a clip: limits checked, absent joints marked, defects counted in plain words."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.format import A_PERSON
from pgfa.read.interpret.continuity import too_fast
from pgfa.read.interpret.decision import reading_line
from pgfa.read.interpret.doubts import doubts_of, doubts_of_each
from pgfa.read.interpret.frame_order import check_frame_order
from pgfa.read.interpret.outcome import apply_stated
from pgfa.read.interpret.size import check_size
from pgfa.read.interpret.take import Take
from pgfa.read.interpret.vectors import all_of, are_finite
from pgfa.read.source import FileRef
from pgfa.skeleton import NO_DEPTH, Clip, Layout, Source

MAX_FRAMES = 100_000
MAX_METRES = 1000.0
MAX_TOGETHER = 1_000_000
"""Numbers of clips that are looked at together, about."""


def assemble(
    ref: FileRef,
    raw: bytes,
    positions: NDArray[Any],
    *,
    rate: float,
    layout: Layout,
    source: Source,
    problems: tuple[str, ...] = (),
    absent: Literal["zero joint", "zero body", "nan"] | None = "zero joint",
    listed: NDArray[np.float32] | None = None,
    scale: float = 1.0,
    later: list[Take] | None = None,
) -> Clip:
    """Check a recording's numbers and make the clip. Every reader ends here.

    Args:
        ref: the file, for errors.
        raw: its bytes, for the digest; not read if `source` has one.
        positions: (frames, bodies, joints, 3) metres.
        rate: frames per second.
        layout: the joints.
        source: what the file says about the clip.
        problems: defects the reader noticed, and the decisions of `interpret`; defects noticed here are added.
        absent: how the format marks a missing joint or body: a joint at 0 0 0 (the position of a Kinect itself), a
            body with all joints at 0 0 0, NaN (which is then no defect), or not at all.
        listed: `Clip.listed`, NaN where absent.
        scale: metres per unit of the file, which the reader has applied; a stated unit takes its place.
        later: gets the recording, whose doubts are then not noted here, but by `with_doubts` for many clips at once.

    Raises:
        BadFile: no frame holds a person, a coordinate is beyond MAX_METRES, frames are in no order, or the user states
            another layout. Undecided: no person has the size that follows from the declared or stated unit.
        LimitExceeded: above MAX_FRAMES frames.
    """
    check_frames(ref, len(positions))
    outcome = apply_stated(ref, positions, rate, layout, listed, problems, scale)
    positions, rate, listed = outcome.positions, outcome.rate, outcome.listed
    out = positions.astype(np.float32)
    noted = [*outcome.problems, *_mark_absent(ref, out, absent)]
    noted += [] if NO_DEPTH in noted else _flattened(out)
    flat = NO_DEPTH in noted
    if not source.dataset:  # a data set keeps its clips, whatever its sensor tracked
        if not flat:
            check_size(str(ref), out, layout, outcome.decisions)
        noted += [*check_frame_order(str(ref), out, layout, rate, ref.stated), *too_fast(out, rate)]
    _check_range(ref, positions, layout)
    if len(positions) == 1:
        noted.append("1 frame only")
    if not source.digest:
        source = replace(source, digest=digest_of(raw))
    seen = None if listed is None else _plausible(listed)
    take = Take(out, layout, outcome.decisions, flat, published=bool(source.dataset))
    if later is None:
        noted += doubts_of(take)
    else:
        later.append(take)
    return Clip(out, rate, layout, source, tuple(dict.fromkeys(noted)), seen, reading_line(outcome.decisions))


def with_doubts(clips: Sequence[Clip], takes: Sequence[Take]) -> list[Clip]:
    """Clips with the doubts about them among their problems.

    Args:
        clips: from `assemble`, with `later`.
        takes: what it has added to that, one of each clip.
    """
    out: list[Clip] = []
    numbers = np.cumsum([take.positions.size for take in takes]) // MAX_TOGETHER
    for group in np.unique(numbers).tolist():
        first, last = np.searchsorted(numbers, (group, group + 1)).tolist()
        for clip, doubts in zip(clips[first:last], doubts_of_each(takes[first:last]), strict=True):
            noted = tuple(dict.fromkeys((*clip.problems, *doubts)))
            out.append(replace(clip, problems=noted) if doubts else clip)
    return out


def _mark_absent(ref: FileRef, out: NDArray[np.float32], absent: str | None) -> list[str]:
    """Set what is absent to NaN, in place; the defects noticed. Raises BadFile if no person is left."""
    frames, noted = len(out), list[str]()
    not_finite = np.isinf(out) if absent == "nan" else ~np.isfinite(out)
    if not_finite.any():
        noted.append(counted(int(not_finite.sum()), "number") + " not finite")
    missing = ~are_finite(out)
    if absent in ("zero joint", "zero body"):
        zero = all_of(out == 0)
        zero_body = zero.all(axis=-1, keepdims=True)
        if absent == "zero body":
            zero &= zero_body
        elif at_sensor := int((zero & ~zero_body).sum()):
            noted.append(counted(at_sensor, "joint") + " at the position of the sensor")
        missing |= zero
    out[missing] = np.nan
    empty = int(missing.reshape(frames, -1).all(axis=1).sum())
    if empty == frames:
        raise BadFile(str(ref), expected=A_PERSON, found=f"no person in {counted(frames, 'frame')}")
    if empty:
        noted.append(counted(empty, "empty frame"))
    return noted


def _flattened(out: NDArray[np.float32]) -> list[str]:
    """Where all z are the same, they are made 0, in place, and that is noted."""
    if not is_flat(out):
        return []
    out[..., 2] -= out[..., 2]  # NaN, of an absent joint, stays
    return [NO_DEPTH]


def is_flat(points: NDArray[Any]) -> bool:
    """Whether z is the same for all joints that are seen, in all frames, and x or y are not: no depth."""
    seen = are_finite(points)
    depths = points[..., 2][seen]
    if not len(depths) or depths.min() < depths.max():
        return False
    return bool(np.ptp(points[seen], axis=0).any())


def _plausible(listed: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bodies as the file lists them: joints without a finite position, or far away, are absent."""
    with np.errstate(invalid="ignore"):
        in_range = all_of(np.abs(listed) < MAX_METRES)[..., None]
    return np.where(in_range, listed, np.float32(np.nan))


def _check_range(ref: FileRef, positions: NDArray[Any], layout: Layout) -> None:
    far = np.abs(positions) >= MAX_METRES
    far &= np.isfinite(positions)
    if far.any():
        frame, body, joint, axis = (int(index) for index in np.argwhere(far)[0])
        where = f"frame {frame + 1}, body {body + 1}, {layout.joints[joint]}"
        coordinate = f"{positions[frame, body, joint, axis]:g}"
        expected = f"a coordinate in metres, below {MAX_METRES:g}"
        raise BadFile(str(ref), where=where, expected=expected, found=coordinate)


def check_frames(ref: FileRef | str, frames: int) -> None:
    """Raise BadFile for no frame, LimitExceeded above MAX_FRAMES; cheap, so called before parsing."""
    if frames == 0:
        raise BadFile(str(ref), expected="at least one frame", found="none")
    if frames > MAX_FRAMES:
        raise LimitExceeded(f"{ref}: {frames:,} frames, more than the limit of {MAX_FRAMES:,}")


def digest_of(raw: bytes) -> str:
    """What `Source.digest` holds: SHA-256 of a file's bytes, 16 hex digits."""
    return hashlib.sha256(raw).hexdigest()[:16]


def counted(count: int, noun: str, plural: str = "") -> str:
    """``"1 empty frame"``, ``"3 empty frames"``."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"
