"""The paper's settings as specs: splits and recipe values of a table (``settings/*.toml``)."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Annotated, Literal

from pydantic import Field

from pgfa.config import AdaptSettings, ModelSettings, RunSettings, Settings, TextSettings
from pgfa.errors import BadConfig, did_you_mean
from pgfa.research.published import Published, published

_SPECS = resources.files("pgfa.research.reproduce") / "settings"


class DatasetColumn(Settings):
    """One column of a table: a data set, and the splits whose mean it shows."""

    name: str
    """Head of the column."""
    dataset: Literal["ntu60", "ntu120", "pku-mmd"]
    """The data set."""
    splits: Annotated[tuple[str, ...], Field(min_length=1)]
    """Splits of its catalogue; the figure is their mean."""
    learning_rate: Annotated[float, Field(gt=0)]
    """Peak learning rate."""
    alpha: Annotated[float, Field(gt=0, le=1)]
    """Support factor of the paper (the authors chose it on the test set)."""


class TableSpec(Settings):
    """One table of the paper."""

    name: str
    """As typed on the command line."""
    title: str
    """Title of the table."""
    encoder: Literal["stgcn", "shiftgcn"]
    """Motion encoder."""
    protocol: Literal["all", "cross-subject", "cross-view", "cross-setup"]
    """Official division of every data set."""
    epochs: Annotated[int, Field(ge=1)]
    """Passes over the training clips."""
    batch_size: Annotated[int, Field(ge=2)]
    """Clips per step."""
    seeds: Annotated[int, Field(ge=1, le=100)]
    """Runs per split, seeds counted from 0."""
    folds: Annotated[int, Field(ge=1, le=20)]
    """Sets of pseudo-unseen classes on which the protocol `validated` chooses alpha, one training run each."""
    columns: Annotated[tuple[DatasetColumn, ...], Field(min_length=1)]
    """Columns of the table."""

    @property
    def published(self) -> tuple[Published, ...]:
        """Rows of published figures."""
        return published(self.name)

    def run_settings(
        self,
        column: DatasetColumn,
        split: str,
        seed: int,
        pack: str,
        *,
        text: TextSettings | None = None,
        model: ModelSettings | None = None,
        test_each_epoch: bool = False,
    ) -> RunSettings:
        """The settings of one training run: the paper's recipe with this table's values.

        Args:
            column, split, seed: of the run.
        pack: folder of the data set's pack.
            text, model: values set in them replace the recipe's.
            test_each_epoch: log the accuracy on the test clips after every epoch.
        """
        changed_text = text.model_dump(exclude_unset=True) if text else {}
        changed_model = model.model_dump(exclude_unset=True) if model else {}
        return RunSettings(
            recipe="paper",
            packs=(pack,),
            split=f"{column.dataset}/{split}",
            protocol=self.protocol,
            text={"encoder": "mpnet", **changed_text},
            model={"recipe": "paper", "encoder": self.encoder, **changed_model},
            train={
                "epochs": self.epochs, "batch_size": self.batch_size, "learning_rate": column.learning_rate,
                "seed": seed, "test_each_epoch": test_each_epoch,
            },
            adapt=AdaptSettings(recipe="paper", method="paper", alpha=column.alpha),
        )  # fmt: skip


def spec_names() -> tuple[str, ...]:
    """Names of the tables, sorted."""
    return tuple(sorted(entry.name[:-5] for entry in _SPECS.iterdir() if entry.name.endswith(".toml")))


def load_spec(name: str) -> TableSpec:
    """The spec of a table. Raises BadConfig that lists the known ones."""
    if name not in spec_names():
        names = spec_names()
        raise BadConfig(f"unknown setting {name!r};{did_you_mean(name, names)} available: {', '.join(names)}")
    return TableSpec(**tomllib.loads((_SPECS / f"{name}.toml").read_text(encoding="utf-8")))
