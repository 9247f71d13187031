"""What a user states about a recording that its file does not say, or says wrongly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from pgfa.errors import BadConfig, did_you_mean
from pgfa.skeleton import LAYOUTS

UPS = ("y", "-y", "z", "-z", "x", "-x")
UNITS = {"m": 1.0, "cm": 0.01, "mm": 0.001, "in": 0.0254, "ft": 0.3048}
"""Unit -> metres."""
MAX_RATE = 1e4
AXES = re.compile(r"(?P<array>[NTMVC]*)\s*(?P<columns>[xyzs-]*)")
"""Array axes (N clips, of which there is one; T frames; M bodies; V joints; C columns), then the columns x, y, z, s
(score) or - (of no use): ``"CTVM"``, ``"yxs"``, ``"NCTVM xyz"``."""

IMAGE_SIZE = re.compile(r"\s*([1-9]\d{0,5})\s*[x×*]\s*([1-9]\d{0,5})\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Stated:
    """What the user states; None for what is left to the file and the body.

    Attributes:
        layout: name of the joint layout of the file.
        up: the axis of the file that points up: y, -y, z, -z, x, -x (in pictures -y: y counts downwards).
        unit: m, cm, mm, in or ft.
        rate: frames per second.
        axes: order of an array's axes, of its columns, or both (`AXES`).
        mirrored: whether the axes are left-handed, so that one of them has to be turned round.
        depth: whether z was measured; False drops it.
        image_size: width and height of the picture in pixels, ``"1920x1080"``, of coordinates from 0 to 1.
        markers: name of a marker or keypoint in the file -> landmark (`pgfa.read.parsing.markers.LANDMARKS`), "" to
            leave it out; before the names that are known.

    Raises:
        BadConfig: any other value; names the option.
    """

    layout: str | None = None
    up: str | None = None
    unit: str | None = None
    rate: float | None = None
    axes: str | None = None
    mirrored: bool | None = None
    depth: bool | None = None
    image_size: str | None = None
    markers: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        for name, value, allowed in (
            ("layout", self.layout, tuple(sorted(LAYOUTS))),
            ("up", self.up, UPS),
            ("unit", self.unit, tuple(UNITS)),
        ):
            if value is not None and value not in allowed:
                hint = did_you_mean(value, allowed) if isinstance(value, str) else ""
                raise BadConfig(
                    where=name,
                    expected=f"one of {', '.join(allowed)}",
                    found=f"{value!r:.40}",
                    advice=hint.strip(),
                )
        if self.rate is not None and not (
            isinstance(self.rate, int | float)
            and not isinstance(self.rate, bool)
            and 0.01 <= self.rate <= MAX_RATE
        ):
            raise BadConfig(
                where="rate", expected=f"0.01 to {MAX_RATE:g} frames per second", found=f"{self.rate!r:.40}"
            )
        for name, flag in (("mirrored", self.mirrored), ("depth", self.depth)):
            if flag is not None and not isinstance(flag, bool):
                raise BadConfig(where=name, expected="true or false", found=f"{flag!r:.40}")
        if self.image_size is not None and not self.pixels:
            raise BadConfig(
                where="image_size",
                expected="width and height, as in 1920x1080",
                found=f"{self.image_size!r:.40}",
            )
        if self.markers is not None and not (
            isinstance(self.markers, Mapping)
            and all(isinstance(text, str) for pair in self.markers.items() for text in pair)
        ):
            raise BadConfig(
                where="markers", expected="a table of names and landmarks", found=f"{self.markers!r:.40}"
            )
        if self.axes is not None and not _are_axes(self.axes):
            raise BadConfig(
                where="axes",
                expected="the array's axes (of N T M V C, with T, V and C), its columns (of x y z s -, "
                "with x and y), or both, as in 'CTVM', 'yxs' or 'CTVM xyz'",
                found=f"{self.axes!r:.40}",
            )

    @property
    def pixels(self) -> tuple[float, float] | None:
        """Width and height of the picture; None if not stated."""
        match = IMAGE_SIZE.fullmatch(self.image_size) if isinstance(self.image_size, str) else None
        return (float(match[1]), float(match[2])) if match else None

    @property
    def array_axes(self) -> str:
        """The order of the array's axes, ``"CTVM"``; "" if not stated."""
        return self._axes("array")

    @property
    def columns(self) -> str:
        """The columns of a joint, ``"yxs"``; "" if not stated."""
        return self._axes("columns")

    def _axes(self, part: str) -> str:
        match = AXES.fullmatch(self.axes or "")
        return match[part] if match else ""

    def to_dict(self) -> dict[str, Any]:
        """What is stated, without what is not."""
        return {name: value for name, value in self._items() if value is not None}

    def over(self, other: Stated) -> Stated:
        """Both together; where they differ, this one counts."""
        return Stated(**(other.to_dict() | self.to_dict()))

    def _items(self) -> list[tuple[str, Any]]:
        return [(field.name, getattr(self, field.name)) for field in fields(self)]


NOTHING = Stated()
NAMES = tuple(field.name for field in fields(Stated))


def stated_from(content: Mapping[str, Any], where: str) -> Stated:
    """What a mapping from a settings file states. Raises BadConfig for an unknown name or a wrong value."""
    if unknown := sorted(content.keys() - set(NAMES)):
        raise BadConfig(f"{where}: expected {', '.join(NAMES)}, found {unknown[0]!r}")
    try:
        return Stated(**content)
    except (BadConfig, TypeError) as error:
        raise BadConfig(f"{where}: {error}") from None


def _are_axes(text: object) -> bool:
    match = AXES.fullmatch(text) if isinstance(text, str) else None
    if match is None or not (match["array"] or match["columns"]):
        return False
    array, columns = match["array"], match["columns"].replace("-", "")
    right_array = not array or ({"T", "V", "C"} <= set(array) and len(set(array)) == len(array))
    right_columns = not columns or ({"x", "y"} <= set(columns) and len(set(columns)) == len(columns))
    return right_array and right_columns
