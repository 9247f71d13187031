"""Small files that would cost much if a reader believed them, and large sound ones: name -> files."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from pgfa.read import FORMATS
from pgfa.read.datasets import hdm05
from pgfa.read.parsing.mat5 import array_bytes
from pgfa.read.sample import person, picture
from pgfa.skeleton import COCO17, KINECT20, NTU25, Layout

Files = dict[str, bytes]
SIZE = int(os.environ.get("PGFA_COSTLY_BYTES", "19500000"))
"""Bytes of the largest: files below 20 MB have constant limits."""


def sample(format: str) -> Files:
    make = FORMATS[format].sample
    assert make
    return make()


def zipped(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


def npz(**fields: object) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **fields)  # type: ignore[arg-type]
    return file.getvalue()


def repeated(name: str, head: bytes, piece: bytes, end: bytes = b"") -> Files:
    return {name: head + piece * ((SIZE - len(head) - len(end)) // len(piece)) + end}


def lying_npz() -> Files:
    """Its directory says 1,000 bytes for a member that inflates to 200 MB."""
    raw = zipped("positions.npy", b"\x93NUMPY" + bytes(200_000_000))
    at = raw.rfind(b"PK\1\2")
    return {"clip.npz": raw[: at + 24] + struct.pack("<I", 1000) + raw[at + 28 :]}


def honest_npz() -> Files:
    positions = np.zeros((90_000, 16, 20, 3), np.int8)
    positions[:, :, 1:] = 1
    return {"clip.npz": npz(positions=positions, rate=30.0, layout="kinect20")}


def many_fields_npz() -> Files:
    texts = {name: np.full(3_000_000, "x") for name in ("label", "name", "subject", "variant", "problems")}
    return {"clip.npz": npz(positions=np.ones((1, 1, 20, 3)), rate=30.0, layout="kinect20", **texts)}


def npz_set(clips: int) -> Files:
    return {
        "set.npz": npz(
            positions=np.ones((clips, 20, 3), np.float32),
            offsets=np.arange(clips + 1),
            joints=list(KINECT20.joints),
            fps=np.full(clips, 30.0),
        )
    }


def moving(layout: Layout, frames: int, pose: Callable[[Layout, int], np.ndarray]) -> np.ndarray:
    """(frames, joints, columns) a body whose joints all move a little, without any place twice."""
    rng = np.random.default_rng(0)
    body = pose(layout, 1)[0]
    phases, size = rng.uniform(0, 6, body.shape), np.ptp(body, axis=0).max()
    return body + 0.01 * size * np.sin(np.arange(frames)[:, None, None] / 5 + phases)


def npz_moving(clips: int, frames: int, axes: tuple[float, ...] = (1, 1, 1)) -> Files:
    body = moving(KINECT20, frames, person) * axes
    return {
        "set.npz": npz(
            positions=np.concatenate([(body + n % 7 / 99).astype(np.float16) for n in range(clips)]),
            offsets=np.arange(clips + 1) * frames,
            joints=list(KINECT20.joints),
            fps=np.full(clips, 30.0),
        )
    }


def pickle_moving(
    clips: int, frames: int, layout: Layout, pose: Callable[[Layout, int], np.ndarray]
) -> Files:
    body = moving(layout, frames, pose)
    return pickle_of_bodies([body + n % 7 / 99 for n in range(clips)])


def pickle_of_bodies(bodies: list[np.ndarray]) -> Files:
    return pickle_of(
        [
            {"frame_dir": str(n), "label": 1, "keypoint": body[None].astype(np.float16)}
            for n, body in enumerate(bodies)
        ]
    )


def pickle_of_two_kinds(clips: int, frames: int) -> Files:
    """In metres and in centimetres by turns, so that nothing is the same for most clips."""
    body = moving(NTU25, frames, person)
    return pickle_of_bodies([(body + n % 7 / 99) * (1, 100)[n % 2] for n in range(clips)])


def pickle_unlike(clips: int, frames: int) -> Files:
    """Clips whose elbow is far from the body, but for the first."""
    body = moving(NTU25, frames, person)
    odd = body.copy()
    odd[:, NTU25.index("elbow_left")] += 1.5
    return pickle_of_bodies([(odd if n > 20 else body) + n % 7 / 99 for n in range(clips)])


def openpose_far_apart() -> Files:
    people = [{"pose_keypoints_2d": (np.arange(75) + 9 * n).tolist()} for n in range(32)]
    frame = json.dumps({"people": people}).encode()
    return {f"v/v_{number:012d}_keypoints.json": frame for number in (0, 99_998)}


def mat_of_variables() -> Files:
    """60 compressed variables of 64 MB each, none the one that is looked for."""
    header = array_bytes("d_skel", np.ones((20, 3, 2)))[:128]
    start = array_bytes("x", np.ones((1, 1)))[128:184]
    body = zlib.compress(start + bytes(64_000_000))
    element = struct.pack("<II", 15, len(body)) + body
    return {"a1_s1_t1_skeleton.mat": header + element * 60}


def mat_small_type() -> Files:
    """Numbers of one byte that stand for doubles."""
    content = bytes(60_000_000)
    parts = struct.pack("<IIII", 6, 8, 6, 0) + struct.pack("<IIiiii", 5, 12, 20, 3, 1_000_000, 0)
    parts += struct.pack("<II", 1, 6) + b"d_skel\0\0" + struct.pack("<II", 2, len(content)) + content
    body = zlib.compress(struct.pack("<II", 14, len(parts)) + parts)
    header = array_bytes("d_skel", np.ones((20, 3, 2)))[:128]
    return {"a1_s1_t1_skeleton.mat": header + struct.pack("<II", 15, len(body)) + body}


def pickle_of(content: object) -> Files:
    return {"set.pkl": pickle.dumps(content, protocol=4)}


def pickle_shared_array() -> Files:
    annotation = {"frame_dir": "a", "label": 1, "keypoint": np.ones((1, 9000, 25, 2), np.float32)}
    return pickle_of([annotation] * 2000)


def pickle_shared_small() -> Files:
    annotation = {"frame_dir": "a", "label": 1, "keypoint": np.ones((1, 2, 25, 2), np.float16)}
    return pickle_of([annotation] * 1_000_000)


def pickle_small_clips() -> Files:
    array = person(NTU25, 2)[None].astype(np.float32)
    return pickle_of([{"frame_dir": str(n), "label": 1, "keypoint": array + n / 9999} for n in range(1_500)])


def bvh(rows: bytes) -> bytes:
    (text,) = sample("bvh").values()
    head = text.split(b"Frames:")[0]
    return head + b"Frames: %d\nFrame Time: 0.0333\n" % rows.count(b"\n") + rows


def bvh_still_joints() -> Files:
    """A person with 900 joints and ends without channels, which have places in all frames but no numbers."""
    (text,) = sample("bvh").values()
    hierarchy, motion = text.split(b"MOTION")
    body, end, _ = hierarchy.rpartition(b"}")
    still = b"JOINT still%d\n{\nOFFSET 0 1 0\nCHANNELS 0\nEnd Site\n{\nOFFSET 0 1 0\n}\n}\n"
    width = len(motion.split(b"\n")[-2].split())
    frames = 3_900_000 // width
    head = body + b"".join(still % n for n in range(450)) + end + b"\n"
    row = b" ".join([b"1"] * width) + b"\n"
    return {"a.bvh": head + b"MOTION\nFrames: %d\nFrame Time: 0.0333\n" % frames + row * frames}


def ntu_crowd() -> Files:
    """A single frame of six bodies among empty ones, and now and then a body with an id of its own."""
    (text,) = sample("ntu").values()
    person = text.split(b"\n")[2:29]

    def frame(ids: range) -> bytes:
        rest = person[0].split(b" ", 1)[1]
        bodies = [b"\n".join([b"%d %s" % (7 * 10**16 + n, rest), *person[1:]]) for n in ids]
        return b"\n".join([b"%d" % len(bodies), *bodies]) + b"\n"

    frames = [frame(range(6)), *(frame(range(n, n + (n % 40 == 0))) for n in range(1, 99_000))]
    return {"S001C001P001R001A001.skeleton": b"%d\n" % len(frames) + b"".join(frames)}


def npz_twice() -> Files:
    """Positions, and the bodies as they are listed."""
    positions = np.ones((99_000, 4, 20, 3), np.int8)
    positions[:, :, 1:] = 2
    return {"clip.npz": npz(positions=positions, listed=positions, rate=30.0, layout="kinect20")}


def csv_visitors() -> Files:
    """40 people in turns, one per frame."""
    row = ",".join(["1.5", "2.5"] * 17)
    head = "frame,person," + ",".join(f"{joint}_{axis}" for joint in COCO17.joints for axis in "xy")
    return {"a.csv": "\n".join([head, *(f"{n},{n % 40},{row}" for n in range(90_000))]).encode()}


def gltf_one_file() -> Files:
    """200 buffers that are one file beside it."""
    (raw,) = sample("gltf").values()
    length = struct.unpack_from("<I", raw, 12)[0]
    content = json.loads(raw[20 : 20 + length])
    views, accessors, animation = content["bufferViews"], content["accessors"], content["animations"][0]
    count = 200
    content["buffers"] = [{"uri": "b.bin", "byteLength": 40}] * count
    content["bufferViews"] = [{**view, "buffer": n} for n in range(count) for view in views]
    content["accessors"] = [
        {**accessor, "bufferView": 2 * n + m} for n in range(count) for m, accessor in enumerate(accessors)
    ]
    animation["samplers"] = [{"input": 2 * n, "output": 2 * n + 1} for n in range(count)]
    animation["channels"] = [
        {"sampler": n, "target": {"node": n % 5, "path": "rotation"}} for n in range(count)
    ]
    turn = struct.pack("<10f", 0, 1, 0, 0, 0, 1, 0, 1, 0, 0)
    return {"a.gltf": json.dumps(content).encode(), "b.bin": turn + bytes(SIZE - 200_000)}


def gltf_chain() -> Files:
    """1,000 animations of a skeleton below a chain of 18,000 nodes."""
    (raw,) = sample("gltf").values()
    length = struct.unpack_from("<I", raw, 12)[0]
    content, binary = json.loads(raw[20 : 20 + length]), raw[28 + length :]
    first, count = len(content["nodes"]), 18_000
    content["nodes"] += [{"children": [first + n + 1]} for n in range(count - 1)] + [{"children": [0]}]
    content["scenes"] = [{"nodes": [first]}]
    content["animations"] = [{**content["animations"][0], "name": str(n)} for n in range(1000)]
    (buffer,) = content["buffers"]
    content["buffers"] = [{"uri": "b.bin", "byteLength": buffer["byteLength"]}]
    return {"a.gltf": json.dumps(content).encode(), "b.bin": binary}


def json_equal_hashes() -> Files:
    """60,000 people whose ids all have the hash 0 as numbers."""
    prime = (1 << 61) - 1
    people = [{"image_id": n, "keypoints": [1, 2, 1] * 17, "track_id": n * prime} for n in range(60_000)]
    return {"a.json": json.dumps(people).encode()}


def json_crowd() -> Files:
    """32 people in each of 2,000 frames."""
    body = picture(COCO17, 1)[0]
    people = [
        {
            "image_id": f"{n // 32}.jpg",
            "keypoints": np.column_stack([body + n % 32, np.ones(17)]).ravel().tolist(),
        }
        for n in range(64_000)
    ]
    text = json.dumps(people, separators=(",", ":"))
    return {"a.json": text.encode()}


def json_people(*, others: bool, lines: bool) -> Files:
    """95,000 frames, or as many as fit: in each one person, who is the same or somebody else, and two in the first."""
    body, text, left = (picture(COCO17, 1)[0] / 4).astype(int), [], SIZE
    for n in range(95_000):
        points = (body + ((n * 1237 % 9900, 0) if others else n % 7)).tolist()
        people = [{"keypoints": points}]
        if n == 0 and others:
            people.append({"keypoints": (body + np.array([200, 0])).tolist()})
        text.append(json.dumps({"frame": n, "people": people}, separators=(",", ":")))
        left -= len(text[-1]) + 1
        if left < 400:
            break
    return {"a.jsonl": "\n".join(text).encode()} if lines else {"a.json": f"[{','.join(text)}]".encode()}


def zip_without_members() -> Files:
    """A directory of 300,000 members, all at the same place."""
    local = b"PK\3\4" + struct.pack("<5H3I2H", 20, 0, 0, 0, 33, 0, 0, 0, 1, 0) + b"a"
    entry = b"PK\1\2" + struct.pack("<6H3I5H2I", 20, 20, 0, 0, 0, 33, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0)
    count = 300_000
    entries = b"".join(entry + b"%08d" % n for n in range(count))
    sizes = struct.pack("<4Q", count, count, len(entries), len(local))
    end = b"PK\6\6" + struct.pack("<Q2H2I", 44, 45, 45, 0, 0) + sizes
    end += b"PK\6\7" + struct.pack("<IQI", 0, len(local) + len(entries), 1)
    end += b"PK\5\6" + struct.pack("<4H2IH", 0, 0, 65535, 65535, len(entries), len(local), 0)
    return {"set.zip": local + entries + end}


def hdf5_tracks(shape: tuple[int, ...], chunks: tuple[int, ...], packed: bytes = b"") -> Files:
    """Tracks of SLEAP that are not stored but for one chunk."""
    from hdf5_builders import hdf5

    names = [
        f"{joint}_{side}" for joint in ("shoulder", "elbow", "hip", "knee", "ankle", "wrist") for side in "lr"
    ]

    def write(out: Any) -> None:
        out["node_names"] = np.array(["nose", *names], "S")
        tracks = out.create_dataset(
            "tracks",
            shape,
            "f8",
            maxshape=(None,) * 4,
            chunks=chunks,
            fillvalue=1,
            compression="gzip" if packed else None,
        )
        if packed:
            tracks.id.write_direct_chunk((0,) * len(shape), packed)

    return {"walk.analysis.h5": hdf5(write)}


def zeros_packed(size: int) -> bytes:
    """That many MB of zeros, by deflate."""
    packer = zlib.compressobj()
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(size)) + packer.flush()


HDF5: dict[str, Callable[[], Files]] = {
    "HDF5 chunk that inflates": lambda: hdf5_tracks((1, 2, 13, 1000), (1, 2, 13, 1000), zeros_packed(2000)),
    "HDF5 of small chunks": lambda: hdf5_tracks((1, 2, 13, 20_000), (1, 1, 1, 1)),
    "HDF5 of a large chunk": lambda: hdf5_tracks((1, 2, 13, 10), (1, 2, 13, 4_000_000), zeros_packed(800)),
}
"""Those that need the extra `formats`."""


def bvh_large() -> Files:
    (text,) = sample("bvh").values()
    width = len(text.splitlines()[-1].split())
    row = " ".join(f"{value:.5f}" for value in np.linspace(1, 9, width)).encode() + b"\n"
    return {"walk.bvh": bvh(row * ((SIZE - 5000) // len(row)))}


def amc_large() -> Files:
    frame = b"root 0.12345 1.12345 0.12345 0 0 0\n" + b"".join(
        b"%s 1.512345\n" % b.encode() for b in hdm05.SEGMENTS
    )
    count = SIZE // (len(frame) + 7)
    files = sample("hdm05")
    motion = b":FULLY-SPECIFIED\n:DEGREES\n" + b"".join(b"%d\n" % n + frame for n in range(1, count))
    return {**files, "HDM_bd_squat1Reps_001_120.amc": motion}


def csv_large(columns: str, row: str) -> Files:
    return repeated("a.csv", columns.encode() + b"\n", row.encode() + b"\n")


def wide() -> tuple[str, str]:
    names = [f"{joint}_{axis}" for joint in COCO17.joints for axis in "xy"]
    return ",".join(names), ",".join(f"{n:.4f}" for n in picture(COCO17, 1).reshape(-1))


def pku_labels() -> Files:
    files = sample("pku-mmd")
    return {**files, "Train_Label_PKU_final/0043-L.txt": b"8,1,30,2\n" * 100_000}


def msrc12_tags() -> Files:
    files = sample("msrc12")
    return {**files, "P1_1_1_p04.tagstream": b"XQPCTick;Tag\n" + b"84787500;a\n" * 90_000}


def skeleton_large() -> Files:
    (text,) = sample("ntu").values()
    lines = text.split(b"\n")
    frame = b"\n".join(lines[1 : len(lines) // 2]) + b"\n"
    count = (SIZE - 10) // len(frame)
    return {"S001C001P001R001A001.skeleton": b"%d\n" % count + frame * count}


def msr_large() -> Files:
    (text,) = sample("msr-action3d").values()
    frame = b"".join(line + b"\n" for line in text.split(b"\n")[:20])
    return {"a01_s01_e01_skeleton3D.txt": frame * (SIZE // len(frame))}


COSTLY: dict[str, Callable[[], Files]] = {
    "npz that lies about its size": lying_npz,
    "npz that inflates": honest_npz,
    "npz of large texts": many_fields_npz,
    "npz of a million clips": lambda: npz_set(1_000_000),
    "npz of 20,000 clips": lambda: npz_set(20_000),
    "large npy": lambda: {"a.npy": npy(np.random.default_rng(0).uniform(0, 9, (SIZE // 406, 2, 25, 4)).astype("f2"))},
    "newlines in a zip": lambda: {"set.zip": zipped("a.bvh", b"HIERARCHY\n" + b"\n" * 252_000_000)},
    "newlines in a bvh": lambda: repeated("a.bvh", b"HIERARCHY\n", b"\n"),
    "newlines in a csv": lambda: repeated("a.csv", wide()[0].encode() + b"\n", b"\n"),
    "commas in a csv": lambda: repeated("a.csv", wide()[0].encode() + b"\n", b",,\n"),
    "JSON of a long name": lambda: {"a.json": b'{"frames": [{"%s": 1, "keypoints": [1]}]}' % (b"[(" * 60_000)},
    "csv of a long name": lambda: {"a.csv": f"{wide()[0]},{'_' * 120_000}\n{wide()[1]},1\n".encode()},
    "csv of a long comment": lambda: {"a.csv": b"#" + b"rate (" * 20_000 + b"\n" + "\n".join(wide()).encode()},
    "braces in a bvh": lambda: repeated("a.bvh", b"HIERARCHY\n", b"{"),
    "statements in a bvh": lambda: {"a.bvh": b"HIERARCHY\nROOT a\n{\n" + b"OFFSET 0 0 0\n" * 900_000},
    "joints without channels": bvh_still_joints,
    "crowd in one frame": ntu_crowd,
    "npz of listed bodies": npz_twice,
    "people in turns": csv_visitors,
    "glTF buffers of one file": gltf_one_file,
    "glTF of a chain of nodes": gltf_chain,
    "JSON of ids with one hash": json_equal_hashes,
    "JSON of a crowd": json_crowd,
    "JSON of one person": lambda: json_people(others=False, lines=False),
    "JSON of another person in each frame": lambda: json_people(others=True, lines=False),
    "JSON lines of one person": lambda: json_people(others=False, lines=True),
    "JSON lines of another person in each frame": lambda: json_people(others=True, lines=True),
    "npz of 64 bodies": lambda: {
        "a.npz": npz(positions=np.ones((3900, 64, 20, 3), "f2"), rate=np.array(30.0), layout=np.array("kinect20"))
    },
    "zip of a directory only": zip_without_members,
    "form feeds in a bvh": lambda: repeated("a.bvh", b"HIERARCHY\n", b"\x0c"),
    "other line ends in a csv": lambda: repeated("a.csv", wide()[0].encode() + b"\n", b"\xc2\x85"),
    "one line of cells": lambda: {"a.bvh": bvh(b"1 " * ((SIZE - 5000) // 2) + b"\n")},
    "newlines in MSR-Action3D": lambda: repeated("a01_s01_e01_skeleton3D.txt", b"1 2 3 1\n" * 40, b"\n"),
    "cells in MSR-Action3D": lambda: repeated("a01_s01_e01_skeleton3D.txt", b"1 2 3 1\n" * 40, b"1 "),
    "two frames far apart": openpose_far_apart,
    "mat of many variables": mat_of_variables,
    "mat of a small type": mat_small_type,
    "object stream of lists": lambda: {"a.pkl": b"\x80\4" + b"]" * SIZE},
    "object stream of nested tuples": lambda: {"a.pkl": b"\x80\4)" + b"\x85" * SIZE + b"."},
    "object stream of memo entries": lambda: {"a.pkl": b"\x80\4]" + b"\x94" * SIZE + b"."},
    "object stream of text": lambda: {"a.pkl": b"\x80\4](" + b"\x8c\1a" * (SIZE // 3) + b"e."},
    "object stream of a name that holds itself": lambda: {"a.pkl": b"\x80\4)" + b"2\x86" * 60 + b"\x8c\1a\x93."},
    "object stream that shares an array": pickle_shared_array,
    "object stream that shares small arrays": pickle_shared_small,
    "object stream of small clips": pickle_small_clips,
    "npz of 20,000 moving clips": lambda: npz_moving(20_000, 8),
    "npz of 20,000 clips upside down": lambda: npz_moving(20_000, 8, (1, -1, 1)),
    "npz of 20,000 clips too large": lambda: npz_moving(20_000, 8, (2.5, 2.5, 2.5)),
    "object stream of moving pictures": lambda: pickle_moving(3_000, 60, COCO17, picture),
    "object stream of moving bodies": lambda: pickle_moving(4_000, 25, NTU25, person),
    "object stream of two kinds": lambda: pickle_of_two_kinds(4_000, 25),
    "object stream of unlike clips": lambda: pickle_unlike(4_000, 25),
    "JSON of rows": lambda: repeated("a.json", b'{"keypoints": [[[0,0]', b",[0,0,0]", b"]]}"),
    "JSON of objects": lambda: repeated("a.json", b"[{}", b',{"a":1}', b"]"),
    "JSON of names": lambda: {"a.json": b"{%s}" % b",".join(b'"%x":1' % n for n in range(SIZE // 12))},
    "JSON of text": lambda: repeated("a.json", b'["a"', b',"ab"', b"]"),
    "JSON of numbers": lambda: repeated("a.json", b"[[0.5", b",0.1", b"]]"),
    "JSON of brackets": lambda: repeated("a.json", b"", b"["),
    "JSON of people": lambda: {"a.json": mediapipe(2000)},
    "JSON of one frame": lambda: {"a.json": json.dumps([[np.ones((17, 3)).tolist()] * 20_000]).encode()},
    "labels that repeat a stream": pku_labels,
    "tags that repeat a session": msrc12_tags,
    "large bvh": bvh_large,
    "large amc": amc_large,
    "large csv": lambda: csv_large(*wide()),
    "large NTU": skeleton_large,
    "large MSR-Action3D": msr_large,
}  # fmt: skip


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def mediapipe(frames: int) -> bytes:
    rng = np.random.default_rng(2)
    marks = [
        [
            {"x": x, "y": y, "z": z, "visibility": 0.9}
            for x, y, z in rng.uniform(0, 1, (33, 3)).round(6).tolist()
        ]
        for _ in range(frames)
    ]
    return json.dumps({"frames": [{"pose_world_landmarks": m} for m in marks]}).encode()[: SIZE * 2]
