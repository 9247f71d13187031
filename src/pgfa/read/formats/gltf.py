"""glTF 2.0 (.glb, .gltf, .vrm, .vrma): animations of people, one clip per animation."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded, PgfaError, Undecided
from pgfa.read.assemble import assemble, counted, digest_of
from pgfa.read.format import Format, first_clip
from pgfa.read.parsing.gltf_file import GltfFile
from pgfa.read.parsing.gltf_motion import (
    MAX_CELLS,
    Local,
    Tracks,
    node_parents,
    sample_times,
    tracks_of,
    world_positions,
)
from pgfa.read.parsing.rig import Rig, is_end, recognise_joints, rig_to_metres
from pgfa.read.parsing.rig_body import stature
from pgfa.read.parsing.rig_names import missing_joints
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import NTU25, Clip, Source

MAX_CLIPS = 1000
MAX_PEOPLE = 16
MAX_SKINS = 256
MAX_JOINTS = 2000
NODE_FRAMES = 60
"""Frames whose positions take as long as what is done once for a node of an animation."""
METRES = (0.5, 3.0)
"""Statures that are taken as they are: the format states metres, and cartoon characters are small."""
_VRM = {"UpperLeg": "hip", "LowerLeg": "knee", "Foot": "ankle", "Toes": "toe", "UpperArm": "shoulder",
        "LowerArm": "elbow", "Hand": "wrist"}  # fmt: skip
VRM_BONES = {"neck": "neck", "head": "head"} | {
    side + bone: f"{joint}_{side}" for side in ("left", "right") for bone, joint in _VRM.items()
}
"""Bone of VRM's humanoid -> joint."""

Floats = NDArray[np.float64]


def sniff(name: str, head: bytes) -> bool:
    """The magic word of a .glb; or JSON by its ending, or with a glTF asset at the start."""
    if head.startswith(b"glTF"):
        return True
    is_json = head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")
    return is_json and (name.lower().endswith(".gltf") or (b'"asset"' in head and b'"scenes"' in head))


def find(root: Path) -> list[FileRef]:
    """The .glb, .gltf, .vrm and .vrma files under a folder or in a zip."""
    return find_files(root, r".+\.(glb|gltf|vrm|vrma)", "animations (.glb, .gltf, .vrma)")


def read(ref: FileRef) -> Clip:
    """The first animation of the file; a problem counts the others. Raises BadFile, LimitExceeded."""
    return first_clip(read_all(ref))


def read_all(ref: FileRef) -> list[Clip | BadFile]:
    """A clip per animation, (frames, people, 25, 3) metres in ntu25, or the error in its place. Raises as `read`."""
    raw = ref.read()
    file = GltfFile(ref, raw)
    animations = file.objects("animations")[:MAX_CLIPS]
    if not animations:
        raise BadFile(str(ref), expected="an animation of a person", found="a model without animations")
    people = _People(file)
    digest = digest_of(raw)
    clips: list[Clip | BadFile] = []
    for number, animation in enumerate(animations):
        name = animation.get("name")
        label = name[:200] if isinstance(name, str) else ""
        where = f"animation {number + 1}" + (f" ({label[:60]})" if label else "")
        identity = ref.stem if len(animations) == 1 else f"{ref.stem}_{number + 1}"
        source = Source(id=identity, variant=label, digest=digest if len(animations) == 1 else "")
        try:
            clips.append(people.clip(animation, source))
        except Undecided as error:
            actual = f"in {where} {error.reason}"
            clips.append(Undecided(str(ref), quantity=error.quantity, found=actual, options=error.options))
        except BadFile as error:
            at = f"{where}, {error.where}" if error.where else where
            clips.append(BadFile(str(ref), where=at, expected=error.expected, found=error.found))
        except PgfaError as error:
            if len(animations) == 1:
                raise
            clips.append(BadFile(str(ref), where=where, expected="a clip", found=str(error)))
            if people.cells > MAX_CELLS:  # the next ones would fail, too
                break
    return clips


@dataclass(frozen=True)
class _Skeleton:
    """The skeleton of a person.

    Attributes:
        nodes: parents first.
        joints: joint of the body -> index in `nodes`.
        with_above: the nodes and all above them.
    """

    nodes: list[int]
    joints: dict[str, int]
    with_above: frozenset[int]


class _People:
    """The people of a file: for each the nodes of its skeleton, and which of them are joints of the body."""

    def __init__(self, file: GltfFile) -> None:
        self.file = file
        self.parents, self.order = node_parents(file)
        self.names = [str(node.get("name", ""))[:200] for node in file.objects("nodes")]
        self.at_rest: dict[int, Local] = {}
        self.rest = np.zeros((len(self.order), 3))
        self.rest[self.order] = world_positions(file, self.parents, self.order, {}, None, self.at_rest)[0]
        self.cells = 0
        vrm = self._vrm_joints()
        self.rigs: list[_Skeleton] = []
        errors: list[BadFile] = []
        for nodes in [self.order] if vrm else self._skeletons()[:MAX_PEOPLE]:
            if len(nodes) > MAX_JOINTS:
                raise LimitExceeded(
                    f"{file.ref}: {len(nodes):,} joints, more than the limit of {MAX_JOINTS:,}"
                )
            rig = self._rig(nodes, self.rest[None, nodes])
            try:
                joints = self._local(nodes, vrm) if vrm else {}
                joints = joints or recognise_joints(str(file.ref), rig.names, rig.parents, rig.rest)
                self.rigs.append(_Skeleton(nodes, joints, frozenset(self._with_above(nodes))))
            except BadFile as error:
                errors.append(error)
        if not self.rigs:
            raise errors[0] if errors else file.bad("nodes", "the skeleton of a person", "none")
        self.others = len(errors)

    def clip(self, animation: dict[str, Any], source: Source) -> Clip:
        """One animation. Raises BadFile, LimitExceeded."""
        tracks = tracks_of(self.file, animation)
        moved = {node for node, _ in tracks}
        rigs = [rig for rig in self.rigs if moved & rig.with_above]
        if not rigs:
            actual = f"one that moves {counted(len(moved), 'other node')}"
            raise self.file.bad("", "an animation that moves a person", actual)
        nodes_used = frozenset[int]().union(*(rig.with_above for rig in rigs))
        used: Tracks = {key: track for key, track in tracks.items() if key[0] in nodes_used}
        order = [node for node in self.order if node in nodes_used]
        times, rate = sample_times(self.file, list(used.values()))
        self.cells += (len(times) + NODE_FRAMES) * len(order)
        if self.cells > MAX_CELLS:
            raise LimitExceeded(
                f"{self.file.ref}: more than {MAX_CELLS:,} positions of joints in all animations"
            )
        positions = world_positions(self.file, self.parents, order, used, times, self.at_rest)
        column = {node: number for number, node in enumerate(order)}
        problems: list[str] = []
        people = []
        for skeleton in rigs:
            rig = self._rig(skeleton.nodes, positions[:, [column[node] for node in skeleton.nodes]])
            height = stature({joint: rig.positions[:, index] for joint, index in skeleton.joints.items()})
            scale = 1.0 if METRES[0] <= height <= METRES[1] else None
            person, inferred = rig_to_metres(self.file.ref, rig, skeleton.joints, scale)
            people.append(person)
            problems += inferred
        if self.others and len(rigs) == len(self.rigs):
            problems.append(
                counted(self.others, "skeleton of no person", "skeletons of no person") + " left out"
            )
        raw = np.stack(people, axis=1)
        notes = tuple(problems)
        return assemble(
            self.file.ref,
            raw.tobytes(),
            raw,
            rate=rate,
            layout=NTU25,
            source=source,
            problems=notes,
            absent=None,
        )

    def _rig(self, nodes: list[int], positions: Floats) -> Rig:
        """The nodes of a skeleton with their positions (frames, nodes, 3)."""
        index = {node: number for number, node in enumerate(nodes)}
        parents = []
        for node in nodes:
            above = self.parents[node]
            while above >= 0 and above not in index:
                above = self.parents[above]
            parents.append(index.get(above, -1))
        names = tuple(self.names[node] for node in nodes)
        return Rig(names, tuple(parents), self.rest[nodes], positions)

    def _with_above(self, nodes: list[int]) -> set[int]:
        out = set(nodes)
        for node in nodes:
            above = self.parents[node]
            while above >= 0 and above not in out:
                out.add(above)
                above = self.parents[above]
        return out

    def _skeletons(self) -> list[list[int]]:
        """Nodes of each skeleton, parents first: of skins that share joints, or without skins, of each tree."""
        groups: list[set[int]] = []
        for number, skin in enumerate(self.file.objects("skins")[:MAX_SKINS]):
            items = skin.get("joints")
            if not isinstance(items, list):
                raise self.file.bad(f"skin {number}", "a list of joints", type(items).__name__)
            joints = {self.file.index(item, len(self.names), f"skin {number}") for item in items}
            same = [group for group in groups if group & joints]
            groups = [group for group in groups if not group & joints] + [joints.union(*same)]
        ends = [node for node in self.order if is_end(self.names[node]) and self.parents[node] >= 0]
        for group in groups:
            group |= {node for node in ends if self.parents[node] in group}
        if not groups:
            nodes = self.file.objects("nodes")
            trees: dict[int, set[int]] = {}
            top: dict[int, int] = {}
            for node in self.order:
                top[node] = top[self.parents[node]] if self.parents[node] >= 0 else node
                if "mesh" not in nodes[node]:
                    trees.setdefault(top[node], set()).add(node)
            groups = list(trees.values())
        position = {node: number for number, node in enumerate(self.order)}
        return sorted((sorted(group, key=position.__getitem__) for group in groups), key=len, reverse=True)

    def _vrm_joints(self) -> dict[str, int]:
        """Joint -> node from VRM's own table (0.x, 1.0 or an animation); empty without one."""
        extensions = self.file.content.get("extensions")
        for name in ("VRMC_vrm", "VRMC_vrm_animation", "VRM"):
            extension = extensions.get(name) if isinstance(extensions, dict) else None
            humanoid = extension.get("humanoid") if isinstance(extension, dict) else None
            bones = humanoid.get("humanBones") if isinstance(humanoid, dict) else None
            if isinstance(bones, list):
                bones = {str(bone.get("bone")): bone for bone in bones if isinstance(bone, dict)}
            if isinstance(bones, dict):
                return {
                    joint: self.file.index(bones[bone].get("node"), len(self.names), f"bone {bone}")
                    for bone, joint in VRM_BONES.items()
                    if isinstance(bones.get(bone), dict)
                }
        return {}

    def _local(self, nodes: list[int], joints: dict[str, int]) -> dict[str, int]:
        if missing := missing_joints(joints):
            raise self.file.bad("humanoid", "the bones of a person", f"no {', '.join(missing)}")
        return {joint: nodes.index(node) for joint, node in joints.items()}


def sample() -> dict[str, bytes]:
    """A person of 1.7 m in a T pose who turns for a second, with the joint names of Ready Player Me."""
    nodes: list[dict[str, Any]] = [{"name": "Hips", "translation": [0, 0.92, 0], "children": []}]

    def add(names: dict[str, tuple[float, float, float]]) -> None:
        parent = 0
        for name, offset in names.items():
            nodes[parent].setdefault("children", []).append(len(nodes))
            parent = len(nodes)
            nodes.append({"name": name, "translation": list(offset)})

    add({"Neck": (0, 0.5, 0), "Head": (0, 0.12, 0), "HeadTop_End": (0, 0.18, 0)})
    for side, x in (("Left", 1), ("Right", -1)):
        arm = {"Arm": (0.18 * x, 0.46, 0), "ForeArm": (0.3 * x, 0, 0), "Hand": (0.26 * x, 0, 0)}
        leg = {
            "UpLeg": (0.09 * x, 0, 0),
            "Leg": (0, -0.42, 0),
            "Foot": (0, -0.42, 0),
            "ToeBase": (0, -0.07, 0.13),
        }
        add({side + part: offset for part, offset in arm.items()})
        add({side + part: offset for part, offset in leg.items()})
    binary = struct.pack("<2f", 0, 1) + struct.pack("<8f", 0, 0, 0, 1, 0, 1, 0, 0)
    content = {
        "asset": {"version": "2.0"},
        "scenes": [{"nodes": [0]}],
        "nodes": nodes,
        "skins": [{"joints": list(range(len(nodes)))}],
        "buffers": [{"byteLength": len(binary)}],
        "bufferViews": [
            {"buffer": 0, "byteLength": 8},
            {"buffer": 0, "byteOffset": 8, "byteLength": 32},
        ],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 2, "type": "SCALAR"},
            {"bufferView": 1, "componentType": 5126, "count": 2, "type": "VEC4"},
        ],
        "animations": [
            {
                "name": "turn",
                "samplers": [{"input": 0, "output": 1}],
                "channels": [{"sampler": 0, "target": {"node": 0, "path": "rotation"}}],
            }
        ],
    }
    return {"turn.glb": glb(content, binary)}


def glb(content: dict[str, Any], binary: bytes) -> bytes:
    """A binary file of a JSON object and a buffer."""
    text = json.dumps(content).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    chunks = (
        struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    )
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


FORMAT = Format(
    "gltf",
    "glTF 2.0 and VRM: .glb, .gltf, .vrma with an animation of a person",
    sniff,
    find,
    read,
    read_all=read_all,
    companions=(".bin",),
    sample=sample,
)
