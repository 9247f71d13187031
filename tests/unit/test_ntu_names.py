"""Names of NTU clips and the lists of clips to leave out."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from pgfa.errors import BadConfig
from pgfa.read.datasets.ntu.names import NtuName, dropped_names, in_dataset, parse_ntu_name


def test_a_name_gives_its_five_numbers_and_the_numbers_give_the_name() -> None:
    name = parse_ntu_name("S001C002P003R002A050")
    assert name == (1, 2, 3, 2, 50)
    assert (name.setup, name.camera, name.subject, name.replication, name.action) == (1, 2, 3, 2, 50)
    assert str(NtuName(1, 2, 3, 2, 50)) == "S001C002P003R002A050"
    assert parse_ntu_name("S032C003P106R002A120.skeleton") == (32, 3, 106, 2, 120)


@pytest.mark.parametrize(
    "name",
    ["", "a1_s1_t1", "S001C002P003R002A000", "S001C004P003R002A050", "S001C002P003R002A121",
     "xS001C002P003R002A050", "S001C002P003R002A050b", "s001c002p003r002a050", "S001C002P003R002A05\u0660",
     "S1C2P3R2A50"],
)  # fmt: skip
def test_any_other_name_is_none(name: str) -> None:
    assert parse_ntu_name(name) is None


def test_drop_lists_have_the_authors_numbers_and_one_is_part_of_the_other() -> None:
    assert len(dropped_names("ntu60")) == 302
    assert len(dropped_names("ntu120")) == 535
    assert dropped_names("ntu60") < dropped_names("ntu120")
    assert all(in_dataset(name, "ntu60") for name in dropped_names("ntu60"))
    with pytest.raises(BadConfig, match="ntu60 or ntu120"):
        dropped_names("pku-mmd")


@pytest.mark.real
@pytest.mark.parametrize(
    ("dataset", "file"),
    [
        ("ntu60", "NTU_RGBD_samples_with_missing_skeletons.txt"),
        ("ntu120", "NTU_RGBD120_samples_with_missing_skeletons.txt"),
    ],
)
def test_drop_lists_are_the_published_ones(shared_data: Path, dataset: str, file: str) -> None:
    lines = (shared_data / "ntu" / file).read_text(encoding="utf-8").split()
    assert dropped_names(dataset) == {line for line in lines if parse_ntu_name(line)}


@pytest.mark.real
def test_available_and_dropped_names_are_the_whole_data_set(shared_data: Path) -> None:
    with gzip.open(shared_data / "ntu" / "ntu120_available_names.txt.gz", "rt", encoding="ascii") as file:
        available = set(file.read().split())
    assert not available & dropped_names("ntu120")
    assert len(available | dropped_names("ntu120")) == 114_480
    assert sum(in_dataset(name, "ntu60") for name in available | dropped_names("ntu60")) == 56_880
