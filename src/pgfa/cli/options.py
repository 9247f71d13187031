"""Options that several commands share, each with its help."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from pgfa.read import Stated

Catalogues = Annotated[
    list[Path] | None,
    Parameter(
        name="--catalogue",
        negative="",
        help="Catalogue file of your own data set (docs/catalogue.md); repeat the option for more.",
    ),
]
Device = Annotated[
    str, Parameter(help="Device to compute on: cpu, cuda, cuda:1, ..., or auto (a GPU if there is one).")
]
Quiet = Annotated[bool, Parameter(negative="", help="Suppress progress output.")]
RayAddress = Annotated[
    str | None,
    Parameter(
        name="--ray",
        help="Run the independent parts on a Ray cluster: `local` starts one on this machine, `auto` or HOST:PORT "
        "joins one. All machines need the same folders (docs/scale.md).",
    ),
]
Switch = Annotated[bool, Parameter(negative="")]
"""A flag that is off by default; its help is in the command's docstring."""


@dataclass(frozen=True)
class Statements:
    """What the user states about recordings that their files do not say (`pgfa.read.Stated`)."""

    layout: Annotated[
        str | None, Parameter(help="Joint layout of the files (docs/formats.md lists them).")
    ] = None
    up: Annotated[str | None, Parameter(help="Axis that points up: y, z, x, or --up=-y, -z, -x.")] = None
    unit: Annotated[str | None, Parameter(help="Unit of length: m, cm, mm, in or ft.")] = None
    rate: Annotated[float | None, Parameter(help="Frames per second.")] = None
    axes: Annotated[
        str | None, Parameter(help="Order of an array's axes, its columns, or both: CTVM, yxs, 'CTVM xyz'.")
    ] = None
    mirrored: Annotated[bool | None, Parameter(help="Whether the axes are left-handed (Unity).")] = None
    depth: Annotated[bool | None, Parameter(help="Whether z was measured; --no-depth drops it.")] = None
    image_size: Annotated[
        str | None, Parameter(help="Width and height of the picture, of coordinates from 0 to 1: 1920x1080.")
    ] = None

    def stated(self) -> Stated:
        """The same for readers. Raises BadConfig."""
        from pgfa.read import Stated

        return Stated(**{field.name: getattr(self, field.name) for field in fields(self)})


Stating = Annotated[Statements | None, Parameter(name="*")]


def stated_by(statements: Statements | None) -> Stated:
    """What the options state. Raises BadConfig."""
    return (statements or Statements()).stated()
