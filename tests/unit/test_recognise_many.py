"""Many recordings on the command line: a row each, in every format; what fails is one line and stops nothing."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from pgfa.cli.main import main
from pgfa.cli.recordings import TOGETHER, is_single
from pgfa.read.formats.npz import save_clip
from pgfa.recognise import Answer, Answers, Recogniser
from pgfa.recognise.formats import MEANING, NONE, answers_table
from pgfa.recognise.rows import Row, rows_csv, rows_table
from reason_builders import TEXTS, kinematic_recogniser
from recogniser_builders import SENTENCES, swaying_clip

ASK = [x for sentence in SENTENCES for x in ("--sentence", sentence)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three recordings, one of them twelve seconds long, a damaged one, and a file that is not a recording."""
    out = tmp_path / "clips"
    out.mkdir()
    for i, frames in enumerate((30, 40, 360)):
        save_clip(out / f"{i}.npz", swaying_clip(i, frames))
    (out / "damaged.npz").write_bytes((out / "0.npz").read_bytes()[:200])
    (out / "notes.txt").write_text("these are my clips\n", encoding="utf-8")
    return out


def run(
    arguments: list[str], exported: Path, capsys: pytest.CaptureFixture[str]
) -> tuple[int | str | None, str, str]:
    """Exit status or message, standard output, standard error of `pgfa recognise`."""
    with pytest.raises(SystemExit) as stop:
        main(["recognise", *arguments, "--run", str(exported), *ASK])
    output = capsys.readouterr()
    return stop.value.code, output.out, output.err


def test_a_folder_gives_one_row_per_recording(
    exported: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run([str(folder), str(folder / "nowhere.npz")], exported, capsys)
    assert code == "pgfa: 2 recordings could not be used: see above"
    head, *rows, star, meaning = out.splitlines()
    assert head.split() == ["file", "none", "of", "these", "first", "second", "third"]
    assert [row.split()[0][-5:] for row in rows] == ["0.npz", "1.npz", "2.npz"]
    assert all(row.count("%") == 4 and row.count("*") == 1 for row in rows)
    assert (star, meaning) == ("*: the answer", MEANING)
    errors = [line for line in err.splitlines() if line.startswith("pgfa: ")]
    assert len(errors) == 2
    assert any("damaged.npz" in line for line in errors)
    assert any("nowhere.npz" in line for line in errors)
    assert "note: 1 file skipped: not in a known format" in err
    assert "note: 1 recording of 10 seconds or longer, answered as a whole" in err


def test_rows_say_what_each_recording_alone_is_answered(
    exported: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "damaged.npz").unlink()
    files = [str(folder / f"{i}.npz") for i in range(3)]
    code, out, _ = run([*files, "--json=-"], exported, capsys)
    assert not code
    recogniser = Recogniser.load(exported)
    for file, text in zip(files, out.splitlines(), strict=True):
        row = json.loads(text)
        assert row.pop("file") == file
        alone = recogniser.recognise(file, SENTENCES).to_dict()
        assert row["none"] == pytest.approx(alone["none"], abs=1e-5)
        assert [a["sentence"] for a in row["answers"]] == [a["sentence"] for a in alone["answers"]]


def test_csv_has_one_row_per_recording_of_a_zip(
    exported: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive, table = tmp_path / "clips.zip", tmp_path / "out.csv"
    with zipfile.ZipFile(archive, "w") as opened:
        for i in range(3):
            opened.write(folder / f"{i}.npz", f"{i}.npz")
    code, _, _ = run([str(archive), "--csv", str(table)], exported, capsys)
    assert not code
    rows = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8"))))
    assert [row["file"] for row in rows] == [f"{archive}!{i}.npz" for i in range(3)]
    for row in rows:
        assert row["answer"] in (row["first"], NONE)
        first, second, third = (float(row[f"{name}_probability"]) for name in ("first", "second", "third"))
        assert 1 >= first >= second >= third >= 0


@pytest.mark.parametrize("notes", [False, True])
def test_where_nothing_was_read_there_is_no_table(
    notes: bool, exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing, out = tmp_path / "nothing", tmp_path / "out.csv"
    nothing.mkdir()
    out.write_text("of an earlier call")
    if notes:
        (nothing / "notes.txt").write_text("these are my clips\n", encoding="utf-8")
    code, printed, _ = run([str(nothing), "--csv", str(out)], exported, capsys)
    assert code == (
        f"pgfa: {nothing}: expected recordings, found none in a known format; `pgfa formats` lists what is read"
    )
    assert not printed
    assert out.read_text() == "of an earlier call"


def test_a_hyphen_is_standard_output_with_and_without_an_equals_sign(
    exported: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "damaged.npz").unlink()
    for spelling in (["--csv", "-"], ["--csv=-"]):
        code, out, _ = run([str(folder), *spelling, "--quiet"], exported, capsys)
        assert not code
        assert len(list(csv.DictReader(io.StringIO(out)))) == 3


@pytest.mark.parametrize("options", [["--spans"], ["--vtt=-"], ["--why"]])
def test_what_is_for_one_recording_is_refused_for_many(
    exported: Path, folder: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run([str(folder), *options], exported, capsys)
    assert isinstance(code, str)
    assert code.startswith("pgfa: ")
    assert not out


def test_a_recording_of_other_joints_does_not_stop_its_batch(
    exported: Path, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pgfa.errors import LayoutMismatch

    (folder / "damaged.npz").unlink()
    encode = Recogniser.encode

    def refusing(self: Recogniser, clips: object) -> object:
        if 40 in clips.frames:  # type: ignore[attr-defined]
            raise LayoutMismatch("no map from these joints")
        return encode(self, clips)  # type: ignore[arg-type]

    monkeypatch.setattr(Recogniser, "encode", refusing)
    code, out, err = run([str(folder)], exported, capsys)
    assert code == "pgfa: 1 recording could not be used: see above"
    assert f"pgfa: {folder}/1.npz: no map from these joints" in err
    assert [line.split()[0][-5:] for line in out.splitlines()[1:3]] == ["0.npz", "2.npz"]


def test_explanations_of_many_recordings_are_in_the_json(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "damaged.npz").unlink()
    kinematic_recogniser().save(tmp_path / "why")
    asked = [x for sentence in list(TEXTS.values())[:3] for x in ("--sentence", sentence)]
    with pytest.raises(SystemExit) as stop:
        main(["recognise", str(folder), "--run", str(tmp_path / "why"), *asked, "--why", "--json=-"])
    assert not stop.value.code
    out = capsys.readouterr().out
    assert len(out.splitlines()) == 3
    for text in out.splitlines():
        row = json.loads(text)
        assert [w["sentence"] for w in row["why"]["sentences"]] == [a["sentence"] for a in row["answers"]]


def test_a_row_marks_none_of_these_as_the_answer(recogniser: Recogniser) -> None:
    answers = recogniser.recognise(swaying_clip(), SENTENCES)
    ranked = [Row(f"{none}", type(answers)(answers.answers, none, True)) for none in (0.2, 0.8)]
    # As on the page: a sentence is named unless "none of these" is more probable than all of them together.
    between = Answers((Answer("a person waves", 0.3, 0.5), Answer("a person sits", 0.26, 0.4)), 0.44, True)
    assert Row("x", between).answer == "a person waves"
    assert (
        rows_table([Row("x", between)]).count("*30.0 %") + rows_table([Row("x", between)]).count("* 30.0 %")
        == 1
    )
    ((written,),) = [list(csv.DictReader(io.StringIO(rows_csv([Row("x", between)]))))]
    assert written["answer"] == written["first"] == "a person waves"
    assert NONE in answers_table(between).splitlines()[3]
    more = Answers(between.answers, 0.51, True)
    assert NONE in answers_table(more).splitlines()[1]
    _, below, above, *_ = rows_table(ranked).splitlines()
    assert [line.split("%")[0].split() for line in (below, above)] == [["0.2", "20.0"], ["0.8", "*", "80.0"]]
    assert [row.answer for row in ranked] == [answers[0].sentence, NONE]


def test_one_recording_is_not_many(folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "one.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.write(folder / "0.npz", "0.npz")
    np.save(tmp_path / "array.npy", np.zeros((3, 20, 3), dtype=np.float32))
    for file in (folder / "0.npz", tmp_path / "array.npy", archive, f"{archive}!0.npz", tmp_path / "nowhere"):
        assert is_single([str(file)])
    assert not is_single([str(folder)])
    assert not is_single([str(folder / "0.npz")] * 2)


def test_of_many_recordings_the_way_to_use_them_together_is_named(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for i in range(TOGETHER):
        save_clip(folder / f"{i}.npz", swaying_clip(i, 30))
    code, _, err = run([str(folder)], exported, capsys)
    assert not code
    assert f"note: {TOGETHER} recordings, each answered by itself" in err
    _, _, err = run([str(folder), "--adapt", str(folder)], exported, capsys)
    assert "each answered by itself" not in err
    (folder / "0.npz").unlink()
    _, _, err = run([str(folder)], exported, capsys)
    assert "each answered by itself" not in err


def test_a_file_of_many_clips_is_answered_in_batches_with_progress(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = [swaying_clip(i, 30) for i in range(10)]
    file = tmp_path / "many.npz"
    np.savez(
        file, positions=np.concatenate([clip.positions[:, 0] for clip in clips]), offsets=np.arange(11) * 30,
        joints=list(clips[0].layout.joints), fps=np.full(10, 30.0),
    )  # fmt: skip
    save_clip(tmp_path / "z.npz", clips[3])
    code, whole, _ = run([str(tmp_path), "--csv", "-"], exported, capsys)
    assert not code
    monkeypatch.setattr("pgfa.cli.recordings.BATCH", 4)
    monkeypatch.setattr("pgfa.progress._EVERY_SECONDS", 0)
    code, out, err = run([str(tmp_path), "--csv", "-"], exported, capsys)
    assert (code, out) == (0, whole)
    assert len(out.splitlines()) == 12
    counts = [line.split(",")[0] for line in err.splitlines() if line.startswith("recognise: ")]
    assert counts == [
        f"recognise: {done} of {total} recordings" for done, total in ((4, 11), (8, 11), (11, 11))
    ]


def test_blocks_of_features_do_not_change_answers(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recogniser, clips = Recogniser.load(exported), [swaying_clip(i, 30) for i in range(7)]
    whole = recogniser.recognise(clips, SENTENCES)
    monkeypatch.setattr("pgfa.recognise.recogniser.MOST_FEATURES", 3)
    blocks = recogniser.recognise(clips, SENTENCES)
    assert [a.source for a in blocks] == [a.source for a in whole]
    for one, other in zip(blocks, whole, strict=True):
        np.testing.assert_allclose([a.cosine for a in one], [a.cosine for a in other], atol=1e-5)
