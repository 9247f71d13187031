"""Recordings that stand for a sentence or a taught name, in memory and beside a bundle's other files."""

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
    """Recordings that stand for a sentence or a name.

    Attributes:
        vector: (d,) mean of unit features.
        clips: how many made it.
        taught: by examples that were said to show it; else by unlabelled clips that looked sure.
    """

    vector: NDArray[np.float32]
    clips: int
    taught: bool


def save_prototypes(folder: Path, prototypes: Mapping[str, Prototype]) -> list[dict[str, Any]]:
    """Write the vectors, or take away those of before where there are none now. Returns the rest, plain for JSON."""
    file = folder / PROTOTYPES
    if not prototypes:
        file.unlink(missing_ok=True)
        return []
    from safetensors.numpy import save

    write_atomic(file, save({"vectors": np.stack([made.vector for made in prototypes.values()])}))
    return [{"name": name, "clips": made.clips, "taught": made.taught} for name, made in prototypes.items()]


def load_prototypes(folder: Path, said: Any, size: int) -> dict[str, Prototype]:
    """What `save_prototypes` wrote. Raises BadCheckpoint.

    Args:
        folder: of the bundle.
        said: what `save_prototypes` returned.
        size: d of the features.
    """
    if said == []:
        return {}
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    file = folder / PROTOTYPES
    try:
        vectors = load_file(file)["vectors"]
        made = {str(s["name"]): (int(s["clips"]), bool(s["taught"])) for s in said}
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise BadCheckpoint(f"{file}: not readable prototypes: {error!r}") from None
    if vectors.shape != (len(made), size) or vectors.dtype != np.float32 or not np.isfinite(vectors).all():
        raise BadCheckpoint(
            f"{file}: expected {len(made)} x {size} float32 numbers, found {vectors.shape} {vectors.dtype}"
        )
    return {name: Prototype(row, *rest) for row, (name, rest) in zip(vectors, made.items(), strict=True)}
