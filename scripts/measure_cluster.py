"""How long a small benchmark takes in processes and on Ray clusters of one and two nodes with one core each.

    python scripts/measure_cluster.py            # needs the extra scale

All nodes are on this machine, so the gain of a second one is that of a second core. `starting` is what the cluster
costs before the first task: its processes, and the connection. The load is that of the machine before each run.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pgfa.research.benchmark.run import run_benchmark
from pgfa.research.benchmark.spec import BenchmarkSettings

EPOCHS = 10


def spec() -> BenchmarkSettings:
    """Four seeds of one split; a run trains for some seconds."""
    return BenchmarkSettings(
        training={"alone": ["synthetic"]}, splits=[{"names": ["synthetic/18-6"], "folds": 2, "seeds": 4}],
        methods=["pgfa"], alignments=["none", "paper"], epochs=[EPOCHS],
        run={"model": {"channels": [16, 32], "strides": [2, 2]}},
    )  # fmt: skip


def on_cluster(nodes: int, run: Callable[..., Any]) -> float:
    """Run on a cluster; seconds that starting it took."""
    import ray
    from ray.cluster_utils import Cluster

    started = time.perf_counter()
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "object_store_memory": 80 << 20})
    try:
        for _ in range(nodes):
            cluster.add_node(num_cpus=1, object_store_memory=80 << 20)
        ray.init(cluster.address, log_to_driver=False, logging_level="ERROR")
        ray.shutdown()
        seconds = time.perf_counter() - started
        run(ray=cluster.address)
        return seconds
    finally:
        cluster.shutdown()


def main() -> None:
    """Measure each way once, and print a table."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ways: dict[str, Callable[[Callable[..., Any]], float]] = {
        "1 process": lambda run: run(jobs=1) and 0.0,
        "2 processes": lambda run: run(jobs=2) and 0.0,
        "1 node": lambda run: on_cluster(1, run),
        "2 nodes": lambda run: on_cluster(2, run),
    }
    print("| | seconds | of these, starting | load |\n|---|---|---|---|", flush=True)
    tables = set()
    with tempfile.TemporaryDirectory() as folder:
        for name, measure in ways.items():
            out, load, started = Path(folder) / name, os.getloadavg()[0], time.perf_counter()

            def run(out: Path = out, **options: Any) -> object:
                benchmark = run_benchmark(spec(), out, Path(folder), device="cpu", show=False, **options)
                if benchmark.errors:
                    sys.exit(f"{benchmark.errors} runs failed: {benchmark.results['error'].drop_nulls()[0]}")
                return benchmark

            starting = measure(run)
            seconds = time.perf_counter() - started
            print(f"| {name} | {seconds:.0f} | {starting:.0f} | {load:.0f} |", flush=True)
            tables.add((out / "tables.txt").read_text(encoding="utf-8").rpartition("seconds to fit")[0])
    sys.exit(0 if len(tables) == 1 else "the tables differ")


if __name__ == "__main__":
    main()
