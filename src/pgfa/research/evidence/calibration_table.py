"""The calibration of the bundled recogniser as its own file has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pgfa.files import read_json
from pgfa.research.evidence.markdown import percent, table


def about_calibration(bundle: Path) -> dict[str, Any]:
    """What a bundle says about its calibration. Raises BadFile."""
    about: dict[str, Any] = read_json(bundle / "recogniser.json")["calibration"]["about"]
    return about


def calibration_table(bundle: Path) -> str:
    """A row per set that was left out."""
    rows = [
        [row["asked_about"], f"{row['clips']:,}", f"{percent(row['accuracy'])} %", f"{percent(row['confidence'])} %",
         f"{percent(row['ece'])} % ({percent(row['ece_interval'][0])} to {percent(row['ece_interval'][1])})"]
        for row in about_calibration(bundle)["held_out"]
    ]  # fmt: skip
    head = ["set", "clips", "accuracy", "mean confidence", "expected calibration error (95 %)"]
    return table(head, rows)


def reliability_table(bundle: Path) -> str:
    """Accuracy by confidence, and accuracy when only the most confident answers are given."""
    about = about_calibration(bundle)
    confidence, accuracy, answers = zip(*about["reliability"], strict=True)
    first = table(
        ["confidence", *(f"{value:.2f}" for value in confidence)],
        [["accuracy", *(f"{value:.2f}" for value in accuracy)], ["answers", *(f"{n:,}" for n in answers)]],
    )
    share, remaining = zip(*about["rejection"], strict=True)
    second = table(
        ["answered, most confident first", *(f"{100 * value:.0f} %" for value in share)],
        [["accuracy", *(f"{percent(value)} %" for value in remaining)]],
    )
    return f"{first}\n\n{second}"
