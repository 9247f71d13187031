"""Files of rigs and bodies: BVH and glTF of many programs, SMPL."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator

import numpy as np
from scipy.spatial.transform import Rotation

import rig_builders
from pgfa.read.formats.gltf import glb
from pgfa.read.parsing.smpl_body import pose_joints
from pgfa.skeleton import SMPL24
from reading_cases import Case, Truth
from reading_defects import UPS, npz
from reading_motions import Floats
from rig_dialects import DIALECTS


def turns(name: str) -> tuple[Floats, dict[str, Floats]]:
    """Root and rotations of another motion for `rig_builders`: kick, or that of `rig_builders` itself."""
    root, rotations = rig_builders.motion()
    if name == "kick":
        time = np.arange(len(root)) / len(root)
        angle = np.stack([0 * time, -80 * np.sin(np.pi * time), 0 * time], 1)
        rotations = {**rotations, "hip_right": Rotation.from_euler("YXZ", angle, degrees=True).as_matrix()}
    if name == "lying":
        turn = Rotation.from_euler("x", -90, degrees=True).as_matrix()
        root, rotations = (
            np.array([0, 0.15, 0]) + 0 * root,
            {**rotations, "pelvis": turn @ rotations["pelvis"]},
        )
    return root, rotations


def rigs() -> Iterator[Case]:
    """BVH and glTF: names of programs, units, offsets, axes, lying, strangers, damage."""
    for number, (program, dialect) in enumerate(DIALECTS.items()):
        action = ("walk", "kick")[number % 2]
        nodes = rig_builders.nodes_of(dialect, *turns(action))
        truth = Truth(((rig_builders.known_joints(*turns(action)),),), rig_builders.RATE)
        files: dict[str, tuple[str, Callable[[], bytes], Truth | None]] = {
            "plain": ("a.bvh", lambda n=nodes: rig_builders.bvh(n), truth),
            "glTF": ("a.glb", lambda n=nodes: glb(*rig_builders.gltf(n)), truth),
            "metres": ("a.bvh", lambda n=nodes: rig_builders.bvh(n, 1.0), truth),
            "inches": ("a.bvh", lambda n=nodes: rig_builders.bvh(n, 1 / 0.0254), truth),
            "unknown unit": ("a.bvh", lambda n=nodes: rig_builders.bvh(n, 5.6), truth),
            "offset first": ("a.bvh", lambda n=nodes: rig_builders.bvh(n, root_offset="first"), truth),
            "offset added": ("a.bvh", lambda n=nodes: rig_builders.bvh(n, root_offset="added"), truth),
            "six channels": ("a.bvh", lambda n=nodes: rig_builders.bvh(n, six=True), truth),
            "order XYZ": ("a.bvh", lambda n=nodes: rig_builders.bvh(n, order="XYZ"), truth),
            "bones along x": ("a.bvh", lambda n=nodes: rig_builders.bvh(rig_builders.along_x(n)), truth),
            "z up": ("a.bvh", lambda n=nodes: rig_builders.bvh(rig_builders.turned(n, UPS["z"])), truth),
            "mirrored": (
                "a.bvh",
                lambda n=nodes: rig_builders.bvh(rig_builders.turned(n, np.diag([-1.0, 1, 1]))),
                truth,
            ),
            "lying": (
                "a.bvh",
                lambda d=dialect: rig_builders.bvh(rig_builders.nodes_of(d, *turns("lying"))),
                Truth(((rig_builders.known_joints(*turns("lying")),),), 30.0),
            ),
            "cut off": ("a.bvh", lambda n=nodes: rig_builders.bvh(n)[:-400], None),
            "CR LF": ("a.bvh", lambda n=nodes: rig_builders.bvh(n).replace(b"\n", b"\r\n"), truth),
            "UTF-16": ("a.bvh", lambda n=nodes: rig_builders.bvh(n).decode().encode("utf-16"), truth),
            "frame time 0": (
                "a.bvh",
                lambda n=nodes: rig_builders.bvh(n).replace(b"Frame Time: 0.033333", b"Frame Time: 0"),
                Truth(truth.takes),
            ),
            "glTF, cubic": (
                "a.glb",
                lambda n=nodes: glb(*rig_builders.gltf(n, interpolation="CUBICSPLINE")),
                truth,
            ),
            "glTF, centimetres": ("a.glb", lambda n=nodes: glb(*rig_builders.gltf(n, armature=0.01)), truth),
            "glTF, lying": (
                "a.glb",
                lambda d=dialect: glb(*rig_builders.gltf(rig_builders.nodes_of(d, *turns("lying")))),
                Truth(((rig_builders.known_joints(*turns("lying")),),), 30.0),
            ),
            "glTF, cut off": ("a.glb", lambda n=nodes: glb(*rig_builders.gltf(n))[:-700], None),
        }
        for defect, (name, content, expected) in files.items():
            if number and defect not in ("plain", "glTF", "z up", "lying"):
                continue
            format = "gltf" if name.endswith("glb") else "bvh"
            yield Case(
                format,
                program,
                defect,
                lambda n=name, c=content: {n: c()},
                expected,
                states={"up": "z" if defect == "z up" else "y", "mirrored": defect == "mirrored"},
            )


def smpl() -> Iterator[Case]:
    """AMASS, AIST++, 3DPW: rates, widths, axes, people."""
    time = np.arange(48) / 48
    for up in ("y", "z", "-y"):
        for posture in ("walking", "lying"):
            poses = np.zeros((48, 24, 3))
            poses[:, SMPL24.index("knee_left"), 0] = 0.9
            poses[:, SMPL24.index("hip_left"), 0] = -0.6 * np.sin(2 * np.pi * time)
            poses[:, SMPL24.index("shoulder_right"), 2] = 1.3
            poses[:, SMPL24.index("shoulder_left"), 2] = 1.1 * np.sin(2 * np.pi * time)
            trans = np.stack([0.1 * time, 0.9 + 0 * time, 0.7 * time], 1)
            root = Rotation.from_rotvec(np.outer(0.7 * time, [0, 1, 0]))
            root = Rotation.from_euler("x", -90, degrees=True) * root if posture == "lying" else root
            poses[:, 0] = root.as_rotvec()
            joints = pose_joints(poses, trans)
            body = {joint: joints[:, n] for n, joint in enumerate(SMPL24.joints)}
            poses[:, 0] = (Rotation.from_matrix(UPS[up]) * root).as_rotvec()
            moved, flat = trans @ UPS[up].T, poses.reshape(48, 72)
            wide = np.pad(flat[:, :66], ((0, 0), (0, 90)))
            known = {"up": up, "mirrored": False}
            floor = "" if posture == "walking" else ", on no floor"
            files: dict[str, tuple[dict[str, bytes], float | None]] = {
                "AMASS": (
                    {
                        "a.npz": npz(
                            trans=moved, gender="male", mocap_framerate=100.0, betas=np.zeros(16), poses=wide
                        )
                    },
                    100.0,
                ),
                "SMPL .pkl": (
                    {"a.pkl": pickle.dumps({"poses": flat, "trans": moved, "betas": np.zeros(10)}, 2)},
                    None,
                ),
                "AIST++": (
                    {
                        "a.pkl": pickle.dumps(
                            {
                                "smpl_poses": flat,
                                "smpl_trans": moved * 90,
                                "smpl_scaling": np.array([90.0]),
                                "smpl_loss": 1.0,
                            },
                            2,
                        )
                    },
                    60.0,
                ),
                "estimator": (
                    {"a.npz": npz(global_orient=poses[:, 0], body_pose=flat[:, 3:66], transl=moved, fps=25)},
                    25.0,
                ),
            }
            for program, (content, rate) in files.items():
                if program == "AIST++" and up != "y":
                    continue  # its files are y up, all of them
                yield Case(
                    "smpl",
                    program,
                    f"{up} up, {posture}{floor}",
                    lambda c=content: c,
                    Truth(((body,),), rate),
                    states=known,
                )
