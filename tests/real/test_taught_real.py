"""Classes taught by five examples each, asked about people whose examples were not taught, of two real sets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pgfa.adapt import cosines
from pgfa.errors import BadFile
from pgfa.read import read, read_all
from pgfa.recognise import Recogniser
from pgfa.skeleton import Clip

pytestmark = pytest.mark.real
EXAMPLES = 5
DRAWS = 3


def clips_of(name: str, folder: Path) -> list[Clip]:
    """All clips of a data set of which two people are asked about: a third of the others keeps the test short."""
    if name == "utd-mhad":
        return [read(file) for file in sorted((folder / "utd-mhad" / "Skeleton").glob("*.mat"))]
    return [clip for clip in read_all(folder / "more" / f"{name}.npz") if not isinstance(clip, BadFile)][::3]


@pytest.mark.parametrize(("name", "person"), [("utd-mhad", "8"), ("ui-prmd", "10")])
def test_five_examples_reach_the_class_mean_of_features(name: str, person: str, shared_data: Path) -> None:
    """Means over draws of the examples: by one draw the share of right answers differs by up to eight points."""
    clips = clips_of(name, shared_data)
    asked = [clip for clip in clips if clip.source.subject == person]
    others = [clip for clip in clips if clip.source.subject != person]
    classes = sorted({clip.source.action for clip in asked})
    truth = np.array([classes.index(clip.source.action) for clip in asked])
    untaught = Recogniser.load()
    assert len(asked) >= 60
    right = []
    for seed in range(DRAWS):
        recogniser, means = taught(untaught, classes, others, np.random.default_rng(seed))
        by_mean = (cosines(recogniser.features(asked), means).argmax(axis=1) == truth).mean()
        answers = recogniser.recognise(asked)
        right.append(
            np.mean([a[0].sentence == clip.source.action for a, clip in zip(answers, asked, strict=True)])
        )
        assert right[-1] >= by_mean - 0.01
        assert np.mean([a.best is None for a in answers]) <= 0.08
    assert np.mean(right) >= 0.9
    absent = [
        recogniser.forget(clip.source.action).recognise(clip).none
        for clip in asked[:: max(1, len(asked) // 30)]
    ]
    assert np.mean(np.array(absent) > 0.5) >= 0.6


def taught(
    recogniser: Recogniser, classes: list[str], clips: list[Clip], random: np.random.Generator
) -> tuple[Recogniser, np.ndarray]:
    """A recogniser taught every class by five random clips of it, and the mean features of these clips."""
    means = []
    for action in classes:
        pool = [clip for clip in clips if clip.source.action == action]
        examples = [pool[i] for i in random.choice(len(pool), EXAMPLES, replace=False)]
        means.append(recogniser.features(examples).mean(axis=0))
        recogniser = recogniser.teach(action, examples)
    return recogniser, np.array(means)
