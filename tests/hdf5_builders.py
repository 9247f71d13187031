"""HDF5 files of keypoints: SLEAP's analysis and .slp, DeepLabCut's tables as pandas stores them."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

Tracks = Mapping[str, Mapping[str, np.ndarray]]
"""Person -> body part -> (frames, 2 or 3)."""


def hdf5(write: Callable[[Any], None]) -> bytes:
    """The bytes of a file that `write` fills."""
    import h5py

    file = io.BytesIO()
    with h5py.File(file, "w") as out:
        write(out)
    return file.getvalue()


def analysis(tracks: Tracks, *, transposed: bool = True, scores: bool = True) -> bytes:
    """SLEAP's analysis file, or, not transposed, that of sleap-io."""
    array = np.stack([np.stack(list(points.values()), 1) for points in tracks.values()], 1)

    def write(out: Any) -> None:
        out["tracks"] = array.transpose(1, 3, 2, 0) if transposed else array
        out["node_names"] = [name.encode() for name in next(iter(tracks.values()))]
        out["track_names"] = [name.encode() for name in tracks]
        if scores:
            full = np.full(array.shape[:3], 0.9)
            out["point_scores"] = full.transpose(1, 2, 0) if transposed else full

    return hdf5(write)


FRAME = [
    ("frame_id", "u8"),
    ("video", "u4"),
    ("frame_idx", "u8"),
    ("instance_id_start", "u8"),
    ("instance_id_end", "u8"),
]
INSTANCE = [
    ("instance_id", "i8"), ("instance_type", "u1"), ("frame_id", "u8"), ("skeleton", "u4"), ("track", "i4"),
    ("from_predicted", "i8"), ("score", "f4"), ("point_id_start", "u8"), ("point_id_end", "u8"),
    ("tracking_score", "f4"),
]  # fmt: skip
POINT = [("x", "f8"), ("y", "f8"), ("visible", "?"), ("complete", "?")]
PREDICTED = [*POINT, ("score", "f8")]


def slp(
    videos: Sequence[Tracks],
    *,
    tracked: bool = True,
    by_hand: Callable[[int], bool] = lambda frame: False,
    skip: Sequence[int] = (),
    first: int = 0,
    change: Callable[[dict[str, Any]], None] = lambda parts: None,
) -> bytes:
    """Labels and predictions of SLEAP (.slp), format 1.3.

    Args:
        videos: people of each video.
        tracked: whether instances have tracks; they are listed in changing order.
        by_hand: frames in which a person corrected the prediction, which is kept.
        skip: frames without an entry.
        first: number of the first frame.
        change: what is done to the parts (frames, instances, points, pred_points, json) before they are written.
    """
    nodes = list(next(iter(videos[0].values())))
    rows: dict[str, list[Any]] = {"frames": [], "instances": [], "points": [], "pred_points": []}
    for video, tracks in enumerate(videos):
        count = len(next(iter(next(iter(tracks.values())).values())))
        for n in (n for n in range(count) if n not in skip):
            start = len(rows["instances"])
            order = list(tracks) if n % 3 else list(tracks)[::-1]
            for who in order:
                kinds = (1, 0) if by_hand(n) else (1,)
                for kind in kinds:
                    name = "pred_points" if kind else "points"
                    wrong = 40.0 if kind and by_hand(n) else 0.0
                    begin = len(rows[name])
                    for place in tracks[who].values():
                        x, y = place[n]
                        seen = bool(np.isfinite(x))
                        rows[name].append((x + wrong, y, seen, True, *((0.9,) if kind else ())))
                    track = list(tracks).index(who) if tracked else -1
                    rows["instances"].append(
                        (
                            len(rows["instances"]),
                            kind,
                            len(rows["frames"]),
                            0,
                            track,
                            -1,
                            0.9,
                            begin,
                            len(rows[name]),
                            0,
                        )
                    )
            rows["frames"].append((len(rows["frames"]), video, n + first, start, len(rows["instances"])))
    parts: dict[str, Any] = {
        name: np.array(rows[name], dtype)
        for name, dtype in (
            ("frames", FRAME),
            ("instances", INSTANCE),
            ("points", POINT),
            ("pred_points", PREDICTED),
        )
    }
    parts["json"] = {
        "version": "2.0.0",
        "nodes": [{"name": name, "weight": 1.0} for name in nodes],
        "skeletons": [
            {"nodes": [{"id": n} for n in range(len(nodes))], "links": [], "graph": {"name": "body"}}
        ],
    }
    change(parts)

    def write(out: Any) -> None:
        metadata = out.create_group("metadata")
        metadata.attrs["format_id"] = 1.3
        metadata.attrs["json"] = np.bytes_(json.dumps(parts["json"]))
        for name in ("frames", "instances", "points", "pred_points"):
            if name in parts:
                out.create_dataset(name, data=parts[name], maxshape=(None,), compression="gzip")
        out["tracks_json"] = [json.dumps([0, who]).encode() for who in videos[0]]
        out["videos_json"] = [b'{"backend": {}}' for _ in videos]

    return hdf5(write)


def _table(tracks: Tracks, score: float | None) -> tuple[list[tuple[str, ...]], np.ndarray]:
    """Names of columns, and (frames, columns)."""
    columns: list[tuple[str, ...]] = []
    numbers = []
    for who, points in tracks.items():
        for part, place in points.items():
            for axis, name in enumerate("xyz"[: place.shape[1]]):
                columns.append(("DLC", *((who,) if who else ()), part, name))
                numbers.append(place[:, axis])
            if score is not None:
                columns.append((*columns[-1][:-1], "likelihood"))
                numbers.append(np.full(len(place), score))
    return columns, np.stack(numbers, axis=1)


def deeplabcut_table(
    tracks: Tracks,
    *,
    score: float | None = 0.95,
    skip: Sequence[int] = (),
    names: bytes | None = None,
    protocol: int = 0,
) -> bytes:
    """DeepLabCut's predictions as pandas stores an appendable table. `names`: the stream of the columns' names."""
    columns, numbers = _table(tracks, score)
    kept = [n for n in range(len(numbers)) if n not in skip]

    def write(out: Any) -> None:
        group = out.create_group("df_with_missing")
        dtype = [("index", "i8"), ("values_block_0", "f8", (len(columns),))]
        records = np.zeros(len(kept), dtype)
        records["index"], records["values_block_0"] = kept, numbers[kept]
        table = group.create_dataset("table", data=records, chunks=(8,), maxshape=(None,))
        stream = pickle.dumps(columns, protocol) if names is None else names
        table.attrs["values_block_0_kind"] = np.bytes_(stream) if protocol == 0 else np.void(stream)
        table.attrs["index_kind"] = np.bytes_("integer")

    return hdf5(write)


def deeplabcut_fixed(tracks: Tracks, *, score: float | None = 0.95, images: bool = False) -> bytes:
    """The same as pandas stores a fixed one; with names of images for numbers of frames."""
    columns, numbers = _table(tracks, score)

    def write(out: Any) -> None:
        group = out.create_group("df_with_missing")
        for axis, count in (("axis0", len(columns[0])), ("block0_items", len(columns[0]))):
            for level in range(count):
                values = sorted({names[level] for names in columns})
                group[f"{axis}_level{level}"] = np.array(values, "S")
                group[f"{axis}_label{level}"] = np.array(
                    [values.index(names[level]) for names in columns], "i1"
                )
        names = [f"labeled-data/walk/img{n:04d}.png" for n in range(len(numbers))]
        group["axis1"] = np.array(names, "S") if images else np.arange(len(numbers))
        group["block0_values"] = numbers

    return hdf5(write)
