"""A run is known by its settings and clips, also on a processor that rounds otherwise."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pgfa.train.clip_set import ClipSet
from pgfa.train.identity import CHUNK, SETTINGS, SUMS, Identity, sums_of


def clips(count: int, seed: int = 0) -> ClipSet:
    random = np.random.default_rng(seed)
    positions = random.normal(size=(count, 20, 1, 20, 3)).astype(np.float32)
    labels = np.arange(count) % 3
    return ClipSet(positions, np.ones((count, 1), bool), labels, np.zeros((count, 2), np.int64))


def changed(data: ClipSet, positions: np.ndarray) -> ClipSet:
    return ClipSet(positions.astype(np.float32), data.present, data.labels, data.origin)


@pytest.mark.parametrize("count", [0, 1, 5, CHUNK, CHUNK + 3])
def test_sums_by_loops(count: int) -> None:
    data = clips(count)
    expected = [
        sum(
            float(value) * np.cos(a * i) * np.cos(b * j)
            for i, clip in enumerate(data.positions[:20])
            for j, value in enumerate(clip.ravel())
        )
        for a in (0.6, 2.3)
        for b in (0.7, 1.9)
    ]
    np.testing.assert_allclose(sums_of(data.take(slice(20))), expected, atol=1e-6)
    parts = [sums_of(data.take(slice(0, CHUNK))), sums_of(data)]
    assert count > CHUNK or parts[0] == parts[1]


@pytest.mark.parametrize("count", [1, 10, 1000])
def test_rounding_is_the_same_run(count: int) -> None:
    data, random = clips(count), np.random.default_rng(1)
    here = Identity.of(["settings"], [data])
    rounded = data.positions * (1 + random.uniform(-1e-6, 1e-6, data.positions.shape))
    elsewhere = Identity.of(["settings"], [changed(data, rounded)])
    assert here.exact != elsewhere.exact
    assert elsewhere.matches(here.facts())
    assert here.matches(json.loads(json.dumps(elsewhere.facts())))


@pytest.mark.parametrize("count", [1, 10, 1000])
def test_one_other_clip_is_another_run(count: int) -> None:
    data = clips(count)
    here = Identity.of(["settings"], [data])
    for index in {0, count // 2, count - 1}:
        positions = data.positions.copy()
        positions[index] = clips(1, seed=7).positions[0]
        assert not Identity.of(["settings"], [changed(data, positions)]).matches(here.facts()), index
    if count > 1:
        exchanged = changed(data, data.positions[::-1])
        assert not Identity.of(["settings"], [exchanged]).matches(here.facts())


def test_other_settings_labels_or_facts_are_another_run() -> None:
    data = clips(6)
    here = Identity.of(["settings"], [data])
    assert not Identity.of(["others"], [data]).matches(here.facts())
    assert not Identity.of(["settings"], [data.take(slice(None), data.labels[::-1].copy())]).matches(
        here.facts()
    )
    elsewhere = Identity.of(["settings"], [changed(data, data.positions * (1 + 1e-6))])
    for damaged in ({SUMS: None}, {SUMS: "x"}, {SUMS: [1.0]}, {SUMS: [float("nan")] * 4}, {SETTINGS: None}):
        assert not elsewhere.matches({**here.facts(), **damaged}), damaged
    assert not elsewhere.matches({"identity": here.exact})  # of an earlier version
    assert here.matches({"identity": here.exact})
