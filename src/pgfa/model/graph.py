"""The skeleton as a graph: which joints are mixed with which."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.skeleton import Layout


def spatial_adjacency(layout: Layout) -> NDArray[np.float32]:
    """Adjacency in the authors' "spatial" partition, one hop, about the layout's centre (method.md section 2).

    Their table of distances stops at one hop, so all joints further from the centre than that count as equally far;
    the subsets are what follows from it, kept because trained weights depend on it.

    Returns:
        (3, joints, joints) float32, ``A[k, v, w]``: how much joint v gives to joint w. Subsets: the joint itself;
        neighbours as far from the centre as w or further; closer ones. Columns of the sum add to one (A D^-1).
    """
    joints = len(layout.joints)
    link = np.eye(joints)
    for child, parent in layout.bone_indices:
        link[child, parent] = link[parent, child] = 1
    start = layout.index(layout.centre)
    hops = np.where(link[start] > 0, 1, 2)
    hops[start] = 0
    shares = link / link.sum(axis=0)
    itself = np.eye(joints, dtype=bool)
    closer = hops[:, None] < hops[None, :]
    return np.stack([np.where(part, shares, 0) for part in (itself, ~closer & ~itself, closer)]).astype(
        np.float32
    )


def parents(layout: Layout) -> NDArray[np.int64]:
    """(joints,) index of each joint's parent; the centre is its own."""
    parent = np.arange(len(layout.joints))
    child = layout.bone_indices
    parent[child[:, 0]] = child[:, 1]
    return parent
