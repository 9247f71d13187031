"""The bounds of docs/theory.md hold: in every trial, for laws of known tail, and where they are attained or nearly so.

Tests named `test_code_equals_page_...` compare the functions with the page's formulas, written out in loops; all
others check that the page is true. scripts/mutate_theory.py shows which wrong formulas they detect.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, binom, chi2

from pgfa.adapt import align, cosines, entropy, unit_rows
from pgfa.research import theory as t

RARE = 1e-7  # chance of a violation per class and trial


@st.composite
def populations(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.random.Generator]:
    """Features, labels and anchors of a finite population that a set of clips is drawn from."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    classes, d = draw(st.integers(2, 6)), draw(st.integers(2, 24))
    noise, error = draw(st.floats(0.05, 3)), draw(st.floats(0, 2))
    centres = unit_rows(rng.normal(size=(classes, d)))
    labels = rng.choice(classes, size=4000, p=rng.dirichlet(np.full(classes, 5.0)))
    across = rng.normal(size=(classes, d)) * noise / np.sqrt(d)  # each class loose along other directions
    features = unit_rows(centres[labels] + across[labels] * rng.standard_t(4, size=(4000, d)))
    anchors = unit_rows(centres + error * unit_rows(rng.normal(size=(classes, d))))
    return features.astype(np.float64), labels, anchors.astype(np.float64), rng


@settings(max_examples=60, deadline=None)
@given(populations(), st.integers(10, 300), st.floats(0.05, 1))
def test_prototype_lies_within_its_bound(
    population: tuple[np.ndarray, np.ndarray, np.ndarray, np.random.Generator], clips: int, alpha: float
) -> None:
    features, labels, anchors, rng = population
    scores = cosines(features, anchors)
    cell, surprise = scores.argmax(axis=1), entropy(scores)
    drawn = rng.integers(len(features), size=clips)
    aligned = align(features[drawn], anchors, alpha)
    for c in range(len(anchors)):
        members = np.flatnonzero(aligned.labels == c)
        m = int(aligned.support[members].sum())
        if m == 0 or not (labels == c).any():
            continue
        # Lemma 1: given the entropy of the most confident clip left out, the supports are an independent
        # sample of this region
        weight = (cell == c).astype(float)
        if m < len(members):
            limit = np.sort(aligned.entropy[members])[m]
            weight *= np.where(surprise < limit - 1e-6, 1.0, np.where(surprise < limit + 1e-6, 0.5, 0.0))
        if weight.sum() < 1:
            continue
        own = weight * (labels == c)
        p, mean = own.sum() / weight.sum(), features[labels == c].mean(axis=0)
        other = ((weight - own) @ features) / max((weight - own).sum(), 1e-12)
        v = 1 - np.linalg.norm(weight @ features / weight.sum()) ** 2
        error = np.linalg.norm(aligned.prototypes[c] - mean)
        blur = 2 / weight.sum()  # a clip exactly at the limit is drawn again with a weight we do not know
        shift = np.linalg.norm(own @ features / own.sum() - mean) if own.any() else 0.0
        limit = t.bound(p, np.linalg.norm(other - mean), m, v, RARE, shift=shift)
        assert error <= limit + blur
        if own.any():  # and with the shift bounded by the largest spread along any direction
            spread = np.sqrt(np.linalg.eigvalsh(np.cov(features[labels == c].T, bias=True)).max())
            q = own.sum() / (labels == c).sum()
            assert shift <= spread * np.sqrt((1 - q) / q) + 1e-6


@given(
    st.integers(0, 2**32 - 1), st.integers(2, 12), st.floats(0.05, 1), st.floats(0, 0.999), st.floats(0, 2)
)
def test_within_the_tolerance_the_prototype_is_nearer(
    seed: int, d: int, length: float, share: float, b: float
) -> None:
    rng = np.random.default_rng(seed)
    mu = np.eye(d)[0]
    step = rng.normal(size=d)
    step *= share * float(t.tolerance(b, length)) / np.linalg.norm(step)
    z = length * mu + step
    assert np.linalg.norm(z / np.linalg.norm(z) - mu) <= min(b, np.sqrt(2)) + 1e-9
    assert (
        np.linalg.norm(z / np.linalg.norm(z) - mu) <= t.direction_error(np.linalg.norm(step), length) + 1e-9
    )


@given(st.integers(0, 2**32 - 1), st.integers(2, 8), st.integers(2, 16), st.floats(0, 1))
def test_a_clip_with_margin_is_safe_from_all_prototypes_within_reach(
    seed: int, classes: int, d: int, eta: float
) -> None:
    """The step of Theorem 4(b) that needs no independence."""
    rng = np.random.default_rng(seed)
    true = np.asarray(unit_rows(rng.normal(size=(classes, d))), dtype=float)
    z = np.asarray(
        unit_rows(true + eta * rng.uniform(size=(classes, 1)) * rng.normal(size=(classes, d))), dtype=float
    )
    reach = np.linalg.norm(z - true, axis=1)
    clips = np.asarray(unit_rows(rng.normal(size=(200, d))), dtype=float)
    margin = (clips @ true.T)[:, :, None] - (clips @ true.T)[:, None] - reach[:, None] - reach[None]
    safe = (margin + 2 * np.eye(classes) > 1e-9).all(axis=2)
    clip, label = np.nonzero(safe)
    assert ((clips @ z.T).argmax(axis=1)[clip] == label).all()


def sphere(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Uniform unit vectors of the last dimension of `shape`."""
    rows = rng.normal(size=shape)
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True))


def plane(degrees: np.ndarray | list[float]) -> np.ndarray:
    """(N, 2) unit vectors."""
    return np.stack([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], axis=-1)


@pytest.mark.parametrize(
    ("m", "chance"),
    [(10_000, 0.5), (10**6, 0.01), (10**6, 463e-6), (10**6, 236e-6), (10**6, 1e-6), (50, 0.1)],
)
@pytest.mark.parametrize("log", [0.05, 1.0, 3.0, 20.0, 43.0, 100.0, 600.0])
def test_support_radius_of_two_opposite_points(m: int, chance: float, log: float) -> None:
    """f is -e with the given chance, else e: the deviation is that of a binomial count, its tail is exact."""
    radius = float(t.support_radius(m, 4 * chance * (1 - chance), math.exp(-log)))
    reach = m * radius / 2
    beyond = binom.sf(math.floor(m * chance + reach), m, chance)
    beyond += binom.cdf(math.ceil(m * chance - reach) - 1, m, chance)
    assert beyond <= math.exp(-log)


@pytest.mark.parametrize("delta", [0.5, 0.9, 0.99])
def test_radii_in_high_dimension_where_the_length_hardly_varies(delta: float) -> None:
    off = np.linalg.norm(sphere(np.random.default_rng(0), (200, 10, 2000)).mean(axis=1), axis=1)
    assert (off > t.support_radius(10, 1.0, delta)).mean() <= delta
    assert (off > t.sampling_radius(10, 1999**-0.5, 2000, delta)).mean() <= delta


@pytest.mark.parametrize("d", [1, 2, 10, 1000, 100_000])
@pytest.mark.parametrize("log", [0.05, 1.0, 20.0, 100.0])
def test_sampling_radius_of_a_gaussian(d: int, log: float) -> None:
    """Lemma 4 holds for it, and its length is known: chi with d degrees of freedom."""
    radius = t.sampling_radius(4, 3.0, d, math.exp(-log)) * 2 / 3
    assert chi2.sf(radius**2, d) <= math.exp(-log)


@pytest.mark.parametrize("purity", [0.2, 0.5, 0.9])
def test_bound_of_a_large_support_is_little_more_than_its_bias(purity: float) -> None:
    """Classes of one point each, so that the error is a binomial count; then one where all shifts agree."""
    m, delta = 10**6, 1e-6
    limit = t.bound(purity, np.sqrt(2), m, 1 - purity**2 - (1 - purity) ** 2, delta)
    assert binom.sf(math.floor(limit * m / np.sqrt(2)), m, 1 - purity) <= delta
    # f = -1 or 1, the class mean is 0; selected clips are at 1, and so are those of other classes: z = 1
    assert 1 <= t.bound(purity, 1.0, m, 0.0, delta, shift=1.0) < 1.001
    limit = t.bound(purity, 0.0, m, 0.0, delta, shift=1.0)  # the other classes' clips are at -1 or 1 as well
    assert purity <= limit < purity + 0.001


@pytest.mark.parametrize("share", [1e-9, 1e-4, 0.05, 0.3, 0.6, 0.95])
def test_selection_shift_of_two_points(share: float) -> None:
    """The value 1 has chance `share` and is selected, 0 is not; sub-Gaussian constant by Kearns and Saul, 1998."""
    constant = np.sqrt((1 - 2 * share) / (2 * np.log((1 - share) / share)))
    limit = t.selection_shift(share, constant)
    assert 1 - share <= limit
    assert share > 1e-4 or limit < 1.03 * (1 - share)


@pytest.mark.parametrize("b", [0.05, 0.6, 1.2, 1.4, 1.5, 1.99])
@pytest.mark.parametrize("length", [0.3, 1.0])
def test_tolerance_is_the_largest_error_at_which_the_prototype_is_nearer(b: float, length: float) -> None:
    for factor in (0.99, 1.01):
        error = factor * float(t.tolerance(b, length))
        angle = np.arcsin(error / length) if error < length else np.pi  # of the worst prototype
        assert (2 * np.sin(angle / 2) < b) == (factor < 1)


def test_misclassification_bound_of_two_points() -> None:
    """Half of the clips are mistaken: m + s u is, m - s u is not, and the margin is almost as wide as s."""
    length, side = 0.98, np.sqrt(1 - 0.98**2)
    m, u = length * np.eye(3)[0], np.eye(3)[1]
    step = u - 0.999 * side / length * np.eye(3)[0]  # of a_j - a_c; a little more and no clip is mistaken
    step *= 0.1 / np.linalg.norm(step)
    height = np.sqrt(1 - 0.05**2)  # anchors are unit vectors: half a step either way from an orthogonal one
    anchors = np.stack([height * np.eye(3)[2] - step / 2, height * np.eye(3)[2] + step / 2])
    clips = np.stack([m + side * u, m - side * u])
    assert (clips @ anchors.T).argmax(axis=1).tolist() == [1, 0]
    assert 0.5 <= t.misclassification_bound(np.stack([m, anchors[1]]), anchors, side)[0] < 0.63


@pytest.mark.parametrize(("d", "angle"), [(50, 20), (400, 20), (1000, 20), (4000, 20), (400, 60), (30, 100)])
@pytest.mark.parametrize("length", [0.5, 0.9])
def test_misclassification_bounds_where_the_tail_is_known(d: int, angle: float, length: float) -> None:
    """The model of section 4, two classes: the square of one coordinate on the sphere has a beta law."""
    directions = np.pad(plane([0, angle]), [(0, 0), (0, d - 2)])
    scale = np.sqrt((1 - length**2) / (d - 1))
    across = length * (1 - np.cos(np.radians(angle))) / (np.sqrt(1 - length**2) * np.sin(np.radians(angle)))
    wrong = beta.sf(across**2, 0.5, (d - 2) / 2) / 2 if across < 1 else 0.0
    for promised in (
        t.misclassification_bound(length * directions, directions, scale),
        t.misclassification_bound_within(length * directions, 0.0, scale, 0.0),
    ):
        assert (wrong <= promised).all()
        assert angle > 20 or wrong > 1e-6 or (promised < wrong**0.7).all(), "and nearly so"


def test_misclassification_bound_adds_up_over_classes() -> None:
    rng = np.random.default_rng(1)
    d, length = 73, 0.9
    unit = np.asarray(unit_rows(np.eye(d)[1:62] + 4 * np.eye(d)[0]), dtype=float)
    scale = np.sqrt((1 - length**2) / (d - 1))
    each = np.exp(-((length * np.linalg.norm(unit[0] - unit[1]) / 2 / scale) ** 2) / 2)
    noise = rng.normal(size=(20_000, d))
    noise -= (noise @ unit[0])[:, None] * unit[0]
    noise *= np.sqrt(1 - length**2) / np.linalg.norm(noise, axis=1, keepdims=True)
    wrong = ((length * unit[0] + noise) @ unit.T).argmax(axis=1) != 0
    promised = t.misclassification_bound(length * unit, unit, scale)[0]
    assert 1.5 * each < wrong.mean() <= promised < 1


@pytest.mark.parametrize("eta", [0.27, 0.29])
def test_prototypes_that_lean_away_from_each_clip_are_within_the_bound(eta: float) -> None:
    """Theorem 4(b) holds under any choice: here both prototypes move against the clip at hand, by eta each."""
    rng = np.random.default_rng(2)
    d, length = 2000, 0.5
    noise = np.pad(sphere(rng, (500, d - 2)), [(0, 0), (2, 0)])
    clips = length * np.eye(d)[0] + np.sqrt(1 - length**2) * noise
    own, other = (
        np.cos(eta) * np.eye(d)[0] - np.sin(eta) * noise,
        np.cos(eta) * np.eye(d)[1] + np.sin(eta) * noise,
    )
    wrong = ((clips * own).sum(axis=1) <= (clips * other).sum(axis=1)).mean()
    errors = (
        np.linalg.norm(own - np.eye(d)[0], axis=1).max(),
        np.linalg.norm(other - np.eye(d)[1], axis=1).max(),
    )
    scale = np.sqrt((1 - length**2) / (d - 1))
    assert wrong <= t.misclassification_bound_within(length * np.eye(d)[:2], errors, scale, 0.0)[0]
    assert wrong == (eta > 0.28)


def pairs_of_clips(
    alpha: float, second: float, shares: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`align` on every pair of clips of two classes of one point each, at 0 and 120 degrees.

    Sentences are at 80 and 120 + `second` degrees, so that every clip's pseudo-label is the first class, and the
    second class's prototype is its sentence. Returns (2,) chance of a mistake on the first clip given its class,
    (2,) chance given its class that a prototype lies further off than eta, and (2,) eta.
    """
    true, sentences = plane([0, 120]), plane([80, 120 + second]).astype(np.float32)
    eta = np.array([0, 2 * np.sin(np.radians(second) / 2)]) + 1e-6
    wrong, beyond = np.zeros(2), np.zeros(2)
    for first in (0, 1):
        for other in (0, 1):
            aligned = align(true[[first, other]].astype(np.float32), sentences, alpha)
            off = np.linalg.norm(unit_rows(aligned.prototypes) - true, axis=1)
            wrong[first] += shares[other] * (aligned.predictions[0] != first)
            beyond[first] += shares[other] * (off > eta).any()
    return wrong, beyond, eta


@pytest.mark.parametrize(("alpha", "second", "rare"), [(1.0, 65, 0.01), (0.5, 50, 0.3), (1.0, 65, 0.5)])
def test_bound_of_a_given_class_needs_the_chance_given_that_class(
    alpha: float, second: float, rare: float
) -> None:
    """Two clips, one class rare. The unconditional delta does not bound the chance of a mistake on a rare clip."""
    shares = np.array([1 - rare, rare])
    wrong, beyond, eta = pairs_of_clips(alpha, second, shares)
    delta, true = float(shares @ beyond), plane([0, 120])
    tails = t.misclassification_bound_within(true, eta, 1e-3, 0.0)
    assert tails == pytest.approx(0, abs=1e-9)
    assert wrong[1] > tails[1] + delta + 0.15, "false with the unconditional delta"
    assert (wrong <= t.misclassification_bound_within(true, eta, 1e-3, beyond) + 1e-9).all()
    promised = t.misclassification_bound_within(true, eta, 1e-3, delta, shares)
    average = t.average_misclassification_bound(true, eta, 1e-3, delta, shares)
    assert (wrong <= promised + 1e-9).all()
    assert shares @ wrong <= average + 1e-9
    if alpha == 0.5:  # prototypes are off only if both clips are rare: both statements are attained
        assert (delta, promised[1], average) == pytest.approx((rare**2, wrong[1], shares @ wrong))


def test_the_average_clip_is_weighted_by_the_shares_of_classes() -> None:
    """Clips of the first class are right, nine in ten of the second are just wrong; prototypes are exact, opposite."""
    loose = plane(
        [-1, 181, 90]
    )  # with chance 0.45, 0.45, 0.1; the mean is 0.084 long and points to 90 degrees
    chance, shares = np.array([0.45, 0.45, 0.1]), np.array([0.1, 0.9])
    means = np.stack([plane([-90])[0], chance @ loose])
    wrong = np.array([0.0, chance @ (loose[:, 1] < 0)])
    average = t.average_misclassification_bound(means, 0.0, [0.01, 1.0], 0.0, shares)
    assert shares @ wrong == pytest.approx(0.81)
    assert shares @ wrong <= average <= 0.9
    with pytest.raises(ValueError, match="shares"):
        t.average_misclassification_bound(means, 0.0, 1.0, 0.0, [0.5, 0.6])
    with pytest.raises(ValueError, match="shares"):
        t.misclassification_bound_within(means, 0.0, 1.0, 0.1, [1.0, 0.0])


def test_code_equals_page_in_theorem_4() -> None:
    """A last resort, for which index is which: no law is known for which several classes' bounds are all tight."""
    rng = np.random.default_rng(4)
    classes, d = 4, 6
    length, scale, eta = rng.uniform(0.7, 0.9, 4), rng.uniform(0.1, 0.3, 4), rng.uniform(0, 0.1, 4)
    true = sphere(rng, (classes, d))
    shares, delta, fresh, within = np.array([0.1, 0.2, 0.3, 0.4]), 0.004, np.zeros(4), np.zeros(4)
    anchors = sphere(rng, (classes, d)) * 0.1 + true
    anchors /= np.linalg.norm(anchors, axis=1, keepdims=True)
    for c in range(classes):
        for j in range(classes):
            if j != c:
                step = anchors[c] - anchors[j]
                margin = max(length[c] * true[c] @ step, 0)
                fresh[c] += math.exp(-(margin**2) / (2 * scale[c] ** 2 * (step @ step)))
                square = ((true[c] - true[j]) ** 2).sum()
                margin = max(length[c] * square / 2 - eta[c] - eta[j], 0)
                within[c] += math.exp(-(margin**2) / (2 * scale[c] ** 2 * square))
    assert (fresh < 1).all()
    assert (within < 0.95).all()
    means = length[:, None] * true
    assert t.misclassification_bound(means, anchors, scale) == pytest.approx(fresh)
    assert t.misclassification_bound_within(means, eta, scale, delta) == pytest.approx(within + delta)
    assert t.misclassification_bound_within(means, eta, scale, delta, shares) == pytest.approx(
        within + delta / shares
    )
    assert t.average_misclassification_bound(means, eta, scale, delta, shares) == pytest.approx(
        delta + shares @ within
    )


@pytest.mark.parametrize("alpha", [0.5, 1.0])
def test_noise_of_the_decision_is_what_new_clips_would_show(alpha: float) -> None:
    """Theorem 6: with confirmation 0, noise is H / 2, the mean square change between prototypes of two new draws."""
    rng = np.random.default_rng(6)
    true = sphere(rng, (4, 32))
    anchors = unit_rows(true + 0.2 * sphere(rng, (4, 32)))
    noise, redrawn = [], []
    for seed in range(12):
        draws = [
            unit_rows(true[rng.integers(4, size=400)] + 0.2 * rng.normal(size=(400, 32))) for _ in (0, 1, 2)
        ]
        noise.append(t.should_align(draws[0], anchors, alpha, confirmation=0.0, seed=seed).noise)
        scores = [cosines(draws[0], align(draw, anchors, alpha).prototypes) for draw in draws[1:]]
        pairs = np.triu_indices(4, k=1)
        first, second = (unit_rows((s[:, pairs[0]] - s[:, pairs[1]]).T) for s in scores)
        redrawn.append(((first - second) ** 2).sum(axis=1).mean())
    assert np.mean(noise) == pytest.approx(np.mean(redrawn), rel=0.2)
