"""The process that reads uploads, apart from the server: a file that hangs or fills the memory ends only this one.

It takes requests on standard input and answers on standard output: four bytes of length, JSON, then raw bytes (the
file; the positions of its clips). Nothing is pickled.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from pgfa.errors import BadFile, LimitExceeded, PgfaError
from pgfa.read import format_of
from pgfa.read.format import UNREADABLE, FileRef
from pgfa.skeleton import Clip

MEMORY = 6 * 1024**3
"""Bytes of address space of the process, where the system can hold it to that."""

Told = dict[str, Any]


def receive(stream: IO[bytes]) -> Told | None:
    """The next JSON message, or None where the other side has gone."""
    size = stream.read(4)
    if len(size) < 4:
        return None
    raw = stream.read(int.from_bytes(size, "little"))
    said: Told = json.loads(raw)
    return said


def send(stream: IO[bytes], said: Told, *content: bytes) -> None:
    """Write a JSON message and what follows it."""
    raw = json.dumps(said).encode()
    stream.write(len(raw).to_bytes(4, "little") + raw)
    for part in content:
        stream.write(part)
    stream.flush()


def read_upload(folder: Path, name: str, content: bytes, limits: Told) -> tuple[list[Clip], list[Told]]:
    """Clips of a file that came under `name`, and what is wrong with those that could not be read.

    Args:
        folder: private and empty; the file is put there under a name made safe.
        name: readers may look at it; it is never used as a path.
        content: the bytes: a recording, or a zip of recordings.
        limits: ``clips``, ``bytes`` of positions, ``frames``, ``bodies``, ``seconds``.

    Raises:
        BadFile: nothing in it can be read.
        LimitExceeded: there is more in it than may be.
    """
    place = folder / safe_name(name)
    place.write_bytes(content)
    clips: list[Clip] = []
    failed: list[Told] = []
    total = 0
    try:
        for ref in _recordings(place, limits):
            try:
                known = format_of(ref)
                found: Sequence[Clip | BadFile] = known.read_all(ref) if known.read_all else [known.read(ref)]
            except BadFile as error:
                found = [error]
            for one in found:
                if isinstance(one, BadFile):
                    failed.append(_plain(one, folder))
                    continue
                _check(one, limits)
                clips.append(one)
                total += one.positions.nbytes
                if len(clips) > limits["clips"]:
                    raise LimitExceeded(f"{name}: more than {limits['clips']:,} clips in one session")
                if total > limits["bytes"]:
                    raise LimitExceeded(
                        f"{name}: more than {limits['bytes']:,} bytes of positions in one session"
                    )
    finally:
        place.unlink(missing_ok=True)
    if not clips:
        first = (
            failed[0] if failed else {"file": name, "expected": "a recording", "found": "none", "where": ""}
        )
        raise BadFile(first["file"], expected=first["expected"], found=first["found"], where=first["where"])
    return clips, failed


def safe_name(name: str) -> str:
    """A file name that is no path: its last part, letters, digits, `.`, `-` and `_` only, never hidden."""
    last = name.replace("\\", "/").rpartition("/")[2][-100:]
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in last)
    return kept.lstrip(".") or "recording"


def _recordings(place: Path, limits: Told) -> Iterator[FileRef]:
    """The file itself, or, of a zip that is no recording, its members."""
    whole = FileRef(place)
    if not whole.head().startswith(b"PK\x03\x04"):
        yield whole
        return
    try:
        with zipfile.ZipFile(place) as archive:
            members = [m for m in archive.infolist() if not m.is_dir() and not _hidden(m.filename)]
    except UNREADABLE as error:
        raise BadFile(str(place), expected="a zip of recordings", found=str(error)[:200]) from None
    # A recording may be a zip itself: the project's own, or frames of OpenPose.
    if any(m.filename == "positions.npy" or m.filename.endswith("_keypoints.json") for m in members):
        yield whole
        return
    if len(members) > 4 * limits["clips"]:
        raise LimitExceeded(f"{place}: {len(members):,} files in one zip, more than {4 * limits['clips']:,}")
    size = sum(member.file_size for member in members)
    if size > 4 * limits["file_bytes"]:
        raise LimitExceeded(f"{place}: {size:,} bytes when inflated, more than {4 * limits['file_bytes']:,}")
    for member in members:
        yield FileRef(place, member.filename)


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in name.split("/"))


def _check(clip: Clip, limits: Told) -> None:
    name = clip.source.id or "clip"
    for what, found in (("frames", clip.frames), ("bodies", clip.bodies), ("seconds", clip.seconds)):
        if found > limits[what]:
            raise LimitExceeded(f"{name}: expected at most {limits[what]:,} {what}, found {found:,.6g}")


def _plain(error: PgfaError, folder: Path) -> Told:
    """An error without the path that the file had here."""

    def shown(text: str) -> str:
        return text.replace(f"{folder}{os.sep}", "")[:500]

    said: Told = {"kind": type(error).__name__, "message": shown(str(error))}
    if isinstance(error, BadFile):
        parts = {"file": error.file, "expected": error.expected, "found": error.found, "where": error.where}
        said |= {name: shown(text) for name, text in parts.items()}
    return said


def _answer(folder: Path, request: Told, content: bytes) -> tuple[Told, list[bytes]]:
    try:
        clips, failed = read_upload(folder, request["name"], content, request["limits"])
    except PgfaError as error:
        return {"error": _plain(error, folder)}, []
    except MemoryError:
        said = f"{request['name']}: more than the memory for reading"
        return {"error": {"kind": "LimitExceeded", "message": said}}, []
    except Exception as error:  # a reader's fault, but the file's too: the client must not see a 500
        said = f"{request['name']}: expected a recording, found something no reader is prepared for"
        return {"error": {"kind": "BadFile", "message": f"{said} ({type(error).__name__})"}}, []
    heads = [
        {
            "shape": clip.positions.shape,
            "rate": float(clip.rate),
            "layout": clip.layout.name,
            "source": asdict(clip.source),
            "problems": clip.problems,
        }
        for clip in clips
    ]
    return {"clips": heads, "failed": failed}, [clip.positions.tobytes() for clip in clips]


def _hold_memory() -> None:
    try:
        import resource
    except ImportError:  # not on this system
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def main() -> None:
    """Answer requests until standard input ends."""
    _hold_memory()
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between the answers
    send(out, {"ready": True})
    while (request := receive(sys.stdin.buffer)) is not None:
        content = sys.stdin.buffer.read(request["size"])
        with tempfile.TemporaryDirectory(prefix="pgfa-upload-") as folder:
            said, arrays = _answer(Path(folder), request, content)
        send(out, said, *arrays)


if __name__ == "__main__":
    main()
