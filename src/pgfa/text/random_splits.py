"""Random class splits, each a function of its number alone. The splits stored in the catalogues were drawn here.

One published split of a small data set says little: whether a few classes are similar or not moves the accuracy by
tens of points. Over many random splits a difference of two points can be significant.
"""

from __future__ import annotations

import numpy as np

from pgfa.text.catalogue import Catalogue, Split

STORED: dict[str, tuple[int, int]] = {"utd-mhad": (5, 12), "kinder-gator": (8, 20)}
"""Data set -> the numbers of unseen classes for which its catalogue stores random splits."""
COUNT = 20
"""Stored random splits per number of unseen classes."""
SOURCE = "drawn at random (pgfa.text.random_splits)"


def draw_split(catalogue: Catalogue, size: int, number: int) -> Split:
    """Random split `number` of a data set: `size` of its classes are unseen, in the order of their ids.

    Drawn from the seed (number, size, number of classes): the same on every machine, independent of other splits.

    Raises:
        ValueError: `size` leaves no seen or no unseen class.
    """
    if not 0 < size < len(catalogue):
        raise ValueError(f"1 to {len(catalogue) - 1} unseen classes are possible, found {size}")
    random = np.random.default_rng([number, size, len(catalogue)])
    chosen = np.sort(random.permutation(len(catalogue))[:size])
    names = tuple(catalogue.actions[i].name for i in chosen.tolist())
    return Split(catalogue.dataset, f"random-{size}-{number:02d}", names, SOURCE)
