"""What goes wrong with arrays that people save: axes, units, marks of what is absent, scores, scales."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np

from pgfa.skeleton import (
    AZURE32,
    COCO17,
    H36M17,
    HALPE26,
    HDM05,
    KINECT20,
    MEDIAPIPE33,
    NTU25,
    OPENPOSE18,
    OPENPOSE25,
    SMPL24,
    SMPLX22,
    Layout,
)
from reading_motions import (
    Body,
    Floats,
)

UPS = {
    "y": np.eye(3),
    "-y": np.diag([-1.0, -1, 1]),
    "z": np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]),
    "-z": np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]),
    "x": np.array([[0, 1.0, 0], [-1, 0, 0], [0, 0, 1]]),
    "-x": np.array([[0, -1.0, 0], [1, 0, 0], [0, 0, 1]]),
}
"""Up axis -> a rotation, not a reflection, of a body with y up."""


def npy(array: Any) -> bytes:
    """A .npy file."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def npz(**arrays: Any) -> bytes:
    """A .npz file."""
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def absent(body: Body, layout: Layout, gone: Floats) -> dict[str, Floats]:
    """The body with joints absent: gone is (frames, joints)."""
    out = dict(body)
    for index, joint in enumerate(layout.joints):
        if joint in body:
            out[joint] = np.where(gone[:, index, None], np.nan, body[joint])
    return out


def relative(body: Body) -> dict[str, Floats]:
    """Every frame relative to its pelvis."""
    return {j: place - (0 if j.startswith("=") else body["pelvis"]) for j, place in body.items()}


def marked_by(value: float) -> Callable[[Floats], Floats]:
    def change(points: Floats) -> Floats:
        return np.where(absent_where(points.shape)[..., None], value, points)

    return change


def absent_where(shape: tuple[int, ...]) -> Any:
    return np.random.default_rng(5).random(shape[:2]) < 0.08


def _column(points: Floats, values: Any) -> Floats:
    return np.concatenate([points, np.broadcast_to(np.asarray(values, float), (*points.shape[:-1], 1))], -1)


def _scores(points: Floats, low: float = 0.4, high: float = 1.0) -> Floats:
    return np.random.default_rng(6).uniform(low, high, (*points.shape[:-1], 1))


# Defect -> (what is done to (frames, joints, 3) y up metres, what a user would state, is the truth relative).
SOLID: dict[str, tuple[Callable[[Floats], Any], dict[str, Any]]] = {
    "plain": (lambda p: p, {}),
    "float32": (lambda p: p.astype(np.float32), {}),
    "float16": (lambda p: p.astype(np.float16), {}),
    "big-endian": (lambda p: p.astype(">f8"), {}),
    "Fortran order": (np.asfortranarray, {}),
    "millimetres as int16": (lambda p: (p * 1000).astype(np.int16), {"unit": "mm"}),
    "centimetres": (lambda p: p * 100, {"unit": "cm"}),
    "inches": (lambda p: p / 0.0254, {"unit": "in"}),
    "feet": (lambda p: p / 0.3048, {"unit": "ft"}),
    "y down": (lambda p: p @ UPS["-y"].T, {"up": "-y"}),
    "z up": (lambda p: p @ UPS["z"].T, {"up": "z"}),
    "z up, millimetres": (lambda p: p @ UPS["z"].T * 1000, {"up": "z", "unit": "mm"}),
    "z down": (lambda p: p @ UPS["-z"].T, {"up": "-z"}),
    "x up": (lambda p: p @ UPS["x"].T, {"up": "x"}),
    "left-handed (Unity)": (lambda p: p * [1, 1, -1], {"mirrored": True}),
    "left-handed, y down": (lambda p: p * [1, -1, 1], {"mirrored": True, "up": "-y"}),
    "left-handed, z up": (lambda p: p @ UPS["z"].T * [-1, 1, 1], {"mirrored": True, "up": "z"}),
    "y and z exchanged": (lambda p: p[..., [0, 2, 1]], {"mirrored": True, "up": "z"}),
    "moved by 20 m": (lambda p: p + np.array([20, 3, -20]), {}),
    "C,T,V": (lambda p: p.transpose(2, 0, 1), {"axes": "CTV"}),
    "T,C,V": (lambda p: p.transpose(0, 2, 1), {"axes": "TCV"}),
    "V,T,C": (lambda p: p.transpose(1, 0, 2), {"axes": "VTC"}),
    "T,V*C": (lambda p: p.reshape(len(p), -1), {}),
    "T,C*V": (lambda p: p.transpose(0, 2, 1).reshape(len(p), -1), {}),
    "N,C,T,V,M with one body of two": (
        lambda p: np.stack([p.transpose(2, 0, 1), 0 * p.transpose(2, 0, 1)], -1)[None],
        {"axes": "NCTVM"},
    ),
    "C,T,V,M": (lambda p: p.transpose(2, 0, 1)[..., None], {"axes": "CTVM"}),
    "M,T,V,C": (lambda p: p[None], {"axes": "MTVC"}),
    "T,M,V,C": (lambda p: p[:, None], {"axes": "TMVC"}),
    "N,1,T,V,C of one": (lambda p: p[None, None], {"axes": "NMTVC"}),
    "score column": (lambda p: np.concatenate([p, _scores(p)], -1), {}),
    "score column, one above 1": (
        lambda p: np.concatenate([p, np.where(_scores(p) > 0.998, 1.7, _scores(p))], -1),
        {},
    ),
    "score column of 2": (lambda p: _column(p, 2.0), {}),
    "homogeneous column of 1": (lambda p: _column(p, 1.0), {}),
    "score first": (lambda p: np.concatenate([_scores(p), p], -1), {"axes": "sxyz"}),
    "stature of 1": (lambda p: p / 1.7, {"unit": "m"}),
}

MARKS = {
    "NaN": np.nan,
    "0": 0.0,
    "-1": -1.0,
    "9999": 9999.0,
    "-9999": -9999.0,
    "999": 999.0,
    "-100": -100.0,
    "1e10": 1e10,
}

FLAT: dict[str, tuple[Callable[[Floats], Any], dict[str, Any]]] = {
    "pixels": (lambda p: p, {}),
    "pixels and scores": (lambda p: np.concatenate([p, _scores(p)], -1), {}),
    "pixels, scores, one above 1": (
        lambda p: np.concatenate([p, np.where(_scores(p) > 0.998, 1.04, _scores(p))], -1),
        {},
    ),
    "pixels, scores, one below 0": (
        lambda p: np.concatenate([p, np.where(_scores(p) > 0.998, -0.01, _scores(p))], -1),
        {},
    ),
    "pixels, scores in percent": (lambda p: np.concatenate([p, 100 * _scores(p)], -1), {"axes": "xys"}),
    "pixels, logits": (lambda p: np.concatenate([p, 4 * _scores(p) + 1.2], -1), {"axes": "xys"}),
    "pixels, visibility 0, 1, 2": (lambda p: _column(p, 2), {}),
    "pixels, constant z": (lambda p: _column(p, 0), {}),
    "y up": (lambda p: p * [1, -1] + [0, 720], {"up": "y"}),
    "y, x": (lambda p: p[..., ::-1], {"axes": "yx"}),
    "y, x, score (MoveNet)": (
        lambda p: np.concatenate([p[..., ::-1] / 1280, _scores(p)], -1),
        {"axes": "yxs"},
    ),
    "square image, 0 to 1": (lambda p: p / 1280, {}),
    "centred, -1 to 1": (lambda p: p / 640 - [1, 0.5625], {}),
    "integers": (lambda p: p.round().astype(np.int32), {}),
    "C,T,V with score": (lambda p: np.concatenate([p, _scores(p)], -1).transpose(2, 0, 1), {"axes": "CTV"}),
    "T,V*C with score": (lambda p: np.concatenate([p, _scores(p)], -1).reshape(len(p), -1), {}),
    "4k video": (lambda p: p * 3, {}),
}

SOLID_LAYOUTS = (
    H36M17,
    KINECT20,
    NTU25,
    OPENPOSE25,
    SMPL24,
    SMPLX22,
    MEDIAPIPE33,
    COCO17,
    HDM05,
    AZURE32,
    HALPE26,
)

FLAT_LAYOUTS = (COCO17, OPENPOSE25, H36M17, OPENPOSE18, HALPE26, MEDIAPIPE33)

ACTIONS = ("walk", "wave", "kick-forward")
