"""The network of a kinematic model: its evaluation, its training, what its loss compares."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from kinematic_builders import SENTENCES, arrays_of, measured_set, model, random_network
from pgfa.adapt import cosines
from pgfa.research.foreign import network as training
from pgfa.research.foreign.network import add_network
from pgfa.words.fit import MeasuredSet
from pgfa.words.model import KinematicModel
from pgfa.words.network import Network

FEW = ("punch", "walk", "squat")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that is trained in a second."""
    monkeypatch.setattr(training, "HIDDEN", 48)
    monkeypatch.setattr(training, "BATCH", 64)
    monkeypatch.setattr(training, "EPOCHS", 60)


def sets() -> list[MeasuredSet]:
    """Six classes, three of which have a side; three classes that have the same sentences as some of them."""
    return [measured_set(), measured_set(FEW, seed=1)]


def trained(seed: int = 0) -> Network:
    fitted = add_network(model(), sets(), seed=seed).network
    assert fitted is not None
    return fitted[0]


def torch_layers(network: Network) -> nn.Sequential:
    """The same network in torch."""
    layers: list[nn.Module] = []
    for weights, bias in network.layers:
        linear = nn.Linear(*weights.shape)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weights.T))
            linear.bias.copy_(torch.from_numpy(bias))
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1]).eval()


@pytest.mark.parametrize("widths", [(7, 5), (1, 30)])
def test_evaluation_is_that_of_torch(widths: tuple[int, int]) -> None:
    network = random_network(1, widths)
    rows = np.random.default_rng(0).normal(size=(9, len(network.layers[0][0]))).astype(np.float32)
    with torch.inference_mode():
        expected = torch_layers(network)(torch.from_numpy(rows)).numpy()
    found = network(rows)
    assert found.dtype == np.float32
    assert (expected < 0).any()  # nothing is cut off at the end
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(network(rows[:1]), found[:1], rtol=1e-4, atol=1e-3)


def test_batch_norm_is_folded_exactly() -> None:
    """Of layers with running means and variances unlike those of new ones, in eval mode: without dropout."""
    torch.manual_seed(3)
    layers = training._layers(20, 11)
    for layer in layers:
        if isinstance(layer, nn.BatchNorm1d):
            with torch.no_grad():
                for values in (layer.weight, layer.bias, layer.running_mean):
                    values.normal_()
                layer.running_var.uniform_(0.05, 4)
    layers.eval()
    folded = training._folded(layers)
    assert [weights.shape for weights, _ in folded.layers] == [(20, 512), (512, 512), (512, 11)]
    rows = torch.randn(50, 20)
    with torch.inference_mode():
        expected = layers(rows).numpy()
    np.testing.assert_allclose(folded(rows.numpy()), expected, atol=1e-5 * np.abs(expected).max())


def network_alone(fitted: KinematicModel) -> KinematicModel:
    return replace(fitted, shares=(0.0, 0.0, 0.0, 1.0))


@pytest.mark.usefixtures("small")
def test_training_tells_classes_apart() -> None:
    """Clips of people that it was not trained on, and their mirror images among mirrored sentences."""
    new = measured_set(seed=7)
    fitted = network_alone(add_network(model(), [measured_set()]))
    anchors = fitted.sentences(new.encoded, new.words)
    answers = cosines(fitted.features(new.measures), anchors).argmax(axis=1)
    assert (answers == new.labels).mean() > 0.8  # 1 of 6 by chance
    images = fitted.sentences(new.encoded_mirrored, new.words_mirrored)
    for name in ("wave", "punch", "kick-forward"):
        label = list(SENTENCES).index(name)
        pair = np.stack([anchors[label], images[label]])
        clips = new.labels == label
        right = cosines(fitted.features(new.measures[clips]), pair).argmax(axis=1)
        left = cosines(fitted.features(new.mirrored[clips]), pair).argmax(axis=1)
        assert (right == 0).mean() > 0.8, name
        assert (left == 1).mean() > 0.8, name


@pytest.mark.usefixtures("small")
def test_training_depends_on_the_seed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "EPOCHS", 3)
    torch.manual_seed(1)
    first = trained()
    torch.manual_seed(2)
    for one, other in zip(arrays_of(first), arrays_of(trained()), strict=True):
        np.testing.assert_array_equal(one, other)
    other_seed = zip(arrays_of(first), arrays_of(trained(seed=1)), strict=True)
    assert all(not np.allclose(one, other) for one, other in other_seed)


@pytest.mark.usefixtures("small")
def test_random_numbers_of_others_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "EPOCHS", 1)
    data, fitted = sets(), model()
    torch.manual_seed(5)
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()  # noqa: NPY002
    add_network(fitted, data)
    np.testing.assert_array_equal(torch.get_rng_state().numpy(), before[0].numpy())
    assert random.getstate() == before[1]
    np.testing.assert_equal(np.random.get_state(), before[2])  # noqa: NPY002


def test_classes_and_labels_by_a_loop() -> None:
    """Classes of all sets, then their mirror images; clips of all sets, then their mirror images."""
    data, space = sets(), model().space
    classes = training._Classes(data, space)
    rows, group = [], []
    for side in ("", "_mirrored"):
        for number, s in enumerate(data):
            for k in range(len(s.words)):
                encoded, words = getattr(s, f"encoded{side}")[k], getattr(s, f"words{side}")[k]
                row = space.vectors(encoded[None], words[None])[0].astype(float)
                rows.append(row / np.linalg.norm(row))
                group.append(number)
    np.testing.assert_allclose(classes.anchors.numpy(), rows, atol=1e-6)
    assert classes.group.tolist() == group
    labels, first = [], 0
    for _ in range(2):
        for s in data:
            labels += [int(label) + first for label in s.labels]
            first += len(s.words)
    assert classes.labels.tolist() == labels
    assert classes.twin.tolist() == [*range(9, 18), *range(9)]
    sided = ["right" in text for text in (*SENTENCES.values(), *(SENTENCES[name] for name in FEW))]
    assert classes.same.tolist() == [not side for side in sided * 2]


def test_the_loss_compares_classes_of_one_set_by_a_loop() -> None:
    """Neither classes of other sets, nor the mirror image of a class that has the same sentence."""
    classes = training._Classes(sets(), model().space)
    count, size = classes.anchors.shape
    torch.manual_seed(0)
    labels = torch.arange(count)  # every class and every mirror image
    rows = nn.functional.normalize(torch.randn(count, size), dim=1)
    found = classes.logits(rows, labels)
    anchors = classes.anchors.double()
    expected = np.full((count, count), -np.inf)
    for i in range(count):
        for k in range(count):
            of_one_set = (i % 9 < 6) == (k % 9 < 6)  # six classes of one set, three of the other
            is_twin = abs(i - k) == 9
            cosine = float(anchors[i] @ anchors[k])
            if of_one_set and not (is_twin and cosine > 0.98):
                expected[i, k] = float(rows[i].double() @ anchors[k]) / 0.1
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-4)
    compared = np.isfinite(expected).sum(axis=1)
    assert set(compared.tolist()) == {11, 12, 5, 6}  # with and without the mirror image
    loss = nn.functional.cross_entropy(found, labels)
    by_loop = [
        np.log(
            sum(np.exp(expected[i, k] - expected[i, i]) for k in range(count) if np.isfinite(expected[i, k]))
        )
        for i in range(count)
    ]
    assert float(loss) == pytest.approx(np.mean(by_loop), abs=1e-4)


@pytest.mark.usefixtures("small")
def test_clips_are_drawn_by_their_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clips without weight have no influence: noise in their place changes nothing."""
    monkeypatch.setattr(training, "EPOCHS", 3)
    data = measured_set()
    weights = (data.labels < 4).astype(np.float32)
    monkeypatch.setattr(training, "clip_weights", lambda sets: weights)
    noise = np.random.default_rng(0).normal(size=data.measures.shape).astype(np.float32)
    noisy = replace(
        data,
        measures=np.where(weights[:, None] > 0, data.measures, noise),
        mirrored=np.where(weights[:, None] > 0, data.mirrored, noise),
    )
    networks = [add_network(model(), [s]).network for s in (data, noisy)]
    for one, other in zip(*(arrays_of(network[0]) for network in networks if network), strict=True):
        np.testing.assert_array_equal(one, other)
