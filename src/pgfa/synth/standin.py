"""A stand-in for data sets that may not be passed on: folders in the official form, filled with synthetic
motion.

File form, names, counts, subjects, cameras, setups, classes for two people and the sensor's defects are as
in the real sets; the motion is made by kinematics and says nothing about recognition on the real ones.
"""

from __future__ import annotations

import multiprocessing
import shutil
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadConfig
from pgfa.files import replace_folder
from pgfa.processes import cores
from pgfa.read.datasets.class_names import class_names
from pgfa.read.datasets.ntu.names import NtuName, NtuSet, dropped_names, parse_ntu_name
from pgfa.read.datasets.ntu.official import official_names
from pgfa.synth.sensor import View
from pgfa.synth.skeleton_text import FIRST_ID, skeleton_text, stream_text
from pgfa.synth.staging import PEOPLE, add_ghost, film, play

PKU_CLIPS_A_STREAM = 20
PKU_VIEWS = {"L": -45.0, "M": 0.0, "R": 45.0}

# Shares of clips with each defect of the real sets.
_EMPTY_FRAMES, _SHORT, _GHOST, _RENAMED, _PARTNER_LOST = 0.005, 0.003, 0.02, 0.01, 0.06


@dataclass(frozen=True)
class StandIn:
    """What was written: the folder, its files and bytes, and the seconds it took."""

    folder: Path
    files: int
    bytes: int
    seconds: float

    def __str__(self) -> str:
        size = self.bytes / max(self.files, 1) / 1000
        return (
            f"{self.files:,} files, {self.bytes / 1e9:.2f} GB ({size:.0f} kB each) in {self.seconds:.0f} s "
            f"({self.files / max(self.seconds, 1e-9):.0f} files/s): {self.folder}"
        )


def synthesise(dataset: str, clips: int, folder: Path, seed: int = 0, jobs: int | None = None) -> StandIn:
    """Write a stand-in of a data set. The same arguments give the same bytes, whatever `jobs` is.

    Args:
        dataset: ``"ntu60"``, ``"ntu120"`` (files ``nturgb+d_skeletons/S...A....skeleton``, names of the
            official
            list, classes in turn, one-shot exemplars first, those set aside without any body), or
            ``"pku-mmd"``
            (folders PKU_Skeleton_Renew and Train_Label_PKU_final and the two split files).
        clips: how many; of NTU at most 56,880 or 114,480; of PKU-MMD rounded up to whole recordings of 60,
            at least two.
        folder: to be made; it must not exist, or be empty.
        seed: of all that is drawn at random.
        jobs: processes; one a core where None.

    Raises:
        BadConfig: another data set, a number out of range, or a folder that holds something.
    """
    began = time.perf_counter()
    if seed < 0 or clips < 1:
        raise BadConfig(f"clips must be at least 1 and seed at least 0, found {clips} and {seed}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadConfig(f"{folder} holds something already; name a new folder")
    beside = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    try:
        if dataset == "ntu60":
            done = _write_ntu("ntu60", clips, beside, seed, jobs)
        elif dataset == "ntu120":
            done = _write_ntu("ntu120", clips, beside, seed, jobs)
        elif dataset == "pku-mmd":
            done = _write_pku(clips, beside, seed, jobs)
        else:
            raise BadConfig(f"a stand-in can be made of ntu60, ntu120 and pku-mmd, found {dataset!r}")
        replace_folder(beside, folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return StandIn(folder, len(done), sum(done), time.perf_counter() - began)


def stand_in_names(dataset: NtuSet, clips: int, seed: int = 0) -> list[str]:
    """The official names a stand-in of so many clips has: classes in turn, within a class in random order; of
    NTU RGB+D 120 the one-shot exemplars first.

    Raises:
        BadConfig: where the data set has not so many.
    """
    official = official_names(dataset)
    if clips > len(official):
        raise BadConfig(f"{dataset} has {len(official):,} clips, not {clips:,}")
    order = np.random.default_rng([seed, 4]).permutation(len(official)).tolist()
    turns: dict[str, list[str]] = {}
    for name in sorted((official[at] for at in order), key=lambda name: not _is_exemplar(name)):
        turns.setdefault(name[-4:], []).append(name)
    ranked = [(rank, action, names[rank]) for action, names in turns.items() for rank in range(len(names))]
    return [name for _, _, name in sorted(ranked)[:clips]]


def _is_exemplar(name: str) -> bool:
    return name[:16] in ("S001C003P008R001", "S018C003P008R001")


def _write_ntu(dataset: NtuSet, clips: int, folder: Path, seed: int, jobs: int | None) -> list[int]:
    below = folder / "nturgb+d_skeletons"
    below.mkdir()
    # Grouped so that one process makes all takes and views of a class, and bases are made once.
    groups: dict[str, list[str]] = {}
    for name in sorted(stand_in_names(dataset, clips, seed)):
        groups.setdefault(name[-4:], []).append(name)
    sizes = _spread(partial(_write_class, below, seed), list(groups.values()), jobs)
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
    """The `.skeleton` file of one clip: a performance, seen by one of three cameras, with the sensor's
    defects."""
    chance = np.random.default_rng([seed, 8, *name])
    action = class_names("ntu")[name.action - 1]
    bodies = play(seed, action, (name.subject - 1) % PEOPLE + 1, 2 * name.setup + name.replication)
    view = View(
        angle=45.0 * (name.camera - 2) + chance.normal(0, 8),
        distance=2.2 + 0.2 * (name.setup % 9) + (0.6 if len(bodies) > 1 else 0.0),
        offset=float(chance.normal(0, 0.2)),
        height=0.8 + 0.1 * (name.setup % 6),
    )
    positions = film(bodies, view, chance)
    if str(name) in dropped_names("ntu120"):
        return skeleton_text(positions[:, :0])
    return _with_defects(positions, chance)


def _with_defects(positions: NDArray[np.float32], chance: np.random.Generator) -> bytes:
    frames = len(positions)
    draw = chance.random(5)
    if draw[0] < _SHORT:
        frames = int(chance.integers(4, 16))
        positions = positions[:frames]
    if positions.shape[1] > 1 and draw[1] < _PARTNER_LOST:
        first = int(chance.integers(0, frames))
        positions[first : first + int(chance.integers(1, frames)), int(chance.integers(0, 2))] = np.nan
    if draw[2] < _GHOST:
        positions = add_ghost(positions, chance)
    if draw[3] < _EMPTY_FRAMES:
        first = int(chance.integers(0, frames))
        positions[first : first + int(chance.integers(1, 9))] = np.nan
    ids = np.tile(FIRST_ID + np.arange(positions.shape[1]), (frames, 1))
    if draw[4] < _RENAMED:
        # Lost and found again: the same person under a new id.
        ids[int(chance.integers(1, frames)) :, 0] += 7
    return skeleton_text(positions, ids.tolist())


def _write_pku(clips: int, folder: Path, seed: int, jobs: int | None) -> list[int]:
    for name in ("PKU_Skeleton_Renew", "Train_Label_PKU_final"):
        (folder / name).mkdir()
    # At least two, so that one can test.
    recordings = max(2, -(-clips // (PKU_CLIPS_A_STREAM * len(PKU_VIEWS))))
    if recordings > 9998:
        raise BadConfig(f"PKU-MMD names have room for 9,998 recordings, not {recordings:,}")
    numbers = list(range(2, 2 + recordings))
    sizes = _spread(partial(_write_recording, folder, seed), numbers, jobs)
    # Subjects come with recordings here, so every fourth recording tests across subjects.
    by_subject = [(f"{number:04d}-{view}", number % 4 == 3) for number in numbers for view in PKU_VIEWS]
    by_view = [(name, name.endswith("L")) for name, _ in by_subject]
    for split, names in (("cross-subject", by_subject), ("cross-view", by_view)):
        train = ", ".join(name for name, tests in names if not tests)
        test = ", ".join(name for name, tests in names if tests)
        text = f"Training videos:\n{train}\nValidation videos:\n{test}\n"
        (folder / f"{split}.txt").write_text(text, encoding="ascii")
    return [size for three in sizes for size in three]


def _write_recording(folder: Path, seed: int, number: int) -> list[int]:
    """Twenty classes one after another by one pair of people, from three views."""
    names = class_names("pku")
    chance = np.random.default_rng([seed, 9, number])
    first = (number - 2) * PKU_CLIPS_A_STREAM
    chosen = [(first + k) % len(names) for k in range(PKU_CLIPS_A_STREAM)]
    labels, shots, at = [], [], 0
    for index in chosen:
        bodies = play(seed, names[index], (number - 2) % PEOPLE + 1, number)
        pause = int(chance.integers(15, 45))
        shots += [[body[:1].repeat(pause, axis=0) for body in bodies], bodies]
        labels.append(f"{index + 1},{at + pause + 1},{at + pause + len(bodies[0])},2\n")
        at += pause + len(bodies[0])
    lone = [len(shot) == 1 for shot in shots]
    lengths = [len(shot[0]) for shot in shots]
    person = np.concatenate([shot[0] for shot in shots])
    partner = np.concatenate([shot[-1] for shot in shots])
    absent = np.repeat(lone, lengths)
    sizes = []
    for view, angle in PKU_VIEWS.items():
        place = View(angle=angle + chance.normal(0, 5), distance=3.2, height=1.0)
        positions = film([person, partner], place, chance)
        positions[absent, 1] = np.nan
        text = stream_text(positions)
        name = f"{number:04d}-{view}.txt"
        (folder / "PKU_Skeleton_Renew" / name).write_bytes(text)
        (folder / "Train_Label_PKU_final" / name).write_text("".join(labels), encoding="ascii")
        sizes.append(len(text))
    return sizes


def _spread(work: partial[list[int]], items: Iterable[object], jobs: int | None) -> list[list[int]]:
    """The work done on every item, in this process or in several; results in the order of the items."""
    todo = list(items)
    jobs = min(jobs or cores(), len(todo))
    if jobs <= 1:
        return [work(item) for item in todo]
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(work, todo))
