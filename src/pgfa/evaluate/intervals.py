"""Wilson's interval of a proportion: for accuracies on few clips, as those of single classes."""

from __future__ import annotations

Z95 = 1.959963984540054
"""Quantile of the normal distribution at 97.5 %."""


def wilson_interval(correct: int, clips: int) -> tuple[float, float]:
    """The 95 % interval of an accuracy, as fractions of 1; (0, 1) without clips.

    Unlike a bootstrap it does not shrink to a point where all clips are correct (Wilson, Journal of the American
    Statistical Association 22, 1927).
    """
    if not clips:
        return 0.0, 1.0
    share, z2 = correct / clips, Z95**2 / clips
    centre = (share + z2 / 2) / (1 + z2)
    half = Z95 / (1 + z2) * (share * (1 - share) / clips + z2 / (4 * clips)) ** 0.5
    return max(0.0, centre - half), min(1.0, centre + half)
