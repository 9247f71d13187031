"""The report as one HTML file, and the data that its scripts draw."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pgfa.draw import PLAYER, asset, clip_payload, document, layouts_payload
from pgfa.evaluate.report.charts import drawn_clips, map_points
from pgfa.evaluate.report.content import Report
from pgfa.evaluate.report.quality import comparison_section, reliability_section, worst_section
from pgfa.evaluate.report.sections import (
    class_section,
    clip_section,
    confusion_section,
    head,
    result_section,
    run_section,
    training_section,
)
from pgfa.files import write_atomic

# A clip in the report keeps at most this many frames, so that two dozen stay below about two megabytes.
_CLIP_FRAMES = 120


def write_report(path: Path, report: Report) -> None:
    """Write the report as one self-contained HTML file, atomically; it opens from disk without a network.

    Args:
        path: of the file (``RUN/report.html``).
        report: its content. All text is escaped; nothing in it can run or load anything.
    """
    write_atomic(path, page(report))


def page(report: Report) -> str:
    """The whole page."""
    sections = (
        head(report),
        result_section(report),
        comparison_section(report),
        clip_section(report),
        class_section(report),
        confusion_section(report),
        worst_section(report),
        reliability_section(report),
        training_section(report),
        run_section(report),
    )
    return document(
        report.headline,
        f'<main class="report">{"".join(sections)}</main>',
        styles=[asset("pgfa.draw", "page.css"), asset("pgfa.evaluate.report", "report.css")],
        scripts=[*(asset("pgfa.draw", name) for name in PLAYER), asset("pgfa.evaluate.report", "report.js")],
        data=page_data(report),
    )


def page_data(report: Report) -> dict[str, Any]:
    """What report.js draws: classes, clips to play, points of the map."""
    predictions = report.predictions
    data: dict[str, Any] = {
        "before": report.before_name,
        "classes": [item.name for item in report.classes],
        "layouts": layouts_payload({e.clip.layout.name: e.clip.layout for e in report.examples}.values()),
        "examples": [
            {
                "index": example.index,
                "id": predictions.ids[example.index],
                "true": int(predictions.true[example.index]),
                "before": int(predictions.before[example.index]),
                "after": int(predictions.after[example.index]),
                "scores": [_scores(example.scores_before), _scores(example.scores_after)],
                "clip": clip_payload(example.clip, _CLIP_FRAMES),
            }
            for example in report.examples
        ],
        "points": [],
    }
    if report.map is not None and len(report.classes):
        points, _, _ = map_points(report)
        data["points"] = [
            [
                index,
                round(float(points[index, 0]), 2),
                round(float(points[index, 1]), 2),
                predictions.ids[index],
                int(predictions.true[index]),
                int(predictions.before[index]),
                int(predictions.after[index]),
            ]
            for index in drawn_clips(report).tolist()
        ]
    return data


def _scores(values: Sequence[float]) -> list[float | None]:
    return [round(float(value), 4) if np.isfinite(value) else None for value in values]
