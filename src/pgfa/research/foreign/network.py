"""Training of the network of a kinematic model: measures of clips against the sentences of their classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from pgfa.words.fit import MeasuredSet, clip_weights
from pgfa.words.model import KinematicModel, SentenceSpace
from pgfa.words.network import Network

Array = NDArray[np.float32]

EPOCHS, BATCH = 15, 512
HIDDEN, DROPOUT = 512, 0.3
RATE, DECAY = 2e-3, 1e-2
TEMPERATURE = 0.1
SAME_SENTENCE = 0.98
"""Cosine from which a class and its mirror image are one: telling them apart is not asked."""


def add_network(model: KinematicModel, sets: Sequence[MeasuredSet], *, seed: int = 0) -> KinematicModel:
    """The model with a network trained on the clips of sets and their mirror images.

    The loss is the cross-entropy of a clip's class among the classes of its own set, by cosine with the mean vectors
    of their texts: classes of several sets may mean the same. Clips are drawn by `clip_weights`.
    """
    measures = np.concatenate([s.measures for s in sets] + [s.mirrored for s in sets])
    weights = np.tile(clip_weights(sets), 2)
    network = _train(model.scale(measures), weights, _Classes(sets, model.space), seed)
    return model.with_network(network, measures, weights)


class _Classes:
    """Classes of all sets, then their mirror images, and the class of each clip and mirrored clip.

    Attributes:
        anchors: (2 K, d) unit vectors.
        labels: (2 N,).
        group: (2 K,) the set of each class.
        twin: (2 K,) the mirror image of each class.
        same: (2 K,) whether both have one sentence.
    """

    def __init__(self, sets: Sequence[MeasuredSet], space: SentenceSpace) -> None:
        straight = [space.vectors(s.encoded, s.words) for s in sets]
        images = [space.vectors(s.encoded_mirrored, s.words_mirrored) for s in sets]
        self.anchors = functional.normalize(torch.from_numpy(np.concatenate(straight + images)), dim=1)
        sizes = [len(s.words) for s in sets]
        firsts = np.cumsum([0, *sizes])
        labels = np.concatenate([s.labels + first for s, first in zip(sets, firsts[:-1], strict=True)])
        classes = int(firsts[-1])
        self.labels = torch.from_numpy(np.concatenate([labels, labels + classes]))
        self.group = torch.from_numpy(np.tile(np.repeat(np.arange(len(sets)), sizes), 2))
        self.twin = (torch.arange(2 * classes) + classes) % (2 * classes)
        self.same = (self.anchors * self.anchors[self.twin]).sum(dim=1) > SAME_SENTENCE

    def logits(self, rows: Tensor, labels: Tensor) -> Tensor:
        """(n, 2 K) of unit rows; classes that a row is not compared with are at -inf."""
        others = self.group[labels][:, None] != self.group[None, :]
        others[torch.arange(len(labels)), self.twin[labels]] |= self.same[labels]
        return (rows @ self.anchors.T / TEMPERATURE).masked_fill(others, -torch.inf)


def _train(standardised: Array, weights: Array, classes: _Classes, seed: int) -> Network:
    generator = torch.Generator().manual_seed(seed)
    inputs, shares = torch.from_numpy(standardised), torch.from_numpy(weights).double()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # of the first weights and of dropout
        layers = _layers(inputs.shape[1], classes.anchors.shape[1])
        optimiser = torch.optim.AdamW(layers.parameters(), lr=RATE, weight_decay=DECAY)
        steps = max(EPOCHS * len(inputs) // BATCH, 1)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
        for _ in range(steps):
            drawn = torch.multinomial(shares, BATCH, replacement=True, generator=generator)
            labels = classes.labels[drawn]
            rows = functional.normalize(layers(inputs[drawn]), dim=1)
            loss = functional.cross_entropy(classes.logits(rows, labels), labels)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    return _folded(layers.eval())


def _layers(inputs: int, outputs: int) -> nn.Sequential:
    def block(size: int) -> list[nn.Module]:
        return [nn.Dropout(DROPOUT), nn.Linear(size, HIDDEN), nn.BatchNorm1d(HIDDEN), nn.ReLU()]

    return nn.Sequential(*block(inputs), *block(HIDDEN), nn.Dropout(DROPOUT), nn.Linear(HIDDEN, outputs))


def _folded(layers: nn.Sequential) -> Network:
    """Weights with the batch norm after them folded in."""
    folded: list[tuple[Array, Array]] = []
    for layer in layers:
        if isinstance(layer, nn.Linear):
            folded.append((layer.weight.detach().numpy().T.copy(), layer.bias.detach().numpy().copy()))
        elif isinstance(layer, nn.BatchNorm1d):
            assert layer.running_mean is not None
            assert layer.running_var is not None
            factor = (layer.weight / torch.sqrt(layer.running_var + layer.eps)).detach().numpy()
            weights, bias = folded.pop()
            shift = layer.bias.detach().numpy() + (bias - layer.running_mean.numpy()) * factor
            folded.append((weights * factor, shift))
    return Network(tuple(folded))
