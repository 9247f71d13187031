"""What a recogniser returns: ranked sentences for a recording, spans of time for a long one, changes by alignment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

NONE = "none of these"
"""The answer where no sentence fits; no sentence or class may have its name."""
NONE_FROM = 0.5
"""Above this probability "none of these" is the answer. It is not compared with the best candidate: of many similar
sentences each may be less probable than that none fits."""


@dataclass(frozen=True)
class Answer:
    """One candidate and how well it describes a recording.

    Attributes:
        sentence: as given; for a taught class its name.
        probability: 0 to 1; those of all candidates and of "none of these" add to 1. `Answers.calibrated` says
            whether probabilities match how often such answers are correct.
        cosine: -1 to 1, between the recording and the sentence vector or its prototype.
        prototype: whether a prototype, averaged from clips by `adapt` or `teach`, was compared.
    """

    sentence: str
    probability: float
    cosine: float
    prototype: bool = False


@dataclass(frozen=True)
class Answers(Sequence[Answer]):
    """Candidates ranked by probability, most probable first, and the probability of "none of these".

    Attributes:
        answers: one per candidate.
        none: probability of "none of these"; 0 where the recogniser is not calibrated.
        calibrated: whether probabilities were fitted on held-out classes.
        source: id of the recording.
        problems: what is missing from the recording or was assumed, as `Clip.problems`; "no depth" makes every
            answer less certain (docs/formats.md).
        reading: how the recording was read, as `Clip.reading`.
        recogniser: that answered, as `Bundle.name`.
        aligned: whether it was adapted on unlabelled clips.
    """

    answers: tuple[Answer, ...]
    none: float
    calibrated: bool
    source: str = ""
    problems: tuple[str, ...] = ()
    reading: str = ""
    recogniser: str = field(default="", compare=False)
    aligned: bool = False

    @property
    def best(self) -> Answer | None:
        """The most probable candidate, or None where "none of these" is more probable than all candidates together."""
        return self.answers[0] if self.none <= NONE_FROM else None

    def __len__(self) -> int:
        return len(self.answers)

    def __iter__(self) -> Iterator[Answer]:
        return iter(self.answers)

    @overload
    def __getitem__(self, index: int) -> Answer: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Answer, ...]: ...
    def __getitem__(self, index: int | slice) -> Answer | tuple[Answer, ...]:
        return self.answers[index]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "source": self.source,
            "answers": [
                {
                    "sentence": a.sentence,
                    "probability": round(a.probability, 6),
                    "cosine": round(a.cosine, 6),
                    "prototype": a.prototype,
                }
                for a in self.answers
            ],
            "none": round(self.none, 6),
            "calibrated": self.calibrated,
            "problems": list(self.problems),
            "reading": self.reading,
            "recogniser": self.recogniser,
            "aligned": self.aligned,
        }


@dataclass(frozen=True)
class Span:
    """A stretch of time in which a body does what a sentence describes.

    Attributes:
        start_s, end_s: seconds from the first frame, start below end.
        body: index of the body in the recording, from 0.
        sentence: as given.
        probability: of the most probable window of the span, 0 to 1.
        partner: index of the other body, where the sentence describes two people.
    """

    start_s: float
    end_s: float
    body: int
    sentence: str
    probability: float
    partner: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "start_s": round(self.start_s, 3),
            "end_s": round(self.end_s, 3),
            "body": self.body,
            "partner": self.partner,
            "sentence": self.sentence,
            "probability": round(self.probability, 6),
        }


@dataclass(frozen=True)
class Timeline:
    """What each body of a long recording does, over time.

    Attributes:
        sentences: K, in the order of the columns.
        times: (W,) centres of the windows, seconds from the first frame.
        probabilities: (bodies, W, K + 1) float32; the last column is "none of these". NaN where the body is absent.
        spans: sorted by body, then start.
        seconds: length of the recording.
        calibrated: whether probabilities were fitted on held-out classes.
        source: id of the recording.
        problems, reading: as those of `Answers`.
        recogniser: that answered, as `Bundle.name`.
        aligned: whether it was adapted on unlabelled clips.
    """

    sentences: tuple[str, ...]
    times: NDArray[np.float64]
    probabilities: NDArray[np.float32]
    spans: tuple[Span, ...]
    seconds: float
    calibrated: bool
    source: str = ""
    problems: tuple[str, ...] = ()
    reading: str = ""
    recogniser: str = field(default="", compare=False)
    aligned: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; None where a body is absent."""
        rounded = np.round(self.probabilities.astype(np.float64), 5)
        return {
            "source": self.source,
            "problems": list(self.problems),
            "reading": self.reading,
            "recogniser": self.recogniser,
            "aligned": self.aligned,
            "seconds": round(self.seconds, 3),
            "sentences": list(self.sentences),
            "calibrated": self.calibrated,
            "times": [round(float(t), 4) for t in self.times],
            "probabilities": [
                [[float(p) for p in row] if np.isfinite(row[-1]) else None for row in body]
                for body in rounded
            ],
            "spans": [span.to_dict() for span in self.spans],
        }


@dataclass(frozen=True)
class Adaptation:
    """What unlabelled clips changed: recentring in any case, and alignment unless it was declined.

    Attributes:
        sentences: K.
        support: (K,) clips averaged into the prototype of each sentence; 0 where there is none.
        before, after: (N,) what the recogniser before and after ranks first for each clip, as an index into
            `candidates`; for a clip without a person, too, although its answer is "none of these".
        taught: classes that were candidates in addition to the sentences.
        declined: why the clips were not aligned and only recentred; "" if they were aligned.
    """

    sentences: tuple[str, ...]
    support: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    taught: tuple[str, ...] = ()
    declined: str = ""

    @property
    def candidates(self) -> tuple[str, ...]:
        """The sentences, then the taught classes."""
        return (*self.sentences, *self.taught)

    @property
    def changed(self) -> int:
        """Number of clips for which another candidate ranks first."""
        return sum(a != b for a, b in zip(self.before, self.after, strict=True))

    def __str__(self) -> str:
        lines = [f"adapted on {len(self.before)} clips; the answer changed for {self.changed}"]
        if self.declined:
            return f"{lines[0]}\nrecentred only, not aligned: {self.declined}"
        lines += [
            f"{n:5} clip{'s' if n > 1 else ' '}     {s}" if n else f"    - recentred  {s}"
            for s, n in zip(self.sentences, self.support, strict=True)
        ]
        return "\n".join(lines)
