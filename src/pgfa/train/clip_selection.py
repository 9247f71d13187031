"""Which clips a run trains on and is tested on: packs, a split, an official protocol and the leakage rule."""

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
from pgfa.pack.protocol import (
    EVERYTHING,
    first_exemplars,
    has_exemplars,
    one_shot_exemplars,
    one_shot_masks,
    pack_masks,
)
from pgfa.text.catalogue import ActionClass, Catalogue, Split, catalogue, catalogue_from_labels, find_split
from pgfa.text.overlap import Removal, label_vectors, removed_classes
from pgfa.train.clip_set import ClipIndex

NOTHING_HELD_OUT = "none"
"""Name of the split that every data set has, in which no class is unseen."""


@dataclass(frozen=True)
class ClipSelection:
    """Which clips a run trains on and is tested on, before any of them is prepared.

    Attributes:
        packs: opened, in the order of the settings.
        catalogues: data set -> its catalogue.
        split: what is unseen.
        seen, unseen: classes; a label of `train` counts in `seen`, one of `test` in `unseen`.
        train, test: clips of seen classes of every pack; clips of unseen classes of the split's data set.
        exemplars: in a one-shot split the exemplar clip of each unseen class, in their order; not in `test`.
        removals: classes of other packs left out of training because they mean the same as an unseen class.
        unlisted: classes of the packs that their catalogue does not have (``"mine/"``: clips without a class) ->
            number of clips, which neither train nor test.
    """

    packs: tuple[Pack, ...]
    catalogues: dict[str, Catalogue]
    split: Split
    seen: tuple[ActionClass, ...]
    unseen: tuple[ActionClass, ...]
    train: ClipIndex
    test: ClipIndex
    exemplars: ClipIndex | None
    removals: tuple[Removal, ...]
    unlisted: Mapping[str, int] = field(default_factory=dict)


def select_clips(settings: RunSettings, catalogues: Sequence[Path | Catalogue] = ()) -> ClipSelection:
    """Which clips train and which test (method.md section 5); reads only the manifests of the packs.

    Where several data sets meet, the leakage rule takes the MiniLM vectors of all labels.

    Raises:
        BadConfig, BadFile: as `pgfa.train.corpus.build_corpus`.
    """
    if not settings.packs:
        raise BadConfig("at least one pack is needed (--pack FOLDER)")
    packs = [open_pack(Path(path)) for path in settings.packs]
    by_dataset = _catalogues(catalogues, packs)
    split = _split(settings.split, by_dataset)
    unseen = tuple(by_dataset[split.dataset][name] for name in split.unseen)
    actions = [a for d in sorted({d for p in packs for d in p.datasets}) for a in by_dataset[d].actions]
    others = [a for a in actions if a.dataset != split.dataset]
    vectors = label_vectors([*unseen, *others]) if others else None
    removals = tuple(removed_classes(unseen, others, vectors=vectors))
    excluded = {a.key for a in unseen} | {f"{r.dataset}/{r.name}" for r in removals}
    keys = [np.char.add(np.char.add(pack.column("dataset"), "/"), pack.actions) for pack in packs]
    sides = [_sides(pack, split, settings.protocol) for pack in packs]
    trained = {key for of, (train, _) in zip(keys, sides, strict=True) for key in of[train].tolist()}
    seen = tuple(a for a in actions if a.key not in excluded and a.key in trained)
    recorded = Counter(key for of in keys for key in of.tolist())
    unlisted = {key: recorded[key] for key in sorted(recorded.keys() - {a.key for a in actions})}
    if missing := [a.key for a in unseen if a.key not in recorded]:
        raise BadConfig(
            f"no pack has a clip of the unseen classes {', '.join(missing)} of split {settings.split}"
        )
    if not seen:
        raise BadConfig(f"split {settings.split} leaves no class to train on")
    train = _index(keys, [side[0] for side in sides], seen)
    test = _index(keys, [side[1] for side in sides], unseen)
    _refuse_duplicate_recordings(packs, train, test)
    exemplars = None
    if split.kind == "one-shot":
        exemplars, test = _take_exemplars(packs, split, test)
    if split.unseen and len(test) == 0:
        raise BadConfig(f"split {settings.split} leaves no clip to test on ({settings.protocol})")
    return ClipSelection(
        tuple(packs), by_dataset, split, seen, unseen, train, test, exemplars, removals, unlisted
    )


def _catalogues(given: Sequence[Path | Catalogue], packs: Sequence[Pack]) -> dict[str, Catalogue]:
    """Data set -> catalogue: those given, then those of the package."""
    by_dataset = {one.dataset: one for one in _opened(given, packs)}
    for pack in packs:
        for dataset in pack.datasets:
            by_dataset.setdefault(dataset, _default_catalogue(dataset, packs))
    return by_dataset


def _opened(catalogues: Sequence[Path | Catalogue], packs: Sequence[Pack]) -> Iterator[Catalogue]:
    datasets = sorted({dataset for pack in packs for dataset in pack.datasets})
    for source in catalogues:
        opened = source if isinstance(source, Catalogue) else catalogue(source)
        if isinstance(source, Path) and opened.dataset not in datasets:
            # Its sentences would be ignored silently.
            raise BadConfig(
                f"{source} is of the data set {opened.dataset!r}, but the packs contain {', '.join(datasets)}: "
                "set its key `dataset` to the name of one of these"
            )
        yield opened


def _default_catalogue(dataset: str, packs: Sequence[Pack]) -> Catalogue:
    """The data set's catalogue, or, for own recordings without one, a catalogue of the class names."""
    try:
        return catalogue(dataset)
    except BadConfig:
        labelled = ((d, a) for p in packs for d, a in zip(p.column("dataset"), p.actions, strict=True))
        return catalogue_from_labels(sorted({str(a) for d, a in labelled if d == dataset and a}), dataset)


def _split(text: str, catalogues: dict[str, Catalogue]) -> Split:
    """A published split (`utd-mhad/22-5`), `DATASET/unseen:NAME,NAME` for a choice of your own, or `DATASET/none`."""
    dataset, _, name = text.partition("/")
    if dataset in catalogues and name == NOTHING_HELD_OUT:
        return Split(dataset, name, (), "no class is unseen: for use, not for measuring")
    if dataset in catalogues and name.startswith("unseen:"):
        parts = (n.strip() for n in name.removeprefix("unseen:").split(","))
        names = tuple(dict.fromkeys(n for n in parts if n))
        if not names:
            raise BadConfig(f"split {text!r} names no unseen class")
        for n in names:
            catalogues[dataset][n]  # raises BadConfig with the list of classes
        return Split(dataset, name, names, "given on the command line")
    own_choice = name == NOTHING_HELD_OUT or name.startswith("unseen:")
    if not text or own_choice or (dataset in catalogues and not catalogues[dataset].splits):
        problem = f"no split named {text!r}" if text else "a split is needed (--split)"
        raise BadConfig(
            f"{problem}; the packs contain {', '.join(catalogues)}: "
            f"choose the unseen classes, for example {next(iter(catalogues))}/unseen:CLASS,CLASS, or none"
            f" ({next(iter(catalogues))}/{NOTHING_HELD_OUT})"
        )
    split = (
        catalogues[dataset].splits[name]
        if dataset in catalogues and name in catalogues[dataset].splits
        else find_split(text)
    )
    if split.dataset not in catalogues:
        raise BadConfig(
            f"split {text} tests on {split.dataset}, but the packs contain {', '.join(catalogues)}"
        )
    return split


def _sides(pack: Pack, split: Split, protocol: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(clips,) bool each: which clips may train and which may test. All clips of other data sets may train."""
    if split.kind == "one-shot" and protocol != EVERYTHING:
        raise BadConfig(f"the one-shot split {split.key} uses every clip (protocol all), not {protocol}")
    own = pack.column("dataset") == split.dataset
    if not own.any():
        return ~own, own
    train, test = pack_masks(pack, split.dataset, protocol)
    return train | ~own, test


def _index(
    keys: Sequence[NDArray[np.str_]], sides: Sequence[NDArray[np.bool_]], classes: Sequence[ActionClass]
) -> ClipIndex:
    """Clips of the classes on their side, in the order of the packs."""
    number = {action.key: i for i, action in enumerate(classes)}
    origins, labels = [], []
    for p, (pack_keys, side) in enumerate(zip(keys, sides, strict=True)):
        label = np.array([number.get(key, -1) for key in pack_keys.tolist()], dtype=np.int64)
        clips = np.flatnonzero((label >= 0) & side)
        origins.append(np.stack([np.full(len(clips), p), clips], axis=1))
        labels.append(label[clips])
    return ClipIndex(np.concatenate(origins), np.concatenate(labels))


def _refuse_duplicate_recordings(packs: Sequence[Pack], train: ClipIndex, test: ClipIndex) -> None:
    """Raises BadConfig if a recording of the test set is in another pack too, under whatever name.

    Recordings are compared by the digest of the file they were read from, packs by their own digest.
    """
    by_digest: dict[str, Pack] = {}
    for pack in packs:
        if (other := by_digest.setdefault(pack.digest, pack)) is not pack:
            raise BadConfig(f"{other.folder} and {pack.folder} are the same pack; name it once")
    files = [pack.column("digest").tolist() for pack in packs]
    tested = {files[p][c]: (p, c) for p, c in reversed(test.origin.tolist()) if files[p][c]}
    for clips, use in ((test, "tested on twice"), (train, "both tested on and trained on")):
        for p, c in clips.origin.tolist():
            q, d = tested.get(files[p][c], (p, c))
            if q != p:
                names = [f"{packs[i].folder} ({packs[i].column('id')[j]})" for i, j in ((q, d), (p, c))]
                raise BadConfig(f"one recording would be {use}: it is in {' and '.join(names)}")


def _take_exemplars(packs: Sequence[Pack], split: Split, test: ClipIndex) -> tuple[ClipIndex, ClipIndex]:
    """The exemplar clip of each unseen class, in their order, and the remaining test clips."""
    names = list(_exemplar_names(packs, split).values())
    exemplars = set()
    for p, pack in enumerate(packs):
        mask = np.isin(pack.column("id"), names) & (pack.column("dataset") == split.dataset)
        exemplars |= {(p, int(clip)) for clip in np.flatnonzero(mask)}
    is_exemplar = np.array([tuple(clip) in exemplars for clip in test.origin.tolist()], dtype=bool)
    return test.take(is_exemplar).by_class(), test.take(~is_exemplar)


def _exemplar_names(packs: Sequence[Pack], split: Split) -> dict[str, str]:
    """Unseen class -> its exemplar: the official one, or the first clip if there is no official one."""
    own = [(pack, np.flatnonzero(pack.column("dataset") == split.dataset)) for pack in packs]
    ids = [name for pack, clips in own for name in pack.column("id")[clips].tolist()]
    actions = [name for pack, clips in own for name in pack.actions[clips].tolist()]
    official = one_shot_exemplars(split.dataset) if has_exemplars(split.dataset) else {}
    exemplars = {action: clip for action, clip in official.items() if action in split.unseen}
    if set(exemplars) == set(split.unseen):
        one_shot_masks(ids, actions, exemplars)  # names the one that is missing
        return exemplars
    return first_exemplars(ids, actions, split.unseen)
