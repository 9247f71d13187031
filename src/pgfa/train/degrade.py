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

LIMBS = ("elbow", "wrist", "hand", "thumb", "knee", "ankle", "foot")
TIPS = ("hand", "thumb", "foot")


def degrade(positions: Tensor, layout: str) -> Tensor:
    """Degrade half of the clips, each independently, by several defects at once.

    Args:
        positions: (B, T, M, V, 3); absent bodies are 0 and stay 0.
        layout: name of the layout of the V joints.

    Returns:
        (B, T, M, V, 3).
    """
    absent = (positions == 0).flatten(3).all(dim=3).all(dim=1)
    out = _stand_still(_lose(positions, layout))
    count = len(out)
    out = torch.einsum("btmvx,bxy->btmvy", out, _tilts(count, out))
    flat = _chance(FLAT, count, out)[:, None, None, None]
    depth = out[..., 2].masked_fill(flat, 0)
    out = torch.stack([out[..., 0], out[..., 1], depth], dim=-1)
    noise = NOISE * torch.rand(count, 1, 1, 1, 1, device=out.device, dtype=out.dtype)
    out = out + noise * torch.randn_like(out)
    out = out.masked_fill(absent[:, None, :, None, None], 0)
    return torch.where(_chance(DEGRADED, count, out)[:, None, None, None, None], out, positions)


def _lose(positions: Tensor, layout: str) -> Tensor:
    """Put lost joints where preparation puts a joint never seen: where their bone begins (prepare/gaps.py)."""
    count, frames, bodies, joints, _ = positions.shape
    bones, limbs, tips = _tables(layout, positions.device)
    rank = torch.rand(count, joints, device=positions.device).masked_fill(~limbs, 2).argsort(1).argsort(1)
    one_to_three = rank < torch.randint(1, 4, (count, 1), device=positions.device)
    lost = torch.where(_chance(ENDS, count, positions)[:, None], tips, one_to_three)
    lost &= _chance(LOST, count, positions)[:, None]
    source = torch.arange(joints, device=positions.device).repeat(count, 1)
    for child, parent in bones:
        source[:, child] = torch.where(lost[:, child], source[:, parent], source[:, child])
    return positions.gather(3, source[:, None, None, :, None].expand(count, frames, bodies, joints, 3))


@cache
def _tables(name: str, device: torch.device) -> tuple[tuple[tuple[int, int], ...], Tensor, Tensor]:
    """Bones (child, parent) from the centre outwards, which joints may be lost, and which are ends of limbs."""
    layout: Layout = get_layout(name)
    limbs, tips = (
        torch.tensor([j.startswith(kind) for j in layout.joints], device=device) for kind in (LIMBS, TIPS)
    )
    return layout.outwards, limbs, tips


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


def _chance(share: float, count: int, like: Tensor) -> Tensor:
    return torch.rand(count, device=like.device) < share
