"""The share of the processor that the line of progress of training shows."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from pgfa.config import TrainSettings
from pgfa.progress import Progress
from pgfa.train import utilisation
from pgfa.train.loop import train_epochs
from pgfa.train.utilisation import operations_per_sample, peak_rate


class Points:
    """Random points with a class each."""

    labels = torch.arange(40) % 4

    def batch(self, index: Tensor, epoch: int) -> Tensor:
        return torch.randn(len(index), 8)


def loss(model: nn.Module, batch: Tensor) -> Tensor:
    return model(batch).square().mean()  # type: ignore[no-any-return]


def test_operations_are_those_of_the_products_and_leave_the_model_alone() -> None:
    model = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.Linear(16, 4)).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    forward = 2 * (8 * 16 + 16 * 4)
    # Backward: the gradients of both weights, and of the input of the second layer.
    expected = 2 * forward + 2 * 16 * 4
    assert operations_per_sample(model, loss, Points(), torch.arange(10)) == expected
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())


def test_the_line_of_progress_shows_it_and_weights_stay_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("pgfa.progress._EVERY_SECONDS", 0.0)
    monkeypatch.setattr(utilisation, "peak_rate", lambda precision: 5e9)
    weights = []
    for show in (True, False):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.Dropout(0.5), nn.Linear(16, 4))
        settings, out = TrainSettings(epochs=2, batch_size=10), tmp_path / str(show)
        out.mkdir()
        list(train_epochs(model, loss, Points(), settings, out, "run", show=show))
        weights.append(model.state_dict())
    lines = capsys.readouterr().err
    assert "% of 5 GFLOP/s" in lines
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())


def test_detail_is_text_after_the_speed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("pgfa.progress._EVERY_SECONDS", 0.0)
    with Progress("train", 4, unit="clips") as bar:
        bar.detail = lambda speed: ", busy"
        bar.advance(1)
    assert "clips/s, busy, " in capsys.readouterr().err


def test_the_peak_is_a_plausible_rate() -> None:
    assert 1e8 < peak_rate(torch.float32) < 1e14
