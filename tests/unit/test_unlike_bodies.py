"""Two people of whom one is mirrored or upside down: no reading is right for both, and a note says so."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pgfa.read import read
from pgfa.skeleton import NTU25
from reading_motions import in_layout, motion

ONE, OTHER = in_layout(motion("walk"), NTU25), in_layout(motion("walk", 2), NTU25)
CHANGES = {
    "as they are": ([1, 1, 1], ""),
    "mirrored": ([-1, 1, 1], "body 2 looks mirrored, and body 1 does not"),
    "upside down": ([1, -1, 1], "body 2 is upside down beside others who stand"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("kind", ["json", "npy"])
def test_people_who_contradict_each_other_are_noted(change: str, kind: str, tmp_path: Path) -> None:
    signs, expected = CHANGES[change]
    people = np.stack([ONE, OTHER * signs + np.array([1.5, 0, 0.3])], axis=1)
    if kind == "npy":
        np.save(tmp_path / "a.npy", people)
        clip = read(tmp_path / "a.npy", mirrored=False, layout="ntu25", up="y", unit="m", rate=30)
    else:
        frames = [{"people": [{"id": n, "joints": b.tolist()} for n, b in enumerate(f)]} for f in people]
        header = {"fps": 30, "unit": "m", "up": "y", "handedness": "right", "layout": "ntu25"}
        (tmp_path / "a.json").write_text(json.dumps({**header, "frames": frames}), encoding="utf-8")
        clip = read(tmp_path / "a.json")
    notes = [note for note in clip.problems if "body 2" in note]
    assert clip.bodies == 2
    assert len(notes) == bool(expected), clip.problems
    assert all(note.startswith(expected) for note in notes)
