"""What a skeleton is: layouts, their maps, and the clip."""

from pgfa.skeleton.clip import Clip, Source
from pgfa.skeleton.layout import HDM05, KINECT20, LAYOUTS, NTU25, Layout, get_layout, map_positions

__all__ = ["HDM05", "KINECT20", "LAYOUTS", "NTU25", "Clip", "Layout", "Source", "get_layout", "map_positions"]
