"""The JSON that goes in and out, as pydantic models: checked on the way in, told in openapi.json."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Seconds = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Message(BaseModel):
    """Base of what clients send: unknown fields are an error, not a guess."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Question(Message):
    """What is asked of a clip."""

    sentences: list[Words]
    """Candidates; taught classes stand beside them. May be empty where a class was taught."""
    aligned: bool = False
    """Answer with the alignment of this session, and tell what it changed."""


class Example(Message):
    """A span of a clip that shows a class."""

    clip: str
    start_s: Seconds
    end_s: Seconds
    body: Annotated[int, Field(ge=0)] | None = None
    """Slot of the body; the whole clip's bodies if not given."""


class Lesson(Message):
    """A class to be taught; examples of the same name add to one another."""

    name: Words
    examples: Annotated[list[Example], Field(min_length=1, max_length=64)]


class AlignmentWanted(Message):
    """What to align on: unlabelled clips of this session that each show one of the sentences."""

    sentences: list[Words]
    clips: list[str]


class Opened(BaseModel):
    """A session."""

    session: str


class Facts(BaseModel):
    """What runs here, and what it takes at most."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    version: str
    recogniser: dict[str, Any]
    """Where it comes from: classes it was trained on, number of clips."""
    calibrated: bool
    """Whether probabilities were fitted to how often answers are right, and "none of these" can be answered."""
    sentences: list[str]
    """What the page starts with."""
    examples: dict[str, str]
    """Name and title of each synthetic example."""
    formats: dict[str, str]
    limits: dict[str, float]


class Held(BaseModel):
    """A clip of a session."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str
    name: str
    action: str
    frames: int
    rate: float
    seconds: float
    bodies: int
    layout: str
    problems: list[str]


class Added(BaseModel):
    """Clips that were taken in, and what in the file could not be read."""

    clips: list[Held]
    failed: list[dict[str, str]]


class Motion(BaseModel):
    """A clip as the player of the page takes it: packed positions, and the bones of its layout."""

    clip: dict[str, Any]
    layout: dict[str, Any]


class Candidate(BaseModel):
    """One sentence or taught class, and how well it tells what the whole clip shows."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    sentence: str
    probability: float
    cosine: float
    prototype: bool
    """Recordings stand for it: it was aligned or taught."""
    taught: bool
    before: float | None
    """Its probability without alignment, where that was asked for."""


class Found(BaseModel):
    """The answer for a clip."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    candidates: list[Candidate]
    """In the order they were asked for, taught classes last."""
    none: float
    """Probability of "none of these"."""
    none_before: float | None
    best: int | None
    """Number of the likeliest candidate; null where "none of these" is likelier."""
    calibrated: bool
    timeline: dict[str, Any]
    """``times`` (W), ``probabilities`` (bodies, W, candidates + 1; the last is "none of these"; null where the body
    is not there), ``spans``."""


class Moved(BaseModel):
    """A clip that was aligned on, and its likeliest sentence before and after."""

    clip: str
    name: str
    before: str
    after: str


class Aligned(BaseModel):
    """What alignment changed."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    sentences: list[str]
    support: list[int]
    """Clips whose mean now stands for each sentence; 0: the sentence stays as it is."""
    clips: list[Moved]
    changed: int


class Taught(BaseModel):
    """The classes this session was taught, and from how many spans each."""

    classes: dict[str, int]
