"""Any clips are read back unchanged from a pack, in any selection."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pgfa.pack import open_pack, save_pack
from pgfa.skeleton import LAYOUTS, Clip, Source

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@st.composite
def clip_lists(draw: st.DrawFn) -> list[Clip]:
    layout = LAYOUTS[draw(st.sampled_from(sorted(LAYOUTS)))]
    ids = draw(st.lists(text, min_size=1, max_size=5, unique=True))
    clips = []
    for name in ids:
        shape = (draw(st.integers(1, 4)), draw(st.integers(1, 3)), len(layout.joints), 3)
        positions = draw(arrays.arrays(np.float32, shape, elements=st.floats(width=32)))
        source = Source(name, *draw(st.tuples(*[text] * 7)))
        rate = draw(st.floats(1e-3, 1e4))
        clips.append(Clip(positions, rate, layout, source, tuple(draw(st.lists(text, max_size=3)))))
    return clips


@settings(max_examples=25, deadline=None)
@given(clips=clip_lists(), data=st.data())
def test_round_trip(clips: list[Clip], data: st.DataObject) -> None:
    selection = data.draw(st.lists(st.integers(0, len(clips) - 1), max_size=6))
    with tempfile.TemporaryDirectory() as folder:
        save_pack(clips, Path(folder) / "pack")
        pack = open_pack(Path(folder) / "pack")
        part = pack.select(selection)
        for number, clip in [*enumerate(clips)]:
            check(pack.clip(number), clip)
        assert len(part) == len(selection)
        for number, original in enumerate(selection):
            check(part.clip(number), clips[original])
            np.testing.assert_array_equal(part.ragged.rows(number), clips[original].positions)


def check(loaded: Clip, clip: Clip) -> None:
    np.testing.assert_array_equal(loaded.positions, clip.positions)
    assert (loaded.source, loaded.rate, loaded.layout, loaded.problems) == (
        clip.source, clip.rate, clip.layout, clip.problems,
    )  # fmt: skip
