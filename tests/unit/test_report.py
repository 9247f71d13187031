"""The evaluation report: numbers as given, text as text, nothing from outside."""

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
    Method,
    Predictions,
    Report,
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
    rng = np.random.default_rng(seed)
    true = rng.integers(0, classes, clips)
    before = np.where(rng.random(clips) < 0.5, true, rng.integers(0, classes, clips))
    after = np.where(rng.random(clips) < 0.8, true, rng.integers(0, classes, clips))
    told = Predictions(tuple(f"clip-{i}" for i in range(clips)), true, before, after)
    anchors = rng.normal(size=(classes, 16))
    features = anchors[true] + 0.3 * rng.normal(size=(clips, 16))
    positions = rng.normal(size=(frames, 2, 25, 3)).astype(np.float32)
    return Report(
        title="Evaluation report",
        run={"data set": "utd-mhad", "split": "utd-mhad/22-5"},
        command="pgfa evaluate run",
        table=[
            Method("from sentences", 0.5104, 0.4921, 0.4312, 0.5888, clips),
            Method("after alignment", 0.7688, 0.7513, 0.7, 0.8312, clips),
        ],
        classes=[UnseenClass(f"{name} {k}", f"A person does {k}.") for k in range(classes)],
        predictions=told,
        map=feature_map(features, anchors + rng.normal(size=anchors.shape), anchors),
        examples=[
            Example(i, Clip(positions, 30.0, NTU25, Source(id=f"clip-{i}")), [0.1] * classes, [0.2] * classes)
            for i in choose_examples(told, examples)
        ],
        history={"loss": [3.0, 2.0, float("nan"), 1.25]},
        notes=["The motion in this demo is synthetic."],
        removed=["other-set: sit down"],
    )


def written(report: Report, folder: Path) -> str:
    write_report(folder / "report.html", report)
    return (folder / "report.html").read_text(encoding="utf-8")


def cells(text: str, table: int) -> list[list[int]]:
    """Counts of the n-th confusion matrix of the page."""
    body = re.findall(r'<table class="matrix">.*?<tbody>(.*?)</tbody>', text, re.S)[table]
    return [
        [int(number or 0) for number in re.findall(r"<td[^>]*>(\d*)</td>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", body)
    ]


def test_headline_is_plain(tmp_path: Path) -> None:
    report = make_report()
    assert report.headline == "5 unseen actions, 160 clips: 77\u202f% right after alignment (70–83)"
    assert f"<h1>{report.headline}</h1>" in written(report, tmp_path)


def test_the_numbers_are_those_given(tmp_path: Path) -> None:
    report = make_report()
    text = written(report, tmp_path)
    for shown in ("51.0", "43.1–58.9", "49.2", "76.9", "70.0–83.1", "75.1", "20.0"):
        assert f">{shown}<" in text, shown
    told = report.predictions
    for place, predicted in enumerate((told.before, told.after)):
        expected = np.zeros((5, 5), dtype=int)
        np.add.at(expected, (told.true, predicted), 1)
        assert cells(text, place) == expected.tolist()
    assert "synthetic" in text
    assert "other-set: sit down" in text
    assert "loss: 3 to 1.25" in text


def test_per_class_shares_are_right(tmp_path: Path) -> None:
    report = make_report()
    told = report.predictions
    mine = told.true == 2
    share = 100 * np.mean(told.after[mine] == 2)
    row = re.search(r"A person does 2\..*?</tr>", written(report, tmp_path))
    assert row is not None
    assert f'strong">{share:.0f}<' in row[0]
    assert f">{mine.sum()}<" in row[0]


def test_the_page_is_self_contained(tmp_path: Path) -> None:
    text = written(make_report(), tmp_path)
    assert set(re.findall(r"https?://[^\s\"'`<)]+", text)) <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<[^>]+\s(src|style|on\w+)=", text.split('id="page-data"')[0])
    assert all(link.startswith("#") or link == "data:," for link in re.findall(r'href="([^"]*)"', text))
    assert "default-src 'none'" in text.replace("&#x27;", "'")


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    report = make_report(name=HOSTILE)
    told = dataclasses.replace(report.predictions, ids=tuple(HOSTILE for _ in report.predictions.ids))
    report = dataclasses.replace(
        report,
        title=HOSTILE,
        run={HOSTILE: HOSTILE},
        command=HOSTILE,
        predictions=told,
        history={HOSTILE: [1.0, 2.0]},
        notes=[HOSTILE],
        removed=[HOSTILE],
        table=[dataclasses.replace(row, name=HOSTILE) for row in report.table],
        classes=[UnseenClass(HOSTILE, HOSTILE) for _ in report.classes],
    )
    text = written(report, tmp_path)
    assert "<img" not in text
    assert text.count("<script") == text.count("</script>") == 4
    (raw,) = re.findall(r'id="page-data">(.*?)</script>', text, re.S)
    assert json.loads(raw)["classes"][0] == HOSTILE


def test_sixty_classes_stay_readable(tmp_path: Path) -> None:
    report = make_report(classes=60, clips=2500)
    text = written(report, tmp_path)
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
    assert len(written(report, tmp_path)) < 3_000_000


def test_little_to_show_is_still_a_report(tmp_path: Path) -> None:
    none = np.zeros(0, dtype=np.int64)
    bare = Report(
        title="bare",
        run={},
        table=[Method("from sentences", float("nan"), float("nan"), float("nan"), float("nan"), 0)],
        classes=[UnseenClass("wave", "A person waves.")],
        predictions=Predictions((), none, none, none),
    )
    text = written(bare, tmp_path)
    assert "1 unseen action, 0 clips: nothing was judged" in text
    assert "nan" not in text.split("<script")[0].split("</style>")[-1].lower()
    nobody = make_report(examples=1)
    gone = dataclasses.replace(
        nobody.examples[0], clip=Clip(np.full((1, 2, 25, 3), np.nan, dtype=np.float32), 30.0, NTU25)
    )
    assert "data-example" in written(dataclasses.replace(nobody, examples=[gone]), tmp_path)


def test_contradictions_are_refused() -> None:
    report = make_report()
    told = report.predictions
    with pytest.raises(ValueError, match="class numbers below 5"):
        dataclasses.replace(report, predictions=dataclasses.replace(told, after=told.after + 1))
    with pytest.raises(ValueError, match="160 ids"):
        dataclasses.replace(report, predictions=dataclasses.replace(told, true=told.true[1:]))
    with pytest.raises(ValueError, match="the map"):
        dataclasses.replace(report, map=feature_map(np.eye(3), np.eye(3), np.eye(3)))
    with pytest.raises(ValueError, match="none of the 160"):
        dataclasses.replace(report, examples=[dataclasses.replace(report.examples[0], index=160)])


def test_examples_are_of_every_outcome_and_class() -> None:
    told = make_report(clips=400).predictions
    chosen = np.array(choose_examples(told, 20))
    assert len(set(chosen.tolist())) == 20
    before, after = told.before[chosen] == told.true[chosen], told.after[chosen] == told.true[chosen]
    outcomes = np.bincount(2 * before + after, minlength=4)
    assert outcomes.tolist() == [5, 5, 5, 5]
    assert set(told.true[chosen].tolist()) == set(range(5))
    assert choose_examples(told, 20) == chosen.tolist()
    assert len(choose_examples(told, 10_000)) == 400


def test_feature_map_keeps_what_lies_in_a_plane() -> None:
    """Unit vectors of a plane in 7-D: distances on the map are the true ones, and nothing is lost."""
    rng = np.random.default_rng(3)
    plane = np.linalg.qr(rng.normal(size=(7, 2)))[0]
    angles = rng.uniform(0, 2 * np.pi, 40)
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1) @ plane.T
    drawn = feature_map(3 * rows[:30], rows[30:35], rows[35:])
    assert drawn.share == pytest.approx(1.0)
    true = np.linalg.norm(rows[:30, None] - rows[None, 30:35], axis=-1)
    np.testing.assert_allclose(
        np.linalg.norm(drawn.clips[:, None] - drawn.before[None], axis=-1), true, atol=1e-9
    )


def test_feature_map_refuses_what_it_cannot_draw() -> None:
    with pytest.raises(ValueError, match="of one d"):
        feature_map(np.eye(3), np.eye(4), np.eye(4))
    with pytest.raises(ValueError, match="finite"):
        feature_map(np.full((2, 3), np.nan), np.eye(3), np.eye(3))
    alone = feature_map(np.ones((0, 3)), np.eye(3), np.eye(3))
    assert alone.clips.shape == (0, 2)
    np.testing.assert_allclose(alone.before, alone.after)
