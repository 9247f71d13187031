"""Tables of the comparison of data sets, each left out in turn, from the files in ``results/foreign-sets``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pgfa.errors import BadFile
from pgfa.research.evidence.markdown import interval, mean, percent, table
from pgfa.research.evidence.merge import read_rows
from pgfa.research.evidence.record import load_record
from pgfa.research.evidence.zero_shot import Exposure, exposure_without

FOLDER, ROWS, PARTS = "foreign-sets", "table.csv", "table-*.csv"
SKEWED = "skewed-pools.csv"
WEIGHTS = "weights.csv"
PER_SET = {
    "accuracy": "alone", "top3": "first three", "recentred": "recentred", "adapted": "adapted", "right": "right",
    "false_none": "false none", "adapted_right": "adapted right",
}  # fmt: skip
"""Column of the rows -> head in the tables with a row per set."""
STYLES = {
    "accuracy": "alone", "recentred": "recentred", "adapted": "adapted", "right": "right", "false_none": "false none",
    "fits_area": "fits, alone", "adapted_fits_area": "fits, adapted",
}  # fmt: skip
TARGETS = (
    ("right alone", "accuracy", 60, True),
    ("right after `adapt`", "adapted", 70, True),
    ('right and not "none", alone', "right", 50, True),
    ('right and not "none", after `adapt`', "adapted_right", 60, True),
    ("area, fits, after `adapt`", "adapted_fits_area", 93, True),
    ('area, "none", after `adapt`', "adapted_none_area", 80, True),
    ("calibration error, 5 candidates", "error_5", 6, False),
)
"""Figure, its column, the target in per cent, and whether it is a lower bound."""
PART_COLUMNS = {
    "accuracy": "alone", "recentred": "recentred", "adapted": "adapted", "false_none": "false none",
    "found_none": "found none", "none_area": "none area", "adapted_none_area": "none area, adapted",
    "fits_area": "fits area", "error_5": "calibration error, 5 candidates",
}  # fmt: skip
NOT_FIGURES = {"set", "style", "clips", "classes", "seed"}


@dataclass(frozen=True)
class ForeignRow:
    """One set and style: number of clips and classes, and figure -> value, fractions of 1; NaN where undefined."""

    name: str
    style: str
    clips: int
    classes: int
    figures: dict[str, float]


@dataclass(frozen=True)
class ForeignResults:
    """A table of a comparison.

    Attributes:
        file: of the rows.
        rows: means over seeds, where the file has several.
    """

    file: Path
    rows: tuple[ForeignRow, ...]

    @classmethod
    def load(cls, file: Path) -> ForeignResults:
        """Read and check a file of rows. Raises BadFile."""
        load_record(file)
        columns, rows = read_rows(file)
        if missing := {"set", "style", "clips", "classes", *PER_SET} - set(columns):
            raise BadFile(file, expected=f"the column {min(missing)}", found=", ".join(columns))
        groups: dict[tuple[str, str], list[dict[str, str]]] = {}
        for row in rows:
            groups.setdefault((row["set"], row["style"]), []).append(row)
        names = [name for name in columns if name not in NOT_FIGURES and _numbers(rows, name)]
        if texts := [name for name in PER_SET if name not in names]:
            raise BadFile(file, where=f"column {texts[0]}", expected="numbers", found="other text")
        return cls(file, tuple(_row(key, group, names) for key, group in groups.items()))

    def of(self, style: str) -> list[ForeignRow]:
        """The rows of a style, one per set."""
        return [row for row in self.rows if row.style == style]

    def values(self, style: str, name: str) -> list[float]:
        """A figure of every set that has it."""
        values = [row.figures.get(name, math.nan) for row in self.of(style)]
        return [value for value in values if not math.isnan(value)]

    @property
    def styles(self) -> list[str]:
        """In the order of the file."""
        return list(dict.fromkeys(row.style for row in self.rows))

    @cached_property
    def exposures(self) -> dict[str, Exposure]:
        """What a model trained on the other sets has seen of the classes of each. Raises as `exposure_without`."""
        return exposure_without([row.name for row in self.of("plain")])


def _numbers(rows: list[dict[str, str]], name: str) -> bool:
    """Whether a column holds figures; others, such as why alignment was declined, are text."""
    try:
        return all(math.isfinite(value) or math.isnan(value) for value in (float(row[name]) for row in rows))
    except ValueError:
        return False


def _row(key: tuple[str, str], rows: list[dict[str, str]], names: list[str]) -> ForeignRow:
    figures = {name: mean([float(row[name]) for row in rows]) for name in names}
    return ForeignRow(*key, int(rows[0]["clips"]), int(rows[0]["classes"]), figures)


def set_table(results: ForeignResults, style: str) -> str:
    """A row per set, then a table of the means over sets with their intervals."""
    head = ["set", "classes", "clips", *PER_SET.values()]
    rows = [
        [row.name, str(row.classes), str(row.clips), *(percent(row.figures[name]) for name in PER_SET)]
        for row in results.of(style)
    ]
    names = [name for name in results.of(style)[0].figures if results.values(style, name)]
    means = [
        [PER_SET.get(name, name.replace("_", " ")), interval(values), str(len(values))]
        for name in names
        for values in [results.values(style, name)]
    ]
    return table(head, rows) + "\n\n" + table(["figure", "mean over sets (95 %)", "sets"], means)


def short_table(results: ForeignResults) -> str:
    """One plain sentence per class: a row per set with what a reader needs, and which of its classes are unseen."""
    rows = [
        [row.name, f"{row.clips:,}", str(row.classes), str(len(results.exposures[row.name].unseen)),
         *(percent(row.figures[name]) for name in ("accuracy", "top3", "adapted"))]
        for row in results.of("plain")
    ]  # fmt: skip
    head = ["set", "clips", "classes", "of these unseen", "alone", "first three", "adapted"]
    means = [interval(results.values("plain", name)) for name in ("accuracy", "top3", "adapted")]
    total = [row.classes for row in results.of("plain")]
    unseen = sum(len(results.exposures[row.name].unseen) for row in results.of("plain"))
    clips = sum(row.clips for row in results.of("plain"))
    rows.append(["mean (95 %)", f"{clips:,}", str(sum(total)), str(unseen), *means])
    labels = sorted({results.exposures[row.name].label for row in results.of("plain")})
    rule = "[rule](evidence.md#which-cells-are-zero-shot)"
    return f"{table(head, rows)}\n\nBy the {rule}, all cells are: {', '.join(labels)}."


def style_table(results: ForeignResults) -> str:
    """Means over sets for every style of sentences."""
    rows = [
        [
            style,
            *(percent(mean(results.values(style, name))) for name in STYLES if results.values(style, name)),
        ]
        for style in results.styles
    ]
    shown = [title for name, title in STYLES.items() if results.values("plain", name)]
    return table(["style", *shown], rows)


def part_table(folder: Path) -> str:
    """Means over sets with one plain sentence, for each file of a part (``table-PARTS.csv``) and for all parts.

    Raises:
        BadFile: a part is of other data, settings or version than the table of all parts, or does not say.
    """
    rows = []
    for file in [*sorted(folder.glob(PARTS)), folder / ROWS]:
        if file.name != ROWS and _basis(file) != _basis(folder / ROWS):
            raise BadFile(
                file,
                expected=f"a record of the data, settings and version of {ROWS}",
                found="another or none",
            )
        results = ForeignResults.load(file)
        missing = [name for name in _parts(folder / ROWS) if name not in _parts(file)]
        title = "all parts" if file.name == ROWS else f"without {' and '.join(missing)}"
        rows.append([title, *(percent(mean(results.values("plain", name))) for name in PART_COLUMNS)])
    return table(["compared", *PART_COLUMNS.values()], rows)


def _parts(file: Path) -> list[str]:
    """What the rows of a file compared, as its record says."""
    record = load_record(file)
    return [] if record is None else [str(name) for name in record.settings["parts"]]


def weights_note(folder: Path) -> str:
    """What the weights of the parts owe to having seen all sets: accuracy alone, fixed and chosen on the other sets."""
    _, rows = read_rows(folder / WEIGHTS)
    fixed, chosen = (mean([float(row[name]) for row in rows]) for name in ("fixed", "chosen"))
    return (
        "With the weights of the five parts chosen for each set on the mean of the others (243 settings, 0.5 to 1.5 "
        f"times the fixed ones; plain sentences, each clip alone), {percent(chosen)} % are right in place of "
        f"{percent(fixed)} %."
    )


def _basis(file: Path) -> object:
    """What the rows of a part have in common with those of all parts; what equals nothing, without a record."""
    record = load_record(file)
    if record is None:
        return object()
    settings = {name: value for name, value in record.settings.items() if name != "parts"}
    return settings, record.data, {call.version for call in record.computations}


def target_table(results: ForeignResults) -> str:
    """What was wanted and what was reached, with one plain sentence per class."""
    rows = []
    for title, name, target, at_least in TARGETS:
        if not (values := results.values("plain", name)):
            continue
        reached = round(100 * mean(values), 1)
        met = reached >= target if at_least else reached <= target
        bound = f"at {'least' if at_least else 'most'} {target}"
        rows.append([title, bound, f"{reached:.1f}", "yes" if met else "no"])
    worse = [(row.name, row.figures["accuracy"] - row.figures["adapted"]) for row in results.of("plain")]
    below = [f"{name} {percent(loss)}" for name, loss in worse if loss > 0.01]
    rows.append(["`adapt` below alone by more than a point", "nowhere", ", ".join(below) or "nowhere",
                 "no" if below else "yes"])  # fmt: skip
    return table(["mean over sets, %", "wanted", "reached", "met"], rows)


def loss_note(results: ForeignResults) -> str:
    """Where `adapt` is below the sentences alone, in points: a sentence over all styles."""
    parts = []
    for style in results.styles:
        points = {
            row.name: 100 * (row.figures["accuracy"] - row.figures["adapted"]) for row in results.of(style)
        }
        lost = sorted(((loss, name) for name, loss in points.items() if round(loss, 1) > 0), reverse=True)
        parts.append(f"`{style}` {', '.join(f'{loss:.1f} on {name}' for loss, name in lost) or 'nowhere'}")
    return f"Points that `adapt` loses against the sentences alone, by style of sentence: {'; '.join(parts)}."


def unseen_note(results: ForeignResults) -> str:
    """Which classes of the sets no class of another set means the same as."""
    exposures = results.exposures.values()
    unseen = sum(len(exposure.unseen) for exposure in exposures)
    total = unseen + sum(len(exposure.seen) for exposure in exposures)
    lines = [
        f"Of the {total} classes of all sets, {unseen} are unseen when their set is left out: by the "
        "[leakage rule](catalogue.md) no class of another set means the same. The others are foreign recordings of "
        "actions that are trained on. Unseen:",
        "",
    ]
    lines += [f"- {e.dataset}: {', '.join(e.unseen) if e.unseen else 'none'}" for e in exposures]
    return "\n".join(lines)


def open_table(opened: ForeignResults, default: ForeignResults) -> str:
    """The sets that the open recogniser is trained on, each left out, beside the same sets in the larger comparison."""
    others = {row.name: row for row in default.of("plain")}
    rows = [
        [row.name, str(row.classes), *(percent(row.figures[name]) for name in ("accuracy", "top3", "adapted")),
         *(percent(others[row.name].figures[name]) for name in ("accuracy", "adapted"))]
        for row in opened.of("plain")
    ]  # fmt: skip
    beside = f"trained on {len(others) - 1} sets: "
    head = ["set", "classes", "alone", "first three", "adapted", f"{beside}alone", f"{beside}adapted"]
    return table(head, rows)


def skewed_table(file: Path) -> str:
    """Means over sets after `adapt` on drawn pools, and the largest loss of a set against no adaptation."""
    columns, rows = read_rows(file)
    shares = columns[columns.index("alone") + 1 :]
    groups: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in rows:
        if row["pools"] != "0":
            groups.setdefault((row["pool"], row["style"]), []).append(row)
    lines = []
    for (pool, style), group in groups.items():
        alone = [float(row["alone"]) for row in group]
        cells = []
        for share in shares:
            values = [float(row[share]) for row in group]
            loss = min(0.0, *(after - before for after, before in zip(values, alone, strict=True)))
            cells.append(f"{percent(mean(values))} ({percent(loss)})")
        lines.append([pool, style, percent(mean(alone)), *cells])
    return table(["pool", "style", "alone", *shares], lines)
