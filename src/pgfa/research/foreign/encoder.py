"""A motion encoder trained on several data sets against sentences and motion words (`SentenceSpace`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.config import RunSettings
from pgfa.files import write_atomic
from pgfa.model.device import SLOW, bfloat16_cost
from pgfa.model.encoder import MotionEncoder
from pgfa.recognise.encoders import FeatureEncoder
from pgfa.research.foreign.imagined import ImaginedSet
from pgfa.research.foreign.sets import ForeignSet
from pgfa.text import ActionClass, mirror_sentence
from pgfa.train.clip_set import ClipSet
from pgfa.train.corpus import Corpus, build_corpus
from pgfa.train.train import train
from pgfa.words.fit import MeasuredSet, sentence_space

EPOCHS = 40
VECTORS = "vectors.safetensors"


def encoder_settings(packs: Sequence[Path], first: str, vectors: Path, seed: int) -> RunSettings:
    """Settings of the training; `first`: a data set of the packs, of which no class is left out either.

    In bfloat16, unless this processor has no instructions for it.
    """
    text = {"encoder": "file", "source": str(vectors), "variants": ("plain",), "centre": False}
    training = {
        "seed": seed, "epochs": EPOCHS, "batch_size": 128, "sampling": "roots", "mirror": True, "partial_views": True,
        "logit_scale": 8.0, "precision": "bfloat16" if bfloat16_cost() < SLOW else "float32",
    }  # fmt: skip
    values: dict[str, Any] = {
        "packs": tuple(map(str, packs)), "split": f"{first}/none", "text": text, "train": training,
    }  # fmt: skip
    return RunSettings(**values)


def train_encoder(
    sets: Sequence[ForeignSet],
    packs: Sequence[Path],
    out: Path,
    imagined: ImaginedSet | None = None,
    *,
    seed: int = 0,
    device: str = "auto",
) -> MotionEncoder:
    """Train on sets, or resume the run in `out`.

    Args:
        sets: to train on.
        packs: their packs.
        out: the run's folder; the class vectors are written beside the run.
        imagined: recordings to train on beside them.
        seed: of the run.
        device: as for `pgfa.train.train.train`.
    """
    vectors = out.with_name(f"{out.name}-{VECTORS}")
    write_vectors(sets, vectors, imagined)
    settings = encoder_settings(packs, sets[0].name, vectors, seed)
    corpus = build_corpus(settings)
    if imagined is not None:
        corpus = with_imagined(corpus, imagined)
    return train(settings, corpus, out, device=device, show=True)


def encode_set(encoder: FeatureEncoder, data: ForeignSet) -> NDArray[np.float32]:
    """(N + W, e) features of the `right_leading` clips of a set, then of its windows."""
    seen = ((data.right_leading, data.present), (data.windows.right_leading, data.windows.present))
    return np.concatenate([encoder.features(*clips) for clips in seen])


def with_imagined(corpus: Corpus, imagined: ImaginedSet) -> Corpus:
    """A corpus with the clips and classes of imagined recordings after its own."""
    labels = imagined.measured.labels + len(corpus.seen)
    origin = np.stack([np.full(len(labels), len(corpus.packs)), np.arange(len(labels))], axis=1)
    clips = ClipSet(imagined.positions, imagined.present, labels, origin)
    return replace(
        corpus,
        catalogues={**corpus.catalogues, imagined.catalogue.dataset: imagined.catalogue},
        seen=(*corpus.seen, *imagined.catalogue.actions),
        train=ClipSet.join([corpus.train, clips]),
    )


def write_vectors(sets: Sequence[ForeignSet], file: Path, imagined: ImaginedSet | None = None) -> None:
    """The mean vector of each class under its plain sentence, and of the mirrored sentences under the mirrored one.

    In the space of the sentences of the sets, as in `pgfa.research.foreign.leave_out.fit_all`.
    """
    from safetensors.numpy import save

    space = sentence_space([s.measured for s in sets])
    described: list[tuple[tuple[ActionClass, ...], MeasuredSet]] = [(s.classes, s.measured) for s in sets]
    if imagined is not None:
        described.append((imagined.catalogue.actions, imagined.measured))
    table: dict[str, NDArray[np.float32]] = {}
    for classes, measured in described:
        straight = space.vectors(measured.encoded, measured.words)
        mirrored = space.vectors(measured.encoded_mirrored, measured.words_mirrored)
        for action, row, image in zip(classes, straight, mirrored, strict=True):
            table.setdefault(mirror_sentence(action.plain), np.ascontiguousarray(image))
            table[action.plain] = np.ascontiguousarray(row)
    write_atomic(file, save(table))
