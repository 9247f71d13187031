"""The paper's alignment: one pass of `align` (docs/method.md section 4)."""

from __future__ import annotations

from pgfa.adapt.method import ALPHA_GRID, AlignmentMethod, name_and_alpha
from pgfa.adapt.prototype import align

METHOD = AlignmentMethod(
    lambda features, anchors, settings: align(features, anchors, settings.alpha), ALPHA_GRID, name_and_alpha
)
