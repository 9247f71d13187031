"""What an alignment method is: the type of the `METHOD` that each method's module defines.

To add a method, write ``pgfa/adapt/NAME.py`` with a `METHOD` and add a line to `pgfa.config.ALIGNMENTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pgfa.adapt.prototype import Alignment, Array
from pgfa.config import AdaptSettings

Option = Mapping[str, Any]
"""Settings of an alignment that differ from their defaults."""

ALPHAS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Support factors to choose from."""

ALPHA_GRID: tuple[Option, ...] = tuple({"alpha": alpha} for alpha in reversed(ALPHAS))
"""For methods with a support factor. Of equally good ones the largest is chosen, which averages most clips."""


def name_and_alpha(settings: AdaptSettings) -> str:
    """The method with its support factor."""
    return f"{settings.method}, support factor {settings.alpha:g}"


@dataclass(frozen=True)
class AlignmentMethod:
    """A test-time alignment.

    Attributes:
        align: (N, d) features, (K, d) anchors and settings -> `Alignment`; a pure function. N may be 0, K is at least
            1, all numbers are finite. Clips of length 0 must not change a prototype, and a class that no clip supports
            must keep its anchor.
        grid: options that a benchmark chooses from on pseudo-unseen classes; if several are equally good, the first is
        used.
        describe: settings -> the method and its most important setting, for reports.
        variants: named options under which a benchmark runs the method as one more alignment.
    """

    align: Callable[[Array, Array, AdaptSettings], Alignment]
    grid: tuple[Option, ...] = ({},)
    describe: Callable[[AdaptSettings], str] = lambda settings: settings.method
    variants: Mapping[str, Option] = field(default_factory=dict)
