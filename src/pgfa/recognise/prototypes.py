"""Prototypes that replace a sentence vector or define a taught class, in memory and in a bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadCheckpoint
from pgfa.files import write_atomic

PROTOTYPES = "prototypes.safetensors"


@dataclass(frozen=True)
class Prototype:
    """A vector averaged from clips, compared in place of a sentence vector.

    Attributes:
        vector: (d,) mean of unit features.
        clips: number of clips averaged.
        taught: whether the clips were given as examples of a class; else they are unlabelled clips selected by
            alignment.
    """

    vector: NDArray[np.float32]
    clips: int
    taught: bool


def save_prototypes(folder: Path, prototypes: Mapping[str, Prototype]) -> list[dict[str, Any]]:
    """Write the vectors, if there are any, into a new folder. Returns the other fields, plain for JSON."""
    file = folder / PROTOTYPES
    if not prototypes:
        return []
    from safetensors.numpy import save

    write_atomic(file, save({"vectors": np.stack([p.vector for p in prototypes.values()])}))
    return [{"name": name, "clips": p.clips, "taught": p.taught} for name, p in prototypes.items()]


def load_prototypes(folder: Path, records: Any, size: int) -> dict[str, Prototype]:
    """What `save_prototypes` wrote. Raises BadCheckpoint.

    Args:
        folder: of the bundle.
        records: what `save_prototypes` returned.
        size: d of the features.
    """
    if records == []:
        return {}
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    file = folder / PROTOTYPES
    try:
        vectors = load_file(file)["vectors"]
        fields = {str(r["name"]): (int(r["clips"]), bool(r["taught"])) for r in records}
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise BadCheckpoint(f"{file}: not readable prototypes: {error!r}") from None
    if vectors.shape != (len(fields), size) or vectors.dtype != np.float32 or not np.isfinite(vectors).all():
        raise BadCheckpoint(
            f"{file}: expected {len(fields)} x {size} float32 numbers, found {vectors.shape} {vectors.dtype}"
        )
    return {name: Prototype(row, *rest) for row, (name, rest) in zip(vectors, fields.items(), strict=True)}
