"""Speed of `recognise([...])` for clips in memory, stage by stage, with the motion encoder on ONNX Runtime and torch.

    python scripts/recognise_speed.py DATA/utd-mhad/Skeleton --clips 512

CPU time, so that other programs on the machine count less; the best of several rounds, in which the stages take turns.
Wall time beside it shows what several threads add on a machine with nothing else to do. Compare figures of one run
with one another.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clips", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()

    import torch

    from pgfa.prepare import prepare
    from pgfa.read import read
    from pgfa.recognise import Recogniser, encoders
    from pgfa.recognise.bundle import open_bundle
    from pgfa.recognise.screening import screen
    from pgfa.recognise.vectors import measured
    from pgfa.research.evidence.speed_tables import load_average
    from pgfa.skeleton import Ragged
    from pgfa.text.catalogue import catalogue

    torch.set_num_threads(1)
    clips = [read(file) for file in sorted(args.folder.glob("*.mat"))[: args.clips]]
    sentences = [action.plain for action in catalogue("utd-mhad").actions]
    now = Recogniser.load()
    bundle = now.bundle
    on_torch = replace(now, bundle=replace(bundle, encoder=open_bundle(runtime="torch").encoder))
    prepared = prepare(Ragged.from_clips(clips), bundle.settings.prepare)
    measures, candidates = measured(prepared), now.candidates(sentences)
    encoded = bundle.encoder.features(prepared.positions, prepared.present)
    features = bundle.features(prepared, screen(Ragged.from_clips(clips)))
    similarity = candidates.cosines(features)
    probabilities = candidates.probabilities(similarity)
    assert bundle.kinematics is not None
    kinematics = bundle.kinematics

    def encode(encoder: encoders.FeatureEncoder, batch: int) -> None:
        usual, encoders.BATCH = encoders.BATCH, batch
        encoder.features(prepared.positions, prepared.present)
        encoders.BATCH = usual

    variants: dict[str, Callable[[], object]] = {
        "prepare": lambda: prepare(Ragged.from_clips(clips), bundle.settings.prepare),
        "measures": lambda: measured(prepared),
        "encoder, ONNX, 16 clips at a time (as it is)": lambda: encode(bundle.encoder, 16),
        "encoder, ONNX, 256 clips at a time": lambda: encode(bundle.encoder, 256),
        "encoder, torch, 16 clips at a time": lambda: encode(on_torch.bundle.encoder, 16),
        "encoder, torch, 256 clips at a time": lambda: encode(on_torch.bundle.encoder, 256),
        "description, words, network": lambda: kinematics.features(measures, encoded),
        "cosines and probabilities": lambda: candidates.probabilities(candidates.cosines(features)),
        "ranking": lambda: [candidates.rank(p, c) for p, c in zip(probabilities, similarity, strict=True)],
        "recognise, ONNX (as it is)": lambda: now.recognise(clips, sentences),
        "recognise, torch": lambda: on_torch.recognise(clips, sentences),
    }
    best, load = {name: (np.inf, np.inf) for name in variants}, load_average()
    for _ in range(args.rounds):
        for name, work in variants.items():
            started = time.process_time(), time.perf_counter()
            work()
            spent = time.process_time() - started[0], time.perf_counter() - started[1]
            best[name] = min(best[name][0], spent[0]), min(best[name][1], spent[1])
    print(f"{platform.machine()}, {os.cpu_count()} cores; {len(clips)} clips, {len(sentences)} sentences")
    print("| stage | clips per CPU second | clips per second of wall time |\n|---|---|---|")
    for name, (cpu, wall) in best.items():
        print(f"| {name} | {len(clips) / cpu:,.0f} | {len(clips) / wall:,.0f} |")
    print(f"| load average before, after | {load} | {load_average()} |")


if __name__ == "__main__":
    main()
