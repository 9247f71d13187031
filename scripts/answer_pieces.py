"""Processor time of what the page waits for: the first answer, a short question, the pieces of a long one.

    python scripts/answer_pieces.py [--frames 5000] [--bodies 8]

Processor time does not count the time in which other processes run, so it can be compared between busy and quiet
machines. A question of another client is answered between two pieces: on a quiet machine it waits for one of them.
The server itself is measured by scripts/soak.py.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when numpy is imported

import numpy as np

from pgfa.config import RecogniseSettings, ServeSettings
from pgfa.recognise import Recogniser
from pgfa.serve.examples import SENTENCES, example_clip

SHORT_QUESTIONS = 10


def main(argv: Sequence[str] | None = None) -> None:
    """See the docstring of this file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=5_000)
    parser.add_argument("--bodies", type=int, default=8)
    args = parser.parse_args(argv)
    short = example_clip("wave")
    recogniser = Recogniser.load()
    recogniser.spans(short, SENTENCES)
    print("| | processor time |\n|---|---|")
    print(f"| start of Python to the first answer, about a wave of 4.2 s | {time.process_time():.2f} s |")
    times = []
    for _ in range(SHORT_QUESTIONS):
        started = time.process_time()
        recogniser.spans(short, SENTENCES)
        times.append(time.process_time() - started)
    print(f"| each further answer about it | median {np.median(times):.3f} s, maximum {max(times):.3f} s |")

    several = example_clip("several").positions
    body = np.resize(several, (args.frames, *several.shape[1:]))
    bodies = [
        np.roll(body, 97 * b, axis=0) + np.array([b, 0, 0], dtype=np.float32) for b in range(args.bodies)
    ]
    long = short.with_positions(np.concatenate(bodies, axis=1))
    hop = max(RecogniseSettings().hop, long.seconds * args.bodies / ServeSettings().max_windows)
    ends = [time.process_time()]
    recogniser.spans(long, SENTENCES, hop=hop, progress=lambda _: ends.append(time.process_time()))
    total, pieces = time.process_time() - ends[0], np.diff(ends)
    print(
        f"| {args.frames:,} frames of {args.bodies} bodies | {total:.1f} s in {len(pieces)} pieces, "
        f"95 % of them within {np.percentile(pieces, 95):.3f} s, maximum {pieces.max():.3f} s |"
    )


if __name__ == "__main__":
    main()
