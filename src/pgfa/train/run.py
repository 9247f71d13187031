"""A run on disk: its files, creating it, and opening it once it is trained.

    run.toml               settings (`pgfa.config`, which has the rule for their format)
    corpus.json            identity (`pgfa.train.identity`), classes, counts, the centre taken from sentence vectors
    metrics.jsonl          a line per epoch
    test_accuracy.jsonl    a line per epoch, with `train.test_each_epoch` only
    checkpoint.safetensors model and optimiser after the last finished epoch (`pgfa.train.checkpoint`)
    model.safetensors      the trained model

corpus.json and each line of the logs have a checksum; corpus.json has the SHA-256 of run.toml; checkpoint and weights
have digests of their own. Runs of earlier versions, without them, open as before.

Rule for changes: keys of corpus.json and of the logs are only added. A key that must be renamed is renamed in
`read_metrics`, which reads logs of every version; log files of an old name are taken over by `upgrade_files`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.config import RunSettings, Settings
from pgfa.config.run import RUN_FILE
from pgfa.errors import BadCheckpoint, BadConfig, BadFile, NotWritten
from pgfa.files import CHECKSUM, read_json, verify_checksum, verify_files, with_checksum, write_files_list
from pgfa.model.device import pick_device
from pgfa.model.encoder import MotionEncoder, build_model
from pgfa.skeleton import Layout, get_layout
from pgfa.train.checkpoint import load_checkpoint
from pgfa.train.identity import SUMS, Identity

SETTINGS, CORPUS = RUN_FILE, "corpus.json"
METRICS, TEST_LOG = "metrics.jsonl", "test_accuracy.jsonl"
CENTRE = "text_centre"
CHECKPOINT, WEIGHTS = "checkpoint.safetensors", "model.safetensors"

_OLD_TEST_LOG = "paper_protocol.jsonl"
_OLD_METRICS = {"rate": "learning_rate", "scale": "logit_scale"}


@dataclass(frozen=True)
class Run:
    """What `pgfa train` left in a folder.

    Attributes:
        folder: of the run.
        settings: it was trained with.
        facts: ``corpus.json``: classes seen and unseen, counts, classes removed by the leakage rule.
        layout: of prepared clips.
        centre: (d,) subtracted from every sentence vector.
        model: trained, in evaluation mode.
        verified: False: an earlier version wrote the run, without digests of settings and facts.
    """

    folder: Path
    settings: RunSettings
    facts: dict[str, Any]
    layout: Layout
    centre: NDArray[np.float32]
    model: MotionEncoder
    verified: bool = True


def open_run(folder: Path, *, device: str = "auto") -> Run:
    """Open a finished run.

    Raises:
        BadCheckpoint: the folder holds no run, training is not finished, or the weights are damaged.
        BadFile: settings or facts are damaged.
    """
    if not (folder / SETTINGS).is_file() or not (folder / CORPUS).is_file():
        raise BadCheckpoint(
            f"{folder}: expected a run ({SETTINGS}, {CORPUS}), found none; create one with `pgfa train`"
        )
    if not (folder / WEIGHTS).is_file():
        raise BadCheckpoint(f"{folder}: training is not finished; run the same `pgfa train` again to resume")
    facts, verified = _facts(folder)
    settings = RunSettings.load(folder / SETTINGS, RunSettings.saved)
    layout = get_layout(settings.prepare.layout)
    try:
        centre = np.asarray(facts[CENTRE], dtype=np.float32).reshape(int(facts["text_size"]))
    except (KeyError, TypeError, ValueError):
        raise BadCheckpoint(f"{folder / CORPUS}: expected text_size and text_centre of that size") from None
    model = build_model(settings, layout, len(centre))
    about = load_checkpoint(folder / WEIGHTS, model)
    if about.get("identity") != facts.get("identity"):
        raise BadCheckpoint(f"{folder / WEIGHTS}: the weights belong to another run than {CORPUS}")
    return Run(folder, settings, facts, layout, centre, model.to(pick_device(device)).eval(), verified)


def open_or_create_run(out: Path, settings: Settings, identity: Identity, facts: dict[str, Any]) -> str:
    """Write what the run is, or check that the run in the folder is the same one.

    Returns:
        The digest by which its checkpoints are known: that of the machine and version that began it.

    Raises:
        BadConfig: `out` holds another run.
    """
    if not (out / CORPUS).exists():
        settings.save(out / SETTINGS)
        write_files_list(out / CORPUS, {**identity.facts(), **facts}, [SETTINGS])
        return identity.exact
    saved, _ = _facts(out)
    if not identity.matches(saved) and not _began_elsewhere(out, saved, settings, facts):
        raise BadConfig(
            f"{out} holds a run with other settings, sentences or clips; "
            "choose another folder, or delete this one to start again"
        )
    upgrade_files(out)
    return str(saved["identity"])


def _began_elsewhere(out: Path, saved: dict[str, Any], settings: Settings, facts: dict[str, Any]) -> bool:
    """Whether an earlier version began this run on another processor.

    It stored a digest of the bytes of the clips, which is another one there. What else is stored must be the same.
    """
    if SUMS in saved or not isinstance(settings, RunSettings) or CENTRE not in facts or CENTRE not in saved:
        return False
    places = {"packs": settings.packs, "adapt": settings.adapt}
    if RunSettings.load(out / SETTINGS, RunSettings.saved).model_copy(update=places) != settings:
        return False
    if any(saved[name] != facts[name] for name in facts.keys() & saved.keys() - {CENTRE}):
        return False
    centre, stored = (np.asarray(values[CENTRE], dtype=np.float64) for values in (facts, saved))
    return centre.shape == stored.shape and bool(np.allclose(centre, stored, atol=1e-4))


def _facts(folder: Path) -> tuple[dict[str, Any], bool]:
    """The facts of a run, and whether they and its settings have the digests in them. Raises BadFile."""
    facts = read_json(folder / CORPUS)
    if not isinstance(facts, dict):
        raise BadFile(folder / CORPUS, expected="facts by name", found=repr(facts)[:80])
    return facts, verify_files(folder / CORPUS, facts)


def upgrade_files(out: Path) -> None:
    """Give files of an older version today's names."""
    if (out / _OLD_TEST_LOG).exists() and not (out / TEST_LOG).exists():
        (out / _OLD_TEST_LOG).replace(out / TEST_LOG)


def read_metrics(out: Path) -> Iterator[dict[str, Any]]:
    """The lines of a run's metrics, one per epoch, under today's names. Raises as `read_log`."""
    if (out / METRICS).exists():
        for line in read_log(out / METRICS):
            yield {_OLD_METRICS.get(name, name): value for name, value in line.items()}


def append_line(path: Path, values: dict[str, Any]) -> None:
    """Append a line of JSON with a checksum to a log. Raises NotWritten."""
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(with_checksum(values)) + "\n")
    except OSError as error:
        raise NotWritten.of(path, error) from error


def read_log(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of `append_line`, and of earlier versions, without checksums.

    Raises:
        BadFile: a line was cut short, or changed after it was written.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise BadFile(path, expected="lines of JSON", found=str(error)) from None
    for number, line in enumerate(lines, 1):
        where = f"line {number}"
        try:
            values = json.loads(line)
        except ValueError as error:
            raise BadFile(path, where=where, expected="JSON", found=str(error)) from None
        if not isinstance(values, dict):
            raise BadFile(path, where=where, expected="values by name", found=repr(values)[:80])
        verify_checksum(path, values)
        yield {name: value for name, value in values.items() if name != CHECKSUM}


def test_log_path(out: Path) -> Path:
    """The log of the accuracy on the test clips after each epoch, under the name the run's version gave it."""
    return out / (_OLD_TEST_LOG if (out / _OLD_TEST_LOG).exists() else TEST_LOG)
