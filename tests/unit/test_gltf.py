"""glTF and VRM: one motion with known joints, compared joint by joint; samplers, units, people, damage."""

from __future__ import annotations

import base64
import copy
import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation, Slerp

from pgfa.errors import BadFile, LimitExceeded, PgfaError, Undecided
from pgfa.read import read, read_all
from pgfa.read.formats.gltf import VRM_BONES, glb, sample
from pgfa.read.parsing.gltf_motion import Track, sampled
from pgfa.skeleton import NTU25, Clip
from rig_builders import (
    FRAMES,
    expected_kinect,
    gltf,
    known_joints,
    motion,
    nodes_of,
    turned,
)
from rig_dialects import DIALECTS, Dialect

KNOWN = expected_kinect(known_joints())
READY_PLAYER_ME = Dialect(
    "Hips Spine Spine1 Spine2 Neck Head {Side}Shoulder {Side}Arm {Side}ForeArm {Side}Hand {Side}HandMiddle1 "
    "{Side}HandThumb1 {Side}UpLeg {Side}Leg {Side}Foot {Side}ToeBase"
)
PROGRAMS = {name: DIALECTS[name] for name in ("Mixamo", "KayKit", "VRoid", "Rigify", "Unreal", "Biped")}
PROGRAMS["Ready Player Me"] = READY_PLAYER_ME


def write(folder: Path, content: dict[str, Any], binary: bytes, name: str = "a.glb") -> Path:
    (folder / name).write_bytes(glb(content, binary))
    return folder / name


def people(dialect: Dialect = READY_PLAYER_ME, **options: Any) -> tuple[dict[str, Any], bytes]:
    return gltf(nodes_of(dialect, *motion()), **options)


def assert_known(clip: Clip, known: np.ndarray = KNOWN, body: int = 0, within: float = 2e-3) -> None:
    assert clip.layout == NTU25
    distances = np.linalg.norm(clip.positions[:, body] - known, axis=-1).max(axis=0)
    assert not {joint: float(d) for joint, d in zip(NTU25.joints, distances, strict=True) if d > within}


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("skin", [True, False])
def test_names_of_many_programs(program: str, skin: bool, tmp_path: Path) -> None:
    clip = read(write(tmp_path, *people(PROGRAMS[program], skin=skin)))
    assert_known(clip)
    assert (clip.rate, clip.problems, clip.source.variant) == (30, (), "move")


@pytest.mark.parametrize("interpolation", ["LINEAR", "STEP", "CUBICSPLINE"])
@pytest.mark.parametrize("short", [False, True])
def test_interpolations_and_normalised_rotations(interpolation: str, short: bool, tmp_path: Path) -> None:
    short = short and interpolation != "CUBICSPLINE"  # tangents are not within -1 to 1
    clip = read(write(tmp_path, *people(interpolation=interpolation, short=short)))
    assert_known(clip)


@pytest.mark.parametrize(("rate", "expected"), [(60.0, 60), (24.0, 30), (240.0, 120), (2.0, 30)])
def test_the_rate_is_that_of_the_finest_keys(rate: float, expected: float, tmp_path: Path) -> None:
    """Up to 120; keys further apart than 1/30 s are interpolated."""
    clip = read(write(tmp_path, *people(rate=rate)))
    assert clip.rate == expected
    seconds = (FRAMES - 1) / rate
    assert clip.frames == int(seconds * expected + 1.01)
    assert_known(replace(clip, positions=clip.positions[:1]), KNOWN[:1])
    last = (clip.frames - 1) / expected * rate
    if abs(last - round(last)) < 1e-6:
        assert_known(replace(clip, positions=clip.positions[-1:]), KNOWN[[round(last)]])


def test_an_armature_in_centimetres(tmp_path: Path) -> None:
    assert_known(read(write(tmp_path, *people(armature=0.01))))


def test_a_file_in_centimetres_is_noted(tmp_path: Path) -> None:
    clip = read(write(tmp_path, *people(armature=100.0 / 100)))
    content, binary = people()
    content["nodes"][0]["scale"] = [100, 100, 100]
    scaled = read(write(tmp_path, content, binary, "b.glb"))
    np.testing.assert_allclose(scaled.positions, clip.positions, atol=1e-4)
    assert scaled.problems == ("unit inferred: centimetres",)


def test_z_up_is_seen_in_the_rest_pose(tmp_path: Path) -> None:
    axes = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    clip = read(write(tmp_path, *gltf(turned(nodes_of(READY_PLAYER_ME, *motion()), axes))))
    assert_known(clip)
    assert clip.problems == ("up axis inferred: z, from the rest pose",)


def test_mirrored_axes_are_asked_about(tmp_path: Path) -> None:
    nodes = turned(nodes_of(READY_PLAYER_ME, *motion()), np.diag([-1.0, 1, 1]))
    file = write(tmp_path, *gltf(nodes))
    asked = r"in animation 1 \(move\) a mirrored body.*--mirrored or --no-mirrored"
    with pytest.raises(Undecided, match=asked):
        read(file)
    assert_known(read(file, mirrored=True))


@pytest.mark.parametrize("version", ["VRM", "VRMC_vrm", "VRMC_vrm_animation"])
def test_vrm_names_its_bones(version: str, tmp_path: Path) -> None:
    """Node names are of no use there."""
    dialect = DIALECTS["unknown"]
    content, binary = people(dialect, skin=False)
    node_of = {node["name"]: number for number, node in enumerate(content["nodes"])}
    names = dialect.table()
    bones: Any = {bone: {"node": node_of[names[joint]]} for bone, joint in VRM_BONES.items()}
    if version == "VRM":
        bones = [{"bone": bone} | value for bone, value in bones.items()]
    content["extensions"] = {version: {"humanoid": {"humanBones": bones}}}
    for number, node in enumerate(content["nodes"]):
        node["name"] = f"node_{number}"
    clip = read(write(tmp_path, content, binary))
    at = [NTU25.index(joint) for joint in NTU25.joints if joint not in ("head", "neck")]
    np.testing.assert_allclose(clip.positions[:, 0, at], KNOWN[:, at], atol=2e-3)


def test_two_people_and_a_thing(tmp_path: Path) -> None:
    """Each skin with joints of its own is a skeleton; a prop's is left out and counted."""
    content, binary = people()
    count = len(content["nodes"])
    nodes = json.loads(json.dumps(content["nodes"]))
    for node in nodes:
        node["children"] = [child + count for child in node.get("children", [])]
    nodes[0]["translation"] = [1, 0, 0]
    content["nodes"] += [*nodes, {"name": "Sword"}]
    content["scenes"][0]["nodes"] = [0, count, 2 * count]
    content["skins"] += [
        {"joints": [joint + count for joint in content["skins"][0]["joints"]]},
        {"joints": [2 * count]},
    ]
    channels = json.loads(json.dumps(content["animations"][0]["channels"]))
    for channel in channels:
        channel["target"]["node"] += count
    content["animations"][0]["channels"] += channels
    clip = read(write(tmp_path, content, binary))
    assert clip.bodies == 2
    bodies = sorted(range(2), key=lambda body: clip.positions[0, body, 0, 0])
    assert_known(clip, KNOWN, bodies[0])
    assert_known(clip, KNOWN + np.array([1.0, 0, 0]), bodies[1])
    assert clip.problems == ("1 skeleton of no person left out",)


def test_a_clip_per_animation(tmp_path: Path) -> None:
    content, binary = people()
    short = json.loads(json.dumps(content["animations"][0]))
    content["animations"] += [short | {"name": "again"}, {"name": "nothing", "samplers": [], "channels": []}]
    first, again, nothing = read_all(write(tmp_path, content, binary))
    assert isinstance(first, Clip)
    assert isinstance(again, Clip)
    assert [clip.source.id for clip in (first, again)] == ["a_1", "a_2"]
    np.testing.assert_array_equal(first.positions, again.positions)
    assert "animation 3 (nothing): expected an animation that moves a person" in str(nothing)
    assert "first of 3 recordings in the file" in read(tmp_path / "a.glb").problems


@pytest.mark.parametrize("buffer", ["beside", "embedded"])
def test_the_text_form(buffer: str, tmp_path: Path) -> None:
    content, binary = people()
    uri = "data:application/octet-stream;base64," + base64.b64encode(binary).decode()
    content["buffers"][0]["uri"] = "a%20b.bin" if buffer == "beside" else uri
    (tmp_path / "a b.bin").write_bytes(binary)
    (tmp_path / "a.gltf").write_text(json.dumps(content))
    assert_known(read(tmp_path / "a.gltf"))


def damaged(change: str, content: dict[str, Any]) -> None:
    match change:
        case "circle":
            content["nodes"][3]["children"] = [1]
        case "two parents":
            content["nodes"][0]["children"] = [1, 2]
        case "index":
            content["animations"][0]["channels"][0]["sampler"] = 10**6
        case "short buffer":
            content["bufferViews"][0]["byteLength"] = 3
        case "sparse":
            content["accessors"][0]["sparse"] = {}
        case "compressed":
            content["bufferViews"][0]["extensions"] = {"EXT_meshopt_compression": {}}
        case "outside":
            content["buffers"][0]["uri"] = "../../etc/passwd"
        case "no file":
            content["buffers"][0]["uri"] = "gone.bin"
        case "no animation":
            del content["animations"]
        case "no person":
            for number, node in enumerate(content["nodes"]):
                node["name"] = f"Bone.{number}"
                node["translation"] = [0.1 * number, 0, 0]
        case "version":
            content["asset"]["version"] = "1.0"
        case "matrix":
            content["nodes"][1]["matrix"] = [1, 2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("circle", "nodes: expected a tree|node 1: expected one parent"),
        ("two parents", "node 2: expected one parent, found 0 and 1"),
        ("index", "sampler: expected an index below"),
        ("short buffer", "accessor 0: expected 96 bytes, found 3"),
        ("sparse", "accessor 0: expected values in a buffer, found sparse values"),
        ("compressed", "accessor 0: expected plain values, found compressed ones: export the file without"),
        ("outside", "buffer 0: expected a file in the same folder"),
        ("no file", "buffer 0: expected the file 'gone.bin' beside it, found no such file"),
        ("no animation", "expected an animation of a person, found a model without animations"),
        ("no person", "expected the joints of a person.*found no shoulder_left"),
        ("version", "asset: expected glTF version 2, found 1.0"),
        ("matrix", "node 1: expected 16 numbers"),
    ],
)
def test_errors_name_the_cause(change: str, message: str, tmp_path: Path) -> None:
    content, binary = people()
    damaged(change, content)
    with pytest.raises(BadFile, match=message):
        read(write(tmp_path, content, binary))


def places(value: object) -> list[tuple[Any, Any]]:
    """Every place of a JSON value: its holder and its key."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, part in items for place in ((value, key), *places(part))]


@pytest.mark.parametrize("wrong", [{}, [[]], -1, "x", None], ids=repr)
def test_a_value_of_another_type_anywhere_is_read_or_refused(wrong: object, tmp_path: Path) -> None:
    """Fuzzing found a list in place of the name of a property."""
    (raw,) = sample().values()
    length = int.from_bytes(raw[12:16], "little")
    content, binary = json.loads(raw[20 : 20 + length]), raw[28 + length :]
    content["bufferViews"][0]["extensions"] = {"none": {}}
    clips = 0
    for number in range(len(places(content))):
        changed = copy.deepcopy(content)
        holder, key = places(changed)[number]
        holder[key] = wrong
        file, message = write(tmp_path, changed, binary), ""
        try:
            clips += read(file).frames > 0
        except PgfaError as error:
            message = str(error)
        assert not message or str(file) in message
        assert "makes it fail" not in message
    assert clips


def test_a_long_animation_is_refused_before_it_is_computed(tmp_path: Path) -> None:
    content, binary = people(interpolation="STEP")
    long = struct.pack(f"<{FRAMES}f", *range(FRAMES - 1), 1e7)
    with pytest.raises(LimitExceeded, match="frames"):
        read(write(tmp_path, content, long + binary[len(long) :]))


def test_samplers_between_keys() -> None:
    times = np.array([0.0, 1.0])
    turns = Rotation.from_rotvec([[0, 0, 0], [0, np.pi / 2, 0]])
    track = Track(times, turns.as_quat(), "LINEAR")
    middle = Slerp(times, turns)([0.25]).as_quat()
    np.testing.assert_allclose(sampled(track, np.array([0.25]), True), middle, atol=1e-9)
    # The other sign of a quaternion is the same rotation: the shorter way is taken.
    other = Track(times, turns.as_quat() * [[1], [-1]], "LINEAR")
    np.testing.assert_allclose(np.abs(sampled(other, np.array([0.25]), True)), np.abs(middle), atol=1e-9)
    keys = np.array([[0.0], [2.0]])
    assert sampled(Track(times, keys, "STEP"), np.array([0.99, 1.0, 5.0]), False).tolist() == [[0], [2], [2]]
    # A cubic with slope 0 at both ends: half-way at half time, 3/16 of the way less a little at a quarter.
    cubic = np.stack([0 * keys, keys, 0 * keys], axis=1)
    values = sampled(Track(times, cubic, "CUBICSPLINE"), np.array([0.25, 0.5]), False)
    np.testing.assert_allclose(values, [[2 * (3 / 16 - 2 / 64)], [1.0]])
