"""The JSON of requests and responses as pydantic models: requests are checked, all of it is in openapi.json."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Seconds = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class RequestModel(BaseModel):
    """Base of request bodies: an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class ResponseModel(BaseModel):
    """Base of response bodies."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class AnswerRequest(RequestModel):
    """The candidates for a clip."""

    sentences: list[Text]
    """Candidates, in addition to the taught classes. May be empty if a class was taught."""
    aligned: bool = False
    """Use the session's alignment, and also return the probabilities without it."""
    over_time: bool = True
    """Also answer over time; without, `timeline` is null and the answer costs less."""


class ExampleSpan(RequestModel):
    """Part of a clip that shows a class."""

    clip: str
    start_s: Seconds
    end_s: Seconds
    body: Annotated[int, Field(ge=0)] | None = None
    """Body slot; default: all bodies of the clip."""


class TeachRequest(RequestModel):
    """A class to teach. Examples are added to those taught earlier under the same name."""

    name: Text
    examples: Annotated[list[ExampleSpan], Field(min_length=1, max_length=64)]


class AlignmentRequest(RequestModel):
    """What to align: sentences, and unlabelled clips of this session that each show one of them."""

    sentences: list[Text]
    clips: list[str]


class Moment(RequestModel):
    """A stretch of time of a clip, and the bodies that it is about."""

    clip: str
    start_s: Seconds
    end_s: Seconds
    bodies: Annotated[list[Annotated[int, Field(ge=0)]], Field(max_length=8)] = []
    """Body slots: one, or the two of a pair; empty: all bodies of the clip."""


class CorrectedMoment(Moment):
    """What a person says that a moment shows."""

    sentence: Text | None
    """A sentence or a taught class; null: none of the sentences."""
    right: bool = True
    """Whether the moment shows `sentence`; false: it shows something else."""


class CorrectionsRequest(RequestModel):
    """All corrections of a session."""

    corrections: Annotated[list[CorrectedMoment], Field(max_length=500)]


class LabelledMoment(Moment):
    """A moment and what it shows."""

    sentence: Text


class TrainingRequest(RequestModel):
    """The moments to train on."""

    moments: Annotated[list[LabelledMoment], Field(min_length=1, max_length=2000)]
    names: dict[str, Annotated[str, StringConstraints(max_length=300)]] = {}
    """Name of the file of each clip, for the ids of the clips in the pack; default: as it was uploaded."""


class DownloadSpan(RequestModel):
    """A moment as it is written to a file."""

    start_s: Seconds
    end_s: Seconds
    body: Annotated[int, Field(ge=0)] = 0
    partner: Annotated[int, Field(ge=0)] | None = None
    sentence: Text
    probability: Annotated[float, Field(ge=0, le=1)] = 1.0


class DownloadRequest(AnswerRequest):
    """What to write to a file."""

    spans: Annotated[list[DownloadSpan], Field(max_length=20_000)] | None = None
    """Moments as corrected by a person, in place of those of the answer."""
    name: Annotated[str, StringConstraints(max_length=300)] = ""
    """Name of the recording in the file; default: of the file as it was uploaded."""
    media: Annotated[str, StringConstraints(max_length=300)] = ""
    """Name of a video of the same scene, for ELAN."""
    media_offset_s: Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)] = 0.0
    """Time of the video at the first frame of the recording."""


class CorrectionsResult(ResponseModel):
    """The corrections that answers follow."""

    corrections: int
    """Their number."""


class SessionInfo(ResponseModel):
    """An open session."""

    session: str


class ServerInfo(ResponseModel):
    """What this server runs, and its limits."""

    version: str
    recogniser: dict[str, Any]
    """Its name, as in files of answers, the classes it was trained on and the number of training clips."""
    calibrated: bool
    """Whether probabilities were fitted on held-out classes, so that "none of these" is a possible answer."""
    meaning: str
    """What a percentage means, for users; empty if the recogniser is not calibrated."""
    explains: bool
    """Whether answers can be explained: the recogniser has a kinematic model."""
    sentences: list[str]
    """Sentences that the page starts with."""
    examples: dict[str, str]
    """Name and title of each synthetic example."""
    formats: dict[str, str]
    """Name and title of each supported file format."""
    limits: dict[str, float]
    """Limits of this server, named as in its settings."""


class ClipInfo(ResponseModel):
    """A clip of a session."""

    id: str
    name: str
    action: str
    frames: int
    rate: float
    """Frames per second."""
    seconds: float
    bodies: int
    layout: str
    reading: str = ""
    """How the file was read and why: what it declares, what the body established, what was assumed."""
    problems: list[str]


class UploadResult(ResponseModel):
    """The clips of an uploaded file, and an error for each recording in it that could not be read."""

    clips: list[ClipInfo]
    failed: list[dict[str, Any]]


class ClipData(ResponseModel):
    """A clip for the player of the page: packed positions, and the bones of its layout."""

    clip: dict[str, Any]
    layout: dict[str, Any]


class CandidateResult(ResponseModel):
    """One sentence or taught class, and how well it describes the whole clip."""

    sentence: str
    probability: float
    probability_before: float | None
    """Probability without alignment; null if the request did not ask for alignment."""
    cosine: float
    prototype: bool
    """Whether a prototype learned from clips replaces the sentence vector, by alignment or teaching."""
    support: int
    """Clips that the prototype was learned from; 0 without a prototype."""
    taught: bool


class AnswerResult(ResponseModel):
    """The answer for a clip."""

    candidates: list[CandidateResult]
    """In the order of the request, taught classes last."""
    none: float
    """Probability of "none of these"."""
    none_before: float | None
    """Probability of "none of these" without alignment; null if the request did not ask for alignment."""
    best: int | None
    """Index of the most likely candidate; null if "none of these" is more likely than all candidates together."""
    calibrated: bool
    overlaps: list[str]
    """Notes about taught classes that mean the same as one of the sentences."""
    problems: list[str]
    """What is missing from the recording, was assumed, or is odd."""
    reading: str
    """How the recording was read: layout, axes, unit, rate, each stated, declared, established or assumed."""
    timeline: dict[str, Any] | None
    """``times`` (W), ``probabilities`` (bodies, W, candidates + 1; the last is "none of these"; null where the body
    is absent), ``spans``; null if the request did not ask for answers over time."""


class SentenceReasons(ResponseModel):
    """What the motion of the main body says about the words of one sentence."""

    sentence: str
    speaks_for: list[str]
    """Motion words of the sentence that the motion shows clearly, the clearest first."""
    speaks_against: list[str]
    """Those that it clearly does not show."""
    taught: bool
    """A taught class is compared with its examples and has no words."""


class WhyResult(ResponseModel):
    """Why the answer for a whole clip is what it is."""

    sentences: list[SentenceReasons]
    """In the order of the request, taught classes last."""
    measured: list[str]
    """Facts about the clip, in units, the most telling first."""
    window_s: tuple[float, float] | None
    """Start and end of what was measured in a clip that is compared by windows: the most typical one; else null."""


class ChangedClip(ResponseModel):
    """What alignment changed for one clip: its most likely sentence before and after, equal if nothing changed."""

    clip: str
    name: str
    before: str
    after: str


class AlignmentResult(ResponseModel):
    """What alignment changed."""

    sentences: list[str]
    support: list[int]
    """Clips that the prototype of each sentence was learned from; 0 where the sentence vector is unchanged."""
    clips: list[ChangedClip]
    """One entry per aligned clip."""
    changed: int
    """Number of clips whose most likely candidate changed."""
    declined: str = ""
    """Why the sentences were only recentred and not aligned; empty if they were aligned."""


class TaughtClasses(ResponseModel):
    """The taught classes of a session, with the number of example spans of each."""

    classes: dict[str, int]
