"""Optional dependencies: which extra brings which modules, and one line of advice where they are missing."""

from __future__ import annotations

from importlib.util import find_spec

from pgfa.errors import BadConfig

EXTRAS: dict[str, tuple[str, ...]] = {
    "train": ("torch", "onnx", "polars", "scipy", "sentence_transformers"),
    "gif": ("PIL",),
}
"""Extra -> the modules that it adds to the core installation."""

OTHER_EXTRAS: dict[str, tuple[str, ...]] = {
    "formats": ("c3d", "h5py"),
    "video": ("rtmlib", "cv2"),
    "scale": ("ray",),
}
"""The same for extras whose users say by themselves what they need."""

PURPOSES = {
    "train": "demo, train, evaluate, calibrate, synthesise, benchmark, reproduce, export of a training run",
    "gif": "drawing GIFs (`pgfa inspect --out clip.gif`)",
    "scale": "`--ray` of benchmark, reproduce and import: jobs on a Ray cluster",
    "formats": "C3D files that the built-in reader does not cover, and .h5 files of SLEAP",
    "video": "videos, from which poses are estimated",
}
"""Extra -> what it is for."""


def installed(module: str) -> bool:
    """Whether a module can be imported; it is not imported."""
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # a finder that refuses it; a module without a specification
        return False


def require(extra: str, purpose: str) -> None:
    """Raises BadConfig if a module of an extra is missing: what needs it, and how it is installed.

    Args:
        extra: a key of `EXTRAS`.
        purpose: what needs it, the beginning of the message.
    """
    if missing := next((module for module in EXTRAS[extra] if not installed(module)), None):
        raise BadConfig(f"{purpose} needs {missing}, which is not installed: pip install 'pgfa[{extra}]'")
