"""The commands that use a trained recogniser: recognise, live, export."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from pgfa.recognise import Answers, Timeline

Sentences = Annotated[list[str] | None, Parameter(name="--as", negative="")]

LONG = 10.0
"""Seconds from which a recording is looked at over time."""
LESS = ": the answer is less certain (docs/formats.md)"


def recognise(
    file: str,
    *,
    as_: Sentences = None,
    run: Path | None = None,
    adapt: Path | None = None,
    teach: Annotated[list[str] | None, Parameter(negative="")] = None,
    spans: bool | None = None,
    window: Annotated[list[float] | None, Parameter(negative="")] = None,
    hop: float = 0.25,
    json: Path | None = None,
    csv: Path | None = None,
    vtt: Path | None = None,
    eaf: Path | None = None,
    device: str = "cpu",
) -> None:
    """Rank sentences by how well they tell what a recording shows; of a long one, say when.

    Parameters
    ----------
    file
        A recording of any known format, or a member of a zip (`a.zip!member`).
    as_
        A sentence that might tell what is seen; give it several times.
    run
        A folder that `pgfa train` or `pgfa export` made; the recogniser in the package if not given.
    adapt
        A folder of recordings, unlabelled, that show what the sentences tell: the surest stand for the sentences.
    teach
        NAME=FILE: a class by example; several examples as several --teach of one name.
    spans
        Look at the recording over time, body by body; so it is by itself from 10 seconds on.
    window
        Seconds of the windows over time; 1.5 and 3 if not given.
    hop
        Seconds from window to window.
    json, csv, vtt, eaf
        Write the answer to this file (`--json=-`: to standard output, instead of the table). WebVTT and EAF (ELAN)
        hold spans.
    device
        cpu, cuda, cuda:1, or auto.
    """
    from pgfa.errors import BadConfig
    from pgfa.files import write_atomic
    from pgfa.read import read
    from pgfa.recognise import Recogniser
    from pgfa.recognise.temporal.spans import WINDOW
    from pgfa.skeleton import NO_DEPTH

    clip = read(file)
    for problem in clip.problems:
        print(f"note: {problem}{LESS if problem == NO_DEPTH else ''}", file=sys.stderr)
    over_time = spans if spans is not None else bool(vtt or eaf) or clip.seconds >= LONG
    if not over_time and (vtt or eaf):
        raise BadConfig("--vtt and --eaf hold spans; leave out --no-spans")
    recogniser = Recogniser.load(run, device)
    examples: dict[str, list[str]] = {}
    for given in teach or ():
        name, mark, example = given.partition("=")
        if not (name and mark and example):
            raise BadConfig(f"--teach expects NAME=FILE, found {given!r}")
        examples.setdefault(name, []).append(example)
    for name, files in examples.items():
        recogniser = recogniser.teach(name, list(files))
    if adapt is not None:
        recogniser = recogniser.adapt(adapt, as_ or [])
        print(recogniser.adaptation, file=sys.stderr)
    if over_time:
        found: Timeline | Answers = recogniser.spans(clip, as_ or [], tuple(window or WINDOW), hop)
    else:
        found = recogniser.recognise(clip, as_ or [])
    quiet = False
    for kind, place in {"json": json, "csv": csv, "vtt": vtt, "eaf": eaf}.items():
        if place is None:
            continue
        text = _as(kind, found)
        if str(place) == "-":
            print(text, end="")
            quiet = True
        else:
            write_atomic(place, text)
    if not quiet:
        print(_as("table", found))


def live(*, as_: Sentences, run: Path | None = None, device: str = "cpu") -> None:
    """Answer while frames come: lines of JSON in on standard input, lines of JSON out.

    First line: {"layout": "kinect20"}; then a line a frame: {"t": seconds, "bodies": [[[x, y, z], ...]]}, null for
    what is absent. An answer comes five times a second, from the last 1.5 and 3 seconds.

    Parameters
    ----------
    as_
        A sentence that might tell what is seen; give it several times.
    run
        A folder that `pgfa train` or `pgfa export` made; the recogniser in the package if not given.
    device
        cpu, cuda, cuda:1, or auto.
    """
    # The sums of an answer are small: two threads that wait for each other on a busy machine take 20 times as long.
    # The variables are read when torch and numpy are imported, below.
    for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(threads, "1")
    from pgfa.recognise import Recogniser
    from pgfa.recognise.temporal.jsonl import answer_lines

    for line in answer_lines(Recogniser.load(run, device), as_ or [], sys.stdin.buffer):
        print(line, flush=True)


def export(out: Path, *, as_: Sentences = None, run: Path | None = None) -> None:
    """Make a recogniser that needs no torch: its encoder as ONNX, in a folder that `--run` takes.

    Parameters
    ----------
    out
        Folder to make.
    as_
        A sentence whose vector is stored too; others are encoded when asked for.
    run
        A folder that `pgfa train` made, or a bundle; the recogniser in the package if not given.
    """
    from pgfa.recognise.export import export as make

    bundle = make(run, out, as_ or ())
    size = sum(file.stat().st_size for file in out.iterdir())
    print(f"exported: {out} ({size / 1e6:.1f} MB, {len(bundle.sentences)} sentences stored)")


def _as(kind: str, found: Answers | Timeline) -> str:
    import json

    from pgfa.recognise import Answers, outputs

    if kind == "json":
        return json.dumps(found.to_dict(), indent=1, ensure_ascii=False) + "\n"
    if isinstance(found, Answers):
        return outputs.answers_csv(found) if kind == "csv" else outputs.answers_table(found)
    if kind == "table":
        return outputs.spans_table(found)
    made = {"csv": outputs.spans_csv, "vtt": outputs.spans_vtt, "eaf": outputs.spans_eaf}
    return made[kind](found.spans)
