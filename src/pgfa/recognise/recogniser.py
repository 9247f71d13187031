"""The recogniser: recordings and sentences in, calibrated answers out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import Recentring, Stream, unit_rows
from pgfa.config import AdaptSettings, RecogniseSettings
from pgfa.errors import BadConfig
from pgfa.processes import cores
from pgfa.recognise.adapting import DEFAULT, adapt_features
from pgfa.recognise.answers import Adaptation, Answers, Timeline
from pgfa.recognise.bundle import Bundle, open_bundle
from pgfa.recognise.calibration.model import Calibration
from pgfa.recognise.candidates import MAX_CANDIDATES, Candidates, check_candidates, some_sentences
from pgfa.recognise.corrections import Correction, Corrections, learn
from pgfa.recognise.explanation import Explanations, explain
from pgfa.recognise.overlap import Overlap, find_overlaps
from pgfa.recognise.pooling import clip_features
from pgfa.recognise.prototypes import Prototype
from pgfa.recognise.recordings import Recording, Recordings, as_clips, recordings_in
from pgfa.recognise.temporal.live import Live
from pgfa.recognise.temporal.spans import timeline
from pgfa.recognise.temporal.windows import Progress
from pgfa.skeleton import Clip, Ragged, get_layout
from pgfa.text.encode import check_sentences
from pgfa.words.interaction_words import needs_two

BATCH = 128
"""Clips that are prepared, measured and encoded at a time, by one thread."""
MOST_FEATURES = 4096
"""Clips whose features are in memory at a time, where only answers are wanted."""

_DEFAULT = RecogniseSettings()


def is_long(clip: Clip) -> bool:
    """Whether a recording is answered over time by default: from `RecogniseSettings.long_from` seconds on."""
    return clip.seconds >= _DEFAULT.long_from


@dataclass(frozen=True)
class Recogniser:
    """Finds which of several sentences describes a recording.

    It is immutable: `adapt`, `teach` and `forget` return a new one that shares the encoder. So threads may share
    it, and the same question always has the same answer.

    Attributes:
        bundle: encoder, settings, calibration, provenance.
        prototypes: of sentences that were adapted and classes that were taught.
        recentring: of the last `adapt`; later recordings are answered with it.
        adaptation: what the last `adapt` changed.
        corrections: of the last `correct`; later recordings are answered with them.
    """

    bundle: Bundle
    prototypes: Mapping[str, Prototype] = field(default_factory=dict)
    recentring: Recentring | None = None
    adaptation: Adaptation | None = None
    corrections: Corrections | None = None

    @classmethod
    def load(cls, path: str | Path | None = None, device: str = "cpu") -> Recogniser:
        """Open a recogniser.

        Args:
            path: a folder written by `pgfa train` or `pgfa export`; None: the bundled recogniser; "open": the bundled
                one trained only on recordings whose terms allow any use, unless a folder has that name.
            device: ``cpu``, ``cuda``, ``cuda:1`` or ``auto``; an exported recogniser runs on the CPU. On the CPU a
                bundle with an encoder in ONNX runs without torch.

        Raises:
            BadCheckpoint: the folder is not a recogniser, or it is damaged.
            BadConfig: the device is not available; torch is needed but not installed.
        """
        bundle = open_bundle(None if path is None else Path(path), device=device)
        return cls(bundle, bundle.prototypes, bundle.recentring)

    def save(self, folder: str | Path, sentences: Sequence[str] = ()) -> None:
        """Write a bundle, with the vectors of `sentences`, all prototypes and the recentring."""
        bundle = replace(self.bundle, prototypes=self.prototypes, recentring=self.recentring)
        bundle.save(Path(folder), sentences)

    @property
    def calibration(self) -> Calibration:
        """How cosines become probabilities, and how reliable these are."""
        return self.bundle.calibration

    @property
    def taught(self) -> tuple[str, ...]:
        """Names of the taught classes; they are candidates of every question, in addition to its sentences."""
        return tuple(name for name, prototype in self.prototypes.items() if prototype.taught)

    @property
    def aligned(self) -> bool:
        """Whether it was adapted on unlabelled clips."""
        return self.recentring is not None or any(not p.taught for p in self.prototypes.values())

    @overload
    def recognise(self, clips: Recording, sentences: Sequence[str] = ()) -> Answers:
        """One recording."""

    @overload
    def recognise(self, clips: Recordings, sentences: Sequence[str] = ()) -> list[Answers]:
        """Several at once."""

    def recognise(
        self, clips: Recording | Recordings, sentences: Sequence[str] = ()
    ) -> Answers | list[Answers]:
        """Rank sentences for one recording, or for each of several. Without a person the answer is "none of these".

        Args:
            clips: a clip or a path of any known format, or a sequence of these.
            sentences: candidates. Taught classes are added.

        Raises:
            BadFile: a recording cannot be read.
            BadConfig: no candidate, an empty sentence, or a duplicate.
            LayoutMismatch: a recording's joints cannot be mapped to the recogniser's.
            LimitExceeded: more than MAX_CANDIDATES sentences.
        """
        items, candidates = as_clips(clips), self.candidates(sentences)
        blocks = [items[start : start + MOST_FEATURES] for start in range(0, len(items), MOST_FEATURES)]
        answers = [answer for block in blocks for answer in candidates.answers(self.features(block), block)]
        return answers if isinstance(clips, list | tuple) else answers[0]

    def spans(
        self,
        clip: Recording,
        sentences: Sequence[str] = (),
        window: float | Sequence[float] = _DEFAULT.window,
        hop: float = _DEFAULT.hop,
        progress: Progress | None = None,
        least: float = _DEFAULT.least,
    ) -> Timeline:
        """What each body of a long recording does, over time.

        Args:
            clip: a clip or a path.
            sentences: candidates. Taught classes are added.
            window: length in seconds; cosines are averaged over several lengths.
            hop: seconds between the centres of successive windows.
            progress: called with the share that is done, between blocks of windows; what it raises ends the work.
            least: probability of a span, at least: more finds less, and is right more often (docs/untrimmed.md).

        Raises as `recognise`, and LimitExceeded where there are too many windows.
        """
        item = as_clips(clip)[0]
        return timeline(self.encode, item, self.candidates(sentences), window, hop, progress, least)

    def answer(
        self,
        clip: Recording,
        sentences: Sequence[str] = (),
        *,
        over_time: bool | None = None,
        window: float | Sequence[float] = _DEFAULT.window,
        hop: float = _DEFAULT.hop,
        least: float = _DEFAULT.least,
    ) -> Answers | Timeline:
        """`spans` for a long recording (`is_long`), else `recognise`; `over_time` overrides the choice."""
        item, candidates = as_clips(clip)[0], self.candidates(sentences)
        if is_long(item) if over_time is None else over_time:
            return timeline(self.encode, item, candidates, window, hop, least=least)
        return candidates.answers(self.encode(Ragged.from_clips([item])), [item])[0]

    def explain(self, clip: Recording, sentences: Sequence[str]) -> Explanations:
        """What speaks for and against each sentence in the motion of the main body, and facts about the recording.

        These are the measures and the words that a kinematic model compares: part of a cosine, beside what the motion
        encoder sees.

        Args:
            clip: a clip or a path; explained as a whole, a longer one by the windows that it is compared by.
            sentences: any number. A taught class is compared with its examples and has no reasons.

        Raises as `recognise`, and BadConfig where the bundle has no kinematic model.
        """
        if (kinematics := self.bundle.kinematics) is None:
            raise BadConfig(
                where="recogniser",
                expected="a kinematic model, which is needed to explain answers",
                found="no kinematic model",
            )
        names, item = some_sentences(sentences), as_clips(clip)[0]
        return explain(kinematics, self.bundle.settings.prepare, item, names, self.taught)

    def adapt(
        self,
        clips: Recordings | str | Path,
        sentences: Sequence[str],
        settings: AdaptSettings | None = None,
        *,
        cautious: bool = True,
    ) -> Recogniser:
        """A recogniser for recordings such as these unlabelled clips.

        Features and sentence vectors are recentred by the means of the clips and the sentences, and the cosines of
        each sentence are standardised over the clips. Then prototypes averaged from the clips are compared beside the
        sentences, unless there are too few clips, one sentence would get nearly all of them, or the labels depend on
        which clips are used; see docs/alignment.md. `adaptation` of the result says what changed, and why alignment
        was declined. Every clip is assumed to show one of the sentences; clips without a person have no effect.

        Args:
            clips: recordings, or a folder (every file of a known format in it).
            sentences: the candidates to adapt.
            settings: alignment method and its settings; default: `discriminant`, whatever the training run used.
            cautious: whether alignment may be declined.

        Raises as `recognise`, and BadFile where a folder contains no recording.
        """
        items = recordings_in(Path(clips)) if isinstance(clips, str | Path) else as_clips(clips)
        names, features = some_sentences(sentences), self.features(items)
        adapted = adapt_features(features, self.bundle.anchors(names), names, settings or DEFAULT, cautious)
        others = {n: p for n, p in self.prototypes.items() if p.taught or n not in names}
        new = replace(self, prototypes={**others, **adapted.prototypes}, recentring=adapted.recentring)
        candidates = [self.candidates(names), new.candidates(names)]
        before, after = (_best(c.answers(features, items), c.names) for c in candidates)
        taught = candidates[1].names[len(names) :]
        adaptation = Adaptation(
            tuple(names), adapted.support, before, after, taught=taught, declined=adapted.declined
        )
        return replace(new, adaptation=adaptation)

    def stream(self, sentences: Sequence[str], settings: AdaptSettings | None = None) -> StreamRecogniser:
        """A recogniser that adapts while recordings arrive; `settings.alpha` and `.memory` are used."""
        return StreamRecogniser(self, some_sentences(sentences), settings or self.bundle.settings.adapt)

    def teach(self, name: str, examples: Recording | Recordings) -> Recogniser:
        """A recogniser with one more class, defined by one or more examples and added to every question.

        Teaching a name again replaces its examples. Raises as `recognise`; BadConfig without an example or a person.
        """
        items = as_clips(examples)
        if not items:
            raise BadConfig(where=f"class {name!r}", expected="at least one example", found="none")
        (name,) = some_sentences([name])
        features = self.features(items)
        for clip, feature in zip(items, features, strict=True):
            if not feature.any():
                raise BadConfig(
                    f"no person detected in an example of {name!r}: {clip.source.id}",
                    where=f"an example of {name!r}",
                    expected="a recording of a person",
                    found="no person detected",
                )
        vector = np.asarray(unit_rows(features).mean(axis=0), dtype=np.float32)
        prototype = Prototype(vector, len(items), taught=True)
        return self._with_prototypes({**self.prototypes, name: prototype}, name)

    def forget(self, name: str) -> Recogniser:
        """A recogniser without what was adapted or taught under that name. Raises BadConfig for an unknown name."""
        if name not in self.prototypes:
            raise BadConfig(
                where="name", expected="that of an adapted sentence or a taught class", found=repr(name)
            )
        return self._with_prototypes({n: p for n, p in self.prototypes.items() if n != name}, name)

    def correct(self, corrections: Sequence[Correction]) -> Recogniser:
        """A recogniser whose answers follow a person's corrections; they replace earlier ones, none removes them.

        They are not part of a bundle: train on the corrected moments to keep what they say. Raises BadConfig.
        """
        centred = self.bundle.kinematics is not None
        return replace(self, corrections=learn(self.features, corrections, centred) if corrections else None)

    def overlaps(self, sentences: Sequence[str]) -> tuple[Overlap, ...]:
        """Taught classes that mean the same as one of the sentences; asked about together they share a probability.

        Raises BadConfig and LimitExceeded as `recognise`.
        """
        taught = {name: p for name, p in self.prototypes.items() if p.taught and name not in sentences}
        names = [s for s in check_sentences(sentences, MAX_CANDIDATES, distinct=True) if s not in self.taught]
        if not taught or not names:
            return ()
        alone = replace(self, prototypes={n: p for n, p in self.prototypes.items() if not p.taught})
        return find_overlaps(self.bundle, taught, names, alone.candidates(names))

    def _with_prototypes(self, prototypes: Mapping[str, Prototype], changed: str) -> Recogniser:
        """With other prototypes; scores standardised for the former vector of `changed` do not hold for the new one."""
        recentring = None if self.recentring is None else self.recentring.without(changed)
        return replace(self, prototypes=prototypes, recentring=recentring)

    def live(self, sentences: Sequence[str], layout: str, rate: float | None = None) -> Live:
        """Running answers for frames as they arrive; see `Live`."""
        return Live(self.encode, self.candidates(sentences), get_layout(layout), rate)

    def candidates(self, sentences: Sequence[str] = ()) -> Candidates:
        """The sentences, then the taught classes that are not among them. Raises BadConfig, LimitExceeded."""
        names = check_sentences(sentences, MAX_CANDIDATES, distinct=True)
        taught = {name for name, prototype in self.prototypes.items() if prototype.taught}
        names += [name for name in self.prototypes if name in taught and name not in names]
        check_candidates(names)
        is_prototype = np.array([name in self.prototypes for name in names], dtype=bool)
        vectors = np.empty((len(names), self.bundle.size), dtype=np.float32)
        if plain := [name for name in names if name not in self.prototypes]:
            anchors = self.bundle.anchors(plain)
            recentring = self.recentring
            vectors[~is_prototype] = anchors if recentring is None else recentring.shift_sentences(anchors)
        shift = np.float32(0) if self.recentring is None else self.recentring.feature_shift
        for i in np.flatnonzero(is_prototype):
            vectors[i] = self.prototypes[names[i]].vector - shift
        two = np.array([needs_two(name) and name not in taught for name in names], dtype=bool)
        candidates = Candidates(
            tuple(names), vectors, is_prototype, two, self.bundle.calibration, self.recentring,
            whitened=self.bundle.kinematics is not None,
            recogniser=self.bundle.name, aligned=self.aligned,
            background=self.bundle.background(self.recentring),
        )  # fmt: skip
        adjustment = None if self.corrections is None else self.corrections.adjust(candidates)
        return replace(candidates, adjustment=adjustment)

    def features(self, clips: Sequence[Clip]) -> NDArray[np.float32]:
        """(clips, d) features of clips of one or several layouts; see `encode`. Many clips use all cores."""
        out = np.zeros((len(clips), self.bundle.size), dtype=np.float32)
        groups: dict[str, list[int]] = {}
        for index, clip in enumerate(clips):
            groups.setdefault(clip.layout.name, []).append(index)
        parts = [
            members[start : start + BATCH]
            for members in groups.values()
            for start in range(0, len(members), BATCH)
        ]

        def encode(members: list[int]) -> None:
            out[members] = self.encode(Ragged.from_clips([clips[i] for i in members]))

        # Threads suffice: numpy and onnxruntime let others run while they compute. Torch uses all cores by itself.
        workers = 1 if self.bundle.encoder.kind == "torch" else min(len(parts), cores())
        if workers < 2:
            for members in parts:
                encode(members)
        else:
            with ThreadPoolExecutor(workers) as pool:
                list(pool.map(encode, parts))
        return out

    def encode(self, clips: Ragged) -> NDArray[np.float32]:
        """(clips, d) features of clips of one layout in sentence space, not normalised; 0 without a person.

        With a kinematic model that of a longer recording is the mean of windows (`pgfa.recognise.pooling`).
        """
        return clip_features(self.bundle, clips)


class StreamRecogniser:
    """Answers immediately, and adapts on every recording it gets (docs/alignment.md). Not thread-safe.

    Args:
        recogniser: its encoder is used, and its taught classes are added to the sentences.
        sentences: candidates.
        settings: `alpha` and `memory`.
    """

    def __init__(self, recogniser: Recogniser, sentences: Sequence[str], settings: AdaptSettings) -> None:
        self._initial, self.sentences = recogniser, tuple(sentences)
        self.stream = Stream(recogniser.bundle.anchors(self.sentences), settings)
        self._current = recogniser

    @property
    def recogniser(self) -> Recogniser:
        """The current state: an ordinary recogniser with the current prototypes."""
        return self._current

    def recognise(self, clips: Recording | Recordings) -> list[Answers]:
        """Adapt on recordings and answer for each, with these included. Raises as `Recogniser.recognise`."""
        items = as_clips(clips)
        features = self._initial.features(items)
        self.stream.add(features[features.any(axis=1)])
        anchors = self.stream.anchors
        aligned = {
            name: Prototype(self.stream.prototypes[i], int(self.stream.counts[i]), taught=False)
            for i, name in enumerate(self.sentences)
            if not np.array_equal(self.stream.prototypes[i], anchors[i])
        }
        self._current = replace(self._initial, prototypes={**self._initial.prototypes, **aligned})
        return self._current.candidates(self.sentences).answers(features, items)


def _best(answers: Sequence[Answers], names: Sequence[str]) -> tuple[int, ...]:
    """Index in `names` of the candidate that ranks first in each of `answers`."""
    return tuple(names.index(ranked[0].sentence) for ranked in answers)
