"""Mirrored sentences: mirroring twice changes nothing; only whole words for sides and turns change."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgfa.text import catalogue, catalogue_names, mirror_sentence, mirrored

WORDS = st.sampled_from([
    "left", "right", "Left", "RIGHT", "lEFT", "leftward", "rightwards",
    "leftmost", "Right-handed", "clockwise", "Counter-clockwise", "upright", "bright", "cleft", "copyright",
    "angle", "away", "now", "arm", "the", "hand", ";", ".", "-", "left-hand",
])  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, max_size=12).map(" ".join) | st.text(max_size=60))
def test_mirroring_twice_changes_nothing(text):
    once = mirror_sentence(text)
    assert mirror_sentence(mirror_sentence(once)) == once
    if "clockwise" not in text.lower():
        assert mirror_sentence(once) == text


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, max_size=12))
def test_word_by_word(words):
    # "angle", "away" and "now" change the word before them; the rest is read one word at a time.
    words = [word for word in words if word not in ("angle", "away", "now", "-")]
    assert mirror_sentence(" ".join(words)) == " ".join(map(mirror_sentence, words))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The left arm, from right to left.", "The right arm, from left to right."),
        ("LEFT, Right, leftwards, rightmost", "RIGHT, Left, rightwards, leftmost"),
        ("a left-handed, right-footed one", "a right-handed, left-footed one"),
        ("Clockwise, then counter-clockwise", "Counter-clockwise, then clockwise"),
        (
            "anticlockwise anti-clockwise counterclockwise counter clockwise",
            "clockwise clockwise clockwise clockwise",
        ),
        ("stands upright, brightly; cleft", "stands upright, brightly; cleft"),
        (
            "bent at a right angle, goes right away, right arm",
            "bent at a right angle, goes right away, left arm",
        ),
        ("", ""),
    ],
)
def test_sentences(text, expected):
    assert mirror_sentence(text) == expected


def test_a_mirrored_swipe_is_the_other_swipe_with_the_other_arm():
    utd = catalogue("utd-mhad")
    image = mirrored(utd["swipe-left"], utd)
    assert (image.name, image.id, image.label) == ("swipe-right", 1, "swipe right")
    assert "left arm" in image.plain
    assert "from the left side over to the right" in image.plain
    assert "left arm" in image.parts.arms


def test_a_mirrored_throw_is_a_throw_with_the_other_arm():
    utd = catalogue("utd-mhad")
    image = mirrored(utd["throw"], utd)
    assert image.key == "utd-mhad/throw"
    assert "left arm" in image.plain
    assert "right" not in image.plain


def test_a_mirrored_letter_k_is_nothing():
    kinder = catalogue("kinder-gator")
    assert mirrored(kinder["draw-letter-k"], kinder) is None


@pytest.mark.parametrize("name", catalogue_names())
def test_twice_mirrored_classes_are_as_before(name):
    classes = catalogue(name)
    for action in classes.actions:
        if (image := mirrored(action, classes)) is not None:
            again = mirrored(image, classes)
            assert (again.key, again.plain, again.parts) == (action.key, action.plain, action.parts)
