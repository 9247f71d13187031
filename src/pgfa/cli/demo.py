"""The demo: the whole street on synthetic motion, with nothing but this package."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from pgfa.config import RunSettings
from pgfa.evaluate.evaluate import evaluate, save_evaluation
from pgfa.pack import is_pack, save_pack, summary
from pgfa.synth import DEMO_ACTIONS, make_clips
from pgfa.train.corpus import build_corpus
from pgfa.train.train import train

SPLIT = "synthetic/18-6"
EPOCHS = 12
NOTE = (
    "The motion is synthetic: made by forward kinematics, performed by nobody. "
    "It shows that the whole path works, not how good it is on real recordings (docs/results.md)."
)


def run_demo(out: Path, *, seed: int = 0, epochs: int | None = None) -> Path:
    """Make synthetic clips, train on 18 actions, recognise 6 others from sentences; return the report's path.

    A pack or run that an earlier demo left in `out` is used again.
    """
    began = time.perf_counter()
    _say(NOTE)
    pack = out / f"synthetic-{seed}"
    if not is_pack(pack):
        _say("\n1. Making recordings of 24 actions by 12 performers ...")
        save_pack(make_clips(seed=seed, actions=DEMO_ACTIONS), pack)
        from pgfa.pack import open_pack

        _say(str(summary(open_pack(pack))))
    settings = RunSettings(packs=(str(pack),), split=SPLIT, train={"epochs": epochs or EPOCHS, "seed": seed})
    corpus = build_corpus(settings)
    _say(f"\n2. Learning from {len(corpus.seen)} actions; {len(corpus.unseen)} others are kept out:")
    for action in corpus.unseen:
        _say(f"   {action.label}: {action.plain}")
    run = out / f"run-{seed}-{settings.digest}"
    train(settings, corpus, run, show=True)
    _say("\n3. Recognising the unseen actions, first from their sentences alone, then after alignment:\n")
    found = evaluate(run)
    _, report = save_evaluation(found, notes=(NOTE,), command="pgfa demo")
    print(found)
    print(f"\nThe motion above is synthetic. Done in {time.perf_counter() - began:.0f} s.")
    print(f"Report, to be opened in a browser: {report.resolve()}")
    return report


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
