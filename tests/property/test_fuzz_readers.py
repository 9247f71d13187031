"""`scripts/fuzz_readers.py` in short: some damaged recordings of every format. Its long form is run by hand."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

from pgfa.read import FORMATS

COUNT = int(os.environ.get("PGFA_FUZZ", "40"))
SCRIPTS = Path(__file__).parents[2] / "scripts"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz_readers", SCRIPTS / "fuzz_readers.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["fuzz_readers"] = module  # where its dataclasses look for their annotations
    spec.loader.exec_module(module)
    return module


fuzz = load()


@pytest.mark.parametrize("format", fuzz.fuzzed_formats())
def test_damaged_recordings(format: str) -> None:
    for number in range(COUNT):
        outcome, detail = fuzz.read_input(format, fuzz.make_input(format, 7, number))
        assert outcome in ("clip", "refused"), f"input {number} of {format}, seed 7: {detail}"


@pytest.mark.parametrize("format", fuzz.fuzzed_formats())
def test_the_recordings_it_starts_from_are_sound(format: str) -> None:
    for files in fuzz.seeds(format):
        assert fuzz.read_input(format, files) == ("clip", "")


def test_it_takes_every_format_with_a_sample() -> None:
    sampled = {name for name, format in FORMATS.items() if format.sample and not format.extra}
    assert sampled <= set(fuzz.fuzzed_formats())


def test_an_input_can_be_made_again() -> None:
    assert fuzz.make_input("bvh", 3, 11) == fuzz.make_input("bvh", 3, 11) != fuzz.make_input("bvh", 4, 11)


def test_what_falls_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    files = fuzz.seeds("bvh")[0]

    def fail(*arguments: object) -> None:
        raise TypeError("x")

    monkeypatch.setattr("pgfa.read.formats.bvh.parse", fail)
    assert fuzz.read_input("bvh", files) == ("wrong", "TypeError: x")


def test_a_process_counts_and_measures() -> None:
    tally = fuzz.run("msr-action3d", 1, 0, 3)
    assert tally.inputs == 3 == sum(tally.outcomes.values())
    assert 0 < tally.seconds < 5
    assert not tally.fallen
