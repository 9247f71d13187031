"""The glossary: its entries, the vectors of its names, the words that sentences take from it."""

from __future__ import annotations

import csv
import importlib.util
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from pgfa.config import TextSettings
from pgfa.text import encode, glossary, mirror_sentence
from pgfa.text.glossary import (
    FROM,
    FULL,
    IMPLIED,
    all_names,
    all_texts,
    entries,
    implied_words,
    profiles,
    sentence_profiles,
    sentence_words,
)
from pgfa.words.lexicon import WORDS, word_vectors, words_of
from pgfa.words.profile import QUANTITIES

FILES = sorted(Path(glossary.__file__).parent.glob("*.toml"))
SCRIPT = Path(__file__).parents[2] / "scripts" / "encode_glossary.py"
MINILM = TextSettings(encoder="minilm")


def mirrored(words: dict[str, int]) -> dict[str, int]:
    """The words of the mirrored motion."""
    swap = {
        "left": "right",
        "right": "left",
        "clockwise": "counter_clockwise",
        "counter_clockwise": "clockwise",
    }
    pattern = re.compile(r"counter_clockwise|clockwise|left|right")
    return {pattern.sub(lambda match: swap[match.group()], word): value for word, value in words.items()}


SIDED = [entry for entry in entries() if words_of(entry.motion) != mirrored(words_of(entry.motion))]
"""Entries whose motion is of one side."""


def stored() -> np.ndarray:
    """(names, 384) unit vectors of all names."""
    vectors = glossary._stored()
    assert vectors is not None, "run scripts/encode_glossary.py after a change of the names"
    return vectors


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is encoded before, neither on disk nor in this process."""
    monkeypatch.setenv("PGFA_CACHE", str(tmp_path / "cache"))
    glossary._texts.cache_clear()
    yield
    glossary._texts.cache_clear()


# The entries


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_entries_are_keys_names_and_motion_in_plain_text(file: Path) -> None:
    rows = tomllib.loads(file.read_text(encoding="utf-8"))
    assert len(rows) > 200
    for key, row in rows.items():
        assert set(row) == {"names", "motion"}, key
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key), key
        assert row["names"], key
        assert row["motion"].endswith("."), key
        for text in (*row["names"], row["motion"]):
            assert text.isascii(), (key, text)
            assert text == " ".join(text.split()) != "", (key, text)


def test_every_file_is_read() -> None:
    rows = [row for file in FILES for row in tomllib.loads(file.read_text(encoding="utf-8")).items()]
    assert [entry.key for entry in entries()] == [key for key, _ in rows]
    assert [(entry.names, entry.motion) for entry in entries()] == [
        (tuple(row["names"]), row["motion"]) for _, row in rows
    ]
    assert all_names() == [name for entry in entries() for name in entry.names]


@pytest.mark.parametrize("kind", ["keys", "names", "motions"])
def test_nothing_occurs_twice(kind: str) -> None:
    """Over all files; names are compared without case and punctuation."""
    texts = {
        "keys": [entry.key for entry in entries()],
        "names": [re.sub(r"[^a-z0-9]+", " ", name.lower()).strip() for name in all_names()],
        "motions": [entry.motion for entry in entries()],
    }[kind]
    assert [text for text, count in Counter(texts).items() if count > 1] == []


def test_every_motion_states_a_word() -> None:
    assert [entry.key for entry in entries() if 1 not in words_of(entry.motion).values()] == []


def test_only_a_name_with_a_side_has_a_motion_of_one_side() -> None:
    """Else one side of a motion would be implied that people show with either."""
    assert [(e.key, name) for e in SIDED for name in e.names if mirror_sentence(name) == name] == []


def test_entries_of_one_side_come_in_mirrored_pairs() -> None:
    assert {entry.key for entry in SIDED} >= {"swipe-left", "swipe-right", "turn-left", "turn-right"}
    for entry in SIDED:
        names = {mirror_sentence(name) for name in entry.names}
        twins = [other for other in SIDED if set(other.names) == names]
        assert len(twins) == 1, entry.key
        assert words_of(twins[0].motion) == mirrored(words_of(entry.motion)), entry.key


# The vectors


def test_stored_vectors_are_of_the_names_and_descriptions() -> None:
    from safetensors import safe_open

    with safe_open(glossary.VECTORS, framework="numpy") as file:
        assert file.metadata() == {"texts": glossary.texts_digest()}
        assert set(file.keys()) == {"vectors"}
        raw = file.get_tensor("vectors")
    assert (raw.shape, raw.dtype) == ((len(all_texts()), 384), np.float16)
    np.testing.assert_allclose(np.linalg.norm(raw.astype(np.float64), axis=1), 1, atol=2e-3)
    np.testing.assert_allclose(np.linalg.norm(stored().astype(np.float64), axis=1), 1, atol=1e-6)
    assert stored().dtype == np.float32


@pytest.mark.usefixtures("own_cache")
def test_stored_vectors_are_those_of_the_sentence_encoder() -> None:
    chosen = np.random.default_rng(0).choice(len(all_texts()), 12, replace=False)
    vectors = encode([all_texts()[i] for i in chosen], MINILM)
    np.testing.assert_allclose(stored()[chosen], vectors, atol=1e-3)


@pytest.mark.usefixtures("own_cache")
def test_the_texts_belong_to_their_entries() -> None:
    vectors, owner = glossary._texts(MINILM)
    np.testing.assert_array_equal(vectors, stored())
    named = [entry.key for entry in entries() for _ in entry.names]
    assert [entries()[i].key for i in owner] == named + [entry.key for entry in entries()]


def test_the_script_writes_what_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Vectors of other texts are not used."""
    spec = importlib.util.spec_from_file_location("encode_glossary", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    file, vectors = tmp_path / "vectors.safetensors", stored()[::-1].copy()
    monkeypatch.setattr(script, "VECTORS", file)
    monkeypatch.setattr(glossary, "VECTORS", file)
    monkeypatch.setattr(script, "encode", lambda names, settings: vectors)
    assert glossary._stored() is None
    script.main()
    np.testing.assert_allclose(stored(), vectors, atol=1e-3)
    monkeypatch.setattr(glossary, "texts_digest", lambda: "of other texts")
    assert glossary._stored() is None


@pytest.mark.usefixtures("own_cache")
@pytest.mark.parametrize("kind", ["another encoder", "other texts are stored"])
def test_without_stored_vectors_the_texts_are_encoded(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[list[str], TextSettings]] = []

    def encoded(names: list[str], settings: TextSettings) -> np.ndarray:
        calls.append((names, settings))
        return np.ones((len(names), 2), dtype=np.float32)

    monkeypatch.setattr(glossary, "encode", encoded)
    settings = TextSettings(encoder="mpnet")
    if kind == "other texts are stored":
        settings = MINILM
        monkeypatch.setattr(glossary, "texts_digest", lambda: "of other texts")
    vectors = np.zeros((1, 2), dtype=np.float32)
    assert not implied_words(vectors, settings).any()
    assert not implied_words(vectors, settings.model_copy(update={"variants": ("label",)})).any()
    assert [texts for texts, _ in calls] == [all_texts()]  # once, whatever the variants
    assert calls[0][1].encoder == settings.encoder


# The words of sentences


def words_by_loop(sentences: list[str], encoded: np.ndarray) -> np.ndarray:
    """The definition of `sentence_words`, one number at a time."""
    vectors, numbers = stored().astype(float), np.cumsum([0, *(len(entry.names) for entry in entries())])
    rows = []
    for sentence, vector in zip(sentences, encoded.astype(float), strict=True):
        cosine = [
            max(float(vector @ vectors[i]) for i in range(first, end)) for first, end in pairwise(numbers)
        ]
        nearest = sorted(range(len(cosine)), key=lambda i: -cosine[i])[:3]
        weights = [np.exp((cosine[i] - cosine[nearest[0]]) / 0.05) for i in nearest]
        strength = min(max((cosine[nearest[0]] - 0.4) / (0.7 - 0.4), 0), 1) * 0.5
        row = []
        for word in WORDS:
            stated = words_of(sentence).get(word, 0)
            implied = sum(
                weight * words_of(entries()[i].motion).get(word, 0)
                for i, weight in zip(nearest, weights, strict=True)
            )
            row.append(stated or strength * implied / sum(weights))
        rows.append(row)
    return np.array(rows)


def test_words_of_sentences_by_a_loop() -> None:
    """Vectors between two names each, at all distances from them."""
    random = np.random.default_rng(0)
    one, other = stored()[random.integers(0, len(all_names()), (2, 20))]
    encoded = (
        one
        + other * random.uniform(0, 1, (20, 1))
        + random.normal(0, 0.1, one.shape) * (random.uniform(0, 1, (20, 1)))
    )
    encoded = (encoded / np.linalg.norm(encoded, axis=1, keepdims=True)).astype(np.float32)
    texts = ["does it"] * 17 + ["raises the left hand", "walks without jumping", "does it"]
    found = sentence_words(texts, encoded, MINILM)
    assert (found.shape, found.dtype) == ((20, len(WORDS)), np.float32)
    np.testing.assert_allclose(found, words_by_loop(texts, encoded), atol=1e-5)
    strength = np.abs(found).max(axis=1)
    assert (strength > 0.45).any()
    assert ((strength > 0.01) & (strength < 0.4)).any()
    for row, text, vector in zip(found, texts, encoded, strict=True):  # whatever is asked with it
        np.testing.assert_allclose(sentence_words([text], vector[None], MINILM)[0], row, atol=1e-6)


@pytest.mark.parametrize(
    ("cosine", "strength"), [(0.2, 0), (FROM, 0), (0.55, 0.25), (FULL, 0.5), (0.9, 0.5), (1, 0.5)]
)
def test_the_strength_grows_with_the_cosine(
    cosine: float, strength: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The words are those of the motion alone where no other entry is close."""
    names = np.tile(np.array([-1, 0], dtype=np.float32), (len(entries()), 1))
    names[0] = (1, 0)
    monkeypatch.setattr(glossary, "_texts", lambda settings: (names, np.arange(len(names))))
    encoded = np.array([[cosine, (1 - cosine**2) ** 0.5]], dtype=np.float32)
    expected = strength * word_vectors([entries()[0].motion])
    np.testing.assert_allclose(implied_words(encoded, MINILM), expected, atol=1e-4)


def test_the_words_of_every_entry_are_those_of_its_motion(monkeypatch: pytest.MonkeyPatch) -> None:
    names = np.eye(len(entries()), dtype=np.float32)
    monkeypatch.setattr(glossary, "_texts", lambda settings: (names, np.arange(len(names))))
    expected = IMPLIED * word_vectors([entry.motion for entry in entries()])
    np.testing.assert_allclose(implied_words(names, MINILM), expected, atol=1e-5)


def test_what_a_sentence_states_or_denies_is_not_implied(monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry states a right hand at chest height and a direction; the sentences leave only some of that open."""
    swipe = next(entry for entry in entries() if entry.key == "swipe-left")
    assert {"right_hand", "chest", "to_left", "fast"} <= set(words_of(swipe.motion))
    number = entries().index(swipe)
    names = np.eye(len(entries()), dtype=np.float32)
    monkeypatch.setattr(glossary, "_texts", lambda settings: (names, np.arange(len(names))))
    texts = ["swipes slowly with the left hand, not at chest height", "does it"]
    words = sentence_words(texts, names[[number, number]], MINILM)
    stated = word_vectors(texts)
    assert (stated[0] < 0).any()
    np.testing.assert_array_equal(words[stated != 0], stated[stated != 0])
    open_ = stated == 0
    implied = np.tile(IMPLIED * word_vectors([swipe.motion]), (2, 1))
    np.testing.assert_allclose(words[open_], implied[open_], atol=1e-5)
    assert words[0, WORDS.index("to_left")] == pytest.approx(IMPLIED)


def test_a_sentence_far_from_every_name_implies_nothing() -> None:
    vector = np.random.default_rng(0).normal(size=(1, 384)).astype(np.float32)
    vector /= np.linalg.norm(vector)
    assert (stored() @ vector[0]).max() < FROM
    assert not sentence_words(["does it"], vector, MINILM).any()
    text = "raises the left hand"
    np.testing.assert_array_equal(sentence_words([text], vector, MINILM), word_vectors([text]))


def test_vectors_of_a_file_imply_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise AssertionError("the glossary was asked")

    monkeypatch.setattr(glossary, "_texts", fail)
    texts = ["raises the left hand", "does it"]
    settings = TextSettings(encoder="file", source="vectors.npz")
    words = sentence_words(texts, np.ones((2, 3), dtype=np.float32), settings)
    np.testing.assert_array_equal(words, word_vectors(texts))
    assert sentence_words([], np.empty((0, 0), dtype=np.float32), MINILM).shape == (0, len(WORDS))


@pytest.mark.parametrize("entry", SIDED, ids=lambda entry: entry.key)
def test_a_mirrored_name_gets_mirrored_words(entry: glossary.Entry) -> None:
    """The side of the name is implied more than the other one, for each name and its mirror image."""
    position = {name: number for number, name in enumerate(all_names())}
    images = [mirror_sentence(name) for name in entry.names]
    straight = implied_words(stored()[[position[name] for name in entry.names]], MINILM)
    image = implied_words(stored()[[position[name] for name in images]], MINILM)
    words = words_of(entry.motion)
    sides = [(word, other) for word in words if (other := next(iter(mirrored({word: 1})))) != word]
    assert sides
    for word, other in sides:
        column, opposite = WORDS.index(word), WORDS.index(other)
        assert (straight[:, column] > straight[:, opposite]).all(), word
        assert (image[:, opposite] > image[:, column]).all(), other


@pytest.mark.usefixtures("own_cache")
@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("checks the time", {"one_hand", "chest", "lift", "nod"}),
        ("shaves", {"to_head", "repeat"}),
        ("performs a deadlift", {"bend", "floor", "both_hands"}),
        ("rides a bicycle", {"sit", "alternate", "legs"}),
        ("skis downhill", {"knees_bent"}),
        ("proposes marriage", set()),
    ],
)
def test_everyday_actions_imply_what_is_seen(sentence: str, words: set[str]) -> None:
    encoded = encode([sentence], MINILM)
    values = dict(zip(WORDS, sentence_words([sentence], encoded, MINILM)[0].tolist(), strict=True))
    assert words_of(sentence) == {}
    assert {word for word in words if not values[word] > 0.4} == set()
    assert any(values.values()) == bool(words)


# The profiles


def test_every_entry_has_a_profile_within_the_scales() -> None:
    file = Path(glossary.__file__).parent / "profiles.csv"
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    assert [row["entry"] for row in rows] == [entry.key for entry in entries()]
    assert list(rows[0]) == ["entry", *QUANTITIES]
    wrong = [
        (row["entry"], name)
        for row in rows
        for name, (largest, _, _) in QUANTITIES.items()
        if not 0 <= float(row[name]) <= largest
    ]
    assert not wrong
    values = {row["entry"]: {name: float(row[name]) for name in QUANTITIES} for row in rows}
    for key, row in values.items():
        assert row["hand_peak"] >= row["hand_height"], key
        assert row["hips_lowest"] <= min(row["hips_start"], row["hips_end"]), key
        assert row["lean_most"] >= row["lean"], key


def test_profiles_have_mean_0_and_spread_1() -> None:
    assert profiles().shape == (len(entries()), len(QUANTITIES))
    np.testing.assert_allclose(profiles().mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(profiles().std(axis=0), 1, atol=1e-4)


def test_profiles_of_sentences_by_a_loop() -> None:
    """The four nearest entries by name or description, at all distances from them."""
    random = np.random.default_rng(1)
    noise = random.normal(0, 0.05, (20, 384)) * random.uniform(0, 2, (20, 1))
    encoded = stored()[random.integers(0, len(all_texts()), 20)] + noise
    encoded = (encoded / np.linalg.norm(encoded, axis=1, keepdims=True)).astype(np.float32)
    found = sentence_profiles(encoded, MINILM)
    owner = [i for i, entry in enumerate(entries()) for _ in entry.names] + list(range(len(entries())))
    strengths = []
    for row, vector in zip(found, encoded.astype(float), strict=True):
        best: dict[int, float] = {}
        for i, text in zip(owner, stored().astype(float), strict=True):
            best[i] = max(best.get(i, -1.0), float(vector @ text))
        nearest = sorted(best, key=lambda i: -best[i])[:4]
        weights = [np.exp((best[i] - best[nearest[0]]) / 0.05) for i in nearest]
        strengths.append(min(max((best[nearest[0]] - 0.3) / (0.6 - 0.3), 0), 1))
        mean = sum(w * profiles()[i] for i, w in zip(nearest, weights, strict=True)) / sum(weights)
        np.testing.assert_allclose(row, strengths[-1] * mean, atol=1e-4)
    assert min(strengths) < 0.9 < max(strengths)


def test_nothing_is_known_of_profiles_without_the_encoder_or_far_from_all_entries() -> None:
    settings = TextSettings(encoder="file", source="vectors.npz")
    assert not sentence_profiles(np.ones((2, 3), dtype=np.float32), settings).any()
    vector = np.random.default_rng(0).normal(size=(1, 384)).astype(np.float32)
    assert not sentence_profiles(vector / np.linalg.norm(vector), MINILM).any()
    assert sentence_profiles(np.empty((0, 0), dtype=np.float32), MINILM).shape == (0, len(QUANTITIES))


def test_a_mirrored_name_has_the_same_profile() -> None:
    """No quantity names a side."""
    position = {name: number for number, name in enumerate(all_names())}
    for entry in SIDED:
        images = [mirror_sentence(name) for name in entry.names]
        straight = sentence_profiles(stored()[[position[name] for name in entry.names]], MINILM).mean(axis=0)
        image = sentence_profiles(stored()[[position[name] for name in images]], MINILM).mean(axis=0)
        assert np.abs(straight - image).max() < 1, entry.key
