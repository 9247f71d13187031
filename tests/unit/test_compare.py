"""Two runs compared clip by clip: `pgfa evaluate A B`."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pgfa.cli.main import main
from pgfa.errors import BadConfig
from pgfa.evaluate.compare import COMPARISON, Comparison, compare
from pgfa.evaluate.evaluate import evaluate
from pgfa.evaluate.paired import StageComparison
from pgfa.evaluate.report.content import AFTER, BEFORE

V1 = Path(__file__).parents[1] / "fixtures" / "v1"


def stage(first: str, second: str) -> StageComparison:
    return StageComparison(*(np.array([c == "1" for c in text]) for text in (first, second)))


def test_mcnemar_by_hand() -> None:
    """One clip only of the first, five only of the second: p = 2 (1 + 6) / 64."""
    compared = stage("1100000011", "1011111011")
    assert compared.only == (1, 5)
    assert compared.difference == pytest.approx(0.4)
    assert compared.p == pytest.approx(14 / 64)
    low, high = compared.interval
    assert low < 0.4 < high
    other = stage("1011111011", "1100000011")
    assert (other.difference, other.p) == (pytest.approx(-0.4), compared.p)


def test_equal_predictions_differ_by_nothing() -> None:
    compared = stage("1010", "1010")
    assert (compared.difference, compared.p, compared.interval) == (0, 1, (0, 0))


def test_p_is_seldom_small_where_nothing_differs() -> None:
    random = np.random.default_rng(0)
    small = 0
    for _ in range(400):
        first, second = random.random((2, 60)) < 0.5
        small += StageComparison(first, second).p < 0.05
    assert small <= 30


def copy_run(folder: Path) -> Path:
    folder.mkdir()
    for path in (V1 / "run-default").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def test_two_runs_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = copy_run(tmp_path / "a"), copy_run(tmp_path / "b c")
    pack = str(V1 / "pack")
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", str(first), str(second), "--pack", pack, "--device", "cpu"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert "second minus first run" in shown
    values = json.loads((second / COMPARISON).read_text())
    assert values["runs"] == [str(first), str(second)]
    assert values["stages"][AFTER]["difference"] == 0
    assert values["stages"][AFTER]["p"] == 1
    assert not (first / COMPARISON).exists()
    with (second / "report" / "comparison.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert [row[0] for row in rows[1:3]] == ["from sentences", AFTER]
    assert len(rows) == 1 + 2 + 2, "two stages, two classes"
    assert len({len(row) for row in rows}) == 1
    command = f"pgfa evaluate {first} '{second}' --pack {pack}"
    assert values["command"] == command
    assert set(values["provenance"]) >= {"Date", "Version", "Data"}
    assert list(values["classes"]) == [row[0] for row in rows[3:]]
    assert rows[1][4:7] == ["+0.0", "+0.0", "+0.0"], "numbers that a program reads as numbers"
    latex = (second / "report" / "comparison.tex").read_text()
    assert "+0.0 (+0.0 to +0.0)" in latex
    assert "Comparison of two runs" in (second / "report.html").read_text()
    assert "Comparison of two runs" not in (first / "report.html").read_text()
    assert command in (first / "report.html").read_text().replace("&#x27;", "'")


def test_a_better_alignment_shows(tmp_path: Path) -> None:
    evaluation = evaluate(V1 / "run-default", packs=(str(V1 / "pack"),), device="cpu")
    true = evaluation.corpus.test.labels
    perfect = replace(evaluation, alignment=replace(evaluation.alignment, predictions=true))
    wrong = replace(evaluation, alignment=replace(evaluation.alignment, predictions=1 - true))
    compared = compare(wrong, perfect)
    assert compared.stages[AFTER].difference == 1
    assert compared.stages[AFTER].only == (0, len(true))
    table = compared.table().to_text()
    assert "+100.0" in table


def test_small_p_and_no_negative_zero() -> None:
    alike = np.arange(4000) % 2 == 0
    changed = alike.copy()
    changed[:2] = ~changed[:2]
    stages = {
        BEFORE["sentences"]: StageComparison(alike, changed),
        AFTER: StageComparison(~alike, alike | True),
    }
    table = Comparison(("a", "b"), (), np.zeros(4000, dtype=np.int64), stages, {}).table()
    assert table.rows[0].cells[3] == "+0.0"
    assert table.rows[1].cells[-1] == "<0.001"
    assert "$<$0.001" in table.to_latex()
    back = Comparison(
        ("a", "b"), (), np.zeros(4000, dtype=np.int64), {AFTER: StageComparison(changed, alike & False)}, {}
    )
    assert r"& $-$50.0 &" in back.table().to_latex()


def test_other_clips_are_refused() -> None:
    evaluation = evaluate(V1 / "run-default", packs=(str(V1 / "pack"),), device="cpu")
    corpus = evaluation.corpus
    keep = np.arange(len(corpus.test)) > 0
    fewer = replace(
        evaluation, corpus=replace(corpus, test=corpus.test.take(keep)), features=evaluation.features[keep]
    )
    with pytest.raises(BadConfig, match=r"same test clips and classes, found 6 clips of .* and 5 clips"):
        compare(evaluation, fewer)
