"""A motion encoder trained on several data sets against sentences and motion words (`SentenceSpace`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.config import RunSettings
from pgfa.files import write_atomic
from pgfa.model.encoder import MotionEncoder
from pgfa.research.foreign.sets import ForeignSet
from pgfa.text import mirror_sentence
from pgfa.train.corpus import build_corpus
from pgfa.train.train import train
from pgfa.words.fit import sentence_space

EPOCHS = 8
VECTORS = "vectors.safetensors"


def encoder_settings(packs: Sequence[Path], first: str, vectors: Path, seed: int) -> RunSettings:
    """Settings of the training; `first`: a data set of the packs, of which no class is left out either."""
    text = {"encoder": "file", "source": str(vectors), "variants": ("plain",), "centre": False}
    training = {
        "seed": seed, "epochs": EPOCHS, "batch_size": 128, "sampling": "roots", "mirror": True, "logit_scale": 8.0,
    }  # fmt: skip
    values: dict[str, Any] = {
        "packs": tuple(map(str, packs)), "split": f"{first}/none", "text": text, "train": training,
    }  # fmt: skip
    return RunSettings(**values)


def train_encoder(
    sets: Sequence[ForeignSet], packs: Sequence[Path], out: Path, *, seed: int = 0, device: str = "auto"
) -> MotionEncoder:
    """Train on sets, or resume the run in `out`.

    Args:
        sets: to train on.
        packs: their packs.
        out: the run's folder; the class vectors are written beside the run.
        seed: of the run.
        device: as for `pgfa.train.train.train`.
    """
    vectors = out.with_name(f"{out.name}-{VECTORS}")
    write_vectors(sets, vectors)
    settings = encoder_settings(packs, sets[0].name, vectors, seed)
    return train(settings, build_corpus(settings), out, device=device, show=True)


def write_vectors(sets: Sequence[ForeignSet], file: Path) -> None:
    """The mean vector of each class under its plain sentence, and of the mirrored sentences under the mirrored one."""
    from safetensors.numpy import save

    space = sentence_space([s.measured for s in sets])
    table: dict[str, NDArray[np.float32]] = {}
    for s in sets:
        straight = space.vectors(s.measured.encoded, s.measured.words)
        mirrored = space.vectors(s.measured.encoded_mirrored, s.measured.words_mirrored)
        for action, row, image in zip(s.classes, straight, mirrored, strict=True):
            table.setdefault(mirror_sentence(action.plain), np.ascontiguousarray(image))
            table[action.plain] = np.ascontiguousarray(row)
    write_atomic(file, save(table))
