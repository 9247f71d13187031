"""Which clips train and which test: the official divisions, and the zero-shot and one-shot sets on top.

Method.md section 5. Classes and their splits belong to `pgfa.text`; the divisions here are by subject, camera and
setup. Column values are the manifest's strings: ``"7"`` and ``"007"`` are the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadConfig, BadFile
from pgfa.files import read_json
from pgfa.pack.pack import Pack
from pgfa.read import FORMATS
from pgfa.read.format import Rule

Mask = NDArray[np.bool_]

RULES: dict[str, dict[str, Rule]] = {
    name: dict(format.rules) for name, format in FORMATS.items() if format.rules
}
"""Official divisions: data set -> protocol -> rule. Those of PKU-MMD are files of the data: see `pack_masks`."""

DIVISIONS, ACCOUNT = "divisions.json", "account.json"
"""File of a pack: the divisions that came with the data, protocol -> [training recordings, test recordings]."""

EVERYTHING = "all"
"""The protocol without a division of the clips: every clip may train and test; the class split alone decides."""


def protocol_masks(
    columns: Mapping[str, Sequence[str | int]], dataset: str, protocol: str
) -> tuple[Mask, Mask]:
    """Which clips may train and which may test.

    Args:
        columns: the manifest's ``subject``, ``camera``, ``setup`` (as the protocol needs), one value per clip.
        dataset: ``"ntu60"``, ``"ntu120"``, ...
        protocol: a name of ``RULES[dataset]``, or ``"all"``.

    Returns:
        (clips,) bool each: train, test.

    Raises:
        BadConfig: unknown data set or protocol, no such column, or a clip without a number in it.
    """
    if protocol == EVERYTHING:
        clips = len(next(iter(columns.values()), ()))
        return np.ones(clips, bool), np.ones(clips, bool)
    rules = RULES.get(dataset, {})
    if protocol not in rules:
        protocols = ", ".join([*rules, EVERYTHING])
        hint = (
            ""
            if rules
            else "; for others, import the recordings together with the split files of the data set"
        )
        raise BadConfig(f"{dataset} has no protocol {protocol!r} in this pack; available: {protocols}{hint}")
    rule = rules[protocol]
    if rule.column not in columns:
        raise BadConfig(f"protocol {protocol} of {dataset} needs the column {rule.column!r}")
    train = np.isin(_numbers(columns[rule.column], rule.column, f"{dataset}/{protocol}"), sorted(rule.train))
    return train, ~train


def pack_masks(pack: Pack, dataset: str, protocol: str) -> tuple[Mask, Mask]:
    """Which clips of a data set in a pack may train and which may test, by its rule or by the lists in the pack.

    Returns:
        (clips,) bool each; False in both for clips of other data sets.

    Raises:
        BadConfig: as `protocol_masks` and `listed_masks`.
        BadFile: the pack's lists are damaged.
    """
    in_dataset = pack.column("dataset") == dataset
    clips = pack.select(in_dataset)
    if protocol != EVERYTHING and protocol in (lists := read_divisions(pack.folder)):
        masks = listed_masks(clips.column("setup").tolist(), *lists[protocol])
    else:
        columns = {name: clips.column(name).tolist() for name in ("subject", "camera", "setup")}
        masks = protocol_masks(columns, dataset, protocol)
    train, test = np.zeros(len(pack), bool), np.zeros(len(pack), bool)
    train[in_dataset], test[in_dataset] = masks
    return train, test


def read_divisions(folder: Path) -> dict[str, tuple[list[str], list[str]]]:
    """The divisions that were imported with the data; empty if there are none. Raises BadFile."""
    if not (folder / DIVISIONS).is_file():
        return {}
    table = read_json(folder / DIVISIONS)
    try:
        return {
            str(name): (list(map(str, train)), list(map(str, test))) for name, (train, test) in table.items()
        }
    except (AttributeError, TypeError, ValueError):
        expected = "protocols with two lists of recordings each"
        raise BadFile(folder / DIVISIONS, expected=expected, found=repr(table)[:80]) from None


def listed_masks(names: Sequence[str], train: Collection[str], test: Collection[str]) -> tuple[Mask, Mask]:
    """Which clips train and which test by two lists of recordings, as in PKU-MMD's cross-subject.txt.

    Args:
        names: the recording (stream) each clip was cut from.
        train, test: the recordings that train and those that test.

    Raises:
        BadConfig: a recording is in both lists, or that of a clip in neither.
    """
    train, test = frozenset(train), frozenset(test)
    if both := sorted(train & test):
        raise BadConfig(f"{len(both)} recordings are in both lists, the first {both[0]!r}")
    if neither := sorted(set(names) - train - test):
        raise BadConfig(f"{len(neither)} recordings are in neither list, the first {neither[0]!r}")
    trains = np.fromiter((name in train for name in names), bool, len(names))
    return trains, ~trains


def one_shot_masks(
    ids: Sequence[str],
    actions: Sequence[str],
    exemplars: Mapping[str, str],
) -> tuple[Mask, Mask]:
    """One-shot sets: clips of the other classes train; clips of novel classes test, except the exemplars.

    Args:
        ids: the clips.
        actions: their classes, by name.
        exemplars: novel class -> its one labelled clip.

    Raises:
        BadConfig: an exemplar is not among the clips, or of another class.
    """
    action_of = dict(zip(ids, actions, strict=True))
    for action, clip in exemplars.items():
        if action_of.get(clip) != action:
            problem = f"a clip of {action_of[clip]}" if clip in action_of else "not among the clips"
            raise BadConfig(f"the exemplar {clip} of {action} is {problem}")
    novel = np.isin(np.asarray(actions), list(exemplars))
    return ~novel, novel & ~np.isin(np.asarray(ids), list(exemplars.values()))


def has_exemplars(dataset: str) -> bool:
    """Whether a data set has official one-shot exemplars."""
    format = FORMATS.get(dataset)
    return format is not None and format.exemplars is not None


def one_shot_exemplars(dataset: str) -> dict[str, str]:
    """The exemplar clip of each novel class in the data set's one-shot protocol: class name -> clip name.

    Raises:
        BadConfig: for a data set without such a protocol (use `first_exemplars`).
    """
    format = FORMATS.get(dataset)
    if format is None or format.exemplars is None:
        raise BadConfig(f"{dataset} has no official one-shot exemplars")
    return format.exemplars()


def first_exemplars(ids: Sequence[str], actions: Sequence[str], novel: Collection[str]) -> dict[str, str]:
    """An exemplar per novel class for data sets without official ones: its first clip in the order of ids.

    Raises:
        BadConfig: a novel class has no clip.
    """
    first: dict[str, str] = {}
    for clip, action in sorted(zip(ids, actions, strict=True)):
        first.setdefault(action, clip)
    if missing := sorted(set(novel) - set(first)):
        raise BadConfig(f"no clip of the novel classes {', '.join(missing)}")
    return {action: first[action] for action in novel}


def _numbers(values: Sequence[str | int], column: str, protocol: str) -> NDArray[np.int64]:
    numbers = np.empty(len(values), np.int64)
    for clip, value in enumerate(values):
        try:
            numbers[clip] = int(value)
        except (ValueError, OverflowError):
            raise BadConfig(
                f"{protocol} needs a number as {column} of every clip; clip {clip} has {value!r}"
            ) from None
    return numbers
