"""Flip single bits in everything that is stored, and see what opens.

    python scripts/flip_bits.py                # 1,000 flips, over all kinds
    python scripts/flip_bits.py --flips 100    # a quick look

Kinds: a recogniser with stored sentences and a taught class, a training run with its evaluation, a pack, the cache of
prepared clips, the cache of sentence vectors. A flip in a file is

- detected: opening, or using what is opened, is refused with an error of the package;
- rebuilt: of a cache, the entry was computed again and is as before;
- harmless: all that is read is as before (a space between two values, unused bits of a header);
- silent: something else is read without an error. There must be none;
- a crash: another error. There must be none.

Flips are spread evenly over the kinds, within a kind over its files, at random positions (seed 0). report.html of a run
and the empty lock are not read by the package and are left out. The exit status is 1 if a flip was silent or a crash.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

UNREAD = {"report.html", ".lock", ".lock.pid"}
OUTCOMES = ("detected", "rebuilt", "harmless", "silent", "crash")
SENTENCES = ("a person waves one hand", "a person kicks a ball", "two people shake hands")
SPLIT, MODEL = "synthetic/18-6", {"channels": (4, 8), "strides": (2, 1)}


@dataclass(frozen=True)
class Kind:
    """Something stored.

    Attributes:
        folder: whose files are changed.
        read: reads all of it; returns a digest of what was read.
        cache: whether damaged entries are rebuilt.
    """

    folder: Path
    read: Callable[[], str]
    cache: bool = False

    @property
    def files(self) -> list[Path]:
        """The files that are read."""
        return sorted(
            p for p in self.folder.rglob("*") if p.is_file() and p.name not in UNREAD and p.suffix != ".lock"
        )


def digest_of(*parts: Any) -> str:
    """A digest of arrays and of values that JSON can represent."""
    sha = hashlib.sha256()
    for part in parts:
        raw = part.tobytes() if isinstance(part, np.ndarray) else json.dumps(part, default=str).encode()
        sha.update(len(raw).to_bytes(8, "little") + raw)
    return sha.hexdigest()


def recogniser_kind(folder: Path, recordings: Path) -> Kind:
    """The bundled recogniser with three stored sentences and a taught class, as a bundle."""
    from pgfa import Recogniser, read

    clips = [read(str(path)) for path in sorted(recordings.glob("*.npz"))]
    Recogniser.load().teach("my dance", clips[0]).save(folder, SENTENCES)

    def read_all() -> str:
        bundle = Recogniser.load(folder).bundle
        answers = Recogniser.load(folder).recognise(clips[1], SENTENCES)
        taught = [(name, p.vector.tolist(), p.clips, p.taught) for name, p in bundle.prototypes.items()]
        stored = {sentence: vector.tolist() for sentence, vector in bundle.sentences.items()}
        values = [
            bundle.settings.model_dump(mode="json"),
            dict(bundle.provenance),
            bundle.calibration.to_dict(),
        ]
        return digest_of(bundle.centre, values, taught, stored, [a.probability for a in answers])

    return Kind(folder, read_all)


def run_kind(folder: Path, pack: Path) -> Kind:
    """A trained run, with its checkpoint, logs and evaluation."""
    from pgfa.config import RunSettings
    from pgfa.evaluate.evaluate import evaluate, save_evaluation
    from pgfa.evaluate.evaluation import read_evaluation
    from pgfa.model.encoder import build_model
    from pgfa.train.checkpoint import load_checkpoint
    from pgfa.train.corpus import build_corpus
    from pgfa.train.run import open_run, read_log, read_metrics
    from pgfa.train.train import train

    train_settings = {"epochs": 2, "batch_size": 16, "test_each_epoch": True}
    settings = RunSettings(packs=(str(pack),), split=SPLIT, model=MODEL, train=train_settings)
    train(settings, build_corpus(settings), folder, device="cpu")
    save_evaluation(evaluate(folder))

    def read_all() -> str:
        run = open_run(folder, device="cpu")
        model = build_model(run.settings, run.layout, len(run.centre))
        about = load_checkpoint(
            folder / "checkpoint.safetensors", model
        )  # verifies the optimiser's state too
        weights = [v.numpy() for m in (run.model, model) for v in m.state_dict().values()]
        logs = [list(read_metrics(folder)), list(read_log(folder / "test_accuracy.jsonl"))]
        values = [run.settings.model_dump(mode="json"), run.facts, about, logs]
        return digest_of(run.centre, values, read_evaluation(folder / "evaluation.json"), *weights)

    return Kind(folder, read_all)


def pack_kind(folder: Path) -> Kind:
    """A pack of synthetic clips, with a rejected file."""
    from pgfa.pack import Rejected, open_pack, save_pack
    from pgfa.synth import DEMO_ACTIONS, make_clips

    clips = make_clips(seed=0, actions=DEMO_ACTIONS, performers=2, repeats=1)
    save_pack(clips, folder, rejected=[Rejected("x.txt", "expected a clip, found none")])

    def read_all() -> str:
        pack = open_pack(folder)
        read = [pack.clip(index) for index in range(len(pack))]
        about = [(vars(clip.source), clip.rate, clip.layout.name, clip.problems) for clip in read]
        rejected = [vars(file) for file in pack.rejected]
        return digest_of(about, rejected, pack.digest, *(clip.positions for clip in read))

    return Kind(folder, read_all)


def prepared_kind(folder: Path, pack: Path) -> Kind:
    """The cache of prepared clips."""
    from pgfa.config import PrepareSettings
    from pgfa.pack import open_pack
    from pgfa.prepare import prepare_cached

    opened, settings = open_pack(pack), PrepareSettings(layout="kinect20")

    def read_all() -> str:
        p = prepare_cached(opened.ragged, opened.digest, settings, folder)
        return digest_of(p.positions, p.present, p.seconds, p.moving_seconds, p.measured, p.layout.name)

    read_all()
    return Kind(folder, read_all, cache=True)


def vector_kind(folder: Path) -> Kind:
    """The cache of sentence vectors."""
    from pgfa.config import TextSettings
    from pgfa.text.encode import encode

    def read_all() -> str:
        return digest_of(encode(SENTENCES, TextSettings(), folder))

    read_all()
    return Kind(folder, read_all, cache=True)


def flip(kind: Kind, file: Path, bit: int, expected: str) -> str:
    """Flip one bit of a file, read everything, restore the file; the outcome."""
    from pgfa.errors import PgfaError

    intact = file.read_bytes()
    damaged = bytearray(intact)
    damaged[bit // 8] ^= 1 << bit % 8
    file.write_bytes(damaged)
    try:
        same = kind.read() == expected
    except PgfaError:
        return "detected"
    except Exception as error:
        print(f"crash: {file.name}, bit {bit}: {type(error).__name__}: {error}", file=sys.stderr)
        return "crash"
    finally:
        rebuilt = file.exists() and file.read_bytes() == intact
        file.write_bytes(intact)
    if not same:
        print(f"silent: {file.name}, bit {bit}", file=sys.stderr)
        return "silent"
    return "rebuilt" if kind.cache and rebuilt else "harmless"


def kinds_in(work: Path) -> dict[str, Kind]:
    """All kinds, each in a folder of its own."""
    from pgfa.pack import open_pack
    from pgfa.read.formats.npz import save_clip

    pack = pack_kind(work / "pack")
    for index in (0, 1):
        save_clip(work / "recordings" / f"{index}.npz", open_pack(pack.folder).clip(index))
    return {
        "recogniser": recogniser_kind(work / "recogniser", work / "recordings"),
        "run": run_kind(work / "run", pack.folder),
        "pack": pack,
        "prepared clips (cache)": prepared_kind(work / "prepared", pack.folder),
        "sentence vectors (cache)": vector_kind(work / "vectors"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--flips", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    random = np.random.default_rng(args.seed)
    total: Counter[str] = Counter()
    print("| kind | flips | " + " | ".join(OUTCOMES) + " |\n|---|" + "---|" * (1 + len(OUTCOMES)), flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["PGFA_CACHE"] = str(Path(temporary) / "cache")
        kinds = kinds_in(Path(temporary))
        shares = [args.flips // len(kinds) + (n < args.flips % len(kinds)) for n in range(len(kinds))]
        for (name, kind), share in zip(kinds.items(), shares, strict=True):
            expected, files, counts = kind.read(), kind.files, Counter[str]()
            for number in range(share):
                file = files[number % len(files)]
                bit = int(random.integers(8 * file.stat().st_size))
                counts[flip(kind, file, bit, expected)] += 1
            assert kind.read() == expected
            print(f"| {name} | {share} | " + " | ".join(str(counts[o]) for o in OUTCOMES) + " |", flush=True)
            total += counts
    print(f"| all | {args.flips} | " + " | ".join(str(total[o]) for o in OUTCOMES) + " |")
    sys.exit(bool(total["silent"] or total["crash"]))


if __name__ == "__main__":
    main()
