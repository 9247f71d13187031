"""Skeletons: layouts, maps between them, the clip, and many clips in one array."""

from pgfa.skeleton.camera_layouts import (
    AZURE32,
    HALPE26,
    LCRNET13,
    MPI15,
    NUITRACK19,
    WHOLEBODY133,
    ZED34,
    ZED38,
)
from pgfa.skeleton.clip import NO_DEPTH, Clip, Source
from pgfa.skeleton.estimator_layouts import (
    COCO17,
    H36M17,
    H36M32,
    MEDIAPIPE33,
    OPENPOSE18,
    OPENPOSE25,
    SMPL24,
    SMPLX22,
)
from pgfa.skeleton.layout import Layout
from pgfa.skeleton.layouts import HDM05, KINECT20, LAYOUTS, NTU25, get_layout, map_positions
from pgfa.skeleton.ragged import Ragged

__all__ = [
    "AZURE32", "COCO17", "H36M17", "H36M32", "HALPE26", "HDM05", "KINECT20", "LAYOUTS", "LCRNET13", "MEDIAPIPE33",
    "MPI15", "NO_DEPTH", "NTU25", "NUITRACK19", "OPENPOSE18", "OPENPOSE25", "SMPL24", "SMPLX22", "WHOLEBODY133",
    "ZED34", "ZED38", "Clip", "Layout", "Ragged", "Source", "get_layout", "map_positions",
]  # fmt: skip
