"""Any file below 20 MB is read, or refused, within 5 seconds of processor time and 512 MB; above, in proportion.

PGFA_COSTLY_BYTES=39000000 python -m pytest tests/broken/test_costly_files.py -k large -rA
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bombs import COSTLY, HDF5
from machine_speed import slowness

SECONDS = 5.0
MEGABYTES = 512
READ = r"""
import json, re, sys, time
from pgfa.errors import PgfaError
from pgfa.read import read_all
def peak(): return int(re.search("VmHWM:\s*([0-9]+)", open("/proc/self/status").read())[1]) / 1024
open("/proc/self/clear_refs", "w").write("5")  # `ru_maxrss` would begin with the memory of the parent process
before, started = peak(), time.process_time()
try:
    outcome = f"{len(read_all(sys.argv[1]))} clips"
except PgfaError as error:
    outcome = str(error)
print(json.dumps({"outcome": outcome, "seconds": time.process_time() - started, "megabytes": peak() - before}))
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is measured as Linux does")
@pytest.mark.parametrize("name", [*COSTLY, *HDF5])
def test_a_small_file_costs_little(name: str, tmp_path: Path) -> None:
    if name in HDF5:
        pytest.importorskip("h5py")
    files = {**COSTLY, **HDF5}[name]()
    size = sum(map(len, files.values()))
    share = max(1.0, size / 20_000_000)
    assert share == 1 or "PGFA_COSTLY_BYTES" in os.environ
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    file = tmp_path / next(iter(files))
    if file.name.endswith("_keypoints.json"):
        file = file.parent
    run = subprocess.run(
        [sys.executable, "-c", READ, str(file)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    cost = json.loads(run.stdout)
    print(
        f"{name}: {cost['seconds']:.2f} s, {cost['megabytes']:.0f} MB of {size:,} bytes: {cost['outcome'][-80:]}"
    )
    assert cost["seconds"] < SECONDS * share * slowness(), cost
    assert cost["megabytes"] < MEGABYTES * share, cost
    assert "makes it fail" not in cost["outcome"]
