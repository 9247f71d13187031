"""Sentences from a plain text file, one line per class."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pgfa.errors import BadFile, LimitExceeded, PgfaError
from pgfa.text import catalogue, catalogue_from_labels
from pgfa.text.sentence_file import read_sentences

THREE = catalogue_from_labels(["wave", "clap", "kick"])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "lines.txt"


@pytest.mark.parametrize(
    "raw", [b"a\nb\nc", b"a\nb\nc\n", b"a\r\nb\r\nc\r\n\r\n", b"a\rb\rc", b"\xef\xbb\xbf a \nb\t\nc\n  \n"]
)
def test_lines_belong_to_classes_in_order(file: Path, raw: bytes) -> None:
    file.write_bytes(raw)
    assert read_sentences(file, THREE) == {"wave": "a", "clap": "b", "kick": "c"}
    assert read_sentences(str(file), THREE) == read_sentences(file, THREE)


def test_only_line_endings_separate_lines(file: Path) -> None:
    file.write_text("a\u2028still a\nb\x85still b\nc", encoding="utf-8")
    assert read_sentences(file, THREE)["wave"] == "a\u2028still a"


@pytest.mark.parametrize(
    ("raw", "where", "found"),
    [
        (b"a\nb\n", "", "2"),
        (b"a\nb\nc\nd\n", "", "4"),
        (b"a\n\nc\n", "line 2", "an empty line"),
        (b"\na\nb\nc\n", "line 1", "an empty line"),
        (b"", "line 1", "an empty line"),
        (b"a\nb\n\xff\xfe\n", "line 3", "the byte 0xff"),
        (b"a\nb\x00\nc\n", "line 2", r"the character '\x00'"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(file: Path, raw: bytes, where: str, found: str) -> None:
    file.write_bytes(raw)
    with pytest.raises(BadFile) as error:
        read_sentences(file, THREE)
    assert (error.value.where, error.value.found) == (where, found)


def test_a_missing_file_a_folder_and_a_long_line_are_refused(file: Path) -> None:
    for path in (file, file.parent, "a\0b"):
        with pytest.raises(BadFile):
            read_sentences(path, THREE)
    file.write_text("a\nb\n" + "c" * 8001)
    with pytest.raises(LimitExceeded, match="line 3: 8,001 characters"):
        read_sentences(file, THREE)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=60))
def test_any_bytes_give_three_sentences_or_a_pgfa_error(file: Path, raw: bytes) -> None:
    file.write_bytes(raw)
    with contextlib.suppress(PgfaError):
        assert all(read_sentences(file, THREE).values())


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "dataset"),
    [
        ("ntu60_des", "ntu60"),
        ("ntu120_des", "ntu120"),
        ("ntu_ska_gpt4", "ntu120"),
        ("ntu_parts_from_GAP", "ntu120"),
        ("pku_des", "pku-mmd"),
        ("pku_ska_gpt4", "pku-mmd"),
    ],
)
def test_the_papers_files_are_read(shared_data: Path, name: str, dataset: str) -> None:
    path = shared_data.parent / "texts" / "pgfa" / f"{name}.txt"
    sentences = read_sentences(path, catalogue(dataset))
    assert list(sentences) == list(catalogue(dataset).by_name)
    assert len(set(sentences.values())) == len(sentences)


@pytest.mark.real
def test_a_file_of_another_data_set_is_refused(shared_data: Path) -> None:
    with pytest.raises(BadFile, match="expected 60 lines, one per class of ntu60, found 51"):
        read_sentences(shared_data.parent / "texts" / "pgfa" / "pku_des.txt", catalogue("ntu60"))
