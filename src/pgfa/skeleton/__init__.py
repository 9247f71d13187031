"""Skeletons: layouts, maps between them, the clip, and many clips in one array."""

from pgfa.skeleton.clip import NO_DEPTH, Clip, Source
from pgfa.skeleton.estimator_layouts import COCO17, MEDIAPIPE33, OPENPOSE18, OPENPOSE25, SMPL24, SMPLX22
from pgfa.skeleton.layout import Layout
from pgfa.skeleton.layouts import HDM05, KINECT20, LAYOUTS, NTU25, get_layout, map_positions
from pgfa.skeleton.ragged import Ragged

__all__ = [
    "COCO17", "HDM05", "KINECT20", "LAYOUTS", "MEDIAPIPE33", "NO_DEPTH", "NTU25", "OPENPOSE18", "OPENPOSE25",
    "SMPL24", "SMPLX22", "Clip", "Layout", "Ragged", "Source", "get_layout", "map_positions",
]  # fmt: skip
