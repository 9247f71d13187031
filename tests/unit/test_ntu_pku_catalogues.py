"""The sentences of NTU RGB+D and PKU-MMD: complete, in the common style, well apart, in the official order."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from pgfa.config import TextSettings
from pgfa.errors import BadFile
from pgfa.read.datasets.class_names import class_names
from pgfa.text import catalogue, encode, find_split, sentences_of
from pgfa.text.catalogue import Catalogue, parse_catalogue

SETS = {"ntu60": 60, "ntu120": 120, "pku-mmd": 51}
TWO_PEOPLE = set(range(49, 60)) | set(range(105, 120))
CLOSEST = 0.78
"""Highest allowed cosine of two sentences (MiniLM); docs/sentences.md."""


@pytest.mark.parametrize("name", SETS)
def test_sentences_follow_the_style(name: str) -> None:
    classes = catalogue(name)
    assert len(classes) == SETS[name]
    for action in classes.actions:
        assert 10 <= len(action.plain.split()) <= 22, action.plain
        assert re.fullmatch(r"(A person|Two people)\b.*\.", action.plain), action.plain
        assert action.skeleton.endswith("."), action.skeleton
        assert re.search(r"wrist|ankle|knee|hip|spine|neck|head|elbow", action.skeleton, re.I), (
            action.skeleton
        )
        assert not re.search(r"\b(left|right) (arm|hand|leg|foot)\b", action.plain), action.plain
    for variant in ("label", "plain", "skeleton", "parts"):
        texts = sentences_of(classes.actions, variant)
        assert len(set(texts)) == len(texts), variant


def test_sentences_of_two_person_classes_begin_with_two_people() -> None:
    for action in catalogue("ntu120").actions:
        assert action.plain.startswith("Two people") == (action.id in TWO_PEOPLE), action.plain


def test_ntu60_is_half_of_ntu120_and_readers_name_the_same_classes() -> None:
    first = [action.model_copy(update={"dataset": "ntu60"}) for action in catalogue("ntu120").actions[:60]]
    assert list(catalogue("ntu60").actions) == first
    assert tuple(catalogue("ntu120").by_name) == class_names("ntu")
    assert tuple(catalogue("pku-mmd").by_name) == class_names("pku")


def test_actions_that_pku_shares_with_ntu_have_the_same_sentences() -> None:
    shared = set(catalogue("pku-mmd").by_name) & set(catalogue("ntu60").by_name)
    assert set(catalogue("pku-mmd").by_name) - shared == {"bow", "put-into-pocket", "take-out-of-pocket"}
    for name in shared:
        ours, theirs = catalogue("pku-mmd")[name], catalogue("ntu60")[name]
        assert (ours.plain, ours.skeleton, ours.parts) == (theirs.plain, theirs.skeleton, theirs.parts)


def test_no_two_sentences_are_too_similar(tmp_path: Path) -> None:
    actions = [*catalogue("ntu120").actions, *catalogue("pku-mmd").actions]
    vectors = encode(sentences_of(actions), TextSettings(encoder="minilm"), tmp_path)
    for dataset in (vectors[:120], vectors[120:]):
        cosine = dataset @ dataset.T - 2 * np.eye(len(dataset))
        assert cosine.max() < CLOSEST


SPLITS = {  # how many classes are unseen, the first and the last (method.md section 5)
    "ntu60/setting1-1": (5, "drop", "push-person"),
    "ntu60/setting1-2": (5, "tear-up-paper", "walk-apart"),
    "ntu60/setting1-3": (5, "sit-down", "walk-towards-each-other"),
    "ntu60/55-5": (5, "read", "touch-pocket-of-person"),
    "ntu60/48-12": (12, "brush-hair", "walk-apart"),
    "ntu60/one-shot": (10, "drink-water", "hug-person"),
    "ntu120/setting1-1": (10, "brush-hair", "step-on-foot"),
    "ntu120/setting1-2": (10, "pick-up", "rock-paper-scissors"),
    "ntu120/setting1-3": (10, "throw", "support-person"),
    "ntu120/110-10": (10, "drop", "wield-knife-at-person"),
    "ntu120/96-24": (24, "pick-up", "rock-paper-scissors"),
    "ntu120/one-shot": (20, "drink-water", "take-photo-of-person"),
    "pku-mmd/setting1-1": (5, "brush-hair", "write"),
    "pku-mmd/setting1-2": (5, "check-time", "wipe-face"),
    "pku-mmd/setting1-3": (5, "brush-teeth", "headache"),
    "pku-mmd/one-shot": (10, "fall-down", "punch-person"),
}


@pytest.mark.parametrize("key", SPLITS)
def test_splits_are_the_published_ones(key: str) -> None:
    split = find_split(key)
    assert (len(split.unseen), split.unseen[0], split.unseen[-1]) == SPLITS[key]
    assert split.kind == ("one-shot" if key.endswith("one-shot") else "zero-shot")
    assert split.source


def test_every_split_is_in_the_list() -> None:
    assert {split.key for name in SETS for split in catalogue(name).splits.values()} == set(SPLITS)


@pytest.mark.real
@pytest.mark.parametrize(("name", "file"), [("ntu120", "ntu_labelmap.txt"), ("pku-mmd", "pku_labelmap.txt")])
def test_classes_are_in_the_official_order(shared_data: Path, name: str, file: str) -> None:
    official = (shared_data.parent / "texts" / "pgfa" / file).read_text(encoding="utf-8").splitlines()
    for action, label in zip(catalogue(name).actions, official, strict=True):
        ours, theirs = _stems(f"{action.name} {action.label}"), _stems(label)
        assert ours & theirs, f"{action.id}: {action.name} against {label}"


def _stems(text: str) -> set[str]:
    common = {"other", "person", "with", "on", "off", "a", "to", "of", "up", "something"}
    return {word[:3] for word in re.findall(r"[a-z]+", text.lower()) if word not in common}


LIKE = """
[[action]]
id = 0
like = "drink-water"
"""


def _parse(text: str) -> Catalogue:
    return parse_catalogue(f'dataset = "mine"\ntitle = "Mine"\n{text}'.encode(), "mine.toml")


def test_a_catalogue_copies_an_action_of_another_and_may_change_it() -> None:
    sip = _parse(f'extends = "ntu120"\n{LIKE}name = "sip"\n')["sip"]
    drink = catalogue("ntu120")["drink-water"]
    assert (sip.dataset, sip.plain, sip.means) == ("mine", drink.plain, drink.means)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('extends = "ntu121"', "extends"),
        ("extends = 3", "extends"),
        ('extends = ["ntu120"]', "extends"),
        ('extends = "ntu120"\nclasses = 121', "classes"),
        ('extends = "ntu120"\nclasses = 0', "classes"),
        ('extends = "ntu120"\nclasses = true', "classes"),
        (f'extends = "ntu120"\nclasses = 2\n{LIKE}', "classes"),
        ('extends = "ntu120"\n[[action]]\nid = 0\nlike = "no-such"', "action[0].like"),
        ('extends = "ntu120"\n[[action]]\nid = 0\nlike = 7', "action[0].like"),
        ('extends = "ntu120"\naction = 3', "action"),
        ('extends = "ntu120"', "action"),
        (LIKE, "action[0]"),
        ("classes = 60", ""),
    ],
)
def test_a_wrong_extension_is_refused(text: str, where: str) -> None:
    with pytest.raises(BadFile) as error:
        _parse(text)
    assert error.value.where.startswith(where)
