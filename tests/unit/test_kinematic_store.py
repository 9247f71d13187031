"""The file of a kinematic model: equal when it is opened; damaged ones are refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kinematic_builders import (
    ENCODED,
    arrays_of,
    measured_set,
    model,
    model_with_network,
    model_with_profile,
)
from pgfa.errors import BadCheckpoint
from pgfa.words.lexicon import WORDS
from pgfa.words.store import load_kinematics, save_kinematics


@pytest.mark.parametrize(
    ("encoder", "network", "implied", "stillness", "profile"),
    [
        (False, False, True, True, False),
        (True, False, False, True, True),
        (False, True, True, False, True),
        (True, True, False, False, False),
    ],
)
def test_saved_and_loaded(
    encoder: bool, network: bool, implied: bool, stillness: bool, profile: bool, tmp_path: Path
) -> None:
    saved = replace(
        model_with_network() if network else model(),
        profile=model_with_profile().profile if profile else None,
        completion=model().completion if network else None,
        implied=implied, stillness=stillness, both_sides=network, shares=(0.5, 0.75, 1.25, 1.5, 0.25),
    )  # fmt: skip
    if encoder:
        features = np.random.default_rng(0).normal(size=(300, ENCODED + len(WORDS))).astype(np.float32)
        saved = saved.with_encoder(features, np.ones(300, dtype=np.float32))
    file = tmp_path / "kinematics.safetensors"
    save_kinematics(file, saved)
    loaded = load_kinematics(file)
    for one, other in zip(arrays_of(loaded), arrays_of(saved), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)
    whitened = (
        "description",
        "words",
        "encoder",
        "network",
        "profile",
    )  # the inverse of a root is computed again
    exact = [field.name for field in fields(saved) if field.name not in whitened]
    pairs = [(getattr(loaded, name), getattr(saved, name)) for name in exact]
    if loaded.network and saved.network:
        pairs.append((loaded.network[0], saved.network[0]))
    for of_loaded, of_saved in pairs:
        for one, other in zip(arrays_of(of_loaded), arrays_of(of_saved), strict=True):
            np.testing.assert_array_equal(one, other.astype(one.dtype))
    assert (loaded.network is None, loaded.encoder is None) == (not network, not encoder)
    assert (loaded.profile is None) == (not profile)
    assert (loaded.implied, loaded.stillness, loaded.both_sides) == (implied, stillness, network)
    assert loaded.size == saved.size
    save_kinematics(tmp_path / "again", loaded)
    assert (tmp_path / "again").read_bytes() == file.read_bytes()


def _set(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[dict[str, Any]], None]:
    def damage(tensors: dict[str, Any]) -> None:
        tensors[name] = np.ascontiguousarray(change(tensors[name]))

    return damage


def _nan(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.flat[0] = np.nan
    return array


DAMAGES: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "no array": (lambda t: t.pop("space.centre"), "space.centre"),
    "no detector": (lambda t: t.pop("detector.walk"), "detector.walk"),
    "another array": (lambda t: t.update(x=np.ones(1, np.float32)), "x"),
    "not finite": (_set("weights", _nan), "finite float32"),
    "double precision": (_set("word_mean", lambda a: a.astype(np.float64)), "finite float32"),
    "scalar": (_set("scale.median", lambda a: a[0]), "scale.median: expected the shape"),
    "two shares": (_set("shares", lambda a: a[:2]), "shares: expected the shape"),
    "one for all": (_set("word_spread", lambda a: a[:1]), "word_spread: expected the shape"),
    "fewer measures": (_set("scale.spread", lambda a: a[1:]), "scale.spread"),
    "more words": (_set("space.word_centre", lambda a: np.append(a, a[:1])), "space.word_centre"),
    "other centre": (_set("space.centre", lambda a: a[1:]), "expected the shape"),
    "flat weights": (_set("weights", np.ravel), "weights: expected the shape"),
    "root": (_set("words.root", lambda a: a[1:]), "words.root"),
    "no inverse": (_set("words.root", np.zeros_like), "not a kinematic model"),
    "tiny root": (_set("words.root", lambda a: np.eye(len(a), dtype=np.float32) * 1e-42), "no inverse"),
    "detector": (_set("detector.walk", lambda a: a[1:]), "detector.walk"),
    "spread": (_set("scale.spread", np.zeros_like), "scale.spread: expected numbers above 0"),
    "half an encoder": (lambda t: t.update({"encoder.mean": np.ones(3, np.float32)}), "encoder.root"),
    "no options": (lambda t: t.pop("options"), r"shares: expected the shape \(3,\)"),
    "three shares": (_set("shares", lambda a: a[:3]), r"shares: expected the shape \(5,\)"),
    "one option": (_set("options", lambda a: a[:1]), "options: expected the shape"),
    "half an option": (_set("options", lambda a: a * 0 + 0.5), "options: expected numbers of 0 and 1"),
    "no layer": (lambda t: (t.pop("network.1.weights"), t.pop("network.1.bias")), "network.1.bias, network.1.weights"),
    "no weights of a layer": (lambda t: t.pop("network.0.weights"), "network.0.weights"),
    "no biases of a layer": (lambda t: t.pop("network.2.bias"), "network.2.bias"),
    "a fourth layer": (lambda t: t.update({"network.3.bias": np.ones(3, np.float32)}), "network.3.bias"),
    "layers without whitening": (lambda t: (t.pop("network.mean"), t.pop("network.root")), "network.0.bias"),
    "half a whitening": (lambda t: t.pop("network.root"), "network.root"),
    "a narrower layer": (_set("network.0.bias", lambda a: a[1:]), "network.0.weights: expected the shape"),
    "a number as biases": (_set("network.1.bias", lambda a: a[0]), "network.1.weights: expected the shape"),
    "one bias for all": (_set("network.2.bias", lambda a: a[:1]), "network.2.bias: expected the shape"),
    "transposed weights": (_set("network.1.weights", np.transpose), "network.1.weights: expected the shape"),
    "fewer inputs": (_set("network.0.weights", lambda a: a[1:]), "network.0.weights: expected the shape"),
    "network not finite": (_set("network.2.weights", _nan), "finite float32"),
    "double network": (_set("network.2.weights", lambda a: a.astype(np.float64)), "finite float32"),
    "network root": (_set("network.root", np.zeros_like), "not a kinematic model"),
    "other depth": (_set("completion.depth", lambda a: a[1:]), "completion.depth: expected the shape"),
    "no precision": (lambda t: t.pop("completion.precision"), "completion.precision"),
    "not definite": (_set("completion.precision", np.negative), "not positive definite"),
    "depth without the rest": (lambda t: (t.pop("completion.mean"), t.pop("completion.precision")), "completion.depth"),
    "other network mean": (_set("network.mean", lambda a: a[1:]), "network.mean: expected the shape"),
}  # fmt: skip


@pytest.mark.parametrize("kind", DAMAGES)
def test_damaged_arrays_are_refused(kind: str, tmp_path: Path) -> None:
    from safetensors import safe_open
    from safetensors.numpy import load_file, save_file

    damage, match = DAMAGES[kind]
    file = tmp_path / "kinematics.safetensors"
    save_kinematics(file, model_with_network())
    with safe_open(file, framework="numpy") as opened:
        metadata = opened.metadata()
    tensors = load_file(file)
    damage(tensors)
    save_file(tensors, file, metadata)
    with pytest.raises(BadCheckpoint, match=match) as caught:
        load_kinematics(file)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize("encoder", [False, True])
def test_a_file_of_the_earlier_form_answers_as_before(encoder: bool, tmp_path: Path) -> None:
    """Without options and with three shares: nothing is implied, and there is no number for still bodies."""
    from safetensors import safe_open
    from safetensors.numpy import load_file, save_file

    file, data = tmp_path / "kinematics.safetensors", measured_set()
    features = (
        np.random.default_rng(0).normal(size=(len(data.labels), ENCODED + len(WORDS))).astype(np.float32)
    )
    earlier = replace(model(), implied=False, stillness=False, shares=(0.5, 0.75, 1.25, 0.0, 0.0))
    if encoder:
        earlier = earlier.with_encoder(features, np.ones(len(features), dtype=np.float32))
    save_kinematics(file, earlier)
    with safe_open(file, framework="numpy") as opened:
        metadata = opened.metadata()
    tensors = load_file(file)
    del tensors["options"]
    tensors["shares"] = tensors["shares"][:3].copy()
    save_file(tensors, file, metadata)
    loaded = load_kinematics(file)
    assert (loaded.implied, loaded.stillness, loaded.both_sides) == (False, False, False)
    assert loaded.network is None
    assert loaded.shares == (0.5, 0.75, 1.25, 0.0, 0.0)
    assert loaded.size == earlier.size
    some, others = loaded.features(data.measures, features), earlier.features(data.measures, features)
    np.testing.assert_allclose(some, others, rtol=1e-4, atol=1e-3)
    anchors = loaded.sentences(data.encoded, data.words)
    np.testing.assert_array_equal(anchors, earlier.sentences(data.encoded, data.words))


def test_a_file_without_profiles_opens(tmp_path: Path) -> None:
    """Versions before profiles wrote four shares, and two options: they did not compare mirror images."""
    from safetensors import safe_open
    from safetensors.numpy import load_file, save_file

    file, data = tmp_path / "kinematics.safetensors", measured_set()
    save_kinematics(file, model())
    with safe_open(file, framework="numpy") as opened:
        metadata = opened.metadata()
    tensors = load_file(file)
    tensors["shares"], tensors["options"] = tensors["shares"][:4].copy(), tensors["options"][:2].copy()
    save_file(tensors, file, metadata)
    loaded = load_kinematics(file)
    assert loaded.profile is None
    assert (loaded.implied, loaded.stillness, loaded.both_sides) == (True, True, False)
    assert loaded.shares[:4] == pytest.approx(model().shares[:4])
    found, expected = (m.sentences(data.encoded, data.words) for m in (loaded, model()))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", ["bfloat16", "float8_e4m3fn", "complex64", "int32"])
def test_arrays_of_another_type_are_refused(dtype: str, tmp_path: Path) -> None:
    import torch
    from safetensors import safe_open
    from safetensors.torch import save_file

    save_kinematics(tmp_path / "of-version", model())
    with safe_open(tmp_path / "of-version", framework="numpy") as opened:
        metadata = opened.metadata()
    save_file({"weights": torch.ones(3, dtype=getattr(torch, dtype))}, tmp_path / "file", metadata)
    with pytest.raises(BadCheckpoint, match=r"kinematic model|finite float32"):
        load_kinematics(tmp_path / "file")


@pytest.mark.parametrize(
    "kind", ["absent", "empty", "text", "cut", "unknown type", "other names", "no names"]
)
def test_damaged_files_are_refused(kind: str, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    file = tmp_path / "kinematics.safetensors"
    save_kinematics(file, model())
    raw, match = file.read_bytes(), "not a readable kinematic model"
    if kind == "absent":
        file.unlink()
    elif kind in ("other names", "no names"):
        names = {"other names": {"names": '{"measures": ["a"], "words": []}'}, "no names": None}[kind]
        save_file(load_file(file), file, names)
        match = "the measures and words of this version"
    else:
        content = {
            "empty": b"", "text": b"no tensors", "cut": raw[:-5], "unknown type": raw.replace(b'"F32"', b'"BF1"', 1)
        }[kind]  # fmt: skip
        file.write_bytes(content)
    with pytest.raises(BadCheckpoint, match=match):
        load_kinematics(file)
