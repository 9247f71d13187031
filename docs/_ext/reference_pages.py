"""Reference pages as Markdown, written from the program: its commands, its settings, the formats that it reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from cyclopts import App
from cyclopts.argument import Argument

from pgfa import config
from pgfa.cli.examples import EXAMPLES, wrapped
from pgfa.cli.main import COMMANDS, app
from pgfa.read import FORMATS


def commands() -> str:
    """Every command by topic: what it does, and its options with defaults."""
    parts = []
    names = {app[name].default_command: name for name in app if not name.startswith("-")}
    for topic, functions in COMMANDS.items():
        parts.append(f"## {topic}\n")
        parts += [command(names[function], app[names[function]]) for function in functions]
    return "\n".join(parts)


def command(name: str, subapp: App) -> str:
    """One command."""
    arguments = [a for a in subapp.assemble_argument_collection(parse_docstring=True) if a.show and a.parse]
    usage = " ".join(["pgfa", name, *(positional(a) for a in arguments if a.index is not None)])
    required = [f"{a.name} ..." for a in arguments if a.required and a.index is None]
    about = subapp.help.partition("\n\nParameters\n")[0]
    parts = [f"### {name}\n", f"```text\n{' '.join([usage, *required])}\n```\n", f"{plain(about)}\n"]
    for title, group in grouped(arguments):
        rows = [
            (", ".join(f"`{n}`" for n in spelled(a)), default(a), plain(a.parameter.help or ""))
            for a in group
        ]
        parts.append(table((title, "default", ""), rows))
    lines = "\n".join(wrapped(line) for line in EXAMPLES[name])
    parts.append(f"```sh\n{lines}\n```\n")
    return "\n".join(parts)


def positional(argument: Argument) -> str:
    """An argument as usage shows it."""
    several = "..." if argument.hint not in (str, int) and "list" in str(argument.hint) else ""
    name = spelled(argument)[0] + several
    return name if argument.required else f"[{name}]"


def spelled(argument: Argument) -> Sequence[str]:
    """The names of an option; of an argument, its name in capitals."""
    if argument.index is not None:
        return (argument.name.strip("-").upper(),)
    return argument.names


def grouped(arguments: Iterable[Argument]) -> list[tuple[str, list[Argument]]]:
    """Arguments by the groups of the help, each under its title."""
    groups: dict[str, list[Argument]] = {}
    for argument in arguments:
        group = next(iter(argument.parameter.group or ()), None)
        title = (
            {"Arguments": "option", "Parameters": "option"}.get(group.name, group.name) if group else "option"
        )
        groups.setdefault(title, []).append(argument)
    return list(groups.items())


def default(argument: Argument) -> str:
    """The default of an option, in Markdown."""
    value = argument.field_info.default
    if argument.required:
        return "required"
    if value is None or value is False or value is argument.field_info.empty:
        return ""
    return f"`{shown(value)}`"


def shown(value: Any) -> str:
    """A value as it is typed on a command line."""
    if isinstance(value, tuple | list):
        return " ".join(map(shown, value))
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def settings() -> str:
    """Every class of settings: the stages of a run, then the others."""
    classes = [getattr(config, name) for name in config.__all__ if name.endswith("Settings")]
    classes = [c for c in classes if c not in (config.Settings, config.StageSettings)]
    return "\n".join(stage(c) for c in classes)


def stage(settings_class: Any) -> str:
    """One class of settings: name, default, and in the paper's recipe where that differs."""
    paper = getattr(settings_class, "PAPER", {})
    rows: list[tuple[str, ...]] = []
    for name, field in settings_class.model_fields.items():
        value = field.get_default(call_default_factory=True)
        if isinstance(value, config.Settings):
            rows.append((f"`{name}`", f"`{type(value).__name__}`", "", "a table of its own"))
            continue
        bounds = ", ".join(filter(None, map(bound, field.metadata)))
        about = plain(field.description or "") + (f" ({bounds})" if bounds else "")
        recipe = f"`{toml(paper[name])}`" if name in paper else ""
        rows.append((f"`{name}`", f"`{toml(value)}`" if value is not None else "", recipe, about))
    head = ["setting", "default", "in `paper`", ""]
    if not any(recipe for _, _, recipe, _ in rows):
        head.remove("in `paper`")
        rows = [(name, value, text) for name, value, _, text in rows]
    about = plain(" ".join((settings_class.__doc__ or "").split("\n\n")[0].split()))
    return f"## {settings_class.__name__}\n\n{about}\n\n" + table(head, rows)


def bound(constraint: Any) -> str:
    """A limit of a number, in words."""
    signs = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    return ", ".join(
        f"{word} {getattr(constraint, key)}" for key, word in signs.items() if hasattr(constraint, key)
    )


def toml(value: Any) -> str:
    """A value as in a TOML file."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(toml, value))}]"
    return str(value)


def formats() -> str:
    """Every format and data set that can be read."""
    rows = [(f"`{f.name}`", f.title, "data set" if f.kind == "dataset" else "") for f in FORMATS.values()]
    return table(("name", "what it is", ""), rows)


def plain(text: str) -> str:
    """Help as Markdown: characters that would mean something there are escaped, except within code."""
    parts = re.split(r"(`[^`]*`|docs/\w[\w-]*\.md)", text)
    return "".join(piece(part) for part in parts)


def piece(text: str) -> str:
    """Code as it is, a page of docs/ as a link, other text escaped."""
    if text.startswith("`"):
        return text
    if text.startswith("docs/"):
        name = text.removeprefix("docs/")
        return f"[{name.removesuffix('.md').replace('_', ' ').replace('-', ' ')}](../{name})"
    return re.sub(r"([<>*_$\[\]|{}])", r"\\\1", text)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; a `|` within code is escaped as tables need it."""
    lines = [head, ["---"] * len(head), *rows]
    escaped = [[re.sub(r"(?<!\\)\|", r"\\|", cell) for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in escaped) + "\n"


PAGES: dict[str, Callable[[], str]] = {"commands": commands, "settings": settings, "formats": formats}
"""Name -> what the directive `from-program` writes."""
