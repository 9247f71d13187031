"""Numbers read many at once are those that `float` reads one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgfa.read.parsing.fast_floats import decimals, rows_of

DIGITS = st.text("0123456789", max_size=17)
WORDS = st.one_of(
    st.builds(
        "".join, st.tuples(st.sampled_from(["", "-", "+"]), DIGITS, st.sampled_from(["", ".", "e-3"]), DIGITS)
    ),
    st.floats(-9.99, 9.99).map(lambda value: f"{value:.7g}"),
    st.text("0123456789.-+eE", min_size=1, max_size=20),
).filter(bool)


def read(words: list[str]) -> np.ndarray | None:
    raw = b" " * 16 + " ".join([*words, ""]).encode()
    ends = 16 + np.cumsum([len(word) + 1 for word in words]) - 1
    return decimals(raw, ends - [len(word) for word in words], ends)


@settings(max_examples=500, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=6))
def test_numbers_are_read_as_float_reads_them(words: list[str]) -> None:
    try:
        expected = [float(word) for word in words]
    except ValueError:
        assert read(words) is None
        return
    values = read(words)
    assert values is not None
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(values, np.array(expected).astype(np.float32))


def test_metres_of_every_length_are_exact() -> None:
    chance = np.random.default_rng(0)
    digits = chance.integers(0, 10, size=(40_000, 18)).astype(str)
    lengths = chance.integers(0, 17, size=len(digits))
    signs = chance.choice(["", "-"], size=len(digits))
    words = [
        f"{sign}{row[0]}.{''.join(row[1 : 1 + length])}"
        for sign, row, length in zip(signs, digits, lengths, strict=True)
    ]
    values = read(words)
    assert values is not None
    np.testing.assert_array_equal(values, np.array([float(word) for word in words]).astype(np.float32))


@pytest.mark.parametrize(
    "word", ["-", ".", "-.", "1.2.3", "1-2", "1.-2", "--1", "e", "1e", "5.0e", "0.12345678-"]
)
def test_text_that_is_not_a_number_is_refused(word: str) -> None:
    assert read(["1.5", word]) is None
    assert read([word, "1.5"]) is None


def test_rows_of_numbers() -> None:
    values = rows_of([b"0 0 -1.25", b" 12.5 1e-3 7 "], 3)
    assert values is not None
    np.testing.assert_array_equal(values, np.float32([[0, 0, -1.25], [12.5, 1e-3, 7]]))
    for lines in ([b"1 2", b"3 4 5 6"], [b"1  2 3"], [b"1 2 x"], [b"1 2 1e999"]):
        assert rows_of(lines, 3) is None
