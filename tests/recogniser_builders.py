"""Builders of the recogniser's tests: a small untrained recogniser, moving clips, lines of live frames."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from pgfa.config import RunSettings
from pgfa.model.encoder import build_model
from pgfa.prepare import prepare
from pgfa.recognise import Bundle, Calibration, Recogniser
from pgfa.recognise.encoders import TorchEncoder
from pgfa.recognise.temporal.jsonl import answer_lines
from pgfa.research.foreign.incomplete import measured_clips, without_depth
from pgfa.skeleton import KINECT20, Clip, Layout, Ragged, Source
from pgfa.words.fit import MeasuredSet, clip_weights, fit_kinematics
from pgfa.words.lexicon import WORDS, word_vectors
from pgfa.words.measures import measure, mirrored

SENTENCES = ("a person waves", "a person kicks", "two people shake hands", "a person bows")
CALIBRATION = Calibration(20.0, 12.0, -3.0, 1.0, 0.5, fitted=True, about={"ece": 0.03})


def tiny_recogniser(
    recipe: str = "default", encoder: str = "stgcn", calibration: Calibration = CALIBRATION
) -> Recogniser:
    """Untrained and small, with stored vectors of a few sentences: no sentence encoder is needed."""
    model_settings = {"encoder": encoder, "channels": (4, 8), "strides": (2, 1), "kernel": 3}
    settings = RunSettings(recipe=recipe, prepare={"layout": "kinect20", "frames": 12}, model=model_settings)
    random = np.random.default_rng(0)
    names = (*SENTENCES, "a person jumps")
    vectors = random.normal(size=(len(names), 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    centre = (random.normal(size=6) * 0.1).astype(np.float32)
    stored = dict(zip(names, vectors, strict=True))
    encoder_model = _untrained(settings, 6)
    return Recogniser(Bundle(settings, encoder_model, centre, calibration, {"seen": ["a/b"]}, stored))


def kinematic_recogniser(*, encoder: bool = True) -> Recogniser:
    """`tiny_recogniser` with a kinematic model fitted on swaying clips, beside the encoder or in place of it."""
    bundle = tiny_recogniser().bundle
    clips = [swaying_clip(i) for i in range(24)]
    prepared = prepare(Ragged.from_clips(clips), bundle.settings.prepare)
    measures = measure(prepared.positions[:, :, 0], prepared.measured[:, 0], prepared.moving_seconds)
    vectors, words = np.stack([bundle.sentences[s] for s in SENTENCES]), word_vectors(SENTENCES)
    labels = np.arange(24) % len(SENTENCES)
    flat = measured_clips(without_depth(clips), bundle.settings.prepare)[2]
    measured = MeasuredSet(measures, mirrored(measures), labels, vectors, vectors, words, words, flat=flat)
    # The vectors are none of the sentence encoder's: the glossary cannot be searched for them.
    model = replace(fit_kinematics([measured]), implied=False)
    if encoder:
        beside = _untrained(bundle.settings, len(model.space.centre) + len(WORDS))
        features = beside.features(prepared.positions, prepared.present)
        model = model.with_encoder(features, clip_weights([measured]))
        bundle = replace(bundle, encoder=beside)
    return Recogniser(replace(bundle, centre=model.space.centre, kinematics=model))


def _untrained(settings: RunSettings, size: int) -> TorchEncoder:
    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = build_model(settings, KINECT20, size).eval()
    with torch.inference_mode():  # running means as after training
        for value in model.buffers():
            if value.dtype == torch.float32 and value.ndim == 1:
                value += torch.rand_like(value) * 0.1
    return TorchEncoder(model)


def swaying_clip(seed: int = 0, frames: int = 30, bodies: int = 1, layout: Layout = KINECT20) -> Clip:
    """Bodies side by side whose joints oscillate: a continuous motion, unlike that of `make_clip`."""
    random = np.random.default_rng(seed)
    joints = len(layout.joints)
    rest = random.normal(0, 0.4, (bodies, joints, 3)) + np.arange(bodies)[:, None, None] * [1.5, 0, 0]
    phase = np.sin(np.linspace(0, 9, frames) + seed)[:, None, None, None]
    sway = phase * random.normal(0, 0.2, (bodies, joints, 3))
    return Clip((rest + sway).astype(np.float32), 30.0, layout, Source(id=f"clip-{seed}"))


def frame_lines(clip: Clip, header: str = '{"layout": "kinect20"}') -> list[str]:
    """A clip as lines of live frames."""
    frames = [
        json.dumps({"t": i / 30, "bodies": np.round(p.astype(float), 4).tolist()})
        for i, p in enumerate(clip.positions)
    ]
    return [header, *frames]


def live_answers(recogniser: Recogniser, lines: list[str]) -> list[Any]:
    """The answers to lines of live frames, parsed."""
    source = io.BytesIO("\n".join(lines).encode())
    return [
        json.loads(line)
        for line in answer_lines(lambda layout, rate: recogniser.live(SENTENCES, layout, rate), source)
    ]
