"""What all requests share, and what is asked of the recogniser on their behalf."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from pgfa.config import ServeSettings
from pgfa.recognise import Answers, Recogniser, Timeline
from pgfa.recognise.temporal.spans import HOP
from pgfa.serve.errors import Refused, too_much
from pgfa.serve.messages import Added, Candidate, Example, Found, Held, Question
from pgfa.serve.sessions import Session, Sessions
from pgfa.serve.uploads import Readers, Upload
from pgfa.skeleton import Clip


@dataclass(frozen=True)
class House:
    """What all requests share."""

    settings: ServeSettings
    recogniser: Recogniser
    sessions: Sessions
    readers: Readers
    turn: threading.BoundedSemaphore
    line: threading.BoundedSemaphore

    @contextmanager
    def working(self) -> Iterator[None]:
        """One piece of work at a time, some waiting. Raises Refused (429) where too many wait."""
        if not self.line.acquire(blocking=False):
            raise Refused(
                429, "Busy", expected=f"at most {self.settings.waiting} requests at work", found="one more"
            )
        try:
            with self.turn:
                yield
        finally:
            self.line.release()

    def limits(self, session: Session | None = None) -> dict[str, float]:
        """What a reading process is to hold a file to."""
        s = self.settings
        now = (len(session.clips), session.size) if session else (0, 0)
        return {
            "clips": max(0, s.clips - now[0]), "bytes": max(0, s.session_bytes - now[1]), "frames": s.frames,
            "bodies": s.bodies, "seconds": s.seconds, "file_bytes": s.file_bytes,
        }  # fmt: skip

    def check(self, sentences: Sequence[str]) -> None:
        """Raises Refused (413) for too many sentences or one too long."""
        if len(sentences) > self.settings.sentences:
            raise too_much("sentences", self.settings.sentences, len(sentences))
        for number, sentence in enumerate(sentences, 1):
            if len(sentence) > self.settings.characters:
                raise too_much(f"sentence {number}", self.settings.characters, len(sentence), "characters")

    def spans(self, recogniser: Recogniser, clip: Clip, sentences: Sequence[str]) -> Timeline:
        """Answers over time, with no more windows than there may be."""
        hop = max(HOP, clip.seconds * clip.bodies / self.settings.windows)
        return recogniser.spans(clip, sentences, hop=hop)


def held(id: str, clip: Clip) -> Held:
    """What is told of a clip."""
    source = clip.source
    return Held(
        id=id, name=source.id, action=source.variant or source.action, frames=clip.frames, rate=clip.rate,
        seconds=clip.seconds, bodies=clip.bodies, layout=clip.layout.name, problems=list(clip.problems),
    )  # fmt: skip


def added(house: House, session: Session, upload: Upload) -> Added:
    """Take clips into a session. Raises Refused (413) above its limits."""
    ids = session.add(upload.clips, house.settings)
    told = [held(id, clip) for id, clip in zip(ids, upload.clips, strict=True)]
    return Added(clips=told, failed=[dict(error) for error in upload.failed])


def chosen(session: Session, question: Question) -> tuple[Recogniser, Recogniser | None]:
    """The recogniser that a question is for, and the one to compare it with."""
    with session.lock:
        if not question.aligned:
            return session.recogniser, None
        if session.aligned is None:
            raise Refused(
                422, "BadConfig", expected="an alignment made before", found="none", where="aligned"
            )
        return session.aligned, session.recogniser


def found_in(
    house: House, recogniser: Recogniser, before: Recogniser | None, clip: Clip, sentences: Sequence[str]
) -> Found:
    """Answer for a clip; `before` is the recogniser to compare with. Raises as `Recogniser.recognise`."""
    answers = recogniser.recognise(clip, sentences)
    old = before.recognise(clip, sentences) if before else None
    by_name = {one.sentence: one for one in answers}
    was = {one.sentence: one.probability for one in old} if old else {}
    names = recogniser.candidates(sentences)
    taught = {name for name in names if name in recogniser.taught}
    candidates = [
        Candidate(
            sentence=name, probability=by_name[name].probability, cosine=by_name[name].cosine,
            prototype=by_name[name].prototype, taught=name in taught, before=was.get(name),
        )
        for name in names
    ]  # fmt: skip
    return Found(
        candidates=candidates, none=answers.none, none_before=old.none if old else None,
        best=_best(answers, names), calibrated=answers.calibrated,
        timeline=house.spans(recogniser, clip, sentences).to_dict(),
    )  # fmt: skip


def _best(answers: Answers, names: Sequence[str]) -> int | None:
    return None if answers.best is None else names.index(answers.best.sentence)


def span_of(clip: Clip, example: Example) -> Clip:
    """The part of a clip that an example names. Raises Refused (422) where there is no such part."""
    first, last = round(example.start_s * clip.rate), round(example.end_s * clip.rate)
    if not first < min(last, clip.frames):
        raise Refused(
            422, "BadConfig", where="span", expected=f"a start before its end, within {clip.seconds:.2f} s",
            found=f"{example.start_s:g} to {example.end_s:g} s",
        )  # fmt: skip
    positions = clip.positions[first:last]
    if example.body is not None:
        if example.body >= clip.bodies:
            raise Refused(
                422,
                "BadConfig",
                where="body",
                expected=f"a number below {clip.bodies}",
                found=f"{example.body}",
            )
        positions = positions[:, example.body : example.body + 1]
    return replace(clip, positions=positions.copy())
