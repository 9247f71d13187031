"""The recogniser: recordings and typed sentences in, calibrated answers out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import Stream, align_with, cosines, unit_rows
from pgfa.config import AdaptSettings
from pgfa.errors import BadConfig, LimitExceeded
from pgfa.prepare import prepare
from pgfa.read import read
from pgfa.recognise.answers import Answer, Answers, Timeline
from pgfa.recognise.bundle import Bundle, open_bundle
from pgfa.recognise.calibration.model import Calibration
from pgfa.recognise.prototypes import Prototype
from pgfa.recognise.recordings import recordings_in
from pgfa.recognise.temporal.live import Live
from pgfa.recognise.temporal.spans import HOP, WINDOW, timeline
from pgfa.skeleton import Clip, Ragged, get_layout

Recording = Clip | str | Path
Recordings = list[Recording] | tuple[Recording, ...]

MAX_SENTENCES = 1_000
"""Candidates at once, taught classes among them."""
_HALF = re.compile("[\ud800-\udfff]")
"""Half a character, which no encoding of text can hold."""


@dataclass(frozen=True)
class Adaptation:
    """What alignment on one's own clips changed.

    Attributes:
        sentences: K.
        support: (K,) clips whose mean now stands for each sentence; 0 where the sentence stays.
        before, after: (N,) the likeliest sentence of each clip, as a number below K.
    """

    sentences: tuple[str, ...]
    support: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]

    @property
    def changed(self) -> int:
        """Clips whose likeliest sentence is another one now."""
        return sum(a != b for a, b in zip(self.before, self.after, strict=True))

    def __str__(self) -> str:
        lines = [f"adapted on {len(self.before)} clips; the answer changed for {self.changed}"]
        lines += [
            f"{n:5} clip{'s stand' if n > 1 else ' stands'} for  {s}" if n else f"    - stays as it is  {s}"
            for s, n in zip(self.sentences, self.support, strict=True)
        ]
        return "\n".join(lines)


@dataclass(frozen=True)
class Recogniser:
    """Tells which of several sentences fits a recording.

    It never changes: `adapt`, `teach` and `forget` give a new one that shares its encoder. So threads may share
    it, and the same question has the same answer.

    Attributes:
        bundle: encoder, settings, calibration, where it comes from.
        prototypes: sentences that were adapted and classes that were taught.
        adaptation: what the last `adapt` changed.
    """

    bundle: Bundle
    prototypes: Mapping[str, Prototype] = field(default_factory=dict)
    adaptation: Adaptation | None = None

    @classmethod
    def load(cls, path: str | Path | None = None, device: str = "cpu") -> Recogniser:
        """Open a recogniser.

        Args:
            path: a folder that `pgfa train` or `pgfa export` made; None: the one in the box.
            device: ``cpu``, ``cuda``, ``cuda:1`` or ``auto``; an exported one runs on the CPU.

        Raises:
            BadCheckpoint: there is none, or it is damaged.
            BadConfig: a device this machine does not have; onnxruntime is needed and absent.
        """
        bundle = open_bundle(None if path is None else Path(path), device=device)
        return cls(bundle, bundle.prototypes)

    def save(self, folder: str | Path, sentences: Sequence[str] = ()) -> None:
        """Write it as a bundle, with the vectors of `sentences` and all that was adapted or taught."""
        replace(self.bundle, prototypes=self.prototypes).save(Path(folder), sentences)

    @property
    def calibration(self) -> Calibration:
        """How cosines become probabilities, and what they are worth."""
        return self.bundle.calibration

    @property
    def taught(self) -> tuple[str, ...]:
        """Names of the taught classes; they are candidates beside the sentences of every question."""
        return tuple(name for name, made in self.prototypes.items() if made.taught)

    @overload
    def recognise(self, clips: Recording, sentences: Sequence[str] = ()) -> Answers:
        """One recording."""

    @overload
    def recognise(self, clips: Recordings, sentences: Sequence[str] = ()) -> list[Answers]:
        """Several at once."""

    def recognise(
        self, clips: Recording | Recordings, sentences: Sequence[str] = ()
    ) -> Answers | list[Answers]:
        """Rank sentences for one recording, or for each of several at once. Where nobody is seen it is none of them.

        Args:
            clips: a clip or a path of any known format, or a sequence of these.
            sentences: candidates. Taught classes stand beside them.

        Raises:
            BadFile: a recording is not what it should be.
            BadConfig: no candidate at all, an empty sentence, or one given twice.
            LayoutMismatch: no meaningful map from a recording's joints to the recogniser's.
            LimitExceeded: more than MAX_SENTENCES.
        """
        some = _clips(clips)
        made = self.answer(self.features(some), sentences, [c.source.id for c in some])
        found = [replace(a, problems=clip.problems) for a, clip in zip(made, some, strict=True)]
        return found if isinstance(clips, list | tuple) else found[0]

    def answer(
        self, features: NDArray[np.float32], sentences: Sequence[str] = (), sources: Sequence[str] = ()
    ) -> list[Answers]:
        """Rank sentences for (N, d) features that `features` gave. Raises as `recognise`."""
        names = self.candidates(sentences)
        vectors, prototype = self.anchors(names)
        near = cosines(features, vectors)
        possible = np.where(features.any(axis=1, keepdims=True), near, -np.inf)  # nobody does nothing
        likely = self.calibration.probabilities(possible, prototype)
        made = []
        for row, (probability, cosine) in enumerate(zip(likely, near, strict=True)):
            ranked = np.lexsort((-cosine, -probability[:-1]))
            answers = tuple(
                Answer(names[i], float(probability[i]), float(cosine[i]), bool(prototype[i])) for i in ranked
            )
            source = sources[row] if sources else ""
            made.append(Answers(answers, float(probability[-1]), self.calibration.fitted, source))
        return made

    def spans(
        self,
        clip: Recording,
        sentences: Sequence[str] = (),
        window: float | Sequence[float] = WINDOW,
        hop: float = HOP,
    ) -> Timeline:
        """What each body of a long recording does, over time.

        Args:
            clip: a clip or a path.
            sentences: candidates. Taught classes stand beside them.
            window: seconds; of several, the evidence is averaged.
            hop: seconds from one window's middle to the next.

        Raises as `recognise`; LimitExceeded too where there are too many windows.
        """
        return timeline(self, _clips(clip)[0], self.candidates(sentences), window, hop)

    def adapt(
        self,
        clips: Recordings | str | Path,
        sentences: Sequence[str],
        settings: AdaptSettings | None = None,
    ) -> Recogniser:
        """A recogniser for which one's own unlabelled clips stand for the sentences: the surest of each.

        What changed is in its `adaptation`. It assumes that every clip shows one of the sentences; clips in which
        nobody is seen stand for nothing.

        Args:
            clips: recordings, or a folder of them (every file of a known format in it).
            sentences: the candidates to adapt.
            settings: method and alpha; those of the training run if not given.

        Raises as `recognise`; BadFile too where a folder holds no recording.
        """
        some = recordings_in(Path(clips)) if isinstance(clips, str | Path) else _clips(clips)
        settings = settings or self.bundle.settings.adapt
        names = _checked(sentences)
        anchors = self.bundle.anchors(names)
        features = self.features(some)
        found = align_with(settings.method, features, anchors, settings)
        support = np.bincount(found.labels[found.support & features.any(axis=1)], minlength=len(names))
        moved = [i for i in range(len(names)) if support[i] > 0]
        made = {names[i]: Prototype(found.prototypes[i], int(support[i]), taught=False) for i in moved}
        kept = {n: p for n, p in self.prototypes.items() if p.taught or n not in names}
        before = cosines(features, anchors).argmax(axis=1)
        adaptation = Adaptation(
            tuple(names),
            tuple(int(n) for n in support),
            tuple(int(i) for i in before),
            tuple(int(i) for i in found.predictions),
        )
        return replace(self, prototypes={**kept, **made}, adaptation=adaptation)

    def stream(self, sentences: Sequence[str], settings: AdaptSettings | None = None) -> StreamRecogniser:
        """A recogniser that adapts while recordings arrive; `settings.alpha` and `.memory` are used."""
        return StreamRecogniser(self, _checked(sentences), settings or self.bundle.settings.adapt)

    def teach(self, name: str, examples: Recording | Recordings) -> Recogniser:
        """A recogniser that also knows a class by examples, one or more; it stands beside all sentences.

        Taught again, the new examples replace the old ones. Raises as `recognise`; BadConfig without an example,
        or where nobody is seen in one.
        """
        some = _clips(examples)
        if not some:
            raise BadConfig(f"no example of {name!r}")
        (name,) = _checked([name])
        features = self.features(some)
        for clip, feature in zip(some, features, strict=True):
            if not feature.any():
                raise BadConfig(f"nobody is seen in an example of {name!r}: {clip.source.id}")
        vector = unit_rows(features).mean(axis=0)
        made = Prototype(np.asarray(vector, dtype=np.float32), len(some), taught=True)
        return replace(self, prototypes={**self.prototypes, name: made})

    def forget(self, name: str) -> Recogniser:
        """One without what was adapted or taught under that name. Raises BadConfig where there is nothing."""
        if name not in self.prototypes:
            raise BadConfig(f"nothing was adapted or taught as {name!r}")
        return replace(self, prototypes={n: p for n, p in self.prototypes.items() if n != name})

    def live(self, sentences: Sequence[str], layout: str, rate: float | None = None) -> Live:
        """Running answers for frames as they come; see `Live`."""
        return Live(self, self.candidates(sentences), get_layout(layout), rate)

    def features(self, clips: Sequence[Clip]) -> NDArray[np.float32]:
        """(clips, d) features in sentence space, not normalised; 0 where nobody is seen. Of one or several layouts."""
        out = np.zeros((len(clips), len(self.bundle.centre)), dtype=np.float32)
        groups: dict[str, list[int]] = {}
        for number, clip in enumerate(clips):
            groups.setdefault(clip.layout.name, []).append(number)
        for members in groups.values():
            out[members] = self.encode(Ragged.from_clips([clips[i] for i in members]))
        return out

    def encode(self, clips: Ragged) -> NDArray[np.float32]:
        """(clips, d) features of clips of one layout; 0 where nobody is seen."""
        made = prepare(clips, self.bundle.settings.prepare)
        features = self.bundle.encoder.features(made.positions, made.present)
        return np.where(made.present.any(axis=1, keepdims=True), features, np.float32(0))

    def candidates(self, sentences: Sequence[str]) -> list[str]:
        """The sentences, then the taught classes that are not among them. Raises BadConfig, LimitExceeded."""
        given = sentences if isinstance(sentences, str) else list(sentences)
        names = _checked(given) if given else []
        names += [name for name in self.taught if name not in names]
        if not names:
            raise BadConfig("at least one sentence is needed")
        return names

    def anchors(self, names: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """(K, d) what stands for each candidate, and (K,) whether it is a prototype."""
        prototype = np.array([name in self.prototypes for name in names], dtype=bool)
        out = np.empty((len(names), len(self.bundle.centre)), dtype=np.float32)
        for i, name in enumerate(names):
            if prototype[i]:
                out[i] = self.prototypes[name].vector
        if spoken := [name for name in names if name not in self.prototypes]:
            out[~prototype] = self.bundle.anchors(spoken)
        return out, prototype


class StreamRecogniser:
    """Answers at once, and adapts by every recording it is given (docs/alignment.md). Not for several threads.

    Args:
        recogniser: whose encoder is used; what it was taught stands beside the sentences.
        sentences: candidates.
        settings: `alpha` and `memory`.
    """

    def __init__(self, recogniser: Recogniser, sentences: Sequence[str], settings: AdaptSettings) -> None:
        self._start, self.sentences = recogniser, tuple(sentences)
        self.stream = Stream(recogniser.bundle.anchors(self.sentences), settings)
        self._now = recogniser

    @property
    def recogniser(self) -> Recogniser:
        """What it has become: an ordinary recogniser with today's prototypes."""
        return self._now

    def recognise(self, clips: Recording | Recordings) -> list[Answers]:
        """Take in recordings and answer for each, these counted in. Raises as `Recogniser.recognise`."""
        some = _clips(clips)
        features = self._start.features(some)
        self.stream.add(features[features.any(axis=1)])
        anchors = self.stream.anchors
        moved = {
            name: Prototype(self.stream.prototypes[i], int(self.stream.counts[i]), taught=False)
            for i, name in enumerate(self.sentences)
            if not np.array_equal(self.stream.prototypes[i], anchors[i])
        }
        self._now = replace(self._start, prototypes={**self._start.prototypes, **moved})
        return self._now.answer(features, self.sentences, [c.source.id for c in some])


def _clips(recordings: Recording | Recordings) -> list[Clip]:
    some = recordings if isinstance(recordings, list | tuple) else [recordings]
    for one in some:
        if not isinstance(one, Clip | str | Path):
            raise BadConfig(
                f"a recording is a path or a clip, Clip(positions, rate=..., layout=...), found {type(one).__name__}"
            )
    return [one if isinstance(one, Clip) else read(one) for one in some]


def _checked(sentences: Sequence[str]) -> list[str]:
    if isinstance(sentences, str):
        raise BadConfig("a list of sentences is needed, found one text")
    names = list(sentences)
    if not names:
        raise BadConfig("at least one sentence is needed")
    if len(names) > MAX_SENTENCES:
        raise LimitExceeded(f"{len(names):,} sentences, more than the limit of {MAX_SENTENCES:,}")
    for number, name in enumerate(names):
        if not isinstance(name, str) or _HALF.search(name):
            raise BadConfig(f"sentence {number + 1} of {len(names)} is no text: {name!r}")
        if not name.strip():
            raise BadConfig(f"sentence {number + 1} of {len(names)} is empty")
        if name in names[:number]:
            raise BadConfig(f"sentence {number + 1} is given twice: {name!r}")
    return names
