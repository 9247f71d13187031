"""Lines of several people, or in no order, that a file does not tell apart."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pgfa.errors import BadFile
from pgfa.read import read
from pgfa.skeleton import NTU25
from reading_motions import crossing, in_layout
from reading_schemas import camel, table


@pytest.mark.parametrize("name", ["a.csv", "a.json"])
def test_two_people_in_alternating_lines_are_no_one_person(name: str, tmp_path: Path) -> None:
    """A file that names its joints, without frames and people."""
    both = crossing("walk", 60)
    frames = np.stack([in_layout(body, NTU25) for body in both], 1)
    middle, other = np.median(frames, axis=(0, 2))
    frames[:, 1] += np.array([1.2, 0, 0.2]) + middle - other
    lines = frames.reshape(-1, 25, 3)
    header = [f"{camel(joint)}_{axis}" for joint in NTU25.joints for axis in "xyz"]
    if name == "a.csv":
        content = table(header, [line.reshape(-1).tolist() for line in lines])
    else:
        content = json.dumps(
            [
                {
                    "joints": {
                        camel(j): dict(zip("xyz", line[n].tolist(), strict=True))
                        for n, j in enumerate(NTU25.joints)
                    }
                }
                for line in lines
            ]
        )
    (tmp_path / name).write_text(content)
    with pytest.raises(BadFile, match=r"one person from frame to frame.*joints that jump"):
        read(tmp_path / name)
    # A stated rate says that the frames are in order; the bodies of different frames are not compared.
    clip = read(tmp_path / name, rate=1)
    assert not any("exactly" in note for note in clip.problems)
