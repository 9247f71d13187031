"""The landmarks of a table whose columns are bones, joints or markers by name, as programs and users write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pgfa.errors import BadConfig
from pgfa.read.parsing.markers.names import LANDMARKS, STANDARD
from pgfa.read.parsing.rig_names import flat_joints

_OF_BONE = {"neck": "neck_base", "head": "head_base"}
"""A bone starts at a joint: that of the head at the neck."""
_ASTRA = {"shoulder_spine", "mid_spine", "base_spine"}
"""Names that only Orbbec's Astra SDK has."""


def landmarks_of(
    names: Sequence[str], own: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, str] | None]:
    """Name -> landmark for the names that are known.

    Args:
        names: in lower case, words separated by underscores, without the coordinate (``left_up_leg``).
        own: names -> landmarks of the user's table, written like `names`; these count before all others.

    Returns:
        The landmarks; and two names that are the same landmark by the same right, as those of two people are, or None.

    Raises:
        BadConfig: an unknown landmark in the user's table.
    """
    if wrong := next((landmark for landmark in own.values() if landmark and landmark not in LANDMARKS), None):
        raise BadConfig(f"expected a landmark as docs/formats.md lists them, found {wrong[:40]!r}")
    others = [name for name in names if name not in own]
    bones, twice = flat_joints(others)
    if bones:
        known = {name: _OF_BONE.get(joint, joint) for joint, name in bones.items()}
    else:
        known, twice = _standard(others)
        if set(others) >= _ASTRA and not any(landmark.startswith("ankle") for landmark in known.values()):
            known = _of_astra(known)
    taken = set(own.values())
    known = {name: landmark for name, landmark in known.items() if landmark not in taken}
    return known | {name: own[name] for name in names if own.get(name)}, twice


def _of_astra(known: dict[str, str]) -> dict[str, str]:
    """The landmarks of Orbbec's Astra, whose legs end in a foot at the ankle."""
    return {name: landmark.replace("foot_", "ankle_") for name, landmark in known.items()}


def _standard(names: Sequence[str]) -> tuple[dict[str, str], tuple[str, str] | None]:
    """As `landmarks_of`, by the names of markers and keypoints."""
    best: dict[str, tuple[int, str]] = {}
    twice = None
    for name in names:
        if (known := STANDARD.landmark(name)) is None:
            continue
        landmark, rank = known
        if landmark not in best or rank < best[landmark][0]:
            best[landmark] = (rank, name)
        elif rank == best[landmark][0]:
            twice = twice or (best[landmark][1], name)
    return {name: landmark for landmark, (_, name) in best.items()}, twice
