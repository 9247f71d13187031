"""The process that reads uploads, apart from the server: a file that hangs or fills the memory ends only this one.

It takes requests on standard input and answers on standard output: four bytes of length, JSON, then raw bytes (the
file; the positions of its clips). Nothing is pickled.
"""

from __future__ import annotations

import json
import os
import re
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from pgfa.errors import BadFile, LimitExceeded, PgfaError, Undecided
from pgfa.files.leftovers import temporary_folder
from pgfa.read import NotARecording, clips_of, find_recordings, format_of, is_collection, recording_of
from pgfa.read.limits import MAX_MEMORY, limit_process, memory_cap
from pgfa.read.settings_file import with_settings
from pgfa.read.source import READ_ERRORS, FileRef, is_hidden
from pgfa.read.stated import NOTHING, Stated
from pgfa.skeleton import Clip

Json = dict[str, Any]


@dataclass(frozen=True)
class UploadLimits:
    """What one upload may contain.

    Attributes:
        file_bytes: of the file; an archive may inflate to four times as much.
        clips: in one file.
        position_bytes: of all clips together.
        frames, bodies, seconds: of one clip.
    """

    file_bytes: int
    clips: int
    position_bytes: int
    frames: int
    bodies: int
    seconds: float


def receive(stream: IO[bytes]) -> Json | None:
    """The next JSON message, or None if the other side has closed the stream."""
    length = stream.read(4)
    if len(length) < 4:
        return None
    message: Json = json.loads(stream.read(int.from_bytes(length, "little")))
    return message


def send(stream: IO[bytes], message: Json, *content: bytes) -> None:
    """Write a JSON message and the raw bytes that follow it."""
    raw = json.dumps(message).encode()
    stream.write(len(raw).to_bytes(4, "little") + raw)
    for part in content:
        stream.write(part)
    stream.flush()


def read_upload(
    folder: Path, name: str, content: bytes, limits: UploadLimits, stated: Stated = NOTHING
) -> tuple[list[Clip], list[Json]]:
    """The clips of an uploaded file, and an error for each recording in it that could not be read.

    Args:
        folder: private and empty; the file is written there under a safe name.
        name: file name given by the client; readers may use it for detection, but it is never used as a path.
        content: the bytes: a recording, or a zip of recordings.
        limits: of the file and its clips.
        stated: what the client says about it.

    Raises:
        BadFile: nothing in it can be read. Undecided, a BadFile: the client has to state how.
        LimitExceeded: it contains more than the limits allow.
    """
    path = folder / safe_name(name)
    path.write_bytes(content)
    clips: list[Clip] = []
    failed: list[BadFile] = []
    try:
        for result in _read_each(path, limits, stated):
            if isinstance(result, BadFile):
                failed.append(result)
                continue
            _check_clip(result, limits)
            clips.append(result)
            if len(clips) > limits.clips:
                raise _no_room(name, limits.clips, "recordings")
            if sum(clip.positions.nbytes for clip in clips) > limits.position_bytes:
                raise _no_room(name, limits.position_bytes, "bytes of positions")
    finally:
        path.unlink(missing_ok=True)
    if not clips:
        raise _first(failed, name, folder)
    return clips, [_error_json(error, folder) for error in failed]


def _no_room(name: str, room: int, quantity: str) -> LimitExceeded:
    """The error for a file that does not fit into what is left of a session."""
    expected = f"at most {room:,} more {quantity} in this session" if room else "a session with room for it"
    return LimitExceeded(
        where=name,
        expected=expected,
        found="more" if room else "a full one",
        advice="remove other recordings first",
    )


def _first(failed: list[BadFile], name: str, folder: Path) -> BadFile:
    """The error of a file of which nothing can be read: the first one."""
    if not failed:
        return BadFile(name, expected="a recording", found="none")
    error = failed[0]
    if isinstance(error, Undecided):
        return error.at(_without(folder, error.file))
    if isinstance(error, NotARecording):
        return NotARecording(_without(folder, error.file), _without(folder, error.found), error.formats)
    parts = {part: _without(folder, getattr(error, part)) for part in ("expected", "found", "where")}
    return BadFile(_without(folder, error.file), **parts)


def safe_name(name: str) -> str:
    """A file name that is no path: its last part, letters, digits, `.`, `-` and `_` only, never hidden."""
    last = name.replace("\\", "/").rpartition("/")[2][-100:]
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in last)
    return safe.lstrip(".") or "recording"


def _read_each(path: Path, limits: UploadLimits, stated: Stated) -> Iterator[Clip | BadFile]:
    for ref in (ref.with_stated(stated) for ref in _recordings(path, limits)):
        try:
            with memory_cap(ref, ref.size(), format_of(ref).memory):
                results: Sequence[Clip | BadFile] = (
                    _clips(ref) if ref.member is None else _clips_of_member(ref)
                )
        except BadFile as error:
            results = [error]
        yield from results


def _clips(ref: FileRef) -> list[Clip | BadFile]:
    return clips_of(with_settings(recording_of(ref), beside=False))


def _clips_of_member(ref: FileRef) -> list[Clip | BadFile]:
    """The clips of one of several recordings in a zip: what it leaves open, the others may establish."""
    from pgfa.pack.importing.peers import read_with_peers  # takes as long to import as all else

    return read_with_peers(ref, _clips)


def _recordings(path: Path, limits: UploadLimits) -> Iterator[FileRef]:
    """The file itself, or the recordings in a zip that is not a recording itself."""
    if not is_collection(path):
        yield FileRef(path)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if not m.is_dir() and not is_hidden(m.filename)]
    except READ_ERRORS as error:
        raise BadFile(str(path), expected="a zip of recordings", found=str(error)[:200]) from None
    if len(members) > 4 * limits.clips:
        raise LimitExceeded(
            where=str(path),
            expected=f"at most {4 * limits.clips:,} files in one zip",
            found=f"{len(members):,}",
        )
    size = sum(member.file_size for member in members)
    if size > 4 * limits.file_bytes:
        raise LimitExceeded(
            where=str(path),
            expected=f"at most {4 * limits.file_bytes:,} bytes when inflated",
            found=f"{size:,}",
        )
    yield from find_recordings(path)


def _check_clip(clip: Clip, limits: UploadLimits) -> None:
    name = clip.source.id or "clip"
    for quantity, size, limit in (
        ("frames", clip.frames, limits.frames),
        ("bodies", clip.bodies, limits.bodies),
        ("seconds", clip.seconds, limits.seconds),
    ):
        if size > limit:
            raise LimitExceeded(where=name, expected=f"at most {limit:,} {quantity}", found=f"{size:,.6g}")


def _error_json(error: PgfaError, folder: Path) -> Json:
    """An error as JSON, without the path of the private folder."""
    kind = BadFile.__name__ if isinstance(error, NotARecording) else type(error).__name__
    parts = {"message": str(error), "expected": error.expected, "found": error.found, "where": error.where}
    if isinstance(error, BadFile):
        parts["file"] = error.file
    elif not error.expected:
        parts |= _limit_parts(str(error))
    body: Json = {"kind": kind, **{name: _without(folder, text) for name, text in parts.items()}}
    if isinstance(error, Undecided):
        body |= {"asks": error.quantity, "options": list(error.options)}
    return body


def _limit_parts(message: str) -> Json:
    """What a reader found and expected, from "FILE: 9,000 joints, more than the limit of 1,000; advice"."""
    where, _, text = message.partition(": ")
    actual, _, rest = text.partition("more than the limit")
    limit = rest.partition(" of ")[2].partition(";")[0].strip()
    actual = actual.strip(" ,") or "more"
    noun = actual.split(" ", 1)[1].split(" in ")[0] if re.match(r"[\d,]+ [a-z]", actual) else ""
    expected = f"at most {limit}{f' {noun}' if noun and limit.replace(',', '').isdigit() else ''}"
    return {
        "where": where,
        "found": actual,
        "expected": expected if limit else "a file within the limits of its reader",
    }


def _without(folder: Path, text: str) -> str:
    """A text without the path of the private folder."""
    return text.replace(f"{folder}{os.sep}", "")[:500]


def _respond(folder: Path, request: Json, content: bytes) -> tuple[Json, list[bytes]]:
    """The JSON response to a request, and the positions of its clips."""
    name = request["name"]
    try:
        limits, stated = UploadLimits(**request["limits"]), Stated(**request.get("stated", {}))
        clips, failed = read_upload(folder, name, content, limits, stated)
    except PgfaError as error:
        return {"error": _error_json(error, folder)}, []
    except MemoryError:
        expected = f"a file that is read in {MAX_MEMORY:,} bytes of memory"
        large = LimitExceeded(where=name, expected=expected, found="one that takes more")
        return {"error": _error_json(large, folder)}, []
    except Exception as error:  # a defect of the reader, but also of the file: the client must not get a 500
        defect = f"a file that its reader cannot handle ({type(error).__name__})"
        bad = BadFile(name, expected="a recording", found=defect)
        return {"error": _error_json(bad, folder)}, []
    heads = [
        {
            "shape": clip.positions.shape,
            "rate": float(clip.rate),
            "layout": clip.layout.name,
            "source": asdict(clip.source),
            "problems": clip.problems,
            "reading": clip.reading,
        }
        for clip in clips
    ]
    return {"clips": heads, "failed": failed}, [clip.positions.tobytes() for clip in clips]


def main() -> None:
    """Answer requests until standard input ends."""
    limit_process()
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not mix with the responses
    send(out, {"ready": True})
    while (request := receive(sys.stdin.buffer)) is not None:
        content = sys.stdin.buffer.read(request["size"])
        with temporary_folder() as folder:
            response, arrays = _respond(folder, request, content)
        send(out, response, *arrays)


if __name__ == "__main__":
    main()
