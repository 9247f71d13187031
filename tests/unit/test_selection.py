"""What is held out of training, on clips of two data sets: people for the generalised test, classes for a fold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from builders import make_clip_set
from pgfa.errors import BadConfig
from pgfa.evaluate.gzsl import set_aside
from pgfa.research.selection import draw_folds, hold_out
from pgfa.skeleton import KINECT20
from pgfa.text import catalogue
from pgfa.train.corpus import Corpus

UTD, NTU = catalogue("utd-mhad"), catalogue("ntu60")
SEEN = (
    UTD["wave"],
    UTD["sit-to-stand"],
    UTD["clap"],
    NTU["stand-up"],
    NTU["read"],
    NTU["clap"],
)
PEOPLE, OTHERS = 4, 9


def corpus_and_subjects() -> tuple[Corpus, np.ndarray]:
    """Four people perform the first three classes once each, nine of the other data set, numbered alike, the rest."""
    rows = [(label, str(p)) for label in range(3) for p in range(PEOPLE)]
    rows += [(label, str(p)) for label in range(3, 6) for p in range(OTHERS)]
    labels = np.array([label for label, _ in rows])
    origin = np.stack([(labels > 2).astype(np.int64), np.arange(len(rows))], axis=1)
    clips = replace(make_clip_set(len(rows), 6), labels=labels, origin=origin)
    catalogues = {"utd-mhad": UTD, "ntu60": NTU}
    corpus = Corpus(KINECT20, catalogues, SEEN, (UTD["bowling"],), clips, clips, ())
    return corpus, np.array([person for _, person in rows])


@pytest.mark.parametrize(
    ("share", "people"), [(0.01, 1), (0.25, 1), (0.26, 2), (0.5, 2), (0.75, 3), (0.89, 3)]
)
def test_people_of_the_tested_set_are_drawn_until_they_hold_the_share(share: float, people: int) -> None:
    """The share is of the tested data set's clips, not of all; one person is always left to learn from."""
    corpus, subjects = corpus_and_subjects()
    for seed in range(5):
        remaining, aside = set_aside(corpus, subjects, share, seed)
        assert aside is not None
        aside_people, train_people = (
            {(pack, str(subjects[clip])) for pack, clip in clips.origin.tolist()}
            for clips in (aside, remaining.train)
        )
        assert len(aside_people) == people
        assert {pack for pack, _ in aside_people} == {0}
        assert not aside_people & train_people
        assert len(train_people) == PEOPLE - people + OTHERS
        assert len(aside) + len(remaining.train) == len(corpus.train)
        assert aside.labels.tolist() == [int(corpus.train.labels[clip]) for clip in aside.origin[:, 1]]
    drawn = set()
    for seed in range(20):
        _, aside = set_aside(corpus, subjects, 0.01, seed)
        assert aside is not None
        drawn.add(str(subjects[aside.origin[0, 1]]))
    assert len(drawn) == PEOPLE


def test_a_fold_holds_out_classes_and_those_of_the_same_meaning_in_other_data_sets() -> None:
    """The leakage rule holds for pseudo-unseen classes as for unseen ones."""
    corpus, _ = corpus_and_subjects()
    fold = hold_out(corpus, [UTD["sit-to-stand"].key, UTD["clap"].key])
    assert [a.key for a in fold.unseen] == ["utd-mhad/sit-to-stand", "utd-mhad/clap"]
    assert [a.key for a in fold.seen] == ["utd-mhad/wave", "ntu60/read"]
    assert {(r.dataset, r.name, r.because_of) for r in fold.removals} == {
        ("ntu60", "stand-up", "utd-mhad/sit-to-stand"),
        ("ntu60", "clap", "utd-mhad/clap"),
    }
    assert sorted(fold.train.origin[:, 1].tolist()) == [*range(PEOPLE), *range(21, 30)]
    assert fold.train.labels.tolist() == [0] * PEOPLE + [1] * OTHERS
    assert sorted(fold.test.origin[:, 1].tolist()) == list(range(PEOPLE, 3 * PEOPLE))
    assert fold.test.labels.tolist() == [0] * PEOPLE + [1] * PEOPLE


def test_folds_are_disjoint_and_of_their_size() -> None:
    keys = [f"x/{i}" for i in range(14)]
    for folds, count in ((3, 4), (2, 7), (1, 5)):
        drawn = draw_folds(keys, count, folds, 0)
        assert [len(part) for part in drawn] == [count] * folds
        assert len({key for part in drawn for key in part}) == folds * count
        assert drawn == draw_folds(keys, count, folds, 0)
    assert draw_folds(keys, 4, 3, 0) != draw_folds(keys, 4, 3, 1)
    with pytest.raises(BadConfig, match="need more than 14"):
        draw_folds(keys, 5, 3, 0)
