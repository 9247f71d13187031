"""SLEAP as HDF5: the analysis (.h5), and labels and predictions (.slp), by the names of the nodes, in pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.assemble import MAX_FRAMES, counted
from pgfa.read.contents import OtherContent
from pgfa.read.formats.keypoints.named import check_size, masked, named_clip
from pgfa.read.limits import allowance
from pgfa.read.parsing.frame_times import check_gaps
from pgfa.read.parsing.hdf5 import Hdf5
from pgfa.read.parsing.json_text import parse_json
from pgfa.read.source import FileRef
from pgfa.skeleton import Clip

MAX_INSTANCES = 32
MAX_NODES = 500
SMALL_INSTANCES = 60_000
"""Instances in a small file."""
ORDERS = {(3, 0, 2, 1): "tracks x 2 x nodes x frames", (0, 1, 2, 3): "frames x tracks x nodes x 2"}
"""The axes as SLEAP writes them, and in the order of Python (sleap-io); the names tell them apart."""
PREDICTED = 1
"""Type of an instance that a network predicted; others are labelled by hand."""

Floats = NDArray[np.float64]


def is_project(file: Hdf5) -> bool:
    """Whether it is one of labels and predictions (.slp)."""
    return {"metadata", "frames", "instances"} <= set(file.names())


def read_analysis(ref: FileRef, raw: bytes, file: Hdf5) -> Clip:
    """One clip: (frames, tracks, 25, 3) in ntu25, without depth. Raises BadFile, LimitExceeded."""
    names = file.names()
    if not {"tracks", "node_names"} <= set(names):
        expected = "the datasets tracks and node_names of an analysis file of SLEAP, or a .slp"
        raise OtherContent(str(ref), expected=expected, found=", ".join(names[:8])[:200] or "none")
    nodes = file.texts("node_names")
    tracks = file.texts("track_names") if "track_names" in names else []
    shape = file.shape("tracks")
    fitting = [
        order
        for order in ORDERS
        if len(shape) == 4
        and (shape[order[2]], shape[order[3]]) == (len(nodes), 2)
        and (not tracks or shape[order[1]] == max(1, len(tracks)))
    ]
    if len(fitting) != 1:
        actual = f"{' x '.join(map(str, shape))} with {len(nodes)} nodes and {counted(len(tracks), 'track')}"
        raise BadFile(str(ref), where="tracks", expected=" or ".join(ORDERS.values()), found=actual)
    (order,) = fitting
    frames, count = shape[order[0]], shape[order[1]]
    check_size(ref, frames, count * len(nodes) * 2)
    points = file.array("tracks").astype(np.float64).transpose(order)
    scores = None
    per_point = tuple(shape[axis] for axis in range(4) if axis != order[3])
    if "point_scores" in names and file.shape("point_scores") == per_point:
        scores = file.array("point_scores").astype(np.float64)
        scores = scores.transpose(2, 0, 1) if order[0] == 3 else scores
    tracks = tracks if len(set(tracks)) == count else [f"track {n}" for n in range(count)]
    return _clip(ref, raw, nodes, tracks, masked(points, scores))


def _clip(
    ref: FileRef, raw: bytes, nodes: list[str], tracks: list[str], points: Floats, *, identities: bool = True
) -> Clip:
    """points: (frames, tracks, nodes, 2), NaN where absent."""
    labels = [f"{track}:{node}" if len(tracks) > 1 else node for track in tracks for node in nodes]
    return named_clip(ref, raw, labels, points.reshape(len(points), -1, 2), identities=identities)


@dataclass(frozen=True)
class _Project:
    """The records of a .slp that are used: fields as in the file, one row per frame, instance or point."""

    frames: NDArray[Any]
    instances: NDArray[Any]
    points: dict[bool, NDArray[Any]]
    nodes: list[list[str]]


def read_project(ref: FileRef, raw: bytes, file: Hdf5) -> list[Clip | BadFile]:
    """One clip per video: (frames, tracks, 25, 3) in ntu25, without depth; an error in place of one without a person.

    Where a frame has an instance that was labelled by hand and the prediction that it corrects, the first counts.

    Raises:
        BadFile: its records are damaged. LimitExceeded.
    """
    project = _project(ref, file)
    results: list[Clip | BadFile] = []
    videos = np.unique(project.frames["video"])
    if len(videos) > MAX_NODES:
        raise LimitExceeded(f"{ref}: {len(videos):,} videos in one file")
    for video in videos:
        try:
            clip = _video(ref, raw, project, project.frames[project.frames["video"] == video])
        except BadFile as error:
            results.append(error)
            continue
        if len(videos) > 1:
            clip = replace(clip, source=replace(clip.source, id=f"{ref.stem}-{len(results) + 1}"))
        results.append(clip)
    return results


def _project(ref: FileRef, file: Hdf5) -> _Project:
    """Records, with indices that are within the file."""
    names = file.names()
    metadata = parse_json(ref, file.attribute("metadata", "json"))
    frames = _records(ref, file, "frames", ("video", "frame_idx", "instance_id_start", "instance_id_end"))
    fields = ("instance_type", "skeleton", "track", "point_id_start", "point_id_end")
    instances = _records(ref, file, "instances", fields)
    points = {
        predicted: _records(ref, file, name, ("x", "y", "visible"))
        for predicted, name in ((False, "points"), (True, "pred_points"))
        if name in names
    }
    if not len(frames) or not len(instances):
        raise BadFile(str(ref), expected="labelled or predicted frames", found="none")
    if (frames["instance_id_start"] > frames["instance_id_end"]).any() or (
        frames["instance_id_end"].max() > len(instances)
    ):
        raise BadFile(str(ref), where="frames", expected="instances within the file", found="others")
    used = (frames["instance_id_end"] - frames["instance_id_start"]).astype(np.float64).sum()
    if used > len(instances):
        raise BadFile(
            str(ref),
            where="frames",
            expected="each instance once",
            found=f"{used:,.0f} of {len(instances):,}",
        )
    if used > (most := allowance(file.size, SMALL_INSTANCES)):
        raise LimitExceeded(f"{ref}: {used:,.0f} instances, more than the limit of {most:,}")
    return _Project(frames, instances, points, _nodes(ref, metadata))


def _records(ref: FileRef, file: Hdf5, name: str, fields: tuple[str, ...]) -> NDArray[Any]:
    array = file.array(name)
    if array.ndim != 1 or not set(fields) <= set(array.dtype.names or ()):
        raise BadFile(
            str(ref), where=name, expected=f"records of {', '.join(fields)}", found=f"{array.dtype}"[:80]
        )
    return array


def _nodes(ref: FileRef, metadata: Any) -> list[list[str]]:
    """The names of the nodes of each skeleton."""
    try:
        every = [str(node["name"])[:200] for node in metadata["nodes"]]
        skeletons = [
            [every[int(node["id"])] for node in skeleton["nodes"]] for skeleton in metadata["skeletons"]
        ]
    except (KeyError, TypeError, ValueError, IndexError):
        expected = "nodes with names, and skeletons of them"
        raise BadFile(str(ref), where="metadata", expected=expected, found="others") from None
    if not skeletons or not 0 < max(map(len, skeletons)) <= MAX_NODES or len(skeletons) > MAX_NODES:
        raise BadFile(str(ref), where="metadata", expected="a skeleton with nodes", found="none")
    return skeletons


def _video(ref: FileRef, raw: bytes, project: _Project, frames: NDArray[Any]) -> Clip:
    """The clip of the frames of one video."""
    numbers = frames["frame_idx"].astype(np.int64)
    first = int(numbers.min())
    count = int(numbers.max()) - first + 1
    if not 0 < count <= MAX_FRAMES:
        raise LimitExceeded(f"{ref}: {count:,} frames, more than the limit of {MAX_FRAMES:,}")
    check_gaps(ref, count, len(np.unique(numbers)))
    rows = [
        (int(number) - first, project.instances[index])
        for number, frame in zip(numbers, frames, strict=True)
        for index in _instances(project, frame)
    ]
    if not rows:
        raise BadFile(str(ref), expected="a frame with an instance", found="none")
    identities = all(instance["track"] >= 0 for _, instance in rows)
    slots, tracks = _slots(ref, rows, identities=identities)
    skeleton = _one(ref, rows)
    if not 0 <= skeleton < len(project.nodes):
        raise BadFile(str(ref), where="instances", expected="a skeleton of the file", found=f"{skeleton}")
    nodes = project.nodes[skeleton]
    check_size(ref, count, len(tracks) * len(nodes) * 2)
    points = np.full((count, len(tracks), len(nodes), 2), np.nan)
    for (frame, instance), slot in zip(rows, slots, strict=True):
        points[frame, slot] = _points(ref, project, instance, len(nodes))
    return _clip(ref, raw, nodes, tracks, points, identities=identities)


def _one(ref: FileRef, rows: list[tuple[int, Any]]) -> int:
    """The skeleton of all instances."""
    skeletons = {int(instance["skeleton"]) for _, instance in rows}
    if len(skeletons) > 1:
        raise BadFile(str(ref), expected="one skeleton per video", found=counted(len(skeletons), "skeleton"))
    return skeletons.pop()


def _instances(project: _Project, frame: Any) -> list[int]:
    """The instances of a frame; of one track, one that was labelled by hand counts before predictions."""
    every = range(int(frame["instance_id_start"]), int(frame["instance_id_end"]))
    corrected = {
        int(project.instances[index]["track"])
        for index in every
        if project.instances[index]["instance_type"] != PREDICTED and project.instances[index]["track"] >= 0
    }
    return [
        index
        for index in every
        if project.instances[index]["instance_type"] != PREDICTED
        or int(project.instances[index]["track"]) not in corrected
    ]


def _slots(ref: FileRef, rows: list[tuple[int, Any]], *, identities: bool) -> tuple[list[int], list[str]]:
    """The slot of each instance: its track, or its place among those of the frame; and the names of the slots."""
    if identities:
        used = sorted({int(instance["track"]) for _, instance in rows})
        pairs = {(frame, int(instance["track"])) for frame, instance in rows}
        if len(pairs) < len(rows):
            raise BadFile(
                str(ref), where="instances", expected="a track once per frame", found="a repetition"
            )
        index = {track: slot for slot, track in enumerate(used)}
        slots = [index[int(instance["track"])] for _, instance in rows]
        names = [f"track {track}" for track in used]
    else:
        counts: dict[int, int] = {}
        slots = []
        for frame, _ in rows:
            slots.append(counts.get(frame, 0))
            counts[frame] = slots[-1] + 1
        names = [f"instance {n}" for n in range(1, 1 + max(counts.values()))]
    if len(names) > 1000 or (not identities and len(names) > MAX_INSTANCES):
        raise LimitExceeded(f"{ref}: {counted(len(names), 'track')}, more than the limit")
    return slots, names


def _points(ref: FileRef, project: _Project, instance: Any, nodes: int) -> Floats:
    """(nodes, 2) of an instance, NaN where a node is not visible or has a low score."""
    predicted = bool(instance["instance_type"] == PREDICTED)
    start, end = int(instance["point_id_start"]), int(instance["point_id_end"])
    rows = project.points.get(predicted)
    if rows is None or not 0 <= start <= end <= len(rows) or end - start != nodes:
        expected = f"{nodes} points of each instance"
        raise BadFile(str(ref), where="instances", expected=expected, found=f"{start} to {end}")
    part = rows[start:end]
    points = np.stack([part["x"], part["y"]], axis=-1).astype(np.float64)
    points = np.where(part["visible"].astype(bool)[:, None], points, np.nan)
    scores = part["score"].astype(np.float64) if "score" in (part.dtype.names or ()) else None
    return masked(points, scores)
