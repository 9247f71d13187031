"""Carries out the Python and shell blocks of a page, in its order and in one folder, as a reader would.

What no test runs is only parsed: options against the program, Python by its compiler (`Block.reason`).
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import re
import shutil
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any
from unittest.mock import patch

from guides import CHECKOUT, Block, command_lines, page_blocks

SHORTER = {"--train.epochs": "1", "--train.batch-size": "4"}
"""Options of every training, in place of those printed."""
SERVER = "http://127.0.0.1:8765"
"""The address of `pgfa serve` in pages."""


class Parsed(Exception):
    """Raised in place of running a script whose arguments are right."""


def run_page(
    page: str,
    folder: Path,
    frames: Sequence[str] = (),
    statuses: Mapping[str, int] = MappingProxyType({}),
    done: Callable[[str], object] = lambda command: None,
) -> None:
    """Run a page's blocks in `folder`, the current one.

    Args:
        page: path in the checkout.
        folder: with the files that the page presumes.
        frames: lines that `pgfa live` gets on standard input.
        statuses: command of pgfa -> its exit status, where that is not 0.
        done: called with each command of pgfa that has run.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in page_blocks(page):
        if block.title and "/" not in block.title:
            (folder / block.title).write_text(block.text, encoding="utf-8")
        if block.title or block.language not in ("python", "sh"):
            continue
        if block.language == "python":
            code = compile(block.text, str(block), "exec")
            if not block.reason:
                exec(code, names)  # noqa: S102
            continue
        for arguments in command_lines(block.text, folder):
            if block.reason:
                parse(arguments)
            else:
                run(block, arguments, folder, frames, statuses)
                if arguments[0] == "pgfa":
                    done(arguments[1])


def run(
    block: Block, command: list[str], folder: Path, frames: Sequence[str], statuses: Mapping[str, int]
) -> None:
    """Run one command line."""
    program, *arguments = command
    if program == "pgfa":
        name = arguments[0]
        if name == "serve":
            with served(arguments[1:], folder) as address:
                assert b"<html" in content(address)
            return
        if name == "train":
            arguments = shorter(arguments)
        expected = statuses.get(name, 0)
        actual = exit_status(arguments, frames)
        assert actual == expected, f"{block}: pgfa {' '.join(arguments)}: {actual}"
    elif program == "python":
        run_script(arguments, folder)
    elif program == "curl":
        (file,) = (a.removeprefix("@") for a in arguments if a.startswith("@"))
        (url,) = (a for a in arguments if a.startswith("http"))
        with served([], folder) as address:
            here = re.sub(r"^http://[^/]*/", address, url)
            assert b"probability" in content(here, (folder / file).read_bytes())
    elif program == "cp":
        (copy,) = ([source, target] for option, source, target in [arguments] if option == "-r")
        shutil.copytree(folder / copy[0], folder / copy[1])
    else:
        raise AssertionError(f"{block}: {program} is run by no test: say why in the first line of the block")


def run_script(arguments: list[str], folder: Path) -> None:
    """`python SCRIPT ...`, of the checkout or of the page; the page's server is one on a free port."""
    script = CHECKOUT / arguments[0] if "/" in arguments[0] else folder / arguments[0]
    with ExitStack() as stack:
        if any(argument.startswith(SERVER) for argument in arguments):
            address = stack.enter_context(served([], folder))
            content(address)
            arguments = [a.replace(SERVER, address.rstrip("/")) for a in arguments]
        command = [sys.executable, str(script), *arguments[1:]]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=120)


def shorter(arguments: list[str]) -> list[str]:
    """A training with `SHORTER`."""
    out = [*arguments, "--quiet"]
    for option, value in SHORTER.items():
        if option in out:
            out[out.index(option) + 1] = value
        else:
            out += [option, value]
    return out


def exit_status(arguments: list[str], frames: Sequence[str] = ()) -> object:
    """Run `pgfa ARGUMENTS` in this process; 0, or the message of an error."""
    from pgfa.cli.main import main

    stdin = io.TextIOWrapper(io.BytesIO("\n".join(frames).encode()))
    try:
        with patch.object(sys, "stdin", stdin):
            main(arguments)
    except SystemExit as stop:
        return stop.code or 0
    return 0


@contextmanager
def served(arguments: list[str], folder: Path) -> Iterator[str]:
    """`pgfa serve ARGUMENTS` on a free port; its address."""
    command = [sys.executable, "-m", "pgfa.cli.main", "serve", *arguments, "--port", "0"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[0]
        finally:
            process.terminate()


def content(address: str, body: bytes | None = None) -> bytes:
    """The response of an address, which is printed just before the server listens on it."""
    for _ in range(200):
        try:
            with urllib.request.urlopen(address, body, timeout=20) as response:
                return bytes(response.read())
        except urllib.error.HTTPError:
            raise
        except urllib.error.URLError:
            time.sleep(0.1)
    raise AssertionError(f"no answer at {address}")


def parse(command: list[str]) -> None:
    """Check a command line against its program, without running it."""
    from pgfa.cli.main import app

    program, *arguments = command
    if program == "pgfa":
        app.parse_args(arguments, exit_on_error=False, print_error=False)
    elif program == "torchrun":
        parse(arguments[arguments.index("--no-python") + 1 :])
    elif program == "python" and arguments[0].startswith("scripts/"):
        parse_script(CHECKOUT / arguments[0], arguments[1:])
    elif program == "make":
        text = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
        assert set(arguments) <= set(re.findall(r"^(\w+):", text, re.MULTILINE)), command
    elif program == "pip":
        project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        for extras in re.findall(r"\[(.*?)\]", " ".join(arguments)):
            assert set(extras.split(",")) <= set(project["optional-dependencies"]), command
    else:
        assert program in ("python", "curl", "cp"), command


def parse_script(script: Path, arguments: list[str]) -> None:
    """Check the arguments of a script; one without a parser must exist, and takes what it gets."""
    if "argparse" not in script.read_text(encoding="utf-8"):
        return
    original = argparse.ArgumentParser.parse_args

    def parse_only(self: argparse.ArgumentParser, *_: object) -> None:
        original(self, arguments)
        raise Parsed

    sys.path.insert(0, str(script.parent))
    try:
        module = load(script)
        with patch.object(argparse.ArgumentParser, "parse_args", parse_only):
            module.main()
    except Parsed:
        return
    except SystemExit as stop:
        raise AssertionError(f"{script.name} {' '.join(arguments)}: wrong arguments") from stop
    finally:
        sys.path.remove(str(script.parent))
    raise AssertionError(f"{script.name}: parsed no arguments")


def load(script: Path) -> ModuleType:
    """A script as a module; it can import others of its folder."""
    spec = importlib.util.spec_from_file_location(script.stem, script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[script.stem] = module  # dataclasses look their module up
    sys.path.insert(0, str(script.parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(script.parent))
        del sys.modules[script.stem]  # and nothing else: what the script imported stays imported
    return module
