"""Which clips train and which test: the official divisions, and the zero-shot and one-shot sets on top.

Method.md section 5. Classes and their splits are the text room's matter; here is only who was recorded, from
where, in which setup. Column values are the manifest's strings: ``"7"`` and ``"007"`` are the same.
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
"""Official divisions by data set and protocol. PKU-MMD's come as files with the data: see `pack_masks`."""

DIVISIONS = "divisions.json"
"""File in a pack: the divisions that came with the data, protocol -> [training recordings, test recordings]."""

EVERYTHING = "all"
"""The protocol of a data set used whole: every clip may train and test; classes alone divide them."""


def train_mask(columns: Mapping[str, Sequence[str | int]], dataset: str, protocol: str) -> Mask:
    """Which clips the protocol lets train.

    Args:
        columns: the manifest's ``subject``, ``camera``, ``setup`` (as the protocol needs), a value a clip.
        dataset: ``"ntu60"``, ``"ntu120"``, ...
        protocol: a name of ``RULES[dataset]``, or ``"all"``.

    Returns:
        (clips,) bool.

    Raises:
        BadConfig: unknown data set or protocol, no such column, or a clip without a number there.
    """
    return protocol_masks(columns, dataset, protocol)[0]


def protocol_masks(
    columns: Mapping[str, Sequence[str | int]], dataset: str, protocol: str
) -> tuple[Mask, Mask]:
    """Which clips may train and which may test: (clips,) bool each. Arguments and errors as `train_mask`."""
    if protocol == EVERYTHING:
        clips = len(next(iter(columns.values()), ()))
        return np.ones(clips, bool), np.ones(clips, bool)
    rules = RULES.get(dataset, {})
    if protocol not in rules:
        known = ", ".join([*rules, EVERYTHING])
        told = "" if rules else "; split files must lie beside the recordings when these are imported"
        raise BadConfig(f"{dataset} has no protocol {protocol!r} here; known: {known}{told}")
    rule = rules[protocol]
    if rule.column not in columns:
        raise BadConfig(f"protocol {protocol} of {dataset} needs the column {rule.column!r}")
    train = np.isin(_numbers(columns[rule.column], rule.column, f"{dataset}/{protocol}"), sorted(rule.train))
    return train, ~train


def pack_masks(pack: Pack, dataset: str, protocol: str) -> tuple[Mask, Mask]:
    """Which clips of a data set in a pack may train and which may test, by rule or by the lists in the pack.

    Returns:
        (clips,) bool each; False in both for clips of other data sets.

    Raises:
        BadConfig: as `protocol_masks` and `listed_masks`.
        BadFile: the pack's lists are damaged.
    """
    own = pack.column("dataset") == dataset
    clips = pack.select(own)
    if protocol != EVERYTHING and protocol in (lists := read_divisions(pack.folder)):
        masks = listed_masks(clips.column("setup").tolist(), *lists[protocol])
    else:
        columns = {name: clips.column(name).tolist() for name in ("subject", "camera", "setup")}
        masks = protocol_masks(columns, dataset, protocol)
    train, test = np.zeros(len(pack), bool), np.zeros(len(pack), bool)
    train[own], test[own] = masks
    return train, test


def read_divisions(folder: Path) -> dict[str, tuple[list[str], list[str]]]:
    """The divisions a pack brought along with its data; none where there is no such file. Raises BadFile."""
    if not (folder / DIVISIONS).is_file():
        return {}
    found = read_json(folder / DIVISIONS)
    try:
        lists = {
            str(name): (list(map(str, train)), list(map(str, test))) for name, (train, test) in found.items()
        }
    except (AttributeError, TypeError, ValueError):
        expected = "protocols with two lists of recordings each"
        raise BadFile(folder / DIVISIONS, expected=expected, found=repr(found)[:80]) from None
    return lists


def listed_masks(names: Sequence[str], train: Collection[str], test: Collection[str]) -> tuple[Mask, Mask]:
    """The same from two lists of recordings, as PKU-MMD's cross-subject.txt and cross-view.txt give them.

    Args:
        names: the recording (stream) each clip was cut from.
        train, test: the recordings that train and those that test.

    Raises:
        BadConfig: a recording stands in both lists, or a clip's in neither.
    """
    train, test = frozenset(train), frozenset(test)
    if both := sorted(train & test):
        raise BadConfig(f"{len(both)} recordings both train and test, the first {both[0]!r}")
    if neither := sorted(set(names) - train - test):
        raise BadConfig(f"{len(neither)} recordings stand in neither list, the first {neither[0]!r}")
    is_train = np.fromiter((name in train for name in names), bool, len(names))
    return is_train, ~is_train


def zero_shot_masks(
    actions: Sequence[str],
    masks: tuple[Mask, Mask],
    seen: Collection[str],
    unseen: Collection[str],
) -> tuple[Mask, Mask]:
    """Zero-shot sets of method.md section 5: who may train of seen classes, who may test of unseen ones.

    Args:
        actions: the class of each clip, by name.
        masks: (train, test) of the protocol, (clips,) bool each.

    Raises:
        BadConfig: a class is both seen and unseen.
    """
    if both := set(seen) & set(unseen):
        raise BadConfig(f"classes both seen and unseen: {sorted(both)}")
    of = np.asarray(actions)
    return masks[0] & np.isin(of, list(seen)), masks[1] & np.isin(of, list(unseen))


def one_shot_masks(
    ids: Sequence[str],
    actions: Sequence[str],
    exemplars: Mapping[str, str],
) -> tuple[Mask, Mask]:
    """One-shot sets: all clips of the other classes train; those of novel ones test, but for the exemplars.

    Args:
        ids: the clips.
        actions: their classes, by name.
        exemplars: novel class -> its one known clip.

    Raises:
        BadConfig: an exemplar is not among the clips, or of another class.
    """
    of = dict(zip(ids, actions, strict=True))
    for action, clip in exemplars.items():
        if of.get(clip) != action:
            found = f"a clip of {of[clip]}" if clip in of else "not among the clips"
            raise BadConfig(f"the exemplar {clip} of {action} is {found}")
    novel = np.isin(np.asarray(actions), list(exemplars))
    return ~novel, novel & ~np.isin(np.asarray(ids), list(exemplars.values()))


def one_shot_exemplars(dataset: str) -> dict[str, str]:
    """The exemplar clip of each novel class in the data set's one-shot protocol: class name -> clip name.

    Raises:
        BadConfig: for a data set without such a protocol (take `first_exemplars` there).
    """
    format = FORMATS.get(dataset)
    if format is None or format.exemplars is None:
        raise BadConfig(f"{dataset} has no official one-shot exemplars")
    return format.exemplars()


def first_exemplars(ids: Sequence[str], actions: Sequence[str], novel: Collection[str]) -> dict[str, str]:
    """An exemplar of each novel class where none is official: its first clip in the order of ids.

    Raises:
        BadConfig: a novel class has no clip.
    """
    first: dict[str, str] = {}
    for clip, action in sorted(zip(ids, actions, strict=True)):
        first.setdefault(action, clip)
    if absent := sorted(set(novel) - set(first)):
        raise BadConfig(f"no clip of the novel classes {', '.join(absent)}")
    return {action: first[action] for action in novel}


def _numbers(values: Sequence[str | int], column: str, what: str) -> NDArray[np.int64]:
    numbers = np.empty(len(values), np.int64)
    for clip, value in enumerate(values):
        try:
            numbers[clip] = int(value)
        except (ValueError, OverflowError):
            raise BadConfig(
                f"{what} needs a number as {column} of every clip; clip {clip} has {value!r}"
            ) from None
    return numbers
