"""Kill all processes of a benchmark at random moments, run it again, and compare with one that was not killed.

    python scripts/kill_benchmark.py             # 5 kills of specs/tiny.toml
    python scripts/kill_benchmark.py --kills 1

Compared are the rows without seconds, and the stored outputs of all methods; no temporary file may be left. The exit
status is 1 if anything differs.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from pgfa.processes import termination_as_interrupt

SPEC = Path(__file__).parents[1] / "specs" / "tiny.toml"


def start(out: Path) -> subprocess.Popen[bytes]:
    """The benchmark as a process, in a group of its own with its workers."""
    command = [sys.executable, "-m", "pgfa.cli.main", "benchmark", str(SPEC), "--out", str(out), "--quiet"]
    environment = os.environ | {"PGFA_CACHE": str(out.parent / "cache")}
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet, start_new_session=True)


def end_of(process: subprocess.Popen[bytes]) -> int:
    """The exit status; its workers do not outlive this process where that is stopped."""
    try:
        return process.wait()
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGKILL)
        raise


def result(out: Path) -> tuple[pl.DataFrame, dict[str, bytes]]:
    """Rows without seconds, and the stored scores by file."""
    rows = pl.read_parquet(out / "results.parquet")
    scores = {}
    for file in sorted(out.rglob("fits/**/*.npz")):
        with np.load(file, allow_pickle=False) as arrays:
            scores[str(file.relative_to(out))] = arrays["scores"].tobytes()
    return rows.drop([name for name in rows.columns if "seconds" in name]), scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=5)
    args = parser.parse_args()
    moments, failed = random.Random(0), 0
    with termination_as_interrupt(), tempfile.TemporaryDirectory() as temporary:
        whole = Path(temporary) / "whole"
        started = time.perf_counter()
        if end_of(start(whole)):
            sys.exit("the benchmark failed without being killed")
        seconds, (rows, scores) = time.perf_counter() - started, result(whole)
        for number in range(args.kills):
            out = Path(temporary) / f"killed-{number}"
            process = start(out)
            time.sleep(moments.uniform(0.1, 0.95) * seconds)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            again = end_of(start(out))
            same = not again and result(out)[0].equals(rows) and result(out)[1] == scores
            left = [path.name for path in out.rglob(".*.part")]
            if not same or left:
                failed += 1
                print(f"kill {number}: exit status {again}, equal: {same}, left: {left}", file=sys.stderr)
    print(f"| command | killed | failed |\n|---|---|---|\n| benchmark | {args.kills} | {failed} |")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
