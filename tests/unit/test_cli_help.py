"""Help of every command and option, and the errors of a wrong command line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cyclopts import App
from cyclopts.argument import Argument

from pgfa.cli.main import COMMANDS, RENAMED_OPTIONS, app, main, unwrap
from pgfa.config import Settings

NAMES = sorted(name for name in app if not name.startswith("-"))


def command(name: str) -> App:
    """The command of that name."""
    subapp = app[name]
    assert isinstance(subapp, App)
    return subapp


def options(name: str) -> Iterator[Argument]:
    """The arguments and options of a command that can be typed."""
    for argument in command(name).assemble_argument_collection(parse_docstring=True):
        if argument.show and argument.parse:
            yield argument


def subclasses(base: type[Settings]) -> Iterator[type[Settings]]:
    """All settings."""
    for subclass in base.__subclasses__():
        yield subclass
        yield from subclasses(subclass)


def usage(arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What a wrong command line prints."""
    with pytest.raises(SystemExit) as stop:
        main(arguments.split())
    assert stop.value.code == 2
    output = capsys.readouterr()
    assert not output.out
    assert output.err.count("\n") == 1
    assert output.err.startswith("pgfa: ")
    return output.err.removeprefix("pgfa: ").strip()


def test_every_command_is_in_one_topic() -> None:
    functions = [function for commands in COMMANDS.values() for function in commands]
    assert len(functions) == len(set(functions)) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_and_option_has_help(name: str) -> None:
    text = command(name).help
    assert text.split("\n")[0].endswith(".")
    shown = list(options(name))
    assert shown or name in ("splits", "formats", "doctor")
    for argument in shown:
        option = f"{name} {argument.name}"
        help_ = argument.parameter.help or ""
        assert help_.strip(), f"{option} has no help"
        assert "\n" not in help_, f"{option}: hard line break in {help_!r}"
        assert help_.rstrip().endswith((".", ")")), f"{option}: {help_!r} is not a sentence"


@pytest.mark.parametrize("name", NAMES)
def test_help_breaks_no_sentence(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """At a generous width each paragraph is one line, as it is wrapped to the terminal only."""
    text = command(name).help.partition("\n\nParameters\n")[0]
    assert all("\n" not in paragraph for paragraph in text.split("\n\n"))


def test_settings_descriptions_are_one_line_each() -> None:
    for settings in subclasses(Settings):
        for name, field in settings.model_fields.items():
            if not (isinstance(field.annotation, type) and issubclass(field.annotation, Settings)):
                assert field.description, f"{settings.__name__}.{name}"
                assert "\n" not in field.description


def test_wrapped_docstrings_are_joined() -> None:
    docstring = """Title.

    A paragraph that
    goes over two lines.

    Parameters
    ----------
    first
        One line.
    second
        One line,
        and another.
    """
    assert unwrap(docstring) == (
        "Title.\n\nA paragraph that goes over two lines.\n\n"
        "Parameters\n----------\nfirst\n    One line.\nsecond\n    One line, and another."
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("train --out x --train.rate 1", "--train.rate was renamed to --train.learning-rate"),
        ("train --out x --train.scale=2", "--train.scale was renamed to --train.logit-scale"),
        ("train --out x --train.no-spoil", "--train.no-spoil was renamed to --train.no-degrade"),
        ("benchmark a.toml --out x --so-far", "--so-far was renamed to --report-only"),
        ("reproduce setting-1 --out x --protocol honest", "--protocol honest was renamed to --protocol validated"),
        ("reproduce setting-1 --out x --protocol paper", "--protocol paper was renamed to --protocol test-selected"),
        ("export --frames 3", "Unknown option: --frames (see `pgfa export --help`)"),
        ("export x --sentense a", "Unknown option: --sentense. Did you mean --sentence? (see `pgfa export --help`)"),
        ("train --out x --train.lr 1",
         "Unknown option: --train.lr. Did you mean --train.learning-rate? (see `pgfa train --help`)"),
        ("train --out x --trian.epochs 3",
         "Unknown option: --trian.epochs. Did you mean --train.epochs? (see `pgfa train --help`)"),
        ("recognise x --as a --json", "missing the value of --json (a file, or - for standard output): --json=... "
         "(see `pgfa recognise --help`)"),
        ("recognise x --as a --hop", "missing the value of --hop: --hop=... (see `pgfa recognise --help`)"),
        ("train", "missing --out (see `pgfa train --help`)"),
        ("import utd-mhad", "missing SOURCE (see `pgfa import --help`)"),
        ("splits now", "unexpected argument now (see `pgfa splits --help`)"),
        ("trian", 'Unknown command "trian". Did you mean "train"? (see `pgfa --help`)'),
    ],
)  # fmt: skip
def test_a_wrong_command_line_is_one_line(
    arguments: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert usage(arguments, capsys) == message


def test_new_names_are_options() -> None:
    """The name that is given in place of an old one exists; settings of baselines and benchmarks have no options."""
    names = {
        n for name in NAMES for argument in options(name) for n in (*argument.names, *argument.negatives)
    }
    for old, new in RENAMED_OPTIONS.items():
        if not old.startswith(("--baseline.", "--benchmark.", "--no-")) and ".no-" not in old:
            assert new in names, f"{old} -> {new}"


def test_a_sentence_has_two_spellings() -> None:
    for name in ("recognise", "live", "export"):
        assert [a.names for a in options(name) if "--sentence" in a.names] == [("--sentence", "--as")]
