"""The formats in which the page downloads a timeline; `pgfa.recognise.formats` writes them."""

from __future__ import annotations

from collections.abc import Callable

from pgfa.recognise import Timeline
from pgfa.recognise.formats import OUTPUTS

FORMS: dict[str, tuple[str, Callable[[Timeline], str]]] = {
    form: (OUTPUTS[name].media_type, OUTPUTS[name].timeline)
    for form, name in {"json": "json", "csv": "windows.csv", "vtt": "vtt", "eaf": "eaf"}.items()
}
"""File extension -> media type and writer."""
