"""Other wordings of the classes of a data set, as people type them: many to train on, three to test with."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from pgfa.errors import BadFile


@dataclass(frozen=True)
class Wordings:
    """Wordings of one class.

    Attributes:
        training: may be trained on.
        typed: three that are not trained on in this data set, of three styles: a bare name, a short sentence, a
            description of the motion. Of the bare names a few are training texts of other data sets ("walk").
    """

    training: tuple[str, ...]
    typed: tuple[str, ...]


@lru_cache(maxsize=32)
def wordings(dataset: str) -> Mapping[str, Wordings]:
    """Class name -> its wordings; empty for a data set without any. Raises BadFile for a damaged file."""
    file = resources.files("pgfa.text") / "wordings" / f"{dataset}.toml"
    if not file.is_file():
        return {}
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    training, typed = table.get("wordings"), table.get("typed")
    if not isinstance(training, dict) or not isinstance(typed, dict) or set(training) != set(typed):
        raise BadFile(str(file), expected="tables wordings and typed with the same classes", found="others")
    return {name: Wordings(tuple(training[name]), tuple(typed[name])) for name in training}
