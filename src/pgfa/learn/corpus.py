"""What is trained on and what is tested: packs, a split and the leakage rule make two sets of prepared clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.config import RunSettings
from pgfa.errors import BadConfig
from pgfa.pack import Pack, open_pack
from pgfa.prepare import prepare_cached
from pgfa.skeleton import Layout, get_layout
from pgfa.text.catalogue import ActionClass, Catalogue, Split, catalogue, catalogue_from_labels, find_split
from pgfa.text.encode import cache_folder
from pgfa.text.overlap import Removal, removed_classes


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


@dataclass(frozen=True)
class Corpus:
    """Everything a run learns from and is tested on.

    Attributes:
        layout: of the prepared clips.
        books: the catalogue of each data set.
        seen, unseen: classes; a label of `train` counts in `seen`, one of `test` in `unseen`.
        train, test: clips of seen classes of every pack; clips of unseen classes of the split's data set.
        removals: classes of other packs left out of training because they mean the same as an unseen class.
    """

    layout: Layout
    books: dict[str, Catalogue]
    seen: tuple[ActionClass, ...]
    unseen: tuple[ActionClass, ...]
    train: ClipSet
    test: ClipSet
    removals: tuple[Removal, ...]

    def __str__(self) -> str:
        lines = [
            f"train: {len(self.train):,} clips of {len(self.seen)} classes",
            f"test:  {len(self.test):,} clips of {len(self.unseen)} unseen classes: "
            + ", ".join(a.name for a in self.unseen),
        ]
        if self.removals:
            lines.append(
                f"left out of training, as they mean the same as an unseen class ({len(self.removals)}):"
            )
            lines += [f"  {removal}" for removal in self.removals]
        return "\n".join(lines)


def assemble(settings: RunSettings, catalogues: Sequence[Path] = ()) -> Corpus:
    """Open the packs, apply the split and the leakage rule, prepare the clips.

    Raises:
        BadConfig: no pack holds the split's data set, an unseen class has no clip, nothing is left to train on.
        BadFile: a pack or catalogue that is not what it should be.
    """
    if not settings.packs:
        raise BadConfig("at least one pack is needed (--pack FOLDER)")
    packs = [open_pack(Path(path)) for path in settings.packs]
    books = {book.dataset: book for book in (catalogue(path) for path in catalogues)}
    for pack in packs:
        for dataset in pack.datasets:
            books.setdefault(dataset, _book_of(dataset, packs))
    split = _split(settings.split, books)
    unseen = tuple(books[split.dataset][name] for name in split.unseen)
    candidates = [a for d in sorted({d for p in packs for d in p.datasets}) for a in books[d].actions]
    others = [a for a in candidates if a.dataset != split.dataset]
    removals = tuple(removed_classes(unseen, others))
    excluded = {a.key for a in unseen} | {f"{r.dataset}/{r.name}" for r in removals}
    recorded = {f"{d}/{a}" for p in packs for d, a in zip(p.column("dataset"), p.actions, strict=True)}
    seen = tuple(a for a in candidates if a.key not in excluded and a.key in recorded)
    if lacking := [a.key for a in unseen if a.key not in recorded]:
        raise BadConfig(
            f"no pack has a clip of the unseen classes {', '.join(lacking)} of split {settings.split}"
        )
    if not seen:
        raise BadConfig(f"split {settings.split} leaves no class to train on")
    return Corpus(
        layout=get_layout(settings.prepare.layout),
        books=books,
        seen=seen,
        unseen=unseen,
        train=_clips(packs, seen, settings),
        test=_clips(packs, unseen, settings),
        removals=removals,
    )


def _book_of(dataset: str, packs: Sequence[Pack]) -> Catalogue:
    """The data set's catalogue, or, for one's own recordings without one, a catalogue made of class names."""
    try:
        return catalogue(dataset)
    except BadConfig:
        labelled = ((d, a) for p in packs for d, a in zip(p.column("dataset"), p.actions, strict=True))
        return catalogue_from_labels(sorted({str(a) for d, a in labelled if d == dataset and a}), dataset)


def _split(text: str, books: dict[str, Catalogue]) -> Split:
    """A published split (`utd-mhad/22-5`), or `DATASET/unseen:NAME,NAME` for one's own choice."""
    dataset, _, name = text.partition("/")
    if dataset in books and name.startswith("unseen:"):
        given = (n.strip() for n in name.removeprefix("unseen:").split(","))
        names = tuple(dict.fromkeys(n for n in given if n))
        if not names:
            raise BadConfig(f"split {text!r} names no unseen class")
        for n in names:
            books[dataset][n]  # says which classes there are
        return Split(dataset, name, names, "given on the command line")
    split = (
        books[dataset].splits[name]
        if dataset in books and name in books[dataset].splits
        else find_split(text)
    )
    if split.dataset not in books:
        raise BadConfig(f"split {text} tests on {split.dataset}, but the packs hold {', '.join(books)}")
    return split


def _clips(packs: Sequence[Pack], classes: Sequence[ActionClass], settings: RunSettings) -> ClipSet:
    number = {a.key: i for i, a in enumerate(classes)}
    parts = []
    for p, pack in enumerate(packs):
        keys = np.char.add(np.char.add(pack.column("dataset"), "/"), pack.actions)
        label = np.array([number.get(key, -1) for key in keys.tolist()], dtype=np.int64)
        chosen = np.flatnonzero(label >= 0)
        if len(chosen) == 0:
            continue
        made = prepare_cached(pack.ragged, pack.digest, settings.prepare, cache_folder() / "prepared")
        seen = made.present[chosen].any(axis=1)
        chosen = chosen[seen]  # nobody in the picture: nothing to learn from, named in the pack's problems
        origin = np.stack([np.full(len(chosen), p), chosen], axis=1)
        parts.append(ClipSet(np.array(made.positions[chosen]), made.present[chosen], label[chosen], origin))
    if not parts:
        raise BadConfig("no clip of the wanted classes in the packs")
    return ClipSet(
        *(
            np.concatenate([getattr(x, f) for x in parts])
            for f in ("positions", "present", "labels", "origin")
        )
    )
