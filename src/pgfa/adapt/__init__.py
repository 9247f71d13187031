"""Test-time alignment: unlabelled clips that look certain stand in for the sentences."""

from pgfa.adapt.prototype import Alignment, align, cosines, entropy, surest, unit_rows

__all__ = ["Alignment", "align", "cosines", "entropy", "surest", "unit_rows"]
