"""The clips of some files of an import, kept on disk so that an import that was stopped can go on."""

from __future__ import annotations

import json
import os
import zipfile
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
    """Reading was told to stop before the shard was whole; nothing was written."""


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some consecutive files of an import, and where their clips go."""

    number: int
    files: tuple[FileRef, ...]
    shard: Path

    def __str__(self) -> str:
        return f"chunk {self.number} ({self.files[0].name} to {self.files[-1].name})"


@dataclass(frozen=True)
class Shard:
    """What came of a chunk.

    Attributes:
        clips: number of clips.
        layouts: names of their layouts.
    """

    clips: int
    layouts: frozenset[str]


def split(files: list[FileRef], source: Path, folder: Path, settings: str) -> list[Chunk]:
    """Divide files, in order, into chunks.

    Small enough that a few cores share even a small set evenly and a stopped import loses little, large
    enough that starting one costs nothing beside it.

    A shard's name stands for the settings, and the names, sizes and times of its files; so what an earlier
    import left is taken up where all of these are unchanged, and only there.
    """
    size = min(256, max(32, len(files) // 64))
    groups = [tuple(files[at : at + size]) for at in range(0, len(files), size)]
    return [
        Chunk(number, group, folder / f"{digest(settings, [_state(ref, source) for ref in group])}.npz")
        for number, group in enumerate(groups)
    ]


def below(source: Path, text: object) -> str:
    """The text, file names in it told from the source on: a pack does not depend on where the source lay."""
    root = source if source.is_dir() else source.parent
    return str(text).replace(str(root) + os.sep, "")


def write_shard(chunk: Chunk, format: Format, source: Path, stop: Any = None) -> Shard:
    """Read the files of a chunk and write its shard.

    A file that cannot be used is put down as rejected, with the reason. So is one at which the reader itself
    fails: one file in 100,000 must not cost the other 99,999.

    Args:
        source: where the files are found; their names are told from there on.
        stop: an event; once it is set, Stopped is raised.
    """
    clips: list[tuple[str, Clip]] = []
    rejected: list[Rejected] = []
    for ref in chunk.files:
        if stop is not None and stop.is_set():
            raise Stopped
        name = below(source, ref)
        try:
            read = format.clips(ref)
        except PgfaError as error:
            rejected.append(Rejected(name, below(source, error)))
        except MemoryError:
            raise PgfaError(f"{ref}: memory ran out while reading it; run fewer jobs at once") from None
        except Exception as error:
            failed = f"the reader {format.name} failed, a fault of pgfa: {type(error).__name__}: {error}"
            rejected.append(Rejected(name, below(source, failed)))
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
    return _sum_up([clip.layout.name for _, clip in clips])


def check_shard(path: Path) -> Shard | None:
    """What a shard holds; None where there is none, or it cannot be used."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            about = json.loads(stored["about"].tobytes())
        return _sum_up([line["layout"] for line in about["clips"]])
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None


def read_shard(path: Path) -> tuple[Iterator[tuple[str, Clip]], list[Rejected]]:
    """The clips of a shard, each with the name of its file, and the rejected files."""
    with np.load(path, allow_pickle=False) as stored:
        about, positions = json.loads(stored["about"].tobytes()), stored["positions"]
    return _clips(about["clips"], positions), [Rejected(**entry) for entry in about["rejected"]]


def _clips(
    lines: list[dict[str, Any]], positions: np.ndarray[Any, np.dtype[np.float32]]
) -> Iterator[tuple[str, Clip]]:
    at = 0
    for line in lines:
        layout = get_layout(line["layout"])
        shape = (line["frames"], line["bodies"], len(layout.joints), 3)
        size = int(np.prod(shape))
        yield (
            line["file"],
            Clip(
                positions=positions[at : at + size].reshape(shape),
                rate=line["rate"],
                layout=layout,
                source=Source(**line["source"]),
                problems=tuple(line["problems"]),
            ),
        )
        at += size


def _save(path: Path, clips: list[tuple[str, Clip]], rejected: list[Rejected]) -> None:
    lines = [
        {
            "file": name,
            "layout": clip.layout.name,
            "frames": clip.frames,
            "bodies": clip.bodies,
            "rate": float(clip.rate),
            "source": vars(clip.source),
            "problems": list(clip.problems),
        }
        for name, clip in clips
    ]
    about = json.dumps({"clips": lines, "rejected": [asdict(file) for file in rejected]}).encode()
    # Flat, since clips of a chunk may be of several layouts.
    flat = [clip.positions.reshape(-1) for _, clip in clips] or [np.empty(0, np.float32)]
    positions = np.concatenate(flat)
    write_atomic(path, lambda file: np.savez(file, positions=positions, about=np.frombuffer(about, np.uint8)))


def _sum_up(layouts: list[str]) -> Shard:
    return Shard(len(layouts), frozenset(layouts))


def _state(ref: FileRef, source: Path) -> tuple[str, int, int]:
    found = ref.path.stat()
    return below(source, ref), found.st_size, found.st_mtime_ns
