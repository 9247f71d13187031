"""The NTU reader: numbers exact, bodies followed, defects recorded, every official clip accounted for."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read import FORMATS, FileRef, read
from pgfa.read.datasets.ntu.names import dropped_names
from pgfa.read.datasets.ntu.ntu60 import FORMAT as NTU60
from pgfa.read.datasets.ntu.ntu120 import FORMAT as NTU120
from pgfa.read.datasets.ntu.official import account, official_names
from pgfa.read.datasets.ntu.reader import find_ntu, read_ntu
from pgfa.read.datasets.ntu.text import parse_carefully, parse_fast
from pgfa.skeleton.bodies import close_up, ghosts
from pgfa.synth.skeleton_text import FIRST_ID, skeleton_text

NAN = np.nan


def person(frames: int, x: float = 0.0, seed: int = 0) -> np.ndarray:
    """(frames, 25, 3): a cloud of human size that moves."""
    chance = np.random.default_rng(seed)
    joints = chance.uniform([-0.3, -0.9, -0.15], [0.3, 0.9, 0.15], size=(25, 3))
    joints += [x, 0, 3]
    sway = 0.1 * np.sin(np.arange(frames) / 5 + seed)[:, None, None]
    return (joints + sway + 0.01 * chance.normal(size=(frames, 25, 3))).astype(np.float32)


def stack(*bodies: np.ndarray) -> np.ndarray:
    return np.stack(bodies, axis=1)


def write(folder: Path, text: bytes, name: str = "S001C002P003R002A050") -> FileRef:
    file = folder / f"{name}.skeleton"
    file.write_bytes(text)
    return FileRef(file)


def test_a_clip_is_read_whole(tmp_path: Path) -> None:
    positions = stack(person(40), person(40, x=1.0, seed=1))
    clip = read(write(tmp_path, skeleton_text(positions)))
    assert clip.positions.shape == (40, 2, 25, 3)
    np.testing.assert_allclose(clip.positions, positions, atol=1e-6)
    assert (clip.rate, clip.layout.name, clip.problems) == (30.0, "ntu25", ())
    source = clip.source
    assert (source.id, source.action) == ("S001C002P003R002A050", "punch-person")
    assert (source.subject, source.camera, source.setup, len(source.digest)) == ("3", "2", "1", 16)


@pytest.mark.parametrize(
    "number",
    [
        "0",
        "-0",
        "0.1",
        "-.5",
        "5.",
        "1e-05",
        "-1.25E-3",
        "123456789012345",
        "1234567890123456",
        "0.123456789012345678",
        "-0.0910568712",
        "2.8667103",
        "0.000012345678",
        "3.4028235e38",
        "+1.5",
        "007.50",
        "999999999999999999999999999999",
    ],
)
def test_numbers_are_read_as_float_does(number: str) -> None:
    text = skeleton_text(stack(person(2))).decode().split("\n")
    line = text[4].split(" ")
    line[1] = number
    text[4] = " ".join(line)
    raw = "\n".join(text).encode()
    fast, careful = parse_fast(raw), parse_carefully(raw, "x")
    assert fast is not None
    assert fast.joints[0, 0, 1] == careful.joints[0, 0, 1] == np.float32(number)


def test_fast_and_careful_parser_agree_on_random_numbers() -> None:
    chance = np.random.default_rng(3)
    shape = (30, 3, 25, 3)
    positions = (chance.normal(size=shape) * 10.0 ** chance.integers(-6, 4, size=shape)).astype(np.float32)
    positions[chance.random((30, 3)) < 0.2] = NAN
    raw = skeleton_text(positions)
    fast, careful = parse_fast(raw), parse_carefully(raw, "x")
    assert fast is not None
    assert (fast.frames, fast.ids) == (careful.frames, careful.ids)
    np.testing.assert_array_equal(fast.frame, careful.frame)
    np.testing.assert_array_equal(fast.joints, careful.joints)
    assert fast.ids[0] == str(FIRST_ID).encode()


@pytest.mark.parametrize("end", [b"\r\n", b"\n"], ids=["CRLF", "none at the end"])
def test_line_ends_do_not_matter(end: bytes) -> None:
    raw = skeleton_text(stack(person(12)))
    changed = parse_fast(raw.strip().replace(b"\n", end))
    assert changed is not None
    np.testing.assert_array_equal(changed.joints, parse_carefully(raw, "x").joints)


def test_neighbouring_tracking_ids_stay_apart(tmp_path: Path) -> None:
    # As floats both ids are the same number.
    assert float(FIRST_ID) == float(FIRST_ID + 1)
    clip = read_ntu(write(tmp_path, skeleton_text(stack(person(20), person(20, x=1.0, seed=1)))))
    assert clip.bodies == 2


def test_a_body_keeps_its_slot_when_another_is_lost(tmp_path: Path) -> None:
    positions = stack(person(30), person(30, x=1.0, seed=1))
    positions[10:15, 0] = NAN
    clip = read_ntu(write(tmp_path, skeleton_text(positions)))
    np.testing.assert_allclose(clip.positions, positions, atol=1e-6)
    in_file_order = close_up(clip.positions)
    np.testing.assert_allclose(in_file_order[10:15, 0], positions[10:15, 1], atol=1e-6)
    assert np.isnan(in_file_order[10:15, 1]).all()
    np.testing.assert_allclose(in_file_order[:10], positions[:10], atol=1e-6)


def test_slots_are_in_file_order_even_if_the_first_body_appears_later(tmp_path: Path) -> None:
    positions = stack(person(30), person(30, x=1.0, seed=1))
    positions[:5, 0] = NAN
    clip = read_ntu(write(tmp_path, skeleton_text(positions)))
    np.testing.assert_allclose(clip.positions, positions, atol=1e-6)


def test_a_person_found_again_under_a_new_id_keeps_the_slot(tmp_path: Path) -> None:
    ids = [[FIRST_ID + (frame >= 12)] for frame in range(25)]
    clip = read_ntu(write(tmp_path, skeleton_text(stack(person(25)), ids)))
    assert clip.bodies == 1
    assert clip.problems == ("1 track lost and found again",)


def test_two_of_six_bodies_are_kept_and_the_ghosts_go(tmp_path: Path) -> None:
    furniture = np.broadcast_to(person(1, x=-2.0, seed=9), (40, 25, 3)) * np.float32([1, 0.1, 1])
    people = [person(40, x=0.0, seed=1), person(40, x=1.5, seed=2)]
    text = skeleton_text(stack(furniture, people[0], furniture + 1, furniture + 2, people[1], furniture - 2))
    clip = read_ntu(write(tmp_path, text))
    np.testing.assert_allclose(clip.positions, stack(*people), atol=1e-6)
    assert clip.problems == ("6 bodies, kept 2",)
    assert read_ntu(write(tmp_path, text), bodies=None).bodies == 6


def test_a_ghost_next_to_one_person_is_retained_and_reported(tmp_path: Path) -> None:
    furniture = np.broadcast_to(person(1, x=-2.0, seed=9), (40, 25, 3)) * np.float32([2, 0.1, 1])
    clip = read_ntu(write(tmp_path, skeleton_text(stack(furniture, person(40)))))
    assert clip.problems == ("body 1 looks like a ghost",)


def test_people_are_not_ghosts() -> None:
    assert not ghosts(stack(person(40), person(40, x=1.0, seed=4))).any()
    assert not ghosts(stack(person(5))).any()
    flicker = person(40, x=1.0, seed=5)
    flicker[3:] = NAN
    assert ghosts(stack(person(40), flicker)).tolist() == [False, True]


def test_defects_are_recorded(tmp_path: Path) -> None:
    positions = stack(person(8))
    positions[2:4] = NAN
    clip = read_ntu(write(tmp_path, skeleton_text(positions)))
    assert clip.problems == ("short: 8 frames", "2 empty frames")
    assert np.isnan(clip.positions[2:4]).all()


def test_unusual_columns_and_lines_are_recorded(tmp_path: Path) -> None:
    lines = skeleton_text(stack(person(12))).decode().split("\n")
    lines[4] += " 7"
    lines[5] = lines[5].rsplit(" ", 1)[0] + " tracked"
    lines[6] = "nan " + lines[6].split(" ", 1)[1]
    clip = read_ntu(write(tmp_path, "\n".join([*lines, "more", ""]).encode()))
    assert set(clip.problems) == {
        "1 joint line of more than 12 numbers",
        "1 joint line with text in unused columns",
        "1 joint without a position (NaN)",
        "1 line after the last frame",
    }
    assert np.isnan(clip.positions[0, 0, 2]).all()


@pytest.mark.parametrize(
    ("line", "text", "where", "expected"),
    [
        (1, "", "line 1", "whole number"),
        (1, "-3", "line 1", "whole number"),
        (1, "4", "line 86", "body count of frame 4 of 4"),
        (1, "0", "", "at least one frame"),
        (1, "99999999999999999999", "line 1", "whole number"),
        (2, "7", "line 2", "at most 6"),
        (2, "2", "line 30", "tracking id"),
        (2, "0", "line 3", "whole number"),
        (3, "1 2 3", "line 3", "10 numbers"),
        (4, "20", "line 4", "25 joints"),
        (5, "0.1 0.2", "line 5", "12 numbers"),
        (6, "a b c" + " 1" * 9, "line 6", "x y z"),
        (7, "1_0 2 3" + " 1" * 9, "line 7", "x y z"),
        (8, "\0 2 3" + " 1" * 9, "line 8", "x y z"),
    ],
)
def test_a_wrong_file_is_named_with_its_line(
    tmp_path: Path, line: int, text: str, where: str, expected: str
) -> None:
    lines = skeleton_text(stack(person(3))).decode().split("\n")
    lines[line - 1] = text
    with pytest.raises(BadFile, match=expected) as error:
        read_ntu(write(tmp_path, "\n".join(lines).encode()))
    assert error.value.where == where


def test_more_frames_than_the_limit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded, match="100,001 frames, more than the limit of 100,000"):
        read_ntu(write(tmp_path, b"100001\n0\n"))


def test_a_clip_without_any_body_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="a person in at least one frame"):
        read_ntu(write(tmp_path, b"3\n0\n0\n0\n"))


def test_a_hundred_thousand_frames_are_read(tmp_path: Path) -> None:
    few = skeleton_text(stack(person(20)))
    clip = read_ntu(write(tmp_path, few.replace(b"20\n", b"100000\n", 1) + b"0\n" * 99_980))
    assert clip.frames == 100_000
    assert clip.problems == ("99980 empty frames",)
    with pytest.raises(BadFile, match="body count of frame 21 of 100000"):
        read_ntu(write(tmp_path, few.replace(b"20\n", b"100000\n", 1)))


def test_official_lists_have_the_published_sizes() -> None:
    assert [len(official_names(name)) for name in ("ntu60", "ntu120")] == [56_880, 114_480]
    assert set(official_names("ntu60")) < set(official_names("ntu120"))
    assert dropped_names("ntu120") < set(official_names("ntu120"))


def test_every_official_clip_is_accounted_for() -> None:
    dropped = min(dropped_names("ntu60"))
    names = ["S001C001P001R001A001", dropped, "S018C001P008R001A061", "walk"]
    result = account([f"{name}.skeleton" for name in names], "ntu60")
    assert result.included == ("S001C001P001R001A001",)
    assert result.dropped == (dropped,)
    assert result.foreign == ("S018C001P008R001A061", "walk")
    assert len(result.missing) == 56_880 - 302 - 1
    assert "56,577 missing" in str(result)


def test_files_are_found_in_folders_and_in_the_official_zip(tmp_path: Path) -> None:
    text = skeleton_text(stack(person(12)))
    names = ["S001C001P001R001A001", "S001C001P001R001A002", "S018C001P008R001A061"]
    names.append(min(dropped_names("ntu60")))
    with zipfile.ZipFile(tmp_path / "nturgbd_skeletons_s001_to_s017.zip", "w") as archive:
        for name in names:
            archive.writestr(f"nturgb+d_skeletons/{name}.skeleton", text)
    unpacked = tmp_path / "nturgb+d_skeletons"
    unpacked.mkdir()
    (unpacked / f"{names[0]}.skeleton").write_bytes(text)
    both = find_ntu(tmp_path)
    assert [ref.stem for ref in both] == sorted(names)
    assert [ref.member is None for ref in both if ref.stem == names[0]] == [True]
    assert [ref.stem for ref in NTU60.find(tmp_path)] == names[:2]
    assert [ref.stem for ref in NTU120.find(tmp_path)] == names[:3]
    assert NTU60.account is not None
    assert NTU60.account(tmp_path).dropped == (names[3],)
    clip = NTU60.read(NTU60.find(tmp_path / "nturgbd_skeletons_s001_to_s017.zip")[1])
    assert (clip.source.dataset, clip.source.action) == ("ntu60", "eat-meal")
    assert {"ntu", "ntu60", "ntu120", "pku-mmd"} <= set(FORMATS)
    for path in (tmp_path / "nothing", unpacked / "x"):
        with pytest.raises(BadFile):
            find_ntu(path)
