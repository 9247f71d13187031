"""Rules that rewrite the normal form of a sentence before the look-up: sides, directions, parts at rest, negation.

A rule replaces what would be taken for another word, or whose meaning depends on several words, by one of the marks in
capitals (`TO_left`, `TURN_right`, `STILL`, ...) that patterns of the table use.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

_HAND = r"(?:hand|arm|fist|elbow|wrist|palm|forearm|finger)s?"
_FOOT = r"(?:foot|feet|(?:leg|knee|heel|thigh|toe|ankle|shin)s?)"
_PART = f"(?:handed|footed|legged|shoulders?|hips?|ears?|eyes?|cheek|temple|angle|{_HAND}|{_FOOT})"
_BODY = rf"(?:body|hips|torso|person|someone|he|she|subject|who|{_FOOT})"
_ADJECTIVE = r"(?:(?:straight|bent|open|free|whole|raise|stretch|loose|limp) )?"
_SIDE = r"(?P<side>left|right)"
_TURNED = (
    "(?:turn|rotate|pivot|spin|face|revolve|twist|veer|rotation|corners?|curve|bend|"
    "circle|ring|loop|degree|degrees)"
)
_MOVED = (
    "(?:swipe|push|move|dodge|strafe|step|go|hop|jump|shift|evade|run|walk|slide|scroll|"
    "flick|lean|tilt|sweep|dart|leap|bound|"
    r"swerve|duck|shuffle|sidestep|point|wave|wipe|drift|crawl|travel)"
)
_CLAUSE_END = (
    "(?=, |but |while |as |until |then |though |although |only |except |and then |before |after |when )"
)
_REST = (
    r"(?:(?:(?:just|be|stay|remain|keep|hold|or|and|do|either) )*"
    "(?:hang|rest|still|relax|relaxed|motionless|unmoved|unmoving|idle|passive|limp|"
    "quiet|at rest|at sides?(?! of)|by sides?(?! of)|down at sides?|"
    "beside body|not move|not MOVE_PART|not used|unused|move not|stay put|out of play)(?: "
    "|, (?=hang|at sides?))"
    "(?:(?:or|and) (?:rest|sway|swing|balance|move|hang|hold still) )?(?:straight |"
    "loosely |limply |freely )?"
    "(?:down )?(?:(?:at|by|on|beside|in) (?:both )?(?:sides?|body|hips?|thighs?|lap|"
    "knees|legs) )?(?:a little |only a little )?)"
)


class Rule(NamedTuple):
    """Where one of the `triggers` occurs, `pattern` is replaced in the normal form."""

    triggers: frozenset[str]
    pattern: re.Pattern[str]
    replacement: str | Callable[[re.Match[str]], str]


def _rule(triggers: str, pattern: str, replacement: str | Callable[[re.Match[str]], str]) -> Rule:
    return Rule(frozenset(triggers.split()), re.compile(rf"(?<= ){pattern}"), replacement)


def _opposite(side: str) -> str:
    return "right" if side == "left" else "left"


def _resting_hand(match: re.Match[str]) -> str:
    which, plural = match["which"] or "", match["part"].endswith("s")
    which = which.strip()
    if which in ("left", "right"):
        return f"REST_{which}_hand "
    if which == "other":
        return "REST_other_hand "
    return "REST_both_hands " if which == "both" or (plural and not which) else ""


def _without_travel(match: re.Match[str]) -> str:
    return re.sub(r" (?:go|move|travel|slide|shift|dart|glide)(?= )", " MOVE_PART", match.group())


def _supporting_leg(match: re.Match[str]) -> str:
    side = match["side"]
    return f"ONE_LEG REST_{side}_foot " if side else "ONE_LEG "


_SIDES = "left right leftward rightward"
RULES = (
    # Idioms that hold a word of the table without its meaning.
    _rule("if though", r"as (?:if|though) (?:[^ ,]+ )+", ""),
    _rule("rest", r"rest of ", ""),
    _rule("face", r"face to face ", ""),
    _rule("both each one", r"(both|each|one) of ", r"\1 "),
    _rule("turn", r"(?:in (?:(?:quick|quicker|swift) )?turn|by turn|take turn) ", "ALTERNATE "),
    _rule(
        "turn",
        "turn (?:over )?(?:a )?(?:[a-z]+ )?(?=(?:page|pages|wheel|cap|lid|knob|handle|key|"
        "tap|dial|music|machine|light|switch|volume) )",
        "",
    ),
    _rule(
        "turn",
        "turn (?:(?:on|off|out|into|back|up|down) )(?!one |a |right |left |tiptoe |both |feet |spot )",
        "",
    ),
    _rule(
        "turn",
        "(?:turn (?:a little )?(?:head|face|eyes|neck) |(?:head|face|neck) (?:[^ ,]+ and )?turn )",
        "HEAD_TURN ",
    ),
    _rule("turn", rf"(?P<hand>{_HAND}) turn ", r"\g<hand> rotate "),
    _rule("turn", rf"turn (?P<hand>{_ADJECTIVE}(?:both |one |right |left )?{_HAND}) ", r"rotate \g<hand> "),
    _rule("lie", rf"(?P<hand>{_HAND}|they|where they) lie ", r"\g<hand> "),
    _rule(
        "bend fold hinge bow sway lean incline",
        "(?P<verb>bend|fold|hinge|bow|sway|lean|incline) (?P<gap>(?:[^ ,]+ ){0,3}?)(?:at|"
        "from|in) (?:hips?|waist) ",
        r"\g<verb> \g<gap>at TRUNK ",
    ),
    _rule("clockwise anticlockwise", r"(?:counter|anti) clockwise |anticlockwise ", "COUNTER_CLOCKWISE "),
    _rule("clockwise", r"clockwise ", "CLOCKWISE "),
    _rule("turn", r"turn (?=CLOCKWISE |COUNTER_CLOCKWISE )", ""),
    # Feet that leave or touch the floor do not put a hand to it.
    _rule(
        "floor air",
        f"(?P<feet>(?:both |one |other |right |left |two )?(?:{_FOOT}|one|hips|body) (?:[^ "
        ",]+ )?)(?:leave|off) (?:floor|into air|air) ",
        r"\g<feet>AIRBORNE ",
    ),
    _rule(
        "floor",
        r"(?:leave|(?<!something )(?<!it )(?<!thing )(?<!ball )off|above|over|across|along|through|below) floor ",
        "AIRBORNE ",
    ),
    _rule(
        "floor",
        f"(?P<feet>{_FOOT} |one |hips |body )(?:[^ ,]+ )?(?:[^ ,]+ )?(?:on|to|meet|touch|"
        "reach for|from|toward) floor ",
        r"\g<feet>",
    ),
    _rule("high", rf"(?P<feet>{_FOOT} (?:[^ ,]+ ){{0,3}}?)high ", r"\g<feet>"),
    # What a hand does is no travel of the body.
    _rule(
        "go move travel slide shift dart glide step",
        rf"(?:{_HAND}|head|shoulders?|foot|leg|knee|ball|glass|cup) (?:(?!{_BODY} )[^ ]+ )*",
        _without_travel,
    ),
    _rule(
        "go move travel slide shift dart glide",
        "(?:go|move|travel|slide|shift|dart|glide) (?=(?:(?:right|left|both|one|a|other|"
        f"each|two) )?{_ADJECTIVE}(?:{_HAND}|it|them) )",
        "MOVE_PART ",
    ),
    _rule(
        "head overhead",
        "(?P<part>(?:hips|feet|legs|leg|foot|heels) (?:[^ ,]+ ){0,3}?)(?:(?:over|above) head|overhead) ",
        r"\g<part>",
    ),
    _rule(
        "side",
        "(?P<part>(?:feet|hips|torso|trunk|body|tilt|lean|sway|rock|eyes|look|arms tilt) "
        "(?:[^ ,]+ ){0,3}?)(?:from )?side to side ",
        r"\g<part>",
    ),
    _rule("turn", r"turn over (?!a |page )", "ROLL_OVER "),
    _rule(
        "basketball hoop hoops basket rim",
        r".+",
        lambda match: f" {match.group()}".replace(" shoot ", " throw ")[1:],
    ),
    # Sides.
    _rule(_SIDES, r"(?:left|right) (?:now|away|angles?) ", ""),
    _rule(
        _SIDES,
        rf"(?P<a>left|right) (?:and|then|,) (?P<b>left|right) (?P<part>{_HAND}|{_FOOT}) ",
        r"\g<a> \g<part> and \g<b> \g<part> ",
    ),
    _rule(_SIDES, rf"(?:left|right) or (?:left|right) (?P<part>{_HAND}|{_FOOT}) ", r"one \g<part> "),
    _rule(
        _SIDES,
        "(?:to )?(?:left|right) (?:side )?and (?:then )?(?:to )?(?:left|right) (?:side "
        ")?(?:again |and back )?(?=, |and |over |about |again |from |in |with |above |like "
        "|at |while |as |when |several |to )",
        "SIDE_TO_SIDE ",
    ),
    _rule(_SIDES, r"from (?:left|right) (?:side )?to (?:left|right) (?:side )?and back ", "SIDE_TO_SIDE "),
    _rule(
        _SIDES,
        f"from (?:a )?(?:far |upper |lower )?(?:left|right) (?:hand )?(?:side )?(?!{_PART} "
        ")(?:of (?:body|chest) )?",
        "",
    ),
    _rule(
        _SIDES,
        f"(?:over |off |out |up |far )*(?:to|toward|onto|on to) (?:far )?{_SIDE} (?:hand "
        f")?(?:side )?(?!{_PART} |of |wall )",
        r"TO_\g<side> ",
    ),
    _rule(_SIDES, r"(?:over|round|to) (?:upper|lower) (?:left|right) ", ""),
    _rule("leftward rightward", r"(?P<side>left|right)ward ", r"TO_\g<side> "),
    _rule(
        _SIDES,
        f"(?P<verb>{_MOVED}|{_TURNED}) (?P<gap>(?:off |round |sharply |again |a quarter "
        f"|sideways |over )*){_SIDE} (?!{_PART} |angle |and |side |leg )",
        r"\g<verb> \g<gap>TO_\g<side> ",
    ),
    _rule(
        _SIDES,
        f"(?:a (?=(?:left|right) hand ))?{_SIDE} (?:(?<=a left )hand |(?<=a right )hand "
        f")?(?P<verb>{_MOVED}|{_TURNED}) (?!{_HAND} )",
        r"\g<verb> TO_\g<side> ",
    ),
    _rule(
        _SIDES,
        rf"(?P<verb>{_TURNED}|round) (?P<gap>(?:[^ ,]+ ){{0,4}}?)TO_{_SIDE} ",
        r"\g<verb> \g<gap>TURN_\g<side> ",
    ),
    _rule("kick", rf"(?P<with>with|use) {_SIDE} (?=, |and |then |while )", r"\g<with> \g<side> foot "),
    _rule(
        "throw", rf"throw a {_SIDE} (?=, |and |then |hook |punch |jab |cross )", r"punch with \g<side> hand "
    ),
    _rule("look gaze", rf"(?P<eyes>look|gaze) (?:[^ ,]+ )?TO_{_SIDE} ", r"\g<eyes> "),
    _rule("one", rf"(?P<before>{_HAND} (?:[^ ]+ )*?){_SIDE} one ", r"\g<before>\g<side> hand "),
    # A leg to stand on; hands, legs at rest.
    _rule(
        "on stand over",
        "(?:(?:stand|balance|stay|keep|while|weight|support|be) )+(?:firmly |only |just "
        f"|upright |still )?(?:on|over) (?:(?:{_SIDE}|other|one|straight) )+(?:foot|leg) ",
        _supporting_leg,
    ),
    _rule(
        "stand support stay rest",
        f"(?:(?:{_SIDE}|other|one) )(?:foot|leg) (?:be )?(?:stand|support|stay|rest|still|"
        "remain) (?!out |up |up in )",
        _supporting_leg,
    ),
    _rule("stand", r"stand (?:foot|leg) ", "ONE_LEG "),
    _rule(
        "hang rest still relax relaxed motionless unmoved idle passive limp move used unused "
        "side sides body put",
        rf"(?P<which>(?:left|right|both|other|one) )?{_ADJECTIVE}(?P<part>{_HAND}) {_REST}",
        _resting_hand,
    ),
    _rule(
        "hang rest still relax relaxed motionless unmoved idle passive limp move used unused side sides",
        rf"(?P<which>other )(?P<part>){_REST}",
        _resting_hand,
    ),
    _rule(
        "hang relaxed limp",
        r"(?:hang|relaxed|limp|rest) (?P<which>both )?(?P<part>arms|hands) ",
        _resting_hand,
    ),
    _rule(
        "still stay rest remain keep",
        "(?:feet|foot|legs|leg) (?:be |do )?(?:still |rest |(?:stay|remain|keep) (?!out|"
        "up|off|bent|in air|together|raise|high|back|low|over|under|lift|with)(?:on floor "
        "|on spot |in place |put |still |apart )?)",
        "LEGS_REST ",
    ),
    _rule(
        "still motionless",
        "(?:legs|feet|torso|head|trunk|body|upper body|hips) (?:(?:be|stay|remain|keep|"
        "hold) )*(?:still|motionless) ",
        "",
    ),
    _rule("stay", rf"(?:{_HAND}|joints) stay (?:[^ ,]+ )?in place ", ""),
    # No motion.
    _rule(
        "not without never no",
        r"(?:not|without|never|no) (?:move|lift|step) (?:feet|foot|legs) ",
        "ON_SPOT LEGS_REST ",
    ),
    _rule(
        "not without never no",
        r"(?:not|without|never|no) (?:(?:actually|ever|any|a) )*(?:move|travel|advance|walk|step|go|get|leave|change) "
        r"(?:(?:forward|ahead|anywhere|from|along|spot|place|off spot)(?: spot| place)?) ",
        "ON_SPOT ",
    ),
    _rule(
        "not without never no",
        r"(?:not|without|never|no) (?:travel|walk away|step|progress|locomotion) ",
        "ON_SPOT ",
    ),
    _rule(
        "not without no hardly barely scarcely nothing never",
        "(?:not|without|no|hardly|barely|scarcely|nothing|never) (?:any |joint |joints "
        "|muscle |a )?(?:move|movement|motion|moving) (?!(?:both |left |right |one |other "
        f")?(?:{_HAND}|{_FOOT}|head|torso|body) )",
        "STILL ",
    ),
    _rule("nothing", r"do nothing ", "STILL "),
    _rule("hardly barely scarcely", r"(?:hardly|barely|scarcely) [^ ,]+ ", ""),
)
NEGATION = re.compile(
    "(?<= )(?:not (?!only )|never |no (?!one |matter )|without |nor |neither |instead "
    "of |rather than )"
    rf"(?P<scope>(?:[^ ,]+ )*?){_CLAUSE_END}"
)
NEGATIONS = frozenset({"not", "never", "no", "without", "nor", "neither", "instead", "rather"})
REST_MARK = re.compile(r"REST_(?:left|right|both|other)_(?:hands?|foot)")
