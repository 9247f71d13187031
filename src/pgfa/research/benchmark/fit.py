"""One unit of a benchmark: all methods fitted on one set of training clips, what they say of the test clips kept.

Only arrays are kept, so that every choice and every table is made of them in seconds, and nothing is trained twice.
"""

from __future__ import annotations

import io
import json
import time
import traceback
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.config import BaselineSettings, RunSettings
from pgfa.errors import BadFile, PgfaError
from pgfa.evaluate.gzsl import set_aside
from pgfa.files import digest, write_atomic, write_json
from pgfa.pack import open_pack
from pgfa.progress import Progress
from pgfa.research.baselines import METHODS, points_of, sentence_vectors
from pgfa.research.selection import hold_out
from pgfa.text.catalogue import ActionClass
from pgfa.train.clip_set import ClipSet
from pgfa.train.corpus import Corpus, build_corpus

VERSION = 1
"""To be raised when what is kept would come out otherwise."""

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Fit:
    """What to fit.

    Attributes:
        settings: of the whole run: packs, split, seed and epochs; a fold has those of its first seed.
        held: keys of the pseudo-unseen classes of a fold; empty for a run on all seen classes.
        fold: its number, or -1.
        share: of the seen classes' clips that is set aside for testing.
        methods: of `pgfa.research.baselines.METHODS`.
        compare: their settings.
        folder: for encoders, results and errors; one for each unit.
        clips: to be trained on, about, over all epochs and encoders: for the progress bar.
    """

    settings: RunSettings
    held: tuple[str, ...]
    fold: int
    share: float
    methods: tuple[str, ...]
    compare: BaselineSettings
    folder: Path
    clips: int

    @property
    def key(self) -> str:
        """Stands for all that decides what is kept, clips and code apart."""
        return digest(VERSION, self.compare.model_dump(mode="json"), self.folder.name)


@dataclass(frozen=True)
class Told:
    """What a fitted method says of the test clips.

    Attributes:
        scores: (N, K), higher is nearer; candidates are the unseen classes, then the seen ones of their data set.
        points, anchors: (N, e), (K, e) in one space; anchors None where the method has none, points are features then.
        labels: (N,) true class among the candidates; clips of unseen classes come first.
        unseen: how many of the candidates are unseen.
        seconds: what fitting took, with the encoder if it was this method that found it untrained.
    """

    scores: Array
    points: Array
    anchors: Array | None
    labels: NDArray[np.int64]
    unseen: int
    seconds: float

    @property
    def zero_shot(self) -> Told:
        """Clips of unseen classes, unseen classes as candidates."""
        own = self.labels < self.unseen
        anchors = None if self.anchors is None else self.anchors[: self.unseen]
        return Told(
            self.scores[own, : self.unseen],
            self.points[own],
            anchors,
            self.labels[own],
            self.unseen,
            self.seconds,
        )

    @property
    def mixed(self) -> bool:
        """Whether clips of seen classes are there too."""
        return bool((self.labels >= self.unseen).any())


def fit(unit: Fit, *, device: str = "cpu", bar: Progress | None = None) -> None:
    """Fit all methods; those that are kept already are not fitted again. A method that fails leaves its error."""
    wanted = [m for m in unit.methods if load(unit, m) is None]
    if not wanted:
        return
    settings, (corpus, aside) = _own_settings(unit), _arena(unit)
    clips, labels, candidates = _tested(corpus, aside)
    sentences = sentence_vectors(candidates, settings, corpus)
    for name in wanted:
        (unit.folder / f"{name}.error.json").unlink(missing_ok=True)
        try:
            began = time.perf_counter()
            fitted = METHODS[name](
                settings, corpus, unit.folder, options=unit.compare, device=device, bar=bar
            )
            seconds = time.perf_counter() - began
            features = fitted.features(clips)
            points, anchors = points_of(fitted, features, sentences)
            scores = fitted.scores(features, sentences)
            if not np.isfinite(scores).all():
                raise FloatingPointError("scores are not finite")
            _keep(unit, name, Told(scores, points, anchors, labels, len(corpus.unseen), seconds))
        except Exception as error:
            told = str(error) if isinstance(error, PgfaError) else f"{type(error).__name__}: {error}"
            write_json(unit.folder / f"{name}.error.json", {"error": told, "trace": traceback.format_exc()})


def load(unit: Fit, method: str) -> Told | None:
    """What is kept of a method; None where nothing is, or it is of other settings, or damaged."""
    try:
        with np.load(unit.folder / f"{method}.npz", allow_pickle=False) as file:
            about = json.loads(bytes(file["about"]))
            if about["key"] != unit.key:
                return None
            anchors = file["anchors"] if about["anchors"] else None
            return Told(
                file["scores"],
                file["points"],
                anchors,
                file["labels"],
                int(about["unseen"]),
                about["seconds"],
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def error_of(unit: Fit, method: str) -> str:
    """Why a method left nothing."""
    from pgfa.files import read_json

    try:
        return str(read_json(unit.folder / f"{method}.error.json")["error"])
    except (BadFile, KeyError, TypeError):
        return "its process ended before it was fitted"


def _keep(unit: Fit, method: str, told: Told) -> None:
    about = {
        "key": unit.key, "unseen": told.unseen, "seconds": told.seconds, "anchors": told.anchors is not None,
    }  # fmt: skip
    arrays: dict[str, NDArray[Any]] = {
        "about": np.frombuffer(json.dumps(about).encode(), dtype=np.uint8),
        "scores": told.scores.astype(np.float32),
        "points": told.points.astype(np.float32),
        "anchors": np.zeros((0, 0), np.float32) if told.anchors is None else told.anchors.astype(np.float32),
        "labels": told.labels,
    }
    made = io.BytesIO()
    np.savez(made, **arrays)  # type: ignore[arg-type]
    write_atomic(unit.folder / f"{method}.npz", made.getvalue())


def _own_settings(unit: Fit) -> RunSettings:
    """Settings of the unit itself: a fold's split is its pseudo-unseen classes."""
    if not unit.held:
        return unit.settings
    dataset = unit.settings.split.partition("/")[0]
    names = ",".join(key.partition("/")[2] for key in unit.held)
    return unit.settings.model_copy(update={"split": f"{dataset}/unseen:{names}"})


def _arena(unit: Fit) -> tuple[Corpus, ClipSet | None]:
    """The clips of a unit: those to train on, those to test on, and those of seen classes to test on.

    The clips set aside for the split are taken out first, so that no fold ever sees them; a fold sets its own aside.
    """
    s = unit.settings
    corpus, aside = _whole(s.packs, s.split, s.protocol, s.prepare.model_dump_json(), unit.share)
    if not unit.held:
        return corpus, aside
    inner = hold_out(corpus, unit.held)
    return set_aside(inner, _subjects(inner, s), unit.share, seed=1 + unit.fold)


@lru_cache(maxsize=1)
def _whole(
    packs: tuple[str, ...], split: str, protocol: str, prepare: str, share: float
) -> tuple[Corpus, ClipSet | None]:
    """The same for all seeds, folds and lengths of a split: kept while its units are fitted."""
    settings = RunSettings(packs=packs, split=split, protocol=protocol, prepare=json.loads(prepare))
    corpus = build_corpus(settings)
    return set_aside(corpus, _subjects(corpus, settings), share, seed=0)


def _subjects(corpus: Corpus, settings: RunSettings) -> NDArray[np.str_]:
    pack, clip = corpus.train.origin.T
    names = [open_pack(path).subjects for path in settings.packs]
    return np.array([names[p][c] for p, c in zip(pack.tolist(), clip.tolist(), strict=True)])


def _tested(
    corpus: Corpus, aside: ClipSet | None
) -> tuple[ClipSet, NDArray[np.int64], Sequence[ActionClass]]:
    """Test clips of both kinds, their labels among the candidates, and the candidates."""
    dataset = corpus.unseen[0].dataset
    own = [i for i, action in enumerate(corpus.seen) if action.dataset == dataset]
    candidates = (*corpus.unseen, *(corpus.seen[i] for i in own))
    if aside is None:
        return corpus.test, corpus.test.labels, candidates
    number = np.full(len(corpus.seen), -1, dtype=np.int64)
    number[own] = len(corpus.unseen) + np.arange(len(own))
    both = [corpus.test, aside]
    clips = ClipSet(
        np.concatenate([c.positions for c in both]),
        np.concatenate([c.present for c in both]),
        np.concatenate([c.labels for c in both]),
        np.concatenate([c.origin for c in both]),
    )
    return clips, np.concatenate([corpus.test.labels, number[aside.labels]]), candidates
