"""Accuracy of answers over time on untrimmed recordings of data sets left out (docs/untrimmed.md).

    python scripts/foreign_sets.py packs/* --out out/foreign --folds 4     # first: the motion encoders
    python scripts/untrimmed.py packs/* --out out/foreign --folds 4 --sessions DATA/msrc12-sample

Resumable: models are in out/foreign/untrimmed/models, cosines of windows in out/foreign/untrimmed/windows.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pgfa.files import file_sha256
from pgfa.pack import open_pack
from pgfa.recognise.bundle import MANIFEST, open_bundle
from pgfa.recognise.temporal.decode import DECODING, Decoding
from pgfa.research.foreign.run import Comparison
from pgfa.research.untrimmed.models import save_without
from pgfa.research.untrimmed.recordings import composed, sessions
from pgfa.research.untrimmed.score import Counts, total
from pgfa.research.untrimmed.windows import windows_of
from pgfa.research.untrimmed.yardstick import Item, choose, counts, figures, table

SESSIONS = "msrc-12 sessions"
CHANGES = {
    "as it is": DECODING,
    "no bias subtracted": replace(DECODING, bias=0.0),
    "all of the mean subtracted": replace(DECODING, bias=1.0),
    "cosines not smoothed": replace(DECODING, smoothing_s=0.01),
    "no least probability of a span": replace(DECODING, min_peak=0.0),
    "prior of none 0.9": replace(DECODING, none_share=0.9),
    "prior of none 0.75": replace(DECODING, none_share=0.75),
    "prior of none 0.25": replace(DECODING, none_share=0.25),
    "least probability 0.7": replace(DECODING, min_peak=0.7),
}
"""What is measured beside the present settings."""


def main() -> None:
    """Compute what is missing and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packs", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--folds", type=int, required=True)
    parser.add_argument("--sessions", type=Path, help="MSRC-12 as recorded")
    args = parser.parse_args()
    sets = items(args.packs, args.out, args.folds, args.sessions)
    print(f"{'':30}  moments  in a right span  spans  right  false in 10 min")
    show({name: total(counts(item) for item in parts) for name, parts in sets.items()})
    for title, settings in CHANGES.items():
        compare(title, sets, settings)
    measured, nested = table(sets), {}
    print("\nchosen on the other sets:")
    for name in sets:
        others = {other: row for other, row in measured.items() if other.split()[0] != name.split()[0]}
        settings = choose(others)
        nested[name] = measured[name][settings]
        print(
            f"{name:30}  bias {settings.bias}, none {settings.none_share}, least probability {settings.min_peak}"
        )
    show(nested)
    print(f"\nchosen on all sets: {choose(measured)}")


def items(packs: Sequence[Path], out: Path, folds: int, folder: Path | None) -> dict[str, list[Item]]:
    """Of each set the recordings with what is seen in them; the sessions as a set of their own."""
    base = out / "untrimmed"
    opened = [open_pack(path) for path in packs]
    if missing := [
        p.datasets[0] for p in opened if not (base / "models" / p.datasets[0] / MANIFEST).is_file()
    ]:
        comparison = Comparison.open(packs, out, folds)
        for data in comparison.sets:
            if data.name in missing:
                save_without(comparison, data, base / "models" / data.name)
    sets: dict[str, list[Item]] = {}
    calibration = open_bundle().calibration
    for pack in opened:
        name = pack.datasets[0]
        model = base / "models" / name
        bundle, identity = open_bundle(model, runtime="torch"), file_sha256(model / MANIFEST)
        groups = {name: composed(pack)}
        if name == SESSIONS.split()[0] and folder:
            groups[SESSIONS] = sessions(folder)
        for title, group in groups.items():
            print(f"untrimmed: {title}", file=sys.stderr)
            sets[title] = [
                Item(q, windows_of(bundle, identity, name, q, base / "windows"), calibration) for q in group
            ]
    return sets


def show(parts: Mapping[str, Counts]) -> None:
    """A line per set, the mean over sets made of clips, and the sum."""
    for name, c in parts.items():
        print(
            f"{name:30}  {c.moments:7}  {100 * c.matched_share:13.1f} %  {c.spans:5}  {100 * c.right_share:5.1f}  "
            f"{c.false_rate:6.1f}"
        )
    composed_sets = [c for name, c in parts.items() if name != SESSIONS]
    matched, right, false = figures(composed_sets)
    print(
        f"{'mean of the sets made of clips':30}  {100 * matched:22.1f} %  {100 * right:12.1f}  {false:6.1f}"
    )


def compare(title: str, sets: Mapping[str, Sequence[Item]], settings: Decoding) -> None:
    """One line: sets made of clips, then the sessions."""
    parts = {name: total(counts(item, settings) for item in group) for name, group in sets.items()}
    line = figures(c for name, c in parts.items() if name != SESSIONS)
    text = f"{100 * line[0]:.1f} % | {100 * line[1]:.1f} % | {line[2]:.1f}"
    if (c := parts.get(SESSIONS)) is not None:
        text += f" | {100 * c.matched_share:.1f} % | {100 * c.right_share:.1f} % | {c.false_rate:.1f}"
    print(f"| {title} | {text} |")


if __name__ == "__main__":
    main()
