"""Trajectories of markers -> a clip: the end of every reader of a format with named points."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded, Undecided
from pgfa.read.assemble import MAX_FRAMES, assemble, check_frames, counted, is_flat
from pgfa.read.interpret.body import thinned
from pgfa.read.interpret.decision import Decision
from pgfa.read.interpret.lying import ground_under
from pgfa.read.interpret.marks import marked_joints
from pgfa.read.interpret.plausible import check_body
from pgfa.read.interpret.scales import check_scales, uneven_units
from pgfa.read.interpret.upright import handedness
from pgfa.read.parsing.frame_times import usual_step
from pgfa.read.parsing.markers.bodies import bodies_and_fronts
from pgfa.read.parsing.markers.names import STANDARD, Markers, markers_from
from pgfa.read.parsing.units import (
    LOOKS_MIRRORED,
    PLAUSIBLE,
    plane_to_metres,
    torso_length,
    upright_to_metres,
)
from pgfa.read.source import FileRef
from pgfa.read.stated import UNITS
from pgfa.skeleton import NTU25, Clip, Source

METRES = {
    "mm": 0.001, "millimeters": 0.001, "millimetres": 0.001, "millimeter": 0.001, "millimetre": 0.001,
    "cm": 0.01, "centimeters": 0.01, "centimetres": 0.01, "centimeter": 0.01, "centimetre": 0.01,
    "m": 1.0, "meters": 1.0, "metres": 1.0, "meter": 1.0, "metre": 1.0,
    "in": 0.0254, "inch": 0.0254, "inches": 0.0254, "ft": 0.3048, "foot": 0.3048, "feet": 0.3048,
}  # fmt: skip
"""Unit as files write it, in lower case -> metres."""
MAX_SPREAD = 8_000_000
"""Numbers in a recording with left-out frames, if it is more than eight times what the file holds."""
MAX_CELLS = 64_000_000
"""Numbers in one recording."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Trajectories:
    """What a file says, as it says it.

    Attributes:
        labels: the points' names, with their subjects.
        points: (frames, points, 3), NaN where absent.
        rate: frames per second.
        unit: of the coordinates, as the file writes it; "" if it does not say.
        up: the axis that points up (``"z"``), if the format fixes it; None if not.
        subject: who was recorded; "" if unknown.
        problems: defects the reader noticed.
        said_up: as `up`, if the file says it.
    """

    labels: tuple[str, ...]
    points: Floats
    rate: float
    unit: str = ""
    up: str | None = None
    subject: str = ""
    problems: tuple[str, ...] = ()
    said_up: str | None = None


def marker_clip(
    ref: FileRef, raw: bytes, recording: Trajectories, *, where: str, markers: Markers = STANDARD
) -> Clip:
    """One clip: (frames, subjects, 25, 3) metres in ntu25, y up.

    Args:
        ref: the file.
        raw: its bytes, for the digest.
        recording: what the file says.
        where: the file's field for the rate, for the error.
        markers: how names become landmarks.

    Raises:
        BadFile: markers that do not give a body; an impossible rate. LimitExceeded.
    """
    frames = len(recording.points)
    check_frames(ref, frames)
    if ref.stated.rate is None and not 1 <= recording.rate <= 10_000:
        expected, actual = (
            "1 to 10000 frames per second, or --rate (rate=... in Python)",
            f"{recording.rate:g}",
        )
        raise BadFile(str(ref), where=where, expected=expected, found=actual)
    markers = markers_from(ref.stated.markers, markers)
    points = recording.points[:, None]
    marked, absences = marked_joints(points, np.asarray(~np.isfinite(points).all(axis=-1)), recording.labels)
    if marked.any():
        recording = replace(recording, points=np.where(marked[:, 0, :, None], np.nan, recording.points))
    joints, fronts, notes = bodies_and_fronts(str(ref), recording.labels, recording.points, markers)
    notes += absences
    if recording.up is None and is_flat(recording.points):
        # Sports2D writes what one camera sees, in pixels or metres, with z 0.
        positions, unit_notes = plane_to_metres(str(ref), joints, NTU25)
    else:
        positions, unit_notes = _from_space(ref, recording, joints, fronts)
    by_names = Decision("layout", NTU25.name, "declared", "joints by the names of points")
    return assemble(
        ref,
        raw,
        positions,
        rate=recording.rate if 1 <= recording.rate <= 10_000 else ref.stated.rate or recording.rate,
        layout=NTU25,
        source=Source(id=ref.stem, subject=recording.subject),
        problems=(*recording.problems, *unit_notes, *notes, by_names),
        absent="nan",
    )


def _from_space(
    ref: FileRef, recording: Trajectories, joints: Floats, fronts: Floats
) -> tuple[Floats, tuple[str, ...]]:
    """Joints in metres, y up, with notes and decisions. Raises BadFile, Undecided."""
    check_scales(str(ref), joints, NTU25, recording.points)
    doubts = check_body(str(ref), joints, NTU25, ref.stated, recording.points)
    # The unit of a file of markers is that of all axes: only what contradicts it is noted.
    doubts += tuple(note for note in uneven_units(joints, NTU25) if not isinstance(note, Decision))
    scale, notes, decided = _scale(ref, recording.unit, joints)
    notes += doubts
    declared = recording.up is not None  # a format that fixes its axes
    notes += _side_doubts(ref, joints, fronts, declared=declared)
    up = recording.up or recording.said_up
    if up is None and ref.stated.up is None and (up := ground_under(thinned(joints), NTU25) or None):
        lies = f"it lies on the ground at {up} = 0"
        decided = (*decided, Decision("up", up, "established", lies))
        notes += (f"up axis inferred: {up}, as {lies}",)
    positions, inferred = upright_to_metres(
        joints,
        NTU25,
        up=up,
        scale=scale,
        mirrored=False if declared else None,
        right_handed=True,
        fronts=fronts,
        decided=decided,
        stated=ref.stated,
    )
    return positions, (*notes, *inferred)


def _side_doubts(ref: FileRef, joints: Floats, fronts: Floats, *, declared: bool) -> tuple[str, ...]:
    """A note if markers, feet and knees contradict the handedness that is stated or declared.

    Axes of capture systems are right-handed, so little evidence suffices; without any, a mirrored body looks the same.

    Raises:
        Undecided: it is neither stated nor declared, and they do not show that the body is not mirrored.
    """
    sense = handedness(joints, NTU25, right_handed=True, fronts=fronts)
    if ref.stated.mirrored is not None or declared:
        contradicted = sense is not None and sense != bool(ref.stated.mirrored)
        return (LOOKS_MIRRORED,) if contradicted else ()
    if sense is None:
        actual = "a body of which neither markers nor feet, knees and elbows show where its front is: left and right "
        actual += "may be exchanged, or axes left-handed"
        raise Undecided(str(ref), quantity="mirrored", found=actual)
    if sense:
        actual = "a body whose feet and knees point backwards: left-handed axes, or names of left and right exchanged"
        raise Undecided(str(ref), quantity="mirrored", found=actual)
    return ()


def _scale(
    ref: FileRef, unit: str, joints: Floats
) -> tuple[float | None, tuple[str, ...], tuple[Decision, ...]]:
    """Metres per unit as the file has it, or if no body has that size, of the one unit in which it is a body's.

    Raises:
        Undecided: a body's in several units, or in feet. BadFile: in none.
    """
    if ref.stated.unit is not None:
        return None, (), ()
    unit = unit.strip()
    scale = METRES.get(unit.lower())
    if scale is None and unit:
        return None, (f"unit {unit[:20]!r} unknown",), ()
    torso = torso_length(joints, NTU25)
    low, high = PLAUSIBLE
    if scale is None or not np.isfinite(torso) or low <= torso * scale <= high:
        return scale, (), ()
    plausible = [name for name, metres in UNITS.items() if low <= torso * metres <= high]
    if plausible not in (["m"], ["cm"], ["mm"], ["in"]):
        actual = f"{unit[:20]}, in which the torso is {torso * scale:.3g} m long"
        if plausible:
            raise Undecided(str(ref), quantity="unit", found=actual, options=tuple(plausible))
        expected = f"a unit in which the torso is {low:g} to {high:g} m long"
        raise BadFile(str(ref), where="unit", expected=expected, found=actual)
    actual = f"unit labelled {unit[:20]}, but the torso is {torso:.3g} long"
    metres = UNITS[plausible[0]]
    decision = Decision("unit", plausible[0], "established", f"a torso of {torso * metres:.2g} m")
    return metres, (f"{actual}: {plausible[0]} assumed",), (decision,)


def spread(
    ref: FileRef, numbers: Floats, points: Floats, *, where: str = "frames"
) -> tuple[Floats, tuple[str, ...]]:
    """Put frames at their numbers, so that left-out frames are empty ones and do not shorten the recording.

    Args:
        ref: the file, for errors.
        numbers: (frames,) as the file counts them; the smallest step is one frame.
        points: (frames, points, columns).
        where: for errors.

    Returns:
        points with the missing frames as NaN, and notes.

    Raises:
        BadFile: numbers that do not grow. LimitExceeded: too many frames.
    """
    check_frames(ref, len(numbers))
    if len(numbers) == 1:
        return points, ()
    steps = np.diff(numbers)
    if not np.isfinite(numbers).all() or (steps <= 0).any():
        at = int(np.flatnonzero(~(steps > 0))[0]) if (~(steps > 0)).any() else 0
        actual = f"{numbers[at]:g}, then {numbers[at + 1]:g}"
        raise BadFile(str(ref), where=where, expected="frame numbers that grow", found=actual)
    step = float(steps.min())
    index = np.round((numbers - numbers[0]) / step)
    if not index[-1] < MAX_FRAMES:
        raise LimitExceeded(f"{ref}: {index[-1] + 1:,.0f} frames, more than the limit of {MAX_FRAMES:,}")
    missing = int(index[-1]) + 1 - len(numbers)
    if not missing:
        return points, ()
    size = (int(index[-1]) + 1) * int(np.prod(points.shape[1:]))
    # A few frames far apart may not make an array that is much larger than the file.
    if size > max(MAX_SPREAD, 8 * points.size):
        raise LimitExceeded(
            f"{ref}: {missing:,} frames left out between {len(numbers):,}, more than the limit"
        )
    out = np.full((int(index[-1]) + 1, *points.shape[1:]), np.nan)
    out[index.astype(np.int64)] = points
    return out, (f"{counted(missing, 'frame')} left out in the file",)


def numbers_by_times(numbers: Floats, times: Floats) -> tuple[Floats, tuple[str, ...]]:
    """Frame numbers, moved on where the times jump and the numbers do not: a program renumbered what was left.

    Args:
        numbers: (frames,) as the file counts them.
        times: (frames,) in any unit, NaN where absent.

    Returns:
        Numbers, and a note if any was moved.
    """
    counts, passed = np.diff(numbers), np.diff(times)
    step = usual_step(times, counts) if len(times) > 1 and np.isfinite(times).all() else 0.0
    if not step or (counts != counts[0]).any() or (passed <= 0).any():
        return numbers, ()
    jumps = np.where(passed > 1.5 * step, np.rint(passed / step), 1.0)
    if not (jumps > 1).any():
        return numbers, ()
    note = f"{counted(int((jumps > 1).sum()), 'jump')} of the times: the frames between are empty"
    return np.concatenate([[0.0], np.cumsum(jumps)]), (note,)


def check_cells(ref: FileRef, cells: int) -> None:
    """Raise LimitExceeded for more numbers than a recording may have."""
    if cells > MAX_CELLS:
        raise LimitExceeded(f"{ref}: {cells:,} numbers, more than the limit of {MAX_CELLS:,}")
