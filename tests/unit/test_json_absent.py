"""Joints of a JSON array that are null."""

import json
from pathlib import Path

import pytest

from pgfa.errors import BadFile
from pgfa.read import read
from pgfa.read.sample import picture
from pgfa.skeleton import get_layout


def test_null_in_place_of_a_joint_is_refused_with_the_way_to_write_it(tmp_path: Path) -> None:
    frames = picture(get_layout("coco17")).tolist()
    frames[1][9] = None
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"keypoints": frames, "layout": "coco17"}))
    with pytest.raises(BadFile, match=r"null.*an absent joint as"):
        read(path)
