"""How often the readings that `pgfa.read.interpret` establishes are right, wrong or refused, on real recordings.

    python scripts/measure_readings.py DATA [--clips 20] [--arrays PATTERN]

Clips of the data sets in the folder DATA are written as plain arrays, as people have them: as they are, mirrored,
turned, in another unit, in another order of axes, in another layout, with absent joints marked, lying, without depth.
`pgfa.read` reads each array without being told anything. Right: the body is the same up to a turn about the vertical, a
shift, and its size where the unit is relative. Refused: `Undecided`. Wrong: anything else, which a user would not see.
The table is in docs/formats.md.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from pgfa.errors import BadFile, Undecided
from pgfa.read import FORMATS, read
from pgfa.skeleton import HDM05, KINECT20, NTU25, Clip

LAYOUTS_BY_COUNT = {len(layout.joints): layout for layout in (KINECT20, NTU25, HDM05)}

SETS = {
    "utd-mhad": "utd-mhad",
    "kinder-gator": "kinder-gator",
    "msr-action3d": "msr-action3d/Real3D_567",
    "hdm05": "hdm05/hdm05.zip",
    "msrc12": "msrc12-sample",
    "bvh": "bvh-sample",
    "nw-ucla": "nw-ucla-sample",
}
MORE = ("ui-prmd", "precog", "cmu", "deepmimic", "msr-daily", "cad-60", "msrc-12")
"""Compact arrays of kinect20 in `more`; KayKit's cartoon bodies are left out."""


def clips(root: Path, most: int) -> Iterator[tuple[str, np.ndarray, str]]:
    """Data set, (frames, joints, 3) of the first body, metres, y up, and the name of the layout."""
    shuffled = random.Random(0)
    for name, folder in SETS.items():
        refs = FORMATS[name].find(root / folder)
        shuffled.shuffle(refs)
        for ref in refs[:most]:
            try:
                clip: Clip = FORMATS[name].read(ref)
            except BadFile:
                continue
            yield name, clip.positions[:600, 0].astype(np.float64), clip.layout.name
    for name in MORE:
        with np.load(root / "more" / f"{name}.npz") as stored:
            positions, offsets = stored["positions"], stored["offsets"]
        chosen = list(range(len(offsets) - 1))
        shuffled.shuffle(chosen)
        for index in chosen[:most]:
            yield name, positions[offsets[index] : offsets[index + 1]].astype(np.float64), KINECT20.name


def turned(points: np.ndarray, about: int = 1) -> np.ndarray:
    """Turned by a third of a circle about an axis."""
    cos, sin = np.cos(2.1), np.sin(2.1)
    one, other = [axis for axis in range(3) if axis != about]
    out = points.copy()
    out[..., one] = cos * points[..., one] - sin * points[..., other]
    out[..., other] = sin * points[..., one] + cos * points[..., other]
    return out


def _marked(points: np.ndarray, value: float) -> np.ndarray:
    out = np.nan_to_num(points, nan=value)
    out[::7, 5] = value
    out[::9, 9:12] = value
    return out


def _lying(points: np.ndarray) -> np.ndarray:
    """On the back, head along z; the hips keep to one height above a floor at 0."""
    out = np.stack([points[..., 0], -points[..., 2], points[..., 1]], -1)
    hips = LAYOUTS_BY_COUNT[out.shape[1]].index("hip_left")
    out[..., 1] -= out[:, hips : hips + 1, 1]
    out[..., 1] -= np.nanmin(out[..., 1])
    return out


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "as it is": lambda p: p,
    "turned about the vertical": turned,
    "moved by 10 m": lambda p: p + np.array([10, 0, -10]),
    "y down": lambda p: p * [-1, -1, 1],
    "millimetres": lambda p: p * 1000,
    "centimetres, moved": lambda p: p * 100 + 50,
    "left-handed (x reversed)": lambda p: p * [-1, 1, 1],
    "left-handed, y down": lambda p: p * [1, -1, 1],
    "z up": lambda p: np.stack([p[..., 0], -p[..., 2], p[..., 1]], -1),
    "lying on a floor, head along z": _lying,
    "C,T,V": lambda p: p.transpose(2, 0, 1),
    "T,V*C": lambda p: p.reshape(len(p), -1),
    "N,C,T,V,M": lambda p: np.stack([p.transpose(2, 0, 1), np.zeros_like(p.transpose(2, 0, 1))], -1)[None],
    "M,T,V,C": lambda p: np.stack([p, np.zeros_like(p)]),
    "-1 where absent": lambda p: _marked(p, -1),
    "9999 where absent": lambda p: _marked(p, 9999),
    "relative to the pelvis": lambda p: p - p[:, :1],
    "x, y, z, score": lambda p: np.concatenate([p, np.full_like(p[..., :1], 0.9)], -1),
    "x, y (no depth), y up": lambda p: p[..., :2],
    "y, x": lambda p: -p[..., 1::-1],
    "joints in another order": lambda p: p[:, np.random.default_rng(0).permutation(p.shape[1])],
    "left and right joints exchanged": lambda p: p[:, LAYOUTS_BY_COUNT[p.shape[1]].mirror],
}


def outcome_of(array: np.ndarray, expected: np.ndarray, layout: str, folder: Path) -> str:
    """right, refused or wrong: what reading an array without being told anything gives."""
    path = folder / "a.npy"
    np.save(path, array.astype(np.float32))
    try:
        clip = read(path)
    except Undecided as error:
        return f"asked: {error.quantity}"
    except BadFile:
        return "refused"
    if clip.layout.name != layout or clip.positions.shape[0] != len(expected):
        return "wrong"
    if not clip.depth:  # x points to the camera's left in a clip, to the right in a picture
        expected = expected * [1, 1, 0]
        return "right" if same_body(clip.positions[:, 0] * [-1.0, 1, 1], expected, flat=True) else "wrong"
    return "right" if same_body(clip.positions[:, 0].astype(np.float64), expected) else "wrong"


def same_body(actual: np.ndarray, expected: np.ndarray, *, flat: bool = False) -> bool:
    """Whether two bodies are equal up to a turn about the vertical (none if flat), a shift and a factor."""
    both = np.isfinite(actual).all(-1) & np.isfinite(expected).all(-1)
    if not both.any():
        return False
    a, b = actual[both], expected[both]
    a, b = a - a.mean(0), b - b.mean(0)
    b = b * (np.linalg.norm(a) / np.linalg.norm(b))
    cross = (a[:, [0, 2]].T @ b[:, [0, 2]]).reshape(-1)
    angle = 0.0 if flat else np.arctan2(cross[2] - cross[1], cross[0] + cross[3])
    cos, sin = np.cos(angle), np.sin(angle)
    fitted = np.stack([cos * a[:, 0] + sin * a[:, 2], a[:, 1], -sin * a[:, 0] + cos * a[:, 2]], -1)
    return float(np.linalg.norm(fitted - b) / np.linalg.norm(b)) < 0.05


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--clips", type=int, default=20, help="of each data set, at most")
    parser.add_argument("--arrays", default="", help="pattern for the rows to be measured")
    args = parser.parse_args()
    rows = {name: change for name, change in CHANGES.items() if re.search(args.arrays, name)}
    counts: dict[str, Counter[str]] = {name: Counter() for name in rows}
    with tempfile.TemporaryDirectory() as folder:
        for _, points, layout in clips(args.data, args.clips):
            if not np.isfinite(points).any():
                continue
            for name, change in rows.items():
                expected = points - points[:, :1] if "pelvis" in name else points
                expected = _lying(points) if "lying" in name else expected
                counts[name][outcome_of(change(points), expected, layout, Path(folder))] += 1
    print("| array | clips | right | asked | refused | wrong |\n|---|---|---|---|---|---|")
    for name, count in counts.items():
        asked = sum(number for verdict, number in count.items() if verdict.startswith("asked"))
        print(
            f"| {name} | {count.total()} | {count['right']} | {asked} | {count['refused']} | {count['wrong']} |"
        )


if __name__ == "__main__":
    main()
