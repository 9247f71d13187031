"""One motion of a person with known joints, written as BVH or glTF with the joint names of many programs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pgfa.skeleton import NTU25

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


@dataclass(frozen=True)
class Dialect:
    """Names of a program: joint -> name, with S, s, Side, side for the side.

    Attributes:
        above: names of joints above the pelvis.
        extra: (joint it hangs on, name, offset): helpers that must not be taken for joints of the body.
    """

    names: str
    above: tuple[str, ...] = ()
    extra: tuple[tuple[str, str, tuple[float, float, float]], ...] = ()
    left_right: tuple[str, str] = ("L", "R")
    parts: tuple[str, ...] = field(
        default=(
            "pelvis", "spine", "chest", "upperchest", "neck", "head", "clavicle", "shoulder", "elbow", "wrist",
            "finger", "thumb", "hip", "knee", "ankle", "toe",
        )
    )  # fmt: skip

    def table(self) -> dict[str, str]:
        """Joint -> name in the file."""
        out = {}
        words = [word.replace("~", " ") for word in self.names.split()]
        for part, word in zip(self.parts, words, strict=True):
            if part in _MIDDLE:
                out[part] = word
                continue
            for side, letter in zip(("left", "right"), self.left_right, strict=True):
                sided = word.format(S=letter, s=letter.lower(), Side=side.title(), side=side)
                out[f"{part}_{side}"] = sided
        return out


DIALECTS = {
    "Mixamo": Dialect(
        "mixamorig:Hips mixamorig:Spine mixamorig:Spine1 mixamorig:Spine2 mixamorig:Neck mixamorig:Head "
        "mixamorig:{Side}Shoulder mixamorig:{Side}Arm mixamorig:{Side}ForeArm mixamorig:{Side}Hand "
        "mixamorig:{Side}HandMiddle1 mixamorig:{Side}HandThumb1 mixamorig:{Side}UpLeg mixamorig:{Side}Leg "
        "mixamorig:{Side}Foot mixamorig:{Side}ToeBase"
    ),
    "Mixamo without colon": Dialect(
        "mixamorig1Hips mixamorig1Spine mixamorig1Spine1 mixamorig1Spine2 mixamorig1Neck mixamorig1Head "
        "mixamorig1{Side}Shoulder mixamorig1{Side}Arm mixamorig1{Side}ForeArm mixamorig1{Side}Hand "
        "mixamorig1{Side}HandMiddle1 mixamorig1{Side}HandThumb1 mixamorig1{Side}UpLeg mixamorig1{Side}Leg "
        "mixamorig1{Side}Foot mixamorig1{Side}ToeBase"
    ),
    "Unreal": Dialect(
        "pelvis spine_01 spine_02 spine_03 neck_01 head clavicle_{s} upperarm_{s} lowerarm_{s} hand_{s} "
        "middle_01_{s} thumb_01_{s} thigh_{s} calf_{s} foot_{s} ball_{s}",
        above=("root",),
        extra=(
            ("", "ik_foot_l", (0.1, 0, 0)),
            ("", "ik_hand_r", (-0.3, 1, 0)),
            ("shoulder_left", "upperarm_twist_01_l", (0.1, 0, 0)),
            ("hip_right", "thigh_twist_01_r", (0, -0.2, 0)),
        ),
    ),
    "Biped": Dialect(
        "Bip01~Pelvis Bip01~Spine Bip01~Spine1 Bip01~Spine2 Bip01~Neck Bip01~Head Bip01~{S}~Clavicle "
        "Bip01~{S}~UpperArm Bip01~{S}~Forearm Bip01~{S}~Hand Bip01~{S}~Finger2 Bip01~{S}~Finger0 "
        "Bip01~{S}~Thigh Bip01~{S}~Calf Bip01~{S}~Foot Bip01~{S}~Toe0",
        above=("Bip01",),
        extra=(("pelvis", "Bip01 Footsteps", (0, -0.9, 0)),),
    ),
    "VRoid": Dialect(
        "J_Bip_C_Hips J_Bip_C_Spine J_Bip_C_Chest J_Bip_C_UpperChest J_Bip_C_Neck J_Bip_C_Head "
        "J_Bip_{S}_Shoulder J_Bip_{S}_UpperArm J_Bip_{S}_LowerArm J_Bip_{S}_Hand J_Bip_{S}_Middle1 "
        "J_Bip_{S}_Thumb1 J_Bip_{S}_UpperLeg J_Bip_{S}_LowerLeg J_Bip_{S}_Foot J_Bip_{S}_ToeBase",
        above=("Root",),
        extra=(
            ("head", "J_Sec_Hair1_01", (0, -0.3, -0.1)),
            ("head", "J_Adj_L_FaceEye", (0.03, 0.05, 0.06)),
            ("hip_left", "J_Sec_L_SkirtBack0_01", (0, -0.3, -0.1)),
        ),
    ),
    "Rigify": Dialect(
        "spine spine.001 spine.002 spine.003 spine.004 spine.006 shoulder.{S} upper_arm.{S} forearm.{S} "
        "hand.{S} f_middle.01.{S} thumb.01.{S} thigh.{S} shin.{S} foot.{S} toe.{S}",
        extra=(("pelvis", "pelvis.L", (0.08, 0.05, 0.02)), ("ankle_left", "heel.02.L", (0, -0.07, -0.05))),
    ),
    "Rigify, deforming bones": Dialect(
        "DEF-spine DEF-spine.001 DEF-spine.002 DEF-spine.003 DEF-spine.004 DEF-spine.006 DEF-shoulder.{S} "
        "DEF-upper_arm.{S} DEF-forearm.{S} DEF-hand.{S} DEF-f_middle.01.{S} DEF-thumb.01.{S} DEF-thigh.{S} "
        "DEF-shin.{S} DEF-foot.{S} DEF-toe.{S}",
        above=("root",),
        extra=(("shoulder_left", "DEF-upper_arm.L.001", (0.14, 0, 0)), ("", "foot_ik.L", (0.1, 0, 0))),
    ),
    "MakeHuman": Dialect(
        "root spine05 spine03 spine01 neck01 head clavicle.{S} upperarm01.{S} lowerarm01.{S} wrist.{S} "
        "metacarpal2.{S} finger1-1.{S} upperleg01.{S} lowerleg01.{S} foot.{S} toe1-1.{S}",
        extra=(("shoulder_left", "upperarm02.L", (0.15, 0, 0)), ("head", "jaw", (0, 0.02, 0.05))),
    ),
    "MotionBuilder": Dialect(
        "Character1_Hips Character1_Spine Character1_Spine1 Character1_Spine2 Character1_Neck Character1_Head "
        "Character1_{Side}Shoulder Character1_{Side}Arm Character1_{Side}ForeArm Character1_{Side}Hand "
        "Character1_{Side}HandMiddle1 Character1_{Side}HandThumb1 Character1_{Side}UpLeg Character1_{Side}Leg "
        "Character1_{Side}Foot Character1_{Side}ToeBase",
        above=("Character1_Reference",),
        extra=(("elbow_left", "Character1_LeftForeArmRoll", (0.13, 0, 0)),),
    ),
    "Rokoko": Dialect(
        "Hips Spine1 Spine2 Spine3 Neck Head {Side}Shoulder {Side}Arm {Side}ForeArm {Side}Hand "
        "{Side}Finger3Proximal {Side}Finger1Metacarpal {Side}Thigh {Side}Shin {Side}Foot {Side}Toe"
    ),
    "Perception Neuron": Dialect(
        "Robot_Hips Robot_Spine Robot_Spine1 Robot_Spine2 Robot_Neck Robot_Head Robot_{Side}Shoulder "
        "Robot_{Side}Arm Robot_{Side}ForeArm Robot_{Side}Hand Robot_{Side}InHandMiddle Robot_{Side}HandThumb1 "
        "Robot_{Side}UpLeg Robot_{Side}Leg Robot_{Side}Foot Robot_{Side}ToeBase"
    ),
    "CMU": Dialect(
        "Hips LowerBack Spine Spine1 Neck Head {Side}Shoulder {Side}Arm {Side}ForeArm {Side}Hand "
        "{Side}FingerBase {S}Thumb {Side}UpLeg {Side}Leg {Side}Foot {Side}ToeBase",
        extra=(("pelvis", "LHipJoint", (0, 0, 0)), ("neck", "Neck1", (0, 0.05, 0))),
    ),
    "LAFAN1": Dialect(
        "Hips Spine Spine1 Spine2 Neck Head {Side}Shoulder {Side}Arm {Side}ForeArm {Side}Hand {Side}Finger "
        "{Side}Thumb {Side}UpLeg {Side}Leg {Side}Foot {Side}Toe"
    ),
    "Bandai Namco": Dialect(
        "Hips Spine Chest Chest2 Neck Head Shoulder_{S} UpperArm_{S} LowerArm_{S} Hand_{S} Finger_{S} "
        "Thumb_{S} UpperLeg_{S} LowerLeg_{S} Foot_{S} Toes_{S}",
        above=("joint_Root",),
    ),
    "Biovision": Dialect(
        "Hips Chest Chest2 Chest3 Neck Head {Side}Collar {Side}Shoulder {Side}Elbow {Side}Wrist {Side}Finger "
        "{Side}Thumb {Side}Hip {Side}Knee {Side}Ankle {Side}Toe"
    ),
    "Poser": Dialect(
        "hip abdomen chest chestUpper neck head {s}Collar {s}Shldr {s}ForeArm {s}Hand {s}Mid1 {s}Thumb1 "
        "{s}Thigh {s}Shin {s}Foot {s}Toe"
    ),
    "Daz": Dialect(
        "hip abdomenLower chestLower chestUpper neckLower head {s}Collar {s}ShldrBend {s}ForearmBend {s}Hand "
        "{s}Mid1 {s}Thumb1 {s}ThighBend {s}Shin {s}Foot {s}Toe",
        extra=(("hip_left", "lThighTwist", (0, -0.2, 0)), ("neck", "neckUpper", (0, 0.05, 0.01))),
    ),
    "Acclaim": Dialect(
        "root lowerback upperback thorax lowerneck head {s}clavicle {s}humerus {s}radius {s}hand {s}fingers "
        "{s}thumb {s}femur {s}tibia {s}foot {s}toes",
        extra=(("elbow_left", "lwrist", (0.17, 0, 0)), ("elbow_right", "rwrist", (-0.17, 0, 0))),
    ),
    "OptiTrack": Dialect(
        "Hips Ab Chest Chest2 Neck Head {S}Shoulder {S}UArm {S}FArm {S}Hand {S}Middle1 {S}Thumb1 {S}Thigh "
        "{S}Shin {S}Foot {S}Toe"
    ),
    "SMPL: ankle and foot, wrist and hand": Dialect(
        "m_avg_Pelvis m_avg_Spine1 m_avg_Spine2 m_avg_Spine3 m_avg_Neck m_avg_Head m_avg_{S}_Collar "
        "m_avg_{S}_Shoulder m_avg_{S}_Elbow m_avg_{S}_Wrist m_avg_{S}_Hand m_avg_{S}_Thumb m_avg_{S}_Hip "
        "m_avg_{S}_Knee m_avg_{S}_Ankle m_avg_{S}_Foot",
        above=("m_avg_root",),
    ),
    "Character Creator": Dialect(
        "CC_Base_Hip CC_Base_Waist CC_Base_Spine01 CC_Base_Spine02 CC_Base_NeckTwist01 CC_Base_Head "
        "CC_Base_{S}_Clavicle CC_Base_{S}_Upperarm CC_Base_{S}_Forearm CC_Base_{S}_Hand CC_Base_{S}_Mid1 "
        "CC_Base_{S}_Thumb1 CC_Base_{S}_Thigh CC_Base_{S}_Calf CC_Base_{S}_Foot CC_Base_{S}_ToeBase",
        above=("RL_BoneRoot",),
        extra=(("elbow_left", "CC_Base_L_ForearmTwist01", (0.1, 0, 0)),),
    ),
    "Valve": Dialect(
        "ValveBiped.Bip01_Pelvis ValveBiped.Bip01_Spine ValveBiped.Bip01_Spine1 ValveBiped.Bip01_Spine2 "
        "ValveBiped.Bip01_Neck1 ValveBiped.Bip01_Head ValveBiped.Bip01_{S}_Clavicle "
        "ValveBiped.Bip01_{S}_UpperArm ValveBiped.Bip01_{S}_Forearm ValveBiped.Bip01_{S}_Hand "
        "ValveBiped.Bip01_{S}_Finger2 ValveBiped.Bip01_{S}_Finger0 ValveBiped.Bip01_{S}_Thigh "
        "ValveBiped.Bip01_{S}_Calf ValveBiped.Bip01_{S}_Foot ValveBiped.Bip01_{S}_Toe0"
    ),
    "MikuMikuDance": Dialect(
        "center upper_body upper_body2 upper_body3 neck head shoulder_{S} arm_{S} elbow_{S} wrist_{S} "
        "middle1_{S} thumb0_{S} leg_{S} knee_{S} ankle_{S} toe_{S}"
    ),
    "Kinect": Dialect(
        "SpineBase SpineLow SpineMid SpineHigh SpineShoulder Head Clavicle{Side} Shoulder{Side} Elbow{Side} "
        "Wrist{Side} Hand{Side} Thumb{Side} Hip{Side} Knee{Side} Ankle{Side} Foot{Side}"
    ),
    "KayKit": Dialect(
        "hips spine chest chest2 neck head clavicle.{s} upperarm.{s} lowerarm.{s} wrist.{s} hand.{s} "
        "thumb.{s} upperleg.{s} lowerleg.{s} foot.{s} toes.{s}",
        above=("root",),
        extra=(("finger_left", "handslot.l", (0.3, 0, 0)),),
    ),
    "unknown": Dialect(
        "a1 a2 a3 a4 a5 a6 b1{S}. b2{S}. b3{S}. b4{S}. b5{S}. b6{S}. c1{S}. c2{S}. c3{S}. c4{S}.",
        left_right=("q", "w"),
    ),
}


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
        root_offset: OFFSET of the joint that has the root's positions: zero, first (its first position).
        six: position channels for every joint.
    """
    lines = ["HIERARCHY"]
    columns: list[Floats] = []
    frames = len(nodes[-1].rotation)

    def write(index: int, depth: int) -> None:
        node = nodes[index]
        tab = "\t" * depth
        offset = node.offset
        if node.shift is not None and root_offset == "first":
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
