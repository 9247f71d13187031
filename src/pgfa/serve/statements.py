"""What a client states about an upload that its file does not say: in the query, or as fields of the form."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Query

from pgfa.read.stated import NAMES, UNITS, UPS, Stated
from pgfa.serve.errors import ApiError
from pgfa.serve.forms import Body, UploadBody
from pgfa.skeleton import LAYOUTS

MAX_FIELD = 200
"""Bytes of a field of a form that states something."""
SWITCHES = {
    "true": True,
    "1": True,
    "yes": True,
    "on": True,
    "false": False,
    "0": False,
    "no": False,
    "off": False,
}


def _text(description: str) -> Any:
    return Query(max_length=MAX_FIELD, description=f"what the file does not say: {description}")


async def stated_with(
    body: Body,
    layout: Annotated[str | None, _text(f"its joints, one of {', '.join(sorted(LAYOUTS))}")] = None,
    up: Annotated[str | None, _text(f"the axis that points up, one of {', '.join(UPS)}")] = None,
    unit: Annotated[str | None, _text(f"the unit of length, one of {', '.join(UNITS)}")] = None,
    rate: Annotated[float | None, Query(description="what the file does not say: frames per second")] = None,
    axes: Annotated[str | None, _text("the order of axes and columns, as CTVM, yxs, or both")] = None,
    mirrored: Annotated[bool | None, Query(description="whether the axes are left-handed")] = None,
    depth: Annotated[bool | None, Query(description="whether z was measured")] = None,
    image_size: Annotated[str | None, _text("width and height of the picture, as 1920x1080")] = None,
) -> Stated:
    """What the query states, and over it what the fields of a form (`curl -F up=z`) state.

    Raises:
        BadConfig (422): a value that is not allowed. ApiError (422): a rate that is not a number, or a switch that is
            neither true nor false.
    """
    query = Stated(
        layout=layout,
        up=up,
        unit=unit,
        rate=rate,
        axes=axes,
        mirrored=mirrored,
        depth=depth,
        image_size=image_size,
    )
    return Stated(**{name: _value(name, text) for name, text in form_fields(body).items()}).over(query)


StatedReading = Annotated[Stated, Depends(stated_with)]


def form_fields(body: UploadBody) -> dict[str, str]:
    """The fields of a form that state something; none of any other body."""
    fields: dict[str, str] = {}
    for part in body.parts or ():
        if len(part.content) > MAX_FIELD or part.name not in NAMES or part.name == "markers":
            continue
        if text := part.content.decode("utf-8", "replace").strip():
            fields[part.name] = text
    return fields


def _value(name: str, text: str) -> Any:
    """A field's text as the value that it states."""
    if name == "rate":
        try:
            return float(text)
        except ValueError:
            raise _wrong(name, "frames per second", text) from None
    if name in ("mirrored", "depth"):
        if text.lower() not in SWITCHES:
            raise _wrong(name, "true or false", text)
        return SWITCHES[text.lower()]
    return text


def _wrong(name: str, expected: str, text: str) -> ApiError:
    return ApiError(422, "BadConfig", expected=expected, found=repr(text)[:MAX_FIELD], where=name)
