"""What a benchmark compares: a TOML file, checked completely before hours of work begin (docs/benchmark.md).

Format of specs and results. Their version is `pgfa.config.FORMAT`, written as ``format`` into the spec that is saved
with the results. A file without it is of format 1 or written by hand: names of format 1 are mapped to today's, here
and nowhere else (`BenchmarkSettings.upgraded`, `protocol_column`). The rule for later changes:

- a setting that is renamed gets a line in `pgfa.config.formats.RENAMED` under its stage (that of a spec is
  ``benchmark``);
- a value that is renamed gets a line in a table here, and digests keep the old one (`BenchmarkSettings.canonical`),
  so that a finished benchmark is not computed again;
- names of columns and keys in the other files do not change.

Format 1: ``compare`` instead of ``baselines``, the protocols of `_OLD_PROTOCOLS`, settings of a run as in a run.toml.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import polars as pl
from pydantic import Field

from pgfa.config import BaselineSettings, RunSettings, Settings
from pgfa.errors import BadConfig, did_you_mean
from pgfa.research.baselines import METHODS
from pgfa.research.selection import GRIDS
from pgfa.text.catalogue import catalogue, find_split

VALIDATED, TEST_SELECTED = "validated", "test-selected"

_OLD_PROTOCOLS: Final = {
    "honest": "validated",
    "paper": "test-selected",
}
"""Protocols of format 1 -> today's."""


class SplitGroup(Settings):
    """Splits that are run in the same way."""

    names: Annotated[tuple[str, ...], Field(min_length=1)]
    """Splits such as `utd-mhad/22-5`; `*`, `?` and `[0-4]` match as in a shell: `utd-mhad/random-5-*`."""
    training: tuple[str, ...] = ()
    """Training sets by name; default: all of the benchmark's."""
    seeds: Annotated[int, Field(ge=1, le=100)] = 1
    """Runs on all seen classes, seeds counted from 0."""
    folds: Annotated[int, Field(ge=1, le=20)] = 3
    """Sets of pseudo-unseen classes, held out of the seen ones; one run each, shared by all choices and seeds."""


class Synthetic(Settings):
    """Size of the pack `synthetic`, created if missing."""

    performers: Annotated[int, Field(ge=1)] = 12
    """People."""
    repeats: Annotated[int, Field(ge=1)] = 4
    """How often each person performs each action."""


class BenchmarkSettings(Settings):
    """Everything that decides the figures of a benchmark."""

    title: str = "Benchmark"
    """Title of tables and report."""
    training: Annotated[dict[str, tuple[str, ...]], Field(min_length=1)]
    """Name of a training set -> its packs, by the names of their folders."""
    splits: Annotated[tuple[SplitGroup, ...], Field(min_length=1)]
    """What is tested."""
    methods: Annotated[tuple[str, ...], Field(min_length=1)] = tuple(METHODS)
    """Of `pgfa.research.baselines.METHODS`."""
    alignments: Annotated[tuple[str, ...], Field(min_length=1)] = tuple(GRIDS)
    """What is done at test time: alignments of `pgfa.adapt` and baselines of `pgfa.research.baselines.TEST_TIME`."""
    protocols: Annotated[tuple[Literal["validated", "test-selected"], ...], Field(min_length=1)] = (
        "validated",
        "test-selected",
    )
    """`validated`: every choice is made on pseudo-unseen classes; `test-selected`: by the labels of the test clips,
    as is common in the field."""
    epochs: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)] = (20,)
    """Numbers of epochs to choose from; every encoder is trained once for each."""
    seen_share: Annotated[float, Field(ge=0, lt=0.9)] = 0.12
    """Least share of the seen classes' clips that is set aside, person by person, to be tested together with the
    unseen ones; 0: no generalised zero-shot test."""
    reference: tuple[str, str] = ("pgfa", "paper")
    """Method and alignment that all others are compared with."""
    run: RunSettings = RunSettings()
    """Preparation, sentences, model and training, as in a run.toml; packs, split, epochs and seed come from above."""
    baselines: BaselineSettings = BaselineSettings()
    """Options of the baselines."""
    synthetic: Synthetic = Synthetic()
    """Size of the pack `synthetic`."""

    def groups(self) -> list[tuple[SplitGroup, tuple[str, ...]]]:
        """Each group with the splits its names match. Raises BadConfig for a name that matches none."""
        return [
            (group, tuple(dict.fromkeys(s for name in group.names for s in _matching_splits(name))))
            for group in self.splits
        ]

    def check(self) -> None:
        """Raises BadConfig for a method, alignment, training set or split that does not exist."""
        _check_names("method", self.methods, METHODS)
        _check_names("alignment", self.alignments, GRIDS)
        for group, _ in self.groups():
            _check_names("training set", group.training, self.training)
        if self.reference[0] not in self.methods or self.reference[1] not in self.alignments:
            raise BadConfig(f"the reference {'/'.join(self.reference)} is not among methods and alignments")

    @classmethod
    def _path(cls) -> tuple[str, ...]:
        return ()

    @classmethod
    def upgraded(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values of a spec of any format under today's names. Raises BadConfig if a newer version of pgfa wrote it."""
        upgraded = super().upgraded(values)
        if "format" in values and values["format"] != 1:
            return upgraded
        for name, stage in (("run", RunSettings), ("baselines", BaselineSettings)):
            if isinstance(upgraded.get(name), dict):
                upgraded[name] = stage.upgraded(upgraded[name])
        if isinstance(protocols := upgraded.get("protocols"), list):
            upgraded["protocols"] = [_OLD_PROTOCOLS.get(p, p) if isinstance(p, str) else p for p in protocols]
        return upgraded

    def canonical(
        self,
        *,
        include: Collection[str] | None = None,
        exclude: Collection[str] = (),
        omit_since: int = 1,
    ) -> dict[str, Any]:
        """As `Settings.canonical`; protocols under the names of format 1 too."""
        values = super().canonical(include=include, exclude=exclude, omit_since=omit_since)
        if "protocols" in values:
            old = {name: before for before, name in _OLD_PROTOCOLS.items()}
            values["protocols"] = [old[protocol] for protocol in values["protocols"]]
        return values


def load_benchmark(path: Path) -> BenchmarkSettings:
    """Read and check a spec. Raises BadConfig that names the file and the setting."""
    spec = BenchmarkSettings.load(path)
    try:
        spec.check()
    except BadConfig as error:
        raise BadConfig(f"{path}: {error}") from None
    return spec


def protocol_column(results: pl.DataFrame) -> pl.DataFrame:
    """Results of any format with today's names of the protocols."""
    return results.with_columns(pl.col("protocol").replace(_OLD_PROTOCOLS))


def _matching_splits(name: str) -> list[str]:
    if not set("*?[") & set(name):
        return [find_split(name).key]
    dataset = name.partition("/")[0]
    splits = [split.key for split in catalogue(dataset).splits.values() if fnmatchcase(split.key, name)]
    if not splits:
        raise BadConfig(f"no split matches {name!r}")
    return splits


def _check_names(kind: str, names: Iterable[str], table: Mapping[str, Any]) -> None:
    if unknown := [name for name in names if name not in table]:
        hint = did_you_mean(unknown[0], table)
        raise BadConfig(f"unknown {kind} {unknown[0]!r};{hint} available: {', '.join(table)}")
