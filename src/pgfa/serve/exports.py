"""The files in which the page downloads answers over time; `pgfa.recognise.formats` writes them."""

from __future__ import annotations

from dataclasses import replace

from pgfa.recognise import Span, Timeline
from pgfa.recognise.formats import OUTPUTS, spans_eaf
from pgfa.serve.messages import DownloadRequest

FORMS = {"json": "json", "csv": "windows.csv", "spans.csv": "csv", "vtt": "vtt", "eaf": "eaf"}
"""Form of the address -> name in `OUTPUTS`."""


def write(form: str, timeline: Timeline, request: DownloadRequest, name: str) -> tuple[str, str]:
    """A timeline as a file: media type and text.

    The spans of the request, and its name of the recording, replace those of the timeline and `name`, if it has any.
    """
    timeline = replace(timeline, source=request.name or name)
    if request.spans is not None:
        spans = (
            Span(s.start_s, s.end_s, s.body, s.sentence, s.probability, s.partner) for s in request.spans
        )
        timeline = replace(timeline, spans=tuple(sorted(spans, key=lambda s: (s.body, s.start_s))))
    output = OUTPUTS[FORMS[form]]
    if form == "eaf":
        return output.media_type, spans_eaf(timeline, request.media, request.media_offset_s)
    return output.media_type, output.timeline(timeline)
