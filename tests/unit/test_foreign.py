"""Leaving data sets out: figures by loops, what is trained on what, resuming, the recogniser of all sets."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgfa.adapt import Recentring, cosines
from pgfa.adapt.density import density_weights
from pgfa.adapt.recentre import mean_and_spread
from pgfa.config import ModelSettings, PrepareSettings, TextSettings
from pgfa.errors import BadConfig
from pgfa.pack import open_pack
from pgfa.pack.write import save_pack
from pgfa.recognise import Calibration, Recogniser
from pgfa.research.evidence.record import load_record, save_record
from pgfa.research.foreign import default, encoder, imagined, leave_out, run, sets
from pgfa.research.foreign.evaluation import area, figures
from pgfa.research.foreign.incomplete import CHANGES
from pgfa.research.foreign.leave_out import LeftOut, adapted_scores, look_at
from pgfa.research.foreign.record import record_of
from pgfa.research.foreign.reliability import calibrate
from pgfa.research.foreign.run import TEXT, Comparison, fold_name, sample, write_table
from pgfa.research.foreign.sets import STYLES, ForeignSet, Texts, load_set
from pgfa.synth.dataset import make_clips
from pgfa.synth.imagined import glossary_motions
from pgfa.text import catalogue, glossary, mirror_sentence, sentence_of
from pgfa.text.glossary import sentence_words
from pgfa.text.wordings import wordings
from pgfa.train.corpus import Corpus, build_corpus
from pgfa.words.fit import MeasuredSet, sentence_space
from pgfa.words.lexicon import WORDS, word_vectors
from pgfa.words.measures import mirrored
from pgfa.words.model import KinematicModel, SentenceSpace, unit
from pgfa.words.profile import QUANTITIES
from pgfa.words.sides import clip_vectors

ENCODED = 8
CLASSES = {
    "nw-ucla": {
        "pick-up": "pick-up-with-two-hands", "walk": "walk-around", "sit-down": "sit-down", "stand-up": "stand-up",
        "throw-overhand": "throw",
    },
    "utd-mhad": {"wave": "wave", "clap": "clap", "squat": "squat", "lunge": "lunge", "punch": "boxing"},
    "deepmimic": {"jump": "jump", "jog-in-place": "jog", "kick-forward": "kick"},
}  # fmt: skip
"""Data set -> synthetic action -> class of the data set. The last has too few classes to be left out alone."""
IMAGINED = ("bow", "crawl", "lie-down", "salute")
"""Entries of the glossary that are imagined here."""


def fake_encode(sentences: list[str], settings: TextSettings) -> np.ndarray:
    """(n, ENCODED) a random unit vector for each text, in place of the sentence encoder."""
    rows = [np.random.default_rng(list(text.encode())).normal(size=ENCODED) for text in sentences]
    return np.array([row / np.linalg.norm(row) for row in rows], dtype=np.float32)


@cache
def fake_texts(settings: TextSettings) -> tuple[np.ndarray, np.ndarray]:
    """In place of the glossary's vectors: those of `fake_encode`, and the entry of each."""
    entries = glossary.entries()
    owner = np.repeat(np.arange(len(entries)), [len(entry.names) for entry in entries])
    return fake_encode(glossary.all_texts(), settings), np.concatenate([owner, np.arange(len(entries))])


def words_of_texts(sentences: Sequence[str]) -> np.ndarray:
    """(n, words) stated and implied, with the encoder of this file."""
    return sentence_words(sentences, fake_encode(list(sentences), TextSettings()), TextSettings())


@dataclass
class Record:
    """What was trained, in order: names of the sets of each fit, network, encoder; rows of each whitening."""

    fits: list[set[str]] = field(default_factory=list)
    networks: list[set[str]] = field(default_factory=list)
    corpora: list[set[str]] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Finished:
    """A comparison with motion encoders in two folds, its parts, and a record of its training."""

    comparison: Comparison
    parts: list[LeftOut]
    record: Record


def write_packs(folder: Path) -> list[Path]:
    packs = []
    for seed, (name, classes) in enumerate(CLASSES.items()):
        clips = make_clips(seed, performers=2, repeats=2, actions=tuple(classes))
        renamed = [
            replace(clip, source=replace(clip.source, dataset=name, action=classes[clip.source.action]))
            for clip in clips
        ]
        save_pack(renamed, folder / name)
        packs.append(folder / name)
    return packs


def spy(monkeypatch: pytest.MonkeyPatch, names: dict[int, str]) -> Record:
    """Record what is trained; `names`: identity of a set's measures -> its name."""
    record = Record()
    fit, build, attach = leave_out.fit_kinematics, encoder.build_corpus, KinematicModel.with_encoder
    train = leave_out.add_network

    def fit_kinematics(measured: list[MeasuredSet], space: SentenceSpace) -> KinematicModel:
        record.fits.append({names[id(m.measures)] for m in measured})
        recorded = sentence_space([m for m in measured if names[id(m.measures)] != "imagined"])
        np.testing.assert_array_equal(space.centre, recorded.centre)  # that of the motion encoder
        return fit(measured, space)

    def add_network(model: KinematicModel, measured: list[MeasuredSet]) -> KinematicModel:
        record.networks.append({names[id(m.measures)] for m in measured})
        return train(model, measured)

    def build_corpus(*args: Any) -> Corpus:
        corpus = build(*args)
        record.corpora.append({action.dataset for action in corpus.seen})
        assert len(corpus.test) == 0
        assert len(corpus.train) == sum(len(pack) for pack in corpus.packs)
        return corpus

    def with_encoder(self: KinematicModel, features: np.ndarray, weights: np.ndarray) -> KinematicModel:
        assert len(features) == len(weights)
        record.rows.append(len(features))
        return attach(self, features, weights)

    monkeypatch.setattr(leave_out, "fit_kinematics", fit_kinematics)
    monkeypatch.setattr(leave_out, "add_network", add_network)
    monkeypatch.setattr(encoder, "build_corpus", build_corpus)
    monkeypatch.setattr(KinematicModel, "with_encoder", with_encoder)
    return record


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    """One epoch of a tiny encoder; the sentence encoder is replaced in all tests of this file."""
    folder = tmp_path_factory.mktemp("foreign")
    settings = encoder.encoder_settings
    small = ModelSettings(channels=(4, 8), strides=(2, 1), kernel=3)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("PGFA_CACHE", str(folder / "cache"))
        monkeypatch.setattr(sets, "encode", fake_encode)
        monkeypatch.setattr(glossary, "_texts", fake_texts)
        monkeypatch.setattr(
            imagined, "glossary_motions", lambda: {k: glossary_motions()[k] for k in IMAGINED}
        )
        monkeypatch.setattr(encoder, "EPOCHS", 1)
        monkeypatch.setattr(
            encoder, "encoder_settings", lambda *args: settings(*args).model_copy(update={"model": small})
        )
        comparison = Comparison.open(write_packs(folder), folder / "out", folds=2)
        names = {id(s.measured.measures): s.name for s in comparison.sets}
        names[id(comparison.imagined.measured.measures)] = "imagined"
        with pytest.MonkeyPatch.context() as inner:
            record = spy(inner, names)
            parts = comparison.left_out()
        yield Finished(comparison, parts, record)


@pytest.mark.parametrize("seed", range(5))
def test_area_by_a_loop(seed: int) -> None:
    random = np.random.default_rng(seed)
    positive, negative = random.integers(0, 6, 13) / 4, random.integers(-2, 5, 29) / 4  # with ties
    wins = sum((p > n) + 0.5 * (p == n) for p in positive for n in negative)
    assert area(positive, negative) == pytest.approx(wins / (13 * 29))
    assert area(np.array([3.0]), np.array([1.0, 2.0])) == 1
    assert area(np.array([1.0]), np.array([1.0, 1.0])) == 0.5


def hand_made() -> LeftOut:
    """Five clips, four sentences along the axes; nothing shows class 3."""
    features = [
        [2.0, 0, 0, 0],  # right
        [0, 0.9, 0.1, 0],  # right
        [0, 0.75, 0.66, 0],  # right, but not close
        [0.7, 0, 0.6, 0.39],  # class 2 comes second
        [-1, 3, 2, 1],  # class 0 comes last
    ]
    return LeftOut(
        "x", np.array(features, np.float32), np.array([0, 1, 1, 2, 0]), {"plain": np.eye(4, dtype=np.float32)}
    )


def test_figures_of_a_hand_made_set() -> None:
    part = hand_made()
    calibration = Calibration(10.0, 99.0, 99.0, none=8.0, none_log=0.5, fitted=True)
    found = figures(part, "plain", calibration)
    # "None" is more probable than all sentences: the third to the fifth clip, with cosines below 0.8.
    expected = {
        "accuracy": 3 / 5,
        "of_classes": (1 / 2 + 1 + 0) / 3,
        "top3": 4 / 5,
        "right": 2 / 5,
        "false_none": 3 / 5,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)

    def none(cosine: list[float]) -> float:
        """Probability of "none of these" for one clip."""
        weight = np.exp(8 + 0.5 * np.log(len(cosine)))
        return float(weight / (weight + np.exp(10 * np.array(cosine)).sum()))

    cosine = [[float(x / np.linalg.norm(row)) for x in row] for row in part.features.astype(float)]
    pairs = list(zip(cosine, part.labels.tolist(), strict=True))
    with_right = [none(row) for row in cosine]
    removed = [none([c for k, c in enumerate(row) if k != label]) for row, label in pairs]
    assert found["none_area"] == pytest.approx(np.mean([r > w for r in removed for w in with_right]))
    fits = [row[label] for row, label in pairs]
    others = [c for row, label in pairs for k, c in enumerate(row) if k != label]
    assert found["found_none"] == np.mean([r > 0.5 for r in removed])
    wins = [(f > o + 1e-7) + 0.5 * (abs(f - o) <= 1e-7) for f in fits for o in others]
    assert found["fits_area"] == pytest.approx(np.mean(wins))


def test_adapted_scores_are_recentred_and_standardised() -> None:
    """Cosines of recentred vectors, standardised per sentence; with fewer clips than alignment needs, no more."""
    part = hand_made()
    recentring = Recentring.of(part.features, part.anchors["plain"])
    points, axes = recentring.shift_features(part.features), recentring.shift_sentences(part.anchors["plain"])
    cosine = cosines(points, axes)
    names = ["a", "b", "c", "d"]
    mean, spread = mean_and_spread(cosine, density_weights(part.features))
    by_name = dict(zip(names, zip(mean.tolist(), spread.tolist(), strict=True), strict=True))
    expected = replace(recentring, scores=by_name).standardise(cosine, names)
    recentred, reason = adapted_scores(part, "plain", align=False)
    np.testing.assert_allclose(recentred, expected, atol=1e-5)
    assert reason == ""
    adapted, declined = adapted_scores(part, "plain")
    np.testing.assert_allclose(adapted, expected, atol=1e-5)
    assert declined.startswith("5 clips; alignment needs at least")
    found = figures(part, "plain", Calibration(1.0, 1.0))
    assert found["declined"] == declined
    assert found["recentred"] == found["adapted"] == np.mean(expected.argmax(axis=1) == part.labels)


def test_parts_can_be_left_out(finished: Finished) -> None:
    """`description` alone: the other columns of the features are 0, on both sides."""
    described, graded = ENCODED + len(WORDS), len(QUANTITIES)
    everything = np.split(finished.parts[0].features, 2, axis=1)
    (part, _) = finished.comparison.left_out({"description", "imagined"})
    for side, whole in zip(np.split(part.features, 2, axis=1), everything, strict=True):
        assert not side[:, described:].any()
        np.testing.assert_allclose(side[:, :described], unit(whole[:, :described]), atol=1e-5)
    (part, _) = finished.comparison.left_out({"network", "imagined"})
    network = slice(
        -described - graded - 2, -graded - 2
    )  # then those of the profile, the last two of `stillness`
    for side, whole in zip(np.split(part.features, 2, axis=1), everything, strict=True):
        assert not side[:, : network.start].any()
        assert not side[:, network.stop : -2].any()
        np.testing.assert_allclose(side[:, network], unit(whole[:, network]), atol=1e-5)
        assert side[:, network].any()


def test_a_table_has_a_record(finished: Finished, tmp_path: Path) -> None:
    record = record_of(finished.comparison, ["words", "description"], 2.0)
    assert {name: of["digest"] for name, of in record.data.items()} == {
        data.name: open_pack(pack).digest
        for data, pack in zip(finished.comparison.sets, finished.comparison.packs, strict=True)
    }
    assert record.settings["parts"] == ["description", "words"]
    assert record.training["without utd-mhad"] == ["nw-ucla", "deepmimic"]
    assert "without deepmimic" not in record.training  # too few classes to be left out alone
    write_table(tmp_path / "table.csv", [{"set": "utd-mhad", "style": "plain"}])
    save_record(tmp_path / "table.csv", record)
    assert load_record(tmp_path / "table.csv") == record


def test_texts_of_a_class() -> None:
    action = catalogue("utd-mhad")["squat"]
    texts = Texts.of(action)
    written = wordings("utd-mhad")["squat"]
    assert texts.asked == (action.plain, action.label, *written.typed)
    assert len(texts.asked) == len(STYLES)
    assert texts.training[:2] == (action.label, action.plain)
    assert set(written.training) < set(texts.training)
    assert not set(written.typed) & set(texts.training)
    with pytest.raises(BadConfig, match=r"ntu60/.* has no wordings"):
        Texts.of(catalogue("ntu60").actions[0])


def test_a_set_is_measured_and_described(finished: Finished) -> None:
    data = next(s for s in finished.comparison.sets if s.name == "utd-mhad")
    names = [action.name for action in data.classes]
    assert names == sorted(CLASSES["utd-mhad"].values())
    assert np.bincount(data.labels).tolist() == [4] * 5
    assert sorted(set(data.subjects.tolist())) == ["p01", "p02"]
    wave = names.index("wave")
    training = data.texts[wave].training
    encoded, words = fake_encode(list(training), TextSettings()), words_of_texts(training)
    assert not np.allclose(words, word_vectors(training))  # some are implied
    np.testing.assert_allclose(data.measured.encoded[wave], encoded.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(data.measured.words[wave], words.mean(axis=0), atol=1e-6)
    images = [mirror_sentence(text) for text in training]
    assert images != list(training)
    np.testing.assert_allclose(
        data.measured.words_mirrored[wave], words_of_texts(images).mean(axis=0), atol=1e-6
    )
    np.testing.assert_allclose(
        data.measured.encoded_mirrored[wave], fake_encode(images, TextSettings()).mean(axis=0), atol=1e-6
    )
    np.testing.assert_allclose(data.measured.mirrored, mirrored(data.measured.measures), atol=0.02)
    asked = [sentence_of(action, "label") for action in data.classes]
    straight, mirrored_texts = data.asked(1, TextSettings())
    np.testing.assert_allclose(straight[1], words_of_texts(asked), atol=1e-6)
    np.testing.assert_allclose(mirrored_texts[1], words_of_texts([*map(mirror_sentence, asked)]), atol=1e-6)
    profiles = glossary.sentence_profiles(encoded, TextSettings())
    assert profiles.any()
    assert data.measured.profiles is not None
    np.testing.assert_allclose(data.measured.profiles[wave], profiles.mean(axis=0), atol=1e-6)


def test_clips_of_classes_without_a_catalogue_entry_are_left_out(tmp_path: Path, finished: Finished) -> None:
    clips = make_clips(0, 2, 1, ("wave", "squat"))
    names = {"wave": "wave", "squat": "no-such-class"}
    clips = [
        replace(c, source=replace(c.source, dataset="utd-mhad", action=names[c.source.action])) for c in clips
    ]
    data = load_set(save_pack(clips, tmp_path / "pack"), PrepareSettings(), TextSettings())
    assert [action.name for action in data.classes] == ["wave"]
    assert data.labels.tolist() == [0, 0]
    assert len(data.positions) == len(data.measured.measures) == 2
    mixed = [clips[0], replace(clips[1], source=replace(clips[1].source, dataset="nw-ucla"))]
    with pytest.raises(BadConfig, match="expected one data set, found nw-ucla, utd-mhad"):
        load_set(save_pack(mixed, tmp_path / "mixed"), PrepareSettings(), TextSettings())


def test_what_is_left_out_is_never_trained_on(finished: Finished) -> None:
    """Neither the kinematic model, nor its network, nor the motion encoder, nor its whitening sees the set."""
    comparison, record = finished.comparison, finished.record
    every = set(CLASSES)
    assert [part.name for part in finished.parts] == ["nw-ucla", "utd-mhad"]  # deepmimic: three classes
    kinematic = every | {"imagined"}
    assert record.fits == record.networks == [kinematic - {"nw-ucla"}, kinematic - {"utd-mhad"}]
    folds = [next(fold for fold in comparison.folds if part.name in fold) for part in finished.parts]
    assert sorted(name for fold in comparison.folds for name in fold) == sorted(every)
    assert record.corpora == [every - set(fold) for fold in folds]
    clips = {s.name: len(s.labels) for s in comparison.sets}
    assert record.rows == [sum(clips[name] for name in every - set(fold)) for fold in folds]
    for fold in folds:
        stored = encoder_vectors(comparison.encoder_folder(fold))
        for data in comparison.sets:
            texts = {action.plain for action in data.classes}
            assert texts <= stored if data.name not in fold else not texts & stored


def test_motion_encoders_are_trained_on_imagined_recordings_too(finished: Finished) -> None:
    """Their classes come after those of the recordings, with the descriptions of the glossary as sentences."""
    comparison = finished.comparison
    fold = comparison.folds[0]
    facts = json.loads((comparison.encoder_folder(fold) / "corpus.json").read_text(encoding="utf-8"))
    assert facts["seen"][-len(IMAGINED) :] == [f"imagined/{name}" for name in IMAGINED]
    recorded = sum(len(s.labels) for s in comparison.sets if s.name not in fold)
    assert facts["train_clips"] == recorded + len(comparison.imagined.positions)
    descriptions = {entry.motion for entry in glossary.entries() if entry.key in IMAGINED}
    assert descriptions <= encoder_vectors(comparison.encoder_folder(fold))


def test_clips_and_labels_of_imagined_recordings_follow_those_of_the_corpus(finished: Finished) -> None:
    data = finished.comparison.imagined
    settings = encoder.encoder_settings([finished.comparison.packs[0]], "nw-ucla", Path("vectors"), 0)
    corpus = build_corpus(settings)
    joined = encoder.with_imagined(corpus, data)
    first, count = len(corpus.train), len(data.positions)
    assert len(joined.train) == first + count
    np.testing.assert_array_equal(joined.train.positions[first:], data.positions)
    classes = [joined.seen[label].name for label in joined.train.labels[first:]]
    assert classes == [IMAGINED[label] for label in data.measured.labels]


def encoder_vectors(folder: Path) -> set[str]:
    """The texts whose vectors an encoder was trained against."""
    from safetensors.numpy import load_file

    return set(load_file(folder.with_name(f"{folder.name}-vectors.safetensors")))


def test_a_set_that_is_left_out_has_no_influence_on_its_anchors(finished: Finished) -> None:
    """Noise in place of its measures and labels changes nothing but the features of its clips."""
    plain = replace(finished.comparison, folds=())
    (before, _), random = plain.left_out(), np.random.default_rng(0)

    def noisy(data: ForeignSet) -> ForeignSet:
        if data.name != "nw-ucla":
            return data
        noise = random.normal(size=data.measured.measures.shape).astype(np.float32)
        labels = random.permutation(data.labels)
        return replace(data, labels=labels, measured=replace(data.measured, mirrored=noise, labels=labels))

    after, other = replace(plain, sets=tuple(map(noisy, plain.sets))).left_out()
    assert set(before.anchors) == {*STYLES, "averaged"}
    for style, anchors in before.anchors.items():
        np.testing.assert_array_equal(after.anchors[style], anchors)
    np.testing.assert_array_equal(after.features, before.features)
    assert not np.allclose(other.anchors["plain"], plain.left_out()[1].anchors["plain"])  # it was trained on


def test_imagined_recordings_are_a_set_of_the_glossary(finished: Finished) -> None:
    """Their sentences are the names and the description; without them, the model is another one."""
    data = finished.comparison.imagined.measured
    assert np.bincount(data.labels).tolist() == [imagined.PERFORMERS] * len(IMAGINED)
    assert data.share == imagined.SHARE
    assert np.isfinite(data.measures).mean() > 0.9
    entry = next(e for e in glossary.entries() if e.key == "crawl")
    texts = fake_encode([*entry.names, entry.motion], TextSettings())
    np.testing.assert_allclose(data.encoded[1], texts.mean(axis=0), atol=1e-6)
    parts = [name for name in run.PARTS if name != "imagined"]
    without = replace(finished.comparison, folds=()).left_out(parts)[0]
    assert not np.allclose(
        without.anchors["plain"], finished.parts[0].anchors["plain"][:, : without.anchors["plain"].shape[1]]
    )


def test_a_set_as_cameras_without_depth_see_it(finished: Finished) -> None:
    data = finished.comparison.sets[0]
    model, encoded = finished.comparison.model_without(data)
    flat = data.changed(open_pack(finished.comparison.packs[0]), CHANGES["no depth"][0])
    assert np.abs(flat.positions[..., 2]).max() < 1e-5 < np.abs(data.positions[..., 2]).max()
    np.testing.assert_array_equal(flat.measured.measures, data.measured.flat)
    np.testing.assert_array_equal(flat.labels, data.labels)
    np.testing.assert_allclose(finished.comparison.encoded_again(data), encoded, atol=1e-5)
    encoded = finished.comparison.encoded_again(flat)
    part, unaware = (look_at(model, flat, encoded, TEXT, flat=known) for known in (True, False))
    clips = len(data.labels)
    expected = clip_vectors(model, flat.measured.measures, encoded[:clips], flat=np.ones(clips, dtype=bool))
    short = ~np.isin(np.arange(clips), flat.windows.owner)
    np.testing.assert_array_equal(part.features[short], expected[short])
    assert not np.allclose(part.features, unaware.features, atol=1e-3)


def test_averaged_anchors_leave_out_the_bare_name(finished: Finished) -> None:
    anchors = finished.parts[0].anchors
    others = [anchors[style] for style in STYLES if style != "label"]
    np.testing.assert_allclose(anchors["averaged"], sum(others) / 4, atol=1e-6)


def test_a_finished_stage_is_not_computed_again(finished: Finished, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(encoder, "train_encoder", fail)
    for before, after in zip(finished.parts, finished.comparison.left_out(), strict=True):
        np.testing.assert_allclose(after.features, before.features, atol=1e-6)
    with pytest.raises(AssertionError, match="trained again"):
        finished.comparison.encoded(("deepmimic",))


def test_a_kept_motion_encoder_is_used_as_it_is(
    finished: Finished, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls = 0

    def copied(*args: Any, **kwargs: Any) -> None:
        nonlocal calls
        calls += 1
        shutil.copytree(finished.comparison.encoder_folder(fold), tmp_path / "out" / fold_name(fold))

    monkeypatch.setattr(encoder, "train_encoder", copied)
    fold = finished.comparison.folds[0]
    trained = finished.comparison.encoded(fold)
    keeping = replace(finished.comparison, out=tmp_path / "out", encoders=tmp_path / "encoders")
    data = keeping.sets[0]
    flipped = replace(data, positions=np.ascontiguousarray(data.positions[:, ::-1]))
    # Clips that it was not trained on, as those of a later preparation: it is not trained again.
    later = replace(keeping, sets=(flipped, *keeping.sets[1:]))
    for comparison in (keeping, keeping, later):
        found = comparison.encoded(fold)
        for other in keeping.sets[1:]:
            np.testing.assert_allclose(found[other.name], trained[other.name], atol=1e-5)
    assert calls == 1
    assert not np.allclose(found[data.name], trained[data.name], atol=1e-3)
    assert keeping.encoder_identity(fold) == finished.comparison.encoder_identity(fold)


def test_the_table_is_calibrated_on_the_other_sets(
    finished: Finished, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: list[list[str]] = []

    def spied(parts: list[LeftOut]) -> Calibration:
        seen.append([part.name for part in parts])
        return calibrate(parts)

    monkeypatch.setattr(run, "calibrate", spied)
    shown: list[str] = []
    results = finished.comparison.results(finished.parts, shown.append)
    rows = results.rows
    assert shown == ["nw-ucla", "utd-mhad"]
    assert seen == [["utd-mhad"], ["nw-ucla"]]
    assert [(row["set"], row["style"]) for row in rows] == [
        (name, style) for name in shown for style in (*STYLES, "averaged")
    ]
    assert {(row["clips"], row["classes"]) for row in rows} == {(20, 5)}
    write_table(tmp_path / "table.csv", rows)
    with (tmp_path / "table.csv").open(encoding="utf-8", newline="") as file:
        again = list(csv.DictReader(file))
    assert [row["style"] for row in again] == [row["style"] for row in rows]
    assert [float(row["fits_area"]) for row in again] == pytest.approx(
        [r["fits_area"] for r in rows], abs=5e-5
    )
    assert [(row["style"], row["candidates"]) for row in results.reliability] == [
        (style, 2) for style in run.ASKED
    ]


def test_a_sample_has_at_most_so_many_clips(monkeypatch: pytest.MonkeyPatch) -> None:
    part = hand_made()
    assert sample(part) is part
    monkeypatch.setattr(run, "CALIBRATION_CLIPS", 3)
    drawn = sample(part)
    assert len(drawn.labels) == len({tuple(row) for row in drawn.features.tolist()}) == 3
    for row, label in zip(drawn.features, drawn.labels, strict=True):
        assert part.labels[(part.features == row).all(axis=1)].tolist() == [label]
    np.testing.assert_array_equal(sample(part).features, drawn.features)


def test_packs_and_folds_that_make_no_comparison(finished: Finished, tmp_path: Path) -> None:
    packs = list(finished.comparison.packs)
    for wrong in (packs[:2], [*packs[:2], packs[0]]):
        with pytest.raises(BadConfig, match="at least three different data sets"):
            Comparison.open(wrong, tmp_path, folds=0)
    for folds in (1, -1):
        with pytest.raises(BadConfig, match=f"found {folds}"):
            Comparison.open(packs, tmp_path, folds=folds)


def test_the_recogniser_of_all_sets(finished: Finished, tmp_path: Path) -> None:
    bundle = default.build(finished.comparison)
    assert bundle.kinematics is not None
    assert bundle.kinematics.encoder is not None
    assert bundle.kinematics.network is not None
    assert bundle.kinematics.implied
    assert len(bundle.centre) == ENCODED
    assert bundle.encoder_size == ENCODED + len(WORDS)
    assert bundle.calibration.fitted
    assert [row["asked_about"] for row in bundle.calibration.about["held_out"]] == ["nw-ucla", "utd-mhad"]
    clip = open_pack(finished.comparison.packs[0]).clip(0)
    recogniser = Recogniser(bundle)
    features = recogniser.features([clip])
    data = finished.comparison.sets[0]
    encoded = finished.comparison.encoded(())[data.name][: len(data.labels)]
    whole = clip_vectors(bundle.kinematics, data.measured.measures, encoded)
    assert not features[0, whole.shape[1] :].any()  # of two people there is nothing
    np.testing.assert_allclose(features[0, : whole.shape[1]], whole[0], atol=0.01 * np.abs(whole).max())
    recogniser.save(tmp_path)
    np.testing.assert_allclose(Recogniser.load(tmp_path).features([clip]), features, atol=1e-2)
