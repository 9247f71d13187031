"""However a `.skeleton` file is damaged: BadFile or LimitExceeded, or a clip whose problems name the damage."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.datasets.ntu.reader import read_ntu
from pgfa.read.datasets.ntu.text import parse_carefully, parse_fast
from pgfa.read.source import FileRef
from pgfa.synth.skeleton_text import skeleton_text

MUTATIONS = st.one_of(
    st.tuples(st.just("cut"), st.floats(0, 1)),
    st.tuples(st.just("byte"), st.floats(0, 1), st.binary(min_size=0, max_size=3)),
    st.tuples(
        st.just("line"), st.floats(0, 1), st.sampled_from([b"", b"0", b"6", b"25", b"-1", b"nan", b"1e999"])
    ),
    st.tuples(st.just("drop"), st.floats(0, 1), st.integers(1, 30)),
    st.tuples(st.just("twice"), st.floats(0, 1), st.integers(1, 30)),
    st.tuples(
        st.just("word"), st.floats(0, 1), st.sampled_from([b"x", b"1_0", b"inf", b"9" * 40, b"1 2", b"\0"])
    ),
    st.tuples(st.just("count"), st.sampled_from([b"0", b"1", b"100000", b"1000000000000", b"3.5"])),
    st.tuples(st.just("crlf")),
)


def mutate(raw: bytes, change: tuple[object, ...]) -> bytes:
    kind, *values = change
    if kind == "cut":
        return raw[: int(values[0] * len(raw))]  # type: ignore[operator]
    if kind == "byte":
        index = int(values[0] * (len(raw) - 1))  # type: ignore[operator]
        return raw[:index] + values[1] + raw[index + 1 :]  # type: ignore[operator]
    if kind == "crlf":
        return raw.replace(b"\n", b"\r\n")
    lines = raw.split(b"\n")
    if kind == "count":
        return b"\n".join([values[0], *lines[1:]])  # type: ignore[list-item]
    index = int(values[0] * (len(lines) - 1))  # type: ignore[operator]
    if kind == "line":
        lines[index] = values[1]  # type: ignore[assignment]
    elif kind == "drop":
        del lines[index : index + values[1]]  # type: ignore[operator]
    elif kind == "twice":
        lines[index:index] = lines[index : index + values[1]]  # type: ignore[operator]
    else:
        words = lines[index].split(b" ")
        words[len(words) // 3] = values[1]  # type: ignore[call-overload]
        lines[index] = b" ".join(words)
    return b"\n".join(lines)


def check(raw: bytes, folder: Path) -> None:
    file = folder / "S001C001P001R001A001.skeleton"
    file.write_bytes(raw)
    try:
        clip = read_ntu(FileRef(file))
    except (BadFile, LimitExceeded) as error:
        message = str(error)
    else:
        message = str(file)
        assert 0 < clip.frames <= 100_000
        assert 1 <= clip.bodies <= 2
        assert np.isfinite(clip.positions).any()
        empty = ~np.isfinite(clip.positions).any(axis=(1, 2, 3))
        assert not empty.any() or any("empty frame" in problem for problem in clip.problems)
    assert str(file) in message
    # The fast parser never accepts what the careful one refuses, and reads the same numbers.
    fast = parse_fast(raw)
    if fast is not None:
        careful = parse_carefully(raw, "x")
        np.testing.assert_array_equal(fast.joints, careful.joints)
        assert (fast.ids, fast.frames) == (careful.ids, careful.frames)


@lru_cache
def two_bodies() -> bytes:
    positions = np.random.default_rng(0).normal(size=(9, 2, 25, 3)).astype(np.float32)
    positions[4:6, 0] = np.nan
    return skeleton_text(positions)


LIMITS = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@LIMITS
@given(st.lists(MUTATIONS, min_size=1, max_size=3))
def test_damaged_files(tmp_path: Path, changes: list[tuple[object, ...]]) -> None:
    raw = two_bodies()
    for change in changes:
        raw = mutate(raw, change)
    check(raw, tmp_path)


@pytest.mark.parity
@settings(LIMITS, max_examples=60)
@given(number=st.integers(0, 5), changes=st.lists(MUTATIONS, min_size=1, max_size=2))
def test_damaged_real_files(
    parity: Path, tmp_path: Path, number: int, changes: list[tuple[object, ...]]
) -> None:
    raw = sorted((parity / "ntu_raw").glob("*.skeleton"))[number].read_bytes()
    for change in changes:
        raw = mutate(raw, change)
    check(raw, tmp_path)


@given(st.binary(max_size=300))
@LIMITS
def test_arbitrary_bytes(tmp_path: Path, raw: bytes) -> None:
    check(raw, tmp_path)
