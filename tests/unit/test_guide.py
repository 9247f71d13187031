"""docs/own-data.md, executed: its commands, its snippet and its files as printed; and its promises."""

from __future__ import annotations

import csv
import json
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from builders import standing_body
from guides import CHECKOUT, blocks
from page_runner import run_page
from pgfa.config import RunSettings
from pgfa.errors import BadConfig, BadFile, Undecided
from pgfa.pack import import_dataset, open_pack, save_pack
from pgfa.pack.importing.check import check
from pgfa.pack.importing.check_report import overview
from pgfa.pack.importing.folder import files_format, read_labels
from pgfa.read import read
from pgfa.read.format import CLASS_UNKNOWN
from pgfa.read.formats.npz import save_clip
from pgfa.skeleton import KINECT20, NTU25, Clip, Source, get_layout
from pgfa.train.corpus import build_corpus

PAGE = "docs/own-data.md"
GUIDE = (CHECKOUT / PAGE).read_text(encoding="utf-8")
PEOPLE = ("anna", "ben")


def standing(layout: str = "kinect20", seed: int = 0) -> np.ndarray:
    """(40, 1, joints, 3) of a standing person who sways."""
    random = np.random.default_rng(seed)
    body = standing_body(get_layout(layout)) + np.array([0, 1, 2.5])
    sway = np.sin(np.linspace(0, 6, 40))[:, None, None] * random.normal(0, 0.03, (1, len(body), 3))
    return (body + sway)[:, None].astype(np.float32)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new user's folder: recordings, labels.csv and mine.toml; two layouts, and two files that cannot be used."""
    folder = tmp_path_factory.mktemp("newcomer")
    (folder / "mine.toml").write_text(blocks(PAGE, "toml")[0], encoding="utf-8")
    head = blocks(PAGE, "text")[0].splitlines()[0].split(",")
    lines = [head]
    for number, action in enumerate(a["name"] for a in tomllib.loads(blocks(PAGE, "toml")[0])["action"]):
        for take in range(6):
            who = PEOPLE[take % 2]
            layout = NTU25 if take == 5 else KINECT20
            clip = Clip(standing(layout.name, 10 * number + take), 30.0, layout, Source(id="x"))
            name = f"{who}/{action}-{take + 1:02d}.npz"
            (folder / "recordings" / who).mkdir(parents=True, exist_ok=True)
            save_clip(folder / "recordings" / name, clip)
            lines.append([name, action, who])
    (folder / "recordings" / "ben" / "empty.npy").write_bytes(b"")
    lines.append(["ben/empty.npy", "kick", "ben"])
    (folder / "recordings" / "notes.txt").write_text("filmed on Monday")
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(lines)
    np.save(folder / "wave.npy", standing(seed=99).astype(np.float64))
    return folder


def test_the_commands_of_the_guide_run_as_printed(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace)
    output: dict[str, str] = {}

    def keep(command: str) -> None:
        output[command] = capsys.readouterr().out

    run_page(PAGE, workspace, statuses={"check": 1}, done=keep)  # `check`: some files cannot be used
    assert set(output) == {"recognise", "serve", "check", "import", "train", "evaluate"}
    assert read("recordings/anna/wave-01.npz").frames == 40

    end = output["check"].split("FAIL ", 1)[1]
    assert "ben/empty.npy: Not a skeleton recording (an empty file) [" in end
    assert "] export it again, or delete it" in end
    assert "SKIP: 1 file is no recording: notes.txt (" in end
    assert "24 clips can be used, 1 file or clip cannot" in end
    assert "4 classes: bow (6), clap (6), kick (6), wave (6)" in end
    assert "--to-layout kinect20" in end
    assert "\nOK" not in end
    assert "2 files could not be used" in output["import"]
    assert "--split 'recordings/unseen:" in output["import"]
    rejected = {line["file"] for line in json.loads(Path("packs/mine/rejected.json").read_text())}
    assert rejected == {"ben/empty.npy", "notes.txt"}
    assert len(open_pack(Path("packs/mine"))) == 24
    assert "2 unseen classes, 12 clips" in output["evaluate"]
    assert "<html" in Path("runs/mine/report.html").read_text(encoding="utf-8")
    assert "not calibrated" in output["recognise"]  # the answer of the run, which comes last


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p[..., [0, 2, 1]] * [1, -1, 1], "trunk points along z "),
        (lambda p: p * [-1, -1, 1], "trunk points along -y "),
        (lambda p: p, ""),
    ],
)
def test_a_wrong_axis_is_reported(change, message: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    positions = change(standing())
    save_clip(tmp_path / "a.npz", Clip(positions.astype(np.float32), 30.0, KINECT20, Source(id="a")))
    (result,) = check(tmp_path / "a.npz")
    assert result.usable
    doubts = [problem for problem in result.problems if "points" in problem or "torso" in problem]
    assert [message in doubt for doubt in doubts] == ([True] if message else [])


def test_a_wrong_unit_is_asked_about(tmp_path: Path) -> None:
    clip = Clip((standing() * 100).astype(np.float32), 30.0, KINECT20, Source(id="a"))
    save_clip(tmp_path / "a.npz", clip)
    (result,) = check(tmp_path / "a.npz")
    assert not result.usable
    with pytest.raises(Undecided, match="--unit cm"):
        read(tmp_path / "a.npz")


@pytest.mark.parametrize("up", ["z", "-y"])
def test_the_axes_of_the_guide_make_a_body_stand(up: str, tmp_path: Path) -> None:
    (line,) = [line for line in GUIDE.splitlines() if "the trunk points along z" in line]
    assert re.findall(r"`--up[ =](\S+)`", line) == ["z", "-y"]
    upright = standing().astype(np.float64)
    if up == "z":  # x, y up, z towards the back -> x, -z, y
        positions = np.stack([upright[..., 0], -upright[..., 2], upright[..., 1]], axis=-1)
    else:
        positions = upright * [-1, -1, 1]
    np.save(tmp_path / "a.npy", positions)
    clip = read(tmp_path / "a.npy", up=up, layout="kinect20", unit="m", rate=30, mirrored=False)
    np.testing.assert_allclose(clip.positions[..., 1], upright[..., 1], atol=1e-5)


@pytest.fixture
def wrong_list(workspace: Path, tmp_path: Path) -> tuple[Path, Path]:
    """The recordings, and a list with two missing files and a class in two spellings."""
    lines = (workspace / "labels.csv").read_text(encoding="utf-8").splitlines()
    lines[1] = "anna/wave-1.npz,wave,anna"  # wave-01
    lines[2] = lines[2].replace(",wave,", ",Wave ,")
    lines.append("carl/sleep.npz,sleep,carl")
    (tmp_path / "list.csv").write_text("\n".join(lines), encoding="utf-8")
    return workspace / "recordings", tmp_path / "list.csv"


def test_all_errors_of_a_list_are_reported_at_once(wrong_list: tuple[Path, Path]) -> None:
    source, labels = wrong_list
    results = {result.file: result for result in check(source, labels)}
    similar, lost = results["anna/wave-1.npz"], results["carl/sleep.npz"]
    assert "line 2: expected a file below" in similar.error
    assert "which does not exist; did you mean 'anna/wave-01.npz'?" in similar.error
    assert lost.error.endswith("'carl/sleep.npz', which does not exist")
    assert similar.advice == lost.advice == "add the file, or correct or delete this line"
    assert (
        results["anna/wave-01.npz"].advice == "to use it, add this line to the list: anna/wave-01.npz,CLASS"
    )
    assert "not seem to be a recording" in results["notes.txt"].advice
    assert "'Wave' and 'wave': possibly two spellings of one class" in overview(list(results.values()))
    with pytest.raises(BadFile, match=r"line 2: .*and 1 more of the list"):
        files_format(source, labels)
    assert files_format(source, labels, complete=False).find(source)


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_list_as_written_by_spreadsheets(workspace: Path, tmp_path: Path, separator: str) -> None:
    lines = (workspace / "labels.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "list.csv").write_text("\r\n".join(lines).replace(",", separator), encoding="utf-8-sig")
    assert read_labels(tmp_path / "list.csv") == read_labels(workspace / "labels.csv")


def test_a_class_from_the_list_is_no_problem(tmp_path: Path) -> None:
    """The reader cannot know the class of `a.txt`; the folder gives it."""
    lines = [f"{x:.4f} {y:.4f} {z:.4f} 1" for frame in standing()[:, 0] for x, y, z in frame]
    for name in ("alone/a.txt", "alone/wave/a.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("\n".join(lines))
    unlisted, labelled = check(tmp_path / "alone")
    assert (unlisted.action, CLASS_UNKNOWN in unlisted.problems) == ("", True)
    assert (labelled.action, CLASS_UNKNOWN in labelled.problems) == ("wave", False)


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (np.full((9, 20, 3), np.nan), "no person was detected"),
        (np.zeros((9, 21, 3)), "export it again"),
        (b"\xff\xd8\xff\xe0 a photo", "if it is not a recording"),
        (b"", "or delete it"),
    ],
)
def test_each_error_has_its_advice(content: np.ndarray | bytes, advice: str, tmp_path: Path) -> None:
    file = tmp_path / "a.npy"
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        np.save(file, content)
    (result,) = check(file)
    assert not result.usable
    assert advice in result.advice
    assert result.advice in str(result)


def test_a_run_reports_what_is_missing(workspace: Path, tmp_path: Path) -> None:
    source = workspace / "recordings"
    with pytest.raises(BadConfig, match=r"--to-layout kinect20"):
        import_dataset("files", source, tmp_path / "p", labels=workspace / "labels.csv", progress=False)
    clips = [
        Clip(standing(seed=n), 30.0, KINECT20, Source(id=f"{n}", dataset="recordings", action=name))
        for n, name in enumerate(("wave", "clap", "bow"))
    ]
    pack = save_pack(clips, tmp_path / "q").folder

    def corpus(split: str, *catalogues: Path) -> str:
        return str(build_corpus(RunSettings(packs=(str(pack),), split=split), catalogues))

    mine = workspace / "mine.toml"
    assert "no catalogue for recordings" in corpus("recordings/unseen:wave")
    assert "no sentences" not in corpus("recordings/unseen:wave", mine)
    for split in ("q/unseen:wave", "q/none"):
        with pytest.raises(
            BadConfig,
            match=r"packs contain recordings: .*example recordings/unseen:CLASS,CLASS, or none \(recordings/none\)",
        ):
            corpus(split)
    other = tmp_path / "other.toml"
    other.write_text(mine.read_text(encoding="utf-8").replace('"recordings"', '"mine"'), encoding="utf-8")
    with pytest.raises(
        BadConfig, match=r"other.toml is of the data set 'mine', but the packs contain recordings"
    ):
        corpus("recordings/unseen:wave", other)
