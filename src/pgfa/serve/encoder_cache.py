"""An encoder that remembers what it made: a new sentence then costs no second pass over the recording."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from pgfa.recognise.encoders import Encoder


class Remembering:
    """An encoder around another. Threads may share it.

    Args:
        encoder: that does the work.
        most: bytes of features that are kept; those unused for longest go first.
    """

    def __init__(self, encoder: Encoder, most: int = 128 * 1024**2) -> None:
        self.encoder, self.most, self.kind = encoder, most, encoder.kind
        self._kept: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def features(self, positions: NDArray[np.float32], present: NDArray[np.bool_]) -> NDArray[np.float32]:
        """See `Encoder`. What is returned is not to be written to."""
        key = hashlib.blake2b(repr(positions.shape).encode(), digest_size=16)
        for array in (positions, present):
            key.update(np.ascontiguousarray(array).data)
        name = key.digest()
        with self._lock:
            if (known := self._kept.get(name)) is not None:
                self._kept.move_to_end(name)
                return known
        made = self.encoder.features(positions, present)
        made.flags.writeable = False
        with self._lock:
            if name not in self._kept:
                self._kept[name] = made
                self._size += made.nbytes
            while self._size > self.most and self._kept:
                self._size -= self._kept.popitem(last=False)[1].nbytes
        return made
