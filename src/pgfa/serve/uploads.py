"""Uploads -> clips, by processes of their own (`reader`) that are ended when they take too long."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from pgfa.serve.errors import Refused, status_of
from pgfa.serve.upload_worker import receive, send
from pgfa.skeleton import Clip, Source, get_layout


@dataclass(frozen=True)
class Upload:
    """What was in an uploaded file: its clips, and of those that could not be read, why."""

    clips: tuple[Clip, ...]
    failed: tuple[dict[str, Any], ...]


class Readers:
    """A few reading processes, started when first needed.

    Args:
        seconds: that one file may take.
        count: files read at the same time; others wait.
    """

    def __init__(self, seconds: float, count: int = 2) -> None:
        self.seconds = seconds
        self._free: queue.LifoQueue[_Reader | None] = queue.LifoQueue()
        for _ in range(count):
            self._free.put(None)

    def read(self, name: str, content: bytes, limits: dict[str, float]) -> Upload:
        """Read a file, whatever it is.

        Raises Refused: 422 or 413 with the reader's own words; 422 where it took too long or ended the reader.
        """
        reader = self._free.get()
        try:
            if reader is None or reader.process.poll() is not None:
                reader = _Reader()
            said, arrays = reader.ask(name, content, limits, self.seconds)
        except (_Ended, OSError, EOFError):
            late = reader is not None and reader.late
            if reader is not None:
                reader.end()
                reader = None
            expected = f"a file that is read within {self.seconds:g} s"
            raise Refused(
                422, "BadFile", expected=expected, found="one that takes longer" if late else "one that is not",
                where=name[:100],
            ) from None  # fmt: skip
        finally:
            self._free.put(reader)
        if "error" in said:
            error = said["error"]
            refused = Refused(
                status_of(error["kind"]), error["kind"], expected=error.get("expected", ""),
                found=error.get("found", ""), where=error.get("where", ""),
            )  # fmt: skip
            refused.detail = error["message"]
            raise refused
        clips = tuple(_clip(head, raw) for head, raw in zip(said["clips"], arrays, strict=True))
        return Upload(clips, tuple(said["failed"]))

    def close(self) -> None:
        """End all processes that are not at work."""
        while True:
            try:
                reader = self._free.get_nowait()
            except queue.Empty:
                return
            if reader is not None:
                reader.end()


class _Ended(Exception):
    """The process has gone, by itself or because it took too long."""


class _Reader:
    def __init__(self) -> None:
        self.late = False
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "pgfa.serve.upload_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.to, self.back = self.process.stdin, self.process.stdout
        if receive(self.back) is None:
            raise _Ended

    def ask(
        self, name: str, content: bytes, limits: dict[str, float], seconds: float
    ) -> tuple[dict[str, Any], list[bytes]]:
        clock = threading.Timer(seconds, self._too_late)
        clock.daemon = True
        clock.start()
        try:
            send(self.to, {"name": name, "size": len(content), "limits": limits}, content)
            said = receive(self.back)
            if said is None:
                raise _Ended
            return said, [self._take(4 * prod(clip["shape"])) for clip in said.get("clips", ())]
        except ValueError:
            raise _Ended from None
        finally:
            clock.cancel()

    def _take(self, size: int) -> bytes:
        raw = self.back.read(size)
        if len(raw) < size:
            raise _Ended
        return raw

    def _too_late(self) -> None:
        self.late = True
        self.process.kill()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.to, self.back):
            with suppress(OSError):  # what was still to be written to a process that has gone
                stream.close()


def _clip(head: dict[str, Any], raw: bytes) -> Clip:
    positions = np.frombuffer(raw, dtype=np.float32).reshape(head["shape"])
    source, problems = Source(**head["source"]), tuple(head["problems"])
    return Clip(positions, head["rate"], get_layout(head["layout"]), source, problems)
