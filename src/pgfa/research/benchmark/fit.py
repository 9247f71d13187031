"""One fit job of a benchmark: all methods fitted on one set of training clips, their output on the test clips stored.

Only arrays are stored: every choice and every table is computed from them in seconds, and nothing is trained twice.
"""

from __future__ import annotations

import io
import json
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.config import BaselineSettings, PrepareSettings, RunSettings
from pgfa.errors import BadFile, PgfaError
from pgfa.evaluate.gzsl import set_aside
from pgfa.files import digest, read_json, write_atomic, write_json
from pgfa.pack import open_pack
from pgfa.progress import Progress
from pgfa.research.baselines import METHODS, FitContext, candidate_anchors, points_of
from pgfa.research.selection import fold_settings, hold_out
from pgfa.text.catalogue import ActionClass
from pgfa.train.clip_set import ClipSet
from pgfa.train.corpus import Corpus, build_corpus

VERSION = 1
"""Increase it when the stored output would change."""

Array = NDArray[np.float32]


@dataclass(frozen=True)
class FitJob:
    """What to fit.

    Attributes:
        settings: of the whole run: packs, split, seed and epochs; a fold has those of its first seed.
        held_out: keys of the pseudo-unseen classes of a fold; empty for a run on all seen classes.
        fold: its number, or -1.
        seen_share: share of the seen classes' clips that is set aside for testing.
        methods: of `pgfa.research.baselines.METHODS`.
        options: of the baselines.
        folder: for encoders, outputs and errors; one per job.
        clips: to train on, estimated, over all epochs and encoders: for the progress bar.
        memory: bytes that it needs, estimated: for a cluster.
    """

    settings: RunSettings
    held_out: tuple[str, ...]
    fold: int
    seen_share: float
    methods: tuple[str, ...]
    options: BaselineSettings
    folder: Path
    clips: int
    memory: int = 0

    @property
    def key(self) -> str:
        """Digest of everything that determines the stored output, except clips and code."""
        parts = [VERSION, self.options.canonical(omit_since=2), self.folder.name]
        # Since this was added, `smie` keeps the last partial batch under `paper`; other outputs are as they were.
        return digest(*parts, *(["last_batch partial"] if self.options.recipe == "paper" else []))


@dataclass(frozen=True)
class MethodOutput:
    """The output of a fitted method on the test clips.

    Attributes:
        scores: (N, K), higher is more similar; candidates are the unseen classes, then the seen ones of their data
        set.
        points, anchors: (N, e), (K, e) in one space; without such a space anchors are None and points are features.
        labels: (N,) true class among the candidates; clips of unseen classes come first.
        unseen: how many of the candidates are unseen.
        seconds: how long the fit took, with the shared encoder if this method was the first to need it.
    """

    scores: Array
    points: Array
    anchors: Array | None
    labels: NDArray[np.int64]
    unseen: int
    seconds: float

    @property
    def zero_shot(self) -> MethodOutput:
        """Clips of unseen classes, unseen classes as candidates."""
        index = self.labels < self.unseen
        return MethodOutput(
            self.scores[index, : self.unseen],
            self.points[index],
            None if self.anchors is None else self.anchors[: self.unseen],
            self.labels[index],
            self.unseen,
            self.seconds,
        )

    @property
    def mixed(self) -> bool:
        """Whether clips of seen classes are among the test clips."""
        return bool((self.labels >= self.unseen).any())


def fit(job: FitJob, *, device: str = "cpu", bar: Progress | None = None) -> None:
    """Fit all methods whose output is not stored yet. A method that fails leaves its error."""
    methods = [method for method in job.methods if load_output(job, method) is None]
    if not methods:
        return
    corpus, aside = _job_clips(job)
    settings = fold_settings(job.settings, job.held_out) if job.held_out else job.settings
    clips, candidates = _test_clips(corpus, aside)
    anchors = candidate_anchors(candidates, settings, corpus)
    context = FitContext(settings, corpus, job.folder, job.options, device, bar)
    for method in methods:
        error_path(job, method).unlink(missing_ok=True)
        try:
            save_output(job, method, _output(method, context, clips, anchors))
        except Exception as error:
            text = str(error) if isinstance(error, PgfaError) else f"{type(error).__name__}: {error}"
            write_json(error_path(job, method), {"error": text, "trace": traceback.format_exc()})


def _output(method: str, context: FitContext, clips: ClipSet, anchors: Array) -> MethodOutput:
    started = time.perf_counter()
    fitted = METHODS[method].fit(context)
    seconds = time.perf_counter() - started
    features = fitted.features(clips)
    points, common = points_of(fitted, features, anchors)
    scores = fitted.scores(features, anchors)
    if not np.isfinite(scores).all():
        raise FloatingPointError("scores are not finite")
    return MethodOutput(scores, points, common, clips.labels, len(context.corpus.unseen), seconds)


def load_output(job: FitJob, method: str) -> MethodOutput | None:
    """The stored output of a method; None if there is none, if it is of other settings, or damaged."""
    try:
        with np.load(job.folder / f"{method}.npz", allow_pickle=False) as file:
            about = json.loads(bytes(file["about"]))
            if about["key"] != job.key:
                return None
            return MethodOutput(
                scores=file["scores"],
                points=file["points"],
                anchors=file["anchors"] if about["anchors"] else None,
                labels=file["labels"],
                unseen=int(about["unseen"]),
                seconds=about["seconds"],
            )
    except Exception:  # numpy, zipfile and zlib raise many kinds for a damaged file
        return None


def save_output(job: FitJob, method: str, output: MethodOutput) -> None:
    """Store the output of a method."""
    anchors = output.anchors
    about = {
        "key": job.key, "unseen": output.unseen, "seconds": output.seconds, "anchors": anchors is not None,
    }  # fmt: skip
    arrays: dict[str, NDArray[Any]] = {
        "about": np.frombuffer(json.dumps(about).encode(), dtype=np.uint8),
        "scores": output.scores.astype(np.float32),
        "points": output.points.astype(np.float32),
        "anchors": np.zeros((0, 0), np.float32) if anchors is None else anchors.astype(np.float32),
        "labels": output.labels,
    }
    archive = io.BytesIO()
    np.savez(archive, **arrays)  # type: ignore[arg-type]
    write_atomic(job.folder / f"{method}.npz", archive.getvalue())


def error_path(job: FitJob, method: str) -> Path:
    """The file with the error of a method that failed."""
    return job.folder / f"{method}.error.json"


def error_of(job: FitJob, method: str) -> str:
    """Why a method has no output."""
    try:
        return str(read_json(error_path(job, method))["error"])
    except (BadFile, KeyError, TypeError):
        return "its process ended before it was fitted"


def _job_clips(job: FitJob) -> tuple[Corpus, ClipSet | None]:
    """The corpus of a job, and the clips of its seen classes that are set aside for testing.

    The clips set aside for the split are taken out first, so that no fold ever uses them; a fold sets its own aside.
    """
    s = job.settings
    corpus, aside = _split_clips(s.packs, s.split, s.protocol, s.prepare, job.seen_share)
    if not job.held_out:
        return corpus, aside
    fold_corpus = hold_out(corpus, job.held_out)
    return set_aside(fold_corpus, _subjects(fold_corpus, s), job.seen_share, seed=1 + job.fold)


# Seeds, folds and epochs of a split share its clips and are fitted one after the other by the same process: one
# corpus is kept, in place of the last split's, so that it is not assembled again for each of them.
@lru_cache(maxsize=1)
def _split_clips(
    packs: tuple[str, ...], split: str, protocol: Any, prepare: PrepareSettings, seen_share: float
) -> tuple[Corpus, ClipSet | None]:
    """The corpus of a split without the clips that are set aside, and these."""
    settings = RunSettings(packs=packs, split=split, protocol=protocol, prepare=prepare)
    corpus = build_corpus(settings)
    return set_aside(corpus, _subjects(corpus, settings), seen_share, seed=0)


def _subjects(corpus: Corpus, settings: RunSettings) -> NDArray[np.str_]:
    """(clips,) who performs each training clip."""
    pack, clip = corpus.train.origin.T
    subjects = [open_pack(path).subjects for path in settings.packs]
    return np.array([subjects[p][c] for p, c in zip(pack.tolist(), clip.tolist(), strict=True)])


def _test_clips(corpus: Corpus, aside: ClipSet | None) -> tuple[ClipSet, Sequence[ActionClass]]:
    """Test clips of both kinds, labels counting in the candidates, and the candidates."""
    dataset = corpus.unseen[0].dataset
    seen = [i for i, action in enumerate(corpus.seen) if action.dataset == dataset]
    candidates = (*corpus.unseen, *(corpus.seen[i] for i in seen))
    if aside is None:
        return corpus.test, candidates
    number = np.full(len(corpus.seen), -1, dtype=np.int64)
    number[seen] = len(corpus.unseen) + np.arange(len(seen))
    return ClipSet.join([corpus.test, aside.take(slice(None), number[aside.labels])]), candidates
