"""The examples of CONTRIBUTING.md are carried out in a copy of the package: one new file, one line in a table, and
the checks that are generated from the tables take in what was added."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import pgfa

CHECKOUT = Path(__file__).parents[2]
GUIDE = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCK = re.compile(r'^```(\w+) title="([^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    """A section of the guide that adds something: new files, and lines added to existing ones."""

    title: str
    files: dict[str, str]
    changes: dict[str, str]


def examples() -> list[Example]:
    """The sections `### Add ...` of the guide, with their code."""
    parsed = []
    for section in re.split(r"^### ", GUIDE, flags=re.MULTILINE)[1:]:
        section = re.split(r"^## ", section, flags=re.MULTILINE)[0]
        blocks = BLOCK.findall(section)
        if blocks:
            parsed.append(
                Example(
                    section.partition("\n")[0].strip(),
                    {path: text for language, path, text in blocks if language != "diff"},
                    {path: text for language, path, text in blocks if language == "diff"},
                )
            )
    return parsed


EXAMPLES = examples()

CHECKS = {
    "file format": ("tests/property/test_fuzz_readers.py", "tests/unit/test_formats.py"),
    "data set": ("tests/property/test_fuzz_readers.py", "tests/unit/test_formats.py"),
    "encoder": ("tests/unit/test_tables.py",),
    "alignment": ("tests/unit/test_alignment_family.py", "tests/unit/test_tables.py"),
    "training objective": ("tests/unit/test_tables.py",),
    "baseline": ("tests/unit/test_baseline_methods.py", "tests/unit/test_baseline_fits.py"),
}
"""Kind of addition -> the generated tests that must hold for it."""

DOCUMENTS = (
    "tests/unit/test_readme.py::test_the_table_of_data_sets_is_complete",
    "tests/unit/test_formats.py",
    "tests/unit/test_baseline_docs.py",
    "tests/unit/test_cli_help.py",
)


def apply(example: Example, checkout: Path) -> None:
    """Write the new files, and add the `+` lines of each diff after the line that comes before them."""
    for path, text in example.files.items():
        target = checkout / path
        assert not target.exists(), f"{path}: not a new file"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    for path, diff in example.changes.items():
        lines = (checkout / path).read_text(encoding="utf-8").splitlines()
        position = None
        for line in diff.splitlines():
            text = line[1:]
            if line.startswith("+"):
                assert position is not None, f"{path}: a line of context must come before {text!r}"
                lines.insert(position, text)
                position += 1
            else:
                matches = [i for i, existing in enumerate(lines) if existing == text]
                assert len(matches) == 1, f"{path}: {text!r} occurs {len(matches)} times"
                position = matches[0] + 1
        (checkout / path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_the_guide_has_an_example_of_each_kind() -> None:
    titles = [example.title.lower() for example in EXAMPLES]
    for kind in CHECKS:
        assert sum(kind in title for title in titles) == 1, f"one section of the guide adds a {kind}"
    assert len(EXAMPLES) == len(CHECKS)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_an_example_is_one_new_file_and_one_line(example: Example) -> None:
    assert len([path for path in example.files if path.endswith(".py")]) == 1
    code = [
        diff for path, diff in example.changes.items() if path.endswith(".py")
    ]  # pages get a row of their own
    added = [line for diff in code for line in diff.splitlines() if line.startswith("+")]
    assert len(added) == 1, added


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_an_example_works_as_printed(example: Example, tmp_path: Path) -> None:
    """In a copy of package and tests, the generated checks run on what was added, and pass."""
    package = Path(pgfa.__file__).parent
    shutil.copytree(package, tmp_path / "src" / "pgfa", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(
        CHECKOUT / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__", "fixtures")
    )
    for name in ("pyproject.toml", "README.md", "CONTRIBUTING.md", "docs", "scripts"):
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("_build", "__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    apply(example, tmp_path)
    kind = next(kind for kind in CHECKS if kind in example.title.lower())
    new = next(Path(path).stem for path in example.files if path.endswith(".py"))
    output = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0", "-v", *CHECKS[kind],
         "-k", f"{new} or {new.replace('_', '-')}"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "src")},
        capture_output=True,
        text=True,
        timeout=300,
    )  # fmt: skip
    assert output.returncode == 0, output.stdout[-3000:] + output.stderr[-1000:]
    assert re.search(r"\d+ passed", output.stdout), f"no generated check took in {new}"
    # Documents that list a table must still agree with it.
    documents = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0", *DOCUMENTS],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "src")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert documents.returncode == 0, documents.stdout[-3000:] + documents.stderr[-1000:]
