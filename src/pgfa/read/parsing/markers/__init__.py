"""Named points of the body (markers, keypoints, segments) -> joints of a Kinect."""

from pgfa.read.parsing.markers.bodies import bodies_of
from pgfa.read.parsing.markers.clip import (
    METRES,
    Trajectories,
    check_cells,
    marker_clip,
    numbers_by_times,
    spread,
)
from pgfa.read.parsing.markers.names import BONES, LANDMARKS, STANDARD, Markers, markers_from
from pgfa.read.parsing.markers.sample import standing

__all__ = [
    "BONES", "LANDMARKS", "METRES", "STANDARD", "Markers", "Trajectories", "bodies_of", "check_cells", "marker_clip",
    "markers_from", "numbers_by_times", "spread", "standing",
]  # fmt: skip
