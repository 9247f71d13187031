"""Addresses that ask the recogniser about clips."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from pgfa.recognise import Timeline
from pgfa.serve.errors import ApiError
from pgfa.serve.exports import write
from pgfa.serve.forms import Body
from pgfa.serve.interface import ERROR_RESPONSES, RAW_BODY, UNNAMED, CurrentSession, FileName, State
from pgfa.serve.messages import AnswerRequest, AnswerResult, DownloadRequest, WhyResult
from pgfa.serve.questions import NDJSON, run, run_with_progress, wants_progress
from pgfa.serve.sessions import recording_name
from pgfa.serve.state import answer_clip, explain_clip, select_recognisers
from pgfa.serve.statements import StatedReading
from pgfa.serve.turns import Turn

PROGRESS_RESPONSE: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {NDJSON: {"schema": {"type": "string"}, "example": '{"progress": 0.25}\n{"answer": {}}\n'}}
    }
}
api = APIRouter(prefix="/api", responses=ERROR_RESPONSES)


@api.post("/recognise", openapi_extra=RAW_BODY)
async def recognise(
    request: Request,
    state: State,
    sentence: Annotated[
        list[str], Query(default_factory=list, description="a candidate; repeat it for each sentence")
    ],
    stated: StatedReading,
    body: Body,
    name: FileName = UNNAMED,
) -> list[AnswerResult]:
    """Answer for one file without a session: one answer per clip in it. A form may have the sentences as fields."""
    sentence = [*sentence, *body.texts("sentence")]
    if not sentence:
        raise ApiError(
            422,
            "BadRequest",
            expected="at least one sentence",
            found="none",
            where="sentence",
            advice="add ?sentence=... to the address, or a field to the form",
        )
    state.check_sentences(sentence)
    name, content = body.file(name, UNNAMED)
    upload = await run_in_threadpool(state.upload_workers.read, name, content, state.upload_limits(), stated)

    def answer_all(turn: Turn) -> list[AnswerResult]:
        answers = []
        with state.turns.hold(turn):
            for clip in upload.clips:
                recording = recording_name("" if name == UNNAMED else name, clip, len(upload.clips))
                answers.append(answer_clip(state, (state.recogniser, None), clip, recording, sentence, turn))
                turn.progress(len(answers) / len(upload.clips))
        return answers

    return await run(request, state, answer_all, state.is_long(upload.clips))


@api.post("/sessions/{session}/clips/{clip}/answer", response_model=AnswerResult, responses=PROGRESS_RESPONSE)
async def answer(
    clip: str, question: AnswerRequest, request: Request, session: CurrentSession, state: State
) -> AnswerResult | Response:
    """The probability of each sentence for a clip, as a whole and over time.

    With the header `Accept: application/x-ndjson`, the response is lines of JSON: `{"progress": 0.25}`, the share that
    is done, several times a second, then `{"answer": ...}` or `{"error": ...}`. To cancel a question, close the
    connection.
    """
    state.check_sentences(question.sentences)

    source = session.clip(clip)
    long = question.over_time and state.is_long([source])

    def answer_one(turn: Turn) -> AnswerResult:
        recognisers, name = select_recognisers(session, question), session.name(clip)
        with state.turns.hold(turn):
            asked = (question.sentences, turn, question.over_time)
            return answer_clip(state, recognisers, source, name, *asked)

    if wants_progress(request):
        return await run_with_progress(state, answer_one, long)
    return await run(request, state, answer_one, long)


@api.post("/sessions/{session}/clips/{clip}/why")
def why(clip: str, request: AnswerRequest, session: CurrentSession, state: State) -> WhyResult:
    """What the motion of a clip says about the words of each sentence; 422 if `explains` of `/about` is false."""
    state.check_sentences(request.sentences)
    recogniser, _ = select_recognisers(session, request)
    source = session.clip(clip)
    with state.turns.hold():
        return explain_clip(recogniser, source, request.sentences)


@api.post("/sessions/{session}/clips/{clip}/download/{form}", response_class=Response)
async def download(
    clip: str,
    form: Literal["json", "csv", "spans.csv", "vtt", "eaf"],
    question: DownloadRequest,
    request: Request,
    session: CurrentSession,
    state: State,
) -> Response:
    """The answers over time as a file; `csv` has a line per window, `spans.csv` one per span."""
    state.check_sentences(question.sentences)

    source = session.clip(clip)

    def answer_again(turn: Turn) -> Timeline:
        recogniser, _ = select_recognisers(session, question)
        with state.turns.hold(turn):
            return state.timeline(recogniser, source, question.sentences, turn)

    timeline = await run(request, state, answer_again, state.is_long([source]))
    kind, text = write(form, timeline, question, session.name(clip))
    return Response(text, media_type=kind)
