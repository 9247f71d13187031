"""Stand-ins for data sets that must not be redistributed: the official folders and files with synthetic motion.

File format, names, counts, subjects, cameras, setups, classes for two people and sensor defects are as in the real data
sets. The motion is computed by kinematics, so accuracies on it do not transfer to the real data sets.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadConfig, NotWritten, PgfaError
from pgfa.files.folders import new_folder
from pgfa.processes import cores
from pgfa.progress import Progress
from pgfa.read.datasets.class_names import class_names
from pgfa.read.datasets.ntu.names import NtuName, NtuSet, dropped_names, parse_ntu_name
from pgfa.read.datasets.ntu.official import official_names
from pgfa.synth.sensor import View
from pgfa.synth.skeleton_text import FIRST_ID, skeleton_text, stream_text
from pgfa.synth.staging import PEOPLE, add_ghost, film, perform_class
from pgfa.tasks.pool import Pool
from pgfa.tasks.task import Task, TaskResult

NTU_FOLDER = "nturgb+d_skeletons"
PKU_FOLDERS = ("PKU_Skeleton_Renew", "Train_Label_PKU_final")
PKU_SPLITS = ("cross-subject", "cross-view")
PKU_CLIPS_PER_STREAM = 20
PKU_VIEWS = {"L": -45.0, "M": 0.0, "R": 45.0}

# Share of clips with each defect, as in the real data sets.
_EMPTY_FRAMES, _SHORT, _GHOST, _RENAMED, _PARTNER_LOST = 0.005, 0.003, 0.02, 0.01, 0.06


@dataclass(frozen=True)
class StandIn:
    """The result: folder, number of files, bytes, duration in seconds, and whether the folder held the same before."""

    folder: Path
    files: int
    bytes: int
    seconds: float
    unchanged: bool = False

    def __str__(self) -> str:
        size = self.bytes / max(self.files, 1) / 1000
        return (
            f"{self.files:,} files, {self.bytes / 1e9:.2f} GB ({size:.0f} kB each) in {self.seconds:.0f} s "
            f"({self.files / max(self.seconds, 1e-9):.0f} files/s): {self.folder}"
            f"{' (already held the same stand-in)' if self.unchanged else ''}"
        )


def synthesise(dataset: str, clips: int, folder: Path, seed: int = 0, jobs: int | None = None) -> StandIn:
    """Write a stand-in for a data set. The same arguments give the same bytes, for any `jobs`.

    Args:
        dataset: ``"ntu60"`` or ``"ntu120"`` (files ``nturgb+d_skeletons/S...A....skeleton`` with names of the official
            list, one-shot exemplars first, then class by class in turn; clips on the list of missing skeletons have no
            body), or ``"pku-mmd"`` (folders PKU_Skeleton_Renew and Train_Label_PKU_final and the two split files).
        clips: number of clips; at most 56,880 or 114,480 for NTU; for PKU-MMD rounded up to whole recordings of 60
            clips, at least two.
        folder: output folder; it must be empty, not exist, or hold this very stand-in, whole or in part.
        seed: random seed.
        jobs: worker processes; None: one per core.

    Raises:
        BadConfig: another data set, a number out of range, or a folder that holds anything else.
        NotWritten: disk full or read-only, no permission, or a file in the way.
        PgfaError: a worker process died.
    """
    started = time.perf_counter()
    if seed < 0 or clips < 1:
        raise BadConfig(f"clips must be at least 1 and seed at least 0, found {clips} and {seed}")
    if dataset not in ("ntu60", "ntu120", "pku-mmd"):
        raise BadConfig(f"expected data set ntu60, ntu120 or pku-mmd, found {dataset!r}")
    old = _entries(folder)
    # Real recordings can have the same names: what is there is compared with the finished stand-in before it goes.
    if old is None or (old and not old <= _expected_entries(dataset, clips, seed)):
        raise BadConfig(f"{folder} is not empty; choose a new folder")
    with new_folder(folder) as new:
        try:
            if dataset == "pku-mmd":
                sizes = _write_pku(clips, new, seed, jobs)
            else:
                sizes = _write_ntu("ntu60" if dataset == "ntu60" else "ntu120", clips, new, seed, jobs)
            # Read again: a folder that a stopped run had set aside may be back by now.
            old = _entries(folder) or set()
            if not all(_is_same(folder / name, new / name) for name in sorted(old)):
                raise BadConfig(f"{folder} is not empty; choose a new folder")
            unchanged = old == _entries(new)
        except OSError as error:
            raise NotWritten.of(folder, error) from error
    return StandIn(folder, len(sizes), sum(sizes), time.perf_counter() - started, unchanged)


def _entries(folder: Path) -> set[str] | None:
    """Files and folders below a folder; None: it is a file."""
    if folder.exists() and not folder.is_dir():
        return None
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def _expected_entries(dataset: str, clips: int, seed: int) -> set[str]:
    """Files and folders of a stand-in."""
    if dataset != "pku-mmd":
        names = stand_in_names("ntu60" if dataset == "ntu60" else "ntu120", clips, seed)
        return {NTU_FOLDER, *(f"{NTU_FOLDER}/{name}.skeleton" for name in names)}
    streams = [f"{number:04d}-{view}.txt" for number in _recordings(clips) for view in PKU_VIEWS]
    files = {f"{folder}/{stream}" for folder in PKU_FOLDERS for stream in streams}
    return {*PKU_FOLDERS, *files, *(f"{split}.txt" for split in PKU_SPLITS)}


def _is_same(old: Path, new: Path) -> bool:
    if old.is_symlink() or not new.exists() or old.is_dir() != new.is_dir():
        return False
    return old.is_dir() or (old.is_file() and old.read_bytes() == new.read_bytes())


def stand_in_names(dataset: NtuSet, clips: int, seed: int = 0) -> list[str]:
    """The official names of a stand-in's clips: classes in turn, one-shot exemplars first, then in random order.

    Raises:
        BadConfig: the data set has fewer clips.
    """
    official = official_names(dataset)
    if clips > len(official):
        raise BadConfig(f"{dataset} has {len(official):,} clips, not {clips:,}")
    order = np.random.default_rng([seed, 4]).permutation(len(official)).tolist()
    by_class: dict[str, list[str]] = {}
    for name in sorted((official[index] for index in order), key=lambda name: not _is_exemplar(name)):
        by_class.setdefault(name[-4:], []).append(name)
    ranked = [(rank, action, names[rank]) for action, names in by_class.items() for rank in range(len(names))]
    return [name for _, _, name in sorted(ranked)[:clips]]


def _is_exemplar(name: str) -> bool:
    return name[:16] in ("S001C003P008R001", "S018C003P008R001")


def _write_ntu(dataset: NtuSet, clips: int, folder: Path, seed: int, jobs: int | None) -> list[int]:
    subfolder = folder / NTU_FOLDER
    subfolder.mkdir()
    # Grouped so that one process makes all takes and views of a class and computes shared motion once.
    groups: dict[str, list[str]] = {}
    for name in sorted(stand_in_names(dataset, clips, seed)):
        groups.setdefault(name[-4:], []).append(name)
    sizes = _run_all(partial(_write_class, subfolder, seed), list(groups.values()), jobs)
    return [size for group in sizes for size in group]


def _write_class(folder: Path, seed: int, names: list[str]) -> list[int]:
    sizes = []
    for name in names:
        parsed = parse_ntu_name(name)
        assert parsed is not None
        text = ntu_file(parsed, seed)
        (folder / f"{name}.skeleton").write_bytes(text)
        sizes.append(len(text))
    return sizes


def ntu_file(name: NtuName, seed: int = 0) -> bytes:
    """The `.skeleton` file of one clip: a performance seen by one of three cameras, with defects of the sensor."""
    random = np.random.default_rng([seed, 8, *name])
    action = class_names("ntu")[name.action - 1]
    bodies = perform_class(seed, action, (name.subject - 1) % PEOPLE + 1, 2 * name.setup + name.replication)
    view = View(
        angle=45.0 * (name.camera - 2) + random.normal(0, 8),
        distance=2.2 + 0.2 * (name.setup % 9) + (0.6 if len(bodies) > 1 else 0.0),
        offset=float(random.normal(0, 0.2)),
        height=0.8 + 0.1 * (name.setup % 6),
    )
    positions = film(bodies, view, random)
    if str(name) in dropped_names("ntu120"):
        return skeleton_text(positions[:, :0])
    return _with_defects(positions, random)


def _with_defects(positions: NDArray[np.float32], random: np.random.Generator) -> bytes:
    frames = len(positions)
    chances = random.random(5)
    if chances[0] < _SHORT:
        frames = int(random.integers(4, 16))
        positions = positions[:frames]
    if positions.shape[1] > 1 and chances[1] < _PARTNER_LOST:
        first = int(random.integers(0, frames))
        positions[first : first + int(random.integers(1, frames)), int(random.integers(0, 2))] = np.nan
    if chances[2] < _GHOST:
        positions = add_ghost(positions, random)
    if chances[3] < _EMPTY_FRAMES:
        first = int(random.integers(0, frames))
        positions[first : first + int(random.integers(1, 9))] = np.nan
    ids = np.tile(FIRST_ID + np.arange(positions.shape[1]), (frames, 1))
    if chances[4] < _RENAMED:
        # Tracking was lost: the same person continues under a new id.
        ids[int(random.integers(1, frames)) :, 0] += 7
    return skeleton_text(positions, ids.tolist())


def _write_pku(clips: int, folder: Path, seed: int, jobs: int | None) -> list[int]:
    for name in PKU_FOLDERS:
        (folder / name).mkdir()
    numbers = _recordings(clips)
    sizes = _run_all(partial(_write_recording, folder, seed), numbers, jobs)
    # Each recording has its own subjects, so every fourth recording tests across subjects.
    by_subject = [(f"{number:04d}-{view}", number % 4 == 3) for number in numbers for view in PKU_VIEWS]
    by_view = [(name, name.endswith("L")) for name, _ in by_subject]
    for split, names in zip(PKU_SPLITS, (by_subject, by_view), strict=True):
        train = ", ".join(name for name, tests in names if not tests)
        test = ", ".join(name for name, tests in names if tests)
        text = f"Training videos:\n{train}\nValidation videos:\n{test}\n"
        (folder / f"{split}.txt").write_text(text, encoding="ascii")
    return [size for recording in sizes for size in recording]


def _recordings(clips: int) -> list[int]:
    """The numbers of the recordings of PKU-MMD; at least two, so that there is one to test on."""
    recordings = max(2, -(-clips // (PKU_CLIPS_PER_STREAM * len(PKU_VIEWS))))
    if recordings > 9998:
        raise BadConfig(f"expected at most 9,998 recordings of PKU-MMD, found {recordings:,}")
    return list(range(2, 2 + recordings))


def _write_recording(folder: Path, seed: int, number: int) -> list[int]:
    """Twenty classes, one after another, by one pair of people, from three views."""
    names = class_names("pku")
    random = np.random.default_rng([seed, 9, number])
    first = (number - 2) * PKU_CLIPS_PER_STREAM
    class_indices = [(first + k) % len(names) for k in range(PKU_CLIPS_PER_STREAM)]
    labels, parts, frame = [], [], 0
    for index in class_indices:
        bodies = perform_class(seed, names[index], (number - 2) % PEOPLE + 1, number)
        pause = int(random.integers(15, 45))
        parts += [[body[:1].repeat(pause, axis=0) for body in bodies], bodies]
        labels.append(f"{index + 1},{frame + pause + 1},{frame + pause + len(bodies[0])},2\n")
        frame += pause + len(bodies[0])
    is_single = [len(part) == 1 for part in parts]
    lengths = [len(part[0]) for part in parts]
    person = np.concatenate([part[0] for part in parts])
    partner = np.concatenate([part[-1] for part in parts])
    absent = np.repeat(is_single, lengths)
    sizes = []
    for side, angle in PKU_VIEWS.items():
        view = View(angle=angle + random.normal(0, 5), distance=3.2, height=1.0)
        positions = film([person, partner], view, random)
        positions[absent, 1] = np.nan
        text = stream_text(positions)
        name = f"{number:04d}-{side}.txt"
        (folder / PKU_FOLDERS[0] / name).write_bytes(text)
        (folder / PKU_FOLDERS[1] / name).write_text("".join(labels), encoding="ascii")
        sizes.append(len(text))
    return sizes


def _run_all(work: Callable[[Any], list[int]], items: Sequence[object], jobs: int | None) -> list[list[int]]:
    """Apply `work` to every item, in this process or in several; results in the order of the items."""
    jobs = min(jobs or cores(), len(items))
    if jobs <= 1:
        return [work(item) for item in items]
    results: dict[int, list[int]] = {}

    def ended(result: TaskResult) -> Sequence[Task]:
        number = result.task.arguments[0]
        if result.error:
            raise PgfaError(
                f"part {number + 1} of {len(items)}: {result.error}; run the same command again, with fewer jobs "
                "(--jobs 1) if it was out of memory"
            )
        if isinstance(result.value, OSError):
            raise result.value
        results[number] = result.value
        return ()

    tasks = [Task(_apply, (number, work, item)) for number, item in enumerate(items)]
    Pool(["cpu"] * jobs).run(tasks, ended=ended, advance=lambda task, count: None)
    return [results[number] for number in range(len(items))]


def _apply(
    number: int, work: Callable[[Any], list[int]], item: object, *, device: str, bar: Progress
) -> list[int] | OSError:
    """A task: the result of one item, or the error of the disk, which names its file."""
    try:
        return work(item)
    except OSError as error:
        return error
