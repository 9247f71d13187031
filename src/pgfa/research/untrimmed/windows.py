"""Cosines of the windows of a recording with all sentences of its set, stored, so that decoding again takes no time."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.config import RecogniseSettings
from pgfa.files import digest, write_atomic
from pgfa.recognise import Recogniser
from pgfa.recognise.bundle import Bundle
from pgfa.recognise.temporal.spans import window_frames, window_times
from pgfa.recognise.temporal.windows import window_cosines
from pgfa.research.untrimmed.recordings import Questions, sentences_of


@dataclass(frozen=True)
class Windows:
    """What a recogniser sees in a recording.

    Attributes:
        names: K classes.
        times: (W,) centres, seconds.
        cosines: (lengths, W, K) for each window length of `RecogniseSettings`, NaN where no person is detected.
    """

    names: tuple[str, ...]
    times: NDArray[np.float64]
    cosines: NDArray[np.float32]


def windows_of(bundle: Bundle, identity: str, dataset: str, questions: Questions, folder: Path) -> Windows:
    """Computed, or read from `folder`.

    Args:
        bundle: not trained on the set.
        identity: of the bundle.
        dataset: name of the set.
        questions: a recording of one body.
        folder: of the results.
    """
    lengths, hop = RecogniseSettings().window, RecogniseSettings().hop
    clip, sentences = questions.recording.clip, sentences_of(dataset)
    times = window_times(clip, hop)
    key = digest(
        identity, lengths, hop, clip.rate, list(sentences.items()), np.nan_to_num(clip.positions).tobytes()
    )
    file = folder / f"{key}.npy"
    if file.is_file():
        return Windows(tuple(sentences), times, np.load(file, allow_pickle=False))
    recogniser = Recogniser(bundle)
    candidates = recogniser.candidates(list(sentences.values()))
    rows = []
    for length in lengths:
        frames = window_frames(times, length, clip)
        cosine, _ = window_cosines(
            recogniser.encode, candidates, clip.positions, clip.rate, clip.layout, frames
        )
        rows.append(cosine[:, 0])
    cosines = np.stack(rows)
    stored = io.BytesIO()
    np.save(stored, cosines, allow_pickle=False)
    write_atomic(file, stored.getvalue())
    return Windows(tuple(sentences), times, cosines)
