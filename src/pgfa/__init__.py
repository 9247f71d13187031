"""pgfa: recognise human actions nobody recorded in training, from 3-D skeletons and sentences.

>>> import pgfa
>>> recogniser = pgfa.Recogniser.load("runs/mine")           # doctest: +SKIP
>>> answers = recogniser.recognise("clip.skeleton", ["a person waves", "a person sits down"])  # doctest: +SKIP
>>> answers.best, answers.none                               # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pgfa.pack import open_pack
    from pgfa.read import read
    from pgfa.recognise import Answer, Answers, Recogniser, Span, Timeline
    from pgfa.skeleton import Clip

__all__ = ["Answer", "Answers", "Clip", "Recogniser", "Span", "Timeline", "open_pack", "read"]

_WHERE = {
    "Answer": "pgfa.recognise",
    "Answers": "pgfa.recognise",
    "Clip": "pgfa.skeleton",
    "Recogniser": "pgfa.recognise",
    "Span": "pgfa.recognise",
    "Timeline": "pgfa.recognise",
    "open_pack": "pgfa.pack",
    "read": "pgfa.read",
}


def __getattr__(name: str) -> Any:
    # Rooms are imported when first asked for: `import pgfa` must not cost a second of torch.
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'pgfa' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
