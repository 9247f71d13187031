"""What a file of SMPL poses holds: rotations, positions of the pelvis, and the rate, from fields of many names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.assemble import check_frames, counted
from pgfa.read.parsing.rates import TOLERANCE
from pgfa.read.parsing.smpl_body import are_rotations, vectors_of
from pgfa.read.source import FileRef
from pgfa.read.stated import UNITS
from pgfa.skeleton import SMPL24, SMPLX22, Layout

MAX_PEOPLE = 64
MAX_ANGLE = 2.5 * np.pi
"""Radians: an axis-angle vector is rarely longer than pi, as fits may count past it, and never much longer."""
RATES = ("mocap_framerate", "mocap_frame_rate", "fps", "frame_rate", "framerate", "rate")
POSES = ("pose_world", "poses", "smpl_poses", "fullpose", "pose")
PARTS = (("root_orient", "pose_body"), ("global_orient", "body_pose"))
TRANS = ("trans_world", "trans", "transl", "smpl_trans")
MARKS = {
    "gender",
    "betas",
    "dmpls",
    "surface_model_type",
    "pose_hand",
    "pose_eye",
    "pose_jaw",
    "smpl_scaling",
}
FIELDS = {*RATES, *POSES, *TRANS, *(name for pair in PARTS for name in pair), "smpl_scaling"}
WIDTHS = {66: SMPLX22, 72: SMPL24, 156: SMPLX22, 165: SMPLX22}
"""Numbers per frame -> layout: SMPL-X without hands, SMPL, SMPL-H, SMPL-X."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Motion:
    """What a file holds.

    Attributes:
        poses: (frames, people, joints, 3) axis times angle in radians.
        trans: (frames, people, 3) metres; None if missing.
        rate: frames per second; None if missing.
        amass: whether the fields are those of AMASS, in which z is up.
        aist: whether the fields are those of AIST++, in which y is up.
        layout: of the joints.
        notes: what was noticed.
    """

    poses: Floats
    trans: Floats | None
    rate: float | None
    amass: bool
    aist: bool
    layout: Layout
    notes: tuple[str, ...] = ()


def has_poses(fields: Collection[Any]) -> bool:
    """Whether among the names of fields are those of poses."""
    return any(name in fields for name in POSES) or any(
        all(part in fields for part in pair) for pair in PARTS
    )


def motion_of(ref: FileRef, fields: Mapping[str, Any]) -> Motion:
    """Poses, positions and rate from the fields, whatever the names. Raises BadFile with the field."""
    name = next((name for name in POSES if name in fields), None)
    pair = next((pair for pair in PARTS if set(pair) <= fields.keys()), None)
    if name is not None:
        poses = _people(ref, fields, name)
    elif pair is not None:
        poses = np.concatenate([_people(ref, fields, part) for part in pair], axis=-1)
    else:
        listed = ", ".join(sorted(map(str, fields))[:12])[:200]
        raise BadFile(
            str(ref), expected="poses, or root_orient and pose_body", found=f"fields {listed or 'none'}"
        )
    where = f"field {name or pair}"
    frames, people, width = poses.shape
    check_frames(ref, frames)
    layout = WIDTHS.get(width)
    if layout is None:
        expected = f"{', '.join(map(str, WIDTHS))} numbers per frame (3 per joint)"
        raise BadFile(str(ref), where=where, expected=expected, found=f"{width}")
    joints = len(layout.joints)
    poses = poses.reshape(frames, people, -1, 3)[:, :, :joints]
    if not np.isfinite(poses).all() or np.quantile(np.linalg.norm(poses, axis=-1), 0.99) > MAX_ANGLE:
        expected = "rotations as axis times angle, in radians"
        actual = "nan or inf" if not np.isfinite(poses).all() else f"angles up to {np.abs(poses).max():.4g}"
        raise BadFile(str(ref), where=where, expected=expected, found=actual)
    trans = _trans_of(ref, fields, (frames, people), world=name == POSES[0])
    amass = {"mocap_framerate", "mocap_frame_rate"} & fields.keys() and trans is not None
    rate, notes = _rate_of(ref, fields)
    return Motion(poses, trans, rate, bool(amass), "smpl_scaling" in fields, layout, notes)


def _trans_of(
    ref: FileRef, fields: Mapping[str, Any], shape: tuple[int, int], *, world: bool
) -> Floats | None:
    """(frames, people, 3), in the frame of the rotations: that of the world, or that of the camera."""
    name = next((name for name in TRANS if name in fields and (name == TRANS[0]) == world), None)
    if name is None:
        return None
    trans = _people(ref, fields, name)
    if trans.shape != (*shape, 3) or not np.isfinite(trans).all():
        expected = f"{counted(shape[0], 'frame')} x 3 numbers for {counted(shape[1], 'person', 'people')}"
        actual = "nan or inf" if trans.shape == (*shape, 3) else f"shape {trans.shape}"
        raise BadFile(str(ref), where=f"field {name}", expected=expected, found=actual)
    if ref.stated.unit is not None:
        trans = trans * UNITS[ref.stated.unit]
    elif "smpl_scaling" in fields:  # AIST++: the position is in units of the scaled body
        scaling = _number(fields["smpl_scaling"])
        if scaling is None or not 1e-3 <= scaling <= 1e5:
            raise BadFile(
                str(ref), where="field smpl_scaling", expected="a factor above 0", found=f"{scaling}"
            )
        trans = trans / scaling
    return trans


def _rate_of(ref: FileRef, fields: Mapping[str, Any]) -> tuple[float | None, tuple[str, ...]]:
    """Frames per second, and a note of other rates in the file; AIST++ is published at 60, 3DPW at 30, without one."""
    names = [name for name in RATES if name in fields]
    if not names:
        return (60.0 if "smpl_scaling" in fields else 30.0 if "cam_poses" in fields else None), ()
    rates = {name: _number(fields[name]) for name in names}
    rate = rates[names[0]]
    if rate is None or not 1 <= rate <= 10_000:
        where, expected = f"field {names[0]}", "1 to 10,000 frames per second"
        raise BadFile(str(ref), where=where, expected=expected, found=f"{rate}")
    others = [
        f"{name} {other:g}" for name, other in rates.items() if other and abs(other / rate - 1) > TOLERANCE
    ]
    if not others:
        return rate, ()
    note = f"contradicting frame rates: {names[0]} {rate:g} is taken, the file also has {', '.join(others)}"
    return rate, (note,)


def _people(ref: FileRef, fields: Mapping[str, Any], name: str) -> Floats:
    """(frames, people, numbers): an array is one person, a list of arrays of equal length, as in 3DPW, is several.
    Rotations as matrices become axis times angle."""
    value = fields[name]
    if isinstance(value, list) and value and isinstance(value[0], np.ndarray):
        if len({len(person) if np.ndim(person) else 0 for person in value}) > 1 or len(value) > MAX_PEOPLE:
            expected = f"people recorded together, at most {MAX_PEOPLE}: as many frames for each"
            raise BadFile(
                str(ref), where=f"field {name}", expected=expected, found=counted(len(value), "array")
            )
        people = value
    else:
        people = [value]
    arrays = []
    for person in people:
        array = np.asarray(person) if isinstance(person, np.ndarray) else np.empty(0)
        if array.dtype.kind == "f" and are_rotations(array):
            array = vectors_of(array.astype(np.float64))
        if (
            array.dtype.kind not in "fiu"
            or array.ndim not in (2, 3)
            or (array.ndim == 3 and array.shape[2] != 3)
        ):
            actual = f"{array.dtype} of shape {array.shape}" if array.size else type(person).__name__
            raise BadFile(str(ref), where=f"field {name}", expected="frames x numbers", found=actual)
        arrays.append(
            array.reshape(len(array), -1).astype(np.float64, copy=False) if len(array) else np.empty((0, 3))
        )
    if len({array.shape for array in arrays}) > 1:
        raise BadFile(str(ref), where=f"field {name}", expected="arrays of one shape", found="several")
    return arrays[0][:, None] if len(arrays) == 1 else np.stack(arrays, axis=1)


def _number(value: Any) -> float | None:
    """One number, or an array of one; None for anything else."""
    array = np.asarray(value) if isinstance(value, int | float | np.ndarray) else np.empty(0)
    if array.size != 1 or array.dtype.kind not in "fiu" or not np.isfinite(array).all():
        return None
    return float(array.reshape(-1)[0])
