"""Where the command `pgfa` starts: a stop while the commands are imported is one line too."""

from __future__ import annotations

import sys

from pgfa.cli.stop import end_stopped
from pgfa.processes import termination_as_interrupt


def main() -> None:
    """Run the command line (`pgfa.cli.main.main`)."""
    try:
        with termination_as_interrupt():
            from pgfa.cli.main import main as run
    except KeyboardInterrupt as stop:
        end_stopped(stop, sys.argv[1:])
    run()


if __name__ == "__main__":
    main()
