"""Kinder-Gator (Aloba et al., Eurographics 2018): csv, Kinect v1, 58 motions of 10 adults and 10 children."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.assemble import assemble, check_frames, counted
from pgfa.read.format import Format
from pgfa.read.parsing.text_table import is_comment, numbered_lines, parse_rows, short
from pgfa.read.sample import coordinates, rows
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import KINECT20, Clip, Source

# Motion name of the data set -> class. The other hand or leg, and "as fast (far, high) as you can", are the same
# class; a swipe to the left and one to the right are two, because a sentence can name the direction.
MERGED = {
    "Raise your hand": "raise-hand",
    "Raise your other hand": "raise-hand",
    "Wave your hand": "wave-hand",
    "Wave your other hand": "wave-hand",
    "Bow": "bow",
    "Raise your arm to one side": "raise-arm-to-side",
    "Raise your arm to the other side": "raise-arm-to-side",
    "Bend your knee while raising your leg": "raise-knee",
    "Bend your other knee while raising your leg": "raise-knee",
    "Put your hands on your hips and lean to the side": "lean-to-side",
    "Put your hands on your hips and lean to the other side": "lean-to-side",
    "Put your hands on your hips and twist": "twist",
    "Touch your toes": "touch-toes",
    "Do a forward lunge": "lunge",
    "Lift your leg to one side": "lift-leg-to-side",
    "Lift your leg to the other side": "lift-leg-to-side",
    "Walk in place": "walk-in-place",
    "Walk in place as fast as you can": "walk-in-place",
    "Run in place": "run-in-place",
    "Run in place as fast as you can": "run-in-place",
    "Jump": "jump",
    "Jump as high as you can": "jump",
    "Do two jumping jacks": "jumping-jacks",
    "Point at the camera": "point-at-camera",
    "Signal someone to stop": "signal-stop",
    "Signal someone to come here": "signal-come-here",
    "Draw a circle": "draw-circle",
    "Draw a square": "draw-square",
    "Draw a triangle": "draw-triangle",
    "Draw the letter A": "draw-letter-a",
    "Draw the letter C": "draw-letter-c",
    "Draw the letter K": "draw-letter-k",
    "Draw the letter M": "draw-letter-m",
    "Draw the letter X": "draw-letter-x",
    "Make the letter A": "make-letter-a",
    "Make the letter C": "make-letter-c",
    "Make the letter K": "make-letter-k",
    "Make the letter M": "make-letter-m",
    "Make the letter P": "make-letter-p",
    "Make the letter T": "make-letter-t",
    "Make the letter X": "make-letter-x",
    "Make the letter Y": "make-letter-y",
    "Push an imaginary button in front of you": "push-button",
    "Swipe across an imaginary screen in front of you from left to right": "swipe-left-to-right",
    "Swipe across an imaginary screen in front of you from right to left": "swipe-right-to-left",
    "Fly like a bird": "fly-like-a-bird",
    "Fly like an airplane": "fly-like-an-airplane",
    "Swim": "swim",
    "Climb and imaginary ladder": "climb-ladder",  # the spelling of the data set
    "Kick a ball": "kick-ball",
    "Kick a ball with the other leg": "kick-ball",
    "Kick a ball as far as you can": "kick-ball",
    "Kick a ball as far as you can with the other leg": "kick-ball",
    "Throw a ball": "throw-ball",
    "Throw a ball with your other arm": "throw-ball",
    "Throw a ball as far as you can": "throw-ball",
    "Throw a ball as far as you can with the other arm": "throw-ball",
    "Punch": "punch",
}
NOMINAL_RATE = 30.0
NAME = r"POSE-p(\d{1,18})_(\d{1,18})-(.+?)-+(\d{1,18})\.csv"

_GROUPS = {"adults": "adult", "children": "child"}
_TRUNK = ("HipCenter", "Spine", "ShoulderCenter", "Head")
_ARM, _LEG = ("Shoulder", "Elbow", "Wrist", "Hand"), ("Hip", "Knee", "Ankle", "Foot")
_LIMBS = [part + side for parts in (_ARM, _LEG) for side in ("Left", "Right") for part in parts]
COLUMNS = ["Timestamp", *(joint + axis for joint in (*_TRUNK, *_LIMBS) for axis in "XYZ")]


def sniff(name: str, head: bytes) -> bool:
    """A csv that starts with a time and the hip centre."""
    lines = (line for line in head.splitlines() if line.strip() and not is_comment(line))
    return next(lines, b"").startswith(b"Timestamp,HipCenterX,")


def find(root: Path) -> list[FileRef]:
    """The ``POSE-pN_N-Name-N.csv`` files under a folder or in a zip."""
    return find_files(root, NAME, "Kinder-Gator recordings (POSE-p565_01-Raise-your-hand-1469182402284.csv)")


def read(ref: FileRef) -> Clip:
    """One clip: (frames, 1, 20, 3) metres in the Kinect's frame; the rate is one over the median time step.

    The class comes from the motion's name in the file's name, or, where the file was renamed, in its last
    column; the number in the name is the order in the session and has no meaning.

    Raises:
        BadFile, LimitExceeded.
    """
    raw = ref.read()
    (first, header), *text = numbered_lines(ref, raw) or [(1, "")]
    _check_header(ref, first, header)
    lines = [number for number, _ in text]
    check_frames(ref, len(lines))
    cells = [row.split(",") for _, row in text]
    values = parse_rows(ref, cells, len(COLUMNS), lines=lines, exact=False)
    rate, problems = _rate(values[:, 0] / 1000.0)

    last_cells = [cell.strip() for cell in cells[0][len(COLUMNS) :]]
    match = re.fullmatch(NAME, ref.name, re.IGNORECASE)
    person, motion = (match[1], match[3]) if match else [*last_cells, "", ""][:2]
    variant = motion.replace("-", " ").strip()
    if variant not in MERGED:
        problems.append(f"unknown class: {short(variant)}" if variant else "class missing from the file")
    folder = (ref.sibling(".").member or str(ref.path.parent)).replace("\\", "/").lower()
    setup = next((_GROUPS[part] for part in reversed(folder.split("/")) if part in _GROUPS), "")
    source = Source(
        id=ref.stem,
        dataset="kinder-gator",
        action=MERGED.get(variant, ""),
        variant=variant,
        subject=person,
        setup=setup,
    )
    positions = values[:, 1:].reshape(-1, 1, 20, 3)
    return assemble(ref, raw, positions, rate=rate, layout=KINECT20, source=source, problems=tuple(problems))


def _check_header(ref: FileRef, number: int, line: str) -> None:
    names = [name.strip() for name in line.split(",")]
    for cell, (expected, actual) in enumerate(
        zip(COLUMNS, [*names, *[""] * len(COLUMNS)], strict=False), start=1
    ):
        if expected != actual:
            where = f"line {number}, cell {cell}"
            raise BadFile(str(ref), where=where, expected=f"the column {expected}", found=short(actual))


def _rate(seconds: NDArray[np.float64]) -> tuple[float, list[str]]:
    """Frames per second from (frames,) times, and problems of the times."""
    steps = np.diff(seconds)
    problems = []
    unordered = int((~(steps > 0)).sum())
    if unordered:
        problems.append(counted(unordered, "time") + " not after the previous one")
    steps = steps[steps > 0]
    step = float(np.median(steps)) if len(steps) else np.nan
    if not 0.001 <= step <= 10:
        return NOMINAL_RATE, [*problems, f"frame rate missing, assumed {NOMINAL_RATE:g} fps"]
    gaps = int((steps > 5 * step).sum())
    if gaps:
        problems.append(counted(gaps, "gap") + " in time of more than 5 frames")
    return 1.0 / step, problems


def sample() -> dict[str, bytes]:
    """Three frames of class bow, subject 1."""
    header = ",".join([*COLUMNS, "User-ID", "Action", ""])
    frames = rows(coordinates(3, 60), ",")
    lines = [f"{33 * number},{frame},1,Bow," for number, frame in enumerate(frames)]
    return {"POSE-p1_01-Bow-1.csv": ("\n".join([header, *lines]) + "\n").encode()}


FORMAT = Format(
    "kinder-gator",
    "Kinder-Gator: .csv, Kinect v1, 58 motions in 43 classes",
    sniff,
    find,
    read,
    kind="dataset",
    sample=sample,
)
