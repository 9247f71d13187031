"""Addresses for what a person corrects: answers that follow it at once, and a pack of the corrected moments."""

from __future__ import annotations

import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from io import BytesIO

from fastapi import APIRouter, Response

from pgfa.files.leftovers import temporary_folder
from pgfa.pack import save_pack
from pgfa.pack.importing.folder import common_layout
from pgfa.recognise import Correction
from pgfa.serve.errors import ApiError
from pgfa.serve.interface import ERROR_RESPONSES, CurrentSession, State
from pgfa.serve.messages import CorrectionsRequest, CorrectionsResult, LabelledMoment, TrainingRequest
from pgfa.serve.sessions import Session
from pgfa.serve.state import cut_moment
from pgfa.skeleton import Clip

DATASET = "corrections"
"""Name of the data set in a pack of corrected moments, and of the folder in the zip."""
MAX_NAME = 200
"""Characters of a class name in a catalogue."""
README = """Moments labelled on the page of pgfa: a pack, and a catalogue with a sentence for each class.

Unpack this zip and train on all of its classes:

    pgfa train --pack corrections/pack --catalogue corrections/catalogue.toml \\
      --split corrections/none --out runs/corrected
    pgfa serve runs/corrected

To train on other packs as well, repeat --pack.
"""

api = APIRouter(prefix="/api", responses=ERROR_RESPONSES)


@api.post("/sessions/{session}/corrections")
def correct(request: CorrectionsRequest, session: CurrentSession, state: State) -> CorrectionsResult:
    """Let all later answers of this session follow these corrections.

    They replace earlier ones; an empty list removes them.
    """
    state.check_texts([c.sentence for c in request.corrections if c.sentence])
    corrections = [
        Correction(
            session.clip(c.clip), c.start_s, c.end_s, c.sentence, right=c.right, bodies=tuple(c.bodies)
        )
        for c in request.corrections
    ]
    with session.lock, state.turns.hold():
        session.update(lambda recogniser: recogniser.correct(corrections))
    return CorrectionsResult(corrections=len(corrections))


@api.post("/sessions/{session}/training", response_class=Response)
def export_for_training(request: TrainingRequest, session: CurrentSession) -> Response:
    """A zip for `pgfa train`: the labelled moments as a pack, and a catalogue of their sentences."""
    if len({labelled_part(moment) for moment in request.moments}) < len(request.moments):
        raise ApiError(
            422, "BadConfig", expected="every moment once", found="the same moment twice", where="moments"
        )
    names = recording_names(session, request)
    clips = [labelled_clip(session.clip(m.clip), m, names[m.clip]) for m in request.moments]
    layouts = {clip.layout.name for clip in clips}
    sentences = {clip.source.action: clip.source.variant for clip in clips}
    with temporary_folder() as folder:
        pack = folder / "pack"
        save_pack(clips, pack, layout=common_layout(layouts) if len(layouts) > 1 else None)
        files = {f"pack/{file.name}": file.read_bytes() for file in sorted(pack.iterdir())}
    files["catalogue.toml"] = catalogue_text(sentences.items()).encode()
    files["README.txt"] = README.encode()
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"{DATASET}/{name}", content)
    return Response(out.getvalue(), media_type="application/zip")


def labelled_part(moment: LabelledMoment) -> tuple[str, str]:
    """The part of a clip that a moment is about: the id of the clip, and its time and bodies as text."""
    bodies = "".join(f" body {body + 1}" for body in moment.bodies)
    return moment.clip, f"{moment.start_s:.3f}-{moment.end_s:.3f}{bodies}"


def recording_names(session: Session, request: TrainingRequest) -> dict[str, str]:
    """Name of the recording of each clip; where several have one name, with the id. Raises ApiError (404)."""
    ids = dict.fromkeys(moment.clip for moment in request.moments)
    names = {id: request.names.get(id) or session.name(id) or id for id in ids}
    count = Counter(names.values())
    return {id: name if count[name] == 1 else f"{name} ({id})" for id, name in names.items()}


def labelled_clip(recording: Clip, moment: LabelledMoment, name: str) -> Clip:
    """One moment as a clip of a data set; `variant` is its sentence. Raises ApiError (422)."""
    clip = cut_moment(recording, moment.start_s, moment.end_s, moment.bodies)
    source = replace(
        recording.source,
        id=f"{name} {labelled_part(moment)[1]}",
        dataset=DATASET,
        action=class_name(moment.sentence),
        variant=moment.sentence,
    )
    return replace(clip, source=source, listed=None)


def class_name(sentence: str) -> str:
    """A sentence as the name of a class in a catalogue: without slashes and control characters."""
    return re.sub(r"[/\x00-\x1f\s]+", " ", sentence).strip()[:MAX_NAME].strip() or "unnamed"


def catalogue_text(classes: Iterable[tuple[str, str]]) -> str:
    """A catalogue in TOML of (name, sentence) pairs. JSON strings are basic strings of TOML."""
    entries = [
        f"[[action]]\nname = {_toml(name)}\nplain = {_toml(sentence)}\n" for name, sentence in sorted(classes)
    ]
    return "\n".join([f"dataset = {_toml(DATASET)}\n", *entries])


def _toml(text: str) -> str:
    # JSON leaves U+007F as it is, which TOML does not allow.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
