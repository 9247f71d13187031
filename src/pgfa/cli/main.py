"""The command line. Each command is thin: it takes the settings, calls one room, prints what came out.

Rooms are imported inside the commands, so that ``pgfa --help`` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from pgfa.cli import use as using
from pgfa.cli.benchmark import benchmark
from pgfa.config import (
    AdaptSettings,
    ModelSettings,
    PrepareSettings,
    Recipe,
    RunSettings,
    ServeSettings,
    TextSettings,
    TrainSettings,
)
from pgfa.errors import BadConfig, PgfaError

app = App(
    name="pgfa",
    help="Recognise human actions nobody recorded in training, from 3-D skeletons and sentences.",
    help_format="plaintext",
    version_flags=["--version"],
    default_parameter=Parameter(negative_iterable=(), consume_multiple=True),
)


@app.command(name="import")
def import_(
    format: str,
    source: Path,
    out: Path,
    *,
    jobs: int | None = None,
    labels: Path | None = None,
    layout: str | None = None,
    limit: int | None = None,
    overwrite: bool = False,
    quiet: bool = False,
) -> None:
    """Read a data set, or your own folder of recordings, into a pack.

    Stopped or killed, the same command goes on where it was. A file that cannot be used is named, never dropped
    silently.

    Parameters
    ----------
    format
        utd-mhad, kinder-gator, msr-action3d, nw-ucla, hdm05, ntu60, ntu120, pku-mmd; or `files` for your own folder:
        any readable files, class = name of the folder a file lies in, or --labels.
    source
        The data set's folder, or its zip.
    out
        The pack: a folder to make.
    jobs
        Processes that read; as many as there are cores, where that pays, if not given.
    labels
        With `files`: a CSV file with the columns file, action and, if known, subject.
    layout
        Carry every clip to this layout (ntu25, kinect20); needed where files are of several.
    limit
        Read only the first so many files.
    overwrite
        Replace a pack that is there already.
    quiet
        Say nothing while at work.
    """
    from pgfa.pack import import_dataset

    report = import_dataset(
        format, source, out,
        jobs=jobs, labels=labels, layout=layout, limit=limit, progress=not quiet, overwrite=overwrite,
    )  # fmt: skip
    print(report)
    if format == "files":
        own = next(iter(report.summary.datasets))
        print(f"next: pgfa train --pack {out} --catalogue FILE --split '{own}/unseen:CLASS,CLASS' --out RUN")


@app.command
def check(source: Path, *, labels: Path | None = None, json: Path | None = None) -> None:
    """Look at your own recordings, a folder, zip or file, before an import: what each is, or why it cannot be used.

    --labels is as in `pgfa import`; --json also writes the results to a file.
    """
    from pgfa.pack.importing.check import print_check

    if not print_check(source, labels, json):
        raise SystemExit(1)


@app.command
def inspect(what: str, *, clip: str | None = None, out: Path | None = None) -> None:
    """Sum up a recording or a pack, and draw a clip as a moving skeleton.

    Parameters
    ----------
    what
        A recording of any known format, a member of a zip (`a.zip!member`), or a pack.
    clip
        With a pack: the id of the clip to draw; the first one if not given.
    out
        Draw the clip into this file: .html (a page that plays it, needs no network) or .gif.
    """
    from pgfa.pack.pack import is_pack, open_pack
    from pgfa.pack.summary import summary

    if is_pack(Path(what)):
        pack = open_pack(what)
        print(summary(pack))
        shown = pack.clip(pack.index_of(clip) if clip else 0) if out or clip else None
        if shown is not None:
            print(summary(shown))
    else:
        from pgfa.read import read

        shown = read(what)
        print(summary(shown))
    if shown is not None and out is not None:
        from pgfa.draw import draw_clip

        draw_clip(shown, out)
        print(f"drawn: {out}")


@app.command
def train(
    *,
    pack: Annotated[list[Path] | None, Parameter(negative="")] = None,
    split: str | None = None,
    out: Path,
    recipe: Recipe = "default",
    settings: Path | None = None,
    catalogue: Annotated[list[Path] | None, Parameter(negative="")] = None,
    device: str = "auto",
    quiet: bool = False,
    prepare: PrepareSettings | None = None,
    text: TextSettings | None = None,
    model: ModelSettings | None = None,
    train: TrainSettings | None = None,
) -> None:
    """Learn the shared space of motion and language from the seen classes of a split.

    Started again with the same --out, it goes on where it stopped, and ends with the same weights (on the CPU).
    Classes of other packs that mean the same as an unseen class are left out and listed.

    Parameters
    ----------
    pack
        Packs to train on; may be given several times. The split's data set must be among them.
    split
        Which classes are unseen: a published split (`utd-mhad/22-5`; `pgfa splits` lists them), your own choice
        (`utd-mhad/unseen:wave,clap`), or no class at all (`utd-mhad/none`), for a recogniser to use.
    out
        The run's folder.
    recipe
        paper: the authors' choices; default: this project's. Single settings below override it.
    settings
        A run.toml to start from, as every run keeps one; options given here override it.
    catalogue
        Catalogue files of your own data sets (docs/catalogue.md).
    device
        cpu, cuda, cuda:1, or auto: the GPU where there is one.
    quiet
        Say nothing while at work.
    """
    from pgfa.train.corpus import build_corpus
    from pgfa.train.train import train as train_model

    stages = {"prepare": prepare, "text": text, "model": model, "train": train}
    base: dict[str, Any] = RunSettings.load(settings).model_dump() if settings else {"recipe": recipe}
    for name, given in stages.items():
        if given is not None:
            base[name] = {**base.get(name, {}), **given.model_dump(exclude_unset=True)}
    if pack:
        base["packs"] = tuple(str(p) for p in pack)
    if split:
        base["split"] = split
    wanted = RunSettings(**base)
    corpus = build_corpus(wanted, catalogue or ())
    if not quiet:
        print(corpus, file=sys.stderr)
    train_model(wanted, corpus, out, device=device, show=not quiet)
    print(f"trained: {out}   next: pgfa evaluate {out}")


@app.command
def evaluate(
    run: Path,
    *,
    pack: Annotated[list[Path] | None, Parameter(negative="")] = None,
    catalogue: Annotated[list[Path] | None, Parameter(negative="")] = None,
    device: str = "auto",
    adapt: AdaptSettings | None = None,
) -> None:
    """Recognise the unseen classes from their sentences, then after alignment; write evaluation.json and report.html.

    Parameters
    ----------
    run
        A folder that `pgfa train` made.
    pack
        Where the packs lie now, if they have moved since training; in the same order.
    catalogue
        Catalogue files of your own data sets, as given in training.
    device
        cpu, cuda, cuda:1, or auto.
    """
    from pgfa.evaluate.evaluate import evaluate as evaluate_folder
    from pgfa.evaluate.evaluate import save_evaluation

    found = evaluate_folder(
        run, packs=tuple(map(str, pack or ())), catalogues=tuple(catalogue or ()), adapt=adapt, device=device
    )
    result, report = save_evaluation(found)
    print(found)
    print(f"numbers: {result}\nreport:  {report}")


@app.command
def serve(
    run: Path | None = None,
    *,
    device: str = "cpu",
    serve: Annotated[ServeSettings | None, Parameter(name="*")] = None,
) -> None:
    """Open the page: drop a recording, type sentences, see which one tells what it shows, and when.

    Parameters
    ----------
    run
        A folder that `pgfa train` or `pgfa export` made; the recogniser that comes with the package if not given.
    device
        cpu, cuda, cuda:1, or auto.
    """
    try:
        from pgfa.serve.app import serve as serve_page
    except ModuleNotFoundError as error:
        raise BadConfig(f"pgfa serve needs {error.name}: pip install 'pgfa[serve]'") from None

    serve_page(run, serve or ServeSettings(), device=device)


@app.command
def splits() -> None:
    """List the published splits: which classes of which data set are unseen, and who says so."""
    from pgfa.text.catalogue import catalogue, catalogue_names

    for dataset in catalogue_names():
        for split in catalogue(dataset).splits.values():
            print(f"{split.key}  ({split.source})\n    {', '.join(split.unseen)}")


@app.command
def synthesise(dataset: str, folder: Path, *, clips: int, seed: int = 0, jobs: int | None = None) -> None:
    """Write a stand-in of a data set that may not be passed on: the official files, filled with synthetic motion.

    It shows that everything runs, and how fast; what is recognised in it says nothing about real recordings.

    Parameters
    ----------
    dataset
        ntu60, ntu120 or pku-mmd.
    folder
        To be made.
    clips
        How many; ntu60 has 56,880, ntu120 114,480.
    seed
        Of all that is drawn at random.
    jobs
        Processes; one a core if not given.
    """
    from pgfa.synth.standin import synthesise as write

    print(write(dataset, clips, folder, seed=seed, jobs=jobs))


@app.command
def reproduce(
    setting: str,
    *,
    out: Path,
    ntu60: Path | None = None,
    ntu120: Path | None = None,
    pku: Path | None = None,
    seeds: int | None = None,
    epochs: int | None = None,
    folds: int | None = None,
    protocol: Literal["test-selected", "validated", "both"] = "both",
    sentences: dict[str, Path] | None = None,
    device: str = "auto",
    quiet: bool = False,
    text: TextSettings | None = None,
    model: ModelSettings | None = None,
) -> None:
    """Make one table of the paper from the official folders: import, train all splits and seeds, print the table.

    Stopped at any moment, the same command goes on where it was. Data sets that are not given are left out.
    docs/reproduce.md says what to download and how long it takes.

    Parameters
    ----------
    setting
        setting-1, setting-2 or one-shot.
    out
        Folder for packs, runs and the table (text, Markdown, LaTeX, JSON).
    ntu60, ntu120, pku
        The data set's official folder or zip, or a pack of it.
    seeds
        Runs of each split; the setting's own number if not given, as for the next two.
    epochs
        Passes over the training clips.
    folds
        Sets of pseudo-unseen classes on which the protocol `validated` chooses alpha; one training run each.
    protocol
        test-selected: the best epoch on the test set; validated: alpha is chosen on pseudo-unseen classes; or both.
    sentences
        Descriptions by others, one line a class, as --sentences.ntu60 FILE (ntu120, pku-mmd).
    device
        cpu, cuda, cuda:1, or auto.
    quiet
        Say nothing while at work.
    """
    from pgfa.research.reproduce.run import reproduce as make

    given = {"ntu60": ntu60, "ntu120": ntu120, "pku-mmd": pku}
    table = make(
        setting, {name: place for name, place in given.items() if place}, out,
        seeds=seeds, epochs=epochs, folds=folds, protocol=protocol, sentences=sentences,
        text=text, model=model, device=device, show=not quiet,
    )  # fmt: skip
    print(table.to_text(), end="")
    print(f"tables: {out / setting}.txt, .md, .tex, .json")


app.command(benchmark)


@app.command
def demo(out: Path = Path("pgfa-demo"), *, seed: int = 0, epochs: int | None = None) -> None:
    """See it work: synthetic motion, 18 actions to learn from, 6 others recognised from sentences. No data needed.

    Parameters
    ----------
    out
        Folder for the pack, the run and the report.
    seed
        Of the synthetic motion and of the training.
    epochs
        Passes over the training clips; the demo's own number if not given.
    """
    from pgfa.cli.demo import run_demo

    run_demo(out, seed=seed, epochs=epochs)


for _command in (using.recognise, using.live, using.export, using.calibrate):
    app.command(_command)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; an error a user can mend is one line, not a traceback."""
    try:
        app(arguments)
    except PgfaError as error:
        sys.exit(f"pgfa: {error}")
    except KeyboardInterrupt:
        sys.exit("pgfa: stopped; the same command goes on where it was")
    except BrokenPipeError:
        sys.stderr.close()


if __name__ == "__main__":
    main()
