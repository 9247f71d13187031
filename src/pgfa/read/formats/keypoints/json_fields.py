"""What a JSON file of keypoints states besides the points: layout, rate, size of the image, up axis, action."""

from __future__ import annotations

import re
from typing import Any

from pgfa.errors import BadFile
from pgfa.read.formats.keypoints.reader import KeypointInfo, layout_named
from pgfa.read.parsing.text_table import short
from pgfa.read.source import FileRef
from pgfa.skeleton import LAYOUTS, Source

RATES = ("rate", "fps", "frame_rate", "framerate", "frameRate", "FPS", "video_fps")
HEADERS = ("info", "meta_info", "metadata", "meta", "video", "video_info")
MAX_RATE, MIN_RATE = 1e4, 0.01
LAYOUT_OF_DATASET = {
    "coco": "coco17", "h36m": "h36m17", "halpe26": "halpe26", "body26": "halpe26", "coco_wholebody": "wholebody133",
    "coco-wholebody": "wholebody133",
}  # fmt: skip
"""Names of data sets in MMPose's `meta_info` -> layouts."""


def info_of(ref: FileRef, content: dict[str, Any]) -> KeypointInfo:
    """Layout, rate (or fps), width and height, up, action and subject; of the object or of its header.

    Raises:
        BadFile: a field with an impossible value.
    """
    headers = [content, *(content[name] for name in HEADERS if isinstance(content.get(name), dict))]
    rate, problems = _rate(ref, headers)
    width, height = number_field(ref, content, "width", 1e6), number_field(ref, content, "height", 1e6)
    up = content.get("up")
    up = up.lower() if isinstance(up, str) else up
    if up is not None and up not in ("y", "-y", "z", "-z", "x", "-x"):
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
        size=(width, height) if width and height else None,
        up=up,
        source=Source(id=ref.stem, **texts),
        problems=problems,
    )


def _rate(ref: FileRef, headers: list[dict[str, Any]]) -> tuple[float | None, tuple[str, ...]]:
    """Frames per second: a number, also as text (``"29.97 fps"``, ``"30000/1001"``). 0 is unknown."""
    for header in headers:
        for name in RATES:
            value = header.get(name)
            if isinstance(value, str):
                value = _number_in(value) if value.strip() else None
                if value is None and header[name].strip():
                    raise _bad_rate(ref, name, header[name])
            if value == 0 and not isinstance(value, bool) and name != "rate":
                return None, (f"{name} is 0 in the file",)
            if value is not None:
                return number_field(ref, {name: value}, name, MAX_RATE, MIN_RATE), ()
    return None, ()


def _number_in(text: str) -> float | None:
    match = re.fullmatch(
        r"\s*(\d{1,9}(?:\.\d{1,9})?)(?:\s*/\s*(\d{1,9}))?\s*(?:fps|hz)?\s*", text, re.IGNORECASE
    )
    if match is None or (match[2] and not int(match[2])):
        return None
    return float(match[1]) / int(match[2] or 1)


def _bad_rate(ref: FileRef, name: str, value: object) -> BadFile:
    expected = f"a number from {MIN_RATE:g} to {MAX_RATE:g}"
    return BadFile(str(ref), where=f"field {name}", expected=expected, found=short(str(value)))


def number_field(
    ref: FileRef, header: dict[str, Any], name: str, most: float, least: float = 0
) -> float | None:
    """A number above 0 and from `least` to `most`; None where the field is missing. Raises BadFile."""
    value = header.get(name)
    if value is None:
        return None
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not 0 < value <= most
        or value < least
    ):
        expected = f"a number from {least:g} to {most:g}" if least else f"a number above 0, at most {most:g}"
        raise BadFile(str(ref), where=f"field {name}", expected=expected, found=short(str(value)))
    return float(value)
