"""Moments over time of short recordings, beside the answer for the recording as a whole.

    python scripts/short_recordings.py PACK [PACK ...] [--clips 60]

From each pack (`pgfa import`) clips of one person and of 2 to 9 seconds are drawn by a seed. Each is asked about twice:
with the sentence of its class and five others, and with six others. Columns: clips answered as a whole with their class
(`whole`), with a moment of it (`moment`), with a moment of another class (`wrong`); where their class is not asked
about, clips answered as a whole (`false whole`) and with a moment (`false`). `as long`: decoded as a long recording
is, without the rules for short ones.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pgfa.config import RecogniseSettings
from pgfa.pack import Pack, open_pack
from pgfa.recognise import Recogniser
from pgfa.recognise.temporal.decode import decode
from pgfa.recognise.temporal.spans import window_frames, window_times
from pgfa.recognise.temporal.windows import window_cosines
from pgfa.research.untrimmed.recordings import sentences_of
from pgfa.skeleton import Clip

CANDIDATES = 6
SECONDS = 2.0, 9.0
SETTINGS = RecogniseSettings()


def chosen(pack: Pack, names: Sequence[str], clips: int) -> list[int]:
    """Clips of these classes and of SECONDS, of one body, drawn by a seed."""
    usable = np.flatnonzero(np.isin(pack.actions, names))
    order = np.random.default_rng(0).permutation(usable).tolist()
    fits = (i for i in order if SECONDS[0] <= pack.clip(i).seconds <= SECONDS[1] and pack.clip(i).bodies == 1)
    return [index for index, _ in zip(fits, range(clips), strict=False)]


def moments_as_long(recogniser: Recogniser, clip: Clip, sentences: Sequence[str]) -> set[str]:
    """Sentences with a moment where every window counts as in a long recording."""
    candidates, times = recogniser.candidates(sentences), window_times(clip, SETTINGS.hop)
    cosine = np.mean(
        [
            window_cosines(
                recogniser.encode, candidates, clip.positions, clip.rate, clip.layout,
                window_frames(times, length, clip),
            )[0][:, 0]
            for length in SETTINGS.window
        ],
        axis=0,
    )  # fmt: skip
    present = ~np.isnan(cosine).any(axis=1)
    return {sentences[part.candidate] for part in decode(cosine, present, candidates, SETTINGS.hop)[1]}


def count(recogniser: Recogniser, pack: Pack, clips: int) -> Counter[str]:
    """Clips of one pack, by what was answered."""
    sentences = sentences_of(pack.datasets[0])
    random, counted = np.random.default_rng(1), Counter[str]()
    for index in chosen(pack, list(sentences), clips):
        clip, right = pack.clip(index), sentences[str(pack.actions[index])]
        others = [s for s in random.permutation(list(sentences.values())).tolist() if s != right]
        for asked in ([right, *others[: CANDIDATES - 1]], others[:CANDIDATES]):
            whole = recogniser.recognise(clip, asked).best
            moments = {span.sentence for span in recogniser.spans(clip, asked).spans}
            as_long = moments_as_long(recogniser, clip, asked)
            if right in asked:
                counted["clips"] += 1
                counted["whole"] += whole is not None and whole.sentence == right
                for name, answered in (("", moments), (" as long", as_long)):
                    counted[f"moment{name}"] += right in answered
                    counted[f"wrong{name}"] += bool(answered - {right})
            else:
                counted["false whole"] += whole is not None
                counted["false"] += bool(moments)
                counted["false as long"] += bool(as_long)
    return counted


COLUMNS = (
    "clips", "whole", "moment", "moment as long", "wrong", "wrong as long", "false whole", "false", "false as long",
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> None:
    """See the docstring of this file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packs", type=Path, nargs="+")
    parser.add_argument("--clips", type=int, default=60, help="of each pack")
    args = parser.parse_args(argv)
    recogniser = Recogniser.load()
    print(f"| set | {' | '.join(COLUMNS)} |\n|---{'|---' * len(COLUMNS)}|")
    for folder in args.packs:
        pack = open_pack(folder)
        counted = count(recogniser, pack, args.clips)
        print(f"| {pack.datasets[0]} | {' | '.join(str(counted[c]) for c in COLUMNS)} |", flush=True)


if __name__ == "__main__":
    main()
