"""ST-GCN and the loss against values computed with the authors' public code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from pgfa.model.contrastive import contrastive_loss
from pgfa.model.graph import spatial_adjacency
from pgfa.model.stgcn import STGCN, from_authors
from pgfa.skeleton import NTU25

pytestmark = pytest.mark.parity


@pytest.fixture(scope="module")
def reference(parity: Path) -> dict[str, np.ndarray]:
    with np.load(parity / "stgcn.npz") as file:
        return {name: file[name] for name in file.files}


@pytest.fixture
def model(reference: dict[str, np.ndarray]) -> STGCN:
    state = {
        k.removeprefix("state/"): torch.from_numpy(v) for k, v in reference.items() if k.startswith("state/")
    }
    net = STGCN(NTU25, dropout=0.0)
    net.load_state_dict(from_authors(state))
    return net


def relative(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a - b).max() / np.abs(b).max())


def test_adjacency(reference: dict[str, np.ndarray]) -> None:
    assert np.allclose(spatial_adjacency(NTU25), reference["state/A"], atol=1e-7)


def test_size_is_that_of_the_paper(model: STGCN) -> None:
    assert sum(p.numel() for p in model.parameters()) == 821_380


def test_features_eval(model: STGCN, reference: dict[str, np.ndarray]) -> None:
    model.eval()
    with torch.no_grad():
        features = model(torch.from_numpy(reference["input"])).numpy()
    assert np.abs(features - reference["features_eval"]).max() < 1e-5


def test_features_and_gradients_train(model: STGCN, reference: dict[str, np.ndarray]) -> None:
    # In float64: with batch statistics of six clips, float32 gradients differ by 1e-3 between numbers of threads,
    # which is no property of the model.
    model.double().train()
    features = model(torch.from_numpy(reference["input"]).double())
    assert np.abs(features.detach().numpy() - reference["features_train"]).max() < 1e-5
    (features * torch.from_numpy(reference["grad_output"])).sum().backward()
    for parameter, name in [
        (model.blocks[0].spread.weight, "grad_first_conv"),
        (model.blocks[9].over_time.weight, "grad_last_tcn"),
        (model.blocks[0].edge, "grad_edge0"),
    ]:
        assert parameter.grad is not None
        assert relative(parameter.grad.numpy(), reference[name]) < 1e-4, name


def test_loss_and_gradient(parity: Path) -> None:
    with np.load(parity / "loss.npz") as file:
        expected = {name: file[name] for name in file.files}
    skeleton = torch.from_numpy(expected["skeleton"]).requires_grad_()
    labels = torch.from_numpy(expected["labels"])
    loss = contrastive_loss(
        skeleton, torch.from_numpy(expected["class_text"])[labels], labels[:, None] == labels, 1 / 0.07
    )
    loss.backward()
    assert abs(loss.item() - float(expected["loss"])) < 1e-5
    assert skeleton.grad is not None
    assert relative(skeleton.grad.numpy(), expected["grad_skeleton"]) < 1e-5
