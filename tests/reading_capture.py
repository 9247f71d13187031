"""Files of motion capture: TRC, C3D, Vicon, Motive, MVNX, DeepLabCut, SLEAP, FreeMoCap, BVH, glTF, SMPL."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from scipy.spatial.transform import Rotation

import rig_builders
from optical_motion import (
    BONES,
    HALPE26,
    ISB,
    OPENCAP,
    PLUG_IN_GAIT,
    QUALISYS,
    RATE,
    c3d,
    markers,
    rotated,
    table,
    trc,
)
from pgfa.read.formats.gltf import glb
from pgfa.read.parsing.smpl_body import pose_joints
from pgfa.skeleton import MEDIAPIPE33, SMPL24
from reading_arrays import UPS, npy, npz
from reading_cases import Case, Truth
from reading_motions import Body, Floats, crossing, in_layout, lying, motion, pixels
from rig_dialects import DIALECTS

SETS = {
    "Plug-in Gait": PLUG_IN_GAIT,
    "OpenCap": OPENCAP,
    "ISB": ISB,
    "Qualisys": QUALISYS,
    "HALPE-26": HALPE26,
}
EARLY = np.arange(48)[:, None] < 6


def subject(name: str, points: Mapping[str, Floats], separator: str = ":") -> dict[str, Floats]:
    return {f"{name}{separator}{marker}": place for marker, place in points.items()}


def optical() -> Iterator[Case]:
    """TRC and C3D: marker sets, axes, units, wrong units, gaps, subjects, strangers, damage."""
    for number, (program, names) in enumerate(SETS.items()):
        body = motion(("walk", "wave", "kick-forward")[number % 3], number % 3)
        points = markers(body, names)
        truth = Truth(((body,),), RATE, within=0.1)
        held = {**points, **{n: np.where(EARLY, np.nan, p) for n, p in list(points.items())[-1:]}}
        files: dict[str, tuple[str, Callable[[], bytes | str], Truth | None]] = {
            "TRC": ("a.trc", lambda p=points: trc(p), truth),
            "TRC, mm, z up": ("a.trc", lambda p=points: trc(rotated(p, "z"), "mm", 1000), truth),
            "TRC, unit wrong (mm for m)": ("a.trc", lambda p=points: trc(p, "mm"), truth),
            "TRC, tabs lost": ("a.trc", lambda p=points: trc(p).replace("\t", " "), truth),
            "TRC, CR LF": ("a.trc", lambda p=points: trc(p).replace("\n", "\r\n"), truth),
            "TRC, gap": ("a.trc", lambda p=held: trc(p), Truth(((body,),), RATE, within=0.2)),
            "TRC, cut off": ("a.trc", lambda p=points: trc(p)[:-200], None),
            "TRC, rate 0": ("a.trc", lambda p=points: trc(p).replace("60\t60\t48", "0\t0\t48"), truth),
            "TRC, stranger": ("a.trc", lambda p=points: trc({**p, "ball": p[next(iter(p))] + 1}), truth),
            "C3D": ("a.c3d", lambda p=points: c3d(rotated(p, "z")), truth),
            "C3D, y up": ("a.c3d", lambda p=points: c3d(p), truth),
            "C3D, integers": (
                "a.c3d",
                lambda p=points: c3d({n: q - [2, 0, 0] for n, q in rotated(p, "z").items()}, integers=True),
                truth,
            ),
            "C3D, metres": ("a.c3d", lambda p=points: c3d(rotated(p, "z"), unit="m", scale=1), truth),
            "C3D, unit blank": ("a.c3d", lambda p=points: c3d(rotated(p, "z"), unit=""), truth),
            "C3D, unit wrong (mm for m)": (
                "a.c3d",
                lambda p=points: c3d(rotated(p, "z"), unit="mm", scale=1),
                truth,
            ),
            "C3D, lower case": (
                "a.c3d",
                lambda p=points: c3d(rotated({n.lower(): q for n, q in p.items()}, "z")),
                truth,
            ),
            "C3D, subject": ("a.c3d", lambda p=points: c3d(rotated(subject("Anna", p), "z")), truth),
            "C3D, 300 markers": (
                "a.c3d",
                lambda p=points: c3d(
                    rotated({**{f"x{n}": q for n, q in enumerate([p[next(iter(p))]] * 270)}, **p}, "z")
                ),
                truth,
            ),
            "C3D, mirrored": (
                "a.c3d",
                lambda p=points: c3d({n: q * [-1, 1, 1] for n, q in rotated(p, "z").items()}),
                truth,
            ),
            "C3D, lying": (
                "a.c3d",
                lambda n=names: c3d(rotated(markers(lying(motion("wave")), n), "z")),
                Truth(((lying(motion("wave")),),), RATE, within=0.35),
            ),
            "C3D, unnamed markers": (
                "a.c3d",
                lambda p=points: c3d({f"U{n}": q for n, q in enumerate(p.values())}),
                None,
            ),
        }
        for defect, (name, content, expected) in files.items():
            if number and defect not in (
                "TRC",
                "C3D",
                "TRC, mm, z up",
                "C3D, subject",
                "C3D, mirrored",
                "C3D, lying",
            ):
                continue
            states = {
                "up": "y" if defect.startswith("TRC") and "z up" not in defect else "z",
                "mirrored": "mirrored" in defect,
                "unit": "m",
            }
            yield Case(
                "trc" if name.endswith("trc") else "c3d",
                program,
                defect,
                lambda n=name, c=content: {n: c()},
                expected,
                states=states,
            )
    two = crossing()
    both = {**subject("Anna", markers(two[0], PLUG_IN_GAIT)), **subject("Ben", markers(two[1], PLUG_IN_GAIT))}
    yield Case(
        "c3d",
        "Plug-in Gait",
        "two subjects",
        lambda: {"a.c3d": c3d(rotated(both, "z"))},
        Truth((two,), RATE, within=0.1),
    )
    yield Case(
        "trc", "Plug-in Gait", "two subjects", lambda: {"a.trc": trc(both)}, Truth((two,), RATE, within=0.1)
    )


def exports() -> Iterator[Case]:
    """Vicon, Motive and MVN."""
    body, two = motion("kick-forward"), crossing()

    def vicon(points: Mapping[str, Floats], unit: str = "mm", scale: float = 1000.0) -> str:
        lines = [
            "Trajectories",
            "60",
            ",," + ",,,".join(points) + ",,",
            "Frame,Sub Frame," + ",".join("XYZ" * len(points)),
            ",," + ",".join([unit] * 3 * len(points)),
        ]
        rows = [
            ",".join(map(str, [n + 1, 0, *row]))
            for n, row in enumerate((table(points) * scale).round(4).tolist())
        ]
        return "\n".join([*lines, *rows]).replace("nan", "") + "\n"

    def motive(
        points: Mapping[str, Floats], unit: str = "Meters", scale: float = 1.0, kind: str = "Bone"
    ) -> str:
        columns = [(kind, name, "id", "Position", axis) for name in points for axis in "XYZ"]
        head = f"Format Version,1.23,Take Name,a,Export Frame Rate,60,Length Units,{unit},Coordinate Space,Global"
        lines = [
            head,
            "",
            *(",," + ",".join(c[i] for c in columns) for i in range(4)),
            "Frame,Time (Seconds)," + ",".join(c[4] for c in columns),
        ]
        rows = [
            ",".join(map(str, [n, n / RATE, *row]))
            for n, row in enumerate((table(points) * scale).round(5).tolist())
        ]
        return "\n".join([*lines, *rows]) + "\n"

    segments = {
        "Pelvis": ("pelvis",),
        "T8": ("neck", 0, -0.15, 0),
        "Neck": ("neck",),
        "Head": ("head",),
        **{
            f"{side.title()}{name}": (f"{joint}_{side}",)
            for side in ("left", "right")
            for name, joint in (
                ("UpperArm", "shoulder"),
                ("ForeArm", "elbow"),
                ("Hand", "wrist"),
                ("UpperLeg", "hip"),
                ("LowerLeg", "knee"),
                ("Foot", "ankle"),
                ("Toe", "toe"),
            )
        },
    }

    def mvnx(*bodies: Body, rate: str = 'frameRate="60"') -> str:
        suits = []
        for points in (rotated(markers(body, segments), "z") for body in bodies):
            names = "".join(f'<segment label="{name}" id="{n + 1}"/>' for n, name in enumerate(points))
            frames = "".join(
                f'<frame time="{n * 1000 // 60}" index="{n}" type="normal">'
                f"<position>{' '.join(map(str, row))}</position></frame>"
                for n, row in enumerate(table(points).round(6).tolist())
            )
            suits.append(
                f'<subject label="a" {rate}><segments>{names}</segments><frames>{frames}</frames></subject>'
            )
        return f'<?xml version="1.0"?><mvnx version="4" xmlns="http://www.xsens.com/mvn/mvnx">{"".join(suits)}</mvnx>'

    points, bones = rotated(markers(body, PLUG_IN_GAIT), "z"), markers(body, BONES)
    near, exact = Truth(((body,),), RATE, within=0.1), Truth(((body,),), RATE)
    pair = Truth((two,), RATE, within=0.1)
    texts: list[tuple[str, str, str, Callable[[], str], Truth | None]] = [
        ("vicon-csv", "plain", "a.csv", lambda: vicon(points), near),
        ("vicon-csv", "subject", "a.csv", lambda: vicon(subject("Anna", points)), near),
        (
            "vicon-csv",
            "two subjects",
            "a.csv",
            lambda: vicon(
                {
                    **subject("A", rotated(markers(two[0], PLUG_IN_GAIT), "z")),
                    **subject("B", rotated(markers(two[1], PLUG_IN_GAIT), "z")),
                }
            ),
            pair,
        ),
        ("vicon-csv", "unit wrong (mm for m)", "a.csv", lambda: vicon(points, scale=1), near),
        ("vicon-csv", "cut off", "a.csv", lambda: vicon(points)[:-100], None),
        (
            "vicon-csv",
            "lying",
            "a.csv",
            lambda: vicon(rotated(markers(lying(motion("wave")), PLUG_IN_GAIT), "z")),
            Truth(((lying(motion("wave")),),), RATE, within=0.35),
        ),
        ("motive-csv", "bones", "a.csv", lambda: motive(subject("A", bones)), exact),
        (
            "motive-csv",
            "millimetres",
            "a.csv",
            lambda: motive(subject("A", bones), "Millimeters", 1000),
            exact,
        ),
        (
            "motive-csv",
            "unit wrong (mm for m)",
            "a.csv",
            lambda: motive(subject("A", bones), "Millimeters"),
            exact,
        ),
        ("motive-csv", "z up", "a.csv", lambda: motive(subject("A", rotated(bones, "z"))), exact),
        (
            "motive-csv",
            "lying",
            "a.csv",
            lambda: motive(subject("A", markers(lying(motion("wave")), BONES))),
            Truth(((lying(motion("wave")),),), RATE),
        ),
        (
            "motive-csv",
            "two skeletons",
            "a.csv",
            lambda: motive({**subject("A", markers(two[0], BONES)), **subject("B", markers(two[1], BONES))}),
            Truth((two,), RATE),
        ),
        (
            "motive-csv",
            "markers",
            "a.csv",
            lambda: motive(subject("A", markers(body, QUALISYS)), kind="Marker"),
            near,
        ),
        (
            "motive-csv",
            "objects only",
            "a.csv",
            lambda: motive({"Racket": bones["Hip"]}, kind="Rigid Body"),
            None,
        ),
        ("mvnx", "plain", "a.mvnx", lambda: mvnx(body), exact),
        (
            "mvnx",
            "lying",
            "a.mvnx",
            lambda: mvnx(lying(motion("wave"))),
            Truth(((lying(motion("wave")),),), RATE),
        ),
        ("mvnx", "two suits", "a.mvnx", lambda: mvnx(*two), Truth((two,), RATE)),
        ("mvnx", "no rate", "a.mvnx", lambda: mvnx(body, rate=""), exact),
        ("mvnx", "cut off", "a.mvnx", lambda: mvnx(body)[:-500], None),
        (
            "mvnx",
            "entities",
            "a.mvnx",
            lambda: mvnx(body).replace("<mvnx", '<!DOCTYPE a [<!ENTITY b "c">]><mvnx', 1),
            None,
        ),
    ]
    for format, defect, name, content, truth in texts:
        yield Case(
            format,
            "export",
            defect,
            lambda n=name, c=content: {n: c()},
            truth,
            states={
                "up": "y" if "motive" in format and defect != "z up" else "z",
                "mirrored": False,
                "unit": "m",
            },
        )


def named() -> Iterator[Case]:
    """DeepLabCut, SLEAP, FreeMoCap."""
    body, two = motion("walk"), crossing()
    parts = [
        "head",
        *(
            f"{j}_{s}"
            for j in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
            for s in ("left", "right")
        ),
    ]
    styles = {
        "left_wrist": lambda j: "_".join(reversed(j.split("_"))),
        "LWrist": lambda j: j if "_" not in j else j.split("_")[1][0].upper() + j.split("_")[0].title(),
    }

    def deeplabcut(people: Mapping[str, Body], style: Callable[[str], str], skip: Sequence[int] = ()) -> str:
        cells = [(who, style(part), pixels(b[part])) for who, b in people.items() for part in parts]
        lines = ["scorer," + ",".join(["DLC"] * 3 * len(cells))]
        if len(people) > 1:
            lines.append("individuals," + ",".join(who for who, _, _ in cells for _ in "xyl"))
        lines += [
            "bodyparts," + ",".join(part for _, part, _ in cells for _ in "xyl"),
            "coords," + ",".join(["x", "y", "likelihood"] * len(cells)),
        ]
        lines += [
            ",".join([str(n), *(f"{p[n][0]:.2f},{p[n][1]:.2f},0.97" for _, _, p in cells)])
            for n in range(48)
            if n not in skip
        ]
        return "\n".join(lines) + "\n"

    def sleap(people: Mapping[str, Body], style: Callable[[str], str]) -> str:
        lines = [
            "track,frame_idx,instance.score,"
            + ",".join(f"{style(p)}.x,{style(p)}.y,{style(p)}.score" for p in parts)
        ]
        for n in range(48):
            for who in list(people)[:: 1 if n % 3 else -1]:
                lines.append(
                    f"{who},{n},0.9,"
                    + ",".join(f"{x:.2f},{y:.2f},0.9" for x, y in (pixels(people[who][p][n]) for p in parts))
                )
        return "\n".join(lines) + "\n"

    one, pair = Truth(((body,),), flat=True, within=0.1), Truth((two,), flat=True, within=0.1)
    gap = Truth(
        (
            (
                {
                    j: np.where(np.isin(np.arange(48), range(9, 15))[:, None], np.nan, p)
                    for j, p in body.items()
                },
            ),
        ),
        flat=True,
        within=0.1,
    )
    for name, style in styles.items():
        yield Case("deeplabcut", name, "plain", lambda s=style: {"a.csv": deeplabcut({"": body}, s)}, one)
        yield Case(
            "deeplabcut",
            name,
            "two individuals",
            lambda s=style: {"a.csv": deeplabcut(dict(zip("ab", two, strict=True)), s)},
            pair,
        )
        yield Case(
            "deeplabcut",
            name,
            "frames missing",
            lambda s=style: {"a.csv": deeplabcut({"": body}, s, range(9, 15))},
            gap,
        )
        yield Case("sleap", name, "plain", lambda s=style: {"a.csv": sleap({"t0": body}, s)}, one)
        yield Case(
            "sleap",
            name,
            "two tracks",
            lambda s=style: {"a.csv": sleap(dict(zip("ab", two, strict=True)), s)},
            pair,
        )
    solid = in_layout(body, MEDIAPIPE33)
    for defect, array in (
        ("millimetres, z up", 1000 * solid @ UPS["z"].T),
        ("millimetres, y down", 1000 * solid @ UPS["-y"].T),
        ("metres, z up", solid @ UPS["z"].T),
        ("lying, z up", 1000 * in_layout(lying(motion("wave")), MEDIAPIPE33) @ UPS["z"].T),
    ):
        truth = Truth(((lying(motion("wave")) if "lying" in defect else body,),))
        yield Case(
            "freemocap",
            "npy",
            defect,
            lambda a=array: {"mediapipe_body_3d_xyz.npy": npy(a)},
            truth,
            states={"up": "z"},
        )


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


def cases() -> Iterator[Case]:
    """All of them."""
    for part in (optical, exports, named, rigs, smpl):
        yield from part()
