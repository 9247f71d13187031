"""Addresses that change the recogniser of a session: alignment and taught classes."""

from __future__ import annotations

from fastapi import APIRouter

from pgfa.serve.errors import ApiError, limit_error
from pgfa.serve.interface import ERROR_RESPONSES, CurrentSession, State
from pgfa.serve.messages import AlignmentRequest, AlignmentResult, ChangedClip, TaughtClasses, TeachRequest
from pgfa.serve.state import cut_span

api = APIRouter(prefix="/api", responses=ERROR_RESPONSES)


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
    with session.lock, state.turns.hold():
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
            ChangedClip(clip=id, name=session.name(id), before=names[before], after=names[after])
            for id, before, after in zip(ids, adaptation.before, adaptation.after, strict=True)
        ],
    )


@api.delete("/sessions/{session}/alignment", status_code=204, response_model=None)
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
    with session.lock, state.turns.hold():
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
            raise ApiError(404, "NoSuchClass", where="name", expected="a taught class", found=repr(name)[:60])
        session.update(lambda recogniser: recogniser.forget(name))
        del session.examples[name]
    return list_classes(session)
