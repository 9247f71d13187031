"""The result of an evaluation, and its file ``evaluation.json``.

The file is JSON; `FORMAT` is its version, written as ``format``. Format 2 has the scores ``before`` and ``after``
alignment and ``start``, what the scores before alignment compare clips with. Format 1 had no version number and put
the same scores under the words of the report (`_SCORES_1`).

Rule for changes: keys are only added. A key that must be renamed, or is given another meaning, raises `FORMAT` and is
mapped in `read_evaluation`, the one reader of files of every format; tests hold a file of each older one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import Alignment, cosines
from pgfa.errors import BadFile
from pgfa.evaluate.intervals import wilson_interval
from pgfa.evaluate.reliability import Reliability, reliability
from pgfa.evaluate.report.content import AFTER, BEFORE, Start
from pgfa.evaluate.score import Score
from pgfa.files import CHECKSUM, read_json, verify_checksum
from pgfa.pack import Pack
from pgfa.train.accuracy import TEST_BATCH
from pgfa.train.clip_set import ClipSet
from pgfa.train.corpus import Corpus
from pgfa.train.run import Run

FORMAT: Final = 2

_SCORES_1: Final[dict[str, Start]] = {"from_sentences": "sentences", "from_one_clip": "exemplars"}
_AFTER_1: Final = "after_alignment"


BATCH_MEAN: Final = (
    f"Batch mean: mean accuracy of batches of {TEST_BATCH} clips, in the order of the files, as the authors' code "
    "computes it."
)


@dataclass(frozen=True)
class PeopleCount:
    """People in the test clips; None where they are unknown.

    Attributes:
        tested: number of people in the test clips.
        trained: number of these who are in the training clips too, with other classes.
        protocol: division of the clips.
    """

    tested: int | None
    trained: int | None
    protocol: str

    def __str__(self) -> str:
        if self.tested is None:
            return (
                f"People: unknown, so they may be the same in training and test (protocol {self.protocol})."
            )
        if not self.trained:
            return f"People: none of the {self.tested} in the test clips is in training (protocol {self.protocol})."
        return (
            f"People: {self.trained} of the {self.tested} in the test clips are in training too, with other classes "
            f"(protocol {self.protocol}): accuracy on new people is not measured."
        )


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

    @property
    def people(self) -> PeopleCount:
        """People in the test clips, and how many of them the run was trained on."""
        packs, dataset = self.corpus.packs, self.corpus.unseen[0].dataset
        tested, trained = (
            _subjects(packs, clips, dataset) for clips in (self.corpus.test, self.corpus.train)
        )
        if "" in tested | trained:
            return PeopleCount(None, None, self.run.settings.protocol)
        return PeopleCount(len(tested), len(tested & trained), self.run.settings.protocol)

    @property
    def reliability_before(self) -> Reliability:
        """Of the probabilities before alignment, at the logit scale of training."""
        scores = cosines(self.features, self.alignment.anchors)
        return reliability(scores, self.corpus.test.labels, self._scale)

    @property
    def reliability_after(self) -> Reliability:
        """The same after alignment."""
        return reliability(self.alignment.scores, self.corpus.test.labels, self._scale)

    @property
    def _scale(self) -> float:
        return float(self.run.model.log_scale.detach().exp())

    def __str__(self) -> str:
        classes = len(self.corpus.unseen)
        lines = [
            f"{self.run.settings.split}: {classes} unseen classes, {self.before.clips:,} clips, "
            f"chance {100 / classes:.1f} %",
            " " * 18 + "accuracy  (95 % interval)   class mean   batch mean",
        ]
        for name, score in ((BEFORE[self.start], self.before), (AFTER, self.after)):
            interval = f"({100 * score.low:.1f} to {100 * score.high:.1f})"
            lines.append(
                f"  {name:<16}{100 * score.accuracy:7.1f} %  {interval:<17}{100 * score.class_mean:9.1f} %"
                f"{100 * score.batch_mean:11.1f} %"
            )
        lines.append(f"  {BATCH_MEAN}")
        lines.append(f"  {self.people}")
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
            "people": self.people.tested,
            "people_in_training": self.people.trained,
            "removed": self.run.facts["removed"],
            "class_intervals": {"before": _intervals(self.before), "after": _intervals(self.after)},
            "reliability": {
                "before": self.reliability_before.to_dict(),
                "after": self.reliability_after.to_dict(),
            },
        }


def read_evaluation(path: Path) -> dict[str, Any]:
    """Read an ``evaluation.json`` of any format, under today's keys (`Evaluation.to_dict`).

    Raises:
        BadFile: the file is missing or damaged, is no evaluation, or was written by a later version.
    """
    values: Any = read_json(path)
    expected = f"an evaluation of format {FORMAT} or older"
    if not isinstance(values, dict):
        raise BadFile(path, expected=expected, found=f"a {type(values).__name__}")
    verify_checksum(path, values)
    values.pop(CHECKSUM, None)
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


def _subjects(packs: Sequence[Pack], clips: ClipSet, dataset: str) -> set[str]:
    """Who performs the clips of a data set; "" where unknown."""
    subjects: set[str] = set()
    for number, pack in enumerate(packs):
        index = clips.origin[clips.origin[:, 0] == number, 1]
        subjects |= set(pack.subjects[index][pack.column("dataset")[index] == dataset].tolist())
    return subjects


def _intervals(score: Score) -> list[tuple[float, float]]:
    """Wilson's interval of the accuracy of each class."""
    rows = score.confusion
    return [wilson_interval(int(rows[k, k]), int(rows[k].sum())) for k in range(len(rows))]


def _score_values(score: Score) -> dict[str, Any]:
    return {**asdict(score), "confusion": score.confusion.tolist()}
