"""Damaged recordings: each gets an error that says the place, what was expected and what was found."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgfa.errors import BadFile, LimitExceeded, PgfaError
from pgfa.read import read
from pgfa.read.datasets import hdm05, kinder_gator
from pgfa.read.formats import npz as npz_format

POSE = np.random.default_rng(0).uniform(0.1, 2, (20, 3)).round(3)


def msr(frames: int = 2) -> str:
    return "".join(f"{x} {y} {z} 1\n" for _ in range(frames) for x, y, z in POSE)


def gator() -> str:
    row = ",".join(map(str, POSE.reshape(-1)))
    head = ",".join([*kinder_gator.COLUMNS, "User-ID", "Action", ""])
    return head + "".join(f"\n{33 * frame},{row},1,Bow," for frame in range(3)) + "\n"


def ucla(**changes: Any) -> str:
    return json.dumps({"file_name": "x", "skeletons": [POSE.tolist()] * 2, "label": 1} | changes)


def asf() -> str:
    bones = list(hdm05.SEGMENTS)
    blocks = "".join(
        f"begin\nname {b}\ndirection 1 0 0\nlength 1\naxis 0 0 0 XYZ\ndof rx\nend\n" for b in bones
    )
    head = ":units\nlength 0.45\n:root\norder TX TY TZ RX RY RZ\naxis XYZ\n"
    return f"{head}:bonedata\n{blocks}:hierarchy\nbegin\nroot {' '.join(bones)}\nend\n"


def amc() -> str:
    bones = "".join(f"{bone} 1.5\n" for bone in hdm05.SEGMENTS)
    return "#!OML\n:FULLY-SPECIFIED\n:DEGREES\n" + "".join(f"{n}\nroot 0 1 0 0 0 0\n{bones}" for n in (1, 2))


def npz(**changes: Any) -> bytes:
    fields = {"positions": POSE[None, None], "rate": 30.0, "layout": "kinect20"} | changes
    file = io.BytesIO()
    np.savez(file, **{name: value for name, value in fields.items() if value is not None})
    return file.getvalue()


def mat(**fields: Any) -> bytes:
    from scipy.io import savemat

    file = io.BytesIO()
    savemat(file, fields)
    return file.getvalue()


GOOD_MAT = mat(d_skel=np.repeat(POSE[:, :, None], 2, axis=2))
MSR, GATOR, UCLA, AMC, OWN, UTD = (
    "a01_s01_e01_skeleton3D.txt", "POSE-p1_01-Bow-1.csv", "a01_s01_e00_v01.json",
    "HDM_bd_squat1Reps_001_120.amc", "clip.npz", "a1_s1_t1_skeleton.mat",
)  # fmt: skip

# file name, content, what the error says
TABLE: list[tuple[str, str | bytes, str]] = [
    (MSR, "", r"Not a skeleton recording \(an empty file\)\. Supported formats: .*msr-action3d"),
    (MSR, "hello\n", r"Not a skeleton recording \(plain text\)\. Supported formats: .*msr-action3d"),
    (MSR, msr()[:-10], r"line 40: expected 4 numbers, found 2"),
    (MSR, msr() + "1 2 3 1\n", r"line 41: expected 20 rows per frame, found 41 rows in all"),
    (MSR, msr() + "1 2 3\n" * 20, r"line 41: expected 4 numbers, found 3"),
    (MSR, msr() + "1 2 x 1\n" * 20, r"line 41, cell 3: expected a number, found 'x'"),
    (
        MSR,
        msr() + "1 2e5 3 1\n" * 20,
        r"frame 3, body 1, pelvis: expected a coordinate in metres, below 1000, found 2",
    ),
    (GATOR, gator().splitlines()[0], r"expected at least one frame, found none"),
    (GATOR, gator().replace("HeadX", "Kopf"), r"line 1, cell 11: expected the column HeadX, found 'Kopf'"),
    (GATOR, gator() + "99,1,2\n", r"line 5: expected at least 61 cells, found 3"),
    (GATOR, gator().replace("\n33,", "\n33,abc", 1), r"line 3, cell 2: expected a number, found 'abc"),
    (UCLA, ucla()[:-40], r"expected JSON, found "),
    (UCLA, '{"skeletons": ' + "[" * 100_000, r"expected JSON, found "),
    (UCLA, ucla(skeletons={}), r"field skeletons: expected a list of frames, found none"),
    (UCLA, ucla(skeletons=[]), r"expected at least one frame, found none"),
    (
        UCLA,
        ucla(skeletons=[POSE.tolist(), POSE[:5].tolist()]),
        r"frame 2: expected 20 joints of 3 numbers, found",
    ),
    (UCLA, ucla(skeletons=[POSE[:5].tolist()]), r"frame 1: expected 20 joints of 3 numbers, found 5 x 3"),
    (UCLA, ucla(skeletons=[3]), r"frame 1: expected 20 joints of 3 numbers, found a bare number"),
    (UCLA, ucla(label=11), r"field label: expected 1 to 10, found '11'"),
    (UCLA, ucla(label="x"), r"field label: expected 1 to 10, found 'x'"),
    (
        AMC,
        amc().replace("lfemur 1.5", "lfemur 1.5 2", 1),
        r"line \d+: expected 1 number for lfemur, found 2",
    ),
    (AMC, amc().replace("lfemur 1.5", "lfemur one"), r"line \d+: expected a number, found 'one'"),
    (
        AMC,
        amc().replace("lfemur", "tail"),
        r"line \d+: expected a bone of the skeleton that moves, found 'tail'",
    ),
    (AMC, amc().replace("lfemur 1.5\n", "", 1), r"line 35: expected 31 bones in frame 1, found 30"),
    (AMC, amc()[: -len("rthumb 1.5\n")], r"the last frame: expected 31 bones, found 30"),
    (AMC, amc().replace("\n2\nroot", "\nroot"), r"line 36: expected each bone once, .*, found 'root'"),
    (AMC, ":FULLY-SPECIFIED\n:DEGREES\n", r"expected frames, found none"),
    (
        AMC,
        amc().replace("root 0 1", "root 0 1e30"),
        r"frame 1, body 1, pelvis: expected a coordinate in metres",
    ),
    (OWN, npz()[:200], r"expected an \.npz file, found "),
    (OWN, npz(positions=None), r"field positions: expected numbers, found no such field"),
    (OWN, npz(layout=None, problems=""), r"field layout: expected text, found no such field"),
    (OWN, npz(layout="spider"), r"field layout: expected a known layout, found .*'spider'"),
    (
        OWN,
        npz(layout="ntu25"),
        r"expected frames x bodies x 25 x 3 numbers \(layout ntu25\), found 1 x 1 x 20 x 3",
    ),
    (OWN, npz(rate=0.0), r"field rate: expected 0.01 to 1,000,000 frames per second, found \[0.0\]"),
    (OWN, npz(rate=1e-300), r"field rate: expected 0.01 to"),
    (OWN, npz(rate="x"), r"field rate: expected a number of frames per second, found type <U1"),
    (OWN, npz(positions=np.array([{}])), r"field positions: expected (numbers|a plain \.npy array), found "),
    (OWN, npz(positions=np.zeros((0, 1, 20, 3))), r"expected at least one frame, found none"),
    (OWN, npz(positions=np.full((2, 1, 20, 3), np.nan)), r"found no person in 2 frames"),
    (UTD, GOOD_MAT[:300], r"byte 128: expected 1024 bytes, found 164"),
    (UTD, GOOD_MAT[:126] + b"??" + GOOD_MAT[128:], r"expected a MATLAB v5 file, found another header"),
    (
        UTD,
        mat(other=POSE),
        r"expected a field d_skel, found a MATLAB file of another kind, with the variables other",
    ),
    (
        UTD,
        mat(d_skel=POSE.T),
        r"field d_skel: expected numbers of shape 20 x 3 x frames, found float64 of",
    ),
    (UTD, mat(d_skel="text"), r"field d_skel: expected an array of real numbers, found an array of class 4"),
    (UTD, mat(d_skel=POSE * 1j), r"field d_skel: expected an array of real numbers, found .*, complex"),
]


@pytest.mark.parametrize(("name", "content", "message"), TABLE)
def test_damage_is_named_with_its_position(
    name: str, content: str | bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    (tmp_path / "HDM_bd.asf").write_text(asf())
    with pytest.raises(BadFile, match=message) as caught:
        read(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "name lfemur",
            "name tail",
            r"HDM_bd.asf, line \d+: expected a bone of :bonedata, listed once, found 'lfemur'",
        ),
        (
            "direction 1 0 0",
            "direction 1 0",
            r"line \d+: expected 3 numbers for bone lowerback direction, found '1 0'",
        ),
        ("length 0.45", "length 0", r"units length: expected a scale above 0, found 0"),
        ("order TX TY", "order TX TX", r":root order: expected TX TY TZ RX RY RZ in some order, found tx tx"),
        ("axis 0 0 0 XYZ", "axis 0 0 0 XYY", r"line \d+: expected an axis order like XYZ, found 'XYY'"),
        ("dof rx", "dof length", r"expected bone lowerback dof of rx ry rz, found length"),
        ("root lowerback", "root", r":hierarchy: expected every bone of :bonedata, found no lowerback"),
        (":bonedata", ":nothing", r"expected bones in :bonedata, found none"),
    ],
)
def test_damage_of_the_asf_is_named_with_its_position(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / AMC).write_text(amc())
    (tmp_path / "HDM_bd.asf").write_text(asf().replace(old, new, 1))
    with pytest.raises(BadFile, match=message):
        read(tmp_path / AMC)


def test_a_motion_without_its_skeleton(tmp_path: Path) -> None:
    (tmp_path / AMC).write_text(amc())
    with pytest.raises(
        BadFile, match=r"expected the actor's skeleton in the same folder, found HDM_bd.asf: no such file"
    ):
        read(tmp_path / AMC)


def test_an_array_that_claims_more_than_it_holds(tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 1, 20, 3)}
    )
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("positions.npy", header.getvalue() + b"\0" * 80)
    with pytest.raises(
        BadFile, match=r"field positions: expected a size that fits the shape, found 80 bytes"
    ):
        read(path)


def test_archives_that_inflate_without_bound_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(npz_format, "MAX_INFLATED", 100_000)
    np.savez_compressed(
        tmp_path / "big.npz", positions=np.zeros((1000, 1, 20, 3)), rate=30.0, layout="kinect20"
    )
    assert (tmp_path / "big.npz").stat().st_size < 20_000
    with pytest.raises(LimitExceeded, match="inflate to 480,128, more than the limit of"):
        read(tmp_path / "big.npz")


def test_an_empty_mat_is_called_empty(tmp_path: Path) -> None:
    """As an import comes upon it, which knows the format beforehand."""
    from pgfa.read import FileRef
    from pgfa.read.datasets import utd_mhad

    (tmp_path / UTD).touch()
    with pytest.raises(BadFile, match="expected a MATLAB v5 file, found an empty file"):
        utd_mhad.read(FileRef(tmp_path / UTD))


def test_a_mat_that_inflates_without_bound_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scipy.io import savemat

    from pgfa.read.datasets import utd_mhad

    savemat(tmp_path / UTD, {"d_skel": np.zeros((20, 3, 2000))}, do_compression=True)
    monkeypatch.setattr(utd_mhad, "MAX_BYTES", 100_000)
    with pytest.raises(LimitExceeded, match="when inflated"):
        read(tmp_path / UTD)


GOOD: dict[str, Callable[[], bytes]] = {
    MSR: lambda: msr().encode(),
    GATOR: lambda: gator().encode(),
    UCLA: lambda: ucla().encode(),
    AMC: lambda: amc().encode(),
    OWN: npz,
    UTD: lambda: GOOD_MAT,
}


@pytest.mark.parametrize("name", GOOD)
def test_random_damage_never_raises_anything_else(name: str, tmp_path: Path) -> None:
    good = GOOD[name]()
    (tmp_path / "HDM_bd.asf").write_text(asf())
    path = tmp_path / name
    rng = np.random.default_rng(7)
    path.write_bytes(good)
    assert read(path).frames >= 1
    for _ in range(60):
        bad = bytearray(good)
        for index in rng.integers(0, len(bad), size=rng.integers(1, 6)):
            bad[index] = rng.integers(0, 256)
        path.write_bytes(bytes(bad[: rng.integers(1, len(bad) + 1)] if rng.random() < 0.3 else bad))
        try:
            read(path)
        except PgfaError:
            continue
