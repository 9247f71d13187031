"""The web application: what each address does. Each function is thin; the work is done in the packages below."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from pgfa.config import ServeSettings
from pgfa.draw import clip_payload, layouts_payload
from pgfa.processes import share_one_heap
from pgfa.read import FORMATS
from pgfa.recognise import Recogniser
from pgfa.recognise.formats import MEANING
from pgfa.recognise.temporal.jsonl import MAX_LINE
from pgfa.serve import answering, corrections, examples, learning, live
from pgfa.serve.address import bind
from pgfa.serve.api_page import api_page
from pgfa.serve.assets import index_page, static_files
from pgfa.serve.connections import ClientConnection
from pgfa.serve.encoder_cache import CachingEncoder
from pgfa.serve.errors import ApiError, add_error_handlers
from pgfa.serve.forms import Body
from pgfa.serve.interface import ERROR_RESPONSES, RAW_BODY, UNNAMED, CurrentSession, FileName, State
from pgfa.serve.live_slots import LiveSlots
from pgfa.serve.messages import ClipData, ServerInfo, SessionInfo, UploadResult
from pgfa.serve.security import SecurityMiddleware
from pgfa.serve.sessions import Sessions
from pgfa.serve.state import AppState, add_upload, clip_info
from pgfa.serve.statements import StatedReading
from pgfa.serve.turns import Turns
from pgfa.serve.uploads import Upload, UploadWorkers

MAX_PLAYER_FRAMES = 20_000
"""Frames that are sent to the player; a longer clip is thinned."""

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
        raise ApiError(
            404,
            "NotFound",
            where="/static",
            expected=f"one of {', '.join(sorted(files))}",
            found=repr(name)[:60],
        )
    return Response(files[name].text, media_type=f"{files[name].media_type}; charset=utf-8")


@page.api_route("/docs", methods=["GET", "HEAD"])
def describe(request: Request) -> Response:
    """The HTTP interface for people."""
    return Response(api_page(request.app.openapi()), media_type="text/html; charset=utf-8")


@api.get("/about")
def about(state: State) -> ServerInfo:
    """What this server runs, and its limits."""
    bundle = state.recogniser.bundle
    return ServerInfo(
        version=version("pgfa"),
        recogniser={
            "name": bundle.name,
            **{key: bundle.provenance[key] for key in ("seen", "train_clips") if key in bundle.provenance},
        },
        calibrated=bundle.calibration.fitted,
        meaning=MEANING if bundle.calibration.fitted else "",
        explains=bundle.kinematics is not None,
        sentences=list(examples.SENTENCES),
        examples=examples.EXAMPLES,
        formats={format.name: format.title for format in FORMATS.values()},
        limits=state.settings.model_dump(exclude={"host", "port", "allowed_hosts"}),
    )


@api.post("/sessions", status_code=201)
def open_session(state: State) -> SessionInfo:
    """Open a session. It holds clips, an alignment and taught classes, in memory only."""
    return SessionInfo(session=state.sessions.open().id)


@api.get("/sessions/{session}")
def list_clips(session: CurrentSession) -> UploadResult:
    """The clips of a session."""
    with session.lock:
        return UploadResult(clips=[clip_info(id, clip) for id, clip in session.clips.items()], failed=[])


@api.post("/sessions/{session}/heartbeat", status_code=204, response_model=None)
def keep_session(session: CurrentSession) -> None:
    """Say that the page is still open: its session is then not replaced by another's."""
    session.watched = True


@api.delete("/sessions/{session}", status_code=204, response_model=None)
def close_session(session: CurrentSession, state: State) -> None:
    """Delete a session and everything in it."""
    state.sessions.close(session.id)


@api.post("/sessions/{session}/clips", status_code=201, openapi_extra=RAW_BODY)
async def add_clips(
    body: Body, session: CurrentSession, state: State, stated: StatedReading, name: FileName = UNNAMED
) -> UploadResult:
    """Upload a file and add its clips to the session."""
    name, content = body.file(name, UNNAMED)

    def read_and_add() -> UploadResult:
        upload = state.upload_workers.read(name, content, state.upload_limits(session), stated)
        return add_upload(state, session, upload, "" if name == UNNAMED else name)

    return await run_in_threadpool(read_and_add)


@api.post("/sessions/{session}/examples/{name}", status_code=201)
def add_example(name: str, session: CurrentSession, state: State) -> UploadResult:
    """Add a synthetic example, or the set of unlabelled synthetic clips (`unlabelled`)."""
    if name not in {*examples.EXAMPLES, examples.UNLABELLED}:
        names = ", ".join((*examples.EXAMPLES, examples.UNLABELLED))
        raise ApiError(
            404, "NoSuchExample", where="example", expected=f"one of {names}", found=repr(name)[:60]
        )
    with state.turns.hold():
        is_set = name == examples.UNLABELLED
        clips = examples.unlabelled_clips() if is_set else (examples.example_clip(name),)
    return add_upload(state, session, Upload(clips, ()), examples.EXAMPLES.get(name, name))


@api.get("/sessions/{session}/clips/{clip}")
def get_clip(clip: str, session: CurrentSession) -> ClipData:
    """The joint positions of a clip, as the player needs them."""
    source = session.clip(clip)
    layout = source.layout
    return ClipData(
        clip=clip_payload(source, MAX_PLAYER_FRAMES), layout=layouts_payload([layout])[layout.name]
    )


@api.delete("/sessions/{session}/clips/{clip}", status_code=204, response_model=None)
def remove_clip(clip: str, session: CurrentSession) -> None:
    """Delete a clip."""
    session.remove(clip)


def create_app(recogniser: Recogniser, settings: ServeSettings | None = None) -> FastAPI:
    """The application around a recogniser, for any ASGI server."""
    settings = settings or ServeSettings()
    bundle = recogniser.bundle
    cached = replace(recogniser, bundle=replace(bundle, encoder=CachingEncoder(bundle.encoder)))
    upload_workers = UploadWorkers(settings.max_read_seconds)
    executor = ThreadPoolExecutor(settings.max_queued, "question")
    live_executor = ThreadPoolExecutor(settings.max_live, "live")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        upload_workers.close()
        for threads in (executor, live_executor):
            threads.shutdown(wait=False, cancel_futures=True)

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
        turns=Turns(settings.max_queued),
        executor=executor,
        live=live_executor,
        live_slots=LiveSlots(settings.max_live),
    )
    for router in (page, api, answering.api, learning.api, corrections.api, live.api):
        app.include_router(router)
    add_error_handlers(app)
    app.add_middleware(SecurityMiddleware, settings=settings)
    return app


def serve(run: Path | None, settings: ServeSettings, *, device: str = "cpu") -> None:
    """Load a recogniser and serve it until interrupted. Raises as `Recogniser.load` does."""
    import uvicorn

    from pgfa.serve.stop import PatientServer

    share_one_heap()
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
        ws="wsproto",
        ws_max_size=MAX_LINE,
        proxy_headers=False,
    )
    socket = bind(settings.host, settings.port)
    socket.listen()  # a client that follows the address at once waits a moment instead of being refused
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    print(f"http://{host}:{socket.getsockname()[1]}/   (stop with Ctrl-C)", flush=True)
    PatientServer(config).run(sockets=[socket])
