"""Evaluate a run on the unseen classes: features once, sentences alone, then after alignment."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import Alignment, align_with, cosines, nearest
from pgfa.config import AdaptSettings, RunSettings
from pgfa.errors import BadConfig
from pgfa.evaluate.feature_map import feature_map
from pgfa.evaluate.report.content import (
    AFTER_ALIGNMENT,
    FROM_ONE_CLIP,
    FROM_SENTENCES,
    Example,
    Method,
    Predictions,
    Report,
    UnseenClass,
    choose_examples,
)
from pgfa.evaluate.report.page import write_report
from pgfa.evaluate.score import Score, score
from pgfa.files import write_json
from pgfa.pack import open_pack
from pgfa.text.catalogue import catalogue_from_table, sentence_of
from pgfa.train.anchors import unseen_anchors
from pgfa.train.corpus import Corpus, build_corpus
from pgfa.train.features import features_of
from pgfa.train.run import CORPUS, Run, open_run, read_metrics

RESULT, REPORT = "evaluation.json", "report.html"
ONE_SHOT = (
    "One-shot: each action starts from one recording of it, not from its sentence. "
    "Where this page says sentence, read that recording."
)


@dataclass(frozen=True)
class Evaluation:
    """What came out.

    Attributes:
        run: the run that was evaluated.
        corpus: the clips it was evaluated on.
        features: (N, d) of the test clips.
        alignment: anchors, prototypes and predictions.
        sentences, aligned: the scores before (in a one-shot split: from one clip a class) and after alignment.
    """

    run: Run
    corpus: Corpus
    features: NDArray[np.float32]
    alignment: Alignment
    sentences: Score
    aligned: Score

    @property
    def start(self) -> str:
        """What each class starts from, in words."""
        return FROM_SENTENCES if self.corpus.exemplars is None else FROM_ONE_CLIP

    def __str__(self) -> str:
        head = f"{self.run.settings.split}: {len(self.corpus.unseen)} unseen classes, {self.sentences.clips:,} clips"
        lines = [
            f"{head}, chance {100 / len(self.corpus.unseen):.1f} %",
            " " * 18 + "accuracy  (95 % interval)   class mean",
        ]
        for name, value in ((self.start, self.sentences), (AFTER_ALIGNMENT, self.aligned)):
            interval = f"({100 * value.low:.1f} to {100 * value.high:.1f})"
            lines.append(
                f"  {name:<16}{100 * value.accuracy:7.1f} %  {interval:<17}{100 * value.class_mean:9.1f} %"
            )
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as in ``evaluation.json``."""
        settings = self.run.settings
        return {
            "split": settings.split,
            "protocol": settings.protocol,
            "packs": [Path(p).name for p in settings.packs],
            "recipe": settings.train.recipe,
            "seed": settings.train.seed,
            "epochs": settings.train.epochs,
            "alignment": settings.adapt.method,
            "alpha": settings.adapt.alpha,
            "train_clips": self.run.facts["train_clips"],
            "classes": [a.key for a in self.corpus.unseen],
            "chance": 1 / len(self.corpus.unseen),
            **{
                name: {**asdict(value), "confusion": value.confusion.tolist()}
                for name, value in (
                    (self.start.replace(" ", "_"), self.sentences),
                    (AFTER_ALIGNMENT.replace(" ", "_"), self.aligned),
                )
            },
            "removed": self.run.facts["removed"],
        }


def evaluate(
    folder: Path,
    *,
    packs: tuple[str, ...] = (),
    catalogues: tuple[Path, ...] = (),
    adapt: AdaptSettings | None = None,
    device: str = "auto",
) -> Evaluation:
    """Evaluate the run in `folder` on the test clips of its split.

    Args:
        packs: where the packs lie now, if they have moved since training.
        catalogues: own catalogue files, where others are wanted than those the run was trained with and keeps.
        adapt: another alignment than the run's.

    Raises:
        BadCheckpoint, BadConfig, BadFile: as `open_run` and `build_corpus`.
    """
    run = open_run(folder, device=device)
    changes: dict[str, Any] = {"packs": packs} if packs else {}
    if adapt is not None:
        changes["adapt"] = adapt
    settings: RunSettings = run.settings.model_copy(update=changes)
    run = Run(run.folder, settings, run.facts, run.layout, run.centre, run.model)
    kept = [catalogue_from_table(table, str(folder / CORPUS)) for table in run.facts.get("catalogues", [])]
    return judge(run, build_corpus(settings, [*kept, *catalogues]))


def judge(run: Run, corpus: Corpus) -> Evaluation:
    """Evaluate an open run on the test clips of a corpus, with the alignment of the run's settings.

    Raises:
        BadConfig: no class was held out.
    """
    settings = run.settings
    if not corpus.unseen:
        raise BadConfig(f"nothing to evaluate: the split {settings.split} holds no class out")
    features = features_of(run.model, corpus.test.positions, corpus.test.present)
    anchors = unseen_anchors(run.model, corpus, settings, run.centre)
    alignment = align_with(settings.adapt.method, features, anchors, settings.adapt)
    classes, truth = len(corpus.unseen), corpus.test.labels
    return Evaluation(
        run, corpus, features, alignment,
        sentences=score(truth, nearest(features, alignment.anchors), classes, seed=settings.train.seed),
        aligned=score(truth, alignment.predictions, classes, seed=settings.train.seed),
    )  # fmt: skip


def save_evaluation(
    found: Evaluation, *, notes: tuple[str, ...] = (), command: str = ""
) -> tuple[Path, Path]:
    """Write ``evaluation.json`` and ``report.html`` into the run's folder; both paths are returned."""
    folder = found.run.folder
    write_json(folder / RESULT, found.to_dict())
    write_report(folder / REPORT, _report(found, notes, command))
    return folder / RESULT, folder / REPORT


def _report(found: Evaluation, notes: tuple[str, ...], command: str) -> Report:
    settings, corpus, made = found.run.settings, found.corpus, found.alignment
    shown = "plain" if "plain" in settings.text.variants else settings.text.variants[0]
    packs = [open_pack(path) for path in settings.packs]
    ids = tuple(str(packs[p].manifest["id"][c]) for p, c in corpus.test.origin.tolist())
    before, after = cosines(found.features, made.anchors), made.scores
    predictions = Predictions(ids, corpus.test.labels, before.argmax(axis=1), made.predictions)
    examples = [
        Example(
            i,
            packs[corpus.test.origin[i, 0]].clip(int(corpus.test.origin[i, 1])),
            before[i].tolist(),
            after[i].tolist(),
        )
        for i in choose_examples(predictions)
    ]
    return Report(
        title=settings.split,
        run={
            "Split": f"{settings.split}: {len(corpus.unseen)} unseen actions",
            "Trained on": f"{len(corpus.train):,} clips of {len(corpus.seen)} other actions, from "
            + ", ".join(Path(p).name for p in settings.packs),
            "Tested on": f"{len(corpus.test):,} clips",
            "Recipe": f"{settings.train.recipe}, {settings.train.epochs} epochs, seed {settings.train.seed}",
            "Sentences": f"{settings.text.encoder}, {' and '.join(settings.text.variants)}",
            "Alignment": _method(settings.adapt),
        },
        table=[_row(found.start, found.sentences), _row(AFTER_ALIGNMENT, found.aligned)],
        classes=[UnseenClass(a.label, sentence_of(a, shown)) for a in corpus.unseen],
        predictions=predictions,
        command=command or f"pgfa evaluate {found.run.folder}",
        map=feature_map(found.features, made.anchors, made.prototypes),
        examples=examples,
        history={"training loss": [line["loss"] for line in read_metrics(found.run.folder)]},
        notes=notes if corpus.exemplars is None else (*notes, ONE_SHOT),
        removed=[
            f"{r['class']} ({r['rule']}; unseen: {r['because_of']})" for r in found.run.facts["removed"]
        ],
    )


def _method(settings: AdaptSettings) -> str:
    """The alignment and the setting that moves it most."""
    if settings.method == "none":
        return "none"
    if settings.method == "balanced":
        prior = settings.prior if isinstance(settings.prior, str) else "given"
        return f"balanced, prior {prior}"
    return f"{settings.method}, support factor {settings.alpha:g}"


def _row(name: str, value: Score) -> Method:
    return Method(name, value.accuracy, value.class_mean, value.low, value.high, value.clips)
