"""Names of NTU RGB+D clips: their parts, and which clips the data set's authors exclude."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from typing import Literal, NamedTuple, get_args

from pgfa.errors import BadConfig

NtuSet = Literal["ntu60", "ntu120"]

ACTIONS: dict[NtuSet, int] = {"ntu60": 60, "ntu120": 120}
"""Number of classes; the first 60 of NTU RGB+D 120 are NTU RGB+D 60."""

_NAME = re.compile(r"S(\d{3})C(\d{3})P(\d{3})R(\d{3})A(\d{3})", re.ASCII)


class NtuName(NamedTuple):
    """The five numbers of a clip's name, each from 1; the class index is `action` - 1."""

    setup: int
    camera: int
    subject: int
    replication: int
    action: int

    def __str__(self) -> str:
        setup, camera, subject, replication, action = self
        return f"S{setup:03d}C{camera:03d}P{subject:03d}R{replication:03d}A{action:03d}"


def parse_ntu_name(name: str) -> NtuName | None:
    """``"S001C002P003R002A050"`` -> (setup, camera, subject, replication, action), method.md section 5.

    Args:
        name: a clip's or file's name; a known ending (``.skeleton``, ``.npy``, ...) may follow.

    Returns:
        The numbers; None for any other name (another form, a number 0, camera above 3, action above 120).
    """
    match = _NAME.fullmatch(name.partition(".")[0])
    if not match:
        return None
    numbers = NtuName(*map(int, match.groups()))
    possible = min(numbers) >= 1 and numbers.camera <= 3 and numbers.action <= ACTIONS["ntu120"]
    return numbers if possible else None


@lru_cache
def dropped_names(dataset: str) -> frozenset[str]:
    """Clips that the data set's authors exclude: 302 of ``ntu60``, 535 of ``ntu120``.

    Raises:
        BadConfig: for another data set.
    """
    _check_dataset(dataset)
    text = files("pgfa.read.datasets").joinpath("lists/ntu-missing.txt").read_text(encoding="ascii")
    names = [line for line in text.splitlines() if line and not line.startswith("#")]
    return frozenset(name for name in names if in_dataset(name, dataset))


def in_dataset(name: str, dataset: str) -> bool:
    """Whether a clip of this name belongs to ``ntu60`` or ``ntu120`` (NTU-60 is the part with actions 1..60).

    Raises:
        BadConfig: for another data set.
    """
    _check_dataset(dataset)
    numbers = parse_ntu_name(name)
    return numbers is not None and (dataset == "ntu120" or numbers.action <= ACTIONS["ntu60"])


def _check_dataset(dataset: str) -> None:
    if dataset not in get_args(NtuSet):
        raise BadConfig(f"data set must be ntu60 or ntu120, found {dataset!r}")
