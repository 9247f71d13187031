"""How far probabilities of answers about sets that were left out can be relied on: calibration errors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pgfa.recognise.calibration.fit import (
    answer_questions,
    draw_questions,
    expected_calibration_error,
    fit,
)
from pgfa.recognise.calibration.model import Calibration
from pgfa.research.foreign.leave_out import LeftOut

SIZES: Final = (2, 5, 9, 30)
"""Numbers of candidates for which calibration errors are given."""
NONE_SHARE: Final = 0.25
"""Of the questions of a calibration, those whose right sentence is missing: most users ask about what is there."""
QUESTIONS: Final = 2000
"""Questions about a set, at least: with one about each of 20 clips, chance alone would be an error of 20 %."""
RELIABILITY: Final = "reliability.csv"
"""The file of `reliability_rows`."""

Answered = tuple[NDArray[np.float32], NDArray[np.bool_]]


def calibrate(parts: Sequence[LeftOut]) -> Calibration:
    """A calibration from sets that were left out of the training of what looked at them."""
    clips = [of_style for part in parts for of_style in part.in_all_styles()]
    return fit(draw_questions(clips, none_share=NONE_SHARE))


def calibration_errors(part: LeftOut, style: str, calibration: Calibration) -> dict[str, float]:
    """``error_2`` and so on: expected calibration error with that many candidates; NaN for a set with fewer classes."""
    errors = {}
    for size in SIZES:
        answered = _answered(part, style, calibration, size)
        errors[f"error_{size}"] = math.nan if answered is None else expected_calibration_error(*answered)
    return errors


def reliability_rows(
    parts: Sequence[LeftOut], calibrations: Mapping[str, Calibration], styles: Sequence[str]
) -> list[dict[str, Any]]:
    """A row per style and number of candidates, over all sets that have so many classes.

    `pooled`: error of the answers about all sets together, each with as many questions, which is what somebody meets
    who knows nothing about a set; `mean`: mean of the errors of the sets; `confidence` and `accuracy`: means.

    Args:
        parts: the sets.
        calibrations: of each set, fitted on the others.
        styles: of sentences.
    """
    rows = []
    for style in styles:
        for size in SIZES:
            answers = [_answered(part, style, calibrations[part.name], size) for part in parts]
            known = [
                (confidence[:QUESTIONS], right[:QUESTIONS]) for confidence, right in filter(None, answers)
            ]
            if not known:
                continue
            confidence, right = (np.concatenate(values) for values in zip(*known, strict=True))
            rows.append(
                {
                    "style": style,
                    "candidates": size,
                    "sets": len(known),
                    "pooled": expected_calibration_error(confidence, right),
                    "mean": float(np.mean([expected_calibration_error(*answered) for answered in known])),
                    "confidence": float(confidence.mean()),
                    "accuracy": float(right.mean()),
                }
            )
    return rows


def _answered(part: LeftOut, style: str, calibration: Calibration, size: int) -> Answered | None:
    """Confidence and correctness of at least QUESTIONS answers in random order; None with too few classes."""
    if size >= len(part.anchors[style]):
        return None
    per_clip = math.ceil(QUESTIONS / len(part.labels))
    questions = draw_questions(
        [part.held_out(style)], none_share=NONE_SHARE, sizes=(size,), shots=(), per_clip=per_clip, seed=1
    )
    confidence, right = answer_questions(calibration, questions)
    order = np.random.default_rng(2).permutation(len(right))
    return confidence[order], right[order]
