"""PKU-MMD: streams and labels cut into clips, split files, faults named without losing the rest of a
stream."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from pgfa.errors import BadFile
from pgfa.pack import import_dataset
from pgfa.read import FORMATS, FileRef, read
from pgfa.read.datasets.class_names import class_names
from pgfa.read.datasets.pku import (
    Label,
    central,
    clip_name,
    find_pku,
    read_labels,
    read_pku,
    read_split,
    read_splits,
)
from pgfa.read.format import Format
from pgfa.skeleton import Clip
from pgfa.synth.skeleton_text import stream_text
from pgfa.text import catalogue


def random_stream(frames: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(frames, 2, 25, 3)).astype(np.float32)


def make(folder: Path, positions: np.ndarray, labels: str, name: str = "0043-L") -> FileRef:
    for below, content in (
        ("PKU_Skeleton_Renew", stream_text(positions)),
        ("Train_Label_PKU_final", labels.encode()),
    ):
        (folder / below).mkdir(exist_ok=True)
        (folder / below / f"{name}.txt").write_bytes(content)
    return FileRef(folder / "PKU_Skeleton_Renew" / f"{name}.txt")


def clips_of(ref: FileRef) -> list[Clip]:
    clips = read_pku(ref)
    assert all(isinstance(clip, Clip) for clip in clips)
    return clips  # type: ignore[return-value]


def test_a_label_is_a_clip(tmp_path: Path) -> None:
    positions = random_stream(60)
    positions[:30, 1] = np.nan
    first, second = clips_of(make(tmp_path, positions, "8,1,20,2\n14,31,60,1\n"))
    np.testing.assert_allclose(first.positions, positions[:20, :1], rtol=1e-6)
    np.testing.assert_allclose(second.positions, positions[30:60], rtol=1e-6)
    assert (first.source.id, first.source.action) == ("F043V001C008L001", "drink-water")
    assert (second.source.id, second.source.action) == ("F043V001C014L002", "shake-hands")
    assert (first.source.dataset, first.source.camera, first.source.setup) == ("pku-mmd", "L", "0043-L")
    assert (first.rate, first.layout.name) == (30.0, "ntu25")
    assert not [problem for problem in first.problems if "torso" not in problem]  # random joints are no body


def test_clip_names() -> None:
    label = Label(action=1, first=0, last=9, line=21)
    assert [clip_name(f"0043-{view}", label) for view in "LMR"] == [
        f"F043V00{view}C001L021" for view in (1, 2, 3)
    ]
    assert clip_name("A03N07-R", label) == "A03N07V003C001L021"


def test_the_catalogue_names_the_same_classes() -> None:
    assert tuple(catalogue("pku-mmd").by_name) == class_names("pku")


def test_the_four_clips_are_dropped(tmp_path: Path) -> None:
    ref = make(tmp_path, random_stream(30), "23,1,10,2\n23,11,30,2\n", "0089-M")
    assert [clip.source.id for clip in clips_of(ref)] == ["F089V002C023L002"]
    account = FORMATS["pku-mmd"].account
    assert account is not None
    assert account(tmp_path).dropped == ("F089V002C023L001",)


@pytest.mark.parametrize(
    ("span", "kept"), [((0, 300), (0, 300)), ((10, 311), (10, 310)), ((5, 405), (55, 355))]
)
def test_long_clips_keep_their_central_300_frames(span: tuple[int, int], kept: tuple[int, int]) -> None:
    assert central(*span) == kept


def test_a_long_clip_has_a_note(tmp_path: Path) -> None:
    positions = random_stream(320)
    (clip,) = clips_of(make(tmp_path, positions, "1,1,320,2\n"))
    assert clip.problems == ("long: 320 frames, central 300 kept",)
    np.testing.assert_allclose(clip.positions, positions[10:310], rtol=1e-6)


def test_a_wrong_label_or_line_affects_its_own_clip_only(tmp_path: Path) -> None:
    ref = make(
        tmp_path, random_stream(40), "1,1,10,2\n2,50,60,2\n3,35,45,2\n4,15,20,2\n5,30,25,2\n6,21,24,2\n"
    )
    lines = ref.path.read_text().split("\n")
    lines[16] = lines[16].rsplit(" ", 1)[0]
    lines[22] = "x" + lines[22]
    ref.path.write_text("\n".join(lines))
    clips = read_pku(ref)
    assert [isinstance(clip, Clip) for clip in clips] == [True, False, True, False, False, False]
    assert isinstance(clips[2], Clip)
    assert clips[2].problems == ("label ends 5 frames after the stream",)
    messages = [str(error) for error in clips if isinstance(error, BadFile)]
    assert "label 2: frames 50 to 60" in messages[0]
    assert "line 17: expected 150 numbers, found 149" in messages[1]
    assert "label 5" in messages[2]
    assert "line 23" in messages[3]


def test_unusual_spacing_and_nan_are_read(tmp_path: Path) -> None:
    positions = random_stream(12)
    ref = make(tmp_path, positions, "1,1,12,2\n")
    ref.path.write_text(ref.path.read_text().replace(" ", "\t ").replace("\n", "  \r\n"))
    (clip,) = clips_of(ref)
    np.testing.assert_allclose(clip.positions, positions, rtol=1e-6)
    first = ref.path.read_text().split()[0]
    ref.path.write_text(ref.path.read_text().replace(first, "nan", 1))
    (clip,) = clips_of(ref)
    assert clip.problems == ("1 number not finite",)
    assert np.isnan(clip.positions[0, 0, 0]).all()


@pytest.mark.parametrize(
    "line", ["52,1,2,2", "0,1,2,2", "1,0,2,2", "1,2", "a,1,2,3", "1,-5,2,2", "1,1,2,2,2", "²,1,2,2"]
)
def test_wrong_label_lines_are_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "0002-L.txt"
    file.write_text(f"1,1,2,2\n\n{line}\n", encoding="utf-8")
    with pytest.raises(BadFile, match="line 3"):
        read_labels(FileRef(file))


def test_a_stream_without_labels_is_named(tmp_path: Path) -> None:
    ref = make(tmp_path, random_stream(3), "1,1,2,2\n")
    (tmp_path / "Train_Label_PKU_final" / ref.name).unlink()
    with pytest.raises(BadFile, match="its labels"):
        read_pku(ref)


def test_a_stream_alone_is_one_clip(tmp_path: Path) -> None:
    body = np.zeros((12, 2, 25, 3), np.float32)
    body[:, 0] = random_stream(12)[:, 0]
    path = tmp_path / "streams" / "0043-L.txt"
    path.parent.mkdir()
    path.write_bytes(stream_text(body))
    clip = read(path)
    np.testing.assert_allclose(clip.positions[:, 0], body[:, 0], atol=1e-5)
    assert (clip.bodies, clip.rate) == (1, 30)
    assert any("no labels beside it" in problem for problem in clip.problems)


def test_split_files(tmp_path: Path) -> None:
    make(tmp_path, random_stream(3), "1,1,2,2\n", "0002-L")
    (tmp_path / "cross-view.txt").write_text(
        "Training videos:\n0002-L, 0003-M,\nValidation videos:\n0002-R\n"
    )
    assert read_splits(tmp_path) == {"cross-view": (("0002-L", "0003-M"), ("0002-R",))}
    account = FORMATS["pku-mmd"].account
    assert account is not None
    assert account(tmp_path).missing == ("0002-R", "0003-M", "cross-subject.txt")
    for wrong in ("a\n0002-L\nb\n", "a\n0002-L\nb\nwalk\n", "a\n0002-L\nb\n0002-L\n"):
        (tmp_path / "cross-view.txt").write_text(wrong)
        with pytest.raises(BadFile):
            read_split(FileRef(tmp_path / "cross-view.txt"))


def test_split_files_of_both_parts_under_all_their_names(tmp_path: Path) -> None:
    text = "Training videos:\n{}\nValidation videos:\n{}\n"
    make(tmp_path, random_stream(3), "1,1,2,2\n", "0002-L")
    make(tmp_path, random_stream(3), "1,1,2,2\n", "A01N01-L")
    (tmp_path / "cross_subject.txt").write_text(text.format("0002-L, 0003-M", "0002-R"))
    (tmp_path / "Split").mkdir()
    (tmp_path / "Split" / "cross_subject_v2.txt").write_text(text.format("A01N01-L", "A01N02-R"))
    (tmp_path / "Split" / "cross_view_v2.txt").write_text(text.format("A01N02-R", "A01N01-L"))
    (tmp_path / "Split" / "across_view.txt").write_text("other")
    assert read_splits(tmp_path) == {
        "cross-subject": (("0002-L", "0003-M", "A01N01-L"), ("0002-R", "A01N02-R")),
        "cross-view": (("A01N02-R",), ("A01N01-L",)),
    }
    assert FORMATS["pku-mmd"].account is not None
    assert FORMATS["pku-mmd"].account(tmp_path).missing == ("0002-R", "0003-M", "A01N02-R")


def test_streams_are_found_in_a_zip_with_their_labels(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    make(folder, random_stream(12), "1,1,12,2\n")
    make(folder, random_stream(12), "2,1,12,2\n", "A01N02-R")
    with zipfile.ZipFile(tmp_path / "pku.zip", "w") as archive:
        for file in folder.rglob("*.txt"):
            archive.write(file, file.relative_to(folder))
    assert [ref.stem for ref in find_pku(folder)] == [ref.stem for ref in find_pku(tmp_path / "pku.zip")]
    assert [clips_of(ref)[0].source.id for ref in find_pku(tmp_path / "pku.zip")] == [
        "F043V001C001L001",
        "A01N02V003C002L001",
    ]
    with pytest.raises(BadFile):
        find_pku(folder / "Train_Label_PKU_final")


def test_a_parent_folder_may_be_named_labels(tmp_path: Path) -> None:
    folder = tmp_path / "labelled data"
    folder.mkdir()
    ref = make(folder, random_stream(12), "1,1,12,2\n")
    assert find_pku(folder) == [ref]
    assert len(clips_of(ref)) == 1


def test_an_import_has_every_clip_and_every_error(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    make(data, random_stream(40), "1,1,20,2\n2,50,60,2\n3,21,40,2\n")
    pku: Format = FORMATS["pku-mmd"]
    report = import_dataset(pku, data, tmp_path / "pack", jobs=1, progress=False)
    assert (report.summary.clips, len(report.summary.rejected)) == (2, 1)
    assert "label 2" in report.summary.rejected[0].message
    assert report.account is not None
    assert (tmp_path / "pack" / "account.json").exists()
