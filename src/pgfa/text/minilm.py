"""all-MiniLM-L6-v2 in plain numpy: six BERT layers, mean over tokens.

It starts in a fraction of a second and needs neither torch nor scipy; a test compares its vectors with those of the
sentence-transformers library.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Floats = NDArray[np.float32]

LAYERS, HEADS, SIZE = 6, 12, 384
MAX_TOKENS = 256
WORDS = "embeddings.word_embeddings.weight"
EPSILON = 1e-12
"""Of the layer norms."""
ERF_LIMIT, ERF_STEPS = 4.0, 4096
"""The error function is 1 to float32 above 4; it is tabulated in steps of 1/4096, with an error below 1e-8."""


def load_minilm(folder: Path) -> Callable[[Sequence[str]], Floats]:
    """The encoder: sentences -> (n, 384) mean token vectors, not normalised.

    Args:
        folder: with ``model.safetensors`` and ``tokenizer.json``.

    Raises:
        BadFile: a file is missing or of another model.
    """
    from safetensors import SafetensorError, safe_open
    from tokenizers import Tokenizer

    try:
        # The table of words is half of the weights, of which a sentence needs a few rows: it stays in the file.
        with safe_open(folder / "model.safetensors", framework="numpy") as file:
            weights = {name: file.get_tensor(name) for name in file.keys() if name != WORDS}  # noqa: SIM118
        stored: Any = safe_open(folder / "model.safetensors", framework="numpy")
        table = stored.get_slice(WORDS)
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        size, last = table.get_shape()[-1], weights[_name(LAYERS - 1, "output.dense.bias")]
    except KeyError as error:
        raise BadFile(folder, expected="the weights of all-MiniLM-L6-v2", found=f"no {error}") from None
    except (SafetensorError, OSError) as error:
        raise BadFile(folder, expected="the weights of all-MiniLM-L6-v2", found=str(error)) from None
    except Exception as error:  # the tokenizers library raises plain Exception
        raise BadFile(folder / "tokenizer.json", expected="a tokenizer", found=str(error)) from None
    if size != SIZE or last.shape != (SIZE,):
        raise BadFile(folder, expected=f"vectors of {SIZE} numbers", found=f"{size}, {last.shape}")
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)

    def run(sentences: Sequence[str]) -> Floats:
        # One by one: in a batch the padding makes the last bits of a vector depend on its neighbours.
        rows = [_encode(_word_vectors(tokenizer, table, sentence), weights) for sentence in sentences]
        return np.stack(rows) if rows else np.empty((0, SIZE), dtype=np.float32)

    return run


def _word_vectors(tokenizer: Tokenizer, table: Any, sentence: str) -> Floats:
    """(tokens, 384) rows of the table of words."""
    return np.concatenate([table[token : token + 1] for token in tokenizer.encode(sentence).ids])


def _encode(words: Floats, weights: dict[str, Floats]) -> Floats:
    tokens = len(words)

    def linear(x: Floats, name: str) -> Floats:
        return np.asarray(x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"])

    def norm(x: Floats, name: str) -> Floats:
        centred = x - x.mean(axis=-1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(EPSILON))
        return np.asarray(centred / deviation * weights[f"{name}.weight"] + weights[f"{name}.bias"])

    x = (
        words
        + weights["embeddings.position_embeddings.weight"][:tokens]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    x = norm(x, "embeddings.LayerNorm")
    for layer in range(LAYERS):
        query, key, value = (
            linear(x, _name(layer, f"attention.self.{part}")).reshape(tokens, HEADS, -1).swapaxes(0, 1)
            for part in ("query", "key", "value")
        )
        scores = query @ key.swapaxes(1, 2) / np.float32(np.sqrt(SIZE // HEADS))
        attention = np.exp(scores - scores.max(axis=-1, keepdims=True))
        attention /= attention.sum(axis=-1, keepdims=True)
        heads = (attention @ value).swapaxes(0, 1).reshape(tokens, SIZE)
        attended = linear(heads, _name(layer, "attention.output.dense"))
        x = norm(x + attended, _name(layer, "attention.output.LayerNorm"))
        inner = _gelu(linear(x, _name(layer, "intermediate.dense")))
        x = norm(x + linear(inner, _name(layer, "output.dense")), _name(layer, "output.LayerNorm"))
    return np.asarray(x.mean(axis=0), dtype=np.float32)


def _gelu(x: Floats) -> Floats:
    points, values = _erf_table()
    erf = np.interp(x / np.float32(np.sqrt(2)), points, values)
    return np.asarray(x * np.float32(0.5) * (1 + erf), dtype=np.float32)


@cache
def _erf_table() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points and values of the error function, for linear interpolation: numpy has none, and scipy is 140 MB."""
    half = int(ERF_LIMIT * ERF_STEPS)
    points = np.arange(-half, half + 1) / ERF_STEPS
    return points, np.array([math.erf(x) for x in points])


def _name(layer: int, part: str) -> str:
    return f"encoder.layer.{layer}.{part}"
