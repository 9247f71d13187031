"""Format of saved settings. `FORMAT` is its version, written as ``format`` into every file. The rule for changes:

- a setting that is renamed gets a line in `RENAMED`: files of the older format still open, digests do not change,
  and the error for the old name gives the new one;
- a setting that is added gets a line in `ADDED`, under the new format, with the value that older files mean: files
  that do not name it mean that value, and digests of settings with that value do not change;
- a setting is never given another meaning; `FORMAT` grows with every change, and tests/fixtures holds files of
  every older one.
"""

from __future__ import annotations

from typing import Any, Final

FORMAT: Final = 2

RENAMED: Final[dict[str, dict[str, str]]] = {
    "train": {
        "rate": "learning_rate",
        "batch": "batch_size",
        "scale": "logit_scale",
        "learn_scale": "learn_logit_scale",
        "spoil": "degrade",
        "watch_test": "test_each_epoch",
    },
    "baseline": {
        "rate": "learning_rate",
        "batch": "batch_size",
        "smie_rate": "smie_learning_rate",
        "smie_draws": "smie_samples",
    },
    "serve": {
        "names": "allowed_hosts",
        "file_bytes": "max_file_bytes",
        "message_bytes": "max_message_bytes",
        "upload_seconds": "max_upload_seconds",
        "read_seconds": "max_read_seconds",
        "frames": "max_frames",
        "seconds": "max_seconds",
        "bodies": "max_bodies",
        "windows": "max_windows",
        "sentences": "max_sentences",
        "characters": "max_characters",
        "clips": "max_clips",
        "session_bytes": "max_session_bytes",
        "sessions": "max_sessions",
        "idle_seconds": "session_idle_seconds",
        "waiting": "max_queued",
    },
    "benchmark": {"compare": "baselines"},
}
"""Stage -> old name -> name, since format 1."""

ADDED: Final[dict[int, dict[str, dict[str, Any]]]] = {
    1: {"prepare": {"trim": False}, "train": {"degrade": False}},
    2: {
        "train": {
            "objective": "contrastive",
            "precision": "float32",
            "compile": False,
            "partial_views": False,
        },
        "prepare": {"soft_ends": False},
        "adapt": {"own": None},
    },
}
"""Format in whose time it came -> stage -> setting that is missing from older files -> the value that means."""


def added(stage: str, since: int = 1) -> dict[str, Any]:
    """Settings of a stage that came with a format or later -> the value that their absence means."""
    return {
        name: value
        for version, stages in ADDED.items()
        if version >= since
        for name, value in stages.get(stage, {}).items()
    }


def renamed_options() -> dict[str, str]:
    """Options of the command line that settings were once given by -> today's, with their dashes."""
    out = {}
    for stage, names in RENAMED.items():
        prefix = "" if stage == "serve" else f"{stage}."
        for before, name in names.items():
            for no in ("", "no-"):
                out[f"--{prefix}{no}{before.replace('_', '-')}"] = f"--{prefix}{no}{name.replace('_', '-')}"
    return out
