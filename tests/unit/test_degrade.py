"""Degrading gives prepared clips the defects of a worse recording, each as its formula or preparation defines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from pgfa.config import PrepareSettings
from pgfa.prepare import prepare
from pgfa.skeleton import KINECT20, LAYOUTS, Clip, Ragged
from pgfa.train import degrade as degrade_module
from pgfa.train.degrade import degrade

torch.set_num_threads(1)

AMOUNTS = ("TILT", "IDLE", "LOST", "NOISE", "FLAT", "PARTIAL_LOST", "PARTIAL_FLAT", "WHOLE", "VIEW")


@pytest.fixture
def clips() -> Tensor:
    """(40, 12, 2, 20, 3): two bodies that move, the second absent in the odd clips."""
    x = torch.randn(40, 12, 2, 20, 3, generator=torch.Generator().manual_seed(0))
    x[1::2, :, 1] = 0
    return x


def only(monkeypatch: pytest.MonkeyPatch, **amounts: float) -> None:
    for share in ("DEGRADED", "PARTIAL_DEGRADED"):
        monkeypatch.setattr(degrade_module, share, 1.0)
    for name in AMOUNTS:
        monkeypatch.setattr(degrade_module, name, amounts.get(name, 0.0))


def test_with_all_amounts_zero_nothing_changes(clips: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch)
    torch.testing.assert_close(degrade(clips, "kinect20"), clips)


def test_absent_bodies_stay_absent_and_present_ones_finite(clips: Tensor) -> None:
    torch.manual_seed(1)
    out = degrade(clips, "kinect20")
    assert (out[1::2, :, 1] == 0).all()
    assert torch.isfinite(out).all()
    assert (out[:, :, 0] != 0).any(dim=-1).all()


def test_half_of_the_clips_are_unchanged(clips: Tensor) -> None:
    torch.manual_seed(5)
    repeated = clips.repeat(10, 1, 1, 1, 1)
    unchanged = (degrade(repeated, "kinect20") == repeated).flatten(1).all(dim=1)
    assert 0.4 < unchanged.float().mean() < 0.6


def test_the_same_seed_degrades_in_the_same_way(clips: Tensor) -> None:
    torch.manual_seed(3)
    first = degrade(clips, "kinect20")
    torch.manual_seed(3)
    assert torch.equal(degrade(clips, "kinect20"), first)
    assert not torch.equal(degrade(clips, "kinect20"), first)


def test_a_tilt_keeps_all_distances_and_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    only(monkeypatch, TILT=0.3)
    turns = degrade_module._tilts(500, torch.zeros(1))
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
    still = ((out - 1) < 1e-6).sum(dim=1)  # frames at the start that equal the first one
    without_idle = (still == 1).float().mean()
    assert 0.4 < without_idle < 0.6
    assert still.max() <= 1 + 0.3 / 1.3 * 50


def test_lost_joints_lie_where_preparation_puts_missing_joints(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, LOST=1.0)
    random = np.random.default_rng(0)
    x = random.normal(size=(50, 1, 20, 3)).astype(np.float32)
    torch.manual_seed(2)
    prepared = torch.from_numpy(x)[None].expand(60, -1, -1, -1, -1)
    out = degrade(prepared, "kinect20")
    whole = Clip(positions=x, layout=KINECT20, rate=30.0)
    kinds = set()
    for degraded in out:
        lost = (degraded != prepared[0]).any(dim=-1).all(dim=0)[0].numpy()
        kinds.add(tuple(np.flatnonzero(lost)))
        holes = x.copy()
        holes[:, :, lost] = np.nan
        # Size and position are measured on the visible joints, so each joint is compared with its parent.
        filled = prepare(Ragged.from_clips([replace(whole, positions=holes)]), PrepareSettings()).positions[
            0, :, 0
        ]
        for child, parent in KINECT20.outwards:
            same = np.allclose(filled[:, child], filled[:, parent], atol=1e-6)
            assert same == bool(lost[child])
            if lost[child]:
                assert torch.equal(degraded[:, 0, child], degraded[:, 0, parent])
    ends = {i for i, j in enumerate(KINECT20.joints) if j.startswith(("hand", "foot"))}
    assert tuple(sorted(ends)) in kinds
    assert {1, 2, 3} <= {len(kind) for kind in kinds}
    limbs = {i for i, j in enumerate(KINECT20.joints) if j.startswith(degrade_module.LIMBS)}
    assert all(set(kind) <= limbs for kind in kinds)


def test_flattening_removes_depth_and_nothing_else(clips: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, FLAT=0.5)
    torch.manual_seed(0)
    out = degrade(clips, "kinect20")
    flat = (out[..., 2] == 0).flatten(1).all(dim=1)
    assert 10 <= int(flat.sum()) <= 30
    torch.testing.assert_close(out[..., :2], clips[..., :2])
    torch.testing.assert_close(out[~flat], clips[~flat])


def test_noise_has_a_different_bounded_strength_per_clip(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    only(monkeypatch, NOISE=0.03)
    still = torch.ones(300, 50, 1, 20, 3)
    torch.manual_seed(0)
    strength = (degrade(still, "kinect20") - still).flatten(1).std(dim=1)
    assert strength.max() < 0.031
    assert strength.mean() == pytest.approx(0.015, abs=0.002)


def test_partial_views_without_depth_are_seen_from_the_side(
    clips: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, PARTIAL_FLAT=1.0, VIEW=1.0, NOISE=1e-6)
    torch.manual_seed(0)
    out = degrade(clips, "kinect20", partial_views=True)
    assert (out[..., 2] == 0).all()  # no noise of a depth that is not there
    torch.testing.assert_close(out[..., 1], clips[..., 1], atol=1e-4, rtol=0)
    angles = []
    for seen, clip in zip(out[:, :, 0], clips[:, :, 0], strict=True):
        shares, *_ = torch.linalg.lstsq(clip[..., ::2].reshape(-1, 2), seen[..., :1].reshape(-1, 1))
        assert shares.norm() == pytest.approx(1, abs=1e-4)  # cosine and sine of one angle
        angles.append(float(torch.atan2(shares[1, 0], shares[0, 0])))
    assert max(map(abs, angles)) <= 1
    assert min(angles) < -0.5
    assert max(angles) > 0.5


def test_partial_views_lose_both_legs_or_an_arm(clips: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, PARTIAL_LOST=1.0, WHOLE=1.0)
    torch.manual_seed(0)
    out = degrade(clips, "kinect20", partial_views=True)
    lost = (out != clips)[:, :, 0].any(dim=-1).all(dim=1)
    limbs = {
        frozenset(KINECT20.joints[i].rsplit("_", 1)[-1] for i in row.nonzero().flatten().tolist())
        for row in lost
    }
    assert limbs == {frozenset({"left", "right"}), frozenset({"left"}), frozenset({"right"})}
    for row in lost:
        names = {KINECT20.joints[i].split("_")[0] for i in row.nonzero().flatten().tolist()}
        assert names in ({"knee", "ankle", "foot"}, {"elbow", "wrist", "hand"})


@pytest.mark.parametrize("partial_views", [False, True])
@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_every_layout_can_be_degraded_and_its_bones_are_ordered_outwards(
    name: str, partial_views: bool
) -> None:
    layout = LAYOUTS[name]
    reached = {layout.index(layout.centre)}
    for child, parent in layout.outwards:
        assert parent in reached
        reached.add(child)
    assert reached == set(range(len(layout.joints)))
    x = torch.randn(8, 6, 1, len(layout.joints), 3)
    assert degrade(x, name, partial_views).shape == x.shape
