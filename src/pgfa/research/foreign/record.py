"""The record of a comparison of data sets: packs, settings, machine and time of a table (docs/evidence.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pgfa.config import PrepareSettings
from pgfa.pack import open_pack
from pgfa.recognise.background import NEAREST, TYPICAL
from pgfa.recognise.background import SHARE as BACKGROUND_SHARE
from pgfa.research.evidence.record import Computation, Record
from pgfa.research.foreign.choice import LEVELS, STYLE
from pgfa.research.foreign.encoder import EPOCHS
from pgfa.research.foreign.imagined import PERFORMERS, SEED, SHARE
from pgfa.research.foreign.reliability import NONE_SHARE, QUESTIONS
from pgfa.research.foreign.run import CALIBRATION_CLIPS, MIN_CLASSES, PARTS, TEXT, Comparison, fold_name
from pgfa.words.model import SHARES

KIND = "foreign sets"
KEYS = ("set", "style")
WEIGHTS_KIND, WEIGHTS_KEYS = "foreign sets, weights", ("set",)
RELIABILITY_KIND, RELIABILITY_KEYS = "foreign sets, reliability", ("style", "candidates")


def record_of(comparison: Comparison, compared: Sequence[str], seconds: float) -> Record:
    """The record of a table of `Comparison.table` that ends now.

    Args:
        compared: the parts compared, of `PARTS`.
        seconds: how long this call took; what an earlier call trained is not counted.
    """
    packs = [open_pack(folder) for folder in comparison.packs]
    names = [data.name for data in comparison.sets]
    settings = {
        "parts": [name for name in PARTS if name in compared],
        "shares": dict(zip(PARTS, SHARES, strict=False)),
        "folds": [list(fold) for fold in comparison.folds],
        "encoder_epochs": EPOCHS,
        "encoders": {fold_name(fold): comparison.encoder_identity(fold) for fold in comparison.folds},
        "calibration_clips": CALIBRATION_CLIPS,
        "none_share": NONE_SHARE,
        "questions": QUESTIONS,
        "background": {"nearest": NEAREST, "share": BACKGROUND_SHARE, "typical": TYPICAL},
        "imagined": {"performers": PERFORMERS, "seed": SEED, "share": SHARE},
        "prepare": PrepareSettings().model_dump(mode="json"),
        "text": TEXT.model_dump(mode="json"),
    }
    return Record(
        kind=KIND,
        keys=KEYS,
        settings=settings,
        data={
            name: {"digest": pack.digest, "clips": len(pack), "datasets": list(pack.datasets)}
            for name, pack in zip(names, packs, strict=True)
        },
        training={
            f"without {data.name}": [name for name in names if name != data.name]
            for data in comparison.sets
            if len(data.classes) >= MIN_CLASSES
        },
        computations=(Computation.now(seconds),),
    )


def weights_record(comparison: Comparison, seconds: float) -> Record:
    """The record of the rows of `pgfa.research.foreign.choice.weight_rows`; arguments as `record_of`."""
    record = record_of(comparison, PARTS, seconds)
    settings = {**record.settings, "levels": list(LEVELS), "style": STYLE}
    return replace(record, kind=WEIGHTS_KIND, keys=WEIGHTS_KEYS, settings=settings)


def reliability_record(comparison: Comparison, seconds: float) -> Record:
    """The record of the rows of `pgfa.research.foreign.reliability.reliability_rows`; arguments as `record_of`."""
    return replace(record_of(comparison, PARTS, seconds), kind=RELIABILITY_KIND, keys=RELIABILITY_KEYS)
