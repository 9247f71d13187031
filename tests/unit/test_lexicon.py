"""Motion words: the exact words of many sentences, negation, inflection, look-alikes, the mirror property, speed."""

from __future__ import annotations

import time
import tomllib
from collections import Counter
from importlib import resources

import numpy as np
import pytest

from machine_speed import slowness
from pgfa.text.catalogue import catalogue, catalogue_names
from pgfa.text.mirror import mirror_sentence
from pgfa.words.lexicon import WORDS, phrase, word_vectors, words_of
from pgfa.words.lexicon_forms import inflections, normal_form

# Sentence | all its words, those denied with a minus sign.
SENTENCES = """
A person swipes the right arm from the right side over to the left. | right_hand one_hand swipe to_left
The left arm hangs while the right hand waves. | right_hand -left_hand one_hand wave
The right hand knocks, the other arm stays still. | right_hand -left_hand one_hand knock
The left hand draws a circle and the other hangs at the side. | -right_hand left_hand one_hand circle draw
Both arms hang at the sides. | -both_hands
The person walks without moving the arms. | -both_hands walk
He punches with his left fist instead of the right hand. | -right_hand left_hand one_hand punch
She never sits down. | -sit_down
He doesn't kick. | -kick
They do not jump or run. | -run -jump
walks, not runs | walk -run
No jumping, only walking. | walk -jump
She waves rather than claps. | wave -hands_together
stands without moving | stand still
walks without moving forward | walk on_spot -travel -travel_forward
He does not move. | still
The person walks on the spot. | walk on_spot -travel -travel_forward
He is walking to the right. | walk travel_side to_right travel
He turns right. | turn turn_right
She turned around to the left. | turn turn_left spin
A quick turn to the right | fast turn turn_right
The person rotates 90 degrees to the left. | turn turn_left
moves to the right | travel_side to_right travel
takes a step to the left | walk travel_side to_left step travel
raises the right leg to the left side | right_foot legs lift up to_left knee_up
kicks a ball with the left foot | left_foot legs kick
stands on the left leg and kicks to the front with the right | right_foot -left_foot legs forward kick one_leg
KICKS WITH THE RIGHT LEG | right_foot legs kick
a right-handed throw | right_hand one_hand throw
a left-footed kick | left_foot legs kick
left jab | left_hand one_hand punch
right hook to the body | right_hand one_hand punch
throws a left | left_hand one_hand punch
Both hands clap together. | both_hands hands_together
each hand holds a weapon | both_hands carry
one arm after the other swings | one_hand alternate swing
The hands rise one after the other. | both_hands alternate lift up repeat
The arms swing in turn. | both_hands alternate swing repeat
one hand reaches up | one_hand overhead catch lift up
raises a hand | one_hand lift up
waves both hands overhead | both_hands overhead wave up
holds the hands above the head | both_hands overhead carry
puts the hand to the mouth | one_hand to_head to_mouth
hand at chest height | one_hand chest
touches the left shoulder with the right hand | right_hand one_hand
lifts the arms to shoulder height | both_hands shoulder_level lift up
hands on the hips | both_hands waist
touches the floor | floor
bends down and touches the toes | legs bend floor lower
He picks up a box from the floor. | floor lift pick_up
looks up |
sits on a chair | sit
is sitting on the sofa | sit
sits down on a chair | sit_down
takes a seat | sit_down
gets up from a chair | stand_up
rises from a seat | stand_up up
stands up | stand_up
stood still | on_spot stand still -travel -travel_forward
kneels on one knee | legs kneel
knelt down | kneel lower
crouching behind a wall | squat behind knees_bent
squats with bent knees | legs squat knees_bent
ducks | squat knees_bent
lies on the back | lie
is lying on the floor | lie floor
lay down on the sofa | lie
falls to the floor | fall floor
fell down | fall lower
collapses | fall
gets up from the floor | stand_up get_up floor
crawls on hands and knees | both_hands legs crawl
rolls over | roll
a somersault | roll
climbs a ladder | climb
bows to the audience | bend
leans forward | bend
leans to the side | lean_side sideways
lunges | lunge
stamps the foot | legs stamp
swings a bat | swing
knocks at the door | knock
types on a keyboard | type_write
washes a window | wash
dances the salsa | dance
dribbles a basketball | dribble
plays the guitar | guitar
nods | nod
shakes his head | back_forth nod
shrugs the shoulders | shrug
again and again | repeat
jumps once | jump once
balances on one leg | one_leg
carries a box | carry
with one elbow | one_hand elbow
strikes with the back of the fist | one_hand punch back_fist
cheers | cheer
two people shake hands | both_hands two
walks through the room | walk travel
walks forward | walk forward travel travel_forward
traces a clockwise circle | circle draw clockwise
an anticlockwise circle | circle counter_clockwise
feet wide apart | legs legs_apart
crosses the arms | both_hands cross_arms
spreads both arms | both_hands arms_wide
points forward | forward point
aims a rifle with both hands | both_hands point shoot_both
draws the letter X in the air | draw
chops wood | chop
stabs with a sword | chop stab
tosses a ball | throw
catches a ball | catch
pushes a door | push
pulls a rope | pull
lowers the arm | one_hand lower
moves the hand back and forth | one_hand back_forth repeat
the arms travel sideways | both_hands sideways
travelled across the room | travel
traveled across the room | travel
a standard gesture |
the earth |
a strip of paper |
the wind blows |
the head turns | nod
a call for help |
a handsome runner-up | run up
He raises his right wrist. | right_hand one_hand lift up
the left forearm rises | left_hand one_hand up
two-handed swing | both_hands swing
applauds | both_hands hands_together
one fist punches forward | one_hand punch forward
the right knee rises | right_foot legs up knee_up
kicks with the left heel | left_foot legs kick
bends both knees | legs knees_bent
legs apart | legs legs_apart
strolling along | walk
a jogger sprints | run fast
jogs on the spot without travelling | run on_spot -travel -travel_forward
hopping on one foot | legs jump one_leg
skips and leaps | jump
walks backwards | walk travel_back travel
steps back | travel_back step travel
sidesteps | travel_side step travel
shuffles sideways | walk travel_side sideways travel
slowly and carefully | slow
quickly and suddenly | fast
twists the torso | turn
pirouettes | turn spin dance
spins around | turn spin
turning left | turn turn_left
turning right | turn turn_right
seated on a bench | sit
is sitting | sit
sat down heavily | sit_down
lowers the hips onto a chair | sit_down lower
standing up | stand_up
is standing upright | stand
waits motionless | still
is idle | still
kneeling on both knees | legs kneel
crouched low | squat knees_bent
lying face down | lie
trips over and collapses | fall
stands up from lying on the ground | stand_up lie get_up floor
on all fours | crawl
does a cartwheel | roll
does a backflip | roll
clambers over a wall | climb
stoops | bend
bends sideways | lean_side sideways
lunging to the side | travel_side lunge sideways travel
stretches the arm straight up | one_hand overhead lift up
both hands beside the head | both_hands to_head
drinks from a cup | to_head to_mouth
talks on the phone | to_head phone
answers a phone call | to_head phone
hands before the chest | both_hands chest
horizontal arm | one_hand shoulder_level
arm level with the shoulder | one_hand shoulder_level
hand at waist height | one_hand waist
in front of the belly | waist forward
scoops something up | floor up pick_up
reaches behind the back | behind catch
hands behind the head | both_hands to_head behind
waves hello | wave
swings from side to side | wave sideways swing repeat
goes up and down | back_forth lift lower up repeat
pumps the fists | both_hands back_forth
stirs with circular movements | circle
circles both arms | both_hands circle
traces a letter in the air | draw
boxes and jabs | punch
slashes with a blade | chop
thrusts a spear | stab push
hurls a stone | fast throw
grabs the rope | catch
shoves someone | push
drags a sack | pull
sweeps the arm across the body | one_hand chest swipe inward
swipes to the left | swipe to_left
lifts the box | lift up
hoists a flag | lift
the hand sinks | one_hand lower
upward | up
forwards | forward
outwards | sideways
inwards | inward
over to the left | to_left
leftwards | to_left
rightwards | to_right
palms together | both_hands hands_together
folds the arms | both_hands cross_arms
arms outstretched | both_hands arms_wide
flaps the arms | both_hands arms_wide
aims a pistol | point
points at the door | point
an archer draws the bowstring | pull point shoot_both
roundhouse kick | turn kick
high knees | legs knee_up
lifts one leg | legs lift up knee_up
two steps | step
footsteps | step
stomps | stamp
taps the foot | legs stamp knock
serves in tennis | swing
raps on the window | knock
reads a book | type_write
wipes the table | wash
performs a ballet | dance
bounces a ball | dribble
strums the strings | guitar
tilts the head back | nod
raises both shoulders | lift up shrug
several times | repeat
over and over | repeat
a single jump | jump once
makes one quick movement | fast once
stands on one leg | one_leg
holds a bag | carry
both elbows | both_hands elbow
backhand | back_fist
celebrates a victory | cheer
they push each other | push two
crosses the room | travel
advances | travel travel_forward
runs ahead | run forward travel travel_forward
turns counter-clockwise | circle counter_clockwise
clockwise circles | circle clockwise
stands with the legs apart | legs stand legs_apart
picks something off the floor | floor pick_up
knees bent | legs knees_bent
in a leisurely way, slowly | slow
both of his arms rise | both_hands lift up
The left hand doesn’t move, the right one waves. | right_hand -left_hand one_hand wave
swings the right and left arm by turns | right_hand left_hand both_hands alternate swing repeat
lifts the right or left leg | legs lift up knee_up
A person sits without leaning back. | sit
He is not crouching but kneeling. | kneel -squat
standing still, she waves one hand | one_hand on_spot stand wave -travel -travel_forward
leans to the left | lean_side to_left
looks to the right |
turns over a page |
the right side of the body |
brings the left hand to the right shoulder | left_hand one_hand
hand moving from left to right | one_hand to_right
waves the arm to the left and to the right | one_hand wave
waves left and right | wave
does not travel | on_spot -travel -travel_forward
never overhead | -overhead -up
without kneeling, bends the knees | legs -kneel knees_bent
no longer still |
not only walks | walk
signalling with both arms | both_hands
signaling with both arms | both_hands
someone practising a grey T-pose | shoulder_level arms_wide
turns leftwards | turn turn_left
nods without moving the feet | -legs on_spot nod -travel -travel_forward
He bends and takes something off the ground. | bend floor pick_up
a stationary jog | run on_spot -travel -travel_forward
shoots a crossbow | point
from supine to standing | lie get_up
"""
# Word | sentence that must not state it.
LOOK_ALIKES = """
right_hand | The hand goes to the right side.
left_hand | swipes over to the left
both_hands | hand gestures
one_hand | a second-hand bandage
alternate | an alternative way
right_foot | the right shoulder rises
left_foot | He left on foot.
legs | a legend of football
walk | a sidewalk
run | a trunk and a prune
on_spot | takes first place in the race
jump | a jumper hangs on a chair
travel_back | the upper back is straight
travel_side | the hand moves to the side
slow | a slogan
fast | breakfast on the table
turn | in quick turn
turn_left | the left hand turns a page
turn_right | moves the right hand in turn
spin | the spine is straight
sit | the situation of a visitor
sit_down | puts the cup down
stand_up | raises a hand up
stand | a standard gesture in the distance
still | the hand still reaching forward
kneel | bends the knees
squat | ducks the head
lie | the hand lies on the other elbow
fall | a waterfall
get_up | gets up from a chair
crawl | a crawler crane
roll | a role in a play
climb | a warm climate
bend | bends both elbows
lean_side | a lean steak
lunge | a plunge into water
overhead | lifts one leg high
to_head | turns the head
to_mouth | the month of May
phone | a xylophone
chest | a treasure box from the chestnut tree
shoulder_level | shrugs the shoulders
waist | bends at the waist
floor | both feet leave the floor
behind | the walk is behindhand
wave | a microwave oven
back_forth | goes back
circle | the wind blows
draw | draws a sword
punch | lifts the box
chop | a chopstick
stab | a stable stance
throw | walks throughout the day
catch | a catchy tune
push | does push-ups
pull | a pullover
swipe | walks across the room
lift | takes the lift
lower | the lower leg
up | stands up
forward | leans forward
sideways | both sidewalks
inward | the body turns in
to_left | the left hand rises
to_right | touches the right knee
hands_together | hands wide apart
cross_arms | crosses the room
arms_wide | spreads both legs
point | an appointment
shoot_both | shoots a pistol with one hand
kick | a kickoff meeting
knee_up | the knees bend
step | a stepmother
stamp | a stampede
swing | a wing
knock | a knockout victory
type_write | a typical gesture
wash | a washer on a screw
dance | a guidance in abundance
dribble | the ball is thrown
guitar | a string of lights
nod | the hand goes over the head
shrug | shoulder height
repeat | comes up again
once | at once
one_leg | one leg after the other
carry | stays still
elbow | elbowroom
back_fist | the hand goes back
cheer | a cheerless day
two | one hand over the other
travel | jumps up
travel_forward | the hand moves forward
clockwise | anticlockwise
counter_clockwise | clockwise
legs_apart | hands apart
pick_up | a pickpocket looks up
knees_bent | bends both elbows
"""
EXPECTED = [tuple(line.split(" |")) for line in SENTENCES.strip().splitlines()]
UNSTATED = [tuple(line.split(" | ")) for line in LOOK_ALIKES.strip().splitlines()]
RAW = tomllib.loads((resources.files("pgfa.words") / "lexicon.toml").read_text(encoding="utf-8"))
FIRST_WORDS = """
right_hand left_hand both_hands one_hand alternate right_foot left_foot legs walk run on_spot jump
travel_back travel_side slow fast turn turn_left turn_right spin sit sit_down stand_up stand still kneel
squat lie fall get_up crawl roll climb bend lean_side lunge overhead to_head to_mouth phone chest
shoulder_level waist floor behind wave back_forth circle draw punch chop stab throw catch push pull swipe
lift lower up forward sideways inward to_left to_right hands_together cross_arms arms_wide point shoot_both
kick knee_up step stamp swing knock type_write wash dance dribble guitar nod shrug repeat once one_leg carry
elbow back_fist cheer two
"""


def texts_of_catalogues() -> list[str]:
    """Every text about every class of the package."""
    actions = [action for name in catalogue_names() for action in catalogue(name).actions]
    return [text for a in actions for text in (a.label, a.plain, a.skeleton, *a.parts.model_dump().values())]


def mirrored(words: dict[str, int]) -> dict[str, int]:
    """The words of the mirrored motion."""
    pairs = [("left_hand", "right_hand"), ("left_foot", "right_foot"), ("turn_left", "turn_right"),
             ("to_left", "to_right"), ("clockwise", "counter_clockwise")]  # fmt: skip
    other = {a: b for pair in pairs for a, b in (pair, pair[::-1])}
    return {other.get(word, word): value for word, value in words.items()}


@pytest.mark.parametrize(("sentence", "words"), EXPECTED, ids=[sentence for sentence, _ in EXPECTED])
def test_words_of_sentences(sentence: str, words: str) -> None:
    expected = {word.lstrip("-"): -1 if word[0] == "-" else 1 for word in words.split()}
    assert words_of(sentence) == expected


@pytest.mark.parametrize(("word", "sentence"), UNSTATED, ids=[word for word, _ in UNSTATED])
def test_look_alikes_state_nothing(word: str, sentence: str) -> None:
    assert words_of(sentence).get(word) != 1


def test_every_word_has_examples() -> None:
    positive = Counter(word for _, words in EXPECTED for word in words.split())
    assert not [word for word in WORDS if positive[word] < 2]
    assert {word for word, _ in UNSTATED} == set(WORDS)
    assert len(EXPECTED) >= 120


def test_words_keep_their_order() -> None:
    first = tuple(FIRST_WORDS.split())
    assert WORDS[: len(first)] == first
    assert len(set(WORDS)) == len(WORDS)


def test_mirrored_sentences_swap_left_and_right() -> None:
    texts = texts_of_catalogues() + [sentence for sentence, _ in EXPECTED]
    assert not [text for text in texts if words_of(mirror_sentence(text)) != mirrored(words_of(text))]


@pytest.mark.parametrize("sentence", [
    "A person raises the right hand.", "a person raises the right hand", "A PERSON RAISES THE RIGHT HAND!",
    "A person raised the right-hand.", "a person, raising his right hand", "person's right hand is raised",
])  # fmt: skip
def test_case_hyphens_and_inflection_change_nothing(sentence: str) -> None:
    assert words_of(sentence) == {"right_hand": 1, "one_hand": 1, "lift": 1, "up": 1}


def test_sentences_without_motion_leave_everything_open() -> None:
    for sentence in ("", " ", "?!", "...", "右手を挙げる", "The report is due.", "\n\t", "'", "a" * 2000):
        assert words_of(sentence) == {}


def test_inflections() -> None:
    assert inflections("walk") == {"walk", "walks", "walked", "walking"}
    assert inflections("jog") == {"jog", "jogs", "jogged", "jogging"}
    assert inflections("carry") == {"carry", "carries", "carried", "carrying"}
    assert inflections("wave") == {"wave", "waves", "waved", "waving"}
    assert {"travelling", "traveling"} <= inflections("travel")
    assert "stoopped" not in inflections("stoop")
    assert normal_form("He’s KNELT, and doesn't sit-down") == " he kneel , and do not sit down , "


def test_every_pattern_can_match() -> None:
    """A pattern with a word that has another normal form, or none, would never match."""
    wrong = []
    for word, row in RAW["words"].items():
        for element in " ".join(row.get("patterns", ())).replace(",", " ").split():
            for name in element.lstrip("?!^").split("|"):
                if name[:1] == "@":
                    assert name[1:] in RAW["groups"], f"{word}: {name}"
                elif name.strip(".") and name[:2] != name[:2].upper() and normal_form(name) != f" {name} , ":
                    wrong.append(f"{word}: {name}")
    assert not wrong


def test_word_vectors() -> None:
    vectors = word_vectors(["waves with the right hand", "does not walk", ""])
    assert vectors.shape == (3, len(WORDS))
    assert vectors.dtype == np.float32
    assert {WORDS[column] for column in np.flatnonzero(vectors[0])} == {"right_hand", "one_hand", "wave"}
    assert vectors[1].sum() == vectors[1, WORDS.index("walk")] == -1
    assert not vectors[2].any()
    assert word_vectors([]).shape == (0, len(WORDS))


def test_phrases() -> None:
    assert phrase("right_hand", 1) == "right hand"
    assert phrase("overhead", 1) == "hand overhead"
    assert phrase("travel", -1) == "does not travel"
    phrases = [phrase(word, value) for word in WORDS for value in (1, -1)]
    assert len(set(phrases)) == 2 * len(WORDS)
    assert max(map(len, phrases)) <= 50
    for word, value in (("somersaulting", 1), ("walk", 0), ("walk", 2)):
        with pytest.raises(ValueError, match="expected a word of WORDS"):
            phrase(word, value)


def test_a_thousand_sentences_take_less_than_a_third_of_a_second() -> None:
    texts = [text for text in texts_of_catalogues() if len(text) > 60]
    texts = (texts * 3)[:1000]
    word_vectors(texts[:10])
    seconds = []
    for _ in range(3):
        start = time.process_time()
        word_vectors(texts)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.3 * slowness()
