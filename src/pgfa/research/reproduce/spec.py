"""The paper's settings as specs: splits, recipe values and published figures of a table (``settings/*.toml``)."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Annotated, Literal

from pydantic import Field

from pgfa.config import AdaptSettings, ModelSettings, RunSettings, Settings, TextSettings
from pgfa.errors import BadConfig


class Column(Settings):
    """One column of the table: a data set, and the splits whose mean stands there."""

    name: str
    """Head of the column."""
    dataset: Literal["ntu60", "ntu120", "pku-mmd"]
    """Whose clips."""
    splits: Annotated[tuple[str, ...], Field(min_length=1)]
    """Splits of its catalogue; the figure is their mean."""
    rate: Annotated[float, Field(gt=0)]
    """Learning rate."""
    alpha: Annotated[float, Field(gt=0, le=1)]
    """Support factor of the `paper` protocol (the authors chose it on the test set)."""


class Published(Settings):
    """A row of figures by others, in per cent; what is not known is absent."""

    method: str
    """Whose."""
    where: str
    """Where the figures stand."""
    values: dict[str, float]
    """Column -> figure."""
    difference: bool = False
    """Points above another method, not an accuracy."""


class Spec(Settings):
    """One table of the paper."""

    name: str
    """As typed on the command line."""
    title: str
    """Head of the table."""
    encoder: Literal["stgcn", "shiftgcn"]
    """Motion encoder."""
    protocol: Literal["all", "cross-subject", "cross-view", "cross-setup"]
    """Official division of every data set."""
    epochs: Annotated[int, Field(ge=1)]
    """Passes over the training clips."""
    batch: Annotated[int, Field(ge=2)]
    """Clips a step."""
    seeds: Annotated[int, Field(ge=1, le=100)]
    """Runs of each split, seeds counted from 0."""
    folds: Annotated[int, Field(ge=1, le=20)]
    """Sets of pseudo-unseen classes on which the honest protocol chooses alpha, a training run each."""
    columns: Annotated[tuple[Column, ...], Field(min_length=1)]
    """Of the table."""
    published: tuple[Published, ...] = ()
    """Figures by others."""

    def run_settings(
        self,
        column: Column,
        split: str,
        seed: int,
        pack: str,
        *,
        text: TextSettings | None = None,
        model: ModelSettings | None = None,
        watch: bool = False,
    ) -> RunSettings:
        """The settings of one training run: the paper's recipe with this table's values.

        Args:
            pack: folder of the data set's pack.
            text, model: what is set in them replaces the recipe's values.
            watch: record the accuracy on the test clips after every epoch.
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
                "epochs": self.epochs, "batch_size": self.batch, "learning_rate": column.rate, "seed": seed,
                "test_each_epoch": watch,
            },
            adapt=AdaptSettings(recipe="paper", method="paper", alpha=column.alpha),
        )  # fmt: skip


def known_specs() -> tuple[str, ...]:
    """Names of the tables that can be made, sorted."""
    folder = resources.files("pgfa.research.reproduce") / "settings"
    return tuple(sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".toml")))


def load_spec(name: str) -> Spec:
    """The spec of a table. Raises BadConfig that lists the known ones."""
    if name not in known_specs():
        raise BadConfig(f"no setting named {name!r}; known: {', '.join(known_specs())}")
    file = resources.files("pgfa.research.reproduce") / "settings" / f"{name}.toml"
    return Spec(**tomllib.loads(file.read_text(encoding="utf-8")))
