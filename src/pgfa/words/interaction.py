"""What two people do to each other: approach, contact, facing, and whether one acts or both do.

Measured on the two main bodies of a clip, in metres of a standard body, and compared with what a sentence says of two
people (`pgfa.words.interaction_words`). What is typical and what is clear was set by hand, as there was no recording of
two people to learn it from (docs/motion-words.md).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pgfa.skeleton.layouts import KINECT20
from pgfa.words.series import Flags, Floats

CLEAR: Final = {
    "approach": (0.0, 1.0),
    "hands_meet": (0.5, 0.2),
    "embrace": (0.75, 0.5),
    "hand_to_body": (0.45, 0.2),
    "foot_to_body": (0.8, 0.5),
    "facing": (0.8, 1.6),
    "both_act": (0.6, 0.95),
}
"""Interaction -> what people who do something to each other typically show, and what is a clear case of it.

`approach`: metres by which they come closer. `hands_meet`, `embrace`, `hand_to_body`, `foot_to_body`: the least
distance in metres of a hand of each, of the chests, of a hand or a lifted foot of one from the body of the other.
`facing`: mean cosine of where each faces with where the other is. `both_act`: movement of the one as a share of that of
the other."""
INTERACTIONS: Final = tuple(CLEAR)
SIZE: Final = 1 + len(INTERACTIONS) + 1
"""Numbers of `interaction_features`."""
SEEN: Final = 0.5
"""Length of a clear interaction in the vector of a clip, where all else has length 1."""
LIFTED: Final = 0.2
"""Metres above its lowest place from which a foot may touch somebody."""
FAR: Final = 9.0
"""Metres that stand for a limb that never comes near, as no foot is lifted."""
ENDS: Final = 5
"""Frames at the start and the end over which distances are averaged."""


def _columns(*names: str) -> NDArray[np.intp]:
    return np.array([KINECT20.joints.index(name) for name in names])


_HANDS, _FEET = _columns("hand_left", "hand_right"), _columns("foot_left", "foot_right")
_BODY = _columns(
    "pelvis", "spine", "chest", "head", "shoulder_left", "shoulder_right", "hip_left", "hip_right"
)
_LEGS = _columns("pelvis", "hip_left", "hip_right", "knee_left", "knee_right")
_PELVIS, _CHEST = KINECT20.joints.index("pelvis"), KINECT20.joints.index("chest")
_LEFT, _RIGHT = _columns("shoulder_left", "hip_left"), _columns("shoulder_right", "hip_right")


def interactions(positions: Floats, present: Flags) -> Floats:
    """What clips show of each of `INTERACTIONS`.

    Args:
        positions: (N, T, bodies, 20, 3) prepared clips in `kinect20`, y up.
        present: (N, bodies).

    Returns:
        (N, interactions) in the units of `CLEAR`, NaN where fewer than two people are there.
    """
    out = np.full((len(positions), len(INTERACTIONS)), np.nan, dtype=np.float32)
    if positions.shape[2] < 2 or not (two := present[:, :2].all(axis=1)).any():
        return out
    pair = np.moveaxis(positions[two][:, :, :2], 2, 0)  # (2, n, T, 20, 3)
    columns = (
        _closer(pair),
        _least(pair, _HANDS, _HANDS),
        np.linalg.norm(pair[0, :, :, _CHEST] - pair[1, :, :, _CHEST], axis=-1).min(axis=1),
        _least(pair, _HANDS, _BODY),
        _least(pair, _FEET, _LEGS, _lifted(pair)),
        _facing(pair),
        _share_of_movement(pair),
    )
    out[two] = np.stack(columns, axis=1)
    return out


def interaction_evidence(shown: Floats) -> Floats:
    """(N, interactions) of clips -> -1 to 1: 0 typical, 1 clear; 0 where fewer than two people are there."""
    typical, clear = np.array(list(CLEAR.values()), dtype=np.float32).T
    evidence = np.clip((shown - typical) / (clear - typical), -1, 1)
    return np.where(np.isfinite(shown), evidence, np.float32(0))


def interaction_features(shown: Floats, flat: Flags) -> Floats:
    """(N, interactions) of clips -> (N, SIZE) to compare with `interaction_vectors` of sentences.

    First whether two people are there, then the evidence, then 0. Rows of 0 where fewer than two people are there.

    Args:
        shown: see `interactions`.
        flat: (N,) clips without depth: people who are one behind the other would touch, so there is no evidence.
    """
    two = np.isfinite(shown).all(axis=1, keepdims=True)
    evidence = np.where(flat[:, None], np.float32(0), interaction_evidence(shown))
    rows = np.concatenate([two, evidence, np.zeros_like(two)], axis=1, dtype=np.float32)
    return np.asarray(rows * np.float32(SEEN))


def _closer(pair: Floats) -> Floats:
    """(n,) metres by which the pelvises come closer on the floor plan, from the start to the end."""
    between = pair[1, :, :, _PELVIS] - pair[0, :, :, _PELVIS]
    gap = np.hypot(between[..., 0], between[..., 2])
    return np.asarray(gap[:, :ENDS].mean(axis=1) - gap[:, -ENDS:].mean(axis=1))


def _least(
    pair: Floats, limbs: NDArray[np.intp], targets: NDArray[np.intp], counts: Flags | None = None
) -> Floats:
    """(n,) least distance of a limb of either body from a target of the other.

    Args:
        pair: (2, n, T, 20, 3).
        limbs, targets: joints.
        counts: (2, n, T, limbs) where a limb counts; None: always.
    """
    least = []
    for actor, other in ((0, 1), (1, 0)):
        between = pair[actor][:, :, limbs, None] - pair[other][:, :, None, targets]
        distance = np.sqrt(np.einsum("ntljk,ntljk->ntlj", between, between)).min(axis=3)
        if counts is not None:
            distance = np.where(counts[actor], distance, np.float32(FAR))
        least.append(distance.min(axis=(1, 2)))
    return np.asarray(np.minimum(*least))


def _lifted(pair: Floats) -> Flags:
    """(2, n, T, feet) where a foot is above its lowest place."""
    height = pair[:, :, :, _FEET, 1]
    return np.asarray(height > height.min(axis=2, keepdims=True) + LIFTED)


def _facing(pair: Floats) -> Floats:
    """(n,) mean cosine of where each of the two faces, by shoulders and hips, with where the other is."""
    across = (pair[..., _RIGHT, :] - pair[..., _LEFT, :]).sum(axis=-2)[..., ::2]
    forward = np.stack([across[..., 1], -across[..., 0]], axis=-1)
    between = (pair[1, :, :, _PELVIS] - pair[0, :, :, _PELVIS])[..., ::2]
    towards = np.stack([between, -between])
    lengths = np.linalg.norm(forward, axis=-1) * np.linalg.norm(towards, axis=-1)
    cosines = (forward * towards).sum(axis=-1) / np.maximum(lengths, 1e-6)
    return np.asarray(cosines.mean(axis=(0, 2)), dtype=np.float32)


def _share_of_movement(pair: Floats) -> Floats:
    """(n,) paths of all joints of the one who moves less, as a share of those of the other."""
    moved = np.linalg.norm(np.diff(pair, axis=2), axis=-1).sum(axis=(2, 3))
    return np.asarray(moved.min(axis=0) / np.maximum(moved.max(axis=0), 1e-6))
