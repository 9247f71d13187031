"""`pgfa doctor`: what is installed, what works, and what is missing for what."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from pgfa.config.extras import EXTRAS, OTHER_EXTRAS, PURPOSES, installed

PACKAGES = ("numpy", "onnxruntime", "tokenizers", "safetensors", "pydantic", "cyclopts", "fastapi", "uvicorn")
"""Of the core installation, in the order of the report."""
WIDTH = 18


def doctor() -> None:
    """Print versions, devices, extras and caches, and what is missing for what.

    The exit status is 1 if something is missing or damaged that recognition needs.
    """
    from pgfa.processes import cores

    _line("pgfa", f"{version('pgfa')}, Python {platform.python_version()} ({sys.executable})")
    _line("system", f"{platform.system()} {platform.machine()}, {cores()} cores")
    _line("packages", ", ".join(f"{name} {_version(name)}" for name in PACKAGES))
    problems = [name for name in PACKAGES if _version(name) == "missing"]
    _line("devices", _devices())
    for name, check in (("sentence encoder", _sentence_encoder), ("recogniser", _recogniser)):
        works, text = check()
        _line(name, text)
        problems += [] if works else [name]
    for extra, modules in {**EXTRAS, **OTHER_EXTRAS}.items():
        missing = [module for module in modules if not installed(module)]
        remedy = f"missing {', '.join(missing)}: pip install 'pgfa[{extra}]'" if missing else "installed"
        _line(f"extra {extra}", f"{remedy}; for {PURPOSES[extra]}")
    _line("cache", _cache())
    if problems:
        print(f"recognition does not work: {', '.join(problems)}", file=sys.stderr)
        raise SystemExit(1)


def _line(name: str, text: str) -> None:
    print(f"{name:{WIDTH}}{text}")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def _devices() -> str:
    if not installed("torch"):
        return "cpu (onnxruntime); training needs torch"
    from pgfa.model.device import device_names

    return ", ".join(device_names())


def _sentence_encoder() -> tuple[bool, str]:
    """Whether the bundled sentence encoder works, and in words."""
    from pgfa.errors import PgfaError
    from pgfa.text.encode import MINILM_REQUIREMENT, minilm_folder

    try:
        minilm_folder()
    except PgfaError as error:
        return False, str(error)
    return True, f"minilm, {MINILM_REQUIREMENT}: weights and tokenizer verified"


def _recogniser() -> tuple[bool, str]:
    """Whether the bundled recogniser can be opened, and in words."""
    from pgfa.errors import PgfaError
    from pgfa.recognise import open_bundle
    from pgfa.recognise.bundle import BUNDLED

    try:
        bundle = open_bundle(BUNDLED)
    except PgfaError as error:
        return False, str(error)
    return True, "bundled, " + ("verified" if bundle.verified else "without digests")


def _cache() -> str:
    """The cache folder, its size, and whether it can be written."""
    from pgfa.files import cache_folder

    folder = cache_folder()
    if not folder.is_dir():
        return f"{folder}: does not exist yet"
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    writable = "" if os.access(folder, os.W_OK) else ", cannot be written"
    return f"{folder}: {size / 1e6:,.1f} MB{writable}; can be deleted at any time"
