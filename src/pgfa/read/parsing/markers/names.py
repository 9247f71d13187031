"""The names of markers, keypoints and segments in programs for motion capture -> landmarks of the body.

A landmark is a point of the body (`knee_lateral_left`, `c7`); joints follow from landmarks (`centres`). A name is
recognised by its side (a word, or the first letter) and what is left of it, in upper or lower case, with any
separators: `LKNE`, `L.Knee.Lat` and `knee_lateral_left` are one landmark.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from pgfa.errors import BadConfig

SIDES = {"l": "left", "left": "left", "r": "right", "right": "right"}

# Landmark -> its names, the most specific first. Sources: Plug-in Gait and CGM2 (Vicon); CAST, IOR and ISB (LIAS,
# LFLE, CV7); OpenSim's gait models (R.ASIS, V.Sacral, R.Knee.Lat); OpenCap (r_knee_study); Qualisys and Motive
# (WaistLFront, LKneeOut); keypoints of OpenPose, HALPE and COCO as Pose2Sim and OpenCap write them (RHip, CHip).
MIDDLE = {
    "head": "head",
    "head_top": "headtop tophead headvertex vertex",
    "head_front": "headfront frontofhead fhd glabella sgl",
    "head_back": "headback bhd",
    "nose": "nose",
    "neck": "neck",
    "neck_base": "spineshoulder shouldercenter shouldercentre shoulderspine",
    "c7": "c7 cv7 c7study spinetop backtop spinec7",
    "clavicle": "clav clavicle ij sjn jugularnotch sternumjugular",
    "sternum": "strn sternum xiphoid px sxs chest",
    "t10": "t10 tv10 t8 tv8",
    "sacrum": "sacr sacrum sacral vsacral vsacrum",
    "pelvis": "pelvis chip midhip hip hips hipcenter hipcentre spinebase basespine root",
}
SIDED = {
    "head_front": "fhd fhead headfront ah",
    "head_back": "bhd bhead headback ph",
    "head_side": "head headside hd",
    "ear": "ear",
    "eye": "eye",
    "acromion": "acromion acromium sho shoulderstudy shouldertop caj sae acr",
    "shoulder": "sjc shoulder",
    "elbow_lateral": "elbowlateral elb elblat elbowlat lelbow latelbow lateralelbow elbowout hle",
    "elbow_medial": "elbowmedial elbm elbmed melb elbowmed melbow medelbow medialelbow elbowin hme",
    "elbow": "ejc elbow",
    "wrist_radial": "wristradial wra wristlat wristlateral lwrist latwrist wristin rsp radialstyloid",
    "wrist_ulnar": "wristulnar wrb wristmed wristmedial mwrist medwrist wristout usp ulnarstyloid",
    "wrist": "wjc wrist",
    "hand": "hand",
    "hand_inner": "handinner handin hm2",
    "hand_outer": "handouter handout hm5",
    "finger": "finger fin hm3 middlefinger",
    "thumb": "thumb",
    "asis": "asis asi ias waistfront",
    "psis": "psis psi ips waistback",
    "trochanter": "trochanter greatertrochanter ftc gtr troc",
    "hip": "hjc hip",
    "knee_lateral": "kneelateral kne kneestudy kneelat lknee latknee lateralknee kneeout fle",
    "knee_medial": "kneemedial knm knem kneemed mknee mkne medknee medialknee kneein fme",
    "knee": "kjc knee",
    "ankle_lateral": "anklelateral ank anklestudy anklelat lankle latankle lateralankle ankleout fal lmal",
    "ankle_medial": "anklemedial ankm anklemed mankle mank medankle medialankle anklein tam mmal med",
    "ankle": "ajc ankle",
    "heel": "heel hee calc cal fcc heelback calcaneus",
    "toe": "toe toetip fm2",
    "foot": "foot",
    "toe_big": "toebig bigtoe hallux",
    "toe_small": "toesmall smalltoe littletoe",
    "metatarsal_1": "metatarsal1 fm1 1meta meta1 mt1 toein toemed forefootin",
    "metatarsal_5": "metatarsal5 fm5 5meta meta5 mt5 toeout toelat forefootout",
}
# Segments and bones, whose position is that of the joint at their start: Xsens MVN, Motive, MotionBuilder.
MIDDLE_BONES = {
    "pelvis": "pelvis hips hip root",
    "spine": "t12 spine1 spine2 ab",
    "neck_base": "neck neck1",
    "head_base": "head",
}
SIDED_BONES = {
    "shoulder": "upperarm uarm arm",
    "elbow": "forearm farm lowerarm",
    "wrist": "hand",
    "hip": "upperleg upleg thigh",
    "knee": "lowerleg leg shin",
    "ankle": "foot",
    "toe": "toe toebase",
}
LANDMARKS = frozenset(MIDDLE) | {f"{name}_{side}" for name in SIDED for side in ("left", "right")}
"""What a user's table may name."""
_REDUNDANT = {"study", "marker", "mkr", "joint"}
"""Words that are no part of a landmark."""

Table = dict[str, tuple[str, int]]


def _aliases(names: Mapping[str, str]) -> Table:
    """Alias -> (landmark, rank); of two markers of one landmark, that of the lower rank counts."""
    return {alias: (name, rank) for name, text in names.items() for rank, alias in enumerate(text.split())}


@dataclass(frozen=True)
class Markers:
    """How names become landmarks.

    Attributes:
        middle: alias of a landmark in the middle of the body -> (landmark, rank).
        sided: alias of a landmark without its side -> (landmark without side, rank).
        own: names as the user's table gives them, in lower case -> landmark.
    """

    middle: Table
    sided: Table
    own: Mapping[str, str] = field(default_factory=dict)

    def landmark(self, name: str) -> tuple[str, int] | None:
        """The landmark of a name without its subject, and its rank; None for an unknown name."""
        if (landmark := self.own.get(name.strip().lower())) is not None:
            return landmark, -1
        words = _words(name)
        # r_knee_study is the lateral marker of a set that also has a keypoint RKnee: first with all words.
        for chosen in (words, tuple(word for word in words if word not in _REDUNDANT)):
            if (landmark_and_rank := self._of(chosen)) is not None:
                return landmark_and_rank
        return None

    def _of(self, words: tuple[str, ...]) -> tuple[str, int] | None:
        whole = "".join(words)
        if whole in self.middle:
            return self.middle[whole]
        sides = [index for index, word in enumerate(words) if word in SIDES]
        for index in sides:
            part = "".join(words[:index] + words[index + 1 :])
            if part in self.sided:
                return _with_side(self.sided[part], SIDES[words[index]])
        for prefix, side in SIDES.items():
            if not sides and whole.startswith(prefix) and whole.removeprefix(prefix) in self.sided:
                return _with_side(self.sided[whole.removeprefix(prefix)], side)
            if (
                not sides
                and len(prefix) > 1
                and whole.endswith(prefix)
                and (part := whole.removesuffix(prefix)) in self.sided
            ):
                return _with_side(self.sided[part], side)
        return None


def _with_side(landmark: tuple[str, int], side: str) -> tuple[str, int]:
    return f"{landmark[0]}_{side}", landmark[1]


@lru_cache(maxsize=4096)
def _words(name: str) -> tuple[str, ...]:
    """The words of a name in lower case: RBigToe -> r, big, toe; L_5meta_study -> l, 5meta, study."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    spaced = re.sub(r"([A-Z])([A-Z][a-z])", r"\1 \2", spaced)
    return tuple(re.sub(r"[^A-Za-z0-9]+", " ", spaced).lower().split())


STANDARD = Markers(_aliases(MIDDLE), _aliases(SIDED))
"""Markers and keypoints by the names in `MIDDLE` and `SIDED`."""
BONES = Markers(_aliases(MIDDLE_BONES), _aliases(SIDED_BONES))
"""Segments by the names in `MIDDLE_BONES` and `SIDED_BONES`."""


def markers_from(table: Mapping[str, object] | None, standard: Markers = STANDARD) -> Markers:
    """The standard names and those of the user's own table, if there is one.

    Args:
        table: name of a marker in the file, without its subject -> landmark (``{"Kn_out_L": "knee_lateral_left"}``).
            It counts before the standard names; ``""`` as the landmark leaves a marker out.
        standard: how other names become landmarks.

    Raises:
        BadConfig: a landmark that is not in `LANDMARKS`; names it and those that are.
    """
    own: dict[str, str] = {}
    for name, landmark in (table or {}).items():
        if not isinstance(landmark, str) or (landmark and landmark not in LANDMARKS):
            known = ", ".join(sorted(MIDDLE)) + ", and with _left or _right " + ", ".join(sorted(SIDED))
            raise BadConfig(
                f"marker {name[:40]!r}: expected a landmark ({known}), found {str(landmark)[:40]!r}"
            )
        own[name.strip().lower()] = landmark
    return Markers(standard.middle, standard.sided, own) if own else standard
