"""The rules of the house: no room looks up the stairs, heavy and unsafe things stay out, everything is
told."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import pgfa

ROOT = Path(pgfa.__file__).parent
FILES = {
    p.relative_to(ROOT).as_posix(): ast.parse(p.read_text(encoding="utf-8"))
    for p in sorted(ROOT.rglob("*.py"))
}

# From the ground up. A room may use those below it, and those on its own floor where it must.
FLOORS = [
    ("errors", "files", "config"),
    ("skeleton",),
    ("read", "draw", "synth"),
    ("pack",),
    ("prepare",),
    ("text",),
    ("model",),
    ("adapt",),
    ("learn",),
    ("compare",),
    ("evaluate",),
    ("recognise",),
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
FACES = len(FLOORS)  # everything else: the command line, the demo, the server, the export
TORCH = {"model", "learn", "compare", "evaluate", "recognise", "export", "serve"}
KNOWN_FACES = {"cli", "commands", "demo", "serve", "export", "benchmark", "reproduce", "theory", "__main__"}
ENTRANCE = "__init__"  # of the package itself: it names the few things people import


def room_of(file: str) -> str:
    return file.split("/")[0].removesuffix(".py")


def floor_of(room: str) -> int:
    return FLOOR.get(room, FACES)


def imports_of(tree: ast.AST) -> list[str]:
    """Modules named in import statements anywhere in a file, also inside functions; `from a import b` as a.b
    too."""
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where a name comes from"
            names += [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
    return names


def rooms_used(tree: ast.AST) -> set[str]:
    known = {room_of(name) for name in FILES} - {ENTRANCE}
    return {
        parts[1] for name in imports_of(tree) if (parts := name.split("."))[0] == "pgfa" and parts[1:]
    } & known


def test_no_room_looks_up_the_stairs() -> None:
    wrong = [
        f"{file} imports {used}, which stands above it"
        for file, tree in FILES.items()
        if (room := room_of(file)) != ENTRANCE
        for used in sorted(rooms_used(tree))
        if floor_of(used) > floor_of(room)
    ]
    assert not wrong


def test_the_stairs_are_seen() -> None:
    """The search above finds imports, also those inside functions."""
    assert {"text", "pack", "prepare"} <= rooms_used(FILES["train/corpus.py"])
    assert rooms_used(ast.parse("def f():\n    from pgfa import learn\n    import pgfa.model.loss")) == {
        "learn",
        "model",
    }


def test_every_room_has_a_floor() -> None:
    rooms = {room_of(file) for file in FILES}
    assert set(FLOOR) <= rooms
    new = rooms - set(FLOOR) - {ENTRANCE} - KNOWN_FACES
    assert not new, f"new rooms {new}: give them a floor, or name them as faces"


def test_torch_stays_upstairs() -> None:
    wrong = []
    for file, tree in FILES.items():
        used = {name.split(".")[0] for name in imports_of(tree)}
        if room_of(file) not in TORCH and "torch" in used:
            wrong.append(f"{file}: torch")
        if file != "text/encode.py":
            wrong += [
                f"{file}: {name}"
                for name in used & {"sentence_transformers", "transformers", "huggingface_hub"}
            ]
    assert not wrong


def unsafe(tree: ast.AST) -> list[str]:
    """What could run code that comes from outside: pickle in any coat, eval, exec, torch.load, a shell."""
    barred = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "yaml"}
    found = [name for name in imports_of(tree) if name.split(".")[0] in barred]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        said, given = ast.unparse(node.func), {word.arg: ast.unparse(word.value) for word in node.keywords}
        if said in {
            "eval",
            "exec",
            "compile",
            "__import__",
            "torch.load",
            "torch.save",
            "os.system",
            "os.popen",
        }:
            found.append(said)
        if said.endswith("pickle") or "shell" in given or given.get("trust_remote_code", "False") != "False":
            found.append(ast.unparse(node))
        if given.get("allow_pickle", "True" if said in {"np.load", "numpy.load"} else "False") != "False":
            found.append(ast.unparse(node))
    return found


def test_nothing_from_outside_is_ever_run() -> None:
    assert not {file: found for file, tree in FILES.items() if (found := unsafe(tree))}


@pytest.mark.parametrize(
    "code", ["import pickle", "from torch import load; np.load(f)", "eval('1')", "np.load(f, allow_pickle=True)",
             "torch.load(f)", "subprocess.run(x, shell=True)", "pandas.read_pickle(f)", "load(f, trust_remote_code=x)"]
)  # fmt: skip
def test_what_is_unsafe_is_seen(code: str) -> None:
    assert unsafe(ast.parse(code))


def silent_in(body: list[ast.stmt], where: str = "") -> list[str]:
    """Public functions, classes and methods without a docstring; nn.Module.forward is told by its class."""
    found = []
    for node in body:
        if isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        ) and not node.name.startswith("_"):
            if not ast.get_docstring(node) and node.name != "forward":
                found.append(f"{where}{node.name}")
            if isinstance(node, ast.ClassDef):
                found += silent_in(node.body, f"{where}{node.name}.")
    return found


def test_every_public_thing_is_told() -> None:
    assert not {file: silent for file, tree in FILES.items() if (silent := silent_in(tree.body))}
    assert not [file for file, tree in FILES.items() if tree.body and not ast.get_docstring(tree)]


def test_a_file_has_one_job() -> None:
    lines = {file: (ROOT / file).read_text(encoding="utf-8").splitlines() for file in FILES}
    assert not {file: len(text) for file, text in lines.items() if len(text) > 400}
    notes = re.compile("TO" + "DO|FIX" + "ME|XX" + "X")
    assert not [
        f"{file}:{n}" for file, text in lines.items() for n, line in enumerate(text, 1) if notes.search(line)
    ]


def test_the_lower_rooms_wake_nothing_heavy() -> None:
    """The command line must answer at once: what it needs for help, reading and drawing loads no torch."""
    code = (
        "import sys, pgfa, pgfa.config, pgfa.skeleton, pgfa.read, pgfa.draw, "
        "pgfa.pack, pgfa.prepare, pgfa.text, pgfa.adapt\n"
        "print([m for m in ('torch', 'scipy', 'matplotlib', 'polars', 'sentence_transformers') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"
