"""Frozen settings, one class a stage: checked on creation, to and from TOML, each with a digest.

The command line, TOML files and Python use these same classes; no setting is declared twice.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pgfa.errors import BadConfig
from pgfa.files import digest, write_atomic

Recipe = Literal["paper", "default"]


class Settings(BaseModel):
    """Base of all settings. Raises BadConfig (not pydantic's error) on a wrong value."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"]) or type(self).__name__
            raise BadConfig(f"setting {name}: {first['msg']}, found {first.get('input')!r}") from None

    @property
    def digest(self) -> str:
        """16 hex digits that change when any setting does."""
        return digest(type(self).__name__, self.model_dump(mode="json"))

    def save(self, path: Path) -> None:
        """Write as TOML; settings that are None are left out, as TOML has no such value."""
        write_atomic(path, tomli_w.dumps(self.model_dump(mode="json", exclude_none=True)))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read from TOML. Raises BadConfig that names the file and the setting."""
        try:
            return cls(**tomllib.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise BadConfig(f"{path}: no such settings file") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BadConfig(f"{path}: not TOML: {error}") from None
        except BadConfig as error:
            raise BadConfig(f"{path}: {error}") from None


class PrepareSettings(Settings):
    """Clip -> fixed-size array."""

    recipe: Recipe = "default"
    """`paper`: the authors' preparation, faults included; `default`: those mended (docs/preparation.md)."""
    layout: str = "ntu25"
    """Layout that every clip is carried to."""
    frames: Annotated[int, Field(ge=2, le=1000)] = 50
    """Frames after resampling time."""
    bodies: Annotated[int, Field(ge=1, le=8)] = 2
    """Bodies kept."""


class TextSettings(Settings):
    """Sentence -> unit vector."""

    encoder: Literal["minilm", "mpnet", "file"] = "minilm"
    """`minilm` comes with the package; `mpnet` is the paper's; `file` reads vectors from `source`."""
    source: str | None = None
    """Folder of a sentence-transformers model (mpnet), or .npz/.safetensors of vectors (file)."""
    variant: Literal["label", "plain", "skeleton", "parts"] = "plain"
    """Which text of the catalogue stands for a class."""
