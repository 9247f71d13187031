"""SMPL poses of several people in an object stream: a dict of people, or of frames with lists of people.

VIBE, TCMR and WHAM write a dict of people, each with the numbers of the frames in which it is seen; PHALP, the tracker
of 4DHumans, one of frames, each with a list of people and their ids; GVHMR the same person in the frame of the world
and in that of the camera.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from pgfa.errors import BadFile
from pgfa.read.assemble import check_frames, counted
from pgfa.read.parsing.smpl_fields import Floats, Motion, has_poses, motion_of
from pgfa.read.source import FileRef

MAX_KEPT = 16
"""People that are kept, those seen longest."""
WORLD = ("global", "world")
"""In the name of a motion that is in the frame of the world, beside one in that of a camera."""
_FRAMES = ("frame_ids", "frame_id", "frames", "frame_idx", "frame_indices")
_IDS = ("tid", "track_id", "track_ids", "person_id", "person_ids", "ids")
_LISTS = ("smpl", "people", "persons")
_NOT_SEEN = "tracked_time"
"""PHALP: frames since a person was seen, who is listed further with the last pose."""


def motion_in(ref: FileRef, content: object) -> Motion:
    """The poses in the content of an object stream: of one person, or of people side by side, NaN where not seen.

    Raises:
        BadFile: no poses, or people whose frames cannot be told. LimitExceeded.
    """
    if not isinstance(content, dict):
        raise BadFile(str(ref), expected="a dict of arrays", found=type(content).__name__)
    if has_poses(content):
        return motion_of(ref, content)
    people = _people_of_frames(ref, content) or {
        key: value for key, value in content.items() if isinstance(value, dict) and has_poses(value)
    }
    world = [key for key in people if isinstance(key, str) and any(word in key for word in WORLD)]
    if len(world) == 1:
        people = {world[0]: people[world[0]]}
    if not people:
        return motion_of(ref, {str(key): value for key, value in content.items()})  # raises, with the fields
    return _side_by_side(ref, people)


def _side_by_side(ref: FileRef, people: Mapping[Any, Mapping[str, Any]]) -> Motion:
    motions = [motion_of(ref, fields) for fields in people.values()]
    frames = [
        _frames_of(ref, fields, len(motion.poses))
        for fields, motion in zip(people.values(), motions, strict=True)
    ]
    if any(motion.poses.shape[1] != 1 or motion.layout != motions[0].layout for motion in motions):
        raise BadFile(str(ref), expected="people with poses of one kind", found="several kinds")
    known = [numbers for numbers in frames if numbers is not None]
    if len(known) < len(frames) and len({len(motion.poses) for motion in motions}) > 1:
        expected = "the numbers of the frames (frame_ids) of people who are seen in different ones"
        raise BadFile(str(ref), expected=expected, found="none")
    numbers = [
        np.arange(len(motion.poses)) if given is None else given
        for given, motion in zip(frames, motions, strict=True)
    ]
    longest = sorted(sorted(range(len(motions)), key=lambda n: -len(numbers[n]))[:MAX_KEPT])
    first = min(int(numbers[n][0]) for n in longest)
    count = max(int(numbers[n][-1]) for n in longest) - first + 1
    check_frames(ref, count)
    notes = motions[0].notes
    if len(longest) < len(motions):
        notes += (f"{len(motions)} people in the file: the {MAX_KEPT} seen longest are kept",)
    has_trans = all(motions[n].trans is not None for n in longest)
    poses = np.full((count, len(longest), *motions[0].poses.shape[2:]), np.nan)
    trans = np.full((count, len(longest), 3), np.nan)
    for slot, n in enumerate(longest):
        at, pelvis = numbers[n] - first, motions[n].trans
        poses[at, slot] = motions[n].poses[:, 0]
        trans[at, slot] = pelvis[:, 0] if has_trans and pelvis is not None else 0
    return replace(motions[0], poses=poses, trans=trans if has_trans else None, notes=notes)


def _frames_of(ref: FileRef, fields: Mapping[str, Any], frames: int) -> np.ndarray[Any, Any] | None:
    """The numbers of the frames of one person; None if they are not given."""
    name = next((name for name in _FRAMES if name in fields), None)
    if name is None:
        return None
    numbers = np.asarray(fields[name]) if isinstance(fields[name], list | np.ndarray) else np.empty(0)
    whole = numbers.dtype.kind in "iu" and numbers.shape == (frames,)
    if not whole or (np.diff(numbers) <= 0).any():
        expected = f"{counted(frames, 'frame number')} that grow"
        actual = "others" if whole else f"{numbers.dtype} of shape {numbers.shape}"
        raise BadFile(str(ref), where=f"field {name}", expected=expected, found=actual)
    return numbers.astype(np.int64)


def _people_of_frames(ref: FileRef, content: Mapping[Any, Any]) -> dict[Any, dict[str, Any]]:
    """A person's fields over time, by id, of a dict of frames; empty if the content is no such dict."""
    people: dict[Any, dict[str, list[Any]]] = {}
    name = _list_name(content)
    if not name:
        return {}
    for number, frame in enumerate(content.values()):
        persons = frame.get(name) if isinstance(frame, dict) else None
        persons = persons if isinstance(persons, list) else []
        ids, unseen = _ids_of(ref, frame, len(persons)), _column(frame, _NOT_SEEN, len(persons))
        for person, identity, since in zip(persons, ids, unseen or [0] * len(persons), strict=True):
            if (
                not isinstance(person, dict)
                or not has_poses(person)
                or (isinstance(since, int) and since > 0)
            ):
                continue
            fields = people.setdefault(identity, {"frame_ids": []})
            if fields["frame_ids"][-1:] == [number]:
                raise BadFile(
                    str(ref), where=f"frame {number + 1}", expected="an id once", found=f"{identity} twice"
                )
            fields["frame_ids"].append(number)
            for part in ("global_orient", "body_pose"):
                fields.setdefault(part, []).append(np.asarray(person.get(part, np.empty(0)), np.float64))
    return {identity: _stacked(ref, fields) for identity, fields in people.items()}


def _list_name(content: Mapping[Any, Any]) -> str:
    """The field of the frames that lists people with poses; "" if there is none."""
    for frame in content.values():
        for name in _LISTS if isinstance(frame, dict) else ():
            persons = frame.get(name)
            if (
                isinstance(persons, list)
                and persons
                and isinstance(persons[0], dict)
                and has_poses(persons[0])
            ):
                return name
    return ""


def _ids_of(ref: FileRef, frame: Any, people: int) -> list[Any]:
    """The ids of the people of a frame; one person needs none."""
    for name in _IDS:
        if ids := _column(frame, name, people):
            return ids
    if people > 1:
        raise BadFile(str(ref), expected=f"ids of the people of a frame ({', '.join(_IDS)})", found="none")
    return [0] * people


def _column(frame: Any, name: str, people: int) -> list[Any]:
    """A value for each person of a frame; empty if there is none."""
    values = frame.get(name) if isinstance(frame, dict) else None
    listed = values.tolist() if isinstance(values, np.ndarray) else values
    if not isinstance(listed, list) or len(listed) != people:
        return []
    return listed if all(isinstance(value, int | str) for value in listed) else []


def _stacked(ref: FileRef, fields: Mapping[str, list[Any]]) -> dict[str, Any]:
    """Lists of arrays as arrays (frames, ...)."""
    out: dict[str, Any] = {"frame_ids": np.array(fields["frame_ids"])}
    for name in ("global_orient", "body_pose"):
        if len({array.shape for array in fields[name]}) > 1:
            raise BadFile(str(ref), where=f"field {name}", expected="arrays of one shape", found="several")
        array: Floats = np.stack(fields[name])
        out[name] = array if array.shape[-2:] == (3, 3) else array.reshape(len(array), -1)
    return out
