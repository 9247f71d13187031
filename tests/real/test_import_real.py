"""Whole data sets: published counts, and the same pack by any number of jobs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pgfa.pack import import_dataset, open_pack
from pgfa.read import FORMATS


@pytest.mark.real
def test_utd_mhad(shared_data: Path, tmp_path: Path) -> None:
    report = import_dataset("utd-mhad", shared_data / "utd-mhad", tmp_path / "one", jobs=1, progress=False)
    import_dataset("utd-mhad", shared_data / "utd-mhad", tmp_path / "two", jobs=2, progress=False)
    assert report.summary.clips == report.files == 861
    assert len(report.summary.classes) == 27
    assert report.summary.subjects.keys() == set("12345678")
    assert (report.summary.frames.min, report.summary.frames.median, report.summary.frames.max) == (
        41,
        67,
        125,
    )
    assert report.summary.layout == "kinect20"
    assert not report.summary.rejected
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name
    pack = open_pack(tmp_path / "one")
    files = sorted(FORMATS["utd-mhad"].find(shared_data / "utd-mhad"), key=str)
    for number in (0, 400, 860):
        clip = FORMATS["utd-mhad"].read(files[number])
        np.testing.assert_array_equal(pack.clip(number).positions, clip.positions)
        assert pack.clip(number).source == clip.source


@pytest.mark.real
def test_every_msr_file_is_accounted_for(shared_data: Path, tmp_path: Path) -> None:
    """One of the 567 recordings is all zeros: it must be reported."""
    report = import_dataset("msr-action3d", shared_data / "msr-action3d", tmp_path / "pack", progress=False)
    assert report.summary.clips + len(report.summary.rejected) == report.files
    assert len(report.summary.classes) == 20
    rejected = {file.file.rpartition("/")[2] for file in report.summary.rejected}
    flagged = {clip for clip, problems in _problems(tmp_path / "pack").items() if problems}
    assert any("a13_s09_e02" in name for name in rejected | flagged)


def _problems(path: Path) -> dict[str, list[str]]:
    manifest = open_pack(path).manifest
    return dict(zip(manifest["id"].tolist(), manifest["problems"].tolist(), strict=True))
