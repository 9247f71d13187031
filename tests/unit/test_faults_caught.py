"""`scripts/faults_caught.py`: real recordings with a fault each, counted by what becomes of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from guides import CHECKOUT
from page_runner import load
from pgfa.pack import save_pack
from pgfa.research.evidence.measured import markdown_tables
from pgfa.skeleton import NTU25, Clip, Source
from reading_motions import in_layout, motion

ACTIONS = ("walk", "wave", "kick-forward", "squat")
AWAY = np.array([0, 0, 3.0])


def _saved(folder: Path) -> None:
    bodies = {action: in_layout(motion(action), NTU25)[:, None] + AWAY for action in ACTIONS}
    save_pack(
        (
            Clip(points.astype(np.float32), 30.0, NTU25, Source(id=action, dataset="own"))
            for action, points in bodies.items()
        ),
        folder / "pack",
    )


def test_every_fault_has_a_row_that_counts_all_recordings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _saved(tmp_path)
    script = load(CHECKOUT / "scripts" / "faults_caught.py")
    script.main([str(tmp_path / "pack"), "--clips", "4"])
    (table,) = markdown_tables(capsys.readouterr().out)
    rows = {row[0]: dict(zip(table.head[1:], map(int, row[1:]), strict=True)) for row in table.rows}
    assert rows.keys() == script.FAULTS.keys()
    assert all(sum(row.values()) == 2 * row["recordings"] == 8 for row in rows.values())
    assert rows["nothing"]["read"] == 4
    assert rows["frames in random order"]["refused"] == 4
    assert rows["left and right arms exchanged"]["refused"] == 4
    assert rows["z of 0"]["noted"] == 4


@pytest.mark.parametrize("format", ["keypoints-csv", "opensim", "qtm-json"])
def test_faults_are_put_into_other_formats(
    format: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _saved(tmp_path)
    script = load(CHECKOUT / "scripts" / "faults_caught.py")
    script.main([str(tmp_path / "pack"), "--format", format, "--faults", "arms|wrists"])
    (table,) = markdown_tables(capsys.readouterr().out)
    rows = {row[0]: dict(zip(table.head[1:], map(int, row[1:]), strict=True)) for row in table.rows}
    assert rows["nothing"]["read"] + rows["nothing"]["noted"] == 4
    for fault in ("elbows and wrists exchanged", "left and right arms exchanged"):
        assert rows[fault]["refused"] == 4, rows
