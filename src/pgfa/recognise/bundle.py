"""A recogniser on disk: the folder of a training run, or a self-contained bundle.

A bundle is a folder of ``recogniser.json`` (settings, centre, calibration, recentring, provenance), the encoder
(``encoder.safetensors`` for torch, ``encoder.onnx``, or both), and, if there are any, the kinematic model
(``kinematics.safetensors``), the vectors of sentences (``sentences.safetensors``) and of prototypes
(``prototypes.safetensors``). The manifest has the SHA-256 of each file and a checksum of itself, which are compared
on opening. Of two encoders, that of ONNX computes on the CPU and that of torch on other devices.

Changes of the format: a new optional key keeps `FORMAT`; anything that an older pgfa would misread gets a new number,
and `_manifest` then maps older manifests to the new form. The key ``encoder_onnx`` is optional: a pgfa that does not
know it computes with torch, and the answers are the same to `pgfa.recognise.export.PARITY`. Bundles of every number
so far must open: a fixture of each is in tests/fixtures and opened by tests/unit/test_old_bundles.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import Recentring
from pgfa.config import FORMAT as SETTINGS_FORMAT
from pgfa.config import RunSettings
from pgfa.config.extras import require
from pgfa.config.run import RUN_FILE
from pgfa.errors import BadCheckpoint, PgfaError
from pgfa.files import FILES, file_sha256, read_json, verify_files, write_atomic, write_files_list
from pgfa.files.folders import new_folder, read_whole, recover_folder
from pgfa.prepare import Prepared
from pgfa.recognise.background import Background
from pgfa.recognise.calibration.model import Calibration
from pgfa.recognise.encoders import FeatureEncoder, OnnxEncoder, TorchEncoder, finds_gpu
from pgfa.recognise.prototypes import PROTOTYPES, Prototype, load_prototypes, save_prototypes
from pgfa.recognise.screening import Screening
from pgfa.recognise.vectors import KnownVectors, clip_vectors, load_sentences, sentence_vectors
from pgfa.text.anchors import sentence_anchors, wordings_of
from pgfa.text.mirror import mirror_sentence
from pgfa.words.model import KinematicModel
from pgfa.words.sides import background_vectors, vector_size
from pgfa.words.store import load_kinematics, save_kinematics

FORMAT = "pgfa recogniser 3"
"""With the key ``kinematics`` or ``recentring`` or both: a pgfa that does not know them would give other answers."""
PLAIN = "pgfa recogniser 2"
"""Without both; older versions open it."""
OLD_FORMAT = "pgfa recogniser 1"
"""With the settings of format 1, which `RunSettings.saved` maps."""

MANIFEST, TORCH, ONNX = "recogniser.json", "encoder.safetensors", "encoder.onnx"
SENTENCES, KINEMATICS = "sentences.safetensors", "kinematics.safetensors"
_NAMES = {MANIFEST, TORCH, ONNX, SENTENCES, KINEMATICS, PROTOTYPES}
BUNDLED = Path(__file__).parent / "weights" / "default"
"""The default recogniser, bundled with the package."""
OPEN = Path("open")
"""Where no folder has this name: the bundled recogniser trained only on recordings whose terms allow any use."""


@dataclass(frozen=True)
class EncoderFile:
    """An encoder as it is stored.

    Attributes:
        name: `TORCH` or `ONNX`.
        content: the bytes of the file.
    """

    name: str
    content: bytes


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
        kinematics: if there is one, it is compared beside the encoder, and all vectors are in its space.
        verified: False: it was opened from files without digests of all their bytes, which earlier versions wrote.
        other_form: the same encoder for the other runtime, where a bundle has both; saved again beside `encoder`.
        name: of its folder, and the start of a digest: answers name the recogniser by it; empty in memory.
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
    kinematics: KinematicModel | None = None
    verified: bool = True
    other_form: EncoderFile | None = None
    name: str = ""
    _known: KnownVectors = field(default_factory=KnownVectors, init=False, repr=False, compare=False)

    @property
    def size(self) -> int:
        """d of features and anchors."""
        return len(self.centre) if self.kinematics is None else vector_size(self.kinematics)

    @property
    def encoder_size(self) -> int:
        """Length of the encoder's own features."""
        return _encoder_size(self.kinematics, self.centre)

    def features(self, prepared: Prepared, screening: Screening) -> NDArray[np.float32]:
        """(N, d) features of prepared clips in sentence space, not normalised; `screening`: of the clips."""
        if self.kinematics is None:
            return self.encoder.features(prepared.positions, prepared.present)
        return clip_vectors(self.kinematics, self.encoder, prepared, screening)

    def anchors(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """(K, d) vectors in the space of the features; stored ones first, the others are encoded.

        Of a candidate of several wordings, ``"wave | greets by waving"``, the mean of their vectors.

        Raises BadConfig for an empty sentence or wording, or where the sentence encoder is not available.
        """
        texts = [wordings_of(sentence) for sentence in sentences]
        flat = [wording for of_one in texts for wording in of_one]
        vectors = self._known.of(flat, self._vectors)
        starts = np.cumsum([0, *(len(of_one) for of_one in texts)])
        rows = [vectors[a] if b == a + 1 else vectors[a:b].mean(axis=0) for a, b in pairwise(starts)]
        return np.stack(rows) if rows else vectors

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, d) of wordings."""
        if self.kinematics is None:
            return sentence_anchors(texts, self.settings.text, self.centre, self.sentences)
        return sentence_vectors(self.kinematics, texts, self._encoded, self.settings.text)

    def _encoded(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """(K, e) unit vectors of the sentence encoder."""
        return sentence_anchors(sentences, self.settings.text, np.zeros_like(self.centre), self.sentences)

    def background(self, recentring: Recentring | None) -> Background | None:
        """Everyday actions, for an adapted recogniser with its recentring; None without them."""
        model = self.kinematics
        return None if model is None else Background.of(background_vectors(model), recentring)

    def save(self, folder: Path, sentences: Sequence[str] = ()) -> None:
        """Write a bundle: a new folder beside `folder`, which then takes its name (`pgfa.files.folders`).

        Args:
            folder: created if missing; a bundle in it is replaced, other files in it stay.
            sentences: whose vectors are stored, in addition to those already stored.

        Raises:
            NotWritten: disk full or read-only, no permission, or a file in the way; a bundle in `folder` is as it was.
        """
        stored = dict(self.sentences)
        wordings = [wording for sentence in sentences for wording in wordings_of(sentence)]
        if self.kinematics is not None and self.kinematics.both_sides:
            wordings += [mirror_sentence(wording) for wording in wordings]
        if new := [wording for wording in dict.fromkeys(wordings) if wording not in stored]:
            stored |= zip(new, self._encoded(new), strict=True)
        with new_folder(folder, _NAMES) as target:
            self._write(target, stored)

    def _write(self, folder: Path, stored: Mapping[str, NDArray[np.float32]]) -> None:
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
        files = {weights.name}
        if self.other_form is not None:
            write_atomic(folder / self.other_form.name, self.other_form.content)
            files.add(self.other_form.name)
        main = TORCH if TORCH in files else ONNX
        manifest = {
            "form": PLAIN if self.kinematics is None and self.recentring is None else FORMAT,
            "encoder": {"file": main, "sha256": file_sha256(folder / main)},
            "settings": _portable(self.settings),
            "text_centre": [float(x) for x in self.centre],
            "calibration": self.calibration.to_dict(),
            "provenance": dict(self.provenance),
        }
        if len(files) == 2:
            manifest["encoder_onnx"] = {"file": ONNX, "sha256": file_sha256(folder / ONNX)}
        if self.kinematics is not None:
            save_kinematics(folder / KINEMATICS, self.kinematics)
            manifest["kinematics"] = {"file": KINEMATICS, "sha256": file_sha256(folder / KINEMATICS)}
        if prototypes := save_prototypes(folder, self.prototypes):
            manifest["prototypes"] = prototypes
        if self.recentring is not None:
            manifest["recentring"] = self.recentring.to_dict()
        write_files_list(folder / MANIFEST, manifest, [file.name for file in folder.iterdir()])


def open_bundle(
    folder: Path | None = None, *, device: str = "cpu", runtime: Literal["onnx", "torch"] = "onnx"
) -> Bundle:
    """Open a bundle or a training run; without a folder, the bundled recogniser.

    Args:
        folder: of the bundle or run, or `OPEN`.
        device: ``cpu``, ``cuda``, ``cuda:1`` or ``auto``.
        runtime: of the encoder, where a bundle has both; ONNX computes on the CPU only, and torch on other devices.

    Where another process saves over the bundle meanwhile, it is the old or the new one.

    Raises BadCheckpoint for a folder that is damaged or no recogniser; BadConfig where the device or torch is missing.
    """
    if folder is None and not (BUNDLED / MANIFEST).is_file():
        raise BadCheckpoint(
            "this copy of pgfa contains no default recogniser; give a run of `pgfa train` or a bundle of `pgfa export`"
        )
    if folder is None or (folder == OPEN and not folder.exists()):
        folder = BUNDLED if folder is None else BUNDLED.with_name(OPEN.name)
    recover_folder(folder)
    return read_whole(folder / MANIFEST, partial(_open, folder, device, runtime))


def _open(folder: Path, device: str, runtime: Literal["onnx", "torch"]) -> Bundle:
    if not (folder / MANIFEST).is_file():
        return _from_run(folder, device)
    manifest, verified = _manifest(folder / MANIFEST)
    try:
        settings = RunSettings.saved(**manifest["settings"])
        centre = np.asarray(manifest["text_centre"], dtype=np.float32)
        encoders = _encoders(manifest)
        provenance = dict(manifest["provenance"])
    except (KeyError, TypeError, ValueError, PgfaError) as error:
        raise BadCheckpoint(f"{folder / MANIFEST}: not the manifest of a recogniser: {error!r}") from None
    if (
        centre.ndim != 1
        or not centre.size
        or not np.isfinite(centre).all()
        or not encoders.keys() <= {TORCH, ONNX}
    ):
        raise BadCheckpoint(
            f"{folder / MANIFEST}: expected a text_centre of finite numbers, and {TORCH} or {ONNX}"
        )
    for name, sha256 in encoders.items():
        if not verified and (not (folder / name).is_file() or file_sha256(folder / name) != sha256):
            raise BadCheckpoint(f"{folder / name}: missing, or its SHA-256 is not the one in {MANIFEST}")
    file, other = _preferred(list(encoders), device, runtime)
    kinematics = _kinematics(folder, manifest, centre.size, verified)
    size = centre.size if kinematics is None else vector_size(kinematics)
    return Bundle(
        settings,
        _encoder(folder / file, settings, _encoder_size(kinematics, centre), device),
        centre,
        Calibration.from_dict(manifest.get("calibration"), str(folder / MANIFEST)),
        provenance,
        {}
        if verified and SENTENCES not in manifest[FILES]
        else load_sentences(folder / SENTENCES, centre.size),
        load_prototypes(folder, manifest.get("prototypes", []), size),
        folder,
        _recentring(manifest, size, folder / MANIFEST),
        kinematics,
        verified,
        None if other is None else EncoderFile(other, (folder / other).read_bytes()),
        f"{folder.resolve().name} {file_sha256(folder / MANIFEST)[:12]}",
    )


def _encoders(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Names of the files of encoders and their SHA-256. Raises KeyError, TypeError."""
    records = [manifest["encoder"], *([manifest["encoder_onnx"]] if "encoder_onnx" in manifest else [])]
    return {str(record["file"]): record["sha256"] for record in records}


def _preferred(names: Sequence[str], device: str, runtime: str) -> tuple[str, str | None]:
    """Name of the encoder to compute with, and of the other one, if there is one."""
    if len(names) == 1:
        return names[0], None
    off_cpu = finds_gpu() if device == "auto" else device != "cpu"
    return (TORCH, ONNX) if off_cpu or runtime == "torch" else (ONNX, TORCH)


def _encoder_size(kinematics: KinematicModel | None, centre: NDArray[np.float32]) -> int:
    if kinematics is None or kinematics.encoder is None:
        return len(centre)
    return len(kinematics.encoder.mean)


def _kinematics(
    folder: Path, manifest: Mapping[str, Any], size: int, verified: bool
) -> KinematicModel | None:
    record = manifest.get("kinematics")
    if record is not None and manifest["form"] != FORMAT:
        raise BadCheckpoint(f"{folder / MANIFEST}: expected no kinematic model in form {manifest['form']!r}")
    if record is None:
        return None
    file = folder / KINEMATICS
    sha256 = record.get("sha256") if isinstance(record, dict) else None
    if not verified and (not file.is_file() or file_sha256(file) != sha256):
        raise BadCheckpoint(f"{file}: missing, or its SHA-256 is not the one in {MANIFEST}")
    model = load_kinematics(file)
    if len(model.space.centre) != size:
        actual = len(model.space.centre)
        raise BadCheckpoint(f"{file}: expected sentence vectors of length {size}, found {actual}")
    return model


def _from_run(folder: Path, device: str) -> Bundle:
    if not (folder / RUN_FILE).is_file():  # before torch is asked for
        raise BadCheckpoint(
            f"{folder}: expected a run of `pgfa train` ({RUN_FILE}) or a bundle of `pgfa export` ({MANIFEST}), "
            "found neither"
        )
    require("train", f"{folder}, a training run,")
    from pgfa.train.run import open_run  # here, as it imports torch; an exported recogniser runs without it

    run = open_run(folder, device=device)
    keys = ("identity", "seen", "unseen", "train_clips", "removed")
    provenance = {"run": folder.name, **{key: run.facts[key] for key in keys if key in run.facts}}
    calibration = Calibration.unfitted(float(run.model.log_scale.detach().exp()))
    return Bundle(
        run.settings, TorchEncoder(run.model), run.centre, calibration, provenance,
        folder=folder, verified=run.verified,
        name=f"{folder.resolve().name} {str(run.facts.get('identity', ''))[:12]}".strip(),
    )  # fmt: skip


def _manifest(path: Path) -> tuple[dict[str, Any], bool]:
    """The manifest, and whether it and all files of the bundle have the digests in it."""
    try:
        manifest = read_json(path)
        verified = isinstance(manifest, dict) and verify_files(path, manifest)
    except PgfaError as error:
        raise BadCheckpoint(str(error)) from None
    form = manifest.get("form") if isinstance(manifest, dict) else None
    if form not in (FORMAT, PLAIN, OLD_FORMAT):
        raise BadCheckpoint(f"{path}: expected form {FORMAT!r}, found {form!r}")
    return dict(manifest), verified


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
    require("train", str(file))
    from pgfa.model.device import pick_device
    from pgfa.model.encoder import build_model
    from pgfa.skeleton import get_layout
    from pgfa.train.checkpoint import load_checkpoint

    model = build_model(settings, get_layout(settings.prepare.layout), size)
    load_checkpoint(file, model)
    return TorchEncoder(model.to(pick_device(device)).eval())


def _portable(settings: RunSettings) -> dict[str, Any]:
    """Settings without the paths of the machine that trained the model."""
    values = {"format": SETTINGS_FORMAT, **settings.model_dump(mode="json")}
    values["packs"] = [re.split(r"[\\/]", str(p).rstrip("\\/"))[-1] for p in settings.packs]
    if values["text"]["source"] is not None:
        values["text"]["source"] = Path(values["text"]["source"]).name
    return values
