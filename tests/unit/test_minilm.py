"""The sentence encoder in numpy against the sentence-transformers library."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from pgfa.errors import BadFile
from pgfa.text.encode import minilm_folder
from pgfa.text.minilm import load_minilm

SENTENCES = (
    "a person waves a hand",
    "A Person WAVES a hand!",
    "two people shake hands",
    "x",
    "naïve café — 抛球 🙂 unrecognisablyagglutinated",
    "the left arm swings up, then out to the side, " * 60,  # beyond what the encoder reads
)


def test_vectors_are_those_of_the_library() -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(minilm_folder()), device="cpu", local_files_only=True)
    expected = model.encode(list(SENTENCES), batch_size=1, convert_to_numpy=True, show_progress_bar=False)
    vectors = load_minilm(minilm_folder())(SENTENCES)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    np.testing.assert_allclose(vectors, expected, atol=2e-6)
    assert vectors.shape == (6, 384)
    assert load_minilm(minilm_folder())([]).shape == (0, 384)


def test_a_vector_does_not_depend_on_its_neighbours() -> None:
    run = load_minilm(minilm_folder())
    together = run(SENTENCES)
    for row, sentence in zip(together, SENTENCES, strict=True):
        np.testing.assert_array_equal(run([sentence])[0], row)


def test_it_imports_no_torch() -> None:
    code = (
        "import sys; from pgfa.text.encode import minilm_folder; from pgfa.text.minilm import load_minilm\n"
        "load_minilm(minilm_folder())(['a person waves'])\n"
        "print([m for m in ('torch', 'transformers', 'sentence_transformers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "kind", ["no weights", "cut", "another model", "no tokenizer", "a tensor of another shape"]
)
def test_a_damaged_folder_is_named(kind: str, tmp_path: Path) -> None:
    good, weights = minilm_folder(), tmp_path / "model.safetensors"
    shutil.copy(good / "tokenizer.json", tmp_path)
    if kind == "no tokenizer":
        (tmp_path / "tokenizer.json").write_text("{")
        shutil.copy(good / "model.safetensors", tmp_path)
    elif kind == "cut":
        weights.write_bytes((good / "model.safetensors").read_bytes()[:5000])
    elif kind == "another model":
        save_file({"embeddings.word_embeddings.weight": np.zeros((4, 4), np.float32)}, weights)
    elif kind == "a tensor of another shape":
        tensors = load_file(good / "model.safetensors")
        save_file(
            {n: t[:, :8] if n.startswith("embeddings.word") else t for n, t in tensors.items()}, weights
        )
    with pytest.raises(BadFile, match=str(tmp_path)):
        load_minilm(tmp_path)
