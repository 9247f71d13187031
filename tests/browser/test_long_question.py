"""A long question on the page: its progress, the button that cancels it, and that the server stops."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from page_server import BROWSER_TEST, TIMEOUT_MS, serving
from pgfa.config import ServeSettings
from pgfa.read.formats.npz import save_clip
from pgfa.recognise import Recogniser
from pgfa.recognise.encoders import FeatureEncoder
from pgfa.skeleton import Clip
from pgfa.synth import make_clips

sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra `test`)")
pytestmark = [*BROWSER_TEST]


@dataclass(frozen=True)
class SlowEncoder:
    """Takes 0.3 s for a block of windows."""

    encoder: FeatureEncoder
    kind: str = "onnx"

    def features(self, positions: NDArray[np.float32], present: NDArray[np.bool_]) -> NDArray[np.float32]:
        time.sleep(0.3 if len(positions) > 20 else 0)
        return self.encoder.features(positions, present)


@pytest.fixture(scope="module")
def server(small_recogniser: Recogniser) -> Iterator[tuple[Any, str]]:
    from pgfa.serve.app import create_app

    bundle = small_recogniser.bundle
    slow = replace(small_recogniser, bundle=replace(bundle, encoder=SlowEncoder(bundle.encoder)))
    app = create_app(slow, ServeSettings())
    with serving(app) as address:
        yield app.state.pgfa, address


def test_a_long_question_shows_progress_and_can_be_cancelled(
    server: tuple[Any, str], browser: Any, tmp_path: Path
) -> None:
    state, address = server
    (clip,) = make_clips(seed=5, performers=1, repeats=1, actions=["wave"])
    positions = np.resize(clip.positions, (4000, *clip.positions.shape[1:])).astype(np.float32)
    positions += np.arange(4000, dtype=np.float32)[:, None, None, None] / 1000
    save_clip(tmp_path / "long.npz", Clip(positions, clip.rate, clip.layout, clip.source))

    page = browser.new_context(reduced_motion="reduce").new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.goto(address)
    sync.expect(page.locator("body[data-answers]")).to_be_attached()
    sync.expect(page.locator("#asking")).to_be_hidden()
    page.set_input_files("#file", [tmp_path / "long.npz"])
    bar = page.get_by_role("progressbar", name="Share of the question that is answered")
    sync.expect(bar).to_be_visible()
    page.wait_for_function("() => document.querySelector('#asking progress').value > 0.05")

    page.get_by_role("button", name="Cancel", exact=True).click()
    sync.expect(bar).to_be_hidden()
    sync.expect(page.locator("#notice")).to_be_hidden()
    deadline = time.monotonic() + 20
    while len(state.turns):
        assert time.monotonic() < deadline, "the server goes on"
        time.sleep(0.05)

    again = page.get_by_role("button", name="Ask again")
    sync.expect(again).to_be_focused()
    before = page.locator("body").get_attribute("data-answers")
    again.click()
    page.wait_for_function("(before) => document.body.dataset.answers !== before", arg=before)
    sync.expect(page.locator("#verdict")).not_to_contain_text("Cancelled")
    sync.expect(bar).to_be_hidden()
