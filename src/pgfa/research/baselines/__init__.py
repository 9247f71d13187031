"""The methods that are compared, one file each: a `Baseline`, or at test time a `TestTimeBaseline`.

To add one, write a file with a constant `BASELINE` and add its line to a table below. Benchmark specs then accept it,
tables and report show it, and the tests of every baseline check it. ``python scripts/list_methods.py`` writes its row
in docs/methods_compared.md.

Options. Those of the baselines here are in `pgfa.config.BaselineSettings`, for all of them together. A new baseline
does not need a line there. Constants of its module will do; what determines the weights of one that learns on features
goes into `train_on_features(constants=...)`, so that it is trained again when a value changes. At test time
`TestTimeBaseline.options` may be any `Settings` class of the module, and `grid` the values to choose from.
"""

from importlib import import_module

from pgfa.research.baselines.base import (
    Array,
    Baseline,
    FitContext,
    Fitted,
    TestTimeBaseline,
    candidate_anchors,
    points_of,
)

__all__ = [
    "METHODS",
    "TEST_TIME",
    "Array",
    "Baseline",
    "FitContext",
    "Fitted",
    "TestTimeBaseline",
    "candidate_anchors",
    "points_of",
]


def _baseline(module: str) -> Baseline:
    baseline: Baseline = import_module(f"{__name__}.{module}").BASELINE
    return baseline


def _test_time(module: str) -> TestTimeBaseline:
    baseline: TestTimeBaseline = import_module(f"{__name__}.{module}").BASELINE
    return baseline


METHODS: dict[str, Baseline] = {
    "pgfa": _baseline("pgfa"),
    "pgfa-frozen": _baseline("frozen"),
    "smie": _baseline("smie"),
    "devise": _baseline("devise"),
    "eszsl": _baseline("eszsl"),
    "vae": _baseline("vae"),
}
"""Name -> file. The shared encoder is trained by the first method of a benchmark that needs it."""

TEST_TIME: dict[str, TestTimeBaseline] = {
    "none": _test_time("none"),
    "t3a": _test_time("t3a"),
    "cache": _test_time("cache"),
}
"""Name -> file, for what is done at test time; the alignments of `pgfa.adapt` come in addition."""
