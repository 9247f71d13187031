"""Where the command `pgfa` starts: streams are open; a stop while the commands are imported is one line, so are two."""

from __future__ import annotations

import atexit
import sys

from pgfa.cli.stop import end_stopped
from pgfa.cli.streams import prepare_streams
from pgfa.processes import catch_stops, ignore_stops, settle, termination_as_interrupt


def main() -> None:
    """Run the command line (`pgfa.cli.main.main`)."""
    prepare_streams()
    # Until the process has ended: a second Ctrl-C must not replace its last line and exit status.
    catch_stops()
    atexit.register(ignore_stops)  # the first to be registered is the last to be called
    try:
        with termination_as_interrupt():
            from pgfa.cli.main import main as run
    except KeyboardInterrupt as stop:
        end_stopped(stop, sys.argv[1:])
    try:
        run()
    finally:
        settle()


if __name__ == "__main__":
    main()
