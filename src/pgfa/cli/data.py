"""Commands about data: import, check, inspect, formats, splits, synthesise."""

from __future__ import annotations

import sys
from pathlib import Path

from pgfa.cli.options import Quiet, RayAddress, Stating, Switch, stated_by
from pgfa.config.extras import require


def import_(
    format: str,
    source: Path,
    out: Path,
    *,
    jobs: int | None = None,
    ray: RayAddress = None,
    labels: Path | None = None,
    to_layout: str | None = None,
    limit: int | None = None,
    overwrite: Switch = False,
    quiet: Quiet = False,
    stating: Stating = None,
) -> None:
    """Import a data set, or your own folder of recordings, into a pack.

    If interrupted, run the same command again to resume. Files that cannot be read are listed, never dropped
    silently.

    Parameters
    ----------
    format
        A data set (`pgfa formats` lists them), or `files` for your own recordings in any readable format. The class
        of your own recordings is the name of their folder, or comes from --labels.
    source
        Folder or zip of the recordings.
    out
        Output folder (the pack).
    jobs
        Reader processes (default: one per core; a single one for small imports).
    labels
        With `files`: a CSV file with the columns file, action and, optionally, subject.
    to_layout
        Convert every clip to this joint layout (ntu25, kinect20); required if the files have different layouts.
    limit
        Maximum number of files to read.
    overwrite
        Replace an existing pack.
    """
    from pgfa.pack import import_dataset

    report = import_dataset(
        format, source, out,
        jobs=jobs, labels=labels, layout=to_layout, limit=limit, progress=not quiet, overwrite=overwrite,
        stated=stated_by(stating), ray=ray,
    )  # fmt: skip
    print(report)
    if format == "files":
        dataset = next(iter(report.summary.datasets))
        print(
            f"next: pgfa train --pack {out} --catalogue FILE --split '{dataset}/unseen:CLASS,CLASS' --out RUN"
        )


def check(
    source: Path,
    *,
    labels: Path | None = None,
    json: Path | None = None,
    pictures: Path | None = None,
    stating: Stating = None,
) -> None:
    """Check your own recordings before an import: how each file is read and why, or why it cannot be used.

    OK: it can be used, as the line says. ASK: the file does not say how it is to be read; state it with an option, or
    in a file pgfa-recordings.toml in the folder. FAIL: it cannot be used. SKIP: it lies beside recordings and is
    something else.
    Nothing is changed. The exit status is 1 if a file is marked ASK or FAIL, or there is no recording.

    Parameters
    ----------
    source
        A folder, zip or single file.
    labels
        A CSV file with the columns file, action and, optionally, subject, as for `pgfa import`.
    json
        Also write the results to this file.
    pictures
        Also draw one frame of each clip into this folder (SVG): the left side red, the right side blue, up marked. Of a
        file marked ASK one picture per possible value, or the reason why it has none.
    """
    from pgfa.cli.outputs import check_outputs
    from pgfa.pack.importing.check_report import print_check

    check_outputs({"--json": json} if json else {}, [source, *([labels] if labels else [])])
    if not print_check(source, labels, json, pictures=pictures, stated=stated_by(stating)):
        raise SystemExit(1)


def inspect(
    source: str, *, clip: str | None = None, out: Path | None = None, stating: Stating = None
) -> None:
    """Summarise a recording or a pack; with --out, draw a clip as a moving skeleton.

    Parameters
    ----------
    source
        A recording in any readable format, a member of a zip (`a.zip!member`), or a pack.
    clip
        With a pack: the id of the clip to summarise and draw (default: draw the first one).
    out
        Draw the clip into this file: .html (a page with a player; works offline) or .gif.
    """
    from pgfa.pack.pack import is_pack, open_pack
    from pgfa.pack.summary import summary

    if out is not None:
        from pgfa.draw import check_drawing

        check_drawing(out)
    if is_pack(Path(source)):
        pack = open_pack(source)
        print(summary(pack))
        if pack.blocks is None:
            print(
                "note: imported by an earlier version, without digests of single clips: they are not verified",
                file=sys.stderr,
            )
        recording = pack.clip(pack.index_of(clip) if clip else 0) if out or clip else None
        if recording is not None:
            print(summary(recording))
    else:
        from pgfa.read import as_ref, read

        recording = read(as_ref(source).with_stated(stated_by(stating)))
        print(summary(recording))
    if recording is not None and out is not None:
        from pgfa.draw import draw_clip

        draw_clip(recording, out)
        print(f"drawn: {out}")


def formats() -> None:
    """List the data sets and file formats that can be read."""
    from pgfa.read import FORMATS

    width = max(map(len, FORMATS))
    for format in FORMATS.values():
        print(f"{format.name:{width}}  {format.title}")


def splits() -> None:
    """List the published splits: the unseen classes of each, and their source."""
    from pgfa.text.catalogue import catalogue, catalogue_names

    for dataset in catalogue_names():
        for split in catalogue(dataset).splits.values():
            print(f"{split.key}  ({split.source})\n    {', '.join(split.unseen)}")


def synthesise(dataset: str, folder: Path, *, clips: int, seed: int = 0, jobs: int | None = None) -> None:
    """Write a stand-in for a data set that may not be redistributed: synthetic motion in the official file format.

    It is for testing that everything runs, and how fast. Accuracy on it means nothing for real recordings.

    Parameters
    ----------
    dataset
        Data set to imitate: ntu60, ntu120 or pku-mmd.
    folder
        Output folder.
    clips
        Number of clips (the real ntu60 has 56,880, ntu120 114,480).
    seed
        Random seed.
    jobs
        Worker processes (default: one per core).
    """
    require("train", "pgfa synthesise")
    from pgfa.synth.standin import synthesise as write_stand_in

    print(write_stand_in(dataset, clips, folder, seed=seed, jobs=jobs))
