"""Catalogues: the classes of a data set in words, and its published splits (docs/catalogue.md)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from pgfa.config import Variant
from pgfa.errors import BadConfig, BadFile, LimitExceeded, did_you_mean

SplitKind = Literal["zero-shot", "one-shot"]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Name = Annotated[
    str, StringConstraints(pattern=r"^[^\s/\x00-\x1f](?:[^/\x00-\x1f]*[^\s/\x00-\x1f])?$", max_length=200)
]
Concept = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=100)]

NO_MIRROR = "none"
"""Value of `mirror` for a class whose mirrored clip shows no class of the data set (a mirrored letter K)."""
MAX_FILE_BYTES = 16 * 1024 * 1024


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Parts(_Entry):
    """What each part of the body does; ``"still"`` if it does not move."""

    head: Words
    arms: Words
    torso: Words
    legs: Words


class ActionClass(_Entry):
    """One class of a data set in words. `id` counts from 0 in the data set's own order."""

    dataset: Name
    id: Annotated[int, Field(ge=0)]
    name: Name
    label: Words
    plain: Words
    skeleton: Words
    parts: Parts
    means: Annotated[tuple[Concept, ...], Field(min_length=1)]
    mirror: Name | None = None

    @property
    def key(self) -> str:
        """``"utd-mhad/swipe-left"``: unique over data sets."""
        return f"{self.dataset}/{self.name}"


class _RawSplit(_Entry):
    unseen: Annotated[tuple[int | str, ...], Field(min_length=1)]
    source: Words
    kind: SplitKind = "zero-shot"


class _RawCatalogue(_Entry):
    dataset: Name
    title: Words
    action: Annotated[tuple[ActionClass, ...], Field(min_length=1)]
    splits: dict[Name, _RawSplit] = {}


@dataclass(frozen=True)
class Split:
    """Which classes of a data set are unseen; all others are seen.

    Of an unseen class the recogniser gets a sentence (`zero-shot`) or one clip (`one-shot`).
    """

    dataset: str
    name: str
    unseen: tuple[str, ...]
    source: str
    kind: SplitKind = "zero-shot"

    @property
    def key(self) -> str:
        """``"utd-mhad/22-5"``."""
        return f"{self.dataset}/{self.name}"


@dataclass(frozen=True)
class Catalogue:
    """All classes of one data set, in the order of their ids, and its published splits by name."""

    dataset: str
    title: str
    actions: tuple[ActionClass, ...]
    splits: dict[str, Split]

    @cached_property
    def by_name(self) -> dict[str, ActionClass]:
        """Class name -> class."""
        return {action.name: action for action in self.actions}

    @property
    def from_names(self) -> bool:
        """Whether there are no written sentences, only sentences made from class names (`catalogue_from_labels`)."""
        return all(action.plain == _plain_of(action.label) for action in self.actions)

    def __len__(self) -> int:
        return len(self.actions)

    def __getitem__(self, name: str) -> ActionClass:
        """The class of that name. Raises BadConfig that names the nearest and lists the classes there are."""
        try:
            return self.by_name[name]
        except KeyError:
            hint = did_you_mean(name, self.by_name)
            raise BadConfig(
                f"data set {self.dataset} has no class {name!r};{hint} it has: {', '.join(self.by_name)}"
            ) from None


def catalogue_names() -> tuple[str, ...]:
    """Names of the catalogues in this package, sorted."""
    folder = resources.files("pgfa.text") / "classes"
    return tuple(sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".toml")))


def catalogue(name_or_path: str | Path) -> Catalogue:
    """The catalogue of a data set by its name (``"utd-mhad"``), or any catalogue by the path of its TOML file.

    Raises:
        BadConfig: a name that is neither a catalogue of the package nor a file; lists the available names.
        BadFile: a file that is not a catalogue; names the key, what was expected and what was found.
        LimitExceeded: a file above MAX_FILE_BYTES.
    """
    name = str(name_or_path)
    if isinstance(name_or_path, str) and name in catalogue_names():
        return _bundled(name)
    path = Path(name_or_path)
    if not path.is_file():
        if isinstance(name_or_path, str) and not name.endswith(".toml"):
            names = catalogue_names()
            raise BadConfig(
                f"no catalogue named {name!r};{did_you_mean(name, names)} available: {', '.join(names)}, "
                "or the path of a TOML file (docs/catalogue.md)"
            )
        raise BadFile(path, expected="a catalogue (TOML)", found="no file")
    if (size := path.stat().st_size) > MAX_FILE_BYTES:
        raise LimitExceeded(f"{path}: {size:,} bytes, more than the limit of {MAX_FILE_BYTES:,}")
    try:
        return parse_catalogue(path.read_bytes(), str(path))
    except OSError as error:
        raise BadFile(path, expected="a readable file", found=str(error)) from None


def parse_catalogue(content: bytes, file: str) -> Catalogue:
    """Check and build a catalogue from the bytes of a TOML file; errors name it `file`. Raises BadFile."""
    try:
        table = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadFile(file, expected="TOML in UTF-8", found=str(error)) from None
    return catalogue_from_table(table, file)


def catalogue_from_table(table: Any, file: str) -> Catalogue:
    """Check and build a catalogue from its parsed TOML; `table` is modified. Raises BadFile, which names `file`."""
    if not isinstance(table, dict):
        raise BadFile(file, expected="the keys of a catalogue", found=repr(table)[:100])
    _extend(table, file)
    _fill_in(table)
    actions = table.get("action")
    if isinstance(actions, list):
        for action in actions:
            if isinstance(action, dict):
                if "dataset" in action:
                    raise BadFile(file, expected="`dataset` once, at the top", found="`dataset` in an action")
                action["dataset"] = table.get("dataset", "")
    try:
        raw = _RawCatalogue.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        where = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in first["loc"]).lstrip(".")
        if first["type"] == "missing":
            raise BadFile(file, where=where, expected="a value", found="no such key") from None
        raise BadFile(file, where=where, expected=first["msg"], found=repr(first["input"])[:100]) from None
    _check_order(raw.action, file)
    _check_mirrors(raw.action, file)
    splits = {name: _split(raw, name, file) for name in raw.splits}
    return Catalogue(raw.dataset, raw.title, raw.action, splits)


def catalogue_to_table(catalogue: Catalogue) -> dict[str, Any]:
    """A catalogue as plain data for a JSON file; `catalogue_from_table` turns it back."""
    return {
        "dataset": catalogue.dataset,
        "title": catalogue.title,
        "action": [
            action.model_dump(mode="json", exclude={"dataset"}, exclude_none=True)
            for action in catalogue.actions
        ],
        "splits": {
            name: {"unseen": list(split.unseen), "source": split.source, "kind": split.kind}
            for name, split in catalogue.splits.items()
        },
    }


def custom_catalogues(catalogues: Iterable[Catalogue]) -> list[dict[str, Any]]:
    """Tables of those catalogues that are not in the package or differ from the one in the package."""
    return [
        catalogue_to_table(catalogue)
        for catalogue in catalogues
        if catalogue.dataset not in catalogue_names() or catalogue != _bundled(catalogue.dataset)
    ]


def find_split(name: str) -> Split:
    """The published split of a name like ``"utd-mhad/22-5"``.

    Raises:
        BadConfig: no such split; names the nearest one, and lists all.
    """
    dataset, _, split = name.partition("/")
    if dataset in catalogue_names() and split in (splits := _bundled(dataset).splits):
        return splits[split]
    keys = [split.key for dataset in catalogue_names() for split in _bundled(dataset).splits.values()]
    available = ", ".join(dict.fromkeys(_without_number(key) for key in keys))
    raise BadConfig(f"no split named {name!r};{did_you_mean(name, keys)} available: {available}")


def sentence_of(action: ActionClass, variant: Variant = "plain") -> str:
    """The sentence of a class in a variant. The variant `parts` joins the texts of all body parts."""
    if variant == "parts":
        return "; ".join(f"{part}: {words}" for part, words in action.parts.model_dump().items())
    text: str = getattr(action, variant)
    return text


def sentences_of(actions: Iterable[ActionClass], variant: Variant = "plain") -> list[str]:
    """One sentence per class, in order."""
    return [sentence_of(action, variant) for action in actions]


def _plain_of(label: str) -> str:
    return f"A person does this: {label}."


def catalogue_from_labels(names: Sequence[str], dataset: str = "own") -> Catalogue:
    """A catalogue made from class names alone (``"kick_ball"`` -> "kick ball"), for recordings without one.

    A catalogue file with written sentences is better (docs/catalogue.md).

    Raises:
        BadConfig: a name that is empty, contains a slash or a control character, or occurs twice.
    """
    actions = []
    for number, name in enumerate(names):
        label = _words_of_name(name)
        plain = _plain_of(label)
        same = {"head": label, "arms": label, "torso": label, "legs": label}
        try:
            actions.append(
                ActionClass(
                    dataset=dataset, id=number, name=name, label=label, plain=plain, skeleton=plain,
                    parts=Parts(**same), means=(_slug(label),),
                )
            )  # fmt: skip
        except ValidationError:
            raise BadConfig(
                f"expected a class name without slashes and control characters, found {name!r}"
            ) from None
    named = Catalogue(dataset, dataset, tuple(actions), {})
    if len(named.by_name) != len(actions):
        twice = sorted({name for name in names if list(names).count(name) > 1})
        raise BadConfig(f"expected every class name once, found several times: {', '.join(twice)}")
    return named


@lru_cache(maxsize=64)
def _bundled(name: str) -> Catalogue:
    file = resources.files("pgfa.text") / "classes" / f"{name}.toml"
    return parse_catalogue(file.read_bytes(), str(file))


def _extend(table: dict[str, Any], file: str) -> None:
    """Copy from the catalogue that this one extends: its first `classes`, or single actions (`like`)."""
    base, count = table.pop("extends", None), table.pop("classes", None)
    actions = table.get("action", [])
    if base is None:
        return
    if base not in catalogue_names():
        raise BadFile(
            file, where="extends", expected=f"one of {', '.join(catalogue_names())}", found=repr(base)[:100]
        )
    entries = {
        action.name: action.model_dump(exclude={"dataset", "id"}, exclude_none=True)
        for action in _bundled(base).actions
    }
    if count is not None:
        if actions or type(count) is not int or not 1 <= count <= len(entries):
            expected = f"1 to {len(entries)}, the number of classes taken from {base}, and no actions besides"
            raise BadFile(file, where="classes", expected=expected, found=repr(count)[:100])
        table["action"] = [{"id": i, **entry} for i, entry in enumerate(list(entries.values())[:count])]
        return
    for index, action in enumerate(actions if isinstance(actions, list) else []):
        if isinstance(action, dict) and (like := action.pop("like", None)) is not None:
            if not isinstance(like, str) or like not in entries:
                raise BadFile(
                    file, where=f"action[{index}].like", expected=f"a class of {base}", found=repr(like)[:100]
                )
            actions[index] = entries[like] | action


def _fill_in(table: dict[str, Any]) -> None:
    """Derive the keys that were left out: of an action only name and sentence are required."""
    if "dataset" in table:
        table.setdefault("title", table["dataset"])
    actions = table.get("action")
    for index, action in enumerate(actions if isinstance(actions, list) else []):
        if not isinstance(action, dict):
            continue
        action.setdefault("id", index)
        if isinstance(name := action.get("name"), str):
            action.setdefault("label", _words_of_name(name))
        if isinstance(label := action.get("label"), str):
            action.setdefault("means", [_slug(label)])
        if isinstance(plain := action.get("plain"), str):
            action.setdefault("skeleton", plain)
            action.setdefault("parts", dict.fromkeys(Parts.model_fields, plain))


def _check_order(actions: Sequence[ActionClass], file: str) -> None:
    names: set[str] = set()
    for index, action in enumerate(actions):
        if action.id != index:
            raise BadFile(file, where=f"action[{index}].id", expected=f"{index}", found=f"{action.id}")
        if action.name in names:
            actual = f"{action.name!r} again"
            raise BadFile(file, where=f"action[{index}].name", expected="every name once", found=actual)
        names.add(action.name)


def _check_mirrors(actions: Sequence[ActionClass], file: str) -> None:
    by_name = {action.name: action for action in actions}
    for action in actions:
        if action.mirror in (None, NO_MIRROR):
            continue
        other = by_name.get(str(action.mirror))
        if other is None or other.mirror != action.name:
            actual = (
                f"no class {action.mirror!r}"
                if other is None
                else f"{other.name!r} with mirror {other.mirror!r}"
            )
            expected = f"a class whose own mirror is {action.name!r}"
            raise BadFile(file, where=f"action[{action.id}].mirror", expected=expected, found=actual)


def _split(raw: _RawCatalogue, name: str, file: str) -> Split:
    names = [action.name for action in raw.action]
    unseen: list[str] = []
    for entry in raw.splits[name].unseen:
        if not (0 <= entry < len(names) if isinstance(entry, int) else entry in names):
            raise BadFile(file, where=f"splits.{name}", expected="ids or names of classes", found=repr(entry))
        unseen.append(names[entry] if isinstance(entry, int) else entry)
    if len(set(unseen)) != len(unseen) or len(unseen) == len(names):
        expected = "every unseen class once, and at least one seen class"
        raise BadFile(file, where=f"splits.{name}", expected=expected, found=", ".join(unseen))
    return Split(raw.dataset, name, tuple(unseen), raw.splits[name].source, raw.splits[name].kind)


def _without_number(key: str) -> str:
    """A split's key; the random splits of one size share one key in lists."""
    return re.sub(r"(/random-\d+)-\d+$", r"\1-NN", key)


def _words_of_name(name: str) -> str:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return " ".join(re.split(r"[\W_]+", spaced)).strip().lower()


def _slug(label: str) -> Any:
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-") or "unnamed"
