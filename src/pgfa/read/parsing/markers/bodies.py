"""Named trajectories -> bodies: whose marker each is, which landmark, and the joints that follow."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.assemble import counted
from pgfa.read.parsing.markers.centres import NEEDED, front_of, joints_of, rules_for
from pgfa.read.parsing.markers.names import STANDARD, Markers
from pgfa.read.parsing.tracking import MAX_BODIES

MIN_LANDMARKS = 6
"""A subject with fewer recognised markers is an object, or a coincidence of names."""
MAX_LISTED = 12
SAME_PLACE = 0.06
"""Share of the extent of a body within which another one cannot be."""
_NUMBER = re.compile(r"[_. -]?(\d{1,2})$")

Floats = NDArray[np.float64]


@dataclass
class _Subject:
    """Columns of one subject: landmark -> (rank, column); markers of the same name are an error if both are there."""

    columns: dict[str, tuple[int, int]] = field(default_factory=dict)
    repeated: list[tuple[int, int]] = field(default_factory=list)


def bodies_of(
    file: str, labels: Sequence[str], points: Floats, markers: Markers = STANDARD
) -> tuple[Floats, tuple[str, ...]]:
    """The bodies of a recording of named points, as `bodies_and_fronts` without the fronts."""
    bodies, _, notes = bodies_and_fronts(file, labels, points, markers)
    return bodies, notes


def bodies_and_fronts(
    file: str, labels: Sequence[str], points: Floats, markers: Markers = STANDARD
) -> tuple[Floats, Floats, tuple[str, ...]]:
    """The bodies of a recording of named points, and where their markers say that the front is.

    A subject is what precedes a colon, or another separator, in front of a known name (``Anna:LKNE``, ``Anna_LKNE``);
    a star in front of a name (``*LKNE``) is dropped.

    Args:
        file: for the error.
        labels: the points' names.
        points: (frames, points, 2 or 3), NaN where absent, any unit.
        markers: how names become landmarks.

    Returns:
        (frames, bodies, 25, 2 or 3) joints of ntu25, bodies in the order of the file; (frames, bodies, 2 or 3) vectors
        to the front, as `front_of`; and notes.

    Raises:
        BadFile: no subject has all joints of `NEEDED`; names what is missing, the unknown markers, and how to name
            them. Or two markers of one subject have the same name.
    """
    subjects, unknown = _subjects(file, labels, points, markers)
    numbered, unknown = _numbered_subjects(file, labels, points, markers, unknown)
    subjects |= {name: subject for name, subject in numbered.items() if name not in subjects}
    bodies: list[Floats] = []
    fronts: list[Floats] = []
    notes: list[str] = []
    incomplete: list[tuple[str, tuple[str, ...]]] = []
    for name, subject in subjects.items():
        landmarks = {landmark: points[:, column] for landmark, (_, column) in subject.columns.items()}
        joints, missing, lines = joints_of(landmarks)
        if not missing and name in numbered and _is_one_of(joints, bodies):
            notes.append(f"markers with {name} behind their names not read: in the place of another body")
            continue
        if missing:
            incomplete.append((name, missing))
            continue
        bodies.append(joints)
        fronts.append(front_of(landmarks))
        notes += lines
    if not bodies:
        raise _no_body(file, labels, incomplete, unknown)
    notes += [f"subject {name or 'without a name'} left out: no {missing[0]}" for name, missing in incomplete]
    if numbered and len(bodies) > 1:
        notes.append(f"numbers behind the names of markers read as people: {', '.join(numbered)}")
    if len(bodies) > MAX_BODIES:
        notes.append(f"{counted(len(bodies) - MAX_BODIES, 'subject')} left out: more than {MAX_BODIES}")
    stacked = [np.stack(arrays[:MAX_BODIES], axis=1) for arrays in (bodies, fronts)]
    return stacked[0], stacked[1], tuple(dict.fromkeys(notes))


def _subjects(
    file: str, labels: Sequence[str], points: Floats, markers: Markers
) -> tuple[dict[str, _Subject], list[str]]:
    present = np.asarray(np.isfinite(points).all(axis=-1))
    subjects: dict[str, _Subject] = {}
    unknown: list[str] = []
    for column, label in enumerate(labels):
        choice = next(_choices(label, markers), None)
        if choice is None:
            if label.strip():
                unknown.append(label)
            continue
        name, landmark, rank = choice
        if not landmark or not present[:, column].any():
            continue  # left out by the user's table, or a marker that was worn in another recording only
        columns = subjects.setdefault(name, _Subject()).columns
        known = columns.get(landmark)
        if known is None or rank < known[0]:
            columns[landmark] = (rank, column)
        elif rank == known[0] and (present[:, column] & present[:, known[1]]).any():
            actual = f"{label[:40]!r} and {labels[known[1]][:40]!r}"
            expected = f"one marker for {landmark} per subject (subjects as in Anna:LKNE)"
            raise BadFile(file, where="markers", expected=expected, found=actual)
    people = {name: subject for name, subject in subjects.items() if len(subject.columns) >= MIN_LANDMARKS}
    return people, unknown


def _choices(label: str, markers: Markers) -> Iterator[tuple[str, str, int]]:
    """Subject, landmark and rank of a label, the most likely first. A starred name ranks after others."""
    subject, colon, name = label.strip().rpartition(":")
    bare = name.strip().lstrip("*")
    subject = subject.strip().lstrip("*")
    star = 100 * (bare != name.strip() or label.strip().startswith("*"))
    if (landmark := markers.landmark(bare)) is not None:
        yield subject, landmark[0], landmark[1] + star
    for separator in re.finditer(r"[_.\- ]", bare):
        if (landmark := markers.landmark(bare[separator.end() :])) is not None:
            yield subject + colon + bare[: separator.start()], landmark[0], landmark[1] + star


def _numbered_subjects(
    file: str, labels: Sequence[str], points: Floats, markers: Markers, unknown: list[str]
) -> tuple[dict[str, _Subject], list[str]]:
    """The subjects of unknown names that are known ones with a number behind (``LKNE2``), and what is still unknown.

    Args:
        file, labels, points, markers: as in `bodies_of`.
        unknown: names that are not known as they are.
    """
    number_of = {label: number for label in unknown if (number := _number_behind(label, markers))}
    subjects: dict[str, _Subject] = {}
    known: set[str] = set()
    for number in dict.fromkeys(number_of.values()):
        bare = [_NUMBER.sub("", label.strip()) if number_of.get(label) == number else "" for label in labels]
        part, _ = _subjects(file, bare, points, markers)
        subjects |= {f"{name} {number}".strip(): subject for name, subject in part.items()}
        known |= {number} if part else set()
    return subjects, [label for label in unknown if number_of.get(label) not in known]


def _number_behind(label: str, markers: Markers) -> str:
    """The number behind a name that is known without it; "" without one."""
    match = _NUMBER.search(label.strip())
    return match[1] if match and next(_choices(_NUMBER.sub("", label.strip()), markers), None) else ""


def _is_one_of(joints: Floats, bodies: Sequence[Floats]) -> bool:
    """Whether a body is in the place of another: the second of two markers at each joint, not a second person.

    Args:
        joints: (frames, 25, 2 or 3); as each of `bodies`.
    """
    for other in bodies:
        apart = np.linalg.norm(joints - other, axis=-1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of frames without a body
            extent = np.nanmax(other, axis=1) - np.nanmin(other, axis=1)
            size = np.nanmedian(np.linalg.norm(extent, axis=-1))
        if np.isfinite(apart).any() and np.nanmedian(apart) < SAME_PLACE * size:
            return True
    return False


def _no_body(
    file: str, labels: Sequence[str], incomplete: list[tuple[str, tuple[str, ...]]], unknown: list[str]
) -> BadFile:
    """What is missing, with the landmarks that would give it, and how unknown markers are named."""
    if incomplete:
        name, missing = min(incomplete, key=lambda entry: len(entry[1]))
        of = f" of {name[:40]!r}" if name else ""
    else:
        missing = tuple(f"{joint}_{side}" for joint in NEEDED for side in ("left", "right"))
        of = ""
    ways = "; ".join(f"{joint} ({_ways(joint)})" for joint in missing[:3])
    more = f" and {len(missing) - 3} more joints" if len(missing) > 3 else ""
    names = ", ".join(label.strip()[:20] for label in (unknown or labels)[:MAX_LISTED]) or "none"
    rest = f", ... ({len(unknown)})" if len(unknown) > MAX_LISTED else ""
    kind = "unknown names are" if unknown else "its names are"
    return BadFile(
        file,
        where="markers",
        expected="markers of a whole body by known names, or a table of markers that names them "
        '("name in the file" = "landmark", docs/formats.md)',
        found=f"no marker{of} for {ways}{more}; {kind} {names}{rest}",
    )


def _ways(joint: str) -> str:
    """The landmarks that would give a joint, without those that need more than another way does."""
    part, _, side = joint.rpartition("_")
    sets = [frozenset(name for name in rule.weights if name[0] != "=") for rule in rules_for(part)]
    least = [names for names in sets if not any(other < names for other in sets)]
    ways = [
        " + ".join(name if name == "sacrum" else f"{name}_{side}" for name in sorted(names))
        for names in dict.fromkeys(least)
    ]
    return " or ".join(ways)
