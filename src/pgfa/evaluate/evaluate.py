"""Evaluate a run on the unseen classes: features once, then scores before and after alignment."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import ALIGNMENTS, align_with, cosines, nearest
from pgfa.config import ENCODERS, AdaptSettings, RunSettings
from pgfa.errors import BadConfig
from pgfa.evaluate.compare import Comparison
from pgfa.evaluate.evaluation import BATCH_MEAN, Evaluation
from pgfa.evaluate.feature_map import feature_map
from pgfa.evaluate.provenance import provenance
from pgfa.evaluate.report.content import (
    AFTER,
    BEFORE,
    Example,
    Predictions,
    Report,
    ResultRow,
    UnseenClass,
    choose_examples,
)
from pgfa.evaluate.report.page import write_report
from pgfa.evaluate.report.tables import FOLDER, write_tables_and_figures
from pgfa.evaluate.score import Score, score
from pgfa.files import with_checksum, write_json
from pgfa.files.lock import folder_lock
from pgfa.text.catalogue import catalogue_from_table, sentence_of
from pgfa.train.anchors import unseen_anchors
from pgfa.train.corpus import Corpus, build_corpus
from pgfa.train.features import features_of
from pgfa.train.run import CORPUS, SETTINGS, Run, open_run, read_metrics

EVALUATION, REPORT = "evaluation.json", "report.html"
_ONE_SHOT: Final = (
    "One-shot: each class starts from one labelled clip, its exemplar, instead of its sentence."
)


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
        packs: new paths of the packs, if moved since training, in the same order.
        catalogues: catalogue files to use instead of those stored with the run.
        adapt: another alignment than the run's.

    Raises:
        BadCheckpoint, BadConfig, BadFile: as `open_run` and `build_corpus`.
    """
    run = open_run(folder, device=device)
    changes: dict[str, Any] = {"packs": packs} if packs else {}
    if adapt is not None:
        changes["adapt"] = adapt
    settings: RunSettings = run.settings.model_copy(update=changes)
    stored = [catalogue_from_table(table, str(folder / CORPUS)) for table in run.facts.get("catalogues", [])]
    corpus = build_corpus(settings, [*stored, *catalogues])
    return evaluate_run(replace(run, settings=settings), corpus)


def evaluate_run(run: Run, corpus: Corpus) -> Evaluation:
    """Evaluate an open run on the test clips of a corpus, with the alignment of the run's settings.

    Raises:
        BadConfig: the split has no unseen class.
    """
    settings = run.settings
    if not corpus.unseen:
        raise BadConfig(f"nothing to evaluate: the split {settings.split} has no unseen class")
    features = features_of(run.model, corpus.test.positions, corpus.test.present)
    anchors = unseen_anchors(run.model, corpus, settings, run.centre)
    alignment = align_with(features, anchors, settings.adapt)
    classes, truth = len(corpus.unseen), corpus.test.labels
    return Evaluation(
        run,
        corpus,
        features,
        alignment,
        # Each clip on its own, whatever the alignment: some correct the cosines of all clips together.
        before=score(truth, nearest(features, alignment.anchors), classes, seed=settings.train.seed),
        after=score(truth, alignment.predictions, classes, seed=settings.train.seed),
    )


def save_evaluation(
    evaluation: Evaluation,
    *,
    notes: tuple[str, ...] = (),
    command: str = "",
    comparison: Comparison | None = None,
) -> tuple[Path, Path]:
    """Write ``evaluation.json``, ``report.html`` and the folder ``report`` of tables and figures into the run's folder.

    Args:
        notes: for the top of the page.
        command: the command lines that make the run and the report; "": `commands` of the run.
        comparison: with another run, for the page.

    Returns the paths of the first two. All files are of one evaluation: others wait, or are refused.

    Raises:
        FolderInUse: another process writes in the run's folder.
        NotWritten: disk full or read-only, no permission, or something else in the place of a file.
    """
    folder, origin = evaluation.run.folder, provenance(evaluation.corpus.packs)
    report = _report(evaluation, notes, command)
    compared = None if comparison is None else comparison.table()
    report = replace(report, run={**report.run, **origin}, comparison=compared)
    with folder_lock(folder):
        write_json(folder / EVALUATION, with_checksum({**evaluation.to_dict(), "provenance": origin}))
        write_report(folder / REPORT, report)
        write_tables_and_figures(folder / FOLDER, report)
    return folder / EVALUATION, folder / REPORT


def _report(evaluation: Evaluation, notes: tuple[str, ...], command: str) -> Report:
    run, corpus, alignment = evaluation.run, evaluation.corpus, evaluation.alignment
    variants = run.settings.text.variants
    variant = "plain" if "plain" in variants else variants[0]
    before, after = cosines(evaluation.features, alignment.anchors), alignment.scores
    origin = corpus.test.origin.tolist()
    predictions = Predictions(
        tuple(str(corpus.packs[pack].manifest["id"][clip]) for pack, clip in origin),
        corpus.test.labels,
        before.argmax(axis=1),
        alignment.predictions,
    )
    examples = [
        Example(i, corpus.packs[origin[i][0]].clip(origin[i][1]), before[i].tolist(), after[i].tolist())
        for i in choose_examples(predictions)
    ]
    return Report(
        title=run.settings.split,
        run=_run_facts(evaluation),
        table=[_row(BEFORE[evaluation.start], evaluation.before), _row(AFTER, evaluation.after)],
        classes=[UnseenClass(action.label, sentence_of(action, variant)) for action in corpus.unseen],
        predictions=predictions,
        start=evaluation.start,
        command=command or commands(run.folder),
        map=feature_map(evaluation.features, alignment.anchors, alignment.prototypes),
        examples=examples,
        history={"training loss": [line["loss"] for line in read_metrics(run.folder)]},
        notes=(*notes, *corpus.notes, *([] if evaluation.start == "sentences" else [_ONE_SHOT])),
        removed=[
            f"{removal['class']}: same as unseen {removal['because_of']} ({removal['rule']})"
            for removal in run.facts["removed"]
        ],
        reliability={
            BEFORE[evaluation.start]: evaluation.reliability_before,
            AFTER: evaluation.reliability_after,
        },
        margins=_margins(after, corpus.test.labels),
    )


def commands(folder: Path, evaluate: str = "") -> str:
    """The command lines of training, with all settings from the file that the run keeps, and of evaluation."""
    name = shlex.quote(str(folder))
    return f"pgfa train --settings {name}/{SETTINGS} --out {name}\n{evaluate or f'pgfa evaluate {name}'}"


def _margins(scores: NDArray[np.float32], true: NDArray[np.int64]) -> NDArray[np.float64]:
    """(N,) score of the true class minus the highest of the others; of a single class, its score."""
    others = scores.astype(np.float64)
    clips = np.arange(len(true))
    own = others[clips, true].copy()
    others[clips, true] = -np.inf
    highest = others.max(axis=1)
    return np.asarray(own - np.where(np.isfinite(highest), highest, 0.0))


def _run_facts(evaluation: Evaluation) -> dict[str, str]:
    corpus, settings = evaluation.corpus, evaluation.run.settings
    batch_means = (f"{100 * score.batch_mean:.1f} %" for score in (evaluation.before, evaluation.after))
    return {
        "Split": f"{settings.split}: {len(corpus.unseen)} unseen classes",
        "Trained on": f"{len(corpus.train):,} clips of {len(corpus.seen)} seen classes, from "
        + ", ".join(Path(path).name for path in settings.packs),
        "Tested on": f"{len(corpus.test):,} clips",
        "People": str(evaluation.people).removeprefix("People: "),
        "Recipe": f"{settings.train.recipe}, {settings.train.epochs} epochs, seed {settings.train.seed}",
        "Model": f"{settings.model.encoder} ({ENCODERS[settings.model.encoder]}), "
        f"objective {settings.train.objective}",
        "Sentences": f"encoder {settings.text.encoder}; {', '.join(settings.text.variants)}",
        "Alignment": ALIGNMENTS[settings.adapt.method].describe(settings.adapt),
        "Batch mean": f"{' before, '.join(batch_means)} after alignment. {_sentence(BATCH_MEAN.partition(': ')[2])}",
    }


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _row(name: str, value: Score) -> ResultRow:
    return ResultRow(name, value.accuracy, value.class_mean, value.low, value.high, value.clips)
