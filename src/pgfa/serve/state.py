"""What all requests share, and how they use the recogniser."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from pgfa.config import RecogniseSettings, ServeSettings
from pgfa.recognise import Recogniser, Timeline
from pgfa.recognise.answers import NONE
from pgfa.serve.errors import ApiError, limit_error
from pgfa.serve.live_slots import LiveSlots
from pgfa.serve.messages import (
    AnswerRequest,
    AnswerResult,
    CandidateResult,
    ClipInfo,
    ExampleSpan,
    SentenceReasons,
    UploadResult,
    WhyResult,
)
from pgfa.serve.sessions import Session, Sessions
from pgfa.serve.turns import Turn, Turns
from pgfa.serve.upload_worker import UploadLimits
from pgfa.serve.uploads import Upload, UploadWorkers
from pgfa.skeleton import Clip

LONG_WINDOWS = 100
"""Windows about which questions count as long: they take about half a second (docs/page.md)."""


@dataclass(frozen=True)
class AppState:
    """What all requests share.

    Attributes:
        settings: the limits.
        recogniser: that every session starts with; its encoder caches features.
        sessions: all open sessions.
        upload_workers: processes that read uploads.
        turns: of the requests that use the recogniser.
        executor: threads for requests that may take long.
        live: threads for live frames, one for each WebSocket; they use the recogniser without a turn, as an answer to
            a frame must not wait for a piece of another request.
        live_slots: of the WebSockets.
    """

    settings: ServeSettings
    recogniser: Recogniser
    sessions: Sessions
    upload_workers: UploadWorkers
    turns: Turns
    executor: ThreadPoolExecutor
    live: ThreadPoolExecutor
    live_slots: LiveSlots

    def upload_limits(self, session: Session | None = None) -> UploadLimits:
        """What the next upload may contain, given what the session already holds."""
        settings = self.settings
        clips, position_bytes = (len(session.clips), session.size) if session else (0, 0)
        return UploadLimits(
            file_bytes=settings.max_file_bytes,
            clips=max(0, settings.max_clips - clips),
            position_bytes=max(0, settings.max_session_bytes - position_bytes),
            frames=settings.max_frames,
            bodies=settings.max_bodies,
            seconds=settings.max_seconds,
        )

    def check_sentences(self, sentences: Sequence[str]) -> None:
        """Raises ApiError: 413 for too many sentences or one that is too long, 422 for "none of these"."""
        if len(sentences) > self.settings.max_sentences:
            raise limit_error("sentences", self.settings.max_sentences, len(sentences))
        self.check_texts(sentences)

    def check_texts(self, sentences: Sequence[str]) -> None:
        """`check_sentences` for any number of sentences."""
        for number, sentence in enumerate(sentences, 1):
            if sentence.strip().lower() == NONE:
                raise ApiError(
                    422,
                    "BadConfig",
                    expected="a sentence that describes a movement",
                    found=repr(sentence),
                    where=f"sentence {number}",
                    advice="it is the answer where no sentence fits",
                )
            if len(sentence) > self.settings.max_characters:
                raise limit_error(
                    f"sentence {number}", self.settings.max_characters, len(sentence), "characters"
                )

    def is_long(self, clips: Sequence[Clip]) -> bool:
        """Whether answers over time about these clips take long."""
        windows = sum(clip.seconds * clip.bodies / self.hop(clip) for clip in clips)
        return windows > LONG_WINDOWS

    def hop(self, clip: Clip) -> float:
        """Seconds from window to window with which the windows of a clip stay within their limit."""
        return max(RecogniseSettings().hop, clip.seconds * clip.bodies / self.settings.max_windows)

    def timeline(self, recogniser: Recogniser, clip: Clip, sentences: Sequence[str], turn: Turn) -> Timeline:
        """Answers over time. Raises Cancelled."""
        return recogniser.spans(clip, sentences, hop=self.hop(clip), progress=turn.progress)


def clip_info(id: str, clip: Clip) -> ClipInfo:
    """The properties of a clip that clients see."""
    source = clip.source
    return ClipInfo(
        id=id,
        name=source.id,
        action=source.variant or source.action,
        frames=clip.frames,
        rate=clip.rate,
        seconds=clip.seconds,
        bodies=clip.bodies,
        layout=clip.layout.name,
        reading=clip.reading,
        problems=list(clip.problems),
    )


def add_upload(state: AppState, session: Session, upload: Upload, file: str) -> UploadResult:
    """Add the clips of an upload to a session, `file` being its name. Raises ApiError (413) above its limits."""
    ids = session.add(upload.clips, state.settings, file)
    clips = [clip_info(id, clip) for id, clip in zip(ids, upload.clips, strict=True)]
    return UploadResult(clips=clips, failed=[dict(error) for error in upload.failed])


def select_recognisers(session: Session, request: AnswerRequest) -> tuple[Recogniser, Recogniser | None]:
    """The recogniser that answers a request, and the one without alignment to compare with."""
    with session.lock:
        if not request.aligned:
            return session.recogniser, None
        if session.aligned is None:
            raise ApiError(
                422,
                "BadConfig",
                where="aligned",
                expected="an alignment in this session",
                found="none",
                advice="align first, or set aligned to false",
            )
        return session.aligned, session.recogniser


def answer_clip(
    state: AppState,
    recognisers: tuple[Recogniser, Recogniser | None],
    clip: Clip,
    name: str,
    sentences: Sequence[str],
    turn: Turn,
    over_time: bool = True,
) -> AnswerResult:
    """The answer for a clip, by a recogniser that is compared with one without alignment, if that is given.

    Args:
        name: of the recording, for the timeline.

    Raises as `Recogniser.recognise`, and Cancelled.
    """
    recogniser, unaligned = recognisers
    answers = recogniser.recognise(clip, sentences)
    answers_before = unaligned.recognise(clip, sentences) if unaligned else None
    timeline = state.timeline(recogniser, clip, sentences, turn) if over_time else None
    order = list(timeline.sentences if timeline else dict.fromkeys((*sentences, *recogniser.taught)))
    answer_of = {answer.sentence: answer for answer in answers}
    before = {answer.sentence: answer.probability for answer in answers_before or ()}
    candidates = [
        CandidateResult(
            sentence=name,
            probability=answer_of[name].probability,
            probability_before=before.get(name),
            cosine=answer_of[name].cosine,
            prototype=answer_of[name].prototype,
            support=recogniser.prototypes[name].clips if answer_of[name].prototype else 0,
            taught=name in recogniser.taught,
        )
        for name in order
    ]
    return AnswerResult(
        candidates=candidates,
        none=answers.none,
        none_before=answers_before.none if answers_before else None,
        best=None if answers.best is None else order.index(answers.best.sentence),
        calibrated=answers.calibrated,
        overlaps=[str(overlap) for overlap in recogniser.overlaps(sentences)],
        problems=list(clip.problems),
        reading=clip.reading,
        timeline=replace(timeline, source=name).to_dict() if timeline else None,
    )


def explain_clip(recogniser: Recogniser, clip: Clip, sentences: Sequence[str]) -> WhyResult:
    """Why sentences and taught classes fit a clip or not. Raises as `Recogniser.explain`."""
    taught = recogniser.taught
    names = (*sentences, *(name for name in taught if name not in sentences))
    explanations = recogniser.explain(clip, names)
    return WhyResult(
        sentences=[
            SentenceReasons(
                sentence=explanation.sentence,
                speaks_for=explanation.phrases("for"),
                speaks_against=explanation.phrases("against"),
                taught=explanation.sentence in taught,
            )
            for explanation in explanations
        ],
        measured=list(explanations.facts),
        window_s=explanations.window_s,
    )


def cut_span(clip: Clip, span: ExampleSpan) -> Clip:
    """The part of a clip that an example span names. Raises ApiError (422) if there is no such part."""
    return cut_moment(clip, span.start_s, span.end_s, () if span.body is None else (span.body,))


def cut_moment(clip: Clip, start_s: float, end_s: float, bodies: Sequence[int]) -> Clip:
    """Part of a clip: some seconds of some bodies, or of all if `bodies` is empty. Raises ApiError (422)."""
    start, stop = round(start_s * clip.rate), round(end_s * clip.rate)
    if not start < min(stop, clip.frames):
        raise ApiError(
            422,
            "BadConfig",
            where="span",
            expected=f"a start before its end, within {clip.seconds:.2f} s",
            found=f"{start_s:g} to {end_s:g} s",
        )
    positions = clip.positions[start:stop]
    if bodies:
        if (largest := max(bodies)) >= clip.bodies:
            raise ApiError(
                422, "BadConfig", where="body", expected=f"a number below {clip.bodies}", found=f"{largest}"
            )
        positions = positions[:, list(bodies)]
    return clip.with_positions(positions.copy())
