"""docs/own-data.md, walked: its commands, its snippet and its files, as they stand there; and what it promises."""

from __future__ import annotations

import csv
import json
import re
import shlex
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from pgfa.cli.main import main
from pgfa.config import RunSettings
from pgfa.errors import BadConfig, BadFile
from pgfa.pack import import_dataset, open_pack, save_pack
from pgfa.pack.importing.check import check, told
from pgfa.pack.importing.folder import own_files, read_labels
from pgfa.read import read
from pgfa.read.format import CLASS_UNKNOWN
from pgfa.read.formats.npz import save_clip
from pgfa.skeleton import KINECT20, NTU25, Clip, Source, get_layout
from pgfa.train.corpus import build_corpus

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "own-data.md").read_text(encoding="utf-8")
SHORTER = {"--train.epochs": "1"}
PEOPLE = ("anna", "ben")


def blocks(language: str) -> list[str]:
    """What stands in the guide's fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    """The guide's command lines in their order, with fewer epochs."""
    lines = [shlex.split(line) for block in blocks("sh") for line in block.splitlines() if line.strip()]
    for line in lines:
        for option, value in SHORTER.items():
            if option in line:
                line[line.index(option) + 1] = value
    return lines


def standing(layout: str = "kinect20", seed: int = 0) -> np.ndarray:
    """(40, 1, joints, 3) of somebody upright, a torso of 0.5 m, who moves about."""
    random = np.random.default_rng(seed)
    joints = get_layout(layout).joints
    height = {"hip": 0.9, "knee": 0.5, "foot": 0.05, "ankle": 0.1, "shoulder": 1.4, "head": 1.6, "elbow": 1.2}
    heights = [height.get(name.split("_")[0], 1.0) for name in joints]
    sides = [0.2 * (name.endswith("left") - name.endswith("right")) for name in joints]
    rest = np.stack([sides, heights, np.full(len(joints), 2.5)], axis=1)
    sway = np.sin(np.linspace(0, 6, 40))[:, None, None] * random.normal(0, 0.03, (1, len(joints), 3))
    return (rest + sway)[:, None].astype(np.float32)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a newcomer stands: recordings, labels.csv and mine.toml; two layouts, and two files of no use."""
    place = tmp_path_factory.mktemp("newcomer")
    (place / "mine.toml").write_text(blocks("toml")[0], encoding="utf-8")
    (head, *_) = csv.reader(blocks("csv")[0].splitlines())
    lines = [head]
    for number, action in enumerate(a["name"] for a in tomllib.loads(blocks("toml")[0])["action"]):
        for take in range(6):
            who = PEOPLE[take % 2]
            layout = NTU25 if take == 5 else KINECT20
            clip = Clip(standing(layout.name, 10 * number + take), 30.0, layout, Source(id="x"))
            name = f"{who}/{action}-{take + 1:02d}.npz"
            (place / "recordings" / who).mkdir(parents=True, exist_ok=True)
            save_clip(place / "recordings" / name, clip)
            lines.append([name, action, who])
    (place / "recordings" / "ben" / "empty.npy").write_bytes(b"")
    lines.append(["ben/empty.npy", "kick", "ben"])
    (place / "recordings" / "notes.txt").write_text("filmed on Monday")
    with (place / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(lines)
    np.save(place / "wave.npy", standing(seed=99).astype(np.float64))
    return place


def test_the_guide_can_be_walked(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    subprocess.run([sys.executable, "-c", blocks("python")[0]], check=True, timeout=60)
    assert read("recordings/anna/wave-01.npz").frames == 40
    said: dict[str, str] = {}
    for program, command, *arguments in commands():
        assert program == "pgfa"
        if command == "serve":
            if arguments:
                served(arguments)
            continue
        status = 0
        try:
            main([command, *arguments])
        except SystemExit as stop:
            status = int(stop.code or 0)  # a message in place of a number fails here
        # `check` says by its status that something cannot be used.
        assert status == (command == "check"), command
        said[command] = capsys.readouterr().out
    assert list(said) == ["recognise", "check", "import", "train", "evaluate"]

    end = said["check"].split("no   ", 1)[1]
    assert "ben/empty.npy: expected a recording in a known format" in end
    assert "found an empty file\n       nothing was written into it: export it again" in end
    assert "notes.txt: expected a line for it in the labels" in end
    assert "24 clips can be used, 2 files or clips cannot" in end
    assert "4 classes: bow (6), clap (6), kick (6), wave (6)" in end
    assert "--layout kinect20" in end
    assert "\nyes" not in end
    assert "2 files could not be used" in said["import"]
    assert "--split 'recordings/unseen:" in said["import"]
    rejected = {line["file"] for line in json.loads(Path("packs/mine/rejected.json").read_text())}
    assert rejected == {"ben/empty.npy", "notes.txt"}
    assert len(open_pack(Path("packs/mine"))) == 24
    assert "2 unseen classes, 12 clips" in said["evaluate"]
    assert "<html" in Path("runs/mine/report.html").read_text(encoding="utf-8")
    assert "not calibrated" in said["recognise"]  # the run's answer, which came last


def served(arguments: list[str]) -> None:
    """The page opens, and knows the run."""
    started = [sys.executable, "-m", "pgfa.cli.main", "serve", *arguments, "--port", "0"]
    with subprocess.Popen(started, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[0]
            assert b"<html" in page_at(address)
        finally:
            process.terminate()


def page_at(address: str) -> bytes:
    """The address is told just before it is listened on."""
    for _ in range(100):
        try:
            with urllib.request.urlopen(address, timeout=20) as page:
                content: bytes = page.read()
                return content
        except urllib.error.URLError:
            time.sleep(0.1)
    raise AssertionError(f"nobody answers at {address}")


def test_every_place_the_guide_points_to_is_there() -> None:
    docs = Path(__file__).resolve().parents[2] / "docs"
    targets = re.findall(r"\]\(([^)#]+)(?:#([^)]+))?\)", GUIDE)
    assert len(targets) > 5
    for target, heading in targets:
        text = (docs / target).read_text(encoding="utf-8")
        found = (re.sub(r"[^\w -]", "", h) for h in re.findall(r"^#+ (.*)", text, re.MULTILINE))
        headings = [h.strip().lower().replace(" ", "-") for h in found]
        assert not heading or heading in headings, f"{target}#{heading}"


@pytest.mark.parametrize(
    ("turned", "said"),
    [
        (lambda p: p[..., [0, 2, 1]] * [1, -1, 1], "trunk points along z,"),
        (lambda p: p * [-1, -1, 1], "trunk points along -y,"),
        (lambda p: p * 100, "m long: another unit"),
        (lambda p: p, ""),
    ],
)
def test_a_body_that_stands_oddly_is_told(turned, said: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    positions = turned(standing())
    save_clip(tmp_path / "a.npz", Clip(positions.astype(np.float32), 30.0, KINECT20, Source(id="a")))
    (found,) = check(tmp_path / "a.npz")
    assert found.usable
    assert [said in problem for problem in found.problems if "points" in problem or "torso" in problem] == (
        [True] if said else []
    )


@pytest.mark.parametrize("up", ["z", "-y"])
def test_the_guides_turns_make_a_body_stand(up: str) -> None:
    (line,) = [line for line in GUIDE.splitlines() if "the trunk points along z" in line]
    stood = standing().astype(np.float64)
    z_up, y_down = (text for text in re.findall(r"`(positions[^`]*)`", line))
    assert (z_up, y_down) == ("positions[..., [0, 2, 1]] * [1, 1, -1]", "positions * [-1, -1, 1]")
    if up == "z":  # x, y up, z towards the back -> x, -z, y
        positions = np.stack([stood[..., 0], -stood[..., 2], stood[..., 1]], axis=-1)
        mended = positions[..., [0, 2, 1]] * [1, 1, -1]
    else:
        positions = stood * [-1, -1, 1]
        mended = positions * [-1, -1, 1]
    np.testing.assert_allclose(mended, stood)


@pytest.fixture
def faulty(place: Path, tmp_path: Path) -> tuple[Path, Path]:
    """The recordings, and a list that names two files that are not there and spells a class in two ways."""
    lines = (place / "labels.csv").read_text(encoding="utf-8").splitlines()
    lines[1] = "anna/wave-1.npz,wave,anna"  # wave-01
    lines[2] = lines[2].replace(",wave,", ",Wave ,")
    lines.append("carl/sleep.npz,sleep,carl")
    (tmp_path / "list.csv").write_text("\n".join(lines), encoding="utf-8")
    return place / "recordings", tmp_path / "list.csv"


def test_a_list_is_mended_in_one_go(faulty: tuple[Path, Path]) -> None:
    source, labels = faulty
    results = {result.file: result for result in check(source, labels)}
    near, lost = results["anna/wave-1.npz"], results["carl/sleep.npz"]
    assert "line 2: expected a file below" in near.error
    assert "not there; the nearest name is 'anna/wave-01.npz'" in near.error
    assert lost.error.endswith("'carl/sleep.npz', not there")
    assert near.advice == lost.advice == "put the file there, or mend or delete this line"
    assert results["anna/wave-01.npz"].advice == "to use it, add a line to the list: anna/wave-01.npz,CLASS"
    assert "no recording" in results["notes.txt"].advice
    assert "'Wave' and 'wave': one class spelled in two ways?" in told(list(results.values()))
    with pytest.raises(BadFile, match=r"line 2: .*and 1 more of the list"):
        own_files(source, labels)
    assert own_files(source, labels, complete=False).find(source)


@pytest.mark.parametrize("between", [";", "\t"])
def test_a_list_as_spreadsheets_write_it(place: Path, tmp_path: Path, between: str) -> None:
    lines = (place / "labels.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "list.csv").write_text("\r\n".join(lines).replace(",", between), encoding="utf-8-sig")
    assert read_labels(tmp_path / "list.csv") == read_labels(place / "labels.csv")


def test_a_class_that_the_list_tells_is_no_defect(tmp_path: Path) -> None:
    """The reader cannot know the class of `a.txt`; a folder or a list does."""
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
        (np.full((9, 20, 3), np.nan), "nobody is seen"),
        (np.zeros((9, 21, 3)), "export it again"),
        (b"\xff\xd8\xff\xe0 a photo", "if it is no recording"),
        (b"", "nothing was written"),
    ],
)
def test_each_fault_has_its_advice(content: np.ndarray | bytes, advice: str, tmp_path: Path) -> None:
    file = tmp_path / "a.npy"
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        np.save(file, content)
    (found,) = check(file)
    assert not found.usable
    assert advice in found.advice
    assert found.advice in str(found)


def test_what_a_run_is_not_told_it_says(place: Path, tmp_path: Path) -> None:
    source = place / "recordings"
    with pytest.raises(BadConfig, match=r"--layout kinect20"):
        import_dataset("files", source, tmp_path / "p", labels=place / "labels.csv", progress=False)
    clips = [
        Clip(standing(seed=n), 30.0, KINECT20, Source(id=f"{n}", dataset="recordings", action=name))
        for n, name in enumerate(("wave", "clap", "bow"))
    ]
    pack = save_pack(clips, tmp_path / "q").folder

    def corpus(split: str, *catalogues: Path) -> str:
        return str(build_corpus(RunSettings(packs=(str(pack),), split=split), catalogues))

    mine = place / "mine.toml"
    assert "no sentences for recordings" in corpus("recordings/unseen:wave")
    assert "no sentences" not in corpus("recordings/unseen:wave", mine)
    with pytest.raises(BadConfig, match="the packs hold recordings: choose unseen classes, as recordings/"):
        corpus("q/unseen:wave")
    other = tmp_path / "other.toml"
    other.write_text(mine.read_text(encoding="utf-8").replace('"recordings"', '"mine"'), encoding="utf-8")
    with pytest.raises(
        BadConfig, match=r"other.toml is of the data set 'mine', but the packs hold recordings"
    ):
        corpus("recordings/unseen:wave", other)
