"""Figures of a data set that was left out: accuracy, "none of these", and how well a sentence's fit is known."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.recognise.answers import NONE_FROM
from pgfa.recognise.calibration.model import Calibration
from pgfa.research.foreign.leave_out import LeftOut, adapted_scores, scores
from pgfa.research.foreign.reliability import calibration_errors

Array = NDArray[np.float32]


def area(positive: Array, negative: Array) -> float:
    """Area under the ROC curve: how often a positive score lies above a negative one."""
    both = np.concatenate([positive, negative])
    ranks = np.empty(len(both))
    order = np.argsort(both, kind="stable")
    _, first, count = np.unique(both[order], return_index=True, return_counts=True)
    ranks[order] = np.repeat(first + (count + 1) / 2, count)  # ties share their mean rank
    n = len(positive)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * len(negative)))


def figures(part: LeftOut, style: str, calibration: Calibration) -> dict[str, Any]:
    """Figures of one set and style of sentences; shares and areas from 0 to 1.

    Each clip alone: `accuracy`, `of_classes` (mean over classes), `top3`. After adaptation on all clips: `recentred`
    (without alignment), `adapted`, `declined` (why it was not aligned). For both, with the calibration: `right` (right
    and not "none"), `false_none` ("none" although the right sentence is there), `found_none` ("none" where the right
    sentence was removed), `none_area` (probability of "none": right sentence removed against present), `fits_area`
    (cosines of pairs of clip and sentence that belong together against those that do not). `error_2` and so on:
    `calibration_errors` of clips alone.
    """
    alone = scores(part, style)
    recentred, _ = adapted_scores(part, style, align=False)
    adapted, declined = adapted_scores(part, style)
    labels = part.labels
    right = alone.argmax(axis=1) == labels
    order = np.argsort(-alone, axis=1)[:, :3]
    return {
        "accuracy": float(right.mean()),
        "of_classes": float(np.mean([right[labels == k].mean() for k in np.unique(labels)])),
        "top3": float((order == labels[:, None]).any(axis=1).mean()),
        "recentred": float((recentred.argmax(axis=1) == labels).mean()),
        "adapted": float((adapted.argmax(axis=1) == labels).mean()),
        **_with_none(alone, labels, calibration, ""),
        **_with_none(adapted, labels, calibration, "adapted_"),
        **calibration_errors(part, style, calibration),
        "declined": declined,
    }


def _with_none(
    cosines: Array, labels: NDArray[np.int64], calibration: Calibration, prefix: str
) -> dict[str, Any]:
    fits = np.zeros(cosines.shape, dtype=bool)
    fits[np.arange(len(labels)), labels] = True
    sentences = np.zeros(cosines.shape[1], dtype=bool)  # none of them is a prototype
    present = calibration.probabilities(cosines, sentences)
    others = cosines[~fits].reshape(len(labels), -1)  # a question of one sentence less
    removed = calibration.probabilities(others, sentences[1:])[:, -1]
    none = present[:, -1]
    right = (cosines.argmax(axis=1) == labels) & (none <= NONE_FROM)
    return {
        f"{prefix}right": float(right.mean()),
        f"{prefix}false_none": float((none > NONE_FROM).mean()),
        f"{prefix}found_none": float((removed > NONE_FROM).mean()),
        f"{prefix}none_area": area(removed, none),
        f"{prefix}fits_area": area(cosines[fits], cosines[~fits]),
    }
