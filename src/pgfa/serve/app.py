"""The web application: what each address does. Each function is thin; the work is done in the packages below."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from pgfa.config import ServeSettings
from pgfa.draw import clip_payload, layouts_payload
from pgfa.read import FORMATS
from pgfa.recognise import Recogniser
from pgfa.recognise.formats import MEANING
from pgfa.serve import examples
from pgfa.serve.address import bind
from pgfa.serve.assets import index_page, static_files
from pgfa.serve.connections import ClientConnection
from pgfa.serve.encoder_cache import CachingEncoder
from pgfa.serve.errors import ApiError, add_error_handlers, limit_error
from pgfa.serve.exports import FORMS
from pgfa.serve.forms import uploaded_file
from pgfa.serve.messages import (
    AlignmentRequest,
    AlignmentResult,
    AnswerRequest,
    AnswerResult,
    ChangedClip,
    ClipData,
    ServerInfo,
    SessionInfo,
    TaughtClasses,
    TeachRequest,
    UploadResult,
    WhyResult,
)
from pgfa.serve.security import SecurityMiddleware
from pgfa.serve.sessions import Session, Sessions
from pgfa.serve.state import (
    AppState,
    add_upload,
    answer_clip,
    clip_info,
    cut_span,
    explain_clip,
    select_recognisers,
)
from pgfa.serve.statements import StatedReading
from pgfa.serve.uploads import Upload, UploadWorkers

MAX_PLAYER_FRAMES = 20_000
"""Frames that are sent to the player; a longer clip is thinned."""


def get_state(request: Request) -> AppState:
    """What all requests share."""
    state: AppState = request.app.state.pgfa
    return state


State = Annotated[AppState, Depends(get_state)]


def get_session(session: str, state: State) -> Session:
    """The session that the address names. Raises ApiError (404)."""
    return state.sessions.get(session)


CurrentSession = Annotated[Session, Depends(get_session)]
FileName = Annotated[str, Query(max_length=300, description="name of the file; some formats need it")]
UNNAMED = "recording"
"""Name of a file that was uploaded without one."""
RAW_BODY = {
    "requestBody": {
        "required": True,
        "description": "the bytes of the file: a recording of any supported format, or a zip of recordings",
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
            },
        },
    }
}
ERROR_EXAMPLE = {
    "error": {"kind": "LimitExceeded", "message": "...", "expected": "...", "found": "...", "where": "..."}
}
ERRORS = {
    403: "the request was made by another site's page",
    404: "no such session, clip, example or class",
    408: "the request body was received too slowly",
    413: "larger than a limit",
    421: "the Host header names a host that is not allowed",
    422: "an invalid file or value",
    429: "too many sessions, or too many requests in progress",
}
ERROR_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": description, "content": {"application/json": {"example": ERROR_EXAMPLE}}}
    for status, description in ERRORS.items()
}

page = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api", responses=ERROR_RESPONSES)


@page.api_route("/", methods=["GET", "HEAD"])
def index() -> Response:
    """The page."""
    return Response(index_page(), media_type="text/html; charset=utf-8")


@page.get("/static/{name}")
def static(name: str) -> Response:
    """A script or style sheet of the page."""
    files = static_files()
    if name not in files:
        raise ApiError(404, "NotFound", expected=f"one of {', '.join(files)}", found=repr(name)[:60])
    return Response(files[name].text, media_type=f"{files[name].media_type}; charset=utf-8")


@api.get("/about")
def about(state: State) -> ServerInfo:
    """What this server runs, and its limits."""
    bundle = state.recogniser.bundle
    return ServerInfo(
        version=version("pgfa"),
        recogniser={
            key: bundle.provenance[key] for key in ("seen", "train_clips") if key in bundle.provenance
        },
        calibrated=bundle.calibration.fitted,
        meaning=MEANING if bundle.calibration.fitted else "",
        explains=bundle.kinematics is not None,
        sentences=list(examples.SENTENCES),
        examples=examples.EXAMPLES,
        formats={format.name: format.title for format in FORMATS.values()},
        limits=state.settings.model_dump(exclude={"host", "port", "allowed_hosts"}),
    )


@api.post("/recognise", openapi_extra=RAW_BODY)
async def recognise(
    request: Request,
    state: State,
    sentence: Annotated[list[str], Query(description="a candidate; repeat it for each sentence")],
    stated: StatedReading,
    name: FileName = UNNAMED,
) -> list[AnswerResult]:
    """Answer for one file without a session: one answer per clip in it."""
    state.check_sentences(sentence)
    name, content = await uploaded_file(request, name, UNNAMED)

    def answer_all() -> list[AnswerResult]:
        upload = state.upload_workers.read(name, content, state.upload_limits(), stated)
        with state.reserve_worker():
            return [answer_clip(state, state.recogniser, None, clip, sentence) for clip in upload.clips]

    return await run_in_threadpool(answer_all)


@api.post("/sessions", status_code=201)
def open_session(state: State) -> SessionInfo:
    """Open a session. It holds clips, an alignment and taught classes, in memory only."""
    return SessionInfo(session=state.sessions.open().id)


@api.get("/sessions/{session}")
def list_clips(session: CurrentSession) -> UploadResult:
    """The clips of a session."""
    with session.lock:
        return UploadResult(clips=[clip_info(id, clip) for id, clip in session.clips.items()], failed=[])


@api.post("/sessions/{session}/heartbeat", status_code=204)
def keep_session(session: CurrentSession) -> None:
    """Say that the page is still open: its session is then not replaced by another's."""
    session.watched = True


@api.delete("/sessions/{session}", status_code=204)
def close_session(session: CurrentSession, state: State) -> None:
    """Delete a session and everything in it."""
    state.sessions.close(session.id)


@api.post("/sessions/{session}/clips", status_code=201, openapi_extra=RAW_BODY)
async def add_clips(
    request: Request, session: CurrentSession, state: State, stated: StatedReading, name: FileName = UNNAMED
) -> UploadResult:
    """Upload a file and add its clips to the session."""
    name, content = await uploaded_file(request, name, UNNAMED)

    def read_and_add() -> UploadResult:
        upload = state.upload_workers.read(name, content, state.upload_limits(session), stated)
        return add_upload(state, session, upload)

    return await run_in_threadpool(read_and_add)


@api.post("/sessions/{session}/examples/{name}", status_code=201)
def add_example(name: str, session: CurrentSession, state: State) -> UploadResult:
    """Add a synthetic example, or the set of unlabelled synthetic clips (`unlabelled`)."""
    if name not in {*examples.EXAMPLES, examples.UNLABELLED}:
        names = ", ".join((*examples.EXAMPLES, examples.UNLABELLED))
        raise ApiError(404, "NoSuchExample", expected=f"one of {names}", found=repr(name)[:60])
    with state.reserve_worker():
        is_set = name == examples.UNLABELLED
        clips = examples.unlabelled_clips() if is_set else (examples.example_clip(name),)
    return add_upload(state, session, Upload(clips, ()))


@api.get("/sessions/{session}/clips/{clip}")
def get_clip(clip: str, session: CurrentSession) -> ClipData:
    """The joint positions of a clip, as the player needs them."""
    source = session.clip(clip)
    layout = source.layout
    return ClipData(
        clip=clip_payload(source, MAX_PLAYER_FRAMES), layout=layouts_payload([layout])[layout.name]
    )


@api.delete("/sessions/{session}/clips/{clip}", status_code=204)
def remove_clip(clip: str, session: CurrentSession) -> None:
    """Delete a clip."""
    session.remove(clip)


@api.post("/sessions/{session}/clips/{clip}/answer")
def answer(clip: str, request: AnswerRequest, session: CurrentSession, state: State) -> AnswerResult:
    """The probability of each sentence for a clip, as a whole and over time."""
    state.check_sentences(request.sentences)
    recogniser, unaligned = select_recognisers(session, request)
    source = session.clip(clip)
    with state.reserve_worker():
        return answer_clip(state, recogniser, unaligned, source, request.sentences, request.over_time)


@api.post("/sessions/{session}/clips/{clip}/why")
def why(clip: str, request: AnswerRequest, session: CurrentSession, state: State) -> WhyResult:
    """What the motion of a clip says about the words of each sentence; 422 if `explains` of `/about` is false."""
    state.check_sentences(request.sentences)
    recogniser, _ = select_recognisers(session, request)
    source = session.clip(clip)
    with state.reserve_worker():
        return explain_clip(recogniser, source, request.sentences)


@api.post("/sessions/{session}/clips/{clip}/download/{form}", response_class=Response)
def download(
    clip: str,
    form: Literal["json", "csv", "vtt", "eaf"],
    request: AnswerRequest,
    session: CurrentSession,
    state: State,
) -> Response:
    """The answers over time as a file."""
    state.check_sentences(request.sentences)
    recogniser, _ = select_recognisers(session, request)
    source = session.clip(clip)
    with state.reserve_worker():
        timeline = state.timeline(recogniser, source, request.sentences)
    kind, write = FORMS[form]
    return Response(write(timeline), media_type=kind)


@api.post("/sessions/{session}/alignment")
def align(request: AlignmentRequest, session: CurrentSession, state: State) -> AlignmentResult:
    """Align the sentences with unlabelled clips, and return what that changed."""
    state.check_sentences(request.sentences)
    ids = tuple(dict.fromkeys(request.clips))
    if len(ids) < 2:
        raise ApiError(
            422, "BadConfig", expected="at least 2 clips to align with", found=f"{len(ids)}", where="clips"
        )
    clips = [session.clip(id) for id in ids]
    with state.reserve_worker(), session.lock:
        aligned = session.recogniser.adapt(tuple(clips), request.sentences)
        session.aligned, session.aligned_clips = aligned, ids
    adaptation = aligned.adaptation
    assert adaptation is not None
    names = adaptation.candidates
    return AlignmentResult(
        sentences=list(adaptation.sentences),
        support=list(adaptation.support),
        changed=adaptation.changed,
        declined=adaptation.declined,
        clips=[
            ChangedClip(clip=id, name=clip.source.id, before=names[before], after=names[after])
            for id, clip, before, after in zip(ids, clips, adaptation.before, adaptation.after, strict=True)
        ],
    )


@api.delete("/sessions/{session}/alignment", status_code=204)
def remove_alignment(session: CurrentSession) -> None:
    """Delete the alignment."""
    with session.lock:
        session.aligned, session.aligned_clips = None, ()


@api.get("/sessions/{session}/classes")
def list_classes(session: CurrentSession) -> TaughtClasses:
    """The taught classes."""
    with session.lock:
        return TaughtClasses(classes={name: len(clips) for name, clips in session.examples.items()})


@api.post("/sessions/{session}/classes")
def teach(request: TeachRequest, session: CurrentSession, state: State) -> TaughtClasses:
    """Teach a class by spans of clips; it is a candidate of every later question in this session."""
    state.check_sentences([request.name])
    with state.reserve_worker(), session.lock:
        max_classes = state.settings.max_sentences
        if request.name not in session.examples and len(session.examples) >= max_classes:
            raise limit_error("taught classes", max_classes, len(session.examples) + 1)
        spans = [cut_span(session.clip(example.clip), example) for example in request.examples]
        session.check_size(sum(span.positions.nbytes for span in spans), state.settings)
        clips = [*session.examples.get(request.name, ()), *spans]
        session.update(lambda recogniser: recogniser.teach(request.name, clips))
        session.examples[request.name] = clips
    return list_classes(session)


@api.delete("/sessions/{session}/classes/{name:path}")
def forget(name: str, session: CurrentSession) -> TaughtClasses:
    """Delete a taught class."""
    with session.lock:
        if name not in session.examples:
            raise ApiError(404, "NoSuchClass", expected="a taught class", found=repr(name)[:60])
        session.update(lambda recogniser: recogniser.forget(name))
        del session.examples[name]
    return list_classes(session)


def create_app(recogniser: Recogniser, settings: ServeSettings | None = None) -> FastAPI:
    """The application around a recogniser, for any ASGI server."""
    settings = settings or ServeSettings()
    bundle = recogniser.bundle
    cached = replace(recogniser, bundle=replace(bundle, encoder=CachingEncoder(bundle.encoder)))
    upload_workers = UploadWorkers(settings.max_read_seconds)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        upload_workers.close()

    app = FastAPI(
        title="pgfa",
        summary="Recognise human actions in skeleton recordings by sentences",
        version=version("pgfa"),
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    static_files()  # listed and read now, not at the first request
    app.state.pgfa = AppState(
        settings=settings,
        recogniser=cached,
        sessions=Sessions(cached, settings),
        upload_workers=upload_workers,
        worker=threading.BoundedSemaphore(1),
        queue=threading.BoundedSemaphore(settings.max_queued),
    )
    app.include_router(page)
    app.include_router(api)
    add_error_handlers(app)
    app.add_middleware(SecurityMiddleware, settings=settings)
    return app


def serve(run: Path | None, settings: ServeSettings, *, device: str = "cpu") -> None:
    """Load a recogniser and serve it until interrupted. Raises as `Recogniser.load` does."""
    import uvicorn

    recogniser = Recogniser.load(run, device=device)
    # Loads the sentence encoder now, so that the first answer is not the one that waits for it.
    recogniser.bundle.anchors(examples.SENTENCES)
    config = uvicorn.Config(
        create_app(recogniser, settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        http=ClientConnection,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=3,
        ws="none",
        proxy_headers=False,
    )
    socket = bind(settings.host, settings.port)
    socket.listen()  # a client that follows the address at once waits a moment instead of being refused
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    print(f"http://{host}:{socket.getsockname()[1]}/   (stop with Ctrl-C)", flush=True)
    uvicorn.Server(config).run(sockets=[socket])
