"""Whether a joint was seen, as cameras and estimators write it beside its coordinates: states and flags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from pgfa.read.formats.keypoints.field_names import SCORES, SHORT_SCORES, UNSURE_SCORES, is_score_name
from pgfa.read.formats.keypoints.joint_labels import is_of_astra
from pgfa.read.parsing.rates import plain
from pgfa.read.parsing.text_table import short

STATES = (
    "tracking_state", "tracking_status", "joint_state", "tracked", "is_tracked", "detected", "is_detected", "present",
    "is_present", "seen", "is_seen", "ok", "is_ok",
)  # fmt: skip
"""Names whose value 0, or no, says that a joint was not seen; words are separated by underscores."""
LOOSE_STATES = ("state", "status")
"""Names that may also be those of a code that is 0 if all is well, outside tables."""
UNSEEN = (
    "0", "0.0", "not_tracked", "nottracked", "untracked", "none", "false", "no", "n", "lost", "invisible", "missing",
    "not_detected", "notdetected", "undetected", "absent", "unseen",
)  # fmt: skip
_FLAGS = ("true", "false", "yes", "no", "0", "1", "0.0", "1.0")
_PLAIN = {plain(name) for name in STATES}
_PLAIN_LOOSE = {plain(name) for name in LOOSE_STATES}
_KNOWN = {*_PLAIN, *_PLAIN_LOOSE, *SCORES, *SHORT_SCORES, *UNSURE_SCORES, *"xyz"}


def is_unseen(value: object) -> bool:
    """Whether a state, as text, number, true or false, says that a joint was not seen."""
    text = str(value)
    with suppress(ValueError):
        text = f"{float(text):g}"
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[\s-]+", "_", text.strip()).lower() in UNSEEN


def state_of(point: Mapping[str, Any]) -> Any:
    """The state of a joint, with names of fields in lower case; None without one."""
    for name, value in point.items():
        bare = plain(name)
        if value is None or isinstance(value, dict | list):
            continue
        if bare in _PLAIN or (bare in _PLAIN_LOOSE and (isinstance(value, str) or is_of_astra(point))):
            return value
    return None


def unread_flags(points: Sequence[Mapping[str, Any] | None]) -> list[str]:
    """Notes on fields of joints that are no for some joints and yes for others, and whose names are not known."""
    present = [point for point in points if point is not None]
    fields = [
        name
        for name in (present[0] if present else {})
        if plain(name) not in _KNOWN and not is_score_name(name)
    ]
    return [flag_note(name) for name in fields if are_flags(point.get(name) for point in present)]


def are_flags(values: Iterable[object]) -> bool:
    """Whether values are yes for some and no for others, in words or as 1 and 0."""
    flags: set[str] = set()
    for value in values:
        text = str(value).strip().lower()
        if text not in _FLAGS:
            return False
        flags.add(text)
    return len(flags) == 2


def flag_note(name: str) -> str:
    """What is said of a flag that is not read."""
    return f"{short(name)} not read: if it says which joints were seen, call it tracked"
