"""Bundles written by earlier versions still open, and give the same answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pgfa.pack import open_pack
from pgfa.recognise import Recogniser

FIXTURES = Path(__file__).parents[1] / "fixtures"
BUNDLES = sorted(FIXTURES.glob("v*/bundle*"))


def test_every_version_has_a_bundle() -> None:
    assert {bundle.parent for bundle in BUNDLES} == set(FIXTURES.glob("v*"))
    assert {"v1/bundle", "v1/bundle-onnx", "v3/bundle"} <= {f"{b.parent.name}/{b.name}" for b in BUNDLES}


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: f"{bundle.parent.name}-{bundle.name}")
def test_bundles_of_every_version_give_the_same_answers(bundle: Path, tmp_path: Path) -> None:
    """Opened as it is, and saved again in the present form.

    Those of v3 were written again when measures of motion lost their thresholds: probabilities changed by 0.008.
    """
    folder, name = bundle.parent, bundle.name
    expected: dict[str, Any] = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    clip = open_pack(FIXTURES / "v1" / "pack").clip(0)
    recogniser = Recogniser.load(bundle)
    recogniser.save(tmp_path)
    for opened in (recogniser, Recogniser.load(tmp_path)):
        answers = opened.recognise(clip, expected["sentences"])
        for answer, (sentence, probability, cosine, prototype) in zip(
            answers, expected["answers"][name], strict=True
        ):
            assert (answer.sentence, answer.prototype) == (sentence, prototype)
            assert answer.probability == pytest.approx(probability, abs=1e-4)
            # The encoder sums in another order than the version that wrote these.
            assert answer.cosine == pytest.approx(cosine, abs=1e-4)


def test_a_kinematic_model_of_the_earlier_form_implies_no_words() -> None:
    """Three shares and no options: as it was fitted, words that a sentence does not state are left open."""
    kinematics = Recogniser.load(FIXTURES / "v3" / "bundle").bundle.kinematics
    assert kinematics is not None
    assert (kinematics.implied, kinematics.stillness, kinematics.both_sides) == (False, False, False)
    assert kinematics.network is None
    assert kinematics.shares == (0.5, 0.75, 1.25, 0.0, 0.0)
