"""The recogniser that comes with the package: all sets in training, calibrated on sets that were left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pgfa.recognise.bundle import Bundle, open_bundle
from pgfa.research.foreign.evaluation import calibrate
from pgfa.research.foreign.run import TEXT, Comparison, sample
from pgfa.words.fit import clip_weights, fit_kinematics

NOTE = (
    "fitted on data sets that the model was not trained on, asked with one plain sentence per class; "
    "the figures of each set come from a fit on the others"
)


def build(comparison: Comparison) -> Bundle:
    """A bundle of the motion encoder and the kinematic model of all sets."""
    encoded = comparison.encoded(())
    measured = [s.measured for s in comparison.sets]
    kinematics = fit_kinematics(measured).with_encoder(
        np.concatenate([encoded[s.name] for s in comparison.sets]), clip_weights(measured)
    )
    parts = [sample(part) for part in comparison.left_out()]
    calibration = calibrate(parts)
    calibration = replace(
        calibration, about={**calibration.about, "note": NOTE, "left_out": [part.name for part in parts]}
    )
    run = open_bundle(comparison.run_folder(()))
    settings = run.settings.model_copy(update={"text": TEXT})
    return replace(
        run, settings=settings, centre=kinematics.space.centre, calibration=calibration, kinematics=kinematics
    )
