"""Biovision motion (.bvh): hierarchy, motion, forward kinematics; `parsing.rig` has what becomes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.assemble import assemble, check_frames
from pgfa.read.format import Format
from pgfa.read.limits import allowance, check_text
from pgfa.read.parsing.rig import Rig, recognise_joints, rig_to_metres
from pgfa.read.parsing.rotation import rotation
from pgfa.read.parsing.text_table import short
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import NTU25, Clip, Source

MAX_JOINTS = 1000
MAX_CELLS = 64_000_000
POSITIONS = 3_000_000
"""Frames times joints in a small file: joints without channels have no numbers that would limit them."""
MAX_STATEMENTS = 8 * MAX_JOINTS
MAX_LINE = 200_000
"""Statements and letters of a line in the hierarchy."""
GROUND = 0.15
"""Metres between a foot's joint and the ground that it stands on."""
RADIANS, MOVED = 3.15, 0.5
"""Half a turn in radians; how far an angle has to move for a motion to be expected."""
STILL = 0.1
"""Degrees that a joint turns in a recording, at most, if it does not move."""
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
    return head.lstrip()[:9].upper() == b"HIERARCHY"


def find(root: Path) -> list[FileRef]:
    """The .bvh files under a folder or in a zip."""
    return find_files(root, r".+\.bvh", "motion files (.bvh)")


def read(ref: FileRef) -> Clip:
    """One clip: (frames, 1, 25, 3) metres in ntu25, y up, by forward kinematics.

    Raises:
        BadFile: with the line; or the joints are not those of a person. LimitExceeded.
    """
    raw = ref.read()
    joints, motion, seconds = parse(str(ref), raw)
    rate = 1 / seconds if seconds > 0 else 0.0
    if not 1 <= rate <= 10_000 and ref.stated.rate is not None:
        rate = ref.stated.rate
    elif not 1 <= rate <= 10_000:
        expected = "0.0001 to 1 seconds, or --rate (rate=... in Python)"
        raise BadFile(str(ref), where="Frame Time", expected=expected, found=f"{seconds:g}")
    names, parents = tuple(joint.name for joint in joints), tuple(joint.parent for joint in joints)
    rest = rest_pose(joints)
    body = recognise_joints(str(ref), names, parents, rest)
    rest = rest @ still_turn(joints, motion, body).T
    rig = Rig(names, parents, rest, forward(joints, motion))
    kinect, problems = rig_to_metres(ref, rig, body, None)
    if joints[0].offset.any() and not _on_ground(kinect):
        # Some programs (three.js) add a root's positions to its offset. Only the ground can tell.
        added = replace(rig, positions=rig.positions + joints[0].offset)
        raised, notes = rig_to_metres(ref, added, body, None)
        if _on_ground(raised):
            kinect, problems = (
                raised,
                (*notes, "position of the root added to its offset: feet on the ground"),
            )
    problems = (*problems, *_doubts(joints, motion))
    source = Source(id=ref.stem)
    return assemble(
        ref, raw, kinect[:, None], rate=rate, layout=NTU25, source=source, problems=problems, absent=None
    )


def _doubts(joints: list[Joint], motion: Floats) -> tuple[str, ...]:
    """A note if the angles look like radians: none beyond half a turn in radians, though some move."""
    channels = [name for joint in joints for name in joint.channels]
    angles = motion[:, [name.endswith("rotation") for name in channels]]
    if not angles.size or np.abs(angles).max() > RADIANS or np.ptp(angles, axis=0).max() < MOVED:
        return ()
    return (f"no angle exceeds {np.abs(angles).max():.2f}: if they are radians, convert them to degrees",)


def _on_ground(kinect: Floats) -> bool:
    """Whether the lower foot of a body (frames, 25, 3), metres, y up, comes down to height 0."""
    feet = kinect[:, [NTU25.index("foot_left"), NTU25.index("foot_right")], 1]
    return bool(abs(np.quantile(feet.min(axis=1), 0.02)) < GROUND)


def parse(file: str, raw: bytes) -> tuple[list[Joint], Floats, float]:
    """Parse a motion file.

    Returns:
        joints (parents first, including ends of bones), (frames, channels) numbers, seconds per frame.

    Raises:
        BadFile: with the line. LimitExceeded.
    """
    check_text(file, raw)
    lines = raw.decode("utf-8", "replace").splitlines()
    if b"," in raw and not _has_points(lines):
        lines = [line.replace(",", ".") for line in lines]
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
    if not (np.isfinite(frames) and frames == int(frames) and 0 <= seconds < np.inf):
        actual = f"{frames:g}, {seconds:g}"
        raise BadFile(file, where="MOTION", expected="a count and a time of 0 or more", found=actual)
    check_frames(file, int(frames))
    width = sum(len(joint.channels) for joint in joints)
    if frames * width > MAX_CELLS:
        raise LimitExceeded(f"{file}: {frames * width:,.0f} numbers, more than the limit of {MAX_CELLS:,}")
    if frames * len(joints) > (most := allowance(len(raw), POSITIONS)):
        raise LimitExceeded(
            f"{file}: {frames:,.0f} frames of {len(joints):,} joints and ends, more than the limit of {most:,} "
            f"positions in {len(raw):,} bytes"
        )
    rows = [number for number in range(start, len(lines)) if lines[number].strip()]
    if len(rows) != frames:
        raise BadFile(file, where="MOTION", expected=f"{frames:.0f} lines of numbers", found=str(len(rows)))
    motion = np.empty((len(rows), width))
    for row, number in enumerate(rows):
        cells = lines[number].split()
        try:
            motion[row] = [float(cell) for cell in cells]
        except ValueError:
            actual = str(len(cells)) if len(cells) != width else "text"
            raise _bad_line(file, number, f"{width} numbers", actual) from None
    if not np.isfinite(motion).all():
        row = int(np.argmin(np.isfinite(motion).all(axis=1)))
        raise _bad_line(file, rows[row], "numbers", "nan or inf")
    return joints, motion, seconds


def rest_pose(joints: list[Joint]) -> Floats:
    """(joints, 3) positions of all joints and ends without rotation, the root at the origin."""
    positions = np.zeros((len(joints), 3))
    for index, joint in enumerate(joints):
        if joint.parent >= 0:
            positions[index] = positions[joint.parent] + joint.offset
    return positions


def still_turn(joints: list[Joint], motion: Floats, body: dict[str, int]) -> Floats:
    """(3, 3) how joints above the pelvis turn the body in all frames, as a root does that turns z up to y up; the
    identity if one of them moves.

    Args:
        joints, motion: as `parse` gives them.
        body: joint -> index, with hips and shoulders.
    """
    above = _path(joints, body["hip_left"]) & _path(joints, body["shoulder_left"])
    above &= _path(joints, body["hip_right"]) & _path(joints, body["shoulder_right"])
    turn = np.eye(3)
    first = np.cumsum([0, *(len(joint.channels) for joint in joints)])
    for index in sorted(above)[:-1]:  # the last of them is the pelvis
        channels = joints[index].channels
        angles = [n for n, name in enumerate(channels) if name.endswith("rotation")]
        values = motion[:, first[index] + np.array(angles, dtype=np.int64)]
        if values.size and np.ptp(values, axis=0).max() > STILL:
            return np.eye(3)
        axes = [channels[n][0] for n in angles]
        turn = turn @ rotation(axes, values[:1], True, first="outer")[0]
    return turn


def _path(joints: list[Joint], index: int) -> set[int]:
    """A joint and all joints above it."""
    out = set()
    while index >= 0:
        out.add(index)
        index = joints[index].parent
    return out


def forward(joints: list[Joint], motion: Floats) -> Floats:
    """Forward kinematics: (frames, joints, 3) positions of all joints and ends, in the file's unit.

    A joint's rotation is the product of its rotations in the order of its channels, after its parent's; its position
    is its parent's plus, in the parent's frame, its position channels if it has all three, else its offset plus
    those it has. Three position channels replace the offset, for the root too (Blender, MotionBuilder and most
    data sets write and read them so), unless `_adds_to_offset`.
    """
    positions = np.empty((len(joints), len(motion), 3))
    rotations: dict[
        int, Floats
    ] = {}  # of joints with children to come: those of all would not fit into memory
    last_child = {joint.parent: index for index, joint in enumerate(joints)}
    column = 0
    for index, joint in enumerate(joints):
        values = motion[:, column : column + len(joint.channels)]
        column += len(joint.channels)
        shifts = [channel for channel, name in enumerate(joint.channels) if name.endswith("position")]
        offset = np.zeros((len(motion), 3))
        for channel in shifts:
            offset[:, "xyz".index(joint.channels[channel][0])] = values[:, channel]
        if len(shifts) < 3 or (joint.parent >= 0 and _adds_to_offset(joint.offset, offset)):
            offset += joint.offset
        parent = rotations.get(joint.parent)
        if parent is None:
            positions[index] = offset
        else:
            positions[index] = positions[joint.parent] + (parent @ offset[..., None])[..., 0]
        if index in last_child:
            angles = [channel for channel, name in enumerate(joint.channels) if name.endswith("rotation")]
            axes = [joint.channels[channel][0] for channel in angles]
            local = rotation(axes, values[:, angles], True, first="outer")
            rotations[index] = local if parent is None else parent @ local
        if last_child.get(joint.parent) == index:
            rotations.pop(joint.parent, None)
    return positions.transpose(1, 0, 2)


def _adds_to_offset(offset: Floats, shift: Floats) -> bool:
    """Whether the positions (frames, 3) of an inner joint are differences from its offset.

    They are where they are next to zero: read as positions, the bone would vanish.
    """
    length = float(np.linalg.norm(offset))
    return length > 0 and float(np.median(np.linalg.norm(shift, axis=-1))) < 0.05 * length


def _has_points(lines: list[str]) -> bool:
    """Whether numbers of the motion have decimal points: programs on systems with decimal commas write these."""
    start = next(
        (n for n, line in enumerate(lines) if line.strip().lower().startswith("frame time")), len(lines)
    )
    return any("." in line for line in lines[start : start + 3])


def _hierarchy(file: str, lines: list[str]) -> tuple[list[Joint], int]:
    """The joints, and the number (from 0) of the line after MOTION."""
    joints: list[Joint] = []
    stack: list[int] = []
    pending: int | None = None  # the joint whose brace must follow
    for count, (number, line) in enumerate(_statements(file, lines)):
        if count >= MAX_STATEMENTS:
            raise LimitExceeded(f"{file}: more than the limit of {MAX_STATEMENTS:,} statements before MOTION")
        words = line.split()
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


def _statements(file: str, lines: list[str]) -> Iterator[tuple[int, str]]:
    """Line number (from 0) and text of each statement: some programs write braces on the line of what they hold."""
    for number, line in enumerate(lines):
        if len(line) > MAX_LINE:
            raise LimitExceeded(f"{file}, line {number + 1}: {len(line):,} letters, more than the limit")
        parts = re.split(r"([{}])", line)
        if len(parts) > 1:
            parts = [
                piece
                for part in parts
                for piece in re.split(r"(?<=\s)(?=(?:OFFSET|CHANNELS|JOINT|End)\s)", part)
            ]
        yield from ((number, part) for part in parts if part.strip())


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
    """Two frames of a person of 1.7 m in a T pose, with Mixamo's joint names."""

    def limb(joints: dict[str, str], end: str) -> str:
        inner = f"End Site\n{{\nOFFSET {end}\n}}\n"
        for name, offset in reversed(joints.items()):
            inner = (
                f"JOINT {name}\n{{\nOFFSET {offset}\nCHANNELS 3 Zrotation Xrotation Yrotation\n{inner}}}\n"
            )
        return inner

    limbs = [limb({"Neck": "0 50 0", "Head": "0 12 0"}, "0 18 0")]
    for side, x in (("Left", 1), ("Right", -1)):
        arm = {"Arm": f"{18 * x} 46 0", "ForeArm": f"{30 * x} 0 0", "Hand": f"{26 * x} 0 0"}
        leg = {"UpLeg": f"{9 * x} 0 0", "Leg": "0 -42 0", "Foot": "0 -42 0", "ToeBase": "0 -7 13"}
        limbs.append(limb({side + part: offset for part, offset in arm.items()}, f"{18 * x} 0 0"))
        limbs.append(limb({side + part: offset for part, offset in leg.items()}, "0 0 7"))
    channels = "CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation"
    row = "0 92 0 " + " ".join(["1"] * (3 + 16 * 3))
    text = (
        f"HIERARCHY\nROOT Hips\n{{\nOFFSET 0 0 0\n{channels}\n{''.join(limbs)}}}\n"
        f"MOTION\nFrames: 2\nFrame Time: 0.0333\n{row}\n{row}\n"
    )
    return {"walk.bvh": text.encode()}


FORMAT = Format(
    "bvh", "Biovision motion: .bvh of a person, joints by names or by shape", sniff, find, read, sample=sample
)
