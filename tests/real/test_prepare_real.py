"""Preparation of the real UTD-MHAD recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pgfa.config import PrepareSettings
from pgfa.prepare import Prepared, prepare
from pgfa.prepare.size import STANDARD_LENGTHS
from pgfa.read.datasets.utd_mhad import FORMAT
from pgfa.skeleton import Clip
from pgfa.skeleton.layouts import NTU25
from pgfa.skeleton.ragged import Ragged

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def clips(shared_data: Path) -> list[Clip]:
    return [FORMAT.read(file) for file in FORMAT.find(shared_data / "utd-mhad")]


@pytest.fixture(scope="module")
def default(clips: list[Clip]) -> Prepared:
    return prepare(Ragged.from_clips(clips), PrepareSettings(layout="ntu25"))


def test_every_body_is_present_centred_facing_the_viewer_and_of_standard_size(
    clips: list[Clip], default: Prepared
) -> None:
    assert len(default) == 861
    assert np.isfinite(default.positions).all()
    assert default.present.tolist() == [[True, False]] * 861
    # Size and orientation are of the whole recording; without its idle time the person may be sitting.
    body = prepare(Ragged.from_clips(clips), PrepareSettings(layout="ntu25", trim=False)).positions[:, :, 0]
    assert np.abs(np.median(body[:, :, 0], axis=1)).max() < 0.1
    across = body[:, :, NTU25.index("shoulder_right")] - body[:, :, NTU25.index("shoulder_left")]
    hips = body[:, :, NTU25.index("hip_right")] - body[:, :, NTU25.index("hip_left")]
    facing = (across + hips).mean(1)
    assert (facing[:, 0] > 0).all()
    assert (np.abs(facing[:, 2]) < 0.15 * facing[:, 0]).mean() > 0.95
    ends = np.array([[NTU25.index(a), NTU25.index(b)] for a, b in STANDARD_LENGTHS])
    length = np.median(np.linalg.norm(body[:, :, ends[:, 0]] - body[:, :, ends[:, 1]], axis=-1), axis=1).sum(
        1
    )
    assert length == pytest.approx(sum(STANDARD_LENGTHS.values()), rel=0.06)


def test_clips_of_one_action_by_other_people_are_closer_than_with_paper(
    clips: list[Clip], default: Prepared
) -> None:
    paper = prepare(Ragged.from_clips(clips), PrepareSettings(recipe="paper", layout="ntu25"))
    ours, theirs = (_nearest_neighbour(p, clips) for p in (default, paper))
    print(f"action of the nearest clip of another person: default {ours:.3f}, paper {theirs:.3f}")
    assert ours > 0.85
    assert ours > theirs


def _nearest_neighbour(prepared: Prepared, clips: list[Clip]) -> float:
    flat = prepared.positions[:, :, 0].reshape(len(prepared), -1)
    distance = (flat**2).sum(1) - 2 * flat @ flat.T
    subject = np.array([clip.source.subject for clip in clips])
    action = np.array([clip.source.action for clip in clips])
    nearest = np.where(subject[:, None] == subject, np.inf, distance).argmin(1)
    return float((action[nearest] == action).mean())
