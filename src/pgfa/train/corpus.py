"""Everything a run learns from and is tested on: the selected clips, prepared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pgfa.config import RunSettings
from pgfa.errors import BadConfig
from pgfa.files import cache_folder
from pgfa.pack import Pack, listing_note
from pgfa.prepare import prepare_cached
from pgfa.skeleton import Layout, get_layout
from pgfa.text.catalogue import ActionClass, Catalogue
from pgfa.text.doubts import doubts_about
from pgfa.text.overlap import Removal
from pgfa.train.clip_selection import ClipSelection, select_clips
from pgfa.train.clip_set import ClipIndex, ClipSet


@dataclass(frozen=True)
class Corpus:
    """Everything a run learns from and is tested on.

    Attributes:
        layout: of the prepared clips.
        catalogues: data set -> its catalogue.
        seen, unseen: classes; a label of `train` counts in `seen`, one of `test` in `unseen`.
        train, test: clips of seen classes of every pack; clips of unseen classes of the split's data set.
        removals, exemplars, unlisted, packs: as in `ClipSelection`; the exemplars are prepared.
        notes: what is not as the recipe demands, one line each.
    """

    layout: Layout
    catalogues: dict[str, Catalogue]
    seen: tuple[ActionClass, ...]
    unseen: tuple[ActionClass, ...]
    train: ClipSet
    test: ClipSet
    removals: tuple[Removal, ...]
    exemplars: ClipSet | None = None
    unlisted: Mapping[str, int] = field(default_factory=dict)
    packs: tuple[Pack, ...] = ()
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [
            f"train: {len(self.train):,} clips of {len(self.seen)} classes",
            f"test:  {len(self.test):,} clips of {len(self.unseen)} unseen classes: "
            + ", ".join(a.name for a in self.unseen)
            if self.unseen
            else "test:  no clips (the split has no unseen class)",
        ]
        if unwritten := [name for name, catalogue in self.catalogues.items() if catalogue.from_names]:
            lines.append(
                f"no catalogue for {', '.join(unwritten)}: class names are used as sentences; "
                "written sentences give better results (--catalogue FILE)"
            )
        if len(self.seen) == 1:
            lines.append("note: only one class to learn from, so nothing can be told apart; use several")
        actions = (*self.seen, *self.unseen)
        for dataset in dict.fromkeys(action.dataset for action in actions):
            plain = [action.plain for action in actions if action.dataset == dataset]
            lines += [f"note: {doubt}" for doubt in doubts_about(plain)]
        if self.removals:
            lines.append(
                f"left out of training because they mean the same as an unseen class ({len(self.removals)}):"
            )
            lines += [f"  {removal}" for removal in self.removals]
        if self.unlisted:
            lines.append(f"not used, missing from the catalogue ({sum(self.unlisted.values()):,} clips):")
            lines += [
                f"  {key if not key.endswith('/') else key + ' (no class)'}: {count:,}"
                for key, count in self.unlisted.items()
            ]
        return "\n".join([*lines, *self.notes])


def build_corpus(settings: RunSettings, catalogues: Sequence[Path | Catalogue] = ()) -> Corpus:
    """Open the packs, apply split, protocol and leakage rule, prepare the clips.

    Raises:
        BadConfig: no pack holds the split's data set, an unseen class has no clip, nothing is left to train on or
            to test, the data set has no such protocol, an exemplar is missing, a recording of the test set is in
            two packs.
        BadFile: a pack or catalogue is damaged.
    """
    return prepare_selection(select_clips(settings, catalogues), settings)


def prepare_selection(selection: ClipSelection, settings: RunSettings) -> Corpus:
    """Prepare the selected clips, or take them from the cache.

    Raises:
        BadConfig: no person is detected in any clip to train on or to test, or in an exemplar.
    """
    exemplars = None
    if selection.exemplars is not None:
        exemplars = _prepared(selection.packs, selection.exemplars, settings)
        if len(exemplars) != len(selection.unseen):
            raise BadConfig(f"no person detected in an exemplar of split {selection.split.key}")
    train = _prepared(selection.packs, selection.train, settings)
    test = _prepared(selection.packs, selection.test, settings) if selection.unseen else train.take(slice(0))
    return Corpus(
        layout=get_layout(settings.prepare.layout),
        catalogues=selection.catalogues,
        seen=selection.seen,
        unseen=selection.unseen,
        train=train,
        test=test,
        removals=selection.removals,
        exemplars=exemplars,
        unlisted=selection.unlisted,
        packs=selection.packs,
        notes=preparation_notes(selection.packs, settings),
    )


def preparation_notes(packs: Sequence[Pack], settings: RunSettings) -> tuple[str, ...]:
    """What the packs do not allow to prepare as the recipe demands, one line per pack (`listing_note`)."""
    if settings.prepare.recipe != "paper":
        return ()
    return tuple(note for pack in packs if (note := listing_note(pack)))


def _prepared(packs: Sequence[Pack], clips: ClipIndex, settings: RunSettings) -> ClipSet:
    """The clips as arrays, allocated once and filled pack by pack; clips without a person are left out."""
    cache = cache_folder() / "prepared"
    prepared = [
        prepare_cached(pack.ragged, pack.digest, settings.prepare, cache, check=pack.verify) for pack in packs
    ]
    pack, clip = clips.origin.T
    # A clip without a person is of no use in training; it is listed in the problems of the pack.
    usable = np.zeros(len(clips), dtype=bool)
    for p, arrays in enumerate(prepared):
        usable[pack == p] = arrays.present[clip[pack == p]].any(axis=1)
    clips, pack, clip = clips.take(usable), pack[usable], clip[usable]
    if len(clips) == 0:
        raise BadConfig("no person detected in any clip of the classes needed")
    positions = np.empty((len(clips), *prepared[0].positions.shape[1:]), dtype=np.float32)
    present = np.empty((len(clips), prepared[0].present.shape[1]), dtype=np.bool_)
    for p, arrays in enumerate(prepared):
        positions[pack == p] = arrays.positions[clip[pack == p]]
        present[pack == p] = arrays.present[clip[pack == p]]
    return ClipSet(positions, present, clips.labels, clips.origin)
