"""Sentences that an encoder does not know, and sentences that are the same."""

import pytest

from pgfa.text.doubts import doubts_about


@pytest.mark.parametrize("sentence", ["a person waves 👋", "人が手を振る", "человек машет рукой"])
def test_characters_that_the_encoder_does_not_know_are_noted(sentence: str) -> None:
    (note,) = doubts_about(["a person sits down", sentence])
    assert sentence in note
    assert "English only" in note


def test_one_sentence_for_two_candidates_is_noted() -> None:
    (note,) = doubts_about(["A person waves.", "a person  waves", "a person kicks"])
    assert "are the same" in note
    assert "kicks" not in note


def test_english_is_not_noted() -> None:
    assert doubts_about(["a café's waiter bows (90°) – slowly…", "kicks the ball; runs | walks"]) == ()
