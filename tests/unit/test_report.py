"""The evaluation report: numbers as given, text escaped, nothing loaded from outside."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest

from pgfa.evaluate.feature_map import feature_map
from pgfa.evaluate.report.charts import MAP_POINTS, style_of
from pgfa.evaluate.report.content import (
    Example,
    Predictions,
    Report,
    ResultRow,
    Start,
    UnseenClass,
    choose_examples,
)  # fmt: skip
from pgfa.evaluate.report.page import write_report
from pgfa.skeleton import NTU25, Clip, Source

HOSTILE = "</script><img src=x onerror=alert(1)>"


def make_report(
    classes: int = 5,
    clips: int = 160,
    examples: int = 4,
    frames: int = 20,
    name: str = "action",
    seed: int = 0,
) -> Report:
    random = np.random.default_rng(seed)
    true = random.integers(0, classes, clips)
    before = np.where(random.random(clips) < 0.5, true, random.integers(0, classes, clips))
    after = np.where(random.random(clips) < 0.8, true, random.integers(0, classes, clips))
    predictions = Predictions(tuple(f"clip-{i}" for i in range(clips)), true, before, after)
    anchors = random.normal(size=(classes, 16))
    features = anchors[true] + 0.3 * random.normal(size=(clips, 16))
    positions = random.normal(size=(frames, 2, 25, 3)).astype(np.float32)
    return Report(
        title="Evaluation report",
        run={"data set": "utd-mhad", "split": "utd-mhad/22-5"},
        command="pgfa evaluate run",
        table=[
            ResultRow("from sentences", 0.5104, 0.4921, 0.4312, 0.5888, clips),
            ResultRow("after alignment", 0.7688, 0.7513, 0.7, 0.8312, clips),
        ],
        classes=[UnseenClass(f"{name} {k}", f"A person does {k}.") for k in range(classes)],
        predictions=predictions,
        map=feature_map(features, anchors + random.normal(size=anchors.shape), anchors),
        examples=[
            Example(i, Clip(positions, 30.0, NTU25, Source(id=f"clip-{i}")), [0.1] * classes, [0.2] * classes)
            for i in choose_examples(predictions, examples)
        ],
        history={"loss": [3.0, 2.0, float("nan"), 1.25]},
        notes=["The motion in this demo is synthetic."],
        removed=["other-set: sit down"],
    )


def write(report: Report, folder: Path) -> str:
    write_report(folder / "report.html", report)
    return (folder / "report.html").read_text(encoding="utf-8")


def cells(text: str, table: int) -> list[list[int]]:
    """Counts of a confusion matrix of the page: 0 before, 1 after alignment."""
    body = re.findall(r'<table class="matrix">.*?<tbody>(.*?)</tbody>', text, re.S)[table]
    return [
        [int(number or 0) for number in re.findall(r"<td[^>]*>(\d*)</td>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", body)
    ]


def test_headline_is_plain(tmp_path: Path) -> None:
    report = make_report()
    assert (
        report.headline
        == "5 unseen classes, 160 clips: 77\u202f% correct after alignment (95\u202f% interval 70–83\u202f%)"
    )
    assert f"<h1>{report.headline}</h1>" in write(report, tmp_path)


def test_the_numbers_are_those_given(tmp_path: Path) -> None:
    report = make_report()
    text = write(report, tmp_path)
    for number in ("51.0", "43.1–58.9", "49.2", "76.9", "70.0–83.1", "75.1", "20.0"):
        assert f">{number}<" in text, number
    predictions = report.predictions
    for table, predicted in enumerate((predictions.before, predictions.after)):
        expected = np.zeros((5, 5), dtype=int)
        np.add.at(expected, (predictions.true, predicted), 1)
        assert cells(text, table) == expected.tolist()
    assert "synthetic" in text
    assert "other-set: sit down" in text
    assert "loss: 3 to 1.25" in text


def test_accuracies_of_classes(tmp_path: Path) -> None:
    report = make_report()
    predictions = report.predictions
    members = predictions.true == 2
    accuracy = 100 * np.mean(predictions.after[members] == 2)
    row = re.search(r"A person does 2\..*?</tr>", write(report, tmp_path))
    assert row is not None
    assert f'after alignment, %">{accuracy:.0f}<' in row[0]
    assert f">{members.sum()}<" in row[0]


def visible(text: str) -> str:
    """The page without its style sheets and its player; with its data."""
    return re.sub(r"<(style|script)(?! id=)[^>]*>.*?</\1>", "", text, flags=re.S)


@pytest.mark.parametrize(
    ("start", "name"), [("sentences", "from sentences"), ("exemplars", "from exemplars")]
)
def test_everything_before_alignment_is_named_by_the_start(start: Start, name: str, tmp_path: Path) -> None:
    report = make_report()
    first = dataclasses.replace(report.table[0], name=name)
    text = write(dataclasses.replace(report, start=start, table=[first, report.table[1]]), tmp_path)
    captions = re.findall(r'<table class="matrix"><caption><b>(.*?)</b>', text)
    assert captions == [name, "after alignment"]
    assert visible(text).count(name) >= 6
    (other,) = {"from sentences", "from exemplars"} - {name}
    assert other not in visible(text)
    assert f"</svg>{start.removesuffix('s')}</li>" in text


def test_the_page_is_self_contained(tmp_path: Path) -> None:
    text = write(make_report(), tmp_path)
    assert set(re.findall(r"https?://[^\s\"'`<)]+", text)) <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<[^>]+\s(src|style|on\w+)=", text.split('id="page-data"')[0])
    assert all(link.startswith("#") or link == "data:," for link in re.findall(r'href="([^"]*)"', text))
    assert "default-src 'none'" in text.replace("&#x27;", "'")


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    report = make_report(name=HOSTILE)
    ids = tuple(HOSTILE for _ in report.predictions.ids)
    report = dataclasses.replace(
        report,
        title=HOSTILE,
        run={HOSTILE: HOSTILE},
        command=HOSTILE,
        predictions=dataclasses.replace(report.predictions, ids=ids),
        history={HOSTILE: [1.0, 2.0]},
        notes=[HOSTILE],
        removed=[HOSTILE],
        table=[dataclasses.replace(row, name=HOSTILE) for row in report.table],
        classes=[UnseenClass(HOSTILE, HOSTILE) for _ in report.classes],
    )
    text = write(report, tmp_path)
    assert "<img" not in text
    assert text.count("<script") == text.count("</script>") == 4
    (data,) = re.findall(r'id="page-data">(.*?)</script>', text, re.S)
    assert json.loads(data)["classes"][0] == HOSTILE


def test_sixty_classes_stay_readable(tmp_path: Path) -> None:
    report = make_report(classes=60, clips=2500)
    text = write(report, tmp_path)
    assert len(cells(text, 0)) == 60
    assert 'matrices stack many"' in text
    assert "1. action 0" in text
    assert len({style_of(label) for label in range(60)}) == 60
    drawn = text.count('class="point ')
    assert MAP_POINTS <= drawn <= MAP_POINTS + len(report.examples)
    assert f"{drawn:,} of the 2,500 clips are drawn" in text


def test_two_dozen_long_clips_stay_below_three_megabytes(tmp_path: Path) -> None:
    report = make_report(examples=24, frames=300)
    assert len(report.examples) == 24
    assert len(write(report, tmp_path)) < 3_000_000


def test_an_empty_evaluation_is_still_a_report(tmp_path: Path) -> None:
    no_clips = np.zeros(0, dtype=np.int64)
    bare = Report(
        title="bare",
        run={},
        table=[ResultRow("from sentences", float("nan"), float("nan"), float("nan"), float("nan"), 0)],
        classes=[UnseenClass("wave", "A person waves.")],
        predictions=Predictions((), no_clips, no_clips, no_clips),
    )
    text = write(bare, tmp_path)
    assert "1 unseen class, 0 clips: no results" in text
    assert "nan" not in text.split("<script")[0].split("</style>")[-1].lower()
    report = make_report(examples=1)
    no_body = dataclasses.replace(
        report.examples[0], clip=Clip(np.full((1, 2, 25, 3), np.nan, dtype=np.float32), 30.0, NTU25)
    )
    assert "data-example" in write(dataclasses.replace(report, examples=[no_body]), tmp_path)


def test_contradictions_are_refused() -> None:
    report = make_report()
    predictions = report.predictions
    with pytest.raises(ValueError, match="class numbers below 5"):
        dataclasses.replace(report, predictions=dataclasses.replace(predictions, after=predictions.after + 1))
    with pytest.raises(ValueError, match="160 ids"):
        dataclasses.replace(report, predictions=dataclasses.replace(predictions, true=predictions.true[1:]))
    with pytest.raises(ValueError, match="map: expected"):
        dataclasses.replace(report, map=feature_map(np.eye(3), np.eye(3), np.eye(3)))
    with pytest.raises(ValueError, match="index below 160"):
        dataclasses.replace(report, examples=[dataclasses.replace(report.examples[0], index=160)])


def test_examples_are_of_every_outcome_and_class() -> None:
    predictions = make_report(clips=400).predictions
    chosen = np.array(choose_examples(predictions, 20))
    assert len(set(chosen.tolist())) == 20
    true = predictions.true[chosen]
    before, after = predictions.before[chosen] == true, predictions.after[chosen] == true
    outcomes = np.bincount(2 * before + after, minlength=4)
    assert outcomes.tolist() == [5, 5, 5, 5]
    assert set(true.tolist()) == set(range(5))
    assert choose_examples(predictions, 20) == chosen.tolist()
    assert len(choose_examples(predictions, 10_000)) == 400


def test_feature_map_keeps_what_lies_in_a_plane() -> None:
    """Unit vectors of a plane in 7-D: distances on the map are the true ones, and no variance is lost."""
    random = np.random.default_rng(3)
    plane = np.linalg.qr(random.normal(size=(7, 2)))[0]
    angles = random.uniform(0, 2 * np.pi, 40)
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1) @ plane.T
    points = feature_map(3 * rows[:30], rows[30:35], rows[35:])
    assert points.variance_share == pytest.approx(1.0)
    expected = np.linalg.norm(rows[:30, None] - rows[None, 30:35], axis=-1)
    np.testing.assert_allclose(
        np.linalg.norm(points.clips[:, None] - points.before[None], axis=-1), expected, atol=1e-9
    )


def test_feature_map_refuses_what_it_cannot_draw() -> None:
    with pytest.raises(ValueError, match="of one d"):
        feature_map(np.eye(3), np.eye(4), np.eye(4))
    with pytest.raises(ValueError, match="finite"):
        feature_map(np.full((2, 3), np.nan), np.eye(3), np.eye(3))
    no_clips = feature_map(np.ones((0, 3)), np.eye(3), np.eye(3))
    assert no_clips.clips.shape == (0, 2)
    np.testing.assert_allclose(no_clips.before, no_clips.after)
