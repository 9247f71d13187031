"""Builders shared by the tests: clips, bodies, clip sets and a corpus, all a pure function of their arguments."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from numpy.typing import NDArray

from pgfa.files import FILES, file_sha256, with_checksum
from pgfa.skeleton import KINECT20, Clip, Layout, Source
from pgfa.text import catalogue
from pgfa.train.checkpoint import save_checkpoint
from pgfa.train.clip_set import ClipSet
from pgfa.train.corpus import Corpus
from pgfa.train.run import CHECKPOINT

_TRUNK = {"pelvis": (0, 0), "spine": (0, 0.2), "chest": (0, 0.45), "neck": (0, 0.55), "head": (0, 0.65)}
_LIMBS = {
    "shoulder": (0.2, 0.4), "elbow": (0.25, 0.14), "wrist": (0.28, -0.09), "hand": (0.29, -0.17),
    "handtip": (0.29, -0.2), "thumb": (0.26, -0.17), "hip": (0.1, -0.05), "knee": (0.11, -0.5),
    "ankle": (0.11, -0.86), "foot": (0.12, -0.92),
}  # fmt: skip


def make_clip(
    frames: int = 12,
    bodies: int = 1,
    layout: Layout = KINECT20,
    rate: float = 30.0,
    seed: int = 0,
    problems: tuple[str, ...] = (),
    **source: str,
) -> Clip:
    """A clip of random positions of human size, 3 m in front of the sensor; `source` are fields of `Source`."""
    positions = np.random.default_rng(seed).normal(scale=0.5, size=(frames, bodies, len(layout.joints), 3))
    positions += np.array([0.3, 1.0, 3.0])
    return Clip(
        positions.astype(np.float32), rate, layout, Source(**{"id": f"clip-{seed}", **source}), problems
    )


def standing_body(layout: Layout = KINECT20) -> NDArray[np.float32]:
    """(joints, 3) a body that stands and faces the viewer, pelvis at the origin: its right side at +x."""
    places = dict(_TRUNK)
    for side, sign in (("left", -1), ("right", 1)):
        places |= {f"{name}_{side}": (sign * x, y) for name, (x, y) in _LIMBS.items()}
    return np.array([(*places[joint], 0.02) for joint in layout.joints], dtype=np.float32)


def make_clip_set(clips: int, classes: int, seed: int = 0, frames: int = 8, bodies: int = 2) -> ClipSet:
    """Prepared clips of random positions in `kinect20`; every third clip lacks its second body."""
    random = np.random.default_rng(seed)
    present = np.ones((clips, bodies), dtype=bool)
    present[::3, 1:] = False
    positions = random.normal(size=(clips, frames, bodies, 20, 3)).astype(np.float32)
    positions *= present[:, None, :, None, None]
    origin = np.stack([np.zeros(clips, dtype=np.int64), np.arange(clips)], axis=1)
    return ClipSet(positions, present, random.integers(0, classes, clips), origin)


def make_corpus(
    seed: int = 0,
    seen: tuple[str, ...] = ("wave", "clap", "jog", "squat"),
    unseen: tuple[str, ...] = ("boxing", "lunge"),
    **changes: Any,
) -> Corpus:
    """A corpus of classes of UTD-MHAD with random clips: 26 to train on, 5 to test on."""
    book = catalogue("utd-mhad")
    train = changes.pop("train", None) or make_clip_set(26, len(seen), seed)
    test = changes.pop("test", None) or make_clip_set(5, len(unseen), seed + 1)
    return Corpus(
        KINECT20,
        {"utd-mhad": book},
        tuple(book[name] for name in seen),
        tuple(book[name] for name in unseen),
        train,
        test,
        (),
        **changes,
    )


@contextmanager
def stopped_after(epoch: int) -> Iterator[None]:
    """Within it, training is interrupted as soon as the checkpoint of that epoch is written; the test expects that."""

    def save_and_stop(path: Path, *args: Any, **about: Any) -> None:
        save_checkpoint(path, *args, **about)
        if path.name == CHECKPOINT and about["epoch"] == epoch + 1:
            raise KeyboardInterrupt

    with patch("pgfa.train.loop.save_checkpoint", save_and_stop), pytest.raises(KeyboardInterrupt):
        yield


def write_verified(path: Path, values: Mapping[str, Any]) -> None:
    """Write changed values of a manifest with digests that fit: what checks after the digests must detect."""
    files = {name: file_sha256(file) for name in values[FILES] if (file := path.with_name(name)).is_file()}
    path.write_text(json.dumps(with_checksum({**values, FILES: files})), encoding="utf-8")


def save_vectors(path: Path, corpus: Corpus) -> Path:
    """A file of six random numbers for each class of a corpus, in place of a sentence encoder."""
    random = np.random.default_rng(0)
    np.savez(path, **{action.key: random.normal(size=6) for action in (*corpus.seen, *corpus.unseen)})
    return path
