"""Tasks on a Ray cluster: each starts on a machine that has the cores, memory and GPU it needs.

Results are files in folders that all machines see, written atomically. A task whose machine is lost is run again on
another one and continues from these files; a call that was killed is resumed by the same call.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from pgfa.config.extras import installed
from pgfa.errors import BadConfig, FolderInUse
from pgfa.files import write_atomic
from pgfa.files.lock import folder_lock
from pgfa.progress import Progress
from pgfa.tasks.task import THREADS, Task, TaskResult, call

TOKEN: Final = ".cluster"
"""File by which a machine recognises the shared folder."""
_RETRIES: Final = 10
"""How often a task may lose its machine or its process before that is its error."""
_POLL_SECONDS: Final = 0.5
_CLAIM_SECONDS: Final = 120.0
"""How long a task waits for the end of a process that a lost machine has left behind in its folder."""
_GIB: Final = 2**30


@dataclass(frozen=True)
class _Site:
    """What a machine must have in common with the one of this process.

    Attributes:
        folder: the shared folder, absolute.
        token: content of its file `TOKEN`.
        version: of the package.
    """

    folder: Path
    token: str
    version: str = field(default_factory=lambda: version("pgfa"))

    def check(self) -> None:
        """Raises BadConfig on a machine that does not see the folder, or has another version."""
        host = socket.gethostname()
        if (installed := version("pgfa")) != self.version:
            raise BadConfig(f"{host} has pgfa {installed}, expected {self.version}")
        with suppress(OSError):
            if (self.folder / TOKEN).read_text(encoding="ascii") == self.token:
                return
        raise BadConfig(f"{host} does not see {self.folder}: all machines need the same folder at this path")


class _Counts:
    """The actor that collects the counts of running tasks; number of the task -> count since the last look."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}

    def add(self, number: int, count: int) -> None:
        self._counts[number] = self._counts.get(number, 0) + count

    def take(self) -> dict[int, int]:
        taken, self._counts = self._counts, {}
        return taken


class _Reporter(Progress):
    """The progress of a task: its counts are sent to the actor, at most twice per second."""

    def __init__(self, counts: Any, number: int) -> None:
        super().__init__("task", 0, show=False)
        self._counts, self._number, self._unsent, self._sent = counts, number, 0, time.monotonic()

    def set_title(self, title: str) -> None:
        """Nothing: the process that started the tasks shows the title."""

    def advance(self, count: int) -> None:
        """Count `count` more as finished."""
        self._unsent += count
        if time.monotonic() - self._sent >= _POLL_SECONDS:
            self._counts.add.remote(self._number, self._unsent)
            self._unsent, self._sent = 0, time.monotonic()


@dataclass(frozen=True)
class Cluster:
    """A Ray cluster, an `Executor`.

    If the process of a task dies, or its machine is lost, the task runs again; after `_RETRIES` times, that is its
    error.

    Attributes:
        address: ``local`` starts a cluster on this machine for the time of `run`; ``auto`` or HOST:PORT joins one, as
            a process of one of its machines.
        folder: that tasks write to, at the same path on all machines.
        device: ``cpu``: one core per task; ``cuda``: one GPU and one core; ``auto``: GPUs if the cluster has any.
    """

    address: str
    folder: Path
    device: str = "auto"

    def __post_init__(self) -> None:
        if not installed("ray"):
            raise BadConfig("--ray needs ray, which is not installed: pip install 'pgfa[scale]'")
        if "://" in self.address:
            raise BadConfig(
                f"--ray {self.address}: expected local, auto or HOST:PORT; run the command on a machine of the cluster"
            )
        if self.device not in ("auto", "cpu", "cuda"):
            raise BadConfig(
                f"--device {self.device}: expected auto, cpu or cuda with --ray, which chooses the GPUs"
            )

    def run(
        self,
        tasks: Sequence[Task],
        *,
        ended: Callable[[TaskResult], Sequence[Task]],
        advance: Callable[[Task, int], None],
    ) -> None:
        """Run all tasks, as `Executor.run`.

        Raises:
            BadConfig: there is no cluster at the address.
        """
        import ray

        with _connection(self.address):
            submit = _Submitter(self._site(), self._device_of_tasks())
            running = dict(submit(task) for task in tasks)
            _warn_of_needs(tasks, submit.device)
            try:
                while running:
                    ready, _ = ray.wait(list(running), timeout=_POLL_SECONDS)
                    for number, count in ray.get(submit.counts.take.remote()).items():
                        if task := next((task for n, task in running.values() if n == number), None):
                            advance(task, count)
                    for reference in ready:
                        _, task = running.pop(reference)
                        running.update(submit(more) for more in ended(_result(task, reference)))
            finally:
                for reference in running:
                    ray.cancel(reference, force=True)

    def _site(self) -> _Site:
        token = uuid4().hex
        folder = self.folder.absolute()
        write_atomic(folder / TOKEN, token.encode())
        return _Site(folder, token)

    def _device_of_tasks(self) -> str:
        import ray

        gpus = ray.cluster_resources().get("GPU", 0)
        if self.device == "cuda" and not gpus:
            raise BadConfig("--device cuda: no machine of the cluster has a GPU")
        return "cpu" if self.device == "cpu" or not gpus else "cuda"


class _Submitter:
    """Starts tasks, and numbers them.

    Attributes:
        device: of all tasks.
        counts: handle of the actor `_Counts`.
    """

    def __init__(self, site: _Site, device: str) -> None:
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self._site, self.device, self._started = site, device, 0
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        self.counts: Any = ray.remote(num_cpus=0, scheduling_strategy=here)(_Counts).remote()
        self._remote = ray.remote(max_retries=_RETRIES)(_run)

    def __call__(self, task: Task) -> tuple[Any, tuple[int, Task]]:
        """Start a task: the reference of its result, its number and itself."""
        self._started += 1
        options = {
            "num_cpus": 1,
            "num_gpus": 1 if self.device == "cuda" else 0,
            "memory": task.memory or None,
            "name": getattr(task.function, "__name__", "task"),
            "runtime_env": {"env_vars": dict.fromkeys(THREADS, "1")},
        }
        started = self._remote.options(**options)
        reference = started.remote(task, self._site, self.device, self.counts, self._started)
        return reference, (self._started, task)


def _run(task: Task, site: _Site, device: str, counts: Any, number: int) -> tuple[str, Any]:
    """Run a task on the machine of this process: its error and value."""
    checked = replace(task, function=_checked, arguments=(task, site))
    return call(checked, device=device, bar=_Reporter(counts, number))


def _checked(task: Task, site: _Site, **options: Any) -> Any:
    site.check()
    with _claim(task.folder):
        return task.function(*task.arguments, **options)


@contextmanager
def _claim(folder: Path | None) -> Iterator[None]:
    """Hold the lock of a folder, once the process of a lost machine has released it. Raises FolderInUse."""
    limit = time.monotonic() + _CLAIM_SECONDS
    with ExitStack() as stack:
        while folder is not None:
            try:
                stack.enter_context(folder_lock(folder))
                break
            except FolderInUse:
                if time.monotonic() > limit:
                    raise
        yield


def _result(task: Task, reference: Any) -> TaskResult:
    import ray

    try:
        error, value = ray.get(reference)
        return TaskResult(task, error, value)
    except ray.exceptions.RayError as lost:
        return TaskResult(task, f"lost {_RETRIES + 1} times: {str(lost).splitlines()[0]}")


@contextmanager
def _connection(address: str) -> Iterator[None]:
    """A connection to a cluster; SIGTERM keeps its meaning, which Ray changes. Raises BadConfig."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    import ray

    main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM)
    try:
        options = {"include_dashboard": False} if address == "local" else {}
        ray.init(address=address, log_to_driver=False, logging_level="ERROR", **options)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise BadConfig(f"--ray {address}: {str(error).splitlines()[0]}") from None
    try:
        if main:
            signal.signal(signal.SIGTERM, before)
        yield
    finally:
        ray.shutdown()
        if main:
            signal.signal(signal.SIGTERM, before)


def _warn_of_needs(tasks: Sequence[Task], device: str) -> None:
    """Say on stderr if no machine of the cluster can run the largest task: it waits until one joins."""
    import ray

    memory = max((task.memory for task in tasks), default=0)
    machines = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    fits = any(
        machine.get("CPU", 0) >= 1
        and machine.get("memory", 0) >= memory
        and (device == "cpu" or machine.get("GPU", 0) >= 1)
        for machine in machines
    )
    if not fits:
        needs = f"a core, {memory / _GIB:.1f} GiB" + (" and a GPU" if device == "cuda" else "")
        print(f"no machine of the cluster has {needs}: waiting until one joins", file=sys.stderr, flush=True)
