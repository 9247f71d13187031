"""Your own recordings as a data set: files of any known format, classes from folders or from a list."""

from __future__ import annotations

import csv
import difflib
import io
import os
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

from pgfa.errors import BadFile
from pgfa.files.destination import real_path
from pgfa.pack.importing.peers import read_with_peers
from pgfa.read import find_recordings, format_of, recording_of
from pgfa.read.encoding import has_control, printable
from pgfa.read.format import CLASS_UNKNOWN_TEXTS, Format
from pgfa.read.limits import MAX_MEMORY, memory_cap
from pgfa.read.source import FileRef
from pgfa.skeleton import Clip

NAME = "files"
TITLE = (
    "your own folder or zip with files of any known format; class = name of a file's folder, or from --labels"
)
NOT_LISTED = "a line for this file in the list of labels"
"""`BadFile.expected` for a file that is not in the list of labels."""
_LABELS_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class FileLabel:
    """Class and subject of a file in labels.csv."""

    action: str
    subject: str = ""


def files_format(source: Path, labels: Path | None = None, *, complete: bool = True) -> Format:
    """The format ``files`` for one source.

    The id of a clip is its file's path below the source, its data set is the source's name. Its class is the name of
    the file's folder; a file directly in the source keeps the class given by its reader, if any. With `labels`, class
    and subject come from there, and a file that is not listed is rejected. A folder of OpenPose frames counts as one
    file. A file with several clips (PYSKL, MSRC-12) gives all of them, with the ids and classes in the file, if any.

    Args:
        source: folder or zip.
        labels: see `read_labels`.
        complete: every file listed in `labels` must exist.

    Raises:
        BadFile: `labels` is wrong (see `read_labels`), or lists a file that does not exist.
    """
    by_file = None
    if labels is not None:
        by_file = {name: label for name, (_, label) in read_labels(labels).items()}
        if complete and (missing := missing_files(source, labels)):
            first, others = missing[0][1], len(missing) - 1
            if not others:
                raise first
            actual = f"{first.found} (and {others} more of the list; pgfa check names them all)"
            raise BadFile(labels, expected=first.expected, found=actual, where=first.where)
    return Format(
        name=NAME,
        title=TITLE,
        sniff=_never,
        find=partial(_find, labels),
        read=partial(_read, source, by_file),
        read_all=partial(_read_all, source, by_file),
        memory=MAX_MEMORY,  # each file is read within the cap of its own format
    )


def read_labels(file: Path) -> dict[str, tuple[int, FileLabel]]:
    """Read a CSV file with the columns ``file``, ``action`` and, optionally, ``subject``.

    Values are separated by commas, semicolons or tabs.

    Returns:
        Path below the source, in the normal form of names -> (line in the file, label).

    Raises:
        BadFile: not UTF-8, a missing column or value, or a file listed twice; with the line.
    """
    try:
        text = FileRef(file).read(_LABELS_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        actual = f"a byte that is none at position {error.start:,}"
        raise BadFile(
            file, expected="a CSV file in UTF-8 (of a spreadsheet: save it as CSV UTF-8)", found=actual
        ) from None
    first = text.partition("\n")[0]
    # Spreadsheets write semicolons in many countries, some write tabs.
    separator = next((sign for sign in ",;\t" if sign in first), ",")
    table = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator)
    labels: dict[str, tuple[int, FileLabel]] = {}
    try:
        head = [name.strip() for name in next(table, [])]
        if missing := {"file", "action"} - set(head):
            expected = "the columns file, action and, optionally, subject"
            actual = f"no {' and no '.join(sorted(missing))} in {first.strip()[:100]!r}"
            raise BadFile(file, expected=expected, found=actual, where="line 1")
        for values in table:
            where = f"line {table.line_num}"
            if not values:
                continue
            if len(values) != len(head):
                raise BadFile(file, expected=f"{len(head)} values", found=f"{len(values)}", where=where)
            line = dict(zip(head, (value.strip() for value in values), strict=True))
            if not line["file"] or not line["action"]:
                missing_value = "action" if line["file"] else "file"
                raise BadFile(file, expected="a file and an action", found=f"no {missing_value}", where=where)
            if "/" in line["action"] or has_control(line["action"]):
                expected = 'an action without "/" and without control characters'
                raise BadFile(file, expected=expected, found=repr(line["action"])[:80], where=where)
            name = normal(str(PurePosixPath(line["file"].replace("\\", "/"))))
            if name in labels:
                actual = f"{name!r} again, after line {labels[name][0]}"
                raise BadFile(file, expected="every file once", found=actual, where=where)
            labels[name] = table.line_num, FileLabel(line["action"], line.get("subject", ""))
    except csv.Error as error:
        raise BadFile(file, expected="CSV", found=str(error), where=f"line {table.line_num}") from None
    return labels


def missing_files(source: Path, labels: Path) -> list[tuple[str, BadFile]]:
    """Listed files that do not exist, each with an error that gives its line and the most similar existing name.

    Raises:
        BadFile: as `read_labels`.
    """
    names = [_name_below(ref, source) for ref in _find(labels, source)]
    existing = set(map(normal, names))
    missing = []
    for name, (line, _) in read_labels(labels).items():
        if name not in existing:
            similar = difflib.get_close_matches(name, names, 1, cutoff=0.8)
            actual = f"{name!r}, which does not exist" + (
                f"; did you mean {similar[0]!r}?" if similar else ""
            )
            error = BadFile(labels, expected=f"a file below {source}", found=actual, where=f"line {line}")
            missing.append((name, error))
    return missing


def normal(name: str) -> str:
    """A name in composed letters (NFC), in which names are compared: macOS writes an umlaut as two characters."""
    return unicodedata.normalize("NFC", name)


def common_layout(layouts: Iterable[str]) -> str:
    """A layout to which all layouts can be converted (docs/formats.md)."""
    return "kinect20" if "kinect20" in layouts else "ntu25"


def _never(name: str, head: bytes) -> bool:
    """This format is chosen by name, never by content."""
    return False


def _find(labels: Path | None, source: Path) -> list[FileRef]:
    """Every recording below a folder or in a zip, sorted, without the list of labels itself."""
    # Not Path.resolve, which raises for links that lead back to themselves.
    list_file = os.path.realpath(labels) if labels is not None else None
    refs = [
        ref
        for ref in find_recordings(source)
        if ref.member is not None or os.path.realpath(ref.path) != list_file
    ]
    if not refs:
        raise BadFile(source, expected="recordings", found="no file")
    return refs


def _read(source: Path, labels: Mapping[str, FileLabel] | None, ref: FileRef) -> Clip:
    for clip in _read_all(source, labels, ref):
        if isinstance(clip, Clip):
            return clip
    raise BadFile(str(ref), expected="a clip", found="none that can be used")


def _read_all(source: Path, labels: Mapping[str, FileLabel] | None, ref: FileRef) -> list[Clip | BadFile]:
    path = PurePosixPath(_name_below(ref, source))
    listed = normal(str(path))
    if labels is not None and listed not in labels:
        raise BadFile(str(ref), expected=NOT_LISTED, found="none")
    with memory_cap(ref, ref.size(), format_of(recording_of(ref)).memory):
        clips = read_with_peers(ref)
    several = len(clips) > 1
    dataset = real_path(source).stem if source.is_file() else real_path(source).name

    def labelled(clip: Clip) -> Clip:
        original = clip.source
        if labels is not None:
            label = labels[listed]
        else:
            folder = normal(path.parent.name)
            label = FileLabel(original.action if several and original.action else folder)
        named = replace(
            original,
            id=f"{path}#{original.id}" if several else str(path),
            dataset=dataset,
            action=label.action or original.action,
            subject=label.subject or original.subject,
        )
        # With a class from the folder or the list, its absence from the file is not a problem.
        problems = tuple(p for p in clip.problems if p not in CLASS_UNKNOWN_TEXTS or not named.action)
        return replace(clip, source=named, problems=problems)

    return [labelled(clip) if isinstance(clip, Clip) else clip for clip in clips]


def _name_below(ref: FileRef, source: Path) -> str:
    """The path of a file below the source, with forward slashes; of the source itself, its name."""
    if ref.member:
        return printable(str(PurePosixPath(ref.member)))
    return printable(
        ref.path.relative_to(source).as_posix() if ref.path != source else real_path(source).name
    )
