"""Is a recogniser's calibration right on other held-out classes, and for how many candidate sentences?

    python scripts/calibration_check.py src/pgfa/recognise/weights/default runs/joint-18-9-s0 runs/joint-14-13-s0 ...

The stored calibration is asked about the unseen clips of runs of the same recipe, of classes that it was not fitted
on; half of the questions have no right answer. Prints Markdown, a line for each number of candidates: first for
questions with sentences alone, then with recordings standing for some of them, as in the fit.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from calibrate import held_of

from pgfa.recognise import Calibration, open_bundle
from pgfa.recognise.calibration.fit import CANDIDATES, SHOTS, Held, questions, worth


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("runs", nargs="+", type=Path)
    args = parser.parse_args()
    made = open_bundle(args.bundle).calibration
    held = [held_of(run, []) for run in args.runs]
    head = " right | mean confidence | error (95 %)"
    print(f"| candidates | runs | sentences alone:{head} | prototypes too:{head} |\n|{8 * '---|'}")
    for size in CANDIDATES:
        able = [run for run in held if len(run.anchors) > size]
        if able:
            cells = [told(made, able, size, shots) for shots in ((), SHOTS)]
            print(f"| {size} | {len(able)} | {' | '.join(cells)} |")


def told(made: Calibration, held: list[Held], size: int, shots: tuple[int, ...]) -> str:
    """Three cells."""
    found = worth(made, questions(held, sizes=[size], shots=shots, seed=1))
    low, high = (f"{100 * e:.1f}" for e in found["ece_interval"])
    right, sure, error = (f"{100 * found[name]:.1f} %" for name in ("accuracy", "confidence", "ece"))
    return f"{right} | {sure} | {error} ({low} to {high})"


if __name__ == "__main__":
    main()
