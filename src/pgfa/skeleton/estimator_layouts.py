"""Layouts of pose estimators (COCO, OpenPose, MediaPipe) and of the SMPL body model, and their maps."""

from __future__ import annotations

from pgfa.skeleton.layout import Layout, both

_FACE = (*both("nose=", "eye", "ear"),)

COCO17 = Layout(
    name="coco17",
    joints=(
        "nose", "eye_left", "eye_right", "ear_left", "ear_right",
        "shoulder_left", "shoulder_right", "elbow_left", "elbow_right", "wrist_left", "wrist_right",
        "hip_left", "hip_right", "knee_left", "knee_right", "ankle_left", "ankle_right",
    ),
    # The nose is the only joint in the middle: it is the centre, and the root too. Map to ntu25 for a trunk.
    bones=(
        *_FACE,
        *both("nose=", "shoulder", "elbow", "wrist"),
        *both("shoulder", "hip", "knee", "ankle"),
    ),
    centre="nose",
    root="nose",
)  # fmt: skip

# OpenPose's "neck" is half-way between the shoulders, which is the chest of a Kinect.
OPENPOSE18 = Layout(
    name="openpose18",
    joints=(
        "nose", "chest",
        "shoulder_right", "elbow_right", "wrist_right", "shoulder_left", "elbow_left", "wrist_left",
        "hip_right", "knee_right", "ankle_right", "hip_left", "knee_left", "ankle_left",
        "eye_right", "eye_left", "ear_right", "ear_left",
    ),
    bones=(
        ("nose", "chest"),
        *_FACE,
        *both("chest=", "shoulder", "elbow", "wrist"),
        *both("chest=", "hip", "knee", "ankle"),
    ),
    centre="chest",
    root="chest",
)  # fmt: skip

OPENPOSE25 = Layout(
    name="openpose25",
    joints=(
        "nose", "chest",
        "shoulder_right", "elbow_right", "wrist_right", "shoulder_left", "elbow_left", "wrist_left",
        "pelvis", "hip_right", "knee_right", "ankle_right", "hip_left", "knee_left", "ankle_left",
        "eye_right", "eye_left", "ear_right", "ear_left",
        "toe_left", "small_toe_left", "heel_left", "toe_right", "small_toe_right", "heel_right",
    ),
    bones=(
        ("nose", "chest"), ("pelvis", "chest"),
        *_FACE,
        *both("chest=", "shoulder", "elbow", "wrist"),
        *both("pelvis=", "hip", "knee", "ankle", "toe", "small_toe"),
        *both("ankle", "heel"),
    ),
    centre="chest",
    root="pelvis",
)  # fmt: skip

MEDIAPIPE33 = Layout(
    name="mediapipe33",
    joints=(
        "nose", "eye_inner_left", "eye_left", "eye_outer_left", "eye_inner_right", "eye_right", "eye_outer_right",
        "ear_left", "ear_right", "mouth_left", "mouth_right",
        "shoulder_left", "shoulder_right", "elbow_left", "elbow_right", "wrist_left", "wrist_right",
        "pinky_left", "pinky_right", "index_left", "index_right", "thumb_left", "thumb_right",
        "hip_left", "hip_right", "knee_left", "knee_right", "ankle_left", "ankle_right",
        "heel_left", "heel_right", "toe_left", "toe_right",
    ),
    bones=(
        *both("nose=", "eye_inner", "eye", "eye_outer", "ear"),
        *both("nose=", "mouth"),
        *both("nose=", "shoulder", "elbow", "wrist", "index"),
        *both("wrist", "pinky"), *both("wrist", "thumb"),
        *both("shoulder", "hip", "knee", "ankle", "heel", "toe"),
    ),
    centre="nose",
    root="nose",
)  # fmt: skip

# SMPL's "neck" is the base of the neck, which the other layouts call chest; its three spine joints are lower.
SMPL24 = Layout(
    name="smpl24",
    joints=(
        "pelvis", "hip_left", "hip_right", "spine_1", "knee_left", "knee_right", "spine_2",
        "ankle_left", "ankle_right", "spine_3", "foot_left", "foot_right", "chest",
        "collar_left", "collar_right", "head", "shoulder_left", "shoulder_right",
        "elbow_left", "elbow_right", "wrist_left", "wrist_right", "hand_left", "hand_right",
    ),
    bones=(
        ("spine_3", "chest"), ("spine_2", "spine_3"), ("spine_1", "spine_2"), ("pelvis", "spine_1"),
        ("head", "chest"),
        *both("spine_3=", "collar", "shoulder", "elbow", "wrist", "hand"),
        *both("pelvis=", "hip", "knee", "ankle", "foot"),
    ),
    centre="chest",
    root="pelvis",
)  # fmt: skip

# Human3.6M in the order of VideoPose3D, MotionBERT and MMPose. Its "thorax" is half-way between the shoulders; "neck"
# (or "nose") is at the height of the chin, "head" the top of the head.
H36M17 = Layout(
    name="h36m17",
    joints=(
        "pelvis", "hip_right", "knee_right", "ankle_right", "hip_left", "knee_left", "ankle_left",
        "spine", "chest", "chin", "crown",
        "shoulder_left", "elbow_left", "wrist_left", "shoulder_right", "elbow_right", "wrist_right",
    ),
    bones=(
        ("spine", "chest"), ("pelvis", "spine"), ("chin", "chest"), ("crown", "chin"),
        *both("chest=", "shoulder", "elbow", "wrist"),
        *both("pelvis=", "hip", "knee", "ankle"),
    ),
    centre="chest",
    root="pelvis",
)  # fmt: skip

# Human3.6M with all joints of its recordings. Each joint with several children is there once more before its second and
# third child: the pelvis, the thorax ("collar" here) and the wrist, and so is the end of the hand.
H36M32 = Layout(
    name="h36m32",
    joints=(
        "pelvis",
        *(f"{joint}_right" for joint in ("hip", "knee", "ankle", "foot", "toe")),
        *(f"{joint}_left" for joint in ("hip", "knee", "ankle", "foot", "toe")),
        "spine_base", "spine", "chest", "chin", "crown",
        *(
            f"{joint}_{side}"
            for side in ("left", "right")
            for joint in ("collar", "shoulder", "elbow", "wrist", "thumb_root", "thumb", "hand", "hand_end")
        ),
    ),
    bones=(
        ("spine", "chest"), ("spine_base", "spine"), ("pelvis", "spine_base"), ("chin", "chest"), ("crown", "chin"),
        *both("chest=", "collar", "shoulder", "elbow", "wrist", "hand", "hand_end"),
        *both("wrist", "thumb_root", "thumb"),
        *both("pelvis=", "hip", "knee", "ankle", "foot", "toe"),
    ),
    centre="chest",
    root="pelvis",
)  # fmt: skip

# The body of SMPL-H and SMPL-X: SMPL without the hands, which have joints of their own there.
SMPLX22 = Layout(
    name="smplx22",
    joints=SMPL24.joints[:22],
    bones=tuple(bone for bone in SMPL24.bones if not bone[0].startswith("hand")),
    centre="chest",
    root="pelvis",
)

ESTIMATOR_LAYOUTS = (COCO17, OPENPOSE18, OPENPOSE25, MEDIAPIPE33, SMPL24, H36M17, H36M32, SMPLX22)


def sides(**recipes: dict[str, float]) -> dict[str, dict[str, float]]:
    """The same recipe for the left and the right joint."""
    return {
        f"{joint}_{side}": {f"{origin}_{side}": weight for origin, weight in sources.items()}
        for joint, sources in recipes.items()
        for side in ("left", "right")
    }


def pair(joint: str, share: float = 1.0) -> dict[str, float]:
    """Half-way between a left and a right joint."""
    return {f"{joint}_left": share / 2, f"{joint}_right": share / 2}


def _trunk(up: float, layout: Layout) -> dict[str, float]:
    """The point at that height between the hips (0) and the shoulders (1)."""
    low = {"pelvis": 1 - up} if "pelvis" in layout.joints else pair("hip", 1 - up)
    high = {"chest": up} if "chest" in layout.joints else pair("shoulder", up)
    return low | high


def from_estimator(
    layout: Layout,
    hands: dict[str, dict[str, float]] | None = None,
    feet: dict[str, dict[str, float]] | None = None,
) -> dict[tuple[str, str], dict[str, dict[str, float]]]:
    """Kinect joints from a layout that has eyes and ears but hardly a trunk.

    The head of a Kinect is the middle of the head: between the ears. Its neck is half-way from between the
    shoulders to the head. The spine joint is half-way up the trunk in Kinect v2, one sixth in Kinect v1.

    Args:
        layout: the joints.
        hands: hand, finger tip and thumb from joints of the same side; the wrist for a layout without hands.
        feet: the same for the foot; the ankle for a layout without feet.
    """
    hands = hands or {"hand": {"wrist": 1}, "handtip": {"wrist": 1}, "thumb": {"wrist": 1}}
    feet = feet or {"foot": {"ankle": 1}}
    both_kinects = {"head": pair("ear"), **sides(hand=hands["hand"], **feet)}
    both_kinects |= {} if "pelvis" in layout.joints else {"pelvis": pair("hip")}
    both_kinects |= {} if "chest" in layout.joints else {"chest": pair("shoulder")}
    neck = {
        joint: weight / 2
        for joint, weight in (both_kinects.get("chest", {"chest": 1.0}) | pair("ear")).items()
    }
    return {
        (layout.name, "kinect20"): both_kinects | {"spine": _trunk(1 / 6, layout)},
        (layout.name, "ntu25"): both_kinects
        | {"spine": _trunk(1 / 2, layout), "neck": neck}
        | sides(handtip=hands["handtip"], thumb=hands["thumb"]),
    }


ESTIMATOR_MAPS: dict[tuple[str, str], dict[str, dict[str, float]]] = {
    **from_estimator(COCO17),
    **from_estimator(OPENPOSE18),
    **from_estimator(OPENPOSE25, feet={"foot": {"toe": 0.5, "small_toe": 0.5}}),
    **from_estimator(
        MEDIAPIPE33,
        hands={"hand": {"index": 0.5, "pinky": 0.5}, "handtip": {"index": 1}, "thumb": {"thumb": 1}},
        feet={"foot": {"toe": 1}},
    ),
    # In SMPL's rest pose the second spine joint is half-way from the pelvis to the base of the neck; one sixth of that
    # distance is three quarters of the distance to the first.
    ("smpl24", "ntu25"): {
        "spine": {"spine_2": 1},
        "neck": {"chest": 0.5, "head": 0.5},
        **sides(handtip={"hand": 1}, thumb={"hand": 1}),
    },
    ("smpl24", "kinect20"): {"spine": {"pelvis": 0.25, "spine_1": 0.75}},
    ("h36m17", "ntu25"): {
        "head": {"chin": 0.5, "crown": 0.5},
        "neck": {"chest": 0.5, "chin": 0.5},
        **sides(hand={"wrist": 1}, handtip={"wrist": 1}, thumb={"wrist": 1}, foot={"ankle": 1}),
    },
    ("h36m17", "kinect20"): {
        "head": {"chin": 0.5, "crown": 0.5},
        "spine": {"pelvis": 2 / 3, "spine": 1 / 3},
        **sides(hand={"wrist": 1}, foot={"ankle": 1}),
    },
    ("h36m32", "ntu25"): {
        "head": {"chin": 0.5, "crown": 0.5},
        "neck": {"chest": 0.5, "chin": 0.5},
        **sides(handtip={"hand": 1}),
    },
    ("h36m32", "kinect20"): {
        "head": {"chin": 0.5, "crown": 0.5},
        "spine": {"pelvis": 2 / 3, "spine": 1 / 3},
    },
    ("smplx22", "ntu25"): {
        "spine": {"spine_2": 1},
        "neck": {"chest": 0.5, "head": 0.5},
        **sides(hand={"wrist": 1}, handtip={"wrist": 1}, thumb={"wrist": 1}),
    },
    ("smplx22", "kinect20"): {"spine": {"pelvis": 0.25, "spine_1": 0.75}, **sides(hand={"wrist": 1})},
}
"""As in `pgfa.skeleton.layouts`: (source, target) -> joint -> {source joint: weight}."""
