"""`scripts/fuzz_readers.py` in short: some damaged recordings of every format. Its long form is run by hand.

More inputs of each format by

    PGFA_FUZZ=1000 python -m pytest tests/property/test_fuzz_readers.py
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pgfa.errors import PgfaError
from pgfa.read import FORMATS, read_all
from pgfa.skeleton import Clip

COUNT = int(os.environ.get("PGFA_FUZZ", "40"))
PER_FURTHER = 12
"""Inputs for each recording of a format after the first: other schemas take other code."""
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
    for number in range(COUNT + PER_FURTHER * (len(fuzz.seeds(format)) - 1)):
        reading = fuzz.read_input(format, fuzz.make_input(format, 7, number))
        assert reading.outcome in ("clip", "refused"), f"input {number} of {format}, seed 7: {reading}"


@pytest.mark.parametrize("format", fuzz.fuzzed_formats())
def test_the_recordings_it_starts_from_are_sound(format: str, tmp_path: Path) -> None:
    for number, files in enumerate(fuzz.seeds(format)):
        assert fuzz.read_input(format, files) == fuzz.Reading("clip")
        (ref,) = FORMATS[format].find(fuzz.lay_out(files, tmp_path / str(number)))
        assert all(isinstance(clip, Clip) for clip in read_all(ref))
        assert FORMATS[format].read(ref).frames >= 1


@settings(
    max_examples=max(PER_FURTHER, COUNT // 4), deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@example(raw=b"")
@given(raw=st.one_of(st.binary(max_size=300), st.text(max_size=100).map(str.encode)))
@pytest.mark.parametrize("format", fuzz.fuzzed_formats())
def test_arbitrary_bytes(format: str, tmp_path: Path, raw: bytes) -> None:
    files = dict(fuzz.seeds(format)[0])
    files[next(iter(files))] = raw
    (ref,) = FORMATS[format].find(fuzz.lay_out(files, tmp_path))
    for reader in (FORMATS[format].read, read_all):
        message = str(tmp_path)
        try:
            reader(ref)
        except PgfaError as error:
            message = str(error)
        assert str(tmp_path) in message


def test_it_takes_every_format_with_a_sample() -> None:
    sampled = {name for name, format in FORMATS.items() if format.sample and not format.extra}
    assert sampled <= set(fuzz.fuzzed_formats())


def test_an_input_can_be_made_again() -> None:
    assert fuzz.make_input("bvh", 3, 11) == fuzz.make_input("bvh", 3, 11) != fuzz.make_input("bvh", 4, 11)


def test_a_failure_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    files = fuzz.seeds("bvh")[0]

    def fail(*arguments: object) -> None:
        raise TypeError("x")

    monkeypatch.setattr("pgfa.read.formats.bvh.parse", fail)
    assert fuzz.read_input("bvh", files) == fuzz.Reading("wrong", "TypeError: x")


def test_a_process_counts_and_measures() -> None:
    *_, tally = fuzz.run("msr-action3d", 1, 0, 3)
    assert tally.inputs == 3 == sum(tally.outcomes.values())
    assert 0 < tally.seconds < 5
    assert not tally.failed
