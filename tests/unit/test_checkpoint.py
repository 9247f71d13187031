"""Checkpoints: what is written is read back, equal states give equal bytes, a changed byte is detected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from pgfa.errors import BadCheckpoint
from pgfa.train.checkpoint import OLD_FORMAT, load_checkpoint, save_checkpoint


def trained(steps: int = 2) -> tuple[nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(3)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.1)
    for _ in range(steps):
        optimiser.zero_grad()
        model(torch.randn(5, 3)).square().sum().backward()
        optimiser.step()
    return model, optimiser


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    save_checkpoint(tmp_path / "state.safetensors", *trained(), epoch=2, identity="run of \u00e9")
    return tmp_path / "state.safetensors"


def test_a_checkpoint_is_read_as_written(saved: Path) -> None:
    model, optimiser = trained(1)
    assert load_checkpoint(saved, model, optimiser) == {"epoch": 2, "identity": "run of \u00e9"}
    expected, expected_optimiser = trained()
    for name, value in expected.state_dict().items():
        assert torch.equal(model.state_dict()[name], value), name
    for index, values in expected_optimiser.state_dict()["state"].items():
        for name, value in values.items():
            assert torch.equal(optimiser.state_dict()["state"][index][name], value), (index, name)


def test_equal_states_are_equal_bytes(saved: Path, tmp_path: Path) -> None:
    """Ten times: a random order of two metadata entries would pass once in 512 runs."""
    for number in range(10):
        path = tmp_path / f"{number}.safetensors"
        save_checkpoint(path, *trained(), identity="run of \u00e9", epoch=2)
        assert path.read_bytes() == saved.read_bytes()


def test_every_changed_byte_is_detected(saved: Path) -> None:
    whole = saved.read_bytes()
    size = 8 + int.from_bytes(whole[:8], "little")
    accepted, fresh = [], trained(1)
    for index in range(len(whole)):
        if index < size and not whole[index:size].strip(b" "):
            continue  # spaces that pad the header carry nothing
        changed = bytearray(whole)
        changed[index] ^= 0x04
        saved.write_bytes(bytes(changed))
        try:
            load_checkpoint(saved, *fresh)
        except BadCheckpoint:
            continue
        accepted.append(index)
    assert not accepted


def test_the_error_names_both_digests(saved: Path) -> None:
    whole = bytearray(saved.read_bytes())
    whole[-1] ^= 0x01
    saved.write_bytes(bytes(whole))
    with pytest.raises(
        BadCheckpoint, match=r"expected content of digest [0-9a-f]{16}, found [0-9a-f]{16}: .*changed"
    ):
        load_checkpoint(saved, *trained(1))


def test_checkpoints_without_a_digest_are_read(saved: Path) -> None:
    with safe_open(saved, framework="pt") as file:
        about = json.loads(file.metadata()["pgfa"])["about"]
    save_file(load_file(saved), saved, {"form": OLD_FORMAT, "about": json.dumps(about)})
    assert load_checkpoint(saved, *trained(1)) == about
