"""What the player needs of a clip, as plain JSON values: packed positions, bones, floor and a first view."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.skeleton import Clip, Layout

MISSING = -32768
_LARGEST = 32000
_STEP = 0.001


def clip_payload(clip: Clip, max_frames: int | None = None) -> dict[str, Any]:
    """A clip as JSON values for the player.

    Positions become little-endian int16 in steps of a millimetre about the middle of the clip (in coarser
    steps only where a clip spans more than 64 m), so what is drawn is within half a millimetre of what was
    recorded. Body slots that are empty throughout are left out.

    Args:
        clip: the clip.
        max_frames: a longer clip is thinned to every 2nd, 3rd, ... frame until it has no more than this many;
            its rate falls with it, so it plays at its true speed.

    Returns:
        A dict without NaN, ready for ``json.dumps``; ``every`` says which frames were kept (1: all).
    """
    every = 1 if max_frames is None else max(1, -(-clip.frames // max(1, max_frames)))
    positions = np.where(np.isfinite(clip.positions[::every]), clip.positions[::every], np.float32(np.nan))
    # A joint with one coordinate missing has no place to be drawn at.
    absent = np.asarray(np.isnan(positions).any(axis=-1))
    present = np.flatnonzero((~absent).any(axis=(0, 2)))
    positions, absent = positions[:, present].astype(np.float64), absent[:, present]
    seen = positions[~absent]
    low, high = (seen.min(axis=0), seen.max(axis=0)) if len(seen) else (np.zeros(3), np.zeros(3))
    origin = (low + high) / 2
    step = max(_STEP, float((high - low).max()) / 2 / _LARGEST)
    steps = np.where(absent[..., None], MISSING, np.round((np.nan_to_num(positions) - origin) / step))
    source = clip.source
    return {
        "id": source.id,
        "dataset": source.dataset,
        "action": source.action,
        "variant": source.variant,
        "subject": source.subject,
        "camera": source.camera,
        "setup": source.setup,
        "problems": list(clip.problems),
        "layout": clip.layout.name,
        "rate": clip.rate / every,
        "recorded_rate": clip.rate,
        "recorded_frames": clip.frames,
        "every": every,
        "frames": int(positions.shape[0]),
        "bodies": int(positions.shape[1]),
        "slots": [int(slot) for slot in present],
        "joints": int(positions.shape[2]),
        "origin": [float(value) for value in origin],
        "step": step,
        "positions": base64.b64encode(steps.astype("<i2").tobytes()).decode("ascii"),
        **_view(positions, absent, clip.layout),
    }


def unpack_positions(payload: dict[str, Any]) -> NDArray[np.float32]:
    """(frames, bodies present, joints, 3) metres of a payload, NaN where absent: what the player reads."""
    steps = np.frombuffer(base64.b64decode(payload["positions"]), dtype="<i2")
    steps = steps.reshape(payload["frames"], payload["bodies"], payload["joints"], 3)
    metres = steps * payload["step"] + np.array(payload["origin"])
    return np.where(steps == MISSING, np.nan, metres).astype(np.float32)


def layouts_payload(layouts: Iterable[Layout]) -> dict[str, Any]:
    """Bones, sides, head and trailing joints of each layout, by its name, for the player."""
    return {layout.name: _layout(layout) for layout in layouts}


def _layout(layout: Layout) -> dict[str, Any]:
    children = {child for child, _ in layout.bones}
    leaves = children - {parent for _, parent in layout.bones}
    ends = [joint for part in ("hand", "foot") for joint in layout.joints if joint.startswith(f"{part}_")]
    return {
        "bones": layout.bone_indices.tolist(),
        "sides": [
            joint.rpartition("_")[2] if joint.endswith(("_left", "_right")) else "" for joint in layout.joints
        ],
        "head": layout.joints.index("head") if "head" in layout.joints else -1,
        "trails": [layout.joints.index(joint) for joint in ends or sorted(leaves)],
    }


def _view(positions: NDArray[np.float64], absent: NDArray[np.bool_], layout: Layout) -> dict[str, Any]:
    """Where the floor is, what to look at, from where, and how much of space to show."""
    seen = positions[~absent]
    if not len(seen):
        return {"floor": 0.0, "target": [0.0, 1.0, 0.0], "reach": [1.0, 1.0], "yaw": 0.0}
    # Single frames with a joint far off must not shrink the person: the outermost hundredth is let go.
    low, high = np.percentile(seen, [1, 99], axis=0)
    heights = np.where(absent, np.inf, positions[..., 1]).min(axis=(1, 2))
    floor = float(np.percentile(heights[np.isfinite(heights)], 10))
    target = (low + high) / 2
    target[1] = (floor + high[1]) / 2
    across, up = float(np.hypot(*(high - low)[[0, 2]])) / 2, float(high[1] - floor) / 2
    return {
        "floor": floor,
        "target": [float(value) for value in target],
        "reach": [max(across, 0.2), max(up, 0.2)],
        "yaw": _front(positions, absent, layout),
    }


def _front(positions: NDArray[np.float64], absent: NDArray[np.bool_], layout: Layout) -> float:
    """Angle about the vertical from which the bodies are seen from the front, two of them side by side.

    The viewer's right lies along (cos yaw, 0, -sin yaw), where a body facing the viewer has its left.
    """
    held = np.where(absent[..., None], np.nan, positions)
    pairs = [pair for pair in layout.pairs if pair[0].startswith(("shoulder", "hip", "clavicle"))]
    sides = [held[:, :, layout.index(left)] - held[:, :, layout.index(other)] for left, other in pairs]
    wide = np.stack(sides).reshape(-1, 3) if sides else np.zeros((0, 3))
    wide = wide[~np.isnan(wide).any(axis=1)]
    right = wide.mean(axis=0) if len(wide) else np.array([1.0, 0.0, 0.0])
    middles = [body[~np.isnan(body)].reshape(-1, 3).mean(axis=0) for body in held.swapaxes(0, 1)]
    if len(middles) > 1:
        between = middles[1] - middles[0]
        if np.hypot(between[0], between[2]) > 0.3:
            # Two who face the same way are seen from the front; of two face to face the first stands left.
            agree = between[0] * right[0] + between[2] * right[2]
            right = (
                -between
                if agree < -0.2 * np.hypot(between[0], between[2]) * np.hypot(right[0], right[2])
                else between
            )
    return float(np.arctan2(-right[2], right[0]))
