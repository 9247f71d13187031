"""The same seed gives the same weights, whatever else differs (docs/reliability.md)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pgfa.pack import save_pack
from pgfa.synth import DEMO_ACTIONS, make_clips

OPTIONS = (
    "--split", "synthetic/18-6", "--quiet", "--device", "cpu", "--train.epochs", "2", "--train.batch-size", "16",
    "--model.channels", "4", "8", "--model.strides", "2", "1",
)  # fmt: skip


def trained(folder: Path, pack: Path, *, threads: int = 1, hashes: str = "0") -> tuple[bytes, bytes]:
    """Weights and checkpoint of a run in a new process with an empty cache."""
    environment = os.environ | {
        "PYTHONHASHSEED": hashes, "OMP_NUM_THREADS": str(threads), "PGFA_CACHE": str(folder / "cache"),
    }  # fmt: skip
    command = [
        sys.executable,
        "-m",
        "pgfa.cli.main",
        "train",
        "--pack",
        str(pack),
        "--out",
        str(folder / "run"),
    ]
    subprocess.run([*command, *OPTIONS], env=environment, check=True, capture_output=True, timeout=600)
    names = ("model.safetensors", "checkpoint.safetensors")
    weights, checkpoint = ((folder / "run" / name).read_bytes() for name in names)
    return weights, checkpoint


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    clips = make_clips(seed=0, actions=DEMO_ACTIONS, performers=2, repeats=1)
    return save_pack(clips, tmp_path_factory.mktemp("packs") / "pack").folder


@pytest.mark.slow
def test_other_hash_seed_folder_and_pack_path(pack: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(pack, tmp_path / "elsewhere" / "renamed")
    first = trained(tmp_path / "first", pack, hashes="1")
    assert trained(tmp_path / "deeper" / "second", moved, hashes="77") == first


@pytest.mark.slow
def test_two_threads_among_themselves(pack: Path, tmp_path: Path) -> None:
    """One thread and two may differ in the last bits, as sums are divided differently."""
    assert trained(tmp_path / "a", pack, threads=2) == trained(tmp_path / "b", pack, threads=2, hashes="77")
