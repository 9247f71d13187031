"""Calibration from training runs that held classes out: cross-validated figures, and the fit on all runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadConfig
from pgfa.recognise.bundle import open_bundle
from pgfa.recognise.calibration.fit import (
    HeldOutClips,
    answer_questions,
    draw_questions,
    fit,
    rejection_curve,
    reliability,
    reliability_report,
)
from pgfa.recognise.calibration.model import Calibration

SHARES = (0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
"""Answered shares at which the rejection curve is reported."""

PAPER_LOGIT_SCALE = 14.2857
"""1 / 0.07: uncalibrated probabilities are compared at the logit scale of the paper."""


@dataclass(frozen=True)
class CalibrationReport:
    """A calibration and how it was validated.

    Attributes:
        calibration: fitted on all runs; `about` holds the figures.
        rows: one per run: its name, `reliability_report` by a fit on the others, and the uncalibrated error.
    """

    calibration: Calibration
    rows: tuple[dict[str, Any], ...]

    def __str__(self) -> str:
        about = self.calibration.about
        lines = [
            f"{'run':<28}{'clips':>6}{'acc':>8}{'conf':>8}{'ECE':>8}  (95 %)            uncalibrated ECE"
        ]
        for row in self.rows:
            low, high = row["ece_interval"]
            lines.append(
                f"{row['asked_about']:<28}{row['clips']:>6}{row['accuracy']:>8.3f}{row['confidence']:>8.3f}"
                f"{row['ece']:>8.3f}  ({low:.3f} to {high:.3f})  {row['uncalibrated_ece']:.3f}"
            )
        lines += ["", "confidence  accuracy  answers"]
        lines += [f"{c:10.3f}{a:10.3f}{n:9,}" for c, a, n in about["reliability"]]
        lines += ["", "answered  accuracy"]
        lines += [f"{100 * share:6.0f} %{100 * accuracy:9.1f} %" for share, accuracy in about["rejection"]]
        return "\n".join(lines)


def calibrate_runs(
    runs: Sequence[Path], packs: Sequence[str] = (), none_share: float = 0.5
) -> CalibrationReport:
    """Fit on the held-out classes of training runs; the figures of each run come from a fit on the others.

    Args:
        runs: folders of finished runs whose unseen classes are the held-out ones.
        packs: new pack paths, if moved since training, in the same order.
        none_share: share of the questions whose correct class is not among the candidates.

    Raises:
        BadConfig: a single run with fewer than 6 held-out classes, a run with fewer than 3.
        BadCheckpoint: a folder that is not a finished run.
    """
    parts = [held_out_clips(run, packs) for run in runs]
    names = [run.name for run in runs]
    if len(parts) == 1:
        if len(parts[0].anchors) < 6:
            raise BadConfig(
                f"{runs[0]}: one run needs at least 6 held-out classes, found {len(parts[0].anchors)}; "
                "give several runs"
            )
        parts, names = _halves(parts[0]), [f"{names[0]}, one half", f"{names[0]}, other half"]
    for name, part in zip(names, parts, strict=True):
        if len(part.anchors) < 3 or not len(part.features):
            raise BadConfig(f"{name}: expected at least 3 held-out classes, found {len(part.anchors)}")
    rows, answers = cross_validate([[part] for part in parts], names, none_share)
    final = fit(draw_questions(parts, none_share=none_share))
    about = {
        **final.about,
        "held_out": [{k: v for k, v in row.items() if k != "uncalibrated_ece"} for row in rows],
        **curves(*answers),
        "none_share": none_share,
        "note": "fitted on classes held out of training; figures of each run by a fit on the others",
    }
    return CalibrationReport(replace(final, about=about), tuple(rows))


def held_out_clips(run: Path, packs: Sequence[str] = ()) -> HeldOutClips:
    """The unseen clips of a run, with the vector of one plain sentence per class, as a user would type it."""
    from pgfa.text.catalogue import sentence_of
    from pgfa.train.corpus import build_corpus

    bundle = open_bundle(run)
    settings = bundle.settings.model_copy(update={"packs": tuple(packs)}) if packs else bundle.settings
    corpus = build_corpus(settings)
    if not corpus.unseen:
        raise BadConfig(f"{run}: expected held-out classes, found none (split {settings.split})")
    features = bundle.encoder.features(corpus.test.positions, corpus.test.present)
    anchors = bundle.anchors([sentence_of(action, "plain") for action in corpus.unseen])
    return HeldOutClips(features, corpus.test.labels, anchors)


def _halves(clips: HeldOutClips, seed: int = 0) -> list[HeldOutClips]:
    """Two parts with half of the held-out classes each."""
    order = np.random.default_rng(seed).permutation(len(clips.anchors))
    parts = []
    for classes in np.array_split(order, 2):
        members = np.isin(clips.labels, classes)
        row = np.full(len(clips.anchors), -1)
        row[classes] = np.arange(len(classes))
        parts.append(
            HeldOutClips(clips.features[members], row[clips.labels[members]], clips.anchors[classes])
        )
    return parts


def cross_validate(
    parts: Sequence[Sequence[HeldOutClips]], names: Sequence[str], none_share: float
) -> tuple[list[dict[str, Any]], tuple[NDArray[np.float32], NDArray[np.bool_]]]:
    """Reports of each part, one or more groups of clips, by a fit on the others; confidence, correctness of answers."""
    rows, confidences, corrects = [], [], []
    for index, name in enumerate(names):
        others = [clips for i, part in enumerate(parts) if i != index for clips in part]
        calibration = fit(draw_questions(others, none_share=none_share))
        questions = draw_questions(parts[index], none_share=none_share, seed=1)
        confidence, correct = answer_questions(calibration, questions)
        uncalibrated = replace(
            calibration,
            slope=PAPER_LOGIT_SCALE,
            prototype_slope=PAPER_LOGIT_SCALE,
            prototype_offset=0.0,
            none=None,
        )
        rows.append(
            {
                "asked_about": name,
                **reliability_report(calibration, questions),
                "uncalibrated_ece": reliability_report(uncalibrated, questions)["ece"],
            }
        )
        confidences.append(confidence)
        corrects.append(correct)
    return rows, (np.concatenate(confidences), np.concatenate(corrects))


def curves(confidence: NDArray[np.float32], correct: NDArray[np.bool_]) -> dict[str, Any]:
    """Reliability per bin and the rejection curve at `SHARES`, as plain data."""
    bins = zip(*reliability(confidence, correct), strict=True)
    share, accuracy = rejection_curve(confidence, correct)
    points = [max(round(x * len(share)) - 1, 0) for x in SHARES]
    return {
        "reliability": [[round(float(c), 4), round(float(a), 4), int(n)] for c, a, n in bins if n],
        "rejection": [[round(float(share[i]), 4), round(float(accuracy[i]), 4)] for i in points],
    }
