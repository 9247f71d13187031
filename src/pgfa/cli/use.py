"""Commands that use a trained recogniser: recognise, serve, live, export, calibrate."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from pgfa.cli.options import Device, Quiet, Stating, stated_by
from pgfa.config import RecogniseSettings, ServeSettings
from pgfa.config.extras import require

if TYPE_CHECKING:
    from collections.abc import Callable

    from pgfa.recognise import Live, Recogniser

DEFAULT = RecogniseSettings()
LESS_CERTAIN = ": the answer is less certain (docs/formats.md)"

Sentences = Annotated[list[str] | None, Parameter(name=("--sentence", "--as"), negative="")]
OutputFile = Annotated[Path | None, Parameter(negative="")]


def recognise(
    files: list[str],
    /,
    *,
    sentence: Sentences = None,
    run: Path | None = None,
    adapt: Path | None = None,
    teach: Annotated[list[str] | None, Parameter(negative="")] = None,
    spans: Annotated[
        bool | None,
        Parameter(
            help="Answer over time, for each body. "
            f"Default: only for recordings of {DEFAULT.long_from:g} seconds or longer."
        ),
    ] = None,
    window: Annotated[tuple[float, ...], Parameter(negative="")] = DEFAULT.window,
    hop: float = DEFAULT.hop,
    least: float = DEFAULT.least,
    why: Annotated[bool, Parameter(negative="")] = False,
    json: OutputFile = None,
    csv: OutputFile = None,
    windows_csv: OutputFile = None,
    vtt: OutputFile = None,
    eaf: OutputFile = None,
    device: Device = "cpu",
    quiet: Quiet = False,
    stating: Stating = None,
) -> None:
    """Rank sentences by how well they describe a recording; for a long recording, also show when each one fits.

    With several recordings, each gets one row and is answered as a whole; one that cannot be read is reported on
    standard error and does not stop the others. With an output file of "-", as in `--json=-`, the output goes to
    standard output instead of the table.

    Parameters
    ----------
    files
        Recordings in any known format, folders and zips of recordings, or members of zips (`a.zip!member`).
    sentence
        A candidate sentence; repeat the option for more. Several wordings of one candidate are separated by `|` and
        averaged: "waves | greets by waving a hand".
    run
        Folder of a training run or of an exported recogniser (default: the bundled recogniser); open: the bundled
        one whose training data allow any use.
    adapt
        Folder of unlabelled recordings that show what the sentences describe. Answers are recentred on them; if
        there are enough, prototypes averaged from them are used alongside the sentences.
    teach
        NAME=FILE: a class defined by example; repeat the option for more examples or classes.
    window
        Window lengths in seconds; cosines are averaged over the lengths.
    hop
        Seconds between the centres of successive windows.
    least
        Probability of a span, at least: with 0.7 fewer are found, and more of them are right.
    why
        Explain the answers by what was measured: the first three in the table, all in JSON. Not for answers over time.
    json
        Write the answer as JSON; for several recordings, one object per line.
    csv
        Write the answer as CSV, one row per sentence or span; for several recordings, one row each.
    windows_csv
        Write the probabilities over time as CSV, one row per window and body.
    vtt
        Write the spans as WebVTT captions, for any video player.
    eaf
        Write the spans as annotations for ELAN.
    """
    _one_thread_per_sum()
    from dataclasses import replace

    from pgfa.cli.outputs import check_outputs
    from pgfa.cli.recordings import is_single, recordings_of, rows_of
    from pgfa.errors import BadConfig
    from pgfa.read import as_ref, read
    from pgfa.read.format import CLASS_UNKNOWN_TEXTS
    from pgfa.read.interpret.decision import is_declared
    from pgfa.recognise import Answers
    from pgfa.recognise.formats import OUTPUTS, render
    from pgfa.recognise.rows import ROW_OUTPUTS
    from pgfa.skeleton import NO_DEPTH

    # Invalid values are refused also where nothing is answered over time.
    RecogniseSettings(window=window, hop=hop, least=least)
    paths = {"json": json, "csv": csv, "windows.csv": windows_csv, "vtt": vtt, "eaf": eaf}
    outputs = {name: path for name, path in paths.items() if path is not None}
    examples = [file for named in _examples(teach or []).values() for file in named]
    check_outputs(
        {f"--{name.replace('.', '-')}": path for name, path in outputs.items()},
        [*files, *examples, *([adapt] if adapt else [])],
    )
    if only_spans := [name for name in outputs if OUTPUTS[name].answers is None]:
        options = ", ".join(f"--{name.replace('.', '-')}" for name in only_spans)
        if spans is False:
            raise BadConfig(f"{options} writes answers over time and cannot be used with --no-spans")
        spans = True
    if why and spans:
        raise BadConfig("--why explains whole recordings and cannot be used with answers over time")
    single = is_single(files)
    if spans and not single:
        raise BadConfig(
            "answers over time are for one recording: name one file, or leave out --spans and its formats"
        )
    if why and not single and json is None:
        raise BadConfig("--why for several recordings needs --json")

    if not single:
        recordings = recordings_of(files, stated_by(stating))
        recogniser = _recogniser(run, device, teach, adapt, sentence or [])
        rows = rows_of(recordings, recogniser, sentence or [], why=why, quiet=quiet)
        if rows:  # a table of nothing, or a file in place of an earlier one, would look like an answer
            _write(outputs, lambda name: ROW_OUTPUTS[name](rows))
        recordings.report(alone=not recogniser.aligned)
        return
    clip = read(as_ref(files[0]).with_stated(stated_by(stating)))
    if not is_declared(clip.reading):
        print(f"note: {clip.reading}", file=sys.stderr)
    for problem in clip.problems:
        if problem in CLASS_UNKNOWN_TEXTS:  # it is what is asked here
            continue
        print(f"note: {problem}{LESS_CERTAIN if problem == NO_DEPTH else ''}", file=sys.stderr)
    recogniser = _recogniser(run, device, teach, adapt, sentence or [])
    result = recogniser.answer(clip, sentence or [], over_time=spans, window=window, hop=hop, least=least)
    explained = None
    if why and isinstance(result, Answers):
        explained = recogniser.explain(clip, [answer.sentence for answer in result])
    elif why:
        print("note: --why explains whole recordings, not answers over time: add --no-spans", file=sys.stderr)
    # A file's name tells its user more than the id inside it.
    named = replace(result, source=files[0])
    _write(outputs, lambda name: render(name, named, explained))


def _one_thread_per_sum() -> None:
    """Before numpy and torch are imported, which read these variables: one thread for each sum.

    The sums of an answer are small. Two threads that wait for each other take twice the processor time, and on a busy
    machine 20 times as long; several clips are answered in several threads anyway.
    """
    for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(threads, "1")


def _recogniser(
    run: Path | None, device: str, teach: list[str] | None, adapt: Path | None, sentences: list[str]
) -> Recogniser:
    """The recogniser that the options describe; what adaptation changed is printed."""
    from pgfa.errors import BadConfig
    from pgfa.recognise import Recogniser
    from pgfa.text.doubts import doubts_about

    recogniser = Recogniser.load(run, device)
    if not sentences and not teach and not recogniser.taught:
        raise BadConfig("expected at least one sentence, found none: state it with --sentence or --as")
    if not recogniser.bundle.verified:
        print(
            f"note: {run} was written by an earlier version, without digests: not verified", file=sys.stderr
        )
    for name, files in _examples(teach or []).items():
        recogniser = recogniser.teach(name, [*files])
    for note in (*doubts_about(sentences), *recogniser.overlaps(sentences)):
        print(f"note: {note}", file=sys.stderr)
    if adapt is not None:
        recogniser = recogniser.adapt(adapt, sentences)
        print(recogniser.adaptation, file=sys.stderr)
    return recogniser


def _write(outputs: dict[str, Path], text_of: Callable[[str], str]) -> None:
    """Write every output, format -> file; the table is printed unless one of them goes to standard output."""
    from pgfa.files import write_atomic

    for name, path in outputs.items():
        if str(path) == "-":
            print(text_of(name), end="")
        else:
            write_atomic(path, text_of(name))
    if not any(str(path) == "-" for path in outputs.values()):
        print(text_of("table"), end="")


def _examples(options: list[str]) -> dict[str, list[str]]:
    """NAME=FILE options as class name -> files. Raises BadConfig."""
    from pgfa.errors import BadConfig

    examples: dict[str, list[str]] = {}
    for option in options:
        name, separator, file = option.partition("=")
        if not (name and separator and file):
            raise BadConfig(f"--teach expects NAME=FILE, found {option!r}")
        examples.setdefault(name, []).append(file)
    return examples


def serve(
    run: Path | None = None,
    *,
    device: Device = "cpu",
    serve: Annotated[ServeSettings | None, Parameter(name="*")] = None,
) -> None:
    """Serve a web page: drop a recording on it, type sentences, and see which ones fit, and when.

    Parameters
    ----------
    run
        Folder of a training run or of an exported recogniser (default: the bundled recogniser); open: the bundled
        one whose training data allow any use.
    """
    _one_thread_per_sum()
    from pgfa.serve.app import serve as serve_page

    serve_page(run, serve or ServeSettings(), device=device)


def live(*, sentence: Sentences, run: Path | None = None, device: Device = "cpu") -> None:
    """Recognise a live stream: frames on standard input, answers on standard output, one JSON object per line.

    First line: {"layout": "kinect20"}; then one line per frame: {"t": seconds, "bodies": [[[x, y, z], ...]]}, with
    null for an absent body, joint or coordinate. docs/recognise.md describes the answers.

    Parameters
    ----------
    sentence
        A candidate sentence; repeat the option for more.
    run
        Folder of a training run or of an exported recogniser (default: the bundled recogniser); open: the bundled
        one whose training data allow any use.
    """
    _one_thread_per_sum()
    from pgfa.recognise import Recogniser
    from pgfa.recognise.temporal.jsonl import answer_lines

    recogniser = Recogniser.load(run, device)

    def open_live(layout: str, rate: float | None) -> Live:
        return recogniser.live(sentence or [], layout, rate)

    for line in answer_lines(open_live, sys.stdin.buffer):
        print(line, flush=True)


def export(out: Path, *, sentence: Sentences = None, run: Path | None = None) -> None:
    """Export a recogniser that runs without torch: its encoder as ONNX, in a folder that `--run` accepts.

    Parameters
    ----------
    out
        Output folder.
    sentence
        A sentence whose vector is stored; others are encoded when they are used. Repeat the option for more.
    run
        Folder of a training run or of a bundle (default: the bundled recogniser).
    """
    from pgfa.recognise.export import export as export_bundle

    bundle = export_bundle(run, out, sentence or ())
    size = sum(file.stat().st_size for file in out.iterdir())
    print(f"exported: {out} ({size / 1e6:.1f} MB, {len(bundle.sentences)} sentences stored)")


def calibrate(
    runs: list[Path],
    *,
    out: Path,
    bundle: Path | None = None,
    pack: Annotated[list[str] | None, Parameter(negative="")] = None,
    none_share: float = 0.5,
) -> None:
    """Fit the probabilities of a recogniser on classes held out of training, and report how reliable they are.

    Train with the final settings several times, each time with other classes held out: the unseen classes of each
    run. Do not hold out classes whose accuracy is reported elsewhere as unseen, as calibration uses their labels.
    Figures for a run come from a fit on the other runs (with one run, on the other half of its classes); what is
    stored is fitted on all of them.

    Parameters
    ----------
    runs
        Folders of finished training runs.
    out
        Output file (JSON).
    bundle
        Bundle in which the calibration is replaced.
    pack
        New pack paths, if moved since training, in the same order; repeat the option for more.
    none_share
        Share of the questions whose correct class is not among the candidates.
    """
    require("train", "pgfa calibrate")
    from dataclasses import replace

    from pgfa.files import write_json
    from pgfa.recognise import open_bundle
    from pgfa.recognise.calibration.runs import calibrate_runs

    report = calibrate_runs(runs, pack or [], none_share)
    print(report)
    write_json(out, report.calibration.to_dict())
    print(f"\ncalibration: {out}")
    if bundle:
        replace(open_bundle(bundle), calibration=report.calibration).save(bundle)
        print(f"stored in: {bundle}")
