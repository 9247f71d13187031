"""The motion of `optical_motion` as a camera sees it, its keypoints named by users in several styles."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from optical_motion import BODY, LIMBS, joint, joints
from pgfa.skeleton import Clip

BEN = joints(apart=1.6)
FRAMES = 24


def pixels(body: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """As a camera in front of the person sees it: x to the right, y down."""
    points = {name: place for name, place in body.items() if name[0] != "="}
    return {name: np.stack([640 + 300 * p[:, 0], 700 - 300 * p[:, 1]], axis=-1) for name, p in points.items()}


def assert_flat(
    clip: Clip, body: Mapping[str, np.ndarray] = BODY, slot: int = 0, scale: float | None = None
) -> float:
    """The picture, upright, its x flipped, in one scale; returns the scale."""
    seen = pixels(body)
    names = [*LIMBS, "head"]
    place = np.concatenate([joint(clip, name, slot)[:, :2] for name in names])
    goal = -np.concatenate([seen[name] for name in names])
    present = np.isfinite(place).all(axis=1)
    a, b = goal[present] - goal[present].mean(0), place[present] - place[present].mean(0)
    factor = float((a * b).sum() / (a * a).sum())
    assert factor > 0
    np.testing.assert_allclose(b, factor * a, atol=0.003)
    assert not clip.depth
    return factor


USER = {
    "shoulder": "Shoulder",
    "elbow": "Elbow",
    "wrist": "Wrist",
    "hip": "Hip",
    "knee": "Knee",
    "ankle": "Ankle",
}


def parts(body: Mapping[str, np.ndarray], style: Callable[[str, str], str]) -> dict[str, np.ndarray]:
    """The user's body parts: a head, and limbs as `style` names them."""
    seen = pixels(body)
    limbs = {style(side, name): seen[f"{name}_{side}"] for side in ("left", "right") for name in USER}
    return {"head": seen["head"], **limbs}


STYLES: dict[str, Callable[[str, str], str]] = {
    "left_wrist": lambda side, name: f"{side}_{name}",
    "wristL": lambda side, name: f"{name}{side[0].upper()}",
    "LWrist": lambda side, name: f"{side[0].upper()}{name.title()}",
    "Wrist_right": lambda side, name: f"{name.title()}_{side}",
    "RightWrist": lambda side, name: f"{side.title()}{name.title()}",
    "wrist-l": lambda side, name: f"{name}-{side[0]}",
}
