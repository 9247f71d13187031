"""Speed of training on one GPU, as a CSV beside those of scripts/speed_encoders.py.

    python scripts/speed_gpu.py --out results/speed --seconds 100

Whole training steps on random clips that lie on the device: gather, augmentation, forward pass, loss, backward pass,
optimiser. The reference is the published architecture of scripts/speed_encoders.py (eager, channels first, SGD). Of
each form, loss and gradients are first compared with those of eager float32 channels first, without dropout: relative
differences are columns, NaN ends the script. Seconds are those of a step, the median of three series. Then `train` runs
three epochs over 37,000 clips, checkpoints included, and --profile lists the kernels of a captured step.

Operations are those of the plain form, counted by torch.utils.flop_counter; utilisation is their rate over that of a
product of two 8192 x 8192 matrices in the precision of the row (float32: without TF32). Forms are measured in order of
value; when --seconds are over, the rest is left out and the CSV is written.
"""

from __future__ import annotations

import argparse
import csv
import io
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from speed_encoders import COLUMNS, SECOND_BODY, TEXT_SIZE, Reference, operations
from torch import Tensor, nn

from pgfa.config import RunSettings
from pgfa.files import write_atomic
from pgfa.model import stgcn
from pgfa.model.batch import Batch
from pgfa.model.contrastive import contrastive_loss, loss
from pgfa.model.encoder import MotionEncoder, build_model
from pgfa.skeleton import get_layout
from pgfa.text.catalogue import catalogue
from pgfa.train.batches import TrainingClips
from pgfa.train.clip_set import ClipSet
from pgfa.train.corpus import Corpus
from pgfa.train.run import read_metrics
from pgfa.train.steps import Index, Steps, make_optimiser
from pgfa.train.train import train

EPOCH_CLIPS, CLASSES, STORED = 37_000, 55, 2048
WARM, SERIES, STEPS, SERIES_SECONDS = 30, 3, 100, 0.7
MORE = ("epoch_seconds", "loss_error", "gradient_error")
SEED = 1


@dataclass(frozen=True)
class Form:
    """A way to compute a training step.

    Attributes:
        model: `reference`, or a recipe.
        batch: clips per step.
        precision: of the encoder; `tf32` is float32 with TF32 products.
        channels_last, graph, compiled: how it is computed.
    """

    model: str
    batch: int
    precision: str = "bfloat16"
    channels_last: bool = True
    graph: bool = True
    compiled: bool = False

    @property
    def work(self) -> str:
        """The form in words."""
        parts = ["channels last" if self.channels_last else "channels first"]
        parts += ["compiled"] * self.compiled + ["CUDA graph" if self.graph else "eager"]
        return "training: " + ", ".join(parts)

    @property
    def settings(self) -> RunSettings:
        """Of a run in this form."""
        precision = "bfloat16" if self.precision == "bfloat16" else "float32"
        recipe = "paper" if self.model == "reference" else self.model
        return RunSettings(recipe=recipe, train={"precision": precision, "batch_size": self.batch})


def forms() -> list[Form]:
    """In order of value; the first of a model is what `ratio` and the errors refer to."""
    reference, paper = Form("reference", 128, "float32", False, False), Form("paper", 128)
    default, large = Form("default", 64), Form("default", 256)
    compiled = [replace(form, compiled=True) for form in (paper, large, default)]
    eager = [replace(form, graph=False) for form in (paper, default)]
    first = [replace(form, channels_last=False) for form in (eager[0], paper)]
    single = [replace(paper, precision=precision) for precision in ("float32", "tf32")]
    return [
        reference, paper, default, large, *compiled, *eager, *first, replace(reference, precision="tf32"),
        *single, *(replace(form, graph=False) for form in single),
    ]  # fmt: skip


@contextmanager
def computed_as(form: Form) -> Iterator[None]:
    """Within it, models compute with the memory format and the products of the form."""
    tf32 = form.precision == "tf32"
    before = stgcn.channels_last_on, torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    stgcn.channels_last_on = lambda device: form.channels_last
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = tf32, tf32
    try:
        yield
    finally:
        stgcn.channels_last_on = before[0]
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before[1:]


def random_clips(count: int, settings: RunSettings, device: torch.device) -> dict[str, Tensor]:
    """Positions, presence and labels of `count` clips, of which one in four has a second body."""
    random = torch.Generator(device).manual_seed(0)
    joints, bodies = len(get_layout(settings.prepare.layout).joints), settings.prepare.bodies
    present = torch.ones(count, bodies, dtype=torch.bool, device=device)
    present[:, 1] = torch.rand(count, device=device, generator=random) < SECOND_BODY
    shape = (count, settings.prepare.frames, bodies, joints, 3)
    positions = torch.randn(shape, device=device, generator=random) * present[:, None, :, None, None]
    labels = torch.randint(CLASSES, (count,), device=device, generator=random)
    return {"positions": positions, "present": present, "labels": labels}


def stored_clips(settings: RunSettings, device: torch.device) -> TrainingClips:
    """`STORED` random clips as a run has them on its device."""
    clips = random_clips(STORED, settings, device)
    bodies = clips["present"].sum(1).cpu().numpy()
    if settings.model.absent_bodies == "zero":
        bodies[:] = settings.prepare.bodies
    random = torch.Generator(device).manual_seed(1)
    return TrainingClips(
        settings,
        **clips,
        vectors=torch.randn(CLASSES, TEXT_SIZE, device=device, generator=random),
        same=torch.eye(CLASSES, dtype=torch.bool, device=device),
        mirror=torch.arange(CLASSES, device=device),
        mirror_joints=torch.from_numpy(get_layout(settings.prepare.layout).mirror.copy()).to(device),
        bodies=bodies,
    )


def reference_loss(model: Reference, batch: Batch) -> Tensor:
    """The loss of the reference, which computes all body slots."""
    return contrastive_loss(model(batch.positions), batch.vectors, batch.same, 1 / 0.07)


def model_of(form: Form, device: torch.device, dropout: bool = True) -> nn.Module:
    """A fresh model of a form, in training mode: the same weights for every form of a recipe."""
    torch.manual_seed(0)
    if form.model == "reference":
        return Reference(get_layout(form.settings.prepare.layout)).to(device).train()
    model = build_model(form.settings, get_layout(form.settings.prepare.layout), TEXT_SIZE).to(device).train()
    if form.compiled:
        model.compile_encoder()
    for layer in model.modules():
        if isinstance(layer, stgcn.Dropout) and not dropout:
            layer.dropped = 0
    return model


def steps_of(form: Form, data: TrainingClips, model: nn.Module) -> Steps[Any, Batch]:
    """The steps of a form."""
    optimiser = make_optimiser(form.settings.train, model)
    if form.model == "reference":
        return Steps(model, reference_loss, data, optimiser)
    steps: Steps[Any, Batch] = Steps(model, loss, data, optimiser, bodies=data.bodies)
    steps.captures &= form.graph
    return steps


def indices_of(form: Form, steps: Steps[Any, Batch], count: int) -> list[Index]:
    """Clips of `count` steps."""
    random = np.random.default_rng(0)
    return steps.indices([random.permutation(STORED)[: form.batch] for _ in range(count)])


def loss_and_gradients(form: Form, data: TrainingClips, device: torch.device) -> tuple[float, Tensor]:
    """Of the first step, without dropout; gradients as one vector."""
    with computed_as(form):
        model = model_of(form, device, dropout=False)
        steps = steps_of(form, data, model)
        value = float(steps.take(indices_of(form, steps, 1)[0], 0, SEED, 0.0))
        if form.graph and not steps.graphs:
            raise SystemExit(f"{form}: not captured")
        gradients = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
        return value, gradients.clone()


def seconds_per_step(form: Form, data: TrainingClips, device: torch.device) -> tuple[float, float]:
    """Median over series of steps, and peak memory in MB."""
    with computed_as(form):
        torch.cuda.reset_peak_memory_stats()
        steps = steps_of(form, data, model_of(form, device))
        indices = indices_of(form, steps, STEPS)

        def series(count: int) -> float:
            torch.cuda.synchronize()
            started = time.perf_counter()
            for number in range(count):
                steps.take(indices[number % STEPS], 0, number, 1e-3)
            torch.cuda.synchronize()
            return (time.perf_counter() - started) / count

        for index in {index.rows: index for index in indices}.values():
            steps.take(index, 0, 0, 1e-3)  # captures every size
        once = series(WARM)
        count = max(5, min(STEPS, round(SERIES_SECONDS / once)))
        median = statistics.median(series(count) for _ in range(SERIES))
        return median, torch.cuda.max_memory_allocated() / 1e6


def peak_rate(precision: str) -> float:
    """Operations per second of a product of two random 8192 x 8192 matrices."""
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    a = torch.randn(
        8192, 8192, device="cuda", dtype=torch.bfloat16 if precision == "bfloat16" else torch.float32
    )
    times = []
    for _ in range(6):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        a @ a
        end.record()
        torch.cuda.synchronize()
        times.append(start.elapsed_time(end) / 1e3)
    torch.backends.cuda.matmul.allow_tf32 = False
    return 2 * 8192**3 / statistics.median(times[1:])


def operations_per_clip(form: Form) -> float:
    """Of the plain form, forward and backward, on the device `meta`."""
    model = model_of(form, torch.device("meta"), dropout=False)
    settings = form.settings
    frames, joints = settings.prepare.frames, len(get_layout(settings.prepare.layout).joints)
    clips = 64
    vectors, same = torch.empty(clips, TEXT_SIZE, device="meta"), torch.empty(clips, clips, device="meta")

    computed = clips if settings.model.absent_bodies == "zero" else round(clips * (1 + SECOND_BODY)) // 2
    x = torch.empty(computed, frames, 2, joints, 3, device="meta")  # its slots: the bodies that are computed

    def step() -> None:
        if isinstance(model, MotionEncoder):
            features = model.encoder(model.streams_of(x).permute(0, 4, 1, 3, 2))
            features = model.projection(features.new_empty(clips, features.shape[1]) + features.sum())
        else:
            features = model(x)
        contrastive_loss(features, vectors, same, 1.0).backward()  # type: ignore[no-untyped-call]

    return operations(step) / clips


def repeatable(form: Form, data: TrainingClips, device: torch.device) -> str:
    """Whether ten steps give the same losses and weights twice, and how far eager ones are from them."""

    def trained(form: Form) -> tuple[Tensor, Tensor]:
        with computed_as(form):
            model = model_of(form, device)
            steps = steps_of(form, data, model)
            losses = [steps.take(index, 0, n, 0.01) for n, index in enumerate(indices_of(form, steps, 10))]
            weights = torch.cat([p.detach().flatten() for p in model.parameters()])
            return torch.stack(losses), weights

    (losses, weights), (again, weights_again) = trained(form), trained(form)
    eager, _ = trained(replace(form, graph=False))
    difference = float(((eager - losses) / losses).abs().max())
    return (
        f"{form.model} {form.batch}: twice the same losses {torch.equal(losses, again)}, weights "
        f"{torch.equal(weights, weights_again)}; losses of eager steps differ by {difference:.1e}: "
        f"{[round(x, 4) for x in losses.tolist()]}"
    )


def measure(rows: list[dict[str, str]], left: Callable[[], float], device: torch.device) -> None:
    """A row for each form, until the time is over."""
    peaks, data, exact, base, counts = {}, {}, {}, 0.0, {}
    for form in forms():
        if left() < (45 if form.compiled else 5):
            print("left out:", form, flush=True)
            continue
        started = time.perf_counter()
        recipe = form.settings.recipe
        if form.precision not in peaks:
            peaks[form.precision] = peak_rate(form.precision)
            print(f"peak {form.precision}: {peaks[form.precision] / 1e12:.0f} TFLOP/s", flush=True)
        if recipe not in data:
            data[recipe] = stored_clips(form.settings, device)
        clips = replace(data[recipe], settings=form.settings)
        exact_form = replace(form, precision="float32", channels_last=False, graph=False, compiled=False)
        if exact_form not in exact:
            exact[exact_form] = loss_and_gradients(exact_form, clips, device)
            counts[exact_form] = operations_per_clip(exact_form)
        value, gradients = loss_and_gradients(form, clips, device)
        expected, right = exact[exact_form]
        errors = abs(value / expected - 1), float((gradients - right).norm() / right.norm())
        if not all(np.isfinite(errors)):
            raise SystemExit(f"{form}: loss {value}, expected {expected}; gradients differ by {errors[1]}")
        seconds, memory = seconds_per_step(form, clips, device)
        rate = form.batch / seconds
        base = base or rate
        values = (
            form.model, form.work, form.precision, form.batch, f"{seconds:.6f}", f"{rate:.0f}", f"{rate / base:.2f}",
            f"{counts[exact_form] / 1e9:.3f}", f"{counts[exact_form] * rate / peaks[form.precision]:.4f}",
            f"{memory:.0f}", f"{EPOCH_CLIPS / rate:.3f}", f"{errors[0]:.1e}", f"{errors[1]:.1e}",
        )  # fmt: skip
        rows.append(dict(zip((*COLUMNS, *MORE), values, strict=True)))
        print(*values, f"[{time.perf_counter() - started:.0f} s]", sep=" | ", flush=True)
        torch.cuda.empty_cache()


def run_epochs(recipe: str, batch: int, compiled: bool, device: torch.device) -> None:
    """`train` over 37,000 random clips: three epochs with checkpoints; prints their metrics."""
    settings = RunSettings(
        recipe=recipe, split="ntu60/xsub-55-5", text={"encoder": "file", "source": "vectors.npz"},
        train={"precision": "bfloat16", "batch_size": batch, "epochs": 3, "compile": compiled},
    )  # fmt: skip
    book = catalogue("ntu60")
    actions = list(book.actions)
    tensors = random_clips(EPOCH_CLIPS, settings, device)
    origin = np.zeros((EPOCH_CLIPS, 2), dtype=np.int64)
    clips = ClipSet(**{name: x.cpu().numpy() for name, x in tensors.items()}, origin=origin)
    del tensors
    torch.cuda.empty_cache()
    layout = get_layout(settings.prepare.layout)
    corpus = Corpus(
        layout, {book.dataset: book}, tuple(actions[:CLASSES]), tuple(actions[CLASSES:]), clips,
        clips.take(slice(0, 5), np.arange(5)[np.arange(EPOCH_CLIPS) % 5]), (),
    )  # fmt: skip
    with TemporaryDirectory() as folder:
        source = Path(folder) / "vectors.npz"
        random = np.random.default_rng(0)
        np.savez(source, **{a.key: random.normal(size=TEXT_SIZE).astype(np.float32) for a in actions})
        settings = settings.model_copy(
            update={"text": settings.text.model_copy(update={"source": str(source)})}
        )
        started = time.perf_counter()
        train(settings, corpus, Path(folder) / "run", device="cuda", show=True)
        print(
            f"train, {recipe}, {batch} clips per step, compiled {compiled}:",
            f"{time.perf_counter() - started:.2f} s",
        )
        for line in read_metrics(Path(folder) / "run"):
            print(line, flush=True)


def profile(form: Form, device: torch.device, rows: int) -> str:
    """The kernels of ten captured steps, those that take longest first."""
    from torch.profiler import ProfilerActivity
    from torch.profiler import profile as profiler

    data = stored_clips(form.settings, device)
    with computed_as(form):
        steps = steps_of(form, data, model_of(form, device))
        indices = indices_of(form, steps, 10)
        for index in indices:
            steps.take(index, 0, 0, 1e-3)
        torch.cuda.synchronize()
        with profiler(activities=[ProfilerActivity.CUDA]) as record:
            for index in indices:
                steps.take(index, 0, 0, 1e-3)
            torch.cuda.synchronize()
    kernels = sorted(record.key_averages(), key=lambda k: -k.device_time_total)
    total, count = sum(k.device_time_total for k in kernels), sum(k.count for k in kernels)
    lines = [f"{form}: {total / 1e4:.3f} ms of kernels per step, {count / 10:.0f} kernels"]
    lines += [
        f"{k.device_time_total / 10:9.1f} us {k.count / 10:6.1f} x {k.key[:150]}" for k in kernels[:rows]
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure and write the CSV."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=100)
    parser.add_argument("--profile", action="store_true", help="list the kernels of captured steps")
    args = parser.parse_args()
    started = time.perf_counter()
    device = torch.device("cuda")
    name = torch.cuda.get_device_name().lower().replace("nvidia", "").strip().replace(" ", "")

    def left() -> float:
        return args.seconds - (time.perf_counter() - started)

    rows: list[dict[str, str]] = []
    print(torch.cuda.get_device_name(), torch.__version__, flush=True)
    paper = Form("paper", 128)
    try:
        run_epochs("paper", 128, False, device)
        if args.profile:
            text = profile(paper, device, 200)
            write_atomic(args.out / "profile.txt", text)
            print("\n".join(text.splitlines()[:40]), flush=True)
        for form in (paper, Form("default", 64)):
            print(repeatable(form, stored_clips(form.settings, device), device), flush=True)
        measure(rows, left, device)
    finally:
        content = io.StringIO()
        writer = csv.DictWriter(content, (*COLUMNS, *MORE), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_atomic(args.out / f"{name}-torch{torch.__version__.split('+')[0]}.csv", content.getvalue())
        print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
