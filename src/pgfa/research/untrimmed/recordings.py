"""Which clips are joined, and which five sentences are asked: drawn once from each set, by a seed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pgfa.pack import Pack
from pgfa.read import as_ref
from pgfa.read.datasets import msrc12
from pgfa.research.untrimmed.compose import Action, Untrimmed, compose, resting, shows_trunk
from pgfa.skeleton import Clip
from pgfa.text import catalogue
from pgfa.words.interaction_words import needs_two

CANDIDATES = 5
MIXED, REPEATED = 3, 1
"""Recordings of each set: of all candidates and some other classes, and of one class again and again."""
CLIPS_PER_CLASS, OTHER_CLASSES, REPETITIONS = 2, 3, 8


@dataclass(frozen=True)
class Questions:
    """A recording and what is asked about it, by class name.

    Attributes:
        recording: and what happens in it.
        exact: whether the actions' starts and ends are known; otherwise each action is one tagged moment.
        asked: the candidates, of which some are performed.
        absent: candidates of which none is performed.
    """

    recording: Untrimmed
    exact: bool
    asked: tuple[str, ...]
    absent: tuple[str, ...]


def sentences_of(dataset: str) -> dict[str, str]:
    """Class name -> plain sentence, without classes of two people and without "still", which a rest shows too."""
    return {
        a.name: a.plain for a in catalogue(dataset).actions if not needs_two(a.plain) and a.name != "still"
    }


def composed(pack: Pack) -> Iterator[Questions]:
    """The recordings made from a pack: MIXED of several classes, then REPEATED of one class, of different people."""
    dataset = pack.datasets[0]
    usable = np.flatnonzero(np.isin(pack.actions, list(sentences_of(dataset))))
    people = _people(pack, usable)
    for number in range(MIXED + REPEATED):
        random = np.random.default_rng([number, *dataset.encode()])
        person = people[number % len(people)]
        own = usable[pack.subjects[usable] == person]
        own = own[[shows_trunk(pack.clip(int(i))) for i in own]]
        names = random.permutation(sorted(set(pack.actions[own].tolist()))).tolist()
        performed, asked, absent = _chosen(names, number < MIXED, own, pack)
        clips = _clips(pack, own, performed, random)
        rest = resting([pack.clip(int(i)) for i in own[:: max(1, len(own) // 40)]])
        recording = compose(clips, rest, number, f"{dataset}-{number}")
        yield Questions(recording, True, asked, absent)


def of_one_class(pack: Pack, repetitions: int, count: int) -> Iterator[tuple[str, Clip]]:
    """Class and recording of people who perform one action, joined from that many clips, with rests.

    Of several repetitions what is before the first and after the last is cut off; of one it is kept.

    Args:
        pack: of one data set.
        repetitions: clips of a recording.
        count: of recordings.
    """
    random = np.random.default_rng([repetitions, *pack.datasets[0].encode()])
    usable = np.flatnonzero(np.isin(pack.actions, list(sentences_of(pack.datasets[0]))))
    composed_so_far = 0
    for number in random.permutation(usable).tolist() * repetitions:
        if composed_so_far == count:
            return
        own = usable[pack.subjects[usable] == pack.subjects[number]]
        same = own[pack.actions[own] == pack.actions[number]]
        chosen = random.choice(same, repetitions, replace=len(same) < repetitions).tolist()
        clips = [pack.clip(i) for i in chosen]
        if not all(shows_trunk(clip) for clip in clips):
            continue
        try:
            rest = resting([pack.clip(int(i)) for i in own[:: max(1, len(own) // 15)]])
        except ValueError:  # this person never stands with the hands down
            continue
        recording = compose(clips, rest, composed_so_far, f"{pack.datasets[0]}-{composed_so_far}")
        composed_so_far += 1
        clip, actions = recording.clip, recording.actions
        if repetitions > 1:
            first, last = (round(t * clip.rate) for t in (actions[0].start_s, actions[-1].end_s))
            clip = clip.with_positions(clip.positions[first:last])
        yield str(pack.actions[number]), clip


def _people(pack: Pack, usable: np.ndarray) -> list[str]:
    """Those with the most classes first."""
    subjects = pack.subjects[usable]
    count = {
        s: len(set(pack.actions[usable][subjects == s].tolist())) for s in sorted(set(subjects.tolist()))
    }
    return sorted(count, key=lambda s: -count[s])


def _chosen(
    names: Sequence[str], mixed: bool, own: np.ndarray, pack: Pack
) -> tuple[list[str], tuple[str, ...], tuple[str, ...]]:
    """Classes performed, one entry per clip; the candidates; candidates that are not performed."""
    asked = tuple(names[:CANDIDATES])
    others = list(names[CANDIDATES : CANDIDATES + min(OTHER_CLASSES, max(len(names) - 2 * CANDIDATES, 0))])
    performed = [*asked * CLIPS_PER_CLASS, *others]
    if not mixed:
        clips = {name: int((pack.actions[own] == name).sum()) for name in asked}
        performed, others = [max(asked, key=lambda name: clips[name])] * REPETITIONS, []
    absent = [name for name in names if name not in performed and name not in asked]
    return performed, asked, tuple(absent[:CANDIDATES])


def _clips(pack: Pack, own: np.ndarray, performed: Sequence[str], random: np.random.Generator) -> list[Clip]:
    """Clips of each class in a random order: different ones, and once all were used the same again."""
    of_class = {name: random.permutation(own[pack.actions[own] == name]) for name in sorted(set(performed))}
    uses = dict.fromkeys(of_class, 0)
    chosen = []
    for name in performed:
        chosen.append(of_class[name][uses[name] % len(of_class[name])])
        uses[name] += 1
    return [pack.clip(int(i)) for i in random.permutation(chosen)]


def sessions(folder: Path) -> Iterator[Questions]:
    """MSRC-12 as recorded: one gesture again and again, a tagged moment in each repetition."""
    for ref in msrc12.find(folder):
        match = re.fullmatch(msrc12.NAME, ref.name)
        assert match
        clip = msrc12.read(as_ref(ref.path))
        tags = [t for t, text in msrc12.tags(ref) if text.strip() and t < clip.seconds]
        if not tags:
            continue
        gesture = msrc12.GESTURES[int(match[3]) - 1]
        random = np.random.default_rng([*ref.name.encode()])
        others = random.permutation([name for name in msrc12.GESTURES if name != gesture]).tolist()
        actions = tuple(Action(gesture, t, t) for t in sorted(tags))
        asked = (gesture, *others[: CANDIDATES - 1])
        yield Questions(
            Untrimmed(clip, actions), False, asked, tuple(others[CANDIDATES - 1 : 2 * CANDIDATES - 1])
        )
