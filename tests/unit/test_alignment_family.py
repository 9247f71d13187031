"""What every alignment of the family must hold, and each against explicit loops or an independent solver."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import linprog

from pgfa.adapt import ALIGNMENTS, align, align_with, cosines
from pgfa.adapt.balanced import class_prior, lead, offsets, own_shares, softmax
from pgfa.adapt.neighbours import held_back
from pgfa.adapt.prior import occurring
from pgfa.config import AdaptSettings
from pgfa.errors import BadConfig

METHODS = tuple(ALIGNMENTS)
ROUTES = (*METHODS, "balanced-uniform")


def run(route: str, features: np.ndarray, anchors: np.ndarray, **values: object):
    method, _, prior = route.partition("-")
    settings = AdaptSettings(**{"prior": prior, **values} if prior else values)
    return align_with(method, features.astype(np.float32), anchors.astype(np.float32), settings)


@pytest.fixture
def mixture() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """120 clips of 4 classes about unit means, anchors that are off, the truth."""
    random = np.random.default_rng(5)
    means = random.normal(size=(4, 12))
    truth = random.integers(0, 4, 120)
    features = means[truth] + 0.9 * random.normal(size=(120, 12))
    return (
        features.astype(np.float32),
        (means + 0.8 * random.normal(size=means.shape)).astype(np.float32),
        truth,
    )


# -- all methods ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ROUTES)
def test_order_of_clips_and_classes_does_not_count(route: str, mixture) -> None:
    features, anchors, _ = mixture
    random = np.random.default_rng(0)
    clips, classes = random.permutation(len(features)), random.permutation(len(anchors))
    one, other = run(route, features, anchors), run(route, features[clips], anchors[classes])
    assert (classes[other.predictions] == one.predictions[clips]).all()
    assert (classes[other.labels] == one.labels[clips]).all()
    assert (other.support == one.support[clips]).all()
    assert np.allclose(other.prototypes, one.prototypes[classes], atol=1e-5)
    assert np.allclose(other.scores, one.scores[clips][:, classes], atol=1e-5)
    assert other.rounds == one.rounds


@pytest.mark.parametrize("route", ROUTES)
def test_length_of_features_and_anchors_does_not_decide(route: str, mixture) -> None:
    features, anchors, _ = mixture
    stretched = features * np.random.default_rng(1).uniform(0.1, 9, (len(features), 1))
    assert (run(route, features, anchors).predictions == run(route, stretched, 3 * anchors).predictions).all()


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
        "a class nothing looks like": (np.abs(clips), np.vstack([np.abs(anchors), -np.ones(6)])),
        "some clips zero": (np.where(np.arange(9)[:, None] < 4, 0, clips), anchors),
        "all clips zero": (np.zeros((9, 6)), anchors),
        "a sentence of zeros": (clips, np.where(np.arange(4)[:, None] == 2, 0, anchors)),
        "clips against their opposites": (np.vstack([clips, -clips]), anchors),
    }


@pytest.mark.parametrize("case", _cases())
@pytest.mark.parametrize(
    "values", [{"alpha": 1.0}, {"alpha": 0.05}, {"alpha": 0.5, "temperature": 1e-4, "rounds": 3}]
)
@pytest.mark.parametrize("route", ROUTES)
def test_edges_give_defined_results(route: str, values: dict[str, float], case: str) -> None:
    features, anchors = _cases()[case]
    clips, classes = len(features), len(anchors)
    got = run(route, features, anchors, **values)
    assert got.labels.shape == got.predictions.shape == got.entropy.shape == got.support.shape == (clips,)
    assert got.prototypes.shape == anchors.shape
    assert got.scores.shape == (clips, classes)
    for part in (got.prototypes, got.entropy, got.scores):
        assert np.isfinite(part).all()
    assert ((got.predictions >= 0) & (got.predictions < classes)).all()
    assert (
        got.scores[np.arange(clips), got.predictions] >= got.scores.max(axis=1, initial=-np.inf) - 1e-6
    ).all()


@pytest.mark.parametrize("route", ROUTES)
def test_one_clip_keeps_what_the_sentences_say(route: str, mixture) -> None:
    features, anchors, _ = mixture
    by_sentence = cosines(features, anchors).argmax(axis=1)
    assert [int(run(route, clip[None], anchors).predictions[0]) for clip in features[:40]] == by_sentence[
        :40
    ].tolist()


@pytest.mark.parametrize("route", ROUTES)
def test_a_class_without_support_keeps_its_sentence(route: str) -> None:
    anchors = np.eye(3, 8)
    features = np.repeat(np.eye(3, 8)[:2], 30, axis=0) + np.random.default_rng(3).normal(
        scale=0.05, size=(60, 8)
    )
    if route.startswith("balanced"):  # every class gets a share unless the prior says otherwise
        got = run("balanced", features, anchors, prior=(1.0, 1.0, 0.0), temperature=0.01)
        assert np.allclose(got.prototypes[2], anchors[2], atol=0.05)
    else:
        assert np.allclose(run(route, features, anchors).prototypes[2], anchors[2], atol=1e-6)


def test_unknown_method_and_misfits_are_refused(mixture) -> None:
    features, anchors, _ = mixture
    with pytest.raises(BadConfig, match="known: none, paper, iterated"):
        align_with("best", features, anchors, AdaptSettings())
    with pytest.raises(BadConfig, match="prior has 2 entries, but there are 4"):
        run("balanced", features, anchors, prior=(0.5, 0.5))
    for bad in (features[:, :5], np.where(features > 1, np.nan, features), features[0]):
        with pytest.raises(ValueError, match=r"needed|finite"):
            align_with("paper", bad, anchors, AdaptSettings())
    with pytest.raises(ValueError, match="at least one anchor"):
        align_with("none", features, anchors[:0], AdaptSettings())
    for wrong in (
        {"prior": (0.0, 0.0)},
        {"prior": (0.5, -0.5)},
        {"prior": "even"},
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


# -- none, paper, iterated -----------------------------------------------------------------------------------------


def test_none_and_paper_are_what_they_say(mixture) -> None:
    features, anchors, _ = mixture
    none, paper, known = (
        run("none", features, anchors),
        run("paper", features, anchors),
        align(features, anchors, 0.9),
    )
    assert not none.support.any()
    assert (none.predictions == cosines(features, anchors).argmax(axis=1)).all()
    for name in ("labels", "entropy", "support", "prototypes", "predictions", "scores"):
        assert (getattr(paper, name) == getattr(known, name)).all()


@pytest.mark.parametrize("alpha", [0.3, 0.9, 1.0])
def test_iterated_is_paper_from_its_own_prototypes(alpha: float, mixture) -> None:
    features, anchors, _ = mixture
    one = run("iterated", features, anchors, alpha=alpha, rounds=1)
    assert (one.prototypes == align(features, anchors, alpha).prototypes).all()
    unit = [clip / math.sqrt(sum(x * x for x in clip)) for clip in features.astype(np.float64)]
    places, last = anchors.astype(np.float64), None
    rounds = 0
    while rounds < 30:
        rounds += 1
        score = [[float(u @ z) / math.sqrt(float(z @ z)) for z in places] for u in unit]
        labels = [row.index(max(row)) for row in score]
        if labels == last:
            break
        last = labels
        surprise = []
        for row in score:
            part = [math.exp(s) / sum(math.exp(z) for z in row) for s in row]
            surprise.append(-sum(p * math.log(p) for p in part))
        places = anchors.astype(np.float64)
        for c in range(len(anchors)):
            mine = sorted((i for i in range(len(unit)) if labels[i] == c), key=lambda i: surprise[i])
            chosen = mine[: math.floor(alpha * len(mine))]
            if chosen:
                places[c] = sum(unit[i] for i in chosen) / len(chosen)
    got = run("iterated", features, anchors, alpha=alpha, rounds=30)
    assert rounds > 2, "the case must need more than one round"
    assert got.rounds == rounds - 1
    assert np.allclose(got.prototypes, places, atol=1e-5)
    assert got.predictions.tolist() == labels
    assert (got.labels == got.predictions).all()  # labels stopped changing


def test_rounds_are_bounded(mixture) -> None:
    features, anchors, _ = mixture
    for route in ("iterated", "balanced"):
        assert run(route, features, anchors, rounds=2).rounds <= 2


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
    found = offsets(logits, np.array([0.5, 0.5, 0.0]))
    assert np.isneginf(found[2])
    assert np.isfinite(found[:2]).all()
    assert softmax(logits + found)[:, 2].max() == 0


def test_prior_mixes_what_is_wanted_with_what_is_seen() -> None:
    logits = np.random.default_rng(6).uniform(-9, 9, (12, 3))
    own = own_shares(logits)
    weight = 12 / 15
    even = np.full(3, 1 / 3)
    for values, expected in (
        ({"prior": "uniform"}, weight * even + (1 - weight) * own),
        ({"prior": "estimated", "shrinkage": 0.25}, weight / 4 * even + (1 - weight / 4) * own),
        ({"prior": "estimated", "shrinkage": 0}, own),
        ({"prior": (6, 3, 1)}, weight * np.array([0.6, 0.3, 0.1]) + (1 - weight) * own),
    ):
        assert np.allclose(class_prior(logits, AdaptSettings(**values)), expected, atol=1e-8)


def test_own_shares_find_the_prior_of_overlapping_classes() -> None:
    """Clips of two Gaussian classes whose posteriors under equal shares are known: the true shares come out."""
    random = np.random.default_rng(11)
    for part in (0.5, 0.9):
        truth = random.uniform(size=4000) > part
        place = np.where(truth, 1.0, -1.0) + random.normal(size=4000)
        logits = np.stack([-((place + 1) ** 2), -((place - 1) ** 2)], axis=1) / 2
        assert own_shares(logits)[0] == pytest.approx(part, abs=0.02)
        blurred = softmax(logits).mean(axis=0)[0]
        assert abs(blurred - part) > 0.1 or part == 0.5
    few = own_shares(np.array([[0.4, 0.0]]))
    assert few[0] < 0.75  # one clip does not make a prior


def test_occurring_starts_at_any_prior_and_counts_it_in() -> None:
    posterior = np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8], [0.6, 0.4, 0.0]])
    prior = np.array([0.2, 0.2, 0.6])
    assert np.allclose(
        occurring(posterior, prior, 1e9), posterior, atol=1e-6
    )  # the old prior is sure of itself
    sure = np.array([[1.0, 0.0, 0.0]] * 3 + [[0.0, 1.0, 0.0]])
    assert np.array_equal(occurring(sure, prior, 0), sure)  # what is certain stays so
    found = prior
    for _ in range(20):
        weighed = posterior * found / prior
        found = (3 * (weighed / weighed.sum(1, keepdims=True)).mean(0) + 2 * prior) / 5
    wanted = posterior * found / prior
    assert np.allclose(occurring(posterior, prior, 2), wanted / wanted.sum(1, keepdims=True), atol=1e-12)


def test_own_shares_is_its_loops() -> None:
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
    assert np.allclose(own_shares(logits), share, atol=1e-12)


def test_estimated_prior_survives_imbalance_and_absence() -> None:
    """Where classes are very unequal or absent, uniform shares lose clips that the estimate keeps."""
    right = {"paper": 0.0, "balanced-uniform": 0.0, "balanced-estimated": 0.0}
    for seed, shares in enumerate(4 * [(0.7, 0.2, 0.06, 0.03, 0.01), (0.5, 0.5, 0, 0, 0)]):
        random = np.random.default_rng(seed)
        means = np.eye(5, 20) + 0.4
        anchors = means + 0.25 * random.normal(size=means.shape)
        truth = random.choice(5, 300, p=shares)
        features = means[truth] + 0.3 * random.normal(size=(300, 20))
        for route in right:
            right[route] += float((run(route, features, anchors).predictions == truth).mean()) / 8
    assert right["balanced-estimated"] > right["paper"]
    assert right["balanced-estimated"] > right["balanced-uniform"] + 0.2


def test_scale_of_cosines_does_not_decide(mixture) -> None:
    """A part common to all, which squeezes the cosines together, squeezes the temperature with them."""
    assert lead(np.array([[0.9, 0.6, 0.3], [0.1, 0.1, 0.4]])) == pytest.approx((0.3 + 0.2) / 2)
    assert lead(np.zeros((3, 1))) > 0
    features, anchors, truth = mixture
    right = []
    for common in (0, 10):
        direction = common * np.eye(13)[12]
        wide = [np.pad(x, ((0, 0), (0, 1))) + direction for x in (features, anchors)]
        right.append(float((run("balanced", *wide).predictions == truth).mean()))
    assert right[1] > right[0] - 0.1


def test_balanced_is_its_loops(mixture) -> None:
    """Two rounds with dense Sinkhorn in place of offsets."""
    features, anchors, _ = mixture
    unit = features / np.linalg.norm(features, axis=1, keepdims=True).astype(np.float64)
    start = anchors / np.linalg.norm(anchors, axis=1, keepdims=True).astype(np.float64)
    clips, classes = len(unit), len(start)
    places = start
    for _ in range(3):
        cosine = unit @ (places / np.linalg.norm(places, axis=1, keepdims=True)).T
        heat = 0.25 * sum(max(row) - sum(row) / classes for row in cosine) / clips
        weight = clips / (clips + classes)
        target = weight / classes + (1 - weight) * own_shares(cosine / heat)
        plan = _dense_sinkhorn(-cosine, np.full(clips, 1 / clips), target, heat)
        share, before = plan * clips, places
        places = np.array(
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


def test_a_right_prior_mends_a_greedy_anchor() -> None:
    """A clip between two classes goes where the prior has room; a wrong prior takes clips away."""
    random = np.random.default_rng(8)
    truth = np.repeat([0, 1], 50)
    means = np.array([[1.0, 0.0, 0.6], [0.0, 1.0, 0.6]])
    features = means[truth] + 0.25 * random.normal(size=(100, 3))
    anchors = np.array([[0.7, 0.6, 0.6], [-0.7, 1.0, -0.2]])
    right = {
        route: float((run(route, features, anchors).predictions == truth).mean())
        for route in ("none", "balanced-uniform")
    }
    assert right["balanced-uniform"] > 0.9 > right["none"]
    skewed = run("balanced", features, anchors, prior=(0.95, 0.05))
    assert (skewed.predictions == truth).mean() < right["balanced-uniform"] - 0.15


# -- neighbours ----------------------------------------------------------------------------------------------------


def test_held_back_is_its_loops() -> None:
    scores = np.random.default_rng(9).uniform(-1, 1, (11, 4)).astype(np.float32)
    for k in (1, 3, 11):
        expected = [
            [float(scores[i, c]) - sum(sorted(scores[:, c].tolist())[-k:]) / k / 2 for c in range(4)]
            for i in range(11)
        ]
        assert np.allclose(held_back(scores, k), expected, atol=1e-6)
    assert (held_back(scores[:0], 0) == scores[:0]).all()


def test_more_neighbours_than_clips_are_all_clips(mixture) -> None:
    features, anchors, _ = mixture
    one, other = run("neighbours", features, anchors), run("neighbours", features, anchors, neighbours=10**6)
    assert (one.scores == other.scores).all()
    assert (run("neighbours", features, anchors, neighbours=3).scores != one.scores).any()
    for k in (1, 2, 50):
        lone = run("neighbours", features[:1], anchors, neighbours=k)
        assert lone.predictions[0] == cosines(features[:1], anchors).argmax()


def test_a_hub_is_held_back() -> None:
    """One anchor leans to the direction all clips have in common and takes too many of them; corrected it does not."""
    random = np.random.default_rng(11)
    truth = np.repeat(np.arange(4), 40)
    common = np.eye(12)[11]
    features = np.eye(4, 12)[truth] + 1.5 * common + 0.25 * random.normal(size=(160, 12))
    anchors = np.eye(4, 12) + np.array([1.2, 0.3, 0.3, 0.3])[:, None] * common
    paper, corrected = (run(route, features, anchors) for route in ("paper", "neighbours"))
    assert (paper.labels == 0).mean() > 0.4
    assert (corrected.labels == 0).mean() < 0.3
    assert (corrected.labels == truth).mean() > (paper.labels == truth).mean() + 0.1
    assert (corrected.predictions == truth).mean() > 0.95
