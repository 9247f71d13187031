"""The whole comparison: every data set is left out in turn; what is finished is a file, so that it can be resumed."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.config import PrepareSettings, TextSettings
from pgfa.errors import BadConfig
from pgfa.files import digest, file_sha256, write_atomic
from pgfa.pack import open_pack
from pgfa.recognise.bundle import MANIFEST, open_bundle
from pgfa.research.foreign.evaluation import figures
from pgfa.research.foreign.imagined import ImaginedSet, imagined_set
from pgfa.research.foreign.leave_out import LeftOut, look_at, train_without
from pgfa.research.foreign.reliability import calibrate, reliability_rows
from pgfa.research.foreign.sets import STYLES, ForeignSet, load_set
from pgfa.words.fit import clip_weights
from pgfa.words.model import SHARES, KinematicModel

Array = NDArray[np.float32]

TEXT = TextSettings(variants=("plain",))
"""One sentence of a class at a time, as a user asks."""
PARTS = ("description", "words", "encoder", "network", "profile", "background", "imagined")
"""What a recogniser compares, in the order of `SHARES` (`pgfa.words.model`), then everyday actions
(`pgfa.recognise.background`) and imagined recordings in training (`pgfa.synth.imagined`)."""
ASKED = (*STYLES, "averaged")
MIN_CLASSES = 5
CALIBRATION_CLIPS = 400
"""Clips of a set that take part in a calibration, at most, so that large sets do not decide alone."""


@dataclass(frozen=True)
class Results:
    """Tables of a comparison.

    Attributes:
        rows: of figures, one per set and style.
        reliability: how far probabilities can be relied on, over all sets.
    """

    rows: list[dict[str, Any]]
    reliability: list[dict[str, Any]]


@dataclass(frozen=True)
class Comparison:
    """Sets, and where results are kept.

    Attributes:
        packs: one per set.
        sets: all sets, those with too few classes to be left out included.
        imagined: recordings that are trained on beside them.
        out: folder of the results.
        folds: groups of sets that are left out together when motion encoders are trained, which takes longest; empty:
            no motion encoder, only the kinematic model.
        encoders: folder of motion encoders that are used as they are, one bundle per fold (`save_encoder`); a fold
            that it lacks is trained in `out` and saved here.
    """

    packs: tuple[Path, ...]
    sets: tuple[ForeignSet, ...]
    imagined: ImaginedSet
    out: Path
    folds: tuple[tuple[str, ...], ...] = ()
    encoders: Path | None = None

    @classmethod
    def open(cls, packs: Sequence[Path], out: Path, folds: int, encoders: Path | None = None) -> Comparison:
        """Prepare and measure all packs; deal the sets to `folds` folds, the largest ones first.

        Raises:
            BadConfig: fewer than three data sets, one of them twice, or a single fold, which leaves out all of them.
        """
        if folds == 1 or folds < 0:
            raise BadConfig(f"expected 0 folds (no motion encoder) or at least 2, found {folds}")
        sets = []
        for pack in packs:
            print(f"foreign sets: preparing {pack}", file=sys.stderr)
            sets.append(load_set(open_pack(pack), PrepareSettings(), TEXT))
        if len({s.name for s in sets}) < len(sets) or len(sets) < 3:
            raise BadConfig(f"expected at least three different data sets, found {[s.name for s in sets]}")
        by_size = sorted(sets, key=lambda s: -len(s.labels))
        dealt = tuple(tuple(s.name for s in by_size[i::folds]) for i in range(folds))
        print("foreign sets: imagined recordings", file=sys.stderr)
        return cls(tuple(packs), tuple(sets), imagined_set(TEXT), out, dealt, encoders)

    def left_out(self, compared: Collection[str] = PARTS) -> list[LeftOut]:
        """Every set with enough classes, as seen by a model that was trained without it.

        Args:
            compared: of `PARTS`; the others have no weight.
        """
        parts = []
        for data in self.sets:
            if len(data.classes) < MIN_CLASSES:
                continue
            model, encoded = self.model_without(data, imagined="imagined" in compared)
            description, words, encoder, network, profile = (
                weight if name in compared else 0.0 for name, weight in zip(PARTS, SHARES, strict=False)
            )
            model = replace(model, shares=(description, words, encoder, network, profile))
            part = look_at(model, data, encoded, TEXT)
            parts.append(part if "background" in compared else replace(part, background=None))
        return parts

    def model_without(
        self, data: ForeignSet, *, imagined: bool = True
    ) -> tuple[KinematicModel, Array | None]:
        """A model that was not trained on a set, and `encode_set` of it by its motion encoder, if it has one."""
        print(f"foreign sets: without {data.name}", file=sys.stderr)
        model = train_without(self.sets, [data.name], self.imagined.measured if imagined else None)
        fold = self.fold_of(data.name)
        return self._with_encoder(model, fold, data.name) if fold else (model, None)

    def fold_of(self, name: str) -> tuple[str, ...]:
        """The sets that the motion encoder for a set was trained without; empty: there is no motion encoder."""
        return next((fold for fold in self.folds if name in fold), ())

    def _with_encoder(
        self, model: KinematicModel, fold: tuple[str, ...], name: str
    ) -> tuple[KinematicModel, Array]:
        features = self.encoded(fold)
        training = [s for s in self.sets if s.name not in fold]
        model = model.with_encoder(
            np.concatenate([features[s.name][: len(s.labels)] for s in training]),
            clip_weights([s.measured for s in training]),
        )
        return model, features[name]

    def encoded(self, fold: tuple[str, ...]) -> dict[str, Array]:
        """`encode_set` of every set by a motion encoder trained without the sets of a fold; stored."""
        from safetensors import safe_open
        from safetensors.numpy import save

        from pgfa.research.foreign.encoder import encode_set

        file = self.out / f"{fold_name(fold)}-features.safetensors"
        if file.is_file():
            with safe_open(file, framework="numpy") as stored:
                if (stored.metadata() or {}).get("identity") == self._identity(fold):
                    return {s.name: stored.get_tensor(s.name) for s in self.sets}
        self._train(fold)
        encoder = open_bundle(self.encoder_folder(fold)).encoder
        features = {s.name: encode_set(encoder, s) for s in self.sets}
        write_atomic(file, save(features, metadata={"identity": self._identity(fold)}))
        return features

    def encoded_again(self, data: ForeignSet) -> Array:
        """Features of a set with changed clips by the motion encoder that `encoded` trained without it.

        Args:
            data: `ForeignSet.changed` of one of the sets.
        """
        from pgfa.research.foreign.encoder import encode_set

        return encode_set(open_bundle(self.encoder_folder(self.fold_of(data.name))).encoder, data)

    def encoder_folder(self, fold: tuple[str, ...]) -> Path:
        """The bundle or run of the motion encoder that was trained without the sets of a fold."""
        return (self.encoders or self.out) / fold_name(fold)

    def encoder_identity(self, fold: tuple[str, ...]) -> str:
        """Of the training run of the motion encoder of a fold."""
        return str(open_bundle(self.encoder_folder(fold)).provenance["identity"])

    def _train(self, fold: tuple[str, ...]) -> None:
        """Train the motion encoder of a fold, unless it is kept in `encoders`."""
        from pgfa.research.foreign.encoder import train_encoder

        folder = self.encoder_folder(fold)
        if (folder / MANIFEST).is_file():
            return
        run = self.out / fold_name(fold)
        training = [i for i, s in enumerate(self.sets) if s.name not in fold]
        train_encoder([self.sets[i] for i in training], [self.packs[i] for i in training], run, self.imagined)
        if folder != run:
            open_bundle(run).save(folder)

    def _identity(self, fold: tuple[str, ...]) -> str:
        """Of the features of all sets: by a kept motion encoder, or by one trained on these clips and texts."""
        manifest = self.encoder_folder(fold) / MANIFEST
        of_bundle = [file_sha256(manifest)] if manifest.is_file() else []
        return digest(fold, [self._content(s) for s in self.sets], self.imagined.digest, *of_bundle)

    @staticmethod
    def _content(data: ForeignSet) -> str:
        """Digest of the clips and texts of a set: features of others are computed again."""
        arrays = (
            data.right_leading, data.windows.right_leading, data.labels, data.measured.encoded, data.measured.words
        )  # fmt: skip
        return digest(data.name, *(np.ascontiguousarray(array).tobytes() for array in arrays))

    def results(self, parts: Sequence[LeftOut], progress: Callable[[str], None]) -> Results:
        """What is known of the sets; each calibration is fitted on the other sets."""
        rows, calibrations = [], {}
        for part in parts:
            progress(part.name)
            calibration = calibrate([sample(other) for other in parts if other.name != part.name])
            calibrations[part.name] = calibration
            for style in ASKED:
                row: dict[str, Any] = {"set": part.name, "clips": len(part.labels)}
                row |= {"classes": len(part.anchors[style]), "style": style}
                rows.append(row | figures(part, style, calibration))
        return Results(rows, reliability_rows(parts, calibrations, ASKED))


def fold_name(fold: tuple[str, ...]) -> str:
    """Of the folder of the motion encoder that was trained without the sets of a fold."""
    return f"encoder-{'without-' + '-'.join(fold) if fold else 'all'}"


def sample(part: LeftOut) -> LeftOut:
    """At most CALIBRATION_CLIPS clips of a set, evenly drawn."""
    if len(part.labels) <= CALIBRATION_CLIPS:
        return part
    chosen = np.random.default_rng(0).choice(len(part.labels), CALIBRATION_CLIPS, replace=False)
    return replace(part, features=part.features[chosen], labels=part.labels[chosen])


def write_table(file: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Rows as CSV, figures with four digits."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()})
    write_atomic(file, text.getvalue().encode())
