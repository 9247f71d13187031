"""Is a recogniser's calibration reliable on other held-out classes, and for how many candidate sentences?

    python scripts/calibration_check.py src/pgfa/recognise/weights/default runs/joint-18-9-s0 runs/joint-14-13-s0 ...

The stored calibration answers questions about the unseen clips of runs with the same settings, of classes that it was
not fitted on; half of the questions have no correct answer. Prints Markdown, one line per number of candidates: first
for questions with sentences only, then with prototypes for some of them, as in the fit.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pgfa.recognise import Calibration, open_bundle
from pgfa.recognise.calibration.fit import (
    CANDIDATES,
    SHOTS,
    HeldOutClips,
    draw_questions,
    reliability_report,
)
from pgfa.recognise.calibration.runs import held_out_clips


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("runs", nargs="+", type=Path)
    args = parser.parse_args()
    calibration = open_bundle(args.bundle).calibration
    clips = [held_out_clips(run) for run in args.runs]
    head = " accuracy | mean confidence | error (95 %)"
    print(f"| candidates | runs | sentences only:{head} | with prototypes:{head} |\n|{8 * '---|'}")
    for size in CANDIDATES:
        usable = [run for run in clips if len(run.anchors) > size]
        if usable:
            cells = [cells_for(calibration, usable, size, shots) for shots in ((), SHOTS)]
            print(f"| {size} | {len(usable)} | {' | '.join(cells)} |")


def cells_for(calibration: Calibration, clips: list[HeldOutClips], size: int, shots: tuple[int, ...]) -> str:
    """Three cells."""
    report = reliability_report(calibration, draw_questions(clips, sizes=[size], shots=shots, seed=1))
    low, high = (f"{100 * e:.1f}" for e in report["ece_interval"])
    accuracy, confidence, error = (f"{100 * report[key]:.1f} %" for key in ("accuracy", "confidence", "ece"))
    return f"{accuracy} | {confidence} | {error} ({low} to {high})"


if __name__ == "__main__":
    main()
