"""A recogniser with a small kinematic model, fitted on synthetic motion: what its sentences state is measured."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from pgfa.config import PrepareSettings
from pgfa.prepare import prepare
from pgfa.recognise import Recogniser
from pgfa.recognise.vectors import measured
from pgfa.skeleton import Clip, Ragged
from pgfa.synth import make_clips
from pgfa.text import mirror_sentence
from pgfa.words.fit import MeasuredSet, fit_kinematics
from pgfa.words.lexicon import word_vectors
from pgfa.words.measures import mirrored
from recogniser_builders import tiny_recogniser

TEXTS = {
    "wave": "a person waves the right hand overhead from side to side again and again",
    "raise-both-arms": "a person raises both arms overhead",
    "clap": "a person claps both hands in front of the chest again and again",
    "punch": "a person punches forward with the right fist",
    "kick-forward": "a person kicks forward with the right foot",
    "squat": "a person squats",
    "jump": "a person jumps with both feet and swings both arms",
    "walk": "a person walks forward",
    "sit-down": "a person sits down",
    "stand-up": "a person stands up",
    "bow": "a person bows forward",
    "draw-circle": "a person draws a circle with the right hand",
}
"""Action of `pgfa.synth` -> what a right-hander does."""


def right_handers(seed: int, performers: int) -> list[Clip]:
    """One clip of each action of TEXTS per performer, three of four performers."""
    clips = make_clips(seed, performers, 1, tuple(TEXTS))
    return [clip for clip in clips if clip.source.setup == "right-handed"]


@cache
def kinematic_recogniser() -> Recogniser:
    """`tiny_recogniser` with a kinematic model, and stored vectors of TEXTS and these mirrored."""
    clips = right_handers(3, 8)
    measures = measured(prepare(Ragged.from_clips(clips), PrepareSettings()))
    names = list(TEXTS)
    straight, images = list(TEXTS.values()), [mirror_sentence(text) for text in TEXTS.values()]
    random = np.random.default_rng(0)
    encoded = random.normal(size=(2, len(names), 6)).astype(np.float32)
    encoded /= np.linalg.norm(encoded, axis=2, keepdims=True)
    labels = np.array([names.index(clip.source.action) for clip in clips], dtype=np.int64)
    words = word_vectors(straight), word_vectors(images)
    model = fit_kinematics([MeasuredSet(measures, mirrored(measures), labels, *encoded, *words)])
    # The vectors are none of the sentence encoder's: the glossary cannot be searched for them.
    model = replace(model, implied=False)
    bundle = tiny_recogniser().bundle
    settings = bundle.settings.model_copy(update={"prepare": PrepareSettings()})
    stored = dict(zip(images, encoded[1], strict=True)) | dict(zip(straight, encoded[0], strict=True))
    return Recogniser(
        replace(bundle, settings=settings, sentences=stored, centre=model.space.centre, kinematics=model)
    )
