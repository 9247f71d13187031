"""Long recordings of one action, answered as a whole: as one clip, or by windows (docs/untrimmed.md).

    python scripts/untrimmed.py packs/* --out out/foreign --folds 4         # first: the models
    python scripts/long_recordings.py packs/* --out out/foreign --folds 4

Of each set, asked by a model that has not seen it about all its classes, one plain sentence each: clips of at least
4.5 seconds as recorded; recordings joined from three clips of one class; from one clip with rests before and after.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from foreign_arguments import add_arguments
from untrimmed import left_out

from pgfa.adapt import cosines
from pgfa.pack import Pack, open_pack
from pgfa.recognise import Recogniser
from pgfa.recognise.bundle import open_bundle
from pgfa.recognise.pooling import FROM_S, clip_features, whole_features
from pgfa.research.untrimmed.recordings import of_one_class, sentences_of
from pgfa.skeleton import Clip, Ragged

RECORDINGS = 80
"""Of each kind and set, at most; of fewer than FEWEST nothing is shown."""
FEWEST = 20
BATCH = 32


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser)
    args = parser.parse_args()
    packs = [open_pack(path) for path in args.packs]
    models = left_out(packs, args)
    print(
        "| recordings | set | number | median seconds | as one clip | by windows |\n|---|---|---|---|---|---|"
    )
    kinds = {"as recorded": long_clips, "three times": three_times, "once": once}
    for kind, recordings in kinds.items():
        shares = []
        for pack in packs:
            print(f"long recordings: {kind}, {pack.datasets[0]}", file=sys.stderr)
            examples = list(recordings(pack))
            if len(examples) < FEWEST:
                continue
            seconds = float(np.median([clip.seconds for _, clip in examples]))
            shares.append(right(models[pack.datasets[0]], pack.datasets[0], examples))
            row = [
                kind,
                pack.datasets[0],
                str(len(examples)),
                f"{seconds:.1f}",
                *(f"{x:.1f} %" for x in shares[-1]),
            ]
            print(f"| {' | '.join(row)} |")
        means = np.mean(shares, axis=0).tolist()
        print(f"| {kind} | mean | | | {' | '.join(f'{x:.1f} %' for x in means)} |")


def long_clips(pack: Pack) -> Iterator[tuple[str, Clip]]:
    """Some clips of at least FROM_S, as they are."""
    sentences, taken = sentences_of(pack.datasets[0]), 0
    for number in np.random.default_rng(0).permutation(len(pack.actions)).tolist():
        name, clip = str(pack.actions[number]), pack.clip(number)
        if taken < RECORDINGS and name in sentences and clip.seconds >= FROM_S:
            taken += 1
            yield name, clip


def three_times(pack: Pack) -> Iterator[tuple[str, Clip]]:
    """One action three times, with transitions and some rests between."""
    return of_one_class(pack, 3, RECORDINGS)


def once(pack: Pack) -> Iterator[tuple[str, Clip]]:
    """One action between two rests."""
    return of_one_class(pack, 1, RECORDINGS)


def right(folder: Path, dataset: str, recordings: Sequence[tuple[str, Clip]]) -> list[float]:
    """Shares answered right, per cent: as one clip, by windows."""
    recogniser = Recogniser(open_bundle(folder, runtime="torch"))
    sentences = sentences_of(dataset)
    anchors = recogniser.bundle.anchors(list(sentences.values()))
    labels = np.array([list(sentences).index(name) for name, _ in recordings])
    shares = []
    for features in (whole_features, clip_features):
        rows = [
            features(recogniser.bundle, Ragged.from_clips([clip for _, clip in recordings[i : i + BATCH]]))
            for i in range(0, len(recordings), BATCH)
        ]
        first = cosines(np.concatenate(rows), anchors).argmax(axis=1)
        shares.append(100 * float((first == labels).mean()))
    return shares


if __name__ == "__main__":
    main()
