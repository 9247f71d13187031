"""Unit, up axis and handedness under the names in use, in files of keypoints."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pgfa.read.parsing.markers.clip import METRES
from pgfa.read.parsing.rates import plain
from pgfa.read.parsing.text_table import short
from pgfa.read.stated import UPS

UP_NAMES = ("upaxis", "up", "verticalaxis", "axisup", "worldup")
"""As `plain`."""
UNIT_NAMES = (
    "unit", "units", "lengthunit", "lengthunits", "unitoflength", "positionunit", "positionunits", "coordinateunit",
    "coordinateunits", "coordinatesunit", "distanceunit", "unitlength",
)  # fmt: skip
HAND_NAMES = ("handedness", "coordinatehandedness", "axishandedness", "chirality")
PIXELS = ("px", "pixel", "pixels", "normalized", "normalised", "relative")
"""Units of pictures, which give no length."""
_UP = re.compile(r"\+?(-?)([xyz])(?:[ _-]?(?:axis))?(?:[ _-]?up)?", re.IGNORECASE)


@dataclass(frozen=True)
class Axes:
    """What a file states about its axes; None for what it does not.

    Attributes:
        up: y, -y, z, -z, x or -x.
        scale: metres per unit.
        mirrored: whether the axes are left-handed.
        notes: values that are not known.
    """

    up: str | None = None
    scale: float | None = None
    mirrored: bool | None = None
    notes: tuple[str, ...] = ()


def is_axis_name(name: str) -> bool:
    """Whether a field states something about the axes."""
    return plain(name) in (*UP_NAMES, *UNIT_NAMES, *HAND_NAMES)


def axes_of(fields: Mapping[str, Any]) -> Axes:
    """What fields with the usual names state.

    Args:
        fields: name -> text; other values do not count.
    """
    notes: list[str] = []
    values: dict[str, Any] = {}
    for name, value in fields.items():
        key = plain(name) if isinstance(name, str) else ""
        if key not in (*UP_NAMES, *UNIT_NAMES, *HAND_NAMES) or not isinstance(value, str):
            continue
        text = value.strip().lower()
        if key in UP_NAMES:
            match = _UP.fullmatch(text)
            quantity, read = "up", match[1] + match[2].lower() if match else None
            read = read if read in UPS else None
        elif key in UNIT_NAMES:
            quantity, read = "scale", METRES.get(text)
            if text in PIXELS:
                continue
        else:
            quantity = "mirrored"
            read = {"left": True, "right": False}.get(re.split(r"[ _-]", text)[0].removesuffix("handed"))
        if read is None:
            notes.append(f"{short(name)} not read: {short(value)} is not known")
        else:
            values.setdefault(quantity, read)
    return Axes(**values, notes=tuple(notes))
