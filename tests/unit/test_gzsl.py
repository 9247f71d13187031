"""Generalised zero-shot: every number against a loop, the sweep against all penalties."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pgfa.evaluate.gzsl import GzslScores, choose_penalty, harmonic_mean, predict, sweep


def random_scores(
    seed: int, clips: int = 40, unseen: int = 3, seen: int = 4, steps: int | None = None
) -> GzslScores:
    """Random scores, the true class a little higher; with `steps`, on a coarse grid, so that margins tie."""
    random = np.random.default_rng(seed)
    labels = np.concatenate([[0, unseen], random.integers(0, unseen + seen, clips - 2)])
    scores = random.normal(size=(clips, unseen + seen)).astype(np.float32)
    scores[np.arange(clips), labels] += 1.0
    scores[:, unseen:] += 0.7
    if steps:
        scores = np.round(scores * steps) / np.float32(steps)
    return GzslScores(scores.astype(np.float32), labels.astype(np.int64), unseen)


def loop_accuracy(gzsl: GzslScores, penalty: float) -> tuple[float, float]:
    """Seen and unseen accuracy, clip by clip and class by class."""
    correct: dict[int, list[bool]] = {}
    for row, label in zip(gzsl.scores.astype(np.float64), gzsl.labels.tolist(), strict=True):
        seen = max(range(gzsl.unseen, len(row)), key=lambda c: row[c])
        unseen = max(range(gzsl.unseen), key=lambda c: row[c])
        answer = seen if row[seen] - row[unseen] > penalty else unseen
        correct.setdefault(label, []).append(answer == label)
    share = {label: sum(hits) / len(hits) for label, hits in correct.items()}
    accuracies = [[s for c, s in share.items() if (c >= gzsl.unseen) == seen] for seen in (True, False)]
    return sum(accuracies[0]) / len(accuracies[0]), sum(accuracies[1]) / len(accuracies[1])


def all_penalties(*folds: GzslScores) -> list[float]:
    """One penalty for each set of predictions that some penalty gives."""
    margins = sorted(
        {
            float(row[fold.unseen :].max() - row[: fold.unseen].max())
            for fold in folds
            for row in fold.scores.astype(np.float64)
        }
    )
    between = [(a + b) / 2 for a, b in itertools.pairwise(margins)]
    return [margins[0] - 1, *between, margins[-1] + 1]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), steps=st.sampled_from([None, 1, 2]))
def test_sweep_equals_a_loop_over_penalties(seed: int, steps: int | None) -> None:
    gzsl = random_scores(seed, steps=steps)
    swept, penalties = sweep(gzsl), all_penalties(gzsl)
    expected = [loop_accuracy(gzsl, p) for p in penalties]
    assert len(swept.margins) + 1 == len(penalties)
    np.testing.assert_allclose(swept.seen, [s for s, _ in expected], atol=1e-12)
    np.testing.assert_allclose(swept.unseen, [u for _, u in expected], atol=1e-12)
    for p in penalties:
        np.testing.assert_allclose(swept.accuracies(p), loop_accuracy(gzsl, p), atol=1e-12)
    area = sum((b[1] - a[1]) * (a[0] + b[0]) / 2 for a, b in itertools.pairwise(expected))
    assert swept.area == pytest.approx(area, abs=1e-12)
    assert swept.unseen[0] == 0
    assert swept.seen[-1] == 0


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_penalty_is_the_best_of_all(seed: int) -> None:
    folds = [
        random_scores(seed, steps=2),
        random_scores(seed + 1, clips=25, unseen=2),
        random_scores(seed + 2, seen=2),
    ]
    mean = {p: np.mean([harmonic_mean(*loop_accuracy(f, p)) for f in folds]) for p in all_penalties(*folds)}
    best = max(mean.values())
    penalty = choose_penalty(folds)
    assert np.mean([harmonic_mean(*loop_accuracy(f, penalty)) for f in folds]) == pytest.approx(
        best, abs=1e-9
    )
    least = min(abs(p) for p, h in mean.items() if h >= best - 1e-12)
    assert abs(penalty) == pytest.approx(least)


def test_predictions_agree_with_the_sweep() -> None:
    gzsl = random_scores(3)
    for penalty in (-10.0, -0.3, 0.0, 0.4, 10.0):
        answer = predict(gzsl.scores, gzsl.unseen, penalty)
        for seen, expected in zip((True, False), sweep(gzsl).accuracies(penalty), strict=True):
            classes = {c for c in gzsl.labels.tolist() if (c >= gzsl.unseen) == seen}
            share = [np.mean(answer[gzsl.labels == c] == c) for c in classes]
            assert np.mean(share) == pytest.approx(expected)
    plain = gzsl.scores.argmax(axis=1)
    np.testing.assert_array_equal(predict(gzsl.scores, gzsl.unseen, 0.0), plain)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000))
def test_order_of_clips_and_classes_does_not_matter(seed: int) -> None:
    gzsl, random = random_scores(seed), np.random.default_rng(seed)
    clips = random.permutation(len(gzsl.labels))
    classes = np.concatenate([random.permutation(gzsl.unseen), gzsl.unseen + random.permutation(4)])
    number: NDArray[np.int64] = np.argsort(classes)
    other = GzslScores(gzsl.scores[clips][:, classes], number[gzsl.labels[clips]], gzsl.unseen)
    first, second = sweep(gzsl), sweep(other)
    np.testing.assert_allclose(first.seen, second.seen, atol=1e-12)
    np.testing.assert_allclose(first.unseen, second.unseen, atol=1e-12)
    assert first.area == pytest.approx(second.area)
    # A constant added to all scores changes nothing.
    shifted = GzslScores(gzsl.scores + np.float32(8), gzsl.labels, gzsl.unseen)
    np.testing.assert_allclose(sweep(shifted).seen, first.seen, atol=0.05)


def test_a_clip_at_the_penalty_goes_to_the_unseen_classes() -> None:
    """Candidates: one unseen class, two seen ones; all numbers are exact in floating point."""
    scores = np.array([[0, 0.5, 0], [0, 1, 0], [1, 0.5, 0]], dtype=np.float32)
    gzsl = GzslScores(scores, np.array([0, 1, 0]), 1)
    assert predict(scores, 1, 0.5).tolist() == [0, 1, 0]
    assert predict(scores, 1, 0.25).tolist() == [1, 1, 0]
    assert sweep(gzsl).accuracies(0.5) == (1.0, 1.0)
    assert sweep(gzsl).accuracies(0.25) == (1.0, 0.5)
    assert sweep(gzsl).accuracies(1.0) == (0.0, 1.0)


def test_of_equally_good_penalties_the_smallest_is_chosen() -> None:
    """Margins -4 (an unseen clip), 2 (a seen one), and -3 and 1 of clips that are wrong at every penalty."""
    scores = np.array([[4, -9, 0, -9], [-9, -2, 0, -9], [-9, 3, 0, -9], [-9, -1, 0, -9]], dtype=np.float32)
    gzsl = GzslScores(scores, np.array([0, 2, 3, 3]), 2)
    swept = sweep(gzsl)
    assert swept.margins.tolist() == [-4, -3, 1, 2]
    assert {swept.accuracies(p) for p in (-3.5, -1.0, 1.5)} == {(0.5, 1.0)}
    assert choose_penalty([gzsl]) == -1.0


@pytest.mark.parametrize(
    ("seen", "unseen", "h"), [(0.0, 0.5, 0.0), (0.5, 0.5, 0.5), (1.0, 0.5, 2 / 3), (0, 0, 0)]
)
def test_h(seen: float, unseen: float, h: float) -> None:
    assert harmonic_mean(seen, unseen) == pytest.approx(h)


def test_a_perfect_method_has_area_one() -> None:
    labels = np.arange(6)
    scores = np.eye(6, dtype=np.float32) * 2
    swept = sweep(GzslScores(scores, labels, 2))
    assert swept.area == pytest.approx(1.0)
    assert swept.accuracies(0.0) == (1.0, 1.0)


def test_equal_scores_give_no_nan() -> None:
    gzsl = GzslScores(np.zeros((4, 4), np.float32), np.array([0, 1, 2, 3]), 2)
    swept = sweep(gzsl)
    assert (swept.seen.tolist(), swept.unseen.tolist(), swept.area) == ([0.5, 0.0], [0.0, 0.5], 0.125)
    assert np.isfinite(choose_penalty([gzsl]))


@pytest.mark.parametrize(("labels", "unseen"), [([0, 0], 1), ([2, 2], 1), ([0, 2], 0), ([0, 2], 3)])
def test_clips_or_candidates_of_one_kind_are_refused(labels: list[int], unseen: int) -> None:
    with pytest.raises(ValueError, match="both kinds"):
        sweep(GzslScores(np.zeros((2, 3), np.float32), np.array(labels), unseen))
