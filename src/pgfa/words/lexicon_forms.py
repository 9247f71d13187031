"""Normal form of a sentence: lower case, one form per word, no determiners, a comma between clauses."""

from __future__ import annotations

import re

# Verbs and countable nouns whose inflected forms become one. Body parts keep their plural: it says "both".
_REGULAR = """
abduct advance aim alternate amble answer applaud arabesque arrow awaken axe backflip backhand backpedal bag balance
ball bandage bang bar bark bash bat bathe beat beckon belly bench blink blow board bob boogie book boot bottle bounce
bound bow bowl box brandish breath breathe brush bump bust button call camera car carry cartwheel carve cast catch
celebrate chair change chase cheek cheer chew chill chin chop chuck circle clamber clap clasp clean cleave clench
climb close club clutch collapse collect computer continue couch cough cover cower crank crash crawl creep cross
crossbow crouch crumple cup curl cut dab dance dangle dart dash dawdle descend dice die dip direct direction dive
dodge door drag draw dribble drift drink drive drop drum duck duel eat edge elevate embrace empty enter evade exercise
extend face fall fence fetch fiddle fight flag flail flap flick flinch fling flip float flow fly fold follow footstep
forehead gallop game gargle gather gaze genuflect gesticulate gesture get give glass glide go goggle golf grab grasp
greet grenade grip guard guitar gulp gun hack hail hammer handspring handstand hang hat haul heave height help hide
hinge hit hobble hoist hold hook hoover hop hover huddle hug hunch hunker hurdle hurl hurry idle impale incline
indicate jab jerk jete jig jog join jump keep keyboard kick kiss kneel knob knock label land lap laptop lather launch
laze lean leap leave lick lift limp lob lock look loop lunge lurch magazine make march mark meander meet mop motion
mouth move movement musket nap neck nod nose object open orbit oscillate outline pace page paint pant parry part pass
pat pause pedal pen pencil phone pick pirouette pistol pitch pivot place plank plant play pluck point poke polish pop
pose pound pray press prod prop prowl pull pump punch punt push put race racket raise rap reach read receive recline
recoil rehearse rejoice relax release remain repeat rest retreat return reverse revolve ride rifle rinse rise roll
rotate rub run rush salute saunter saw scale scamper scoop scoot scramble scratch screw scribble scroll scrub scuff
seat seize serve settle shadowbox shake shift shiver shoe shoot shout shove shovel show shrug shuffle side sidle sign
signal sink sip sit sketch skip slam slap slash slice slide sling slink slip slouch slump smack smash smile smoke snap
snatch sneak sneeze sob sofa somersault spear spell spin split spoon spot sprawl spread spring sprint squat stab
stagger stalk stamp stand start stay steal step stir stomp stool stoop stop straddle strafe straighten strap stretch
stride strike stroke stroll strum strut stumble support surf swallow swat sway sweep swerve swim swing swipe swirl
switch swivel sword swordfight take talk tap taunt telephone throw thrust tilt time tip tiptoe toast topple toss touch
trace travel trek trip trot trudge tuck tug tumble turn twirl twist type unlock unroll unscrew uppercut use vacuum
vault veer volley wade wait walk wander wash wave weight wheel whip whirl wield wiggle windmill wink wipe wobble work
wrap wring write yank yawn zigzag zip
"""
_IRREGULAR = {
    "be": "is are was were been being am",
    "do": "does did doing done",
    "have": "has had having",
    "stand": "stood",
    "seated": "",
    "lowering": "lowers lowered",  # "lower" alone may be the adjective
    "sit": "sat",
    "lie": "lies lying lain",
    "lay": "lays laying laid",
    "kneel": "knelt",
    "run": "ran runner",
    "jog": "jogger",
    "dance": "dancer ballerina",
    "box": "boxer",
    "goggle": "glasses spectacles",
    "floor": "ground",
    "swing": "swung",
    "throw": "threw thrown",
    "spin": "spun",
    "bend": "bends bending",
    "fall": "fell fallen",
    "get": "got gotten",
    "rise": "rose risen arise arises",
    "strike": "struck stricken",
    "sweep": "swept",
    "creep": "crept",
    "leap": "leapt",
    "draw": "drew drawn",
    "drink": "drank drunk",
    "eat": "ate eaten",
    "write": "wrote written",
    "catch": "caught",
    "fling": "flung",
    "hold": "held",
    "keep": "kept",
    "go": "goes went gone going",
    "take": "took taken",
    "bring": "brings brought bringing",
    "shake": "shook shaken",
    "hang": "hung",
    "sink": "sank sunk",
    "fly": "flew flown",
    "shoot": "shot",
    "lean": "leant",
    "stride": "strode",
    "steal": "stole",
    "spring": "sprang sprung",
    "beat": "beaten",
    "meet": "met",
    "put": "puts putting",
    "wind": "winds winding wound",
    "slide": "slid",
    "swim": "swam swum",
    "stick": "sticks stuck sticking",
    "jete": "jeté jetés jetes",
    "backward": "backwards",
    "forward": "forwards",
    "sideways": "sideway sidewards sideward laterally lateral",
    "upward": "upwards",
    "downward": "downwards",
    "leftward": "leftwards leftwardly",
    "rightward": "rightwards",
    "inward": "inwards",
    "outward": "outwards",
    "toward": "towards",
    "overhead": "overheads",
    "anticlockwise": "counterclockwise",
    "round": "around",
    "sidestep": "sidesteps sidestepping sidestepped",
    "grey": "gray",
}
_UNMARKED = "the his her their its your my our own very quite slightly just simply"
_DROPPED = frozenset(_UNMARKED.split())
# Nouns that look like a verb of the table after "the", "his" and the like, and words without that meaning.
_NOUNS = {
    "box": "crate",
    "boxes": "crate",
    "bow": "longbow",
    "duck": "bird",
    "lift": "elevator",
    "point": "spot",
    "run": "route",
}
_CONTRACTIONS = re.compile(r"n['’]t\b|\bcannot\b")
_POSSESSIVE = re.compile(r"\bone['’]s\b|['’]s\b|['’]")
_TOKEN = re.compile(r"[^\W_]+|[,.;:!?()–—]")
_STOP = ","
_VOWELS = "aeiou"


def inflections(lemma: str) -> set[str]:
    """The regular forms of a verb or noun: -s, -ed and -ing, with British and American doubling."""
    stems = {lemma}
    if lemma.endswith(("s", "x", "z", "ch", "sh")):
        forms = {lemma + "es"}
    elif lemma.endswith("y") and lemma[-2] not in _VOWELS:
        return {lemma, lemma[:-1] + "ies", lemma[:-1] + "ied", lemma + "ing"}
    else:
        forms = {lemma + "s"}
    if lemma.endswith("ie"):
        return {lemma, *forms, lemma + "d", lemma[:-2] + "ying"}
    if lemma.endswith("e"):
        return {lemma, *forms, lemma + "d", (lemma if lemma.endswith("ee") else lemma[:-1]) + "ing"}
    if re.fullmatch(r"[^aeiou]*(?:qu)?[aeiou][^aeiouwxy]", lemma):
        stems = {lemma + lemma[-1]}
    elif lemma.endswith(("el", "al")):
        stems = {lemma, lemma + "l"}
    return {lemma, *forms, *(stem + ending for stem in stems for ending in ("ed", "ing"))}


def _forms() -> dict[str, str]:
    table = {form: lemma for lemma in _REGULAR.split() for form in inflections(lemma)}
    table |= {form: lemma for lemma, forms in _IRREGULAR.items() for form in (lemma, *forms.split())}
    return table


_LEMMAS = _forms()


def normal_form(sentence: str) -> str:
    """The sentence as words separated by single spaces, with one at each end; a comma for each mark between clauses.

    Hyphens separate words; "n't" is "not"; possessive endings and words like "the", "his", "very" are dropped.
    """
    text = _CONTRACTIONS.sub(lambda match: "not" if match.group() == "cannot" else " not", sentence.lower())
    text = _POSSESSIVE.sub("", text)
    tokens: list[str] = []
    determined = False
    for token in _TOKEN.findall(text):
        if token in _DROPPED:
            determined = True
            continue
        if determined:
            token = _NOUNS.get(token, token)
        tokens.append(_LEMMAS.get(token, token) if token[0].isalnum() else _STOP)
        determined = False
    return " " + " ".join([*tokens, _STOP]) + " "
