"""The measures of one clip, written out plainly: one side and one direction at a time, with numpy's own functions.

What `pgfa.words` computes for many clips at once is compared with this.
"""

from __future__ import annotations

import numpy as np

from pgfa.skeleton import KINECT20
from pgfa.words.measures import COMPARED

Row = dict[str, float]


def count_turns(series: np.ndarray, amplitude: float) -> int:
    """Changes of direction after a swing of more than the amplitude."""
    high = low = series[0]
    direction, turns = 0, 0
    for value in series[1:]:
        high, low = max(high, value), min(low, value)
        if direction <= 0 and value - low > amplitude:
            turns += direction < 0
            direction, high, low = 1, value, value
        elif direction >= 0 and high - value > amplitude:
            turns += direction > 0
            direction, high, low = -1, value, value
    return turns


def mean_turns(series: np.ndarray, amplitude: float) -> float:
    """Mean of `count_turns` over all amplitudes from half to one and a half of the given one.

    The number changes only at amplitudes that are a difference of two values.
    """
    low, high = 0.5 * amplitude, 1.5 * amplitude
    steps = np.unique(np.abs(np.subtract.outer(series, series)))
    steps = np.concatenate([[low], steps[(steps > low) & (steps < high)], [high]])
    counts = [count_turns(series, middle) for middle in (steps[1:] + steps[:-1]) / 2]
    return float((counts * np.diff(steps)).sum() / (high - low))


def share_above(series: np.ndarray, width: float) -> float:
    """Share of the frames above 0; near 0, a frame counts in part."""
    return float(np.mean(1 / (1 + np.exp(-series / width))))


def speed(series: np.ndarray, interval: float) -> np.ndarray:
    """(T - 1, ...) change per second between means over 0.13 s before and after each frame (T, ...)."""
    frame = np.arange(len(series))
    means = []
    for t in frame:
        weight = np.maximum(1 - np.abs(frame - t) / max(0.13 / interval, 1), 0)
        means.append(np.tensordot(weight / weight.sum(), series, axes=1))
    return np.diff(means, axis=0) / interval


def winding(x: np.ndarray, y: np.ndarray) -> float:
    """Angle about 0 of straight lines between points, seen from 5 cm above 0, by fine steps."""
    share = (np.arange(2000) + 0.5) / 2000
    total = 0.0
    for t in range(len(x) - 1):
        dx, dy = x[t + 1] - x[t], y[t + 1] - y[t]
        along, aside = x[t] + share * dx, y[t] + share * dy
        total += np.mean((along * dy - aside * dx) / (along**2 + aside**2 + 0.05**2))
    return total


def mean_of_neighbours(series: np.ndarray, frames: int) -> np.ndarray:
    """Mean over an odd number of frames, which repeat at the ends."""
    index = np.arange(len(series))
    shifts = range(-(frames // 2), frames // 2 + 1)
    return np.mean([series[np.clip(index + shift, 0, len(series) - 1)] for shift in shifts], axis=0)


def quantile(series: np.ndarray, share: float) -> float:
    return float(np.quantile(series, share))


def bend(first: np.ndarray, middle: np.ndarray, last: np.ndarray) -> np.ndarray:
    """(T,) angle at the middle joint."""
    a, b = first - middle, last - middle
    return np.arccos((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1))


class Body:
    """One clip (T, 20, 3), smoothed, with its heading and floor."""

    def __init__(self, positions: np.ndarray, seconds: float) -> None:
        self.positions = mean_of_neighbours(positions.astype(np.float64), 3)
        self.seconds, self.interval = seconds, seconds / len(positions)
        across = self("shoulder_right") - self("shoulder_left") + self("hip_right") - self("hip_left")
        across[:, 1] = 0
        self.right = across / np.linalg.norm(across, axis=1, keepdims=True)
        self.forward = np.cross([0, 1, 0], self.right)
        self.lower_ankle = np.minimum(self("ankle_left")[:, 1], self("ankle_right")[:, 1])
        self.floor = quantile(self.lower_ankle, 0.1)

    def __call__(self, joint: str) -> np.ndarray:
        return self.positions[:, KINECT20.index(joint)]

    def seen(self, vectors: np.ndarray) -> np.ndarray:
        """(T, 3) to the body's right, up, forward."""
        right, forward = ((vectors * axis[: len(vectors)]).sum(1) for axis in (self.right, self.forward))
        return np.stack([right, vectors[:, 1], forward], axis=1)


def trunk(b: Body) -> Row:
    heading = np.unwrap(np.arctan2(b.right[:, 2], b.right[:, 0]))
    net = heading[-3:].mean() - heading[:3].mean()
    pelvis, chest, head = b("pelvis"), b("chest"), b("head")
    height = pelvis[:, 1] - b.floor
    vertical = np.diff(pelvis[:, 1]) / b.interval
    path = mean_of_neighbours(pelvis * [1, 0, 1], 7)
    step = np.diff(path, axis=0)
    pace = np.linalg.norm(step, axis=1)
    own = b.seen(np.concatenate([step, step[-1:]]))
    up = b.seen(chest - pelvis)
    incline = np.arccos(up[:, 1] / np.linalg.norm(up, axis=1))
    lean, tilt = np.arctan2(up[:, 2], up[:, 1]), np.arctan2(up[:, 0], up[:, 1])
    nod = b.seen(head - chest)
    lines = [b(f"{joint}_right") - b(f"{joint}_left") for joint in ("shoulder", "hip")]
    twist = np.subtract(*(np.arctan2(line[:, 2], line[:, 0]) for line in lines))
    twist = (twist + np.pi) % (2 * np.pi) - np.pi
    return {
        "turn_net": net, "turn_net_abs": abs(net), "turn_abs": np.abs(np.diff(heading)).sum(),
        "turn_range": quantile(heading, 0.98) - quantile(heading, 0.02),
        "pelvis_h_med": np.median(height), "pelvis_h_min": quantile(height, 0.03),
        "pelvis_h_net": height[-5:].mean() - height[:5].mean(),
        "pelvis_h_range": quantile(height, 0.97) - quantile(height, 0.03),
        "pelvis_h_max": quantile(height, 0.97), "pelvis_h_start": height[:5].mean(), "pelvis_h_end": height[-5:].mean(),
        "pelvis_up_speed": quantile(vertical, 0.97), "pelvis_down_speed": -quantile(vertical, 0.03),
        "feet_off": quantile(b.lower_ankle - b.floor, 0.95),
        "feet_off_share": share_above(b.lower_ankle - b.floor - 0.12, 0.03),
        "travel_path": pace.sum(), "travel_net": np.linalg.norm(path[-1] - path[0]),
        "travel_speed": pace.sum() / b.seconds, "travel_speed_max": quantile(pace / b.interval, 0.9),
        "travel_radius": quantile(np.linalg.norm(path - path.mean(0), axis=1), 0.98),
        "travel_fwd": own[:, 2].sum(), "travel_right": own[:, 0].sum(), "travel_side_abs": np.abs(own[:, 0]).sum(),
        "travel_fwd_speed": own[:, 2].sum() / b.seconds,
        "trunk_inc_med": np.median(incline), "trunk_inc_max": quantile(incline, 0.95),
        "trunk_inc_range": quantile(incline, 0.95) - quantile(incline, 0.05),
        "trunk_inc_start": incline[:5].mean(), "trunk_inc_end": incline[-5:].mean(),
        "lean_fwd_max": quantile(lean, 0.95), "lean_back_max": -quantile(lean, 0.05),
        "lean_right_max": quantile(tilt, 0.95), "lean_left_max": -quantile(tilt, 0.05),
        "trunk_rev": mean_turns(lean, 0.12), "twist_range": quantile(twist, 0.95) - quantile(twist, 0.05),
        "head_fwd_max": quantile(nod[:, 2], 0.95),
        "head_fwd_range": quantile(nod[:, 2], 0.95) - quantile(nod[:, 2], 0.05),
        "head_side_range": quantile(nod[:, 0], 0.95) - quantile(nod[:, 0], 0.05),
        "head_rev": mean_turns(nod[:, 2], 0.03) + mean_turns(nod[:, 0], 0.03),
    }  # fmt: skip


def hand(b: Body, side: str, outwards: int) -> Row:
    palm, shoulder = b(f"hand_{side}"), b(f"shoulder_{side}")
    arm = b.seen(palm - shoulder) * [outwards, 1, 1]
    reach, over_head = np.linalg.norm(arm, axis=1) / 0.5, palm[:, 1] - b("head")[:, 1]
    step = np.diff(arm, axis=0)
    pace = np.linalg.norm(step, axis=1)
    velocity = speed(arm, b.interval)
    row: Row = {
        "path": pace.sum(), "speed": pace.sum() / b.seconds,
        "peak": quantile(np.linalg.norm(velocity, axis=1), 0.95),
        "std": np.sqrt(arm.var(0).sum()),
        "ext_max": quantile(reach, 0.95), "ext_med": np.median(reach),
        "ext_range": quantile(reach, 0.95) - quantile(reach, 0.05),
        "over_head": quantile(over_head, 0.9), "over_head_share": share_above(over_head, 0.05),
        "over_shoulder_share": share_above(palm[:, 1] - shoulder[:, 1], 0.05),
        "low": quantile(palm[:, 1] - b.floor, 0.05),
        "below_waist_share": share_above(b("pelvis")[:, 1] - palm[:, 1], 0.05),
    }  # fmt: skip
    for i, axis in enumerate(("out", "up", "fwd")):
        x, along = arm[:, i], velocity[:, i]
        row |= {
            f"{axis}_range": quantile(x, 0.96) - quantile(x, 0.04), f"{axis}_max": quantile(x, 0.96),
            f"{axis}_min": quantile(x, 0.04), f"{axis}_net": x[-5:].mean() - x[:5].mean(),
            f"{axis}_rev": mean_turns(x, 0.1), f"{axis}_med": np.median(x),
            f"{axis}_share": x.var() / (arm.var(0).sum() + 1e-4),
            f"{axis}_vmax": quantile(along, 0.96), f"{axis}_vmin": -quantile(along, 0.04),
        }  # fmt: skip
    other = "left" if side == "right" else "right"
    points = {"head": "head", "chest": "chest", "othershoulder": f"shoulder_{other}"}
    points |= {joint: f"{joint}_{side}" for joint in ("hip", "knee", "ankle")}
    for name, joint in points.items():
        distance = np.linalg.norm(palm - b(joint), axis=1)
        row |= {f"to_{name}_min": quantile(distance, 0.05), f"to_{name}_med": np.median(distance)}
    for plane, (i, j) in {"front": (0, 1), "side": (1, 2), "level": (0, 2)}.items():
        x, y = (arm - arm.mean(0))[:, [i, j]].T
        area = sum(x[t] * y[t + 1] - x[t + 1] * y[t] for t in range(len(x) - 1)) / 2
        row[f"area_{plane}"] = area * (outwards if i == 0 else 1)
        row[f"wind_{plane}"] = abs(winding(x, y)) * abs(area) / (abs(area) + 0.005)
        row[f"circ_{plane}"] = abs(area) / (pace.sum() ** 2 / 12.6 + 0.02)
    elbow = bend(shoulder, b(f"elbow_{side}"), b(f"wrist_{side}"))
    low, high = quantile(elbow, 0.05), quantile(elbow, 0.95)
    return row | {
        "elbow_min": low,
        "elbow_max": high,
        "elbow_med": np.median(elbow),
        "elbow_range": high - low,
    }


def leg(b: Body, side: str, outwards: int) -> Row:
    ankle, knee, hip = (b(f"{joint}_{side}") for joint in ("ankle", "knee", "hip"))
    foot = b.seen(ankle - b("pelvis")) * [outwards, 1, 1]
    pace = np.linalg.norm(np.diff(foot, axis=0), axis=1)
    height, bent, level = ankle[:, 1] - b.floor, bend(hip, knee, ankle), ankle[:, ::2]
    return {
        "foot_speed": pace.sum() / b.seconds,
        "foot_peak": quantile(np.linalg.norm(speed(foot, b.interval), axis=1), 0.95),
        "foot_h": quantile(height, 0.95), "foot_h_med": np.median(height), "foot_fwd": quantile(foot[:, 2], 0.95),
        "foot_back": -quantile(foot[:, 2], 0.05), "foot_out": quantile(foot[:, 0], 0.95),
        "foot_in": -quantile(foot[:, 0], 0.05), "foot_std": np.sqrt(foot.var(0).sum()),
        "foot_rev": mean_turns(foot[:, 2], 0.1), "footh_rev": mean_turns(height, 0.08),
        "foot_moved": quantile(np.linalg.norm(level - np.median(level, axis=0), axis=1), 0.95),
        "foot_slide": np.linalg.norm(np.diff(ankle, axis=0), axis=1).sum() / b.seconds,
        "knee_h": quantile(knee[:, 1] - hip[:, 1], 0.95), "knee_min": quantile(bent, 0.05), "knee_med": np.median(bent),
        "knee_range": quantile(bent, 0.95) - quantile(bent, 0.05), "knee_low": np.median(knee[:, 1]) - b.floor,
        "thigh_fwd": quantile(b.seen(knee - hip)[:, 2], 0.95), "thigh_med": np.median(hip[:, 1] - knee[:, 1]) / 0.44,
    }  # fmt: skip


def covariance(first: np.ndarray, second: np.ndarray, axis: int) -> float:
    """Along one direction."""
    return np.cov(first[:, axis], second[:, axis], bias=True)[0, 1]


def correlation(first: np.ndarray, second: np.ndarray, axis: int) -> float:
    """Correlation along one direction; small if neither moves."""
    return covariance(first, second, axis) / (first[:, axis].std() * second[:, axis].std() + 0.003)


def whole(b: Body) -> Row:
    gap = b("hand_left") - b("hand_right")
    distance = np.linalg.norm(gap, axis=1)
    feet = b.seen(b("ankle_left") - b("ankle_right"))
    sides = (("left", -1), ("right", 1))
    arms = [b.seen(b(f"hand_{side}") - b(f"shoulder_{side}")) * [sign, 1, 1] for side, sign in sides]
    legs = [b.seen(b(f"ankle_{side}") - b("pelvis")) for side, _ in sides]
    pose = b.positions - b("pelvis")[:, None]
    speeds = np.linalg.norm(np.diff(pose, axis=0), axis=2).mean(0) / b.interval
    parts = dict(zip(KINECT20.joints, speeds, strict=True))
    upper, lower = ("head", "shoulder", "elbow", "wrist", "hand"), ("knee", "ankle")
    in_arms, in_legs = (
        np.mean([parts[j] for j in parts if j.split("_")[0] in half]) for half in (upper, lower)
    )
    energy = np.linalg.norm(np.diff(pose, axis=0), axis=2).mean(1) / b.interval
    offset = (pose - pose.mean(0)).reshape(len(pose), -1)
    power = (offset**2).sum(1).mean() + 1e-4
    likeness = [(offset[lag:] * offset[:-lag]).sum(1).mean() / power for lag in range(3, 30)]
    stance = np.hypot(feet[:, 0], feet[:, 2])
    together = {
        **{f"hcorr_{axis}": correlation(*arms, i) for i, axis in enumerate(("out", "up", "fwd"))},
        **{f"fcorr_{axis}": correlation(*legs, i) for i, axis in ((1, "up"), (2, "fwd"))},
        **{f"falt_{axis}": -covariance(*legs, i) for i, axis in ((1, "up"), (2, "fwd"))},
    }
    return together | {
        "hands_min": quantile(distance, 0.05), "hands_med": np.median(distance), "hands_max": quantile(distance, 0.95),
        "hands_close_share": share_above(0.2 - distance, 0.03), "hands_rev": mean_turns(distance, 0.12),
        "hands_cross": quantile(b.seen(gap)[:, 0], 0.95), "stride": quantile(np.abs(feet[:, 2]), 0.9),
        "stance_w": np.median(stance), "stance_max": quantile(stance, 0.95),
        "steps": mean_turns(feet[:, 2], 0.15), "step_rate": mean_turns(feet[:, 2], 0.15) / b.seconds,
        "marches": mean_turns(feet[:, 1], 0.12), "march_rate": mean_turns(feet[:, 1], 0.12) / b.seconds,
        "arms_share": in_arms / (in_arms + in_legs + 0.02),
        "energy": energy.mean(), "energy_peak": quantile(energy, 0.95), "energy_std": energy.std(),
        "seconds": b.seconds, "log_seconds": np.log(b.seconds),
        "period": max(value - min(likeness[: i + 1]) for i, value in enumerate(likeness)),
    }  # fmt: skip


def measures_by_loop(positions: np.ndarray, seconds: float) -> Row:
    """Name -> value of the measures of one clip (T, 20, 3) of which every joint was seen."""
    b = Body(positions, seconds)
    left, right = (
        {**hand(b, side, sign), **leg(b, side, sign)} for side, sign in (("left", -1), ("right", 1))
    )
    row = {**trunk(b), **whole(b)}
    for name in left:
        row |= {f"L_{name}": left[name], f"R_{name}": right[name]}
        row |= {f"max_{name}": max(left[name], right[name]), f"min_{name}": min(left[name], right[name])}
    for name in COMPARED:
        row[f"rel_{name}"] = (right[name] - left[name]) / (abs(right[name]) + abs(left[name]) + 0.05)
    return row
