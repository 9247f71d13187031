"""What a pack or a clip holds, in numbers and in words."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pgfa.pack import Rejected, save_pack, summary
from pgfa.skeleton import KINECT20, Clip, Source


def make_clip(number: int, **about: object) -> Clip:
    positions = np.ones((10 * (number + 1), 1 + number % 2, 20, 3), np.float32)
    problems = (f"{number} empty frames", f"{number} empty frames") if number > 1 else ()
    source = Source(
        id=str(number), action="wave" if number < 3 else "kick", subject=str(number * 5), dataset="made"
    )
    return Clip(positions, rate=10.0, layout=KINECT20, source=source, problems=problems)


def test_counts(tmp_path: Path) -> None:
    rejected = [Rejected(f"{n}.mat", "not a recording") for n in range(20)]
    pack = save_pack([make_clip(number) for number in range(4)], tmp_path / "gestures", rejected=rejected)
    of = summary(pack)
    assert (of.name, of.layout, of.clips, of.datasets) == ("gestures", "kinect20", 4, {"made": 4})
    assert of.classes == {"kick": 1, "wave": 3}
    assert list(of.subjects) == ["0", "5", "10", "15"], "by number, not by letter"
    assert (of.frames.min, of.frames.median, of.frames.max) == (10, 25, 40)
    assert (of.seconds.median, of.total_seconds) == (2.5, 10.0)
    assert of.bodies == {1: 2, 2: 2}
    assert of.problems == {"N empty frames": 2}
    assert of.faulty == 2
    text = str(of)
    for part in ("4 clips, 2 classes", "10 / 25 / 40", "kick (1), wave (3)", "2 x N empty frames",
                 "20 files could not", "0.mat: not a recording", "and 8 more"):  # fmt: skip
        assert part in text
    assert json.loads(json.dumps(of.to_dict()))["frames"]["median"] == 25
    assert summary(pack.select([0])).classes == {"wave": 1}
    with pytest.raises(ValueError):
        summary(pack.select([]))


def test_one_clip() -> None:
    of = summary(make_clip(3))
    assert (of.clips, of.frames.max, of.bodies, of.faulty, of.rejected) == (1, 40, {2: 1}, 1, ())
    assert "3: 1 clip, 1 class, 4.0 s" in str(of)
    assert str(of).endswith("problems   1 clip with problems\n    3 empty frames"), (
        "one clip: the number itself"
    )


def test_long_lists_of_names_are_cut(tmp_path: Path) -> None:
    clips = [make_clip(number) for number in range(45)]
    pack = save_pack(clips, tmp_path / "pack")
    assert len(summary(pack).subjects) == 45
    assert "subjects   45: 0 5 10" in str(summary(pack))
    assert "195 ..." in str(summary(pack))


def test_a_rejected_file_is_named_once(tmp_path: Path) -> None:
    rejected = [Rejected("a/b.mat", "a/b.mat, line 3: expected 4 numbers, found 2")]
    text = str(summary(save_pack([make_clip(0)], tmp_path / "pack", rejected=rejected)))
    assert text.count("a/b.mat") == 1


def test_one_clip_needs_no_table_library() -> None:
    code = """
import sys, numpy as np
from pgfa.pack import summary
from pgfa.skeleton import KINECT20, Clip
print(summary(Clip(np.ones((5, 1, 20, 3), np.float32), 30.0, KINECT20)))
assert not {"polars", "torch"} & set(sys.modules), "heavy imports"
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "(not named) (1)" in done.stdout
