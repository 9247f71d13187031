"""Poses of the SMPL body models (.npz of AMASS and others, .pkl of AIST++, 3DPW and others), by forward kinematics.

No body model is needed: `parsing.smpl_body` has the skeleton.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded, Undecided
from pgfa.read.assemble import assemble, check_frames, counted
from pgfa.read.format import Format
from pgfa.read.interpret.body import thinned
from pgfa.read.interpret.decision import Decision
from pgfa.read.interpret.gravity import standing_evidence
from pgfa.read.interpret.lying import lies_along
from pgfa.read.parsing.arrays import plain_array
from pgfa.read.parsing.rates import TOLERANCE
from pgfa.read.parsing.rig_body import Points, upright_share
from pgfa.read.parsing.safe_pickle import load_plain
from pgfa.read.parsing.smpl_body import STATURE, are_rotations, pose_joints, vectors_of
from pgfa.read.parsing.units import upright_to_metres
from pgfa.read.source import READ_ERRORS, FileRef, find_files, member_names
from pgfa.read.stated import UNITS
from pgfa.skeleton import SMPL24, SMPLX22, Clip, Layout, Source

MAX_MEMBER_BYTES = 256 * 1024 * 1024
MAX_PEOPLE = 64
MAX_ANGLE = 2.5 * np.pi
"""Radians: an axis-angle vector is rarely longer than pi, as fits may count past it, and never much longer."""
MAX_SPEED = 20.0
"""Metres per second of the pelvis, in nineteen of twenty steps."""
MAX_DISTANCE = 15.0
"""Metres from the origin, beyond which a position of the pelvis may be in another unit."""
RATE = 30.0
_RATES = ("mocap_framerate", "mocap_frame_rate", "fps", "frame_rate", "framerate", "rate")
_POSES = ("poses", "smpl_poses", "fullpose")
_PARTS = (("root_orient", "pose_body"), ("global_orient", "body_pose"))
_TRANS = ("trans", "transl", "smpl_trans")
_MARKS = {
    "gender",
    "betas",
    "dmpls",
    "surface_model_type",
    "pose_hand",
    "pose_eye",
    "pose_jaw",
    "smpl_scaling",
}
_FIELDS = {*_RATES, *_POSES, *_TRANS, *(name for pair in _PARTS for name in pair), "smpl_scaling"}
WIDTHS = {66: SMPLX22, 72: SMPL24, 156: SMPLX22, 165: SMPLX22}
"""Numbers per frame -> layout: SMPL-X without hands, SMPL, SMPL-H, SMPL-X."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Motion:
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


def sniff(name: str, head: bytes) -> bool:
    """A zip whose first member is an array of such a file, or a Python object stream that names one early."""
    if head.startswith(b"PK\x03\x04"):
        length = int.from_bytes(head[26:28], "little")
        first = head[30 : 30 + length].decode("latin1")
        return first.endswith(".npy") and first.removesuffix(".npy") in (_FIELDS | _MARKS) - {"rate", "fps"}
    stream = head[:1] == b"\x80" or name.lower().endswith((".pkl", ".pickle"))
    marks = (b"poses", b"smpl_trans", b"body_pose", b"pose_body", b"global_orient", b"root_orient", b"betas")
    return stream and any(mark in head for mark in marks) and b"keypoint" not in head


def is_motion(ref: FileRef) -> bool:
    """Whether a zip is such an .npz, whatever the order of its arrays."""
    try:
        if ref.member is not None:
            return ref.name.lower().endswith(".npz") and sniff(ref.name, ref.head())
        names = {name.removesuffix(".npy") for name in member_names(ref.path) if name.endswith(".npy")}
    except BadFile:
        return False
    return _is_smpl(names) and "positions" not in names


def find(root: Path) -> list[FileRef]:
    """The .npz and .pkl files under a folder or in a zip."""
    return find_files(root, r".+\.(npz|pkl|pickle)", "poses of SMPL (.npz, .pkl)")


def read(ref: FileRef) -> Clip:
    """One clip: (frames, people, 22 or 24, 3) metres, y up, in smplx22 (SMPL-H, SMPL-X) or smpl24 (SMPL).

    Raises:
        BadFile: with the field; or the up axis is neither stated nor evident. LimitExceeded.
    """
    raw = ref.read()
    fields = _npz_fields(ref, raw) if raw.startswith(b"PK") else _pickle_fields(ref, raw)
    motion = _motion_of(ref, fields)
    frames, people = motion.poses.shape[:2]
    trans = motion.trans if motion.trans is not None else np.zeros((frames, people, 3))
    positions = np.stack([pose_joints(motion.poses[:, n], trans[:, n]) for n in range(people)], axis=1)
    problems = [f"body proportions assumed: those of a stature of {STATURE} m"]
    if motion.trans is None:
        problems.append("position of the pelvis missing: it stays in place")
    problems += [*motion.notes, *_far_from_origin(trans)]
    rate = motion.rate
    if rate is None:
        rate = RATE
        problems.append(f"frame rate missing, assumed {RATE:g} fps")
    _check_speed(ref, trans, rate)
    stated = ref.stated.up
    up, note = (stated, ()) if stated else _up_of(ref, positions, motion)
    # The body is in metres, whatever the unit of its place, which `_trans_of` applies.
    positions, more = upright_to_metres(
        positions, motion.layout, up=up, scale=1.0, stated=replace(ref.stated, unit=None)
    )
    if ref.stated.unit is not None:
        more = tuple(_of_place(entry, ref.stated.unit) for entry in more)
    if note and not motion.aist:
        more = tuple(_established(entry) for entry in more)
    return assemble(
        ref,
        raw,
        positions,
        rate=rate,
        layout=motion.layout,
        source=Source(id=ref.stem),
        problems=(*problems, *note, *more),
        absent=None,
    )


def _established(entry: str) -> str:
    """A decision about up, which the file does not declare, with its basis; anything else as it is."""
    if isinstance(entry, Decision) and entry.quantity == "up":
        return Decision("up", entry.value, "established")
    return entry


def _of_place(entry: str, unit: str) -> str:
    """A decision about the unit as stated, of the place alone; anything else as it is."""
    if isinstance(entry, Decision) and entry.quantity == "unit":
        return Decision("unit", unit, "stated", "of the place")
    return entry


def _up_of(ref: FileRef, positions: Floats, motion: _Motion) -> tuple[str, tuple[str, ...]]:
    """The axis that points up, and a note if it was inferred. AMASS is z up; other files are as they were fitted."""
    points: Points = {
        joint: positions[:, :, index].reshape(-1, 3) for index, joint in enumerate(motion.layout.joints)
    }
    shares = {axis: upright_share(points, axis) for axis in ("y", "-y", "z", "-z", "x", "-x")}
    evident = max(shares, key=lambda axis: shares[axis])
    others = max(share for axis, share in shares.items() if axis != evident)
    if motion.amass and (shares["z"] > 0.1 or shares[evident] < 0.5):
        return "z", ()
    seen = f"a body that is upright along {evident} in {shares[evident]:.0%} of the frames"
    if motion.amass:
        actual = f"{seen}, never along z, the up axis of AMASS: another axis is up, or somebody lies"
        raise Undecided(str(ref), quantity="up", found=actual, options=("z", evident))
    if motion.aist:
        lies = shares[evident] >= 0.5 and evident != "y"
        return "y", (f"{seen}, up is y in AIST++: lying, or up is {evident}",) if lies else ()
    if evident == "z" and others <= 0.2 and (why := standing_evidence(positions, motion.layout)):
        return "z", (f"up axis inferred: z ({why})",)
    if shares[evident] < 0.5 or others > 0.2 or evident not in ("y", "-y"):
        # Somebody who stands with z up and somebody who lies with y up are the same numbers.
        options = ("y", "z", "-y") if shares[evident] < 0.5 else tuple(dict.fromkeys((evident, "y")))
        actual = f"{seen}, and such files do not name their up axis"
        raise Undecided(str(ref), quantity="up", found=actual, options=options)
    if other := lies_along(thinned(positions), motion.layout, evident):
        actual = (
            f"{seen}, and flat above {other} = 0, as on a floor or a bed: it stands, or lies with {other} up"
        )
        raise Undecided(str(ref), quantity="up", found=actual, options=(evident, other))
    return evident, (f"up axis inferred: {evident}",)


def _check_speed(ref: FileRef, trans: Floats, rate: float) -> None:
    if len(trans) < 2:
        return
    speed = float(np.quantile(np.linalg.norm(np.diff(trans, axis=0), axis=-1) * rate, 0.95))
    if speed > MAX_SPEED:
        expected = f"a position of the pelvis in metres, with speeds up to {MAX_SPEED:g} m/s"
        raise BadFile(str(ref), where="field trans", expected=expected, found=f"{speed:.3g} m/s")


def _far_from_origin(trans: Floats) -> list[str]:
    """A note for a body that hardly moves, at a distance at which few rooms have it: perhaps not in metres."""
    distance = float(np.linalg.norm(np.median(trans, axis=(0, 1))))
    if distance <= MAX_DISTANCE or float(np.ptp(trans, axis=0).max()) > MAX_DISTANCE:
        return []
    return [f"pelvis {distance:.3g} m from the origin: trans may not be in metres"]


def _motion_of(ref: FileRef, fields: Mapping[str, Any]) -> _Motion:
    """Poses, positions and rate from the fields, whatever the names. Raises BadFile with the field."""
    name = next((name for name in _POSES if name in fields), None)
    pair = next((pair for pair in _PARTS if set(pair) <= fields.keys()), None)
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
    trans = _trans_of(ref, fields, (frames, people))
    amass = {"mocap_framerate", "mocap_frame_rate"} & fields.keys() and trans is not None
    rate, notes = _rate_of(ref, fields)
    return _Motion(poses, trans, rate, bool(amass), "smpl_scaling" in fields, layout, notes)


def _trans_of(ref: FileRef, fields: Mapping[str, Any], shape: tuple[int, int]) -> Floats | None:
    name = next((name for name in _TRANS if name in fields), None)
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
    names = [name for name in _RATES if name in fields]
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


def _is_smpl(names: set[str]) -> bool:
    has_poses = any(name in names for name in _POSES) or any(set(pair) <= names for pair in _PARTS)
    return has_poses and bool(names & {*_TRANS, *_MARKS, *_RATES})


def _npz_fields(ref: FileRef, raw: bytes) -> dict[str, Any]:
    """The arrays that are needed; their size is checked before they are inflated."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = [info for info in archive.infolist() if info.filename.removesuffix(".npy") in _FIELDS]
            size = sum(info.file_size for info in members)
            if size > MAX_MEMBER_BYTES:
                raise LimitExceeded(f"{ref}: {size:,} bytes when inflated, more than {MAX_MEMBER_BYTES:,}")
            content = {info.filename.removesuffix(".npy"): archive.read(info) for info in members}
    except READ_ERRORS as error:
        raise BadFile(str(ref), expected="an .npz file", found=str(error)) from None
    return {
        name: plain_array(ref, content[name], kinds="fiu", expected="numbers", where=f"field {name}")
        for name in content
    }


def _pickle_fields(ref: FileRef, raw: bytes) -> dict[str, Any]:
    content = load_plain(str(ref), raw)
    if not isinstance(content, dict):
        raise BadFile(str(ref), expected="a dict of arrays", found=type(content).__name__)
    return {key: value for key, value in content.items() if isinstance(key, str)}


def sample() -> dict[str, bytes]:
    """Three frames of a standing person, as in AMASS: z up."""
    poses = np.zeros((3, 156))
    poses[:, 0] = np.pi / 2
    file = io.BytesIO()
    np.savez(
        file,
        trans=np.tile([0, 0, 0.9], (3, 1)),
        gender="neutral",
        mocap_framerate=120.0,
        betas=np.zeros(16),
        poses=poses,
    )
    return {"stand_poses.npz": file.getvalue()}


FORMAT = Format(
    "smpl",
    "poses of SMPL, SMPL-H and SMPL-X: .npz (AMASS), .pkl (AIST++, 3DPW)",
    sniff,
    find,
    read,
    container=is_motion,
    sample=sample,
)
