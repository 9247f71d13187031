"""The base of all settings: frozen, checked on creation, to and from TOML, each with a digest."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, Self

import tomli_w
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from pgfa.config.formats import FORMAT, RENAMED, added
from pgfa.errors import BadConfig, did_you_mean
from pgfa.files import digest, write_atomic

Recipe = Literal["paper", "default"]


class Settings(BaseModel):
    """Base of all settings. Raises BadConfig (not pydantic's error) on a wrong value."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            first = error.errors()[0]
            # As typed on the command line and in TOML: `train.epochs`.
            path = [*self._path(), *map(str, first["loc"])]
            name = ".".join(path) or "run"
            if first["type"] == "extra_forbidden":
                new = RENAMED.get(".".join(path[:-1]) or self._stage(), {}).get(path[-1])
                reason = f"renamed to {'.'.join([*path[:-1], new])}" if new else "no such setting"
            else:
                reason = first["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
            actual = f", found {first.get('input')!r}" if first["loc"] else ""
            if first["type"] == "literal_error" and isinstance(first["input"], str):
                hint = did_you_mean(first["input"], re.findall(r"'([^']*)'", first["msg"]))
                actual += f";{hint}" if hint else ""
            raise BadConfig(f"setting {name}: {reason}{actual}") from None

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        # Docstrings are wrapped to the source, help is wrapped to the terminal.
        for field in cls.model_fields.values():
            field.description = " ".join(field.description.split()) if field.description else None

    @classmethod
    def _stage(cls) -> str:
        """The name of the stage, as in a run's settings."""
        return cls.__name__.removesuffix("Settings").lower()

    @classmethod
    def _path(cls) -> tuple[str, ...]:
        """The position of the stage in a run's settings; empty for the run itself."""
        return (cls._stage(),)

    @property
    def digest(self) -> str:
        """16 hex digits that change when any setting does."""
        return digest(
            _DIGEST_NAMES.get(type(self).__name__, type(self).__name__), self.canonical(omit_since=2)
        )

    def canonical(
        self,
        *,
        include: Collection[str] | None = None,
        exclude: Collection[str] = (),
        omit_since: int = 1,
    ) -> dict[str, Any]:
        """The settings as JSON values under the names of format 1, for digests: these outlive a renaming.

        Args:
            include: names of the settings that count; None: all.
            exclude: names of settings that do not count.
            omit_since: leave out settings added with this format or later that have the value of older files.
        """
        old = {name: before for before, name in RENAMED.get(self._stage(), {}).items()}
        defaults = added(self._stage(), omit_since)
        out: dict[str, Any] = {}
        for name, value in self.model_dump(mode="json").items():
            if name in exclude or (include is not None and name not in include):
                continue
            if name in defaults and value == defaults[name]:
                continue
            stage = getattr(self, name)
            out[old.get(name, name)] = (
                stage.canonical(omit_since=omit_since) if isinstance(stage, Settings) else value
            )
        return out

    def save(self, path: Path) -> None:
        """Write as TOML; settings that are None are left out, as TOML has no such value."""
        write_atomic(
            path, tomli_w.dumps({"format": FORMAT, **self.model_dump(mode="json", exclude_none=True)})
        )

    @classmethod
    def load(cls, path: Path, make: Callable[..., Self] | None = None) -> Self:
        """Read from TOML, by `make` if it is given. Raises BadConfig that names the file and the setting."""
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
            return (make or cls)(**cls.upgraded(values))
        except FileNotFoundError:
            raise BadConfig(f"{path}: no such settings file") from None
        except OSError as error:
            raise BadConfig(f"{path}: not a readable file: {error}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadConfig(f"{path}: not TOML: {error}") from None
        except BadConfig as error:
            raise BadConfig(f"{path}: {error}") from None

    @classmethod
    def upgraded(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Saved values of any format under today's names.

        Raises:
            BadConfig: they were written by a newer version of pgfa.
        """
        out = dict(values)
        version = out.pop("format", 1)
        if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= FORMAT:
            raise BadConfig(
                f"settings of format {version!r}; this version of pgfa reads formats 1 to {FORMAT}"
            )
        if version > 1:
            return out
        for stage, names in RENAMED.items():
            if stage == cls._stage():
                out = {names.get(name, name): value for name, value in out.items()}
            elif isinstance(out.get(stage), dict) and stage in cls.model_fields:
                out[stage] = {names.get(name, name): value for name, value in out[stage].items()}
        return out


_DIGEST_NAMES: Final = {"BaselineSettings": "CompareSettings"}
"""Classes under the names that digests of format 1 were taken with."""


class StageSettings(Settings):
    """Settings whose unspecified values follow a recipe: the authors' (`paper`) or this project's (`default`)."""

    recipe: Recipe = "default"
    """`paper`: the authors' choices, including their errors; `default`: this project's."""

    PAPER: ClassVar[dict[str, Any]] = {}

    @model_validator(mode="before")
    @classmethod
    def _fill_from_recipe(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("recipe") == "paper":
            return {**cls._paper(values), **values}
        return values

    @classmethod
    def _paper(cls, values: dict[str, Any]) -> dict[str, Any]:
        """The authors' choices, given what is specified."""
        return cls.PAPER
