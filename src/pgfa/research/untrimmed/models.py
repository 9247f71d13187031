"""Recognisers that have not seen a data set, as bundles on disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pgfa.errors import BadConfig
from pgfa.recognise.bundle import Bundle, open_bundle
from pgfa.research.foreign.leave_out import with_background
from pgfa.research.foreign.run import TEXT, Comparison
from pgfa.research.foreign.sets import ForeignSet


def save_without(comparison: Comparison, data: ForeignSet, folder: Path) -> None:
    """Train and save a recogniser that has not seen a set, with the calibration of the bundled recogniser.

    That calibration is five numbers, fitted on models that had not seen the sets they were asked about; one set
    hardly changes them.

    Raises:
        BadConfig: the comparison has no folds, and so no motion encoder, which a bundle needs.
    """
    if not comparison.folds:
        raise BadConfig("a recogniser needs a motion encoder: expected at least 2 folds, found 0")
    kinematics = with_background(comparison.model_without(data)[0], TEXT)
    run = open_bundle(comparison.encoder_folder(comparison.fold_of(data.name)))
    settings = run.settings.model_copy(update={"text": TEXT})
    bundle: Bundle = replace(
        run,
        settings=settings,
        centre=kinematics.space.centre,
        kinematics=kinematics,
        calibration=open_bundle().calibration,
    )
    bundle.save(folder)
