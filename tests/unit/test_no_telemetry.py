"""ONNX Runtime's reports of use are off: no device id, no store of events in the user's folders."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_nothing_is_written_into_the_folders_of_the_user(tmp_path: Path) -> None:
    code = (
        "import numpy, pgfa; from pgfa.skeleton import KINECT20, Clip; "
        "clip = Clip(numpy.random.default_rng(0).normal(size=(20, 1, 20, 3)).astype('f4'), 30.0, KINECT20); "
        "pgfa.Recogniser.load().features([clip]); import sys; assert 'onnxruntime' in sys.modules"
    )
    kept = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    environment = {**kept, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert not [
        path for path in tmp_path.rglob("*") if "onnxruntime" in path.name or "Microsoft" in path.name
    ]
