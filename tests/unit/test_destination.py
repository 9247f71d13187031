"""Output files: what a path leads to is written; only regular files are replaced."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from pgfa.errors import NotWritten
from pgfa.files import write_atomic, write_json

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links, pipes and devices of POSIX")


def test_a_regular_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    write_atomic(path, "one")
    before = path.stat().st_ino
    write_atomic(path, b"two")
    assert path.read_text() == "two"
    assert path.stat().st_ino != before, "renamed into place, not overwritten"
    assert os.listdir(path.parent) == ["a.txt"]


def test_permissions_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "private.csv"
    path.write_text("old")
    path.chmod(0o600)
    write_atomic(path, "new")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o600)


@pytest.mark.parametrize("mask", [0o077, 0o022])
def test_a_new_file_has_the_permissions_that_the_mask_allows(mask: int, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        write_atomic(tmp_path / "new.csv", "new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new.csv").stat().st_mode) == 0o666 & ~mask


@pytest.mark.parametrize("name", ["a" * 255, "ü" * 127])
def test_the_longest_name_of_a_file_can_be_written(name: str, tmp_path: Path) -> None:
    write_atomic(tmp_path / name, "old")
    write_atomic(tmp_path / name, "new")
    assert os.listdir(tmp_path) == [name]
    assert (tmp_path / name).read_text() == "new"


@pytest.mark.parametrize("exists", [True, False])
def test_the_target_of_a_link_is_written(tmp_path: Path, exists: bool) -> None:
    target, link, second = tmp_path / "folder" / "target", tmp_path / "link", tmp_path / "second"
    target.parent.mkdir()
    if exists:
        target.write_text("old")
    link.symlink_to("folder/target")
    second.symlink_to(link)
    write_atomic(second, "new")
    assert target.read_text() == "new"
    assert link.is_symlink()
    assert second.is_symlink()
    assert not target.is_symlink()


def test_a_link_to_itself_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(NotWritten, match=r"loop: cannot be written: .*symbolic links"):
        write_atomic(tmp_path / "loop", "text")
    assert (tmp_path / "loop").is_symlink()


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()))
    reader.start()
    write_atomic(pipe, lambda file: np.save(file, np.arange(3)))
    reader.join(20)
    assert received[0].startswith(b"\x93NUMPY")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_device_stays_a_device() -> None:
    before = os.stat("/dev/null")
    if not os.access("/dev/null", os.W_OK):
        pytest.skip("no /dev/null")
    if os.geteuid() == 0 and not stat.S_ISCHR(before.st_mode):
        pytest.skip("/dev/null is no device here")
    write_json(Path("/dev/null"), {"a": 1})
    after = os.stat("/dev/null")
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="no /dev/full")
def test_a_full_device_is_one_sentence() -> None:
    with pytest.raises(NotWritten, match="/dev/full: cannot be written: no space left"):
        write_atomic(Path("/dev/full"), "text")
    assert Path("/dev/full").is_char_device()


def test_a_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(NotWritten, match="it is a folder, expected a file"):
        write_atomic(tmp_path, "text")
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(NotWritten, match="it is a folder, expected a file"):
        write_atomic(tmp_path / "link", "text")


CODE = """
import sys
from pathlib import Path
from pgfa.files import write_atomic
print("before")
write_atomic(Path(sys.argv[1]), "content\\n")
print("after")
"""


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="no /dev/stdout")
@pytest.mark.parametrize("linked", [True, False])
@pytest.mark.parametrize("to_file", [True, False])
def test_standard_output_gets_the_content_in_order(tmp_path: Path, to_file: bool, linked: bool) -> None:
    out, link = tmp_path / "out", tmp_path / "link"
    link.symlink_to("/dev/stdout")
    command = [sys.executable, "-c", CODE, str(link) if linked else "/dev/stdout"]
    if to_file:
        with out.open("wb") as file:
            subprocess.run(command, stdout=file, check=True)
        content = out.read_text()
    else:
        content = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
    assert content == "before\ncontent\nafter\n"
    assert os.path.lexists("/dev/stdout")


@pytest.mark.skipif(not Path("/dev/fd").is_dir(), reason="no /dev/fd")
def test_an_open_descriptor_gets_the_content() -> None:
    """As bash does with --json >(command)."""
    reading, writing = os.pipe()
    try:
        write_atomic(Path(f"/dev/fd/{writing}"), "content")
        assert os.read(reading, 100) == b"content"
    finally:
        os.close(reading)
        os.close(writing)
