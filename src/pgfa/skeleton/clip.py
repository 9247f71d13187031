"""The one data type: a recording of one action as joint positions over time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import LayoutMismatch
from pgfa.skeleton.layout import Layout
from pgfa.skeleton.layouts import map_positions

NO_DEPTH = "no depth"
"""The entry of `Clip.problems` of a recording in two dimensions. Packs store it: do not change the text."""


@dataclass(frozen=True)
class Source:
    """Where a clip comes from, and its entry in the data set.

    Attributes:
        id: unique in its data set; the file name without ending if that is unique.
        dataset: name of the data set (``"utd-mhad"``), or of the user's folder.
        action: the class name of the data set's catalogue (``"swipe-left"``); "" if unknown.
        variant: a finer name of the data set (``"Kick a ball with the other leg"``); "" for none.
        subject, camera, setup: as numbered by the data set; "" if unknown.
        digest: SHA-256 (16 hex digits) of the source file's bytes; "" for a clip that was not read from a file.
    """

    id: str
    dataset: str = ""
    action: str = ""
    variant: str = ""
    subject: str = ""
    camera: str = ""
    setup: str = ""
    digest: str = ""


@dataclass(frozen=True)
class Clip:
    """Joint positions of one or more bodies over time.

    Attributes:
        positions: (frames, bodies, joints, 3) float32, metres, y up (x to the camera's left as the body faces it is
            not assumed: any horizontal view may occur). NaN where a body or joint is absent in a frame.
        rate: frames per second, above 0.
        layout: the joints' names and order.
        source: its origin.
        problems: defects noticed when reading that leave the clip usable (``"3 empty frames"``). `NO_DEPTH` among
            them means that z was not recorded: it is 0 wherever a joint is present, and x and y are as a Kinect in
            the position of the camera measures them (x to the camera's left, y up).
        listed: (frames, bodies listed, joints, 3), the bodies of each frame as the file lists them, NaN where one is
            listed without a position; None where that is the same as `positions`. `positions` follows people over
            time and may leave bodies out, so the two differ if the file lists the bodies of each frame anew (NTU
            RGB+D). The `paper` preparation takes `listed`; everything else takes `positions`.
        reading: how the file was read, and why so: layout, axes, up, unit, rate and what marks absent joints, each as
            stated, declared, by custom, established or assumed, in one line (docs/formats.md#reading); "" if unknown.

    Raises:
        LayoutMismatch: positions do not have the layout's joints.
        ValueError: positions have another rank or type, `listed` does not agree with them, or rate is not above 0.
    """

    positions: NDArray[np.float32]
    rate: float
    layout: Layout
    source: Source = field(default_factory=lambda: Source(id=""))
    problems: tuple[str, ...] = ()
    listed: NDArray[np.float32] | None = None
    reading: str = ""

    def __post_init__(self) -> None:
        shape = self.positions.shape
        if self.positions.dtype != np.float32 or len(shape) != 4 or shape[3] != 3:
            raise ValueError(
                f"positions must be float32 (frames, bodies, joints, 3), found {self.positions.dtype} {shape}"
            )
        if shape[2] != len(self.layout.joints):
            raise LayoutMismatch(
                f"layout {self.layout.name} has {len(self.layout.joints)} joints, but the clip has {shape[2]}"
            )
        if self.listed is not None and not (
            self.listed.dtype == np.float32
            and self.listed.ndim == 4
            and self.listed.shape[1]
            and (self.listed.shape[:1] + self.listed.shape[2:]) == (shape[:1] + shape[2:])
        ):
            raise ValueError(
                f"listed must be float32 with the frames and joints of positions {shape}, "
                f"found {self.listed.dtype} {self.listed.shape}"
            )
        if not (np.isfinite(self.rate) and self.rate > 0):
            raise ValueError(f"rate must be a number of frames per second above 0, found {self.rate}")

    @property
    def frames(self) -> int:
        """Number of frames."""
        return int(self.positions.shape[0])

    @property
    def bodies(self) -> int:
        """Number of body slots (a body may be absent in some frames)."""
        return int(self.positions.shape[1])

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.frames / self.rate

    @property
    def depth(self) -> bool:
        """Whether z was recorded. Without depth it is 0 (see `problems`)."""
        return NO_DEPTH not in self.problems

    def without_depth(self, view: float = 0.0) -> Clip:
        """The clip as a camera without depth sees it: rotated by `view` radians about the vertical (from z towards x),
        z set to 0, `NO_DEPTH` among the problems. Orthographic: size does not change with distance."""

        def flat(positions: NDArray[np.float32]) -> NDArray[np.float32]:
            out = np.zeros_like(positions)
            x, z = positions[..., 0], positions[..., 2]
            out[..., 0] = np.cos(view) * x + np.sin(view) * z
            out[..., 1] = positions[..., 1]
            out[..., 2] = np.where(np.isnan(z), np.nan, 0)
            return out

        problems = self.problems if not self.depth else (*self.problems, NO_DEPTH)
        listed = None if self.listed is None else flat(self.listed)
        return replace(self, positions=flat(self.positions), listed=listed, problems=problems)

    def to(self, layout: Layout) -> Clip:
        """The same clip in another layout. Raises LayoutMismatch if there is no map."""
        positions = map_positions(self.positions, self.layout, layout)
        listed = None if self.listed is None else map_positions(self.listed, self.layout, layout)
        return replace(self, positions=positions, listed=listed, layout=layout)

    def with_positions(self, positions: NDArray[np.float32], rate: float | None = None) -> Clip:
        """The same clip with other positions (and rate), without `listed`, which was of the former positions."""
        return replace(self, positions=positions, listed=None, rate=self.rate if rate is None else rate)
