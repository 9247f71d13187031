"""`scripts/untrimmed.py --run`: one recogniser is asked only about data sets that it was not trained on."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from guides import CHECKOUT
from page_runner import load
from pgfa.recognise.bundle import BUNDLED


def test_a_recogniser_is_not_asked_about_sets_of_its_training() -> None:
    of_bundle = load(CHECKOUT / "scripts" / "untrimmed.py").of_bundle
    packs = [SimpleNamespace(datasets=(name,)) for name in ("utd-mhad", "cmu")]
    folder = BUNDLED.with_name("open")
    assert of_bundle(packs[:1], folder) == {"utd-mhad": folder}
    with pytest.raises(SystemExit, match=r"was trained on cmu: expected sets that it has not seen"):
        of_bundle(packs, folder)
