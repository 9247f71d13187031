"""Standard streams that are closed, or that cannot show every character."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pgfa.read.formats.npz import save_clip
from recogniser_builders import swaying_clip

SENTENCE = "läuft 跳 \U0001f3c3"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="streams are closed by a shell")


def run(command: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """A command of the shell in which "$@" is that of the command line."""
    words = ["sh", "-c", command, "sh", sys.executable, "-m", "pgfa.cli.start", *arguments]
    return subprocess.run(words, capture_output=True, env=os.environ | environment)


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_the_null_device(closed: str) -> None:
    process = run(f'"$@" {closed}', "splits")
    assert (process.returncode, process.stderr) == (0, b"")
    assert bool(process.stdout) == (">&-" not in closed.split())


def test_a_closed_input_has_no_line() -> None:
    process = run('"$@" <&-', "live", "--as", "a person waves")
    assert b"Traceback" not in process.stderr
    assert process.returncode in (0, 1)


def test_no_file_takes_the_place_of_a_closed_stream(tmp_path: Path) -> None:
    """What libraries print to standard error would be written into it."""
    code = (
        "import os; from pgfa.cli.streams import prepare_streams; prepare_streams()\n"
        f"file = open({str(tmp_path / 'data')!r}, 'wb'); os.write(2, b'a warning of a library')"
    )
    subprocess.run(["sh", "-c", 'exec "$@" 2>&-', "sh", sys.executable, "-c", code], check=True)
    assert (tmp_path / "data").read_bytes() == b""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_sentence_is_printed_in_any_encoding(encoding: str, tmp_path: Path) -> None:
    save_clip(tmp_path / "clip.npz", swaying_clip())
    process = run(
        '"$@"', "recognise", str(tmp_path / "clip.npz"), "--as", SENTENCE, "--json=-",
        PYTHONIOENCODING=encoding, PYTHONUTF8="1",
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert json.loads(process.stdout.decode(encoding))["answers"][0]["sentence"] == SENTENCE


def test_a_deleted_working_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    code = "import os; os.rmdir(os.getcwd()); from pgfa.cli.main import main; main(['check', 'a.bvh'])"
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path / "gone", capture_output=True, text=True)
    assert run.stderr == "pgfa: the working folder was deleted: change to one that exists\n"
    assert run.returncode == 1
