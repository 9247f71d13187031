"""What a skeleton is: layouts, their maps, the clip, and many clips laid end to end."""

from pgfa.skeleton.clip import Clip, Source
from pgfa.skeleton.layout import HDM05, KINECT20, LAYOUTS, NTU25, Layout, get_layout, map_positions
from pgfa.skeleton.ragged import Ragged

__all__ = [
    "HDM05", "KINECT20", "LAYOUTS", "NTU25", "Clip", "Layout", "Ragged", "Source", "get_layout", "map_positions",
]  # fmt: skip
