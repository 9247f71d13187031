"""The official lists of NTU RGB+D: all clips, the excluded ones, protocols and one-shot exemplars."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from pathlib import PurePosixPath

from pgfa.read.datasets.class_names import class_names
from pgfa.read.datasets.ntu.names import ACTIONS, NtuName, NtuSet, dropped_names, in_dataset
from pgfa.read.format import Account, Rule

_LAST_SETUP_60 = 17  # setups 1 to 17 recorded actions 1 to 60, setups 18 to 32 actions 61 to 120

_SUBJECTS_60 = frozenset([1, 2, 4, 5, 8, 9, 13, 14, 15, 16, 17, 18, 19, 25, 27, 28, 31, 34, 35, 38])
_SUBJECTS_120 = _SUBJECTS_60 | {
    45, 46, 47, 49, 50, 52, 53, 54, 55, 56, 57, 58, 59, 70, 74, 78, 80,
    81, 82, 83, 84, 85, 86, 89, 91, 92, 93, 94, 95, 97, 98, 100, 103,
}  # fmt: skip

RULES: dict[NtuSet, dict[str, Rule]] = {
    "ntu60": {
        "cross-subject": Rule("subject", _SUBJECTS_60),
        "cross-view": Rule("camera", frozenset({2, 3})),
    },
    "ntu120": {
        "cross-subject": Rule("subject", _SUBJECTS_120),
        "cross-setup": Rule("setup", frozenset(range(2, 33, 2))),
    },
}
"""The official protocols (method.md section 5)."""


@lru_cache
def official_names(dataset: NtuSet) -> tuple[str, ...]:
    """All 56,880 (``ntu60``) or 114,480 (``ntu120``) clip names, excluded ones included; sorted."""
    text = files("pgfa.read.datasets").joinpath("lists/ntu-subjects.txt").read_text(encoding="ascii")
    names = []
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        setup, subjects = line.split(":")
        early = int(setup) <= _LAST_SETUP_60
        if not early and dataset == "ntu60":
            continue
        actions = range(1, 61) if early else range(61, ACTIONS["ntu120"] + 1)
        names += [
            str(NtuName(int(setup), camera, int(subject), replication, action))
            for camera in (1, 2, 3)
            for subject in subjects.split()
            for replication in (1, 2)
            for action in actions
        ]
    return tuple(sorted(names))


def account(names: Iterable[str], dataset: NtuSet) -> Account:
    """Compare file names with the official list, so that no clip is lost silently.

    Args:
        names: names of the files present, with or without ending.
        dataset: ``"ntu60"`` or ``"ntu120"``.
    """
    stems = {PurePosixPath(name).stem for name in names}
    present = {stem for stem in stems if in_dataset(stem, dataset)}
    excluded = dropped_names(dataset)
    return Account(
        included=tuple(sorted(included_names(stems, dataset))),
        dropped=tuple(sorted(present & excluded)),
        missing=tuple(
            name for name in official_names(dataset) if name not in present and name not in excluded
        ),
        foreign=tuple(sorted(stems - present)),
    )


def included_names(names: Iterable[str], dataset: NtuSet) -> set[str]:
    """Those of the names, without ending, that are clips of a data set and not excluded; as `Account.included`."""
    stems = {PurePosixPath(name).stem for name in names}
    return {stem for stem in stems if in_dataset(stem, dataset)} - dropped_names(dataset)


def one_shot_exemplars(dataset: NtuSet) -> dict[str, str]:
    """The exemplar clip of each novel class: class name -> clip name.

    The official ones of NTU RGB+D 120: actions A001, A007, ... A115 by subject 8, camera 3, first replication, setup
    1 or 18. NTU RGB+D 60 has no official list: the ten of them that belong to it are taken.
    """
    names = class_names("ntu")
    return {
        names[action - 1]: str(
            NtuName(1 if action <= 60 else 18, camera=3, subject=8, replication=1, action=action)
        )
        for action in range(1, ACTIONS[dataset] + 1, 6)
    }
