"""The record of a file of results: what computed it, from which data, with which settings (docs/evidence.md).

A file of rows ``NAME.csv`` has its record beside it, ``NAME.record.json``, with the SHA-256 of the rows and of the
files that belong to them. Rule for changes: keys are only added; `FORMAT` is raised where one changes its meaning, and
`load_record` maps the earlier format.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pgfa.errors import BadFile
from pgfa.evaluate import provenance
from pgfa.files import read_json, verify_files, write_files_list
from pgfa.processes import cores

FORMAT = "pgfa record 1"
ENDING = ".record.json"
LIBRARIES = ("numpy", "torch", "onnxruntime")
"""Libraries whose versions can change a figure."""


@dataclass(frozen=True)
class Computation:
    """One call that computed rows.

    Attributes:
        version: of pgfa.
        commit: of the checkout, with "+changes" if the package differs from it; empty outside a checkout.
        machine: processor, cores, system and versions of `LIBRARIES`; no name of a host or person.
        finished: UTC, ISO 8601.
        seconds: of this call; a resumed one counts from where it resumed.
    """

    version: str
    commit: str
    machine: dict[str, str]
    finished: str
    seconds: float

    @classmethod
    def now(cls, seconds: float) -> Computation:
        """The call that ends now, after `seconds`."""
        finished = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(version("pgfa"), commit(), machine(), finished, round(seconds, 1))


@dataclass(frozen=True)
class Record:
    """What a file of rows was computed from.

    Attributes:
        kind: what was measured: rows of different kinds are never merged.
        keys: columns that identify a row.
        settings: everything that decides the figures except data and seeds, as JSON values.
        data: name of a pack -> its content: ``digest``, ``clips`` and ``datasets``.
        training: name of a training set -> its packs.
        seeds: of the rows.
        computations: the calls that computed the rows, several after a merge.
    """

    kind: str
    keys: tuple[str, ...]
    settings: dict[str, Any]
    data: dict[str, dict[str, Any]]
    training: dict[str, list[str]] = field(default_factory=dict)
    seeds: tuple[int, ...] = (0,)
    computations: tuple[Computation, ...] = ()


def record_path(rows: Path) -> Path:
    """Where the record of a file of rows is."""
    return rows.with_name(rows.stem + ENDING)


def save_record(rows: Path, record: Record, others: Sequence[Path] = ()) -> None:
    """Write the record of a file of rows, with the SHA-256 of the rows and of other files beside them."""
    values = {"format": FORMAT, **asdict(record)}
    write_files_list(record_path(rows), values, [file.name for file in (rows, *others)])


def load_record(rows: Path) -> Record | None:
    """The record of a file of rows; None: an earlier version wrote them, without a record.

    Raises:
        BadFile: the rows or the record were changed after they were written, or a later version wrote them.
    """
    path = record_path(rows)
    if not path.exists():
        return None
    values = read_json(path)
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        actual = values.get("format") if isinstance(values, dict) else type(values).__name__
        raise BadFile(path, expected=f"the format {FORMAT!r}", found=repr(actual))
    if not verify_files(path, values) or rows.name not in values["files"]:
        raise BadFile(path, expected=f"the SHA-256 of {rows.name}", found="none")
    return _record(path, values)


def _record(path: Path, values: Mapping[str, Any]) -> Record:
    try:
        return Record(
            kind=values["kind"],
            keys=tuple(values["keys"]),
            settings=dict(values["settings"]),
            data=dict(values["data"]),
            training=dict(values["training"]),
            seeds=tuple(values["seeds"]),
            computations=tuple(Computation(**call) for call in values["computations"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadFile(
            path, expected="a record of results", found=f"{type(error).__name__}: {error}"
        ) from None


def machine() -> dict[str, str]:
    """Processor, cores, system, Python and `LIBRARIES`."""
    facts = {
        "processor": _processor(),
        "cores": str(cores()),
        "threads": os.environ.get("OMP_NUM_THREADS", "not limited"),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }
    for library in LIBRARIES:
        try:
            facts[library] = version(library)
        except PackageNotFoundError:
            facts[library] = "none"
    return facts


def _processor() -> str:
    """The model of the processor, where the system says it."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:  # not on this system
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def commit() -> str:
    """The commit of the checkout that this package is in, with "+changes" if it was changed; empty outside one."""
    name, _, changes = provenance.commit().partition(", ")
    return name[:12] + ("+changes" if changes else "")
