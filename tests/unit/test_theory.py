"""Each claim of docs/theory.md against simulation, where the truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from pgfa.adapt import align, unit_rows
from pgfa.research import theory as t


def shell(rng: np.random.Generator, means: np.ndarray, shape: tuple[int, ...] = ()) -> np.ndarray:
    """Unit vectors (*shape, K, d) of mean exactly `means`: the rest of their length points anywhere across it.

    Along every direction they are sub-Gaussian with sigma(means), as the page shows.
    """
    size = np.linalg.norm(means, axis=-1, keepdims=True)
    noise = rng.normal(size=(*shape, *means.shape))
    noise -= (noise * means).sum(-1, keepdims=True) * means / size**2
    return means + np.sqrt(1 - size**2) * noise / np.linalg.norm(noise, axis=-1, keepdims=True)


def sigma(length: float, d: int) -> float:
    return float(np.sqrt((1 - length**2) / (d - 1)))


def directions(rng: np.random.Generator, count: int, d: int) -> np.ndarray:
    return np.asarray(unit_rows(rng.normal(size=(count, d))), dtype=float)


def supports(
    rng: np.random.Generator, own: np.ndarray, other: np.ndarray, purity: float, m: int, trials: int
) -> np.ndarray:
    """Prototypes (trials, d) of m clips each of which shows the class with chance `purity`."""
    both = shell(rng, np.stack([own, other]), (trials, m))
    return np.where(rng.random((trials, m, 1)) < purity, both[:, :, 0], both[:, :, 1]).mean(axis=1)


def test_mean_and_mean_square_error_of_a_prototype() -> None:
    rng = np.random.default_rng(0)
    own, other = 0.8 * directions(rng, 2, 12)
    purity, m = 0.7, 9
    z = supports(rng, own, other, purity, m, 10_000)
    bias = t.prototype_bias(purity, own, other)
    assert bias == pytest.approx(0.3 * np.linalg.norm(other - own))
    assert np.linalg.norm(z.mean(axis=0) - own) == pytest.approx(bias, rel=0.02)
    v = 1 - np.linalg.norm(purity * own + (1 - purity) * other) ** 2
    assert ((z - own) ** 2).sum(axis=1).mean() == pytest.approx(bias**2 + v / m, rel=0.02)
    assert t.spread(z, m).mean() == pytest.approx(v, rel=0.01)


def test_bias_with_a_shifted_selected_mean() -> None:
    own, moved, other = np.eye(3)[0] * 0.5, np.eye(3)[1] * 0.5, np.eye(3)[2] * 0.5
    assert t.prototype_bias(1.0, own, other, moved) == pytest.approx(np.sqrt(0.5))
    assert t.prototype_bias([0.0, 1.0], own, other) == pytest.approx([np.sqrt(0.5), 0])


@pytest.mark.parametrize(("length", "loose"), [(0.1, 4.0), (0.6, 4.0), (0.98, 8.0)])
@pytest.mark.parametrize("m", [2, 20, 80])
def test_support_radius_holds_and_is_not_vacuous(length: float, loose: float, m: int) -> None:
    rng = np.random.default_rng(m)
    mean = length * directions(rng, 1, 6)[0]
    off = np.linalg.norm(shell(rng, mean, (3000, m)).mean(axis=1) - mean, axis=1)
    radius = t.support_radius(m, 1 - length**2, 0.05)
    assert (off > radius).mean() <= 0.05
    assert radius < loose * np.quantile(off, 0.95) or m == 2


def test_bernstein_beats_bounded_differences_where_the_spread_is_small() -> None:
    plain = np.sqrt(0.01 / 1000) + np.sqrt(2 * np.log(1 / 0.01) / 1000)
    assert t.support_radius(1000, 0.01, 0.01) < 0.4 * plain
    assert t.support_radius(5, 1.0, 0.01) == pytest.approx(np.sqrt(1 / 5) + np.sqrt(2 * np.log(100) / 5))


@pytest.mark.parametrize("d", [3, 40])
def test_sampling_radius_of_sub_gaussian_vectors(d: int) -> None:
    rng = np.random.default_rng(d)
    mean = 0.5 * directions(rng, 1, d)[0]
    off = np.linalg.norm(shell(rng, mean, (4000, 10)).mean(axis=1) - mean, axis=1)
    radius = t.sampling_radius(10, sigma(0.5, d), d, 0.05)
    assert (off > radius).mean() <= 0.05
    assert radius < 2 * np.quantile(off, 0.95)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5, 0.8, 0.99])
def test_selection_shift_bounds_the_worst_choice_of_a_gaussian(share: float) -> None:
    worst = norm.pdf(norm.isf(share)) / share  # the mean of the highest `share`; no choice moves it further
    assert worst <= t.selection_shift(share, 1.0) <= 4 * worst
    assert t.selection_shift(share, 0.3) == pytest.approx(0.3 * t.selection_shift(share, 1.0))


def test_selection_shift_is_reached_by_a_fair_coin() -> None:
    assert t.selection_shift(0.5, 1.0) == pytest.approx(1.0)  # values -1 and +1, the +1 chosen: shift 1
    assert t.selection_shift(1.0, 1.0) == 0
    with pytest.raises(ValueError, match="share"):
        t.selection_shift(0.0, 1.0)


def test_direction_error_is_reached_by_the_tangent() -> None:
    length, error = 0.7, 0.3
    angle = np.arcsin(error / length)
    z = length * np.cos(angle) * np.array([np.cos(angle), np.sin(angle)])
    assert np.linalg.norm(z - [length, 0]) == pytest.approx(error)
    assert np.linalg.norm(z / np.linalg.norm(z) - [1, 0]) == pytest.approx(t.direction_error(error, length))
    assert t.direction_error(0.7, 0.7) == 2
    assert t.tolerance(t.direction_error(error, length), length) == pytest.approx(error)


def test_critical_purity_is_where_sentence_and_prototype_are_equally_far() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        omega, theta = rng.uniform(0.1, np.pi), rng.uniform(0.05, np.pi / 2)
        length, other = rng.uniform(0.2, 1, 2)
        p = float(t.critical_purity(2 * np.sin(theta / 2), length, other, omega))
        if omega <= theta:
            assert p == 0
            continue
        for purity, sign in ((p - 0.01, 1), (p + 0.01, -1)):
            z = purity * length * np.array([1, 0]) + (1 - purity) * other * np.array(
                [np.cos(omega), np.sin(omega)]
            )
            assert np.sign(np.arctan2(z[1], z[0]) - theta) == sign


@pytest.mark.parametrize("top", [1.0, 0.9])
@pytest.mark.parametrize(
    ("n", "distance", "slope"), [(400, 1.0, 0.9), (60, 0.8, 0.5), (20, 0.2, 0.2), (8, 1.0, 0.9)]
)
def test_best_alpha_is_the_minimum_of_the_curve(n: int, distance: float, slope: float, top: float) -> None:
    grid = np.linspace(1 / n, 1, 20_001)
    curve = t.mean_square_error(grid, n, 0.5, distance, slope, top)
    assert t.best_alpha(n, 0.5, distance, slope, top) == pytest.approx(grid[curve.argmin()], abs=2e-4)


def test_best_alpha_closed_forms() -> None:
    assert t.best_alpha(1000, 0.4, 1.0, 0.8) == pytest.approx((2 * 0.4 / (1000 * 0.64)) ** (1 / 3))
    assert t.best_alpha(50, 0.4, 0.5, 0.0) == 1
    assert t.best_alpha(10, 0.0, 1.0, 0.5) == pytest.approx(0.1)


@pytest.mark.parametrize(("n", "slope"), [(200, 0.9), (200, 0.3), (30, 0.6)])
def test_best_alpha_against_measured_error(n: int, slope: float) -> None:
    """Clips ranked by certainty, the clip of rank u pure with chance 1 - slope u."""
    rng = np.random.default_rng(n)
    own, other = 0.7 * np.eye(10)[:2]
    trials, rank = 600, (np.arange(n) + 0.5) / n
    both = shell(rng, np.stack([own, other]), (trials, n))
    clips = np.where(rng.random((trials, n, 1)) < 1 - slope * rank[:, None], both[:, :, 0], both[:, :, 1])
    running = clips.cumsum(axis=1) / np.arange(1, n + 1)[:, None]
    error = ((running - own) ** 2).sum(axis=2).mean(axis=0)
    distance = float(np.linalg.norm(other - own))
    alpha = t.best_alpha(n, 0.51, distance, slope)
    share = np.arange(1, n + 1) / n
    assert error[int(alpha * n) - 1] <= 1.05 * error.min()
    assert np.allclose(
        t.mean_square_error(share, n, 0.51, distance, slope)[n // 10 :], error[n // 10 :], rtol=0.25
    )


def test_best_alpha_predicted_for_real_alignment() -> None:
    """Through `align`: purity by rank is measured, a line laid through it, and the factor it asks for tried."""
    rng = np.random.default_rng(5)
    means = 0.75 * np.eye(12)[:3]
    anchors = unit_rows(np.eye(12)[:3] + 0.45 * directions(rng, 3, 12))
    grid = np.array([0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    error, pure, v, distance, size = np.zeros((60, len(grid))), [], [], [], []
    for trial in range(60):
        labels = rng.integers(3, size=150)
        features = shell(rng, means[labels])
        for i, alpha in enumerate(grid):
            aligned = align(features, anchors, alpha)
            error[trial, i] = ((aligned.prototypes - means) ** 2).sum(axis=1).mean()
        for c in range(3):
            cell = np.flatnonzero(aligned.labels == c)
            cell = cell[np.argsort(aligned.entropy[cell])]
            right = labels[cell] == c
            pure.append(
                np.interp((np.arange(20) + 0.5) / 20, (np.arange(len(cell)) + 0.5) / len(cell), right)
            )
            v.append(1 - (aligned.prototypes[c] ** 2).sum())
            distance.append(
                np.linalg.norm(features[cell[~right]].mean(axis=0) - means[c]) if (~right).any() else np.nan
            )
            size.append(len(cell))
    profile = np.mean(pure, axis=0)
    slope, top = np.polyfit((np.arange(20) + 0.5) / 20, profile, 1)
    assert slope < 0, "the most confident clips are the purest here"
    alpha = t.best_alpha(
        float(np.mean(size)), float(np.mean(v)), float(np.nanmean(distance)), -slope, min(top, 1.0)
    )
    measured = error.mean(axis=0)
    assert np.interp(alpha, grid, measured) <= 1.25 * measured.min()
    assert measured[0] > 1.5 * measured.min(), "the choice matters here"


@pytest.mark.parametrize(("length", "d", "useful"), [(0.8, 64, True), (0.5, 256, True), (0.3, 6, False)])
def test_misclassification_bound_of_fresh_clips(length: float, d: int, useful: bool) -> None:
    rng = np.random.default_rng(d)
    means = length * directions(rng, 5, d)
    anchors = unit_rows(means + 0.15 * length * directions(rng, 5, d))
    promised = t.misclassification_bound(means, anchors, sigma(length, d))
    clips = shell(rng, means, (2000,))
    wrong = ((clips @ anchors.T).argmax(axis=2) != np.arange(5)).mean(axis=0)
    assert (wrong <= promised).all()
    assert (promised < 0.05).all() == useful
    assert useful or (promised == 1).all()


def test_misclassification_bound_of_the_supports_themselves() -> None:
    """The clips judged are those averaged into the prototypes; the uniform bound must hold for them too.

    Numbers per class are fixed, so a clip's class says nothing about the prototypes: delta is conditional as it is.
    """
    rng = np.random.default_rng(11)
    length, d, m = 0.9, 128, 30
    means = length * np.eye(d)[:4]
    wrong, errors = np.zeros(4), []
    for _ in range(40):
        clips = shell(rng, means, (m,))
        z = unit_rows(clips.mean(axis=0))
        errors.append(np.linalg.norm(z - np.eye(d)[:4], axis=1).max())
        wrong += ((clips @ z.T).argmax(axis=2) != np.arange(4)).mean(axis=0) / 40
    eta = t.direction_error(t.support_radius(m, 1 - length**2, 0.01 / 4), length)
    assert max(errors) <= eta
    promised = t.misclassification_bound_within(means, eta, sigma(length, d), 0.01)
    assert (wrong <= promised).all()
    sharp = t.misclassification_bound_within(means, max(errors), sigma(length, d), 0.01)
    assert (sharp < 0.02).all()
    assert (t.misclassification_bound_within(means, 1.0, 0.1, 0.0) == 1).all()


def test_bounds_refuse_rows_without_direction() -> None:
    with pytest.raises(ValueError, match="length zero"):
        t.misclassification_bound(np.eye(2), np.zeros((2, 2)), 0.1)


@pytest.mark.parametrize("confirmation", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("ratio", [0.8, 1.2])
def test_move_against_noise_tells_the_nearer_one(confirmation: float, ratio: float) -> None:
    """Theorem 6 in the plain: error of the sentence b, bias a share of it, noise of a known size."""
    rng = np.random.default_rng(8)
    b, noise = 1.0, ratio * np.sqrt(1 - confirmation**2)  # at ratio 1 both are equally far from the truth
    halves = rng.normal(size=(2, 20_000, 30)) * noise * np.sqrt(2 / 30)
    sentence = b * np.eye(30)[0]
    z = confirmation * sentence + halves.mean(axis=0)
    move = ((z - sentence) ** 2).sum(axis=1).mean()
    apart = ((halves[0] - halves[1]) ** 2).sum(axis=1).mean()
    nearer = (z**2).sum(axis=1).mean() < b**2
    assert nearer == (ratio < 1)
    assert (move > apart / (2 * (1 + confirmation))) == nearer


def clusters(
    seed: int, length: float, error: float, clips: int, d: int = 64
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, anchors and labels of five classes."""
    rng = np.random.default_rng(seed)
    true = directions(rng, 5, d)
    labels = np.repeat(np.arange(5), clips)
    anchors = unit_rows(true + error * directions(rng, 5, d))
    return shell(rng, length * true[labels]).astype(np.float32), anchors.astype(np.float32), labels


@pytest.mark.parametrize("seed", range(5))
def test_perfect_sentences_and_loose_clusters_are_kept(seed: int) -> None:
    features, anchors, labels = clusters(seed, 0.3, 0.0, 8)
    aligned, decision = align(features, anchors, 0.9), t.should_align(features, anchors, 0.9)
    assert (aligned.predictions == labels).mean() < (aligned.labels == labels).mean()
    assert not decision.align


@pytest.mark.parametrize("seed", range(5))
def test_wrong_sentences_and_tight_clusters_are_aligned(seed: int) -> None:
    features, anchors, labels = clusters(seed, 0.55, 1.6, 60)
    aligned, decision = align(features, anchors, 0.9), t.should_align(features, anchors, 0.9)
    assert (aligned.predictions == labels).mean() > (aligned.labels == labels).mean()
    assert decision.align


@pytest.mark.parametrize(
    ("length", "error", "clips"), [(0.3, 0.0, 30), (0.4, 0.8, 15), (0.3, 0.8, 60), (0.3, 0.8, 30)]
)
def test_rule_is_mostly_right_between_the_clear_cases(length: float, error: float, clips: int) -> None:
    hits = []
    for seed in range(12):
        features, anchors, labels = clusters(seed, length, error, clips)
        aligned, decision = align(features, anchors, 0.9), t.should_align(features, anchors, 0.9, splits=6)
        gain = (aligned.predictions == labels).mean() - (aligned.labels == labels).mean()
        hits += [decision.align == (gain > 0)] if gain else []
    assert np.mean(hits) >= 0.7


def test_a_decision_reports_its_evidence() -> None:
    features, anchors, _ = clusters(1, 0.35, 1.2, 40)
    aligned, decision = align(features, anchors, 0.5), t.should_align(features, anchors, 0.5)
    pairs = np.triu_indices(5, k=1)
    scores = unit_rows(features) @ anchors.T, unit_rows(features) @ unit_rows(aligned.prototypes).T
    before, after = (unit_rows((s[:, pairs[0]] - s[:, pairs[1]]).T) for s in scores)
    assert decision.move == pytest.approx(((before - after) ** 2).sum(axis=1).mean(), abs=1e-5)
    assert decision.align == (decision.move > decision.noise)
    assert (decision.supports == np.bincount(aligned.labels[aligned.support], minlength=5)).all()
    assert decision.radius == pytest.approx(
        np.sqrt(t.spread(aligned.prototypes, decision.supports) / decision.supports)
    )
    assert t.should_align(features, anchors, 0.5, confirmation=1.0).noise == pytest.approx(
        decision.noise * 1.5 / 2
    )
    assert t.should_align(9 * features, 2 * anchors, 0.5).noise == pytest.approx(decision.noise, rel=0.05)


def test_equal_sentences_have_no_direction_that_could_change() -> None:
    features, anchors, _ = clusters(1, 0.5, 1.0, 10)
    decision = t.should_align(features, np.repeat(anchors[:1], 3, axis=0), 0.9)
    assert np.isfinite([decision.move, decision.noise]).all()


def test_decision_on_little() -> None:
    anchors = np.eye(3, dtype=np.float32)
    nothing = t.should_align(np.zeros((0, 3), dtype=np.float32), anchors, 0.9)
    assert (nothing.align, nothing.move, nothing.noise) == (False, 0, 0)
    single = t.should_align(anchors[:1], anchors, 1.0)
    assert not single.align, "the one clip lies where its sentence does"
    assert single.supports.tolist() == [1, 0, 0]
    assert np.isnan(single.radius).all()
    with pytest.raises(ValueError, match="confirmation"):
        t.should_align(anchors, anchors, 0.9, confirmation=2)


def test_no_rule_without_labels_can_always_be_right() -> None:
    """Theorem 5: two distributions with the same features and sentences; alignment is right under one of them only."""
    degrees = np.repeat([0, 40, 60], [60, 10, 30])
    features = np.stack([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], axis=1).astype(np.float32)
    aligned = align(features, np.eye(2, dtype=np.float32), 1.0)
    for angle, first in ((40, 1.0), (0, 0.9)):
        labels = (degrees > angle).astype(int)
        assert (aligned.labels == labels).mean() == pytest.approx(first)
        assert (aligned.predictions == labels).mean() == pytest.approx(1.9 - first)
