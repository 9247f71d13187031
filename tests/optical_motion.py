"""One motion with known joints, and the files that programs for motion capture would write of it.

A person walks along +z (y up, metres), turning a little, and raises the left arm, so that left and right, front and
back, up and down, and every frame differ. Markers are placed around the joints along the body's own axes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.skeleton import NTU25, Clip

Floats = NDArray[np.float64]

RATE = 60.0
# Joint -> (to the left, up, ahead) of the middle of the hips.
_SIDED = {
    "shoulder": (0.19, 0.48, 0), "elbow": (0.25, 0.2, -0.03), "wrist": (0.27, -0.05, 0.05), "hip": (0.09, 0, 0),
    "knee": (0.1, -0.42, 0.02), "ankle": (0.1, -0.84, -0.02), "toe": (0.12, -0.9, 0.14),
}  # fmt: skip
_MIDDLE = {"head": (0.0, 0.7, 0.02), "pelvis": (0.0, 0.0, 0.0), "neck": (0.0, 0.5, 0.0)}


def joints(frames: int = 24, apart: float = 0.0) -> dict[str, Floats]:
    """Joint -> (frames, 3) metres, y up; `apart` moves the person to the side and delays the steps."""
    phase = 2 * np.pi * (np.arange(frames) / 24 + apart / 7)
    out: dict[str, Floats] = {}
    for joint, point in _MIDDLE.items():
        out[joint] = np.tile(point, (frames, 1))
    for joint, point in _SIDED.items():
        for side, sign in (("left", 1.0), ("right", -1.0)):
            place = np.tile(np.array(point) * (sign, 1, 1), (frames, 1))
            reach = {"knee": 0.1, "ankle": 0.25, "toe": 0.25, "elbow": -0.05, "wrist": -0.15}.get(joint, 0.0)
            place[:, 2] += sign * reach * np.sin(phase)
            out[f"{joint}_{side}"] = place
    lift = 0.5 * (1 - np.cos(phase / 2))
    out["wrist_left"][:, 1] += 0.5 * lift
    out["elbow_left"][:, 1] += 0.15 * lift
    turn = 0.3 * np.sin(phase / 3)
    ahead = np.stack([np.sin(turn), np.zeros(frames), np.cos(turn)], axis=-1)
    left = np.stack([np.cos(turn), np.zeros(frames), -np.sin(turn)], axis=-1)
    origin = np.stack(
        [np.full(frames, 0.4 + apart), 0.93 + 0.02 * np.cos(2 * phase), 0.9 * np.arange(frames) / RATE], -1
    )
    up = np.array([0.0, 1.0, 0.0])
    return {
        joint: origin + place[:, :1] * left + place[:, 1:2] * up + place[:, 2:] * ahead
        for joint, place in out.items()
    } | {"=left": left, "=ahead": ahead}


def around(body: Mapping[str, Floats], joint: str, left: float, up: float, ahead: float) -> Floats:
    """A marker beside a joint, in metres along the body's own axes; `left` is outwards for a sided joint."""
    outwards = -left if joint.endswith("_right") else left
    offset = outwards * body["=left"] + ahead * body["=ahead"]
    return body[joint] + offset + np.array([0, up, 0])


def upright(points: Floats, up: str) -> Floats:
    """y up -> another axis up, by a rotation: what is read back is the same motion."""
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    axes = {"y": (x, y, z), "z": (z, x, y), "-y": (-x, -y, z), "x": (y, z, x)}
    return np.stack(axes[up], axis=-1)


def markers(body: Mapping[str, Floats], names: Mapping[str, Sequence[object]]) -> dict[str, Floats]:
    """Name -> (joint, left, up, ahead) or (joint,) -> positions."""
    out = {}
    for name, (joint, *offset) in names.items():
        left, up, ahead = (*offset, 0, 0, 0)[:3]
        out[name] = around(body, str(joint), float(str(left)), float(str(up)), float(str(ahead)))
    return out


def both(
    names: Mapping[str, Sequence[object]], style: Callable[[str, str], str]
) -> dict[str, tuple[object, ...]]:
    """The markers of both sides: style("left", "KNE") is the name in the file."""
    return {
        style(side, name): (f"{joint}_{side}", *offset)
        for side in ("left", "right")
        for name, (joint, *offset) in names.items()
    }


def plain(side: str, name: str) -> str:
    """LKNE."""
    return side[0].upper() + name


PLUG_IN_GAIT = {
    **both(
        {
            "FHD": ("shoulder", -0.12, 0.25, 0.08), "BHD": ("shoulder", -0.12, 0.25, -0.08),
            "SHO": ("shoulder", 0, 0.05, 0),
            "ELB": ("elbow", 0.04, 0, 0), "WRA": ("wrist", 0, 0, 0.03), "WRB": ("wrist", 0, 0, -0.03),
            "ASI": ("hip", 0.02, 0.09, 0.1), "PSI": ("hip", -0.04, 0.09, -0.1), "KNE": ("knee", 0.05, 0, 0),
            "ANK": ("ankle", 0.04, 0, 0), "TOE": ("toe", 0, 0, 0),
        },
        plain,
    ),
    "C7": ("neck", 0, 0.03, -0.06), "CLAV": ("neck", 0, -0.05, 0.07),
}  # fmt: skip
PAIRS = {
    "SHO": ("shoulder", 0, 0.05, 0), "elbow": ("elbow", 0.04, 0, 0), "melbow": ("elbow", -0.04, 0, 0),
    "lwrist": ("wrist", 0, 0, 0.03), "mwrist": ("wrist", 0, 0, -0.03), "ASIS": ("hip", 0.02, 0.09, 0.1),
    "PSIS": ("hip", -0.04, 0.09, -0.1), "knee": ("knee", 0.05, 0, 0), "mknee": ("knee", -0.05, 0, 0),
    "ankle": ("ankle", 0.04, 0, 0), "mankle": ("ankle", -0.04, 0, 0), "toe": ("toe", 0, 0, 0),
}  # fmt: skip
_OPENCAP_NAMES = {"SHO": "_shoulder", "elbow": "_lelbow", "ASIS": ".ASIS", "PSIS": ".PSIS"}
OPENCAP = {
    **both(PAIRS, lambda side, name: f"{'rL'[side == 'left']}{_OPENCAP_NAMES.get(name, '_' + name)}_study"),
    "C7_study": ("neck", 0, 0.03, -0.06),
}
ISB = {
    **both(
        {
            "CAJ": ("shoulder", 0, 0.05, 0), "HLE": ("elbow", 0.04, 0, 0), "HME": ("elbow", -0.04, 0, 0),
            "RSP": ("wrist", 0, 0, 0.03), "USP": ("wrist", 0, 0, -0.03), "IAS": ("hip", 0.02, 0.09, 0.1),
            "IPS": ("hip", -0.04, 0.09, -0.1), "FLE": ("knee", 0.05, 0, 0), "FME": ("knee", -0.05, 0, 0),
            "FAL": ("ankle", 0.04, 0, 0), "TAM": ("ankle", -0.04, 0, 0), "FM2": ("toe", 0, 0, 0),
        },
        plain,
    ),
    "CV7": ("neck", 0, 0.03, -0.06), "SJN": ("neck", 0, -0.05, 0.07),
}  # fmt: skip
HALPE26 = {
    "Hip": ("pelvis",), "Neck": ("neck",), "Head": ("head",), "Nose": ("head", 0, 0, 0.1),
    **both(
        {
            "Hip": ("hip",), "Knee": ("knee",), "Ankle": ("ankle",), "BigToe": ("toe", -0.03, 0, 0),
            "SmallToe": ("toe", 0.03, 0, 0), "Heel": ("ankle", 0, -0.05, -0.05), "Shoulder": ("shoulder",),
            "Elbow": ("elbow",), "Wrist": ("wrist",),
        },
        plain,
    ),
}  # fmt: skip
QUALISYS = both(
    {
        "ShoulderTop": ("shoulder", 0, 0.05, 0), "ElbowOut": ("elbow", 0.04, 0, 0), "ElbowIn": ("elbow", -0.04, 0, 0),
        "WristIn": ("wrist", 0, 0, 0.03), "WristOut": ("wrist", 0, 0, -0.03), "KneeOut": ("knee", 0.05, 0, 0),
        "KneeIn": ("knee", -0.05, 0, 0), "AnkleOut": ("ankle", 0.04, 0, 0), "ToeTip": ("toe", 0, 0, 0),
    },
    plain,
) | {
    f"Waist{side[0].upper()}{end}": (f"hip_{side}", *offset)
    for side in ("left", "right")
    for end, offset in (("Front", (0.02, 0.09, 0.1)), ("Back", (-0.04, 0.09, -0.1)))
}  # fmt: skip
BONES = {
    "Hip": ("pelvis",), "Neck": ("neck",), "Head": ("neck", 0, 0.11, 0),
    **both(
        {
            "UArm": ("shoulder",), "FArm": ("elbow",), "Hand": ("wrist",),
            "Thigh": ("hip",), "Shin": ("knee",), "Foot": ("ankle",), "Toe": ("toe",),
        },
        plain,
    ),
}  # fmt: skip
BONES |= {f"{side[0].upper()}Shoulder": (f"shoulder_{side}", -0.15, -0.02, 0) for side in ("left", "right")}


def table(points: Mapping[str, Floats]) -> Floats:
    """(frames, 3 x names) in the order of the names."""
    return np.concatenate(list(points.values()), axis=1)


def trc(
    points: Mapping[str, Floats], unit: str = "m", scale: float = 1.0, digits: int = 6, rate: float = RATE
) -> str:
    """As OpenSim writes it."""
    values = table(points) * scale
    count = len(points)
    lines = [
        "PathFileType\t4\t(X/Y/Z)\twalk.trc",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"{rate:g}\t{rate:g}\t{len(values)}\t{count}\t{unit}\t{rate:g}\t1\t{len(values)}",
        "Frame#\tTime\t" + "\t\t\t".join(points) + "\t\t",
        "\t\t" + "\t".join(f"{axis}{n}" for n in range(1, count + 1) for axis in "XYZ"),
        "",
    ]
    for n, row in enumerate(values):
        cells = ["" if np.isnan(value) else f"{value:.{digits}f}" for value in row]
        lines.append("\t".join([str(n + 1), f"{n / rate:.6f}", *cells]))
    return "\n".join(lines) + "\n"


def c3d(
    points: Mapping[str, Floats], *, unit: str = "mm", scale: float = 1000.0, integers: bool = False,
    header_frames: int | None = None, analog: int = 0,
) -> bytes:  # fmt: skip
    """A C3D file, Intel numbers; labels beyond 255 go to LABELS2."""
    values = table(points).reshape(len(table(points)), -1, 3) * scale
    frames, count = values.shape[:2]
    absent = ~np.isfinite(values).all(axis=-1)
    factor = 0.1 if integers else -1.0
    labels = list(points)

    def text(name: str, cells: Sequence[str], group: int) -> bytes:
        width = max(map(len, cells), default=1) or 1
        data = "".join(cell.ljust(width) for cell in cells).encode()
        return parameter(name, group, -1, (width, len(cells)), data)

    def parameter(name: str, group: int, kind: int, size: Sequence[int], data: bytes) -> bytes:
        body = struct.pack("bB", kind, len(size)) + bytes(size) + data + b"\0"
        return struct.pack("bb", len(name), group) + name.encode() + struct.pack("<h", 2 + len(body)) + body

    def group(name: str, number: int) -> bytes:
        return struct.pack("bb", len(name), -number) + name.encode() + struct.pack("<hB", 3, 0)

    limit = min(frames if header_frames is None else header_frames, 0xFFFF)
    parameters = [
        group("POINT", 1), group("ANALOG", 2),
        parameter("USED", 1, 2, (), struct.pack("<H", count)), parameter("SCALE", 1, 4, (), struct.pack("<f", factor)),
        parameter("RATE", 1, 4, (), struct.pack("<f", RATE)), parameter("FRAMES", 1, 2, (), struct.pack("<H", limit)),
        text("UNITS", [unit], 1),
        *(text("LABELS" + ("" if not n else str(n // 255 + 1)), labels[n : n + 255], 1) for n in range(0, count, 255)),
        parameter("USED", 2, 2, (), struct.pack("<H", analog)), parameter("RATE", 2, 4, (), struct.pack("<f", RATE)),
        parameter("SCALE", 2, 4, (analog,), struct.pack(f"<{analog}f", *[1.0] * analog)),
        parameter("OFFSET", 2, 2, (analog,), struct.pack(f"<{analog}h", *[0] * analog)),
        parameter("GEN_SCALE", 2, 4, (), struct.pack("<f", 1.0)),
    ]  # fmt: skip
    body = b"".join(parameters) + b"\0\0"
    blocks = -(-(len(body) + 4) // 512)
    section = (bytes([1, 80, blocks, 84]) + body).ljust(512 * blocks, b"\0")
    # The header's words are: points, analog, first and last frame, gap, scale, first block of data, samples, rate.
    head = struct.pack(
        "<BBHHHHHfHHf", 2, 80, count, analog, 1, limit, 0, factor, 2 + blocks, int(bool(analog)), RATE
    )
    data = np.zeros((frames, count * 4 + analog), "<i2" if integers else "<f4")
    shaped = data[:, : count * 4].reshape(frames, count, 4)
    shaped[..., :3] = np.where(absent[..., None], 0, np.round(values / factor) if integers else values)
    shaped[..., 3] = np.where(absent, -1, 0)
    data[:, : count * 4] = shaped.reshape(frames, -1)
    raw = data.tobytes()
    return head.ljust(512, b"\0") + section + raw.ljust(-(-len(raw) // 512) * 512, b"\0")


BODY = joints()
LIMBS = [
    f"{joint}_{side}"
    for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    for side in ("left", "right")
]


def rotated(points: Mapping[str, Floats], up: str) -> dict[str, Floats]:
    return {name: upright(place, up) for name, place in points.items()}


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def joint(clip: Clip, name: str, body: int = 0) -> Floats:
    return clip.positions[:, body, NTU25.index(name)].astype(float)


def differences(clip: Clip, motion: Mapping[str, Floats] = BODY, body: int = 0) -> dict[str, float]:
    """Joint -> largest distance in metres from where it was, after the turn about the vertical that fits best.

    A turn, not a reflection: a mirrored body, one upside down, or one with its sides exchanged does not fit.
    """
    there = np.concatenate([joint(clip, name, body) for name in LIMBS])
    here = np.concatenate([motion[name] for name in LIMBS])
    seen = np.isfinite(there).all(axis=1)
    flat = np.array([1, 0, 1])
    origin, goal = (here[seen] * flat).mean(0), (there[seen] * flat).mean(0)
    a, b = ((here - origin) @ np.array([1, 0, -1j]))[seen], ((there - goal) @ np.array([1, 0, -1j]))[seen]
    turn = np.vdot(a, b) / abs(np.vdot(a, b))

    def moved(points: Floats) -> Floats:
        plane = ((points - origin) @ np.array([1, 0, -1j])) * turn
        return np.stack([plane.real, points[:, 1], -plane.imag], axis=-1) + goal

    return {
        name: float(np.nanmax(np.linalg.norm(joint(clip, name, body) - moved(motion[name]), axis=-1)))
        for name in LIMBS
    }


def assert_same(
    clip: Clip, motion: Mapping[str, Floats] = BODY, body: int = 0, within: float = 0.002, **wider: float
) -> None:
    """`wider` gives the joints that a marker set only approximates."""
    for name, distance in differences(clip, motion, body).items():
        allowed = wider.get(name.rpartition("_")[0], within)
        assert distance <= allowed, (name, distance)


EXACT = {"hip": 0.085, "shoulder": 0.03}
"""Of the marker sets: hips by rule from the pelvis, shoulders from the acromion."""
LATERAL = {**EXACT, "knee": 0.051, "ankle": 0.041, "elbow": 0.041, "shoulder": 0.04}
