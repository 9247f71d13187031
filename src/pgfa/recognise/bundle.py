"""A recogniser on disk: the folder of a training run, or a bundle that stands by itself.

A bundle is a folder of ``recogniser.json`` (settings, centre, calibration, where it comes from), the encoder
(``encoder.safetensors`` for torch or ``encoder.onnx``), and, where there are any, the vectors of sentences
(``sentences.safetensors``) and of what was adapted or taught (``prototypes.safetensors``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.config import RunSettings
from pgfa.errors import BadCheckpoint, PgfaError
from pgfa.files import file_sha256, read_json, write_atomic, write_json
from pgfa.recognise.calibration.model import Calibration
from pgfa.recognise.encoders import Encoder, OnnxEncoder, TorchEncoder
from pgfa.recognise.prototypes import Prototype, load_prototypes, save_prototypes
from pgfa.text.encode import encode

FORM = "pgfa recogniser 1"
FACTS, TORCH, ONNX, SENTENCES = (
    "recogniser.json",
    "encoder.safetensors",
    "encoder.onnx",
    "sentences.safetensors",
)
IN_THE_BOX = Path(__file__).parent / "weights" / "default"
"""The recogniser that comes with the package."""


@dataclass(frozen=True)
class Bundle:
    """Everything a recogniser needs.

    Attributes:
        settings: of the training run; `prepare` and `text` are used.
        encoder: prepared clips -> features.
        centre: (d,) subtracted from every sentence vector.
        calibration: cosines -> probabilities.
        provenance: what it was trained on: classes seen and unseen, clips, identity of the run.
        sentences: vectors of sentences that are stored with it, rows of length 1, before the centre is
            subtracted.
        prototypes: sentences that were adapted and classes that were taught when it was saved.
        place: where it was opened from.
    """

    settings: RunSettings
    encoder: Encoder
    centre: NDArray[np.float32]
    calibration: Calibration
    provenance: Mapping[str, Any]
    sentences: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    prototypes: Mapping[str, Prototype] = field(default_factory=dict)
    place: Path | None = None

    def anchors(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """(K, d) vectors in the space of the features; stored ones first, the others are encoded.

        Raises BadConfig for an empty sentence, or where the sentence encoder cannot be had.
        """
        known = {s: self.sentences[s] for s in sentences if s in self.sentences}
        absent = [s for s in dict.fromkeys(sentences) if s not in known]
        if absent:
            known |= zip(absent, encode(absent, self.settings.text), strict=True)
        return np.stack([known[s] for s in sentences]) - self.centre

    def save(self, folder: Path, sentences: Sequence[str] = ()) -> None:
        """Write a bundle; `recogniser.json`, written last, says that all is there.

        Args:
            folder: made if absent; a bundle that was there is replaced.
            sentences: whose vectors are stored too, beside those that this one has.
        """
        stored = dict(self.sentences)
        if new := [s for s in dict.fromkeys(sentences) if s not in stored]:
            stored |= zip(new, self.anchors(new) + self.centre, strict=True)
        (folder / FACTS).unlink(missing_ok=True)
        weights = folder / (ONNX if isinstance(self.encoder, OnnxEncoder) else TORCH)
        if isinstance(self.encoder, OnnxEncoder):
            write_atomic(weights, self.encoder.content)
        elif isinstance(self.encoder, TorchEncoder):
            from pgfa.train.checkpoint import save_checkpoint

            save_checkpoint(weights, self.encoder.model)
        else:
            raise TypeError(f"an encoder of kind {self.encoder.kind} cannot be saved")
        if stored:
            from safetensors.numpy import save

            write_atomic(folder / SENTENCES, save({s: np.ascontiguousarray(v) for s, v in stored.items()}))
        else:
            (folder / SENTENCES).unlink(missing_ok=True)
        facts = {
            "form": FORM,
            "encoder": {"file": weights.name, "sha256": file_sha256(weights)},
            "settings": _portable(self.settings),
            "text_centre": [float(x) for x in self.centre],
            "calibration": self.calibration.to_dict(),
            "provenance": dict(self.provenance),
        }
        if said := save_prototypes(folder, self.prototypes):
            facts["prototypes"] = said
        write_json(folder / FACTS, facts)


def open_bundle(place: Path | None = None, *, device: str = "cpu") -> Bundle:
    """Open a bundle, a training run, or, with no place, the recogniser in the box.

    Raises:
        BadCheckpoint: there is none, or it is damaged.
        BadConfig: a device this machine does not have; onnxruntime is needed and absent.
    """
    if place is None and not (IN_THE_BOX / FACTS).is_file():
        raise BadCheckpoint(
            "no weights come with this copy of pgfa; give a run of `pgfa train` or a bundle of `pgfa export`"
        )
    place = IN_THE_BOX if place is None else place
    if not (place / FACTS).is_file():
        return _from_run(place, device)
    said = _facts(place / FACTS)
    try:
        settings = RunSettings.saved(**said["settings"])
        centre = np.asarray(said["text_centre"], dtype=np.float32)
        file, sha256 = str(said["encoder"]["file"]), said["encoder"]["sha256"]
        provenance = dict(said["provenance"])
    except (KeyError, TypeError, ValueError, PgfaError) as error:
        raise BadCheckpoint(f"{place / FACTS}: not the facts of a recogniser: {error!r}") from None
    if centre.ndim != 1 or not centre.size or not np.isfinite(centre).all() or file not in (TORCH, ONNX):
        raise BadCheckpoint(f"{place / FACTS}: expected text_centre of some numbers, and {TORCH} or {ONNX}")
    if not (place / file).is_file() or file_sha256(place / file) != sha256:
        raise BadCheckpoint(f"{place / file}: missing, or not the file that {FACTS} tells of")
    return Bundle(
        settings,
        _encoder(place / file, settings, centre.size, device),
        centre,
        Calibration.from_dict(said.get("calibration"), str(place / FACTS)),
        provenance,
        _sentences(place / SENTENCES, centre.size),
        load_prototypes(place, said.get("prototypes", []), centre.size),
        place,
    )


def _from_run(place: Path, device: str) -> Bundle:
    from pgfa.train.run import open_run

    run = open_run(place, device=device)
    facts = ("identity", "seen", "unseen", "train_clips", "removed")
    provenance = {"run": place.name, **{name: run.facts[name] for name in facts if name in run.facts}}
    calibration = Calibration.unfitted(float(run.model.log_scale.detach().exp()))
    return Bundle(run.settings, TorchEncoder(run.model), run.centre, calibration, provenance, place=place)


def _facts(path: Path) -> dict[str, Any]:
    try:
        said = read_json(path)
    except PgfaError as error:
        raise BadCheckpoint(str(error)) from None
    if not isinstance(said, dict) or said.get("form") != FORM:
        raise BadCheckpoint(f"{path}: expected a {FORM}")
    return said


def _encoder(file: Path, settings: RunSettings, size: int, device: str) -> Encoder:
    if file.name == ONNX:
        return OnnxEncoder.open(file, size=size, alone=settings.model.absent_bodies == "skip")
    from pgfa.model.device import pick_device
    from pgfa.model.encoder import build_model
    from pgfa.skeleton import get_layout
    from pgfa.train.checkpoint import load_checkpoint

    model = build_model(settings, get_layout(settings.prepare.layout), size)
    load_checkpoint(file, model)
    return TorchEncoder(model.to(pick_device(device)).eval())


def _sentences(file: Path, size: int) -> dict[str, NDArray[np.float32]]:
    if not file.is_file():
        return {}
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        table = load_file(file)
    except (SafetensorError, OSError, ValueError) as error:
        raise BadCheckpoint(f"{file}: not readable sentence vectors: {error}") from None
    for sentence, vector in table.items():
        unit = vector.shape == (size,) and abs(float(np.linalg.norm(vector)) - 1) < 1e-3
        if vector.dtype != np.float32 or not unit:
            raise BadCheckpoint(f"{file}, {sentence!r}: expected {size} float32 numbers of length 1")
    return dict(table)


def _portable(settings: RunSettings) -> dict[str, Any]:
    """Settings without paths of the machine they were made on."""
    said = settings.model_dump(mode="json")
    said["packs"] = [re.split(r"[\\/]", str(p).rstrip("\\/"))[-1] for p in settings.packs]
    if said["text"]["source"] is not None:
        said["text"]["source"] = Path(said["text"]["source"]).name
    return said
