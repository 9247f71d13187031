"""What most people import: a trained recogniser that takes recordings and typed sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import cosines
from pgfa.errors import BadConfig
from pgfa.learn.features import features_of
from pgfa.learn.run import Run, open_run
from pgfa.prepare import prepare
from pgfa.read import read
from pgfa.skeleton import Clip, Ragged
from pgfa.text.encode import encode


@dataclass(frozen=True)
class Answer:
    """One sentence and how near the recording lies to it.

    Attributes:
        sentence: as given.
        cosine: -1 to 1, higher is nearer. It ranks sentences; it is no probability.
    """

    sentence: str
    cosine: float


class Recogniser:
    """A trained run that answers which of several sentences tells what a recording shows."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @classmethod
    def load(cls, run: str | Path, *, device: str = "cpu") -> Recogniser:
        """Open a folder that `pgfa train` made. Raises BadCheckpoint where it is none, or is damaged."""
        return cls(open_run(Path(run), device=device))

    def recognise(self, clip: Clip | str | Path, sentences: Sequence[str]) -> list[Answer]:
        """Rank sentences for one recording, nearest first.

        Args:
            clip: a clip, or the path of a recording of any known format.
            sentences: at least one.

        Raises:
            BadFile: the recording is not what it should be.
            BadConfig: no sentence, or an empty one.
            LayoutMismatch: no meaningful map from the recording's joints to the run's.
        """
        if not sentences:
            raise BadConfig("at least one sentence is needed")
        recording = clip if isinstance(clip, Clip) else read(clip)
        scores = cosines(self.features([recording]), self.anchors(sentences))[0]
        ranked = np.argsort(-scores, kind="stable")
        return [Answer(sentences[i], float(scores[i])) for i in ranked]

    def features(self, clips: Sequence[Clip]) -> NDArray[np.float32]:
        """(clips, d) features in sentence space."""
        made = prepare(Ragged.from_clips(clips), self.run.settings.prepare)
        return features_of(self.run.model, made.positions, made.present)

    def anchors(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """(sentences, d) vectors in the space the run was trained in."""
        return encode(list(sentences), self.run.settings.text) - self.run.centre
