"""Stored vectors of the paper's sentence encoder: complete, found by the sentence alone, checked, as the encoder's."""

import os
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest

from pgfa.config import TextSettings
from pgfa.errors import BadConfig, BadFile
from pgfa.text import catalogue, class_vectors, encode
from pgfa.text import encode as encode_function
from pgfa.text.mpnet import SHA256, SIZE, STORED, sentence_key, stored_vectors, write_vectors

MPNET = TextSettings(encoder="mpnet")
SCRIPT = Path(__file__).parents[2] / "scripts" / "encode_catalogues.py"


@pytest.fixture(scope="module")
def sentences() -> list[str]:
    spec = spec_from_file_location("encode_catalogues", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.catalogue_sentences()


def test_every_sentence_of_the_catalogues_is_stored_and_no_other(sentences: list[str]) -> None:
    assert set(stored_vectors()) == {sentence_key(sentence) for sentence in sentences}
    assert STORED.stat().st_size < 4e6


def test_catalogues_need_neither_the_encoder_nor_a_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    vectors = class_vectors(catalogue("ntu60").actions, MPNET, tmp_path)
    assert vectors.shape == (60, SIZE)
    assert not list(tmp_path.rglob("*"))
    assert np.argmax(vectors @ vectors[6]) == 6  # throw is nearest to itself


def test_a_typed_sentence_says_how_to_get_the_encoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        sys.modules[encode_function.__module__].mpnet, "NAME", str(tmp_path / "not-downloaded")
    )
    known = catalogue("ntu60").actions[0].plain
    with pytest.raises(BadConfig, match=r"catalogues have stored vectors(.|\n)*--text.source(.|\n)*HF_HOME"):
        encode([known, "A person does what no catalogue says."], MPNET, tmp_path)


def test_a_stored_vector_is_that_of_the_sentence_whatever_the_order(tmp_path: Path) -> None:
    vectors = np.eye(3, SIZE, dtype=np.float32)
    write_vectors(["a", "b", "c"], vectors, tmp_path / "one.safetensors")
    write_vectors(["c", "a", "b"], vectors[[2, 0, 1]], tmp_path / "two.safetensors")
    assert (tmp_path / "one.safetensors").read_bytes() == (tmp_path / "two.safetensors").read_bytes()
    stored = stored_vectors(tmp_path / "one.safetensors")
    np.testing.assert_array_equal(stored[sentence_key("b")], vectors[1])
    assert sentence_key("d") not in stored
    with pytest.raises(ValueError, match="distinct"):
        write_vectors(["a", "a"], vectors[:2], tmp_path / "three.safetensors")


@pytest.mark.parametrize("offset", [30, 200, -900, -1])
def test_a_changed_byte_is_detected(offset: int, tmp_path: Path) -> None:
    write_vectors(["a", "b"], np.eye(2, SIZE, dtype=np.float32), file := tmp_path / "v.safetensors")
    content = bytearray(file.read_bytes())
    content[offset] ^= 1
    file.write_bytes(content)
    with pytest.raises(BadFile, match="expected"):
        stored_vectors(file)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="sentence vectors"):
        stored_vectors(tmp_path / "none.safetensors")


@pytest.mark.slow
def test_a_sample_is_what_the_encoder_says(sentences: list[str], tmp_path: Path) -> None:
    folder = os.environ.get("PGFA_MPNET", "")
    if not (Path(folder) / "model.safetensors").is_file():
        pytest.skip("PGFA_MPNET names no folder with all-mpnet-base-v2")
    from pgfa.text.encode import check_weights

    check_weights(Path(folder) / "model.safetensors", SHA256)
    sample = sentences[::100]
    exact = encode(sample, TextSettings(encoder="mpnet", source=folder), tmp_path)
    np.testing.assert_allclose(encode(sample, MPNET, tmp_path), exact, atol=1e-4)
