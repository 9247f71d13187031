"""Learning rate, order of samples, length: pure functions, so that a run can be resumed at any step."""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from pgfa.config import TrainSettings

WARM_UP_EPOCHS = 5  # method.md section 3
ONE_CYCLE_RISE = 0.15
LEAST_PASSES, MOST_EPOCHS, STEPS_PER_EPOCH, LEAST_BATCH = 12_800, 100, 10, 16
"""Of a training on few clips: clips computed in total and steps per epoch are those of 640 clips and the defaults."""


def learning_rate_at(settings: TrainSettings, epoch: int, step: int, steps: int) -> float:
    """Learning rate of a step (`steps` of them in an epoch)."""
    if settings.schedule == "steps":
        warm = min(1.0, epoch / WARM_UP_EPOCHS)  # so epoch 0 has learning rate 0, as in the authors' code
        return settings.learning_rate * warm * 0.1 ** sum(epoch >= drop for drop in settings.drops)
    progress = (epoch * steps + step + 1) / (settings.epochs * steps)
    if progress < ONE_CYCLE_RISE:
        return settings.learning_rate * progress / ONE_CYCLE_RISE
    return (
        settings.learning_rate
        * 0.5
        * (1 + math.cos(math.pi * (progress - ONE_CYCLE_RISE) / (1 - ONE_CYCLE_RISE)))
    )


def for_few_clips(settings: TrainSettings, clips: int, chosen: Collection[str] = ()) -> TrainSettings:
    """Settings with smaller batches and more epochs where the clips are few.

    Ten steps per epoch, and as many clips computed in total as with 640 clips, up to `MOST_EPOCHS`. With 640 clips or
    more the settings are as before; docs/own-data.md has what it is worth.

    Args:
        settings: of the default recipe.
        clips: to train on.
        chosen: names of settings that stay as they are.
    """
    batch, epochs = settings.batch_size, settings.epochs
    if "batch_size" not in chosen:
        batch = min(batch, max(LEAST_BATCH, clips // STEPS_PER_EPOCH))
    if "epochs" not in chosen:
        epochs = max(epochs, min(MOST_EPOCHS, math.ceil(LEAST_PASSES / max(1, clips))))
    return settings.model_copy(update={"batch_size": batch, "epochs": epochs})


def sample_order(settings: TrainSettings, labels: NDArray[np.int64], epoch: int) -> NDArray[np.int64]:
    """Clips of an epoch in order, (steps, batch size): a pure function of seed and epoch.

    `clips`: each at most once, the last partial batch dropped. `classes`: as many draws, each class equally often.
    `roots`: as many draws, each class in proportion to the root of its number of clips.
    """
    random = np.random.default_rng([settings.seed, epoch])
    steps = max(1, len(labels) // settings.batch_size)
    if settings.sampling == "classes":
        return _by_class(random, labels, steps * settings.batch_size).reshape(steps, settings.batch_size)
    if settings.sampling == "roots":
        chance = 1 / np.sqrt(np.bincount(labels)[labels])
        drawn = random.choice(len(labels), size=(steps, settings.batch_size), p=chance / chance.sum())
        return np.asarray(drawn, dtype=np.int64)
    order = random.permutation(len(labels))
    if len(labels) < settings.batch_size:
        return order[None]  # fewer clips than a batch: all of them at once
    return order[: steps * settings.batch_size].reshape(steps, settings.batch_size)


def whole_order(settings: TrainSettings, labels: NDArray[np.int64], epoch: int) -> list[NDArray[np.int64]]:
    """As `sample_order` of `clips`, but every clip once: the last batch may be smaller."""
    order = np.random.default_rng([settings.seed, epoch]).permutation(len(labels))
    return np.split(order, range(settings.batch_size, len(labels), settings.batch_size))


def step_seed(settings: TrainSettings, epoch: int, step: int) -> int:
    """Seed of everything random inside a step: augmentation and dropout."""
    words = np.random.SeedSequence([settings.seed, epoch, step]).generate_state(2, np.uint32)
    return int(words[0]) << 31 ^ int(words[1])


def _by_class(random: np.random.Generator, labels: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    order = random.permutation(len(labels))
    ordered = labels[order]
    by_class = order[np.argsort(ordered, kind="stable")]
    size = np.bincount(labels)
    first = np.cumsum(size) - size
    classes = np.flatnonzero(size)
    rounds = math.ceil(count / len(classes))
    label = np.concatenate([random.permutation(classes) for _ in range(rounds)])[:count]
    sample: NDArray[np.int64] = by_class[first[label] + random.integers(0, size[label])]
    return sample
