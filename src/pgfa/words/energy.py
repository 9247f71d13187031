"""Measures of the whole body: how much of it moves, which half, for how long, how regularly."""

from __future__ import annotations

import numpy as np

from pgfa.skeleton.layouts import KINECT20
from pgfa.words.motion import Motion
from pgfa.words.needs import Needs, needs
from pgfa.words.series import Floats, centred, length, quantiles

LAGS = (3, 30)
"""Lags in frames, of 50, at which a pose may return: from the first to before the second."""

_UPPER = ("elbow", "hand", "head", "shoulder", "wrist")
_LOWER = ("ankle", "knee")

ENERGY_NEEDS: Needs = {
    **needs("pelvis chest limbs", "energy energy_peak energy_std arms_share"),
    **needs("", "seconds log_seconds"),
    **needs("pelvis chest limbs", "period"),
}
"""Measures of the whole body, in order. Ends of limbs, spine and head have stand-ins where they were never seen."""


def energy_measures(motion: Motion) -> dict[str, Floats]:
    """The measures of `ENERGY_NEEDS`: name -> (N,).

    energy, energy_peak, energy_std: mean, high and spread over time of the mean speed of the joints about the pelvis.
    arms_share: of arms and head in it, compared with the legs. seconds, log_seconds: length of the clip. period: how
    much the likeness to itself of the body's pose rises again after a lag, from 0 to about 1 for a motion repeated
    with equal period.
    """
    pose = motion.joints - motion.joint("pelvis")[:, None]
    speed = _MEANS @ length(np.diff(pose, axis=-1)) / motion.interval[..., None]
    (peak,) = quantiles(speed[:, 0], 0.95)
    mean = speed.mean(-1)
    seconds = motion.seconds[:, 0]
    return {
        "energy": mean[:, 0],
        "energy_peak": peak,
        "energy_std": speed[:, 0].std(-1),
        "arms_share": mean[:, 1] / (mean[:, 1] + mean[:, 2] + np.float32(0.02)),
        "seconds": seconds,
        "log_seconds": np.log(np.maximum(seconds, np.float32(0.2))),
        "period": _period(pose),
    }


def _mean_weights() -> Floats:
    """(3, joints) weights of the mean over all joints, over arms and head, over the legs."""
    parts = [joint.split("_")[0] for joint in KINECT20.joints]
    rows = np.array([[True] * len(parts), [p in _UPPER for p in parts], [p in _LOWER for p in parts]])
    out: Floats = (rows / rows.sum(1, keepdims=True)).astype(np.float32)
    return out


_MEANS = _mean_weights()


def _period(pose: Floats) -> Floats:
    """(N,) greatest rise of the autocorrelation of the pose (N, joints, 3, T) over its lowest value at shorter lags."""
    clips, frames = len(pose), pose.shape[-1]
    offset = centred(pose).reshape(clips, -1, frames)
    power = np.einsum("nct,nct->n", offset, offset) / frames
    # All products of two poses at once; the frames of the second are reversed, so that equal lags are on diagonals
    # that a shift of each row by one, by way of a longer row, turns into columns.
    products = np.zeros((clips, frames, 2 * frames), dtype=np.float32)
    np.matmul(offset.transpose(0, 2, 1), offset[..., ::-1], out=products[..., :frames])
    columns = products.reshape(clips, -1)[:, : frames * (2 * frames - 1)].reshape(clips, frames, -1)
    first, stop = LAGS[0], min(LAGS[1], frames)
    lags = np.arange(first, stop)
    likeness = columns[..., frames - 1 + first : frames - 1 + stop].sum(1) / (frames - lags)
    likeness /= (power + np.float32(1e-4))[:, None]
    rise: Floats = (likeness - np.minimum.accumulate(likeness, axis=1)).max(1)
    return rise
