"""Every clip NTU RGB+D has, and what of it was found."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from pathlib import PurePosixPath

from pgfa.read.datasets.ntu.names import ACTIONS, NtuName, NtuSet, dropped_names, in_dataset
from pgfa.read.format import Account

_LAST_SETUP_60 = 17


@lru_cache
def official_names(dataset: NtuSet) -> tuple[str, ...]:
    """All 56,880 (``ntu60``) or 114,480 (``ntu120``) clip names, those set aside included; sorted."""
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


def account(found: Iterable[str], dataset: NtuSet) -> Account:
    """Hold the names found against the official list, so that no clip goes astray unsaid.

    Args:
        found: names of the files there are, with or without ending.
        dataset: ``"ntu60"`` or ``"ntu120"``.
    """
    stems = {PurePosixPath(name).stem for name in found}
    ours = {stem for stem in stems if in_dataset(stem, dataset)}
    aside = dropped_names(dataset)
    return Account(
        wanted=tuple(sorted(ours - aside)),
        dropped=tuple(sorted(ours & aside)),
        missing=tuple(sorted(set(official_names(dataset)) - ours - aside)),
        foreign=tuple(sorted(stems - ours)),
    )
