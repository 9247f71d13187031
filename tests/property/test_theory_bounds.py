"""The bounds of docs/theory.md hold in every trial, whatever the population, the sentences and alpha."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

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
