"""The static files of the page: listed once at start-up, so that no request ever opens a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from pgfa.draw import PLAYER, asset

MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript"}
"""File name ending -> media type. Other files of the page's folder are not served under /static/."""


@dataclass(frozen=True)
class StaticFile:
    """A script or style sheet."""

    text: str
    media_type: str


@cache
def static_files() -> Mapping[str, StaticFile]:
    """The files under /static/ by name: those of the page's folder, and the player that `pgfa.draw` provides."""
    texts = {
        entry.name: asset("pgfa.serve", f"page/{entry.name}")
        for entry in resources.files("pgfa.serve").joinpath("page").iterdir()
        if entry.is_file() and _ending(entry.name) in MEDIA_TYPES
    }
    player = {
        "player.css": asset("pgfa.draw", "page.css"),
        **{name: asset("pgfa.draw", name) for name in PLAYER},
    }
    if clash := texts.keys() & player.keys():
        raise RuntimeError(f"two static files of the same name: {', '.join(sorted(clash))}")
    return {name: StaticFile(text, MEDIA_TYPES[_ending(name)]) for name, text in (texts | player).items()}


def index_page() -> str:
    """The HTML of the page."""
    return asset("pgfa.serve", "page/index.html")


def _ending(name: str) -> str:
    return f".{name.rpartition('.')[2]}"
