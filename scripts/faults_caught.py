"""What happens to real recordings with a fault that their files do not show: refused, asked about, noted, or read.

    python scripts/faults_caught.py PACK [PACK ...] [--clips 30] [--faults PATTERN] [--format NAME] [--list]

From each pack (`pgfa import`) clips are drawn by a seed, and written as JSON files that declare the layout, the rate,
the axis up and the handedness, as they are and with one fault each: joints with each other's names, axes or frames with
scales of their own, frames in another order or left out, an axis of 0. `pgfa.read` reads each without being told
anything. Noted: read with a problem that the clip has not without the fault; of the first row, with any problem. Faults
are put only into clips that are read without them. `--format` writes other files, of which up, unit and handedness are
stated: tables with a line per coordinate, OpenSim's storage files, or Qualisys's JSON, whose joints are found by their
names. `--list` prints the clips of the first row that are not read, and why.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, Undecided
from pgfa.pack import Pack, open_pack
from pgfa.read import read
from pgfa.skeleton import Clip, Layout

Floats = NDArray[np.float64]
Fault = Callable[[Floats, Layout, np.random.Generator], Floats]
MAX_FRAMES = 240
SIDES = ("left", "right")
ARM = ("shoulder", "elbow", "wrist", "hand", "handtip", "thumb")
LEG = ("hip", "knee", "ankle", "foot", "toe")
RANDOM_SCALE = 0.15
"""Spread of the logarithm of a frame's own scale."""
NOTHING = "nothing"
VERDICTS = ("refused", "asked", "noted", "read")


def _exchanged(points: Floats, layout: Layout, pairs: Sequence[tuple[str, str]]) -> Floats:
    order = list(range(len(layout.joints)))
    for one, other in pairs:
        if {one, other} <= set(layout.joints):
            order[layout.index(one)], order[layout.index(other)] = layout.index(other), layout.index(one)
    return points[:, order]


def between_joints(one: str, other: str, *, both: bool) -> Fault:
    """Two joints of a limb in each other's place, on both sides or on one."""

    def fault(points: Floats, layout: Layout, random: np.random.Generator) -> Floats:
        sides = SIDES if both else (SIDES[int(random.integers(2))],)
        return _exchanged(points, layout, [(f"{one}_{side}", f"{other}_{side}") for side in sides])

    return fault


def between_sides(*joints: str) -> Fault:
    """Left and right of some joints in each other's place."""
    pairs = [(f"{joint}_left", f"{joint}_right") for joint in joints]
    return lambda points, layout, random: _exchanged(points, layout, pairs)


def in_second_half(fault: Fault) -> Fault:
    """A fault from the middle frame on, as where an estimator or labels change over."""

    def changed(points: Floats, layout: Layout, random: np.random.Generator) -> Floats:
        half = len(points) // 2
        return np.concatenate([points[:half], fault(points[half:], layout, random)])

    return changed


def axis_doubled(points: Floats, layout: Layout, random: np.random.Generator) -> Floats:
    """An axis, whichever, in half the unit of the others."""
    return points * np.where(np.arange(3) == random.integers(3), 2, 1)


def axis_from_0_to_1(points: Floats, layout: Layout, random: np.random.Generator) -> Floats:
    """An axis, whichever, scaled by its least and its greatest value."""
    axis, out = int(random.integers(3)), points.copy()
    low, high = np.nanmin(points[..., axis]), np.nanmax(points[..., axis])
    out[..., axis] = (points[..., axis] - low) / (high - low)
    return out


def axes_from_0_to_1(points: Floats, layout: Layout, random: np.random.Generator) -> Floats:
    """Each axis scaled by its least and its greatest value."""
    low, high = np.nanmin(points, axis=(0, 1)), np.nanmax(points, axis=(0, 1))
    return (points - low) / (high - low)


def scaled_by(size: Callable[[Floats], Floats]) -> Fault:
    """Each frame relative to its mean point, and divided by a size of its own: (frames, joints, 3) -> (frames,)."""

    def fault(points: Floats, layout: Layout, random: np.random.Generator) -> Floats:
        centred = points - np.nanmean(points, axis=1, keepdims=True)
        return centred / size(centred)[:, None, None]

    return fault


def scaled_at_random(points: Floats, layout: Layout, random: np.random.Generator) -> Floats:
    """Each frame by a factor of its own."""
    return points * np.exp(random.normal(0, RANDOM_SCALE, (len(points), 1, 1)))


def _largest(points: Floats) -> Floats:
    out: Floats = np.nanmax(np.abs(points), axis=(1, 2))
    return out


def _radius(points: Floats) -> Floats:
    out: Floats = np.nanmax(np.linalg.norm(points, axis=-1), axis=1)
    return out


FAULTS: dict[str, Fault] = {
    NOTHING: lambda points, layout, random: points,
    "elbows and wrists exchanged": between_joints("elbow", "wrist", both=True),
    "one knee and ankle exchanged": between_joints("knee", "ankle", both=False),
    "knees and ankles exchanged": between_joints("knee", "ankle", both=True),
    "left and right shanks exchanged": between_sides(*LEG[2:]),
    "left and right arms exchanged": between_sides(*ARM),
    "left and right legs exchanged": between_sides(*LEG),
    "left and right shanks exchanged from the middle on": in_second_half(between_sides(*LEG[2:])),
    "left and right arms exchanged from the middle on": in_second_half(between_sides(*ARM)),
    "one axis doubled": axis_doubled,
    "one axis scaled to 0..1": axis_from_0_to_1,
    "every axis scaled to 0..1": axes_from_0_to_1,
    "frames divided by their largest coordinate": scaled_by(_largest),
    "frames scaled to a unit sphere": scaled_by(_radius),
    "frames scaled at random": scaled_at_random,
    "frames in random order": lambda points, layout, random: random.permutation(points),
    "nine of ten frames left out": lambda points, layout, random: points[::10],
    "joints shifted by one place": lambda points, layout, random: np.roll(points, 1, axis=1),
    "x of 0": lambda points, layout, random: points * [0, 1, 1],
    "z of 0": lambda points, layout, random: points * [1, 1, 0],
}


def chosen(pack: Pack, clips: int) -> list[Clip]:
    """Clips of one body, drawn by a seed."""
    order = np.random.default_rng(0).permutation(len(pack)).tolist()
    single = (clip for index in order if (clip := pack.clip(index)).bodies == 1)
    return [clip for clip, _ in zip(single, range(clips), strict=False)]


Writer = Callable[[Floats, Clip, Path], Path]


def written(points: Floats, clip: Clip, folder: Path) -> Path:
    """A JSON file of (frames, joints, 3); null where a joint is absent."""
    declared = {"layout": clip.layout.name, "fps": float(clip.rate), "up": "y", "handedness": "right"}
    numbers = np.round(points, 4).tolist()
    path = folder / "a.json"
    path.write_text(json.dumps({**declared, "keypoints": numbers}).replace("NaN", "null"), encoding="utf-8")
    return path


def written_by_coordinate(points: Floats, clip: Clip, folder: Path) -> Path:
    """A table with a line per coordinate; empty where a joint is absent."""
    path = folder / "a.csv"
    lines = [
        f"{frame},{frame / clip.rate:.5f},{joint},{axis},{_cell(points[frame, row, column])}"
        for frame in range(len(points))
        for row, joint in enumerate(clip.layout.joints)
        for column, axis in enumerate("xyz")
    ]
    path.write_text("\n".join(["frame,time,joint,axis,value", *lines]) + "\n", encoding="utf-8")
    return path


def _cell(value: float) -> str:
    return f"{value:.4f}" if np.isfinite(value) else ""


def _named(points: Floats, layout: Layout) -> dict[str, Floats]:
    """Joint, by a name that programs for motion capture have for it -> (frames, 3)."""
    names = {"chest": "spine_shoulder", "handtip": "finger"}
    known = {joint: "_".join(names.get(word, word) for word in joint.split("_")) for joint in layout.joints}
    return {
        name: points[:, layout.index(joint)] for joint, name in known.items() if not joint.startswith("spine")
    }


def written_for_opensim(points: Floats, clip: Clip, folder: Path) -> Path:
    """A storage file of positions; nan where a joint is absent."""
    positions = _named(points, clip.layout)
    table = np.concatenate([np.arange(len(points))[:, None] / clip.rate, *positions.values()], axis=1)
    titles = ["time", *(f"{name}_t{axis}" for name in positions for axis in "xyz")]
    rows = ["\t".join(f"{value:.5f}" for value in line) for line in table]
    path = folder / "a.sto"
    path.write_text(
        "\n".join(["Markers", "version=1", "endheader", "\t".join(titles), *rows]) + "\n", encoding="utf-8"
    )
    return path


def written_by_qualisys(points: Floats, clip: Clip, folder: Path) -> Path:
    """Trajectories in millimetres, in parts between the frames in which a joint is absent."""
    markers = []
    for name, positions in _named(points, clip.layout).items():
        present = np.isfinite(positions).all(axis=1)
        starts = np.flatnonzero(present & ~np.r_[False, present[:-1]])
        ends = np.flatnonzero(present & ~np.r_[present[1:], False])
        parts = [
            {
                "Range": {"Start": start, "End": end},
                "Values": (1000 * positions[start : end + 1]).round(1).tolist(),
            }
            for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
        ]
        markers.append({"Name": name, "Parts": parts})
    base = {"Frequency": float(clip.rate), "Range": {"Start": 0, "End": len(points) - 1}}
    path = folder / "a.json"
    path.write_text(json.dumps({"Timebase": base, "Markers": markers}), encoding="utf-8")
    return path


WRITERS: dict[str, Writer] = {
    "keypoints-json": written,
    "keypoints-csv": written_by_coordinate,
    "opensim": written_for_opensim,
    "qtm-json": written_by_qualisys,
}
STATED: dict[str, dict[str, Any]] = {
    name: {} if name == "keypoints-json" else {"up": "y", "mirrored": False} for name in WRITERS
}
"""What the files of a format do not declare."""


def verdict_of(
    path: Path, usual: frozenset[str] = frozenset(), stated: Mapping[str, Any] = MappingProxyType({})
) -> tuple[str, frozenset[str]]:
    """What becomes of a file whose problems without the fault are the usual ones: one of VERDICTS, and why."""
    try:
        problems = frozenset(read(path, **stated).problems)
    except Undecided as error:
        return "asked", frozenset([error.reason])
    except BadFile as error:
        return "refused", frozenset([error.found or ""])
    return "noted" if problems - usual else "read", problems


def count(
    pack: Pack,
    clips: int,
    faults: Sequence[str],
    folder: Path,
    *,
    listed: bool,
    format: str = "keypoints-json",
) -> Counter[tuple[str, str]]:
    """Clips of one pack by fault and verdict."""
    write, stated = WRITERS[format], STATED[format]
    counted: Counter[tuple[str, str]] = Counter()
    for number, clip in enumerate(chosen(pack, clips)):
        points = clip.positions[:MAX_FRAMES, 0].astype(np.float64)
        verdict, known = verdict_of(write(points, clip, folder), stated=stated)
        counted[NOTHING, verdict] += 1
        if listed and verdict != "read":
            print(f"{pack.datasets[0]} {clip.source.id}: {verdict}: {'; '.join(sorted(known))}")
        if verdict not in ("noted", "read"):
            continue
        for fault in faults:
            changed = FAULTS[fault](points, clip.layout, np.random.default_rng([number, *fault.encode()]))
            counted[fault, verdict_of(write(changed, clip, folder), known, stated)[0]] += 1
    return counted


def main(argv: Sequence[str] | None = None) -> None:
    """See the docstring of this file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packs", type=Path, nargs="+")
    parser.add_argument("--clips", type=int, default=30, help="of each pack, at most")
    parser.add_argument("--faults", default="", help="pattern for the rows to be counted")
    parser.add_argument("--format", choices=tuple(WRITERS), default="keypoints-json", help="of the files")
    parser.add_argument("--list", action="store_true", help="clips of the first row that are not read")
    args = parser.parse_args(argv)
    faults = [name for name in FAULTS if name != NOTHING and re.search(args.faults, name)]
    counted: Counter[tuple[str, str]] = Counter()
    warnings.simplefilter("ignore", RuntimeWarning)  # frames without a body have no mean
    with tempfile.TemporaryDirectory() as folder:
        for path in args.packs:
            counted += count(
                open_pack(path), args.clips, faults, Path(folder), listed=args.list, format=args.format
            )
    print(f"| fault | recordings | {' | '.join(VERDICTS)} |\n|---|---{'|---' * len(VERDICTS)}|")
    for fault in (NOTHING, *faults):
        of_each = [counted[fault, verdict] for verdict in VERDICTS]
        print(f"| {fault} | {sum(of_each)} | {' | '.join(map(str, of_each))} |")


if __name__ == "__main__":
    main()
