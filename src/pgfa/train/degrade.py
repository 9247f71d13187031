"""The defects of poor recordings, for prepared clips, on the device: tilt, idle time, lost joints, noise, no depth."""

from __future__ import annotations

import math
from functools import cache

import torch
from torch import Tensor

from pgfa.skeleton import Layout, get_layout

DEGRADED = 0.5  # share of clips that are degraded at all: the others keep the accuracy on clean ones
TILT = math.radians(15)  # largest tilt of the vertical, in any direction
IDLE = 0.2  # largest share of the clip's length added as standing still, before and after; half of the clips have none
LOST = 0.2  # share of clips in which joints of the limbs are never seen
ENDS = 0.3  # of these, share that lose all hands and feet, as with estimators that do not detect them
NOISE = 0.03  # largest standard deviation of joint noise, in metres of the standard body; drawn per clip
FLAT = 0.1  # share of clips without depth

# With `partial_views`, in place of the shares above:
PARTIAL_DEGRADED, PARTIAL_LOST, PARTIAL_FLAT = 0.6, 0.3, 0.25
WHOLE = 0.5  # of the clips that lose joints, share that lose both legs (one in two) or one arm
VIEW = math.radians(60)  # clips without depth are seen from up to this far to the side

LIMBS = ("elbow", "wrist", "hand", "thumb", "knee", "ankle", "foot")
TIPS = ("hand", "thumb", "foot")
LEG, ARM = ("knee", "ankle", "foot"), ("elbow", "wrist", "hand", "thumb")


def degrade(positions: Tensor, layout: str, partial_views: bool = False) -> Tensor:
    """Degrade a share of the clips, each independently, by several defects at once.

    Args:
        positions: (B, T, M, V, 3); absent bodies are 0 and stay 0.
        layout: name of the layout of the V joints.
        partial_views: recordings that show less: more clips without depth, seen from the side as well and without noise
            of the depth that is not there; whole arms and legs that are never seen.

    Returns:
        (B, T, M, V, 3).
    """
    absent = (positions == 0).flatten(3).all(dim=3).all(dim=1)
    out = _stand_still(_lose(positions, layout, partial_views))
    count = len(out)
    out = torch.einsum("btmvx,bxy->btmvy", out, _tilts(count, out))
    flat = _chance(PARTIAL_FLAT if partial_views else FLAT, count, out)
    if partial_views:
        out = torch.einsum("btmvx,bxy->btmvy", out, _views(flat, out))
    out = _without_depth(out, flat)
    noise = NOISE * torch.rand(count, 1, 1, 1, 1, device=out.device, dtype=out.dtype)
    noise = noise * torch.randn_like(out)
    out = out + (_without_depth(noise, flat) if partial_views else noise)
    out = out.masked_fill(absent[:, None, :, None, None], 0)
    degraded = _chance(PARTIAL_DEGRADED if partial_views else DEGRADED, count, out)
    return torch.where(degraded[:, None, None, None, None], out, positions)


def _without_depth(positions: Tensor, flat: Tensor) -> Tensor:
    depth = positions[..., 2].masked_fill(flat[:, None, None, None], 0)
    return torch.stack([positions[..., 0], positions[..., 1], depth], dim=-1)


def _lose(positions: Tensor, layout: str, partial_views: bool) -> Tensor:
    """Put lost joints where preparation puts a joint never seen: where their bone begins (prepare/gaps.py)."""
    count, frames, bodies, joints, _ = positions.shape
    bones, limbs, tips, wholes = _tables(layout, positions.device)
    rank = torch.rand(count, joints, device=positions.device).masked_fill(~limbs, 2).argsort(1).argsort(1)
    one_to_three = rank < torch.randint(1, 4, (count, 1), device=positions.device)
    lost = torch.where(_chance(ENDS, count, positions)[:, None], tips, one_to_three)
    if partial_views:
        whole = wholes[torch.randint(len(wholes), (count,), device=positions.device)]
        lost = torch.where(_chance(WHOLE, count, positions)[:, None], whole, lost)
    lost &= _chance(PARTIAL_LOST if partial_views else LOST, count, positions)[:, None]
    source = torch.arange(joints, device=positions.device).repeat(count, 1)
    for child, parent in bones:
        source[:, child] = torch.where(lost[:, child], source[:, parent], source[:, child])
    return positions.gather(3, source[:, None, None, :, None].expand(count, frames, bodies, joints, 3))


@cache
def _tables(name: str, device: torch.device) -> tuple[tuple[tuple[int, int], ...], Tensor, Tensor, Tensor]:
    """Bones (child, parent) from the centre outwards; (V,) which joints may be lost, which are ends of limbs.

    And (4, V): the joints of both legs, twice, and of each arm.
    """
    layout: Layout = get_layout(name)
    limbs, tips, legs, *arms = (
        torch.tensor([j.startswith(kinds) for j in layout.joints], device=device)
        for kinds in (
            LIMBS,
            TIPS,
            LEG,
            *(tuple(f"{kind}_{side}" for kind in ARM) for side in ("left", "right")),
        )
    )
    return layout.outwards, limbs, tips, torch.stack([legs, legs, *arms])


def _stand_still(positions: Tensor) -> Tensor:
    """Hold the first frame for a while, and the last; the whole is as long as before."""
    count, frames = positions.shape[:2]
    idle = IDLE * (2 * torch.rand(2, count, 1, device=positions.device, dtype=positions.dtype) - 1).clamp(
        min=0
    )
    t = torch.linspace(0, 1, frames, device=positions.device)
    position = ((t * (1 + idle.sum(0)) - idle[0]).clamp(0, 1)) * (frames - 1)
    low = position.floor().long().clamp(0, frames - 2)
    clip = torch.arange(count, device=positions.device)[:, None]
    return torch.lerp(
        positions[clip, low], positions[clip, low + 1], (position - low)[:, :, None, None, None]
    )


def _tilts(count: int, like: Tensor) -> Tensor:
    """(B, 3, 3) rotations by up to TILT about any level axis (Rodrigues)."""
    draw = torch.rand(2, count, device=like.device, dtype=like.dtype)
    axis, angle = 2 * math.pi * draw[0], TILT * (2 * draw[1] - 1)
    x, z, zero = axis.cos(), axis.sin(), torch.zeros_like(axis)
    cross = torch.stack([zero, -z, zero, z, zero, -x, zero, x, zero], dim=1).view(count, 3, 3)
    sin, cos = angle.sin()[:, None, None], angle.cos()[:, None, None]
    return torch.eye(3, device=like.device, dtype=like.dtype) + sin * cross + (1 - cos) * (cross @ cross)


def _views(turned: Tensor, like: Tensor) -> Tensor:
    """(B, 3, 3) rotations of some clips about the vertical, by up to VIEW either way."""
    angle = VIEW * (2 * torch.rand(len(turned), device=like.device, dtype=like.dtype) - 1) * turned
    cos, sin, zero, one = angle.cos(), angle.sin(), torch.zeros_like(angle), torch.ones_like(angle)
    return torch.stack([cos, zero, sin, zero, one, zero, -sin, zero, cos], dim=1).view(len(turned), 3, 3)


def _chance(share: float, count: int, like: Tensor) -> Tensor:
    return torch.rand(count, device=like.device) < share
