"""Frozen settings, one class per stage: checked on creation, to and from TOML, each with a digest.

The command line, TOML files and Python use these same classes; no setting is declared twice. `pgfa.config.formats` has
the rule for their format on disk, `pgfa.config.tables` the names that settings may choose from.
"""

from pgfa.config.baselines import BaselineSettings
from pgfa.config.formats import FORMAT, renamed_options
from pgfa.config.recognise import RecogniseSettings
from pgfa.config.run import RunSettings
from pgfa.config.serve import ServeSettings
from pgfa.config.settings import Recipe, Settings, StageSettings
from pgfa.config.stages import (
    AdaptSettings,
    ModelSettings,
    PrepareSettings,
    TextSettings,
    TrainSettings,
    Variant,
)
from pgfa.config.tables import ALIGNMENTS, ENCODERS, OBJECTIVES

__all__ = [
    "ALIGNMENTS",
    "ENCODERS",
    "FORMAT",
    "OBJECTIVES",
    "AdaptSettings",
    "BaselineSettings",
    "ModelSettings",
    "PrepareSettings",
    "Recipe",
    "RecogniseSettings",
    "RunSettings",
    "ServeSettings",
    "Settings",
    "StageSettings",
    "TextSettings",
    "TrainSettings",
    "Variant",
    "renamed_options",
]
