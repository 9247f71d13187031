"""Standard input, output and error as the command line needs them, whatever the shell made of them."""

from __future__ import annotations

import codecs
import io
import json
import os
import sys

_ESCAPE = "pgfa.escape"


def prepare_streams() -> None:
    """Open closed streams on the null device; no character that is printed is an error.

    Python has None for a stream that the shell closed (``>&-``). The first file to be opened would get its number, and
    what libraries print to standard error would be written into that file.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)
    if isinstance(sys.stdout, io.TextIOWrapper) and (
        sys.stdout.encoding.lower() != "utf-8" or sys.stdout.errors == "strict"
    ):
        codecs.register_error(_ESCAPE, _escape)
        sys.stdout.reconfigure(errors=_ESCAPE)


def _escape(error: UnicodeError) -> tuple[str, int]:
    """Characters that the encoding lacks, as JSON writes them: an answer in JSON stays one."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end
