"""What can stand in place of a recording: pipes, links, other encodings, archives, files of other programs."""

from __future__ import annotations

import copy
import io
import json
import os
import pickle
import socket
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pgfa.errors import BadFile, LimitExceeded, NotWritten, PgfaError
from pgfa.files.folders import new_folder
from pgfa.pack import import_dataset, open_pack
from pgfa.pack.importing.check import check
from pgfa.read import FORMATS, NotARecording, find_recordings, read, read_all
from pgfa.read.archive import damage
from pgfa.read.encoding import as_utf8
from pgfa.read.limits import check_text, memory_cap
from pgfa.read.parsing.mat5 import array_bytes
from pgfa.read.sample import picture
from pgfa.read.source import FileRef
from pgfa.skeleton import COCO17


def sample(format: str) -> tuple[str, bytes]:
    make = FORMATS[format].sample
    assert make
    return next(iter(make().items()))


def write(folder: Path, format: str, name: str = "") -> Path:
    original, content = sample(format)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (name or original)
    path.write_bytes(content)
    return path


@pytest.fixture
def odd_folder(tmp_path: Path) -> Iterator[Path]:
    """One clip among a pipe, a socket, a device, a dangling link, a loop of links and a link to its own folder."""
    folder = tmp_path / "data" / "wave"
    write(folder, "npz")
    os.mkfifo(folder / "pipe.npy")
    (folder / "null.bvh").symlink_to("/dev/null")
    (folder / "gone.npz").symlink_to("nowhere.npz")
    (folder / "loop.npz").symlink_to("loop.npz")
    (folder / "again").symlink_to(folder, target_is_directory=True)
    with socket.socket(socket.AF_UNIX) as opened:
        os.chdir(folder)  # the path of a socket is limited to about 100 bytes
        opened.bind("socket.npy")
        os.chdir(tmp_path)
        yield tmp_path / "data"


ODD = {
    "wave/pipe.npy": "expected a file, found a named pipe",
    "wave/null.bvh": "expected a file, found a device",
    "wave/gone.npz": "expected a file, found a link to nowhere.npz, which does not exist",
    "wave/loop.npz": "expected a file, found a link that leads back to itself",
    "wave/again": "expected a file, found a link to a folder, which is not followed",
    "wave/socket.npy": "expected a file, found a socket",
}


def test_what_is_no_file_is_named_and_the_rest_is_read(odd_folder: Path, tmp_path: Path) -> None:
    results = {result.file: result for result in check(odd_folder)}
    assert {name for name, result in results.items() if result.usable} == {"wave/clip.npz"}
    for name, message in ODD.items():
        assert message in results[name].error
        with pytest.raises(BadFile, match=message):
            read(odd_folder / name) if name != "wave/again" else FileRef(odd_folder / name).read()
    report = import_dataset("files", odd_folder, tmp_path / "pack", jobs=1, progress=False)
    assert len(open_pack(tmp_path / "pack")) == 1
    assert {file.file: file.message.split(": ", 1)[1] for file in report.summary.rejected} == ODD


def test_a_pipe_is_named_where_it_is_given_itself(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.npy")
    with pytest.raises(BadFile, match="found a named pipe"):
        read(tmp_path / "a.npy")
    (result,) = check(tmp_path / "a.npy")
    assert "found a named pipe" in result.error


TEXTS = (
    "msr-action3d",
    "kinder-gator",
    "nw-ucla",
    "bvh",
    "keypoints-csv",
    "keypoints-json",
    "hdm05",
    "ntu",
    "msrc12",
)


@pytest.mark.parametrize("change", ["utf-16", "utf-16-be", "utf-32", "utf-8-sig", "\r", "\r\n", "blank"])
@pytest.mark.parametrize("format", TEXTS)
def test_text_of_other_systems(format: str, change: str, tmp_path: Path) -> None:
    make = FORMATS[format].sample
    assert make
    for folder in ("plain", "other"):
        for name, content in make().items():
            text = content.decode()
            if folder == "plain":
                out = content
            elif change == "utf-16-be":
                out = b"\xfe\xff" + text.encode(change)
            elif change == "blank":
                out = (
                    "" if format == "ntu" else "\n\n"
                ).encode() + content  # in NTU files a line has a meaning
            else:
                out = text.encode(change) if change[0] == "u" else text.replace("\n", change).encode()
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / name).write_bytes(out)
    plain, other = (FORMATS[format].find(tmp_path / folder)[0] for folder in ("plain", "other"))
    np.testing.assert_array_equal(read(other).positions, read(plain).positions)


def test_comments_above_a_table(tmp_path: Path) -> None:
    name, content = sample("msr-action3d")
    (tmp_path / name).write_bytes(b"# x y z confidence\n\n// recorded today\n" + content)
    assert read(tmp_path / name).frames == 2
    name, content = sample("kinder-gator")
    (tmp_path / name).write_bytes(b"\n% Kinect v1\n" + content)
    assert read(tmp_path / name).frames == 3


def test_binary_files_keep_their_bytes() -> None:
    for raw in (b"\x93NUMPY\r\0\1", b"PK\3\4\r\r", bytes(range(256)), b"a\r\nb\n", b"", b"\x80\4\r."):
        assert as_utf8(raw) == raw


def test_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    path = write(tmp_path / "wave", "keypoints-npy", os.fsdecode(b"gr\xfcn.npy"))
    assert read(path).source.id == "gr\\xfcn"
    (result,) = check(tmp_path)
    assert result.usable
    str(result).encode()
    import_dataset("files", tmp_path / "wave", tmp_path / "pack", jobs=1, progress=False)
    assert open_pack(tmp_path / "pack").clip(0).source.id == "gr\\xfcn.npy"


@pytest.mark.parametrize(("listed", "stored"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_labels_and_names_in_other_normal_forms(listed: str, stored: str, tmp_path: Path) -> None:
    write(tmp_path / "data" / unicodedata.normalize(stored, "übung"), "npz")
    labels = tmp_path / "labels.csv"
    labels.write_text(
        f"file,action\n{unicodedata.normalize(listed, 'übung/clip.npz')},wave\n", encoding="utf-16"
    )
    import_dataset("files", tmp_path / "data", tmp_path / "a", labels=labels, jobs=1, progress=False)
    assert open_pack(tmp_path / "a").clip(0).source.action == "wave"
    import_dataset("files", tmp_path / "data", tmp_path / "b", jobs=1, progress=False)
    assert open_pack(tmp_path / "b").clip(0).source.action == unicodedata.normalize("NFC", "übung")


FOREIGN = {
    "notes.txt": (b"hello\n", "plain text"),
    "page.html": (b"<!DOCTYPE html><p>x", "an HTML page"),
    "a.png": (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    "a.gz": (b"\x1f\x8b\x08", "a gzip archive: unpack it"),
    "a.mat": (b"MATLAB 7.3 MAT-file", "a MATLAB 7.3 file: save it with -v7"),
    "a.fbx": (b"Kaydara FBX Binary  \0", "an FBX file: export it as BVH"),
    "lfs.npy": (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
    "zeros.bvh": (bytes(100), "zero bytes only"),
    "empty.bvh": (b"", "an empty file"),
    "a.bin": (bytes(range(1, 32)), "an unknown binary file"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_refusal_says_what_the_file_is(name: str, tmp_path: Path) -> None:
    content, kind = FOREIGN[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(NotARecording) as caught:
        read(tmp_path / name)
    assert f"{tmp_path / name}: Not a skeleton recording ({kind}" in str(caught.value)
    assert "Supported formats: " + ", ".join(FORMATS) in str(caught.value)
    assert str(copy.copy(caught.value)) == str(caught.value)  # as it comes from another process


def test_foreign_arrays_and_matlab_files_are_not_called_damaged(tmp_path: Path) -> None:
    np.savez(tmp_path / "amass.npz", trans=np.ones((2, 3)), betas=np.ones(10))
    with pytest.raises(BadFile, match=r"an \.npz file of another kind, with the fields 'trans"):
        read(tmp_path / "amass.npz")
    (tmp_path / "emg.mat").write_bytes(array_bytes("emg", np.ones((2, 3))))
    with pytest.raises(BadFile, match="found a MATLAB file of another kind, with the variables emg"):
        read(tmp_path / "emg.mat")


def archive_of(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_check_inspect_and_import_agree_about_archives(tmp_path: Path) -> None:
    name, clip = sample("npz")
    one = archive_of(tmp_path / "one.zip", {f"wave/{name}": clip})
    assert read(one).source.id == "clip"
    assert [result.usable for result in check(one)] == [True]
    import_dataset("files", one, tmp_path / "a", jobs=1, progress=False)
    (tmp_path / name).write_bytes(clip)
    assert find_recordings(tmp_path / name) == [FileRef(tmp_path / name)]  # an .npz is a zip, but a recording
    assert [result.usable for result in check(tmp_path / name)] == [True]
    import_dataset("files", tmp_path / name, tmp_path / "b", jobs=1, progress=False)
    for pack in ("a", "b"):
        np.testing.assert_array_equal(open_pack(tmp_path / pack).clip(0).positions, read(one).positions)
    two = archive_of(tmp_path / "two.zip", {"wave/a.npz": clip, "bow/b.npz": clip})
    with pytest.raises(BadFile, match=r"a zip archive of 2 files: name one as two\.zip!wave/a\.npz"):
        read(two)
    assert len(list(check(two))) == 2


def test_a_zip_that_is_cut_short_names_the_member(tmp_path: Path) -> None:
    whole = archive_of(tmp_path / "a.zip", {"wave/a.bvh": os.urandom(5000), "wave/b.bvh": os.urandom(5000)})
    raw = whole.read_bytes()
    for size, member in ((300, "wave/a.bvh"), (8000, "wave/b.bvh")):
        cut = tmp_path / f"{size}.zip"
        cut.write_bytes(raw[:size])
        for use in (read, find_recordings, lambda path: list(check(path))):
            with pytest.raises(BadFile, match=f"cut short in or after {member}"):
                use(cut)
    cut_npz = tmp_path / "clip.npz"
    cut_npz.write_bytes(sample("npz")[1][:600])
    with pytest.raises(BadFile, match=r"cut short in or after (positions|rate|layout)\.npy"):
        read(cut_npz)
    assert damage(b"hello", 5) == ""


def test_a_damaged_member_names_itself(tmp_path: Path) -> None:
    path = archive_of(tmp_path / "a.zip", {"a.npy": sample("keypoints-npy")[1] + bytes(3000)})
    raw = bytearray(path.read_bytes())
    raw[60] ^= 0xFF
    path.write_bytes(raw)
    with pytest.raises(BadFile, match=r"a\.zip!a\.npy: expected a readable file"):
        read(f"{path}!a.npy")


def test_methods_of_compression_that_cannot_be_bounded_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.npy", sample("keypoints-npy")[1])
    with pytest.raises(BadFile, match="compressed in another way than by deflate"):
        read(f"{tmp_path / 'a.zip'}!a.npy")


def test_text_labels_of_an_annotation_file_are_kept(tmp_path: Path) -> None:
    array = picture(COCO17)[None].astype(np.float32)
    content = [
        {"frame_dir": str(n), "label": label, "keypoint": array} for n, label in enumerate(("wave ", 3, None))
    ]
    (tmp_path / "a.pkl").write_bytes(pickle.dumps([{**a, "keypoint": array.copy()} for a in content]))
    clips = read_all(tmp_path / "a.pkl")
    assert [clip.source.action for clip in clips if not isinstance(clip, BadFile)] == ["wave", "class-3", ""]


@pytest.mark.parametrize(
    "content",
    [
        [{"people": [{"pose_keypoints_2d": 3}]}],
        [[{"keypoints": {"x": 1, "y": 2, "visible": 3}}]],
        [[{"keypoints": [[1, 2]] * 17, "keypoint_scores": 3}]],
    ],
)
def test_numbers_in_place_of_lists_are_refused(content: object, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(content))
    with pytest.raises(BadFile) as caught:
        FORMATS["keypoints-json"].read(FileRef(tmp_path / "a.json"))
    assert "frame 1" in str(caught.value)


def test_a_coordinate_beyond_floats_is_refused(tmp_path: Path) -> None:
    name, content = sample("ntu")
    lines = content.split(b"\n")
    lines[4] = b" ".join([b"1e200", *lines[4].split()[1:]])
    (tmp_path / name).write_bytes(b"\n".join(lines))
    with pytest.raises(BadFile, match="expected a coordinate in metres, below 1000"):
        read(tmp_path / name)


@pytest.mark.parametrize("point", [0x110000, 0xD800])
def test_code_points_that_unicode_does_not_have(point: int, tmp_path: Path) -> None:
    array = np.array([point], dtype=np.uint32).view("<U1")
    file = io.BytesIO()
    np.savez(file, positions=np.ones((2, 1, 20, 3)), rate=30.0, layout="kinect20", id=array)
    (tmp_path / "a.npz").write_bytes(file.getvalue())
    with pytest.raises(
        BadFile, match="field id: expected text, found code points that Unicode does not have"
    ):
        read(tmp_path / "a.npz")


def test_a_defect_of_a_reader_is_an_error_of_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, "keypoints-npy")
    for error, expected in (
        (TypeError("x"), "please report it"),
        (MemoryError(), "more memory than is available"),
    ):

        def fail(*arguments: object, error: Exception = error, **options: object) -> None:
            raise error

        monkeypatch.setattr("pgfa.read.formats.keypoints.npy.plain_array", fail)
        for use in (read, read_all):
            with pytest.raises(PgfaError, match=expected):
                use(path)


def test_columns_may_be_aligned_by_many_spaces() -> None:
    check_text("a file", b"      -0.123456" * 1_300_000)
    with pytest.raises(
        LimitExceeded, match="a file: 6,500,000 cells in 19,500,000 bytes, more than the limit of"
    ):
        check_text("a file", b"1  " * 6_500_000)
    with pytest.raises(LimitExceeded, match="9,000,000 lines in 18,000,000 bytes"):
        check_text("a file", b"\r\n" * 9_000_000)


TOO_MANY = 400_000_000
"""Numbers of 3.2 GB: far above the cap, also where threads of earlier tests give back memory meanwhile."""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs the size of the address space")
def test_memory_is_capped_while_a_file_is_read() -> None:
    with (
        pytest.raises(
            LimitExceeded, match="a file: reading it takes more than the limit of 536,870,912 bytes"
        ),
        memory_cap("a file", 1000),
    ):
        np.ones(TOO_MANY)
    assert np.ones(100_000_000).nbytes == 800_000_000  # as before


def test_import_check_and_page_read_within_the_cap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pgfa.serve.upload_worker import UploadLimits, read_upload

    path = write(tmp_path / "wave", "keypoints-npy")
    monkeypatch.setattr(
        "pgfa.read.formats.keypoints.npy.plain_array", lambda *_, **__: np.ones(TOO_MANY, dtype=np.float64)
    )
    (result,) = check(tmp_path)
    assert "takes more memory than is available or allowed" in result.error
    with pytest.raises(
        BadFile,
        match=r"none usable; .*takes more memory than is available or allowed",
    ):
        import_dataset("files", tmp_path / "wave", tmp_path / "pack", jobs=1, progress=False)
    (tmp_path / "upload").mkdir()
    limits = UploadLimits(10**7, 10, 10**7, 1000, 4, 1000.0)
    with pytest.raises(LimitExceeded, match="takes more memory than is available or allowed"):
        read_upload(tmp_path / "upload", "a.npy", path.read_bytes(), limits)


def test_members_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    """A small archive of them could hold any number of large recordings."""
    name, content = sample("bvh")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, content)
        archive.filelist += [copy.copy(archive.filelist[0]) for _ in range(3)]
    (tmp_path / "set.zip").write_bytes(file.getvalue())
    with pytest.raises(BadFile, match="members that share their bytes"):
        read_all(tmp_path / "set.zip")
    with pytest.raises(BadFile, match="members that share their bytes"):
        list(check(tmp_path / "set.zip"))


def test_an_archive_that_inflates_to_far_more_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(30):
            archive.writestr(f"{number}.csv", bytes(20_000_000))
    with pytest.raises(BadFile, match="unpack the archive first"):
        list(check(tmp_path / "set.zip"))


def test_nested_lists_in_a_settings_file_are_refused(tmp_path: Path) -> None:
    file = write(tmp_path, "npz")
    (tmp_path / "pgfa-recordings.toml").write_text("rate = " + "[" * 30_000)
    with pytest.raises(BadFile, match=r"pgfa-recordings.toml: expected TOML"):
        read(file)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_in_place_of_a_stored_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pack.json")
    with pytest.raises(BadFile, match="expected a JSON file, found a pipe"):
        open_pack(tmp_path)


def test_a_link_to_itself_is_named_where_it_is_given_itself(tmp_path: Path) -> None:
    (tmp_path / "loop.npz").symlink_to("loop.npz")
    (result,) = check(tmp_path / "loop.npz")
    assert "found a link that leads back to itself" in result.error
    with pytest.raises(PgfaError, match="a link that leads back to itself"):
        import_dataset("files", tmp_path / "loop.npz", tmp_path / "pack")
    with pytest.raises(NotWritten, match=r"loop.npz: cannot be written"), new_folder(tmp_path / "loop.npz"):
        pass


def test_a_file_that_has_nothing_to_read_now_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As /proc/kmsg: a file by its kind, whose reading would wait."""

    class Empty(io.BytesIO):
        def read(self, size: int | None = -1) -> None:  # type: ignore[override]
            """Nothing yet."""

    (tmp_path / "a.csv").write_text("x")
    monkeypatch.setattr("pgfa.read.source.os.fdopen", lambda handle, mode: Empty())
    with pytest.raises(BadFile, match="nothing to read now"):
        read(tmp_path / "a.csv")
