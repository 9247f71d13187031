"""Spoiling does to prepared clips what a worse recording does, each fault as its formula or preparation says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from pgfa.config import PrepareSettings
from pgfa.prepare import prepare
from pgfa.skeleton import KINECT20, LAYOUTS, Clip, Ragged
from pgfa.train import degrade as module
from pgfa.train.degrade import degrade

torch.set_num_threads(1)

AMOUNTS = ("TILT", "IDLE", "LOST", "NOISE", "FLAT")


@pytest.fixture
def clips() -> Tensor:
    """(40, 12, 2, 20, 3): two bodies that move, the second absent in the odd clips."""
    x = torch.randn(40, 12, 2, 20, 3, generator=torch.Generator().manual_seed(0))
    x[1::2, :, 1] = 0
    return x


def only(monkeypatch: pytest.MonkeyPatch, **amounts: float) -> None:
    monkeypatch.setattr(module, "DEGRADED", 1.0)
    for name in AMOUNTS:
        monkeypatch.setattr(module, name, amounts.get(name, 0.0))


def test_with_every_amount_at_nought_nothing_changes(clips: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch)
    torch.testing.assert_close(degrade(clips, "kinect20"), clips)


def test_absent_bodies_stay_absent_and_present_ones_finite(clips: Tensor) -> None:
    torch.manual_seed(1)
    out = degrade(clips, "kinect20")
    assert (out[1::2, :, 1] == 0).all()
    assert torch.isfinite(out).all()
    assert (out[:, :, 0] != 0).any(dim=-1).all()


def test_half_of_the_clips_are_left_as_they_are(clips: Tensor) -> None:
    torch.manual_seed(5)
    many = clips.repeat(10, 1, 1, 1, 1)
    same = (degrade(many, "kinect20") == many).flatten(1).all(dim=1)
    assert 0.4 < same.float().mean() < 0.6


def test_the_same_seed_spoils_the_same_way(clips: Tensor) -> None:
    torch.manual_seed(3)
    once = degrade(clips, "kinect20")
    torch.manual_seed(3)
    assert torch.equal(degrade(clips, "kinect20"), once)
    assert not torch.equal(degrade(clips, "kinect20"), once)


def test_a_tilt_keeps_all_distances_and_leans_the_vertical_no_further_than_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    only(monkeypatch, TILT=0.3)
    turns = module._tilts(500, torch.zeros(1))
    eye = torch.eye(3).expand(500, 3, 3)
    torch.testing.assert_close(turns @ turns.mT, eye, atol=1e-6, rtol=0)
    torch.testing.assert_close(torch.linalg.det(turns), torch.ones(500))
    lean = torch.arccos(turns[:, 1, 1])
    assert lean.max() <= 0.3 + 1e-3
    assert lean.mean() == pytest.approx(0.15, abs=0.02)
    # No turn about the vertical itself: the axis is level.
    level = torch.stack(
        [turns[:, 2, 1] - turns[:, 1, 2], turns[:, 0, 2] - turns[:, 2, 0], turns[:, 1, 0] - turns[:, 0, 1]],
        dim=1,
    )
    assert level[:, 1].abs().max() < 1e-6


def test_idle_time_holds_the_first_and_the_last_frame_and_keeps_the_rest_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    only(monkeypatch, IDLE=0.3)
    time = torch.linspace(1, 2, 50)[None, :, None, None, None].expand(400, 50, 1, 20, 3)
    torch.manual_seed(0)
    out = degrade(time, "kinect20")[:, :, 0, 0, 0]
    assert (out.diff(dim=1) >= -1e-6).all()
    torch.testing.assert_close(out[:, 0], torch.ones(400))
    torch.testing.assert_close(out[:, -1], torch.full((400,), 2.0))
    still = ((out - 1) < 1e-6).sum(dim=1)  # frames at the start that show the first one
    none = (still == 1).float().mean()
    assert 0.4 < none < 0.6
    assert still.max() <= 1 + 0.3 / 1.3 * 50


def test_lost_joints_lie_where_preparation_puts_joints_never_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, LOST=1.0)
    random = np.random.default_rng(0)
    x = random.normal(size=(50, 1, 20, 3)).astype(np.float32)
    torch.manual_seed(2)
    prepared = torch.from_numpy(x)[None].expand(60, -1, -1, -1, -1)
    out = degrade(prepared, "kinect20")
    whole = Clip(positions=x, layout=KINECT20, rate=30.0)
    kinds = set()
    for spoiled in out:
        lost = (spoiled != prepared[0]).any(dim=-1).all(dim=0)[0].numpy()
        kinds.add(tuple(np.flatnonzero(lost)))
        holes = x.copy()
        holes[:, :, lost] = np.nan
        # Size and place are measured on what is seen, so that places are compared joint by joint with the parents'.
        filled = prepare(Ragged.from_clips([replace(whole, positions=holes)]), PrepareSettings()).positions[
            0, :, 0
        ]
        for child, parent in KINECT20.outwards:
            same = (filled[:, child] == filled[:, parent]).all()
            assert same == bool(lost[child])
            if lost[child]:
                assert torch.equal(spoiled[:, 0, child], spoiled[:, 0, parent])
    ends = {i for i, j in enumerate(KINECT20.joints) if j.startswith(("hand", "foot"))}
    assert tuple(sorted(ends)) in kinds
    assert {1, 2, 3} <= {len(kind) for kind in kinds}
    limbs = {i for i, j in enumerate(KINECT20.joints) if j.startswith(module.LIMBS)}
    assert all(set(kind) <= limbs for kind in kinds)


def test_without_depth_the_picture_stays_and_depth_is_gone(
    clips: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, FLAT=0.5)
    torch.manual_seed(0)
    out = degrade(clips, "kinect20")
    flat = (out[..., 2] == 0).flatten(1).all(dim=1)
    assert 10 <= int(flat.sum()) <= 30
    torch.testing.assert_close(out[..., :2], clips[..., :2])
    torch.testing.assert_close(out[~flat], clips[~flat])


def test_noise_is_of_another_strength_in_each_clip_and_no_stronger_than_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    only(monkeypatch, NOISE=0.03)
    still = torch.ones(300, 50, 1, 20, 3)
    torch.manual_seed(0)
    strength = (degrade(still, "kinect20") - still).flatten(1).std(dim=1)
    assert strength.max() < 0.031
    assert strength.mean() == pytest.approx(0.015, abs=0.002)


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_every_layout_can_be_spoiled_and_its_bones_go_outwards(name: str) -> None:
    layout = LAYOUTS[name]
    reached = {layout.index(layout.centre)}
    for child, parent in layout.outwards:
        assert parent in reached
        reached.add(child)
    assert reached == set(range(len(layout.joints)))
    x = torch.randn(8, 6, 1, len(layout.joints), 3)
    assert degrade(x, name).shape == x.shape
