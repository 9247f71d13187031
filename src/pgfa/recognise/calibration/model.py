"""Cosines -> probabilities of each candidate and of "none of these"; `fit` describes how it is fitted."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadCheckpoint

Array = NDArray[np.float32]

NONE_SHARE = 0.5
"""Questions without a right candidate in the fit of a calibration that does not say how many there were."""


@dataclass(frozen=True)
class Calibration:
    """A softmax over the candidates and "none of these".

    With cosine c and K candidates the logits are::

        sentence    slope * c
        prototype   prototype_slope * c + prototype_offset
        none        none + none_log * log K

    Recordings are closer to recordings than to sentences, so prototypes have a separate line. With more candidates
    the best one is closer by chance, hence log K.

    Attributes:
        slope: above 0; one over the temperature.
        prototype_slope, prototype_offset: for candidates whose vector is a prototype.
        none, none_log: of "none of these"; None if not fitted, which gives it probability 0.
        fitted: on held-out classes; if false, the slopes are the logit scale of the training loss.
        about: how it was fitted and how reliable it is: expected calibration error, questions, clips.
    """

    slope: float
    prototype_slope: float
    prototype_offset: float = 0.0
    none: float | None = None
    none_log: float = 0.0
    fitted: bool = False
    about: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def unfitted(cls, logit_scale: float) -> Calibration:
        """The logit scale of the training loss as slope; no "none of these". Such probabilities are overconfident."""
        return cls(
            logit_scale, logit_scale, about={"note": "not calibrated; probabilities are overconfident"}
        )

    @property
    def none_share(self) -> float | None:
        """Share of the questions without a right candidate in the fit; None where it is not valid."""
        share = self.about.get("none_share", NONE_SHARE)
        return float(share) if isinstance(share, int | float) and 0 < share < 1 else None

    def with_none_share(self, share: float) -> Calibration:
        """For questions of which another share has no right candidate than of those it was fitted on.

        Args:
            share: above 0, below 1.
        """
        fitted = self.none_share
        if self.none is None or fitted is None:
            return self
        shift = math.log(share / (1 - share)) - math.log(fitted / (1 - fitted))
        about = {**self.about, "none_share": share}
        return replace(self, none=self.none + shift, about=about)

    def probabilities(self, cosines: Array, prototype: NDArray[np.bool_]) -> Array:
        """(N, K + 1) float32 rows adding to 1, the last column "none of these".

        Args:
            cosines: (N, K); -inf where a candidate is not possible.
            prototype: (K,) whether the candidate's vector is a prototype.
        """
        logits = np.empty((len(cosines), cosines.shape[1] + 1), dtype=np.float64)
        slope = np.where(prototype, self.prototype_slope, self.slope)
        logits[:, :-1] = slope * cosines + np.where(prototype, self.prototype_offset, 0.0)
        logits[:, -1] = (
            -np.inf if self.none is None else self.none + self.none_log * math.log(cosines.shape[1])
        )
        top = logits.max(axis=1, keepdims=True)
        weight = np.exp(logits - np.where(np.isfinite(top), top, 0))
        weight[~np.isfinite(top[:, 0]), -1] = 1  # nothing is possible
        return np.asarray(weight / weight.sum(axis=1, keepdims=True), dtype=np.float32)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Any, where: str) -> Calibration:
        """What `to_dict` returned. Raises BadCheckpoint that names `where` for anything else."""
        names = set(cls.__dataclass_fields__)
        numbers = names - {"fitted", "about"}
        valid = (
            isinstance(values, dict)
            and set(values) == names
            and isinstance(values["fitted"], bool)
            and isinstance(values["about"], dict)
            and all(_is_number(values[n]) or (n == "none" and values[n] is None) for n in numbers)
            and min(values["slope"], values["prototype_slope"]) > 0
        )
        if not valid:
            raise BadCheckpoint(
                f"{where}: expected a calibration ({', '.join(sorted(names))}), found {values!r}"
            )
        return cls(**values)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
