"""The entry point: gathers the commands, and turns errors into one line each."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from inspect import cleandoc
from typing import Literal

from cyclopts import App, CycloptsError, Group, Parameter
from cyclopts.exceptions import CoercionError, MissingArgumentError, UnknownOptionError, UnusedCliTokensError

from pgfa.cli import benchmark, data, demo, doctor, training, use
from pgfa.cli.examples import epilogue
from pgfa.cli.stop import end_stopped
from pgfa.config import renamed_options
from pgfa.errors import PgfaError
from pgfa.processes import termination_as_interrupt

Shell = Literal["bash", "zsh", "fish"]


def completion(shell: Shell) -> None:
    """Print the completion script of a shell: save it where the shell looks for completions.

    Parameters
    ----------
    shell
        bash, zsh or fish.
    """
    print(with_file_names(app.generate_completion(prog_name="pgfa", shell=shell)))


def with_file_names(script: str) -> str:
    """A script of bash or zsh that completes file names where recordings are expected (fish does so by itself).

    These arguments are not paths to `cyclopts`, as they can be members of zips too.
    """
    script = re.sub(r"^complete -F", "complete -o bashdefault -o default -F", script, flags=re.MULTILINE)
    return re.sub(
        r"^( *'[*\d]:(?:A recording|Recordings) .*)' \\$", r"\1:_files' \\", script, flags=re.MULTILINE
    )


COMMANDS: dict[str, tuple[Callable[..., None], ...]] = {
    "First steps": (demo.demo, doctor.doctor, completion),
    "Data": (data.import_, data.check, data.inspect, data.formats, data.splits, data.synthesise),
    "Training": (training.train, training.evaluate),
    "Recognition": (use.recognise, use.serve, use.live, use.export, use.calibrate),
    "Research": (benchmark.benchmark, benchmark.reproduce),
}
"""Topic -> its commands, in the order of the help."""

RENAMED_OPTIONS = {**renamed_options(), "--names": "--allowed-host", "--so-far": "--report-only"}
"""Option of an earlier version -> today's; it counts where the command has today's option and not the earlier one."""

RENAMED_VALUES = {"--protocol": {"honest": "validated", "paper": "test-selected"}}
"""Option -> value of an earlier version -> today's."""

OUTPUT_OPTIONS = ("--json", "--csv", "--windows-csv", "--vtt", "--eaf")
"""Options of `pgfa recognise` that name a file to write."""

app = App(
    name="pgfa",
    help="Recognise human actions never seen in training, from 3-D skeletons and sentences.",
    help_format="plaintext",
    version_flags=["--version"],
    suppress_keyboard_interrupt=False,
    default_parameter=Parameter(negative_iterable=(), consume_multiple=True),
    group_commands=Group("Options", sort_key=len(COMMANDS)),
)


def unwrap(docstring: str) -> str:
    """Join the lines of each paragraph and parameter: help is wrapped to the terminal, not to the source."""
    text, rule, parameters = cleandoc(docstring).partition("\n\nParameters\n----------\n")
    text = re.sub(r"(?<!\n)\n(?!\n)", " ", text)
    return text + rule + re.sub(r"(?m)(?<=^    )(.*)((?:\n    .*)*)", _join, parameters)


def _join(lines: re.Match[str]) -> str:
    return " ".join(lines[0].split())


for number, (topic, commands) in enumerate(COMMANDS.items()):
    group = Group(topic, sort_key=number)
    for position, command in enumerate(commands):
        command.__doc__ = unwrap(command.__doc__ or "")
        name = command.__name__.strip("_")
        app.command(command, group=group, sort_key=position, help_epilogue=epilogue(name))


def main(arguments: list[str] | None = None) -> None:
    """Run the command line. An error of the user is one line on standard error, not a traceback.

    The exit status is 2 for a command line that is wrong in itself, 130 after Ctrl-C, 143 after SIGTERM, 1 for any
    other error.
    """
    try:
        with termination_as_interrupt():
            try:
                words = sys.argv[1:] if arguments is None else arguments
                app(with_standard_streams(words), exit_on_error=False, print_error=False)
            finally:
                sys.stdout.flush()  # here, where a full disk is one line
    except CycloptsError as error:
        print(f"pgfa: {usage_error(error)}", file=sys.stderr)
        sys.exit(2)
    except PgfaError as error:
        sys.exit(f"pgfa: {error}")
    except KeyboardInterrupt as error:
        end_stopped(error, sys.argv[1:] if arguments is None else arguments)
    except BrokenPipeError:
        sys.stderr.close()
    except OSError as error:
        if error.errno is None:  # not of the system
            raise
        _discard_output()
        sys.exit(f"pgfa: {_problem(error)}")


def with_standard_streams(words: list[str]) -> list[str]:
    """`--csv -` as `--csv=-`: alone, a hyphen would be taken for another option."""
    joined: list[str] = []
    for word in words:
        if word == "-" and joined and joined[-1].startswith("--") and "=" not in joined[-1]:
            joined[-1] += "=-"
        else:
            joined.append(word)
    return joined


def _problem(error: OSError) -> str:
    """What the system refused, and where."""
    if error.filename is None:
        try:
            os.getcwd()
        except OSError:
            return "the working folder was deleted: change to one that exists"
    return f"{error.filename or 'output'}: {error.strerror}"


def _discard_output() -> None:
    """What could not be written: Python would try again at its end, and report that with a status of its own."""
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def command_of(error: CycloptsError) -> str:
    """The command line as far as the names of commands go."""
    return " ".join(("pgfa", *(error.command_chain or ())))


def nearest_option(option: str, names: Iterable[str]) -> str:
    """The option that was probably meant, "" if none is near: ``--train.lr`` is ``--train.learning-rate``.

    An option with a dot is compared with those of its group: by its letters, or as the initials of their words.
    """
    group, dot, last = option.rpartition(".")
    own = sorted(name for name in names if dot and name.startswith(group + dot))
    initials = [name for name in own if _initials(name[len(group) + 1 :]) == last]
    nearest = initials or get_close_matches(option, own or sorted(names), n=1, cutoff=0.7)
    return nearest[0] if nearest else ""


def _initials(name: str) -> str:
    return "".join(word[:1] for word in name.split("-"))


def usage_error(error: CycloptsError) -> str:
    """One line about a wrong command line: the new name of what was renamed, or what is wrong."""
    token = getattr(error, "token", None)
    option = (token.keyword or token.value).split("=")[0] if token else ""
    if isinstance(error, UnknownOptionError):
        names = {name for argument in error.argument_collection for name in argument.names}
        if (new := RENAMED_OPTIONS.get(option)) in names:
            return f"{option} was renamed to {new}"
        nearest = nearest_option(option, names)
        hint = f". Did you mean {nearest}?" if nearest else ""
        return f"Unknown option: {option}{hint} (see `{command_of(error)} --help`)"
    if (
        isinstance(error, CoercionError)
        and token
        and (new := RENAMED_VALUES.get(option, {}).get(token.value))
    ):
        return f"{option} {token.value} was renamed to {option} {new}"
    command = command_of(error)
    if isinstance(error, UnusedCliTokensError):
        reason = f"unexpected argument {' '.join(error.unused_tokens or ())}"
    elif type(error) is MissingArgumentError and error.argument and not error.argument.tokens:
        name = error.argument.name
        if error.keyword:
            output = " (a file, or - for standard output)" if name in OUTPUT_OPTIONS else ""
            return f"missing the value of {name}{output}: {name}=... (see `{command} --help`)"
        reason = f"missing {name if error.argument.index is None else name.strip('-').upper()}"
        if command == "pgfa recognise" and error.argument.index is not None:
            reason += ": write the recordings first; what follows --sentence is taken for sentences"
    else:
        # Without the list of commands, which is cut short: help has all of them.
        reason = " ".join(str(error).split()).split(" Available commands:")[0].removesuffix(".")
    return f"{reason} (see `{command} --help`)"


if __name__ == "__main__":
    main()
