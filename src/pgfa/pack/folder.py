"""One's own recordings as a data set: any format the package reads, classes from folders or a list."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

from pgfa.errors import BadFile
from pgfa.read.base import FileRef, Format
from pgfa.skeleton import Clip

NAME = "files"
TITLE = "one's own folder or zip of files in any format known; class = the folder a file lies in, or --labels"
_LABELS_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class Label:
    """What a line of labels.csv says of a file."""

    action: str
    subject: str = ""


def own_files(source: Path, labels: Path | None = None) -> Format:
    """The format ``files`` for one source.

    A clip's id is its file's path below the source, its data set the source's name. Its class is the name of
    the folder the file lies in; a file directly in the source keeps the class its reader knows, if any. With
    `labels`, class and subject come from there, and a file that is not listed is rejected.

    Raises:
        BadFile: `labels` is wrong (see `read_labels`), or names a file that is not there.
    """
    listed = None
    if labels is not None:
        listed = read_labels(labels)
        there = {_place(ref, source) for ref in _find(labels, source)}
        for name, (line, _) in listed.items():
            if name not in there:
                raise BadFile(
                    labels,
                    expected=f"a file below {source}",
                    found=f"{name!r}, not there",
                    where=f"line {line}",
                )
    read = partial(
        _read, source, None if listed is None else {name: label for name, (_, label) in listed.items()}
    )
    return Format(name=NAME, title=TITLE, sniff=_no_sign, find=partial(_find, labels), read=read)


def read_labels(file: Path) -> dict[str, tuple[int, Label]]:
    """Read a CSV file with the columns ``file``, ``action`` and, if wanted, ``subject``.

    Returns:
        path below the source -> (line in the file, label).

    Raises:
        BadFile: not UTF-8, a column missing, a value missing, a file listed twice; with the line.
    """
    try:
        text = FileRef(file).read(_LABELS_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(file, expected="a CSV file in UTF-8", found=str(error)) from None
    table = csv.reader(io.StringIO(text, newline=""), strict=True)
    labels: dict[str, tuple[int, Label]] = {}
    try:
        head = [name.strip() for name in next(table, [])]
        if missing := {"file", "action"} - set(head):
            expected = "the columns file, action and perhaps subject"
            raise BadFile(
                file, expected=expected, found=f"no {' and no '.join(sorted(missing))}", where="line 1"
            )
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


def _no_sign(name: str, head: bytes) -> bool:
    """No content tells that a file is one's own."""
    return False


def _find(labels: Path | None, source: Path) -> list[FileRef]:
    """Every file below a folder or in a zip but hidden ones and the list itself, sorted."""
    if source.is_dir():
        paths = (Path(folder) / name for folder, _, names in os.walk(source) for name in names)
        refs = [FileRef(path) for path in paths if labels is None or path.resolve() != labels.resolve()]
    else:
        try:
            with zipfile.ZipFile(source) as archive:
                refs = [FileRef(source, info.filename) for info in archive.infolist() if not info.is_dir()]
        except (OSError, zipfile.BadZipFile) as error:
            found = "nothing there" if not source.exists() else str(error)
            raise BadFile(source, expected="a folder or a zip of recordings", found=found) from None
    shown = {_place(ref, source): ref for ref in refs}
    hidden = (".", "__MACOSX")
    kept = [
        shown[name] for name in sorted(shown) if not any(part.startswith(hidden) for part in name.split("/"))
    ]
    if not kept:
        raise BadFile(source, expected="recordings", found="no file")
    return kept


def _read(source: Path, labels: Mapping[str, Label] | None, ref: FileRef) -> Clip:
    from pgfa.read import read

    place = PurePosixPath(_place(ref, source))
    if labels is not None and str(place) not in labels:
        raise BadFile(str(ref), expected="a line for it in the labels", found="none")
    clip = read(ref)
    label = labels[str(place)] if labels is not None else Label(place.parent.name)
    return replace(
        clip,
        source=replace(
            clip.source,
            id=str(place),
            dataset=source.resolve().stem if source.is_file() else source.resolve().name,
            action=label.action or clip.source.action,
            subject=label.subject or clip.source.subject,
        ),
    )


def _place(ref: FileRef, source: Path) -> str:
    """The path of a file below the source, with forward slashes."""
    return str(PurePosixPath(ref.member)) if ref.member else ref.path.relative_to(source).as_posix()
