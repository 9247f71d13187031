"""Properties of every alignment in the table, and each method against explicit loops or an independent solver."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog

from pgfa.adapt import ALIGNMENTS, Alignment, align, align_with, cosines
from pgfa.adapt.balanced import class_prior, estimate_prior, mean_margin, offsets, softmax
from pgfa.adapt.neighbours import correct_hubness
from pgfa.adapt.prior import reweight_by_prior
from pgfa.config import ALIGNMENTS as SUMMARIES
from pgfa.config import AdaptSettings
from pgfa.errors import BadConfig

DOCS = Path(__file__).parents[2] / "docs" / "alignment.md"
METHODS = tuple(ALIGNMENTS)
VARIANTS = {
    f"{name}-{variant}" if variant else name: {"method": name, **options}
    for name, method in ALIGNMENTS.items()
    for variant, options in {"": {}, **method.variants}.items()
}
"""Every method and variant of the table -> its settings."""


def run(variant: str, features: np.ndarray, anchors: np.ndarray, **values: object) -> Alignment:
    settings = AdaptSettings(**{**VARIANTS[variant], **values})
    return align_with(features.astype(np.float32), anchors.astype(np.float32), settings)


@pytest.fixture
def mixture() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """120 clips of 4 classes around unit means, displaced anchors, the labels."""
    random = np.random.default_rng(5)
    means = random.normal(size=(4, 12))
    truth = random.integers(0, 4, 120)
    features = means[truth] + 0.9 * random.normal(size=(120, 12))
    return (
        features.astype(np.float32),
        (means + 0.8 * random.normal(size=means.shape)).astype(np.float32),
        truth,
    )


# -- the table ----------------------------------------------------------------------------------------------------


def test_every_method_is_listed_with_a_summary_in_the_help_and_the_docs() -> None:
    assert list(ALIGNMENTS) == list(SUMMARIES)
    text = AdaptSettings.model_fields["method"].description
    assert (
        text
        == "Alignment method. "
        + "; ".join(f"`{name}`: {summary}" for name, summary in SUMMARIES.items())
        + "."
    )
    page = DOCS.read_text(encoding="utf-8")
    for name, summary in SUMMARIES.items():
        assert f"| `{name}` | {summary} |" in page


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_grid_holds_valid_settings_and_every_method_describes_itself(variant: str) -> None:
    method = ALIGNMENTS[VARIANTS[variant]["method"]]
    assert method.grid
    descriptions = [
        method.describe(AdaptSettings(**{**VARIANTS[variant], **options})) for options in method.grid
    ]
    assert all(text.startswith(VARIANTS[variant]["method"]) for text in descriptions)


# -- all methods ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", VARIANTS)
def test_order_of_clips_and_classes_has_no_effect(variant: str, mixture) -> None:
    features, anchors, _ = mixture
    random = np.random.default_rng(0)
    clips, classes = random.permutation(len(features)), random.permutation(len(anchors))
    one, other = run(variant, features, anchors), run(variant, features[clips], anchors[classes])
    assert (classes[other.predictions] == one.predictions[clips]).all()
    assert (classes[other.labels] == one.labels[clips]).all()
    assert (other.support == one.support[clips]).all()
    assert np.allclose(other.prototypes, one.prototypes[classes], atol=1e-5)
    assert np.allclose(other.scores, one.scores[clips][:, classes], atol=1e-5)
    assert other.rounds == one.rounds


@pytest.mark.parametrize("variant", VARIANTS)
def test_length_of_features_and_anchors_has_no_effect(variant: str, mixture) -> None:
    features, anchors, _ = mixture
    stretched = features * np.random.default_rng(1).uniform(0.1, 9, (len(features), 1))
    assert (
        run(variant, features, anchors).predictions == run(variant, stretched, 3 * anchors).predictions
    ).all()


def _cases() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    random = np.random.default_rng(2)
    clips, anchors = random.normal(size=(9, 6)), random.normal(size=(4, 6))
    return {
        "no clip": (np.zeros((0, 6)), anchors),
        "one clip": (clips[:1], anchors),
        "one class": (clips, anchors[:1]),
        "one clip, one class": (clips[:1], anchors[:1]),
        "fewer clips than classes": (clips[:3], anchors),
        "all clips alike": (np.tile(clips[:1], (9, 1)), anchors),
        "the same sentence twice": (clips, anchors[[0, 1, 1, 2]]),
        "all sentences alike": (clips, anchors[[1, 1, 1]]),
        "a class that no clip is near": (np.abs(clips), np.vstack([np.abs(anchors), -np.ones(6)])),
        "some clips zero": (np.where(np.arange(9)[:, None] < 4, 0, clips), anchors),
        "all clips zero": (np.zeros((9, 6)), anchors),
        "a sentence of zeros": (clips, np.where(np.arange(4)[:, None] == 2, 0, anchors)),
        "clips against their opposites": (np.vstack([clips, -clips]), anchors),
    }


@pytest.mark.parametrize("case", _cases())
@pytest.mark.parametrize(
    "values", [{"alpha": 1.0}, {"alpha": 0.05}, {"alpha": 0.5, "temperature": 1e-4, "rounds": 3}]
)
@pytest.mark.parametrize("variant", VARIANTS)
def test_edges_give_defined_results(variant: str, values: dict[str, float], case: str) -> None:
    features, anchors = _cases()[case]
    clips, classes = len(features), len(anchors)
    got = run(variant, features, anchors, **values)
    assert got.labels.shape == got.predictions.shape == got.entropy.shape == got.support.shape == (clips,)
    assert got.prototypes.shape == anchors.shape
    assert got.scores.shape == (clips, classes)
    for part in (got.prototypes, got.entropy, got.scores):
        assert np.isfinite(part).all()
    assert ((got.predictions >= 0) & (got.predictions < classes)).all()
    assert (
        got.scores[np.arange(clips), got.predictions] >= got.scores.max(axis=1, initial=-np.inf) - 1e-6
    ).all()


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_single_clip_keeps_the_label_of_its_nearest_sentence(variant: str, mixture) -> None:
    features, anchors, _ = mixture
    by_sentence = cosines(features, anchors).argmax(axis=1)
    assert [int(run(variant, clip[None], anchors).predictions[0]) for clip in features[:40]] == by_sentence[
        :40
    ].tolist()


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_class_without_support_keeps_its_sentence(variant: str) -> None:
    anchors = np.eye(3, 8)
    features = np.repeat(np.eye(3, 8)[:2], 30, axis=0) + np.random.default_rng(3).normal(
        scale=0.05, size=(60, 8)
    )
    if variant.startswith("balanced"):  # every class gets a share unless the prior says otherwise
        got = run("balanced", features, anchors, prior=(1.0, 1.0, 0.0), temperature=0.01)
        assert np.allclose(got.prototypes[2], anchors[2], atol=0.05)
    else:
        assert np.allclose(run(variant, features, anchors).prototypes[2], anchors[2], atol=1e-6)


def test_unknown_methods_and_wrong_shapes_are_refused(mixture) -> None:
    features, anchors, _ = mixture
    with pytest.raises(BadConfig, match=r"setting adapt.method: .*'none', 'paper', 'iterated'.*found 'best'"):
        AdaptSettings(method="best")
    with pytest.raises(BadConfig, match="prior has 2 entries, but there are 4"):
        run("balanced", features, anchors, prior=(0.5, 0.5))
    for bad in (features[:, :5], np.where(features > 1, np.nan, features), features[0]):
        with pytest.raises(ValueError, match=r"expected clips|finite"):
            align_with(bad, anchors, AdaptSettings(method="paper"))
    with pytest.raises(ValueError, match="K at least 1"):
        align_with(features, anchors[:0], AdaptSettings(method="none"))
    for wrong in (
        {"prior": (0.0, 0.0)},
        {"prior": (0.5, -0.5)},
        {"prior": "equal"},
        {"rounds": 0},
        {"temperature": 0},
    ):
        with pytest.raises(BadConfig):
            AdaptSettings(**wrong)


def test_settings_go_to_toml_and_back(tmp_path) -> None:
    for prior in ("uniform", "estimated", (0.25, 0.75)):
        settings = AdaptSettings(method="balanced", prior=prior)
        settings.save(tmp_path / "adapt.toml")
        assert AdaptSettings.load(tmp_path / "adapt.toml") == settings


@pytest.mark.parametrize("variant", VARIANTS)
def test_many_clips_in_blocks_give_the_same_result(
    variant: str, mixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    features, anchors, _ = mixture
    features = np.concatenate([features, np.zeros_like(features[:1])])
    whole = run(variant, features, anchors)
    monkeypatch.setattr("pgfa.adapt.prototype.WHOLE", 40)
    monkeypatch.setattr("pgfa.adapt.prototype.BLOCK", 16)
    monkeypatch.setattr("pgfa.adapt.balanced.BLOCK", 16)
    blocks = run(variant, features, anchors)
    for name in ("labels", "support", "predictions"):
        np.testing.assert_array_equal(getattr(blocks, name), getattr(whole, name))
    for name in ("entropy", "prototypes", "scores"):
        np.testing.assert_allclose(getattr(blocks, name), getattr(whole, name), atol=2e-6)


# -- none, paper, iterated -----------------------------------------------------------------------------------------


def test_none_and_paper_equal_their_primitives(mixture) -> None:
    features, anchors, _ = mixture
    none, paper, expected = (
        run("none", features, anchors),
        run("paper", features, anchors),
        align(features, anchors, 0.9),
    )
    assert not none.support.any()
    assert (none.predictions == cosines(features, anchors).argmax(axis=1)).all()
    for name in ("labels", "entropy", "support", "prototypes", "predictions", "scores"):
        assert (getattr(paper, name) == getattr(expected, name)).all()


@pytest.mark.parametrize("alpha", [0.3, 0.9, 1.0])
def test_iterated_is_paper_from_its_own_prototypes(alpha: float, mixture) -> None:
    features, anchors, _ = mixture
    one = run("iterated", features, anchors, alpha=alpha, rounds=1)
    assert (one.prototypes == align(features, anchors, alpha).prototypes).all()
    unit = [clip / math.sqrt(sum(x * x for x in clip)) for clip in features.astype(np.float64)]
    prototypes, last = anchors.astype(np.float64), None
    rounds = 0
    while rounds < 30:
        rounds += 1
        score = [[float(u @ z) / math.sqrt(float(z @ z)) for z in prototypes] for u in unit]
        labels = [row.index(max(row)) for row in score]
        if labels == last:
            break
        last = labels
        entropies = []
        for row in score:
            part = [math.exp(s) / sum(math.exp(z) for z in row) for s in row]
            entropies.append(-sum(p * math.log(p) for p in part))
        prototypes = anchors.astype(np.float64)
        for c in range(len(anchors)):
            members = sorted((i for i in range(len(unit)) if labels[i] == c), key=lambda i: entropies[i])
            chosen = members[: math.floor(alpha * len(members))]
            if chosen:
                prototypes[c] = sum(unit[i] for i in chosen) / len(chosen)
    got = run("iterated", features, anchors, alpha=alpha, rounds=30)
    assert rounds > 2, "the case must need more than one round"
    assert got.rounds == rounds - 1
    assert np.allclose(got.prototypes, prototypes, atol=1e-5)
    assert got.predictions.tolist() == labels
    assert (got.labels == got.predictions).all()  # labels stopped changing


def test_rounds_are_bounded(mixture) -> None:
    features, anchors, _ = mixture
    for variant in ("iterated", "balanced"):
        assert run(variant, features, anchors, rounds=2).rounds <= 2


# -- balanced ------------------------------------------------------------------------------------------------------


def _dense_sinkhorn(
    cost: np.ndarray, rows: np.ndarray, columns: np.ndarray, temperature: float
) -> np.ndarray:
    """The plan by scaling rows and columns of the kernel in turn, without logarithms."""
    kernel = np.exp(-cost / temperature)
    v = np.ones(len(columns))
    for _ in range(2000):
        u = rows / (kernel @ v)
        v = columns / (kernel.T @ u)
    return u[:, None] * kernel * v


@pytest.mark.parametrize("prior", [(0.25, 0.25, 0.25, 0.25), (0.6, 0.2, 0.15, 0.05)])
def test_offsets_solve_entropic_transport(prior: tuple[float, ...], mixture) -> None:
    features, anchors, _ = mixture
    cosine, target = cosines(features[:30], anchors).astype(np.float64), np.array(prior)
    plan = softmax(cosine / 0.1 + offsets(cosine / 0.1, target, tolerance=1e-10)) / 30
    assert np.allclose(plan, _dense_sinkhorn(-cosine, np.full(30, 1 / 30), target, 0.1), atol=1e-8)
    assert np.allclose(plan.sum(axis=0), target, atol=1e-8)


def test_offsets_reach_exact_transport_as_the_temperature_falls(mixture) -> None:
    features, anchors, _ = mixture
    cosine = cosines(features[:12], anchors[:3]).astype(np.float64)
    target = np.array([0.5, 0.25, 0.25])
    rows = np.kron(np.eye(12), np.ones(3))
    columns = np.kron(np.ones(12), np.eye(3))
    exact = linprog(
        -cosine.ravel(), A_eq=np.vstack([rows, columns]), b_eq=np.concatenate([np.full(12, 1 / 12), target])
    )
    best = exact.x.reshape(12, 3)
    assert (best.argmax(axis=1) != cosine.argmax(axis=1)).any(), "the prior must matter in this case"
    gaps = []
    for temperature in (0.3, 0.03, 0.005):
        plan = softmax(cosine / temperature + offsets(cosine / temperature, target, sweeps=5000)) / 12
        gaps.append(-exact.fun - (plan * cosine).sum())
    assert gaps[0] > gaps[1] > gaps[2] > -1e-4
    assert gaps[2] < 1e-3
    assert np.allclose(plan, best, atol=1e-3)


def test_offsets_do_not_overflow_and_leave_out_impossible_classes() -> None:
    logits = np.random.default_rng(4).normal(size=(20, 3)) * 1e4
    g = offsets(logits, np.array([0.5, 0.5, 0.0]))
    assert np.isneginf(g[2])
    assert np.isfinite(g[:2]).all()
    assert softmax(logits + g)[:, 2].max() == 0


def test_prior_mixes_the_given_and_the_estimated_one() -> None:
    logits = np.random.default_rng(6).uniform(-9, 9, (12, 3))
    own = estimate_prior(logits)
    weight = 12 / 15
    even = np.full(3, 1 / 3)
    for values, expected in (
        ({"prior": "uniform"}, weight * even + (1 - weight) * own),
        ({"prior": "estimated", "shrinkage": 0.25}, weight / 4 * even + (1 - weight / 4) * own),
        ({"prior": "estimated", "shrinkage": 0}, own),
        ({"prior": (6, 3, 1)}, weight * np.array([0.6, 0.3, 0.1]) + (1 - weight) * own),
    ):
        assert np.allclose(class_prior(logits, AdaptSettings(**values)), expected, atol=1e-8)


def test_the_prior_of_overlapping_classes_is_estimated() -> None:
    """Clips of two Gaussian classes whose posteriors under equal shares are known: the true shares come out."""
    random = np.random.default_rng(11)
    for part in (0.5, 0.9):
        truth = random.uniform(size=4000) > part
        point = np.where(truth, 1.0, -1.0) + random.normal(size=4000)
        logits = np.stack([-((point + 1) ** 2), -((point - 1) ** 2)], axis=1) / 2
        assert estimate_prior(logits)[0] == pytest.approx(part, abs=0.02)
        blurred = softmax(logits).mean(axis=0)[0]
        assert abs(blurred - part) > 0.1 or part == 0.5
    few = estimate_prior(np.array([[0.4, 0.0]]))
    assert few[0] < 0.75  # one clip does not make a prior


def test_reweighting_starts_at_any_prior_and_adds_it_as_pseudo_count() -> None:
    posterior = np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8], [0.6, 0.4, 0.0]])
    prior = np.array([0.2, 0.2, 0.6])
    assert np.allclose(
        reweight_by_prior(posterior, prior, 1e9), posterior, atol=1e-6
    )  # the old prior is sure of itself
    sure = np.array([[1.0, 0.0, 0.0]] * 3 + [[0.0, 1.0, 0.0]])
    assert np.array_equal(reweight_by_prior(sure, prior, 0), sure)  # what is certain stays so
    estimate = prior
    for _ in range(20):
        weighed = posterior * estimate / prior
        estimate = (3 * (weighed / weighed.sum(1, keepdims=True)).mean(0) + 2 * prior) / 5
    expected = posterior * estimate / prior
    assert np.allclose(
        reweight_by_prior(posterior, prior, 2), expected / expected.sum(1, keepdims=True), atol=1e-12
    )


def test_estimated_prior_equals_loops() -> None:
    logits = np.random.default_rng(12).normal(size=(6, 3))
    prior = [1 / 3] * 3
    for step in range(21):
        share = [0.0] * 3
        for row in logits:
            weight = [prior[c] * math.exp(row[c]) for c in range(3)]
            for c in range(3):
                share[c] += weight[c] / sum(weight) / 6
        if step < 20:
            prior = [(6 * share[c] + 5) / (6 + 15) for c in range(3)]
    assert np.allclose(estimate_prior(logits), share, atol=1e-12)


def test_the_estimated_prior_copes_with_imbalance_and_absent_classes() -> None:
    """Where classes are very unequal or absent, a uniform prior loses accuracy that the estimate keeps."""
    right = {"paper": 0.0, "balanced-uniform": 0.0, "balanced": 0.0}
    for seed, shares in enumerate(4 * [(0.7, 0.2, 0.06, 0.03, 0.01), (0.5, 0.5, 0, 0, 0)]):
        random = np.random.default_rng(seed)
        means = np.eye(5, 20) + 0.4
        anchors = means + 0.25 * random.normal(size=means.shape)
        truth = random.choice(5, 300, p=shares)
        features = means[truth] + 0.3 * random.normal(size=(300, 20))
        for variant in right:
            right[variant] += float((run(variant, features, anchors).predictions == truth).mean()) / 8
    assert right["balanced"] > right["paper"]
    assert right["balanced"] > right["balanced-uniform"] + 0.2


def test_the_scale_of_cosines_has_no_effect(mixture) -> None:
    """A common component brings the cosines closer together, and scales the temperature with them."""
    assert mean_margin(np.array([[0.9, 0.6, 0.3], [0.1, 0.1, 0.4]])) == pytest.approx((0.3 + 0.2) / 2)
    assert mean_margin(np.zeros((3, 1))) > 0
    features, anchors, truth = mixture
    right = []
    for common in (0, 10):
        direction = common * np.eye(13)[12]
        wide = [np.pad(x, ((0, 0), (0, 1))) + direction for x in (features, anchors)]
        right.append(float((run("balanced", *wide).predictions == truth).mean()))
    assert right[1] > right[0] - 0.1


def test_balanced_equals_loops(mixture) -> None:
    """Two rounds with dense Sinkhorn in place of offsets."""
    features, anchors, _ = mixture
    unit = features / np.linalg.norm(features, axis=1, keepdims=True).astype(np.float64)
    start = anchors / np.linalg.norm(anchors, axis=1, keepdims=True).astype(np.float64)
    clips, classes = len(unit), len(start)
    prototypes = start
    for _ in range(3):
        cosine = unit @ (prototypes / np.linalg.norm(prototypes, axis=1, keepdims=True)).T
        temperature = 0.25 * sum(max(row) - sum(row) / classes for row in cosine) / clips
        weight = clips / (clips + classes)
        target = weight / classes + (1 - weight) * estimate_prior(cosine / temperature)
        plan = _dense_sinkhorn(-cosine, np.full(clips, 1 / clips), target, temperature)
        share, before = plan * clips, prototypes
        prototypes = np.array(
            [
                (start[c] + sum(share[i, c] * unit[i] for i in range(clips))) / (1 + share[:, c].sum())
                for c in range(classes)
            ]
        )
    got = run("balanced", features, anchors, rounds=2, temperature=0.25, prior="uniform")
    assert got.rounds == 2
    assert np.allclose(got.prototypes, before, atol=2e-4)
    assert (got.predictions == plan.argmax(axis=1)).all()


def test_duplicate_sentences_share_evenly() -> None:
    random = np.random.default_rng(7)
    anchors, features = random.normal(size=(3, 6)), random.normal(size=(40, 6))
    got = run("balanced", features, anchors[[0, 1, 1]], prior=(0.5, 0.25, 0.25))
    assert np.allclose(got.prototypes[1], got.prototypes[2], atol=1e-5)


def test_the_true_prior_corrects_an_anchor_that_attracts_too_many_clips() -> None:
    """A clip between two classes goes to the one the prior favours; a wrong prior costs accuracy."""
    random = np.random.default_rng(8)
    truth = np.repeat([0, 1], 50)
    means = np.array([[1.0, 0.0, 0.6], [0.0, 1.0, 0.6]])
    features = means[truth] + 0.25 * random.normal(size=(100, 3))
    anchors = np.array([[0.7, 0.6, 0.6], [-0.7, 1.0, -0.2]])
    right = {
        variant: float((run(variant, features, anchors).predictions == truth).mean())
        for variant in ("none", "balanced-uniform")
    }
    assert right["balanced-uniform"] > 0.9 > right["none"]
    skewed = run("balanced", features, anchors, prior=(0.95, 0.05))
    assert (skewed.predictions == truth).mean() < right["balanced-uniform"] - 0.15


# -- neighbours ----------------------------------------------------------------------------------------------------


def test_hubness_correction_equals_loops() -> None:
    scores = np.random.default_rng(9).uniform(-1, 1, (11, 4)).astype(np.float32)
    for k in (1, 3, 11):
        expected = [
            [float(scores[i, c]) - sum(sorted(scores[:, c].tolist())[-k:]) / k / 2 for c in range(4)]
            for i in range(11)
        ]
        assert np.allclose(correct_hubness(scores, k), expected, atol=1e-6)
    assert (correct_hubness(scores[:0], 0) == scores[:0]).all()


def test_more_neighbours_than_clips_means_all_clips(mixture) -> None:
    features, anchors, _ = mixture
    one, other = run("neighbours", features, anchors), run("neighbours", features, anchors, neighbours=10**6)
    assert (one.scores == other.scores).all()
    assert (run("neighbours", features, anchors, neighbours=3).scores != one.scores).any()
    for k in (1, 2, 50):
        single = run("neighbours", features[:1], anchors, neighbours=k)
        assert single.predictions[0] == cosines(features[:1], anchors).argmax()


def test_hubness_is_corrected() -> None:
    """One anchor leans towards the direction all clips share and attracts too many of them; corrected it does not."""
    random = np.random.default_rng(11)
    truth = np.repeat(np.arange(4), 40)
    common = np.eye(12)[11]
    features = np.eye(4, 12)[truth] + 1.5 * common + 0.25 * random.normal(size=(160, 12))
    anchors = np.eye(4, 12) + np.array([1.2, 0.3, 0.3, 0.3])[:, None] * common
    paper, corrected = (run(variant, features, anchors) for variant in ("paper", "neighbours"))
    assert (paper.labels == 0).mean() > 0.4
    assert (corrected.labels == 0).mean() < 0.3
    assert (corrected.labels == truth).mean() > (paper.labels == truth).mean() + 0.1
    assert (corrected.predictions == truth).mean() > 0.95
