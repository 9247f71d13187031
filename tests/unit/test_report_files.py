"""Intervals, reliability, worst clips, and the tables and figures of a report for a paper."""

from __future__ import annotations

import csv
import io
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from pgfa.evaluate.evaluate import evaluate, save_evaluation
from pgfa.evaluate.evaluation import read_evaluation
from pgfa.evaluate.intervals import wilson_interval
from pgfa.evaluate.provenance import commit, provenance
from pgfa.evaluate.reliability import reliability
from pgfa.evaluate.report.canvas import BLUE, Canvas
from pgfa.evaluate.report.content import AFTER, Predictions, Report, ResultRow, UnseenClass
from pgfa.evaluate.report.figures import figures
from pgfa.evaluate.report.page import page
from pgfa.evaluate.report.quality import MOST_CLIPS, OF_ONE_CLASS
from pgfa.evaluate.report.tables import write_tables_and_figures

V1 = Path(__file__).parents[1] / "fixtures" / "v1"
HOSTILE = '=a<b>&"(c)\\'


@pytest.mark.parametrize(
    ("correct", "clips", "low", "high"),
    [(0, 10, 0.0, 0.27753), (5, 10, 0.23659, 0.76341), (10, 10, 0.72247, 1.0), (0, 0, 0.0, 1.0)],
)
def test_wilson_interval(correct: int, clips: int, low: float, high: float) -> None:
    """Reference values: Newcombe, Statistics in Medicine 17 (1998), method 3, computed by hand for n = 10."""
    assert wilson_interval(correct, clips) == pytest.approx((low, high), abs=1e-5)


def test_wilson_covers_the_accuracy_at_its_rate() -> None:
    random = np.random.default_rng(0)
    correct = random.binomial(20, 0.9, 4000)
    intervals = np.array([wilson_interval(int(c), 20) for c in correct])
    covered = ((intervals[:, 0] <= 0.9) & (intervals[:, 1] >= 0.9)).mean()
    assert 0.92 < covered < 0.98


def test_reliability_of_calibrated_and_of_overconfident_scores() -> None:
    random = np.random.default_rng(1)
    scores = random.normal(size=(20_000, 5)).astype(np.float32)
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    true = np.array([random.choice(5, p=p / p.sum()) for p in probabilities.astype(np.float64)])
    calibrated, overconfident = reliability(scores, true, 1.0), reliability(scores, true, 4.0)
    assert calibrated.error < 0.02
    assert overconfident.error > 0.15
    assert calibrated.clips.sum() == 20_000
    filled = calibrated.clips > 200
    np.testing.assert_allclose(calibrated.accuracy[filled], calibrated.probability[filled], atol=0.08)
    assert overconfident.to_dict()["clips"] == overconfident.clips.tolist()
    assert None in overconfident.to_dict()["accuracy"] or (overconfident.clips > 0).all()


def make_report(clips: int = 60, classes: int = 4, name: str = "class") -> Report:
    random = np.random.default_rng(2)
    true = np.arange(clips) % classes
    scores = random.normal(size=(clips, classes)).astype(np.float32)
    scores[np.arange(clips), true] += 1
    before, after = random.integers(0, classes, clips), scores.argmax(axis=1)
    others = np.where(np.eye(classes, dtype=bool)[true], -np.inf, scores).max(axis=1)
    margins = (scores[np.arange(clips), true] - others).astype(np.float64)
    return Report(
        title=f"{name}/split",
        run={},
        table=[
            ResultRow("from sentences", 0.3, 0.31, 0.2, 0.4, clips),
            ResultRow(AFTER, 0.6, 0.61, 0.5, 0.7, clips),
        ],
        classes=[UnseenClass(f"{name} {k}", "A person moves.") for k in range(classes)],
        predictions=Predictions(tuple(f"clip {i}" for i in range(clips)), true, before, after),
        reliability={
            "from sentences": reliability(scores, true, 0.5),
            AFTER: reliability(scores, true, 2.0),
        },
        margins=margins,
    )


def rows(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_tables_have_the_numbers_of_the_report(tmp_path: Path) -> None:
    report = make_report()
    written = write_tables_and_figures(tmp_path, report)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in written)
    assert rows(tmp_path / "accuracy.csv")[2] == [AFTER, "60.0", "50.0", "70.0", "61.0", "60"]
    predictions = report.predictions
    table = rows(tmp_path / "classes.csv")
    for label, row in enumerate(table[1:]):
        members = predictions.true == label
        correct = int((predictions.after[members] == label).sum())
        low, high = wilson_interval(correct, int(members.sum()))
        expected = [f"{100 * value:.1f}" for value in (correct / members.sum(), low, high)]
        assert row[:2] == [f"class {label}", str(members.sum())]
        assert row[5:] == expected
    matrix = [list(map(int, row[2:])) for row in rows(tmp_path / "confusion.csv")[1:] if row[0] == AFTER]
    assert matrix == predictions.confusion(4, after=True).tolist()
    clips = rows(tmp_path / "clips.csv")[1:]
    margins = [float(row[-1]) for row in clips]
    assert len(clips) == 60
    assert margins == sorted(margins)
    assert all((row[1] != row[3]) == (float(row[-1]) < 0) for row in clips)
    latex = (tmp_path / "classes.tex").read_text(encoding="utf-8")
    assert latex.count(r"\\") == 5
    assert "\\begin{tabular}{lrrr}" in latex, "an interval stands beside its number"
    correct = table[1]
    assert f"class 0 & 15 & {correct[2]} ({correct[3]}--{correct[4]}) &" in latex
    curves = rows(tmp_path / "reliability.csv")
    assert sum(int(row[1]) for row in curves[1:] if row[0].startswith(AFTER)) == 60
    assert all(float(low) <= float(accuracy) <= float(high) for *_, accuracy, low, high in curves[1:])
    assert not any(set(column[1:]) == {""} for column in zip(*table, strict=True)), "no empty column"


def test_figures_are_well_formed_in_both_forms(tmp_path: Path) -> None:
    report = make_report(name=HOSTILE)
    drawn = figures(report)
    assert set(drawn) == {"classes", "confusion", "reliability"}
    for figure in drawn.values():
        root = ElementTree.fromstring(figure.to_svg())
        width, height = figure.width, figure.height
        texts = [element for element in root.iter() if element.tag.endswith("}text")]
        assert texts
        for element in texts:
            assert 0 <= float(element.attrib["x"]) <= width
            length = float(element.attrib["textLength"])
            share = {"start": 0.0, "middle": 0.5, "end": 1.0}[element.attrib["text-anchor"]]
            if "transform" not in element.attrib:
                left = float(element.attrib["x"]) - share * length
                assert 0 <= left < left + length <= width, element.text
            assert 0 <= float(element.attrib["y"]) <= height
        check_pdf(figure.to_pdf(), width, height)
    confusion = drawn["confusion"].to_svg()
    assert f">{report.predictions.confusion(4, after=True)[0, 0]}<" in confusion
    write_tables_and_figures(tmp_path, report)
    assert rows(tmp_path / "classes.csv")[1][0].startswith("'=")


def check_pdf(content: bytes, width: float, height: float) -> None:
    """Every object lies where the table says, and the stream has its stated length."""
    assert content.startswith(b"%PDF-1.4\n")
    assert content.endswith(b"%%EOF\n")
    assert b"/MediaBox [0 0 %s %s]" % (f"{width:g}".encode(), f"{height:g}".encode()) in content
    start = int(content.rpartition(b"startxref\n")[2].split()[0])
    table = content[start:].split(b"trailer")[0].splitlines()
    assert table[0] == b"xref"
    for number, entry in enumerate(table[3:], 1):
        assert len(entry) == 19
        assert content[int(entry[:10]) :].startswith(b"%d 0 obj\n" % number)
    length = re.search(rb"/Length (\d+) >>\nstream\n", content)
    assert length
    assert content[length.end() + int(length[1]) :].startswith(b"\nendstream")


def test_a_drawing_has_the_same_places_in_both_forms() -> None:
    canvas = Canvas(100, 50, "a title")
    canvas.line(10, 20, 30, 40)
    canvas.box(10, 20, 30, 5, BLUE)
    canvas.text(50, 25, "ab(c)\\", "middle")
    svg, pdf = canvas.to_svg(), canvas.to_pdf().decode("cp1252")
    assert "M10.00 20.00L30.00 40.00" in svg
    assert "10.00 30.00 m 30.00 10.00 l S" in pdf
    assert "10.00 25.00 30.00 5.00 re f" in pdf
    assert r"(ab\(c\)\\) Tj" in pdf
    assert canvas.to_pdf() == canvas.to_pdf()


def test_the_page_lists_the_worst_clips_of_all_classes() -> None:
    report = make_report(clips=400)
    section = page(report).partition('id="worst"')[2].partition("</section>")[0]
    listed = re.findall(r"<tr><td>clip (\d+)</td>", section)
    assert len(listed) <= MOST_CLIPS
    true = report.predictions.true[[int(number) for number in listed]]
    assert np.bincount(true).max() <= OF_ONE_CLASS
    assert len(set(true.tolist())) == 4
    assert report.margins is not None
    assert int(listed[0]) == int(report.margins.argmin())
    assert "Expected calibration error" in page(report)
    assert "Worst clips" not in page(replace(report, margins=None))


def test_the_page_says_what_alignment_changed_and_shows_reliability() -> None:
    report = make_report()
    text, predictions = page(report), report.predictions
    before, after = predictions.before == predictions.true, predictions.after == predictions.true
    change = f"{100 * (after.mean() - before.mean()):+.1f} points"
    assert change.replace("-", "−") in text
    assert f"{(after & ~before).sum()} clips fixed, {(before & ~after).sum()} broken" in text
    section = text.partition('id="reliability"')[2].partition("</section>")[0]
    assert "<svg" in section
    assert "learned" not in section, "the logit scale is fixed by default"
    assert "Wilson" in section


def test_an_evaluation_says_what_it_was_made_with(tmp_path: Path) -> None:
    for path in (V1 / "run-default").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    evaluation = evaluate(tmp_path, packs=(str(V1 / "pack"),), device="cpu")
    file, report = save_evaluation(evaluation)
    made = read_evaluation(file)["provenance"]
    assert {"Date", "Version", "Software", "Machine", "Data"} <= made.keys()
    assert evaluation.corpus.packs[0].digest in made["Data"]
    text = report.read_text(encoding="utf-8")
    for value in made.values():
        assert value in text
    assert f"pgfa train --settings {tmp_path}/run.toml --out {tmp_path}\npgfa evaluate {tmp_path}" in text
    values = read_evaluation(file)
    assert len(values["class_intervals"]["after"]) == len(values["classes"])
    assert sum(values["reliability"]["after"]["clips"]) == values["after"]["clips"]
    assert (tmp_path / "report" / "classes.pdf").read_bytes().startswith(b"%PDF")


def test_the_commit_is_that_of_the_checkout_and_says_whether_it_was_changed(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        identity = ("-c", "user.name=a", "-c", "user.email=a@b")
        command = ["git", "-C", str(tmp_path), *identity, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert commit(tmp_path) == ""
    git("init", "-q")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "a.py").write_text("1")
    assert commit(tmp_path / "code") == "", "not tracked"
    git("add", ".")
    git("commit", "-q", "-m", "first")
    assert commit(tmp_path / "code") == git("rev-parse", "HEAD")
    (tmp_path / "code" / "a.py").write_text("2")
    assert commit(tmp_path / "code") == git("rev-parse", "HEAD") + ", with changes"
    assert "Commit" not in provenance(()) or provenance(())["Commit"]
