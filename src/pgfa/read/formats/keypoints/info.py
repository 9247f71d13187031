"""What a file of keypoints says besides the keypoints."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pgfa.read.formats.keypoints.ahead import Shown
from pgfa.read.formats.keypoints.habit import Habit
from pgfa.read.interpret.take import Take
from pgfa.read.parsing.text_table import short
from pgfa.read.source import FileRef
from pgfa.skeleton import Layout, Source

FLIPPED = "{} not heeded: if left and right are exchanged in the coordinates too, state --mirrored"


@dataclass(frozen=True)
class KeypointInfo:
    """The content of a file besides the keypoints; None for what is missing.

    Attributes:
        layout: the joints.
        counted: whether the layout follows from nothing but the number of joints; it is asked for if the body is not
            human in it.
        rate: frames per second.
        size: width and height of the image in pixels; scales x and y from 0..1.
        up: the axis that points up, of points with depth (``"y"``, ``"-y"``, ``"z"``).
        usual_up: the axis that points up in what the program writes, if the body stands along it.
        scored: whether the last column is the estimator's score (else a coordinate).
        depth: whether the third column is a coordinate to be kept (MediaPipe's image landmarks have one that is not).
        scale: metres per unit, of points with depth.
        mirrored: whether the axes of points with depth are left-handed.
        turned: whether the file calls its picture, or the space, mirrored; None where it says neither.
        flipped: the field that says that the picture was turned over, perhaps only for the estimator; "" without one.
        axes: the order of an array's axes (``"TMVC"``), where the reader knows it; it is not looked for then.
        source: as in a clip.
        listed: names of the joints in the order of the arrays, as `canonical`, where no layout has all of them.
        listed_in: the field that lists them.
        problems: defects the reader noticed.
        habit: what the other clips of the file have in common, of a file of many.
        shown: what this one shows, read as the others were; None where that is still to be measured.
        takes: gets the recording, of a file of many, whose doubts are noted for many at once.
    """

    layout: Layout | None = None
    counted: bool = False
    rate: float | None = None
    size: tuple[float, float] | None = None
    up: str | None = None
    usual_up: str | None = None
    scored: bool | None = None
    depth: bool | None = None
    scale: float | None = None
    mirrored: bool | None = None
    turned: bool | None = None
    flipped: str = ""
    axes: str | None = None
    source: Source | None = None
    listed: tuple[str, ...] = ()
    listed_in: str = ""
    problems: tuple[str, ...] = ()
    habit: Habit | None = None
    shown: Shown | None = None
    takes: list[Take] | None = None

    @property
    def flip_notes(self) -> tuple[str, ...]:
        """What to note of a flip that is not heeded, where the body does not show what became of left and right."""
        return (FLIPPED.format(short(self.flipped)),) if self.flipped else ()


def with_own_axes(ref: FileRef, info: KeypointInfo) -> tuple[FileRef, KeypointInfo]:
    """Of a format that gives the order of axes, without the order that is stated, which is noted."""
    if not ref.stated.array_axes:
        return ref, info
    note = f"axes stated as {ref.stated.array_axes}, but this format gives them: not used"
    ref = replace(ref, stated=replace(ref.stated, axes=ref.stated.columns or None))
    return ref, replace(info, problems=(*info.problems, note))
