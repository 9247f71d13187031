"""Stored random splits: what their numbers give, no two alike, and usable wherever a split is named."""

from __future__ import annotations

import numpy as np
import pytest

from pgfa.text.catalogue import catalogue, find_split
from pgfa.text.overlap import same_meaning
from pgfa.text.random_splits import COUNT, SOURCE, STORED, draw_split

SIZES = [(dataset, size) for dataset, sizes in STORED.items() for size in sizes]


@pytest.mark.parametrize(("dataset", "size"), SIZES)
def test_stored_splits_are_what_the_seed_gives(dataset: str, size: int) -> None:
    classes = catalogue(dataset)
    for number in range(COUNT):
        stored = find_split(f"{dataset}/random-{size}-{number:02d}")
        assert stored == draw_split(classes, size, number)
        # By hand: the first `size` of a permutation, in the order of their ids.
        ids = np.random.default_rng([number, size, len(classes)]).permutation(len(classes))[:size]
        assert [classes[name].id for name in stored.unseen] == sorted(ids.tolist())
        assert stored.source == SOURCE


def test_there_are_twenty_distinct_ones_of_two_sizes() -> None:
    assert COUNT == 20
    for dataset in ("utd-mhad", "kinder-gator"):
        random = [s for s in catalogue(dataset).splits.values() if s.name.startswith("random-")]
        assert len(random) == 2 * COUNT
        assert len({frozenset(s.unseen) for s in random}) == 2 * COUNT
        assert sorted({len(s.unseen) for s in random}) == sorted(STORED[dataset])
        # Nearly every class is unseen somewhere, and none everywhere.
        for size in STORED[dataset]:
            times = {a.name: 0 for a in catalogue(dataset).actions}
            for split in random:
                if len(split.unseen) == size:
                    for name in split.unseen:
                        times[name] += 1
            assert max(times.values()) < COUNT
            assert sum(n > 0 for n in times.values()) > 0.9 * len(times)


def test_published_splits_are_untouched() -> None:
    assert [n for n in catalogue("utd-mhad").splits if not n.startswith("random")] == [
        "22-5",
        "18-9",
        "14-13",
    ]


@pytest.mark.parametrize("size", [0, 27, -1])
def test_a_split_needs_classes_on_both_sides(size: int) -> None:
    with pytest.raises(ValueError, match="1 to 26"):
        draw_split(catalogue("utd-mhad"), size, 0)


@pytest.mark.parametrize(
    ("dataset", "size", "mean"),
    [("utd-mhad", 5, 1.55), ("utd-mhad", 12, 2.6), ("kinder-gator", 8, 2.85), ("kinder-gator", 20, 5.1)],
)
def test_unseen_classes_that_share_a_concept_with_a_seen_one_are_counted_in_the_docs(
    dataset: str, size: int, mean: float
) -> None:
    """docs/benchmark.md: the leakage rule is for other data sets; inside one the split decides."""
    classes, shared = catalogue(dataset), []
    for number in range(COUNT):
        unseen = set(find_split(f"{dataset}/random-{size}-{number:02d}").unseen)
        seen = [a for a in classes.actions if a.name not in unseen]
        shared.append(sum(any(same_meaning(classes[name], other) for other in seen) for name in unseen))
    assert sum(shared) / COUNT == pytest.approx(mean)
