"""The evaluation report: its content as plain data, and the one HTML file made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pgfa.evaluate.feature_map import FeatureMap
from pgfa.skeleton import Clip

FROM_SENTENCES, FROM_ONE_CLIP, AFTER_ALIGNMENT = "from sentences", "from one clip", "after alignment"


@dataclass(frozen=True)
class Method:
    """One row of the result table; shares of 1, not per cent.

    Attributes:
        name: ``"from sentences"``, ``"after alignment"``, or another method's name.
        accuracy: share of clips that are right.
        per_class: mean over classes of each class's share of right clips.
        low, high: ends of the 95 % bootstrap interval of `accuracy`.
        clips: number of clips judged.
    """

    name: str
    accuracy: float
    per_class: float
    low: float
    high: float
    clips: int


@dataclass(frozen=True)
class UnseenClass:
    """A candidate class: its name and the sentence that stood for it."""

    name: str
    sentence: str


@dataclass(frozen=True)
class Predictions:
    """What was predicted for every test clip, as class numbers.

    Attributes:
        ids: the clips' ids.
        true, before, after: (clips,) true class, predicted from sentences, predicted after alignment.
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
        index: its place in Predictions.
        clip: the recording.
        scores_before, scores_after: (classes,) cosine to each sentence vector, to each prototype.
    """

    index: int
    clip: Clip
    scores_before: Sequence[float]
    scores_after: Sequence[float]


@dataclass(frozen=True)
class Report:
    """All that the report shows. Numbers come from here alone: nothing is computed twice but counts.

    Attributes:
        title: of the page (``"utd-mhad/22-5"``).
        run: what was run, shown as a list in this order: data set, split, packs, recipe, seeds, counts.
        command: the command line that makes this report again; "" leaves it out.
        table: result rows in order; the last one gives the headline.
        classes: candidate classes in the order of the class numbers.
        predictions: of every test clip.
        map: where clips, sentences and prototypes lie; None leaves the map out.
        examples: the clips that can be played, at most some thirty (each adds about 20 to 50 kB).
        history: training curves, name -> one value an epoch (NaN where there is none).
        notes: plain statements shown at the top (``"The motion in this demo is synthetic."``).
        removed: classes taken out of training because they mean the same as an unseen one.

    Raises:
        ValueError: where lengths disagree or a class number has no class.
    """

    title: str
    run: Mapping[str, str]
    table: Sequence[Method]
    classes: Sequence[UnseenClass]
    predictions: Predictions
    command: str = ""
    map: FeatureMap | None = None
    examples: Sequence[Example] = ()
    history: Mapping[str, Sequence[float]] = field(default_factory=dict)
    notes: Sequence[str] = ()
    removed: Sequence[str] = ()

    def __post_init__(self) -> None:
        told, count, classes = self.predictions, len(self.predictions.ids), len(self.classes)
        for name, labels in (("true", told.true), ("before", told.before), ("after", told.after)):
            if labels.shape != (count,):
                raise ValueError(
                    f"predictions.{name} must be ({count},) as there are {count} ids, is {labels.shape}"
                )
            if count and not (labels.min() >= 0 and labels.max() < classes):
                raise ValueError(f"predictions.{name} must be class numbers below {classes}")
        if self.map is not None and (
            self.map.clips.shape != (count, 2)
            or self.map.before.shape != (classes, 2)
            or self.map.after.shape != (classes, 2)
        ):
            raise ValueError(f"the map must place {count} clips and {classes} classes twice")
        for example in self.examples:
            if not 0 <= example.index < count:
                raise ValueError(f"example {example.index} is none of the {count} clips")
            if not len(example.scores_before) == len(example.scores_after) == classes:
                raise ValueError(f"example {example.index} must have {classes} scores before and after")

    @property
    def headline(self) -> str:
        """``"5 unseen actions, 160 clips: 77 % right after alignment (70–83)"``."""
        count, clips = len(self.classes), len(self.predictions.ids)
        what = f"{count} unseen action{'s' * (count != 1)}, {clips:,} clip{'s' * (clips != 1)}"
        if not self.table or not np.isfinite(self.table[-1].accuracy):
            return f"{what}: nothing was judged"
        best = self.table[-1]
        span = (
            f" ({100 * best.low:.0f}–{100 * best.high:.0f})"
            if np.isfinite([best.low, best.high]).all()
            else ""
        )
        return f"{what}: {100 * best.accuracy:.0f}\u202f% right {best.name}{span}"


def choose_examples(predictions: Predictions, count: int = 24) -> list[int]:
    """Choose clips to play: right and wrong ones, mended and spoilt ones, of all classes in turn.

    Goes round the four outcomes (right or wrong before, right or wrong after) and, inside each, round the
    true classes, always in order of the clips: the same clips for the same predictions.

    Returns:
        At most `count` places in `predictions`, ascending.
    """
    right_before, right_after = predictions.before == predictions.true, predictions.after == predictions.true
    queues = []
    for first, last in ((True, True), (False, True), (True, False), (False, False)):
        members = np.flatnonzero((right_before == first) & (right_after == last))
        labels = predictions.true[members]
        # Rank inside the class first, class second: one of each class before the second of any.
        rank = np.array(
            [np.count_nonzero(labels[:place] == label) for place, label in enumerate(labels)], dtype=int
        )
        queues.append([int(member) for member in members[np.lexsort((labels, rank))]])
    chosen: list[int] = []
    while any(queues) and len(chosen) < count:
        for queue in queues:
            if queue and len(chosen) < count:
                chosen.append(queue.pop(0))
    return sorted(chosen)
