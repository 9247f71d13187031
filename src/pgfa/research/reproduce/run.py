"""The paper's tables by one command: import, train every split and seed, choose alpha honestly, print the table."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pgfa.adapt import align
from pgfa.config import ModelSettings, RunSettings, TextSettings
from pgfa.errors import BadConfig, BadFile
from pgfa.evaluate.evaluate import evaluate_run
from pgfa.evaluate.score import score
from pgfa.evaluate.table import Table
from pgfa.files import digest, read_json, write_atomic, write_json
from pgfa.pack import import_dataset, is_pack, open_pack
from pgfa.progress import Progress
from pgfa.research.reproduce.results import Result, Standing, table_of
from pgfa.research.reproduce.spec import Column, Spec, load_spec
from pgfa.research.selection import AlphaChoice, choose_alpha
from pgfa.text.catalogue import Catalogue, catalogue
from pgfa.text.encode import class_vectors
from pgfa.text.sentence_file import read_sentences
from pgfa.train.clip_selection import ClipSelection, select_clips
from pgfa.train.corpus import prepare_selection
from pgfa.train.run import METRICS, open_run, test_log_path
from pgfa.train.schedule import sample_order
from pgfa.train.train import train

VERSION = 1
"""To be raised when a result would come out otherwise: older ones are then made anew from the trained runs."""

Protocol = Literal["paper", "honest", "both"]


@dataclass(frozen=True)
class Task:
    """One split of one column: what all of its seeds share."""

    column: Column
    split: str
    choice: ClipSelection
    runs: tuple[RunSettings, ...]
    folders: tuple[Path, ...]

    @property
    def clips(self) -> int:
        """Clips of an epoch."""
        return sample_order(self.runs[0].train, self.choice.train.labels, 0).size


def reproduce(
    setting: str,
    folders: Mapping[str, Path],
    out: Path,
    *,
    seeds: int | None = None,
    epochs: int | None = None,
    folds: int | None = None,
    protocol: Protocol = "both",
    sentences: Mapping[str, Path] | None = None,
    text: TextSettings | None = None,
    model: ModelSettings | None = None,
    device: str = "auto",
    show: bool = True,
) -> Table:
    """Make one table of the paper; stopped at any moment and started again, it goes on.

    Args:
        setting: name of a spec: ``setting-1``, ``setting-2``, ``one-shot``.
        folders: data set (``ntu60``, ``ntu120``, ``pku-mmd``) -> its official folder, its zip, or a pack.
        out: folder for packs, runs and the table (``SETTING.txt``, ``.md``, ``.tex``, ``.json``).
        seeds, epochs, folds: in place of the spec's.
        protocol: ``paper``: the test set is watched at every epoch; ``honest``: alpha is chosen on pseudo-unseen
            classes, which costs a training run a fold and column; or both.
        sentences: data set -> file with one description a class, in place of the package's own.
        text, model: what is set in them replaces the recipe's values; the table says so.
        device: as `pgfa.train.train.train`.
        show: say on stderr how far it is.

    Raises:
        PgfaError: as import, `choose_clips`, `train` and the sentence encoder.
    """
    base = load_spec(setting)
    changed = {k: v for k, v in (("seeds", seeds), ("epochs", epochs), ("folds", folds)) if v is not None}
    spec = Spec(**{**base.model_dump(), **changed})
    columns = [column for column in spec.columns if column.dataset in folders]
    if not columns:
        raise BadConfig(f"{setting} needs one of {', '.join(dict.fromkeys(c.dataset for c in spec.columns))}")
    datasets: list[str] = list(dict.fromkeys(column.dataset for column in columns))
    books = {dataset: _book(dataset, (sentences or {}).get(dataset)) for dataset in datasets}
    for (
        column
    ) in columns:  # before hours of work: is there a sentence encoder, and does it take these sentences?
        wanted = spec.run_settings(column, column.splits[0], 0, "", text=text, model=model)
        class_vectors(books[column.dataset].actions, wanted.text)
    packs = {dataset: _pack(dataset, folders[dataset], out / "packs", show) for dataset in datasets}
    tasks = [
        _task(spec, column, split, packs[column.dataset], books, out, protocol, text, model)
        for column in columns
        for split in column.splits
    ]
    results: list[Result] = []
    chosen: dict[str, AlphaChoice] = {}
    total, done = _size(tasks, spec, protocol, out)
    with Progress(setting, total, done, "clips", show) as bar:
        for column in columns:
            own = [task for task in tasks if task.column == column]
            if protocol != "paper":
                chosen[column.name] = _alpha(own, spec, out, device, bar)
            for task in own:
                results += _results(task, chosen.get(column.name), device, bar)
    standing = Standing(
        spec,
        base,
        tuple(results),
        chosen,
        tuple(_changes(base, spec, tasks[0].runs[0], sentences or {}, folders) + _gaps(packs)),
    )
    table = table_of(standing)
    _save(out / setting, table, standing)
    return table


def _book(dataset: str, lines: Path | None) -> Catalogue:
    """The data set's catalogue, its sentences those of the file where one is given."""
    book = catalogue(dataset)
    if lines is None:
        return book
    said = read_sentences(lines, book)
    return replace(book, actions=tuple(a.model_copy(update={"plain": said[a.name]}) for a in book.actions))


def _pack(dataset: str, folder: Path, packs: Path, show: bool) -> Path:
    """The data set as a pack: the folder itself where it is one, one imported before, or imported now."""
    if is_pack(folder):
        place = folder
    else:
        place = packs / dataset
        if not is_pack(place):
            report = import_dataset(dataset, folder, place, progress=show)
            if show:
                print(f"{str(report).splitlines()[0]}: {report.account or place}", file=sys.stderr)
    if dataset not in (found := open_pack(place).datasets):
        raise BadConfig(f"{place} holds {', '.join(found)}, not {dataset}")
    return place


def _task(
    spec: Spec,
    column: Column,
    split: str,
    pack: Path,
    books: Mapping[str, Catalogue],
    out: Path,
    protocol: Protocol,
    text: TextSettings | None,
    model: ModelSettings | None,
) -> Task:
    runs, folders = [], []
    for seed in range(spec.seeds):
        watched = out / "runs" / spec.name / f"{column.dataset}-{split}-seed{seed}"
        # Watching changes no weight: a run that was watched before serves the honest protocol as well.
        watch = protocol != "honest" or watched.exists()
        folders.append(watched if watch else watched.with_name(f"{watched.name}-unwatched"))
        runs.append(spec.run_settings(column, split, seed, str(pack), text=text, model=model, watch=watch))
    choice = select_clips(runs[0], [books[column.dataset]])
    return Task(column, split, choice, tuple(runs), tuple(folders))


def _size(tasks: list[Task], spec: Spec, protocol: Protocol, out: Path) -> tuple[int, int]:
    """Clips to train on over all runs, and those that earlier calls have done."""
    total = done = 0
    for task in tasks:
        total += spec.epochs * task.clips * len(task.runs)
        done += sum(min(_epochs(folder), spec.epochs) * task.clips for folder in task.folders)
        if protocol != "paper" and task.split == task.column.splits[0]:
            # Held-out classes have about their share of the clips.
            share = 1 - len(task.choice.unseen) * len(task.column.splits) / len(task.choice.seen)
            clips = int(task.clips * max(share, 0))
            total += spec.epochs * clips * spec.folds
            folds = (_alpha_folder(task, spec, out) / f"fold-{fold}" for fold in range(spec.folds))
            done += sum(min(_epochs(folder), spec.epochs) * clips for folder in folds)
    return total, done


def _alpha_folder(task: Task, spec: Spec, out: Path) -> Path:
    return out / "runs" / spec.name / f"{task.column.dataset}-{task.split}-alpha"


def _epochs(folder: Path) -> int:
    with suppress(OSError):
        return len((folder / METRICS).read_bytes().splitlines())
    return 0


def _alpha(tasks: list[Task], spec: Spec, out: Path, device: str, bar: Progress) -> AlphaChoice:
    """Alpha for a column: chosen once, on classes that no split of the column has among its unseen ones."""
    first = tasks[0]
    never = tuple(a.key for task in tasks[1:] for a in task.choice.unseen)
    count = len(first.choice.unseen)
    place = _alpha_folder(first, spec, out)
    key = _key(first, first.runs[0], never, count, spec.folds)
    with suppress(BadFile):
        kept = read_json(place / "alpha.json")
        if isinstance(kept, dict) and kept.get("key") == key:
            return AlphaChoice(kept["alpha"], kept["held"], kept["accuracy"])
    corpus = prepare_selection(first.choice, first.runs[0])
    found = choose_alpha(
        first.runs[0], corpus, place, count=count, folds=spec.folds, never=never, device=device, bar=bar
    )
    write_json(place / "alpha.json", {"key": key, **asdict(found)})
    return found


def _results(task: Task, chosen: AlphaChoice | None, device: str, bar: Progress) -> list[Result]:
    """Train and judge every seed of a split; what is there already is read."""
    found: dict[int, Result] = {}
    keys = [_key(task, run, chosen.alpha if chosen else None) for run in task.runs]
    for seed, folder in enumerate(task.folders):
        with suppress(BadFile):
            kept = read_json(folder / "result.json")
            if isinstance(kept, dict) and kept.get("key") == keys[seed]:
                found[seed] = Result(**kept["result"])
    if len(found) < len(task.runs):
        bar.set_title(f"{task.column.dataset}/{task.split}: prepare")
        corpus = prepare_selection(task.choice, task.runs[0])
    for seed, (run, folder) in enumerate(zip(task.runs, task.folders, strict=True)):
        if seed in found:
            continue
        bar.set_title(f"{task.column.dataset}/{task.split}, seed {seed}")
        train(run, corpus, folder, device=device, bar=bar)
        opened = open_run(folder, device=device)
        judged = evaluate_run(replace(opened, settings=run), corpus)
        truth, classes = corpus.test.labels, len(corpus.unseen)
        best = _best(folder) if run.train.test_each_epoch else None
        honest = None
        if chosen:
            aligned = align(judged.features, judged.alignment.anchors, chosen.alpha).predictions
            honest = score(truth, aligned, classes, seed=seed)
        found[seed] = Result(
            column=task.column.name,
            split=task.split,
            seed=seed,
            train_clips=len(corpus.train),
            test_clips=len(corpus.test),
            classes=classes,
            before=judged.before.accuracy,
            last=judged.after.accuracy,
            last_interval=[judged.after.low, judged.after.high],
            best=best[1] if best else None,
            best_epoch=best[0] if best else None,
            honest=honest.accuracy if honest else None,
            honest_class_mean=honest.class_mean if honest else None,
            honest_interval=[honest.low, honest.high] if honest else None,
        )
        write_json(folder / "result.json", {"key": keys[seed], "result": asdict(found[seed])})
    return [found[seed] for seed in sorted(found)]


def _best(folder: Path) -> tuple[int, float]:
    """The epoch that is best on the test clips after alignment (the first of equal ones), and its accuracy there."""
    try:
        lines = [json.loads(line) for line in test_log_path(folder).read_text(encoding="utf-8").splitlines()]
        best = max(lines, key=lambda line: (line["after"], -line["epoch"]))
        return int(best["epoch"]), float(best["after"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        expected = "a line of accuracies an epoch"
        raise BadFile(test_log_path(folder), expected=expected, found=str(error) or "none") from None


def _key(task: Task, run: RunSettings, *more: Any) -> str:
    """Stands for all that decides a result."""
    return digest(
        VERSION,
        run.model_dump(mode="json", exclude={"packs"}),
        [pack.digest for pack in task.choice.packs],
        [a.model_dump(mode="json") for a in (*task.choice.seen, *task.choice.unseen)],
        list(more),
    )


def _changes(
    base: Spec, spec: Spec, run: RunSettings, sentences: Mapping[str, Path], folders: Mapping[str, Path]
) -> list[str]:
    """In what a table departs from the paper's own making, in words."""
    own = ModelSettings(recipe="paper", encoder=spec.encoder)
    parts = [f"epochs {spec.epochs}, not {base.epochs}"] if spec.epochs != base.epochs else []
    parts += [
        f"model {name} {value}, not {getattr(own, name)}"
        for name, value in run.model
        if name != "recipe" and value != getattr(own, name)
    ]
    parts += ["sentence encoder " + run.text.encoder + ", not mpnet"] if run.text.encoder != "mpnet" else []
    notes = [f"Not the paper's making: {'; '.join(parts)}."] if parts else []
    told = [f"{d} from {Path(sentences[d]).name}" for d in folders if d in sentences]
    rest = "this project's own" + (" for the others" if told else "")
    if not told or any(d not in sentences for d in folders):
        told.append(rest)
    return [*notes, f"Sentences: {', '.join(told)}."]


def _gaps(packs: Mapping[str, Path]) -> list[str]:
    """What of the official lists the packs lack."""
    notes = []
    for dataset, place in packs.items():
        pack = open_pack(place)
        missing = 0
        with suppress(BadFile):
            account = read_json(place / "account.json")
            missing = len(account.get("missing", ())) if isinstance(account, dict) else 0
        told = f"{dataset}: {len(pack):,} clips"
        if missing:
            told += f"; {missing:,} files of the official list are missing: this is not the whole data set"
        if pack.rejected:
            told += f"; {len(pack.rejected):,} could not be used"
        notes.append(told + ".")
    return notes


def _save(stem: Path, table: Table, standing: Standing) -> None:
    write_atomic(stem.with_name(f"{stem.name}.txt"), table.to_text())
    write_atomic(stem.with_name(f"{stem.name}.md"), table.to_markdown())
    write_atomic(stem.with_name(f"{stem.name}.tex"), table.to_latex())
    data = {
        "table": table.to_dict(),
        "spec": standing.spec.model_dump(mode="json"),
        "alpha": {name: asdict(choice) for name, choice in standing.chosen.items()},
        "runs": [asdict(result) for result in standing.results],
    }
    write_json(stem.with_name(f"{stem.name}.json"), data)
