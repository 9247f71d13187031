"""From a reader's numbers to a clip: limits held, absent joints marked, defects counted in plain words."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.format import NOBODY, FileRef
from pgfa.skeleton import Clip, Layout, Source

MAX_FRAMES = 100_000
MAX_METRES = 1000.0


def assemble(
    ref: FileRef,
    raw: bytes,
    positions: NDArray[Any],
    *,
    rate: float,
    layout: Layout,
    source: Source,
    problems: tuple[str, ...] = (),
    absent: Literal["zero", "nan"] | None = "zero",
) -> Clip:
    """Check a recording's numbers and make the clip.

    Args:
        ref: the file they come from.
        raw: its bytes, for the digest.
        positions: (frames, bodies, joints, 3) metres.
        rate: frames a second.
        layout: the joints.
        source: what the file says of the clip; the digest is added here.
        problems: defects the reader found; those found here are added.
        absent: how the format marks a joint that was not seen: by 0 0 0 (Kinect sets: the place of the
            sensor), by NaN (then NaN is no defect), or not at all.

    Raises:
        BadFile: where no frame holds a body, or a number is no possible place in a room.
        LimitExceeded: above MAX_FRAMES frames.
    """
    frames = positions.shape[0]
    check_frames(ref, frames)
    far = np.abs(positions) >= MAX_METRES
    far &= np.isfinite(positions)
    if far.any():
        frame, body, joint, axis = (int(i) for i in np.argwhere(far)[0])
        place = f"frame {frame + 1}, body {body + 1}, {layout.joints[joint]}"
        found = f"{positions[frame, body, joint, axis]:g}"
        raise BadFile(str(ref), where=place, expected=f"a place in metres, below {MAX_METRES:g}", found=found)
    out = positions.astype(np.float32)
    unfit = np.isinf(out) if absent == "nan" else ~np.isfinite(out)
    found_problems = list(problems)
    if unfit.any():
        found_problems.append(counted(int(unfit.sum()), "number") + " not finite")
    gone = ~np.isfinite(out).all(axis=-1)
    if absent == "zero":
        zero = (out == 0).all(axis=-1)
        stray = int((zero & ~zero.all(axis=-1, keepdims=True)).sum())
        if stray:
            found_problems.append(counted(stray, "joint") + " at the sensor's own place")
        gone |= zero
    out[gone] = np.nan
    empty = int(gone.reshape(frames, -1).all(axis=1).sum())
    if empty == frames:
        raise BadFile(str(ref), expected=NOBODY, found=f"no frame with a body in {frames}")
    if empty:
        found_problems.append(counted(empty, "empty frame"))
    if frames == 1:
        found_problems.append("1 frame only")
    source = replace(source, digest=hashlib.sha256(raw).hexdigest()[:16])
    return Clip(out, rate, layout, source, tuple(dict.fromkeys(found_problems)))


def check_frames(ref: FileRef | str, frames: int) -> None:
    """Raise BadFile for no frame, LimitExceeded above MAX_FRAMES; cheap, so asked before parsing."""
    if frames == 0:
        raise BadFile(str(ref), expected="at least one frame", found="none")
    if frames > MAX_FRAMES:
        raise LimitExceeded(f"{ref}: {frames:,} frames, more than the limit of {MAX_FRAMES:,}")


def counted(count: int, noun: str) -> str:
    """``"1 empty frame"``, ``"3 empty frames"``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
