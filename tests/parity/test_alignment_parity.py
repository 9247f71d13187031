"""Alignment against values computed with the authors' public code, for all four support factors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pgfa.adapt import align, cosines

pytestmark = pytest.mark.parity


@pytest.fixture(scope="module")
def reference(parity: Path) -> dict[str, np.ndarray]:
    with np.load(parity / "alignment.npz") as file:
        return {name: file[name] for name in file.files}


@pytest.mark.parametrize("alpha", ["0.05", "0.4", "0.9", "1.0"])
def test_alignment(reference: dict[str, np.ndarray], alpha: str) -> None:
    got = align(reference["skeleton"], reference["class_text"], float(alpha))
    assert np.allclose(got.entropy, reference["entropy"], atol=1e-5)
    assert (got.labels == reference["pred_text"]).all()
    assert np.allclose(got.prototypes, reference[f"prototypes_{alpha}"], atol=1e-5)
    assert (got.predictions == reference[f"pred_{alpha}"]).all()


def test_sentences_alone(reference: dict[str, np.ndarray]) -> None:
    scores = cosines(reference["skeleton"], reference["class_text"])
    assert (scores.argmax(axis=1) == reference["pred_text"]).all()
