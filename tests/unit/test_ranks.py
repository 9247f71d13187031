"""Training on several processes: equal to one, resumed with another number, ended by name when one is killed."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from builders import make_corpus, save_vectors, stopped_after
from pgfa.errors import BadConfig, RankLost
from pgfa.model.ranks import BatchNorm1d, BatchNorm2d, Ranks, Share, share_model
from pgfa.model.stgcn import Dropout
from pgfa.train.launch import _LOST_STATUS, joined, launch
from pgfa.train.run import WEIGHTS, read_metrics
from pgfa.train.train import train
from rank_training import settings_of

TESTS = Path(__file__).parents[1]
TRAINING = TESTS / "rank_training.py"
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}


def torchrun(count: int, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}"]
    return subprocess.run([*start, *command], env=ENVIRONMENT, check=check, capture_output=True, text=True)


@pytest.mark.parametrize("count", [2, 4])
def test_ranks_compute_what_one_process_computes(count: int) -> None:
    output = torchrun(count, str(TESTS / "rank_equality.py")).stdout
    assert len(re.findall(r"rank \d of \d: \d", output)) == 4 * count  # four cases on each


@pytest.mark.parametrize("count", [1, 2, 3, 7])
@pytest.mark.parametrize("total", [7, 64, 65])
def test_every_clip_belongs_to_one_rank(count: int, total: int) -> None:
    shares = [np.arange(total)[Ranks(rank, count).share(total)] for rank in range(count)]
    assert np.array_equal(np.concatenate(shares), np.arange(total))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_one_rank_shares_nothing() -> None:
    model = nn.Sequential(BatchNorm1d(2), Dropout(0.5), BatchNorm2d(2))
    share_model(model, Ranks())
    assert all(layer.share is None for layer in model)
    share_model(model, Ranks(1, 2))
    assert all(isinstance(layer.share, Share) for layer in model)
    model.eval()
    assert torch.equal(model[0](torch.ones(3, 2)), nn.BatchNorm1d(2).eval()(torch.ones(3, 2)))


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_vectors(tmp_path_factory.mktemp("vectors") / "vectors.npz", make_corpus())


@pytest.fixture
def ranks_find_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("ranks_find_the_tests")
def test_a_killed_rank_ends_the_run_by_name_and_other_ranks_resume_it(
    vectors: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Two ranks until one is killed in the second epoch, then four: the weights are those of one process."""
    command = [sys.executable, str(TRAINING), str(tmp_path / "run"), str(vectors)]
    with pytest.raises(
        RankLost, match=r"rank 1 of 2 \(process \d+\) was ended by SIGKILL; run the same command"
    ):
        launch([*command, "1"], 2)
    assert [line["epoch"] for line in read_metrics(tmp_path / "run")] == [0]
    assert not (tmp_path / "run" / WEIGHTS).exists()
    launch(command, 4)
    train(settings_of(vectors), make_corpus(), tmp_path / "alone", device="cpu")
    alone, resumed = (list(read_metrics(tmp_path / name)) for name in ("alone", "run"))
    assert [line["epoch"] for line in resumed] == [0, 1, 2]
    np.testing.assert_allclose(
        [line["loss"] for line in resumed], [line["loss"] for line in alone], rtol=1e-4
    )
    expected, found = (load_file(tmp_path / name / WEIGHTS) for name in ("alone", "run"))
    for name, value in expected.items():
        torch.testing.assert_close(
            found[name], value, rtol=1e-3, atol=1e-4, msg=lambda text, name=name: name + text
        )


@pytest.mark.usefixtures("ranks_find_the_tests")
def test_ranks_resume_a_run_of_a_processor_that_rounds_otherwise(vectors: Path, tmp_path: Path) -> None:
    """Only rank 0 reads by which identity the run is known."""
    corpus = make_corpus()
    positions = np.nextafter(corpus.train.positions, np.float32(9), dtype=np.float32)
    rounded = replace(corpus, train=replace(corpus.train, positions=positions))
    with stopped_after(1):
        train(settings_of(vectors), rounded, tmp_path, device="cpu")
    launch([sys.executable, str(TRAINING), str(tmp_path), str(vectors)], 2)
    assert [line["epoch"] for line in read_metrics(tmp_path)] == [0, 1, 2]


@pytest.mark.usefixtures("ranks_find_the_tests")
def test_a_rank_ends_whose_launcher_was_killed_before_it_joined() -> None:
    code = "from pgfa.train.launch import joined\nwith joined('cpu'): pass"
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    rank = {"RANK": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "2", "PGFA_LAUNCHER": str(ended.pid)}
    with socket.create_server(("127.0.0.1", 0)) as silent:  # where the launcher would answer
        port = str(silent.getsockname()[1])
        environment = {**ENVIRONMENT, **rank, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        assert subprocess.run([sys.executable, "-c", code], env=environment, timeout=60).returncode == 1


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stop_ends_the_ranks_and_keeps_its_exit_status(
    number: signal.Signals, status: int, tmp_path: Path
) -> None:
    rank = (
        "import os, signal, sys, time; signal.signal(signal.SIGINT, lambda *_: os._exit(1))\n"
        "open(sys.argv[1] + os.environ['RANK'], 'w').close(); time.sleep(300)"
    )
    code = (
        "import sys; from pgfa.processes import Terminated, termination_as_interrupt as stops\n"
        "from pgfa.train.launch import launch\n"
        "try:\n    with stops(): launch([sys.executable, '-c', *sys.argv[1:]], 2)\n"
        "except KeyboardInterrupt as stop: sys.exit(143 if isinstance(stop, Terminated) else 130)"
    )
    command = [sys.executable, "-c", code, rank, str(tmp_path / "rank")]
    launcher = subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
    while len(list(tmp_path.iterdir())) < 2 and launcher.poll() is None:
        time.sleep(0.05)
    launcher.send_signal(number)
    _, errors = launcher.communicate(timeout=60)
    assert (launcher.returncode, errors) == (status, "")


def test_an_error_is_the_ranks_own(vectors: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The launcher adds nothing to what a rank has printed."""
    (tmp_path / "run").write_text("in the way")
    with pytest.raises(SystemExit) as stop:
        launch([sys.executable, str(TRAINING), str(tmp_path / "run"), str(vectors)], 2)
    assert stop.value.code == 1
    assert "is a file, expected a folder" in capfd.readouterr().err


@pytest.mark.usefixtures("ranks_find_the_tests")
def test_a_rank_cut_off_by_anothers_error_leaves_the_last_word_to_it(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Rank 1 has lost the connection two seconds before rank 0 says why."""
    code = (
        "import sys, time, torch.distributed as dist; from pgfa.train.launch import joined\n"
        "try:\n"
        "    with joined('cpu') as (ranks, _):\n"
        "        if ranks.writes: raise ValueError\n"
        "        dist.barrier()\n"
        "except ValueError: time.sleep(2); sys.exit('the cause')"
    )
    with pytest.raises(SystemExit) as stop:
        launch([sys.executable, "-c", code], 2)
    assert stop.value.code == 1
    assert capfd.readouterr().err == "the cause\n"


@pytest.mark.usefixtures("ranks_find_the_tests")
def test_ranks_that_are_cut_off_without_a_cause_are_named() -> None:
    cut_off = f"import sys; sys.exit({_LOST_STATUS})"
    with pytest.raises(RankLost, match=r"rank [01] of 2: the connection to another rank is lost"):
        launch([sys.executable, "-c", cut_off], 2)


def test_a_gpu_is_not_named_for_several_ranks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"WORLD_SIZE": "2", "RANK": "1", "LOCAL_RANK": "1"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadConfig, match="GPU n for rank n"), joined("cuda:0"):
        pass
    with monkeypatch.context() as patch:
        patch.setattr(torch.cuda, "is_available", lambda: True)
        patch.setattr(torch.cuda, "device_count", lambda: 1)
        with pytest.raises(BadConfig, match="rank 1 of this machine has no GPU"), joined("cuda"):
            pass
