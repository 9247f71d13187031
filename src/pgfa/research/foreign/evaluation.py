"""Figures of a data set that was left out: accuracy, "none of these", and how well a sentence's fit is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.recognise.calibration.fit import HeldOutClips, draw_questions, fit
from pgfa.recognise.calibration.model import Calibration
from pgfa.research.foreign.leave_out import LeftOut, scores

Array = NDArray[np.float32]


def area(positive: Array, negative: Array) -> float:
    """Area under the ROC curve: how often a positive score lies above a negative one."""
    both = np.concatenate([positive, negative])
    ranks = np.empty(len(both))
    order = np.argsort(both, kind="stable")
    ranks[order] = np.arange(1, len(both) + 1)
    _, first, count = np.unique(both[order], return_index=True, return_counts=True)
    ranks[order] = np.repeat(first + (count + 1) / 2, count)  # ties share their mean rank
    n = len(positive)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * len(negative)))


def calibrate(parts: Sequence[LeftOut], style: str = "plain") -> Calibration:
    """A calibration from sets that were left out of the training of what looked at them."""
    clips = [HeldOutClips(part.features, part.labels, part.anchors[style]) for part in parts]
    return fit(draw_questions(clips))


def figures(part: LeftOut, style: str, calibration: Calibration) -> dict[str, Any]:
    """Figures of one set and style of sentences; shares and areas from 0 to 1.

    `accuracy`, `of_classes` (mean over classes), `top3`, `recentred`; with the calibration: `right` (right and not
    "none"), `false_none`, `none_area` ("none" where the right sentence was removed against where it was there);
    `fits_area`: pairs of clip and sentence that belong together against those that do not.
    """
    rows, labels = np.arange(len(part.labels)), part.labels
    alone, recentred = (scores(part, style, recentred=flag) for flag in (False, True))
    best = alone.argmax(axis=1)
    right = best == labels
    order = np.argsort(-alone, axis=1)[:, :3]
    fits = np.zeros(alone.shape, dtype=bool)
    fits[rows, labels] = True
    prototype = np.zeros(alone.shape[1], dtype=bool)
    probabilities = calibration.probabilities(alone, prototype)
    removed = np.where(fits, -np.inf, alone)
    none_if_removed = calibration.probabilities(removed, prototype)[:, -1]
    says_none = probabilities[:, -1] > probabilities[:, :-1].max(axis=1)
    return {
        "accuracy": float(right.mean()),
        "of_classes": float(np.mean([right[labels == k].mean() for k in np.unique(labels)])),
        "top3": float((order == labels[:, None]).any(axis=1).mean()),
        "recentred": float((recentred.argmax(axis=1) == labels).mean()),
        "right": float((right & ~says_none).mean()),
        "false_none": float(says_none.mean()),
        "none_area": area(none_if_removed, probabilities[:, -1]),
        "fits_area": area(alone[fits], alone[~fits]),
        "fits_area_recentred": area(recentred[fits], recentred[~fits]),
    }
