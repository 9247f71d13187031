"""What is stored: folders replaced as a whole, locks, leftovers, digests of every byte, errors in one sentence."""

from __future__ import annotations

import errno
import importlib.util
import json
import os
import pickle
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import filelock
import numpy as np
import pytest

from builders import make_clip
from pgfa.errors import BadCheckpoint, BadConfig, BadFile, FolderInUse, NotWritten
from pgfa.files import (
    CHECKSUM,
    cache_folder,
    file_sha256,
    folders,
    leftovers,
    read_json,
    verify_checksum,
    verify_files,
    with_checksum,
    write_atomic,
    write_files_list,
    write_json,
)
from pgfa.files.folders import new_folder, recover_folder
from pgfa.files.lock import OWNER, folder_lock
from pgfa.pack import blocks, open_pack, save_pack
from pgfa.recognise import Recogniser, bundle
from recogniser_builders import swaying_clip

CHECKOUT = Path(__file__).parents[2]
ENDED = 2**22 + 1
"""A process id that no process has: above the largest of Linux."""


def script(name: str) -> ModuleType:
    """A script of the checkout, as a module."""
    spec = importlib.util.spec_from_file_location(name, CHECKOUT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def write_folder(target: Path, text: str) -> None:
    with new_folder(target, {"a", "b"}) as new:
        (new / text).write_text(text)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("exchange", [True, False], ids=["one step", "two renames"])
def test_a_folder_is_replaced_and_other_files_stay(
    exchange: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not exchange:
        monkeypatch.setattr(folders, "_exchange", lambda one, other: False)
    target = tmp_path / "deep" / "target"
    write_folder(target, "a")
    (target / "notes").mkdir()
    (target / "notes" / "mine.txt").write_text("mine")
    write_folder(target, "b")
    assert names(target) == {"b", "notes"}
    assert (target / "notes" / "mine.txt").read_text() == "mine"
    assert names(target.parent) == {"target"}


def test_two_processes_may_finish_a_new_folder_at_once(tmp_path: Path) -> None:
    """The last one stays, also where the first takes the place just before the second."""
    target = tmp_path / "target"
    rename = os.rename

    def rename_late(source: Path, place: Path) -> None:
        with pytest.MonkeyPatch.context() as undone:
            undone.setattr(os, "rename", rename)
            if not target.exists():
                write_folder(target, "a")
            rename(source, place)

    with pytest.MonkeyPatch.context() as patch, new_folder(target, {"a", "b"}) as new:
        (new / "b").write_text("b")
        patch.setattr(os, "rename", rename_late)
        folders.replace_folder(new, target)
        new.mkdir()
        (new / "b").write_text("b")
        patch.undo()
    assert names(target) == {"b"}
    assert names(tmp_path) == {"target"}


def test_a_temporary_name_states_the_namespace_of_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two containers with one host name have processes of the same id: each would delete the other's files."""
    links = iter(["pid:[4026531836]", "pid:[4026532450]"])
    monkeypatch.setattr(os, "readlink", lambda path: next(links))
    assert leftovers._host() != leftovers._host()


def test_an_error_leaves_the_old_folder(tmp_path: Path) -> None:
    target = tmp_path / "target"
    write_folder(target, "a")
    with pytest.raises(TypeError), new_folder(target) as new:
        (new / "b").write_text(None)  # type: ignore[arg-type]
    with (
        pytest.raises(NotWritten, match=f"{target}/b: cannot be written: no space"),
        new_folder(target) as new,
    ):
        raise NotWritten.of(new / "b", OSError(errno.ENOSPC, "full"))
    assert names(target) == {"a"}
    assert names(tmp_path) == {"target"}


def test_a_crash_between_two_renames_is_recovered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "_exchange", lambda one, other: False)
    target = tmp_path / "target"
    write_folder(target, "a")
    os.rename(target, tmp_path / ".target.old")
    recover_folder(target)
    assert names(tmp_path) == {"target"}
    assert names(target) == {"a"}


def test_leftovers_of_ended_processes_are_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = leftovers.temporary_path(tmp_path / "x")
    host = own.name.split(".")[2].split("-")[0]
    stay = {
        own.name,
        f".x.{host}-{os.getppid()}-00000000.part",
        ".x.000000-1-00000000.part",
        ".foreign.part",
        "a.part",
    }
    go = {f".x.{host}-{ENDED}-00000000.part", f".x.{host}-{os.getpid()}-00000000.part"}
    for name in stay | go:
        (tmp_path / name).write_text("")
    (tmp_path / f".d.{host}-{ENDED}-00000001.part").mkdir()
    aged = {".x.000000-1-11111111.part", ".x.abcd_123.part"}
    for name in aged:
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (0, 0))
    write_atomic(tmp_path / "file", "content")
    assert names(tmp_path) == stay | {"file"}


def test_a_temporary_folder_of_a_killed_process_is_deleted_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    code = (
        "import os, signal; from pgfa.files.leftovers import temporary_folder\n"
        "with temporary_folder() as folder:\n"
        "    (folder / 'file').write_text('private'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == -signal.SIGKILL
    (left,) = tmp_path.rglob("file")
    assert stat.S_IMODE(left.parent.stat().st_mode) == 0o700
    with leftovers.temporary_folder() as folder:
        assert list(tmp_path.iterdir()) == [folder]
    assert not list(tmp_path.iterdir())


def test_a_second_process_is_refused_with_the_id_of_the_first(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from pgfa.files.lock import folder_lock\n"
        "with folder_lock(pathlib.Path(sys.argv[1])): pass"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "run")]
    with folder_lock(tmp_path / "run"):
        second = subprocess.run(command, capture_output=True, text=True)
        assert f"in use by process {os.getpid()};" in second.stderr
    assert subprocess.run(command).returncode == 0
    assert not (tmp_path / "run" / OWNER).exists()


@pytest.mark.parametrize("error", [FolderInUse("folder", "7"), NotWritten("file", "full")])
def test_errors_reach_other_processes(error: Any) -> None:
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  as between processes
    assert (type(again), str(again)) == (type(error), str(error))


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (errno.ENOSPC, "no space left on the disk; free some"),
        (errno.EROFS, "the disk is read-only"),
        (errno.EACCES, "permission denied"),
        (errno.EISDIR, "it is a folder"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_errors_of_the_system_in_plain_words(code: int, reason: str, tmp_path: Path) -> None:
    assert reason in str(NotWritten.of(tmp_path / "x", OSError(code, os.strerror(code))))


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("PGFA_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", home)
    with pytest.raises(BadConfig, match="PGFA_CACHE"):
        cache_folder()
    monkeypatch.setenv("PGFA_CACHE", "caches")
    assert cache_folder() == Path("caches")


def test_a_mounted_disk_in_the_way_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    busy = OSError(errno.EBUSY, os.strerror(errno.EBUSY))
    assert "busy" in str(NotWritten.of(tmp_path, busy))
    monkeypatch.setattr(Path, "is_mount", lambda path: path == tmp_path)
    assert str(NotWritten.of(tmp_path, busy)).endswith("choose a folder in it")


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for write in (
        lambda: write_json(tmp_path / "file" / "x.json", {}),
        lambda: write_folder(tmp_path / "file", "a"),
        lambda: write_folder(tmp_path / "file" / "deep", "a"),
    ):
        with pytest.raises(NotWritten, match=f"{tmp_path}/file is a file, expected a folder"):
            write()
    with pytest.raises(NotWritten), folder_lock(tmp_path / "file"):
        pass


def test_checksums(tmp_path: Path) -> None:
    path, values = tmp_path / "x.json", with_checksum({"b": [1.5, "é"], "a": None})
    assert verify_checksum(path, json.loads(json.dumps(values)))
    assert not verify_checksum(path, {"a": 1})
    renamed = {"a": 1, "checjsum": values[CHECKSUM]}
    with pytest.raises(BadFile, match="expected the key checksum"):
        verify_checksum(path, renamed)
    for changed in (values | {"a": 0}, values | {CHECKSUM: "0"}, values | {"\ud800": 1}):
        with pytest.raises(BadFile, match="changed or damaged"):
            verify_checksum(path, changed)


def test_listed_files_are_verified(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    (tmp_path / "data").write_text("data")
    write_files_list(path, {"form": 1}, ["data"])
    values = json.loads(path.read_text())
    assert verify_files(path, values)
    assert not verify_files(path, {"form": 1})
    for broken in (
        {"form": 1, "files": values["files"]},
        with_checksum({"form": 1}),
        with_checksum({"files": {"../x": ""}}),
    ):
        with pytest.raises(BadFile):
            verify_files(path, broken)
    (tmp_path / "data").write_text("date")
    with pytest.raises(BadFile, match="data: expected SHA-256"):
        verify_files(path, values)
    (tmp_path / "data").unlink()
    with pytest.raises(BadFile, match="found none"):
        verify_files(path, values)


def test_a_clip_is_verified_when_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1000)
    save_pack([make_clip(seed=i) for i in range(8)], tmp_path / "pack")
    raw = bytearray((tmp_path / "pack" / "positions.npy").read_bytes())
    raw[-5] ^= 1  # in the last clip
    (tmp_path / "pack" / "positions.npy").write_bytes(raw)
    pack = open_pack(tmp_path / "pack")
    np.testing.assert_array_equal(pack.clip(0).positions, make_clip(seed=0).positions)
    with pytest.raises(BadFile, match=r"positions.npy, block \d+ of 1,000 bytes"):
        pack.select([7]).clip(0)
    with pytest.raises(BadFile):
        pack.verify()


def test_an_older_bundle_is_not_verified_and_a_new_one_is(recogniser: Recogniser, tmp_path: Path) -> None:
    assert not Recogniser.load(CHECKOUT / "tests" / "fixtures" / "v1" / "bundle").bundle.verified
    assert Recogniser.load().bundle.verified, "save the bundled recogniser again with this version"
    recogniser.save(tmp_path / "bundle")
    assert Recogniser.load(tmp_path / "bundle").bundle.verified
    manifest = tmp_path / "bundle" / "recogniser.json"
    values = json.loads(manifest.read_text())
    values["text_centre"][0] += 0.1
    manifest.write_text(json.dumps(values))
    with pytest.raises(BadCheckpoint, match="changed or damaged"):
        Recogniser.load(tmp_path / "bundle")


@pytest.mark.parametrize("late", [False, True], ids=["before a file is read", "after all were"])
def test_a_bundle_that_is_replaced_while_it_is_opened_is_the_old_or_the_new_one(
    late: bool, recogniser: Recogniser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The digests of one, compared with the files of the other, would call a sound bundle damaged."""
    folder, read = tmp_path / "bundle", bundle.load_sentences
    recogniser.save(folder, ["a person waves"])
    saved = []

    def load_sentences(file: Path, size: int) -> dict[str, Any]:
        before = read(file, size) if late else {}
        if not saved:
            saved.append(True)
            recogniser.save(folder, ["a person jumps", "a person kicks"])
        return before if late else read(file, size)

    monkeypatch.setattr(bundle, "load_sentences", load_sentences)
    opened = bundle.open_bundle(folder)
    manifest = json.loads((folder / bundle.MANIFEST).read_text())
    assert opened.name.endswith(file_sha256(folder / bundle.MANIFEST)[:12])
    assert manifest["files"][bundle.SENTENCES] == file_sha256(folder / bundle.SENTENCES)
    assert set(opened.sentences) >= {"a person jumps", "a person kicks"}


def test_a_folder_that_is_replaced_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    marker, readings = tmp_path / "marker", []

    def read() -> str:
        readings.append(marker.read_text())
        if len(readings) == 1:
            write_atomic(marker, "new")
            raise BadFile(marker, expected="old", found="new")
        return readings[-1]

    marker.write_text("old")
    assert folders.read_whole(marker, read) == "new"
    readings.clear()
    with pytest.raises(BadFile):
        folders.read_whole(tmp_path / "none", read)


def test_an_encoder_that_cannot_be_saved_leaves_the_bundle(recogniser: Recogniser, tmp_path: Path) -> None:
    from dataclasses import replace

    recogniser.save(tmp_path / "bundle")
    before = {p.name: file_sha256(p) for p in (tmp_path / "bundle").iterdir()}

    class Other:
        kind = "other"

    with pytest.raises(TypeError):
        replace(recogniser.bundle, encoder=Other()).save(tmp_path / "bundle")  # type: ignore[arg-type]
    assert {p.name: file_sha256(p) for p in (tmp_path / "bundle").iterdir()} == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_bundle_killed_at_any_step_of_saving_is_the_old_or_the_new_one(
    recogniser: Recogniser, tmp_path: Path
) -> None:
    """Saving over a bundle, in a forked process that is killed before its first, second, ... change of a file."""
    stops, content = script("kill_writes"), script("kill_scenarios").content
    folder = tmp_path / "bundle"
    taught = recogniser.teach("my dance", swaying_clip())
    taught.save(folder)
    new = content(folder)
    recogniser.save(folder)
    old = content(folder)
    assert old != new
    results = []
    for step in range(1, 100):
        child = os.fork()
        if child == 0:
            stops._hook(tmp_path, "killed", step)
            taught.save(folder)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        results.append(content(folder))
        assert results[-1] in (old, new)
        Recogniser.load(folder)
        if status == 0:
            break
        recogniser.save(folder)
        assert names(tmp_path) == {"bundle"}, "what the killed process left is deleted"
    assert len(results) > 10
    assert {str(old), str(new)} == set(map(str, results))
    assert results[-1] == new


def test_a_number_of_thousands_of_digits_is_not_json(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("1" * 5000)
    with pytest.raises(BadFile, match="expected JSON"):
        read_json(tmp_path / "a.json")


@pytest.mark.slow
def test_no_flipped_bit_is_silent() -> None:
    """The short form of the campaign in docs/reliability.md."""
    command = [sys.executable, str(CHECKOUT / "scripts" / "flip_bits.py"), "--flips", "100"]
    process = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert process.returncode == 0, process.stdout + process.stderr
    assert "| all | 100 |" in process.stdout


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_stopped_commands_lose_nothing() -> None:
    """The short form of the campaign in docs/reliability.md."""
    command = [sys.executable, str(CHECKOUT / "scripts" / "kill_writes.py"), "--steps", "2", "--times", "1"]
    process = subprocess.run(
        [*command, "export over a bundle", "train", "import"], capture_output=True, text=True, timeout=600
    )
    assert process.returncode == 0, process.stdout + process.stderr


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
@pytest.mark.parametrize(("number", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_stop_while_commands_are_imported_is_one_line(number: str, status: int) -> None:
    """The signal comes with the first module that is imported."""
    code = (
        "import os, signal, sys; from pgfa.cli import start; sys.argv = ['pgfa', 'splits']\n"
        f"sys.addaudithook(lambda event, given: event == 'import' and os.kill(os.getpid(), signal.{number}))\n"
        "start.main()"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert process.returncode == status
    assert process.stderr == "pgfa: stopped; run the same command to resume\n"
    assert not process.stdout


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
@pytest.mark.parametrize(("number", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_second_stop_replaces_neither_the_line_nor_the_exit_status(number: str, status: int) -> None:
    """It comes at the very end of the process, and the first within a string that is executed, as by `namedtuple`."""
    code = (
        "import atexit, os, signal, sys\n"
        f"stop = 'os.kill(os.getpid(), signal.{number})'\n"
        "atexit.register(lambda: exec(stop))\n"
        "from pgfa.cli import start\n"
        "sys.argv = ['pgfa', 'splits']\n"
        "sys.addaudithook(lambda event, given: event == 'import' and given[0] == 'cyclopts' and exec(stop))\n"
        "start.main()"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (process.returncode, process.stdout) == (status, "")
    assert process.stderr == "pgfa: stopped; run the same command to resume\n"


@pytest.mark.slow
@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="handlers of signals are found as on Linux"
)
def test_commands_are_stopped_at_any_moment() -> None:
    """The short form of the campaign in docs/reliability.md."""
    command = [sys.executable, str(CHECKOUT / "scripts" / "signal_commands.py"), "import", "check", "serve"]
    process = subprocess.run([*command, "--stops", "4"], capture_output=True, text=True, timeout=600)
    assert process.returncode == 0, process.stdout + process.stderr


def test_a_folder_that_another_process_finished_and_deleted_is_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As that of an import, while a second one waits for it."""
    acquire = filelock.FileLock.acquire

    def acquire_and_delete(lock: filelock.FileLock) -> object:
        held = acquire(lock)
        shutil.rmtree(tmp_path / "partial")
        return held

    monkeypatch.setattr(filelock.FileLock, "acquire", acquire_and_delete)
    with pytest.raises(FolderInUse, match="in use by another process"), folder_lock(tmp_path / "partial"):
        pass
    assert not (tmp_path / "partial").exists()
