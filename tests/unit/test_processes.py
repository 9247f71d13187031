"""Worker processes: the number of cores, and workers that end with their parent."""

from __future__ import annotations

import os
import platform
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pgfa.cli.stop import end_stopped
from pgfa.processes import (
    LAUNCHER,
    Interrupted,
    Terminated,
    cores,
    end_with_parent,
    termination_as_interrupt,
)

PARENT = """
import multiprocessing, os, signal, time
from pgfa.processes import end_with_parent

def work(ready):
    end_with_parent()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    ready.send(os.getpid())
    time.sleep(60)

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    here, ready = context.Pipe()
    context.Process(target=work, args=(ready,)).start()
    print(here.recv(), flush=True)
    time.sleep(60)
"""

IMPORTING = """
import multiprocessing, os, sys, time
if __name__ == "__main__":
    from pgfa.processes import start_without_interrupts
else:
    open(sys.argv[1] + str(os.getpid()), "w").close()
    time.sleep(1)  # as if importing took so long

def work():
    pass

if __name__ == "__main__":
    process = multiprocessing.get_context("spawn").Process(target=work)
    with start_without_interrupts():
        process.start()
    try:
        process.join()
    except KeyboardInterrupt:
        process.join()
        sys.exit(process.exitcode or 130)
"""

STOPPED_WHILE_STARTING = """
import multiprocessing.util, os, signal, sys
from pgfa.processes import start_without_interrupts, termination_as_interrupt, Terminated
spawn = multiprocessing.util.spawnv_passfds

def spawn_and_stop(*arguments):
    number = spawn(*arguments)  # it waits to be told what to do
    os.kill(os.getpid(), signal.SIGTERM)
    return number

if __name__ == "__main__":
    process = multiprocessing.get_context("spawn").Process(target=print)
    try:
        with termination_as_interrupt(), start_without_interrupts():
            multiprocessing.resource_tracker.ensure_running()  # it is started so, too
            multiprocessing.util.spawnv_passfds = spawn_and_stop
            process.start()
    except Terminated:
        process.join()
        sys.exit(process.exitcode or 143)
"""

STAND_IN = """
import os, signal, sys, time
from pgfa.synth.standin import _run_all

def work(path):
    open(path + str(os.getpid()), "w").close()
    time.sleep(int(sys.argv[1]))
    return [1]

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from pgfa.errors import PgfaError
    from pgfa.processes import termination_as_interrupt
    try:
        with termination_as_interrupt():
            _run_all(work, sys.argv[2:] * 2, 2)
    except PgfaError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
"""

HEAPS = """
import ctypes, sys, threading
from pgfa.processes import share_one_heap

if sys.argv[1] == "shared":
    assert share_one_heap()
barrier = threading.Barrier(4)

def work():
    barrier.wait()
    kept = [bytearray(50_000) for _ in range(100)]
    barrier.wait()

threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(libc.fopen(sys.argv[2].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc gives threads heaps of their own")
@pytest.mark.parametrize(("kind", "one"), [("shared", True), ("own", False)])
def test_threads_share_one_heap(kind: str, one: bool, tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    subprocess.run([sys.executable, "-c", HEAPS, kind, str(tmp_path / "heaps")], check=True, env=env)
    assert ((tmp_path / "heaps").read_text().count("<heap nr=") == 1) == one


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system cannot pin processes")
def test_cores_are_those_of_the_process() -> None:
    before = os.sched_getaffinity(0)
    assert cores() == len(before)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert cores() == 1
    finally:
        os.sched_setaffinity(0, before)


def test_a_system_without_affinity_counts_all_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores() == 1


def test_the_main_process_is_left_alone() -> None:
    handler, threads = signal.getsignal(signal.SIGINT), threading.active_count()
    end_with_parent()
    assert (signal.getsignal(signal.SIGINT), threading.active_count()) == (handler, threads)


def test_a_worker_ends_when_its_parent_is_killed(tmp_path: os.PathLike[str]) -> None:
    script = os.path.join(tmp_path, "parent.py")
    with open(script, "w", encoding="utf-8") as file:
        file.write(PARENT)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        os.kill(worker, 0)
        parent.kill()
        # The worker has the other end of the pipe: reading to its end waits until the worker has ended too.
        assert parent.stdout.read() == ""
    with pytest.raises(ProcessLookupError):
        wait_for_end(worker)


def wait_for_end(pid: int) -> None:
    """Raises ProcessLookupError once there is no such process; returns if it is still there after a while."""
    for _ in range(200):
        os.kill(pid, 0)
        threading.Event().wait(0.05)


@pytest.mark.parametrize(("number", "kind"), [(signal.SIGINT, Interrupted), (signal.SIGTERM, Terminated)])
def test_an_error_because_of_an_interrupt_is_the_interrupt(
    number: signal.Signals, kind: type[KeyboardInterrupt], request: pytest.FixtureRequest
) -> None:
    """As onnxruntime, which raises ImportError when it is interrupted while it is imported."""

    def fail() -> None:
        try:
            signal.raise_signal(number)
        except KeyboardInterrupt:
            raise ImportError("initialization failed") from None

    before = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # ignored where tests run in the background
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt) as stop, termination_as_interrupt():
        fail()
    assert type(stop.value) is kind
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == handlers
    with pytest.raises(ImportError), termination_as_interrupt():
        raise ImportError


@pytest.mark.skipif(os.name != "posix", reason="signals are blocked on POSIX systems")
def test_ctrl_c_does_not_reach_a_process_that_is_starting(tmp_path: Path) -> None:
    (tmp_path / "parent.py").write_text(IMPORTING)
    command = [sys.executable, str(tmp_path / "parent.py"), str(tmp_path / "child")]
    with subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE, text=True) as parent:
        while not list(tmp_path.glob("child*")) and parent.poll() is None:
            time.sleep(0.02)
        os.killpg(parent.pid, signal.SIGINT)
        _, errors = parent.communicate(timeout=60)
    assert (parent.returncode, errors) == (130, "")


@pytest.mark.skipif(os.name != "posix", reason="processes are started by spawnv_passfds on POSIX systems")
def test_a_process_is_started_before_a_termination_counts(tmp_path: Path) -> None:
    """It would end with a traceback, as nobody tells it what to do."""
    (tmp_path / "parent.py").write_text(STOPPED_WHILE_STARTING)
    command = [sys.executable, str(tmp_path / "parent.py")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stderr) == (143, "")


@contextmanager
def stand_in(folder: Path, seconds: int) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A process that writes a stand-in by two workers, in a group of its own, and their ids; they must end.

    A worker takes so many seconds.
    """
    (folder / "parent.py").write_text(STAND_IN)
    command = [sys.executable, str(folder / "parent.py"), str(seconds), str(folder / "worker")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as parent:
        while len(files := list(folder.glob("worker*"))) < 2 and parent.poll() is None:
            time.sleep(0.02)
        workers = [int(path.name.removeprefix("worker")) for path in files]
        assert len(workers) == 2
        yield parent, workers
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            wait_for_end(worker)


def test_workers_of_a_stand_in_end_with_their_parent(tmp_path: Path) -> None:
    with stand_in(tmp_path, 600) as (parent, _):
        parent.kill()


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="Ctrl-C goes to a group of processes on POSIX systems")
def test_ctrl_c_ends_a_stand_in_at_once(tmp_path: Path) -> None:
    """It does not wait for what the workers are doing, and they print nothing."""
    with stand_in(tmp_path, 600) as (parent, _):
        os.killpg(parent.pid, signal.SIGINT)
        _, errors = parent.communicate(timeout=60)
        assert (parent.returncode, errors) == (130, "")


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_stand_in_whose_worker_is_killed_says_so(tmp_path: Path, number: signal.Signals) -> None:
    with stand_in(tmp_path, 600) as (parent, workers):
        os.kill(workers[0], number)
        _, errors = parent.communicate(timeout=60)
        assert parent.returncode == 1
        assert re.fullmatch(
            r"part \d of 2: its process ended with code .*; run the same command again.*\n", errors
        )


def test_one_process_reports_the_stop_of_several(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for launcher, message in (
        (os.getpid(), "pgfa: stopped; run the same command to resume\n"),
        (os.getppid(), ""),
    ):
        monkeypatch.setenv(LAUNCHER, str(launcher))
        with pytest.raises(SystemExit) as end:
            end_stopped(Interrupted(), ["train"])
        assert (end.value.code, capsys.readouterr().err) == (130, message)


IGNORED = """
import os, signal, sys, time, weakref
from pgfa.processes import {name}
{call}

class Thing: pass

def stopped_while_collected(reference):
    os.kill(os.getpid(), signal.SIGTERM)
    for _ in range(10_000): pass  # the handler runs here, where Python ignores what it raises

thing = Thing()
reference = weakref.ref(thing, stopped_while_collected)
try:
    del thing
    time.sleep(20)
except BaseException as stop:
    sys.exit(type(stop).__name__)
"""


AS_WORKER = """
import multiprocessing
parent = multiprocessing.process.current_process()
parent.join = lambda: time.sleep(60)
multiprocessing.parent_process = lambda: parent
end_with_parent()
"""


@pytest.mark.parametrize(
    ("name", "call", "stop"),
    [("catch_stops", "catch_stops()", "Terminated"), ("end_with_parent", AS_WORKER, "SystemExit")],
    ids=["command", "worker"],
)
def test_a_stop_that_python_ignores_comes_again(name: str, call: str, stop: str) -> None:
    program = IGNORED.format(name=name, call=call)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=15)
    assert (ended.stderr.strip(), ended.returncode) == (stop, 1)
