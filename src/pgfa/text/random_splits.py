"""Random class splits: as many as wanted, each a function of its number alone. The stored ones were drawn with this.

One published split of a small data set says little: a few classes more or less alike move the accuracy by tens of
points. Over many random splits a difference of two points can mean something.
"""

from __future__ import annotations

import numpy as np

from pgfa.text.catalogue import Catalogue, Split

STORED: dict[str, tuple[int, int]] = {"utd-mhad": (5, 12), "kinder-gator": (8, 20)}
"""Data set -> the two numbers of unseen classes whose random splits lie in its catalogue..."""
COUNT = 20
"""...so many of each."""
SOURCE = "drawn at random (pgfa.text.random_splits)"


def draw_split(book: Catalogue, size: int, number: int) -> Split:
    """Random split `number` of a data set: `size` of its classes are unseen, in the order of their ids.

    Drawn from the seed (number, size, classes): the same on every machine, whatever the other splits are.

    Raises:
        ValueError: `size` leaves no class on one side.
    """
    if not 0 < size < len(book):
        raise ValueError(f"1 to {len(book) - 1} unseen classes are possible, found {size}")
    random = np.random.default_rng([number, size, len(book)])
    chosen = np.sort(random.permutation(len(book))[:size])
    names = tuple(book.actions[i].name for i in chosen.tolist())
    return Split(book.dataset, f"random-{size}-{number:02d}", names, SOURCE)
