"""Which wrong formulas the tests of docs/theory.md detect.

    python scripts/mutate_theory.py

Each wrong formula replaces the right one in a copy of the package, one at a time, and the two test files run on the
copy. Prints the table of the page as Markdown: `law` counts the failed tests that compare with a simulation, a known
law or an exact case; `code` those that compare code with the page's formula. Takes some minutes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "pgfa" / "research" / "theory.py"
TESTS = ("tests/unit/test_theory.py", "tests/property/test_theory_bounds.py")


class Mutation(NamedTuple):
    """A wrong formula: its theorem, itself in words, and the text of theory.py that it replaces."""

    theorem: str
    title: str
    right: str
    wrong: str


MUTATIONS = (
    Mutation("1(a)", "bias: half of (1 - p)", "(1 - p) * (other - mean)", "(1 - p) / 2 * (other - mean)"),
    Mutation("1(a)", "bias: no selection shift", " + p * (selected - mean), axis", ", axis"),
    Mutation("1(b)", "estimate of v: no m / (m - 1)", "* size / (size - 1)", "* size / size"),
    Mutation("1(c)", "mean length halved", "np.sqrt(variance / size)", "np.sqrt(variance / size) / 2"),
    Mutation("1(c)", "bounded differences: 2 as 1", "np.sqrt(2 * log / size)", "np.sqrt(log / size)"),
    Mutation("1(c)", "Bernstein: 2 v L as v L", "np.sqrt(2 * variance * log", "np.sqrt(variance * log"),
    Mutation("1(c)", "Bernstein: 2/3 as 1/3", "2 * log / (3 * size)", "log / (3 * size)"),
    Mutation("1(c)", "Bernstein: 2/3 as 1/2", "2 * log / (3 * size)", "log / (2 * size)"),
    Mutation("1(d)", "half of (1 - p)", "(1 - p) * np.asarray(distance)", "(1 - p) / 2 * np.asarray(distance)"),
    Mutation("1(d)", "no selection shift", " + p * np.asarray(shift)", ""),
    Mutation("1(d)", "1 - p for p before the shift", "+ p * np.asarray(shift)", "+ (1 - p) * np.asarray(shift)"),
    Mutation("Lemma 2", "(1 - q) / q as 1 - q", "np.minimum((1 - q) / q,", "np.minimum((1 - q),"),
    Mutation("Lemma 2", "2 ln(1/q) as ln(1/q)", "-2 * np.log(q)))", "-np.log(q)))"),
    Mutation("Lemma 3", "sqrt 2 as 1", "np.sqrt(2 / (1 + np.sqrt(1", "np.sqrt(1 / (1 + np.sqrt(1"),
    Mutation("Lemma 3", "error >= length: sqrt 2, not 2", "below, 2.0))", "below, np.sqrt(2)))"),
    Mutation("2(a)", "b: no factor sqrt(1 - b^2/4)", " * b * np.sqrt(1 - b**2 / 4)", " * b"),
    Mutation("2(a)", "b limited to 1, not sqrt 2", "np.float64), np.sqrt(2))", "np.float64), 1.0)"),
    Mutation("2(b)", "omega for omega - theta", "contaminant_angle) - theta", "contaminant_angle)"),
    Mutation("2(b)", "no length of m_c", "np.asarray(length) * np.sin(theta)", "np.sin(theta)"),
    Mutation("3", "purity falls by g alpha, not half", "slope * a / 2)) ** 2", "slope * a)) ** 2"),
    Mutation("3", "variance halved", "** 2 + v / (a * n)", "** 2 + v / (2 * a * n)"),
    Mutation("3", "root: g alpha^3, not half", "[slope / 2, 1 - top", "[slope, 1 - top"),
    Mutation("Lemma 4", "0.8 sqrt d", "(np.sqrt(d) +", "(0.8 * np.sqrt(d) +"),
    Mutation("Lemma 4", "2 ln(1/delta) as ln(1/delta)", "np.sqrt(-2 * np.log(delta))", "np.sqrt(-np.log(delta))"),
    Mutation("4", "exponent doubled", "np.exp(-((margin / scale) ** 2) / 2)", "np.exp(-((margin / scale) ** 2))"),
    Mutation("4", "exponent quadrupled", "np.exp(-((margin / scale) ** 2) / 2)", "np.exp(-2 * (margin / scale) ** 2)"),
    Mutation("4", "exponent times 1.2", "np.exp(-((margin / scale) ** 2) / 2)", "np.exp(-0.6 * (margin / scale) ** 2)"),
    Mutation("4", "the largest tail, not the sum", "tail.sum(axis=1)", "tail.max(axis=1)"),
    Mutation("4", "sigma of the other class", "len(margin))[:, None] * width", "len(margin))[None] * width"),
    Mutation("4", "width of a_c - a_j as 1", "len(margin))[:, None] * width", "len(margin))[:, None] + 0 * width"),
    Mutation("4(b)", "one eta, not two", "- eta[:, None] - eta[None]", "- eta[:, None]"),
    Mutation("4(b)", "the other eta only", "- eta[:, None] - eta[None]", "- eta[None]"),
    Mutation("4(b)", "no delta", "errors, sigma) + given_class, 1.0", "errors, sigma), 1.0"),
    Mutation("4(b)", "delta not divided by the share", "_class / _shares(shares)", "_class + 0 * _shares(shares)"),
    Mutation("4(b)", "average clip: no delta", "minimum(delta + _shares", "minimum(_shares"),
    Mutation("4(b)", "average clip: each class weighs 1/2", "_shares(shares) @ _tails",
             "(0 * _shares(shares) + 0.5) @ _tails"),
    Mutation("6", "noise halved", "(2 * (1 + confirmation))", "(4 * (1 + confirmation))"),
    Mutation("6", "noise without confirmation", "(2 * (1 + confirmation))", "2"),
)  # fmt: skip


def main() -> None:
    text = SOURCE.read_text(encoding="utf-8")
    for mutation in MUTATIONS:
        if text.count(mutation.right) != 1:
            sys.exit(
                f"expected once in {SOURCE}, found {text.count(mutation.right)} times: {mutation.right!r}"
            )
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "src"
        shutil.copytree(ROOT / "src", package, ignore=shutil.ignore_patterns("__pycache__"))
        copy = package / SOURCE.relative_to(ROOT / "src")
        if failed := failures(package, Path(folder)):
            sys.exit(f"expected tests that pass on the right formulas, found failures: {failed}")
        print("| theorem | wrong formula | detected | law | code |\n|---|---|---|---|---|")
        missed = 0
        for mutation in MUTATIONS:
            copy.write_text(text.replace(mutation.right, mutation.wrong), encoding="utf-8")
            failed = failures(package, Path(folder))
            code = sum("code_equals_page" in name for name in failed)
            missed += not failed
            print(
                f"| {mutation.theorem} | {mutation.title} | {'yes' if failed else '**no**'} "
                f"| {len(failed) - code} | {code} |",
                flush=True,
            )
    print(f"\n{len(MUTATIONS) - missed} of {len(MUTATIONS)} are detected.")


def failures(package: Path, folder: Path) -> list[str]:
    """Names of the tests that fail on the package in that folder, each function once."""
    environment = os.environ | {
        "PYTHONPATH": str(package),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis"),
        "OMP_NUM_THREADS": "1",
    }
    python = [sys.executable, "-c", "import pgfa.research.theory as t; print(t.__file__)"]
    imported = subprocess.run(python, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    if not Path(imported.stdout.strip()).is_relative_to(package):
        sys.exit(f"expected the tests to import from {package}, found {imported.stdout.strip()}")
    shutil.rmtree(folder / "hypothesis", ignore_errors=True)
    options = ["-q", "-rfE", "--tb=no", "-p", "no:cacheprovider", "--hypothesis-seed=0"]
    command = [sys.executable, "-m", "pytest", *options, *TESTS]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if run.returncode not in (0, 1):
        sys.exit(f"expected tests that run, found:\n{run.stdout}{run.stderr}")
    return sorted(set(re.findall(r"^(?:FAILED|ERROR) \S+::(\w+)", run.stdout, re.MULTILINE)))


if __name__ == "__main__":
    main()
