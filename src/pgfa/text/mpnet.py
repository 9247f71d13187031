"""Vectors of the paper's sentence encoder for every sentence of the catalogues: they need neither network nor torch.

`scripts/encode_catalogues.py` writes them. A sentence is looked up by its own digest: one that was
edited since is encoded anew and never gets the vector of another. A test requires that none is missing.

Rule for changes: the file has `FORMAT` and the SHA-256 of the encoder's weights in its metadata; a change of its
tensors gets a new format.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.files import digest, write_atomic

NAME = "sentence-transformers/all-mpnet-base-v2"
SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
"""Of the encoder's ``model.safetensors``."""
SIZE = 768
STORED = Path(__file__).parent / "mpnet.safetensors"
FORMAT = "pgfa-sentence-vectors-1"
_KEY_BYTES = 8


def stored_vectors(path: Path = STORED) -> Mapping[bytes, NDArray[np.float32]]:
    """Key of a sentence (`sentence_key`) -> its unit vector (768,) float32, rounded to float16 in the file.

    Raises:
        BadFile: the file is missing, damaged, or of another encoder.
    """
    return _read(path, path.stat().st_mtime_ns if path.is_file() else 0)


def sentence_key(sentence: str) -> bytes:
    """The first 8 bytes of the SHA-256 of a sentence."""
    return hashlib.sha256(sentence.encode()).digest()[:_KEY_BYTES]


def write_vectors(sentences: Sequence[str], vectors: NDArray[np.float32], path: Path = STORED) -> None:
    """Write distinct sentences' unit vectors (n, 768) as float16; equal input gives equal bytes.

    Raises:
        ValueError: two sentences have the same key.
        NotWritten: as `write_atomic`.
    """
    from safetensors.numpy import save

    rows = sorted(
        zip(map(sentence_key, sentences), vectors.astype(np.float16), strict=True), key=lambda r: r[0]
    )
    keys = np.frombuffer(b"".join(key for key, _ in rows), dtype=np.uint8).reshape(-1, _KEY_BYTES)
    if len({key for key, _ in rows}) < len(rows):
        raise ValueError("two sentences have the same key: they must be distinct")
    tensors = {"keys": keys.copy(), "vectors": np.stack([row for _, row in rows])}
    # One entry: safetensors writes several in random order.
    write_atomic(path, save(tensors, metadata={"pgfa": _about(tensors)}))


@cache
def _read(path: Path, changed: int) -> dict[bytes, NDArray[np.float32]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            about = (file.metadata() or {}).get("pgfa", "")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise BadFile(path, expected="sentence vectors", found=str(error)) from None
    if about != (expected := _about(tensors)):
        raise BadFile(path, expected=f"format, encoder and digest {expected!r}", found=repr(about))
    vectors = tensors["vectors"].astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return dict(zip(map(bytes, tensors["keys"]), vectors, strict=True))


def _about(tensors: Mapping[str, NDArray[np.generic]]) -> str:
    """Format, encoder and digest of the tensors."""
    parts: list[object] = []
    for name, value in sorted(tensors.items()):
        parts += [name, str(value.dtype), list(value.shape), np.ascontiguousarray(value).tobytes()]
    return " ".join((FORMAT, SHA256, digest(*parts)))
