"""Object streams: what Python's own writer writes of plain things is read back, and nothing else is, nor ever run."""

from __future__ import annotations

import datetime
import io
import pickle
import struct
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read import read, read_all
from pgfa.read.parsing import safe_pickle as opcodes
from pgfa.read.parsing.safe_pickle import load_plain
from pgfa.read.sample import person, picture
from pgfa.skeleton import COCO17, NTU25

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**190), 2**190), st.floats(allow_nan=False), st.text(max_size=20),
    st.binary(max_size=20),
)  # fmt: skip
KEYS = st.one_of(st.text(max_size=8), st.integers(-(2**50), 2**50), st.booleans(), st.none())
PLAIN = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(KEYS, inner, max_size=4),
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(value=PLAIN, protocol=st.integers(0, 5))
def test_plain_values_round_trip(value: Any, protocol: int) -> None:
    back = load_plain("x", pickle.dumps(value, protocol=protocol))
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "kind", ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1", ">f4", ">i2"]
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_round_trip(protocol: int, kind: str, order: Any) -> None:
    array = np.random.default_rng(0).integers(0, 2, (2, 3, 4)).astype(kind).copy(order=order)
    again = array[:0]
    stored = {"a": array, "list": [array, again, np.float32(2.5), np.int64(7)], "tuple": (array, 1)}
    back = load_plain("x", pickle.dumps(stored, protocol=protocol))
    np.testing.assert_array_equal(back["a"], array)
    assert back["a"].dtype == array.dtype
    np.testing.assert_array_equal(back["list"][0], array)
    assert back["list"][1].shape == (0, 3, 4)
    assert back["list"][2:] == [2.5, 7]
    np.testing.assert_array_equal(back["tuple"][0], array)


def test_cycles_and_shared_values() -> None:
    ring: list[Any] = [1]
    ring += [ring, {"ring": ring}, np.ones(2)]
    back = load_plain("x", pickle.dumps(ring))
    assert back[1] is back
    assert back[2]["ring"] is back
    np.testing.assert_array_equal(back[3], np.ones(2))
    assert load_plain("x", pickle.dumps(OrderedDict(), protocol=4)) == {}


RAN: list[str] = []


def ran(what: str) -> None:
    RAN.append(what)


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return ran, ("it ran",)


NOT_PLAIN: list[tuple[Any, str]] = [
    (Evil(), "the name"),
    ({"a": [Evil()]}, "the name"),
    (datetime.date(2026, 1, 1), "the name datetime.date"),
    ({1, 2}, "the name|instruction"),
    (np.array([object()], dtype=object), "arrays of numbers, found type 'O8'"),
    (np.array(["x"]), "arrays of numbers, found type 'U1'"),
    (np.zeros(2, [("a", "f4")]), "arrays of numbers, found type 'V4'"),
    (np.matrix([[1]]), "the name numpy"),
    (3 + 2j, "the name"),
    (range(3), "the name"),
    (ran, "the name"),
    (Path, "the name pathlib"),
    (2**2000, "ordinary size"),
    ({2**70: 1}, "a number as a dict's key"),
    ({(1, 2): 1}, "text or a number as a dict's key, found tuple"),
    (io.BytesIO, "the name"),
]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(("value", "message"), NOT_PLAIN, ids=range(len(NOT_PLAIN)))
def test_anything_else_is_refused_and_nothing_runs(value: Any, message: str, protocol: int) -> None:
    with pytest.raises(BadFile, match=message):
        load_plain("x", pickle.dumps(value, protocol=protocol))
    assert not RAN


GLOBAL = [
    b"cos\nsystem\n(S'echo ran'\ntR.",
    b"cbuiltins\neval\n(S'1'\ntR.",
    b"\x80\x04\x8c\x08builtins\x8c\x04exec\x93\x8c\x01x\x85R.",
    b"(S'echo ran'\nios\nsystem\n.",
    b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n(cos\nsystem\n)U\x01btR.",
    b"cnumpy\nload\n(S'x'\ntR.",
    b"cnumpy\ndtype\n(S'O8'\ntR.",
    b"c_codecs\nencode\n(S'x'\nS'rot13'\ntR.",
    b"Pid\n.",
    b"\x82\x01.",
]


@pytest.mark.parametrize("raw", GLOBAL)
def test_malicious_streams(raw: bytes) -> None:
    with pytest.raises(BadFile, match="expected"):
        load_plain("x", raw)


@pytest.mark.parametrize(
    "raw",
    [b"", b".", b"N", b"a.", b"0.", b"(.", b"t.", b"h\x05.", b"]K\x01s.", b"}K\x01a.", b"K", b"X\xff\xff\xff\xffa.",
     b"\x8e" + b"\xff" * 8 + b".", b"I1e5\n.", b"F\n.", b"\x80\x09N.", b"cnumpy\nndarray\n.", b"Nb.", b"R.",
     b"cnumpy\ndtype\n(S'f4'\ntR.", b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tS'b'\ntR.",
     b"X\x01\x00\x00\x00\xff."],
)  # fmt: skip
def test_broken_streams(raw: bytes) -> None:
    with pytest.raises(BadFile, match="byte"):
        load_plain("x", raw)


def test_growth_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text turned into bytes over and over, instructions without end, nested containers: no memory, no time."""
    monkeypatch.setattr(opcodes, "MAX_GROWTH", 1000)
    text = b"X" + struct.pack("<I", 10_000) + b"a" * 10_000 + b"q\x00U\x06latin1q\x010"
    once = b"c_codecs\nencode\n(h\x00h\x01tR0"
    with pytest.raises(LimitExceeded, match="grows"):
        load_plain("x", b"0" * 0 + text + b"0" + once * 200 + b"N.")
    monkeypatch.setattr(opcodes, "SMALL_STEPS", 1000)
    with pytest.raises(LimitExceeded, match="instructions"):
        load_plain("x", b"N0" * 1000 + b"N.")
    monkeypatch.undo()
    deep = load_plain("x", b"]" * 100_000 + b"a" * 99_999 + b".")
    assert len(deep) == 1
    # Each level holds the one below twice: visiting every occurrence would take 2**60 steps.
    load_plain("x", b")" + b"2\x86" * 60 + b".")


def annotation(**changes: Any) -> dict[str, Any]:
    keypoint = picture(COCO17, 5)[None].astype(np.float16)
    fields = {
        "frame_dir": "v_1",
        "label": 3,
        "img_shape": (480, 640),
        "total_frames": 5,
        "keypoint": keypoint,
    }
    return fields | {"keypoint_score": np.full((1, 5, 17), 0.9, np.float16)} | changes


def stored(folder: Path, content: Any, protocol: int = 4) -> Path:
    path = folder / "gym_hrnet.pkl"
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    return path


@pytest.mark.parametrize("protocol", range(6))
def test_pysklss_annotations(protocol: int, tmp_path: Path) -> None:
    solid = np.stack([person(NTU25, 4), person(NTU25, 4) + np.array([1, 0, 0])]).astype(np.float32)
    solid[1, 2:] = 0
    three = annotation(keypoint=solid, frame_dir="S001", label=np.int64(7))
    del three["keypoint_score"]
    path = stored(tmp_path, {"split": {"train": ["v_1"]}, "annotations": [annotation(), three]}, protocol)
    one, two = read_all(path)
    assert (one.layout, one.depth, one.bodies, one.frames) == (COCO17, False, 1, 5)
    assert (one.source.id, one.source.action, one.source.dataset) == ("v_1", "class-3", "gym_hrnet")
    assert (two.layout, two.depth, two.bodies, two.source.action) == (NTU25, True, 2, "class-7")
    assert np.isnan(two.positions[2:, 1]).all()
    assert read(path).source.id == "v_1"
    assert read(path).problems == (*one.problems, "first of 2 recordings in the file")
    assert read(stored(tmp_path, [annotation()], protocol)).problems == one.problems
    assert one.source.digest != two.source.digest


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"keypoint": [1]},
            "annotation 2: expected keypoint: bodies x frames x joints x 2 or 3 numbers, found list",
        ),
        ({"keypoint": np.zeros((5, 17, 2))}, r"found shape \(5, 17, 2\)"),
        ({"keypoint_score": np.zeros((1, 5, 16))}, r"annotation 2: expected keypoint_score \(1, 5, 17\)"),
        ({"keypoint": np.zeros((1, 5, 17, 2))}, r"annotation 2: expected a person in at least one frame"),
    ],
)
def test_a_wrong_annotation_does_not_affect_the_others(changes: Any, message: str, tmp_path: Path) -> None:
    path = stored(tmp_path, [annotation(), annotation(**changes), annotation()])
    good, bad, last = read_all(path)
    assert good.frames == last.frames == 5
    assert isinstance(bad, BadFile)
    with pytest.raises(BadFile, match=message):
        raise bad


@pytest.mark.parametrize("content", [3, [], {}, {"annotations": {}}, "x"])
def test_a_stream_without_annotations(content: Any, tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="annotations: expected a list of clips"):
        read(stored(tmp_path, content))


def test_tensors_are_refused_with_what_to_save_in_their_place(tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(b"\x80\2ctorch._utils\n_rebuild_tensor_v2\n.")
    with pytest.raises(
        BadFile, match=r"save tensors of PyTorch as arrays.*torch\._utils\._rebuild_tensor_v2"
    ):
        read(tmp_path / "a.pkl")
