"""A `KinematicModel` as safetensors: arrays and names, nothing that runs."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from pgfa.errors import BadCheckpoint
from pgfa.files import write_atomic
from pgfa.words.completion import Completion
from pgfa.words.lexicon import WORDS
from pgfa.words.measures import MEASURES
from pgfa.words.model import (
    DETECTED,
    Array,
    Detector,
    KinematicModel,
    Profile,
    Scale,
    SentenceSpace,
    Whitening,
)
from pgfa.words.network import Network
from pgfa.words.profile import COLUMNS, QUANTITIES
from pgfa.words.reads import READS

LAYERS = 3
"""Of the network."""
OPTIONS = 4
"""`implied`, `stillness`, `both_sides` and `interacting`."""
_NONE = np.zeros(2, dtype=np.float32)
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
        **({} if model.network is None else _network(*model.network)),
        **({} if model.profile is None else _profile(model.profile)),
        **({} if model.background is None else {"background": model.background}),
        **({} if model.completion is None else _completion(model.completion)),
        "options": np.array([model.implied, model.stillness, model.both_sides, model.interacting]),
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
    except (
        SafetensorError,
        OSError,
        ValueError,
        TypeError,
        AttributeError,
    ) as error:  # types numpy does not have
        raise BadCheckpoint(f"{file}: not a readable kinematic model: {error}") from None
    if names != _names():
        raise BadCheckpoint(f"{file}: expected the measures and words of this version of pgfa, found others")
    if not all(np.isfinite(x).all() and x.dtype == np.float32 for x in tensors.values()):
        raise BadCheckpoint(f"{file}: expected finite float32 numbers")
    _check(file, tensors)
    try:
        model = _model(tensors)
        if model.background is not None and (
            model.background.shape[1:] != (model.size,) or not len(model.background)
        ):
            raise ValueError(
                f"expected background vectors of length {model.size}, found {model.background.shape}"
            )
        return model
    except ValueError as error:
        raise BadCheckpoint(f"{file}: not a kinematic model: {error}") from None


def _model(tensors: dict[str, Array]) -> KinematicModel:
    detectors = [
        Detector(
            np.array([MEASURES.index(m) for m in READS[word]], dtype=np.int64), tensors[f"detector.{word}"]
        )
        for word in DETECTED
    ]
    implied, stillness, both_sides, interacting = (*tensors.get("options", _NONE), 0.0, 0.0)[:OPTIONS]
    description, words, encoder, network, profile = (*(float(x) for x in tensors["shares"]), 0.0, 0.0)[:5]
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
        _network_from(tensors) if "network.mean" in tensors else None,
        bool(implied),
        bool(stillness),
        (description, words, encoder, network, profile),
        _profile_from(tensors) if "profile.mean" in tensors else None,
        bool(both_sides),
        tensors.get("background"),
        _completion_from(tensors) if "completion.mean" in tensors else None,
        bool(interacting),
    )


def _completion(completion: Completion) -> dict[str, Array]:
    """The precision as its upper triangle: it is symmetric."""
    half = completion.precision[np.triu_indices(len(completion.mean))]
    depth = {} if completion.depth is None else {"completion.depth": completion.depth}
    return {"completion.mean": completion.mean, "completion.precision": half, **depth}


def _completion_from(tensors: dict[str, Array]) -> Completion:
    """Raises ValueError where the precision is not positive definite: it could not be inverted."""
    mean = tensors["completion.mean"]
    upper = np.zeros((len(mean), len(mean)), dtype=np.float32)
    upper[np.triu_indices(len(mean))] = tensors["completion.precision"]
    precision = upper + np.triu(upper, 1).T
    try:
        np.linalg.cholesky(precision.astype(np.float64))
    except np.linalg.LinAlgError:
        raise ValueError("a precision of measures that is not positive definite") from None
    return Completion(mean, precision, tensors.get("completion.depth"))


def _profile(profile: Profile) -> dict[str, Array]:
    weights = {f"profile.{name}": d.weights for name, d in zip(QUANTITIES, profile.detectors, strict=True)}
    ends = {"profile.centre": profile.centre, "profile.spread": profile.spread}
    return {**weights, **ends, **_whitening("profile", profile.whitening)}


def _profile_from(tensors: dict[str, Array]) -> Profile:
    detectors = tuple(
        Detector(columns, tensors[f"profile.{name}"])
        for name, columns in zip(QUANTITIES, COLUMNS, strict=True)
    )
    whitening = whitening_from(tensors["profile.mean"], tensors["profile.root"])
    return Profile(detectors, tensors["profile.centre"], tensors["profile.spread"], whitening)


def _network(network: Network, whitening: Whitening) -> dict[str, Array]:
    layers: dict[str, Array] = {}
    for number, (weights, bias) in enumerate(network.layers):
        layers |= {f"network.{number}.weights": weights, f"network.{number}.bias": bias}
    return {**layers, **_whitening("network", whitening)}


def _network_from(tensors: dict[str, Array]) -> tuple[Network, Whitening]:
    names = [f"network.{number}" for number in range(LAYERS)]
    layers = tuple((tensors[f"{name}.weights"], tensors[f"{name}.bias"]) for name in names)
    return Network(layers), whitening_from(tensors["network.mean"], tensors["network.root"])


def whitening_from(mean: Array, root: Array) -> Whitening:
    """A whitening from what is stored of it. Raises ValueError for a root without an inverse."""
    inverse = np.linalg.inv(root.astype(np.float64))
    if not np.abs(inverse).max() < np.finfo(np.float32).max:
        raise ValueError("a whitening whose root has no inverse")
    return Whitening(mean, root, inverse.astype(np.float32))


def _whitening(name: str, whitening: Whitening) -> dict[str, Array]:
    return {f"{name}.mean": whitening.mean, f"{name}.root": whitening.root}


def _check(file: Path, tensors: dict[str, Array]) -> None:
    """Compare names and shapes with those of this version; numpy would broadcast some others silently."""
    encoded = tensors.get("space.centre", np.empty(0)).size
    optional = [name for name in ("encoder", "network", "profile", "completion") if f"{name}.mean" in tensors]
    optional += ["depth"] if "completion" in optional and "completion.depth" in tensors else []
    expected = _shapes(encoded, optional, _widths(tensors))
    if "background" in tensors:  # of any number of vectors, whose length `load_kinematics` compares
        expected = {**expected, "background": tensors["background"].shape}
    if "options" not in tensors:  # as the first versions wrote it
        expected = {**expected, "shares": (3,)}
        del expected["options"]
    elif "profile" not in optional and tensors.get("shares", _NONE).size == 4:  # as versions without profiles
        expected = {**expected, "shares": (4,)}
    # Versions that did not compare mirror images wrote two options, those without interactions three.
    if (written := tensors.get("options", _NONE).size) in (2, 3) and "options" in tensors:
        expected = {**expected, "options": (written,)}
    if not encoded or set(tensors) != set(expected):
        names = ", ".join(sorted(set(tensors) ^ set(expected))) or "an empty centre"
        raise BadCheckpoint(f"{file}: not the arrays of a kinematic model: {names}")
    for name, shape in expected.items():
        if tensors[name].shape != shape:
            raise BadCheckpoint(f"{file}, {name}: expected the shape {shape}, found {tensors[name].shape}")
    for name in ("scale.spread", "word_spread", "profile.spread"):
        if name in tensors and not (tensors[name] > 0).all():
            raise BadCheckpoint(f"{file}, {name}: expected numbers above 0")
    if not np.isin(tensors.get("options", _NONE), (0, 1)).all():
        raise BadCheckpoint(f"{file}, options: expected numbers of 0 and 1")


def _widths(tensors: dict[str, Array]) -> list[int]:
    """Outputs of the hidden layers of the network, as its biases say."""
    return [tensors.get(f"network.{number}.bias", _NONE).size for number in range(LAYERS - 1)]


def _shapes(encoded: int, optional: list[str], widths: list[int]) -> dict[str, tuple[int, ...]]:
    """Name -> shape of every array.

    Args:
        encoded: length of the vectors of the sentence encoder.
        optional: which of "encoder", "network", "profile", "completion" and "depth" the model has.
        widths: of the hidden layers of the network.
    """
    size, measures, detected = encoded + len(WORDS), len(MEASURES), len(DETECTED)
    widths_of = {"encoder": size, "network": size, "profile": len(QUANTITIES)}
    beside = {name: width for name, width in widths_of.items() if name in optional}
    whitenings = {"description": size, "words": detected, **beside}
    layers: dict[str, tuple[int, ...]] = {}
    if "network" in optional:
        for number, ends in enumerate(pairwise((measures, *widths, size))):
            layers |= {f"network.{number}.weights": ends, f"network.{number}.bias": ends[1:]}
    if "profile" in optional:
        both = dict.fromkeys(("profile.centre", "profile.spread"), (len(QUANTITIES),))
        reads = zip(QUANTITIES, COLUMNS, strict=True)
        layers |= both | {f"profile.{name}": (Detector.inputs(len(columns)),) for name, columns in reads}
    if "completion" in optional:
        layers |= {"completion.mean": (measures,), "completion.precision": (measures * (measures + 1) // 2,)}
    if "depth" in optional:
        layers["completion.depth"] = (measures + 1, measures)
    return {
        **layers,
        "options": (OPTIONS,),
        "scale.median": (measures,),
        "scale.spread": (measures,),
        "space.centre": (encoded,),
        "space.word_centre": (len(WORDS),),
        "space.word_weights": (len(WORDS),),
        "weights": (2 * measures + 1, size),
        "word_mean": (detected,),
        "word_spread": (detected,),
        "shares": (5,),
        **{f"{name}.mean": (n,) for name, n in whitenings.items()},
        **{f"{name}.root": (n, n) for name, n in whitenings.items()},
        **{f"detector.{word}": (Detector.inputs(len(READS[word])),) for word in DETECTED},
    }


def _names() -> dict[str, Any]:
    return {"measures": list(MEASURES), "words": list(DETECTED)}
