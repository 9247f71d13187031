"""The benchmark as one self-contained HTML page: what was asked, tables, figures, failures."""

from __future__ import annotations

import json
from html import escape

import polars as pl

from pgfa.draw import asset, document
from pgfa.evaluate.report.charts import result_chart
from pgfa.evaluate.report.content import ResultRow
from pgfa.evaluate.table import Cell, Table
from pgfa.research.benchmark.charts import AXES, line_chart, lines_of
from pgfa.research.benchmark.judge import CHOSEN
from pgfa.research.benchmark.spec import HONEST, PAPER
from pgfa.research.benchmark.tables import Column, Standing, choices
from pgfa.text.catalogue import find_split


def page(standing: Standing, curves: pl.DataFrame, tables: list[Table]) -> str:
    """The whole page."""
    sections = [
        _head(standing),
        _overview(standing),
        *(_table(standing, table) for table in tables),
        _figures(standing, curves),
    ]
    sections += [_failures(standing), _spec(standing)]
    return document(
        standing.spec.title,
        f'<main class="report">{"".join(sections)}</main>',
        styles=[
            asset("pgfa.draw", "page.css"),
            asset("pgfa.evaluate.report", "report.css"),
            asset("pgfa.research.benchmark", "benchmark.css"),
        ],
        scripts=[],
        data={},
    )


def _head(standing: Standing) -> str:
    spec, rows = standing.spec, standing.results
    splits, seeds = (
        rows["split"].n_unique(),
        rows.select("training", "split", "seed").drop_nulls().unique().height,
    )
    facts = [
        f"Methods: {len(spec.methods)}. Splits: {splits}. Training sets: {len(spec.training)}. "
        f"Runs on all seen classes: {seeds}.",
        "Every method gets the same clips, the same sentences and, where it does not train its own, the same encoder.",
    ]
    if HONEST in spec.protocols:
        facts.append(f"Protocol honest: {choices(spec)}. No label of an unseen class is looked at.")
    if PAPER in spec.protocols:
        facts.append(
            "Protocol paper: the same choices, and for pgfa (alignments none and paper) the epoch, made by the labels "
            "of the test clips, as the field does. It flatters."
        )
    notes = "".join(f"<li>{escape(fact)}</li>" for fact in facts)
    return (
        f'<header><p class="over">benchmark</p><h1>{escape(spec.title)}</h1>'
        f'<ul class="notes">{notes}</ul></header>'
    )


def _overview(standing: Standing) -> str:
    """For each column the methods, each with the alignment that it would choose itself; the reference is marked."""
    first, reference = standing.spec.protocols[0], standing.spec.reference
    blocks = []
    for column in standing.columns:
        ways = [way for way in standing.ways if way[1] == CHOSEN] + [reference]
        rows = []
        for way in ways:
            cell = standing.cell(column, way, "accuracy", first)
            if isinstance(cell, Cell):
                half = float("nan") if cell.spread is None else cell.spread
                low, high = max(cell.value - half, 0), min(cell.value + half, 100)
                rows.append(ResultRow(f"{way[0]}, {way[1]}", cell.value / 100, 0.0, low / 100, high / 100, 0))
        if rows:
            chart = result_chart(rows, _chance(column))
            blocks.append(f"<figure><figcaption>{escape(column.name)}</figcaption>{chart}</figure>")
    return (
        '<section aria-labelledby="overview"><h2 id="overview">Each method with the alignment it chooses</h2>'
        f'<div class="figures">{"".join(blocks)}</div></section>'
    )


def _chance(column: Column) -> float:
    return 1 / len(find_split(column.splits[0]).unseen)


def _table(standing: Standing, table: Table) -> str:
    own = ", ".join(standing.spec.reference)
    title = table.title.removeprefix(f"{standing.spec.title}: ")
    head = "".join(f'<th scope="col" class="number">{escape(name)}</th>' for name in table.columns)
    body = "".join(
        f'<tr{" class=own" if row.name == own else ""}><th scope="row">{escape(row.name)}</th>'
        + "".join(f'<td class="number">{escape(str(cell))}</td>' for cell in row.cells)
        + "</tr>"
        for row in table.rows
    )
    name = title[:1].upper() + title[1:]
    # What most come for is open; the rest is a click away.
    shown = any(word in title for word in ("unseen classes, %", "points above", "H, %", "test set"))
    opened, closed = (
        (f"<h2>{escape(name)}</h2>", "")
        if shown and "generalised, unseen" not in title
        else (f"<details><summary>{escape(name)}</summary>", "</details>")
    )
    notes = escape(" ".join(table.notes))
    return (
        f'<section>{opened}<div class="scroll sideways" tabindex="0" role="group" aria-label="{escape(name)}">'
        f'<table class="plain wide"><caption>{notes}</caption>'
        f'<thead><tr><th scope="col">method, alignment</th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{closed}</section>"
    )


def _figures(standing: Standing, curves: pl.DataFrame) -> str:
    blocks = []
    for column in standing.columns:
        charts = []
        for curve, words in AXES.items():
            chart = line_chart(lines_of(curves, column, curve, standing.spec.alignments), curve)
            if chart:
                charts.append(
                    f"<figure><figcaption>Accuracy in % against {words}</figcaption>{chart}</figure>"
                )
        if charts:
            blocks.append(
                f'<h3 class="column-name">{escape(column.name)}</h3><div class="figures">{"".join(charts)}</div>'
            )
    if not blocks:
        return ""
    return (
        f"<section><h2>Alignments of {escape(standing.spec.reference[0])}, and what they depend on</h2>"
        '<p class="facts-list">Default settings, mean over runs. With few clips each set of so many is aligned on its '
        "own. These curves look at test labels: they explain, nothing is chosen by them.</p>"
        f"{''.join(blocks)}</section>"
    )


def _failures(standing: Standing) -> str:
    failed = standing.results.filter(pl.col("error").is_not_null())
    if not len(failed):
        return ""
    rows = "".join(
        "<tr>"
        + "".join(f"<td>{escape('' if row[name] is None else str(row[name]))}</td>" for name in names)
        + "</tr>"
        for names in [("training", "split", "seed", "method", "error")]
        for row in failed.iter_rows(named=True)
    )
    return f'<section><h2>What failed</h2><div class="scroll"><table class="plain">{rows}</table></div></section>'


def _spec(standing: Standing) -> str:
    told = json.dumps(standing.spec.model_dump(mode="json"), indent=1)
    return (
        "<section><h2>Settings</h2><details><summary>All of them</summary>"
        f"<pre>{escape(told)}</pre></details></section>"
    )
