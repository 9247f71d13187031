"""The rules of the architecture: layers, no cycles, torch only where it belongs, nothing unsafe, docstrings, sizes."""

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

# From the bottom. A package may import those below it and those of its own layer, but no two files each other.
LAYERS = (
    ("errors", "files", "progress", "processes", "config", "tasks"),
    ("skeleton",),
    ("read", "draw", "synth"),
    ("pack",),
    ("prepare",),
    ("words",),
    ("text",),
    ("model",),
    ("adapt",),
    ("train",),
    ("evaluate",),
    ("recognise",),
    ("research",),
    ("serve",),
    ("cli",),
)
LAYER = {package: number for number, packages in enumerate(LAYERS) for package in packages}
TORCH = (
    "model",
    "train",
    "research",
    "recognise/encoders.py",
    "recognise/export.py",
    "evaluate/provenance.py",
)
MAX_LINES = 400
MAX_FUNCTION_LINES = 60
LONG_FUNCTIONS = {
    "cli/use.py:recognise": "signature and help of its options; the code is short",
    "cli/benchmark.py:reproduce": "signature and help of its options; the code is short",
    "train/loop.py:train_epochs": "the one training loop, to be read from top to bottom",
}
"""File:function -> why it may have more lines."""


def package_of(file: str) -> str:
    """The entry directly under the package that a file belongs to."""
    return file.split("/")[0].removesuffix(".py")


def module_of(file: str) -> str:
    """The dotted name of a file."""
    name = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return "pgfa" if name == "__init__" else f"pgfa.{name}"


MODULES = {module_of(file): file for file in FILES}


def imports_of(tree: ast.AST) -> list[str]:
    """Modules named in import statements anywhere in a file, also in functions; `from a import b` as a.b too."""
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where a name comes from"
            names += [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
    return names


def files_used(tree: ast.AST) -> set[str]:
    """The files of the package that a file imports: a module where one is named, else the package's `__init__`."""
    used = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            used |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                used.add(name if name in MODULES else str(node.module))
    return {MODULES[name] for name in used if name in MODULES} | files_of_tables(tree)


def files_of_tables(tree: ast.AST) -> set[str]:
    """The files that `import_module(f"pgfa.model.{name}").SPEC` may import: those of the package that have a SPEC."""
    used = set()
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(
                value=ast.Call(func=ast.Name(id="import_module"), args=[ast.JoinedStr() as name]),
                attr=attribute,
            ):
                text = ast.unparse(name)[2:-1]
                package = "research/baselines" if "__name__" in text else text.split(".")[1]
                used |= {
                    file
                    for file, other in FILES.items()
                    if file.startswith(f"{package}/") and attribute in top_level_names(other)
                }
    return used


def top_level_names(tree: ast.Module) -> set[str]:
    """Functions and constants of a file."""
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


USES = {file: files_used(tree) - {file} for file, tree in FILES.items()}


def test_no_package_imports_a_higher_one() -> None:
    assert not [
        f"{file} imports {used}"
        for file, all_used in USES.items()
        if file != "__init__.py"  # the package itself names the few things people import
        for used in sorted(all_used)
        if used == "__init__.py" or LAYER[package_of(used)] > LAYER[package_of(file)]
    ]


def test_every_package_has_a_layer() -> None:
    assert {package_of(file) for file in FILES} - {"__init__"} == set(LAYER)


def test_the_package_has_few_entries() -> None:
    entries = {p.name for p in ROOT.iterdir()} - {"__init__.py", "__pycache__", "py.typed"}
    assert entries == {f"{name}.py" if (ROOT / f"{name}.py").is_file() else name for name in LAYER}
    assert len(entries) == 22


def cycles(uses: dict[str, set[str]]) -> list[list[str]]:
    """Strongly connected components of more than one file (Tarjan)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    components: list[list[str]] = []

    def visit(file: str) -> None:
        index[file] = low[file] = len(index)
        stack.append(file)
        for used in uses[file]:
            if used not in index:
                visit(used)
                low[file] = min(low[file], low[used])
            elif used in stack:
                low[file] = min(low[file], index[used])
        if low[file] == index[file]:
            component = stack[stack.index(file) :]
            del stack[stack.index(file) :]
            if len(component) > 1:
                components.append(sorted(component))

    for file in uses:
        if file not in index:
            visit(file)
    return components


def test_no_two_files_import_each_other() -> None:
    """Imports in functions and for type checkers count too."""
    assert not cycles(USES)


def test_cycles_are_detected() -> None:
    assert cycles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == [["b", "c"]]
    assert not cycles({"a": {"b", "c"}, "b": {"c"}, "c": set()})


def test_tables_count_as_imports() -> None:
    assert {"model/stgcn.py", "model/shiftgcn.py"} <= USES["model/encoder.py"]
    assert "model/contrastive.py" in USES["model/objective.py"]
    assert "adapt/balanced.py" in USES["adapt/__init__.py"]
    assert "research/baselines/vae.py" in USES["research/baselines/__init__.py"]
    assert {"read/formats/bvh.py", "read/datasets/ntu/ntu60.py"} <= USES["read/__init__.py"]


def test_imports_are_detected() -> None:
    code = "def f():\n    from pgfa.model import device\n    import pgfa.train.loop\n    from pgfa.text import encode"
    assert files_used(ast.parse(code)) == {"model/device.py", "train/loop.py", "text/encode.py"}


def test_torch_is_imported_only_where_models_are_trained() -> None:
    wrong = []
    for file, tree in FILES.items():
        used = {name.split(".")[0] for name in imports_of(tree)}
        if "torch" in used and not file.startswith(TORCH):
            wrong.append(f"{file}: torch")
        if file != "text/encode.py":
            wrong += [
                f"{file}: {name}"
                for name in used & {"sentence_transformers", "transformers", "huggingface_hub"}
            ]
    assert not wrong


def unsafe(tree: ast.AST) -> list[str]:
    """What could run code that comes from outside: pickle in any form, eval, exec, torch.load, a shell."""
    forbidden = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "yaml"}
    calls = [name for name in imports_of(tree) if name.split(".")[0] in forbidden]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name, given = ast.unparse(node.func), {word.arg: ast.unparse(word.value) for word in node.keywords}
        if name in {
            "eval",
            "exec",
            "compile",
            "__import__",
            "torch.load",
            "torch.save",
            "os.system",
            "os.popen",
        }:
            calls.append(name)
        if name.endswith("generate_completion"):  # its `shell` is the name of one: the script is printed
            continue
        if name.endswith("pickle") or "shell" in given or given.get("trust_remote_code", "False") != "False":
            calls.append(ast.unparse(node))
        if given.get("allow_pickle", "True" if name in {"np.load", "numpy.load"} else "False") != "False":
            calls.append(ast.unparse(node))
    return calls


def test_nothing_from_outside_is_ever_run() -> None:
    assert not {file: calls for file, tree in FILES.items() if (calls := unsafe(tree))}


@pytest.mark.parametrize(
    "code", ["import pickle", "from torch import load; np.load(f)", "eval('1')", "np.load(f, allow_pickle=True)",
             "torch.load(f)", "subprocess.run(x, shell=True)", "pandas.read_pickle(f)", "load(f, trust_remote_code=x)"]
)  # fmt: skip
def test_unsafe_code_is_detected(code: str) -> None:
    assert unsafe(ast.parse(code))


def undocumented(body: list[ast.stmt], prefix: str = "") -> list[str]:
    """Public functions, classes and methods without a docstring; nn.Module.forward is documented by its class."""
    names = []
    for node in body:
        if isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        ) and not node.name.startswith("_"):
            if not ast.get_docstring(node) and node.name != "forward":
                names.append(f"{prefix}{node.name}")
            if isinstance(node, ast.ClassDef):
                names += undocumented(node.body, f"{prefix}{node.name}.")
    return names


def test_everything_public_has_a_docstring() -> None:
    assert not {file: names for file, tree in FILES.items() if (names := undocumented(tree.body))}
    assert not [file for file, tree in FILES.items() if tree.body and not ast.get_docstring(tree)]


def test_files_are_short_and_finished() -> None:
    lines = {file: (ROOT / file).read_text(encoding="utf-8").splitlines() for file in FILES}
    assert not {file: len(text) for file, text in lines.items() if len(text) > MAX_LINES}
    notes = re.compile("TO" + "DO|FIX" + "ME|XX" + "X")
    assert not [
        f"{file}:{n}" for file, text in lines.items() for n, line in enumerate(text, 1) if notes.search(line)
    ]


def test_functions_are_short() -> None:
    """Signature and docstring included."""
    long = {
        f"{file}:{node.name}"
        for file, tree in FILES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > MAX_FUNCTION_LINES
    }
    assert long == set(LONG_FUNCTIONS)


def test_the_lower_layers_import_nothing_heavy() -> None:
    """The command line must answer at once: what it needs for help, reading and drawing loads no torch."""
    code = (
        "import sys, pgfa, pgfa.config, pgfa.skeleton, pgfa.read, pgfa.draw, "
        "pgfa.pack, pgfa.prepare, pgfa.words.lexicon, pgfa.text, pgfa.adapt\n"
        "print([m for m in ('torch', 'scipy', 'matplotlib', 'polars', 'sentence_transformers') if m in sys.modules])"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    ).stdout
    assert output.strip() == "[]"


def test_defaults_of_settings_are_declared_once() -> None:
    """A parameter named like a setting takes its default from the settings, not from a number of its own."""
    shared = {
        "window",
        "hop",
        "live_hop",
        "long_from",
        "channels",
        "strides",
        "kernel",
        "dropout",
        "resamples",
    }
    numbers = []
    for file, tree in FILES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not file.startswith("config/"):
                arguments = [*node.args.posonlyargs, *node.args.args]
                pairs = [*zip(arguments[::-1], node.args.defaults[::-1], strict=False)]
                pairs += [
                    (a, d) for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if d
                ]
                numbers += [
                    f"{file}:{node.name}: {argument.arg} = {ast.unparse(default)}"
                    for argument, default in pairs
                    if argument.arg in shared and re.search(r"\d", ast.unparse(default))
                ]
    assert not numbers
    constants = [
        f"{file}: {name}" for file, tree in FILES.items() for name in top_level_names(tree)
        if name in ("RESAMPLES", "WINDOW", "HOP", "LONG") and not file.startswith("read/")
    ]  # fmt: skip
    assert constants == ["evaluate/bootstrap.py: RESAMPLES"]
    paper = [
        f"{file}: {ast.unparse(node)}"
        for file, tree in FILES.items()
        if file.startswith("model/")
        for node in tree.body
        if isinstance(node, ast.AnnAssign | ast.Assign) and "PAPER" in ast.unparse(node)
        if re.search(r"= \(?\d", ast.unparse(node)) and "FRAMES" not in ast.unparse(node)
    ]
    assert not paper
