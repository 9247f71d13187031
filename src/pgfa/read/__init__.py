"""Raw files -> clips. `FORMATS` is the one list of file formats and data sets."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection
from dataclasses import replace
from importlib import import_module
from pathlib import Path, PurePath, PurePosixPath
from types import ModuleType
from typing import Any, TypeVar

from pgfa.errors import BadFile, LimitExceeded, PgfaError, Undecided
from pgfa.read.assemble import counted
from pgfa.read.contents import NotARecording, archive_kind, describe
from pgfa.read.encoding import printable
from pgfa.read.format import Format
from pgfa.read.own_folders import own_folder, own_folders, path_of
from pgfa.read.settings_file import SETTINGS_FILE, with_settings
from pgfa.read.source import ZIP_START, FileRef, as_ref, is_hidden, is_zip, list_files, member_names
from pgfa.read.stated import Stated
from pgfa.skeleton import Clip

MODULES = (
    "datasets.utd_mhad",
    "datasets.kinder_gator",
    "datasets.msr_action3d",
    "datasets.nw_ucla",
    "datasets.hdm05",
    "datasets.ntu.reader",
    "formats.smpl",
    "formats.npz",
    "datasets.ntu.ntu60",
    "datasets.ntu.ntu120",
    "datasets.pku",
    "datasets.msrc12",
    "formats.openpose",
    "formats.frame_files",
    "formats.bvh",
    "formats.gltf",
    "formats.c3d",
    "formats.trc",
    "formats.opensim",
    "formats.mvnx",
    "formats.vicon",
    "formats.qtm",
    "formats.qtm_json",
    "formats.motive",
    "formats.deeplabcut",
    "formats.sleap",
    "formats.freemocap",
    "formats.pyskl",
    "formats.keypoints.npy",
    "formats.keypoints.csv",
    "formats.keypoints.plain_table",
    "formats.keypoints.joint_lines",
    "formats.keypoints.json",
    "formats.video",
)
"""The modules of this package with a `FORMAT`, one line per format. The first format whose content fits is used: those
with the least specific content come last."""


def _format(module: str) -> Format:
    format: Format = import_module(f"pgfa.read.{module}").FORMAT
    return format


MAX_BESIDE = 16
"""Files of a zip that are looked at to find the only recording among them."""

_Result = TypeVar("_Result")

FORMATS: dict[str, Format] = {format.name: format for format in map(_format, MODULES)}


def read(file: str | Path | FileRef, **stated: Any) -> Clip:
    """Read one recording; the format is detected from the content.

    Args:
        file: a path, a folder of OpenPose frames, a zip of one recording, a member of a zip as
            ``archive.zip!folder/member``, or a FileRef.
        stated: what the file does not say: layout, up, unit, rate, axes, mirrored, depth, as in `Stated`. It counts
            before what a file pgfa-recordings.toml beside the recording states.

    Raises:
        BadFile: no such file, no known format, or a damaged file. Undecided, a BadFile: neither the file
            nor the user says how it is to be read, and the body leaves several readings.
        LayoutMismatch: the joints of the file are not those of a person, or are not known.
        LimitExceeded: larger than a clip may be.
        BadConfig: a wrong value in `stated` or in the settings file, or the format needs something that is not
            installed or set, as videos do.
    """
    ref = with_settings(_reference(file, stated))
    format = format_of(ref)
    return _only_own_errors(ref, format, lambda: format.read(ref))


def read_all(file: str | Path | FileRef, **stated: Any) -> list[Clip | BadFile]:
    """All clips of one file, with an error in place of each clip that cannot be used.

    Args, Raises:
        As `read`.
    """
    return clips_of(with_settings(_reference(file, stated)))


def clips_of(ref: FileRef) -> list[Clip | BadFile]:
    """As `read_all`, without what settings files state."""
    format = format_of(ref)
    return _only_own_errors(ref, format, lambda: format.clips(ref))


def _reference(file: str | Path | FileRef, stated: dict[str, Any]) -> FileRef:
    ref = recording_of(file)
    return replace(ref, stated=Stated(**stated).over(ref.stated)) if stated else ref


def recording_of(file: str | Path | FileRef) -> FileRef:
    """The reference to a recording; of a zip that holds a single one, to that one. Raises BadFile for a damaged zip."""
    ref = file if isinstance(file, FileRef) else as_ref(file)
    if ref.member is None and is_zip(ref.path) and is_collection(ref.path):
        inside = find_recordings(ref.path)
        if 1 < len(inside) <= MAX_BESIDE:
            inside = [member for member in inside if _has_format(member)]
        if len(inside) == 1:
            return replace(inside[0], stated=ref.stated)
    return ref


def _has_format(ref: FileRef) -> bool:
    """Whether a file is of a known format, and not a text that lies beside the recording."""
    try:
        format_of(ref)
    except PgfaError:
        return False
    return True


def _only_own_errors(ref: FileRef, format: Format, read: Callable[[], _Result]) -> _Result:
    """The result, or an error of this package: a defect of a reader becomes a BadFile that asks for a report."""
    try:
        return read()
    except Undecided as error:
        raise error if error.file else error.at(str(ref)) from None
    except PgfaError:
        raise
    except MemoryError:
        raise LimitExceeded(f"{ref}: reading it takes more memory than is available or allowed") from None
    except Exception as error:
        expected = f"a file that the {format.name} reader can handle"
        actual = f"one that makes it fail: please report it ({type(error).__name__}: {str(error)[:100]})"
        raise BadFile(str(ref), expected=expected, found=actual) from error


def format_of(ref: FileRef) -> Format:
    """The format of a file, folder or zip, from its first bytes. Raises BadFile if no format fits."""
    try:
        head = ref.head()
    except BadFile:
        # A folder, on disk or in a zip, has no bytes of its own.
        if container := container_format(ref):
            return container
        if kind := own_folder(_names_in(ref)):
            raise NotARecording(str(ref), kind, tuple(FORMATS)) from None
        if ref.member is None and os.path.isdir(ref.path) and not os.path.islink(ref.path):
            count = counted(len(os.listdir(ref.path)), "file")
            expected = "a file, or a folder with the frames of one recording"
            actual = f"a folder of {count} that are none (to read each of them: pgfa check, or read one by its name)"
            raise BadFile(str(ref), expected=expected, found=actual) from None
        raise
    is_archive = head.startswith(ZIP_START) and (ref.member is not None or is_zip(ref.path))
    if is_archive and (container := container_format(ref)):
        return container
    for format in FORMATS.values():
        # The content of a sound archive may look like that of any format.
        if not is_archive and format.sniff(ref.name, head):
            return format
    raise NotARecording(str(ref), _kind(ref, head), tuple(FORMATS))


def _names_in(ref: FileRef) -> list[str]:
    """Names of the files directly in a folder, on disk or in a zip; none of what is no folder."""
    if ref.member is not None:
        inside = (
            name.removeprefix(f"{ref.member}/") for name in member_names(ref.path) if name != ref.member
        )
        return [name for name in inside if "/" not in name]
    return os.listdir(ref.path) if os.path.isdir(ref.path) else []


def _kind(ref: FileRef, head: bytes) -> str:
    """What a file of no known format is."""
    if not head.startswith(ZIP_START):
        return describe(head)
    if ref.member is not None:
        return "a zip archive in an archive: unpack the outer one"
    names = member_names(ref.path)
    if not names:
        return "an empty zip archive"
    if kind := archive_kind(names):
        return kind
    return (
        f"a zip archive of {counted(len(names), 'file')}: name one as {ref.path.name}!{printable(names[0])}"
    )


def container_format(ref: FileRef) -> Format | None:
    """The format of which a folder, a zip or a folder of a zip is one recording; None for any other."""
    return next((format for format in FORMATS.values() if format.container and format.container(ref)), None)


def is_collection(file: Path) -> bool:
    """Whether a file is a zip (perhaps damaged) of recordings, not a recording itself."""
    ref = FileRef(file)
    return ref.head().startswith(ZIP_START) and container_format(ref) is None


def find_recordings(root: Path, expected: str = "a folder or a zip of recordings") -> list[FileRef]:
    """Every possible recording below a folder or in a zip, whatever its format, sorted by path.

    A folder of parts (OpenPose frames) counts as one recording, and so does an archive that is one (``.npz``). So does
    a folder that pgfa has written (a pack, a run): it is refused as a whole.
    Hidden files, and companions of a recording (``.asf``), are left out.

    Raises:
        BadFile: `root` does not exist, or is a damaged zip.
    """
    if is_zip(root) and (format := container_format(FileRef(root))) and not format.part:
        return [FileRef(root)]
    companions = tuple(ending for format in FORMATS.values() for ending in format.companions)
    files = list_files(root, expected=expected)
    whole: dict[FileRef, Format | None] = {}  # a folder is looked into once
    own = own_folders(files)
    recordings = [
        _folder_in(ref, own) or _whole(ref, whole)
        for ref in files
        if not ref.name.lower().endswith(companions) and ref.name != SETTINGS_FILE
    ]
    by_path = {_below(ref, root): ref for ref in recordings}
    return [by_path[path] for path in sorted(by_path) if not is_hidden(path)]


def _folder_in(ref: FileRef, folders: Collection[PurePath]) -> FileRef | None:
    """The folder in which a file is, directly or deeper, if it is among some; None if not."""
    folder = next((above for above in reversed(path_of(ref).parents) if above in folders), None)
    if folder is None:
        return None
    if ref.member is None:
        return replace(ref, path=Path(folder))
    return replace(ref, member=str(folder) if str(folder) != "." else None)


def _whole(ref: FileRef, formats: dict[FileRef, Format | None]) -> FileRef:
    """The recording a file belongs to: its folder if the file is only a part of one, else itself."""
    if not any(format.part and format.part(ref.name) for format in FORMATS.values()):
        return ref
    folder = ref.folder
    if folder not in formats:
        formats[folder] = container_format(folder)
    format = formats[folder]
    return folder if format is not None and format.part and format.part(ref.name) else ref


def _below(ref: FileRef, root: Path) -> str:
    """The path of a file below the folder or in the zip; "" for the root itself."""
    if ref.member is not None:
        return str(PurePosixPath(ref.member))
    return printable(ref.path.relative_to(root).as_posix()) if ref.path != root else ""


class _CallableModule(ModuleType):
    """Makes `pgfa.read(file)` work although `pgfa.read` is this package.

    Python binds a package's name to its parent as soon as anything below it is imported, so the function `read`
    cannot keep the name `pgfa.read` for itself; a module is only callable through its class.
    """

    def __call__(self, file: str | Path | FileRef, **stated: Any) -> Clip:
        return read(file, **stated)


sys.modules[__name__].__class__ = _CallableModule

__all__ = [
    "FORMATS", "FileRef", "Format", "NotARecording", "Stated", "as_ref", "clips_of", "container_format",
    "find_recordings", "format_of", "is_collection", "read", "read_all", "recording_of",
]  # fmt: skip
