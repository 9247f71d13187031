"""Training in bfloat16 on a processor without instructions for it is announced: it takes many times as long."""

from __future__ import annotations

import pytest
import torch

from pgfa.model import device
from pgfa.model.device import bfloat16_cost, precision_note
from pgfa.research.foreign import encoder


def test_the_cost_is_measured_by_products(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        device, "product_seconds", lambda precision, *_: {torch.float32: 0.5, torch.bfloat16: 40.0}[precision]
    )
    bfloat16_cost.cache_clear()
    assert bfloat16_cost() == 80
    bfloat16_cost.cache_clear()


def test_the_product_takes_time() -> None:
    assert all(device.product_seconds(precision, 8, 2) > 0 for precision in (torch.float32, torch.bfloat16))


@pytest.mark.parametrize(
    ("precision", "where", "cost", "expected"),
    [
        ("bfloat16", "cpu", 80.2, "bfloat16 takes about 80 times as long as float32"),
        ("bfloat16", "cpu", 0.5, None),
        ("bfloat16", "meta", 80.2, None),
        ("float32", "cpu", 80.2, None),
    ],
)
def test_only_slow_bfloat16_on_the_cpu_has_a_note(
    monkeypatch: pytest.MonkeyPatch, precision: str, where: str, cost: float, expected: str | None
) -> None:
    monkeypatch.setattr(device, "bfloat16_cost", lambda: cost)
    note = precision_note(precision, torch.device(where))
    assert note is None if expected is None else note is not None and note.startswith(expected)


@pytest.mark.parametrize(("cost", "expected"), [(0.5, "bfloat16"), (80.0, "float32")])
def test_encoders_of_foreign_sets_train_in_what_is_faster(
    monkeypatch: pytest.MonkeyPatch, cost: float, expected: str
) -> None:
    from pathlib import Path

    monkeypatch.setattr(encoder, "bfloat16_cost", lambda: cost)
    settings = encoder.encoder_settings([Path("packs/a")], "a", Path("vectors.safetensors"), 0)
    assert settings.train.precision == expected
