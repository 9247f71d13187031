"""Damaged packs: BadFile with the file and the defect, never another error."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from builders import write_verified
from pgfa.errors import BadFile
from pgfa.files import file_sha256
from pgfa.pack import open_pack, save_pack
from pgfa.skeleton import KINECT20, Clip, Source


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    clips = [
        Clip(
            rng.normal(size=(5, 2, 20, 3)).astype(np.float32),
            30.0,
            KINECT20,
            Source(id=str(number), action="wave"),
        )
        for number in range(5)
    ]
    return save_pack(clips, tmp_path_factory.mktemp("intact") / "pack").folder


@pytest.fixture
def pack(intact: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(intact, tmp_path / "pack"))


def setting(name: str, value: object) -> Callable[[Path], object]:
    def damage(pack: Path) -> None:
        settings = json.loads((pack / "pack.json").read_text()) | {name: value}
        write_verified(pack / "pack.json", settings)

    return damage


def signed(damage: Callable[[Path], object]) -> Callable[[Path], object]:
    """Damage the manifest and update its digest in pack.json."""

    def both(pack: Path) -> None:
        damage(pack)
        setting("manifest_sha256", file_sha256(pack / "manifest.json"))(pack)

    return both


def resigned(damage: Callable[[Path], object]) -> Callable[[Path], object]:
    """Damage a file that pack.json lists and update its digest there."""

    def both(pack: Path) -> None:
        damage(pack)
        setting("form", "pgfa pack")(pack)

    return both


Columns = dict[str, list[Any]]


def table(change: Callable[[Columns], Columns]) -> Callable[[Path], object]:
    def damage(pack: Path) -> None:
        columns = change(json.loads((pack / "manifest.json").read_text(encoding="utf-8")))
        (pack / "manifest.json").write_text(json.dumps(columns), encoding="utf-8")

    return signed(damage)


def without(column: str) -> Callable[[Path], object]:
    return table(lambda columns: {name: values for name, values in columns.items() if name != column})


def line(column: str, number: int, value: object) -> Callable[[Path], object]:
    def change(columns: Columns) -> Columns:
        values = list(columns[column])
        values[number] = value
        return {**columns, column: values}

    return table(change)


def cut(name: str, by: int) -> Callable[[Path], object]:
    return lambda pack: (pack / name).write_bytes((pack / name).read_bytes()[:-by])


def saved(name: str, array: np.ndarray) -> Callable[[Path], object]:
    return lambda pack: np.save(pack / name, array, allow_pickle=True)


def deleted(name: str) -> Callable[[Path], object]:
    return lambda pack: (pack / name).unlink()


def replaced(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda pack: (pack / name).write_bytes(content)


NPY = "positions.npy"
ROWS = np.ones((50, 20, 3), np.float32)
BREAKAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no folder": (shutil.rmtree, "expected a pack .* found no such folder"),
    "no settings": (deleted("pack.json"), "pack.json: .*no file"),
    "settings not JSON": (replaced("pack.json", b"{"), "pack.json: expected JSON"),
    "settings a list": (replaced("pack.json", b"[]"), "pack.json: .*pgfa pack"),
    "other form": (setting("form", "zip"), "pack.json: .*pgfa pack"),
    "other version": (setting("version", 99), "field version: expected version 1 to 3, found 99"),
    "unknown layout": (setting("layout", "octopus"), "expected a known layout .*ntu25.* found 'octopus'"),
    "layout a list": (setting("layout", ["ntu25"]), "field layout"),
    "other layout": (setting("layout", "ntu25"), r"npy: expected .*\(50, 25, 3\), found .*\(50, 20, 3\)"),
    "no count": (setting("clips", "five"), "field clips"),
    "no digest": (setting("digest", None), "field digest"),
    "more clips in pack.json": (setting("clips", 6), "manifest.json: expected 6 lines, .* found 5"),
    "more rows in pack.json": (setting("rows", 60), r"npy: expected .*\(60, 20, 3\), found .*\(50, 20, 3\)"),
    "no positions": (deleted(NPY), "positions.npy: .*no file"),
    "positions cut": (cut(NPY, 400), "positions.npy: expected a .npy .*bytes"),
    "positions empty": (replaced(NPY, b""), "positions.npy: .*0 bytes"),
    "positions not npy": (replaced(NPY, b"x" * 9999), "positions.npy: expected a .npy"),
    "positions of objects": (saved(NPY, np.array([{}], dtype=object)), "positions.npy: expected a .npy"),
    "positions of doubles": (saved(NPY, ROWS.astype(float)), "found float64"),
    "positions in Fortran order": (saved(NPY, np.asfortranarray(ROWS)), "positions.npy: expected a .npy"),
    "no manifest": (deleted("manifest.json"), "manifest.json: .*no file"),
    "manifest changed": (cut("manifest.json", 100), "manifest.json: expected .* SHA-256"),
    "manifest cut": (signed(cut("manifest.json", 100)), "manifest.json: expected JSON"),
    "manifest a list": (
        signed(replaced("manifest.json", b"[]")),
        "expected an object of columns, found list",
    ),
    "no column": (without("subject"), "column subject: .*no such column"),
    "column of text": (
        table(lambda columns: {**columns, "start": [str(row) for row in columns["start"]]}),
        "column start, line 0: expected whole numbers of 64 bits, found '0'",
    ),
    "column too short": (
        table(lambda columns: {**columns, "camera": columns["camera"][1:]}),
        r"expected columns of one length, found lengths \[4, 5\]",
    ),
    "number too large": (line("start", 2, 2**63), "column start, line 2: expected whole numbers of 64 bits"),
    "rate too large": (line("rate", 2, 10**400), "column rate: expected numbers"),
    "truth for a number": (line("frames", 2, True), "column frames, line 2: expected whole numbers"),
    "problems of numbers": (line("problems", 2, [1]), "column problems, line 2: expected lists of text"),
    "value missing": (line("action", 3, None), "column action: expected a value in every line, found 1"),
    "clip before the rows": (line("start", 0, -10), "line 0 .*start -10"),
    "clip outside the rows": (line("frames", 4, 6), "line 4 .*6 frames"),
    "clips overlap": (line("start", 2, 10), "line 2 .*start 10"),
    "rows left over": (line("frames", 4, 4), "50 rows of positions.npy, found 48 rows filled"),
    "product overflows": (line("frames", 1, 2**62), "line 1 "),
    "no frames": (line("frames", 1, 0), "line 1 .*0 frames"),
    "no bodies": (line("bodies", 1, -2), "line 1 .*-2 bodies"),
    "listed bodies below 0": (line("listed", 3, -1), "column listed: expected 0 or a number .* found -1"),
    "listed bodies without rows": (line("listed", 4, 1), "line 4 .*2 bodies, 1 listed"),
    "sum of bodies overflows": (line("listed", 1, 2**63 - 1), "line 1 "),
    "no column of listed bodies": (without("listed"), "column listed: .*no such column"),
    "rate zero": (line("rate", 2, 0.0), "line 2, column rate"),
    "rate not a number": (line("rate", 2, float("nan")), "line 2, column rate"),
    "no list of rejected": (deleted("rejected.json"), "rejected.json: .*found none"),
    "rejected not a list": (resigned(replaced("rejected.json", b"7")), "rejected.json: expected a list"),
    "rejected without message": (
        resigned(replaced("rejected.json", b'[{"file": "a"}]')),
        "rejected.json: expected",
    ),
}


def test_the_intact_pack_opens(pack: Path) -> None:
    opened = open_pack(pack)
    opened.verify()
    assert len(opened) == len(opened.manifest["id"]) > 0


@pytest.mark.parametrize("name", BREAKAGES)
def test_damage_is_named(name: str, pack: Path) -> None:
    damage, match = BREAKAGES[name]
    damage(pack)
    with pytest.raises(BadFile, match=match):
        open_pack(pack)


def test_a_file_is_not_a_pack(tmp_path: Path) -> None:
    (tmp_path / "pack").write_text("hello")
    with pytest.raises(BadFile, match="found a file"):
        open_pack(tmp_path / "pack")


@pytest.mark.parametrize("damage", [line("action", 1, "kick"), lambda p: flip(p / "positions.npy", 777)])
def test_verify_sees_changed_values(damage: Callable[[Path], object], pack: Path) -> None:
    damage(pack)
    with pytest.raises(BadFile, match=r"SHA-256|digest"):
        open_pack(pack).verify()


@pytest.mark.parametrize("name", ["manifest.json", "pack.json", "positions.npy"])
def test_any_flipped_byte_gives_a_pack_or_bad_file(name: str, pack: Path) -> None:
    file = pack / name
    raw = file.read_bytes()
    refused = 0
    for offset in np.random.default_rng(1).integers(
        0, min(len(raw), 128 if name == "positions.npy" else 6000), 60
    ):
        flip(file, int(offset))
        try:
            opened = open_pack(pack)
            [opened.clip(number) for number in range(len(opened))]
        except BadFile:
            refused += 1
        file.write_bytes(raw)
    assert refused


def flip(file: Path, offset: int) -> None:
    raw = bytearray(file.read_bytes())
    raw[offset] ^= 0xFF
    file.write_bytes(bytes(raw))


def test_an_error_for_a_relative_path_names_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs store the paths of their packs as they were typed."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        BadFile, match=f"packs/mine: expected a pack .*, found no such folder below {tmp_path}"
    ):
        open_pack("packs/mine")
