"""Commands in forked processes, for scripts that stop, hinder or watch them: modules are imported once."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from pgfa.cli.main import main

UNCAUGHT = 99
"""Status of a command that an exception other than SystemExit left."""


def run_command(arguments: Sequence[str]) -> int:
    """Run a command of the command line in this process; its exit status. What ends it is printed, as Python does."""
    try:
        main(list(arguments))
    except SystemExit as error:
        if isinstance(error.code, str):
            print(error.code, file=sys.stderr)
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        traceback.print_exc()
        return UNCAUGHT
    return 0


def redirect(file: str | Path, *numbers: int, write: bool = True) -> None:
    """Let file descriptors of this process be a file, which is emptied if it is written."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC if write else os.O_RDONLY)
    for number in numbers:
        os.dup2(handle, number)


def in_child(work: Callable[[], None]) -> None:
    """Call a function in a forked process, so that this one has no threads of a library: they do not survive a fork.

    Raises:
        ChildProcessError: the function raised.
    """
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if status:
        raise ChildProcessError(f"exit status {os.waitstatus_to_exitcode(status)}")
