"""What a percentage means is said in the same words everywhere, and only where it is true."""

from __future__ import annotations

from pathlib import Path

from pgfa.recognise import Answer, Answers, Calibration
from pgfa.recognise.formats import MEANING, NOT_CALIBRATED, answers_table
from recogniser_builders import SENTENCES, swaying_clip, tiny_recogniser

DOCUMENT = Path(__file__).parents[2] / "docs" / "recognise.md"


def test_the_document_has_the_words_of_the_program() -> None:
    text = " ".join(DOCUMENT.read_text(encoding="utf-8").split())
    _, section = text.split('## Probabilities and "none of these"', 1)
    assert section.strip().startswith(MEANING)


def test_the_table_says_it_once_and_only_if_calibrated() -> None:
    clip = swaying_clip()
    calibrated = answers_table(tiny_recogniser().recognise(clip, SENTENCES))
    assert calibrated.count(MEANING) == 1
    assert NOT_CALIBRATED not in calibrated
    other = tiny_recogniser(calibration=Calibration.unfitted(9.0))
    uncalibrated = answers_table(other.recognise(clip, SENTENCES))
    assert MEANING not in uncalibrated
    assert uncalibrated.count(NOT_CALIBRATED) == 1


def test_the_table_lists_none_of_these_first_where_it_is_the_answer_and_last_otherwise() -> None:
    found = (Answer("a person claps", 0.27, 0.4), Answer("a person bows", 0.26, 0.3))
    for none, expected in ((0.47, [27.0, 26.0, 47.0]), (0.52, [52.0, 27.0, 26.0])):
        table = answers_table(Answers(found, none=none, calibrated=True))
        shares = [float(line.split(" %")[0]) for line in table.splitlines() if " %  " in line[:12]]
        assert shares == expected
