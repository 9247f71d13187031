"""Generalised zero-shot: every number against a loop, the sweep against all penalties there are."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pgfa.evaluate.gzsl import Mixed, choose_penalty, harmonic, predict, sweep


def drawn(seed: int, clips: int = 40, unseen: int = 3, seen: int = 4, steps: int | None = None) -> Mixed:
    """Random scores with some truth in them; with `steps`, on a coarse grid, so that margins tie."""
    random = np.random.default_rng(seed)
    labels = np.concatenate([[0, unseen], random.integers(0, unseen + seen, clips - 2)])
    scores = random.normal(size=(clips, unseen + seen)).astype(np.float32)
    scores[np.arange(clips), labels] += 1.0
    scores[:, unseen:] += 0.7
    if steps:
        scores = np.round(scores * steps) / np.float32(steps)
    return Mixed(scores.astype(np.float32), labels.astype(np.int64), unseen)


def loop_accuracy(mixed: Mixed, penalty: float) -> tuple[float, float]:
    """Seen and unseen accuracy, clip by clip and class by class."""
    right: dict[int, list[bool]] = {}
    for row, label in zip(mixed.scores.astype(np.float64), mixed.labels.tolist(), strict=True):
        seen = max(range(mixed.unseen, len(row)), key=lambda c: row[c])
        unseen = max(range(mixed.unseen), key=lambda c: row[c])
        answer = seen if row[seen] - row[unseen] > penalty else unseen
        right.setdefault(label, []).append(answer == label)
    share = {label: sum(hits) / len(hits) for label, hits in right.items()}
    of = [[s for label, s in share.items() if (label >= mixed.unseen) == kind] for kind in (True, False)]
    return sum(of[0]) / len(of[0]), sum(of[1]) / len(of[1])


def all_penalties(*many: Mixed) -> list[float]:
    """One penalty for every state there is."""
    margins = sorted(
        {
            float(row[m.unseen :].max() - row[: m.unseen].max())
            for m in many
            for row in m.scores.astype(np.float64)
        }
    )
    between = [(a + b) / 2 for a, b in itertools.pairwise(margins)]
    return [margins[0] - 1, *between, margins[-1] + 1]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), steps=st.sampled_from([None, 1, 2]))
def test_sweep_is_every_penalty_by_loop(seed: int, steps: int | None) -> None:
    mixed = drawn(seed, steps=steps)
    found, penalties = sweep(mixed), all_penalties(mixed)
    told = [loop_accuracy(mixed, p) for p in penalties]
    assert len(found.margins) + 1 == len(penalties)
    np.testing.assert_allclose(found.seen, [s for s, _ in told], atol=1e-12)
    np.testing.assert_allclose(found.unseen, [u for _, u in told], atol=1e-12)
    for p in penalties:
        np.testing.assert_allclose(found.at(p), loop_accuracy(mixed, p), atol=1e-12)
    area = sum((b[1] - a[1]) * (a[0] + b[0]) / 2 for a, b in itertools.pairwise(told))
    assert found.area == pytest.approx(area, abs=1e-12)
    assert found.unseen[0] == 0
    assert found.seen[-1] == 0


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_penalty_is_the_best_of_all(seed: int) -> None:
    folds = [drawn(seed, steps=2), drawn(seed + 1, clips=25, unseen=2), drawn(seed + 2, seen=2)]
    mean = {p: np.mean([harmonic(*loop_accuracy(f, p)) for f in folds]) for p in all_penalties(*folds)}
    best = max(mean.values())
    found = choose_penalty(folds)
    assert np.mean([harmonic(*loop_accuracy(f, found)) for f in folds]) == pytest.approx(best, abs=1e-9)
    least = min(abs(p) for p, h in mean.items() if h >= best - 1e-12)
    assert abs(found) == pytest.approx(least)


def test_predictions_agree_with_the_sweep() -> None:
    mixed = drawn(3)
    for penalty in (-10.0, -0.3, 0.0, 0.4, 10.0):
        answer = predict(mixed.scores, mixed.unseen, penalty)
        for kind, expected in zip((True, False), sweep(mixed).at(penalty), strict=True):
            classes = {c for c in mixed.labels.tolist() if (c >= mixed.unseen) == kind}
            share = [np.mean(answer[mixed.labels == c] == c) for c in classes]
            assert np.mean(share) == pytest.approx(expected)
    plain = mixed.scores.argmax(axis=1)
    np.testing.assert_array_equal(predict(mixed.scores, mixed.unseen, 0.0), plain)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000))
def test_order_of_clips_and_classes_does_not_count(seed: int) -> None:
    mixed, random = drawn(seed), np.random.default_rng(seed)
    clips = random.permutation(len(mixed.labels))
    classes = np.concatenate([random.permutation(mixed.unseen), mixed.unseen + random.permutation(4)])
    number: NDArray[np.int64] = np.argsort(classes)
    other = Mixed(mixed.scores[clips][:, classes], number[mixed.labels[clips]], mixed.unseen)
    one, two = sweep(mixed), sweep(other)
    np.testing.assert_allclose(one.seen, two.seen, atol=1e-12)
    np.testing.assert_allclose(one.unseen, two.unseen, atol=1e-12)
    assert one.area == pytest.approx(two.area)
    # A constant on all scores of a clip moves nothing.
    lifted = Mixed(mixed.scores + np.float32(8), mixed.labels, mixed.unseen)
    np.testing.assert_allclose(sweep(lifted).seen, one.seen, atol=0.05)


def test_a_clip_at_the_penalty_goes_to_the_unseen_classes() -> None:
    """Candidates: one unseen class, two seen ones; all numbers are exact in floating point."""
    scores = np.array([[0, 0.5, 0], [0, 1, 0], [1, 0.5, 0]], dtype=np.float32)
    mixed = Mixed(scores, np.array([0, 1, 0]), 1)
    assert predict(scores, 1, 0.5).tolist() == [0, 1, 0]
    assert predict(scores, 1, 0.25).tolist() == [1, 1, 0]
    assert sweep(mixed).at(0.5) == (1.0, 1.0)
    assert sweep(mixed).at(0.25) == (1.0, 0.5)
    assert sweep(mixed).at(1.0) == (0.0, 1.0)


def test_of_equally_good_penalties_the_least_is_chosen() -> None:
    """Margins -4 (an unseen clip), 2 (a seen one), and -3 and 1 of clips that are wrong on either side."""
    scores = np.array([[4, -9, 0, -9], [-9, -2, 0, -9], [-9, 3, 0, -9], [-9, -1, 0, -9]], dtype=np.float32)
    mixed = Mixed(scores, np.array([0, 2, 3, 3]), 2)
    found = sweep(mixed)
    assert found.margins.tolist() == [-4, -3, 1, 2]
    assert {found.at(p) for p in (-3.5, -1.0, 1.5)} == {(0.5, 1.0)}
    assert choose_penalty([mixed]) == -1.0


@pytest.mark.parametrize(
    ("seen", "unseen", "h"), [(0.0, 0.5, 0.0), (0.5, 0.5, 0.5), (1.0, 0.5, 2 / 3), (0, 0, 0)]
)
def test_h(seen: float, unseen: float, h: float) -> None:
    assert harmonic(seen, unseen) == pytest.approx(h)


def test_a_perfect_method_has_area_one() -> None:
    labels = np.arange(6)
    scores = np.eye(6, dtype=np.float32) * 2
    found = sweep(Mixed(scores, labels, 2))
    assert found.area == pytest.approx(1.0)
    assert found.at(0.0) == (1.0, 1.0)


def test_all_scores_alike_give_no_nan() -> None:
    mixed = Mixed(np.zeros((4, 4), np.float32), np.array([0, 1, 2, 3]), 2)
    found = sweep(mixed)
    assert (found.seen.tolist(), found.unseen.tolist(), found.area) == ([0.5, 0.0], [0.0, 0.5], 0.125)
    assert np.isfinite(choose_penalty([mixed]))


@pytest.mark.parametrize(("labels", "unseen"), [([0, 0], 1), ([2, 2], 1), ([0, 2], 0), ([0, 2], 3)])
def test_one_kind_alone_is_refused(labels: list[int], unseen: int) -> None:
    with pytest.raises(ValueError, match="both kinds"):
        sweep(Mixed(np.zeros((2, 3), np.float32), np.array(labels), unseen))
