"""The benchmark as one self-contained HTML page: what was compared, tables, figures, failures."""

from __future__ import annotations

import json
from html import escape

import polars as pl

from pgfa.draw import asset, document
from pgfa.evaluate.report.charts import result_chart
from pgfa.evaluate.report.content import ResultRow
from pgfa.evaluate.table import Cell, Table
from pgfa.research.baselines import METHODS, TEST_TIME
from pgfa.research.benchmark.charts import AXES, line_chart, lines_of
from pgfa.research.benchmark.evaluation import CHOSEN
from pgfa.research.benchmark.results import BenchmarkResults, SplitColumn, Variant
from pgfa.research.benchmark.spec import TEST_SELECTED, VALIDATED
from pgfa.research.benchmark.tables import choices
from pgfa.text.catalogue import find_split


def page(results: BenchmarkResults, curves: pl.DataFrame, tables: list[Table]) -> str:
    """The whole page."""
    sections = [
        _head(results),
        _overview(results),
        *(_table(results, table) for table in tables),
        _figures(results, curves),
        _failures(results),
        _methods(results),
        _spec(results),
    ]
    return document(
        results.spec.title,
        f'<main class="report">{"".join(sections)}</main>',
        styles=[
            asset("pgfa.draw", "page.css"),
            asset("pgfa.evaluate.report", "report.css"),
            asset("pgfa.research.benchmark", "benchmark.css"),
        ],
        scripts=[],
        data={},
    )


def _head(results: BenchmarkResults) -> str:
    spec, rows = results.spec, results.rows
    splits = rows["split"].n_unique()
    runs = rows.select("training", "split", "seed").drop_nulls().unique().height
    facts = [
        f"Methods: {len(spec.methods)}. Splits: {splits}. Training sets: {len(spec.training)}. "
        f"Runs on all seen classes: {runs}.",
        "All methods use the same clips, the same sentences and, unless they train their own, the same encoder.",
    ]
    if VALIDATED in spec.protocols:
        facts.append(f"Protocol {VALIDATED}: {choices(spec)}. No label of an unseen class is used.")
    if TEST_SELECTED in spec.protocols:
        facts.append(
            f"Protocol {TEST_SELECTED}: the same choices, and for pgfa (alignments none and paper) the epoch, are "
            "made by the labels of the test clips, as is common in the field. These figures are too high."
        )
    notes = "".join(f"<li>{escape(fact)}</li>" for fact in facts)
    return (
        f'<header><p class="over">benchmark</p><h1>{escape(spec.title)}</h1>'
        f'<ul class="notes">{notes}</ul></header>'
    )


def _overview(results: BenchmarkResults) -> str:
    """For each column the methods, each with the alignment that it chooses, and the reference."""
    protocol = results.spec.protocols[0]
    variants = [variant for variant in results.variants if variant.alignment == CHOSEN]
    variants.append(Variant(*results.spec.reference))
    blocks = []
    for column in results.columns:
        rows = []
        for variant in variants:
            cell = results.cell(column, variant, "accuracy", protocol)
            if isinstance(cell, Cell):
                half = float("nan") if cell.spread is None else cell.spread
                low, high = max(cell.value - half, 0), min(cell.value + half, 100)
                rows.append(ResultRow(str(variant), cell.value / 100, 0.0, low / 100, high / 100, 0))
        if rows:
            chart = result_chart(rows, _chance(column))
            blocks.append(f"<figure><figcaption>{escape(column.name)}</figcaption>{chart}</figure>")
    return (
        '<section aria-labelledby="overview"><h2 id="overview">Each method with the alignment it chooses</h2>'
        f'<div class="figures">{"".join(blocks)}</div></section>'
    )


def _chance(column: SplitColumn) -> float:
    return 1 / len(find_split(column.splits[0]).unseen)


def _table(results: BenchmarkResults, table: Table) -> str:
    reference = ", ".join(results.spec.reference)
    title = table.title.removeprefix(f"{results.spec.title}: ")
    head = "".join(f'<th scope="col" class="number">{escape(name)}</th>' for name in table.columns)
    body = "".join(
        f'<tr{" class=own" if row.name == reference else ""}><th scope="row">{escape(row.name)}</th>'
        + "".join(f'<td class="number">{escape(str(cell))}</td>' for cell in row.cells)
        + "</tr>"
        for row in table.rows
    )
    name = title[:1].upper() + title[1:]
    # The tables that most readers look for are open; the rest is a click away.
    main = any(word in title for word in ("unseen classes, %", "points above", "H, %", TEST_SELECTED))
    opening, closing = (
        (f"<h2>{escape(name)}</h2>", "")
        if main and "generalised, unseen" not in title
        else (f"<details><summary>{escape(name)}</summary>", "</details>")
    )
    notes = escape(" ".join(table.notes))
    return (
        f'<section>{opening}<div class="scroll sideways" tabindex="0" role="group" aria-label="{escape(name)}">'
        f'<table class="plain wide"><caption>{notes}</caption>'
        f'<thead><tr><th scope="col">method, alignment</th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{closing}</section>"
    )


def _figures(results: BenchmarkResults, curves: pl.DataFrame) -> str:
    blocks = []
    for column in results.columns:
        charts = []
        for curve, axis in AXES.items():
            chart = line_chart(lines_of(curves, column, curve, results.spec.alignments), curve)
            if chart:
                charts.append(
                    f"<figure><figcaption>Accuracy in % against {axis}</figcaption>{chart}</figure>"
                )
        if charts:
            blocks.append(
                f'<h3 class="column-name">{escape(column.name)}</h3><div class="figures">{"".join(charts)}</div>'
            )
    if not blocks:
        return ""
    return (
        f"<section><h2>Alignments of {escape(results.spec.reference[0])}, and what they depend on</h2>"
        '<p class="facts-list">Default settings, mean over runs. With few clips, each set of that many clips is '
        "aligned by itself. These curves use test labels: they are for explanation, and nothing is chosen by them.</p>"
        f"{''.join(blocks)}</section>"
    )


def _failures(results: BenchmarkResults) -> str:
    if not len(results.failed):
        return ""
    names = ("training", "split", "seed", "method", "error")
    rows = "".join(
        "<tr>"
        + "".join(f"<td>{escape('' if row[name] is None else str(row[name]))}</td>" for name in names)
        + "</tr>"
        for row in results.failed.iter_rows(named=True)
    )
    return (
        f'<section><h2>Failures</h2><div class="scroll"><table class="plain">{rows}</table></div></section>'
    )


def _methods(results: BenchmarkResults) -> str:
    """What each method and test-time baseline is, from the texts in its file."""
    spec = results.spec
    baselines = [(name, METHODS[name]) for name in spec.methods if name in METHODS]
    baselines += [(name, TEST_TIME[name]) for name in spec.alignments if name in TEST_TIME]  # type: ignore[misc]
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(baseline.title)}</td>'
        f"<td>{escape(baseline.source)}</td></tr>"
        for name, baseline in baselines
    )
    return (
        "<section><h2>Methods</h2><details><summary>What each is</summary>"
        f'<div class="scroll"><table class="plain">{rows}</table></div></details></section>'
    )


def _spec(results: BenchmarkResults) -> str:
    text = json.dumps(results.spec.model_dump(mode="json"), indent=1)
    return (
        "<section><h2>Settings</h2><details><summary>All settings</summary>"
        f"<pre>{escape(text)}</pre></details></section>"
    )
