"""Shards: the clips of some files of an import, on disk, so that an interrupted import can be resumed.

The version of the package is part of a shard's name (`import_dataset`): shards of another version are not used.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pgfa.errors import BadFile, PgfaError
from pgfa.files import digest, write_atomic
from pgfa.pack.pack import Rejected
from pgfa.read.format import Format
from pgfa.read.source import FileRef
from pgfa.skeleton import Clip, Source, get_layout


class Stopped(Exception):
    """Reading was stopped before the shard was complete; nothing was written."""


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some consecutive files of an import, and the file of their clips (a shard)."""

    number: int
    files: tuple[FileRef, ...]
    shard: Path

    def __str__(self) -> str:
        return f"chunk {self.number} ({self.files[0].name} to {self.files[-1].name})"


@dataclass(frozen=True)
class Shard:
    """The content of a shard.

    Attributes:
        clips: number of clips.
        layouts: names of their layouts.
    """

    clips: int
    layouts: frozenset[str]


def split(files: list[FileRef], source: Path, folder: Path, settings: str) -> list[Chunk]:
    """Divide files, in order, into chunks.

    They are small enough to be spread evenly over a few cores, even for a small data set, and to lose little by an
    interruption; they are large enough that their overhead does not matter.

    The name of a shard is a digest of the settings and of the names, sizes and times of its files. So a shard of an
    earlier import is reused if and only if all of these are unchanged.
    """
    size = min(256, max(32, len(files) // 64))
    groups = [tuple(files[at : at + size]) for at in range(0, len(files), size)]
    return [
        Chunk(number, group, folder / f"{digest(settings, [_state(ref, source) for ref in group])}.npz")
        for number, group in enumerate(groups)
    ]


def below(source: Path, text: object) -> str:
    """The text with file names relative to the source, so that a pack does not depend on where its source was."""
    root = source if source.is_dir() else source.parent
    return str(text).replace(str(root) + os.sep, "")


def write_shard(chunk: Chunk, format: Format, source: Path, stop: Any = None) -> Shard:
    """Read the files of a chunk and write its shard.

    A file that cannot be used is recorded as rejected, with the reason. So is one that makes the reader itself fail:
    one file in 100,000 must not stop the import of the other 99,999.

    Args:
        source: folder of the files; names are relative to it.
        stop: an event; once it is set, Stopped is raised.
    """
    clips: list[tuple[str, Clip]] = []
    rejected: list[Rejected] = []
    for ref in chunk.files:
        if stop is not None and stop.is_set():
            raise Stopped
        name = below(source, ref)
        try:
            read = format.capped_clips(ref)
        except PgfaError as error:
            rejected.append(Rejected(name, below(source, error)))
        except MemoryError:
            raise PgfaError(f"{ref}: out of memory; run fewer jobs (--jobs 1)") from None
        except Exception as error:
            message = (
                f"internal error in the {format.name} reader, please report: {type(error).__name__}: {error}"
            )
            rejected.append(Rejected(name, below(source, message)))
        else:
            for clip in read:
                if isinstance(clip, BadFile):
                    rejected.append(Rejected(name, below(source, clip)))
                elif not clip.frames or not clip.bodies:
                    empty = BadFile(str(ref), expected="frames with a body", found="none")
                    rejected.append(Rejected(name, below(source, empty)))
                else:
                    clips.append((name, clip))
    _save(chunk.shard, clips, rejected)
    return _shard_of([clip.layout.name for _, clip in clips])


def check_shard(path: Path) -> Shard | None:
    """The content of a shard; None if there is none, or it is damaged: its files are then read again."""
    if not path.is_file():
        return None
    try:
        clips, _ = read_shard(path)  # zip compares the CRC-32 of what is read
        return _shard_of([clip.layout.name for _, clip in clips])
    except Exception:  # numpy, zipfile and zlib raise many kinds for a damaged file
        return None


def read_shard(path: Path) -> tuple[Iterator[tuple[str, Clip]], list[Rejected]]:
    """The clips of a shard, each with the name of its file, and the rejected files."""
    with np.load(path, allow_pickle=False) as stored:
        index, positions = json.loads(stored["about"].tobytes()), stored["positions"]
    return _clips(index["clips"], positions), [Rejected(**entry) for entry in index["rejected"]]


def _clips(
    lines: list[dict[str, Any]], positions: np.ndarray[Any, np.dtype[np.float32]]
) -> Iterator[tuple[str, Clip]]:
    start = 0
    for line in lines:
        layout = get_layout(line["layout"])
        shape = (line["frames"], line["bodies"], len(layout.joints), 3)
        size = int(np.prod(shape))
        listed_shape = (line["frames"], line["listed"], *shape[2:])
        end = start + size + int(np.prod(listed_shape))
        yield (
            line["file"],
            Clip(
                positions=positions[start : start + size].reshape(shape),
                rate=line["rate"],
                layout=layout,
                source=Source(**line["source"]),
                problems=tuple(line["problems"]),
                reading=line.get("reading", ""),
                listed=positions[start + size : end].reshape(listed_shape) if line["listed"] else None,
            ),
        )
        start = end


def _save(path: Path, clips: list[tuple[str, Clip]], rejected: list[Rejected]) -> None:
    lines = [
        {
            "file": name,
            "layout": clip.layout.name,
            "frames": clip.frames,
            "bodies": clip.bodies,
            "listed": 0 if clip.listed is None else clip.listed.shape[1],
            "rate": float(clip.rate),
            "source": vars(clip.source),
            "problems": list(clip.problems),
            "reading": clip.reading,
        }
        for name, clip in clips
    ]
    index = json.dumps({"clips": lines, "rejected": [asdict(file) for file in rejected]}).encode()
    # Flat, for the clips of a chunk may have several layouts.
    arrays = [array for _, clip in clips for array in (clip.positions, clip.listed) if array is not None]
    positions = np.concatenate([array.reshape(-1) for array in arrays] or [np.empty(0, np.float32)])
    write_atomic(path, lambda file: np.savez(file, positions=positions, about=np.frombuffer(index, np.uint8)))


def _shard_of(layouts: list[str]) -> Shard:
    return Shard(len(layouts), frozenset(layouts))


def _state(ref: FileRef, source: Path) -> tuple[str, int, int]:
    # Of the link itself: where it leads to may not exist.
    status = ref.path.stat() if ref.path.exists() else ref.path.lstat()
    return below(source, ref), status.st_size, status.st_mtime_ns
