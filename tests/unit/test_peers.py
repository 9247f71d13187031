"""What one file of a folder establishes against the others is asked about."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pgfa.errors import Undecided
from pgfa.pack.importing.check import check
from pgfa.pack.importing.peers import read_with_peers
from pgfa.read import read
from pgfa.read.source import FileRef
from pgfa.read.stated import Stated
from pgfa.skeleton import SMPL24, Clip
from reading_defects import UPS, npy
from reading_motions import changed, in_layout, motion, roaming

Floats = NDArray[np.float64]
LYING = np.array([[-1.0, 0, 0], [0, 0, 1], [0, 1, 0]]) @ np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
"""Somebody who stands with y up -> lies with z up, head along y."""


def save(path: Path, points: Floats) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(npy(points))
    return path


def z_up(take: int) -> Floats:
    """Somebody who walks about, 1 m below the origin."""
    body = changed(roaming(motion("walk", person=take % 4)), UPS["z"])
    return in_layout(body, SMPL24) + np.array([0, 0, -1.0])


def lying() -> Floats:
    body = changed(motion("wave"), LYING)
    return in_layout(body, SMPL24) + np.array([0, 0.7, -1.5])


def test_somebody_who_lies_among_people_who_walk_with_z_up(tmp_path: Path) -> None:
    odd = save(tmp_path / "in" / "lying.npy", lying())
    alone = read(odd)
    assert "up y" in alone.reading or "up -y" in alone.reading  # as any body that stands with y up
    for take in range(4):
        save(tmp_path / "in" / f"{take}.npy", z_up(take))
    (asked,) = read_with_peers(FileRef(odd))
    assert isinstance(asked, Undecided)
    assert asked.quantity == "up"
    assert asked.options[0] == "z"
    assert "z in 4 other files of the folder" in str(asked)
    verdicts = {result.file: result.verdict for result in check(tmp_path)}
    assert verdicts.pop("in/lying.npy") == "ASK"
    assert set(verdicts.values()) == {"OK"}
    (stated,) = read_with_peers(FileRef(odd).with_stated(Stated(up="z")))
    assert isinstance(stated, Clip)


@pytest.mark.parametrize(
    ("quantity", "change"), [("up", [-1, -1, 1]), ("mirrored", [-1, 1, 1]), ("unit", 1000)]
)
def test_a_file_that_differs_from_most(quantity: str, change: list[int] | int, tmp_path: Path) -> None:
    points = in_layout(motion("kick-forward"), SMPL24)
    odd = save(tmp_path / "odd.npy", points * change)
    assert isinstance(read(odd), Clip)
    for take in range(5):
        save(tmp_path / f"{take}.npy", points + 0.1 * take)
    (asked,) = read_with_peers(FileRef(odd))
    assert isinstance(asked, Undecided)
    assert asked.quantity == quantity
    (clip,) = read_with_peers(FileRef(tmp_path / "0.npy"))
    assert isinstance(clip, Clip)


def test_files_of_which_half_are_turned_are_all_asked_about(tmp_path: Path) -> None:
    """Half of them lie, or half of them are of another program."""
    for take in range(4):
        save(tmp_path / f"{take}.npy", z_up(take))
        save(tmp_path / f"lying {take}.npy", lying() + 0.1 * take)
    assert {result.verdict for result in check(tmp_path)} == {"ASK"}


def test_bodies_on_their_feet_show_up_and_down_without_a_majority(tmp_path: Path) -> None:
    points = in_layout(motion("kick-forward"), SMPL24)
    for take in range(4):
        save(tmp_path / f"{take}.npy", points * ([-1, -1, 1] if take % 2 else [1, 1, 1]))
    assert {result.verdict for result in check(tmp_path)} == {"OK"}
