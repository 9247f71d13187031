"""One self-contained HTML page: everything inside it, nothing else allowed in, foreign text kept as text."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib import resources
from typing import Any

# The player's scripts, in the order they need one another.
PLAYER = ("scene.js", "player.js")


@cache
def asset(package: str, name: str) -> str:
    """Text of a style sheet or script that lies beside a package's modules."""
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")


def document(title: str, body: str, *, styles: Sequence[str], scripts: Sequence[str], data: Any) -> str:
    """A whole HTML page that works from disk and can load nothing from anywhere.

    A content security policy allows exactly the given scripts and style sheets, by their hashes, and nothing
    else: were a name from outside ever to slip through as markup, the browser would still not run it.

    Args:
        title: plain text, escaped here.
        body: HTML; the caller has escaped all text in it (``html.escape``). No ``style`` or ``on...``
            attributes: the policy forbids them.
        styles, scripts: texts of trusted style sheets and classic scripts of this package.
        data: JSON values, without NaN; a script finds them as text of the element ``page-data``.
    """
    for text in (*styles, *scripts):
        if "</" in text and ("</script" in text.lower() or "</style" in text.lower()):
            raise ValueError("a script or style sheet that closes its own element cannot be put into a page")
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
    """JSON that cannot end the element it stands in, whatever its strings hold."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
