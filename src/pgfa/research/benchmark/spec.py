"""What a benchmark is made of: a TOML file, checked whole before hours of work begin (docs/benchmark.md)."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from pgfa.config import BaselineSettings, RunSettings, Settings
from pgfa.errors import BadConfig
from pgfa.research.baselines import METHODS
from pgfa.research.selection import GRIDS
from pgfa.text.catalogue import catalogue, find_split

HONEST, PAPER = "honest", "paper"


class SplitGroup(Settings):
    """Splits that are run alike."""

    names: Annotated[tuple[str, ...], Field(min_length=1)]
    """Splits, as `utd-mhad/22-5`; `*`, `?` and `[0-4]` stand for what they do in a shell: `utd-mhad/random-5-*`."""
    training: tuple[str, ...] = ()
    """Which training sets; all of the benchmark's if none is named."""
    seeds: Annotated[int, Field(ge=1, le=100)] = 1
    """Runs on all seen classes, seeds counted from 0."""
    folds: Annotated[int, Field(ge=1, le=20)] = 3
    """Sets of pseudo-unseen classes, held out of the seen ones; one run each, shared by all choices and seeds."""


class Synthetic(Settings):
    """How large a pack named `synthetic` is made, where none is there."""

    performers: Annotated[int, Field(ge=1)] = 12
    """People."""
    repeats: Annotated[int, Field(ge=1)] = 4
    """How often each does each action."""


class BenchmarkSettings(Settings):
    """Everything that decides the numbers of a benchmark."""

    title: str = "Benchmark"
    """Head of tables and report."""
    training: Annotated[dict[str, tuple[str, ...]], Field(min_length=1)]
    """Name of a training set -> the packs it is made of, by the names of their folders."""
    splits: Annotated[tuple[SplitGroup, ...], Field(min_length=1)]
    """What is tested."""
    methods: Annotated[tuple[str, ...], Field(min_length=1)] = tuple(METHODS)
    """Of `pgfa.research.baselines.METHODS`."""
    alignments: Annotated[tuple[str, ...], Field(min_length=1)] = tuple(GRIDS)
    """What is done at test time: alignments of `pgfa.adapt` and baselines of `pgfa.research.baselines.TEST_TIME`."""
    protocols: Annotated[tuple[Literal["honest", "paper"], ...], Field(min_length=1)] = ("honest", "paper")
    """honest: every choice is made on pseudo-unseen classes; paper: by the labels of the test clips, as the field
    does."""
    epochs: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)] = (20,)
    """Lengths of training to choose from; every encoder is trained once for each."""
    seen_share: Annotated[float, Field(ge=0, lt=0.9)] = 0.12
    """Least share of the seen classes' clips that is set aside, person by person, to be tested on together with the
    unseen ones; 0 leaves generalised zero-shot recognition out."""
    reference: tuple[str, str] = ("pgfa", "paper")
    """Method and alignment that all others are compared with."""
    run: RunSettings = RunSettings()
    """Preparation, sentences, model and training, as in a run.toml; packs, split, epochs and seed come from above."""
    compare: BaselineSettings = BaselineSettings()
    """Settings of the other methods."""
    synthetic: Synthetic = Synthetic()
    """Size of the pack `synthetic`."""

    def groups(self) -> list[tuple[SplitGroup, tuple[str, ...]]]:
        """Each group with the splits its names stand for. Raises BadConfig for a name that stands for none."""
        return [
            (group, tuple(dict.fromkeys(s for name in group.names for s in _splits(name))))
            for group in self.splits
        ]

    def check(self) -> None:
        """Raises BadConfig for a method, alignment, training set or split that does not exist."""
        _known("method", self.methods, METHODS)
        _known("alignment", self.alignments, GRIDS)
        for group, _ in self.groups():
            _known("training set", group.training, self.training)
        if self.reference[0] not in self.methods or self.reference[1] not in self.alignments:
            raise BadConfig(f"the reference {'/'.join(self.reference)} is not among methods and alignments")


def load_benchmark(path: Path) -> BenchmarkSettings:
    """Read and check a spec. Raises BadConfig that names the file and the setting."""
    spec = BenchmarkSettings.load(path)
    try:
        spec.check()
    except BadConfig as error:
        raise BadConfig(f"{path}: {error}") from None
    return spec


def _splits(name: str) -> list[str]:
    if not set("*?[") & set(name):
        return [find_split(name).key]
    dataset = name.partition("/")[0]
    found = [split.key for split in catalogue(dataset).splits.values() if fnmatchcase(split.key, name)]
    if not found:
        raise BadConfig(f"no split is called like {name!r}")
    return found


def _known(what: str, names: tuple[str, ...], known: object) -> None:
    table = list(known) if isinstance(known, dict) else []
    if unknown := [name for name in names if name not in table]:
        raise BadConfig(f"no {what} {unknown[0]!r}; known: {', '.join(table)}")
