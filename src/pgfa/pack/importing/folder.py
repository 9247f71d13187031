"""One's own recordings as a data set: any format the package reads, classes from folders or a list."""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

from pgfa.errors import BadFile
from pgfa.read import find_recordings
from pgfa.read.format import CLASS_UNKNOWN_TEXTS, Format
from pgfa.read.source import FileRef
from pgfa.skeleton import Clip

NAME = "files"
TITLE = "one's own folder or zip of files in any format known; class = the folder a file lies in, or --labels"
NOT_LISTED = "a line for it in the labels"
"""What was expected of a file that a list of labels leaves out."""
_LABELS_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class Label:
    """What a line of labels.csv says of a file."""

    action: str
    subject: str = ""


def own_files(source: Path, labels: Path | None = None, *, complete: bool = True) -> Format:
    """The format ``files`` for one source.

    A clip's id is its file's path below the source, its data set the source's name. Its class is the name of
    the folder the file lies in; a file directly in the source keeps the class its reader knows, if any. With
    `labels`, class and subject come from there, and a file that is not listed is rejected. A folder of OpenPose
    frames counts as one file. Where a file holds several clips (PYSKL, MSRC-12), each is one, its id and class as the
    file has them if it does.

    Args:
        source: folder or zip.
        labels: see `read_labels`.
        complete: every file that `labels` names must be there.

    Raises:
        BadFile: `labels` is wrong (see `read_labels`), or names a file that is not there.
    """
    known = None
    if labels is not None:
        known = {name: label for name, (_, label) in read_labels(labels).items()}
        if complete and (absent := absent_files(source, labels)):
            first, others = absent[0][1], len(absent) - 1
            if not others:
                raise first
            found = f"{first.found} (and {others} more of the list; pgfa check names them all)"
            raise BadFile(labels, expected=first.expected, found=found, where=first.where)
    return Format(
        name=NAME,
        title=TITLE,
        sniff=_no_sign,
        find=partial(_find, labels),
        read=partial(_read, source, known),
        read_all=partial(_read_all, source, known),
    )


def read_labels(file: Path) -> dict[str, tuple[int, Label]]:
    """Read a CSV file with the columns ``file``, ``action`` and, if wanted, ``subject``; commas, semicolons or tabs.

    Returns:
        path below the source -> (line in the file, label).

    Raises:
        BadFile: not UTF-8, a column missing, a value missing, a file listed twice; with the line.
    """
    try:
        text = FileRef(file).read(_LABELS_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(file, expected="a CSV file in UTF-8", found=str(error)) from None
    first = text.partition("\n")[0]
    # Spreadsheets of many countries write semicolons, some tabs.
    between = next((sign for sign in ",;\t" if sign in first), ",")
    table = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=between)
    labels: dict[str, tuple[int, Label]] = {}
    try:
        head = [name.strip() for name in next(table, [])]
        if missing := {"file", "action"} - set(head):
            expected = "the columns file, action and perhaps subject"
            found = f"no {' and no '.join(sorted(missing))} in {first.strip()[:100]!r}"
            raise BadFile(file, expected=expected, found=found, where="line 1")
        for values in table:
            where = f"line {table.line_num}"
            if not values:
                continue
            if len(values) != len(head):
                raise BadFile(file, expected=f"{len(head)} values", found=f"{len(values)}", where=where)
            line = dict(zip(head, (value.strip() for value in values), strict=True))
            if not line["file"] or not line["action"]:
                empty = "action" if line["file"] else "file"
                raise BadFile(file, expected="a file and an action", found=f"no {empty}", where=where)
            name = str(PurePosixPath(line["file"].replace("\\", "/")))
            if name in labels:
                found = f"{name!r} again, after line {labels[name][0]}"
                raise BadFile(file, expected="every file once", found=found, where=where)
            labels[name] = table.line_num, Label(line["action"], line.get("subject", ""))
    except csv.Error as error:
        raise BadFile(file, expected="CSV", found=str(error), where=f"line {table.line_num}") from None
    return labels


def absent_files(source: Path, labels: Path) -> list[tuple[str, BadFile]]:
    """The files that a list names and that are not there, each with what is wrong and the nearest name there is.

    Raises:
        BadFile: as `read_labels`.
    """
    there = [_place(ref, source) for ref in _find(labels, source)]
    known = set(there)
    absent = []
    for name, (line, _) in read_labels(labels).items():
        if name not in known:
            near = difflib.get_close_matches(name, there, 1, cutoff=0.8)
            found = f"{name!r}, not there" + (f"; the nearest name is {near[0]!r}" if near else "")
            error = BadFile(labels, expected=f"a file below {source}", found=found, where=f"line {line}")
            absent.append((name, error))
    return absent


def common_layout(layouts: Iterable[str]) -> str:
    """The layout to carry clips of several layouts to: every layout maps to it (docs/formats.md)."""
    return "kinect20" if "kinect20" in layouts else "ntu25"


def _no_sign(name: str, head: bytes) -> bool:
    """No content tells that a file is one's own."""
    return False


def _find(labels: Path | None, source: Path) -> list[FileRef]:
    """Every recording below a folder or in a zip, sorted, without the list of labels itself."""
    listed = labels.resolve() if labels is not None else None
    refs = [ref for ref in find_recordings(source) if ref.member is not None or ref.path.resolve() != listed]
    if not refs:
        raise BadFile(source, expected="recordings", found="no file")
    return refs


def _read(source: Path, labels: Mapping[str, Label] | None, ref: FileRef) -> Clip:
    for clip in _read_all(source, labels, ref):
        if isinstance(clip, Clip):
            return clip
    raise BadFile(str(ref), expected="a clip", found="none that can be used")


def _read_all(source: Path, labels: Mapping[str, Label] | None, ref: FileRef) -> list[Clip | BadFile]:
    from pgfa.read import read_all

    place = PurePosixPath(_place(ref, source))
    if labels is not None and str(place) not in labels:
        raise BadFile(str(ref), expected=NOT_LISTED, found="none")
    clips = read_all(ref)
    several = len(clips) > 1
    dataset = source.resolve().stem if source.is_file() else source.resolve().name

    def labelled(clip: Clip) -> Clip:
        own = clip.source
        if labels is not None:
            label = labels[str(place)]
        else:
            label = Label(own.action if several and own.action else place.parent.name)
        named = replace(
            own,
            id=f"{place}#{own.id}" if several else str(place),
            dataset=dataset,
            action=label.action or own.action,
            subject=label.subject or own.subject,
        )
        # The folder or the list has told it: no longer a defect.
        problems = tuple(p for p in clip.problems if p not in CLASS_UNKNOWN_TEXTS or not named.action)
        return replace(clip, source=named, problems=problems)

    return [labelled(clip) if isinstance(clip, Clip) else clip for clip in clips]


def _place(ref: FileRef, source: Path) -> str:
    """The path of a file below the source, with forward slashes; of the source itself, its name."""
    if ref.member:
        return str(PurePosixPath(ref.member))
    return ref.path.relative_to(source).as_posix() if ref.path != source else source.resolve().name
