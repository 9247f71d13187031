"""Which measures speak for which word: the columns that a word's detector reads.

Chosen by what the words mean, before any accuracy was seen. A detector reads few measures on purpose: one that read all
of them would learn what else the training sets have in common.
"""

from __future__ import annotations

from typing import Final

_READS: Final = {
    "right_hand": (
        "rel_std rel_path rel_peak rel_up_range rel_up_max rel_ext_med rel_elbow_range R_std L_std "
        "rel_to_head_min"
    ),
    "left_hand": (
        "rel_std rel_path rel_peak rel_up_range rel_up_max rel_ext_med rel_elbow_range R_std L_std "
        "rel_to_head_min"
    ),
    "both_hands": (
        "min_std max_std min_up_range max_up_range min_up_max max_up_max min_path max_path hands_min "
        "hands_med hcorr_up hcorr_fwd hcorr_out min_elbow_range min_speed max_speed"
    ),
    "one_hand": (
        "min_std max_std min_up_range max_up_range min_up_max max_up_max min_path max_path hands_min "
        "hands_med hcorr_up hcorr_fwd min_elbow_range"
    ),
    "right_foot": "rel_foot_h rel_foot_std rel_foot_peak rel_foot_moved rel_knee_h R_foot_h L_foot_h",
    "left_foot": "rel_foot_h rel_foot_std rel_foot_peak rel_foot_moved rel_knee_h R_foot_h L_foot_h",
    "legs": (
        "max_foot_std max_foot_moved max_foot_h max_knee_range min_foot_moved pelvis_h_range arms_share"
    ),
    "walk": (
        "travel_path travel_speed travel_net steps step_rate stride travel_fwd_speed feet_off "
        "falt_fwd fcorr_fwd travel_speed_max max_foot_speed pelvis_h_med"
    ),
    "run": (
        "travel_path travel_speed travel_speed_max steps step_rate stride max_foot_speed "
        "min_foot_speed falt_fwd fcorr_fwd max_elbow_med max_foot_h min_foot_h energy"
    ),
    "on_spot": (
        "step_rate steps march_rate marches travel_path travel_radius min_foot_speed fcorr_up falt_up"
    ),
    "jump": (
        "feet_off feet_off_share pelvis_up_speed pelvis_down_speed pelvis_h_max pelvis_h_range fcorr_up"
    ),
    "travel_back": "travel_fwd travel_fwd_speed travel_net travel_path",
    "travel_side": "travel_side_abs travel_right travel_net travel_fwd",
    "turn": "turn_net_abs turn_abs turn_range twist_range",
    "spin": "turn_net_abs turn_abs turn_range",
    "turn_left": "turn_net",
    "turn_right": "turn_net",
    "slow": "energy energy_peak travel_speed max_speed max_peak log_seconds",
    "fast": "energy energy_peak travel_speed max_speed max_peak log_seconds max_foot_peak",
    "sit": (
        "pelvis_h_med pelvis_h_start pelvis_h_end max_knee_med min_knee_med max_thigh_med "
        "min_thigh_med trunk_inc_med min_thigh_fwd"
    ),
    "sit_down": (
        "pelvis_h_start pelvis_h_end pelvis_h_net pelvis_h_min max_knee_med min_knee_min "
        "trunk_inc_end min_thigh_fwd"
    ),
    "stand_up": (
        "pelvis_h_start pelvis_h_end pelvis_h_net pelvis_h_min pelvis_up_speed min_knee_range trunk_inc_start"
    ),
    "get_up": "pelvis_h_start pelvis_h_end pelvis_h_net pelvis_h_min pelvis_up_speed trunk_inc_start",
    "stand": "pelvis_h_med pelvis_h_min min_knee_med trunk_inc_med travel_path max_foot_moved",
    "still": "energy energy_peak max_std min_std max_path travel_path max_foot_moved pelvis_h_range",
    "kneel": "min_knee_low max_knee_low pelvis_h_min pelvis_h_end",
    "squat": (
        "pelvis_h_min pelvis_h_range min_knee_min max_knee_min min_knee_range max_knee_range trunk_inc_max"
    ),
    "lie": "trunk_inc_med trunk_inc_end trunk_inc_start trunk_inc_max pelvis_h_med pelvis_h_min",
    "fall": "trunk_inc_end trunk_inc_start pelvis_h_net pelvis_down_speed pelvis_h_end",
    "crawl": "trunk_inc_med pelvis_h_med min_low min_knee_low",
    "roll": "trunk_inc_max trunk_inc_range pelvis_h_min turn_abs feet_off",
    "bend": "lean_fwd_max trunk_inc_max trunk_inc_range min_low max_low pelvis_h_min trunk_inc_end",
    "lean_side": "lean_right_max lean_left_max trunk_inc_max lean_fwd_max trunk_rev",
    "lunge": "stance_max stance_w stride pelvis_h_min min_knee_min max_knee_min pelvis_h_range",
    "overhead": "*_over_head *_over_head_share *_up_max *_over_shoulder_share max_up_med",
    "to_head": (
        "*_to_head_min *_to_head_med *_up_med *_elbow_med *_up_max *_over_shoulder_share "
        "R_to_head_min L_to_head_min"
    ),
    "to_mouth": "*_to_head_min *_to_head_med *_up_med *_elbow_med max_speed",
    "phone": "*_to_head_min *_to_head_med *_up_med *_elbow_med max_speed",
    "chest": "*_to_chest_min *_to_chest_med *_up_med *_fwd_med *_over_shoulder_share *_over_head",
    "shoulder_level": "*_up_med *_up_max *_up_range *_over_shoulder_share *_over_head *_ext_med",
    "waist": "*_up_med *_up_max *_to_hip_min *_to_hip_med *_elbow_med *_below_waist_share",
    "floor": "*_low *_to_ankle_min *_to_knee_min trunk_inc_max pelvis_h_min",
    "behind": "*_fwd_min *_fwd_range *_out_min max_to_othershoulder_min",
    "wave": "*_out_rev *_out_range *_out_share *_over_shoulder_share *_up_med max_speed",
    "circle": "*_wind_front *_wind_side *_wind_level *_circ_front *_circ_side *_circ_level",
    "draw": "*_ext_med *_over_shoulder_share *_fwd_med *_out_range *_up_range *_path min_std",
    "punch": "*_fwd_vmax *_fwd_range *_fwd_rev *_ext_range *_peak *_elbow_range *_up_med *_over_head",
    "chop": "*_up_vmin *_up_range *_up_rev *_peak *_up_max",
    "stab": "*_fwd_vmax *_fwd_range *_ext_range *_peak",
    "throw": "*_peak *_fwd_vmax *_up_vmin *_over_head *_fwd_min *_ext_max *_up_max *_fwd_range twist_range",
    "catch": "*_ext_max *_over_head *_up_max *_peak *_fwd_max",
    "push": "*_fwd_range *_fwd_vmax *_ext_range *_up_med *_fwd_rev hcorr_fwd",
    "pull": "*_fwd_vmin *_fwd_range *_ext_range hcorr_fwd",
    "swipe": "*_out_range *_out_share *_out_net *_out_vmax *_out_vmin *_up_med *_out_min",
    "lift": "*_up_range *_up_max *_up_net *_up_share *_up_vmax",
    "lower": "*_up_range *_up_net *_up_vmin pelvis_h_range",
    "up": "*_up_range *_up_max *_up_net *_up_share pelvis_up_speed pelvis_h_net",
    "forward": "*_fwd_range *_fwd_max *_fwd_share travel_fwd lean_fwd_max max_foot_fwd",
    "sideways": "*_out_range *_out_max *_out_share travel_side_abs max_foot_out",
    "inward": "*_out_min *_out_range *_out_net",
    "to_left": "L_out_net R_out_net L_out_vmax R_out_vmin travel_right",
    "to_right": "L_out_net R_out_net L_out_vmin R_out_vmax travel_right",
    "hands_together": "hands_min hands_med hands_close_share hands_rev hcorr_up",
    "cross_arms": "hands_cross max_to_othershoulder_min min_to_othershoulder_min hands_med",
    "arms_wide": "hands_max max_out_max min_out_max min_ext_max hands_med",
    "point": "*_ext_med *_up_med *_fwd_med *_speed *_std",
    "shoot_both": "hands_med min_ext_med max_ext_med min_up_med min_fwd_med max_fwd_med",
    "kick": (
        "max_foot_h max_foot_peak rel_foot_h max_foot_fwd max_knee_h min_foot_h max_foot_std "
        "min_foot_std travel_path"
    ),
    "knee_up": "max_knee_h max_foot_h min_knee_h marches max_thigh_fwd",
    "step": "steps stride max_foot_moved min_foot_moved travel_path stance_max",
    "swing": "*_peak *_out_range *_up_range *_ext_max *_path twist_range turn_range hands_med",
    "alternate": "hcorr_up hcorr_fwd fcorr_fwd fcorr_up falt_up falt_fwd min_fwd_rev",
    "repeat": "period max_up_rev max_fwd_rev max_out_rev steps seconds trunk_rev",
    "back_forth": "period max_up_rev max_fwd_rev max_out_rev",
    "once": "period max_up_rev max_fwd_rev max_out_rev seconds",
    "type_write": "*_fwd_med *_up_med *_speed *_elbow_med *_std hands_med energy",
    "wash": "*_speed *_path *_up_rev *_out_rev *_fwd_rev",
    "one_leg": "rel_foot_h max_foot_h_med min_foot_h_med max_foot_h stance_w",
    "carry": "*_std *_elbow_med *_fwd_med *_to_chest_med",
    "nod": "head_fwd_range head_side_range head_rev energy",
    "shrug": "head_fwd_range",
    "cheer": "min_over_head min_up_max max_up_rev hands_max energy",
    "elbow": "*_elbow_min *_elbow_range *_elbow_med",
    "dance": "turn_abs energy travel_path min_std period",
    "dribble": "max_up_rev max_low max_below_waist_share max_speed",
    "climb": "min_over_head max_foot_h pelvis_h_range",
    "guitar": "hands_med max_speed max_elbow_med min_elbow_med",
}
"""Word -> names of measures; ``*_`` stands for the hand or foot with more of it and for the other one."""


def _expanded(names: str) -> tuple[str, ...]:
    pairs = [name.removeprefix("*_") for name in names.split() if name.startswith("*_")]
    others = [name for name in names.split() if not name.startswith("*_")]
    return tuple(f"{which}_{name}" for which in ("max", "min") for name in pairs) + tuple(others)


READS: Final[dict[str, tuple[str, ...]]] = {word: _expanded(names) for word, names in _READS.items()}
"""Word -> names of `pgfa.words.measures.MEASURES`. A word without an entry has no detector."""
