"""pgfa: recognise human actions never seen in training, from 3-D skeletons and sentences.

>>> import pgfa
>>> recogniser = pgfa.Recogniser.load("runs/mine")           # doctest: +SKIP
>>> answers = recogniser.recognise("clip.skeleton", ["a person waves", "a person sits down"])  # doctest: +SKIP
>>> answers.best, answers.none                               # doctest: +SKIP
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

# From 1.32 on, onnxruntime reports its use to its maker and writes a device id into the user's cache, unless this is
# set before it is imported. Nothing that handles people's recordings should.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

if TYPE_CHECKING:
    from pgfa.pack import open_pack
    from pgfa.read import read
    from pgfa.recognise import Answer, Answers, Recogniser, Span, Timeline
    from pgfa.skeleton import Clip

__all__ = ["Answer", "Answers", "Clip", "Recogniser", "Span", "Timeline", "open_pack", "read"]

_MODULES = {
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
    # Packages are imported when they are first used: `import pgfa` must not take the second that torch needs.
    if name in _MODULES:
        module = import_module(_MODULES[name])
        # Python binds the package `read`, which can be called, to this name as soon as it is imported.
        return module if module.__name__ == f"{__name__}.{name}" else getattr(module, name)
    raise AttributeError(f"module 'pgfa' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
