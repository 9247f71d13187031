"""An encoder that caches features: asking about another sentence does not encode the recording again."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from pgfa.recognise.encoders import FeatureEncoder


class CachingEncoder:
    """An encoder with a cache of its features. Safe to share between threads.

    Args:
        encoder: computes the features.
        max_bytes: size of the cache; the least recently used features are dropped first.
    """

    def __init__(self, encoder: FeatureEncoder, max_bytes: int = 128 * 1024**2) -> None:
        self.encoder, self.max_bytes, self.kind = encoder, max_bytes, encoder.kind
        self._cache: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def features(self, positions: NDArray[np.float32], present: NDArray[np.bool_]) -> NDArray[np.float32]:
        """See `FeatureEncoder`. The result is read-only."""
        digest = hashlib.blake2b(repr(positions.shape).encode(), digest_size=16)
        for array in (positions, present):
            digest.update(np.ascontiguousarray(array).data)
        key = digest.digest()
        with self._lock:
            if (cached := self._cache.get(key)) is not None:
                self._cache.move_to_end(key)
                return cached
        features = self.encoder.features(positions, present)
        features.flags.writeable = False
        with self._lock:
            if key not in self._cache:
                self._cache[key] = features
                self._size += features.nbytes
            while self._size > self.max_bytes and self._cache:
                self._size -= self._cache.popitem(last=False)[1].nbytes
        return features
