"""The processes (ranks) of a training run: started by `pgfa train --devices N` or by torchrun, and joined in each.

torchrun starts and monitors them on one machine or several. A rank that ends before the others ends the run.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Final, NoReturn
from uuid import uuid4

import torch
import torch.distributed as dist

from pgfa.errors import BadConfig, RankLost
from pgfa.files.leftovers import temporary_folder
from pgfa.model.ranks import ALONE, Ranks
from pgfa.processes import LAUNCHER, Interrupted, Terminated, cores

_WAIT: Final = timedelta(hours=2)
"""How long ranks wait for one another: rank 0 prepares the clips, and tests each epoch, while others wait."""
_LOST: Final = ("Connection closed by peer", "Connection reset by peer", "Broken pipe", "NCCL", "Socket")
"""In the errors of a collective whose other side has ended."""
_LOST_STATUS: Final = os.EX_UNAVAILABLE if hasattr(os, "EX_UNAVAILABLE") else 69
"""Exit status of a rank of `launch` that lost the connection to another one, and printed nothing."""
_CAUSE_SECONDS: Final = 30.0
"""How long such a rank waits for `launch` to end it: the rank that is the cause may still be printing its error."""


def launch(command: Sequence[str], count: int) -> None:
    """Run a command as `count` ranks on this machine, and wait.

    Args:
        command: a program that uses `joined`, and its arguments.
        count: number of ranks; with GPUs, rank n computes on GPU n.

    Raises:
        RankLost: a rank was killed, and is named; or ranks lost their connection although none had ended.
        SystemExit: a rank ended with an error, which it has printed.
        Interrupted, Terminated: this process was stopped, and has ended the ranks.
    """
    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, cores() // count)))
    with temporary_folder() as logs, _named_as_launcher():
        config = LaunchConfig(
            1, 1, count,
            logs_specs=DefaultLogsSpecs(log_dir=str(logs)), run_id=uuid4().hex, rdzv_backend="c10d",
            rdzv_endpoint="localhost:0", local_addr="localhost", max_restarts=0,
        )  # fmt: skip
        # torchrun sets handlers of its own, and leaves them.
        logging.disable()  # the errors below are shorter
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            elastic_launch(config, command[0])(*command[1:])
        except ChildFailedError as error:
            # A rank that is killed breaks the connections of the others, which then end with errors of their own or
            # by the SIGTERM of torchrun; a rank that ends with an error has printed it.
            rank, failure = min(error.failures.items(), key=lambda item: _distance_of(item[1].exitcode))
            if failure.exitcode == _LOST_STATUS:
                raise RankLost(_lost(rank, count)) from None
            if failure.exitcode >= 0:
                sys.exit(failure.exitcode)
            name = signal.Signals(-failure.exitcode).name
            raise RankLost(f"rank {rank} of {count} (process {failure.pid}) was ended by {name}") from None
        except SignalException as error:
            raise (Interrupted if error.sigval == signal.SIGINT else Terminated) from None
        finally:
            logging.disable(logging.NOTSET)
            for number, handler in handlers.items():
                signal.signal(number, handler)


@contextmanager
def _named_as_launcher() -> Iterator[None]:
    """Within it, processes that are started know that this one reports how they end."""
    before = os.environ.get(LAUNCHER)
    os.environ[LAUNCHER] = str(os.getpid())
    try:
        yield
    finally:
        if before is None:
            del os.environ[LAUNCHER]
        else:
            os.environ[LAUNCHER] = before


@contextmanager
def joined(device: str) -> Iterator[tuple[Ranks, str]]:
    """The ranks that torchrun started, and the device of this one; without torchrun, this process alone.

    Raises:
        BadConfig: a single GPU is named for several ranks, or there are fewer GPUs than ranks on this machine.
        RankLost: another rank has ended.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1 or "LOCAL_RANK" not in os.environ:
        yield ALONE, device
        return
    ranks = Ranks(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]))
    device = _device_of_rank(device, int(os.environ["LOCAL_RANK"]))
    _end_with_parent()
    try:
        dist.init_process_group("nccl" if device.startswith("cuda") else "gloo", timeout=_WAIT)
        try:
            yield ranks, device
        finally:
            dist.destroy_process_group()
    except RuntimeError as error:
        if not any(sign in str(error) for sign in _LOST):
            raise
        if LAUNCHER in os.environ:
            _wait_to_be_ended()
        raise RankLost(_lost(ranks.rank, ranks.count)) from None
    except KeyboardInterrupt:
        if ranks.writes:
            raise
        sys.exit(128 + signal.SIGTERM)  # rank 0 reports it for all


@contextmanager
def first_on_each_machine(ranks: Ranks) -> Iterator[None]:
    """Within it, one rank per machine runs before the others, which then find its results in the cache."""
    waits = ranks.count > 1 and os.environ["LOCAL_RANK"] != "0"
    if waits:
        dist.barrier()
    yield
    if ranks.count > 1 and not waits:
        dist.barrier()


def same_on_all(text: str, ranks: Ranks, device: torch.device) -> bool:
    """Whether a text of the same length is the same on all ranks."""
    if ranks.count == 1:
        return True
    low = torch.tensor(list(text.encode()), device=device)
    high = low.clone()
    dist.all_reduce(low, dist.ReduceOp.MIN)
    dist.all_reduce(high, dist.ReduceOp.MAX)
    return bool((low == high).all())


def text_of_writer(text: str, ranks: Ranks, device: torch.device) -> str:
    """The text of rank 0 on every rank; all have the same length."""
    if ranks.count == 1:
        return text
    data = torch.tensor(list(text.encode()), device=device)
    dist.broadcast(data, 0)
    return bytes(data.tolist()).decode()


@contextmanager
def file_of_writer(path: Path, ranks: Ranks, device: torch.device) -> Iterator[Path]:
    """A file of rank 0 on every rank: the others get a temporary copy. Machines need not share a file system."""
    content = path.read_bytes() if ranks.writes and path.exists() else b""
    size = torch.tensor(len(content), device=device)
    dist.broadcast(size, 0)
    data = torch.zeros(int(size), dtype=torch.uint8)
    if ranks.writes:
        data = torch.frombuffer(bytearray(content), dtype=torch.uint8) if content else data
        dist.broadcast(data.to(device), 0)
        yield path
        return
    data = data.to(device)
    dist.broadcast(data, 0)
    with temporary_folder() as folder:
        copy = folder / path.name
        if len(data):
            copy.write_bytes(data.cpu().numpy().tobytes())
        yield copy


def _distance_of(code: int) -> int:
    """How far an exit code is from the cause: 0 killed, 1 an error of its own, 2 stopped by torchrun or cut off."""
    return 2 if code in (-signal.SIGTERM, _LOST_STATUS) else int(code >= 0)


def _lost(rank: int, count: int) -> str:
    return f"rank {rank} of {count}: the connection to another rank is lost"


def _wait_to_be_ended() -> NoReturn:
    """End this rank of `launch` without a word: the cause is another rank, which `launch` names or which prints it."""
    with suppress(KeyboardInterrupt):
        time.sleep(_CAUSE_SECONDS)
    sys.exit(_LOST_STATUS)


def _device_of_rank(device: str, local_rank: int) -> str:
    if device == "cpu" or (device == "auto" and not torch.cuda.is_available()):
        return "cpu"
    if device not in ("auto", "cuda"):
        raise BadConfig(
            f"device {device!r} with several ranks: expected cpu, cuda (GPU n for rank n) or auto"
        )
    if local_rank >= torch.cuda.device_count():
        raise BadConfig(
            f"rank {local_rank} of this machine has no GPU: found {torch.cuda.device_count()} GPUs"
        )
    torch.cuda.set_device(local_rank)
    return f"cuda:{local_rank}"


def _end_with_parent() -> None:
    """End this process when the one that started it has ended: a launcher that was killed cannot stop its ranks.

    `pgfa.processes.end_with_parent` does this for children of multiprocessing only.
    """
    # The launcher may have ended before this process can ask for its parent.
    parent = int(os.environ.get(LAUNCHER, os.getppid()))

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
