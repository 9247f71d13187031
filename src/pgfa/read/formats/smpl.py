"""Poses of the SMPL body models (.npz of AMASS, .pkl of AIST++, 3DPW, WHAM and others), by forward kinematics.

No body model is needed: `parsing.smpl_body` has the skeleton.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded, Undecided
from pgfa.read.assemble import assemble
from pgfa.read.format import Format
from pgfa.read.interpret.body import thinned
from pgfa.read.interpret.decision import Decision
from pgfa.read.interpret.gravity import standing_evidence
from pgfa.read.interpret.lying import lies_along
from pgfa.read.parsing.arrays import plain_array
from pgfa.read.parsing.rig_body import Points, upright_share
from pgfa.read.parsing.safe_pickle import load_plain
from pgfa.read.parsing.smpl_body import STATURE, pose_joints
from pgfa.read.parsing.smpl_fields import FIELDS, MARKS, RATES, TRANS, Motion, has_poses, motion_of
from pgfa.read.parsing.smpl_people import motion_in
from pgfa.read.parsing.units import upright_to_metres
from pgfa.read.source import READ_ERRORS, FileRef, find_files, member_names
from pgfa.skeleton import Clip, Source

MAX_MEMBER_BYTES = 256 * 1024 * 1024
MAX_SPEED = 20.0
"""Metres per second of the pelvis, in nineteen of twenty steps."""
MAX_DISTANCE = 15.0
"""Metres from the origin, beyond which a position of the pelvis may be in another unit."""
RATE = 30.0
BENT, BENT_SHARE, BACKWARDS = 0.4, 0.1, 0.9
"""Radians about the axis of an elbow from which it is bent; share of the frames in which both have to be; and share of
these in which they bend backwards, of exchanged ones."""
_NAMED = re.compile(
    rb"poses|smpl_trans|body_pose|pose_body|global_orient|root_orient|betas|pose_world|pred_cam|orig_cam|"
    rb"(?:X\x04\0\0\0|[\x8cU]\x04)pose"
)
"""Names of fields in an object stream: `pose` as the whole name, behind its length."""

Floats = NDArray[np.float64]


def sniff(name: str, head: bytes) -> bool:
    """A zip whose first member is an array of such a file, or a Python object stream that names one early."""
    if head.startswith(b"PK\x03\x04"):
        length = int.from_bytes(head[26:28], "little")
        first = head[30 : 30 + length].decode("latin1")
        return first.endswith(".npy") and first.removesuffix(".npy") in (FIELDS | MARKS) - {"rate", "fps"}
    stream = head[:1] == b"\x80" or name.lower().endswith((".pkl", ".pickle"))
    return stream and _NAMED.search(head) is not None and b"keypoint" not in head


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
    is_zip = raw.startswith(b"PK")
    motion = motion_of(ref, _npz_fields(ref, raw)) if is_zip else motion_in(ref, load_plain(str(ref), raw))
    people = motion.poses.shape[1]
    # NaN where somebody is not seen, and so is no joint.
    trans = motion.trans if motion.trans is not None else 0 * motion.poses[:, :, 0]
    positions = np.stack([pose_joints(motion.poses[:, n], trans[:, n]) for n in range(people)], axis=1)
    problems = [f"body proportions assumed: those of a stature of {STATURE} m"]
    if motion.trans is None:
        problems.append("position of the pelvis missing: it stays in place")
    problems += [*motion.notes, *_far_from_origin(trans), *_elbow_doubts(motion)]
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
        absent="nan",
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


def _up_of(ref: FileRef, positions: Floats, motion: Motion) -> tuple[str, tuple[str, ...]]:
    """The axis that points up, and a note if it was inferred. AMASS is z up; other files are as they were fitted."""
    seen_bodies = positions[np.isfinite(positions).all(axis=(2, 3))]
    points: Points = {joint: seen_bodies[:, index] for index, joint in enumerate(motion.layout.joints)}
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


def _elbow_doubts(motion: Motion) -> list[str]:
    """A note if both elbows bend backwards whenever they bend: rotations of left and right in each other's place.

    In the rest pose arms point to the sides. A left forearm comes forward by a turn about -y, a right one about y.
    """
    backwards = []
    for joint, sign in (("elbow_left", 1), ("elbow_right", -1)):
        turns = sign * motion.poses[:, :, motion.layout.index(joint), 1]
        bent = np.abs(turns[np.isfinite(turns)]) >= BENT
        if bent.mean() < BENT_SHARE:
            return []
        backwards.append(float((turns[np.isfinite(turns)][bent] > 0).mean()))
    if min(backwards) < BACKWARDS:
        return []
    return [
        f"elbows bend backwards in {min(backwards):.0%} of the frames: left and right are perhaps exchanged"
    ]


def _check_speed(ref: FileRef, trans: Floats, rate: float) -> None:
    if len(trans) < 2:
        return
    speed = float(np.nanquantile(np.linalg.norm(np.diff(trans, axis=0), axis=-1) * rate, 0.95))
    if speed > MAX_SPEED:
        expected = f"a position of the pelvis in metres, with speeds up to {MAX_SPEED:g} m/s"
        raise BadFile(str(ref), where="field trans", expected=expected, found=f"{speed:.3g} m/s")


def _far_from_origin(trans: Floats) -> list[str]:
    """A note for a body that hardly moves, at a distance at which few rooms have it: perhaps not in metres."""
    distance = float(np.linalg.norm(np.nanmedian(trans, axis=(0, 1))))
    travel = np.nanmax(trans, axis=0) - np.nanmin(trans, axis=0)
    if distance <= MAX_DISTANCE or float(np.nanmax(travel)) > MAX_DISTANCE:
        return []
    return [f"pelvis {distance:.3g} m from the origin: trans may not be in metres"]


def _is_smpl(names: set[str]) -> bool:
    return has_poses(names) and bool(names & {*TRANS, *MARKS, *RATES})


def _npz_fields(ref: FileRef, raw: bytes) -> dict[str, Any]:
    """The arrays that are needed; their size is checked before they are inflated."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = [info for info in archive.infolist() if info.filename.removesuffix(".npy") in FIELDS]
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
    "poses of SMPL, SMPL-H and SMPL-X: .npz (AMASS), .pkl (AIST++, 3DPW, WHAM, PHALP)",
    sniff,
    find,
    read,
    container=is_motion,
    sample=sample,
)
