"""No alignment: each clip goes to the nearest anchor. Assumes that the candidate classes are known."""

from __future__ import annotations

from pgfa.adapt.method import AlignmentMethod
from pgfa.adapt.prototype import no_alignment

METHOD = AlignmentMethod(lambda features, anchors, settings: no_alignment(features, anchors))
