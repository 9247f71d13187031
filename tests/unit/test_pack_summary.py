"""The summary of a pack or a clip, as data and as text."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import builders
from pgfa.pack import Rejected, save_pack, summary
from pgfa.pack.summary import kinds_of
from pgfa.skeleton import Clip


def make_clip(number: int) -> Clip:
    problems = (f"{number} empty frames", f"{number} empty frames") if number > 1 else ()
    action = "wave" if number < 3 else "kick"
    return builders.make_clip(
        10 * (number + 1), 1 + number % 2, rate=10.0, problems=problems, id=str(number), action=action,
        subject=str(number * 5), dataset="test-set",
    )  # fmt: skip


def test_counts(tmp_path: Path) -> None:
    rejected = [Rejected(f"{n}.mat", "not a recording") for n in range(20)]
    pack = save_pack([make_clip(number) for number in range(4)], tmp_path / "gestures", rejected=rejected)
    counts = summary(pack)
    assert (counts.name, counts.layout, counts.clips, counts.datasets) == (
        "gestures",
        "kinect20",
        4,
        {"test-set": 4},
    )
    assert counts.classes == {"kick": 1, "wave": 3}
    assert list(counts.subjects) == ["0", "5", "10", "15"], "in numeric order"
    assert (counts.frames.min, counts.frames.median, counts.frames.max) == (10, 25, 40)
    assert (counts.seconds.median, counts.total_seconds) == (2.5, 10.0)
    assert counts.bodies == {1: 2, 2: 2}
    assert counts.problems == {"2 to 3 empty frames": 2}
    assert counts.with_problems == 2
    text = str(counts)
    for part in ("4 clips, 2 classes", "10 / 25 / 40", "kick (1), wave (3)", "2 x 2 to 3 empty frames",
                 "20 files could not", "0.mat: not a recording", "and 8 more"):  # fmt: skip
        assert part in text
    assert json.loads(json.dumps(counts.to_dict()))["frames"]["median"] == 25
    assert summary(pack.select([0])).classes == {"wave": 1}
    with pytest.raises(ValueError):
        summary(pack.select([]))


def test_one_clip() -> None:
    counts = summary(make_clip(3))
    assert (counts.clips, counts.frames.max, counts.bodies, counts.with_problems, counts.rejected) == (
        1,
        40,
        {2: 1},
        1,
        (),
    )
    assert "3: 1 clip, 1 class, 4.0 s" in str(counts)
    assert str(counts).endswith("problems   1 clip with problems\n    3 empty frames"), (
        "a single clip: with its numbers"
    )


def test_long_lists_of_names_are_shortened(tmp_path: Path) -> None:
    clips = [make_clip(number) for number in range(45)]
    pack = save_pack(clips, tmp_path / "pack")
    assert len(summary(pack).subjects) == 45
    assert "subjects   45: 0 5 10" in str(summary(pack))
    assert "195 ..." in str(summary(pack))


def test_a_rejected_file_is_named_once(tmp_path: Path) -> None:
    rejected = [Rejected("a/b.mat", "a/b.mat, line 3: expected 4 numbers, found 2")]
    text = str(summary(save_pack([make_clip(0)], tmp_path / "pack", rejected=rejected)))
    assert text.count("a/b.mat") == 1


def test_the_summary_of_one_clip_imports_no_table_library() -> None:
    code = """
import sys, numpy as np
from pgfa.pack import summary
from pgfa.skeleton import KINECT20, Clip
print(summary(Clip(np.ones((5, 1, 20, 3), np.float32), 30.0, KINECT20)))
assert not {"polars", "torch"} & set(sys.modules), "heavy imports"
"""
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    assert "(unnamed) (1)" in process.stdout


def test_sentences_that_differ_in_numbers_are_one_kind_with_a_range() -> None:
    line = (
        "layout h36m17 (not coco17), unit m (a stature of about {} m), up z (in 100% of {} frames), a_02.json"
    )
    assert kinds_of([[line.format("1.7", 24), "other"], [line.format("1.65", 9)], []]) == {
        line.format("1.65 to 1.7", "9 to 24"): 2,
        "other": 1,
    }
    assert kinds_of([[line.format("1.7", 24)]] * 2) == {line.format("1.7", 24): 2}
