"""Unit, up axis and handedness under the names in use, in files of keypoints."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pgfa.read.parsing.markers.clip import METRES
from pgfa.read.parsing.rates import plain
from pgfa.read.parsing.text_table import short
from pgfa.read.stated import UPS

UP_NAMES = ("upaxis", "up", "verticalaxis", "axisup", "worldup", "upvector", "updirection")
"""As `plain`."""
UNIT_NAMES = (
    "unit", "units", "lengthunit", "lengthunits", "unitoflength", "positionunit", "positionunits", "coordinateunit",
    "coordinateunits", "coordinatesunit", "distanceunit", "unitlength",
)  # fmt: skip
HAND_NAMES = ("handedness", "coordinatehandedness", "axishandedness", "chirality")
OPEN_HAND_NAMES = ("handedness",)
"""That of axes, or of a person or a hand: of axes where others state more about these, or the value says so."""
OPEN_HAND = (
    "{} {} not heeded: it may be that of a person or a hand; state --mirrored if it is that of the axes"
)
SYSTEM_NAMES = (
    "coordinatesystem",
    "coordsystem",
    "coordinates",
    "axisconvention",
    "coordinateconvention",
    "convention",
)
MIRROR_NAMES = ("mirrored", "ismirrored", "mirror", "selfie", "isselfie")
FLIP_NAMES = (
    "flip",
    "flipped",
    "isflipped",
    "hflip",
    "fliphorizontal",
    "horizontalflip",
    "flippedhorizontally",
    "flipx",
    "xflip",
    "fliplr",
    "flipleftright",
)
"""Whether the picture was turned over: in the coordinates of the file, or only before the estimator saw it?"""
PIXELS = ("px", "pixel", "pixels", "normalized", "normalised", "relative")
"""Units of pictures, from which no length follows."""
_QUANTITIES = {
    **dict.fromkeys(UP_NAMES, "up"),
    **dict.fromkeys(UNIT_NAMES, "scale"),
    **dict.fromkeys(HAND_NAMES, "hand"),
    **dict.fromkeys(SYSTEM_NAMES, "system"),
    **dict.fromkeys(MIRROR_NAMES, "picture"),
    **dict.fromkeys(FLIP_NAMES, "flipped"),
}
_YES = ("true", "yes", "1", "horizontal", "horizontally")
_UP_WITHIN = re.compile(r"(?<![a-z])(-?)([xyz])[ _-]?(?:axis[ _-]?)?up(?![a-z])")
_HAND_WITHIN = re.compile(r"(?<![a-z])(left|right)[ _-]?hand")
_UP = re.compile(r"\+?(-?)([xyz])(?:[ _-]?(?:axis))?(?:[ _-]?up)?", re.IGNORECASE)


@dataclass(frozen=True)
class Axes:
    """What a file states about its axes; None for what it does not.

    Attributes:
        up: y, -y, z, -z, x or -x.
        scale: metres per unit.
        mirrored: whether the axes are left-handed.
        turned: whether the picture, or the space, is called mirrored; None where neither is said.
        flipped: the field that says that the picture was turned over; "" where none does.
        notes: values that are not known.
    """

    up: str | None = None
    scale: float | None = None
    mirrored: bool | None = None
    turned: bool | None = None
    flipped: str = ""
    notes: tuple[str, ...] = ()


def is_axis_name(name: str) -> bool:
    """Whether a field states something about the axes."""
    return plain(name) in _QUANTITIES


def axes_of(fields: Mapping[str, Any]) -> Axes:
    """What fields with the usual names state.

    Args:
        fields: name -> text, true or false, or a direction as three numbers; other values do not count.
    """
    notes: list[str] = []
    values: dict[str, Any] = {}
    stated = {_QUANTITIES.get(plain(name)) for name in fields if isinstance(name, str)}
    flipped = ""
    about_axes = bool(stated & {"up", "scale", "system"})
    for name, value in fields.items():
        quantity = _QUANTITIES.get(plain(name)) if isinstance(name, str) else None
        text = _text_of(value) if quantity is not None else ""
        if quantity is None or not text or (quantity == "scale" and text in PIXELS):
            continue
        read = _READERS[quantity](text)
        if plain(name) in OPEN_HAND_NAMES and not about_axes and "hand" not in text:
            notes += [OPEN_HAND.format(short(name), text)] if text == "left" else []
            continue
        if quantity == "flipped":
            flipped = flipped or (name if read["turned"] else "")
        elif read:
            values = read | values
        elif quantity != "system":
            notes.append(f"{short(name)} not read: {short(value)} is not known")
    return Axes(**values, flipped=flipped, notes=tuple(notes))


def _text_of(value: Any) -> str:
    """A value in lower case; of a direction along an axis (0 0 -1) its name; "" for any other value."""
    if isinstance(value, str | bool):
        return str(value).strip().lower()
    is_direction = isinstance(value, list) and len(value) == 3 and sorted(map(str, value)).count("0") == 2
    along = (
        [(number, axis) for number, axis in zip(value, "xyz", strict=True) if number] if is_direction else []
    )
    return "".join(f"{'-' if number == -1 else ''}{axis}" for number, axis in along if number in (1, -1))


def _up_in(text: str) -> dict[str, Any]:
    match = _UP.fullmatch(text)
    up = match[1] + match[2] if match else ""
    return {"up": up} if up in UPS else {}


def _scale_in(text: str) -> dict[str, Any]:
    return {"scale": METRES[text]} if text in METRES else {}


def _hand_in(text: str) -> dict[str, Any]:
    hand = re.split(r"[ _-]", text)[0].removesuffix("handed")
    return {"mirrored": hand == "left"} if hand in ("left", "right") else {}


def _system_in(text: str) -> dict[str, Any]:
    """Both of them in a text such as ``"left-handed, Y up"``."""
    up, hand = _UP_WITHIN.search(text), _HAND_WITHIN.search(text)
    read = {"mirrored": hand[1] == "left"} if hand else {}
    return read | {"up": up[1] + up[2]} if up else read


def _picture_in(text: str) -> dict[str, Any]:
    return {"turned": text in _YES}


_READERS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "up": _up_in,
    "scale": _scale_in,
    "hand": _hand_in,
    "system": _system_in,
    "picture": _picture_in,
    "flipped": _picture_in,
}
