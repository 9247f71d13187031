"""A trained run on disk: settings, the model, and what the sentences are measured from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.config import RunSettings
from pgfa.errors import BadCheckpoint
from pgfa.files import read_json
from pgfa.model.encoder import MotionEncoder
from pgfa.skeleton import Layout, get_layout
from pgfa.train.checkpoint import load_state
from pgfa.train.train import CORPUS, SETTINGS, WEIGHTS, build_model, pick_device


@dataclass(frozen=True)
class Run:
    """What `pgfa train` left in a folder.

    Attributes:
        folder: where it lies.
        settings: it was trained with.
        facts: ``corpus.json``: classes seen and unseen, counts, classes removed by the leakage rule.
        layout: that clips are carried to.
        centre: (d,) subtracted from every sentence vector.
        model: trained, in evaluation mode.
    """

    folder: Path
    settings: RunSettings
    facts: dict[str, Any]
    layout: Layout
    centre: NDArray[np.float32]
    model: MotionEncoder


def open_run(folder: Path, *, device: str = "auto") -> Run:
    """Open a finished run.

    Raises:
        BadCheckpoint: the folder is no run, the training has not ended, or its weights are damaged.
    """
    if not (folder / SETTINGS).is_file() or not (folder / CORPUS).is_file():
        raise BadCheckpoint(
            f"{folder}: expected a run ({SETTINGS}, {CORPUS}), found none; `pgfa train` makes one"
        )
    if not (folder / WEIGHTS).is_file():
        raise BadCheckpoint(
            f"{folder}: its training has not ended; start the same `pgfa train` again to go on"
        )
    settings = RunSettings.load(folder / SETTINGS, RunSettings.saved)
    facts = read_json(folder / CORPUS)
    layout = get_layout(settings.prepare.layout)
    try:
        centre = np.asarray(facts["text_centre"], dtype=np.float32).reshape(int(facts["text_size"]))
    except (KeyError, TypeError, ValueError):
        raise BadCheckpoint(f"{folder / CORPUS}: expected text_size and text_centre of that size") from None
    model = build_model(settings, layout, len(centre))
    about = load_state(folder / WEIGHTS, model)
    if about.get("identity") != facts.get("identity"):
        raise BadCheckpoint(f"{folder / WEIGHTS}: its weights are of another run than {CORPUS} tells of")
    return Run(folder, settings, facts, layout, centre, model.to(pick_device(device)).eval())
