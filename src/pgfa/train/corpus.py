"""What is trained on and what is tested: packs, a split and the leakage rule make two sets of prepared clips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.config import RunSettings
from pgfa.errors import BadConfig
from pgfa.pack import Pack, open_pack
from pgfa.pack.protocol import EVERYTHING, first_exemplars, one_shot_exemplars, one_shot_masks, pack_masks
from pgfa.prepare import prepare_cached
from pgfa.skeleton import Layout, get_layout
from pgfa.text.catalogue import ActionClass, Catalogue, Split, catalogue, catalogue_from_labels, find_split
from pgfa.text.encode import cache_folder
from pgfa.text.overlap import Removal, label_vectors, removed_classes

NOTHING_HELD_OUT = "none"
"""Name of the split that every data set has, in which no class is unseen."""


@dataclass(frozen=True)
class ClipSet:
    """Prepared clips with their classes.

    Attributes:
        positions: (clips, frames, bodies, joints, 3) float32.
        present: (clips, bodies) bool.
        labels: (clips,) index into the classes of the corpus this set belongs to.
        origin: (clips, 2) index of the pack in the run's list, index of the clip in that pack.
    """

    positions: NDArray[np.float32]
    present: NDArray[np.bool_]
    labels: NDArray[np.int64]
    origin: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, count: int) -> ClipSet:
        """The first clips alone."""
        some = slice(count)
        return ClipSet(self.positions[some], self.present[some], self.labels[some], self.origin[some])


@dataclass(frozen=True)
class Chosen:
    """Clips by where they lie.

    Attributes:
        origin: (clips, 2) index of the pack in the run's list, index of the clip in that pack.
        labels: (clips,) class numbers.
    """

    origin: NDArray[np.int64]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def part(self, which: NDArray[np.bool_]) -> Chosen:
        """The clips of a mask."""
        return Chosen(self.origin[which], self.labels[which])

    def in_order(self) -> Chosen:
        """The clips sorted by class."""
        order = np.argsort(self.labels, kind="stable")
        return Chosen(self.origin[order], self.labels[order])


@dataclass(frozen=True)
class Choice:
    """Which clips a run trains on and is tested on, before any of them is prepared; names as in `Corpus`."""

    packs: tuple[Pack, ...]
    books: dict[str, Catalogue]
    split: Split
    seen: tuple[ActionClass, ...]
    unseen: tuple[ActionClass, ...]
    train: Chosen
    test: Chosen
    exemplars: Chosen | None
    removals: tuple[Removal, ...]
    untold: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Corpus:
    """Everything a run learns from and is tested on.

    Attributes:
        layout: of the prepared clips.
        books: the catalogue of each data set.
        seen, unseen: classes; a label of `train` counts in `seen`, one of `test` in `unseen`.
        train, test: clips of seen classes of every pack; clips of unseen classes of the split's data set.
        removals: classes of other packs left out of training because they mean the same as an unseen class.
        exemplars: in a one-shot split the one known clip of each unseen class, in their order; not in `test`.
        untold: classes of the packs that their catalogue does not have (``"mine/"``: clips without a class) ->
            clips, which neither train nor test.
    """

    layout: Layout
    books: dict[str, Catalogue]
    seen: tuple[ActionClass, ...]
    unseen: tuple[ActionClass, ...]
    train: ClipSet
    test: ClipSet
    removals: tuple[Removal, ...]
    exemplars: ClipSet | None = None
    untold: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [
            f"train: {len(self.train):,} clips of {len(self.seen)} classes",
            f"test:  {len(self.test):,} clips of {len(self.unseen)} unseen classes: "
            + ", ".join(a.name for a in self.unseen),
        ]
        if nameless := [name for name, book in self.books.items() if book.names_alone]:
            lines.append(
                f"no sentences for {', '.join(nameless)}, names of classes alone; better: --catalogue FILE"
            )
        if self.removals:
            lines.append(
                f"left out of training, as they mean the same as an unseen class ({len(self.removals)}):"
            )
            lines += [f"  {removal}" for removal in self.removals]
        if self.untold:
            lines.append(
                f"not used, as no catalogue tells what they show ({sum(self.untold.values()):,} clips):"
            )
            lines += [
                f"  {key if not key.endswith('/') else key + ' (no class)'}: {count:,}"
                for key, count in self.untold.items()
            ]
        return "\n".join(lines)


def assemble(settings: RunSettings, catalogues: Sequence[Path | Catalogue] = ()) -> Corpus:
    """Open the packs, apply split, protocol and leakage rule, prepare the clips.

    Raises:
        BadConfig: no pack holds the split's data set, an unseen class has no clip, nothing is left to train on or
            to test, the data set has no such protocol, an exemplar is missing, a recording to be tested on lies in
            two packs.
        BadFile: a pack or catalogue that is not what it should be.
    """
    return prepare_clips(choose_clips(settings, catalogues), settings)


def choose_clips(settings: RunSettings, catalogues: Sequence[Path | Catalogue] = ()) -> Choice:
    """Which clips train and which test (method.md section 5); of the packs it reads manifests only.

    Where several data sets meet, the leakage rule takes the MiniLM vectors of all labels. Raises as `assemble`.
    """
    if not settings.packs:
        raise BadConfig("at least one pack is needed (--pack FOLDER)")
    packs = [open_pack(Path(path)) for path in settings.packs]
    books = {book.dataset: book for book in _given(catalogues, packs)}
    for pack in packs:
        for dataset in pack.datasets:
            books.setdefault(dataset, _book_of(dataset, packs))
    split = _split(settings.split, books)
    unseen = tuple(books[split.dataset][name] for name in split.unseen)
    candidates = [a for d in sorted({d for p in packs for d in p.datasets}) for a in books[d].actions]
    others = [a for a in candidates if a.dataset != split.dataset]
    vectors = label_vectors([*unseen, *others]) if others else None
    removals = tuple(removed_classes(unseen, others, vectors=vectors))
    excluded = {a.key for a in unseen} | {f"{r.dataset}/{r.name}" for r in removals}
    keys = [np.char.add(np.char.add(pack.column("dataset"), "/"), pack.actions) for pack in packs]
    sides = [_sides(pack, split, settings.protocol) for pack in packs]
    trained = {key for of, (train, _) in zip(keys, sides, strict=True) for key in of[train].tolist()}
    seen = tuple(a for a in candidates if a.key not in excluded and a.key in trained)
    recorded = Counter(key for of in keys for key in of.tolist())
    untold = {key: recorded[key] for key in sorted(recorded.keys() - {a.key for a in candidates})}
    if lacking := [a.key for a in unseen if a.key not in recorded]:
        raise BadConfig(
            f"no pack has a clip of the unseen classes {', '.join(lacking)} of split {settings.split}"
        )
    if not seen:
        raise BadConfig(f"split {settings.split} leaves no class to train on")
    train = _chosen(keys, [side[0] for side in sides], seen)
    test = _chosen(keys, [side[1] for side in sides], unseen)
    _refuse_recordings_given_twice(packs, train, test)
    exemplars = None
    if split.kind == "one-shot":
        wanted = _exemplars(packs, split)
        places = {(p, c) for p, pack in enumerate(packs) for c in _places(pack, split.dataset, wanted)}
        known = np.array([tuple(place) in places for place in test.origin.tolist()], dtype=bool)
        exemplars = test.part(known).in_order()
        test = test.part(~known)
    if split.unseen and len(test) == 0:
        raise BadConfig(f"split {settings.split} leaves no clip to test on ({settings.protocol})")
    return Choice(tuple(packs), books, split, seen, unseen, train, test, exemplars, removals, untold)


def prepare_clips(choice: Choice, settings: RunSettings) -> Corpus:
    """Prepare the chosen clips, or take them from the cache.

    Raises:
        BadConfig: nobody is seen in any clip to train on or to test, or in an exemplar.
    """
    exemplars = None
    if choice.exemplars is not None:
        exemplars = _prepared(choice.packs, choice.exemplars, settings)
        if len(exemplars) != len(choice.unseen):
            raise BadConfig(f"nobody is seen in an exemplar of split {choice.split.key}")
    train = _prepared(choice.packs, choice.train, settings)
    return Corpus(
        layout=get_layout(settings.prepare.layout),
        books=choice.books,
        seen=choice.seen,
        unseen=choice.unseen,
        train=train,
        test=_prepared(choice.packs, choice.test, settings) if choice.unseen else train.first(0),
        removals=choice.removals,
        exemplars=exemplars,
        untold=choice.untold,
    )


def _given(catalogues: Sequence[Path | Catalogue], packs: Sequence[Pack]) -> Iterator[Catalogue]:
    held = sorted({dataset for pack in packs for dataset in pack.datasets})
    for given in catalogues:
        book = given if isinstance(given, Catalogue) else catalogue(given)
        if isinstance(given, Path) and book.dataset not in held:
            # Its sentences would go unused, and nobody would know why the run is poor.
            raise BadConfig(
                f"{given} is of the data set {book.dataset!r}, but the packs hold {', '.join(held)}: "
                "`dataset` at its top must be the name of one of these"
            )
        yield book


def _book_of(dataset: str, packs: Sequence[Pack]) -> Catalogue:
    """The data set's catalogue, or, for one's own recordings without one, a catalogue made of class names."""
    try:
        return catalogue(dataset)
    except BadConfig:
        labelled = ((d, a) for p in packs for d, a in zip(p.column("dataset"), p.actions, strict=True))
        return catalogue_from_labels(sorted({str(a) for d, a in labelled if d == dataset and a}), dataset)


def _split(text: str, books: dict[str, Catalogue]) -> Split:
    """A published split (`utd-mhad/22-5`), `DATASET/unseen:NAME,NAME` for one's own choice, or `DATASET/none`."""
    dataset, _, name = text.partition("/")
    if dataset in books and name == NOTHING_HELD_OUT:
        return Split(dataset, name, (), "no class is unseen: to be used, not to be measured")
    if dataset in books and name.startswith("unseen:"):
        given = (n.strip() for n in name.removeprefix("unseen:").split(","))
        names = tuple(dict.fromkeys(n for n in given if n))
        if not names:
            raise BadConfig(f"split {text!r} names no unseen class")
        for n in names:
            books[dataset][n]  # says which classes there are
        return Split(dataset, name, names, "given on the command line")
    if not text or name.startswith("unseen:") or (dataset in books and not books[dataset].splits):
        raise BadConfig(
            f"no split named {text!r}; the packs hold {', '.join(books)}: "
            f"choose unseen classes, as {next(iter(books))}/unseen:CLASS,CLASS"
        )
    split = (
        books[dataset].splits[name]
        if dataset in books and name in books[dataset].splits
        else find_split(text)
    )
    if split.dataset not in books:
        raise BadConfig(f"split {text} tests on {split.dataset}, but the packs hold {', '.join(books)}")
    return split


def _sides(pack: Pack, split: Split, protocol: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(clips,) bool each: who may train and who may test. Clips of other data sets train, whoever performs them."""
    if split.kind == "one-shot" and protocol != EVERYTHING:
        raise BadConfig(f"the one-shot split {split.key} uses every clip (protocol all), not {protocol}")
    own = pack.column("dataset") == split.dataset
    if not own.any():
        return ~own, own
    train, test = pack_masks(pack, split.dataset, protocol)
    return train | ~own, test


def _chosen(
    keys: Sequence[NDArray[np.str_]], sides: Sequence[NDArray[np.bool_]], classes: Sequence[ActionClass]
) -> Chosen:
    """Clips of the classes on their side, in the order of the packs."""
    number = {action.key: i for i, action in enumerate(classes)}
    label = [np.array([number.get(key, -1) for key in of.tolist()], dtype=np.int64) for of in keys]
    clips = [np.flatnonzero((of >= 0) & side) for of, side in zip(label, sides, strict=True)]
    origin = [np.stack([np.full(len(at), p), at], axis=1) for p, at in enumerate(clips)]
    return Chosen(
        np.concatenate(origin), np.concatenate([of[at] for of, at in zip(label, clips, strict=True)])
    )


def _refuse_recordings_given_twice(packs: Sequence[Pack], train: Chosen, test: Chosen) -> None:
    """Raises BadConfig where a recording to be tested on lies in another pack too, under whatever name.

    Told by the digest of the file it was read from; two packs that are the same are told by their own.
    """
    first: dict[str, Pack] = {}
    for pack in packs:
        if (other := first.setdefault(pack.digest, pack)) is not pack:
            raise BadConfig(f"{other.folder} and {pack.folder} are the same pack; give it once")
    files = [pack.column("digest").tolist() for pack in packs]
    tested = {files[p][c]: (p, c) for p, c in reversed(test.origin.tolist()) if files[p][c]}
    for part, use in ((test, "tested on twice"), (train, "both tested on and trained on")):
        for p, c in part.origin.tolist():
            q, d = tested.get(files[p][c], (p, c))
            if q != p:
                clips = " and ".join(
                    f"{packs[i].folder} ({packs[i].column('id')[j]})" for i, j in ((q, d), (p, c))
                )
                raise BadConfig(f"one recording would be {use}: it lies in {clips}")


def _exemplars(packs: Sequence[Pack], split: Split) -> dict[str, str]:
    """The one known clip of each novel class: the official one, or the first where none is official."""
    own = [(pack, np.flatnonzero(pack.column("dataset") == split.dataset)) for pack in packs]
    ids = [name for pack, at in own for name in pack.column("id")[at].tolist()]
    actions = [name for pack, at in own for name in pack.actions[at].tolist()]
    if split.dataset in ("ntu60", "ntu120"):
        official = one_shot_exemplars(split.dataset)
        wanted = {action: clip for action, clip in official.items() if action in split.unseen}
        if set(wanted) == set(split.unseen):
            one_shot_masks(ids, actions, wanted)  # says which one is missing
            return wanted
    return first_exemplars(ids, actions, split.unseen)


def _places(pack: Pack, dataset: str, wanted: dict[str, str]) -> list[int]:
    mine = np.isin(pack.column("id"), list(wanted.values())) & (pack.column("dataset") == dataset)
    return [int(at) for at in np.flatnonzero(mine)]


def _prepared(packs: Sequence[Pack], chosen: Chosen, settings: RunSettings) -> ClipSet:
    """The clips as arrays, made once and filled pack by pack; those in which nobody is seen are left out."""
    cache = cache_folder() / "prepared"
    made = [
        prepare_cached(pack.ragged, pack.digest, settings.prepare, cache, check=pack.verify) for pack in packs
    ]
    pack, clip = chosen.origin.T
    # Nobody in the picture: nothing to learn from, named in the pack's problems.
    there = np.zeros(len(chosen), dtype=bool)
    for p, of in enumerate(made):
        there[pack == p] = of.present[clip[pack == p]].any(axis=1)
    chosen, pack, clip = chosen.part(there), pack[there], clip[there]
    if len(chosen) == 0:
        raise BadConfig("no clip of the wanted classes in the packs")
    positions = np.empty((len(chosen), *made[0].positions.shape[1:]), dtype=np.float32)
    present = np.empty((len(chosen), made[0].present.shape[1]), dtype=np.bool_)
    for p, of in enumerate(made):
        positions[pack == p] = of.positions[clip[pack == p]]
        present[pack == p] = of.present[clip[pack == p]]
    return ClipSet(positions, present, chosen.labels, chosen.origin)
