"""The recogniser that comes with the package: all sets in training, calibrated on sets that were left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pgfa.recognise.bundle import Bundle, open_bundle
from pgfa.recognise.calibration.model import Calibration
from pgfa.recognise.calibration.runs import cross_validate, curves
from pgfa.research.foreign.leave_out import LeftOut, fit_all, with_background
from pgfa.research.foreign.reliability import NONE_SHARE, calibrate
from pgfa.research.foreign.run import TEXT, Comparison, sample
from pgfa.words.fit import clip_weights

NOTE = (
    "fitted on data sets that the model was not trained on, asked with plain sentences and typed wordings in turn; "
    "the figures of each set come from a fit on the others"
)


def build(comparison: Comparison) -> Bundle:
    """A bundle of the motion encoder and the kinematic model of all sets."""
    encoded = comparison.encoded(())
    measured = [s.measured for s in comparison.sets]
    kinematics = fit_all(measured, comparison.imagined.measured).with_encoder(
        np.concatenate([encoded[s.name][: len(s.labels)] for s in comparison.sets]), clip_weights(measured)
    )
    kinematics = replace(with_background(kinematics, TEXT), interacting=True)
    calibration = calibration_of([sample(part) for part in comparison.left_out()])
    run = open_bundle(comparison.encoder_folder(()))
    settings = run.settings.model_copy(update={"text": TEXT})
    return replace(
        run, settings=settings, centre=kinematics.space.centre, calibration=calibration, kinematics=kinematics
    )


def calibration_of(parts: Sequence[LeftOut]) -> Calibration:
    """Fitted on all parts; its `about` has the figures of each, by a fit on the others."""
    clips = [part.in_all_styles() for part in parts]
    names = [part.name for part in parts]
    rows, answers = cross_validate(clips, names, NONE_SHARE)
    final = calibrate(parts)
    about = {**final.about, "held_out": rows, **curves(*answers), "note": NOTE, "none_share": NONE_SHARE}
    return replace(final, about=about)
