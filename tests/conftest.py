"""Fixtures shared by all tests: where the real recordings and the reference values lie."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from pgfa.skeleton import get_layout

if TYPE_CHECKING:
    from pgfa.recognise import Recogniser

# Hub look-ups would hang or fail on a machine without a network; everything tested here works offline.
os.environ.setdefault("HF_HUB_OFFLINE", "1")


@pytest.fixture(autouse=True)
def ctrl_c_as_usual() -> None:
    """Processes that a test starts inherit what this one does with Ctrl-C, which launchers and pools change."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


SHARED = Path(os.environ.get("PGFA_SHARED", Path(__file__).resolve().parents[2] / "shared"))


def _shared(part: str) -> Path:
    folder = SHARED / part
    if not SHARED.exists():
        pytest.skip(
            f"reason: no folder {SHARED} (the real recordings do not come with the code; set PGFA_SHARED)"
        )
    assert folder.is_dir(), f"{SHARED} is there, but {folder} is not: the shared folder is broken"
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real recordings; the test is skipped where there is none."""
    return _shared("data")


@pytest.fixture(scope="session")
def parity() -> Path:
    """Folder of the reference values of the authors' code; the test is skipped where there is none."""
    return _shared("parity")


@pytest.fixture(scope="session")
def small_recogniser() -> Recogniser:
    """A recogniser without training or sentence encoder: what a clip is told to be depends on where its hands are.

    Sentences with "raise" or "wave" mean hands above the hips, others hands below; it is calibrated.
    """
    from pgfa.config import RunSettings
    from pgfa.recognise import Bundle, Calibration, Recogniser

    def vector(sentence: str) -> NDArray[np.float32]:
        random = np.random.default_rng(list(sentence.encode()))
        up = 1.0 if any(word in sentence for word in ("raise", "wave")) else -1.0
        return np.array([up, 1, *random.normal(0, 0.1, 6)], dtype=np.float32)

    class Hands:
        kind = "hands"

        def features(self, positions: NDArray[np.float32], present: NDArray[np.bool_]) -> NDArray[np.float32]:
            layout = get_layout(settings.prepare.layout)
            hands = [layout.index("hand_left"), layout.index("hand_right")]
            high = (positions[:, :, 0, hands, 1] - positions[:, :, :1, layout.index("pelvis"), 1]).max(axis=2)
            rest = positions.reshape(len(positions), -1)[:, :6] * 0.1
            up = np.tanh(4 * np.nanmean(high, axis=1))
            return np.concatenate([up[:, None], np.ones((len(up), 1)), rest], axis=1).astype(np.float32)

    class Words(Bundle):
        def anchors(self, sentences: Sequence[str]) -> NDArray[np.float32]:
            return np.stack([vector(sentence) for sentence in sentences])

    settings = RunSettings()
    calibration = Calibration(6.0, 6.0, none=1.0, fitted=True)
    facts = {"seen": ["wave", "bow"], "train_clips": 2}
    return Recogniser(Words(settings, Hands(), np.zeros(8, dtype=np.float32), calibration, facts))


@pytest.fixture(scope="session")
def recogniser() -> Recogniser:
    """An untrained recogniser with stored sentence vectors; immutable, so tests share it."""
    from recogniser_builders import tiny_recogniser

    return tiny_recogniser()


@pytest.fixture(scope="session")
def exported(recogniser: Recogniser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of that recogniser, exported to ONNX; the test is skipped where onnx is not installed."""
    from pgfa.recognise.export import export

    pytest.importorskip("onnx", reason="reason: the extra `export` is not installed")
    pytest.importorskip("onnxruntime", reason="reason: the extra `export` is not installed")
    folder = tmp_path_factory.mktemp("bundle")
    recogniser.save(folder / "torch")
    export(folder / "torch", folder / "onnx")
    return folder / "onnx"
