"""Sound recordings of nearly 20 MB in every format: processor time and memory of reading each.

    python scripts/large_recordings.py                           # all formats; fails above 5 seconds or 512 MB
    python scripts/large_recordings.py bvh trc --bytes 39000000  # twice the size: twice the time and memory

Each is made of the format's sample: its frames again and again, with numbers as long as programs write them. A process
of its own reads each, with the format's own reader. A format whose limit of frames is reached before has the largest
recording within it. Prints a table; the exit status is 1 if a reading costs too much or is refused.
"""

from __future__ import annotations

import argparse
import io
import json
import pickle
import re
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from fuzz_readers import MEGABYTES, SECONDS, _peak, _reset_peak, lay_out

from pgfa.errors import BadFile, PgfaError
from pgfa.read import FORMATS
from pgfa.read.datasets import hdm05
from pgfa.read.formats.gltf import glb
from pgfa.read.parsing.mat5 import array_bytes
from pgfa.read.sample import picture
from pgfa.skeleton import COCO17

SIZE = 19_500_000
POSE_FRAMES = 8
"""Frames for which each of a few poses is held where they are repeated: one a frame, they were in no order of time."""
Files = dict[str, bytes]


def sample(format: str) -> Files:
    """The sample of a format."""
    make = FORMATS[format].sample
    assert make
    return make()


def spelled(cells: list[bytes]) -> list[bytes]:
    """Cells of a table; numbers with four decimals."""
    return [b"%.4f" % float(cell) if re.fullmatch(rb"-?[\d.]+", cell) else cell for cell in cells]


def table(
    format: str, size: int, separator: bytes, header: int, lead: Callable[[int], str], cells: int
) -> Files:
    """A text whose rows begin with `cells` cells that count: of the frame, the time.

    Args:
        format, size: of which a recording is made, and its bytes.
        separator: between cells.
        header: lines before the first row.
        lead: number of the frame, from 0 -> the first cells of its row.
        cells: how many these are.
    """
    (name, text), *others = sample(format).items()
    lines = text.rstrip(b"\n").split(b"\n")
    rest = separator.join(spelled(lines[-1].split(separator)[cells:]))
    count = min(99_000, size // (len(rest) + 12))
    rows = [lead(number).encode() + rest for number in range(count)]
    return {name: b"\n".join([*lines[:header], *rows]) + b"\n", **dict(others)}


def _trc(size: int) -> Files:
    files = table("trc", size, b"\t", 6, lambda n: f"{n + 1}\t{n / 60:.6f}\t", 2)
    ((name, text),) = files.items()
    count = text.count(b"\n") - 6
    return {name: text.replace(b"60\t60\t3\t", b"60\t60\t%d\t" % count, 1)}


def _mvnx(size: int) -> Files:
    ((name, text),) = sample("mvnx").items()
    first = text.index(b'<frame time="')
    head, tail = text[:first], text[text.rindex(b"</frame>") + 9 :]
    row = b" ".join(spelled(re.findall(rb"<position>(.*?)</position>", text)[-1].split()))
    frame = b'<frame time="%d" index="%d" type="normal"><position>' + row + b"</position></frame>\n"
    count = size // (len(frame) + 8)
    return {name: head + b"".join(frame % (n * 1000 // 60, n) for n in range(count)) + tail}


def _bvh(size: int) -> Files:
    ((name, text),) = sample("bvh").items()
    head, row = text.split(b"Frames:")[0], b" ".join(spelled(text.splitlines()[-1].split())) + b"\n"
    count = size // len(row)
    return {name: head + b"Frames: %d\nFrame Time: 0.0333\n" % count + row * count}


def _hdm05(size: int) -> Files:
    bones = b"".join(b"%s 1.512345\n" % bone.encode() for bone in hdm05.SEGMENTS)
    frame = b"root 0.12345 1.12345 0.12345 0 0 0\n" + bones
    motion = b"".join(b"%d\n" % number + frame for number in range(1, size // (len(frame) + 7)))
    files = sample("hdm05")
    return {**files, next(iter(files)): b":FULLY-SPECIFIED\n:DEGREES\n" + motion}


def _qtm_json(size: int) -> Files:
    ((name, text),) = sample("qtm-json").items()
    content = json.loads(text)
    lines = [
        [round(number, 1) for number in marker["Parts"][0]["Values"][-1]] for marker in content["Markers"]
    ]
    count = size // sum(len(json.dumps(line)) + 2 for line in lines)
    frames = {"Start": 1, "End": count}
    content["Timebase"]["Range"] = frames
    for marker, line in zip(content["Markers"], lines, strict=True):
        marker["Parts"] = [{"Range": frames, "Type": "Measured", "Values": [line] * count}]
    return {name: json.dumps(content).encode()}


def _ntu(format: str, size: int) -> Files:
    ((name, text),) = sample(format).items()
    count, *lines = text.rstrip(b"\n").split(b"\n")
    joints = [b" ".join(spelled(line.split())) if line.endswith(b" 2") and line.count(b" ") == 11 else line
              for line in lines[: len(lines) // int(count)]]  # fmt: skip
    frame = b"\n".join(joints) + b"\n"
    times = min(99_000, size // len(frame))
    return {name: b"%d\n" % times + frame * times}


def _msr(size: int) -> Files:
    ((name, text),) = sample("msr-action3d").items()
    frame = b"".join(b" ".join(spelled(line.split())) + b"\n" for line in text.split(b"\n")[:20])
    return {name: frame * (size // len(frame))}


def _pku(size: int) -> Files:
    stream, label = table("pku-mmd", size, b" ", 0, lambda number: "", 0).items()
    return {stream[0]: stream[1], label[0]: b"8,1,%d,2\n" % stream[1].count(b"\n")}


def _msrc12(size: int) -> Files:
    return table("msrc12", size, b" ", 0, lambda n: f"{1_000_000 + 33_333 * n} ", 1)


def _json(format: str, key: str, size: int) -> Files:
    ((name, text),) = sample(format).items()
    content = json.loads(text)
    frame = np.round(np.asarray(content[key][0]) + 1e-4, 4).tolist()
    count = size // (len(json.dumps(frame)) + 2)
    return {name: json.dumps({**content, key: [frame] * count}).encode()}


def _frames(format: str, name: str, size: int) -> Files:
    """One file per frame, in a zip that does not compress."""
    content = next(iter(sample(format).values()))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(size // (len(content) + 2 * len(name) + 100)):
            archive.writestr(name.format(number), content)
    return {"set.zip": file.getvalue()}


def _npz(size: int) -> Files:
    ((name, raw),) = sample("npz").items()
    with np.load(io.BytesIO(raw)) as old:
        fields = {field: old[field] for field in old.files}
    positions = fields["positions"].astype(np.float32)
    fields["positions"] = np.concatenate([positions] * (size // positions.nbytes))[:99_000]
    return {name: _saved(**fields)}


def _smpl(size: int) -> Files:
    ((name, raw),) = sample("smpl").items()
    with np.load(io.BytesIO(raw)) as old:
        fields = {field: old[field] for field in old.files}
    times = size // (fields["poses"].nbytes + fields["trans"].nbytes)
    return {
        name: _saved(**{**fields, **{f: np.concatenate([fields[f]] * times) for f in ("poses", "trans")}})
    }


def _saved(**fields: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **fields)
    return file.getvalue()


def _npy(size: int) -> Files:
    ((name, raw),) = sample("keypoints-npy").items()
    array = np.load(io.BytesIO(raw))
    file = io.BytesIO()
    repeated = np.repeat(array, POSE_FRAMES, axis=0)
    np.save(file, np.concatenate([repeated] * (size // repeated.nbytes))[:99_000])
    return {name: file.getvalue()}


def _pyskl(size: int) -> Files:
    keypoint = np.concatenate([picture(COCO17)] * 25)[None].astype(np.float16)
    clips = [
        {"frame_dir": f"c{n}", "label": 1, "keypoint": keypoint + n % 7}
        for n in range(size // (keypoint.nbytes + 200))
    ]
    return {"annotations.pkl": pickle.dumps({"annotations": clips}, protocol=4)}


def _utd_mhad(size: int) -> Files:
    frames = np.random.default_rng(0).uniform(0.1, 2, (20, 3, size // 480))
    return {"a1_s1_t1_skeleton.mat": array_bytes("d_skel", frames)}


def _c3d(size: int) -> Files:
    ((name, raw),) = sample("c3d").items()
    start = 512 * (struct.unpack_from("<H", raw, 16)[0] - 1)
    points = struct.unpack_from("<H", raw, 2)[0]
    frame = raw[start : start + 16 * points]
    count = min(65_000, size // len(frame))
    head = bytearray(raw[:start])
    struct.pack_into("<HH", head, 6, 1, count)
    return {name: bytes(head) + frame * count}


def _gltf(size: int) -> Files:
    ((name, raw),) = sample("gltf").items()
    length = struct.unpack_from("<I", raw, 12)[0]
    content = json.loads(raw[20 : 20 + length])
    joints = len(content["nodes"])
    count = size // (4 + 16 * joints)
    times = (np.arange(count) / 60).astype("<f4").tobytes()
    turns = np.tile(np.array([0, 0.02, 0, 0.9998], "<f4"), count).tobytes()
    binary = times + turns * joints
    content["buffers"] = [{"byteLength": len(binary)}]
    content["bufferViews"] = [{"buffer": 0, "byteLength": len(times)}] + [
        {"buffer": 0, "byteOffset": len(times) + n * len(turns), "byteLength": len(turns)}
        for n in range(joints)
    ]
    content["accessors"] = [{"bufferView": 0, "componentType": 5126, "count": count, "type": "SCALAR"}] + [
        {"bufferView": n + 1, "componentType": 5126, "count": count, "type": "VEC4"} for n in range(joints)
    ]
    content["animations"][0]["samplers"] = [{"input": 0, "output": n + 1} for n in range(joints)]
    content["animations"][0]["channels"] = [
        {"sampler": n, "target": {"node": n, "path": "rotation"}} for n in range(joints)
    ]
    return {name: glb(content, binary)}


def _joint_lines(size: int) -> Files:
    """A sample without a head, again and again; a frame begins with its first joint."""
    ((name, content),) = sample("joint-lines").items()
    first = content.split(b" ", 1)[0]
    repeated = b"".join((first + frame) * POSE_FRAMES for frame in content.split(first)[1:])
    return {name: repeated * (size // len(repeated))}


LARGE: dict[str, Callable[[int], Files]] = {
    "utd-mhad": _utd_mhad,
    "kinder-gator": lambda size: table("kinder-gator", size, b",", 1, lambda n: f"{33 * n},", 1),
    "msr-action3d": _msr,
    "nw-ucla": lambda size: _json("nw-ucla", "skeletons", size),
    "hdm05": _hdm05,
    "ntu": lambda size: _ntu("ntu", size),
    "smpl": _smpl,
    "npz": _npz,
    "ntu60": lambda size: _ntu("ntu60", size),
    "ntu120": lambda size: _ntu("ntu120", size),
    "pku-mmd": _pku,
    "msrc12": _msrc12,
    "openpose": lambda size: _frames("openpose", "v/v_{:012d}_keypoints.json", size),
    "frame-files": lambda size: _frames("frame-files", "walk/frame_{:06d}.json", size),
    "bvh": _bvh,
    "gltf": _gltf,
    "c3d": _c3d,
    "trc": _trc,
    "opensim": lambda size: table("opensim", size, b"\t", 7, lambda n: f"{n / 60:.6f}\t", 1),
    "mvnx": _mvnx,
    "vicon-csv": lambda size: table("vicon-csv", size, b",", 5, lambda n: f"{n + 1},0,", 2),
    "qtm-tsv": lambda size: table("qtm-tsv", size, b"\t", 10, lambda n: f"{n + 1}\t{n / 100:.5f}\t", 2),
    "qtm-json": _qtm_json,
    "motive-csv": lambda size: table("motive-csv", size, b",", 7, lambda n: f"{n},{n / 120:.6f},", 2),
    "deeplabcut": lambda size: table("deeplabcut", size, b",", 3, lambda n: f"{n},", 1),
    "sleap": lambda size: table("sleap", size, b",", 1, lambda n: f"track_0,{n},0.9,", 3),
    "freemocap": lambda size: table("freemocap", size, b",", 1, lambda n: "", 0),
    "pyskl": _pyskl,
    "keypoints-npy": _npy,
    "keypoints-csv": lambda size: table("keypoints-csv", size, b",", 1, lambda n: f"{n},", 1),
    "keypoints-txt": lambda size: table("keypoints-txt", size, b" ", 0, lambda n: "", 0),
    "joint-lines": _joint_lines,
    "keypoints-json": lambda size: _json("keypoints-json", "keypoints", size),
}
"""Format -> (bytes -> a recording of about that size)."""


def measure(format: str, size: int) -> dict[str, Any]:
    """Read a large recording in this process: what became of it, seconds, MB, its bytes."""
    files = LARGE[format](size)
    with tempfile.TemporaryDirectory() as folder:
        root = lay_out(files, Path(folder))
        largest = max(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        FORMATS[format].clips(
            FORMATS[format].find(lay_out(sample(format), Path(folder) / "small"))[0]
        )  # its imports
        refs = FORMATS[format].find(root if root.is_file() else root / Path(next(iter(files))).parts[0])
        memory, started = _reset_peak(), time.process_time()
        try:
            clips = FORMATS[format].clips(refs[0])
            good = [clip for clip in clips if not isinstance(clip, BadFile)]
            outcome = f"{sum(clip.frames for clip in good):,} frames" if good else str(clips[0])
        except PgfaError as error:
            good, outcome = [], str(error)
        seconds, megabytes = time.process_time() - started, _peak() - memory
    return {"format": format, "read": bool(good), "outcome": outcome, "bytes": largest, "seconds": seconds,
            "megabytes": megabytes}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("formats", nargs="*", help=", ".join(LARGE))
    parser.add_argument("--bytes", type=int, default=SIZE)
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        print(json.dumps(measure(options.formats[0], options.bytes)))
        return 0
    share, failed = max(1.0, options.bytes / 20_000_000), []
    print("| format | MB | frames | seconds | MB of memory |\n|---|---|---|---|---|", flush=True)
    for format in options.formats or LARGE:
        command = [sys.executable, __file__, format, "--bytes", str(options.bytes), "--work"]
        process = subprocess.run(command, capture_output=True, text=True)
        if process.returncode:
            failed.append(format)
            print(f"| {format} | the process ended: {process.stderr[-500:]} |", flush=True)
            continue
        cost = json.loads(process.stdout)
        print(
            f"| {format} | {cost['bytes'] / 1e6:.1f} | {cost['outcome'][-160:]} | {cost['seconds']:.1f} "
            f"| {cost['megabytes']:.0f} |",
            flush=True,
        )
        if not cost["read"] or cost["seconds"] > SECONDS * share or cost["megabytes"] > MEGABYTES * share:
            failed.append(format)
    if failed:
        print(f"refused, or above the limits: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
