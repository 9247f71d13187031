"""Why: facts in units from measures, the verdict on each word, explanations of a recogniser."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from builders import standing_body
from pgfa.errors import BadConfig
from pgfa.prepare import prepare
from pgfa.read.formats.npz import save_clip
from pgfa.recognise import Answer, Answers, Explanation, Recogniser
from pgfa.recognise.explanation import GENERAL as GENERAL_WORDS
from pgfa.recognise.formats import answers_table
from pgfa.recognise.pooling import cut_into_windows, movement
from pgfa.recognise.recogniser import is_long
from pgfa.recognise.vectors import measured
from pgfa.skeleton import KINECT20, Clip, Ragged, Source
from pgfa.words import facts as facts_module
from pgfa.words.lexicon import words_of
from pgfa.words.measures import MEASURES, mirrored
from pgfa.words.model import DETECTED
from pgfa.words.reasons import Reason, facts, reasons
from reason_builders import TEXTS, kinematic_recogniser, right_handers
from recogniser_builders import swaying_clip

NOTHING = np.zeros(len(DETECTED), dtype=np.float32)


def measures_of(**known: float) -> np.ndarray:
    """(measures,) NaN but for those that are named."""
    values = np.full(len(MEASURES), np.nan, dtype=np.float32)
    for name, value in known.items():
        values[MEASURES.index(name)] = value
    return values


def evidence_of(**words: float) -> np.ndarray:
    """(detected,) 0 but for the words that are named."""
    values = NOTHING.copy()
    for word, value in words.items():
        values[DETECTED.index(word)] = value
    return values


@pytest.mark.parametrize(
    ("word", "known", "text"),
    [
        ("right_hand", {"R_path": 2.3, "L_path": 0.2}, "right hand 92 % of the hands' movement"),
        ("right_hand", {"R_path": 0.6, "L_path": 1.4}, "left hand 70 % of the hands' movement"),
        ("both_hands", {"R_path": 2.1, "L_path": 2.0}, "both hands move equally far"),
        ("one_hand", {"R_path": 0.2, "L_path": 0.1}, "hands hardly move"),
        ("one_hand", {"R_path": 2.0}, ""),
        ("overhead", {"R_over_head": 0.25, "L_over_head": -0.8}, "right hand 0.25 m above the head"),
        ("overhead", {"L_over_head": -0.3}, "left hand 0.30 m below the head"),
        ("overhead", {"R_over_head": 0.25, "L_over_head": 0.2}, "both hands 0.20 m above the head"),
        ("overhead", {"R_over_head": 0.01, "L_over_head": 0}, "right hand at the height of the head"),
        ("stand", {"travel_path": 1.8, "travel_speed": 1.2, "travel_radius": 0.9}, "travels 1.8 m, 1.2 m/s"),
        ("stand", {"travel_path": 1.8, "travel_speed": 1.2, "travel_radius": 0.1}, "stays in place"),
        ("stand", {"travel_path": 1.8, "travel_radius": 0.1}, ""),
        (
            "travel_back",
            {"travel_radius": 0.9, "travel_fwd": -1.5, "travel_right": 0.2},
            "moves 1.5 m backward and 0.2 m to the right",
        ),
        ("turn", {"turn_net": math.pi / 2, "turn_range": 1.6}, "turns 90 degrees to the right"),
        ("turn_right", {"turn_net": -math.pi / 2, "turn_range": 1.6}, "turns 90 degrees to the left"),
        ("turn", {"turn_net": 0.1, "turn_range": math.pi / 3}, "turns by 60 degrees and back"),
        ("turn", {"turn_net": 0.1, "turn_range": 0.2}, "does not turn"),
        ("sit", {"pelvis_h_med": 0.43}, "pelvis 0.43 m above the ankles"),
        ("jump", {"feet_off": 0.13}, "both feet leave the floor"),
        ("jump", {"feet_off": 0.05}, "a foot is always on the floor"),
        ("bend", {"trunk_inc_max": math.pi / 3}, "trunk leans 60 degrees"),
        ("bend", {"trunk_inc_max": 0.1}, "trunk stays upright"),
        ("kick", {"R_foot_h": 0.1, "L_foot_h": 0.4}, "left foot lifted by 0.40 m"),
        ("kick", {"R_foot_h": 0.1, "L_foot_h": 0.05}, "feet stay on the floor"),
        ("lunge", {"min_knee_min": math.pi / 2}, "knee bent by 90 degrees"),
        ("elbow", {"min_elbow_min": math.pi / 2}, "elbow bent by 90 degrees"),
        ("walk", {"steps": 1, "step_rate": 0.5}, "1 step, 0.5 per second"),
        ("on_spot", {"marches": 6, "march_rate": 2}, "6 steps on the spot, 2.0 per second"),
        ("run", {"steps": 0, "step_rate": 0}, "no steps"),
        ("alternate", {"hcorr_up": -0.9}, "hands rise and fall in turn"),
        ("alternate", {"hcorr_up": 0.2}, ""),
        ("hands_together", {"hands_min": 0.05}, "hands 0.05 m apart at the closest"),
        ("arms_wide", {"hands_max": 1.4}, "hands up to 1.40 m apart"),
        ("throw", {"R_peak": 2, "L_peak": 5.13}, "left hand up to 5.1 m/s"),
        ("slow", {"energy": 0.123}, "joints move at 0.12 m/s on average"),
        ("wave", {"max_up_rev": 0, "max_fwd_rev": 1, "max_out_rev": 7}, "hand changes direction 7 times"),
        ("once", {"max_up_rev": 1, "max_fwd_rev": 0, "max_out_rev": 0}, "hand changes direction 1 time"),
        (
            "circle",
            {"max_wind_front": 4 * math.pi, "max_wind_side": 1, "max_wind_level": 0},
            "hand circles 2.0 times",
        ),
        ("circle", {f"max_wind_{p}": 0.1 for p in ("front", "side", "level")}, "hand does not circle"),
        ("lift", {"R_up_range": 0.9, "L_up_range": 0.1}, "right hand moves 0.90 m up and down"),
        ("to_mouth", {"min_to_head_min": 0.12}, "a hand comes within 0.12 m of the head"),
        ("floor", {"min_low": -0.02}, "a hand comes down to 0.00 m above the ankles"),
        ("guitar", {"hands_med": 0.5}, ""),
    ],
)
def test_facts_in_units(word: str, known: dict[str, float], text: str) -> None:
    values = dict(zip(MEASURES, measures_of(**known).tolist(), strict=True))
    fact = facts_module.OF_WORD[word](values) if word in facts_module.OF_WORD else None
    assert ("" if fact is None else fact.text) == text


@pytest.mark.parametrize(
    ("heights", "text"),
    [
        ((0.86, 0.51, 0.50, 0.86), "pelvis sinks by 0.35 m"),
        ((0.50, 0.85, 0.50, 0.86), "pelvis rises by 0.35 m"),
        ((0.86, 0.84, 0.40, 0.86), "pelvis sinks by 0.44 m and rises again"),
        ((0.86, 0.86, 0.80, 1.10), "pelvis rises by 0.24 m and sinks again"),
        ((0.86, 0.84, 0.82, 0.88), "height of the pelvis does not change"),
    ],
)
def test_height_of_the_pelvis(heights: tuple[float, ...], text: str) -> None:
    names = (f"pelvis_h_{name}" for name in ("start", "end", "min", "max"))
    (reason,) = reasons(measures_of(**dict(zip(names, heights, strict=True))), NOTHING, "a person sits down")
    assert reason.measured == text


def test_which_way_the_trunk_leans() -> None:
    leans = {"lean_fwd_max": 0.1, "lean_back_max": 0.0, "lean_right_max": 0.2, "lean_left_max": 0.6}
    by_word = {
        r.word: r.measured for r in reasons(measures_of(trunk_inc_max=0.6, **leans), NOTHING, "leans left")
    }
    assert by_word["lean_side"] == "trunk leans 35 degrees to the left"


def test_where_nothing_is_known_nothing_is_stated() -> None:
    values = dict(zip(MEASURES, measures_of().tolist(), strict=True))
    assert not [word for word, describe in facts_module.OF_WORD.items() if describe(values) is not None]
    assert facts(measures_of()) == ()


def test_every_word_with_a_fact_has_a_detector() -> None:
    assert set(facts_module.OF_WORD) <= set(DETECTED)
    listed = [word for words in facts_module._WORDS_OF.values() for word in words.split()]
    assert len(listed) == len(set(listed))
    assert len(set(DETECTED) - set(listed)) < 10, "few words are without a fact"


def test_verdicts() -> None:
    """For above 0.5, against below -0.5; a denied word counts the other way round."""
    sentence = "a person claps both hands overhead without kicking"
    words = words_of(sentence)
    assert words["kick"] == -1
    clear = evidence_of(both_hands=0.51, hands_together=-3, overhead=0.5, kick=-0.6)
    by_word = {reason.word: reason for reason in reasons(measures_of(), clear, sentence)}
    assert set(by_word) == set(words) & set(DETECTED)
    assert by_word["both_hands"].verdict == "for"
    assert by_word["hands_together"].verdict == "against"
    assert by_word["overhead"].verdict == "open"
    assert by_word["kick"] == Reason("kick", "does not kick", False, pytest.approx(0.6), "")
    assert by_word["kick"].verdict == "for"
    order = [abs(reason.evidence) for reason in reasons(measures_of(), clear, sentence)]
    assert order == sorted(order, reverse=True)


def test_words_without_a_detector_and_sentences_without_words() -> None:
    assert "two" in words_of("two people walk")
    assert [r.word for r in reasons(measures_of(), NOTHING, "two people walk")] == ["walk"]
    assert reasons(measures_of(), NOTHING, "a sunny afternoon") == ()


def test_the_most_telling_facts() -> None:
    """Three at least, even if none is telling; five at most."""
    calm = {"R_path": 0.1, "L_path": 0.1, "travel_path": 0.1, "travel_speed": 0.1, "travel_radius": 0.05}
    calm |= {"R_over_head": -0.8, "L_over_head": -0.8, "turn_net": 0, "turn_range": 0, "feet_off": 0}
    assert facts(measures_of(**calm)) == (
        "stays in place",
        "hands hardly move",
        "right hand 0.80 m below the head",
    )
    busy = calm | {"R_path": 3, "R_over_head": 0.3, "turn_net": 1.6, "turn_range": 1.6, "feet_off": 0.2}
    busy |= {"trunk_inc_max": 1.2, "R_foot_h": 0.3, "L_foot_h": 0.3}
    assert facts(measures_of(**busy)) == (
        "trunk leans 70 degrees",
        "turns 90 degrees to the right",
        "right hand 97 % of the hands' movement",
        "both feet leave the floor",
        "right hand 0.30 m above the head",
    )


def swapped(text: str) -> str:
    """Left and right exchanged."""
    return text.replace("left", "*").replace("right", "left").replace("*", "right")


def test_a_mirror_image_has_mirrored_facts() -> None:
    settings = kinematic_recogniser().bundle.settings.prepare
    rows = measured(prepare(Ragged.from_clips(right_handers(5, 2)), settings))
    images = mirrored(rows)
    sides = 0
    for row, image in zip(rows, images, strict=True):
        assert sorted(map(swapped, facts(row))) == sorted(facts(image))
        sides += any("right" in text or "left" in text for text in facts(row))
    assert sides > len(rows) / 2


def raised_arm() -> Clip:
    """A body that stands and raises its right hand to 0.3 m above the head, twice."""
    body = np.repeat(standing_body()[None].astype(np.float64), 60, axis=0)
    index = KINECT20.joints.index
    lift = (1 - np.cos(np.linspace(0, 4 * np.pi, 60))) / 2
    for joint in ("wrist_right", "hand_right"):
        goal = np.array([0.25, body[0, index("head"), 1] + 0.3, 0])
        body[:, index(joint)] += lift[:, None] * (goal - body[0, index(joint)])
    return Clip((body[:, None] + [0, 1, 3]).astype(np.float32), 30.0, KINECT20, Source(id="raised"))


def test_a_recogniser_explains() -> None:
    sentences = ["a person raises the right hand overhead", "a person walks with both arms hanging"]
    first, second = explained = kinematic_recogniser().explain(raised_arm(), sentences)
    assert [e.sentence for e in explained] == sentences
    verdicts = {reason.word: reason.verdict for reason in first.reasons}
    assert verdicts["right_hand"] == verdicts["overhead"] == "for"
    measured_facts = {reason.word: reason.measured for reason in first.reasons}
    assert measured_facts["right_hand"] == "right hand 100 % of the hands' movement"
    assert measured_facts["overhead"].startswith("right hand 0.")
    assert measured_facts["overhead"].endswith(" m above the head")
    assert "stays in place" in explained.facts
    assert {reason.word: reason.verdict for reason in second.reasons}["walk"] != "for"
    assert json.loads(json.dumps(explained.to_dict()))["measured"] == list(explained.facts)


def test_a_long_recording_is_explained_by_the_windows_that_it_is_compared_by() -> None:
    recogniser, once = kinematic_recogniser(), raised_arm()
    still = np.repeat(once.positions[:1], 45, axis=0)
    body = np.concatenate([still, *([once.positions] * 4), still])
    clip = Clip(body, 30.0, KINECT20, Source(id="long"))
    asked = ["a person raises the right hand overhead"]
    ((explanation,), window) = (
        (explained := recogniser.explain(clip, asked)).explanations,
        explained.window_s,
    )
    model = recogniser.bundle.kinematics
    assert model is not None
    assert window is not None
    cut = cut_into_windows(Ragged.from_clips([clip]))
    windows = cut.clips
    assert len(windows) > 3
    total, share = np.zeros(len(DETECTED)), 0.0
    for number in range(len(windows)):
        one = windows.of(slice(number, number + 1))
        measures = measured(prepare(one, recogniser.bundle.settings.prepare))
        weight = float(movement(measures)[0] * cut.weight[number])
        total, share = total + weight * model.evidence(measures)[0], share + weight
    for reason in explanation.reasons:
        assert reason.evidence == pytest.approx(total[DETECTED.index(reason.word)] / share, abs=1e-4)
    assert window[1] - window[0] == pytest.approx(3.0)
    assert 0 <= window[0] < window[1] <= clip.seconds
    start = round(window[0] * clip.rate)
    alone = Clip(clip.positions[start : start + 90], 30.0, KINECT20, Source(id="window"))
    assert explained.facts == recogniser.explain(alone, asked).facts
    assert explained.to_dict()["window_s"] == [round(second, 2) for second in window]
    assert f"measured from {window[0]:.1f} to {window[1]:.1f} s: " in answers_table(
        Answers((Answer(asked[0], 0.7, 0.2),), 0.3, calibrated=True), explained
    )
    assert recogniser.explain(once, asked).window_s is None


@pytest.mark.parametrize("action", ["wave", "clap", "kick-forward", "squat", "sit-down", "walk", "bow"])
def test_new_performers_speak_for_their_own_sentence(action: str) -> None:
    recogniser = kinematic_recogniser()
    clips = [clip for clip in right_handers(8, 4) if clip.source.action == action]
    for clip in clips:
        (explanation,) = recogniser.explain(clip, [TEXTS[action]])
        verdicts = [reason.verdict for reason in explanation.reasons]
        assert verdicts.count("for") > verdicts.count("against"), explanation


def test_the_line_leaves_out_what_a_more_exact_word_says() -> None:
    right = Reason("right_hand", "right hand", True, 2.0, "")
    one = Reason("one_hand", "one hand", True, 1.0, "")
    kick = Reason("kick", "kicks", True, -1.0, "")
    vague = Reason("walk", "walks", True, 0.1, "")
    assert str(Explanation("x", (right, one, kick, vague))) == "for: right hand; against: kicks"
    assert str(Explanation("x", (one, vague))) == "for: one hand"
    against = Reason("one_hand", "one hand", True, -1.0, "")
    assert str(Explanation("x", (right, against))) == "for: right hand; against: one hand"
    assert str(Explanation("x", (vague,))) == "no motion word speaks clearly for or against it"
    for word, exact in GENERAL_WORDS.items():
        assert {word, *exact} <= set(DETECTED)


def test_taught_classes_and_empty_recordings_have_no_reasons() -> None:
    recogniser = kinematic_recogniser().teach("a person walks", right_handers(5, 2)[0])
    taught, sentence = recogniser.explain(raised_arm(), ["a person walks", "a person jumps"])
    assert taught.reasons == ()
    assert len(sentence.reasons) == 1
    empty = Clip(np.full((30, 1, 20, 3), np.nan, dtype=np.float32), 30.0, KINECT20, Source(id="empty"))
    explained = recogniser.explain(empty, ["a person jumps"])
    assert explained.facts == explained[0].reasons == ()
    with pytest.raises(BadConfig, match="at least one sentence"):
        recogniser.explain(raised_arm(), [])


def test_without_a_kinematic_model(recogniser: Recogniser) -> None:
    with pytest.raises(BadConfig, match="no kinematic model"):
        recogniser.explain(raised_arm(), ["a person waves"])


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, str, object]:
    """What a command prints, its errors, and its exit code."""
    from pgfa.cli.main import main

    with pytest.raises(SystemExit) as stop:
        main(["recognise", *arguments])
    output = capsys.readouterr()
    return output.out, output.err, stop.value.code


def test_why_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kinematic_recogniser().save(tmp_path / "bundle")
    save_clip(tmp_path / "clip.npz", raised_arm())
    clip = str(tmp_path / "clip.npz")
    asked = [TEXTS[name] for name in ("wave", "clap", "squat", "walk")]
    ask = ["--run", str(tmp_path / "bundle"), *(x for text in asked for x in ("--sentence", text))]
    plain, _, code = run(capsys, clip, *ask)
    assert not code
    table, _, code = run(capsys, clip, *ask, "--why")
    assert not code
    lines = table.splitlines()
    below = [line.strip() for line in lines if line.startswith(" " * 18) and "none of these" not in line]
    explained = kinematic_recogniser().explain(raised_arm(), asked)
    answers = json.loads(run(capsys, clip, *ask, "--json=-")[0])
    assert "why" not in answers
    best = [answer["sentence"] for answer in answers["answers"]]
    assert below == [str(explained[asked.index(sentence)]) for sentence in best[:3]]
    measured = f"measured: {'; '.join(explained.facts)}"
    assert measured in lines
    assert [line for line in lines if line.strip() not in (*below, measured)] == plain.splitlines()
    why = json.loads(run(capsys, clip, *ask, "--why", "--json=-")[0])["why"]
    assert [sentence["sentence"] for sentence in why["sentences"]] == best
    assert why["measured"] == list(explained.facts)
    verdicts = {r["word"]: r["verdict"] for r in why["sentences"][best.index(TEXTS["wave"])]["reasons"]}
    assert verdicts["right_hand"] == "for"
    assert run(capsys, clip, *ask, "--why", "--csv=-")[0] == run(capsys, clip, *ask, "--csv=-")[0]


def test_why_is_not_for_answers_over_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kinematic_recogniser().save(tmp_path / "bundle")
    long = swaying_clip(frames=400)
    assert is_long(long)
    save_clip(tmp_path / "long.npz", long)
    ask = [str(tmp_path / "long.npz"), "--run", str(tmp_path / "bundle"), "--as", TEXTS["wave"], "--why"]
    out, errors, code = run(capsys, *ask)
    assert not code
    assert "measured" not in out
    assert "add --no-spans" in errors
    out, errors, code = run(capsys, *ask, "--no-spans")
    assert not code
    assert "measured from " in out
    for over_time in ("--spans", "--vtt=-"):
        assert "--why explains whole recordings" in str(run(capsys, *ask, over_time)[2])
