"""Augmentation of prepared clips, on the device: point of view, body size, timing and noise."""

from __future__ import annotations

import math

import torch
from torch import Tensor

TURN = math.radians(30)  # largest rotation about the vertical, either way
SIZE = 0.15  # largest change of body size
CROP = 0.15  # largest share cut from either end of the clip
WARP = 0.25  # largest change of pace between the halves of the clip
NOISE = 0.01  # standard deviation of joint noise, in metres of the standard body


def augment(positions: Tensor, mirror: Tensor, flip: Tensor) -> Tensor:
    """Rotate, resize, crop and warp in time, mirror, and jitter each clip independently.

    Args:
        positions: (B, T, M, V, 3); absent bodies are 0 and stay 0.
        mirror: (V,) permutation that swaps left and right joints.
        flip: (B,) bool: which clips are mirrored (their sentence must be mirrored too: train/sentences.py).

    Returns:
        (B, T, M, V, 3).
    """
    absent = (positions == 0).all(dim=-1, keepdim=True).all(dim=-2, keepdim=True)
    out = _crop_and_warp(positions)
    sides = 1 - 2 * (torch.arange(3, device=out.device) == 0).to(out.dtype)  # made there: a copy would wait
    out = torch.where(flip[:, None, None, None, None], out[..., mirror, :] * sides, out)
    count = len(out)
    angle = _between(-TURN, TURN, count, out)
    size = 1 + _between(-SIZE, SIZE, count, out)
    cos, sin, zero, one = angle.cos(), angle.sin(), torch.zeros_like(angle), torch.ones_like(angle)
    turn = torch.stack([cos, zero, sin, zero, one, zero, -sin, zero, cos], dim=1).view(count, 3, 3)
    out = torch.einsum("btmvx,bxy->btmvy", out, turn * size[:, None, None])
    out = out + NOISE * torch.randn_like(out)
    return out.masked_fill(absent.all(dim=1, keepdim=True), 0)


def _crop_and_warp(positions: Tensor) -> Tensor:
    """Resample a random stretch of each clip, at a tempo that varies smoothly along it."""
    count, frames = positions.shape[:2]
    start = _between(0, CROP, count, positions)
    end = 1 - _between(0, CROP, count, positions)
    bend = _between(-WARP, WARP, count, positions)
    t = torch.linspace(0, 1, frames, device=positions.device)
    # u(t) = t + bend * t (1 - t) rises from 0 to 1 while |bend| < 1.
    u = t + bend[:, None] * t * (1 - t)
    position = (start[:, None] + (end - start)[:, None] * u) * (frames - 1)
    low = position.floor().long().clamp(0, frames - 2)
    share = (position - low)[:, :, None, None, None]
    clip = torch.arange(count, device=positions.device)[:, None]
    return torch.lerp(positions[clip, low], positions[clip, low + 1], share)


def _between(low: float, high: float, count: int, like: Tensor) -> Tensor:
    return low + (high - low) * torch.rand(count, device=like.device, dtype=like.dtype)
