"""Nodes of a glTF file in motion: hierarchy, samplers, forward kinematics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import LimitExceeded
from pgfa.read.assemble import MAX_FRAMES
from pgfa.read.parsing.gltf_file import GltfFile

MAX_NODES = 20_000
MAX_CELLS = 5_000_000
"""Frames times nodes, of all animations of a file."""
RATES = (30.0, 120.0)
"""An animation is sampled at its finest step, but within these: sparse keys are still a smooth motion."""
_CHUNK, _CHUNK_CELLS = 2048, 400_000
"""Frames, and frames times nodes, whose rotations are in memory at a time."""
_WIDTHS = {"translation": 3, "rotation": 4, "scale": 3}

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Track:
    """Keys of one property of one node.

    Attributes:
        times: (keys,) seconds, rising.
        values: (keys, width); (keys, 3, width) for CUBICSPLINE: tangent before, value, tangent after.
        interpolation: LINEAR, STEP or CUBICSPLINE.
    """

    times: Floats
    values: Floats
    interpolation: str


Tracks = dict[tuple[int, str], Track]
Local = tuple[Floats, Floats]
"""Linear part (frames or 1, 3, 3) and translation (frames or 1, 3) of a node in its parent's frame."""


def node_parents(file: GltfFile) -> tuple[list[int], list[int]]:
    """Parent of each node (-1 for none), and an order with parents first. Raises BadFile, LimitExceeded."""
    nodes = file.objects("nodes")
    if len(nodes) > MAX_NODES:
        raise LimitExceeded(f"{file.ref}: {len(nodes):,} nodes, more than the limit of {MAX_NODES:,}")
    parents = [-1] * len(nodes)
    children: list[list[int]] = [[] for _ in nodes]
    for number, node in enumerate(nodes):
        items = node.get("children", [])
        for item in items if isinstance(items, list) else [items]:
            child = file.index(item, len(nodes), f"node {number}")
            if parents[child] >= 0:
                raise file.bad(f"node {child}", "one parent", f"{parents[child]} and {number}")
            parents[child] = number
            children[number].append(child)
    order = [number for number, parent in enumerate(parents) if parent < 0]
    for number in order:
        order += children[number]
    if len(order) != len(nodes):
        raise file.bad("nodes", "a tree", "a circle")
    return parents, order


def tracks_of(file: GltfFile, animation: dict[str, Any]) -> Tracks:
    """(node, property) -> keys of an animation. Raises BadFile."""
    nodes = len(file.objects("nodes"))
    samplers = file.objects_of(animation, "samplers")
    out: Tracks = {}
    for channel in file.objects_of(animation, "channels"):
        target = channel.get("target")
        path = target.get("path") if isinstance(target, dict) else None
        if (
            not isinstance(target, dict)
            or not isinstance(path, str)
            or path not in _WIDTHS
            or "node" not in target
        ):
            continue  # weights of a mesh, or a property of an extension
        sampler = samplers[file.index(channel.get("sampler"), len(samplers), "sampler")]
        node = file.index(target["node"], nodes, "channel")
        out[node, path] = _track(file, sampler, _WIDTHS[path])
    return out


def _track(file: GltfFile, sampler: dict[str, Any], width: int) -> Track:
    times = file.accessor(sampler.get("input"))[:, 0]
    values = file.accessor(sampler.get("output"))
    interpolation = str(sampler.get("interpolation", "LINEAR"))
    if interpolation not in ("LINEAR", "STEP", "CUBICSPLINE"):
        raise file.bad("sampler", "LINEAR, STEP or CUBICSPLINE", interpolation[:20])
    each = 3 if interpolation == "CUBICSPLINE" else 1
    if values.shape != (each * len(times), width):
        raise file.bad("sampler", f"{each * len(times)} keys of {width} numbers", f"{values.shape}")
    if (np.diff(times) <= 0).any():
        raise file.bad("sampler", "rising times", "others")
    if each == 3:
        values = values.reshape(-1, 3, width)
    return Track(times, values, interpolation)


def sample_times(file: GltfFile, tracks: Sequence[Track]) -> tuple[Floats, float]:
    """(frames,) seconds at which tracks are sampled, and the rate. Raises LimitExceeded."""
    start = min(float(track.times[0]) for track in tracks)
    end = max(float(track.times[-1]) for track in tracks)
    steps = [float(np.diff(track.times).min()) for track in tracks if len(track.times) > 1]
    rate = float(np.clip(1 / min(steps), *RATES)) if steps else RATES[0]
    if abs(rate - round(rate)) < 0.01 * rate:  # keys are single precision: 1 / 0.0333333 s is 30 fps
        rate = float(round(rate))
    frames = (end - start) * rate + 1.01
    if frames > MAX_FRAMES:
        raise LimitExceeded(f"{file.ref}: {frames:,.0f} frames, more than the limit of {MAX_FRAMES:,}")
    return start + np.arange(int(frames)) / rate, rate


def sampled(track: Track, times: Floats, turns: bool) -> Floats:
    """(frames, width) values at those times; before the first key and after the last, these hold.

    Args:
        turns: whether the values are quaternions: interpolated on the sphere, and of length 1.
    """
    values = track.values if track.values.ndim == 2 else track.values[:, 1]
    if len(track.times) == 1:
        out = np.broadcast_to(values[0], (len(times), values.shape[1]))
        return _unit(out) if turns else out
    times = np.clip(times, track.times[0], track.times[-1])
    # A sample that is a key up to rounding is that key, or a step would come one frame late.
    key = np.clip(np.searchsorted(track.times, times + 1e-5, side="right") - 1, 0, len(track.times) - 1)
    if track.interpolation == "STEP":
        return _unit(values[key]) if turns else values[key]
    key = np.minimum(key, len(track.times) - 2)
    step = (track.times[key + 1] - track.times[key])[:, None]
    share = np.clip((times - track.times[key])[:, None] / step, 0, 1)
    if track.interpolation == "CUBICSPLINE":
        before, after = track.values[key, 2] * step, track.values[key + 1, 0] * step
        square, cube = share**2, share**3
        out = (
            (2 * cube - 3 * square + 1) * values[key]
            + (cube - 2 * square + share) * before
            + (3 * square - 2 * cube) * values[key + 1]
            + (cube - square) * after
        )
        return _unit(out) if turns else out
    if turns:
        return _slerp(_unit(values[key]), _unit(values[key + 1]), share)
    return values[key] * (1 - share) + values[key + 1] * share


def world_positions(
    file: GltfFile,
    parents: list[int],
    order: list[int],
    tracks: Tracks,
    times: Floats | None,
    at_rest: dict[int, Local],
) -> Floats:
    """(frames, nodes in `order`, 3) positions in the scene; one frame, the rest pose, without times.

    Args:
        parents: of all nodes.
        order: the nodes wanted, each with all above it, parents first.
        tracks: the animation.
        times: (frames,) seconds.
        at_rest: nodes as no track moves them; those that are missing are added.
    """
    moved = {node for node, _ in tracks} if times is not None else set()
    frames = 1 if times is None else len(times)
    out = np.empty((frames, len(order), 3))
    chunk = max(1, min(_CHUNK, _CHUNK_CELLS // max(1, len(order))))
    for start in range(0, frames, chunk):
        part = None if times is None else times[start : start + chunk]
        matrices: dict[int, Local] = {}
        for number, node in enumerate(order):
            if node in moved:
                linear, shift = _local(file, node, tracks, part)
            else:
                if node not in at_rest:
                    at_rest[node] = _local(file, node, {}, None)
                linear, shift = at_rest[node]
            if parents[node] >= 0:
                above, origin = matrices[parents[node]]
                linear, shift = above @ linear, origin + (above @ shift[..., None])[..., 0]
            matrices[node] = linear, shift
            out[start : start + chunk, number] = shift
    return out


def _local(file: GltfFile, node: int, tracks: Tracks, times: Floats | None) -> Local:
    fields, where = file.objects("nodes")[node], f"node {node}"
    if "matrix" in fields:
        matrix = file.numbers(fields["matrix"], 16, where).reshape(4, 4).T  # stored by columns
        return matrix[None, :3, :3], matrix[None, :3, 3]

    def value(name: str, rest: list[float]) -> Floats:
        track = tracks.get((node, name))
        if track is not None and times is not None:
            return sampled(track, times, name == "rotation")
        return file.numbers(fields.get(name, rest), len(rest), where)[None]

    turn = _matrices(_unit(value("rotation", [0, 0, 0, 1])))
    return turn * value("scale", [1, 1, 1])[:, None, :], value("translation", [0, 0, 0])


def _unit(quaternions: Floats) -> Floats:
    length = np.linalg.norm(quaternions, axis=-1, keepdims=True)
    identity = np.array([0.0, 0, 0, 1])
    return np.where(length > 1e-9, quaternions / np.maximum(length, 1e-9), identity)


def _slerp(a: Floats, b: Floats, share: Floats) -> Floats:
    """Along the shorter arc between unit quaternions."""
    cosine = (a * b).sum(axis=-1, keepdims=True)
    b = np.where(cosine < 0, -b, b)
    angle = np.arccos(np.clip(np.abs(cosine), 0, 1))
    sine = np.sin(angle)
    flat = sine < 1e-6
    safe = np.where(flat, 1.0, sine)
    first = np.where(flat, 1 - share, np.sin((1 - share) * angle) / safe)
    second = np.where(flat, share, np.sin(share * angle) / safe)
    return _unit(first * a + second * b)


def _matrices(quaternions: Floats) -> Floats:
    """(frames, 3, 3) of unit quaternions (frames, 4) x y z w."""
    x, y, z, w = quaternions.T
    rows = [
        1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w),
        2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w),
        2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y),
    ]  # fmt: skip
    return np.stack(rows, axis=-1).reshape(-1, 3, 3)
