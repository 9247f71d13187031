"""Untrimmed recordings made from clips, and how spans in them are counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pgfa.recognise.answers import Span
from pgfa.recognise.calibration.model import Calibration
from pgfa.recognise.temporal.decode import DECODING
from pgfa.research.untrimmed.compose import (
    FASTEST,
    RATE,
    SHORTEST,
    Action,
    Untrimmed,
    compose,
    normalised,
    resting,
    shows_trunk,
)
from pgfa.research.untrimmed.recordings import Questions
from pgfa.research.untrimmed.score import Counts, count
from pgfa.research.untrimmed.windows import Windows
from pgfa.research.untrimmed.yardstick import Item, choose, counts, table
from pgfa.skeleton import KINECT20, Clip
from pgfa.synth import make_clips


def clips_of_one_person() -> list[Clip]:
    return make_clips(5, 1, 2, ("wave", "squat", "walk"))


def test_a_composed_recording_has_its_clips_and_no_jumps() -> None:
    clips = clips_of_one_person()
    made = compose(clips, resting(clips), 1, "made")
    assert [a.name for a in made.actions] == [clip.source.action for clip in clips]
    ends = [0.0, *(a.end_s for a in made.actions)]
    gaps = [a.start_s - end for a, end in zip(made.actions, ends, strict=False)]
    assert min(gaps) >= SHORTEST - 1 / RATE
    assert made.clip.seconds > made.actions[-1].end_s + 1
    for action, clip in zip(made.actions, clips, strict=True):
        frames = slice(round(action.start_s * RATE), round(action.end_s * RATE))
        own, part = normalised(clip), made.clip.positions[frames, 0]
        # turned and moved, but the same motion: distances between joints are those of the clip
        between = [np.linalg.norm(x[:, 3] - x[:, 11], axis=1) for x in (own, part)]
        np.testing.assert_allclose(between[0], between[1], atol=1e-4)
    step = np.linalg.norm(np.diff(made.clip.positions[:, 0], axis=0), axis=2).max(axis=1) * RATE
    inside = np.zeros(len(step), dtype=bool)
    for action in made.actions:
        inside[round(action.start_s * RATE) : round(action.end_s * RATE) - 1] = True
    assert step[~inside].max() < 3 * FASTEST


def test_composition_depends_on_the_seed_alone() -> None:
    clips = clips_of_one_person()
    rest = resting(clips)
    first, again, other = (compose(clips, rest, seed, "x") for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.clip.positions, again.clip.positions)
    assert first.clip.frames != other.clip.frames


def test_a_clip_without_a_trunk_is_not_used() -> None:
    clip = clips_of_one_person()[0]
    assert shows_trunk(clip)
    positions = clip.positions.copy()
    positions[:, :, KINECT20.index("hip_left")] = np.nan
    assert not shows_trunk(replace(clip, positions=positions))


def questions(exact: bool = True) -> Questions:
    clip = Clip(np.zeros((1800, 1, 20, 3), dtype=np.float32), 30.0, KINECT20)
    actions = (Action("wave", 10, 14), Action("bow", 20, 22), Action("jump", 40, 42))
    return Questions(Untrimmed(clip, actions), exact, ("wave", "bow"), ("kick",))


def span(name: str, start: float, end: float) -> Span:
    return Span(start, end, 0, name, 0.9)


@pytest.mark.parametrize("exact", [True, False])
def test_counts_of_a_recording(exact: bool) -> None:
    asked = [span("wave", 11, 15), span("wave", 40, 42), span("bow", 17, 20.6)]
    result = count(questions(exact), asked, [span("kick", 0, 1)], {n: n for n in ("wave", "bow", "kick")})
    # The third span holds the moment of the bow, within the tolerance, but most of it is before the bow.
    assert result == Counts(2, 2, 3, 1 if exact else 2, 1, 1.0)
    assert result.matched_share == 1
    assert (result + result).false_rate == 10


def item(seed: int) -> Item:
    """Cosines in which "wave" and "bow" are seen when they are performed, and "kick" once when it is not."""
    random = np.random.default_rng(seed)
    times = np.arange(0.125, 60, 0.25)
    cosines = random.normal(0, 0.02, (2, len(times), 3)).astype(np.float32)
    for column, (start, end) in enumerate(((10, 14), (20, 22), (50, 52))):
        cosines[:, (times >= start) & (times < end), column] += 0.4
    calibration = Calibration(18.0, 9.0, none=0.6, none_log=0.9, fitted=True, about={"none_share": 0.25})
    return Item(questions(), Windows(("wave", "bow", "kick"), times, cosines), calibration)


def test_the_yardstick_counts_what_is_decoded() -> None:
    assert counts(item(0)) == Counts(2, 2, 2, 2, 1, 1.0)


def test_settings_are_chosen_by_moments_where_spans_are_right() -> None:
    """A prior that finds nothing is as right as can be, and is not chosen."""
    grid = (replace(DECODING, none_share=0.9999), DECODING)
    assert choose(table({"a": [item(0)], "b": [item(1)]}, grid)) == DECODING
