"""`none`: nothing is done at test time."""

from __future__ import annotations

from typing import Any

from pgfa.research.baselines.base import Array, TestTimeBaseline


def unchanged(scores: Array, points: Array, anchors: Array | None, options: Any) -> Array:
    """The scores as they are."""
    return scores


BASELINE = TestTimeBaseline(unchanged, title="the scores as they are", assumes="nothing")
