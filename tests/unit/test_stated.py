"""What users state: options, arguments, settings files, a folder decided once; and `pgfa check` that asks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pgfa
from pgfa.cli.main import main
from pgfa.errors import BadConfig, BadFile, Undecided
from pgfa.pack import import_dataset
from pgfa.pack.importing.check import check
from pgfa.pack.pack import open_pack
from pgfa.read import FORMATS, FileRef, Stated, read
from pgfa.read.formats.npz import save_clip
from pgfa.read.interpret.decision import Decision, is_declared, reading_line, values_of
from pgfa.read.sample import person, picture
from pgfa.skeleton import COCO17, KINECT20, NTU25, Clip, Source
from reading_motions import in_layout, motion


def z_up(points: np.ndarray) -> np.ndarray:
    """Turned so that z points up."""
    return points[..., [0, 2, 1]] * [1, -1, 1]


def save(file: Path, array: np.ndarray) -> Path:
    """An array as a file, in a folder that is made."""
    file.parent.mkdir(parents=True, exist_ok=True)
    np.save(file, array)
    return file


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"layout": "spider"}, "layout: expected one of azure32, coco17"),
    ({"up": "w"}, "up: expected one of y, -y"),
    ({"unit": "yard"}, "unit: expected one of m, cm"),
    ({"rate": 0}, "rate: expected 0.01 to 10000"),
    ({"rate": True}, "rate: expected"),
    ({"rate": float("nan")}, "rate: expected"),
    ({"axes": "CT"}, "axes: expected"),
    ({"axes": "xx"}, "axes: expected"),
    ({"axes": ""}, "axes: expected"),
    ({"mirrored": "yes"}, "mirrored: expected true or false"),
    ({"depth": 1}, "depth: expected true or false"),
]


@pytest.mark.parametrize(("values", "message"), WRONG)
def test_a_wrong_value_names_the_option(values: dict[str, Any], message: str) -> None:
    with pytest.raises(BadConfig, match=message):
        Stated(**values)


def test_axes_have_two_parts() -> None:
    both = Stated(axes="NCTVM xyz")
    assert (both.array_axes, both.columns) == ("NCTVM", "xyz")
    assert (Stated(axes="CTV").columns, Stated(axes="yxs").array_axes, Stated().columns) == ("", "", "")


def test_references_keep_what_is_stated_and_stay_equal() -> None:
    stated = Stated(up="z", rate=50)
    ref = FileRef(Path("a/b.npy"), stated=stated)
    assert ref == FileRef(Path("a/b.npy"))
    assert "stated" not in repr(ref)
    assert ref.folder.stated == ref.sibling("c.npy").stated == stated
    member = FileRef(Path("a.zip"), "b/c.npy", stated)
    assert member.folder.stated == member.sibling("d").stated == stated
    assert ref.with_stated(Stated(up="y", unit="mm")).stated == Stated(up="z", rate=50, unit="mm")


def test_statements_decide_an_array(tmp_path: Path) -> None:
    points = person(NTU25, 20)
    file = save(tmp_path / "a.npy", z_up(points) * 1000)
    clip = pgfa.read(file, up="z", unit="mm", rate=50, mirrored=False, layout="ntu25", axes="TVC xyz")
    np.testing.assert_allclose(clip.positions[:, 0], points, atol=1e-4)
    assert clip.rate == 50
    assert clip.problems == ()
    assert values_of(clip.reading) == {
        "layout": "ntu25", "array": "TVC", "columns": "x y z", "axes": "right-handed", "up": "z", "unit": "mm",
        "rate": "50 Hz", "frames": "of one take",
    }  # fmt: skip
    assert clip.reading.startswith("stated: ")


@pytest.mark.parametrize("declared", [{}, {"handedness": "right", "unit": "m", "up": "y"}])
def test_without_depth_left_stays_where_it_is_in_space(declared: dict[str, str], tmp_path: Path) -> None:
    points = in_layout(motion("walk"), NTU25)
    content = {"keypoints": points.tolist(), "layout": "ntu25", "fps": 30, **declared}
    (tmp_path / "a.json").write_text(json.dumps(content), encoding="utf-8")
    flat, deep = (pgfa.read(tmp_path / "a.json", **depth) for depth in ({"depth": False}, {}))
    np.testing.assert_allclose(flat.positions[..., :2], deep.positions[..., :2], atol=1e-5)
    assert not flat.depth
    assert flat.problems == ("no depth",)


def test_statements_count_before_what_a_format_declares(tmp_path: Path) -> None:
    points = person(KINECT20, 20)
    clip = Clip(z_up(points)[:, None].astype(np.float32), 30.0, KINECT20, Source(id="a"))
    save_clip(tmp_path / "a.npz", clip)
    plain = read(tmp_path / "a.npz")
    assert is_declared(plain.reading)
    stated = read(tmp_path / "a.npz", up="z", rate=15)
    np.testing.assert_allclose(stated.positions[:, 0], points, atol=1e-5)
    assert stated.rate == 15
    assert "stated: up z, rate 15 Hz" in stated.reading
    with pytest.raises(BadFile, match="expected the layout ntu25, as stated"):
        read(tmp_path / "a.npz", layout="ntu25")
    assert "axes stated as CTV" in " ".join(read(tmp_path / "a.npz", axes="CTV").problems)
    np.testing.assert_allclose(
        read(tmp_path / "a.npz", mirrored=True).positions, plain.positions * [-1, 1, 1], atol=1e-6
    )


def test_declared_axes_that_look_wrong_are_noted(tmp_path: Path) -> None:
    points = person(NTU25, 20)
    for change, doubt in (([-1, 1, 1], "looks mirrored"), ([-1, -1, 1], "upside down most of the time")):
        positions = (points * change)[:, None].astype(np.float32)
        save_clip(tmp_path / "a.npz", Clip(positions, 30.0, NTU25, Source(id="a")))
        assert doubt in " ".join(read(tmp_path / "a.npz").problems)


def test_a_settings_file_beside_the_recordings(tmp_path: Path) -> None:
    points = person(NTU25, 20)
    lab = save(tmp_path / "lab" / "take" / "a.npy", z_up(points))
    with pytest.raises(Undecided):
        read(lab)
    (tmp_path / "lab" / "pgfa-recordings.toml").write_text(
        'up = "z"\n["take/*.npy"]\nrate = 12\n["*.csv"]\nrate = 3\n'
    )
    clip = read(lab)
    np.testing.assert_allclose(clip.positions[:, 0], points, atol=1e-5)
    assert clip.rate == 12
    assert read(lab, rate=99).rate == 99
    (tmp_path / "lab" / "take" / "pgfa-recordings.toml").write_text("rate = 7\n")
    assert read(lab).rate == 7
    assert [result.file for result in check(tmp_path / "lab")] == ["take/a.npy"]
    for text, message in (
        ("up = 3", "up: expected"),
        ("colour = 1", "found 'colour'"),
        ("up =", "expected TOML"),
    ):
        (tmp_path / "lab" / "take" / "pgfa-recordings.toml").write_text(text + "\n" * len(message))
        with pytest.raises((BadConfig, BadFile), match=message):
            read(lab)


def test_a_folder_is_decided_once(tmp_path: Path) -> None:
    points = person(NTU25, 20)
    lying = save(tmp_path / "sleep" / "lying.npy", z_up(points))
    for take in range(4):
        save(tmp_path / "sleep" / f"{take}.npy", points + 0.1 * take)
    with pytest.raises(Undecided):
        read(lying)
    result = next(result for result in check(tmp_path) if "lying" in result.file)
    assert result.usable
    assert "up and handedness as in 4 other files of the folder" in result.problems
    assert result.reading.startswith("from the other files of the folder: ")
    assert "stated" not in result.reading
    # What is stated is: only the rest is from the other files.
    stated = next(r for r in check(tmp_path, stated=Stated(mirrored=False)) if "lying" in r.file)
    assert stated.reading.startswith("stated: axes right-handed; from the other files of the folder: up y")
    # Files of another kind, and files that disagree, decide nothing.
    other = save(tmp_path / "mixed" / "lying.npy", z_up(points))
    for take in range(4):
        save(other.with_name(f"{take}.npy"), person(KINECT20, 20))
    assert {r.verdict for r in check(tmp_path / "mixed") if "lying" in r.file} == {"ASK"}
    for take in range(4):
        save(other.with_name(f"{take}.npy"), points * ([-1, -1, 1] if take else [1, 1, 1]))
    assert {r.verdict for r in check(other.parent) if "lying" in r.file} == {"ASK"}


def test_check_asks_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "data"
    save(folder / "right.npy", person(NTU25, 9))
    save(folder / "zup.npy", z_up(person(NTU25, 9)))
    (folder / "notes.txt").write_text("hello")
    command = [
        "check",
        str(folder),
        "--json",
        str(tmp_path / "o.json"),
        "--pictures",
        str(tmp_path / "pictures"),
    ]
    with pytest.raises(SystemExit) as stop:
        main(command)
    assert stop.value.code == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line[:4] for line in lines if line[:4] in ("OK  ", "ASK ", "FAIL")] == ["OK  ", "ASK "]
    assert "1 file can be used once up is given: state it with --up z or --up y" in "\n".join(lines)
    verdicts = {entry["file"]: entry for entry in json.loads((tmp_path / "o.json").read_text())}
    assert {name: entry["verdict"] for name, entry in verdicts.items()} == {
        "right.npy": "OK", "zup.npy": "ASK", "notes.txt": "SKIP",
    }  # fmt: skip
    assert (verdicts["zup.npy"]["asks"], verdicts["zup.npy"]["options"]) == ("up", ["z", "y"])
    assert "layout ntu25" in verdicts["right.npy"]["reading"]
    drawings = sorted((tmp_path / "pictures").iterdir())
    assert len(drawings) == 3, [drawing.name for drawing in drawings]  # one that asks in both readings
    for drawing in drawings:
        svg = drawing.read_text()
        assert svg.startswith("<svg")
        assert ">up<" in svg
    assert svg.count("#c8322b") == svg.count("#1f5fbf") > 5
    with pytest.raises(SystemExit) as stop:
        main([*command, "--up", "z"])
    assert not stop.value.code
    end = capsys.readouterr().out
    assert "2 clips can be used, 0 files or clips cannot" in end
    assert "SKIP: 1 file is no recording: notes.txt (plain text)" in end


def test_left_and_right_of_a_picture_are_where_the_camera_sees_them(tmp_path: Path) -> None:
    from pgfa.draw.frame import LEFT, RIGHT, frame_picture

    svg = frame_picture(read(save(tmp_path / "a.npy", person(NTU25, 3))))
    first = svg[: svg.index(">side<")]

    def middle(colour: str) -> float:
        lines = [line for line in first.splitlines() if line.startswith("<line") and colour in line]
        return float(np.mean([float(line.split('x2="')[1].split('"')[0]) for line in lines]))

    # Somebody who faces the camera has the left side on the right of the picture.
    assert middle(LEFT) > middle(RIGHT)


def test_import_states_and_stores_the_reading(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for action in ("wave", "bow"):
        save(tmp_path / "data" / action / "a.npy", z_up(person(NTU25, 9)))
    with pytest.raises(BadFile, match="--up"):
        import_dataset("files", tmp_path / "data", tmp_path / "none", progress=False)
    with pytest.raises(SystemExit) as stop:
        main(
            [
                "import",
                "files",
                str(tmp_path / "data"),
                str(tmp_path / "pack"),
                "--up",
                "z",
                "--to-layout",
                "kinect20",
            ]
        )
    assert not stop.value.code
    pack = open_pack(tmp_path / "pack")
    assert pack.layout is KINECT20
    assert "stated: up z" in pack.clip(0).reading
    pack.verify()
    assert "stated: up z" in capsys.readouterr().out


def test_inspect_and_recognise_say_how_a_file_was_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = save(tmp_path / "a.npy", picture(COCO17, 9))
    with pytest.raises(SystemExit):
        main(["inspect", str(file), "--rate", "25"])
    assert "stated: rate 25 Hz" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stop:
        main(["inspect", str(file), "--up", "w"])
    assert "up: expected one of" in str(stop.value.code)


def test_a_child_in_centimetres_is_not_taken_for_an_adult_in_inches(tmp_path: Path) -> None:
    points = person(NTU25, 20)
    factor = 80 / float(np.ptp(points[..., 1]))
    file = save(tmp_path / "child.npy", points * factor)
    with pytest.raises(Undecided, match="--unit cm or --unit in"):
        read(file)
    heights = {unit: np.ptp(read(file, unit=unit).positions[..., 1]) for unit in ("cm", "in")}
    assert heights["cm"] == pytest.approx(0.8, abs=0.02)
    assert heights["in"] == pytest.approx(0.8 * 2.54, abs=0.05)


def test_lines_of_decisions() -> None:
    decisions = [Decision("up", "y", "established", "stands, always"), Decision("rate", "30 Hz", "assumed"),
                 Decision("layout", "ntu25", "established")]  # fmt: skip
    line = reading_line(decisions)
    assert line == "established by the body: up y (stands, always), layout ntu25; assumed: rate 30 Hz"
    assert values_of(line) == {"up": "y", "layout": "ntu25", "rate": "30 Hz"}
    assert not is_declared(line)
    assert is_declared(reading_line([Decision("up", "y", "declared")]))
    assert is_declared(reading_line([]))


def test_what_the_body_leaves_open_is_said_with_the_file(tmp_path: Path) -> None:
    def undecided(ref: FileRef) -> Clip:
        raise Undecided("", quantity="up", found="a trunk along z", options=("y", "z"))

    format = replace(FORMATS["npz"], read=undecided, read_all=None)
    with pytest.raises(Undecided, match=r"a\.npz: expected evidence of the axis that points up"):
        format.clips(FileRef(tmp_path / "a.npz"))
