"""A data set for the comparison of data sets: prepared and measured clips, and every text of its classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pgfa.config import PrepareSettings, TextSettings
from pgfa.errors import BadConfig
from pgfa.files import cache_folder
from pgfa.pack import Pack
from pgfa.prepare import prepare_cached
from pgfa.recognise.pooling import blended, cut_into_windows, movement, pooled
from pgfa.research.foreign.incomplete import Change, measured_clips, measured_rows, without_depth
from pgfa.skeleton import Ragged, get_layout
from pgfa.text import ActionClass, catalogue, encode, mirror_sentence, sentence_of
from pgfa.text.glossary import sentence_profiles, sentence_words
from pgfa.text.wordings import wordings
from pgfa.words.fit import MeasuredSet
from pgfa.words.measures import measure, mirrored
from pgfa.words.sides import Described, right_leading

Array = NDArray[np.float32]

STYLES = ("plain", "label", "typed 1", "typed 2", "typed 3")
"""The texts that a set is asked with: a plain sentence, the bare name, and three wordings that are
not trained on in this set."""


@dataclass(frozen=True)
class Texts:
    """The texts of one class.

    Attributes:
        asked: one per entry of `STYLES`.
        training: all that may be trained on.
    """

    asked: tuple[str, ...]
    training: tuple[str, ...]

    @classmethod
    def of(cls, action: ActionClass) -> Texts:
        """Of a class of a catalogue. Raises BadConfig without wordings."""
        written = wordings(action.dataset).get(action.name)
        if written is None or len(written.typed) != len(STYLES) - 2:
            raise BadConfig(f"{action.key} has no wordings (pgfa/text/wordings)")
        variants = [sentence_of(action, name) for name in ("label", "plain", "skeleton", "parts")]
        return cls((action.plain, action.label, *written.typed), (*variants, *written.training))


@dataclass(frozen=True)
class SetWindows:
    """Windows of the longer clips of a set (`pgfa.recognise.pooling`), W of all.

    Attributes:
        owner: (W,) row of the clip in the set, ascending.
        positions, present: prepared windows, as in `pgfa.prepare.Prepared`.
        measures: (W, measures).
        weight: (W,) of a window beside the others of its clip, as in `WindowedClips`.
        share: of the windows in the vector of each clip that has some, in the order of `owner`.
    """

    owner: NDArray[np.int64]
    positions: Array
    present: NDArray[np.bool_]
    measures: Array
    weight: Array
    share: Array

    @classmethod
    def of(cls, clips: Ragged, settings: PrepareSettings) -> SetWindows:
        """Of clips of a set."""
        windows = cut_into_windows(clips)
        long = np.flatnonzero(np.bincount(windows.owner)[windows.owner] > 1)
        owner = windows.owner[long]
        rows = measured_rows(windows.clips.of(long), settings)
        return cls(owner, *rows, windows.weight[long], windows.share[np.unique(owner)])

    @property
    def right_leading(self) -> Array:
        """As `ForeignSet.right_leading`."""
        return right_leading(self.positions, get_layout("kinect20").mirror, self.measures)

    def pool(self, rows: Array) -> Array:
        """(N, d) vectors of the clips of the set, from (N + W, d) of the clips as they are and of the windows."""
        clips, of_windows = np.split(rows, [len(rows) - len(self.owner)])
        out = clips.copy()
        of_windows = of_windows * self.present[:, :1]  # 0 without a person
        chosen = np.unique(self.owner)
        of_windows = pooled(of_windows, self.owner, movement(self.measures) * self.weight)
        out[chosen] = blended(clips[chosen], of_windows, self.share)
        return out


@dataclass(frozen=True)
class ForeignSet:
    """One data set.

    Attributes:
        name: of the data set.
        classes: K, those with clips.
        texts: of each class.
        labels: (N,) below K.
        subjects: (N,) the person of each clip.
        positions, present: prepared clips, as in `pgfa.prepare.Prepared`.
        measured: for the kinematic model.
        numbers: (N,) of the clips in the pack.
        windows: of the longer clips.
    """

    name: str
    classes: tuple[ActionClass, ...]
    texts: tuple[Texts, ...]
    labels: NDArray[np.int64]
    subjects: NDArray[np.str_]
    positions: Array
    present: NDArray[np.bool_]
    measured: MeasuredSet
    numbers: NDArray[np.int64]
    windows: SetWindows

    def asked(self, style: int, settings: TextSettings) -> tuple[Described, Described]:
        """What is known of the texts of one style of `STYLES`, and of the mirrored texts."""
        asked = [texts.asked[style] for texts in self.texts]
        return vectors_of(asked, settings), vectors_of([mirror_sentence(text) for text in asked], settings)

    @property
    def right_leading(self) -> Array:
        """`positions` as a motion encoder gets them: the more active side is the right one."""
        return right_leading(self.positions, get_layout("kinect20").mirror, self.measured.measures)

    def changed(self, pack: Pack, change: Change) -> ForeignSet:
        """The set with clips of its pack that show less (`pgfa.research.foreign.incomplete`)."""
        clips = Ragged.from_clips(change([pack.clip(number) for number in self.numbers.tolist()]))
        positions, present, measures = measured_rows(clips, PrepareSettings())
        measured = replace(self.measured, measures=measures, mirrored=mirrored(measures))
        windows = SetWindows.of(clips, PrepareSettings())
        return replace(self, positions=positions, present=present, measured=measured, windows=windows)


def load_set(pack: Pack, settings: PrepareSettings, text: TextSettings) -> ForeignSet:
    """Prepare, measure and describe the clips of a pack whose class is in its catalogue.

    Raises:
        BadConfig: several data sets in the pack, no catalogue, or no wordings.
    """
    if len(pack.datasets) != 1:
        raise BadConfig(f"{pack.folder}: expected one data set, found {', '.join(pack.datasets)}")
    actions = catalogue(pack.datasets[0]).by_name
    prepared = prepare_cached(
        pack.ragged, pack.digest, settings, cache_folder() / "prepared", check=pack.verify
    )
    usable = np.array([name in actions for name in pack.actions]) & prepared.present[:, 0]
    names = sorted(set(pack.actions[usable].tolist()))
    number = {name: i for i, name in enumerate(names)}
    labels = np.array([number[name] for name in pack.actions[usable]], dtype=np.int64)
    classes = tuple(actions[name] for name in names)
    texts = tuple(Texts.of(action) for action in classes)
    positions, seconds = np.asarray(prepared.positions[usable]), prepared.moving_seconds[usable]
    measures = measure(positions[:, :, 0], prepared.measured[usable, 0], seconds)
    numbers = np.flatnonzero(usable)
    flat = without_depth([pack.clip(number) for number in numbers.tolist()])
    return ForeignSet(
        pack.datasets[0], classes, texts, labels, pack.subjects[usable], positions, prepared.present[usable],
        MeasuredSet(
            measures, mirrored(measures), labels, *class_means([t.training for t in texts], text),
            flat=measured_clips(flat, settings)[2],
        ),
        numbers, SetWindows.of(pack.ragged.of(numbers), settings),
    )  # fmt: skip


def class_means(
    texts: Sequence[tuple[str, ...]], settings: TextSettings
) -> tuple[Array, Array, Array, Array, Array]:
    """Mean vectors of each class: encoded, of mirrored sentences, words, of mirrored sentences, profiles."""
    means = []
    for change in (str, mirror_sentence):
        flat = [change(text) for of_class in texts for text in of_class]
        ends = np.cumsum([len(of_class) for of_class in texts])[:-1]
        for vectors in vectors_of(flat, settings):
            means.append(np.stack([part.mean(axis=0) for part in np.split(vectors, ends)]))
    return means[0], means[3], means[1], means[4], means[2]


def vectors_of(sentences: list[str], settings: TextSettings) -> tuple[Array, Array, Array]:
    """Of n sentences: (n, e) of the encoder, (n, words) that they state or imply, (n, quantities) their profiles."""
    encoded = encode(sentences, settings)
    return encoded, sentence_words(sentences, encoded, settings), sentence_profiles(encoded, settings)
