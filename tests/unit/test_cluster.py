"""Jobs on a Ray cluster of several nodes on this machine: a node that is killed, equal tables, a driver that dies."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
import tomli_w

from pgfa.errors import BadConfig, FolderInUse
from pgfa.files.lock import folder_lock
from pgfa.pack import import_dataset, save_pack
from pgfa.research.benchmark.run import RESULTS, run_benchmark
from pgfa.research.benchmark.spec import BenchmarkSettings
from pgfa.synth import DEMO_ACTIONS, make_clips
from pgfa.synth.standin import synthesise
from pgfa.tasks.cluster import TOKEN, Cluster, _claim, _Site, _warn_of_needs
from pgfa.tasks.task import Task, TaskResult

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="ray is not installed (pip install 'pgfa[scale]')"
)


@dataclass
class Nodes:
    """A cluster whose head runs no tasks and whose other nodes have one core each."""

    cluster: Any
    workers: list[Any] = field(default_factory=list)

    @property
    def address(self) -> str:
        return str(self.cluster.address)

    def add(self) -> None:
        self.workers.append(self.cluster.add_node(num_cpus=1, object_store_memory=80 << 20))

    def kill(self) -> None:
        """Kill a node, with all that runs on it."""
        self.cluster.remove_node(self.workers.pop(), allow_graceful=False)


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    from ray.cluster_utils import Cluster as LocalCluster

    config = {
        "health_check_initial_delay_ms": 500,
        "health_check_period_ms": 500,
        "health_check_failure_threshold": 4,
    }
    head = {"num_cpus": 0, "object_store_memory": 80 << 20, "_system_config": config}
    nodes = Nodes(LocalCluster(initialize_head=True, head_node_args=head))
    try:
        nodes.add()
        nodes.add()
        yield nodes
    finally:
        nodes.cluster.shutdown()


def spec_of() -> BenchmarkSettings:
    return BenchmarkSettings(
        training={"alone": ["synthetic"]}, splits=[{"names": ["synthetic/18-6"], "folds": 1, "seeds": 2}],
        methods=["pgfa"], alignments=["none", "paper"], epochs=[3],
        run={"model": {"channels": [8], "strides": [2]}, "train": {"batch_size": 16}},
    )  # fmt: skip


def tables(out: Path) -> str:
    """All tables but the last, which shows seconds."""
    return (out / "tables.txt").read_text().rpartition("seconds to fit")[0]


def kill_driver(out: Path, packs: Path, address: str) -> None:
    """Start the benchmark as a command, and kill the process when a run has finished its first epoch."""
    spec = packs / "spec.toml"
    spec.write_text(tomli_w.dumps(spec_of().model_dump(mode="json", exclude_none=True)))
    command = [sys.executable, "-m", "pgfa.cli.main", "benchmark", str(spec), "--out", str(out)]
    command += ["--packs", str(packs), "--ray", address, "--quiet"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    limit = time.monotonic() + 120
    while not list(out.rglob("metrics.jsonl")) and process.poll() is None and time.monotonic() < limit:
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert list(out.rglob("metrics.jsonl"))
    assert not (out / RESULTS).exists()


@needs_ray
@pytest.mark.slow
def test_a_benchmark_that_loses_its_driver_and_a_node_ends_with_the_same_tables(
    nodes: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packs = tmp_path / "packs"
    save_pack(make_clips(performers=3, repeats=1, actions=DEMO_ACTIONS), packs / "synthetic")
    local, out = tmp_path / "local", tmp_path / "out"
    run_benchmark(spec_of(), local, packs, jobs=1, device="cpu", show=False)
    kill_driver(out, packs, nodes.address)
    ends: list[TaskResult] = []
    run = Cluster.run

    def disturbed(self: Cluster, tasks: Sequence[Task], *, ended: Any, advance: Any) -> None:
        def killing(task: Task, count: int) -> None:
            if len(nodes.workers) == 2:
                nodes.kill()
            advance(task, count)

        def ending(result: TaskResult) -> Sequence[Task]:
            ends.append(result)
            return ended(result)

        run(self, tasks, ended=ending, advance=killing)

    monkeypatch.setattr(Cluster, "run", disturbed)
    benchmark = run_benchmark(spec_of(), out, packs, ray=nodes.address, show=False)
    assert len(nodes.workers) == 1, "no node was killed while tasks ran"
    assert benchmark.errors == 0
    assert tables(out) == tables(local)
    times = ("fit_seconds", "judge_seconds")
    rows = [pl.read_parquet(folder / RESULTS).drop(*times) for folder in (out, local)]
    assert rows[0].equals(rows[1])
    assert [end.error for end in ends] == [""] * 4  # two seeds, a fold, an evaluation: each ended once
    assert len({str(end.task) for end in ends}) == 4
    nodes.add()
    written = {path: path.stat().st_mtime_ns for path in out.rglob("*.npz")}
    run_benchmark(spec_of(), out, packs, ray=nodes.address, show=False)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.npz")} == written


@needs_ray
@pytest.mark.slow
def test_an_import_on_a_cluster_is_the_same_to_the_byte(nodes: Nodes, tmp_path: Path) -> None:
    synthesise("ntu60", 70, tmp_path / "files", jobs=1)
    local = import_dataset("ntu60", tmp_path / "files", tmp_path / "local", jobs=1, progress=False)
    report = import_dataset("ntu60", tmp_path / "files", tmp_path / "out", ray=nodes.address, progress=False)
    assert report.files == local.files == 70
    assert "on a cluster" in str(report)
    names = [path.name for path in sorted((tmp_path / "local").iterdir())]
    assert [path.name for path in sorted((tmp_path / "out").iterdir())] == names
    for name in names:
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "local" / name).read_bytes()
    assert not (tmp_path / "out.partial").exists()


def test_a_need_that_no_machine_meets_is_announced(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    machines = [
        {"Alive": True, "Resources": {"CPU": 2.0, "memory": 4.0 * 2**30}},
        {"Alive": False, "Resources": {"CPU": 64.0, "memory": 900.0 * 2**30, "GPU": 8.0}},
    ]
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(nodes=lambda: machines))
    _warn_of_needs([Task(print, (), memory=2**30), Task(print, (), memory=4 * 2**30)], "cpu")
    assert capsys.readouterr().err == ""
    _warn_of_needs([Task(print, (), memory=5 * 2**30)], "cpu")
    assert "a core, 5.0 GiB: waiting until one joins" in capsys.readouterr().err
    _warn_of_needs([Task(print, ())], "cuda")
    assert "and a GPU" in capsys.readouterr().err


def test_addresses_and_devices_that_cannot_work_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgfa.tasks.cluster.installed", lambda module: True)
    with pytest.raises(BadConfig, match="on a machine of the cluster"):
        Cluster("ray://host:10001", tmp_path)
    with pytest.raises(BadConfig, match="chooses the GPUs"):
        Cluster("local", tmp_path, "cuda:1")
    with pytest.raises(BadConfig, match="--jobs 2 with --ray"):
        run_benchmark(spec_of(), tmp_path, tmp_path, jobs=2, ray="local", show=False)
    with pytest.raises(BadConfig, match="--jobs 2 with --ray"):
        import_dataset("ntu60", tmp_path / "files", tmp_path / "out", jobs=2, ray="local")
    monkeypatch.setattr("pgfa.tasks.cluster.installed", lambda module: False)
    with pytest.raises(BadConfig, match=r"pip install 'pgfa\[scale\]'"):
        Cluster("local", tmp_path)


def test_a_machine_must_see_the_same_folder_and_have_the_same_version(tmp_path: Path) -> None:
    site = _Site(tmp_path, "token")
    with pytest.raises(BadConfig, match="does not see"):
        site.check()
    (tmp_path / TOKEN).write_text("another")
    with pytest.raises(BadConfig, match="does not see"):
        site.check()
    (tmp_path / TOKEN).write_text("token")
    site.check()
    with pytest.raises(BadConfig, match=r"expected 0\.0\.0"):
        _Site(tmp_path, "token", version="0.0.0").check()


def hold(folder: Path, seconds: float) -> None:
    """A process that a lost machine has left behind."""
    with folder_lock(folder):
        (folder / "held").touch()
        time.sleep(seconds)


def test_a_task_waits_for_a_process_that_still_works_in_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = threading.Thread(target=hold, args=(tmp_path, 3.0))
    thread.start()
    while not (tmp_path / "held").exists():
        time.sleep(0.01)
    monkeypatch.setattr("pgfa.tasks.cluster._CLAIM_SECONDS", 0.0)
    with pytest.raises(FolderInUse), _claim(tmp_path):
        pass
    monkeypatch.setattr("pgfa.tasks.cluster._CLAIM_SECONDS", 60.0)
    with _claim(tmp_path):
        assert not thread.is_alive() or (tmp_path / ".lock.pid").exists()
    thread.join()
    with _claim(None):
        pass
