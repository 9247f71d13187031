"""An import: the same pack by any number of jobs, every file accounted for, and it can be resumed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from pgfa.errors import BadConfig, BadFile, FolderInUse, LayoutMismatch, PgfaError
from pgfa.files.lock import folder_lock
from pgfa.pack import Pack, import_dataset, is_pack, open_pack
from pgfa.pack.importing import importer

# A format for tests, in a module of its own so that other processes can import it. A file contains two words: the
# behaviour of its reader, and the clip's layout.
FORMAT = """
import os, signal, time, zlib
import numpy as np
from pathlib import Path
from pgfa.errors import BadFile
from pgfa.read.format import Format
from pgfa.read.source import FileRef
from pgfa.skeleton import Clip, Source, get_layout

def find(source):
    return sorted(FileRef(path) for path in source.rglob("*.fake"))

def read(ref):
    with open(os.environ["FAKE_LOG"], "a") as log:
        log.write(ref.name + "\\n")
    behaviour, layout = ref.read().decode().split()
    if behaviour == "bad":
        raise BadFile(str(ref), expected="a clip", found="none", where="line 1")
    if behaviour == "fault":
        raise KeyError("joint")
    if behaviour == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if behaviour == "end":
        os.kill(os.getpid(), signal.SIGTERM)
    if behaviour == "stop":
        raise KeyboardInterrupt
    if behaviour == "slow":
        time.sleep(0.01)
    rng = np.random.default_rng(zlib.crc32(ref.stem.encode()))
    layout = get_layout(layout)
    frames, bodies = rng.integers(1, 9) * (behaviour != "empty"), rng.integers(1, 3)
    positions = rng.normal(size=(frames, bodies, len(layout.joints), 3)).astype(np.float32)
    name = "twin" if behaviour == "twin" else ref.stem
    source = Source(name, "fake", action=name[:2])
    return Clip(positions, 30.0, layout, source, ("1 gap",) if behaviour == "gap" else ())

FORMAT = Format("fake", "for tests", find, find, read)
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "fake_format.py").write_text(FORMAT)
    monkeypatch.syspath_prepend(tmp_path / "code")
    monkeypatch.setenv("FAKE_LOG", str(tmp_path / "log"))
    monkeypatch.delitem(sys.modules, "fake_format", raising=False)
    import fake_format

    return fake_format


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """150 files: 5 chunks."""
    return make_files(tmp_path / "data", 150)


def make_files(folder: Path, count: int, behaviour: str = "read", layout: str = "kinect20") -> Path:
    folder.mkdir(exist_ok=True)
    for number in range(count):
        (folder / f"{number:03}.fake").write_text(f"{behaviour} {layout}")
    return folder


def read_log(tmp_path: Path) -> list[str]:
    log = (tmp_path / "log").read_text().split() if (tmp_path / "log").exists() else []
    (tmp_path / "log").unlink(missing_ok=True)
    return sorted(log)


def bytes_of(pack: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(pack.iterdir())}


def ids(pack: Pack) -> list[str]:
    return pack.column("id").tolist()


def run(fake: ModuleType, source: Path, out: Path, **options: object) -> Pack:
    import_dataset(fake.FORMAT, source, out, **({"jobs": 1, "progress": False} | options))  # type: ignore[arg-type]
    return open_pack(out)


def test_every_file_is_read_once_in_order(fake: ModuleType, source: Path, tmp_path: Path) -> None:
    pack = run(fake, source, tmp_path / "pack")
    assert ids(pack) == [f"{number:03}" for number in range(150)]
    assert read_log(tmp_path) == [f"{number:03}.fake" for number in range(150)]
    for number in (0, 31, 32, 149):
        clip = fake.read(fake.find(source)[number])
        np.testing.assert_array_equal(pack.clip(number).positions, clip.positions)
        assert pack.clip(number).source == clip.source
    assert not list(tmp_path.glob("*.partial"))
    pack.verify()


def test_any_number_of_jobs_gives_the_same_bytes(fake: ModuleType, source: Path, tmp_path: Path) -> None:
    (source / "007.fake").write_text("bad kinect20")
    (source / "100.fake").write_text("gap kinect20")
    run(fake, source, tmp_path / "one")
    report = import_dataset(fake.FORMAT, source, tmp_path / "two", jobs=2, progress=False)
    assert report.jobs == 2
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two")


def test_every_rejected_file_is_reported(fake: ModuleType, source: Path, tmp_path: Path) -> None:
    for number, behaviour in enumerate(["bad", "fault", "empty", "gap", "twin", "twin"]):
        (source / f"{number:03}.fake").write_text(f"{behaviour} kinect20")
    report = import_dataset(fake.FORMAT, source, tmp_path / "pack", jobs=1, progress=False)
    pack = open_pack(tmp_path / "pack")
    messages = {file.file: file.message for file in pack.rejected}
    assert messages == {
        "000.fake": "000.fake, line 1: expected a clip, found none",
        "001.fake": "internal error in the fake reader, please report: KeyError: 'joint'",
        "002.fake": "002.fake: expected frames with a body, found none",
        "005.fake": "expected a unique clip id, found 'twin', also the id of 004.fake",
    }
    assert len(pack) + len(pack.rejected) == 150
    assert report.summary.problems == {"1 gap": 1}
    assert report.summary.rejected == pack.rejected
    assert "150 files in" in str(report)
    assert "4 files could not be used" in str(report)


def test_an_interrupted_import_is_resumed(fake: ModuleType, source: Path, tmp_path: Path) -> None:
    run(fake, source, tmp_path / "whole")
    read_log(tmp_path)
    state = (source / "100.fake").stat()
    (source / "100.fake").write_text("stop kinect20")
    with pytest.raises(KeyboardInterrupt):
        run(fake, source, tmp_path / "pack")
    assert not is_pack(tmp_path / "pack")
    assert len(read_log(tmp_path)) == 101
    (source / "100.fake").write_text("read kinect20")
    os.utime(source / "100.fake", ns=(state.st_atime_ns, state.st_mtime_ns))
    # A changed file is read again with its chunk; a damaged shard is replaced.
    (source / "040.fake").write_text("gap kinect20")
    first = min((tmp_path / "pack.partial").glob("*.npz"), key=lambda shard: shard.stat().st_mtime_ns)
    first.write_bytes(first.read_bytes()[:-50])
    report = import_dataset(fake.FORMAT, source, tmp_path / "pack", jobs=1, progress=False)
    assert report.read_before == 32
    assert read_log(tmp_path) == [f"{n:03}.fake" for n in range(150) if not 64 <= n < 96]
    assert open_pack(tmp_path / "pack").clip(40).problems == ("1 gap",)
    (source / "040.fake").write_text("read kinect20")
    run(fake, source, tmp_path / "pack", overwrite=True)
    assert bytes_of(tmp_path / "pack") == bytes_of(tmp_path / "whole")


@pytest.mark.parametrize(
    ("jobs", "by"),
    [(1, signal.SIGKILL), (2, signal.SIGKILL), (2, signal.SIGINT)],
    ids=["one", "two", "Ctrl-C"],
)
def test_a_killed_import_is_resumed(fake: ModuleType, tmp_path: Path, jobs: int, by: signal.Signals) -> None:
    source, partial, log = (
        make_files(tmp_path / "data", 200, "slow"),
        tmp_path / "pack.partial",
        tmp_path / "log",
    )
    out = tmp_path / "pack"
    command = (
        "import fake_format; from pathlib import Path; from pgfa.pack import import_dataset;"
        f"import_dataset(fake_format.FORMAT, Path({str(source)!r}), Path({str(out)!r}), jobs={jobs})"
    )
    path = os.pathsep.join([str(tmp_path / "code"), os.environ.get("PYTHONPATH", "")])
    child = subprocess.Popen(
        [sys.executable, "-c", command],
        env=os.environ | {"PYTHONPATH": path},
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    until = time.monotonic() + 60
    while len(list(partial.glob("*.npz"))) < 2 and time.monotonic() < until:
        assert child.poll() is None, "ended before it could be stopped"
        time.sleep(0.01)
    if by is signal.SIGINT:
        os.killpg(child.pid, by)  # as a terminal does: to the reader processes too
    else:
        child.send_signal(by)
    child.communicate(timeout=60)
    assert not (tmp_path / "pack").exists()
    # The reader processes of a killed parent end by themselves: the log stops growing.
    sizes = [-1, 0]
    while sizes[-1] != sizes[-2] and time.monotonic() < until:
        time.sleep(0.2)
        sizes.append(log.stat().st_size)
    read_log(tmp_path)
    report = import_dataset(fake.FORMAT, source, tmp_path / "pack", jobs=1, progress=False)
    assert report.read_before >= 64
    assert len(read_log(tmp_path)) == 200 - report.read_before
    assert not partial.exists()
    run(fake, make_files(source, 200, "read"), tmp_path / "whole")
    assert bytes_of(tmp_path / "pack") == bytes_of(tmp_path / "whole")


@pytest.mark.parametrize("by", ["die", "end"])
def test_the_chunk_of_a_dead_reader_process_is_named(
    fake: ModuleType, source: Path, tmp_path: Path, by: str
) -> None:
    """Killed, as where memory runs out, or asked to end: then Python would end this process without a word."""
    (source / "070.fake").write_text(f"{by} kinect20")
    with pytest.raises(PgfaError, match=r"died .*chunk 2 \(064.fake to 095.fake\).*same command again"):
        run(fake, source, tmp_path / "pack", jobs=2)
    (source / "070.fake").write_text("read kinect20")
    assert len(run(fake, source, tmp_path / "pack", jobs=2)) == 150


def test_layouts(fake: ModuleType, source: Path, tmp_path: Path) -> None:
    (source / "149.fake").write_text("read ntu25")
    with pytest.raises(BadConfig, match=r"kinect20 and ntu25.*--to-layout kinect20"):
        run(fake, source, tmp_path / "pack")
    read_log(tmp_path)
    pack = run(fake, source, tmp_path / "pack", layout="ntu25")
    assert pack.layout.name == "ntu25"
    assert read_log(tmp_path) == [], "the files are not read again after the error"
    with pytest.raises(LayoutMismatch):
        run(fake, source, tmp_path / "other", layout="hdm05")
    with pytest.raises(LayoutMismatch, match="octopus"):
        run(fake, source, tmp_path / "other", layout="octopus")


def test_a_pack_is_not_written_over_another_or_into_its_source(
    fake: ModuleType, source: Path, tmp_path: Path
) -> None:
    run(fake, source, tmp_path / "pack", limit=3)
    read_log(tmp_path)
    with pytest.raises(BadConfig, match="already a complete pack"):
        run(fake, source, tmp_path / "pack")
    with pytest.raises(BadConfig, match="inside its own source"):
        run(fake, source, source / "pack")
    assert read_log(tmp_path) == [], "refused before the first file is read"
    assert len(open_pack(tmp_path / "pack")) == 3
    assert len(run(fake, source, tmp_path / "pack", overwrite=True)) == 150


def test_two_imports_at_once_are_refused(fake: ModuleType, source: Path, tmp_path: Path) -> None:
    with folder_lock(tmp_path / "pack.partial"), pytest.raises(FolderInUse, match=f"process {os.getpid()};"):
        run(fake, source, tmp_path / "pack")
    assert len(run(fake, source, tmp_path / "pack")) == 150


@pytest.mark.parametrize("usable", [True, False])
def test_other_files_stay(fake: ModuleType, source: Path, tmp_path: Path, usable: bool) -> None:
    """Beside the shards, in a folder that was the user's, and in the folder of a pack that is replaced."""
    partial, out = tmp_path / "pack.partial", tmp_path / "pack"
    for mine in (partial / "notes" / "mine.txt", partial / "walk.npz", out / "mine.txt"):
        mine.parent.mkdir(parents=True, exist_ok=True)
        if mine.parent == out:
            run(fake, source, out, limit=3)
        mine.write_text("mine")
    if usable:
        assert len(run(fake, source, out, overwrite=True)) == 150
    else:
        for file in source.glob("*.fake"):
            file.write_text("bad kinect20")
        with pytest.raises(BadFile, match="none usable"):
            run(fake, source, out, overwrite=True)
    assert {path.relative_to(partial).as_posix() for path in partial.rglob("*")} == {
        "notes", "notes/mine.txt", "walk.npz",
    }  # fmt: skip
    assert (out / "mine.txt").read_text() == (partial / "walk.npz").read_text() == "mine"


def test_killed_after_the_pack_is_complete(
    fake: ModuleType, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same command ends well and deletes the shards; another one is refused, and deletes them too."""
    partial, out = tmp_path / "pack.partial", tmp_path / "pack"
    signal.signal(signal.SIGINT, signal.default_int_handler)  # workers that other tests imitate ignore it
    for limit in (None, 3):
        with monkeypatch.context() as patch:
            patch.setattr(importer, "_empty", lambda _: os.kill(os.getpid(), signal.SIGINT))
            with pytest.raises(KeyboardInterrupt):
                run(fake, source, out, overwrite=True)
        assert is_pack(out)
        assert list(partial.glob("*.npz"))
        if limit is None:
            assert len(run(fake, source, out)) == 150
        else:
            with pytest.raises(BadConfig, match="already a complete pack"):
                run(fake, source, out, limit=limit)
        assert not list(partial.glob("*.npz"))
    with pytest.raises(BadConfig, match="already a complete pack"):
        run(fake, source, out)


@pytest.mark.parametrize("options", [{"jobs": 0}, {"limit": 0}, {"labels": Path("labels.csv")}])
def test_invalid_arguments(
    fake: ModuleType, source: Path, tmp_path: Path, options: dict[str, object]
) -> None:
    with pytest.raises(BadConfig, match=next(iter(options))):
        run(fake, source, tmp_path / "pack", **options)
    with pytest.raises(BadConfig, match=r"unknown format 'cassette'; available: .*files.*utd-mhad"):
        import_dataset("cassette", source, tmp_path / "pack")


def test_no_usable_file(fake: ModuleType, tmp_path: Path) -> None:
    source = make_files(tmp_path / "data", 3, "bad")
    with pytest.raises(BadFile, match=r"3 files, none usable; the first, 000.fake: .*expected a clip"):
        run(fake, source, tmp_path / "pack")
    assert not (tmp_path / "pack").exists()


def test_progress_without_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pgfa import progress

    now = iter([0.0, 5.0, 11.0, 11.0, 11.0, 11.0, 12.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    with progress.Progress("import fake", total=100) as bar:
        for _ in range(3):
            bar.advance(20)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["import fake: 40 of 100 files, 4 files/s, 16 s left"]
