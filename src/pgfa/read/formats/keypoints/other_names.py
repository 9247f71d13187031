"""Tables whose joints have other names than those of a layout: bones of an animation program, markers, a user's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.formats.keypoints.csv_header import plain
from pgfa.read.formats.keypoints.detections import Entry
from pgfa.read.formats.keypoints.joint_names import missing_joints
from pgfa.read.formats.keypoints.people import Person
from pgfa.read.interpret.missing import absent_joints
from pgfa.read.parsing.markers.centres import NEEDED, joints_of
from pgfa.read.parsing.markers.tables import landmarks_of
from pgfa.read.parsing.text_table import short
from pgfa.read.source import FileRef

MOST_MISSING = 6
"""Joints missing for a layout, at most, that are named in a note."""

Floats = NDArray[np.float64]


def own_names(ref: FileRef) -> dict[str, str]:
    """The user's table of names, written as columns are: in lower case, words separated by underscores."""
    return {plain(name): landmark for name, landmark in (ref.stated.markers or {}).items()}


def landmarks_in(ref: FileRef, labels: Mapping[str, str], *, long: bool) -> dict[str, str]:
    """Joint of a table -> landmark of the body.

    Args:
        ref: the file, with the user's table of names.
        labels: joint -> its name in the file, as `csv_header.plain` writes it.
        long: whether the table has one line per joint.

    Raises:
        BadFile: shoulders, elbows, wrists, hips, knees and ankles do not follow from the names; or two have one name.
        BadConfig: an unknown landmark in the user's table.
    """
    where = "column of joints" if long else "header"
    landmarks, twice = landmarks_of(list(labels.values()), own_names(ref))
    if twice:
        expected = "one person in a line, or a column of the person"
        raise BadFile(str(ref), where=where, expected=expected, found=f"{twice[0][:40]} and {twice[1][:40]}")
    if missing := missing_in(landmarks):
        closest, absent = missing_joints(list(labels))
        expected = (
            f"all joints of a layout (closest is {closest.name}, without {', '.join(absent[:5])}), bones or markers of "
            "a whole body by known names, or a table of markers that names them (docs/formats.md)"
        )
        unknown = [label for label in labels.values() if label not in landmarks]
        actual = f"no {', '.join(missing[:5])}; other names are {short(', '.join(unknown[:6])) if unknown else 'none'}"
        raise BadFile(str(ref), where=where, expected=expected, found=actual)
    return {joint: landmarks[label] for joint, label in labels.items() if label in landmarks}


def nearly_a_layout(names: Sequence[str]) -> tuple[str, ...]:
    """A note if only a few joints are missing for a layout.

    Args:
        names: joints of a table, as `canonical`.
    """
    closest, absent = missing_joints(list(names))
    if len(absent) > MOST_MISSING:
        return ()
    return (f"{', '.join(absent)} of {closest.name} missing: joints placed by the others",)


def with_body_joints(
    entries: Mapping[str, Sequence[Entry]],
    names: Sequence[str],
    landmarks: Mapping[str, str],
    axes: Sequence[int],
) -> tuple[dict[str, list[Entry]], tuple[str, ...]]:
    """The entries of each recording with the joints of ntu25, and notes on joints that are approximate.

    Args:
        entries: of people whose points are in the order of `names`, with the columns `axes` (3 is the score).
        names, landmarks, axes: as `body_joints` takes them.
    """
    out: dict[str, list[Entry]] = {}
    notes: dict[str, None] = {}
    for recording, listed in entries.items():
        frames, more = body_joints([entry.people for entry in listed], names, landmarks, axes)
        notes |= dict.fromkeys(more)
        out[recording] = [replace(entry, people=people) for entry, people in zip(listed, frames, strict=True)]
    return out, tuple(notes)


def body_joints(
    frames: Sequence[Sequence[Person]],
    names: Sequence[str],
    landmarks: Mapping[str, str],
    axes: Sequence[int],
) -> tuple[list[list[Person]], tuple[str, ...]]:
    """People frame by frame with the joints of ntu25, and notes on joints that are approximate.

    Args:
        frames: of people whose points are in the order of `names`, with the columns `axes` (3 is the score).
        names: the joints of the file.
        landmarks: joint of the file -> landmark, as `landmarks_in` gives them.
        axes: of the columns.
    """
    if not (people := [person for frame in frames for person in frame]):
        return [list(frame) for frame in frames], ()
    points = np.stack([person.points for person in people])
    coordinates = points[..., [column for column, axis in enumerate(axes) if axis < 3]]
    scores = points[..., list(axes).index(3)] if 3 in axes else None
    absent, decided = absent_joints(coordinates[:, None], None, None if scores is None else scores[:, None])
    zero = (coordinates == 0).all(axis=-1)
    origin = np.flatnonzero(zero.all(axis=0))
    if len(origin) == 1:  # the body is relative to this joint
        absent[:, 0, origin] = False
    coordinates = np.where(absent[:, 0, :, None], np.nan, coordinates)
    joints, _, approximate = joints_of(
        {landmarks[name]: coordinates[:, index] for index, name in enumerate(names) if name in landmarks}
    )
    left = iter(joints)
    out = [[Person(next(left), person.id) for person in frame] for frame in frames]
    return out, (*decided, *approximate)


def missing_in(landmarks: Mapping[str, str]) -> tuple[str, ...]:
    """The joints without which there is no body that do not follow from landmarks.

    Args:
        landmarks: joint of a file -> landmark.
    """
    one = {landmark: np.zeros((1, 2)) for landmark in landmarks.values()}
    return joints_of(one)[1] if one else tuple(f"{joint}_left" for joint in NEEDED)
