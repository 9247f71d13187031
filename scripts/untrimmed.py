"""Accuracy of answers over time on untrimmed recordings of data sets left out (docs/untrimmed.md).

    python scripts/untrimmed.py packs/* --run open --out out/untrimmed --sessions DATA/msrc12-sample   # minutes

    python scripts/foreign_sets.py packs/* --out out/foreign --folds 4     # first: the motion encoders, two hours
    python scripts/untrimmed.py packs/* --out out/foreign --folds 4 --sessions DATA/msrc12-sample

With --run one recogniser is asked about sets that it was not trained on. With --folds a model is trained for each set,
on all others. Resumable: models are in OUT/untrimmed/models, cosines of windows in OUT/untrimmed/windows.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from foreign_arguments import add_arguments, comparison_of

from pgfa.files import file_sha256
from pgfa.pack import Pack, open_pack
from pgfa.recognise.bundle import BUNDLED, MANIFEST, open_bundle
from pgfa.recognise.temporal.decode import DECODING, Decoding
from pgfa.research.untrimmed.models import save_without
from pgfa.research.untrimmed.recordings import composed, sessions
from pgfa.research.untrimmed.score import Counts, total
from pgfa.research.untrimmed.windows import windows_of
from pgfa.research.untrimmed.yardstick import Item, choose, counts, figures, table

SESSIONS = "msrc-12 sessions"
CHANGES = {
    "as it is": DECODING,
    "means below 0 not raised": replace(DECODING, raised=0.0),
    "cosines smoothed over 0.3 s": replace(DECODING, smoothing_s=0.3),
    "cosines smoothed over 1 s": replace(DECODING, smoothing_s=1.0),
    "spans not trimmed": replace(DECODING, trim=0.0),
    "both, 0.3 s and not trimmed": replace(DECODING, smoothing_s=0.3, trim=0.0),
    "prior of none 0.75": replace(DECODING, none_share=0.75),
    "prior of none 0.4": replace(DECODING, none_share=0.4),
    "prior of none 0.25": replace(DECODING, none_share=0.25),
}
"""What is measured beside the present settings."""
LEAST = {
    f"at least {share:.0%}": replace(DECODING, least=share) for share in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
}
"""Spans as a user may ask for them."""


def main() -> None:
    """Compute what is missing and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser)
    parser.add_argument(
        "--run", help="a bundle that was not trained on these sets, or open; in place of models of --folds"
    )
    parser.add_argument("--sessions", type=Path, help="MSRC-12 as recorded")
    args = parser.parse_args()
    packs = [open_pack(path) for path in args.packs]
    if args.run:
        models = of_bundle(packs, BUNDLED.with_name("open") if args.run == "open" else Path(args.run))
    else:
        models = left_out(packs, args)
    sets = items(packs, models, args.out, args.sessions)
    show({name: total(counts(item) for item in parts) for name, parts in sets.items()})
    compare(sets, CHANGES)
    measured, nested = table(sets), {}
    print("\nchosen on the other sets:", file=sys.stderr)
    for name in sets:
        others = {other: row for other, row in measured.items() if other.split()[0] != name.split()[0]}
        settings = choose(others)
        nested[name] = measured[name][settings]
        print(f"{name}: {settings}", file=sys.stderr)
    print()
    show(nested)
    print(f"\nchosen on all sets: {choose(measured)}", file=sys.stderr)
    compare(sets, LEAST)


def of_bundle(packs: Sequence[Pack], folder: Path) -> dict[str, Path]:
    """Set -> the folder of the one recogniser; ends the program where it was trained on one of them."""
    trained = {Path(pack).name for pack in open_bundle(folder).settings.packs}
    models = {pack.datasets[0]: folder for pack in packs}
    if seen := sorted(trained & models.keys()):
        sys.exit(f"{folder} was trained on {', '.join(seen)}: expected sets that it has not seen")
    return models


def left_out(packs: Sequence[Pack], args: argparse.Namespace) -> dict[str, Path]:
    """Set -> the folder of a model of all others; trained where it is missing."""
    models = {pack.datasets[0]: args.out / "untrimmed" / "models" / pack.datasets[0] for pack in packs}
    if missing := [name for name, folder in models.items() if not (folder / MANIFEST).is_file()]:
        comparison = comparison_of(args)
        for data in comparison.sets:
            if data.name in missing:
                save_without(comparison, data, models[data.name])
    return models


def items(
    packs: Sequence[Pack], models: Mapping[str, Path], out: Path, folder: Path | None
) -> dict[str, list[Item]]:
    """Of each set the recordings with what is seen in them; the sessions as a set of their own."""
    sets: dict[str, list[Item]] = {}
    for pack in packs:
        name = pack.datasets[0]
        # A model with a set left out has the calibration of the bundled recogniser (`save_without`).
        bundle, identity = open_bundle(models[name], runtime="torch"), file_sha256(models[name] / MANIFEST)
        groups = {name: [*composed(pack)]}
        if name == SESSIONS.split()[0] and folder:
            groups[SESSIONS] = [*sessions(folder)]
        for title, group in groups.items():
            print(f"untrimmed: {title}", file=sys.stderr)
            windows = [windows_of(bundle, identity, name, q, out / "untrimmed" / "windows") for q in group]
            sets[title] = [Item(q, w, bundle.calibration) for q, w in zip(group, windows, strict=True)]
    return sets


def show(parts: Mapping[str, Counts]) -> None:
    """A table: a row per set, the mean over sets made of clips with all their spans."""
    print("| set | moments | in a right span | spans | right | false in 10 min |\n|---|---|---|---|---|---|")
    for name, c in parts.items():
        right = f"{100 * c.right_share:.1f} %" if c.spans else ""
        print(
            f"| {name} | {c.moments} | {100 * c.matched_share:.1f} % | {c.spans} | {right} | {c.false_rate:.1f} |"
        )
    composed_sets = [c for name, c in parts.items() if name != SESSIONS]
    matched, right_share, false = figures(composed_sets)
    spans = sum(c.spans for c in composed_sets)
    print(
        f"| mean of the sets made of clips, all spans | | {100 * matched:.1f} % | {spans} | "
        f"{100 * right_share:.1f} % | {false:.1f} |"
    )


def compare(sets: Mapping[str, Sequence[Item]], changes: Mapping[str, Decoding]) -> None:
    """A table: a row per settings, of the sets made of clips, then of the sessions, if there are any."""
    titles = ("", "in a right span", "right", "false in 10 min")
    if SESSIONS in sets:
        titles = (*titles, "sessions: in a right span", "right", "false in 10 min")
    print(f"\n| {' | '.join(titles)} |\n{'|---' * len(titles)}|")
    for title, settings in changes.items():
        parts = {name: total(counts(item, settings) for item in group) for name, group in sets.items()}
        line = figures(c for name, c in parts.items() if name != SESSIONS)
        text = f"{100 * line[0]:.1f} % | {100 * line[1]:.1f} % | {line[2]:.1f}"
        if (c := parts.get(SESSIONS)) is not None:
            text += f" | {100 * c.matched_share:.1f} % | {100 * c.right_share:.1f} % | {c.false_rate:.1f}"
        print(f"| {title} | {text} |")


if __name__ == "__main__":
    main()
