"""A recogniser on disk: the folder of a training run, or a self-contained bundle.

A bundle is a folder of ``recogniser.json`` (settings, centre, calibration, provenance), the encoder
(``encoder.safetensors`` for torch or ``encoder.onnx``), and, if there are any, the vectors of sentences
(``sentences.safetensors``) and of prototypes (``prototypes.safetensors``). The optional key ``recentring`` has
the means that an adapted recogniser subtracts.

Changes of the format: a new optional key keeps `FORMAT`; anything that an older pgfa would misread gets a new number,
and `_manifest` then maps older manifests to the new form. Bundles of every number so far must open: a fixture of each
is in tests/fixtures and opened by tests/unit/test_old_bundles.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import Recentring
from pgfa.config import FORMAT as SETTINGS_FORMAT
from pgfa.config import RunSettings
from pgfa.errors import BadCheckpoint, PgfaError
from pgfa.files import file_sha256, read_json, write_atomic, write_json
from pgfa.recognise.calibration.model import Calibration
from pgfa.recognise.encoders import FeatureEncoder, OnnxEncoder, TorchEncoder
from pgfa.recognise.prototypes import Prototype, load_prototypes, save_prototypes
from pgfa.text.anchors import sentence_anchors

FORMAT = "pgfa recogniser 2"
OLD_FORMAT = "pgfa recogniser 1"
"""With the settings of format 1, which `RunSettings.saved` maps."""
RECENTRED_FORMAT = "pgfa recogniser 4"
"""As `FORMAT`, with the key ``recentring``: a pgfa that does not know it would give other answers."""

MANIFEST, TORCH, ONNX, SENTENCES = (
    "recogniser.json",
    "encoder.safetensors",
    "encoder.onnx",
    "sentences.safetensors",
)
BUNDLED = Path(__file__).parent / "weights" / "default"
"""The default recogniser, bundled with the package."""


@dataclass(frozen=True)
class Bundle:
    """Everything a recogniser needs.

    Attributes:
        settings: of the training run; `prepare` and `text` are used.
        encoder: prepared clips -> features.
        centre: (d,) subtracted from every sentence vector.
        calibration: cosines -> probabilities.
        provenance: what it was trained on: seen and unseen classes, clips, identity of the run.
        sentences: stored sentence vectors, of length 1, before the centre is subtracted.
        prototypes: of sentences that were adapted and classes that were taught when it was saved.
        folder: that it was opened from.
        recentring: of the unlabelled clips it was adapted on when it was saved; None: it was not adapted.
    """

    settings: RunSettings
    encoder: FeatureEncoder
    centre: NDArray[np.float32]
    calibration: Calibration
    provenance: Mapping[str, Any]
    sentences: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    prototypes: Mapping[str, Prototype] = field(default_factory=dict)
    folder: Path | None = None
    recentring: Recentring | None = None

    def anchors(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """(K, d) vectors in the space of the features; stored ones first, the others are encoded.

        Raises BadConfig for an empty sentence, or where the sentence encoder is not available.
        """
        return sentence_anchors(sentences, self.settings.text, self.centre, self.sentences)

    def save(self, folder: Path, sentences: Sequence[str] = ()) -> None:
        """Write a bundle; `recogniser.json` is written last and marks it as complete.

        Args:
            folder: created if missing; a bundle in it is replaced.
            sentences: whose vectors are stored, in addition to those already stored.
        """
        stored = dict(self.sentences)
        if new := [s for s in dict.fromkeys(sentences) if s not in stored]:
            stored |= zip(new, self.anchors(new) + self.centre, strict=True)
        (folder / MANIFEST).unlink(missing_ok=True)
        weights = folder / (ONNX if isinstance(self.encoder, OnnxEncoder) else TORCH)
        if isinstance(self.encoder, OnnxEncoder):
            write_atomic(weights, self.encoder.content)
        elif isinstance(self.encoder, TorchEncoder):
            from pgfa.train.checkpoint import save_checkpoint

            save_checkpoint(weights, self.encoder.model)
        else:
            raise TypeError(f"an encoder of type {self.encoder.kind} cannot be saved")
        if stored:
            from safetensors.numpy import save

            write_atomic(folder / SENTENCES, save({s: np.ascontiguousarray(v) for s, v in stored.items()}))
        else:
            (folder / SENTENCES).unlink(missing_ok=True)
        manifest = {
            "form": FORMAT if self.recentring is None else RECENTRED_FORMAT,
            "encoder": {"file": weights.name, "sha256": file_sha256(weights)},
            "settings": _portable(self.settings),
            "text_centre": [float(x) for x in self.centre],
            "calibration": self.calibration.to_dict(),
            "provenance": dict(self.provenance),
        }
        if prototypes := save_prototypes(folder, self.prototypes):
            manifest["prototypes"] = prototypes
        if self.recentring is not None:
            manifest["recentring"] = self.recentring.to_dict()
        write_json(folder / MANIFEST, manifest)


def open_bundle(folder: Path | None = None, *, device: str = "cpu") -> Bundle:
    """Open a bundle or a training run; without a folder, the bundled recogniser.

    Raises:
        BadCheckpoint: the folder is not a recogniser, or it is damaged.
        BadConfig: the device is not available; onnxruntime is needed but not installed.
    """
    if folder is None and not (BUNDLED / MANIFEST).is_file():
        raise BadCheckpoint(
            "this copy of pgfa contains no default recogniser; give a run of `pgfa train` or a bundle of `pgfa export`"
        )
    folder = BUNDLED if folder is None else folder
    if not (folder / MANIFEST).is_file():
        return _from_run(folder, device)
    manifest = _manifest(folder / MANIFEST)
    try:
        settings = RunSettings.saved(**manifest["settings"])
        centre = np.asarray(manifest["text_centre"], dtype=np.float32)
        file, sha256 = str(manifest["encoder"]["file"]), manifest["encoder"]["sha256"]
        provenance = dict(manifest["provenance"])
    except (KeyError, TypeError, ValueError, PgfaError) as error:
        raise BadCheckpoint(f"{folder / MANIFEST}: not the manifest of a recogniser: {error!r}") from None
    if centre.ndim != 1 or not centre.size or not np.isfinite(centre).all() or file not in (TORCH, ONNX):
        raise BadCheckpoint(
            f"{folder / MANIFEST}: expected a text_centre of finite numbers, and {TORCH} or {ONNX}"
        )
    if not (folder / file).is_file() or file_sha256(folder / file) != sha256:
        raise BadCheckpoint(f"{folder / file}: missing, or its SHA-256 is not the one in {MANIFEST}")
    return Bundle(
        settings,
        _encoder(folder / file, settings, centre.size, device),
        centre,
        Calibration.from_dict(manifest.get("calibration"), str(folder / MANIFEST)),
        provenance,
        _sentences(folder / SENTENCES, centre.size),
        load_prototypes(folder, manifest.get("prototypes", []), centre.size),
        folder,
        _recentring(manifest, centre.size, folder / MANIFEST),
    )


def _from_run(folder: Path, device: str) -> Bundle:
    from pgfa.train.run import open_run  # here, as it imports torch; an exported recogniser runs without it

    run = open_run(folder, device=device)
    keys = ("identity", "seen", "unseen", "train_clips", "removed")
    provenance = {"run": folder.name, **{key: run.facts[key] for key in keys if key in run.facts}}
    calibration = Calibration.unfitted(float(run.model.log_scale.detach().exp()))
    return Bundle(run.settings, TorchEncoder(run.model), run.centre, calibration, provenance, folder=folder)


def _manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = read_json(path)
    except PgfaError as error:
        raise BadCheckpoint(str(error)) from None
    form = manifest.get("form") if isinstance(manifest, dict) else None
    if form not in (RECENTRED_FORMAT, FORMAT, OLD_FORMAT):
        raise BadCheckpoint(f"{path}: expected form {FORMAT!r}, found {form!r}")
    return dict(manifest)


def _recentring(manifest: Mapping[str, Any], size: int, path: Path) -> Recentring | None:
    """The means that an adapted recogniser subtracts, None for any other. Raises BadCheckpoint that names `path`."""
    if "recentring" not in manifest:
        return None
    try:
        return Recentring.from_dict(manifest["recentring"], size)
    except (KeyError, TypeError, ValueError) as error:
        raise BadCheckpoint(f"{path}: not a valid recentring: {error!r}") from None


def _encoder(file: Path, settings: RunSettings, size: int, device: str) -> FeatureEncoder:
    if file.name == ONNX:
        return OnnxEncoder.open(file, size=size, per_body=settings.model.absent_bodies == "skip")
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
    """Settings without the paths of the machine that trained the model."""
    values = {"format": SETTINGS_FORMAT, **settings.model_dump(mode="json")}
    values["packs"] = [re.split(r"[\\/]", str(p).rstrip("\\/"))[-1] for p in settings.packs]
    if values["text"]["source"] is not None:
        values["text"]["source"] = Path(values["text"]["source"]).name
    return values
