"""Nothing that only POSIX has is used without an alternative (docs/platforms.md)."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest

import pgfa
import pgfa.files as files_module
from guides import CHECKOUT
from pgfa.files import sync_folder, write_atomic
from pgfa.files.folders import new_folder

ROOT = Path(pgfa.__file__).parent

POSIX_MODULES = {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog", "readline"}
POSIX_NAMES = {
    "os": {
        "fork", "forkpty", "wait", "wait3", "wait4", "waitid", "getuid", "geteuid", "getgid", "getegid", "getpgid",
        "setsid", "setuid", "killpg", "sched_getaffinity", "sysconf", "statvfs", "mkfifo", "mknod", "nice", "chown",
        "fchmod", "fchown", "uname", "pread", "pwrite", "posix_fallocate", "O_DIRECTORY", "O_NOFOLLOW", "O_CLOEXEC",
    },
    "signal": {"SIGKILL", "SIGALRM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGCHLD", "alarm", "setitimer", "pause"},
    "socket": {"AF_UNIX"},
    "multiprocessing": {"fork"},
}  # fmt: skip
"""Module -> what it has on POSIX only."""

GUARDED = {
    "processes.py": {"os.sched_getaffinity": "hasattr; elsewhere os.cpu_count"},
    "read/limits.py": {
        "resource": "ImportError: no limit of memory, only those of sizes",
        "os.sysconf": "after /proc was read, which Linux alone has",
    },
}
"""File -> name -> what is done where it does not exist."""


def posix_only(tree: ast.AST) -> set[str]:
    """The names of a file that exist on POSIX only."""
    names = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                names |= {alias.name for alias in aliases if alias.name in POSIX_MODULES}
            case ast.ImportFrom(module=str(module), names=aliases):
                names |= {module} & POSIX_MODULES
                names |= {f"{module}.{a.name}" for a in aliases if a.name in POSIX_NAMES.get(module, set())}
            case ast.Attribute(value=ast.Name(id=module), attr=name) if name in POSIX_NAMES.get(
                module, set()
            ):
                names.add(f"{module}.{name}")
    return names


def test_what_only_posix_has_has_an_alternative() -> None:
    uses = {
        file.relative_to(ROOT).as_posix(): names
        for file in sorted(ROOT.rglob("*.py"))
        if (names := posix_only(ast.parse(file.read_text(encoding="utf-8"))))
    }
    assert uses == {file: set(names) for file, names in GUARDED.items()}


def test_posix_names_are_detected() -> None:
    code = "import fcntl\nfrom os import fork\nimport os, signal\nos.getuid()\nsignal.SIGKILL\nos.path"
    assert posix_only(ast.parse(code)) == {"fcntl", "os.fork", "os.getuid", "signal.SIGKILL"}


def test_folders_are_synced_where_they_can_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, where opening a folder is refused."""
    real = os.open

    def refuse(path: object, flags: int, *rest: object, **named: object) -> int:
        if os.path.isdir(path):  # type: ignore[arg-type]
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, flags, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(files_module.os, "open", refuse)
    with pytest.raises(PermissionError):
        sync_folder(tmp_path)
    monkeypatch.setattr(files_module, "_SYNCS_FOLDERS", False)
    write_atomic(tmp_path / "file", "text")
    assert (tmp_path / "file").read_text() == "text"


def test_other_files_are_copied_where_links_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`os.link` without following links raises NotImplementedError on some systems."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "other").write_text("kept")

    def link(*paths: object, **options: object) -> None:
        raise NotImplementedError("follow_symlinks unavailable")

    monkeypatch.setattr("pgfa.files.folders.os.link", link)
    monkeypatch.setattr(
        "pgfa.files.folders._exchange", lambda one, other: False
    )  # two renames instead of one step
    with new_folder(tmp_path / "folder", {"own"}) as new:
        (new / "own").write_text("new")
    assert {file.name: file.read_text() for file in (tmp_path / "folder").iterdir()} == {
        "own": "new", "other": "kept",
    }  # fmt: skip
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_the_stated_versions_of_python_are_those_of_the_package() -> None:
    versions = ("3.11", "3.12", "3.13", "3.14")
    project = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    workflow = (CHECKOUT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    page = (CHECKOUT / "docs" / "platforms.md").read_text(encoding="utf-8")
    for version in versions:
        assert f"Programming Language :: Python :: {version}" in project
        assert f'"{version}"' in workflow
        assert version in page
    assert (ROOT / "py.typed").is_file()
