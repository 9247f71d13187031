"""Digests of the positions of a pack, block by block: a clip is verified without reading the whole pack."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile

BLOCK_BYTES = 1 << 20
"""A pack of 1 GB has about 1,000 blocks, and pack.json 20 KB of digests; the first clip of a block takes a few
milliseconds more."""


class BlockDigests:
    """The digests of the blocks of positions.npy, without its header, and which blocks have been verified.

    Args:
        digests: 16 hex digits of SHA-256 per block of BLOCK_BYTES; the last block may be shorter.
    """

    def __init__(self, digests: Sequence[str]) -> None:
        self.digests = tuple(digests)
        self._verified: set[int] = set()

    def verify(self, file: Path, positions: NDArray[np.float32], first: int, rows: int) -> None:
        """Read the blocks of some rows that were not read before, and compare them with their digests.

        Args:
            file: named in the error.
            positions: (rows of the pack, joints, 3) float32, memory-mapped.
            first, rows: the first row, and their number.

        Raises:
            BadFile: a byte has changed.
        """
        content = positions.reshape(-1).view(np.uint8)
        row_bytes = positions[0].nbytes
        last = (first + rows) * row_bytes - 1
        for block in range(first * row_bytes // BLOCK_BYTES, last // BLOCK_BYTES + 1):
            if block in self._verified:
                continue
            actual = _digest(content[block * BLOCK_BYTES : (block + 1) * BLOCK_BYTES].data)
            expected = self.digests[block] if block < len(self.digests) else "none"
            if actual != expected:
                where = f"block {block} of {BLOCK_BYTES:,} bytes"
                raise BadFile(file, expected=f"SHA-256 {expected}", found=actual, where=where)
            self._verified.add(block)


def read_digests(file: Path, header: int) -> tuple[str, list[str]]:
    """SHA-256 of a file, and the digests of its blocks after a header of some bytes; reads the file once."""
    sha, blocks = hashlib.sha256(), []
    with file.open("rb") as stream:
        sha.update(stream.read(header))
        while block := stream.read(BLOCK_BYTES):
            sha.update(block)
            blocks.append(_digest(block))
    return sha.hexdigest(), blocks


def _digest(block: bytes | memoryview) -> str:
    return hashlib.sha256(block).hexdigest()[:16]
