"""Acclaim skeletons (.asf) and their motion (.amc): parsing and forward kinematics. Knows no data set."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import compress, cycle

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.assemble import check_frames, counted
from pgfa.read.limits import check_text
from pgfa.read.parsing.rotation import Matrices, rotation
from pgfa.read.parsing.text_table import short

Block = tuple[int, dict[str, list[str]]]  # line of `begin`, words by key
_ROOT_DOF = ("tx", "ty", "tz", "rx", "ry", "rz")
INCH = 0.0254


@dataclass(frozen=True)
class Bone:
    """A segment: it starts where its parent ends and rotates, with everything attached to it, about its start.

    Attributes:
        name: as in the ASF.
        parent: index of the parent in `Skeleton.bones`; -1 for the root.
        offset: (3,) from start to end in the rest pose, ASF units, world axes.
        frame: (3, 3) axes of its angles.
        dof: angles the motion gives, in order (``("rx", "rz")``).
    """

    name: str
    parent: int
    offset: NDArray[np.float64]
    frame: Matrices
    dof: tuple[str, ...]


@dataclass(frozen=True)
class Skeleton:
    """Bones in an order in which every parent precedes its children.

    Attributes:
        bones: without the root.
        root_order: the root's six channels in file order.
        root_frame: (3, 3) the root's axes.
        root_position: (3,) added to the root's path, ASF units.
        metres: metres in one ASF unit.
        degrees: whether angles are in degrees.
    """

    bones: tuple[Bone, ...]
    root_order: tuple[str, ...]
    root_frame: Matrices
    root_position: NDArray[np.float64]
    metres: float
    degrees: bool


@lru_cache(maxsize=32)
def parse_asf(file: str, raw: bytes) -> Skeleton:
    """Parse a skeleton file.

    ``length L`` in its units means that a number n is n / L inches.

    Args:
        file: its name, for errors.
        raw: its bytes.

    Raises:
        BadFile: with the line.
    """
    units, root, blocks, children = _sections(file, raw)
    if not blocks:
        raise BadFile(file, expected="bones in :bonedata", found="none")
    angle = units.get("angle", ["deg"])[:1]
    degrees = angle != ["rad"]
    (length,) = _numbers(file, 0, "units length", units.get("length", ["1"]), 1)
    if not 1e-6 < length < 1e6:
        raise BadFile(file, where="units length", expected="a scale above 0", found=f"{length:g}")
    order = tuple(word.lower() for word in root.get("order", []))
    if sorted(order) != sorted(_ROOT_DOF):
        raise BadFile(
            file, where=":root order", expected="TX TY TZ RX RY RZ in some order", found=" ".join(order)
        )
    orientation = _numbers(file, 0, ":root orientation", root.get("orientation", ["0"] * 3), 3)
    axis = "".join(root.get("axis", ["XYZ"]))
    return Skeleton(
        bones=_ordered(file, blocks, children, degrees),
        root_order=order,
        root_frame=_frame(file, 0, orientation, axis, degrees),
        root_position=_numbers(file, 0, ":root position", root.get("position", ["0"] * 3), 3),
        metres=INCH / length,
        degrees=degrees,
    )


def _sections(
    file: str, raw: bytes
) -> tuple[dict[str, list[str]], dict[str, list[str]], dict[str, Block], list[tuple[int, list[str]]]]:
    """Words by key of :units and :root, blocks of :bonedata by bone, numbered lines of :hierarchy."""
    units: dict[str, list[str]] = {}
    root: dict[str, list[str]] = {}
    blocks: dict[str, Block] = {}
    children: list[tuple[int, list[str]]] = []
    section, block, start = "", dict[str, list[str]](), 0
    for number, line in enumerate(raw.decode("utf-8", "replace").splitlines(), start=1):
        words = line.split("#")[0].replace("(", " ").replace(")", " ").split()
        if not words:
            continue
        key, rest = words[0].lower(), words[1:]
        if key.startswith(":"):
            section = key
        elif section == ":units":
            units[key] = rest
        elif section == ":root":
            root[key] = rest
        elif section == ":bonedata":
            if key == "begin":
                block, start = {}, number
            elif key == "end":
                name = " ".join(block.get("name", []))
                if not name or name in blocks or name == "root":
                    raise _bad_line(file, start, "a bone with a unique name", repr(name))
                blocks[name] = (start, block)
            else:
                block.setdefault(key, rest)
        elif section == ":hierarchy" and key not in ("begin", "end"):
            children.append((number, words))
    return units, root, blocks, children


def _ordered(
    file: str,
    blocks: dict[str, Block],
    children: list[tuple[int, list[str]]],
    degrees: bool,
) -> tuple[Bone, ...]:
    """Bones, parents first, as the hierarchy lists them."""
    index_of = {"root": -1}
    bones: list[Bone] = []
    for number, (parent, *names) in children:
        if parent not in index_of:
            raise _bad_line(file, number, "a parent that is listed before", repr(parent))
        for name in names:
            if name not in blocks or name in index_of:
                raise _bad_line(file, number, "a bone of :bonedata, listed once", repr(name))
            line, block = blocks[name]
            title = f"bone {name}"
            direction = _numbers(file, line, f"{title} direction", block.get("direction", []), 3)
            (length,) = _numbers(file, line, f"{title} length", block.get("length", []), 1)
            *angles, order = block.get("axis", ["0", "0", "0", "XYZ"]) or [""]
            frame = _frame(file, line, _numbers(file, line, f"{title} axis", angles, 3), order, degrees)
            dof = tuple(word.lower() for word in block.get("dof", []))
            if len(set(dof)) != len(dof) or not set(dof) <= {"rx", "ry", "rz"}:
                raise _bad_line(file, line, f"{title} dof of rx ry rz", " ".join(dof))
            index_of[name] = len(bones)
            bones.append(Bone(name, index_of[parent], length * direction, frame, dof))
    if missing := sorted(blocks.keys() - index_of.keys()):
        actual = f"no {', '.join(missing)}"
        raise BadFile(file, where=":hierarchy", expected="every bone of :bonedata", found=actual)
    return tuple(bones)


def parse_amc(
    file: str, raw: bytes, skeleton: Skeleton
) -> tuple[dict[str, NDArray[np.float64]], bool, list[str]]:
    """Parse a motion file of a skeleton.

    Returns:
        bone name (or ``root``) -> (frames, dof) numbers as written; whether angles are in degrees;
        problems.

    Raises:
        BadFile: with the line. LimitExceeded for too many frames.
    """
    check_text(file, raw)
    lines = raw.decode("utf-8", "replace").splitlines()
    first = next(
        (i for i, line in enumerate(lines) if line.strip() and line.lstrip()[0] not in "#:"), len(lines)
    )
    flags = {line.strip().lower() for line in lines[:first]}
    degrees = ":degrees" in flags or (skeleton.degrees and ":radians" not in flags)
    dof = {"root": 6} | {bone.name: len(bone.dof) for bone in skeleton.bones if bone.dof}
    tokens = " ".join(lines[first:]).split()
    width = 1 + sum(1 + count for count in dof.values())
    frames, surplus = divmod(len(tokens), width)
    if not tokens:
        raise BadFile(file, expected="frames", found="none")
    if surplus:
        raise _first_error(file, lines, first, dof)
    check_frames(file, frames)
    columns: dict[str, int] = {}
    token = 1
    while token < width:
        name = tokens[token]
        if name not in dof or name in columns or set(tokens[token::width]) != {name}:
            raise _first_error(file, lines, first, dof)
        columns[name] = token + 1
        token += 1 + dof[name]
    is_number = [True] * width
    for column in columns.values():
        is_number[column - 1] = False
    values = np.zeros((frames, width))
    try:
        numbers = map(float, compress(tokens, cycle(is_number)))
        values[:, is_number] = np.fromiter(numbers, dtype=np.float64).reshape(frames, -1)
    except ValueError:
        raise _first_error(file, lines, first, dof) from None
    jumps = int((np.diff(values[:, 0]) != 1).sum())
    problems = [counted(jumps, "jump") + " in the frame numbers"] if jumps else []
    motion = {name: values[:, column : column + dof[name]] for name, column in columns.items()}
    return motion, degrees, problems


def _first_error(file: str, lines: list[str], first: int, dof: dict[str, int]) -> BadFile:
    """Go through a motion file that did not parse, line by line, to the line of the first error."""
    order: list[str] = []
    names: list[str] = []
    frame = ""
    for number, line in enumerate(lines[first:], start=first + 1):
        words = line.split()
        if not words:
            continue
        if len(words) == 1 and words[0] not in dof:
            if not words[0].isdigit():
                return _bad_line(file, number, "a frame number", short(words[0]))
            if frame and len(names) != len(dof):
                return _bad_line(file, number, f"{len(dof)} bones in frame {frame}", str(len(names)))
            order, names, frame = order or names, [], words[0]
            continue
        name, cells = words[0], words[1:]
        if name not in dof:
            return _bad_line(file, number, "a bone of the skeleton that moves", short(name))
        if not frame:
            return _bad_line(file, number, "a frame number first", short(name))
        if name in names or (order and order[len(names)] != name):
            return _bad_line(file, number, "each bone once, in the order of the first frame", short(name))
        if len(cells) != dof[name]:
            return _bad_line(file, number, f"{counted(dof[name], 'number')} for {name}", str(len(cells)))
        for cell in cells:
            try:
                float(cell)
            except ValueError:
                return _bad_line(file, number, "a number", short(cell))
        names.append(name)
    return BadFile(file, where="the last frame", expected=f"{len(dof)} bones", found=str(len(names)))


def forward(skeleton: Skeleton, motion: dict[str, NDArray[np.float64]], degrees: bool) -> NDArray[np.float64]:
    """Forward kinematics.

    A bone's rotation is C M C^-1 (C its axes, M its angles, the first named applied first) after its parent's; its end
    is its parent's end plus the rotated offset.

    Args:
        skeleton: the bones.
        motion: bone name -> (frames, dof); a bone without an entry does not rotate.
        degrees: whether angles are in degrees.

    Returns:
        (frames, 1 + bones, 3) metres: the root, then each bone's end in the skeleton's order.
    """
    channels = dict(zip(skeleton.root_order, motion["root"].T, strict=True))
    frames = len(motion["root"])
    axes = [name for name in skeleton.root_order if name.startswith("r")]
    local = rotation(axes, np.stack([channels[name] for name in axes], axis=-1), degrees)
    root = skeleton.root_frame @ local @ skeleton.root_frame.T
    ends = np.empty((1 + len(skeleton.bones), frames, 3))
    ends[0] = np.stack([channels[name] for name in ("tx", "ty", "tz")], axis=-1) + skeleton.root_position
    rotations = [root]
    for index, bone in enumerate(skeleton.bones, start=1):
        turned = rotations[bone.parent + 1]
        if bone.name in motion and bone.dof:
            local = rotation(bone.dof, motion[bone.name], degrees)
            turned = turned @ (bone.frame @ local @ bone.frame.T)
        rotations.append(turned)
        ends[index] = ends[bone.parent + 1] + turned @ bone.offset
    return ends.transpose(1, 0, 2) * skeleton.metres


def _frame(file: str, line: int, angles: NDArray[np.float64], order: str, degrees: bool) -> Matrices:
    if sorted(order.lower()) != ["x", "y", "z"]:
        raise _bad_line(file, line, "an axis order like XYZ", short(order))
    # Angles are listed as x, y, z whatever the order in which they are applied.
    return rotation(list(order), angles[["xyz".index(letter) for letter in order.lower()]], degrees)


def _numbers(file: str, line: int, name: str, words: list[str], count: int) -> NDArray[np.float64]:
    try:
        values = np.array([float(word) for word in words])
    except ValueError:
        values = np.empty(0)
    if len(values) != count or not np.isfinite(values).all():
        numbers = "a number" if count == 1 else f"{count} numbers"
        raise _bad_line(file, line, f"{numbers} for {name}", short(" ".join(words)))
    return values


def _bad_line(file: str, line: int, expected: str, actual: str) -> BadFile:
    return BadFile(file, where=f"line {line}" if line else "", expected=expected, found=actual)
