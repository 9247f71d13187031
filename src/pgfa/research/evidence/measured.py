"""Tables that a script prints, kept as data: ``results/measured/NAME-NUMBER.csv`` and their records (docs/evidence.md).

``results/measured/commands.toml`` has the command of each name. In it ``{packs}``, ``{data}`` and the like stand for
folders that are elsewhere on every machine; the record has the digests of what was read there.
"""

from __future__ import annotations

import csv
import io
import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pgfa.errors import BadConfig, BadFile
from pgfa.files import digest, file_sha256, write_atomic
from pgfa.pack import is_pack, open_pack
from pgfa.research.evidence.markdown import table
from pgfa.research.evidence.record import Computation, Record, load_record, save_record
from pgfa.research.evidence.record_tables import names_of

FOLDER, SPEC = "measured", "commands.toml"
KIND = "measured"
MOST_WORDS = 8
RULE = re.compile(r"\|(\s*:?-+:?\s*\|)+")
CELLS = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class MarkdownTable:
    """A table of a text.

    Attributes:
        line: of its head, from 0.
        head: its cells, as they are printed.
        rows: as many cells each.
    """

    line: int
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def markdown_tables(text: str) -> Iterator[MarkdownTable]:
    """The tables of a text; a row of another length than the head ends its table."""
    lines = text.splitlines()
    for number, line in enumerate(lines[1:], 1):
        if not RULE.fullmatch(line.strip()) or not lines[number - 1].startswith("|"):
            continue
        head, rows = _cells(lines[number - 1]), []
        for row in lines[number + 1 :]:
            if not row.startswith("|") or len(_cells(row)) != len(head):
                break
            rows.append(_cells(row))
        yield MarkdownTable(number - 1, head, tuple(rows))


def _cells(line: str) -> tuple[str, ...]:
    cells = CELLS.split(line.strip().removeprefix("|").removesuffix("|"))
    return tuple(cell.strip().replace("\\|", "|") for cell in cells)


def measured_commands(results: Path) -> dict[str, str]:
    """Name -> command. Raises BadFile."""
    file = results / FOLDER / SPEC
    try:
        commands = tomllib.loads(file.read_text(encoding="utf-8"))
        return {name: str(entry["command"]) for name, entry in commands.items()}
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise BadFile(file, expected="[NAME] with the key command", found=str(error)) from None


def filled(command: str, folders: Mapping[str, Path]) -> list[str]:
    """The arguments of a command with its folders. Raises BadConfig where one of them is not given."""
    try:
        return [argument.format(**folders) for argument in shlex.split(command)]
    except KeyError as missing:
        raise BadConfig(
            f"{command}: say where {{{missing.args[0]}}} is (--at {missing.args[0]}=PATH)"
        ) from None


def save_measured(
    results: Path,
    name: str,
    output: str,
    command: str,
    read: Sequence[Path],
    seconds: float,
    *,
    commit: str | None = None,
) -> list[Path]:
    """Write every table of an output, with its record; tables of an earlier call are removed.

    Args:
        results: the folder of all results.
        output: what the command printed.
        command: as in the spec.
        read: packs, folders and files among its arguments.
        seconds: how long it took.
        commit: of the checkout that it ran in; None for the one that this package is in.

    Raises:
        BadConfig: the output has no table.
    """
    tables = list(markdown_tables(output))
    if not tables:
        raise BadConfig(f"{command}: printed no table")
    computation = Computation.now(seconds)
    record = Record(
        kind=KIND,
        keys=(),
        settings={"command": command},
        data={path.name: _content(path) for path in read},
        computations=(computation if commit is None else replace(computation, commit=commit),),
    )
    folder = results / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{name}-*"):
        if re.fullmatch(rf"{re.escape(name)}-\d+\.(csv|record\.json)", old.name):
            old.unlink()
    files = []
    for number, one in enumerate(tables, 1):
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows([one.head, *one.rows])
        files.append(folder / f"{name}-{number}.csv")
        write_atomic(files[-1], text.getvalue())
        save_record(files[-1], record)
    return files


def _content(path: Path) -> dict[str, Any]:
    """What identifies the content of a pack, a folder or a file."""
    if is_pack(path):
        pack = open_pack(path)
        return {"digest": pack.digest, "clips": len(pack), "datasets": list(pack.datasets)}
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    names = [[file.relative_to(path).as_posix(), file_sha256(file)] for file in files]
    return {"digest": digest(names), "files": len(files)}


def measured_files(results: Path) -> dict[str, Path]:
    """Name of a block -> its file, of all that are stored."""
    return {f"{KIND} {file.stem}": file for file in sorted((results / FOLDER).glob("*.csv"))}


def not_measured(results: Path) -> dict[str, str]:
    """Name of the block of each command whose table is not stored yet -> what stands in its place. Raises BadFile."""
    stored = measured_files(results)
    commands = measured_commands(results) if (results / FOLDER / SPEC).exists() else {}
    return {
        f"{KIND} {name}-1": f"Not counted in full yet: `python {command}`."
        for name, command in commands.items()
        if f"{KIND} {name}-1" not in stored
    }


def measured_block(file: Path) -> str:
    """A stored table as Markdown. Raises BadFile if it or its record is damaged, or there is no record."""
    if load_record(file) is None:
        raise BadFile(file, expected="its record", found="none")
    head, *rows = csv.reader(io.StringIO(file.read_text(encoding="utf-8"), newline=""))
    return table(head, rows)


def measured_list(results: Path) -> str:
    """Which command made which stored tables, and when: a row per command. Raises BadFile."""
    calls: dict[tuple[str, ...], int] = {}
    for name, file in measured_files(results).items():
        if (record := load_record(file)) is None:
            raise BadFile(file, expected="its record", found="none")
        (call,) = record.computations
        key = (name.partition(" ")[2].rpartition("-")[0], _short(record.settings["command"]), call.commit,
               names_of(record.data) or "-", f"{call.finished[:10]}, {call.seconds:,.0f} s")  # fmt: skip
        calls[key] = calls.get(key, 0) + 1
    rows = [[name, str(count), *rest] for (name, *rest), count in calls.items()]
    return table(["name", "tables", "command", "commit", "data", "finished, time"], rows)


def _short(command: str) -> str:
    """A command for a cell of a table: `commands.toml` has all of it."""
    words = command.split()
    return f"`{command if len(words) <= MOST_WORDS else ' '.join([*words[:MOST_WORDS], '...'])}`"
