"""From a spec to jobs: every split with every training set, its runs and its folds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pgfa.config import AdaptSettings, RunSettings
from pgfa.errors import BadConfig
from pgfa.files import digest
from pgfa.pack import is_pack, open_pack, save_pack
from pgfa.research.baselines import METHODS
from pgfa.research.benchmark.fit import VERSION, FitJob
from pgfa.research.benchmark.spec import TEST_SELECTED, BenchmarkSettings, SplitGroup
from pgfa.research.selection import draw_folds, fold_size
from pgfa.train.clip_selection import ClipSelection, select_clips
from pgfa.train.memory import needed_memory
from pgfa.train.schedule import sample_order

FOLD_SEED = 0


@dataclass(frozen=True)
class SplitJob:
    """One split with one training set.

    Attributes:
        training: name of the training set.
        split: key of the split.
        full: jobs of the runs on all seen classes: (seed, epochs) -> job.
        folds: jobs of the folds: (fold, epochs) -> job.
        result: file of its rows, without suffix.
    """

    training: str
    split: str
    full: dict[tuple[int, int], FitJob]
    folds: dict[tuple[int, int], FitJob]
    result: Path

    @property
    def packs(self) -> tuple[str, ...]:
        """Folders of the training set's packs, in the order of the spec."""
        return self.fit_jobs[0].settings.packs

    @property
    def fit_jobs(self) -> list[FitJob]:
        """All of them, folds first: with them the choices can be made."""
        return [*self.folds.values(), *self.full.values()]


def plan(spec: BenchmarkSettings, out: Path, packs: Path) -> list[SplitJob]:
    """All jobs of a spec, in its order; the packs' manifests are read, nothing is trained.

    Raises:
        BadConfig: a pack is missing, a split leaves too few classes, or as `select_clips`.
    """
    names = dict.fromkeys(name for packs_of_set in spec.training.values() for name in packs_of_set)
    folders = {name: str(_pack(spec, name, out, packs)) for name in names}
    jobs = []
    for group, splits in spec.groups():
        for split in splits:
            for training in group.training or tuple(spec.training):
                paths = tuple(folders[name] for name in spec.training[training])
                jobs.append(_split_job(spec, group, split, training, paths, out))
    pairs = [(job.training, job.split) for job in jobs]
    if repeated := [pair for pair in pairs if pairs.count(pair) > 1]:
        training, split = repeated[0]
        raise BadConfig(f"split {split} is named twice for training set {training}")
    return jobs


def _split_job(
    spec: BenchmarkSettings, group: SplitGroup, split: str, training: str, packs: tuple[str, ...], out: Path
) -> SplitJob:
    # The accuracy logged after each epoch is that of the paper's alignment, whatever the run's settings say.
    adapt = AdaptSettings(method="paper")
    base = spec.run.model_copy(update={"packs": packs, "split": split, "adapt": adapt})
    selection = select_clips(base)
    keys = [a.key for a in selection.seen if a.dataset == selection.split.dataset]
    size = fold_size(len(keys), len(selection.unseen), group.folds)
    held_out = draw_folds(keys, size, group.folds, FOLD_SEED)
    name = split.replace("/", "-").replace(":", "-")

    def fit_job(seed: int, epochs: int, fold: int) -> FitJob:
        test_each_epoch = fold < 0 and TEST_SELECTED in spec.protocols
        changes = {"seed": seed, "epochs": epochs, "test_each_epoch": test_each_epoch}
        settings = base.model_copy(update={"train": base.train.model_copy(update=changes)})
        classes = held_out[fold] if fold >= 0 else ()
        prefix = f"fold-{fold}" if fold >= 0 else f"seed-{seed}"
        key = _key(spec, settings, selection, classes)
        return FitJob(
            settings=settings,
            held_out=classes,
            fold=fold,
            seen_share=spec.seen_share,
            methods=spec.methods,
            options=spec.baselines,
            folder=out / "fits" / training / name / f"{prefix}-{epochs}-{key}",
            clips=_clips_per_epoch(selection, settings, classes) * epochs * _encoders(spec),
            memory=needed_memory(selection, settings),
        )

    return SplitJob(
        training,
        split,
        {(seed, e): fit_job(seed, e, -1) for seed in range(group.seeds) for e in spec.epochs},
        {(fold, e): fit_job(FOLD_SEED, e, fold) for fold in range(group.folds) for e in spec.epochs},
        out / "results" / f"{training}-{name}",
    )


def _key(
    spec: BenchmarkSettings, settings: RunSettings, selection: ClipSelection, held_out: tuple[str, ...]
) -> str:
    """Digest of everything that determines the encoders of a job, so that those of another spec are never used for
    it."""
    return digest(
        VERSION,
        settings.canonical(exclude={"packs"}),
        [pack.digest for pack in selection.packs],
        [a.model_dump(mode="json") for a in (*selection.seen, *selection.unseen)],
        held_out,
        spec.seen_share,
    )[:10]


def _clips_per_epoch(selection: ClipSelection, settings: RunSettings, held_out: tuple[str, ...]) -> int:
    """An estimate: clips that will be set aside are counted too."""
    labels = [i for i, action in enumerate(selection.seen) if action.key not in held_out]
    train = selection.train.labels
    return sample_order(settings.train, train[np.isin(train, labels)], 0).size


def _encoders(spec: BenchmarkSettings) -> int:
    """How many encoders a job trains: those of methods with their own, and one for all others."""
    trains = [METHODS[name].trains_encoder for name in spec.methods]
    return sum(trains) + (not all(trains))


def _pack(spec: BenchmarkSettings, name: str, out: Path, packs: Path) -> Path:
    """A pack by its folder's name; `synthetic` is created if missing."""
    if is_pack(packs / name):
        return packs / name
    if name != "synthetic":
        raise BadConfig(
            f"{packs / name}: no such pack; create it with `pgfa import`, or give the folder of the packs "
            "with --packs"
        )
    from pgfa.synth import DEMO_ACTIONS, make_clips

    size = spec.synthetic
    folder = out / f"synthetic-{size.performers}-{size.repeats}"
    if not is_pack(folder):
        clips = make_clips(performers=size.performers, repeats=size.repeats, actions=DEMO_ACTIONS)
        save_pack(clips, folder)
    open_pack(folder)
    return folder
