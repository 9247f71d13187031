"""Joint names of the skeletons of many programs, for the one motion of `rig_builders`."""

from __future__ import annotations

from dataclasses import dataclass, field

MIDDLE = ("pelvis", "spine", "chest", "upperchest", "neck", "head")


@dataclass(frozen=True)
class Dialect:
    """Names of a program: joint -> name, with S, s, Side, side for the side.

    Attributes:
        above: names of joints above the pelvis.
        extra: (joint it hangs on, name, offset): helpers that must not be taken for joints of the body.
    """

    names: str
    above: tuple[str, ...] = ()
    extra: tuple[tuple[str, str, tuple[float, float, float]], ...] = ()
    left_right: tuple[str, str] = ("L", "R")
    parts: tuple[str, ...] = field(
        default=(
            "pelvis", "spine", "chest", "upperchest", "neck", "head", "clavicle", "shoulder", "elbow", "wrist",
            "finger", "thumb", "hip", "knee", "ankle", "toe",
        )
    )  # fmt: skip

    def table(self) -> dict[str, str]:
        """Joint -> name in the file."""
        out = {}
        words = [word.replace("~", " ") for word in self.names.split()]
        for part, word in zip(self.parts, words, strict=True):
            if part in MIDDLE:
                out[part] = word
                continue
            for side, letter in zip(("left", "right"), self.left_right, strict=True):
                sided = word.format(S=letter, s=letter.lower(), Side=side.title(), side=side)
                out[f"{part}_{side}"] = sided
        return out


DIALECTS = {
    "Mixamo": Dialect(
        "mixamorig:Hips mixamorig:Spine mixamorig:Spine1 mixamorig:Spine2 mixamorig:Neck mixamorig:Head "
        "mixamorig:{Side}Shoulder mixamorig:{Side}Arm mixamorig:{Side}ForeArm mixamorig:{Side}Hand "
        "mixamorig:{Side}HandMiddle1 mixamorig:{Side}HandThumb1 mixamorig:{Side}UpLeg mixamorig:{Side}Leg "
        "mixamorig:{Side}Foot mixamorig:{Side}ToeBase"
    ),
    "Mixamo without colon": Dialect(
        "mixamorig1Hips mixamorig1Spine mixamorig1Spine1 mixamorig1Spine2 mixamorig1Neck mixamorig1Head "
        "mixamorig1{Side}Shoulder mixamorig1{Side}Arm mixamorig1{Side}ForeArm mixamorig1{Side}Hand "
        "mixamorig1{Side}HandMiddle1 mixamorig1{Side}HandThumb1 mixamorig1{Side}UpLeg mixamorig1{Side}Leg "
        "mixamorig1{Side}Foot mixamorig1{Side}ToeBase"
    ),
    "Unreal": Dialect(
        "pelvis spine_01 spine_02 spine_03 neck_01 head clavicle_{s} upperarm_{s} lowerarm_{s} hand_{s} "
        "middle_01_{s} thumb_01_{s} thigh_{s} calf_{s} foot_{s} ball_{s}",
        above=("root",),
        extra=(
            ("", "ik_foot_l", (0.1, 0, 0)),
            ("", "ik_hand_r", (-0.3, 1, 0)),
            ("shoulder_left", "upperarm_twist_01_l", (0.1, 0, 0)),
            ("hip_right", "thigh_twist_01_r", (0, -0.2, 0)),
        ),
    ),
    "Biped": Dialect(
        "Bip01~Pelvis Bip01~Spine Bip01~Spine1 Bip01~Spine2 Bip01~Neck Bip01~Head Bip01~{S}~Clavicle "
        "Bip01~{S}~UpperArm Bip01~{S}~Forearm Bip01~{S}~Hand Bip01~{S}~Finger2 Bip01~{S}~Finger0 "
        "Bip01~{S}~Thigh Bip01~{S}~Calf Bip01~{S}~Foot Bip01~{S}~Toe0",
        above=("Bip01",),
        extra=(("pelvis", "Bip01 Footsteps", (0, -0.9, 0)),),
    ),
    "VRoid": Dialect(
        "J_Bip_C_Hips J_Bip_C_Spine J_Bip_C_Chest J_Bip_C_UpperChest J_Bip_C_Neck J_Bip_C_Head "
        "J_Bip_{S}_Shoulder J_Bip_{S}_UpperArm J_Bip_{S}_LowerArm J_Bip_{S}_Hand J_Bip_{S}_Middle1 "
        "J_Bip_{S}_Thumb1 J_Bip_{S}_UpperLeg J_Bip_{S}_LowerLeg J_Bip_{S}_Foot J_Bip_{S}_ToeBase",
        above=("Root",),
        extra=(
            ("head", "J_Sec_Hair1_01", (0, -0.3, -0.1)),
            ("head", "J_Adj_L_FaceEye", (0.03, 0.05, 0.06)),
            ("hip_left", "J_Sec_L_SkirtBack0_01", (0, -0.3, -0.1)),
        ),
    ),
    "Rigify": Dialect(
        "spine spine.001 spine.002 spine.003 spine.004 spine.006 shoulder.{S} upper_arm.{S} forearm.{S} "
        "hand.{S} f_middle.01.{S} thumb.01.{S} thigh.{S} shin.{S} foot.{S} toe.{S}",
        extra=(("pelvis", "pelvis.L", (0.08, 0.05, 0.02)), ("ankle_left", "heel.02.L", (0, -0.07, -0.05))),
    ),
    "Rigify, deforming bones": Dialect(
        "DEF-spine DEF-spine.001 DEF-spine.002 DEF-spine.003 DEF-spine.004 DEF-spine.006 DEF-shoulder.{S} "
        "DEF-upper_arm.{S} DEF-forearm.{S} DEF-hand.{S} DEF-f_middle.01.{S} DEF-thumb.01.{S} DEF-thigh.{S} "
        "DEF-shin.{S} DEF-foot.{S} DEF-toe.{S}",
        above=("root",),
        extra=(("shoulder_left", "DEF-upper_arm.L.001", (0.14, 0, 0)), ("", "foot_ik.L", (0.1, 0, 0))),
    ),
    "MakeHuman": Dialect(
        "root spine05 spine03 spine01 neck01 head clavicle.{S} upperarm01.{S} lowerarm01.{S} wrist.{S} "
        "metacarpal2.{S} finger1-1.{S} upperleg01.{S} lowerleg01.{S} foot.{S} toe1-1.{S}",
        extra=(("shoulder_left", "upperarm02.L", (0.15, 0, 0)), ("head", "jaw", (0, 0.02, 0.05))),
    ),
    "MotionBuilder": Dialect(
        "Character1_Hips Character1_Spine Character1_Spine1 Character1_Spine2 Character1_Neck Character1_Head "
        "Character1_{Side}Shoulder Character1_{Side}Arm Character1_{Side}ForeArm Character1_{Side}Hand "
        "Character1_{Side}HandMiddle1 Character1_{Side}HandThumb1 Character1_{Side}UpLeg Character1_{Side}Leg "
        "Character1_{Side}Foot Character1_{Side}ToeBase",
        above=("Character1_Reference",),
        extra=(("elbow_left", "Character1_LeftForeArmRoll", (0.13, 0, 0)),),
    ),
    "Rokoko": Dialect(
        "Hips Spine1 Spine2 Spine3 Neck Head {Side}Shoulder {Side}Arm {Side}ForeArm {Side}Hand "
        "{Side}Finger3Proximal {Side}Finger1Metacarpal {Side}Thigh {Side}Shin {Side}Foot {Side}Toe"
    ),
    "Perception Neuron": Dialect(
        "Robot_Hips Robot_Spine Robot_Spine1 Robot_Spine2 Robot_Neck Robot_Head Robot_{Side}Shoulder "
        "Robot_{Side}Arm Robot_{Side}ForeArm Robot_{Side}Hand Robot_{Side}InHandMiddle Robot_{Side}HandThumb1 "
        "Robot_{Side}UpLeg Robot_{Side}Leg Robot_{Side}Foot Robot_{Side}ToeBase"
    ),
    "CMU": Dialect(
        "Hips LowerBack Spine Spine1 Neck Head {Side}Shoulder {Side}Arm {Side}ForeArm {Side}Hand "
        "{Side}FingerBase {S}Thumb {Side}UpLeg {Side}Leg {Side}Foot {Side}ToeBase",
        extra=(("pelvis", "LHipJoint", (0, 0, 0)), ("neck", "Neck1", (0, 0.05, 0))),
    ),
    "LAFAN1": Dialect(
        "Hips Spine Spine1 Spine2 Neck Head {Side}Shoulder {Side}Arm {Side}ForeArm {Side}Hand {Side}Finger "
        "{Side}Thumb {Side}UpLeg {Side}Leg {Side}Foot {Side}Toe"
    ),
    "Bandai Namco": Dialect(
        "Hips Spine Chest Chest2 Neck Head Shoulder_{S} UpperArm_{S} LowerArm_{S} Hand_{S} Finger_{S} "
        "Thumb_{S} UpperLeg_{S} LowerLeg_{S} Foot_{S} Toes_{S}",
        above=("joint_Root",),
    ),
    "Biovision": Dialect(
        "Hips Chest Chest2 Chest3 Neck Head {Side}Collar {Side}Shoulder {Side}Elbow {Side}Wrist {Side}Finger "
        "{Side}Thumb {Side}Hip {Side}Knee {Side}Ankle {Side}Toe"
    ),
    "Poser": Dialect(
        "hip abdomen chest chestUpper neck head {s}Collar {s}Shldr {s}ForeArm {s}Hand {s}Mid1 {s}Thumb1 "
        "{s}Thigh {s}Shin {s}Foot {s}Toe"
    ),
    "Daz": Dialect(
        "hip abdomenLower chestLower chestUpper neckLower head {s}Collar {s}ShldrBend {s}ForearmBend {s}Hand "
        "{s}Mid1 {s}Thumb1 {s}ThighBend {s}Shin {s}Foot {s}Toe",
        extra=(("hip_left", "lThighTwist", (0, -0.2, 0)), ("neck", "neckUpper", (0, 0.05, 0.01))),
    ),
    "Acclaim": Dialect(
        "root lowerback upperback thorax lowerneck head {s}clavicle {s}humerus {s}radius {s}hand {s}fingers "
        "{s}thumb {s}femur {s}tibia {s}foot {s}toes",
        extra=(("elbow_left", "lwrist", (0.17, 0, 0)), ("elbow_right", "rwrist", (-0.17, 0, 0))),
    ),
    "OptiTrack": Dialect(
        "Hips Ab Chest Chest2 Neck Head {S}Shoulder {S}UArm {S}FArm {S}Hand {S}Middle1 {S}Thumb1 {S}Thigh "
        "{S}Shin {S}Foot {S}Toe"
    ),
    "SMPL: ankle and foot, wrist and hand": Dialect(
        "m_avg_Pelvis m_avg_Spine1 m_avg_Spine2 m_avg_Spine3 m_avg_Neck m_avg_Head m_avg_{S}_Collar "
        "m_avg_{S}_Shoulder m_avg_{S}_Elbow m_avg_{S}_Wrist m_avg_{S}_Hand m_avg_{S}_Thumb m_avg_{S}_Hip "
        "m_avg_{S}_Knee m_avg_{S}_Ankle m_avg_{S}_Foot",
        above=("m_avg_root",),
    ),
    "Character Creator": Dialect(
        "CC_Base_Hip CC_Base_Waist CC_Base_Spine01 CC_Base_Spine02 CC_Base_NeckTwist01 CC_Base_Head "
        "CC_Base_{S}_Clavicle CC_Base_{S}_Upperarm CC_Base_{S}_Forearm CC_Base_{S}_Hand CC_Base_{S}_Mid1 "
        "CC_Base_{S}_Thumb1 CC_Base_{S}_Thigh CC_Base_{S}_Calf CC_Base_{S}_Foot CC_Base_{S}_ToeBase",
        above=("RL_BoneRoot",),
        extra=(("elbow_left", "CC_Base_L_ForearmTwist01", (0.1, 0, 0)),),
    ),
    "Valve": Dialect(
        "ValveBiped.Bip01_Pelvis ValveBiped.Bip01_Spine ValveBiped.Bip01_Spine1 ValveBiped.Bip01_Spine2 "
        "ValveBiped.Bip01_Neck1 ValveBiped.Bip01_Head ValveBiped.Bip01_{S}_Clavicle "
        "ValveBiped.Bip01_{S}_UpperArm ValveBiped.Bip01_{S}_Forearm ValveBiped.Bip01_{S}_Hand "
        "ValveBiped.Bip01_{S}_Finger2 ValveBiped.Bip01_{S}_Finger0 ValveBiped.Bip01_{S}_Thigh "
        "ValveBiped.Bip01_{S}_Calf ValveBiped.Bip01_{S}_Foot ValveBiped.Bip01_{S}_Toe0"
    ),
    "MikuMikuDance": Dialect(
        "center upper_body upper_body2 upper_body3 neck head shoulder_{S} arm_{S} elbow_{S} wrist_{S} "
        "middle1_{S} thumb0_{S} leg_{S} knee_{S} ankle_{S} toe_{S}"
    ),
    "Kinect": Dialect(
        "SpineBase SpineLow SpineMid SpineHigh SpineShoulder Head Clavicle{Side} Shoulder{Side} Elbow{Side} "
        "Wrist{Side} Hand{Side} Thumb{Side} Hip{Side} Knee{Side} Ankle{Side} Foot{Side}"
    ),
    "KayKit": Dialect(
        "hips spine chest chest2 neck head clavicle.{s} upperarm.{s} lowerarm.{s} wrist.{s} hand.{s} "
        "thumb.{s} upperleg.{s} lowerleg.{s} foot.{s} toes.{s}",
        above=("root",),
        extra=(("finger_left", "handslot.l", (0.3, 0, 0)),),
    ),
    "ARKit": Dialect(
        "hips_joint spine_1_joint spine_4_joint spine_7_joint neck_1_joint head_joint {side}_shoulder_1_joint "
        "{side}_arm_joint {side}_forearm_joint {side}_hand_joint {side}_handMid_1_joint "
        "{side}_handThumb_1_joint {side}_upLeg_joint {side}_leg_joint {side}_foot_joint {side}_toes_joint",
        above=("root",),
    ),
    "Maya": Dialect(
        "C_Pelvis_JNT C_Spine1_JNT C_Spine2_JNT C_Chest_JNT C_Neck_JNT C_Head_JNT {S}_Clavicle_JNT "
        "{S}_UpperArm_JNT {S}_LowerArm_JNT {S}_Wrist_JNT {S}_Middle1_JNT {S}_Thumb1_JNT {S}_Thigh_JNT "
        "{S}_Knee_JNT {S}_Ankle_JNT {S}_Ball_JNT",
    ),
    "Unity": Dialect(
        "Hips Spine Chest UpperChest Neck Head {Side}Shoulder {Side}UpperArm {Side}LowerArm {Side}Hand "
        "{Side}MiddleProximal {Side}ThumbProximal {Side}UpperLeg {Side}LowerLeg {Side}Foot {Side}Toes"
    ),
    "unknown": Dialect(
        "a1 a2 a3 a4 a5 a6 b1{S}. b2{S}. b3{S}. b4{S}. b5{S}. b6{S}. c1{S}. c2{S}. c3{S}. c4{S}.",
        left_right=("q", "w"),
    ),
}
