"""Settings of recognising over time."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pgfa.config.settings import Settings


class RecogniseSettings(Settings):
    """Answers over time: the windows, and which recordings count as long."""

    window: tuple[Annotated[float, Field(gt=0)], ...] = (1.5, 3.0)
    """Window lengths in seconds; cosines are averaged over the lengths."""
    hop: Annotated[float, Field(gt=0)] = 0.25
    """Seconds between the centres of successive windows."""
    least: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Probability of a span, at least. Of spans of 70 % more are right, and fewer are found (docs/untrimmed.md)."""
    live_hop: Annotated[float, Field(gt=0)] = 0.2
    """Seconds between successive live answers."""
    long_from: Annotated[float, Field(gt=0)] = 10.0
    """Recordings of at least this many seconds are answered over time by default."""
