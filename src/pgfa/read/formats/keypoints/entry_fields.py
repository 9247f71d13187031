"""The fields in which pose estimators and depth cameras have people and points."""

from __future__ import annotations

from pgfa.read.formats.keypoints.matrices import LOCAL, MODEL

WORLD = ("pose_world_landmarks", "poseWorldLandmarks", "world_landmarks", "worldLandmarks")
LANDMARKS = ("pose_landmarks", "poseLandmarks", "landmarks")
PEOPLE = (
    "people", "instances", "persons", "predictions", "poses", "skeleton", "skeletons", "bodies", "body_list", "annots",
    "detections", "objects", "Bodies", "Skeletons", "anchors", "bodyAnchors", "bodyAnchor", "body_anchor",
    "actors",
)  # fmt: skip
OPENPOSE = ("pose_keypoints_2d", "pose_keypoints")
OPENPOSE_SOLID = "pose_keypoints_3d"
SOLID = (
    "keypoints3d", "keypoints_3d", "keypoints3D", "pose_3d", "joints_3d", "joints3d", "joints3D", "kpts_3d", "kpts3d",
    "keypoints3D_camera", "keypoints_3d_camera", "keypoints3d_camera", "keypoints_3d_world", "keypoints3D_world",
)  # fmt: skip
"""Where a person has points in space, beside those in a picture perhaps."""
HYBRIK = ("pred_xyz_jts_24", "pred_xyz_jts_29", "pred_xyz_jts", "pred_xyz_jts_24_struct")
"""Where AlphaPose has the joints of SMPL in space that HybrIK gives, beside those in a picture."""
POINTS = (
    *SOLID,
    "keypoints",
    "keypoint",
    "joints",
    "Joints",
    "bones",
    "Bones",
    "transforms",
    "pose3d",
    "pose",
    "points",
    "body",
    *MODEL,
)
SCENE = "scene"
"""Where Rokoko has the time and the people of a frame."""
NAMES = {
    SCENE,
    *WORLD,
    *LANDMARKS,
    *PEOPLE,
    *OPENPOSE,
    *POINTS,
    "pose",
    *HYBRIK,
    "joint_positions",
    "joints19",
    *LOCAL,
}
