"""The paper's tables by one command: import, train every split and seed, choose alpha, print the table."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pgfa.config import FORMAT, ModelSettings, RunSettings, TextSettings
from pgfa.errors import BadConfig, BadFile
from pgfa.evaluate.table import Table, write_tables
from pgfa.files import read_json, write_json
from pgfa.files.lock import folder_lock
from pgfa.pack import import_dataset, is_pack, listing_note, open_pack
from pgfa.progress import Progress
from pgfa.research.reproduce.record import save_rows
from pgfa.research.reproduce.results import ReproductionResults, RunResult, table_of
from pgfa.research.reproduce.runs import (
    Protocol,
    SplitRuns,
    choose_column_alpha,
    count_clips,
    run_results,
)
from pgfa.research.reproduce.spec import DatasetColumn, TableSpec, load_spec
from pgfa.research.reproduce.spread import run_on
from pgfa.research.selection import AlphaChoice
from pgfa.tasks.cluster import Cluster
from pgfa.text.catalogue import Catalogue, catalogue
from pgfa.text.encode import class_vectors
from pgfa.text.sentence_file import read_sentences
from pgfa.train.clip_selection import select_clips


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
    ray: str | None = None,
    show: bool = True,
) -> Table:
    """Make one table of the paper, or resume.

    Args:
        setting: name of a spec: ``setting-1``, ``setting-2``, ``one-shot``.
        folders: data set (``ntu60``, ``ntu120``, ``pku-mmd``) -> its official folder, its zip, or a pack.
        out: folder for packs, runs and the table (``SETTING.txt``, ``.md``, ``.tex``, ``.json``; a row per run in
            ``.csv``, with its record).
        seeds, epochs, folds: instead of the spec's.
        protocol: ``test-selected``: the best epoch on the test clips; ``validated``: alpha is chosen on
            pseudo-unseen classes, which costs one training run per fold and column; or both.
        sentences: data set -> file with one description per class, instead of the package's own.
        text, model: values set in them replace the recipe's; the table says so.
        device: as `pgfa.train.train.train`.
        ray: address of a Ray cluster (`Cluster`) that imports, trains and evaluates.
        show: report progress on stderr.

    Raises:
        PgfaError: as import, `select_clips`, `train` and the sentence encoder; another process works in `out`.
    """
    started = time.monotonic()
    sentences, out = sentences or {}, out if ray is None else out.absolute()
    base = load_spec(setting)
    changes = {k: v for k, v in (("seeds", seeds), ("epochs", epochs), ("folds", folds)) if v is not None}
    spec = TableSpec(**{**base.model_dump(), **changes})
    columns = _columns(spec, folders)
    datasets: list[str] = list(dict.fromkeys(column.dataset for column in columns))
    catalogues = {dataset: _catalogue(dataset, sentences.get(dataset)) for dataset in datasets}
    # Before hours of work: is there a sentence encoder, and does it take these sentences?
    for column in columns:
        run = spec.run_settings(column, column.splits[0], 0, "", text=text, model=model)
        class_vectors(catalogues[column.dataset].actions, run.text)
    with folder_lock(out):
        packs = {dataset: _pack(dataset, folders[dataset], out / "packs", show, ray) for dataset in datasets}
        source = _RunSource(spec, tuple(columns), packs, catalogues, out, protocol, text, model)
        splits = [split for column in columns for split in source.of_column(column.name)]
        cluster = None if ray is None else Cluster(ray, out, device)
        runs, alphas = _train_all(source, splits, device, cluster, show)
        notes = (*_changes(base, spec, splits[0].runs[0]), _sentence_note(sentences, folders), *_gaps(packs))
        results = ReproductionResults(spec, base, tuple(runs), alphas, notes)
        table = table_of(results)
        _save(out / setting, table, results)
        seconds = time.monotonic() - started
        save_rows(out / f"{setting}.csv", results, splits, packs, sentences, protocol, seconds)
        return table


def _columns(spec: TableSpec, folders: Mapping[str, Path]) -> list[DatasetColumn]:
    """The columns whose data set is given. Raises BadConfig if there is none."""
    columns = [column for column in spec.columns if column.dataset in folders]
    if not columns:
        names = ", ".join(dict.fromkeys(column.dataset for column in spec.columns))
        raise BadConfig(f"{spec.name} needs at least one data set of {names}")
    return columns


@dataclass(frozen=True)
class _RunSource:
    """What the runs of a table are made from, here and on the machines of a cluster (`ColumnRuns`)."""

    spec: TableSpec
    columns: tuple[DatasetColumn, ...]
    packs: Mapping[str, Path]
    catalogues: Mapping[str, Catalogue]
    out: Path
    protocol: Protocol
    text: TextSettings | None
    model: ModelSettings | None

    def of_column(self, name: str) -> list[SplitRuns]:
        """The runs of all splits of a column."""
        return [self.of_split(name, index) for index in range(len(self._column(name).splits))]

    def of_split(self, name: str, index: int) -> SplitRuns:
        """The runs of a split."""
        column = self._column(name)
        return _split_runs(
            self.spec, column, column.splits[index], self.packs[column.dataset], self.catalogues,
            self.out, self.protocol, self.text, self.model,
        )  # fmt: skip

    def _column(self, name: str) -> DatasetColumn:
        return next(column for column in self.columns if column.name == name)


def _train_all(
    source: _RunSource, splits: Sequence[SplitRuns], device: str, cluster: Cluster | None, show: bool
) -> tuple[list[RunResult], dict[str, AlphaChoice]]:
    """Column by column: alpha, then the runs of its splits; those that a cluster has computed before are read."""
    spec, protocol = source.spec, source.protocol
    runs: list[RunResult] = []
    alphas: dict[str, AlphaChoice] = {}
    total, trained = count_clips(splits, spec, protocol)
    with Progress(spec.name, total, trained, "clips", show) as bar:
        if cluster is not None:
            run_on(cluster, spec, splits, source, protocol, bar)
        for name in dict.fromkeys(split.column.name for split in splits):
            column = [split for split in splits if split.column.name == name]
            if protocol != "test-selected":
                alphas[name] = choose_column_alpha(column, spec, device, bar)
            for split in column:
                runs += run_results(split, alphas.get(name), device, bar)
    return runs, alphas


def _catalogue(dataset: str, path: Path | None) -> Catalogue:
    """The data set's catalogue, with the sentences of a file if one is given."""
    classes = catalogue(dataset)
    if path is None:
        return classes
    lines = read_sentences(path, classes)
    return replace(
        classes, actions=tuple(a.model_copy(update={"plain": lines[a.name]}) for a in classes.actions)
    )


def _pack(dataset: str, folder: Path, packs: Path, show: bool, ray: str | None) -> Path:
    """The data set as a pack: the folder itself if it is one, one imported before, or imported now."""
    path = (folder if ray is None else folder.absolute()) if is_pack(folder) else packs / dataset
    if not is_pack(path):
        report = import_dataset(dataset, folder, path, progress=show, ray=ray)
        if show:
            print(f"{str(report).splitlines()[0]}: {report.account or path}", file=sys.stderr)
    if dataset not in (datasets := open_pack(path).datasets):
        raise BadConfig(f"{path} holds {', '.join(datasets)}, not {dataset}")
    return path


def _split_runs(
    spec: TableSpec,
    column: DatasetColumn,
    split: str,
    pack: Path,
    catalogues: Mapping[str, Catalogue],
    out: Path,
    protocol: Protocol,
    text: TextSettings | None,
    model: ModelSettings | None,
) -> SplitRuns:
    runs, folders = [], []
    parent, name = out / "runs" / spec.name, f"{column.dataset}-{split}"
    for seed in range(spec.seeds):
        tested = parent / f"{name}-seed{seed}"
        # Testing each epoch changes no weight: a run that did so before serves the protocol `validated` as well.
        test_each_epoch = protocol != "validated" or tested.exists()
        folders.append(tested if test_each_epoch else tested.with_name(f"{tested.name}-unwatched"))
        runs.append(
            spec.run_settings(
                column, split, seed, str(pack), text=text, model=model, test_each_epoch=test_each_epoch
            )
        )
    selection = select_clips(runs[0], [catalogues[column.dataset]])
    return SplitRuns(column, split, selection, tuple(runs), tuple(folders), parent / f"{name}-alpha")


def _changes(base: TableSpec, spec: TableSpec, run: RunSettings) -> list[str]:
    """How the settings of a table differ from the paper's."""
    paper = ModelSettings(recipe="paper", encoder=spec.encoder)
    parts = [f"epochs {spec.epochs}, not {base.epochs}"] if spec.epochs != base.epochs else []
    parts += [
        f"model {name} {value}, not {getattr(paper, name)}"
        for name, value in run.model
        if name != "recipe" and value != getattr(paper, name)
    ]
    parts += [f"sentence encoder {run.text.encoder}, not mpnet"] if run.text.encoder != "mpnet" else []
    return [f"Different from the paper: {'; '.join(parts)}."] if parts else []


def _sentence_note(sentences: Mapping[str, Path], folders: Mapping[str, Path]) -> str:
    """Whose sentences were used."""
    parts = [f"{dataset} from {Path(sentences[dataset]).name}" for dataset in folders if dataset in sentences]
    if not parts or any(dataset not in sentences for dataset in folders):
        parts.append("this project's own" + (" for the others" if parts else ""))
    return f"Sentences: {', '.join(parts)}."


def _gaps(packs: Mapping[str, Path]) -> list[str]:
    """What the packs lack: files of the official lists, bodies as listed."""
    notes = []
    for dataset, path in packs.items():
        pack = open_pack(path)
        missing = 0
        with suppress(BadFile):
            account = read_json(path / "account.json")
            missing = len(account.get("missing", ())) if isinstance(account, dict) else 0
        note = f"{dataset}: {len(pack):,} clips"
        if missing:
            note += f"; {missing:,} files of the official list are missing: this is not the whole data set"
        if pack.rejected:
            note += f"; {len(pack.rejected):,} could not be used"
        notes.append(note + ".")
        if listing := listing_note(pack):
            notes.append(f"{listing}.")
    return notes


def _save(path: Path, table: Table, results: ReproductionResults) -> None:
    """The table in all forms, and every run."""
    write_tables(path, [table])
    data = {
        "format": FORMAT,
        "table": table.to_dict(),
        "spec": results.spec.model_dump(mode="json"),
        "alpha": {name: asdict(choice) for name, choice in results.alphas.items()},
        "runs": [asdict(run) for run in results.runs],
    }
    write_json(path.with_name(f"{path.name}.json"), data)
