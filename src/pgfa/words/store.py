"""A `KinematicModel` as safetensors: arrays and names, nothing that runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from pgfa.errors import BadCheckpoint
from pgfa.files import write_atomic
from pgfa.words.measures import MEASURES
from pgfa.words.model import DETECTED, Array, Detector, KinematicModel, Scale, SentenceSpace, Whitening

_NAMES = "names"
"""Key of the metadata: the measures and words that the columns stand for."""


def save_kinematics(file: Path, model: KinematicModel) -> None:
    """Write a model, atomically."""
    from safetensors.numpy import save

    tensors = {
        "scale.median": model.scale.median,
        "scale.spread": model.scale.spread,
        "space.centre": model.space.centre,
        "space.word_centre": model.space.word_centre,
        "space.word_weights": model.space.word_weights,
        "weights": model.weights,
        "word_mean": model.word_mean,
        "word_spread": model.word_spread,
        "shares": np.array(model.shares),
        **_whitening("description", model.description),
        **_whitening("words", model.words),
        **({} if model.encoder is None else _whitening("encoder", model.encoder)),
        **{f"detector.{word}": d.weights for word, d in zip(DETECTED, model.detectors, strict=True)},
    }
    contiguous = {name: np.ascontiguousarray(x, dtype=np.float32) for name, x in tensors.items()}
    write_atomic(file, save(contiguous, metadata={_NAMES: json.dumps(_names(), sort_keys=True)}))


def load_kinematics(file: Path) -> KinematicModel:
    """What `save_kinematics` wrote. Raises BadCheckpoint for a damaged file or one of other measures or words."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="numpy") as opened:
            names = json.loads((opened.metadata() or {}).get(_NAMES, "null"))
            tensors: dict[str, Array] = {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise BadCheckpoint(f"{file}: not a readable kinematic model: {error}") from None
    if names != _names():
        raise BadCheckpoint(f"{file}: expected the measures and words of this version of pgfa, found others")
    if not all(np.isfinite(x).all() and x.dtype == np.float32 for x in tensors.values()):
        raise BadCheckpoint(f"{file}: expected finite float32 numbers")
    try:
        model = _model(tensors)
    except (KeyError, ValueError, IndexError) as error:
        raise BadCheckpoint(f"{file}: not a kinematic model: {error!r}") from None
    _check(file, model)
    return model


def _model(tensors: dict[str, Array]) -> KinematicModel:
    from pgfa.words.reads import READS

    detectors = [
        Detector(
            np.array([MEASURES.index(m) for m in READS[word]], dtype=np.int64), tensors[f"detector.{word}"]
        )
        for word in DETECTED
    ]
    description, words, encoder = (float(x) for x in tensors["shares"])
    return KinematicModel(
        Scale(tensors["scale.median"], tensors["scale.spread"]),
        SentenceSpace(tensors["space.centre"], tensors["space.word_centre"], tensors["space.word_weights"]),
        tensors["weights"],
        whitening_from(tensors["description.mean"], tensors["description.root"]),
        tuple(detectors),
        tensors["word_mean"],
        tensors["word_spread"],
        whitening_from(tensors["words.mean"], tensors["words.root"]),
        whitening_from(tensors["encoder.mean"], tensors["encoder.root"])
        if "encoder.mean" in tensors
        else None,
        (description, words, encoder),
    )


def whitening_from(mean: Array, root: Array) -> Whitening:
    """A whitening from what is stored of it. Raises ValueError for shapes that do not fit."""
    if root.shape != (len(mean), len(mean)):
        raise ValueError(f"expected a {len(mean)} x {len(mean)} root, found {root.shape}")
    inverse = np.linalg.inv(root.astype(np.float64)).astype(np.float32)
    return Whitening(mean, root, inverse)


def _whitening(name: str, whitening: Whitening) -> dict[str, Array]:
    return {f"{name}.mean": whitening.mean, f"{name}.root": whitening.root}


def _check(file: Path, model: KinematicModel) -> None:
    """Compare the shapes with each other by using the model once."""
    try:
        measures = np.zeros((1, len(MEASURES)), dtype=np.float32)
        sentence = np.zeros((1, len(model.space.centre)), dtype=np.float32)
        words = np.zeros((1, len(model.space.word_centre)), dtype=np.float32)
        encoded = None if model.encoder is None else np.zeros((1, len(model.encoder.mean)), dtype=np.float32)
        same = (
            model.features(measures, encoded).shape
            == model.sentences(sentence, words).shape
            == (1, model.size)
        )
    except (ValueError, IndexError) as error:
        raise BadCheckpoint(f"{file}: arrays of shapes that do not fit: {error}") from None
    if not same:
        raise BadCheckpoint(f"{file}: arrays of shapes that do not fit")


def _names() -> dict[str, Any]:
    return {"measures": list(MEASURES), "words": list(DETECTED)}
