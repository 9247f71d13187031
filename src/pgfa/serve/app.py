"""The web application: which address does what. Each function is thin; the work is done in the rooms below."""

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
from pgfa.draw import asset, clip_payload, layouts_payload
from pgfa.read import FORMATS
from pgfa.recognise import Recogniser
from pgfa.serve import examples
from pgfa.serve.encoder_cache import Remembering
from pgfa.serve.errors import Refused, answer_errors, too_much
from pgfa.serve.exports import FORMS
from pgfa.serve.messages import (
    Added,
    Aligned,
    AlignmentWanted,
    Facts,
    Found,
    Lesson,
    Motion,
    Moved,
    Opened,
    Question,
    Taught,
)  # fmt: skip
from pgfa.serve.security import Guard
from pgfa.serve.sessions import Session, Sessions
from pgfa.serve.state import House, added, chosen, found_in, held, span_of
from pgfa.serve.uploads import Readers, Upload

ASSETS = {
    "player.css": ("pgfa.draw", "page.css", "text/css"),
    "scene.js": ("pgfa.draw", "scene.js", "text/javascript"),
    "player.js": ("pgfa.draw", "player.js", "text/javascript"),
    "page.css": ("pgfa.serve", "page/page.css", "text/css"),
    "app.js": ("pgfa.serve", "page/app.js", "text/javascript"),
    "server.js": ("pgfa.serve", "page/server.js", "text/javascript"),
    "theme.js": ("pgfa.serve", "page/theme.js", "text/javascript"),
    "timeline.js": ("pgfa.serve", "page/timeline.js", "text/javascript"),
    "sentences.js": ("pgfa.serve", "page/sentences.js", "text/javascript"),
    "aligning.js": ("pgfa.serve", "page/aligning.js", "text/javascript"),
    "dom.js": ("pgfa.serve", "page/dom.js", "text/javascript"),
}
"""Address under /static/ -> package, file, type. Nothing else is ever opened for a client."""

PLAYED_FRAMES = 20_000
"""Frames that are sent to the player; a longer clip is thinned."""


def _house(request: Request) -> House:
    house: House = request.app.state.house
    return house


def _session(session: str, house: Annotated[House, Depends(_house)]) -> Session:
    return house.sessions.get(session)


TheHouse = Annotated[House, Depends(_house)]
TheSession = Annotated[Session, Depends(_session)]
FileName = Annotated[str, Query(max_length=300, description="the file's name; some formats need it")]
RAW = {
    "requestBody": {
        "required": True,
        "description": "the file's bytes: a recording of any known format, or a zip of recordings",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
REFUSALS: dict[int | str, dict[str, Any]] = {
    code: {"description": said, "content": {"application/json": {"example": {"error": {
        "kind": "LimitExceeded", "message": "...", "expected": "...", "found": "...", "where": "..."}}}}}
    for code, said in {
        403: "the request was made by another site's page", 404: "no such session, clip, example or class",
        408: "the body came too slowly", 413: "larger than a limit", 421: "strange Host",
        422: "a bad file or value", 429: "too many sessions, or requests at work",
    }.items()
}  # fmt: skip

page = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api", responses=REFUSALS)


@page.get("/")
def index() -> Response:
    """The page."""
    return Response(asset("pgfa.serve", "page/index.html"), media_type="text/html; charset=utf-8")


@page.get("/static/{name}")
def static(name: str) -> Response:
    """Scripts and style sheets, by a table of names."""
    if name not in ASSETS:
        raise Refused(404, "NotFound", expected=f"one of {', '.join(ASSETS)}", found=repr(name)[:60])
    package, file, kind = ASSETS[name]
    return Response(asset(package, file), media_type=f"{kind}; charset=utf-8")


@api.get("/about")
def about(house: TheHouse) -> Facts:
    """What runs here, and what it takes at most."""
    said = house.recogniser.bundle.provenance
    trained = {name: said[name] for name in ("seen", "train_clips") if name in said}
    limits = house.settings.model_dump(exclude={"host", "port", "names"})
    return Facts(
        version=version("pgfa"), recogniser=trained, calibrated=house.recogniser.bundle.calibration.fitted,
        sentences=list(examples.SENTENCES), examples=examples.EXAMPLES,
        formats={known.name: known.title for known in FORMATS.values()}, limits=limits,
    )  # fmt: skip


@api.post("/recognise", openapi_extra=RAW)
async def recognise(
    request: Request,
    house: TheHouse,
    sentence: Annotated[list[str], Query(description="a candidate; give it several times")],
    name: FileName = "recording",
) -> list[Found]:
    """Answer for one file at once, without a session: one answer a clip in it."""
    house.check(sentence)
    content = await request.body()

    def work() -> list[Found]:
        upload = house.readers.read(name, content, house.limits())
        with house.working():
            return [found_in(house, house.recogniser, None, clip, sentence) for clip in upload.clips]

    return await run_in_threadpool(work)


@api.post("/sessions", status_code=201)
def open_session(house: TheHouse) -> Opened:
    """Open a session: a place for clips, alignment and taught classes, in memory only."""
    return Opened(session=house.sessions.open().id)


@api.get("/sessions/{session}")
def session_clips(session: TheSession) -> Added:
    """The clips of a session."""
    with session.lock:
        return Added(clips=[held(id, clip) for id, clip in session.clips.items()], failed=[])


@api.delete("/sessions/{session}", status_code=204)
def close_session(session: TheSession, house: TheHouse) -> None:
    """Forget a session and all it holds."""
    house.sessions.close(session.id)


@api.post("/sessions/{session}/clips", status_code=201, openapi_extra=RAW)
async def add_clips(
    request: Request, session: TheSession, house: TheHouse, name: FileName = "recording"
) -> Added:
    """Take in a file."""
    content = await request.body()

    def work() -> Added:
        upload = house.readers.read(name, content, house.limits(session))
        return added(house, session, upload)

    return await run_in_threadpool(work)


@api.post("/sessions/{session}/examples/{name}", status_code=201)
def add_example(name: str, session: TheSession, house: TheHouse) -> Added:
    """Take in a synthetic example, or the synthetic set of unlabelled clips (`unlabelled`)."""
    if name not in {*examples.EXAMPLES, examples.SET}:
        known = ", ".join((*examples.EXAMPLES, examples.SET))
        raise Refused(404, "NoSuchExample", expected=f"one of {known}", found=repr(name)[:60])
    with house.working():
        clips = examples.unlabelled() if name == examples.SET else (examples.example(name),)
    return added(house, session, Upload(clips, ()))


@api.get("/sessions/{session}/clips/{clip}")
def motion(clip: str, session: TheSession) -> Motion:
    """A clip for the player."""
    found = session.clip(clip)
    return Motion(
        clip=clip_payload(found, PLAYED_FRAMES), layout=layouts_payload([found.layout])[found.layout.name]
    )


@api.delete("/sessions/{session}/clips/{clip}", status_code=204)
def remove_clip(clip: str, session: TheSession) -> None:
    """Let a clip go."""
    session.remove(clip)


@api.post("/sessions/{session}/clips/{clip}/answer")
def answer(clip: str, question: Question, session: TheSession, house: TheHouse) -> Found:
    """Which sentence tells what a clip shows, as a whole and over time."""
    house.check(question.sentences)
    recogniser, before = chosen(session, question)
    found = session.clip(clip)
    with house.working():
        return found_in(house, recogniser, before, found, question.sentences)


@api.post("/sessions/{session}/clips/{clip}/download/{form}", response_class=Response)
def download(
    clip: str,
    form: Literal["json", "csv", "vtt", "eaf"],
    question: Question,
    session: TheSession,
    house: TheHouse,
) -> Response:
    """The answers over time as a file."""
    house.check(question.sentences)
    recogniser, _ = chosen(session, question)
    found = session.clip(clip)
    with house.working():
        timeline = house.spans(recogniser, found, question.sentences)
    kind, write = FORMS[form]
    return Response(write(timeline), media_type=kind)


@api.post("/sessions/{session}/alignment")
def align(wanted: AlignmentWanted, session: TheSession, house: TheHouse) -> Aligned:
    """Let unlabelled clips stand for the sentences, and tell what that changed."""
    house.check(wanted.sentences)
    if len(set(wanted.clips)) < 2:
        expected, found = "at least 2 clips to align on", f"{len(set(wanted.clips))}"
        raise Refused(422, "BadConfig", expected=expected, found=found, where="clips")
    ids = tuple(dict.fromkeys(wanted.clips))
    clips = [session.clip(id) for id in ids]
    with house.working(), session.lock:
        aligned = session.recogniser.adapt(tuple(clips), wanted.sentences)
        session.aligned, session.aligned_on = aligned, ids
    told = aligned.adaptation
    assert told is not None
    names = told.sentences
    return Aligned(
        sentences=list(names), support=list(told.support), changed=told.changed,
        clips=[
            Moved(clip=id, name=clip.source.id, before=names[a], after=names[b])
            for id, clip, a, b in zip(ids, clips, told.before, told.after, strict=True)
        ],
    )  # fmt: skip


@api.delete("/sessions/{session}/alignment", status_code=204)
def unalign(session: TheSession) -> None:
    """Forget the alignment."""
    with session.lock:
        session.aligned, session.aligned_on = None, ()


@api.get("/sessions/{session}/classes")
def classes(session: TheSession) -> Taught:
    """The taught classes."""
    with session.lock:
        return Taught(classes={name: len(clips) for name, clips in session.examples.items()})


@api.post("/sessions/{session}/classes")
def teach(lesson: Lesson, session: TheSession, house: TheHouse) -> Taught:
    """Teach a class by spans of clips; it stands beside the sentences from then on."""
    house.check([lesson.name])
    with house.working(), session.lock:
        if lesson.name not in session.examples and len(session.examples) >= house.settings.sentences:
            raise too_much("taught classes", house.settings.sentences, len(session.examples) + 1)
        spans = [span_of(session.clip(example.clip), example) for example in lesson.examples]
        session.check_size(sum(span.positions.nbytes for span in spans), house.settings)
        together = [*session.examples.get(lesson.name, ()), *spans]
        session.change(lambda recogniser: recogniser.teach(lesson.name, together))
        session.examples[lesson.name] = together
    return classes(session)


@api.delete("/sessions/{session}/classes/{name:path}")
def forget(name: str, session: TheSession) -> Taught:
    """Forget a taught class."""
    with session.lock:
        if name not in session.examples:
            raise Refused(404, "NoSuchClass", expected="a taught class", found=repr(name)[:60])
        session.change(lambda recogniser: recogniser.forget(name))
        del session.examples[name]
    return classes(session)


def create_app(recogniser: Recogniser, settings: ServeSettings | None = None) -> FastAPI:
    """The application around a recogniser, for any ASGI server."""
    settings = settings or ServeSettings()
    bundle = recogniser.bundle
    shared = replace(recogniser, bundle=replace(bundle, encoder=Remembering(bundle.encoder)))
    readers = Readers(settings.read_seconds)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        yield
        readers.close()

    app = FastAPI(
        title="pgfa", summary="Which sentence tells what a skeleton recording shows", version=version("pgfa"),
        docs_url=None, redoc_url=None, lifespan=life,
    )  # fmt: skip
    app.state.house = House(
        settings, shared, Sessions(shared, settings), readers,
        threading.BoundedSemaphore(1), threading.BoundedSemaphore(settings.waiting),
    )  # fmt: skip
    app.include_router(page)
    app.include_router(api)
    answer_errors(app)
    app.add_middleware(Guard, settings=settings)
    return app


def _warm(recogniser: Recogniser) -> None:
    """Load before anybody waits for it: the sentence encoder, the model's first pass, the page's first example."""
    recogniser.recognise(examples.example(next(iter(examples.EXAMPLES))), examples.SENTENCES)
    examples.example("several")


def serve(run: Path | None, settings: ServeSettings, *, device: str = "cpu") -> None:
    """Open a recogniser and serve it until interrupted. Raises as `Recogniser.load` does."""
    import uvicorn

    recogniser = Recogniser.load(run, device=device)
    recogniser.bundle.anchors(
        examples.SENTENCES
    )  # the sentence encoder is loaded before anybody waits for it
    server = uvicorn.Config(
        create_app(recogniser, settings), host=settings.host, port=settings.port, log_level="warning",
        access_log=False, server_header=False, limit_concurrency=64, timeout_keep_alive=10,
        timeout_graceful_shutdown=3, ws="none", proxy_headers=False,
    )  # fmt: skip
    socket = server.bind_socket()
    socket.listen()  # who follows the address at once waits a moment, and is not refused
    shown = f"[{settings.host}]" if ":" in settings.host else settings.host
    print(f"http://{shown}:{socket.getsockname()[1]}/   (stop with Ctrl-C)", flush=True)
    uvicorn.Server(server).run(sockets=[socket])
