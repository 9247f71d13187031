"""Wrong catalogues and vector files: BadFile names the key and what was expected."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from pgfa.config import TextSettings
from pgfa.errors import BadConfig, BadFile, LimitExceeded
from pgfa.text import catalogue, class_vectors, encode
from pgfa.text.catalogue import parse_catalogue

GOOD = """dataset = "own"
title = "t"
[[action]]
id = 0
name = "hop"
label = "hop"
plain = "A person hops."
skeleton = "s"
parts = { head = "h", arms = "a", torso = "t", legs = "l" }
means = ["hop"]
[[action]]
id = 1
name = "skip"
label = "skip"
plain = "A person skips."
skeleton = "s"
parts = { head = "h", arms = "a", torso = "t", legs = "l" }
means = ["skip"]
[splits]
one = { unseen = [1], source = "me" }
"""


def test_the_unchanged_catalogue_is_accepted():
    assert parse_catalogue(GOOD.encode(), "own.toml").splits["one"].unseen == ("skip",)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('plain = "A person hops."\n', "", r"action\[0\].plain: expected a value"),
        ('plain = "A person hops."', "plain = 3", r"action\[0\].plain"),
        ('plain = "A person hops."', 'plain = "  "', r"action\[0\].plain"),
        ('head = "h", ', "", r"action\[0\].parts.head: expected a value"),
        ("id = 1", "id = 2", r"action\[1\].id: expected 1, found 2"),
        ('name = "skip"', 'name = "hop"', r"action\[1\].name"),
        ('name = "skip"', 'name = "a/b"', r"action\[1\].name"),
        ('means = ["skip"]', "means = []", r"action\[1\].means"),
        ('means = ["skip"]', 'means = ["Skip it"]', r"action\[1\].means\[0\]"),
        ('means = ["skip"]', 'means = ["skip"]\nmirror = "jump"', r"action\[1\].mirror"),
        ('means = ["skip"]', 'means = ["skip"]\nmirror = "hop"', r"action\[1\].mirror"),
        ('means = ["skip"]', 'means = ["skip"]\nmeens = 1', r"action\[1\].meens"),
        ("unseen = [1]", "unseen = [2]", "splits.one: expected ids or names of classes, found 2"),
        ("unseen = [1]", "unseen = [-1]", "splits.one"),
        ("unseen = [1]", "unseen = [1, 1]", "splits.one"),
        ("unseen = [1]", "unseen = [0, 1]", "splits.one"),
        ("unseen = [1]", "unseen = []", "splits.one.unseen"),
        ('dataset = "own"', "", "dataset: expected a value"),
        ('title = "t"', 'title = "t', "expected TOML"),
    ],
)  # fmt: skip
def test_wrong_key_is_named(old, new, message):
    assert old in GOOD
    with pytest.raises(BadFile, match=message):
        parse_catalogue(GOOD.replace(old, new, 1).encode(), "own.toml")


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"action = 3", b"action = [3]", b"[[[", b'dataset = ["x"]']
)
def test_no_catalogue_at_all(content):
    with pytest.raises(BadFile, match=r"own\.toml"):
        parse_catalogue(content, "own.toml")


def test_huge_catalogue(tmp_path):
    file = tmp_path / "huge.toml"
    with file.open("wb") as out:
        out.truncate(17 * 1024 * 1024)
    with pytest.raises(LimitExceeded):
        catalogue(file)


def from_file(path):
    return TextSettings(encoder="file", source=str(path), variants=("plain",))


@pytest.mark.parametrize("ending", ["npz", "safetensors"])
def test_garbage_for_vectors(tmp_path, ending):
    file = tmp_path / f"v.{ending}"
    for content in (b"", b"PK\x03\x04garbage", bytes(100), b"\xff" * 64):
        file.write_bytes(content)
        with pytest.raises(BadFile, match=r"v\."):
            encode(["a"], from_file(file))


def test_a_missing_vector_lists_the_names_of_the_file(tmp_path):
    file = tmp_path / "v.npz"
    np.savez(file, **{f"own/{name}": np.ones(4) for name in ("skip", "hop", "run", "walk")})
    with pytest.raises(BadFile, match=r"under 'A person hops.', found 4 other names \('own/hop', 'own/run'"):
        encode(["A person hops."], from_file(file))


def test_cut_npz(tmp_path):
    file = tmp_path / "v.npz"
    np.savez(file, a=np.arange(500.0))
    whole = file.read_bytes()
    for keep in (10, len(whole) // 2, len(whole) - 3):
        file.write_bytes(whole[:keep])
        with pytest.raises(BadFile):
            encode(["a"], from_file(file))


def test_pickled_vectors_are_refused(tmp_path):
    np.savez(tmp_path / "v.npz", a=np.array([{"x": 1}], dtype=object))
    with pytest.raises(BadFile):
        encode(["a"], from_file(tmp_path / "v.npz"))


@pytest.mark.parametrize(
    "row",
    [
        np.zeros(4),
        np.array([np.nan, 1.0]),
        np.array([np.inf, 1]),
        np.ones((2, 2)),
        np.array(["a"]),
        np.ones(0),
    ],
)
def test_rows_that_are_not_vectors(tmp_path, row):
    np.savez(tmp_path / "v.npz", a=row)
    with pytest.raises(BadFile, match="'a'"):
        encode(["a"], from_file(tmp_path / "v.npz"))


def test_vectors_of_two_lengths(tmp_path):
    save_file({"a": np.ones(3), "b": np.ones(4)}, tmp_path / "v.safetensors")
    with pytest.raises(BadFile, match="expected 3 numbers, found 4"):
        encode(["a", "b"], from_file(tmp_path / "v.safetensors"))


def test_a_missing_class_vector_lists_the_keys_that_were_tried(tmp_path):
    np.savez(tmp_path / "v.npz", a=np.ones(3))
    with pytest.raises(BadFile, match="'utd-mhad/push'"):
        class_vectors([catalogue("utd-mhad")["push"]], from_file(tmp_path / "v.npz"))


def test_missing_sources(tmp_path):
    with pytest.raises(BadConfig, match="source"):
        encode(["a"], TextSettings(encoder="file"))
    with pytest.raises(BadFile, match="no file"):
        encode(["a"], from_file(tmp_path / "none.npz"))
    (tmp_path / "v.pkl").write_bytes(b"x")
    with pytest.raises(BadFile, match="ending"):
        encode(["a"], from_file(tmp_path / "v.pkl"))
    with pytest.raises(BadFile, match="no file"):
        encode(["a"], TextSettings(encoder="mpnet", source=str(tmp_path)), tmp_path)


def test_a_model_folder_of_garbage(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"garbage")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(BadFile, match="sentence-transformers model"):
        encode(["a"], TextSettings(encoder="mpnet", source=str(tmp_path)), tmp_path)


def test_sentences_out_of_bounds():
    with pytest.raises(BadConfig, match="sentence 2 of 2: expected text"):
        encode(["a", " "], TextSettings())
    with pytest.raises(LimitExceeded, match="characters"):
        encode(["a" * 9000], TextSettings())
    with pytest.raises(LimitExceeded, match="sentences"):
        encode(["a"] * 100_001, TextSettings())
