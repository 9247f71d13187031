"""The kinematic model: closed forms against loops, mirrored motion, unknown measures, the file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgfa.adapt import cosines
from pgfa.config import PrepareSettings
from pgfa.errors import BadCheckpoint
from pgfa.prepare import prepare
from pgfa.skeleton import Ragged
from pgfa.synth.dataset import make_clips
from pgfa.text import mirror_sentence
from pgfa.words import fit
from pgfa.words.fit import DETECTOR_RIDGE, MeasuredSet, clip_weights, fit_kinematics, ridge
from pgfa.words.lexicon import WORDS, word_vectors
from pgfa.words.measures import MEASURES, measure, mirrored
from pgfa.words.model import DENIED, DETECTED, Detector, KinematicModel, Scale, Whitening, stated_words, unit
from pgfa.words.reads import READS
from pgfa.words.store import load_kinematics, save_kinematics

ENCODED = 12
SENTENCES = {
    "wave": "A person raises the right hand overhead and waves it.",
    "punch": "A person punches forward with the right hand.",
    "squat": "A person squats.",
    "jump": "A person jumps with both feet.",
    "walk": "A person walks.",
    "kick-forward": "A person kicks forward with the right foot.",
}


def vectors_of(sentences: list[str]) -> np.ndarray:
    """(K, ENCODED) a random unit vector for each text, in place of a sentence encoder."""
    rows = [np.random.default_rng(list(text.encode())).normal(size=ENCODED) for text in sentences]
    return unit(np.array(rows))


@lru_cache
def measured_set(actions: tuple[str, ...] = tuple(SENTENCES), seed: int = 0) -> MeasuredSet:
    """A set of synthetic clips of right-handed people, of the classes that are named."""
    clips = [c for c in make_clips(seed, 5, 2, actions) if c.source.setup == "right-handed"]
    prepared = prepare(Ragged.from_clips(clips), PrepareSettings(recipe="default", layout="kinect20"))
    measures = measure(prepared.positions[:, :, 0], prepared.measured[:, 0], prepared.moving_seconds)
    labels = np.array([actions.index(clip.source.action) for clip in clips])
    texts = [SENTENCES[name] for name in actions]
    images = [mirror_sentence(text) for text in texts]
    return MeasuredSet(
        measures, mirrored(measures), labels, vectors_of(texts), vectors_of(images),
        word_vectors(texts), word_vectors(images),
    )  # fmt: skip


@lru_cache
def model() -> KinematicModel:
    """Fitted on two sets, one with fewer classes."""
    return fit_kinematics([measured_set(), measured_set(("punch", "walk", "squat"), seed=1)])


def arrays_of(item: Any) -> list[np.ndarray]:
    """All numbers of a model, in the order of its fields."""
    if isinstance(item, tuple):
        return [array for part in item for array in arrays_of(part)]
    if hasattr(item, "__dataclass_fields__"):
        return [array for field in fields(item) for array in arrays_of(getattr(item, field.name))]
    return [] if item is None else [np.asarray(item)]


def test_the_columns_of_every_detector_are_fixed() -> None:
    """Fitted models do not store them: a change of READS is a new version of theirs."""
    assert set(READS) <= set(WORDS)
    assert {name for columns in READS.values() for name in columns} <= set(MEASURES)
    assert all(len(set(columns)) == len(columns) for columns in READS.values())
    assert hashlib.sha256(repr(sorted(READS.items())).encode()).hexdigest()[:16] == "845d0d247dcb60fb"


def test_ridge_is_the_least_squares_solution() -> None:
    random = np.random.default_rng(0)
    x, y = random.normal(size=(50, 7)).astype(np.float32), random.normal(size=(50, 3)).astype(np.float32)
    weights = random.uniform(0.1, 3, 50).astype(np.float32)
    root = np.sqrt(weights.astype(float))[:, None]
    rows = np.concatenate([root * x, np.sqrt(5.0) * np.eye(7)])
    expected = np.linalg.lstsq(rows, np.concatenate([root * y, np.zeros((7, 3))]), rcond=None)[0]
    np.testing.assert_allclose(ridge(x, y, weights, 5.0), expected, atol=1e-5)


def test_weights_balance_classes_and_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A class counts by the root of its clips; a set by that of its clips and the fourth root of its classes."""
    monkeypatch.setattr(fit, "LARGE_SET", 100)
    nothing = np.empty((0, 0), dtype=np.float32)
    counts = [[9, 4, 1], [150, 50]]
    sets = [
        MeasuredSet(
            nothing, nothing, np.repeat(np.arange(len(sizes)), sizes), nothing, nothing,
            np.zeros((len(sizes), len(WORDS)), dtype=np.float32), nothing,
        )
        for sizes in counts
    ]  # fmt: skip
    weights = clip_weights(sets)
    assert weights.mean() == pytest.approx(1)
    share = [14**0.5 * 3**0.25, 100**0.5 * 2**0.25]
    ends = np.cumsum(np.concatenate(counts))
    by_class = np.add.reduceat(weights, [0, *ends[:-1]])
    total = [3 + 2 + 1, 150**0.5 + 50**0.5]
    expected = [share[s] * size**0.5 / total[s] for s, sizes in enumerate(counts) for size in sizes]
    np.testing.assert_allclose(by_class / by_class.sum(), np.array(expected) / sum(share), rtol=1e-5)
    assert len(set(weights[:9].tolist())) == 1  # clips of a class count alike


def test_the_description_in_closed_form() -> None:
    """The map of `fit_kinematics` against a least-squares solution in double precision."""
    sets = [measured_set(), measured_set(("punch", "walk", "squat"), seed=1)]
    fitted = model()
    rows, targets = [], []
    weights = clip_weights(sets).astype(float)
    for side in ("", "mirrored"):
        for data in sets:
            measures = data.mirrored if side else data.measures
            encoded = data.encoded_mirrored if side else data.encoded
            words = data.words_mirrored if side else data.words
            for clip, label in zip(measures, data.labels, strict=True):
                standard = [
                    0.0 if np.isnan(value) else float(np.clip((value - median) / spread, -3, 3))
                    for value, median, spread in zip(
                        clip, fitted.scale.median, fitted.scale.spread, strict=True
                    )
                ]
                rows.append([*standard, *[value**2 / 3 for value in standard], 1.0])
                targets.append(fitted.space.vectors(encoded[label : label + 1], words[label : label + 1])[0])
    root = np.sqrt(np.tile(weights, 2))[:, None]
    inputs, count = np.array(rows), len(rows[0])
    expected = np.linalg.lstsq(
        np.concatenate([root * inputs, np.sqrt(fit.DESCRIPTION_RIDGE) * np.eye(count)]),
        np.concatenate([root * np.array(targets), np.zeros((count, len(targets[0])))]),
        rcond=None,
    )[0]
    np.testing.assert_allclose(fitted.weights, expected, atol=2e-5)
    assert np.abs(expected).max() > 0.01


def test_a_detector_in_closed_form() -> None:
    word, data = "jump", measured_set()
    fitted = fit_kinematics([data])
    columns = [MEASURES.index(name) for name in READS[word]]
    standardised = fitted.scale(np.concatenate([data.measures, data.mirrored]))[:, columns].astype(float)
    rows = []
    for clip in standardised:
        products = [clip[i] * clip[j] / 3 for i in range(len(clip)) for j in range(i + 1, len(clip))]
        rows.append([*clip, *clip**2 / 3, *products, 1.0])
    is_stated = np.tile(data.labels == list(SENTENCES).index("jump"), 2)
    target = np.clip(np.tile(data.words[data.labels, WORDS.index(word)], 2) * fit.STATED, DENIED, 1)
    assert (is_stated == (target > 0.3)).all()
    weights = np.tile(clip_weights([data]), 2).astype(float)
    share = weights[is_stated].sum() / weights.sum()
    root = np.sqrt(weights * np.where(is_stated, 0.5 / share, 1))[:, None]
    assert 1 < 0.5 / share < 8
    count = len(rows[0])
    expected = np.linalg.lstsq(
        np.concatenate([root * np.array(rows), np.sqrt(DETECTOR_RIDGE) * np.eye(count)]),
        np.concatenate([root[:, 0] * target, np.zeros(count)]),
        rcond=None,
    )[0]
    detector = fitted.detectors[DETECTED.index(word)]
    np.testing.assert_allclose(detector.weights, expected, atol=1e-5)
    output = detector(fitted.scale(data.measures))
    assert output[data.labels == 3].min() > output[data.labels != 3].max()


@pytest.mark.parametrize("measures", [1, 9, 10, 11, 20])
def test_products_are_formed_among_the_first_measures(measures: int) -> None:
    row = np.random.default_rng(measures).normal(size=(1, measures)).astype(np.float32)
    first = row[0, :10]
    products = [first[i] * first[j] / 3 for i in range(len(first)) for j in range(i + 1, len(first))]
    expanded = Detector.expand(row)
    np.testing.assert_allclose(expanded[0], [*row[0], *row[0] ** 2 / 3, *products, 1], rtol=1e-5)
    assert expanded.shape == (1, Detector.inputs(measures))


def test_whitening_counts_standard_deviations() -> None:
    """Cosine times length of the clip's vector: the score of a pair, standardised over the training clips."""
    random = np.random.default_rng(4)
    features = (random.normal(size=(200, 6)) @ random.normal(size=(6, 6)) + 3).astype(np.float32)
    weights = random.uniform(0.5, 2, 200).astype(np.float32)
    whitening = Whitening.of(features, weights)
    np.testing.assert_allclose(whitening.root @ whitening.inverse, np.eye(6), atol=1e-4)
    np.testing.assert_allclose(whitening.root, whitening.root.T, atol=1e-5)
    share = weights.astype(float) / weights.sum()
    sentences = random.normal(size=(5, 6)).astype(np.float32)
    scores = features.astype(float) @ sentences.T
    mean = share @ scores
    variance = share @ (scores - mean) ** 2
    centred = features - share @ features
    raised = 0.1 * (share @ centred**2).mean() * (sentences.astype(float) ** 2).sum(axis=1)
    white = whitening.features(features)
    found = cosines(white, whitening.sentences(sentences)) * np.linalg.norm(white, axis=1, keepdims=True)
    np.testing.assert_allclose(found, (scores - mean) / np.sqrt(variance + raised), atol=1e-3)


def test_whitening_of_features_that_are_all_the_same() -> None:
    whitening = Whitening.of(np.ones((5, 3), dtype=np.float32), np.ones(5, dtype=np.float32))
    assert all(np.isfinite(part).all() for part in arrays_of(whitening))
    assert not whitening.features(np.ones((1, 3), dtype=np.float32)).any()


def test_the_measures_are_standardised_and_cut_off() -> None:
    measures = np.array([[0, 1, np.nan], [4, 1, np.nan], [8, 1, np.nan], [np.nan, 1, np.nan]], np.float32)
    scale = Scale.of(measures)
    np.testing.assert_allclose(scale.median, [4, 1, 0])
    np.testing.assert_allclose(scale.spread, [4.001 * 1.35, 0.001 * 1.35, 1], rtol=1e-5)
    expected = [[-4 / (4.001 * 1.35), 0, 0], [0, 3, -3]]
    np.testing.assert_allclose(
        scale(np.array([[0, 1, np.nan], [4, 99, -99]], np.float32)), expected, rtol=1e-5
    )


def test_an_unknown_measure_counts_as_the_median() -> None:
    measures = measured_set().measures[:4].copy()
    known = measures.copy()
    measures[:, ::3] = np.nan
    known[:, ::3] = model().scale.median[::3]
    np.testing.assert_array_equal(model().features(measures), model().features(known))
    assert np.isfinite(model().features(np.full((1, len(MEASURES)), np.nan, np.float32))).all()


def test_a_new_persons_clips_are_recognised() -> None:
    data, new = measured_set(), measured_set(seed=7)
    fitted = fit_kinematics([data])
    answers = cosines(fitted.features(new.measures), fitted.sentences(new.encoded, new.words)).argmax(axis=1)
    assert (answers == new.labels).mean() > 0.8  # 1 of 6 by chance


def test_mirrored_motion_answers_mirrored_sentences() -> None:
    """Right and left of one motion; the model was fitted on right-handed people and their mirror images."""
    new = measured_set(seed=7)
    for name, label in (("wave", 0), ("punch", 1), ("kick-forward", 5)):
        texts = [SENTENCES[name], mirror_sentence(SENTENCES[name])]
        assert texts[0] != texts[1]
        anchors = model().sentences(vectors_of(texts), word_vectors(texts))
        clips = new.measures[new.labels == label]
        assert (cosines(model().features(clips), anchors).argmax(axis=1) == 0).all(), name
        assert (cosines(model().features(mirrored(clips)), anchors).argmax(axis=1) == 1).all(), name


def test_detectors_of_left_and_right_are_mirror_images() -> None:
    measures = measured_set(seed=7).measures
    straight, image = model().evidence(measures), model().evidence(mirrored(measures))
    for left, right in (
        ("left_hand", "right_hand"),
        ("left_foot", "right_foot"),
        ("turn_left", "turn_right"),
    ):
        np.testing.assert_allclose(
            straight[:, DETECTED.index(right)], image[:, DETECTED.index(left)], atol=5e-3, err_msg=right
        )
    of_right = straight[:, DETECTED.index("right_hand")]
    assert np.ptp(of_right) > 1


def test_a_sentence_without_motion_words_is_compared_by_its_meaning_only() -> None:
    texts = ["A person does it.", "A person jumps."]
    words = word_vectors(texts)
    assert not words[0].any()
    anchors = model().sentences(vectors_of(texts), words)
    described = ENCODED + len(WORDS)
    assert anchors.shape == (2, model().size) == (2, described + len(DETECTED))
    np.testing.assert_allclose(np.linalg.norm(anchors[:, :described], axis=1), 1, rtol=1e-5)
    assert not anchors[0, described:].any()
    assert 0 < np.linalg.norm(anchors[1, described:]) <= 1 + 1e-5
    assert np.isfinite(cosines(model().features(measured_set().measures), anchors)).all()


def test_a_denied_word_counts_less_than_a_stated_one() -> None:
    words = word_vectors(["A person waves the right hand, not the left one."])
    stated = stated_words(words)[0]
    assert (stated[DETECTED.index("right_hand")], stated[DETECTED.index("left_hand")]) == (
        1,
        np.float32(DENIED),
    )
    assert set(np.unique(stated).tolist()) <= {0.0, 1.0, float(np.float32(DENIED))}


def test_a_motion_encoder_stands_beside_it() -> None:
    random, data = np.random.default_rng(0), measured_set()
    size = ENCODED + len(WORDS)
    features = random.normal(size=(len(data.labels), size)).astype(np.float32)
    both = fit_kinematics([data]).with_encoder(features, clip_weights([data]))
    assert both.size == fit_kinematics([data]).size + size
    assert both.encoder is not None
    combined = both.features(data.measures, 7 * features)  # of any length
    assert combined.shape == (len(data.labels), both.size)
    np.testing.assert_allclose(combined[:, -size:], both.encoder.features(unit(features)), atol=1e-4)
    np.testing.assert_array_equal(combined[:, :-size], fit_kinematics([data]).features(data.measures))
    doubled = replace(both, encoder_share=2.0).features(data.measures, features)
    np.testing.assert_allclose(doubled[:, -size:], 2 * combined[:, -size:], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("encoder", [False, True])
def test_saved_and_loaded(encoder: bool, tmp_path: Path) -> None:
    saved = replace(model(), word_share=0.75, encoder_share=1.25)
    if encoder:
        features = np.random.default_rng(0).normal(size=(300, ENCODED + len(WORDS))).astype(np.float32)
        saved = saved.with_encoder(features, np.ones(300, dtype=np.float32))
    file = tmp_path / "kinematics.safetensors"
    save_kinematics(file, saved)
    loaded = load_kinematics(file)
    for one, other in zip(arrays_of(loaded), arrays_of(saved), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)
    exact = [field.name for field in fields(saved) if field.name not in ("description", "words", "encoder")]
    for name in exact:  # the inverse of a root is computed again
        for one, other in zip(arrays_of(getattr(loaded, name)), arrays_of(getattr(saved, name)), strict=True):
            np.testing.assert_array_equal(one, other.astype(one.dtype))
    save_kinematics(tmp_path / "again", loaded)
    assert (tmp_path / "again").read_bytes() == file.read_bytes()


def _set(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[dict[str, Any]], None]:
    def damage(tensors: dict[str, Any]) -> None:
        tensors[name] = np.ascontiguousarray(change(tensors[name]))

    return damage


def _nan(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.flat[0] = np.nan
    return array


DAMAGES: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "no array": (lambda t: t.pop("space.centre"), "space.centre"),
    "no detector": (lambda t: t.pop("detector.walk"), "detector.walk"),
    "another array": (lambda t: t.update(x=np.ones(1, np.float32)), "x"),
    "not finite": (_set("weights", _nan), "finite float32"),
    "double precision": (_set("word_mean", lambda a: a.astype(np.float64)), "finite float32"),
    "scalar": (_set("scale.median", lambda a: a[0]), "scale.median: expected the shape"),
    "no number": (_set("word_share", lambda a: a[:0]), "word_share"),
    "one for all": (_set("word_spread", lambda a: a[:1]), "word_spread: expected the shape"),
    "fewer measures": (_set("scale.spread", lambda a: a[1:]), "scale.spread"),
    "more words": (_set("space.word_centre", lambda a: np.append(a, a[:1])), "space.word_centre"),
    "other centre": (_set("space.centre", lambda a: a[1:]), "expected the shape"),
    "flat weights": (_set("weights", np.ravel), "weights: expected the shape"),
    "root": (_set("words.root", lambda a: a[1:]), "words.root"),
    "no inverse": (_set("words.root", np.zeros_like), "not a kinematic model"),
    "tiny root": (_set("words.root", lambda a: np.eye(len(a), dtype=np.float32) * 1e-42), "no inverse"),
    "detector": (_set("detector.walk", lambda a: a[1:]), "detector.walk"),
    "spread": (_set("scale.spread", np.zeros_like), "scale.spread: expected numbers above 0"),
    "half an encoder": (lambda t: t.update({"encoder.mean": np.ones(3, np.float32)}), "encoder.root"),
}  # fmt: skip


@pytest.mark.parametrize("kind", DAMAGES)
def test_damaged_arrays_are_refused(kind: str, tmp_path: Path) -> None:
    from safetensors import safe_open
    from safetensors.numpy import load_file, save_file

    damage, match = DAMAGES[kind]
    file = tmp_path / "kinematics.safetensors"
    save_kinematics(file, model())
    with safe_open(file, framework="numpy") as opened:
        metadata = opened.metadata()
    tensors = load_file(file)
    damage(tensors)
    save_file(tensors, file, metadata)
    with pytest.raises(BadCheckpoint, match=match) as caught:
        load_kinematics(file)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize("dtype", ["bfloat16", "float8_e4m3fn", "complex64", "int32"])
def test_arrays_of_another_type_are_refused(dtype: str, tmp_path: Path) -> None:
    import torch
    from safetensors import safe_open
    from safetensors.torch import save_file

    save_kinematics(tmp_path / "of-version", model())
    with safe_open(tmp_path / "of-version", framework="numpy") as opened:
        metadata = opened.metadata()
    save_file({"weights": torch.ones(3, dtype=getattr(torch, dtype))}, tmp_path / "file", metadata)
    with pytest.raises(BadCheckpoint, match=r"kinematic model|finite float32"):
        load_kinematics(tmp_path / "file")


@pytest.mark.parametrize(
    "kind", ["absent", "empty", "text", "cut", "unknown type", "other names", "no names"]
)
def test_damaged_files_are_refused(kind: str, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    file = tmp_path / "kinematics.safetensors"
    save_kinematics(file, model())
    raw, match = file.read_bytes(), "not a readable kinematic model"
    if kind == "absent":
        file.unlink()
    elif kind in ("other names", "no names"):
        names = {"other names": {"names": '{"measures": ["a"], "words": []}'}, "no names": None}[kind]
        save_file(load_file(file), file, names)
        match = "the measures and words of this version"
    else:
        content = {
            "empty": b"", "text": b"no tensors", "cut": raw[:-5], "unknown type": raw.replace(b'"F32"', b'"BF1"', 1)
        }[kind]  # fmt: skip
        file.write_bytes(content)
    with pytest.raises(BadCheckpoint, match=match):
        load_kinematics(file)
