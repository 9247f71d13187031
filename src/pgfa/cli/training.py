"""Commands about training: train, evaluate."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Group, Parameter

from pgfa.cli.options import Catalogues, Device, Quiet
from pgfa.config import (
    AdaptSettings,
    ModelSettings,
    PrepareSettings,
    Recipe,
    RunSettings,
    StageSettings,
    TextSettings,
    TrainSettings,
)
from pgfa.config.extras import require
from pgfa.errors import BadConfig

PREPARATION = Group("Preparation", sort_key=1)
SENTENCES = Group("Sentence vectors", sort_key=2)
MODEL = Group("Model", sort_key=3)
TRAINING = Group("Training", sort_key=4)
ALIGNMENT = Group("Alignment", sort_key=5)


def train(
    *,
    pack: Annotated[list[Path] | None, Parameter(negative="")] = None,
    split: str | None = None,
    protocol: str | None = None,
    out: Path,
    recipe: Recipe = "default",
    settings: Path | None = None,
    catalogue: Catalogues = None,
    device: Device = "auto",
    devices: int = 1,
    quiet: Quiet = False,
    prepare: Annotated[PrepareSettings | None, Parameter(group=PREPARATION)] = None,
    text: Annotated[TextSettings | None, Parameter(group=SENTENCES)] = None,
    model: Annotated[ModelSettings | None, Parameter(group=MODEL)] = None,
    train: Annotated[TrainSettings | None, Parameter(group=TRAINING)] = None,
) -> None:
    """Learn a shared space of motion and language from the seen classes of a split.

    If interrupted, run the same command again to resume; on the CPU the weights come out the same. Classes of other
    packs that mean the same as an unseen class are excluded, and listed.

    Parameters
    ----------
    pack
        Pack to train on; repeat the option for more. The data set of the split must be among them.
    split
        Which classes are unseen: a published split (`utd-mhad/22-5`; `pgfa splits` lists them), your own choice
        (`utd-mhad/unseen:wave,clap`), or none (`utd-mhad/none`), for a recogniser that learns from all classes.
    protocol
        Official protocol of the split's data set, such as cross-subject: seen classes then train on its training
        clips only, unseen ones are tested on its test clips only (default: all, only classes divide the clips).
    out
        Output folder (the run).
    recipe
        paper: the authors' choices, including their errors; default: this project's. Other options override it.
    settings
        Start from the settings of this file (the run.toml of another run). Other options override them.
    devices
        Processes that share the clips of each step: one per GPU, or on the CPU with a part of the cores each. The
        weights differ by rounding only, and a run may be resumed with another number. docs/scale.md: several machines.
    """
    require("train", "pgfa train")
    stages = {"prepare": prepare, "text": text, "model": model, "train": train}
    run_settings = _combine(settings, recipe, pack, {"split": split, "protocol": protocol}, stages)
    if devices < 1:
        raise BadConfig(f"--devices: expected a number of processes from 1, found {devices}")
    chosen = set(TrainSettings.model_fields) if settings or recipe == "paper" else set()
    chosen |= set() if train is None else train.model_fields_set
    run = _train if devices == 1 else partial(_launch, devices)
    run(run_settings, chosen, out, catalogue or [], device, quiet)


def _train(
    settings: RunSettings, chosen: set[str], out: Path, catalogues: list[Path], device: str, quiet: bool
) -> None:
    """Train in this process, which may be one of several that torchrun started."""
    from pgfa.train.clip_selection import select_clips
    from pgfa.train.corpus import prepare_selection
    from pgfa.train.launch import first_on_each_machine, joined
    from pgfa.train.train import train

    with joined(device) as (ranks, own_device):
        with first_on_each_machine(ranks):
            selection = select_clips(settings, catalogues)
            settings = _for_its_clips(settings, chosen, len(selection.train))
            corpus = prepare_selection(selection, settings)
        if not quiet and ranks.writes:
            print(f"{corpus}\n{_length(settings.train)}", file=sys.stderr)
        train(settings, corpus, out, device=own_device, show=not quiet, ranks=ranks)
    if ranks.writes:
        command = f"evaluate {out}" if corpus.unseen else f"recognise FILE --run {out} --sentence SENTENCE"
        print(f"trained: {out}   next: pgfa {command}")


def _for_its_clips(settings: RunSettings, chosen: set[str], clips: int) -> RunSettings:
    """The settings with smaller batches and more epochs where there are few clips, except those `chosen` by hand."""
    from pgfa.train.schedule import for_few_clips

    return settings.model_copy(update={"train": for_few_clips(settings.train, clips, chosen)})


def _length(settings: TrainSettings) -> str:
    return f"{settings.epochs} epochs, batches of {settings.batch_size} (--train.epochs, --train.batch-size)"


def _launch(
    count: int,
    settings: RunSettings,
    chosen: set[str],
    out: Path,
    catalogues: list[Path],
    device: str,
    quiet: bool,
) -> None:
    """The same command as several ranks, with its settings in a file."""
    from pgfa.files.leftovers import temporary_folder
    from pgfa.train.clip_selection import select_clips
    from pgfa.train.launch import launch

    selection = select_clips(settings, catalogues)  # a wrong pack or split is one error, not one per rank
    settings = _for_its_clips(settings, chosen, len(selection.train))
    with temporary_folder() as folder:
        settings.save(file := folder / "run.toml")
        command = [
            sys.executable,
            "-m",
            "pgfa.cli.start",
            "train",
            "--settings",
            str(file),
            "--out",
            str(out),
            "--device",
            device,
        ]
        command += [part for path in catalogues for part in ("--catalogue", str(path))]
        launch([*command, *(["--quiet"] if quiet else [])], count)


def _combine(
    file: Path | None,
    recipe: Recipe,
    packs: list[Path] | None,
    choices: Mapping[str, str | None],
    stages: Mapping[str, StageSettings | None],
) -> RunSettings:
    """Settings from a file or a recipe, overridden by what the command line sets."""
    values: dict[str, Any] = RunSettings.load(file).model_dump() if file else {"recipe": recipe}
    for name, stage in stages.items():
        if stage is not None:
            values[name] = {**values.get(name, {}), **stage.model_dump(exclude_unset=True)}
    if packs:
        values["packs"] = tuple(str(path) for path in packs)
    values.update({name: choice for name, choice in choices.items() if choice})
    return RunSettings(**values)


def evaluate(
    run: Path,
    other: Path | None = None,
    *,
    pack: Annotated[list[Path] | None, Parameter(negative="")] = None,
    catalogue: Catalogues = None,
    device: Device = "auto",
    adapt: Annotated[AdaptSettings | None, Parameter(group=ALIGNMENT)] = None,
) -> None:
    """Evaluate a run on its unseen classes, from sentences alone and after alignment, and write a report.

    It writes evaluation.json (the numbers), report.html (a page with charts and clips) and the folder report (tables as
    CSV and LaTeX, figures as SVG and PDF) into the run's folder. With two runs it evaluates both and compares them clip
    by clip; comparison.json and a section of the report are written into the folder of the second.

    Parameters
    ----------
    run
        Folder of a training run.
    other
        Another run with the same test clips, to compare with.
    pack
        New pack paths, if moved since training, in the same order; repeat the option for more.
    """
    require("train", "pgfa evaluate")
    from pgfa.evaluate.compare import compare
    from pgfa.evaluate.evaluate import commands, save_evaluation
    from pgfa.evaluate.evaluate import evaluate as evaluate_run

    packs, catalogues = tuple(map(str, pack or ())), tuple(catalogue or ())
    evaluations = [
        evaluate_run(folder, packs=packs, catalogues=catalogues, adapt=adapt, device=device)
        for folder in (run, *([] if other is None else [other]))
    ]
    line = _evaluate_command(run, other, packs, catalogues, adapt)
    comparison = compare(*evaluations, command=line) if other is not None else None
    for evaluation in evaluations:
        compared = comparison if evaluation is evaluations[-1] else None
        numbers, report = save_evaluation(
            evaluation, command=commands(evaluation.run.folder, line), comparison=compared
        )
        for note in evaluation.corpus.notes:
            print(note, file=sys.stderr)
        print(evaluation)
        print(f"numbers: {numbers}\nreport:  {report}")
    if comparison is not None and other is not None:
        path = comparison.save(other)
        print(f"\n{comparison.table().to_text()}numbers: {path}")


def _evaluate_command(
    run: Path,
    other: Path | None,
    packs: tuple[str, ...],
    catalogues: tuple[Path, ...],
    adapt: AdaptSettings | None,
) -> str:
    """The command line of an evaluation, with the options that change its result."""
    words = ["pgfa", "evaluate", str(run), *([] if other is None else [str(other)])]
    for option, values in (("--pack", packs), ("--catalogue", catalogues)):
        words += [word for value in values for word in (option, str(value))]
    changed = {} if adapt is None else adapt.model_dump(exclude_unset=True)
    words += [
        word for name, value in changed.items() for word in (f"--adapt.{name.replace('_', '-')}", str(value))
    ]
    return shlex.join(words)
