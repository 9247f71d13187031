"""Settings of a training run: all stages together."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from pgfa.config.formats import added
from pgfa.config.settings import StageSettings
from pgfa.config.stages import AdaptSettings, ModelSettings, PrepareSettings, TextSettings, TrainSettings

RUN_FILE = "run.toml"
"""Name of the file of a training run that has its settings."""


class RunSettings(StageSettings):
    """All settings of a training run, saved as `RUN_FILE` in its folder."""

    packs: tuple[str, ...] = ()
    """Pack folders. The first one that contains the data set of the split is tested on."""
    split: str = ""
    """Split of a catalogue, such as `utd-mhad/22-5`."""
    protocol: Annotated[str, Field(min_length=1)] = "all"
    """Official protocol of the split's data set: seen classes train on its training clips only, unseen classes are
    tested on its test clips only. `all`: no such division, only classes divide the clips."""
    prepare: PrepareSettings = PrepareSettings()
    text: TextSettings = TextSettings()
    model: ModelSettings = ModelSettings()
    train: TrainSettings = TrainSettings()
    adapt: AdaptSettings = AdaptSettings()

    @classmethod
    def _path(cls) -> tuple[str, ...]:
        return ()

    @model_validator(mode="before")
    @classmethod
    def _recipe_for_all_stages(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        recipe = values.get("recipe", "default")
        stages = {}
        for name in ("prepare", "text", "model", "train", "adapt"):
            stage = values.get(name, {})
            stages[name] = {"recipe": recipe, **stage} if isinstance(stage, dict) else stage
        return {**values, **stages}

    @classmethod
    def saved(cls, **values: Any) -> Self:
        """The settings stored in a run or bundle; a setting missing from an older format has its value in `ADDED`.

        Raises:
            BadConfig: a wrong value, or settings of a newer version of pgfa.
        """
        values = cls.upgraded(values)
        for stage in ("prepare", "text", "model", "train", "adapt"):
            if isinstance(values.get(stage, {}), dict):
                values[stage] = {**added(stage), **values.get(stage, {})}
        return cls(**values)
