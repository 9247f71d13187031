"""Official divisions: their tables and masks, and the published set sizes from the list of names."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from pgfa.errors import BadConfig
from pgfa.pack.protocol import (
    RULES,
    first_exemplars,
    listed_masks,
    one_shot_exemplars,
    one_shot_masks,
    protocol_masks,
)
from pgfa.read.datasets.ntu.names import dropped_names, in_dataset, parse_ntu_name
from pgfa.text import catalogue, find_split

SIZES = {  # method.md section 5, cross-subject, after the drop lists: train, test
    "ntu60/setting1-1": (36_745, 1_374),
    "ntu60/setting1-2": (36_750, 1_374),
    "ntu60/setting1-3": (36_759, 1_370),
    "ntu60/55-5": (36_758, 1_368),
    "ntu60/48-12": (32_070, 3_291),
    "ntu120/setting1-1": (57_768, 4_236),
    "ntu120/setting1-2": (57_484, 3_943),
    "ntu120/setting1-3": (57_475, 3_949),
    "ntu120/110-10": (57_767, 4_249),
    "ntu120/96-24": (50_141, 9_892),
}


@pytest.fixture(scope="module")
def available(shared_data: Path) -> list[str]:
    with gzip.open(shared_data / "ntu" / "ntu120_available_names.txt.gz", "rt", encoding="ascii") as file:
        return sorted(file.read().split())


def _columns(available: list[str], dataset: str) -> tuple[list[str], dict[str, list[str]]]:
    ids = [name for name in available if in_dataset(name, dataset) and name not in dropped_names(dataset)]
    numbers = [name for name in map(parse_ntu_name, ids) if name]
    classes = catalogue(dataset).actions
    return ids, {
        "subject": [str(n.subject) for n in numbers],
        "camera": [str(n.camera) for n in numbers],
        "setup": [str(n.setup) for n in numbers],
        "action": [classes[n.action - 1].name for n in numbers],
    }


@pytest.mark.real
@pytest.mark.parametrize("dataset", ["ntu60", "ntu120"])
def test_published_set_sizes_come_out_exactly(available: list[str], dataset: str) -> None:
    _, columns = _columns(available, dataset)
    masks = protocol_masks(columns, dataset, "cross-subject")
    names = list(catalogue(dataset).by_name)
    for key, (train_size, test_size) in SIZES.items():
        if key.startswith(f"{dataset}/"):
            unseen = find_split(key).unseen
            seen = [name for name in names if name not in unseen]
            train, test = (
                masks[0] & np.isin(columns["action"], seen),
                masks[1] & np.isin(columns["action"], unseen),
            )
            assert (int(train.sum()), int(test.sum())) == (train_size, test_size), key


@pytest.mark.real
def test_official_exemplars_are_available_and_stay_out_of_the_test(available: list[str]) -> None:
    ids, columns = _columns(available, "ntu120")
    exemplars = one_shot_exemplars("ntu120")
    train, test = one_shot_masks(ids, columns["action"], exemplars)
    novel = np.isin(columns["action"], list(find_split("ntu120/one-shot").unseen))
    assert int(test.sum()) == int(novel.sum()) - 20
    assert not (train & novel).any()
    assert int((~train & ~test).sum()) == 20


@pytest.mark.parametrize(("dataset", "count"), [("ntu60", 10), ("ntu120", 20)])
def test_exemplars_are_of_the_novel_classes(dataset: str, count: int) -> None:
    exemplars = one_shot_exemplars(dataset)
    assert tuple(exemplars) == find_split(f"{dataset}/one-shot").unseen
    assert len(exemplars) == count
    assert list(exemplars.values())[:2] == ["S001C003P008R001A001", "S001C003P008R001A007"]
    if dataset == "ntu120":
        assert list(exemplars.values())[10] == "S018C003P008R001A061"
        assert list(exemplars.values())[-1] == "S018C003P008R001A115"


def test_rules_of_the_two_ntu_sets() -> None:
    subjects60, subjects120 = RULES["ntu60"]["cross-subject"].train, RULES["ntu120"]["cross-subject"].train
    assert (len(subjects60), len(subjects120)) == (20, 53)
    assert subjects60 < subjects120 <= set(range(1, 107))
    columns = {
        "subject": ["001", "3", "103", "106"],
        "camera": ["1", "2", "3", "1"],
        "setup": ["1", "2", "31", "32"],
    }
    assert protocol_masks(columns, "ntu120", "cross-subject")[0].tolist() == [True, False, True, False]
    assert protocol_masks(columns, "ntu60", "cross-view")[0].tolist() == [False, True, True, False]
    assert protocol_masks(columns, "ntu120", "cross-setup")[0].tolist() == [False, True, False, True]
    train, test = protocol_masks(columns, "ntu120", "cross-setup")
    assert (train ^ test).all()
    assert all(mask.all() for mask in protocol_masks(columns, "anything", "all"))


@pytest.mark.parametrize(
    ("columns", "dataset", "protocol", "message"),
    [
        ({"subject": ["1"]}, "ntu60", "cross-setup", "available: cross-subject, cross-view, all"),
        ({"subject": ["1"]}, "pku-mmd", "cross-subject", "available: all; for others, import"),
        ({"subject": ["1"]}, "ntu60", "cross-view", "needs the column 'camera'"),
        ({"subject": ["1", ""]}, "ntu60", "cross-subject", "clip 1 has ''"),
        ({"subject": ["1", "\u00b2"]}, "ntu60", "cross-subject", "clip 1"),
        ({"subject": ["9" * 30]}, "ntu60", "cross-subject", "clip 0"),
    ],
)
def test_a_division_that_is_impossible_is_refused(
    columns: dict[str, list[str]], dataset: str, protocol: str, message: str
) -> None:
    with pytest.raises(BadConfig, match=message):
        protocol_masks(columns, dataset, protocol)


def test_lists_of_recordings_divide_their_clips() -> None:
    names = ["0002-L", "0002-R", "0003-M", "0002-L"]
    train, test = listed_masks(names, ["0002-L", "0002-R"], ["0003-M"])
    assert train.tolist() == [True, True, False, True]
    assert test.tolist() == [False, False, True, False]
    with pytest.raises(BadConfig, match="neither list, the first '0003-M'"):
        listed_masks(names, ["0002-L", "0002-R"], [])
    with pytest.raises(BadConfig, match="in both lists"):
        listed_masks(names, ["0002-L"], ["0002-L"])


def test_first_exemplars_do_not_depend_on_the_order_of_clips() -> None:
    ids, actions = ["b", "a", "d", "c"], ["wave", "wave", "clap", "clap"]
    expected = {"clap": "c", "wave": "a"}
    assert first_exemplars(ids, actions, ["clap", "wave"]) == expected
    assert first_exemplars(ids[::-1], actions[::-1], ["clap", "wave"]) == expected
    with pytest.raises(BadConfig, match="no clip of the novel classes kick"):
        first_exemplars(ids, actions, ["kick"])
    with pytest.raises(BadConfig, match="a clip of clap"):
        one_shot_masks(ids, actions, {"wave": "c"})
