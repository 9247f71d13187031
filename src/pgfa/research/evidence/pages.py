"""Tables in the documents between markers, written from the files below ``results/`` (docs/evidence.md).

<!-- evidence: NAME -->
...
<!-- end of evidence -->
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from pathlib import Path

from pgfa.errors import BadFile
from pgfa.files import write_atomic
from pgfa.research.benchmark.results import BenchmarkResults
from pgfa.research.evidence import benchmark_tables as benchmarks
from pgfa.research.evidence import foreign_tables as foreign
from pgfa.research.evidence import summaries
from pgfa.research.evidence.by_hand import by_hand_list
from pgfa.research.evidence.calibration_table import about_calibration, calibration_table, reliability_table
from pgfa.research.evidence.campaign_table import campaign_table
from pgfa.research.evidence.charts import calibration_chart, set_chart
from pgfa.research.evidence.foreign_tables import ForeignResults
from pgfa.research.evidence.measured import FOLDER as MEASURED
from pgfa.research.evidence.measured import measured_block, measured_files, measured_list, not_measured
from pgfa.research.evidence.profile_table import profile_table
from pgfa.research.evidence.published_tables import published_table
from pgfa.research.evidence.record_tables import pack_table, record_table
from pgfa.research.evidence.reliability_table import RELIABILITY, foreign_reliability
from pgfa.research.evidence.small_data_table import FILE as SMALL_DATA
from pgfa.research.evidence.small_data_table import small_data_table
from pgfa.research.evidence.speed_tables import speed_files, speed_table

PAGES = ("README.md", "docs/*.md", "docs/*/*.md")
MARKER = re.compile(
    r"^(?P<open><!-- evidence: (?P<name>[a-z0-9. -]+) -->\n)(?P<body>.*?)^(?P<close><!-- end of evidence -->)$",
    re.MULTILINE | re.DOTALL,
)
OPENING = "<!-- evidence: "
FIGURES = Path("docs/figures")
CURVES = "curves.csv"  # beside results.csv, and in its record


class Evidence:
    """The committed results of a checkout, and every block and figure that is made from them.

    Attributes:
        checkout: its folder.
    """

    def __init__(self, checkout: Path) -> None:
        self.checkout = checkout
        self.results = checkout / "results"

    @cached_property
    def foreign(self) -> ForeignResults:
        """The comparison of data sets."""
        return ForeignResults.load(self.results / foreign.FOLDER / foreign.ROWS)

    @cached_property
    def open(self) -> ForeignResults:
        """The comparison of the sets that the open recogniser is trained on."""
        return ForeignResults.load(self.results / "open-sets" / foreign.ROWS)

    @cached_property
    def utd(self) -> BenchmarkResults:
        """The published splits of UTD-MHAD, present recipe."""
        return benchmarks.load(self.results / "utd-present")

    @cached_property
    def frozen(self) -> BenchmarkResults:
        """Random splits of UTD-MHAD, end to end against frozen."""
        return benchmarks.load(self.results / "utd-frozen")

    @property
    def bundle(self) -> Path:
        """The bundled recogniser."""
        return self.checkout / "src" / "pgfa" / "recognise" / "weights" / "default"

    def files(self) -> dict[str, Path]:
        """Name -> file of rows, of everything that is committed but tables of `scripts/measured.py`."""
        files = [file for file in self.results.rglob("*.csv") if file.parent.name != MEASURED]
        named = {file.relative_to(self.results).as_posix(): file for file in sorted(files)}
        return {name: file for name, file in named.items() if file.name != CURVES}

    @property
    def blocks(self) -> Mapping[str, Callable[[], str]]:
        """Name of a block -> what makes its text."""
        return {
            "ten-lines": lambda: summaries.ten_lines(self.foreign, self.utd),
            "readme": lambda: summaries.readme_table(self.foreign, self.utd),
            "how-good": lambda: summaries.how_good(self.foreign),
            "model-card": lambda: summaries.model_card_lines(self.foreign),
            "model-card-none": lambda: summaries.none_lines(self.foreign),
            "foreign-short": lambda: foreign.short_table(self.foreign),
            "foreign-plain": lambda: foreign.set_table(self.foreign, "plain"),
            "foreign-averaged": lambda: foreign.set_table(self.foreign, "averaged"),
            "foreign-styles": lambda: foreign.style_table(self.foreign),
            "foreign-parts": lambda: foreign.part_table(self.results / foreign.FOLDER),
            "foreign-weights": lambda: foreign.weights_note(self.results / foreign.FOLDER),
            "foreign-reliability": lambda: foreign_reliability(self.results / foreign.FOLDER / RELIABILITY),
            "foreign-targets": lambda: foreign.target_table(self.foreign),
            "foreign-losses": lambda: foreign.loss_note(self.foreign),
            "foreign-skewed": lambda: foreign.skewed_table(self.results / foreign.FOLDER / foreign.SKEWED),
            "open-sets": lambda: foreign.open_table(self.open, self.foreign),
            "profiles": profile_table,
            "small-data": lambda: small_data_table(self.results / SMALL_DATA),
            "foreign-unseen": lambda: foreign.unseen_note(self.foreign),
            "utd-short": lambda: benchmarks.accuracy_table(self.utd, ("none", "balanced", "chosen")),
            "utd-accuracy": lambda: benchmarks.accuracy_table(self.utd),
            "utd-differences": lambda: benchmarks.difference_table(self.utd),
            "utd-generalised": lambda: benchmarks.generalised_table(self.utd),
            "utd-test-selected": lambda: benchmarks.protocol_table(self.utd, ("none", "paper", "balanced")),
            "utd-frozen": lambda: benchmarks.paired_note(self.frozen),
            "published-utd": lambda: summaries.utd_published(self.utd),
            "published-setting-1": lambda: published_table("setting-1"),
            "published-setting-2": lambda: published_table("setting-2"),
            "published-h": lambda: published_table("setting-2, H"),
            "published-nw-ucla": lambda: published_table("nw-ucla"),
            "published-foreign": lambda: published_table("foreign sets"),
            "calibration": lambda: calibration_table(self.bundle),
            "reliability": lambda: reliability_table(self.bundle),
            "campaign": lambda: campaign_table(self.results / MEASURED),
            "records": lambda: record_table(self.files()),
            "packs": lambda: pack_table([*self.files().values(), *measured_files(self.results).values()]),
            "measured-list": lambda: measured_list(self.results),
            "by-hand": lambda: by_hand_list(self.all_pages(), self.checkout),
            **{name: partial(speed_table, file) for name, file in speed_files(self.results).items()},
            **{name: partial(measured_block, file) for name, file in measured_files(self.results).items()},
        }

    def pages(self) -> list[Path]:
        """The documents that have a block."""
        return [file for file in self.all_pages() if OPENING in file.read_text(encoding="utf-8")]

    def all_pages(self) -> list[Path]:
        """The documents."""
        return sorted({file for pattern in PAGES for file in self.checkout.glob(pattern)})

    def expand(self, page: Path) -> str:
        """The text of a document with every block made anew.

        Raises:
            BadFile: a block that does not exist or does not end, or a damaged file of results.
        """
        text = page.read_text(encoding="utf-8")
        if len(MARKER.findall(text)) != text.count(f"\n{OPENING}") + text.startswith(OPENING):
            raise BadFile(
                page, expected="<!-- end of evidence --> after every block", found="a block without it"
            )
        not_yet, blocks = not_measured(self.results), self.blocks

        def block(match: re.Match[str]) -> str:
            name = match["name"]
            if name in not_yet:
                return f"{match['open']}{not_yet[name]}\n{match['close']}"
            if name not in blocks:
                raise BadFile(page, expected=f"one of {', '.join(blocks)}", found=name)
            return f"{match['open']}{blocks[name]()}\n{match['close']}"

        return MARKER.sub(block, text)

    @property
    def figures(self) -> Mapping[Path, Callable[[], str]]:
        """File of a figure -> what makes its SVG."""
        folder = self.checkout / FIGURES
        return {
            folder / "calibration.svg": lambda: calibration_chart(about_calibration(self.bundle)),
            folder / "foreign-sets.svg": lambda: set_chart(self.foreign),
        }

    def texts(self) -> dict[Path, str]:
        """Every document and figure as the results make it. Raises as `expand`."""
        pages = {page: self.expand(page) for page in self.pages()}
        return {**pages, **{file: make() for file, make in self.figures.items()}}

    def outdated(self) -> dict[Path, str]:
        """The documents and figures that differ from the results, with the text they should have."""
        return {
            file: text
            for file, text in self.texts().items()
            if not file.is_file() or file.read_text(encoding="utf-8") != text
        }

    def write(self) -> list[Path]:
        """Write what is outdated, and return it."""
        files = self.outdated()
        for file, text in files.items():
            write_atomic(file, text)
        return list(files)
