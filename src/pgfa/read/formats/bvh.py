"""Biovision motion (.bvh): hierarchy, motion, forward kinematics, and the joints of a Kinect by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.assemble import assemble, check_frames
from pgfa.read.format import Format
from pgfa.read.limits import check_text
from pgfa.read.parsing.joint_aliases import find_joints
from pgfa.read.parsing.rotation import rotation
from pgfa.read.parsing.text_table import short
from pgfa.read.parsing.units import upright_to_metres
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import NTU25, Clip, Source

MAX_JOINTS = 1000
MAX_CELLS = 64_000_000
_CHANNELS = tuple(f"{axis}{kind}" for kind in ("position", "rotation") for axis in "xyz")

Floats = NDArray[np.float64]


@dataclass
class Joint:
    """A joint of the hierarchy, or the end of a bone.

    Attributes:
        name: as in the file; "" for an end.
        parent: index of the parent; -1 for the root.
        offset: from the parent, in the parent's rotated frame.
        channels: ``"xposition"``, ``"zrotation"``, ..., in file order.
    """

    name: str
    parent: int
    offset: Floats
    channels: tuple[str, ...] = ()


def sniff(name: str, head: bytes) -> bool:
    """The word HIERARCHY at the start."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:9].upper() == b"HIERARCHY"


def find(root: Path) -> list[FileRef]:
    """The .bvh files under a folder or in a zip."""
    return find_files(root, r".+\.bvh", "motion files (.bvh)")


def read(ref: FileRef) -> Clip:
    """One clip: (frames, 1, 25, 3) metres in ntu25, y up, by forward kinematics.

    The unit follows from the size of the trunk (docs/formats.md says how each joint is computed).

    Raises:
        BadFile: with the line. LayoutMismatch: the joints are not those of a person. LimitExceeded.
    """
    raw = ref.read()
    joints, motion, seconds = parse(str(ref), raw)
    kinect = as_kinect(str(ref), joints, forward(joints, motion))
    positions, problems = upright_to_metres(kinect[:, None], NTU25)
    rate = 1 / seconds
    if not 1 <= rate <= 10_000:
        raise BadFile(str(ref), where="Frame Time", expected="0.0001 to 1 seconds", found=f"{seconds:g}")
    source = Source(id=ref.stem)
    return assemble(
        ref, raw, positions, rate=rate, layout=NTU25, source=source, problems=problems, absent=None
    )


def parse(file: str, raw: bytes) -> tuple[list[Joint], Floats, float]:
    """Parse a motion file.

    Returns:
        joints (parents first, including ends of bones), (frames, channels) numbers, seconds per frame.

    Raises:
        BadFile: with the line. LimitExceeded.
    """
    check_text(file, raw)
    lines = raw.decode("utf-8-sig", "replace").splitlines()
    joints, start = _hierarchy(file, lines)
    counts: dict[str, float] = {}
    for key in ("frames:", "frame time:"):
        while start < len(lines) and not lines[start].strip():
            start += 1
        line = lines[start].strip() if start < len(lines) else ""
        try:
            if not line.lower().startswith(key):
                raise ValueError
            counts[key] = float(line[len(key) :])
        except ValueError:
            raise _bad_line(file, start, f"{key} and a number", short(line)) from None
        start += 1
    frames, seconds = counts["frames:"], counts["frame time:"]
    if not (np.isfinite(frames) and frames == int(frames) and 0 < seconds < np.inf):
        actual = f"{frames:g}, {seconds:g}"
        raise BadFile(file, where="MOTION", expected="a count and a time above 0", found=actual)
    check_frames(file, int(frames))
    width = sum(len(joint.channels) for joint in joints)
    if frames * width > MAX_CELLS:
        raise LimitExceeded(f"{file}: {frames * width:,.0f} numbers, more than the limit of {MAX_CELLS:,}")
    rows = [(number, line) for number, line in enumerate(lines[start:], start=start) if line.strip()]
    if len(rows) != frames:
        raise BadFile(file, where="MOTION", expected=f"{frames:.0f} lines of numbers", found=str(len(rows)))
    motion = np.empty((len(rows), width))
    for row, (number, line) in enumerate(rows):
        cells = line.split()
        try:
            motion[row] = [float(cell) for cell in cells]
        except ValueError:
            actual = str(len(cells)) if len(cells) != width else "text"
            raise _bad_line(file, number, f"{width} numbers", actual) from None
    if not np.isfinite(motion).all():
        row = int(np.argmin(np.isfinite(motion).all(axis=1)))
        raise _bad_line(file, rows[row][0], "numbers", "nan or inf")
    return joints, motion, seconds


def forward(joints: list[Joint], motion: Floats) -> Floats:
    """Forward kinematics: (frames, joints, 3) positions of all joints and ends, in the file's unit.

    A joint's rotation is the product of its rotations in the order of its channels, after its parent's; its position
    is its parent's plus the offset (plus its position channels, if any) in the parent's frame. If a joint has all
    three position channels they replace the offset, as motion capture programs write and read them.
    """
    positions = np.empty((len(joints), len(motion), 3))
    rotations: list[Floats] = []
    column = 0
    for index, joint in enumerate(joints):
        values = motion[:, column : column + len(joint.channels)]
        column += len(joint.channels)
        offset = np.broadcast_to(joint.offset, (len(motion), 3)).copy()
        shifts = [channel for channel, name in enumerate(joint.channels) if name.endswith("position")]
        if len(shifts) == 3 and joint.parent >= 0:
            offset[:] = 0
        for channel in shifts:
            offset[:, "xyz".index(joint.channels[channel][0])] += values[:, channel]
        angles = [channel for channel, name in enumerate(joint.channels) if name.endswith("rotation")]
        axes = [joint.channels[channel][0] for channel in angles]
        local = rotation(axes, values[:, angles], True, first="outer")
        if joint.parent < 0:
            positions[index] = offset
            rotations.append(local)
        else:
            parent = rotations[joint.parent]
            positions[index] = positions[joint.parent] + (parent @ offset[..., None])[..., 0]
            rotations.append(parent @ local)
    return positions.transpose(1, 0, 2)


def as_kinect(file: str, joints: list[Joint], positions: Floats) -> Floats:
    """(frames, 25, 3) the joints of ntu25 from those of a motion file. Raises LayoutMismatch.

    The base of the neck is the chest; the spine joint is half-way to it from the pelvis; the head is in the middle of
    the head's bone; a hand is half-way along the hand's bone, with the thumb; the finger tip is at the end of it.
    """
    named = [index for index, joint in enumerate(joints) if joint.name]
    aliases = find_joints(file, [joints[index].name for index in named])
    index_of = {joint: named[number] for joint, number in aliases.items()}
    joint_at = {joint: positions[:, index] for joint, index in index_of.items()}

    def tip(joint: str) -> Floats:
        """The end of the bone that starts in a joint: its first child, or the joint itself."""
        start = index_of[joint]
        child = next((index for index, other in enumerate(joints) if other.parent == start), start)
        return positions[:, child]

    chest = joint_at["neck"]
    head = (joint_at["head"] + tip("head")) / 2 if "head" in joint_at else tip("neck")
    out = {
        "pelvis": (joint_at["hip_left"] + joint_at["hip_right"]) / 2,
        "chest": chest,
        "neck": (chest + head) / 2,
        "head": head,
    }
    out["spine"] = (out["pelvis"] + chest) / 2
    for side in ("left", "right"):
        for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle"):
            out[f"{joint}_{side}"] = joint_at[f"{joint}_{side}"]
        end = tip(f"wrist_{side}")
        out[f"hand_{side}"] = out[f"thumb_{side}"] = (joint_at[f"wrist_{side}"] + end) / 2
        out[f"handtip_{side}"] = end
        out[f"foot_{side}"] = joint_at.get(f"toe_{side}", tip(f"ankle_{side}"))
    return np.stack([out[joint] for joint in NTU25.joints], axis=1)


def _hierarchy(file: str, lines: list[str]) -> tuple[list[Joint], int]:
    """The joints, and the number (from 0) of the line after MOTION."""
    joints: list[Joint] = []
    stack: list[int] = []
    pending: int | None = None  # the joint whose brace must follow
    for number, line in enumerate(lines):
        words = line.split()
        if not words:
            continue
        key = words[0].upper()
        if pending is not None and key != "{":
            raise _bad_line(file, number, "{", short(line.strip()))
        if key == "HIERARCHY" and not joints:
            continue
        if key == "MOTION":
            if stack or not joints:
                raise _bad_line(
                    file, number, "a complete hierarchy before MOTION", f"{len(stack)} braces open"
                )
            return joints, number + 1
        if key in ("ROOT", "JOINT", "END"):
            if (key == "ROOT") == bool(joints) or (key != "ROOT" and not stack) or len(words) < 2:
                raise _bad_line(
                    file, number, "one ROOT, and JOINTs and End Sites in braces", short(line.strip())
                )
            if len(joints) >= MAX_JOINTS:
                raise LimitExceeded(f"{file}: more than the limit of {MAX_JOINTS} joints")
            name = "" if key == "END" else " ".join(words[1:])
            pending = len(joints)
            joints.append(Joint(name, stack[-1] if stack else -1, np.zeros(3)))
        elif key == "{" and pending is not None:
            stack.append(pending)
            pending = None
        elif key == "}" and stack:
            stack.pop()
        elif key == "OFFSET" and stack:
            joints[stack[-1]].offset = _three(file, number, words[1:])
        elif key == "CHANNELS" and stack and joints[stack[-1]].name:
            joints[stack[-1]].channels = _channels(file, number, words[1:])
        else:
            raise _bad_line(file, number, "JOINT, End Site, OFFSET, CHANNELS or a brace", short(line.strip()))
    raise BadFile(file, expected="MOTION after the hierarchy", found="the end of the file")


def _three(file: str, number: int, words: list[str]) -> Floats:
    try:
        values = np.array([float(word) for word in words])
    except ValueError:
        values = np.empty(0)
    if len(values) != 3 or not np.isfinite(values).all():
        raise _bad_line(file, number, "3 numbers", short(" ".join(words)))
    return values


def _channels(file: str, number: int, words: list[str]) -> tuple[str, ...]:
    names = tuple(word.lower() for word in words[1:])
    if (
        not words
        or words[0] != str(len(names))
        or len(set(names)) != len(names)
        or not set(names) <= set(_CHANNELS)
    ):
        raise _bad_line(
            file, number, "a count and as many of Xposition ... Zrotation", short(" ".join(words))
        )
    return names


def _bad_line(file: str, number: int, expected: str, actual: str) -> BadFile:
    return BadFile(file, where=f"line {number + 1}", expected=expected, found=actual)


def sample() -> dict[str, bytes]:
    """Two frames of a person with Mixamo's joint names."""

    def limb(names: list[str], x: float) -> str:
        inner = "End Site\n{\nOFFSET 0 5 0\n}\n"
        for name in reversed(names):
            inner = (
                f"JOINT {name}\n{{\nOFFSET {x} 10 0\nCHANNELS 3 Zrotation Xrotation Yrotation\n{inner}}}\n"
            )
        return inner

    limbs = [limb(["Neck", "Head"], 0)]
    for side, x in (("Left", 9), ("Right", -9)):
        limbs.append(limb([side + part for part in ("UpLeg", "Leg", "Foot")], x))
        limbs.append(limb([side + part for part in ("Arm", "ForeArm", "Hand")], x))
    channels = "CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation"
    row = " ".join(["1"] * (6 + 14 * 3))
    text = (
        f"HIERARCHY\nROOT Hips\n{{\nOFFSET 0 0 0\n{channels}\n{''.join(limbs)}}}\n"
        f"MOTION\nFrames: 2\nFrame Time: 0.0333\n{row}\n{row}\n"
    )
    return {"walk.bvh": text.encode()}


FORMAT = Format(
    "bvh", "Biovision motion: .bvh of a person, joints by their usual names", sniff, find, read, sample=sample
)
