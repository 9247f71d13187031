"""The content of an evaluation report as plain data; `pgfa.evaluate.report.page` turns it into HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from pgfa.evaluate.feature_map import FeatureMap
from pgfa.evaluate.reliability import Reliability
from pgfa.evaluate.table import Table
from pgfa.skeleton import Clip

Start = Literal["sentences", "exemplars"]
"""What represents a class before alignment: its sentence, or in a one-shot split its exemplar, one labelled clip."""

BEFORE: Final[dict[Start, str]] = {"sentences": "from sentences", "exemplars": "from exemplars"}
AFTER: Final = "after alignment"


@dataclass(frozen=True)
class ResultRow:
    """One row of the result table; fractions of 1, not percentages.

    Attributes:
        name: a value of `BEFORE`, `AFTER`, or the name of another method.
        accuracy: fraction of clips that are correct.
        class_mean: mean over classes of the accuracy on their clips.
        low, high: ends of the 95 % bootstrap interval of `accuracy`.
        clips: number of clips.
    """

    name: str
    accuracy: float
    class_mean: float
    low: float
    high: float
    clips: int


@dataclass(frozen=True)
class UnseenClass:
    """A candidate class: its name and its sentence."""

    name: str
    sentence: str


@dataclass(frozen=True)
class Predictions:
    """The predicted class of every test clip, as class numbers.

    Attributes:
        ids: the clips' ids.
        true, before, after: (clips,) true class, predicted class before alignment, and after it.
    """

    ids: tuple[str, ...]
    true: NDArray[np.int64]
    before: NDArray[np.int64]
    after: NDArray[np.int64]

    def confusion(self, classes: int, *, after: bool) -> NDArray[np.int64]:
        """(classes, classes) counts: row true class, column predicted class."""
        predicted = self.after if after else self.before
        flat = np.bincount(self.true * classes + predicted, minlength=classes * classes)
        return flat.reshape(classes, classes).astype(np.int64)


@dataclass(frozen=True)
class Example:
    """A test clip that can be played in the report.

    Attributes:
        index: of the clip in Predictions.
        clip: the recording.
        scores_before, scores_after: (classes,) cosine to each anchor, score after alignment (`Alignment.scores`).
    """

    index: int
    clip: Clip
    scores_before: Sequence[float]
    scores_after: Sequence[float]


@dataclass(frozen=True)
class Report:
    """The content of the page. Numbers are shown as given; only clips are counted again.

    Attributes:
        title: of the page (``"utd-mhad/22-5"``).
        run: facts about the run, shown in this order: split, clips, recipe, sentences, alignment.
        table: result rows in order; the headline is made from the last one.
        classes: candidate classes in the order of the class numbers.
        predictions: of every test clip.
        start: what represents each class before alignment.
        command: the command lines that make the run and this report; "" leaves them out.
        map: clips, anchors and prototypes on a plane; None leaves the map out.
        examples: the clips that can be played, at most about thirty (each adds 20 to 50 kB).
        history: training curves, name -> one value per epoch (NaN where there is none).
        notes: plain statements shown at the top (``"The motion in this demo is synthetic."``).
        removed: classes excluded from training because they mean the same as an unseen one.
        reliability: of the probabilities, before and after alignment.
        margins: (clips,) score of the true class minus the highest of the others, after alignment; None: not known.
        comparison: with another run; None: with none.

    Raises:
        ValueError: lengths disagree, or a class number has no class.
    """

    # A new field goes here, with its check below; in `_report` of evaluate.py, which fills it; and in the section of
    # sections.py that shows it. What report.js draws also goes in `page_data` of page.py, and a figure that others
    # may want to read also in `Evaluation.to_dict` (evaluation.py).
    title: str
    run: Mapping[str, str]
    table: Sequence[ResultRow]
    classes: Sequence[UnseenClass]
    predictions: Predictions
    start: Start = "sentences"
    command: str = ""
    map: FeatureMap | None = None
    examples: Sequence[Example] = ()
    history: Mapping[str, Sequence[float]] = field(default_factory=dict)
    notes: Sequence[str] = ()
    removed: Sequence[str] = ()
    reliability: Mapping[str, Reliability] = field(default_factory=dict)
    margins: NDArray[np.float64] | None = None
    comparison: Table | None = None

    def __post_init__(self) -> None:
        predictions, count, classes = self.predictions, len(self.predictions.ids), len(self.classes)
        for name in ("true", "before", "after"):
            labels = getattr(predictions, name)
            if labels.shape != (count,):
                raise ValueError(
                    f"predictions.{name}: expected ({count},) for {count} ids, found {labels.shape}"
                )
            if count and not (labels.min() >= 0 and labels.max() < classes):
                raise ValueError(f"predictions.{name}: expected class numbers below {classes}")
        if self.map is not None:
            shapes = self.map.clips.shape, self.map.before.shape, self.map.after.shape
            if shapes != ((count, 2), (classes, 2), (classes, 2)):
                raise ValueError(
                    f"map: expected points of {count} clips and {classes} classes, found {shapes}"
                )
        if self.margins is not None and self.margins.shape != (count,):
            raise ValueError(f"margins: expected ({count},), found {self.margins.shape}")
        for example in self.examples:
            if not 0 <= example.index < count:
                raise ValueError(
                    f"example {example.index}: expected an index below {count}, the number of clips"
                )
            if not len(example.scores_before) == len(example.scores_after) == classes:
                raise ValueError(f"example {example.index}: expected {classes} scores before and after")

    @property
    def before_name(self) -> str:
        """Name of the results before alignment: ``"from sentences"`` or ``"from exemplars"``."""
        return BEFORE[self.start]

    @property
    def anchor(self) -> str:
        """What represents a class before alignment: ``"sentence"`` or ``"exemplar"``."""
        return self.start.removesuffix("s")

    @property
    def headline(self) -> str:
        """``"5 unseen classes, 160 clips: 77 % correct after alignment (95 % interval 70–83 %)"``."""
        classes, clips = len(self.classes), len(self.predictions.ids)
        counts = f"{classes} unseen class{'es' * (classes != 1)}, {clips:,} clip{'s' * (clips != 1)}"
        if not self.table or not np.isfinite(self.table[-1].accuracy):
            return f"{counts}: no results"
        last = self.table[-1]
        interval = (
            f" (95\u202f% interval {100 * last.low:.0f}–{100 * last.high:.0f}\u202f%)"
            if np.isfinite([last.low, last.high]).all()
            else ""
        )
        return f"{counts}: {100 * last.accuracy:.0f}\u202f% correct {last.name}{interval}"


def choose_examples(predictions: Predictions, count: int = 24) -> list[int]:
    """Choose clips to play: of each outcome (correct or wrong, before and after alignment) and of each class.

    Takes the four outcomes in turn and, within each, the true classes in turn, always in the order of the clips: the
    same clips for the same predictions.

    Returns:
        At most `count` indices into `predictions`, ascending.
    """
    correct_before = predictions.before == predictions.true
    correct_after = predictions.after == predictions.true
    queues = []
    for before, after in ((True, True), (False, True), (True, False), (False, False)):
        members = np.flatnonzero((correct_before == before) & (correct_after == after))
        labels = predictions.true[members]
        # Sort by rank within the class, then by class: one clip of each class before the second of any.
        rank = np.array([np.count_nonzero(labels[:i] == label) for i, label in enumerate(labels)], dtype=int)
        queues.append([int(member) for member in members[np.lexsort((labels, rank))]])
    chosen: list[int] = []
    while any(queues) and len(chosen) < count:
        for queue in queues:
            if queue and len(chosen) < count:
                chosen.append(queue.pop(0))
    return sorted(chosen)
