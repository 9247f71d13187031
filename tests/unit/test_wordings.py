"""Wordings of the classes: complete, distinct, apart from what is trained on, and part of the package."""

from __future__ import annotations

import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import pgfa
from pgfa.errors import BadFile
from pgfa.text import catalogue, sentence_of
from pgfa.text.wordings import wordings

PACKAGE = Path(pgfa.__file__).parent
CHECKOUT = Path(__file__).parents[2]
FILES = sorted((PACKAGE / "text" / "wordings").glob("*.toml"))
NAMES = [file.stem for file in FILES]
VARIANTS = ("label", "plain", "skeleton", "parts")
SHARED_TYPED = 33
"""Typed wordings that may be trained on in another set: "walk" is the bare name of a class in several. Not to rise."""


def normal(text: str) -> str:
    """Without what makes no difference to a reader: case, spaces, the full stop."""
    return " ".join(text.lower().rstrip(".").split())


def training_texts(name: str) -> Iterator[str]:
    """All texts of a set that may be trained on."""
    for action in catalogue(name).actions:
        yield from (normal(sentence_of(action, variant)) for variant in VARIANTS)
        yield from map(normal, wordings(name)[action.name].training)


def typed_texts(name: str) -> list[str]:
    return [normal(text) for of_class in wordings(name).values() for text in of_class.typed]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_file_has_the_classes_of_its_catalogue(file: Path) -> None:
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    assert set(table) == {"dataset", "wordings", "typed"}
    assert table["dataset"] == file.stem
    classes = {action.name for action in catalogue(file.stem).actions}
    assert set(table["wordings"]) == set(table["typed"]) == classes
    for name, of_class in wordings(file.stem).items():
        assert len(of_class.training) >= 20, name
        assert len(of_class.typed) == 3, name
        for text in (*of_class.training, *of_class.typed):
            assert text.strip() == text != "", name


@pytest.mark.parametrize("name", NAMES)
def test_no_wording_occurs_twice_in_a_set(name: str) -> None:
    of_set = [
        normal(text) for of_class in wordings(name).values() for text in (*of_class.training, *of_class.typed)
    ]
    assert [text for text, count in Counter(of_set).items() if count > 1] == []


@pytest.mark.parametrize("name", NAMES)
def test_typed_wordings_are_not_trained_on_in_their_set(name: str) -> None:
    assert set(typed_texts(name)) & set(training_texts(name)) == set()


def test_few_typed_wordings_are_trained_on_in_other_sets() -> None:
    """A set that is left out is then asked with a text that its model was trained on."""
    texts = {name: set(training_texts(name)) for name in NAMES}
    shared = [
        text
        for name in NAMES
        for text in typed_texts(name)
        if any(text in texts[other] for other in NAMES if other != name)
    ]
    assert len(shared) <= SHARED_TYPED, sorted(shared)


def test_a_set_without_wordings_and_a_damaged_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert wordings("ntu60") == {}
    (tmp_path / "wordings").mkdir()
    (tmp_path / "wordings" / "odd.toml").write_text('[wordings]\na = ["x"]\n[typed]\nb = ["y"]\n')
    monkeypatch.setattr("pgfa.text.wordings.resources.files", lambda package: tmp_path)
    with pytest.raises(BadFile, match="the same classes"):
        wordings("odd")


def test_the_data_of_the_package_are_part_of_the_wheel() -> None:
    """The wheel takes all of src/pgfa that git does not ignore."""
    settings = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["tool"]["hatch"]["build"] == {"targets": {"wheel": {"packages": ["src/pgfa"]}}}
    data = [
        *FILES,
        PACKAGE / "words" / "lexicon.toml",
        PACKAGE / "read" / "datasets" / "lists" / "labels.json",
        *sorted((PACKAGE / "text" / "classes").glob("*.toml")),
        *(PACKAGE / "text" / "glossary" / f"{name}.toml" for name in ("daily", "social", "sport")),
        PACKAGE / "text" / "glossary" / "minilm.safetensors",
    ]
    assert len(data) > 25
    assert all(file.is_file() for file in data)
    if not (CHECKOUT / ".git").exists():
        pytest.skip("reason: not a git checkout")
    ignored = subprocess.run(
        ["git", "check-ignore", "--no-index", *map(str, data)], cwd=CHECKOUT, capture_output=True, text=True
    )
    assert (ignored.returncode, ignored.stdout) == (1, ""), ignored.stdout + ignored.stderr
