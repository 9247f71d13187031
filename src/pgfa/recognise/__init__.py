"""Recognition with a trained recogniser: recordings and sentences in, answers out.

Torch is imported only when a recogniser with a torch encoder is opened; an exported one runs without it.
"""

from pgfa.recognise.answers import Adaptation, Answer, Answers, Span, Timeline
from pgfa.recognise.bundle import Bundle, open_bundle
from pgfa.recognise.calibration.model import Calibration
from pgfa.recognise.candidates import Candidates
from pgfa.recognise.corrections import Correction
from pgfa.recognise.explanation import Explanation, Explanations
from pgfa.recognise.prototypes import Prototype
from pgfa.recognise.recogniser import Recogniser, StreamRecogniser
from pgfa.recognise.temporal.live import Live

__all__ = [
    "Adaptation",
    "Answer",
    "Answers",
    "Bundle",
    "Calibration",
    "Candidates",
    "Correction",
    "Explanation",
    "Explanations",
    "Live",
    "Prototype",
    "Recogniser",
    "Span",
    "StreamRecogniser",
    "Timeline",
    "open_bundle",
]
