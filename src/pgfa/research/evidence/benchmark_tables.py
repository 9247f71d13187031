"""Tables of committed benchmarks, from the summaries below ``results/``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pgfa.evaluate.student import Difference, half_width
from pgfa.evaluate.table import NOT_KNOWN, Cell
from pgfa.research.benchmark.results import BenchmarkResults, SplitColumn, Variant
from pgfa.research.benchmark.spec import TEST_SELECTED, VALIDATED
from pgfa.research.benchmark.summary import load_rows
from pgfa.research.evidence.markdown import mean, percent, table
from pgfa.research.evidence.zero_shot import exposure_of_split

CellText = Callable[[SplitColumn, Variant], str]


@dataclass(frozen=True)
class Differences:
    """How many differences of a benchmark were tested, and with what result.

    Attributes:
        tested: those with an interval.
        clear: after Holm's correction in their column.
        excluding: whose uncorrected interval excludes 0.
    """

    tested: int
    clear: int
    excluding: int


def load(folder: Path) -> BenchmarkResults:
    """The rows of a summary. Raises BadConfig, BadFile."""
    return BenchmarkResults(*load_rows(folder))


def column_name(column: SplitColumn) -> str:
    """``22-5``; with the number of splits if there are several."""
    count = f" ({len(column.splits)})" if len(column.splits) > 1 else ""
    return f"{column.group.partition('/')[2]}{count}"


def value(results: BenchmarkResults, column: SplitColumn, variant: Variant, name: str, protocol: str) -> str:
    """A mean in per cent with one digit, or a dash."""
    cell = results.cell(column, variant, name, protocol)
    return f"{cell.value:.1f}" if isinstance(cell, Cell) else cell


def accuracy_table(results: BenchmarkResults, alignments: Sequence[str] = ()) -> str:
    """Validated accuracy of every method and alignment, or of some; cells are marked zero-shot or not by code."""

    def cell(column: SplitColumn, variant: Variant) -> str:
        return value(results, column, variant, "accuracy", VALIDATED)

    marks = [
        ["cells", *(", ".join(sorted({_mark(results, column, s) for s in column.splits}))
                    for column in results.columns)]
    ]  # fmt: skip
    shown = [v for v in results.variants if not alignments or v.alignment in alignments]
    return _table(results, shown, cell, marks)


def _mark(results: BenchmarkResults, column: SplitColumn, split: str) -> str:
    return exposure_of_split(split, results.spec.training[column.training]).label


def generalised_table(results: BenchmarkResults) -> str:
    """H, with the accuracy on seen and unseen classes: no alignment. Cells of seen classes are not zero-shot."""

    def cell(column: SplitColumn, variant: Variant) -> str:
        names = ("gzsl_h", "gzsl_seen", "gzsl_unseen")
        return " / ".join(value(results, column, variant, name, VALIDATED) for name in names)

    return _table(results, [v for v in results.variants if v.alignment == "none"], cell)


def protocol_table(results: BenchmarkResults, alignments: Sequence[str]) -> str:
    """Validated and test-selected accuracy of some alignments."""

    def cell(column: SplitColumn, variant: Variant) -> str:
        protocols = (VALIDATED, TEST_SELECTED)
        return " / ".join(value(results, column, variant, "accuracy", protocol) for protocol in protocols)

    return _table(results, [v for v in results.variants if v.alignment in alignments], cell)


def difference_table(results: BenchmarkResults) -> str:
    """Points above the reference's method after the same alignment, with Student's interval; * is clear."""

    def cell(column: SplitColumn, variant: Variant) -> str:
        return _difference(results.method_differences.get((column, variant)))

    compared = {variant for _, variant in results.method_differences}
    return _table(results, [v for v in results.variants if v in compared], cell)


def _difference(difference: Difference | None) -> str:
    if difference is None:
        return NOT_KNOWN
    text = f"{100 * difference.mean:+.1f}"
    if difference.low is not None and difference.high is not None:
        text += f" ({100 * difference.low:+.1f} to {100 * difference.high:+.1f})"
    return text + ("*" if difference.clear else "")


def _table(
    results: BenchmarkResults,
    variants: Iterable[Variant],
    cell: CellText,
    first: Iterable[Sequence[str]] = (),
) -> str:
    head = ["method, at test time", *map(column_name, results.columns)]
    rows = [[str(variant), *(cell(column, variant) for column in results.columns)] for variant in variants]
    return table(head, [*first, *rows])


def differences(results: BenchmarkResults) -> Differences:
    """All differences to the reference and to its method after the same alignment."""
    all_of = [*results.differences.values(), *results.method_differences.values()]
    tested = [d for d in all_of if d.adjusted is not None]
    excluding = [d for d in tested if d.low is not None and d.high is not None and not d.low <= 0 <= d.high]
    return Differences(len(tested), sum(d.clear for d in tested), len(excluding))


def paired_note(results: BenchmarkResults) -> str:
    """For two methods: their means over splits, and the difference with Student's half interval over splits."""
    first, second = results.spec.methods
    lines = []
    for column in results.columns:
        for alignment in results.spec.alignments:
            units = [_by_split(results, column, Variant(method, alignment)) for method in (first, second)]
            both = [split for split in units[0] if split in units[1]]
            points = [units[0][split] - units[1][split] for split in both]
            half = half_width(points)
            spread = f" ± {percent(half)}" if half is not None else ""
            lines.append(
                f"| {Path(column.group).name} | {alignment} | {len(both)} "
                f"| {percent(mean([units[0][s] for s in both]))} "
                f"| {percent(mean([units[1][s] for s in both]))} | {100 * mean(points):+.1f}{spread} |"
            )
    head = f"| splits | at test time | number | {first} | {second} | difference (95 %) |\n|{' --- |' * 6}\n"
    return head + "\n".join(lines)


def _by_split(results: BenchmarkResults, column: SplitColumn, variant: Variant) -> dict[str, float]:
    """Split -> validated accuracy, mean over seeds."""
    by_split = {}
    for split in column.splits:
        single = SplitColumn(column.training, column.group, (split,))
        if values := results.values(single, variant, "accuracy", VALIDATED):
            by_split[split] = mean(values[0])
    return by_split
