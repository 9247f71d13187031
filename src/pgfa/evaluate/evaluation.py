"""The result of an evaluation, and its file ``evaluation.json``.

The file is JSON; `FORMAT` is its version, written as ``format``. Format 2 has the scores ``before`` and ``after``
alignment and ``start``, what the scores before alignment compare clips with. Format 1 had no version number and put
the same scores under the words of the report (`_SCORES_1`).

Rule for changes: keys are only added. A key that must be renamed, or is given another meaning, raises `FORMAT` and is
mapped in `read_evaluation`, the one reader of files of every format; tests hold a file of each older one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import Alignment
from pgfa.errors import BadFile
from pgfa.evaluate.report.content import AFTER, BEFORE, Start
from pgfa.evaluate.score import Score
from pgfa.files import read_json
from pgfa.train.corpus import Corpus
from pgfa.train.run import Run

FORMAT: Final = 2

_SCORES_1: Final[dict[str, Start]] = {"from_sentences": "sentences", "from_one_clip": "exemplars"}
_AFTER_1: Final = "after_alignment"


@dataclass(frozen=True)
class Evaluation:
    """A run, evaluated on the unseen classes.

    Attributes:
        run: the run that was evaluated.
        corpus: the clips it was evaluated on.
        features: (N, d) of the test clips.
        alignment: anchors, prototypes and predictions.
        before, after: the scores before and after alignment.
    """

    run: Run
    corpus: Corpus
    features: NDArray[np.float32]
    alignment: Alignment
    before: Score
    after: Score

    @property
    def start(self) -> Start:
        """What represents each class before alignment: its sentence, or in a one-shot split its exemplar."""
        return "sentences" if self.corpus.exemplars is None else "exemplars"

    def __str__(self) -> str:
        classes = len(self.corpus.unseen)
        lines = [
            f"{self.run.settings.split}: {classes} unseen classes, {self.before.clips:,} clips, "
            f"chance {100 / classes:.1f} %",
            " " * 18 + "accuracy  (95 % interval)   class mean",
        ]
        for name, score in ((BEFORE[self.start], self.before), (AFTER, self.after)):
            interval = f"({100 * score.low:.1f} to {100 * score.high:.1f})"
            lines.append(
                f"  {name:<16}{100 * score.accuracy:7.1f} %  {interval:<17}{100 * score.class_mean:9.1f} %"
            )
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The content of ``evaluation.json``."""
        settings = self.run.settings
        return {
            "format": FORMAT,
            "split": settings.split,
            "protocol": settings.protocol,
            "packs": [Path(path).name for path in settings.packs],
            "recipe": settings.train.recipe,
            "seed": settings.train.seed,
            "epochs": settings.train.epochs,
            "alignment": settings.adapt.method,
            "alpha": settings.adapt.alpha,
            "train_clips": self.run.facts["train_clips"],
            "classes": [action.key for action in self.corpus.unseen],
            "chance": 1 / len(self.corpus.unseen),
            "start": self.start,
            "before": _score_values(self.before),
            "after": _score_values(self.after),
            "removed": self.run.facts["removed"],
        }


def read_evaluation(path: Path) -> dict[str, Any]:
    """Read an ``evaluation.json`` of any format, under today's keys (`Evaluation.to_dict`).

    Raises:
        BadFile: the file is missing, is no evaluation, or was written by a later version.
    """
    values: Any = read_json(path)
    expected = f"an evaluation of format {FORMAT} or older"
    if not isinstance(values, dict):
        raise BadFile(path, expected=expected, found=f"a {type(values).__name__}")
    version = values.get("format", 1)
    if version not in (1, FORMAT):
        raise BadFile(path, expected=expected, found=f"format {version!r}")
    if version == 1:
        for key, start in _SCORES_1.items():
            if key in values:
                values |= {"start": start, "before": values.pop(key), "after": values.pop(_AFTER_1, None)}
        values["format"] = FORMAT
    if not (isinstance(values.get("before"), dict) and isinstance(values.get("after"), dict)):
        raise BadFile(path, expected="scores before and after alignment", found=f"keys {', '.join(values)}")
    return dict(values)


def _score_values(score: Score) -> dict[str, Any]:
    return {**asdict(score), "confusion": score.confusion.tolist()}
