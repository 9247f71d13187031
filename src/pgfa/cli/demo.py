"""`pgfa demo`: the whole pipeline on synthetic motion, with nothing but this package."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path

from pgfa.config.extras import require

SPLIT = "synthetic/18-6"
EPOCHS = 12
NOTE = (
    "The motion is synthetic, made by forward kinematics. "
    "It shows that the whole pipeline works, not how good it is on real recordings (docs/results.md)."
)


def demo(out: Path = Path("pgfa-demo"), *, seed: int = 0, epochs: int = EPOCHS) -> None:
    """Run the whole pipeline on synthetic motion: train on 18 actions, recognise 6 others. No data needed.

    Parameters
    ----------
    out
        Output folder for the pack, the run and the report.
    seed
        Random seed of the synthetic motion and of the training.
    epochs
        Passes over the training clips.
    """
    require("train", "pgfa demo")
    run_demo(out, seed=seed, epochs=epochs)


def run_demo(out: Path, *, seed: int = 0, epochs: int = EPOCHS) -> Path:
    """Make synthetic clips, train on 18 actions, recognise 6 others from sentences; return the report's path.

    A pack or run that an earlier demo left in `out` is reused.
    """
    from pgfa.config import RunSettings
    from pgfa.evaluate.evaluate import evaluate, save_evaluation
    from pgfa.pack import is_pack, open_pack, save_pack, summary
    from pgfa.synth import DEMO_ACTIONS, make_clips
    from pgfa.train.corpus import build_corpus
    from pgfa.train.train import train

    started = time.perf_counter()
    pack = out / f"synthetic-{seed}"
    settings = RunSettings(packs=(str(pack),), split=SPLIT, train={"epochs": epochs, "seed": seed})
    _print(NOTE)
    if not is_pack(pack):
        _print("\n1. Making recordings of 24 actions by 12 performers ...")
        save_pack(make_clips(seed=seed, actions=DEMO_ACTIONS), pack)
        _print(str(summary(open_pack(pack))))
    corpus = build_corpus(settings)
    _print(f"\n2. Training on {len(corpus.seen)} actions. These {len(corpus.unseen)} are held out:")
    for action in corpus.unseen:
        _print(f"   {action.label}: {action.plain}")
    run = out / f"run-{seed}-{settings.digest}"
    train(settings, corpus, run, show=True)
    _print("\n3. Recognising the unseen actions, first from their sentences alone, then after alignment:\n")
    evaluation = evaluate(run)
    _, report = save_evaluation(evaluation, notes=(NOTE,), command=_command(out, seed, epochs))
    print(evaluation)
    print(f"\nThe motion above is synthetic. Finished in {time.perf_counter() - started:.0f} s.")
    print(f"Open the report in a browser: {report.resolve()}")
    return report


def _command(out: Path, seed: int, epochs: int) -> str:
    return shlex.join(["pgfa", "demo", str(out), "--seed", str(seed), "--epochs", str(epochs)])


def _print(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
