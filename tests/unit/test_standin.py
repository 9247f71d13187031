"""Stand-ins: the official format, everything that the real data sets have, and the same bytes each time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from pgfa.errors import BadConfig
from pgfa.pack import import_dataset, open_pack
from pgfa.read.datasets.class_names import class_names
from pgfa.read.datasets.ntu.names import NtuName, dropped_names, parse_ntu_name
from pgfa.read.datasets.ntu.official import official_names
from pgfa.read.datasets.ntu.reader import read_ntu
from pgfa.read.datasets.pku import read_splits
from pgfa.read.source import FileRef
from pgfa.synth import ACTIONS
from pgfa.synth.choreography import choreographies
from pgfa.synth.standin import ntu_file, stand_in_names, synthesise

TWO_PEOPLE = set(range(50, 61)) | set(range(106, 121))


def test_every_class_has_a_choreography_of_its_own() -> None:
    names = set(class_names("ntu")) | set(class_names("pku"))
    assert set(choreographies()) == names
    assert len(set(choreographies().values())) == len(names)
    actions = {action for c in choreographies().values() for action in (*c.actions, c.partner) if action}
    assert actions <= set(ACTIONS)
    for number, name in enumerate(class_names("ntu"), 1):
        assert bool(choreographies()[name].partner) == (number in TWO_PEOPLE), name


def test_names_are_official_and_spread_over_classes() -> None:
    names = stand_in_names("ntu120", 360)
    assert set(names) <= set(official_names("ntu120"))
    assert len(set(names)) == 360
    assert set(Counter(name[-3:] for name in names).values()) == {3}
    exemplars = {f"S001C003P008R001A{a:03d}" for a in range(1, 56, 6)}
    exemplars |= {f"S018C003P008R001A{a:03d}" for a in range(61, 116, 6)}
    assert exemplars <= set(stand_in_names("ntu120", 120))
    assert set(stand_in_names("ntu60", 56_880)) == set(official_names("ntu60"))
    with pytest.raises(BadConfig, match="56,880"):
        stand_in_names("ntu60", 56_881)


def write(tmp_path: Path, name: NtuName, seed: int = 0) -> FileRef:
    file = tmp_path / f"{name}.skeleton"
    file.write_bytes(ntu_file(name, seed))
    return FileRef(file)


def test_clips_show_people_and_two_in_classes_for_two(tmp_path: Path) -> None:
    alone = read_ntu(write(tmp_path, NtuName(1, 2, 3, 1, 23)))
    assert (alone.bodies, alone.problems) == (1, ())
    together = read_ntu(write(tmp_path, NtuName(1, 2, 3, 1, 58)))
    assert (together.bodies, together.problems) == (2, ())
    distance = np.linalg.norm(together.positions[:, 0, 0] - together.positions[:, 1, 0], axis=1)
    assert 0.5 < np.median(distance) < 2.5
    height = alone.positions[..., 1].max(axis=2) - alone.positions[..., 1].min(axis=2)
    assert 0.8 < np.median(height) < 2.2
    # As large as real files.
    assert 100_000 < (tmp_path / "S001C002P003R001A023.skeleton").stat().st_size < 800_000


def test_three_cameras_record_the_same_performance() -> None:
    lengths = {ntu_file(NtuName(4, camera, 7, 2, 30)).split(b"\n", 1)[0] for camera in (1, 2, 3)}
    assert len(lengths) == 1
    assert len({ntu_file(NtuName(4, camera, 7, 2, 30)) for camera in (1, 2, 3)}) == 3
    assert ntu_file(NtuName(4, 1, 7, 2, 30)) == ntu_file(NtuName(4, 1, 7, 2, 30))
    assert ntu_file(NtuName(4, 1, 7, 2, 30)) != ntu_file(NtuName(4, 1, 7, 2, 30), seed=1)


def test_clips_on_the_list_of_missing_skeletons_have_no_body() -> None:
    name = parse_ntu_name(min(dropped_names("ntu60")))
    assert name is not None
    counts = ntu_file(name).split()
    assert int(counts[0]) == len(counts) - 1
    assert set(counts[1:]) == {b"0"}


def test_all_of_an_ntu_stand_in_is_imported(tmp_path: Path) -> None:
    first = synthesise("ntu60", 120, tmp_path / "data", jobs=1)
    assert first.files == 120
    assert first.bytes == sum(file.stat().st_size for file in (tmp_path / "data").rglob("*.skeleton"))
    report = import_dataset("ntu60", tmp_path / "data", tmp_path / "pack", jobs=1, progress=False)
    assert report.account is not None
    assert report.summary.clips == len(report.account.included) == 120 - len(report.account.dropped)
    assert len(report.summary.classes) == 60
    assert report.summary.with_problems > 0
    second = synthesise("ntu60", 120, tmp_path / "again", jobs=2)
    assert second.bytes == first.bytes
    for file in (tmp_path / "data").rglob("*.skeleton"):
        assert file.read_bytes() == (tmp_path / "again" / file.relative_to(tmp_path / "data")).read_bytes()


def test_all_of_a_pku_stand_in_is_imported(tmp_path: Path) -> None:
    assert synthesise("pku-mmd", 100, tmp_path / "data", jobs=1).files == 6
    report = import_dataset("pku-mmd", tmp_path / "data", tmp_path / "pack", jobs=1, progress=False)
    pack = open_pack(tmp_path / "pack")
    assert (len(pack), report.summary.rejected) == (120, ())
    assert report.summary.bodies.keys() == {1, 2}
    splits = read_splits(tmp_path / "data")
    assert set(splits) == {"cross-subject", "cross-view"}
    streams = set(pack.column("setup").tolist())
    for train, test in splits.values():
        assert set(train) | set(test) == streams


def test_invalid_arguments_are_refused(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("x")
    for dataset, clips, folder in (
        ("ntu60", 1, "full"),
        ("ucf", 1, "a"),
        ("ntu60", 0, "b"),
        ("ntu60", 10**6, "c"),
    ):
        with pytest.raises(BadConfig):
            synthesise(dataset, clips, tmp_path / folder, jobs=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full"]


@pytest.mark.parametrize("dataset", ["ntu60", "pku-mmd"])
def test_the_same_stand_in_is_recognised_and_completed(tmp_path: Path, dataset: str) -> None:
    folder = tmp_path / "stand-in"
    folder.mkdir()
    first = synthesise(dataset, 4, folder, jobs=1)
    content = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    again = synthesise(dataset, 4, folder, jobs=1)
    assert (first.unchanged, again.unchanged) == (False, True)
    assert "already held the same stand-in" in str(again)
    assert (again.files, again.bytes) == (first.files, first.bytes)
    sorted(content)[-1].unlink()
    assert not synthesise(dataset, 4, folder, jobs=1).unchanged
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == content


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="Ctrl-C goes to a group of processes on POSIX systems")
def test_ctrl_c_ends_all_processes_and_leaves_nothing(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    before = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a new process ignores what is ignored here
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    command = [sys.executable, "-m", "pgfa.cli.start", "synthesise", "ntu60", str(tmp_path / "data")]
    options = ["--clips", "56880", "--jobs", "2"]
    with subprocess.Popen(
        [*command, *options], start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        while not list(tmp_path.rglob("*.skeleton")) and process.poll() is None:
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)  # the workers have its standard error, too
    assert (process.returncode, errors) == (130, b"pgfa: stopped; run the same command to resume\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "difference", ["another file", "an empty folder", "content", "clips", "seed", "link"]
)
def test_a_folder_with_anything_else_is_refused_and_kept(tmp_path: Path, difference: str) -> None:
    folder = tmp_path / "stand-in"
    synthesise("ntu60", 3, folder, jobs=1)
    recording = min(folder.rglob("*.skeleton"))
    if difference == "another file":
        (folder / "notes.txt").write_text("mine")
    elif difference == "an empty folder":
        (folder / "mine").mkdir()
    elif difference == "content":
        recording.write_bytes(recording.read_bytes()[:-10])  # a recording of the user's with an official name
    elif difference == "link":
        recording.rename(tmp_path / recording.name)
        recording.symlink_to(tmp_path / recording.name)
    before = {path: path.is_file() and path.read_bytes() for path in folder.rglob("*")}
    with pytest.raises(BadConfig, match="is not empty; choose a new folder"):
        synthesise("ntu60", 2 if difference == "clips" else 3, folder, seed=int(difference == "seed"), jobs=1)
    assert {path: path.is_file() and path.read_bytes() for path in folder.rglob("*")} == before
    assert list(tmp_path.glob(".*")) == []
