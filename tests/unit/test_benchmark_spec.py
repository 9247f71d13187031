"""Specs of a benchmark: what they match, what is refused, and specs and results written by earlier versions."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pgfa.config import BaselineSettings, RunSettings
from pgfa.errors import BadConfig
from pgfa.research.benchmark.evaluation import SCHEMA
from pgfa.research.benchmark.plan import plan
from pgfa.research.benchmark.results import group_of
from pgfa.research.benchmark.spec import BenchmarkSettings, load_benchmark, protocol_column

METHODS, ALIGNMENTS = ("pgfa", "smie"), ("none", "paper", "uniform", "t3a")


def spec_of(**changes: object) -> BenchmarkSettings:
    values = {
        "training": {"alone": ["x"]}, "splits": [{"names": ["utd-mhad/random-5-0*"]}],
        "methods": METHODS, "alignments": ALIGNMENTS, **changes,
    }  # fmt: skip
    return BenchmarkSettings(**values)


def test_names_match_splits_as_in_a_shell() -> None:
    assert group_of("utd-mhad/random-5-07") == "utd-mhad/random-5"
    assert group_of("utd-mhad/22-5") == "utd-mhad/22-5"
    (group,) = spec_of().groups()
    assert group[1] == tuple(f"utd-mhad/random-5-0{n}" for n in range(10))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"methods": ("pgfa", "magic")}, "magic"),
        ({"alignments": ("none", "magic")}, "magic"),
        ({"reference": ("pgfa", "balanced")}, "reference"),
        ({"splits": [{"names": ["utd-mhad/23-5"]}]}, "23-5"),
        ({"splits": [{"names": ["utd-mhad/magic-*"]}]}, "magic"),
        ({"splits": [{"names": ["utd-mhad/22-5"], "training": ["other"]}]}, "other"),
    ],
)
def test_a_wrong_spec_is_refused_before_any_work(changes: dict[str, object], message: str) -> None:
    with pytest.raises(BadConfig, match=message):
        spec_of(**changes).check()


FORMAT_1 = """
protocols = ["honest", "paper"]
methods = ["pgfa", "devise"]
alignments = ["none", "paper"]
training = { alone = ["utd-mhad"] }
splits = [{ names = ["utd-mhad/22-5"] }]
[run.train]
batch = 32
rate = 0.01
spoil = false
[compare]
smie_draws = 3
rate = 0.5
"""

TODAY = """
format = 2
protocols = ["validated", "test-selected"]
methods = ["pgfa", "devise"]
alignments = ["none", "paper"]
training = { alone = ["utd-mhad"] }
splits = [{ names = ["utd-mhad/22-5"] }]
[run.train]
batch_size = 32
learning_rate = 0.01
degrade = false
[baselines]
smie_samples = 3
learning_rate = 0.5
"""


def test_a_spec_of_format_1_means_the_same_under_todays_names(tmp_path: Path) -> None:
    (tmp_path / "old.toml").write_text(FORMAT_1)
    (tmp_path / "today.toml").write_text(TODAY)
    old, today = (load_benchmark(tmp_path / name) for name in ("old.toml", "today.toml"))
    assert old == today
    assert old.protocols == ("validated", "test-selected")
    assert old.baselines == BaselineSettings(smie_samples=3, learning_rate=0.5)
    assert old.run == RunSettings(train={"batch_size": 32, "learning_rate": 0.01, "degrade": False})
    today.save(tmp_path / "saved.toml")
    assert load_benchmark(tmp_path / "saved.toml") == today


def test_digests_keep_the_names_of_format_1() -> None:
    """So that a benchmark that was finished by an earlier version is not computed again."""
    values = spec_of().canonical(include={"protocols", "reference"})
    assert values == {"protocols": ["honest", "paper"], "reference": ["pgfa", "paper"]}
    assert {"compare", "run"} <= set(spec_of().canonical())


def test_what_an_earlier_version_fitted_is_used(tmp_path: Path) -> None:
    """The spec and keys of `pgfa benchmark specs/tiny.toml` at commit 6fa2668 (format 1), prepared as then."""
    spec = load_benchmark(Path(__file__).parents[1] / "fixtures/v1/benchmark.toml")
    prepared = spec.run.prepare.model_copy(update={"soft_ends": False})
    spec = spec.model_copy(update={"run": spec.run.model_copy(update={"prepare": prepared})})
    assert spec.protocols == ("validated", "test-selected")
    (split_job,) = plan(spec, tmp_path, tmp_path)
    assert {job.folder.name: job.key for job in split_job.fit_jobs} == {
        "fold-0-2-a9efb874b8": "f9725f4f1b4441fe",
        "seed-0-2-aac9272360": "9931e42d5cbfa4c6",
        "seed-1-2-788313cc28": "124a9080ee5f8e91",
    }


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[compare]", "setting compare: renamed to baselines"),
        ("[run.train]\nbatch = 3", "train.batch: renamed to train.batch_size"),
        ("[baselines]\nsmie_draws = 3", "baseline.smie_draws: renamed to"),
        ('protocols = ["honest"]', "protocols"),
    ],
)
def test_old_names_in_a_spec_of_today_are_refused_with_the_new_ones(
    line: str, message: str, tmp_path: Path
) -> None:
    head = 'format = 2\ntraining = { alone = ["x"] }\nsplits = [{ names = ["utd-mhad/22-5"] }]\n'
    (tmp_path / "spec.toml").write_text(head + line)
    with pytest.raises(BadConfig, match=message):
        load_benchmark(tmp_path / "spec.toml")


def test_results_of_format_1_have_todays_protocols() -> None:
    rows = [{"protocol": protocol} for protocol in ("honest", "paper", "validated", None)]
    protocols = protocol_column(pl.DataFrame(rows, schema=SCHEMA))["protocol"].to_list()
    assert protocols == ["validated", "test-selected", "validated", None]
