"""Options that several commands share, each with its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

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
Switch = Annotated[bool, Parameter(negative="")]
"""A flag that is off by default; its help is in the command's docstring."""
