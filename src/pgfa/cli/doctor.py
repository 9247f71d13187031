"""`pgfa doctor`: what is installed, what works, and what is missing for what."""

from __future__ import annotations

import os
import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, packages_distributions, requires, version

from pgfa.config.extras import EXTRAS, OTHER_EXTRAS, PURPOSES, installed

WIDTH = 18
REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)(?P<bounds>[^;]*)(?P<condition>;.*)?")


def doctor() -> None:
    """Print versions, devices, extras and caches, and what is missing for what.

    The exit status is 1 if something is missing or damaged that recognition needs.
    """
    from pgfa.processes import cores

    _line("pgfa", f"{version('pgfa')}, Python {platform.python_version()} ({sys.executable})")
    _line("system", f"{platform.system()} {platform.machine()}, {cores()} cores")
    core = _requirements()
    _line("packages", ", ".join(f"{name} {_version(name)}" for name in core))
    problems = [name for name, least in core.items() if not _suffices(_version(name), least)]
    if old := [name for name in problems if _version(name) != "missing"]:
        _line(
            "too old", ", ".join(f"{name} {_version(name)}, expected {core[name]} or newer" for name in old)
        )
    _line("devices", _devices())
    for name, check in (("sentence encoder", _sentence_encoder), ("recogniser", _recogniser)):
        works, text = check()
        _line(name, text)
        problems += [] if works else [name]
    packages = packages_distributions()
    for extra, modules in {**EXTRAS, **OTHER_EXTRAS}.items():
        missing = [module for module in modules if not installed(module)]
        if missing:
            remedy = f"missing {', '.join(missing)}: pip install 'pgfa[{extra}]'"
            _line(f"extra {extra}", f"{remedy}; for {PURPOSES[extra]}")
        else:
            names = [packages.get(module, [module])[0] for module in modules]
            versions = ", ".join(f"{name} {_version(name)}" for name in names)
            _line(f"extra {extra}", f"installed; for {PURPOSES[extra]} ({versions})")
    _line("cache", _cache())
    if problems:
        print(f"recognition does not work: {', '.join(problems)}", file=sys.stderr)
        raise SystemExit(1)


def _line(name: str, text: str) -> None:
    print(f"{name:{WIDTH}}{text}")


def _requirements() -> dict[str, str]:
    """What the core installation needs, as it is declared: package -> lowest version."""
    needed = {}
    for requirement in requires("pgfa") or ():
        if (match := REQUIREMENT.match(requirement)) and "extra" not in (match["condition"] or ""):
            least = re.search(r">=\s*([\d.]+)", match["bounds"])
            needed[match["name"]] = least[1] if least else "0"
    return needed


def _suffices(actual: str, least: str) -> bool:
    """Whether a version is at least another; only the numbers before a suffix count."""
    return actual != "missing" and _numbers(actual) >= _numbers(least)


def _numbers(text: str) -> tuple[int, ...]:
    """``1.2.0rc1`` as (1, 2): without a suffix, and without zeros at the end."""
    match = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(int(n) for n in re.sub(r"(\.0)+$", "", match[0]).split(".")) if match else ()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def _devices() -> str:
    if not installed("torch"):
        return "cpu (onnxruntime); training needs torch"
    from pgfa.model.device import bfloat16_cost, device_names

    cost = bfloat16_cost()
    return f"{', '.join(device_names())}; on the cpu, bfloat16 takes {cost:.2g} times as long as float32"


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
