"""Names in use for scores, ids of people, joint names and image sizes, in files of keypoints of any kind.

Names are compared as `pgfa.read.parsing.rates.plain` writes them: in lower case, without separators.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from pgfa.read.parsing.rates import plain

SCORES = (
    "score", "scores", "confidence", "confidences", "conf", "confs", "confidencelevel", "visibility", "visibilities",
    "visible", "isvisible", "vis", "presence", "likelihood", "likelihoods", "inframelikelihood", "lik", "prob", "probs",
    "probability", "probabilities", "certainty", "valid", "isvalid", "validity",
)  # fmt: skip
"""What says how sure an estimator is of a joint, or whether it was seen: the more, the surer."""
SHORT_SCORES = ("v", "c", "s")
"""The same beside the x and y of one joint, where these letters can mean nothing else."""
UNSURE_SCORES = ("p", "acc", "accuracy", "quality", "reliability", "weight")
"""Names that are also those of other quantities: they are scores if all values are from 0 to 1."""
OPEN_SCORES = ("mask", "masks", "occluded", "occlusion", "missing")
"""Names that leave open which value marks an absent joint; they are not read, and a problem says so."""
_SCORE_PREFIXES = (
    "keypoints",
    "keypoint",
    "kpts",
    "kpt",
    "kps",
    "kp",
    "joints",
    "joint",
    "pose",
    "landmarks",
    "landmark",
)

JOINT_NAMES = (
    "keypointnames", "keypointsnames", "jointnames", "jointsnames", "landmarknames", "kptnames", "bodyparts",
    "bodypartnames", "nodenames", "partnames", "keypointid2name", "keypointlabels", "jointlabels", "pointnames",
)  # fmt: skip
"""Fields that list the joints in the order of the file."""

PEOPLE = (
    "track", "tracking", "tracker", "person", "people", "human", "body", "skeleton", "user", "player", "individual",
)  # fmt: skip
SUBJECTS = ("subject", "participant", "actor", "performer", "dancer", "athlete", "patient")
"""Those who are often recorded one after the other."""
_THINGS = ("object", "obj", "instance", "pose")
"""Names of an id; without `id` behind they may be a class."""
_NOUNS = (*PEOPLE, *SUBJECTS, *_THINGS)
_PERSON = re.compile(
    rf"(?:{'|'.join(_NOUNS)})(?:id|index|idx|no|num|nr|number)"
    rf"|(?:{'|'.join((*PEOPLE, *SUBJECTS))})(?:name)?|[ptu]id|uuid"
)
_LAST = ("idx", "id", "name")
_KINDS = ("person", "people", "human", "pedestrian", "body", "pose", "skeleton", "man", "woman", "keypoints")
"""Names that are those of all people."""

_RECORDING = re.compile(
    "(?:camera|cam|video|movie|trial|take|clip|sequence|seq|recording|file|sensor|device|kinect|view|viewpoint|serial|source)"
    "(?:id|index|idx|no|num|nr|number|name|file|path|serial|serialnumber)?"
)

LONGEST = 40
"""Letters of a name; longer ones are not looked at."""
_WIDTHS = ("width", "imagewidth", "imgwidth", "framewidth", "videowidth", "imagew", "imgw")
_HEIGHTS = ("height", "imageheight", "imgheight", "frameheight", "videoheight", "imageh", "imgh")
_SIZES = (
    "imagesize",
    "imgsize",
    "framesize",
    "videosize",
    "resolution",
    "videoresolution",
    "imageresolution",
)
_SHAPES = ("imageshape", "imgshape", "frameshape", "videoshape", "originalshape", "origshape")
"""Height and width, as arrays of numbers have them."""
MAX_SIDE = 1e6
"""Pixels of a side of an image, at most."""


def is_score_name(name: str) -> bool:
    """Whether a field beside all joints of a person, or of a recording, has their scores."""
    return len(name) <= LONGEST and _is_score_name(name)


@lru_cache(maxsize=1024)
def _is_score_name(name: str) -> bool:
    bare = plain(name)
    return bare in SCORES or any(bare.removeprefix(prefix) in SCORES for prefix in _SCORE_PREFIXES)


def is_open_score_name(name: str) -> bool:
    """Whether a field may say which joints are absent, but not by which of its values."""
    return plain(name) in OPEN_SCORES


def is_joint_list_name(name: str) -> bool:
    """Whether a field lists the names of the joints."""
    return plain(name) in JOINT_NAMES


def person_names(names: Iterable[str]) -> list[str]:
    """Those of the names that are an id of a person: of a track first, then of a person, `idx`, `id`, `name` last."""
    ranked = [(rank, name) for name in names if len(name) <= LONGEST and (rank := _rank(name)) is not None]
    return [name for _, name in sorted(ranked, key=lambda pair: pair[0])]


@lru_cache(maxsize=1024)
def _rank(name: str) -> int | None:
    """The place of an id among the ids of a person; None for any other name."""
    bare = plain(name)
    if bare in _LAST:
        return 1000 + _LAST.index(bare)
    if _PERSON.fullmatch(bare) is None:
        return None
    noun = next((number for number, noun in enumerate(_NOUNS) if bare.startswith(noun)), 0)
    return noun + 100 * (bare in _NOUNS)


def is_subject_name(name: str) -> bool:
    """Whether an id is that of somebody who may be the only one of a recording."""
    return plain(name).startswith(SUBJECTS)


def is_recording_name(name: str) -> bool:
    """Whether a column says from which recording a line is."""
    return _RECORDING.fullmatch(plain(name)) is not None


def is_kind(value: object) -> bool:
    """Whether the name of a person is that of its kind (``person``), as detectors write it."""
    return isinstance(value, str) and value.lower() in _KINDS


def is_size_name(name: str) -> bool:
    """Whether a field states the width, the height or both of the image."""
    return plain(name) in (*_WIDTHS, *_HEIGHTS, *_SIZES, *_SHAPES)


def image_size(fields: Mapping[str, Any]) -> tuple[tuple[float, float] | None, str]:
    """Width and height of the image, if fields state both, and how they were read if the order is one of custom.

    Args:
        fields: name -> number, text (``"1280x720"``), list of two numbers, or an object of width and height.
    """
    named = {plain(name): (name, value) for name, value in fields.items() if isinstance(name, str)}
    for widths, heights in zip(_WIDTHS, _HEIGHTS, strict=True):
        if widths in named and heights in named:
            size = _pair([named[widths][1], named[heights][1]])
            if size:
                return size, ""
    for key in (*_SIZES, *_SHAPES):
        name, value = named.get(key, ("", None))
        if isinstance(value, dict):
            size, _ = image_size(value)
            if size:
                return size, ""
            continue
        if isinstance(value, str):
            value = (
                re.findall(r"\d{1,7}", value) if re.fullmatch(r"\D{0,3}\d+\D{1,3}\d+\D{0,3}", value) else None
            )
        elif hasattr(value, "tolist"):
            value = value.tolist()
        size = _pair(value[:2]) if isinstance(value, list) and len(value) in (2, 3) else None
        if size and key in _SHAPES:
            size = size[::-1]
        if size:
            return size, f"{name} read as width {size[0]:g} and height {size[1]:g}"
    return None, ""


def _pair(values: list[Any]) -> tuple[float, float] | None:
    try:
        width, height = (0.0 if isinstance(value, bool) else float(value) for value in values)
    except (TypeError, ValueError, OverflowError):
        return None
    return (width, height) if 1 < width <= MAX_SIDE and 1 < height <= MAX_SIDE else None
