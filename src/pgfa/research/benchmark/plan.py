"""From a spec to units of work: every split with every training set, its runs and its folds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pgfa.config import AdaptSettings, RunSettings
from pgfa.errors import BadConfig
from pgfa.files import digest
from pgfa.pack import is_pack, open_pack, save_pack
from pgfa.research.benchmark.fit import VERSION, Fit
from pgfa.research.benchmark.spec import PAPER, BenchmarkSettings, SplitGroup
from pgfa.research.selection import draw_folds, fold_size
from pgfa.train.clip_selection import ClipSelection, select_clips
from pgfa.train.schedule import sample_order

FOLD_SEED = 0


@dataclass(frozen=True)
class Job:
    """One split with one training set.

    Attributes:
        training: name of the training set.
        split: key of the split.
        full: units of the runs on all seen classes: (seed, epochs) -> unit.
        folds: units of the folds: (fold, epochs) -> unit.
        result: file of its rows, without ending.
    """

    training: str
    split: str
    full: dict[tuple[int, int], Fit]
    folds: dict[tuple[int, int], Fit]
    result: Path

    @property
    def units(self) -> list[Fit]:
        """All of them, folds first: with them the choices can be made."""
        return [*self.folds.values(), *self.full.values()]


def plan(spec: BenchmarkSettings, out: Path, packs: Path) -> list[Job]:
    """All jobs of a spec, in its order; the packs' manifests are read, nothing is trained.

    Raises:
        BadConfig: a pack is not there, a split leaves too few classes, as `choose_clips`.
    """
    places = {name: _pack(spec, name, out, packs) for of in spec.training.values() for name in of}
    jobs = []
    for group, splits in spec.groups():
        for split in splits:
            for training in group.training or tuple(spec.training):
                folders = tuple(str(places[name]) for name in spec.training[training])
                jobs.append(_job(spec, group, split, training, folders, out))
    names = [(job.training, job.split) for job in jobs]
    if twice := [name for name in names if names.count(name) > 1]:
        raise BadConfig(f"split {twice[0][1]} is named twice for training set {twice[0][0]}")
    return jobs


def _job(
    spec: BenchmarkSettings, group: SplitGroup, split: str, training: str, packs: tuple[str, ...], out: Path
) -> Job:
    # What is watched in training is the paper's own alignment, whatever the run's settings say.
    adapt = AdaptSettings(method="paper")
    base = spec.run.model_copy(update={"packs": packs, "split": split, "adapt": adapt})
    choice = select_clips(base)
    own = [a.key for a in choice.seen if a.dataset == choice.split.dataset]
    size = fold_size(len(own), len(choice.unseen), group.folds)
    held = draw_folds(own, size, group.folds, FOLD_SEED)
    place = out / "fits" / training / split.replace("/", "-").replace(":", "-")

    def unit(seed: int, epochs: int, fold: int) -> Fit:
        watch = fold < 0 and PAPER in spec.protocols
        changed = {"seed": seed, "epochs": epochs, "test_each_epoch": watch}
        settings = base.model_copy(update={"train": base.train.model_copy(update=changed)})
        classes = held[fold] if fold >= 0 else ()
        name = f"fold-{fold}" if fold >= 0 else f"seed-{seed}"
        key = _key(spec, settings, choice, classes)
        clips = _clips(choice, settings, set(classes)) * epochs * _encoders(spec)
        folder = place / f"{name}-{epochs}-{key}"
        return Fit(settings, classes, fold, spec.seen_share, spec.methods, spec.compare, folder, clips)

    return Job(
        training,
        split,
        {(seed, e): unit(seed, e, -1) for seed in range(group.seeds) for e in spec.epochs},
        {(fold, e): unit(FOLD_SEED, e, fold) for fold in range(group.folds) for e in spec.epochs},
        out / "results" / f"{training}-{place.name}",
    )


def _key(spec: BenchmarkSettings, settings: RunSettings, choice: ClipSelection, held: tuple[str, ...]) -> str:
    """Stands for all that decides the encoders of a unit, so that nothing of another spec is ever taken for it."""
    return digest(
        VERSION,
        settings.canonical(exclude={"packs"}),
        [pack.digest for pack in choice.packs],
        [a.model_dump(mode="json") for a in (*choice.seen, *choice.unseen)],
        held,
        spec.seen_share,
    )[:10]


def _clips(choice: ClipSelection, settings: RunSettings, held: set[str]) -> int:
    """Clips of an epoch, about: which people are set aside is not asked here."""
    left = [i for i, action in enumerate(choice.seen) if action.key not in held]
    kept = choice.train.labels[[label in set(left) for label in choice.train.labels.tolist()]]
    return sample_order(settings.train, kept, 0).size


def _encoders(spec: BenchmarkSettings) -> int:
    """`pgfa` trains its own, all others share one."""
    return ("pgfa" in spec.methods) + any(name != "pgfa" for name in spec.methods)


def _pack(spec: BenchmarkSettings, name: str, out: Path, packs: Path) -> Path:
    """A pack by its folder's name; `synthetic` is made where it is not there."""
    if is_pack(packs / name):
        return packs / name
    if name != "synthetic":
        raise BadConfig(
            f"{packs / name}: no such pack; `pgfa import` makes one, --packs says where packs lie"
        )
    from pgfa.synth import DEMO_ACTIONS, make_clips

    made = spec.synthetic
    place = out / f"synthetic-{made.performers}-{made.repeats}"
    if not is_pack(place):
        clips = make_clips(performers=made.performers, repeats=made.repeats, actions=DEMO_ACTIONS)
        save_pack(clips, place)
    open_pack(place)
    return place
