"""Speed of the motion encoders beside a plain implementation of the published architecture, as a CSV with a record.

    python scripts/speed_encoders.py --out results/speed    # then `make evidence` writes it into docs/speed.md

Everything is measured in one process and one run: the reference (ST-GCN as published: eager float32, channels first,
both body slots computed), then this project's `paper` and `default`, training steps and features for evaluation, by
torch and by ONNX Runtime, on random clips of which one in four has a second body; in bfloat16 too where the processor
has instructions for it; with `--compile` also training steps of a compiled encoder, which needs a C++ compiler and
takes minutes the first time. Torch runs on as many threads as
OMP_NUM_THREADS says; ONNX Runtime, which `recognise` uses, on one, and clips are shared out among as many. Seconds are
CPU time per thread, the minimum of `--repeats`, so that other processes of the machine have little effect. Operations
are counted by torch.utils.flop_counter (matrix products and convolutions); utilisation is their rate over that of a
product of two 1024 x 1024 matrices of the same precision.
"""

from __future__ import annotations

import argparse
import platform
import resource
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from pgfa.config import ModelSettings, RunSettings
from pgfa.model.contrastive import contrastive_loss
from pgfa.model.device import SLOW, bfloat16_cost
from pgfa.model.encoder import MotionEncoder, build_model
from pgfa.model.graph import spatial_adjacency
from pgfa.recognise.export import to_onnx
from pgfa.research.evidence.speed_tables import COLUMNS, load_average, save_speed
from pgfa.skeleton import Layout, get_layout
from pgfa.train.features import features_of

TEXT_SIZE = 768
SECOND_BODY = 0.25


class ReferenceBlock(nn.Module):
    """One block as published: 1x1 convolution to three subsets, joints, batch norm, convolution over time, residual."""

    def __init__(self, a: int, b: int, stride: int, joints: int, first: bool) -> None:
        super().__init__()
        self.edge = nn.Parameter(torch.ones(3, joints, joints))
        self.spread = nn.Conv2d(a, 3 * b, 1)
        self.over_time = nn.Sequential(
            nn.BatchNorm2d(b), nn.ReLU(inplace=True), nn.Conv2d(b, b, (9, 1), (stride, 1), (4, 0)),
            nn.BatchNorm2d(b), nn.Dropout(0.0 if first else 0.5, inplace=True),
        )  # fmt: skip
        self.shortcut: nn.Module = nn.Identity()
        if a != b or stride != 1:
            self.shortcut = nn.Sequential(nn.Conv2d(a, b, 1, (stride, 1)), nn.BatchNorm2d(b))
        self.residual = not first

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        n, _, t, v = x.shape
        y = self.spread(x).view(n, 3, -1, t, v)
        y = self.over_time(torch.einsum("nkctv,kvw->nctw", y, adjacency * self.edge).contiguous())
        return torch.relu(y + self.shortcut(x) if self.residual else y)


class Reference(nn.Module):
    """The published encoder and projection: (N, T, M, V, 3) -> (N, TEXT_SIZE)."""

    adjacency: Tensor

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        channels, strides = ModelSettings.PAPER["channels"], ModelSettings.PAPER["strides"]
        joints = len(layout.joints)
        self.register_buffer("adjacency", torch.from_numpy(spatial_adjacency(layout)))
        self.input_norm = nn.BatchNorm1d(3 * joints)
        self.blocks = nn.ModuleList(
            ReferenceBlock(a, b, stride, joints, i == 0)
            for i, (a, b, stride) in enumerate(zip((3, *channels[:-1]), channels, strides, strict=True))
        )
        self.projection = nn.Linear(channels[-1], TEXT_SIZE)

    def forward(self, positions: Tensor) -> Tensor:
        n, t, m, v, c = positions.shape
        x = positions.permute(0, 2, 3, 4, 1).reshape(n * m, v * c, t)
        x = self.input_norm(x).view(n * m, v, c, t).permute(0, 2, 3, 1).contiguous()
        for block in self.blocks:
            x = block(x, self.adjacency)
        features: Tensor = self.projection(x.mean(dim=(2, 3)).view(n, m, -1).mean(dim=1))
        return features


def clips_of(settings: RunSettings, count: int) -> tuple[Tensor, Tensor]:
    """(count, T, 2, V, 3) random positions and (count, 2) present."""
    random = torch.Generator().manual_seed(0)
    joints = len(get_layout(settings.prepare.layout).joints)
    present = torch.ones(count, 2, dtype=torch.bool)
    present[:, 1] = torch.arange(count) % round(1 / SECOND_BODY) == 0
    positions = torch.randn(count, settings.prepare.frames, 2, joints, 3, generator=random)
    return positions * present[:, None, :, None, None], present


def seconds_of(work: Callable[[], object], repeats: int) -> float:
    """Minimum CPU time of a call, divided by the number of threads."""
    work()
    times = []
    for _ in range(repeats):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times) / torch.get_num_threads()


def step_of(encode: Callable[[], Tensor], model: nn.Module, count: int) -> Callable[[], None]:
    """A training step without the optimiser: features, loss, gradients."""
    vectors, same = torch.randn(count, TEXT_SIZE), torch.eye(count, dtype=torch.bool)

    def step() -> None:
        model.train()
        model.zero_grad(set_to_none=True)
        contrastive_loss(encode(), vectors, same, 1 / 0.07).backward()  # type: ignore[no-untyped-call]

    return step


def operations(work: Callable[[], object]) -> int:
    """Floating-point operations of matrix products and convolutions."""
    with FlopCounterMode(display=False) as counter:
        work()
    return int(counter.get_total_flops())


def peak_rate(precision: torch.dtype, repeats: int) -> float:
    """Operations per second of a matrix product of that precision, per thread."""
    a = torch.randn(1024, 1024).to(precision)
    return 2 * 1024**3 / seconds_of(lambda: a @ a, repeats) / torch.get_num_threads()


@dataclass(frozen=True)
class Job:
    """A row of the table.

    Attributes:
        model: reference or a recipe.
        work: training or evaluation, and what is different about it.
        precision: of the products.
        clips: of a call.
        call: what is measured.
        counted: whose operations are counted, where torch cannot count those of `call`.
    """

    model: str
    work: str
    precision: str
    clips: int
    call: Callable[[], object]
    counted: Callable[[], object] | None = None


def jobs(training: int, evaluated: int, *, compiled: bool) -> list[Job]:
    """All rows, the reference first."""
    paper = RunSettings(recipe="paper")
    reference = Reference(get_layout(paper.prepare.layout))
    positions, _ = clips_of(paper, training)
    many, _ = clips_of(paper, evaluated)

    @torch.inference_mode()
    def evaluate_reference() -> None:
        reference.eval()
        reference(many)

    step = step_of(lambda: reference(positions), reference, training)
    rows = [
        Job("reference", "training", "float32", training, step),
        Job("reference", "evaluation", "float32", evaluated, evaluate_reference),
    ]
    precisions = ["float32", "bfloat16"] if bfloat16_cost() < SLOW else ["float32"]
    for recipe in ("paper", "default"):
        for precision in precisions:
            rows += _training(recipe, precision, training, compiled=compiled)
        rows += _evaluation(recipe, evaluated, precisions)
    return rows


def _training(recipe: str, precision: str, count: int, *, compiled: bool) -> list[Job]:
    settings = RunSettings(recipe=recipe, train={"precision": precision})
    layout, batch = get_layout(settings.prepare.layout), clips_of(settings, count)

    def step(model: MotionEncoder) -> Callable[[], None]:
        return step_of(lambda: model(*batch), model, count)

    eager = step(build_model(settings, layout, TEXT_SIZE))
    rows = [Job(recipe, "training", precision, count, eager)]
    if compiled:
        model = build_model(settings, layout, TEXT_SIZE)
        model.compile_encoder()
        rows.append(Job(recipe, "training: compiled", precision, count, step(model), eager))
    return rows


def _evaluation(recipe: str, count: int, precisions: Sequence[str]) -> list[Job]:
    settings = RunSettings(recipe=recipe)
    model = build_model(settings, get_layout(settings.prepare.layout), TEXT_SIZE)
    positions, present = (tensor.numpy() for tensor in clips_of(settings, count))
    encoder, threads = to_onnx(model, settings), torch.get_num_threads()
    parts = list(zip(np.array_split(positions, threads), np.array_split(present, threads), strict=True))

    def on_torch(precision: torch.dtype) -> Callable[[], object]:
        return lambda: features_of(model, positions, present, precision=precision)

    def on_onnxruntime() -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda part: encoder.features(*part), parts))

    return [
        *(Job(recipe, "evaluation", name, count, on_torch(getattr(torch, name))) for name in precisions),
        Job(recipe, "evaluation: ONNX Runtime", "float32", count, on_onnxruntime, on_torch(torch.float32)),
    ]


def measure(listed: list[Job], repeats: int) -> list[dict[str, str]]:
    """All rows; `ratio` is to the reference's row of the same work."""
    peaks = {
        name: peak_rate(getattr(torch, name), repeats)
        for name in dict.fromkeys(job.precision for job in listed)
    }
    rows: list[dict[str, str]] = []
    base: dict[str, float] = {}
    for job in listed:
        seconds = seconds_of(job.call, repeats)
        rate = job.clips / seconds
        base.setdefault(job.work, rate)
        ratio = rate / base[job.work.split(":")[0]]
        count = operations(job.counted or job.call)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        values = (
            job.model, job.work, job.precision, job.clips, f"{seconds:.3f}", f"{rate:.1f}", f"{ratio:.2f}",
            f"{count / job.clips / 1e9:.3f}",
            f"{count / seconds / torch.get_num_threads() / peaks[job.precision]:.2f}", f"{peak:.0f}",
        )  # fmt: skip
        rows.append(dict(zip(COLUMNS, map(str, values), strict=True)))
        print(rows[-1], file=sys.stderr, flush=True)
    return rows


def file_name() -> str:
    """Device, torch version and threads; the precision is a column, as one run compares several."""
    features = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    kind = next(
        (name for name in ("amx_bf16", "avx512_bf16", "avx512f", "avx2") if name in features),
        platform.machine(),
    )
    return f"cpu-{kind.replace('_', '')}-torch{torch.__version__.split('+')[0]}-{torch.get_num_threads()}threads.csv"


def main() -> None:
    """Measure, and write the CSV and its record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--clips", type=int, default=32, help="clips of a training step")
    parser.add_argument("--evaluated", type=int, default=64, help="clips of an evaluation")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--compile", action="store_true", help="also training steps of a compiled encoder")
    args = parser.parse_args()
    load, started = load_average(), time.monotonic()
    rows = measure(jobs(args.clips, args.evaluated, compiled=args.compile), args.repeats)
    settings = {"threads": torch.get_num_threads(), "repeats": args.repeats, "load average before": load}
    save_speed(args.out / file_name(), rows, settings, time.monotonic() - started)


if __name__ == "__main__":
    main()
