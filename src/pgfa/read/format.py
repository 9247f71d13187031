"""What every reader declares: one `Format` per file format or data set.

A new format is one file in `formats/` or `datasets/` that ends in a `Format`, and one line in the table of
`pgfa.read`. Commands, the import, protocols, the page, docs and the generated tests follow from that object.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from pgfa.errors import BadFile, Undecided
from pgfa.read.limits import MEMORY, memory_cap
from pgfa.read.source import FileRef
from pgfa.skeleton import Clip

A_PERSON = "a person in at least one frame"
"""`BadFile.expected` for a recording without a person."""
CLASS_UNKNOWN = "class missing from the file name"
"""Problem of a clip whose class only its folder or a list of labels can give."""
CLASS_UNKNOWN_TEXTS = frozenset({CLASS_UNKNOWN, "class not told by the file's name"})
"""`CLASS_UNKNOWN` as this and version 1 write it: .npz files keep the text of the version that saved them."""

Column = Literal["subject", "camera", "setup"]


@dataclass(frozen=True)
class Rule:
    """An official protocol as a rule: a clip trains if its number in `column` is in `train`, else it tests."""

    column: Column
    train: frozenset[int]


@dataclass(frozen=True)
class Account:
    """A data set on disk compared with its official list: names of recordings, each tuple sorted.

    Attributes:
        included: present and to be imported.
        dropped: present, but excluded by the data set's authors or by custom.
        missing: on the official list, not excluded, and not present.
        foreign: present, but not part of this data set.
    """

    included: tuple[str, ...]
    dropped: tuple[str, ...]
    missing: tuple[str, ...]
    foreign: tuple[str, ...]

    def __str__(self) -> str:
        parts = [f"{len(self.included):,} to import"]
        for names, status in (
            (self.dropped, "excluded"),
            (self.missing, "missing"),
            (self.foreign, "not of this data set"),
        ):
            if names:
                examples = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
                parts.append(f"{len(names):,} {status} ({examples})")
        return "; ".join(parts)


@dataclass(frozen=True)
class Format:
    """One format of skeleton recordings, or one published data set.

    Attributes:
        name: as typed on the command line (``"utd-mhad"``).
        title: one line for help texts and docs/formats.md.
        sniff: (file name, first 32,768 bytes) -> whether the content looks like this format.
        find: folder or zip -> its recordings in this format, sorted; BadFile where there are none.
        read: file -> clip. BadFile for a damaged file; defects that leave a usable clip go to Clip.problems.
        kind: a published data set (has official classes, can be imported by name) or a file format.
        read_all: for files with several clips, file -> all clips, or the error in place of a clip; `read` then returns
        the first clip.
        container: for recordings that are a folder or a zip of several files: reference to a folder, a zip or a
            folder of a zip -> whether it is one recording of this format. Such a zip may hold several clips
            (`read_all`); a folder of parts is one clip.
        part: goes with `container`: file name -> whether such a file is only a part of a recording (a frame), so
            that its folder is the recording.
        companions: endings of files that accompany a recording and are not recordings themselves (``".asf"``).
        account: for data sets with an official list, folder or zip -> what is present and what is missing.
        divisions: for official divisions in files that come with the data, folder or zip -> protocol -> (training
            recordings, test recordings), by the names in `Source.setup`.
        rules: for official protocols that are rules, protocol -> rule.
        exemplars: for data sets with an official one-shot protocol, novel class -> id of its exemplar clip.
        extra: the optional dependency group (``pip install 'pgfa[extra]'``) that reading needs; "" for none.
        sample: a tiny valid example, path below a folder -> bytes, so that `find` on that folder gives one recording.
            The generated tests of every format run on it. None only if no example can be synthesised.
        memory: bytes that reading a small file may take (`pgfa.read.limits`).
    """

    name: str
    title: str
    sniff: Callable[[str, bytes], bool]
    find: Callable[[Path], list[FileRef]]
    read: Callable[[FileRef], Clip]
    kind: Literal["dataset", "file"] = "file"
    read_all: Callable[[FileRef], list[Clip | BadFile]] | None = None
    container: Callable[[FileRef], bool] | None = None
    part: Callable[[str], bool] | None = None
    companions: tuple[str, ...] = ()
    account: Callable[[Path], Account] | None = None
    divisions: Callable[[Path], dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] | None = None
    rules: Mapping[str, Rule] = field(default_factory=dict)
    exemplars: Callable[[], dict[str, str]] | None = None
    extra: str = ""
    sample: Callable[[], dict[str, bytes]] | None = None
    memory: int = MEMORY

    def clips(self, ref: FileRef) -> list[Clip | BadFile]:
        """All clips of a file, or the error in place of a clip. Raises as `read`."""
        try:
            return self.read_all(ref) if self.read_all else [self.read(ref)]
        except Undecided as error:
            # The body leaves it open: what looks at a body does not know the file.
            raise error if error.file else error.at(str(ref)) from None

    def capped_clips(self, ref: FileRef) -> list[Clip | BadFile]:
        """As `clips`, within `memory_cap`. For processes that only read files at that time."""
        with memory_cap(ref, ref.size(), self.memory):
            return self.clips(ref)


def first_of(clip: Clip, clips: int) -> Clip:
    """The first clip of a file, with a problem that counts the clips if the file holds several."""
    if clips == 1:
        return clip
    return replace(clip, problems=(*clip.problems, f"first of {clips:,} recordings in the file"))


def first_clip(clips: Sequence[Clip | BadFile]) -> Clip:
    """The first of all clips of a file, as `first_of`. Raises the error that stands in its place."""
    if isinstance(first := clips[0], BadFile):
        raise first
    return first_of(first, len(clips))
