"""Slots of WebSockets with live frames: limited, and not kept by those that send none."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

SILENT_SECONDS = 10.0
"""A WebSocket without a valid message for so long loses its slot where another needs one."""


@dataclass(eq=False)
class LiveSlot:
    """A slot of one WebSocket.

    Attributes:
        latest: when it was taken, or the latest valid message came, by the clock of the event loop.
        waiting: the limit of the time for the next message, while one is awaited.
        is_lost: whether another WebSocket has it now.
    """

    latest: float
    waiting: asyncio.Timeout | None = None
    is_lost: bool = False


@dataclass
class LiveSlots:
    """All slots. To be used in one event loop.

    Args:
        limit: number of slots.
    """

    limit: int
    taken: list[LiveSlot] = field(default_factory=list)

    def take(self) -> LiveSlot | None:
        """A slot: a free one, or that of the WebSocket that has been silent longest; None if no such is silent."""
        now = asyncio.get_running_loop().time()
        if len(self.taken) >= self.limit:
            silent = [each for each in self.taken if each.waiting and now - each.latest >= SILENT_SECONDS]
            if not silent:
                return None
            self._end(min(silent, key=lambda each: each.latest), now)
        slot = LiveSlot(now)
        self.taken.append(slot)
        return slot

    def leave(self, slot: LiveSlot) -> None:
        """Give a slot back, if it was not lost."""
        if not slot.is_lost:
            self.taken.remove(slot)

    def _end(self, slot: LiveSlot, now: float) -> None:
        assert slot.waiting is not None
        slot.is_lost = True
        self.taken.remove(slot)
        slot.waiting.reschedule(now)
