"""A clip as JSON values for the player: packed positions, bones, floor and an initial view."""

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

    Positions are little-endian int16 in steps of a millimetre relative to the middle of the clip (in coarser steps if
    the clip spans more than 64 m), so the error is at most half a millimetre. Body slots that are always empty are left
    out.

    Args:
        clip: the clip.
        max_frames: of a longer clip only every 2nd, 3rd, ... frame is used; its rate is lower accordingly, so it plays
            at the recorded speed.

    Returns:
        A dict without NaN, ready for ``json.dumps``; ``every`` is the step between the frames used (1: all).
    """
    every = 1 if max_frames is None else max(1, -(-clip.frames // max(1, max_frames)))
    positions = np.where(np.isfinite(clip.positions[::every]), clip.positions[::every], np.float32(np.nan))
    # A joint with a missing coordinate cannot be drawn.
    absent = np.asarray(np.isnan(positions).any(axis=-1))
    present = np.flatnonzero((~absent).any(axis=(0, 2)))
    positions, absent = positions[:, present].astype(np.float64), absent[:, present]
    visible = positions[~absent]
    low, high = (visible.min(axis=0), visible.max(axis=0)) if len(visible) else (np.zeros(3), np.zeros(3))
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
    """(frames, bodies present, joints, 3) metres of a payload, NaN where absent, as decoded by the player."""
    steps = np.frombuffer(base64.b64decode(payload["positions"]), dtype="<i2")
    steps = steps.reshape(payload["frames"], payload["bodies"], payload["joints"], 3)
    metres = steps * payload["step"] + np.array(payload["origin"])
    return np.where(steps == MISSING, np.nan, metres).astype(np.float32)


def layouts_payload(layouts: Iterable[Layout]) -> dict[str, Any]:
    """Bones, sides, head and joints with trails of each layout, by name, for the player."""
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
    """Height of the floor; target, extent and direction of the initial view."""
    visible = positions[~absent]
    if not len(visible):
        return {"floor": 0.0, "target": [0.0, 1.0, 0.0], "reach": [1.0, 1.0], "yaw": 0.0}
    # Without the outermost hundredth, so that single outliers do not make the person small.
    low, high = np.percentile(visible, [1, 99], axis=0)
    heights = np.where(absent, np.inf, positions[..., 1]).min(axis=(1, 2))
    floor = float(np.percentile(heights[np.isfinite(heights)], 10))
    target = (low + high) / 2
    target[1] = (floor + high[1]) / 2
    across, up = float(np.hypot(*(high - low)[[0, 2]])) / 2, float(high[1] - floor) / 2
    return {
        "floor": floor,
        "target": [float(value) for value in target],
        "reach": [max(across, 0.2), max(up, 0.2)],
        "yaw": _front_yaw(positions, absent, layout),
    }


def _front_yaw(positions: NDArray[np.float64], absent: NDArray[np.bool_], layout: Layout) -> float:
    """Angle about the vertical from which the bodies are seen from the front, or two bodies side by side.

    The viewer's right is (cos yaw, 0, -sin yaw), the left of a body that faces the viewer.
    """
    visible = np.where(absent[..., None], np.nan, positions)
    pairs = [pair for pair in layout.pairs if pair[0].startswith(("shoulder", "hip", "clavicle"))]
    sides = [visible[:, :, layout.index(left)] - visible[:, :, layout.index(other)] for left, other in pairs]
    lines = np.stack(sides).reshape(-1, 3) if sides else np.zeros((0, 3))
    lines = lines[~np.isnan(lines).any(axis=1)]
    right = lines.mean(axis=0) if len(lines) else np.array([1.0, 0.0, 0.0])
    centres = [body[~np.isnan(body)].reshape(-1, 3).mean(axis=0) for body in visible.swapaxes(0, 1)]
    if len(centres) > 1:
        to_second = centres[1] - centres[0]
        distance = np.hypot(to_second[0], to_second[2])
        if distance > 0.3:
            # Two bodies that face the same way are seen from the front; of two that face each other the first is on
            # the left.
            agreement = to_second[0] * right[0] + to_second[2] * right[2]
            right = -to_second if agreement < -0.2 * distance * np.hypot(right[0], right[2]) else to_second
    return float(np.arctan2(-right[2], right[0]))
