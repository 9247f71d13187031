"""The table of formats: what holds for every entry, generated from it."""

from __future__ import annotations

import pickle
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

from pgfa.errors import BadFile
from pgfa.pack.protocol import RULES, one_shot_exemplars
from pgfa.read import FORMATS, FileRef, container_format, find_recordings, format_of, is_collection, read
from pgfa.read.formats import npz
from pgfa.skeleton import NTU25, Clip
from pgfa.synth.skeleton_text import skeleton_text, stream_text

DOCS = Path(__file__).parents[2] / "docs"
NO_SAMPLE = {"video"}


def lay_out(name: str, folder: Path) -> list[Path]:
    """Write a format's sample into a folder; its paths."""
    sample = FORMATS[name].sample
    assert sample
    try:
        files = sample()
    except ImportError:
        pytest.skip(f"the extra {FORMATS[name].extra!r} is not installed")
    for file, content in files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(content)
    return [folder / file for file in files]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_complete(name: str) -> None:
    format = FORMATS[name]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert format.name == name
    assert format.title
    assert "\n" not in format.title
    assert (format.part is None) or format.container
    assert (format.part is None) or not format.read_all  # a folder of frames is one clip
    assert (format.sample is None) == (name in NO_SAMPLE)
    # Processes of an import get the format by pickling.
    assert pickle.dumps(format)


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in NO_SAMPLE])
def test_every_sample_is_found_detected_and_read(name: str, tmp_path: Path) -> None:
    lay_out(name, tmp_path)
    (ref,) = FORMATS[name].find(tmp_path)
    detected = format_of(ref)
    assert detected.sniff is FORMATS[name].sniff
    clip = FORMATS[name].read(ref)
    assert clip.frames >= 1
    assert clip.source.digest
    if FORMATS[name].kind == "dataset":
        assert clip.source.dataset == name
        assert clip.source.action


@pytest.mark.parametrize("name", ["nw-ucla", "ntu", "keypoints-json", "keypoints-csv", "bvh"])
def test_a_folder_of_numbered_recordings_is_no_recording(name: str, tmp_path: Path) -> None:
    """Only files of one frame each make one recording together."""
    (path,) = lay_out(name, tmp_path / "one")
    (tmp_path / "many").mkdir()
    for number in (1, 2, 3):
        (tmp_path / "many" / f"a01_s01_e00_v{number:02}{path.suffix}").write_bytes(path.read_bytes())
    assert len(find_recordings(tmp_path / "many")) == 3
    assert container_format(FileRef(tmp_path / "many")) is None


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in NO_SAMPLE])
def test_every_sample_is_one_recording_among_any_files(name: str, tmp_path: Path) -> None:
    """Companions are no recordings, and a folder of parts is one; on disk and in a zip."""
    folder = tmp_path / "set"
    paths = lay_out(name, folder)
    labels = 1 if name == "pku-mmd" else 0  # its labels are files of the same name in another folder
    refs = find_recordings(folder)
    assert len(refs) == 1 + labels
    assert FORMATS[name].find(folder)[0] in refs
    archive = tmp_path / "set.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("readme.txt", "")
        for path in paths:
            opened.write(path, f"inner/{path.relative_to(folder)}")
    assert is_collection(archive) == (FORMATS[name].part is None)
    assert len(find_recordings(archive)) == 2 + labels


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_names_what_it_looks_for(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"expected .*, found none"):
        FORMATS[name].find(tmp_path)


def test_docs_list_every_format_with_its_title() -> None:
    rows = re.findall(
        r"^\| `([^`]+)` \| ([^|]+) \|", (DOCS / "formats.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert dict(rows) == {name: format.title for name, format in FORMATS.items()}
    assert [name for name, _ in rows] == sorted(FORMATS, key=lambda name: (FORMATS[name].kind, name))


def test_protocols_come_from_the_table() -> None:
    assert {name: dict(format.rules) for name, format in FORMATS.items() if format.rules} == RULES
    assert {"ntu60", "ntu120"} == {name for name, format in FORMATS.items() if format.exemplars}
    assert len(one_shot_exemplars("ntu120")) == 20


def test_a_zip_of_two_openpose_recordings_is_a_collection(tmp_path: Path) -> None:
    sample = FORMATS["openpose"].sample
    assert sample
    archive = tmp_path / "two.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for name, content in sample().items():
            opened.writestr(f"a/{name}", content)
            opened.writestr(f"b/{name}", content)
    assert is_collection(archive)
    recordings = find_recordings(archive)
    assert recordings == [FileRef(archive, "a/v"), FileRef(archive, "b/v")]
    assert [read(ref).bodies for ref in recordings] == [2, 2]


def test_a_zip_of_arrays_is_a_collection_unless_it_is_a_clip(tmp_path: Path) -> None:
    sample = FORMATS["keypoints-npy"].sample
    assert sample
    with zipfile.ZipFile(tmp_path / "arrays.zip", "w") as opened:
        for number in (1, 2):
            opened.writestr(f"{number}.npy", sample()["keypoints.npy"])
    assert is_collection(tmp_path / "arrays.zip")
    (clip,) = lay_out("npz", tmp_path)
    renamed = clip.rename(tmp_path / "renamed.zip")
    assert container_format(FileRef(renamed)) is npz.FORMAT
    assert read(renamed).frames == 1


@pytest.mark.parametrize("name", ["ntu", "pku-mmd", "npz"])
def test_a_coordinate_beyond_the_limit_is_refused_by_every_reader(name: str, tmp_path: Path) -> None:
    """The same clip, 5 km away, in three formats that reach `assemble` by different paths."""
    positions = np.random.default_rng(0).uniform(-0.5, 0.5, (20, 2, 25, 3)).astype(np.float32)
    positions[3, 0, 4, 0] = 5000
    if name == "ntu":
        path = tmp_path / "S001C001P001R001A001.skeleton"
        path.write_bytes(skeleton_text(positions))
    elif name == "npz":
        path = tmp_path / "clip.npz"
        npz.save_clip(path, Clip(positions, 30.0, NTU25))
    else:
        path, *_ = lay_out(name, tmp_path)
        path.write_bytes(stream_text(positions))
    if name == "pku-mmd":
        error, *_ = FORMATS[name].clips(FileRef(path))
        assert isinstance(error, BadFile)
        assert error.where.startswith("label 1, ")
    else:
        with pytest.raises(BadFile) as caught:
            read(path)
        error = caught.value
    assert error.where.endswith("frame 4, body 1, shoulder_left")
    assert (error.expected, error.found) == ("a coordinate in metres, below 1000", "5000")


def test_a_problem_text_of_an_earlier_version_is_recognised(tmp_path: Path) -> None:
    from pgfa.pack.importing.folder import files_format

    old = "class not told by the file's name"  # version 1
    clip = Clip(np.ones((2, 1, 25, 3), np.float32), 30.0, NTU25, problems=(old, "2 ghosts"))
    npz.save_clip(tmp_path / "wave" / "a.npz", clip)
    format = files_format(tmp_path)
    assert format.read(format.find(tmp_path)[0]).problems == ("2 ghosts",)
