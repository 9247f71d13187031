"""Your own folder of recordings: classes from folders or a list; errors of the list name its line."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from pgfa.errors import BadFile, LimitExceeded
from pgfa.pack import import_dataset, open_pack
from pgfa.pack.importing import folder
from pgfa.read.formats import npz
from pgfa.skeleton import KINECT20, Clip, Source


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / "my clips"
    rng = np.random.default_rng(0)
    for name in ("wave/a.npz", "wave/b.npz", "kick/deep/a.npz", "c.npz"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        positions = rng.normal(size=(6, 1, 20, 3)).astype(np.float32)
        clip = Clip(positions, 30.0, KINECT20, Source(id="x", action="nod", subject="9"))
        npz.save_clip(root / name, clip)
    (root / "wave" / "notes.txt").write_text("filmed on Monday")
    (root / ".hidden").write_text("")
    return root


def by_id(out: Path) -> dict[str, Source]:
    pack = open_pack(out)
    return {pack.clip(number).source.id: pack.clip(number).source for number in range(len(pack))}


def test_the_class_is_the_name_of_the_folder(source: Path, tmp_path: Path) -> None:
    report = import_dataset("files", source, tmp_path / "pack", jobs=1, progress=False)
    sources = by_id(tmp_path / "pack")
    assert {name: source.action for name, source in sources.items()} == {
        "wave/a.npz": "wave", "wave/b.npz": "wave", "kick/deep/a.npz": "deep", "c.npz": "nod",
    }  # fmt: skip
    assert {(source.dataset, source.subject) for source in sources.values()} == {("my clips", "9")}
    assert [file.file for file in report.summary.rejected] == ["wave/notes.txt"]
    assert "Not a skeleton recording (plain text)" in report.summary.rejected[0].message


def test_labels(source: Path, tmp_path: Path) -> None:
    labels = source / "labels.csv"
    labels.write_text(
        '\ufefffile,subject,action\n./wave/a.npz,1,hello\nkick\\deep\\a.npz,,kick\n\nc.npz,3,"sit, down"\n'
    )
    report = import_dataset("files", source, tmp_path / "pack", labels=labels, jobs=2, progress=False)
    sources = by_id(tmp_path / "pack")
    assert {name: (source.action, source.subject) for name, source in sources.items()} == {
        "wave/a.npz": ("hello", "1"), "kick/deep/a.npz": ("kick", "9"), "c.npz": ("sit, down", "3"),
    }  # fmt: skip
    rejected = {file.file: file.message for file in report.summary.rejected}
    assert set(rejected) == {"wave/b.npz", "wave/notes.txt"}
    assert "expected a line for this file in the list of labels, found none" in rejected["wave/b.npz"]


def test_a_zip(source: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "own.zip", "w") as archive:
        for file in sorted(source.rglob("*.npz")):
            archive.write(file, file.relative_to(source))
    import_dataset("files", tmp_path / "own.zip", tmp_path / "pack", jobs=1, progress=False)
    assert by_id(tmp_path / "pack")["wave/b.npz"].action == "wave"
    assert by_id(tmp_path / "pack")["wave/b.npz"].dataset == "own"


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "line 1: expected the columns file, action .* found no action and no file"),
        ("file,class\na,b\n", "line 1: .* found no action"),
        ("file,action\nwave/a.npz\n", "line 2: expected 2 values, found 1"),
        ("file,action\nwave/a.npz,wave,1\n", "line 2: expected 2 values, found 3"),
        ("file,action\nwave/a.npz,wave\nc.npz,\n", "line 3: expected a file and an action, found no action"),
        ("file,action\nc.npz,a/b\n", "line 2: expected an action without \"/\" .* found 'a/b'"),
        ("file,action\n,wave\n", "line 2: expected a file and an action, found no file"),
        (
            "file,action\nwave/a.npz,x\nwave/z.npz,x\n",
            "line 3: expected a file below .*'wave/z.npz', which does not exist",
        ),
        ("file,action\n../secret.npz,x\n", "line 2: expected a file below"),
        ("file,action\nc.npz,x\n\n./c.npz,y\n", "line 4: .* found 'c.npz' again, after line 2"),
        ('file,action\n"c.npz,x\n', "line 2: expected CSV"),
        ("file,action\nc.npz,\udcff\n", "in UTF-8"),
    ],
)
def test_wrong_labels(text: str, match: str, source: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(BadFile, match=match) as caught:
        import_dataset("files", source, tmp_path / "pack", labels=labels, progress=False)
    assert caught.value.file == str(labels)
    assert not (tmp_path / "pack.partial").exists()


def test_missing_or_too_large_labels_and_folders(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadFile, match=r"labels.csv"):
        import_dataset("files", source, tmp_path / "pack", labels=tmp_path / "labels.csv")
    with pytest.raises(BadFile, match="no such file or folder"):
        import_dataset("files", tmp_path / "nowhere", tmp_path / "pack")
    (tmp_path / "void").mkdir()
    with pytest.raises(BadFile, match="no file"):
        import_dataset("files", tmp_path / "void", tmp_path / "pack")
    (tmp_path / "labels.csv").write_text("file,action\n")
    monkeypatch.setattr(folder, "_LABELS_BYTES", 3)
    with pytest.raises(LimitExceeded):
        import_dataset("files", source, tmp_path / "pack", labels=tmp_path / "labels.csv")
