"""Jobs on a Ray cluster of several nodes on this machine: a node that is killed, equal tables, a driver that dies."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pgfa.errors import BadConfig
from pgfa.pack import import_dataset, save_pack
from pgfa.progress import Progress
from pgfa.research.benchmark.run import RESULTS, run_benchmark
from pgfa.research.benchmark.spec import BenchmarkSettings
from pgfa.synth import DEMO_ACTIONS, make_clips
from pgfa.tasks.cluster import TOKEN, Cluster, _claim, _Site
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


@needs_ray
@pytest.mark.slow
def test_a_benchmark_that_loses_a_node_ends_with_the_same_tables(
    nodes: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packs = tmp_path / "packs"
    save_pack(make_clips(performers=3, repeats=1, actions=DEMO_ACTIONS), packs / "synthetic")
    local, out = tmp_path / "local", tmp_path / "out"
    run_benchmark(spec_of(), local, packs, jobs=1, device="cpu", show=False)
    ends: list[TaskResult] = []
    run = Cluster.run

    def disturbed(self: Cluster, tasks: Sequence[Task], *, ended: Any, advance: Any) -> None:
        def killing(task: Task, count: int) -> None:
            if len(nodes.workers) == 2 and list(out.rglob("metrics.jsonl")):
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
    written = {path: path.stat().st_mtime_ns for path in out.rglob("*.npz")}
    run_benchmark(spec_of(), out, packs, ray=nodes.address, show=False)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.npz")} == written
