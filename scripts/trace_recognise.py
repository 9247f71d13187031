"""Count what a recording passes through on its way to an answer: files, functions and calls of the package.

    python scripts/trace_recognise.py a3_s1_t1_skeleton.mat

The command `pgfa recognise` is traced from its function on; the model, the sentence encoder and the loading of the
recogniser are replaced, so that what is counted is the path of the recording.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import pkgutil
import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

import pgfa
from pgfa.cli.use import recognise
from pgfa.config import RunSettings
from pgfa.recognise import Bundle, Calibration, Recogniser

PACKAGE = str(Path(pgfa.__file__).parent)


class Stub:
    """Replaces the encoder."""

    kind = "stub"

    def features(self, positions: np.ndarray, present: np.ndarray) -> np.ndarray:
        """(N, 8) of ones."""
        return np.ones((len(positions), 8), dtype=np.float32)


class StubBundle(Bundle):
    """Replaces the sentence encoder."""

    def anchors(self, sentences: Any) -> np.ndarray:
        """(K, 8) unit vectors."""
        return np.eye(len(sentences), 8, dtype=np.float32)


def main(file: str) -> None:
    """Trace one answer and print the counts."""
    bundle = StubBundle(
        RunSettings(), Stub(), np.zeros(8, np.float32), Calibration(6.0, 6.0, none=1.0, fitted=True), {}
    )
    Recogniser.load = classmethod(lambda cls, *_, **__: cls(bundle))  # type: ignore[method-assign, assignment]
    for package in ("read", "prepare", "recognise", "skeleton", "adapt"):  # imports are not counted
        for module in pkgutil.walk_packages([f"{PACKAGE}/{package}"], f"pgfa.{package}."):
            importlib.import_module(module.name)
    for title in ("first call of a process", "later calls"):
        calls = count_calls(file)
        files = sorted({name for name, _ in calls})
        print(f"{title}: {len(files)} files, {len(calls)} functions, {sum(calls.values())} calls")
    for name in files:
        inside = [
            f"{function} x{n}" if n > 1 else function for (path, function), n in calls.items() if path == name
        ]
        print(f"  {name}: {', '.join(inside)}")


def count_calls(file: str) -> Counter[tuple[str, str]]:
    """(file, function) -> calls during one answer."""
    calls: Counter[tuple[str, str]] = Counter()

    def count(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(PACKAGE) and not code.co_name.startswith("<"):
            calls[code.co_filename.removeprefix(PACKAGE + "/"), code.co_qualname] += 1

    with contextlib.redirect_stdout(io.StringIO()):
        sys.setprofile(count)
        try:
            recognise(file, **{SENTENCES: ["a person waves a hand", "a person sits down"]})
        finally:
            sys.setprofile(None)
    return calls


SENTENCES = next(name for name in recognise.__annotations__ if name in ("as_", "sentence", "sentences"))

if __name__ == "__main__":
    main(sys.argv[1])
