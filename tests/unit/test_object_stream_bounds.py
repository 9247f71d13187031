"""Object streams whose values are small to write and large to look at, or whose keys collide."""

from __future__ import annotations

import struct

import pytest

from pgfa.errors import BadFile
from pgfa.read.formats.keypoints.entry_values import person_id
from pgfa.read.parsing.safe_pickle import load_plain
from pgfa.read.parsing.safe_pickle_values import FEW_KEYS

TWICE_EACH = b")" + b"2\x86" * 60
"""A tuple of two tuples of two tuples, 60 times: 2**60 empty ones, if it were written out."""


def dict_of(keys: list[int]) -> bytes:
    """A stream of a dict with whole numbers of four bytes as keys."""
    return b"\x80\2}(" + b"".join(b"J" + struct.pack("<i", key) + b"N" for key in keys) + b"u."


def test_a_name_that_holds_itself_many_times_is_refused() -> None:
    with pytest.raises(BadFile, match=r"the name tuple\.a"):
        load_plain("a.pkl", b"\x80\4" + TWICE_EACH + b"\x8c\1a\x93.")


def test_a_shape_that_holds_itself_many_times_is_refused() -> None:
    names = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\0\x85C\1btR"
    state = b"(K\1" + TWICE_EACH + b"cnumpy\ndtype\nX\2\0\0\0f4\x85R\x89C\0tb."
    with pytest.raises(BadFile, match="expected the shape of an array, found tuple"):
        load_plain("a.pkl", b"\x80\4" + names + state)


def test_numbers_of_frames_are_keys_and_many_scattered_numbers_are_not() -> None:
    frames = list(range(0, 300_000, 30))
    assert list(load_plain("a.pkl", dict_of(frames))) == frames
    scattered = [n * 100_003 for n in range(FEW_KEYS)]
    assert list(load_plain("a.pkl", dict_of(scattered))) == scattered
    with pytest.raises(BadFile, match="at most 500 numbers as a dict's keys"):
        load_plain("a.pkl", dict_of([*scattered, 100_003 * FEW_KEYS]))


def test_ids_of_people_are_texts() -> None:
    assert person_id({"track_id": (1 << 61) - 1}) == str((1 << 61) - 1)
    assert person_id({"track_id": 3.0}) == person_id({"track_id": "3"}) == "3"
    assert person_id({"track_id": -1}) is None
