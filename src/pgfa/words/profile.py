"""Profiles: how much of each of 34 quantities an action has, graded, where a motion word is only stated or not.

The glossary gives every entry a profile (``pgfa/text/glossary/profiles.csv``); a sentence takes the profile of the
entries it is nearest to. Each quantity is estimated from the few measures that show it, as the detectors of motion
words are, and the estimates of a clip are compared with the profile of a sentence (docs/motion-words.md).

*The hand* is the one that moves more, the *other hand* the one that moves less; no quantity names a side.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pgfa.words.measures import MEASURES

Array = NDArray[np.float32]

QUANTITIES: Final[Mapping[str, tuple[int, str, str]]] = {
    "hand_peak": (5, "highest position of the hand: thigh, waist, chest, shoulder, head, overhead",
        "max_up_max max_up_med max_over_head max_over_head_share max_up_range min_up_max"),
    "hand_height": (5, "usual height of the hand, same scale",
        "max_up_med max_up_share max_over_shoulder_share max_below_waist_share min_up_med"),
    "hand_forward": (4, "how far the hand reaches to the front",
        "max_fwd_max max_fwd_med max_fwd_range max_ext_max min_fwd_max"),
    "hand_outward": (4, "how far the hand reaches to the side",
        "max_out_max max_out_med max_out_range max_ext_max min_out_max"),
    "elbow_bend": (4, "usual bend of the elbow: straight to fully bent",
        "min_elbow_med max_elbow_med min_ext_med max_ext_med max_elbow_min min_elbow_min"),
    "hand_motion": (5, "how much the hand moves", "max_std max_path max_up_range max_out_range max_fwd_range seconds"),
    "hand_speed": (5, "its highest speed", "max_peak max_speed max_up_vmax max_fwd_vmax max_out_vmax energy_peak"),
    "other_height": (5, "usual height of the other hand",
        "min_up_med min_up_max min_over_shoulder_share min_below_waist_share max_up_med"),
    "other_motion": (5, "how much the other hand moves",
        "min_std min_path min_up_range min_out_range min_fwd_range min_peak max_std"),
    "hands_apart": (5, "usual distance of the hands: touching, close, shoulder width, at the hips, wide, stretched out",
        "hands_med hands_min hands_max hands_close_share"),
    "up_down": (4, "how far the hand moves up and down", "max_up_range min_up_range max_up_vmax max_std"),
    "sideways": (4, "how far it moves sideways", "max_out_range min_out_range max_out_vmax max_std"),
    "back_forth": (4, "how far it moves to the front and back", "max_fwd_range min_fwd_range max_fwd_vmax max_std"),
    "circling": (3, "how much its path is a circle",
        "max_circ_front max_circ_side max_circ_level max_wind_front max_wind_side max_area_front max_area_side"),
    "repetition": (3, "once, two or three times, many times slowly, many times quickly",
        "max_up_rev max_out_rev max_fwd_rev min_up_rev hands_rev steps max_foot_rev period seconds max_elbow_range"),
    "in_step": (2, "one hand moves, both in turn, both alike",
        "min_std max_std hcorr_up hcorr_fwd hcorr_out min_up_range max_up_range hands_med"),
    "near_head": (3, "how close the hand is to the head, and for how long",
        "max_to_head_min min_to_head_min min_to_head_med max_to_head_med max_up_med"),
    "foot_motion": (5, "how much the foot moves that moves more",
        "max_foot_std max_foot_moved max_foot_speed min_foot_moved max_foot_peak max_foot_slide"),
    "foot_height": (5, "its highest position: floor, step, shin, knee, hip, above",
        "max_foot_h max_foot_h_med max_foot_fwd max_foot_peak max_knee_h"),
    "knee_height": (4, "how high a knee is lifted", "max_knee_h max_thigh_fwd max_knee_range min_knee_h max_knee_min"),
    "steps": (4, "none, one or two, several, walking, running",
        "steps step_rate marches march_rate stride min_foot_moved falt_fwd fcorr_fwd"),
    "travel": (4, "how far the body travels", "travel_path travel_net travel_speed travel_radius travel_speed_max"),
    "off_floor": (3, "how clearly both feet leave the floor",
        "feet_off feet_off_share pelvis_up_speed pelvis_h_max min_foot_h"),
    "stance": (3, "how wide the feet stand", "stance_w stance_max max_foot_out"),
    "hips_start": (3, "height of the hips at the start: lying, floor, seat, standing", "pelvis_h_start pelvis_h_med"),
    "hips_lowest": (3, "their lowest height, same scale", "pelvis_h_min pelvis_h_med"),
    "hips_end": (3, "their height at the end, same scale", "pelvis_h_end pelvis_h_med"),
    "lean_most": (4, "how far the trunk leans at most: upright to lying",
        "trunk_inc_max trunk_inc_range lean_fwd_max head_fwd_max"),
    "lean": (4, "how far it leans usually", "trunk_inc_med trunk_inc_max lean_fwd_max"),
    "turning": (3, "how far the body turns round", "turn_range turn_abs turn_net_abs"),
    "side_lean": (3, "how far the trunk leans to a side", "lean_right_max lean_left_max head_side_range"),
    "twist": (3, "how far the shoulders turn against the hips", "twist_range turn_range"),
    "head_motion": (3, "how much the head moves", "head_fwd_range head_side_range head_rev head_fwd_max"),
    "duration": (3, "below a second, 1 to 2 s, 3 to 5 s, longer", "seconds log_seconds"),
}  # fmt: skip
"""Name -> largest value (the smallest is 0), meaning, and the measures that it is estimated from."""

COLUMNS: Final = tuple(
    np.array([MEASURES.index(name) for name in reads.split()], dtype=np.int64)
    for _, _, reads in QUANTITIES.values()
)
"""Of each quantity, the columns of its measures."""
FULL_LENGTH: Final = 2.0
"""Length from which a profile counts in full; a shorter one comes from entries that are far from the sentence."""
