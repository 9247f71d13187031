"""JSON that the fuzzer found to end in errors of Python: each is refused or read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgfa.errors import BadFile
from pgfa.read import FileRef, format_of
from pgfa.read.encoding import printable
from pgfa.skeleton import COCO17


def joints(number: int, **more: Any) -> list[dict[str, Any]]:
    return [
        {"name": name, "x": 100.0 + 9 * index + number, "y": 80.0 + 17 * index, "score": 0.9} | more
        for index, name in enumerate(COCO17.joints)
    ]


def clips(tmp_path: Path, frames: list[dict[str, Any]]) -> list[Any]:
    """By the reader itself: `pgfa.read` turns every error into one of its own."""
    file = tmp_path / "a.jsonl"
    file.write_text("\n".join(json.dumps(frame) for frame in frames))
    ref = FileRef(file)
    return list(format_of(ref).clips(ref))


def test_half_a_pair_of_utf16_in_an_id(tmp_path: Path) -> None:
    frames = [{"id": "\ud800" if number > 15 else "a", "keypoints": joints(number)} for number in range(30)]
    try:
        read = clips(tmp_path, frames)
    except BadFile as error:
        str(error).encode()
    else:
        for problem in read[0].problems:
            problem.encode()
    assert printable("a\ud800b\udce9") == "a\\ud800b\\xe9"


def test_a_score_beyond_all_floats(tmp_path: Path) -> None:
    frames = [{"keypoints": joints(number, score=10**400 if number == 3 else 0.9)} for number in range(9)]
    with pytest.raises(BadFile, match="frame 4: expected numbers"):
        clips(tmp_path, frames)


def test_joints_left_out_of_a_frame_are_absent(tmp_path: Path) -> None:
    """Some programs list only the joints that they see."""
    frames = [{"keypoints": joints(number)[: 13 if number == 4 else 17]} for number in range(9)]
    (clip,) = clips(tmp_path, frames)
    absent = np.isnan(clip.positions[..., 0]).sum(axis=(1, 2))
    assert absent.tolist() == [0, 0, 0, 0, 4, 0, 0, 0, 0]


def test_joints_left_out_of_the_first_frame(tmp_path: Path) -> None:
    """Which layout it is cannot be known from it: its joints are read as those of a body without the others."""
    frames = [
        {"frame": number, "keypoints": joints(number)[(5 if number == 0 else 0) :]} for number in range(9)
    ]
    with pytest.raises(BadFile, match="the same"):
        clips(tmp_path, frames)
