"""Self-contained HTML pages: scripts, styles and data inside, nothing loaded, and text from outside escaped."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib import resources
from typing import Any

# The scripts of the player, in the order in which they depend on each other.
PLAYER = ("scene.js", "player.js")


@cache
def asset(package: str, name: str) -> str:
    """Text of a style sheet or script in a package."""
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")


def document(title: str, body: str, *, styles: Sequence[str], scripts: Sequence[str], data: Any) -> str:
    """A complete HTML page that works from disk and loads nothing.

    A content security policy allows exactly the given scripts and style sheets, by their hashes. If text from outside
    was ever inserted as markup by mistake, the browser would still not run it.

    Args:
        title: plain text, escaped here.
        body: HTML in which the caller has escaped all text (``html.escape``). No ``style`` or ``on...`` attributes:
            the policy forbids them.
        styles, scripts: texts of style sheets and classic scripts of this package.
        data: JSON values without NaN; scripts read them from the text of the element ``page-data``.
    """
    for text in (*styles, *scripts):
        if "</" in text and ("</script" in text.lower() or "</style" in text.lower()):
            raise ValueError("a script or style sheet must not close its own element")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hashes(scripts)}",
            f"style-src {_hashes(styles)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            '<link rel="icon" href="data:,">',
            f"<title>{escape(title)}</title>",
            *(f"<style>{text}</style>" for text in styles),
            "</head>",
            "<body>",
            body,
            f'<script type="application/json" id="page-data">{_json(data)}</script>',
            *(f"<script>{text}</script>" for text in scripts),
            "</body>",
            "</html>",
            "",
        )
    )


def _hashes(texts: Sequence[str]) -> str:
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii") for text in texts)
    return " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"


def _json(value: Any) -> str:
    """JSON that cannot close its element, for any strings."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
