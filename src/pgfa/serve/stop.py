"""How the server is stopped."""

from __future__ import annotations

import math
import time
from types import FrameType

import uvicorn

from pgfa.processes import SETTLE_SECONDS


class PatientServer(uvicorn.Server):
    """Ends in good order when Ctrl-C is pressed twice in a row; uvicorn itself then drops everything, with a traceback.

    Pressed again later, it drops what is still running.
    """

    _stopped = -math.inf

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called for each signal."""
        if time.monotonic() < self._stopped + SETTLE_SECONDS:
            return
        self._stopped = time.monotonic()
        super().handle_exit(sig, frame)
