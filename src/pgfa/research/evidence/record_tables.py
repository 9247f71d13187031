"""What computed the committed rows, from their records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from pgfa.research.evidence.markdown import table
from pgfa.research.evidence.record import load_record

MOST_NAMES = 5
"""Of packs in a cell; more are counted."""


def record_table(files: Mapping[str, Path]) -> str:
    """Which version, commit and machine computed the committed rows, and when. Raises BadFile."""
    rows = []
    for name, file in files.items():
        record = load_record(file)
        if record is None:
            rows.append([name, "no record", "", "", "", ""])
            continue
        for call in record.computations:
            machine = f"{call.machine['processor']}, {call.machine['cores']} cores"
            version = f"{call.version}, {call.commit or 'no checkout'}"
            seeds, time = ", ".join(map(str, record.seeds)), f"{call.finished}, {call.seconds:,.0f} s"
            rows.append([name, version, names_of(record.data), seeds, machine, time])
    return table(["rows", "version, commit", "data", "seeds", "machine", "finished, time"], rows)


def names_of(data: Iterable[str]) -> str:
    """Names of packs and files for a cell of a table."""
    names = list(data)
    return ", ".join(names) if len(names) <= MOST_NAMES else f"{len(names)} packs"


def pack_table(files: Iterable[Path]) -> str:
    """Every content of a pack or file that some rows were computed from, with its digest. Raises BadFile."""
    contents: dict[tuple[str, str], str] = {}
    for file in files:
        record = load_record(file)
        for name, content in (record.data if record else {}).items():
            kind = "clips" if "clips" in content else "files"
            number = content[kind]
            contents[name, content["digest"]] = f"{number:,} {kind if number != 1 else kind[:-1]}"
    rows = [[name, digest, count] for (name, digest), count in sorted(contents.items())]
    return table(["data", "digest", "holds"], rows)
