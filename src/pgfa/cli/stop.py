"""How a command that is stopped ends: one line, and the exit status of the signal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

from pgfa.processes import Terminated, is_launched

WITHOUT_END = ("serve", "live")
"""Commands that run until they are stopped: there is nothing to resume."""


def end_stopped(stop: KeyboardInterrupt, arguments: Sequence[str]) -> NoReturn:
    """Report the stop of a command line, once; exit status 130 after Ctrl-C, 143 after SIGTERM."""
    command = next(iter(arguments), "")
    resume = "" if command in WITHOUT_END else "; run the same command to resume"
    if not is_launched():
        print(f"pgfa: stopped{resume}", file=sys.stderr)
    sys.exit(143 if isinstance(stop, Terminated) else 130)
