"""Keypoints in HDF5 (SLEAP, DeepLabCut), compared joint by joint with the motion that the files are of."""

from __future__ import annotations

import io
import pickle
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hdf5_builders import analysis, deeplabcut_fixed, deeplabcut_table, hdf5, slp
from named_motion import BEN, FRAMES, STYLES, USER, assert_flat, parts
from optical_motion import BODY, assert_same, joint, written
from pgfa.errors import BadFile, LimitExceeded
from pgfa.read import format_of, read, read_all
from pgfa.read.formats import sleap
from pgfa.read.parsing.hdf5 import opened
from pgfa.read.source import FileRef
from pgfa.skeleton import NTU25, Clip

pytest.importorskip("h5py", reason="the extra `formats` is not installed")

ANNA = parts(BODY, STYLES["LWrist"])
TWO = {"Anna": ANNA, "Ben": parts(BEN, STYLES["LWrist"])}


@pytest.mark.parametrize("transposed", [True, False])
@pytest.mark.parametrize("scores", [True, False])
def test_a_sleap_analysis_file_is_read(transposed: bool, scores: bool, tmp_path: Path) -> None:
    clip = read(written(tmp_path, "two.h5", analysis(TWO, transposed=transposed, scores=scores)))
    assert (clip.frames, clip.bodies) == (FRAMES, 2)
    assert_flat(clip, BODY, 0)
    assert_flat(clip, BEN, 1)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("first", [0, 500])
def test_a_slp_gives_the_picture(style: str, first: int, tmp_path: Path) -> None:
    path = written(tmp_path, "walk.slp", slp([{"": parts(BODY, STYLES[style])}], first=first))
    assert format_of(FileRef(path)).name == "sleap"
    clip = read(path)
    assert (clip.layout, clip.frames, clip.bodies) == (NTU25, FRAMES, 1)
    assert_flat(clip)


@pytest.mark.parametrize("tracked", [True, False], ids=["tracks", "no tracks"])
def test_tracks_of_a_slp_are_bodies(tracked: bool, tmp_path: Path) -> None:
    clip = read(written(tmp_path, "two.slp", slp([TWO], tracked=tracked)))
    assert clip.bodies == 2
    first, second = (BODY, BEN) if tracked else (BEN, BODY)  # the first frame lists Ben first
    assert_flat(clip, first, 0)
    assert_flat(clip, second, 1)


def test_what_was_corrected_by_hand_counts(tmp_path: Path) -> None:
    clip = read(written(tmp_path, "walk.slp", slp([{"": ANNA}], by_hand=lambda n: n % 5 == 0)))
    assert_flat(clip)


def test_frames_and_nodes_that_a_slp_leaves_out_are_absent(tmp_path: Path) -> None:
    hidden = {name: place.copy() for name, place in ANNA.items()}
    hidden["LWrist"][3:6] = np.nan
    clip = read(written(tmp_path, "walk.slp", slp([{"": hidden}], skip=(9, 10))))
    assert clip.frames == FRAMES
    assert np.flatnonzero(np.isnan(joint(clip, "wrist_left")[:, 0])).tolist() == [3, 4, 5, 9, 10]
    assert np.flatnonzero(np.isnan(joint(clip, "wrist_right")[:, 0])).tolist() == [9, 10]


def test_each_video_of_a_slp_is_a_recording(tmp_path: Path) -> None:
    path = written(tmp_path, "walk.slp", slp([{"": ANNA}, {"": parts(BEN, STYLES["LWrist"])}]))
    first, second = [clip for clip in read_all(path) if isinstance(clip, Clip)]
    assert_flat(first, BODY)
    assert_flat(second, BEN)
    assert "first of 2 recordings in the file" in " ".join(read(path).problems)


def _set(name: str, field: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(parts: dict[str, Any]) -> None:
        parts[name][field] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set("frames", "instance_id_end", 2**60), "frames: expected instances within the file"),
        (_set("frames", "instance_id_start", 0), "frames: expected each instance once"),
        (_set("frames", "frame_idx", 2**63), "expected|more than the limit"),
        (_set("instances", "point_id_end", 2**40), "instances: expected 13 points of each instance"),
        (_set("instances", "skeleton", 7), "instances: expected a skeleton of the file, found 7"),
        (_set("json", "nodes", [{"name": "head"}]), "metadata: expected nodes with names"),
        (_set("json", "skeletons", []), "metadata: expected a skeleton with nodes"),
        (lambda parts: parts.pop("pred_points"), "instances: expected 13 points of each instance"),
        (lambda parts: parts.update(frames=np.zeros(3)), "frames: expected records of video, frame_idx"),
        (lambda parts: parts.update(instances=parts["instances"][:0]), "expected labelled or predicted frames"),
    ],
)  # fmt: skip
def test_a_damaged_slp_is_refused(change: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises((BadFile, LimitExceeded), match=message):
        read(written(tmp_path, "walk.slp", slp([{"": ANNA}], change=change)))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("write", [deeplabcut_table, deeplabcut_fixed], ids=["table", "fixed"])
def test_deeplabcut_gives_the_picture(style: str, write: Any, tmp_path: Path) -> None:
    path = written(tmp_path, "walkDLC.h5", write({"": parts(BODY, STYLES[style])}))
    assert format_of(FileRef(path)).name == "deeplabcut"
    clip = read(path)
    assert (clip.layout, clip.frames, clip.bodies) == (NTU25, FRAMES, 1)
    assert_flat(clip)


@pytest.mark.parametrize("write", [deeplabcut_table, deeplabcut_fixed], ids=["table", "fixed"])
def test_individuals_of_deeplabcut_are_bodies(write: Any, tmp_path: Path) -> None:
    clip = read(written(tmp_path, "two.h5", write(TWO)))
    assert clip.bodies == 2
    assert_flat(clip, BODY, 0)
    assert_flat(clip, BEN, 1)


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_names_of_columns_in_every_protocol(protocol: int, tmp_path: Path) -> None:
    assert_flat(read(written(tmp_path, "walk.h5", deeplabcut_table({"": ANNA}, protocol=protocol))))


def test_triangulated_frames_left_out_and_images(tmp_path: Path) -> None:
    points = {f"{name.title()}_{side}": BODY[f"{name}_{side}"] for name in USER for side in ("left", "right")}
    clip = read(written(tmp_path, "3d.h5", deeplabcut_table({"": points}, score=None)))
    assert clip.depth
    assert_same(clip)
    clip = read(written(tmp_path, "gap.h5", deeplabcut_table({"": ANNA}, skip=(3, 4))))
    assert np.flatnonzero(np.isnan(joint(clip, "head")[:, 0])).tolist() == [3, 4]
    assert_flat(read(written(tmp_path, "images.h5", deeplabcut_fixed({"": ANNA}, images=True))))
    with pytest.raises(BadFile):
        read(written(tmp_path, "low.h5", deeplabcut_table({"": ANNA}, score=0.05)))


class Hostile:
    """Would run a command when unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return __import__("os").system, ("touch /tmp/pgfa-was-run",)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (pickle.dumps(Hostile(), 0), "expected|found"),
        (pickle.dumps([("DLC", "head", "x")], 0), "expected a name per column"),
        (pickle.dumps(7, 0), "expected scorer, body part and coordinate of each column"),
        (b"", "expected scorer, body part and coordinate of each column"),
        (b"(lp0\n", "expected"),
    ],
    ids=["a command", "too few", "a number", "none", "cut short"],
)
def test_names_of_columns_are_never_run(names: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=message):
        read(written(tmp_path, "walk.h5", deeplabcut_table({"": ANNA}, names=names)))
    assert not Path("/tmp/pgfa-was-run").exists()


def test_hdf5_without_its_library_or_of_another_program_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, "walk.h5", b"\x89HDF\r\n\x1a\n" + b"\0" * 600)
    with monkeypatch.context() as patch:
        patch.setitem(__import__("sys").modules, "h5py", None)
        with pytest.raises(BadFile, match=r"pip install 'pgfa\[formats\]'\), or the predictions as \.csv"):
            read(path)
    with pytest.raises(BadFile, match=r"expected an analysis file \(\.h5\) or \.slp of SLEAP"):
        read(path)
    other = written(tmp_path, "other.h5", hdf5(lambda out: out.update(weights=np.zeros(3))))
    with pytest.raises(BadFile, match=r"expected the datasets tracks and node_names .*, found weights"):
        read(other)
    empty = written(tmp_path, "dlc.h5", hdf5(lambda out: out.create_group("df_with_missing")))
    with pytest.raises(BadFile, match=r"df_with_missing: expected a table of pandas"):
        read(empty)


def test_hdf5_that_points_to_another_file_is_refused(tmp_path: Path) -> None:
    import h5py

    (tmp_path / "secret.h5").write_bytes(analysis({"Anna": ANNA}))
    with h5py.File(tmp_path / "link.h5", "w") as out:
        out["node_names"] = [b"head"]
        out["tracks"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "tracks")
    with pytest.raises(BadFile, match=r"tracks: expected data in this file, found a link"):
        read(tmp_path / "link.h5")


def _huge(out: Any) -> None:
    out.create_dataset("tracks", (2, 2, 13, 99_000), "f8", chunks=(1, 1, 1, 1000), compression="gzip")
    out["node_names"] = [name.encode() for name in ANNA]
    out["track_names"] = [b"a", b"b"]


def _repeated(out: Any) -> None:
    out["tracks"] = np.zeros((1, 2, 13, 24))
    out["node_names"] = [b"x" * 200_000 for _ in range(13)]


@pytest.mark.parametrize("write", [_huge, _repeated], ids=["numbers", "texts"])
def test_hdf5_that_would_cost_much_is_refused(write: Callable[[Any], None], tmp_path: Path) -> None:
    path = written(tmp_path, "huge.h5", hdf5(write))
    with pytest.raises(LimitExceeded, match=r"more than the limit|more than 1,048,576 bytes of text"):
        read(path)


@pytest.mark.parametrize(
    "content", [slp([{"": ANNA}]), deeplabcut_table({"": ANNA})], ids=["slp", "deeplabcut"]
)
def test_flipped_bytes_are_refused_or_read(content: bytes, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(content)
        for position in random.integers(0, len(content), 12):
            damaged[position] = int(random.integers(256))
        path = written(tmp_path, "a.h5", bytes(damaged))
        message = ""
        try:
            read_all(path)
        except (BadFile, LimitExceeded) as error:
            message = str(error)
        assert "please report it" not in message


def texts_file(texts: list[str], **options: Any) -> bytes:
    """One dataset of texts of variable length."""
    h5py = pytest.importorskip("h5py")
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file.create_dataset("names", data=texts, dtype=h5py.string_dtype(), **options)
    return stream.getvalue()


@pytest.mark.parametrize(
    "options", [{}, {"chunks": (4,), "maxshape": (None,)}], ids=["contiguous", "a chunk"]
)
def test_texts_of_variable_length(options: dict[str, Any]) -> None:
    """Read from the heap by the project's own code, and equal to those of the library."""
    texts = ["nose", "", "épaule gauche", "x" * 5000]
    with opened(FileRef(Path("a.h5")), texts_file(texts, **options), "", "") as file:
        assert file.texts("names") == texts
        assert [text.decode() for text in file.file["names"][()]] == texts


def test_damaged_heaps_cost_nothing(tmp_path: Path) -> None:
    """Of such files the library reads 4 GB, or never ends: every bit of the references and of the heap in turn."""
    raw = texts_file(["nose", "left_wrist"])
    heap = raw.index(b"GCOL")
    (reference,) = (n for n in range(len(raw) - 16) if raw[n : n + 12] == struct.pack("<IQ", 4, heap))
    started = time.process_time()
    refused = 0
    for place in (*range(reference, reference + 32), *range(heap, heap + 80)):
        for bit in range(8):
            damaged = bytearray(raw)
            damaged[place] ^= 1 << bit
            try:
                with opened(FileRef(Path("a.h5")), bytes(damaged), "", "") as file:
                    assert len(file.texts("names")) == 2
            except (BadFile, LimitExceeded):
                refused += 1
    assert refused > 200
    assert time.process_time() - started < 20


def test_packed_texts_and_attributes_of_variable_length_are_refused() -> None:
    h5py = pytest.importorskip("h5py")
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file.create_group("metadata").attrs["json"] = "{}"
        file.create_dataset("names", data=["a", "b"], dtype=h5py.string_dtype(), compression="gzip")
        file.create_dataset("numbers", data=[1, 2])
    with opened(FileRef(Path("a.h5")), stream.getvalue(), "", "") as hdf:
        with pytest.raises(BadFile, match="expected a text of fixed length"):
            hdf.attribute("metadata", "json")
        with pytest.raises(BadFile, match="expected texts that are not packed"):
            hdf.texts("names")
        with pytest.raises(BadFile, match="expected texts, found int64"):
            hdf.texts("numbers")


def test_frames_far_apart_are_not_one_recording(tmp_path: Path) -> None:
    content = sleap.FORMAT.sample()["walk.analysis.csv"].replace(b"track_0,2,", b"track_0,90000,")
    with pytest.raises(BadFile, match="found 90,001 frames of which 3 have an entry"):
        read(written(tmp_path, "walk.analysis.csv", content))
