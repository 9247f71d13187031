"""Speed of each stage of the pipeline, in clips per second, on one data set.

    python scripts/speed.py utd-mhad DATA/utd-mhad/Skeleton --split utd-mhad/22-5

Import, both preparations, one training epoch of both recipes, and features for evaluation. Each stage is timed
once: compare figures of one run with one another, not between machines.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from pathlib import Path

os.environ.setdefault("PGFA_CACHE", tempfile.mkdtemp(prefix="pgfa-speed-"))  # nothing may be cached already


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("format")
    parser.add_argument("source", type=Path)
    parser.add_argument("--split", required=True)
    parser.add_argument("--device", default="auto")
    args = parser.parse_args()

    import torch

    from pgfa.config import PrepareSettings, RunSettings
    from pgfa.pack import import_dataset, open_pack
    from pgfa.prepare import prepare
    from pgfa.train.corpus import build_corpus
    from pgfa.train.features import features_of
    from pgfa.train.run import read_metrics
    from pgfa.train.train import train

    print(
        f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}, {torch.get_num_threads()} threads"
    )
    print("| stage | clips/s |\n|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        pack_folder = Path(folder) / args.format
        started = time.perf_counter()
        report = import_dataset(args.format, args.source, pack_folder, progress=False)
        pack = open_pack(pack_folder)
        _row(f"import ({report.jobs} jobs)", len(pack), started)
        for recipe in ("paper", "default"):
            started = time.perf_counter()
            prepare(pack.ragged, PrepareSettings(recipe=recipe))
            _row(f"prepare, {recipe}", len(pack), started)
        for recipe in ("paper", "default"):
            settings = RunSettings(
                packs=(str(pack_folder),),
                split=args.split,
                recipe=recipe,
                train={"epochs": 1, "batch_size": 64},
            )
            corpus = build_corpus(settings)
            run = Path(folder) / recipe
            model = train(settings, corpus, run, device=args.device)
            speed = next(iter(read_metrics(run)))["clips_per_second"]
            print(f"| one training epoch, {recipe} | {speed:,.0f} |")
            started = time.perf_counter()
            features_of(model, corpus.test.positions, corpus.test.present)
            _row(f"features for evaluation, {recipe}", len(corpus.test), started)


def _row(stage: str, clips: int, started: float) -> None:
    print(f"| {stage} | {clips / (time.perf_counter() - started):,.0f} |")


if __name__ == "__main__":
    main()
