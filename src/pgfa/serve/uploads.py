"""Uploads -> clips, by separate processes (`upload_worker`) that are ended if they take too long."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from math import prod
from typing import Any

import numpy as np

from pgfa.files.leftovers import clear_temporary_folders
from pgfa.read.stated import NOTHING, Stated
from pgfa.serve.errors import ApiError, status_of
from pgfa.serve.upload_worker import UploadLimits, receive, send
from pgfa.skeleton import Clip, Source, get_layout


@dataclass(frozen=True)
class Upload:
    """The clips of an uploaded file, and an error for each recording in it that could not be read."""

    clips: tuple[Clip, ...]
    failed: tuple[dict[str, Any], ...]


class UploadWorkers:
    """A small pool of worker processes, started when first needed.

    Args:
        max_seconds: time that one file may take.
        count: files read at the same time; others wait.
    """

    def __init__(self, max_seconds: float, count: int = 2) -> None:
        self.max_seconds = max_seconds
        self._idle: queue.LifoQueue[UploadWorker | None] = queue.LifoQueue()
        for _ in range(count):
            self._idle.put(None)

    def read(self, name: str, content: bytes, limits: UploadLimits, stated: Stated = NOTHING) -> Upload:
        """Read a file of any format; `stated` is what the client says about it.

        Raises ApiError: 422 or 413 with the reader's own message; 422 if it took too long or ended the worker.
        """
        worker = self._idle.get()
        try:
            if worker is None or worker.process.poll() is not None:
                worker = UploadWorker()
            response, arrays = worker.read(name, content, limits, stated, self.max_seconds)
        except (_WorkerEnded, OSError, EOFError):
            timed_out = worker is not None and worker.timed_out
            if worker is not None:
                worker.end()
                worker = None
            expected = f"a file that can be read within {self.max_seconds:g} s"
            actual = "a file that takes longer" if timed_out else "a file that crashes its reader"
            raise ApiError(422, "BadFile", expected=expected, found=actual, where=name[:100]) from None
        finally:
            self._idle.put(worker)
        if "error" in response:
            raise _api_error(response["error"])
        clips = tuple(_clip(head, raw) for head, raw in zip(response["clips"], arrays, strict=True))
        return Upload(clips, tuple(response["failed"]))

    def close(self) -> None:
        """End all idle workers."""
        while True:
            try:
                worker = self._idle.get_nowait()
            except queue.Empty:
                return
            if worker is not None:
                worker.end()


class _WorkerEnded(Exception):
    """The process has ended, by itself or because it took too long."""


class UploadWorker:
    """One process that reads files, one after another."""

    def __init__(self) -> None:
        self.timed_out = False
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "pgfa.serve.upload_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._requests, self._responses = self.process.stdin, self.process.stdout
        if receive(self._responses) is None:
            raise _WorkerEnded

    def read(
        self, name: str, content: bytes, limits: UploadLimits, stated: Stated, max_seconds: float
    ) -> tuple[dict[str, Any], list[bytes]]:
        """The response to one file, and the positions of its clips. Raises _WorkerEnded, OSError."""
        timer = threading.Timer(max_seconds, self._time_out)
        timer.daemon = True
        timer.start()
        try:
            request = {
                "name": name,
                "size": len(content),
                "limits": asdict(limits),
                "stated": stated.to_dict(),
            }
            send(self._requests, request, content)
            response = receive(self._responses)
            if response is None:
                raise _WorkerEnded
            return response, [self._receive_bytes(4 * prod(c["shape"])) for c in response.get("clips", ())]
        except ValueError:
            raise _WorkerEnded from None
        finally:
            timer.cancel()

    def _receive_bytes(self, size: int) -> bytes:
        raw = self._responses.read(size)
        if len(raw) < size:
            raise _WorkerEnded
        return raw

    def _time_out(self) -> None:
        self.timed_out = True
        self.process.kill()

    def end(self) -> None:
        """Kill the process, delete the file that it was reading, and close its streams."""
        self.process.kill()
        self.process.wait()
        clear_temporary_folders()
        for stream in (self._requests, self._responses):
            with suppress(OSError):  # bytes that were still to be written to a process that has ended
                stream.close()


def _api_error(error: dict[str, Any]) -> ApiError:
    return ApiError(
        status_of(error["kind"]),
        error["kind"],
        expected=error.get("expected", ""),
        found=error.get("found", ""),
        where=", ".join(filter(None, (error.get("file"), error.get("where")))),
        message=error["message"],
        asks=error.get("asks", ""),
        options=tuple(error.get("options", ())),
    )


def _clip(head: dict[str, Any], raw: bytes) -> Clip:
    positions = np.frombuffer(raw, dtype=np.float32).reshape(head["shape"])
    source, problems = Source(**head["source"]), tuple(head["problems"])
    return Clip(
        positions, head["rate"], get_layout(head["layout"]), source, problems, reading=head["reading"]
    )
