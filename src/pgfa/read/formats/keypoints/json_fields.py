"""What a JSON file of keypoints states besides the points: layout, rate, size of the image, up axis, action."""

from __future__ import annotations

from itertools import islice
from typing import Any

from pgfa.errors import BadFile
from pgfa.read.formats.keypoints.axis_fields import axes_of
from pgfa.read.formats.keypoints.entry_values import number_of
from pgfa.read.formats.keypoints.field_names import MAX_SIDE, image_size
from pgfa.read.formats.keypoints.reader import KeypointInfo, layout_named
from pgfa.read.parsing.rates import MAX_RATE, MIN_RATE, TOLERANCE, BadRate, is_rate_name, stated_rate
from pgfa.read.parsing.text_table import short
from pgfa.read.source import FileRef
from pgfa.skeleton import LAYOUTS, Source

HEADERS = ("info", "meta_info", "metadata", "meta", "video", "video_info")
PICTURES = ("image", "img", "camera", "frame")
"""Fields that may hold the size of the image."""
MAX_FIELDS, MAX_HEADER = 100, 10_000
"""Fields looked through for other headers than `HEADERS`."""
LAYOUT_OF_DATASET = {
    "coco": "coco17", "h36m": "h36m17", "halpe26": "halpe26", "body26": "halpe26", "coco_wholebody": "wholebody133",
    "coco-wholebody": "wholebody133",
}  # fmt: skip
"""Names of data sets in MMPose's `meta_info` -> layouts."""


def headers_of(content: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects of a file that describe it as a whole."""
    return [content, *(content[name] for name in HEADERS if isinstance(content.get(name), dict))]


def info_of(ref: FileRef, content: dict[str, Any]) -> KeypointInfo:
    """Layout, rate (or fps), width and height, up, unit, handedness, action and subject; of the object or its header.

    Raises:
        BadFile: a field with an impossible value.
    """
    # What describes a file is among the first fields; objects of a million names would cost seconds.
    headers = [dict(islice(header.items(), MAX_HEADER)) for header in headers_of(content)]
    # Objects with a number for a name are frames.
    fields = islice(content.items(), MAX_FIELDS)
    others = [value for name, value in fields if isinstance(value, dict) and not name[-1:].isdigit()]
    others += [
        value
        for header in headers[1:]
        for value in islice(header.values(), MAX_FIELDS)
        if isinstance(value, dict)
    ]
    rates = [{name: value for name, value in field.items() if is_rate_name(name)} for field in others]
    rate, problems = _rate(ref, [*headers, *rates])
    size, note = _image_size(ref, headers)
    axes = axes_of({name: value for header in reversed(headers) for name, value in header.items()})
    if (up := content.get("up")) is not None and axes.up is None:
        raise BadFile(str(ref), where="field up", expected="y, -y, z, -z, x or -x", found=short(str(up)))
    texts = {
        name: content[name][:200] for name in ("action", "subject") if isinstance(content.get(name), str)
    }
    layout = layout_named(ref, content["layout"]) if content.get("layout") is not None else None
    if layout is None:
        named = (header.get("dataset_name") for header in headers)
        names = [LAYOUT_OF_DATASET.get(name, "") for name in named if isinstance(name, str)]
        layout = next((LAYOUTS[name] for name in names if name in LAYOUTS), None)
    return KeypointInfo(
        layout=layout,
        rate=rate,
        size=size,
        up=axes.up,
        scale=axes.scale,
        mirrored=axes.turned or axes.mirrored,
        turned=axes.turned,
        flipped=axes.flipped,
        source=Source(id=ref.stem, **texts),
        problems=(*problems, *((note,) if note else ()), *axes.notes),
    )


def _image_size(ref: FileRef, headers: list[dict[str, Any]]) -> tuple[tuple[float, float] | None, str]:
    """Width and height of the image under any usual name, and a note on their order. Raises BadFile."""
    for name in ("width", "height"):
        number_field(ref, headers[0], name, MAX_SIDE)
    pictures = [headers[0][name] for name in PICTURES if isinstance(headers[0].get(name), dict)]
    sizes = (image_size(header) for header in (*headers, *pictures))
    return next((pair for pair in sizes if pair[0]), (None, ""))


def _rate(ref: FileRef, headers: list[dict[str, Any]]) -> tuple[float | None, tuple[str, ...]]:
    """Frames per second under any usual name, or by the time per frame, or the times. Raises BadFile."""
    noted: tuple[str, ...] = ()
    first: tuple[float, tuple[str, ...]] | None = None
    for header in headers:
        try:
            rate, notes = stated_rate(header)
        except BadRate as error:
            if first is not None:
                continue
            name, value = error.args
            expected = f"a number from {MIN_RATE:g} to {MAX_RATE:g}"
            raise BadFile(
                str(ref), where=f"field {name}", expected=expected, found=short(str(value))
            ) from None
        if first is None and rate is not None:
            first = rate, notes
        elif first is not None and rate is not None and abs(rate / first[0] - 1) > TOLERANCE:
            note = f"contradicting frame rates: {first[0]:g} is taken, the file also has {rate:g}"
            return first[0], (*first[1], note)
        noted += notes
    return first or (None, noted)


def number_field(ref: FileRef, header: dict[str, Any], name: str, most: float) -> float | None:
    """A number above 0, at most `most`; None where the field is missing. Raises BadFile."""
    value = header.get(name)
    if value is None:
        return None
    number = number_of(value)
    if number is None or not 0 < number <= most:
        expected = f"a number above 0, at most {most:g}"
        raise BadFile(str(ref), where=f"field {name}", expected=expected, found=short(str(value)))
    return number
