"""The actions of the synthetic data set as key poses of a right-hander; their sentences are in synthetic.toml."""

from __future__ import annotations

from typing import Final

from pgfa.synth.motions import Action, Foot, Hand, Key, Wave

OUT, DOWN = (1.0, -0.15, -0.1), (0.35, -0.95, -0.1)
HANG = Hand((0.10, -0.96, 0.05))
FRONT, OVERHEAD, SIDE = Hand((0.0, 0.02, 0.97)), Hand((0.08, 0.97, 0.12)), Hand((0.97, 0.03, 0.08), DOWN)
GUARD = Hand((-0.10, -0.02, 0.36), DOWN)
STAND = Foot()
SEATED = Key(
    0, hands=Hand((-0.04, -0.62, 0.44), (0.5, -0.2, -0.8)), pose={"up": -0.45, "fwd": -0.40, "bend": 4}
)
JOG_ARM = Hand((0.02, -0.50, 0.38), (0.2, -0.4, -0.9))
SWING_FWD, SWING_BACK = Hand((0.02, -0.72, 0.55)), Hand((0.10, -0.86, -0.34), (0.9, 0, -0.4))
PUMP_FWD, PUMP_BACK = Hand((-0.06, -0.24, 0.52), DOWN), Hand((0.10, -0.58, 0.10), (0.2, -0.1, -1))
HIGH_KNEE = Foot(up=0.42, fwd=0.36, toe=15)
HEEL = Foot(up=0.20, fwd=-0.16, toe=50)
JACK = Foot(out=0.26)

ACTIONS: Final[dict[str, Action]] = {
    "wave": Action(
        start=(Key(0.55, right=Hand((0.40, 0.56, 0.22), DOWN)),),
        cycle=(Key(0.5),), repeats=(3, 5), waves=(Wave("hand_out_right", 0.42),),
    ),
    "raise-both-arms": Action(
        start=(Key(0.38, hands=FRONT), Key(0.42, hands=OVERHEAD), Key(0.45), Key(0.4, hands=FRONT)),
        back=0.45,
    ),
    "spread-arms": Action(start=(Key(0.6, hands=SIDE), Key(0.8)), back=0.6),
    "clap": Action(
        start=(Key(0.5, hands=Hand((0.10, -0.12, 0.55), DOWN)),),
        cycle=(Key(0.17, hands=Hand("chest", DOWN)), Key(0.18, hands=Hand((0.10, -0.12, 0.55), DOWN))),
        repeats=(3, 6),
    ),
    "push-forward": Action(
        start=(Key(0.45, hands=Hand((0.04, -0.10, 0.30), DOWN)),),
        cycle=(Key(0.35, hands=Hand((-0.04, 0.0, 0.95)), pose={"bend": 8}), Key(0.15),
            Key(0.35, hands=Hand((0.04, -0.10, 0.30), DOWN), pose={"bend": 0})),
        repeats=(1, 3),
    ),
    "punch": Action(
        start=(Key(0.45, hands=GUARD, left_foot=Foot(fwd=0.12), right_foot=Foot(fwd=-0.10),
            pose={"up": -0.03}),),
        cycle=(Key(0.16, right=Hand((-0.20, 0.04, 0.95)), pose={"twist": 24}),
            Key(0.22, right=GUARD, pose={"twist": 0}), Key(0.08)),
        repeats=(2, 4),
    ),
    "throw-overhand": Action(
        start=(
            Key(0.5, right=Hand((0.42, 0.46, -0.30), (0.85, -0.45, -0.1)), left=Hand((0.05, -0.25, 0.62)),
                left_foot=Foot(up=0.05, fwd=0.12), pose={"twist": -34, "bend": -6, "fwd": -0.05}),
            Key(0.16, right=Hand((0.26, 0.80, 0.22), (0.8, -0.2, 0.4)), left_foot=Foot(fwd=0.28),
                pose={"twist": 0, "bend": 4, "fwd": 0.08}),
            Key(0.14, right=Hand((-0.10, 0.34, 0.88), OUT), left=Hand((0.20, -0.70, 0.10)),
                pose={"twist": 26, "bend": 14, "fwd": 0.14}),
            Key(0.24, right=Hand((-0.42, -0.52, 0.55), OUT), pose={"twist": 36, "bend": 20}),
        ),
        back=0.7,
    ),
    "bowl-underhand": Action(
        start=(
            Key(0.5, right=Hand((0.14, -0.70, -0.62), OUT), pose={"bend": 18, "twist": -14}),
            Key(0.28, right=Hand((0.06, -0.92, 0.28), OUT), left_foot=Foot(fwd=0.34),
                pose={"bend": 34, "twist": 0, "up": -0.16, "fwd": 0.12}),
            Key(0.20, right=Hand((-0.06, -0.05, 0.95)), pose={"bend": 26, "twist": 12}),
            Key(0.25, right=Hand((-0.10, 0.25, 0.90)), pose={"bend": 18}),
        ),
        back=0.7,
    ),
    "kick-forward": Action(
        start=(
            Key(0.34, right_foot=Foot(up=0.14, fwd=-0.34, toe=40), right=Hand((0.20, -0.75, 0.30)),
                left=Hand((0.35, -0.80, -0.20), OUT), pose={"bend": 5, "up": -0.02}),
            Key(0.24, right_foot=Foot(up=0.50, fwd=0.84, toe=-5), right=Hand((0.35, -0.78, -0.25), OUT),
                left=Hand((0.20, -0.60, 0.55)), pose={"bend": -9, "fwd": 0.03}),
            Key(0.14), Key(0.4, right_foot=STAND, pose={"bend": 0, "fwd": 0}),
        ),
        back=0.4,
    ),
    "kick-sideways": Action(
        start=(
            Key(0.34, right_foot=Foot(out=0.05, up=0.34, fwd=0.10, toe=10),
                hands=Hand((0.20, -0.40, 0.35), DOWN), pose={"lean": -6, "right": -0.05}),
            Key(0.24, right_foot=Foot(out=0.74, up=0.44, toe=-20), hands=Hand((0.45, -0.55, 0.15), DOWN),
                pose={"lean": -20, "right": -0.08}),
            Key(0.15), Key(0.42, right_foot=STAND, pose={"lean": 0, "right": 0}),
        ),
        back=0.4,
    ),
    "squat": Action(
        cycle=(
            Key(0.75, hands=Hand((0.05, 0.25, 0.92)),
                pose={"up": -0.46, "fwd": -0.16, "bend": 36, "knee_out_right": 14, "knee_out_left": 14}),
            Key(0.2), Key(0.65, rest=True),
        ),
        repeats=(1, 2), back=0.2,
    ),
    "lunge": Action(
        start=(
            Key(0.3, right_foot=Foot(up=0.12, fwd=0.34), pose={"fwd": 0.10}),
            Key(0.35, right_foot=Foot(fwd=0.66), left_foot=Foot(up=0.055, toe=36),
                pose={"fwd": 0.34, "up": -0.25, "bend": 8}),
            Key(0.4),
            Key(0.35, right_foot=Foot(up=0.10, fwd=0.32), left_foot=STAND,
                pose={"fwd": 0.08, "up": -0.03, "bend": 0}),
        ),
        back=0.35,
    ),
    "bow": Action(start=(Key(0.7, hands=Hand((0.08, -0.82, 0.46)),
        pose={"bend": 62, "nod": 14, "fwd": -0.10}), Key(0.4)), back=0.75),
    "touch-toes": Action(
        start=(Key(0.8, hands=Hand((-0.08, 0.62, 0.76), OUT), pose={"bend": 146, "nod": 12, "fwd": -0.18}),
            Key(0.35)), back=0.8,
    ),
    "pick-up": Action(
        start=(
            Key(0.75, right=Hand((-0.10, -0.22, 0.92)), left=Hand((0.02, -0.70, 0.45)),
                right_foot=Foot(fwd=0.14), pose={"bend": 76, "up": -0.30, "fwd": -0.02, "nod": 8}),
            Key(0.25), Key(0.65, right=Hand((-0.04, -0.36, 0.52), DOWN), left=HANG,
                pose={"bend": 2, "up": 0, "nod": 10, "fwd": 0.04}), Key(0.2),
        ),
        back=0.5,
    ),
    "sit-down": Action(
        start=(
            Key(0.55, hands=Hand((-0.02, -0.60, 0.62)), pose={"up": -0.24, "fwd": -0.28, "bend": 42}),
            Key(0.45, hands=Hand((-0.04, -0.62, 0.44), (0.5, -0.2, -0.8)),
                pose={"up": -0.45, "fwd": -0.40, "bend": 20}),
            Key(0.35, pose={"bend": 4}), Key(0.3),
        ),
        back=None,
    ),
    "stand-up": Action(
        begin=SEATED,
        start=(Key(0.2), Key(0.42, pose={"up": -0.43, "fwd": -0.34, "bend": 42}),
            Key(0.4, hands=HANG, pose={"up": -0.18, "fwd": -0.15, "bend": 30})),
        back=0.45,
    ),
    "jump": Action(
        cycle=(
            Key(0.38, hands=Hand((0.14, -0.76, -0.52), OUT), pose={"up": -0.26, "fwd": -0.06, "bend": 30}),
            Key(0.17, hands=Hand((0.08, 0.10, 0.85)), feet=Foot(toe=35), pose={"up": 0, "fwd": 0, "bend": 0}),
            Key(0.17, hands=Hand((0.10, 0.70, 0.55)), feet=Foot(toe=42, up=0.04), pose={"air": 0.24}),
            Key(0.17, hands=Hand((0.15, -0.10, 0.70)), feet=Foot(toe=25), pose={"air": 0}),
            Key(0.16, hands=Hand((0.15, -0.80, 0.20)), feet=STAND,
                pose={"up": -0.16, "bend": 16, "fwd": -0.03}),
            Key(0.3, rest=True),
        ),
        repeats=(1, 2), back=0.1,
    ),
    "jumping-jacks": Action(
        start=(Key(0.15, pose={"up": -0.06}),),
        cycle=(
            Key(0.17, hands=Hand((0.94, 0.05, 0.10), DOWN), feet=Foot(out=0.14, toe=25),
                pose={"air": 0.07, "up": 0}),
            Key(0.17, hands=Hand((0.22, 0.93, 0.08), OUT), feet=JACK, pose={"air": 0, "up": -0.04}),
            Key(0.17, hands=Hand((0.94, 0.05, 0.10), DOWN), feet=Foot(out=0.14, toe=25),
                pose={"air": 0.07, "up": 0}),
            Key(0.17, hands=HANG, feet=STAND, pose={"air": 0, "up": -0.05}),
        ),
        repeats=(2, 4), back=0.25,
    ),
    "jog-in-place": Action(
        start=(Key(0.3, hands=JOG_ARM, pose={"bend": 5}),),
        cycle=(
            Key(0.15, right_foot=HEEL, left_foot=Foot(toe=12), left=PUMP_BACK, right=PUMP_FWD,
                pose={"up": -0.03, "twist": 7, "air": 0}),
            Key(0.09, right_foot=Foot(toe=22), left_foot=Foot(toe=22), hands=JOG_ARM,
                pose={"up": 0, "twist": 0, "air": 0.025}),
            Key(0.15, left_foot=HEEL, right_foot=Foot(toe=12), right=PUMP_BACK, left=PUMP_FWD,
                pose={"up": -0.03, "twist": -7, "air": 0}),
            Key(0.09, left_foot=Foot(toe=22), right_foot=Foot(toe=22), hands=JOG_ARM,
                pose={"up": 0, "twist": 0, "air": 0.025}),
        ),
        repeats=(3, 5), back=0.35,
    ),
    "march-in-place": Action(
        cycle=(
            Key(0.32, right_foot=HIGH_KNEE, right=SWING_BACK, left=SWING_FWD),
                Key(0.26, right_foot=STAND, hands=HANG),
            Key(0.32, left_foot=HIGH_KNEE, left=SWING_BACK, right=SWING_FWD),
                Key(0.26, left_foot=STAND, hands=HANG),
        ),
        repeats=(2, 3), back=0.3,
    ),
    "walk": Action(
        start=(
            Key(0.22, right_foot=Foot(up=0.09, fwd=0.10, toe=10), step=0.05),
            Key(0.26, right_foot=Foot(fwd=0.27, toe=-8), left_foot=Foot(fwd=-0.22, toe=22), left=SWING_FWD,
                right=SWING_BACK, step=0.22, pose={"twist": 6}),
        ),
        cycle=(
            Key(0.24, right_foot=Foot(fwd=0.0), left_foot=Foot(up=0.10, fwd=0.02, toe=20), hands=HANG,
                step=0.27, pose={"twist": 0}),
            Key(0.26, right_foot=Foot(fwd=-0.27, toe=24), left_foot=Foot(fwd=0.27, toe=-8), right=SWING_FWD,
                left=SWING_BACK, step=0.27, pose={"twist": -6}),
            Key(0.24, left_foot=Foot(fwd=0.0), right_foot=Foot(up=0.10, fwd=0.02, toe=20), hands=HANG,
                step=0.27, pose={"twist": 0}),
            Key(0.26, left_foot=Foot(fwd=-0.27, toe=24), right_foot=Foot(fwd=0.27, toe=-8), left=SWING_FWD,
                right=SWING_BACK, step=0.27, pose={"twist": 6}),
        ),
        repeats=(1, 2),
        end=(
            Key(0.24, right_foot=Foot(fwd=0.06), left_foot=Foot(up=0.08, fwd=-0.10, toe=15), hands=HANG,
                step=0.21, pose={"twist": 0}),
            Key(0.24, right_foot=STAND, left_foot=STAND, step=0.06),
        ),
        back=0.2, steady=True,
    ),
    "twist-torso": Action(
        start=(Key(0.5, hands=Hand((-0.12, -0.04, 0.34), OUT)),),
        cycle=(Key(0.45, pose={"twist": 48}), Key(0.06), Key(0.6, pose={"twist": -48}), Key(0.06)),
            repeats=(1, 2),
        end=(Key(0.35, pose={"twist": 0}),),
    ),
    "lean-sideways": Action(
        start=(Key(0.5, hands=Hand("waist", (1.0, 0.1, -0.5))),),
        cycle=(Key(0.5, pose={"lean": 32, "right": -0.04}), Key(0.1),
            Key(0.75, pose={"lean": -32, "right": 0.04}), Key(0.1)),
        end=(Key(0.4, pose={"lean": 0, "right": 0}),),
    ),
    "arm-circles": Action(
        start=(Key(0.5, hands=SIDE),), cycle=(Key(0.62),), repeats=(2, 4),
        waves=tuple(w for s in ("right", "left") for w in (Wave(f"hand_up_{s}", 0.42),
            Wave(f"hand_fwd_{s}", 0.42, phase=0.25))),
    ),
    "draw-circle": Action(
        start=(Key(0.45, right=Hand((-0.08, 0.42, 0.74), DOWN)),), cycle=(Key(1.0),), repeats=(1, 2),
        waves=(Wave("hand_out_right", 0.44), Wave("hand_up_right", 0.42, phase=0.25)),
    ),
    "draw-x": Action(
        start=(
            Key(0.45, right=Hand((0.28, 0.46, 0.68), DOWN)),
                Key(0.36, right=Hand((-0.46, -0.34, 0.68), DOWN)), Key(0.1),
            Key(0.34, right=Hand((-0.46, 0.44, 0.66), DOWN)), Key(0.08),
                Key(0.36, right=Hand((0.28, -0.36, 0.72), DOWN)),
        ),
    ),
    "swipe-left": Action(
        start=(Key(0.5, right=Hand((0.74, -0.04, 0.46), DOWN)), Key(0.1),
            Key(0.32, right=Hand((-0.60, -0.02, 0.58), DOWN), pose={"twist": 8}), Key(0.12)),
        mirrored="swipe-right",
    ),
    "swipe-right": Action(
        start=(Key(0.5, right=Hand((-0.60, -0.04, 0.56), DOWN), pose={"twist": 6}), Key(0.1),
            Key(0.32, right=Hand((0.76, -0.02, 0.46), DOWN), pose={"twist": -4}), Key(0.12)),
        mirrored="swipe-left",
    ),
    "point": Action(start=(Key(0.5, right=Hand((-0.06, 0.04, 0.96), DOWN)), Key(0.8)), back=0.55),
    "knock": Action(
        start=(Key(0.5, right=Hand((-0.02, 0.16, 0.44), DOWN)),),
        cycle=(Key(0.13, right=Hand((-0.05, 0.10, 0.64), DOWN)),
            Key(0.13, right=Hand((-0.02, 0.16, 0.44), DOWN))), repeats=(3, 5),
    ),
    "drink": Action(start=(Key(0.65, right=Hand("mouth", (0.6, -0.6, 0.5))), Key(0.3, pose={"nod": -25}),
        Key(0.55), Key(0.25, pose={"nod": 0})), back=0.6),
    "phone-call": Action(start=(Key(0.6, right=Hand("ear", (0.25, -0.95, 0.2)), pose={"tilt": 12}),
        Key(0.6, pose={"nod": 6}), Key(0.6, pose={"nod": 0})), back=0.6),
    "scratch-head": Action(
        start=(Key(0.6, right=Hand("crown", (1.0, 0.15, 0.25)), pose={"nod": 8}),), cycle=(Key(0.26),),
            repeats=(3, 6),
        waves=(Wave("hand_out_right", 0.16), Wave("hand_fwd_right", 0.10, phase=0.3)),
    ),
    "salute": Action(start=(Key(0.38, right=Hand("brow", (1.0, 0.15, -0.1)), pose={"bend": -3}), Key(0.7)),
        back=0.4),
    "fly": Action(
        start=(Key(0.45, hands=SIDE),),
        cycle=(Key(0.28, hands=Hand((0.82, 0.48, 0.0), DOWN)),
            Key(0.3, hands=Hand((0.84, -0.46, 0.0), DOWN))), repeats=(3, 5),
    ),
    "swim": Action(
        start=(Key(0.45, right=Hand((0.0, 0.45, 0.82), OUT), left=Hand((0.20, -0.80, -0.35), OUT),
            pose={"bend": 30, "nod": -14, "up": -0.04}),),
        cycle=(
            Key(0.22, right=Hand((0.05, -0.40, 0.75), OUT), left=Hand((0.55, 0.20, -0.45), OUT),
                pose={"twist": 10}),
            Key(0.22, right=Hand((0.20, -0.80, -0.35), OUT), left=Hand((0.0, 0.50, 0.80), OUT),
                pose={"twist": 0}),
            Key(0.22, right=Hand((0.55, 0.20, -0.45), OUT), left=Hand((0.05, -0.40, 0.75), OUT),
                pose={"twist": -10}),
            Key(0.22, right=Hand((0.0, 0.50, 0.80), OUT), left=Hand((0.20, -0.80, -0.35), OUT),
                pose={"twist": 0}),
        ),
        repeats=(2, 3),
    ),
}  # fmt: skip
