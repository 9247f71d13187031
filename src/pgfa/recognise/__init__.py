"""What most people import: a trained recogniser that takes recordings and typed sentences.

Nothing here needs torch until a recogniser whose encoder is torch's is opened: an exported one runs without.
"""

from pgfa.recognise.answers import Answer, Answers, Span, Timeline
from pgfa.recognise.bundle import Bundle, open_bundle
from pgfa.recognise.calibration.model import Calibration
from pgfa.recognise.prototypes import Prototype
from pgfa.recognise.recogniser import Adaptation, Recogniser, StreamRecogniser
from pgfa.recognise.temporal.live import Live

__all__ = [
    "Adaptation",
    "Answer",
    "Answers",
    "Bundle",
    "Calibration",
    "Live",
    "Prototype",
    "Recogniser",
    "Span",
    "StreamRecogniser",
    "Timeline",
    "open_bundle",
]
