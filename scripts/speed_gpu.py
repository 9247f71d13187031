"""Speed of training on one GPU, as a CSV with a record beside those of scripts/speed_encoders.py.

    python scripts/speed_gpu.py --out results/speed --seconds 170    # both models

Whole training steps on random clips that lie on the device: gather, augmentation, forward pass, loss, backward pass,
optimiser. The reference is the published architecture of scripts/speed_encoders.py (eager, channels first, SGD). Of
each form, loss and gradients are first compared with those of eager float32 channels first, without dropout (compiled
forms: with those of the form that is not compiled, with dropout): relative differences are columns, NaN is an error.
Seconds are those of a step, the median of three series. `train` runs three epochs over 37,000 clips, checkpoints
included, and --profile lists the kernels of a captured step.

Operations are those of the plain form, counted by torch.utils.flop_counter; utilisation is their rate over that of a
product of two 8192 x 8192 matrices in the precision of the row (float32: without TF32). Forms are measured in order of
value; when --seconds are over, the rest is left out and the CSV is written.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from speed_encoders import SECOND_BODY, TEXT_SIZE, Reference, operations
from torch import Tensor, nn

from pgfa.config import RunSettings
from pgfa.files import write_atomic
from pgfa.model import stgcn
from pgfa.model.batch import Batch
from pgfa.model.contrastive import contrastive_loss, loss
from pgfa.model.encoder import MotionEncoder, build_model
from pgfa.research.evidence.speed_tables import COLUMNS, save_speed
from pgfa.skeleton import get_layout
from pgfa.text.catalogue import catalogue
from pgfa.train.batches import TrainingClips
from pgfa.train.clip_set import ClipSet
from pgfa.train.corpus import Corpus
from pgfa.train.run import read_metrics
from pgfa.train.steps import Index, Steps, make_optimiser
from pgfa.train.train import train

EPOCH_CLIPS, CLASSES, STORED = 37_000, 55, 2048
WARM, SERIES, STEPS, SERIES_SECONDS = 30, 3, 100, 0.4
MORE = ("epoch_seconds", "loss_error", "gradient_error")
SEED, DEVICE = 1, "cuda"
LISTED = 45


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
    compiled = [replace(form, compiled=True) for form in (paper, large, default, replace(paper, batch=512))]
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


def loss_and_gradients(form: Form, steps: Steps[Any, Batch]) -> tuple[float, Tensor]:
    """Of a step that leaves the weights as they are; gradients as one vector."""
    with computed_as(form):
        value = float(steps.take(indices_of(form, steps, STEPS)[0], 0, SEED, 0.0))
    if form.graph and not steps.graphs:
        raise RuntimeError("not captured")
    gradients = [p.grad.flatten() for p in steps.model.parameters() if p.grad is not None]
    return value, torch.cat(gradients)


def seconds_per_step(form: Form, steps: Steps[Any, Batch]) -> float:
    """Median over series of steps."""
    indices = indices_of(form, steps, STEPS)

    def series(count: int) -> float:
        torch.cuda.synchronize()
        started = time.perf_counter()
        for number in range(count):
            steps.take(indices[number % STEPS], 0, number, 1e-3)
        torch.cuda.synchronize()
        return (time.perf_counter() - started) / count

    with computed_as(form):
        steps.take(indices[0], 0, 0, 1e-3)  # captures it
        count = max(5, min(STEPS, round(SERIES_SECONDS / series(WARM))))
        return statistics.median(series(count) for _ in range(SERIES))


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


class Measurement:
    """Measures forms; what they share is computed once."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.rows: list[dict[str, str]] = []
        self.peaks: dict[str, float] = {}
        self.data: dict[str, TrainingClips] = {}
        self.exact: dict[Form, tuple[float, Tensor]] = {}
        self.operations: dict[Form, float] = {}

    def add(self, form: Form) -> None:
        """Measure a form: a row more."""
        recipe = form.settings.recipe
        if form.precision not in self.peaks:
            self.peaks[form.precision] = peak_rate(form.precision)
            print(f"peak {form.precision}: {self.peaks[form.precision] / 1e12:.0f} TFLOP/s", flush=True)
        if recipe not in self.data:
            self.data[recipe] = stored_clips(form.settings, self.device)
        clips = replace(self.data[recipe], settings=form.settings)
        plain = replace(form, precision="float32", channels_last=False, graph=False, compiled=False)
        right_form = replace(form, compiled=False) if form.compiled else plain
        if right_form not in self.exact:
            model = model_of(right_form, self.device, dropout=form.compiled)
            self.exact[right_form] = loss_and_gradients(right_form, steps_of(right_form, clips, model))
        if plain not in self.operations:
            self.operations[plain] = operations_per_clip(plain)
        torch.cuda.reset_peak_memory_stats()
        steps = steps_of(form, clips, model_of(form, self.device, dropout=form.compiled))
        (value, gradients), (expected, right) = loss_and_gradients(form, steps), self.exact[right_form]
        errors = abs(value / expected - 1), float((gradients - right).norm() / right.norm())
        if not all(np.isfinite(errors)):
            raise RuntimeError(f"loss {value}, expected {expected}; gradients differ by {errors[1]}")
        if not form.compiled:  # with dropout
            steps = steps_of(form, clips, model_of(form, self.device))
        seconds, memory = seconds_per_step(form, steps), torch.cuda.max_memory_allocated() / 1e6
        rate, count = form.batch / seconds, self.operations[plain]
        ratio = rate / float(self.rows[0]["clips_per_second"]) if self.rows else 1.0
        values = (
            form.model, form.work, form.precision, form.batch, f"{seconds:.6f}", f"{rate:.0f}", f"{ratio:.2f}",
            f"{count / 1e9:.3f}", f"{count * rate / self.peaks[form.precision]:.4f}", f"{memory:.0f}",
            f"{EPOCH_CLIPS / rate:.3f}", f"{errors[0]:.1e}", f"{errors[1]:.1e}",
        )  # fmt: skip
        self.rows.append(dict(zip((*COLUMNS, *MORE), map(str, values), strict=True)))
        print(*values, sep=" | ", flush=True)


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
        train(settings, corpus, Path(folder) / "run", device=DEVICE, show=True)
        print(
            f"train, {recipe}, {batch} clips per step, compiled {compiled}:",
            f"{time.perf_counter() - started:.2f} s",
        )
        for line in read_metrics(Path(folder) / "run"):
            print(line, flush=True)


def choices(form: Form, device: torch.device) -> Iterator[str]:
    """Seconds per step with other choices of kernels than the usual ones, and whether they repeat to the bit."""
    data = stored_clips(form.settings, device)
    cudnn = torch.backends.cudnn
    for merged in (stgcn.MERGED_CHANNELS, 0, 16, 32, 64, 256):
        for benchmark, deterministic in ((False, False), (True, False), (False, True), (True, True)):
            if merged != stgcn.MERGED_CHANNELS and (benchmark, deterministic) != (False, False):
                continue
            usual, stgcn.MERGED_CHANNELS = stgcn.MERGED_CHANNELS, merged
            try:
                with cudnn.flags(enabled=True, benchmark=benchmark, deterministic=deterministic):
                    seconds = seconds_per_step(form, steps_of(form, data, model_of(form, device)))
                    same = repeatable(form, data, device).partition(";")[0]
            finally:
                stgcn.MERGED_CHANNELS = usual
            torch.cuda.empty_cache()
            yield (
                f"merged up to {merged} channels, cudnn benchmark {benchmark}, deterministic {deterministic}: "
                f"{seconds * 1e3:.3f} ms; {same}"
            )


def profile(form: Form, device: torch.device) -> str:
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
    lines += [f"{k.device_time_total / 10:9.1f} us {k.count / 10:6.1f} x {k.key[:150]}" for k in kernels]
    return "\n".join(lines)


def main() -> None:
    """Measure and write the CSV."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=170)
    parser.add_argument("--profile", action="store_true", help="list the kernels of captured steps")
    parser.add_argument("--models", default="paper,default", help="measured, by commas; default: %(default)s")
    parser.add_argument("--choices", action="store_true", help="compare choices of kernels")
    args = parser.parse_args()
    started, device, failures = time.perf_counter(), torch.device(DEVICE), 0
    measurement, paper = Measurement(device), Form("paper", 128)

    def attempt(title: object, work: Callable[[], object], needed: float) -> None:
        """Do one thing if there is time for it; an error ends only this one."""
        nonlocal failures
        before = time.perf_counter() - started
        if args.seconds - before < needed:
            print("left out:", title, flush=True)
            return
        try:
            work()
        except Exception as error:
            failures += 1
            print(f"ERROR {title}: {error!r}", flush=True)
            traceback.print_exc()
        torch.cuda.empty_cache()
        print(f"[{time.perf_counter() - started - before:.1f} s: {title}]", flush=True)

    def show_profile(form: Form) -> None:
        lines = profile(form, device).splitlines()
        suffix = "-compiled" if form.compiled else ""
        write_atomic(args.out / f"profile-{form.model}{suffix}.txt", "\n".join(lines))
        print("\n".join(lines[:LISTED]), flush=True)

    print(torch.cuda.get_device_name(), torch.__version__, flush=True)
    models = args.models.split(",")
    if "paper" in models:
        attempt("train", lambda: run_epochs("paper", 128, False, device), 20)
    for form in (paper, Form("default", 64)):
        if form.model not in models:
            continue
        check = lambda form=form: print(repeatable(form, stored_clips(form.settings, device), device))  # noqa: E731
        attempt(f"repeatable {form.model}", check, 5)
        if args.profile:
            attempt(f"profile {form.model}", lambda form=form: show_profile(form), 5)
    if args.choices:
        attempt("choices", lambda: [print(line, flush=True) for line in choices(paper, device)], 20)
    for number, form in enumerate(forms()):
        if number and form.model not in (*models, *(["reference"] if "paper" in models else [])):
            continue
        attempt(form, lambda form=form: measurement.add(form), 40 if form.compiled else 5)
        if form == replace(paper, compiled=True):
            attempt("train, compiled", lambda: run_epochs("paper", 128, True, device), 40)
            if args.profile:
                attempt("profile, compiled", lambda form=form: show_profile(form), 15)
    name = torch.cuda.get_device_name().lower().replace("nvidia", "").replace(" ", "")
    version = torch.__version__.split("+")[0]
    settings = {"gpu": torch.cuda.get_device_name(), "seconds": args.seconds, "models": models}
    save_speed(
        args.out / f"{name}-torch{version}.csv", measurement.rows, settings, time.perf_counter() - started
    )
    print(f"{time.perf_counter() - started:.0f} s, {failures} errors", flush=True)
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
