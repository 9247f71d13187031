"""One motion of a person with known joints, written as BVH or glTF with the joint names of many programs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pgfa.skeleton import NTU25
from rig_dialects import Dialect

Floats = NDArray[np.float64]
FRAMES = 24
RATE = 30.0

# Joint -> (parent, offset in metres) in a T pose: x to the left, y up, z forward.
_MIDDLE = {
    "pelvis": ("", (0, 0, 0)), "spine": ("pelvis", (0, 0.12, 0)), "chest": ("spine", (0, 0.15, -0.01)),
    "upperchest": ("chest", (0, 0.12, 0)), "neck": ("upperchest", (0, 0.13, 0.01)), "head": ("neck", (0, 0.1, 0.02)),
    "crown": ("head", (0, 0.18, 0)),
}  # fmt: skip
_LIMBS = {
    "clavicle": ("upperchest", (0.03, 0.09, 0)), "shoulder": ("clavicle", (0.14, 0.01, 0)),
    "elbow": ("shoulder", (0.29, 0, 0)), "wrist": ("elbow", (0.26, 0, 0)), "thumb": ("wrist", (0.03, 0, 0.04)),
    "finger": ("wrist", (0.09, 0, 0)), "fingertip": ("finger", (0.08, 0, 0)),
    "hip": ("pelvis", (0.09, -0.04, 0)), "knee": ("hip", (0.0, -0.42, 0)), "ankle": ("knee", (0, -0.42, 0)),
    "toe": ("ankle", (0.01, -0.07, 0.13)), "toetip": ("toe", (0, 0, 0.06)),
}  # fmt: skip
ENDS = ("crown", "fingertip", "toetip")


def skeleton() -> dict[str, tuple[str, Floats]]:
    """Joint -> (parent, offset), parents first."""
    out = {joint: (parent, np.array(offset, float)) for joint, (parent, offset) in _MIDDLE.items()}
    for side, sign in (("left", 1), ("right", -1)):
        for joint, (parent, offset) in _LIMBS.items():
            above = parent if parent in _MIDDLE else f"{parent}_{side}"
            out[f"{joint}_{side}"] = (above, np.array(offset, float) * (sign, 1, 1))
    return out


def motion() -> tuple[Floats, dict[str, Floats]]:
    """(frames, 3) the pelvis, and joint -> (frames, 3, 3) rotations in the parent's frame: a turn while walking; the
    right arm waves above the head, the left one is bent at the elbow."""
    time = np.arange(FRAMES) / RATE
    swing = np.sin(2 * np.pi * time)
    zero = 0 * time
    angles = {
        "pelvis": np.stack([20 + 60 * time, 3 * swing, zero], 1),  # y, x, z
        "spine": np.stack([5 * swing, zero + 6, zero], 1),
        "neck": np.stack([-10 * swing, zero, zero + 3], 1),
        "shoulder_right": np.stack([zero, 10 * swing, -60 + 15 * swing], 1),
        "elbow_right": np.stack([zero, zero, -40 + 25 * np.sin(4 * np.pi * time)], 1),
        "shoulder_left": np.stack([-20 * swing, zero, zero - 70], 1),
        "elbow_left": np.stack([zero - 75, zero, zero], 1),
        "hip_left": np.stack([zero, -25 * swing, zero], 1),
        "knee_left": np.stack([zero, 20 + 15 * swing, zero], 1),
        "hip_right": np.stack([zero, 25 * swing, zero - 3], 1),
        "knee_right": np.stack([zero, 20 - 15 * swing, zero], 1),
        "ankle_right": np.stack([zero, -8 * swing, zero], 1),
    }
    rotations = {
        joint: Rotation.from_euler("YXZ", value, degrees=True).as_matrix() for joint, value in angles.items()
    }
    return np.stack([0.3 * time, 0.93 + 0.02 * swing, 0.8 * time], 1), rotations


def known_joints(root: Floats | None = None, rotations: dict[str, Floats] | None = None) -> dict[str, Floats]:
    """Joint -> (frames, 3) metres, y up."""
    if root is None or rotations is None:
        root, rotations = motion()
    frames = len(root)
    positions, turns = {}, {}
    for joint, (parent, offset) in skeleton().items():
        local = rotations.get(joint, np.broadcast_to(np.eye(3), (frames, 3, 3)))
        turns[joint] = turns[parent] @ local if parent else local
        positions[joint] = positions[parent] + turns[parent] @ offset if parent else root
    return positions


def expected_kinect(at: dict[str, Floats]) -> Floats:
    """(frames, 25, 3) in ntu25: what a reader must give."""
    head = (at["head"] + at["crown"]) / 2
    out = {"pelvis": (at["hip_left"] + at["hip_right"]) / 2, "chest": at["neck"], "head": head}
    out |= {"spine": (out["pelvis"] + at["neck"]) / 2, "neck": (at["neck"] + head) / 2}
    for side in ("left", "right"):
        out |= {
            f"{joint}_{side}": at[f"{joint}_{side}"]
            for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
        }
        middle = (at[f"wrist_{side}"] + at[f"fingertip_{side}"]) / 2
        out |= {f"hand_{side}": middle, f"thumb_{side}": middle, f"handtip_{side}": at[f"fingertip_{side}"]}
        out[f"foot_{side}"] = at[f"toe_{side}"]
    return np.stack([out[joint] for joint in NTU25.joints], axis=1)


@dataclass(frozen=True)
class Node:
    """A joint of a file: name ("" for an end), parent, offset, (frames, 3, 3) rotations, (frames, 3) root positions."""

    name: str
    parent: int
    offset: Floats
    rotation: Floats
    shift: Floats | None = None


def nodes_of(dialect: Dialect, root: Floats, rotations: dict[str, Floats]) -> list[Node]:
    """The joints of a file, parents first: those above the pelvis stay at the origin."""
    names = dialect.table()
    identity = np.broadcast_to(np.eye(3), (len(root), 3, 3))
    nodes = [Node(name, number - 1, np.zeros(3), identity) for number, name in enumerate(dialect.above)]
    index_of: dict[str, int] = {"": len(nodes) - 1}
    for joint, (parent, offset) in skeleton().items():
        index_of[joint] = len(nodes)
        shift = root if joint == "pelvis" else None
        name = "" if joint.split("_")[0] in ENDS else names[joint]
        nodes.append(Node(name, index_of[parent], offset, rotations.get(joint, identity), shift))
    for joint, name, place in dialect.extra:
        nodes.append(Node(name, index_of[joint], np.array(place, float), identity))
    return nodes


def turned(nodes: list[Node], axes: Floats) -> list[Node]:
    """The same file in other axes: rest pose and motion."""
    return [
        replace(
            node, offset=axes @ node.offset, rotation=axes @ node.rotation @ axes.T,
            shift=None if node.shift is None else node.shift @ axes.T,
        )
        for node in nodes
    ]  # fmt: skip


def shuffled(nodes: list[Node], random: Random) -> list[Node]:
    """The same tree with its joints in another order, parents first."""
    children: dict[int, list[int]] = {}
    for index, node in enumerate(nodes):
        children.setdefault(node.parent, []).append(index)
    order: list[int] = []
    ready = list(children[-1])
    while ready:
        index = ready.pop(random.randrange(len(ready)))
        order.append(index)
        ready += children.get(index, [])
    return [
        replace(nodes[i], parent=order.index(nodes[i].parent) if nodes[i].parent >= 0 else -1) for i in order
    ]


def along_x(nodes: list[Node]) -> list[Node]:
    """The same motion with bones along the x axis of their joint, as in LAFAN1 and Biped: no neutral rest pose."""
    orients = []
    for index, node in enumerate(nodes):
        child = next(
            (other for other in nodes if other.parent == index and np.linalg.norm(other.offset) > 0), None
        )
        if node.parent < 0 or child is None:
            orients.append(np.eye(3))
            continue
        turn, _ = Rotation.align_vectors(child.offset[None], [[1, 0, 0]])
        orients.append(turn.as_matrix())
    out = []
    for node, orient in zip(nodes, orients, strict=True):
        above = orients[node.parent] if node.parent >= 0 else np.eye(3)
        shift = None if node.shift is None else node.shift @ above
        out.append(
            replace(
                node, offset=above.T @ node.offset, rotation=above.T @ node.rotation @ orient, shift=shift
            )
        )
    return out


def bvh(
    nodes: list[Node],
    scale: float = 100.0,
    order: str = "ZXY",
    root_offset: str = "zero",
    six: bool = False,
    rate: float = RATE,
) -> bytes:
    """A BVH file.

    Args:
        scale: units per metre.
        order: of the rotation channels.
        root_offset: OFFSET of the joint that has the root's positions: zero, first (its first position), added (the
            same, and positions are differences from it).
        six: position channels for every joint.
    """
    lines = ["HIERARCHY"]
    columns: list[Floats] = []
    frames = len(nodes[-1].rotation)

    def write(index: int, depth: int) -> None:
        node = nodes[index]
        tab = "\t" * depth
        offset = node.offset
        if node.shift is not None and root_offset in ("first", "added"):
            offset = node.shift[0]
        kind = "End Site" if not node.name else f"{'ROOT' if node.parent < 0 else 'JOINT'} {node.name}"
        lines.extend(
            [tab + kind, tab + "{", f"{tab}\tOFFSET " + " ".join(f"{x * scale:.6f}" for x in offset)]
        )
        if node.name:
            moves = six or node.parent < 0 or node.shift is not None
            channels = ["Xposition", "Yposition", "Zposition"] * moves + [f"{axis}rotation" for axis in order]
            lines.append(f"{tab}\tCHANNELS {len(channels)} {' '.join(channels)}")
            if moves:
                places = node.shift if node.shift is not None else np.broadcast_to(node.offset, (frames, 3))
                if node.shift is not None and root_offset == "added":
                    places = places - offset
                columns.extend((places * scale).T)
            columns.extend(Rotation.from_matrix(node.rotation).as_euler(order, degrees=True).T)
        children = [number for number, other in enumerate(nodes) if other.parent == index]
        for child in children:
            write(child, depth + 1)
        if node.name and not children:
            lines.extend([f"{tab}\tEnd Site", tab + "\t{", f"{tab}\t\tOFFSET 0 0 0", tab + "\t}"])
        lines.append(tab + "}")

    write(0, 0)
    rows = [" ".join(f"{value:.6f}" for value in row) for row in np.stack(columns, axis=1)]
    return "\n".join(
        [*lines, "MOTION", f"Frames: {frames}", f"Frame Time: {1 / rate:.6f}", *rows, ""]
    ).encode()


def gltf(
    nodes: list[Node],
    *,
    interpolation: str = "LINEAR",
    armature: float = 1.0,
    skin: bool = True,
    short: bool = False,
    keys: int = FRAMES,
    rate: float = RATE,
) -> tuple[dict[str, Any], bytes]:
    """JSON and buffer of a glTF file with one animation.

    Args:
        interpolation: of all samplers.
        armature: scale of a node above the skeleton; below it lengths are so much longer.
        skin: whether a skin lists the joints.
        short: rotations as normalised 16-bit integers.
        keys: of each track: the first of the motion.
    """
    content: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": "test"}, "scenes": [{"nodes": [0]}], "nodes": [], "accessors": [],
        "bufferViews": [], "buffers": [], "animations": [{"name": "move", "samplers": [], "channels": []}],
    }  # fmt: skip
    binary = b""

    def store(values: Floats, kind: str) -> int:
        nonlocal binary
        integers = short and kind == "VEC4"
        raw = np.round(values * 32767).astype("<i2").tobytes() if integers else values.astype("<f4").tobytes()
        content["bufferViews"].append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(raw)})
        accessor = {"bufferView": len(content["bufferViews"]) - 1, "count": len(values), "type": kind}
        accessor |= {"componentType": 5122, "normalized": True} if integers else {"componentType": 5126}
        content["accessors"].append(accessor)
        binary += raw
        return len(content["accessors"]) - 1

    time = store(np.arange(keys) / rate, "SCALAR")

    def track(node: int, path: str, values: Floats) -> None:
        animation = content["animations"][0]
        if interpolation == "CUBICSPLINE":
            slope = np.gradient(values, 1 / rate, axis=0)
            values = np.stack([slope, values, slope], axis=1).reshape(-1, values.shape[1])
        output = store(values, "VEC4" if path == "rotation" else "VEC3")
        animation["channels"].append(
            {"sampler": len(animation["samplers"]), "target": {"node": node, "path": path}}
        )
        animation["samplers"].append({"input": time, "output": output, "interpolation": interpolation})

    content["nodes"].append({"name": "Armature", "scale": [armature] * 3, "children": [1]})
    for number, node in enumerate(nodes, start=1):
        entry: dict[str, Any] = {"translation": (node.offset / armature).tolist()}
        entry["name"] = node.name or f"{nodes[node.parent].name}_end"
        content["nodes"].append(entry)
        if node.parent >= 0:
            content["nodes"][node.parent + 1].setdefault("children", []).append(number)
        quaternions = Rotation.from_matrix(node.rotation[:keys]).as_quat()
        flips = np.cumprod(np.where((quaternions[1:] * quaternions[:-1]).sum(axis=1) < 0, -1, 1))
        quaternions[1:] *= flips[:, None]
        if np.abs(node.rotation - np.eye(3)).max() > 0:
            track(number, "rotation", quaternions)
        if node.shift is not None:
            track(number, "translation", node.shift[:keys] / armature)
    if skin:
        content["skins"] = [{"joints": [number for number, node in enumerate(nodes, start=1) if node.name]}]
    content["buffers"].append({"byteLength": len(binary)})
    return content, binary
