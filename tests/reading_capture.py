"""Files of motion capture: TRC, C3D, Vicon, Motive, MVNX, DeepLabCut, SLEAP, FreeMoCap, BVH, glTF, SMPL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from hdf5_builders import analysis, deeplabcut_fixed, deeplabcut_table, slp
from optical_motion import (
    HALPE26,
    ISB,
    OPENCAP,
    PLUG_IN_GAIT,
    QUALISYS,
    RATE,
    c3d,
    markers,
    rotated,
    trc,
)
from pgfa.skeleton import MEDIAPIPE33
from reading_cases import Case, Truth
from reading_defects import UPS, npy
from reading_exports import exports, subject
from reading_motions import Body, crossing, in_layout, lying, motion, pixels, turned
from reading_rigs import rigs, smpl

SETS = {
    "Plug-in Gait": PLUG_IN_GAIT,
    "OpenCap": OPENCAP,
    "ISB": ISB,
    "Qualisys": QUALISYS,
    "HALPE-26": HALPE26,
}

OTHERS = {
    "waving": motion("wave", 2), "kicking": motion("kick-forward"), "squatting": motion("squat"),
    "from behind": turned(motion("walk", 2), 180), "from the side": turned(motion("wave"), 90),
    "touching the toes": motion("touch-toes"),
}  # fmt: skip
EARLY = np.arange(48)[:, None] < 6


def optical() -> Iterator[Case]:
    """TRC and C3D: marker sets, axes, units, wrong units, gaps, subjects, strangers, damage."""
    for number, (program, names) in enumerate(SETS.items()):
        body = motion(("walk", "wave", "kick-forward")[number % 3], number % 3)
        points = markers(body, names)
        truth = Truth(((body,),), RATE, within=0.1)
        held = {**points, **{n: np.where(EARLY, np.nan, p) for n, p in list(points.items())[-1:]}}
        files: dict[str, tuple[str, Callable[[], bytes | str], Truth | None]] = {
            "TRC": ("a.trc", lambda p=points: trc(p), truth),
            "TRC, mm, z up": ("a.trc", lambda p=points: trc(rotated(p, "z"), "mm", 1000), truth),
            "TRC, unit wrong (mm for m)": ("a.trc", lambda p=points: trc(p, "mm"), truth),
            "TRC, tabs lost": ("a.trc", lambda p=points: trc(p).replace("\t", " "), truth),
            "TRC, CR LF": ("a.trc", lambda p=points: trc(p).replace("\n", "\r\n"), truth),
            "TRC, gap": ("a.trc", lambda p=held: trc(p), Truth(((body,),), RATE, within=0.2)),
            "TRC, cut off": ("a.trc", lambda p=points: trc(p)[:-200], None),
            "TRC, rate 0": ("a.trc", lambda p=points: trc(p).replace("60\t60\t48", "0\t0\t48"), truth),
            "TRC, stranger": ("a.trc", lambda p=points: trc({**p, "ball": p[next(iter(p))] + 1}), truth),
            "C3D": ("a.c3d", lambda p=points: c3d(rotated(p, "z")), truth),
            "C3D, y up": ("a.c3d", lambda p=points: c3d(p), truth),
            "C3D, integers": (
                "a.c3d",
                lambda p=points: c3d({n: q - [2, 0, 0] for n, q in rotated(p, "z").items()}, integers=True),
                truth,
            ),
            "C3D, metres": ("a.c3d", lambda p=points: c3d(rotated(p, "z"), unit="m", scale=1), truth),
            "C3D, unit blank": ("a.c3d", lambda p=points: c3d(rotated(p, "z"), unit=""), truth),
            "C3D, unit wrong (mm for m)": (
                "a.c3d",
                lambda p=points: c3d(rotated(p, "z"), unit="mm", scale=1),
                truth,
            ),
            "C3D, lower case": (
                "a.c3d",
                lambda p=points: c3d(rotated({n.lower(): q for n, q in p.items()}, "z")),
                truth,
            ),
            "C3D, subject": ("a.c3d", lambda p=points: c3d(rotated(subject("Anna", p), "z")), truth),
            "C3D, 300 markers": (
                "a.c3d",
                lambda p=points: c3d(
                    rotated({**{f"x{n}": q for n, q in enumerate([p[next(iter(p))]] * 270)}, **p}, "z")
                ),
                truth,
            ),
            "C3D, mirrored": (
                "a.c3d",
                lambda p=points: c3d({n: q * [-1, 1, 1] for n, q in rotated(p, "z").items()}),
                truth,
            ),
            "C3D, lying": (
                "a.c3d",
                lambda n=names: c3d(rotated(markers(lying(motion("wave")), n), "z")),
                Truth(((lying(motion("wave")),),), RATE, within=0.35),
            ),
            "C3D, unnamed markers": (
                "a.c3d",
                lambda p=points: c3d({f"U{n}": q for n, q in enumerate(p.values())}),
                None,
            ),
        }
        for defect, (name, content, expected) in files.items():
            if number and defect not in (
                "TRC",
                "C3D",
                "TRC, mm, z up",
                "C3D, subject",
                "C3D, mirrored",
                "C3D, lying",
            ):
                continue
            states = {
                "up": "y" if defect.startswith("TRC") and "z up" not in defect else "z",
                "mirrored": "mirrored" in defect,
                "unit": "m",
            }
            yield Case(
                "trc" if name.endswith("trc") else "c3d",
                program,
                defect,
                lambda n=name, c=content: {n: c()},
                expected,
                states=states,
            )
    two = crossing()
    both = {**subject("Anna", markers(two[0], PLUG_IN_GAIT)), **subject("Ben", markers(two[1], PLUG_IN_GAIT))}
    yield Case(
        "c3d",
        "Plug-in Gait",
        "two subjects",
        lambda: {"a.c3d": c3d(rotated(both, "z"))},
        Truth((two,), RATE, within=0.1),
    )
    yield Case(
        "trc", "Plug-in Gait", "two subjects", lambda: {"a.trc": trc(both)}, Truth((two,), RATE, within=0.1)
    )


def _hdf5(
    style: str, parts: Mapping[str, str], body: Body, two: tuple[Body, Body], gap: Truth
) -> Iterator[Case]:
    """DeepLabCut and SLEAP as HDF5. `parts`: the user's name -> joint."""
    one, pair = Truth(((body,),), flat=True, within=0.1), Truth((two,), flat=True, within=0.1)

    def tracks(*people: Body) -> dict[str, dict[str, Any]]:
        names = ("",) if len(people) == 1 else ("a", "b")
        return {
            who: {name: pixels(b[part]) for name, part in parts.items()}
            for who, b in zip(names, people, strict=True)
        }

    hidden = range(9, 15)
    for defect, name, write, truth in (
        (".h5", "deeplabcut", lambda: deeplabcut_table(tracks(body)), one),
        (".h5, two individuals", "deeplabcut", lambda: deeplabcut_table(tracks(*two)), pair),
        (".h5, frames missing", "deeplabcut", lambda: deeplabcut_table(tracks(body), skip=hidden), gap),
        (".h5, fixed table", "deeplabcut", lambda: deeplabcut_fixed(tracks(body)), one),
        (".h5, fixed table of images", "deeplabcut", lambda: deeplabcut_fixed(tracks(body), images=True), one),
        (".h5, cut off", "deeplabcut", lambda: deeplabcut_table(tracks(body))[:4000], None),
        ("analysis .h5, two tracks", "sleap", lambda: analysis(tracks(*two)), pair),
        (".slp", "sleap", lambda: slp([tracks(body)]), one),
        (".slp, two tracks", "sleap", lambda: slp([tracks(*two)]), pair),
        (".slp, no tracks", "sleap", lambda: slp([tracks(*two)], tracked=False), pair),
        (".slp, frames missing", "sleap", lambda: slp([tracks(body)], skip=hidden), gap),
        (".slp, corrected by hand", "sleap", lambda: slp([tracks(body)], by_hand=lambda n: n % 7 == 0), one),
        (
            ".slp, two videos", "sleap", lambda: slp([tracks(two[0]), tracks(two[1])]),
            Truth(((two[0],), (two[1],)), flat=True, within=0.1),
        ),
        (".slp, cut off", "sleap", lambda: slp([tracks(body)])[:4000], None),
    ):  # fmt: skip
        ending = "slp" if "slp" in defect else "h5"
        yield Case(name, style, defect, lambda w=write, e=ending: {f"a.{e}": w()}, truth)


def named() -> Iterator[Case]:
    """DeepLabCut, SLEAP, FreeMoCap."""
    body, two = motion("walk"), crossing()
    parts = [
        "head",
        *(
            f"{j}_{s}"
            for j in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
            for s in ("left", "right")
        ),
    ]
    styles = {
        "left_wrist": lambda j: "_".join(reversed(j.split("_"))),
        "LWrist": lambda j: j if "_" not in j else j.split("_")[1][0].upper() + j.split("_")[0].title(),
    }

    def deeplabcut(people: Mapping[str, Body], style: Callable[[str], str], skip: Sequence[int] = ()) -> str:
        cells = [(who, style(part), pixels(b[part])) for who, b in people.items() for part in parts]
        lines = ["scorer," + ",".join(["DLC"] * 3 * len(cells))]
        if len(people) > 1:
            lines.append("individuals," + ",".join(who for who, _, _ in cells for _ in "xyl"))
        lines += [
            "bodyparts," + ",".join(part for _, part, _ in cells for _ in "xyl"),
            "coords," + ",".join(["x", "y", "likelihood"] * len(cells)),
        ]
        lines += [
            ",".join([str(n), *(f"{p[n][0]:.2f},{p[n][1]:.2f},0.97" for _, _, p in cells)])
            for n in range(48)
            if n not in skip
        ]
        return "\n".join(lines) + "\n"

    def sleap(people: Mapping[str, Body], style: Callable[[str], str]) -> str:
        lines = [
            "track,frame_idx,instance.score,"
            + ",".join(f"{style(p)}.x,{style(p)}.y,{style(p)}.score" for p in parts)
        ]
        for n in range(48):
            for who in list(people)[:: 1 if n % 3 else -1]:
                lines.append(
                    f"{who},{n},0.9,"
                    + ",".join(f"{x:.2f},{y:.2f},0.9" for x, y in (pixels(people[who][p][n]) for p in parts))
                )
        return "\n".join(lines) + "\n"

    one, pair = Truth(((body,),), flat=True, within=0.1), Truth((two,), flat=True, within=0.1)
    gap = Truth(
        (
            (
                {
                    j: np.where(np.isin(np.arange(48), range(9, 15))[:, None], np.nan, p)
                    for j, p in body.items()
                },
            ),
        ),
        flat=True,
        within=0.1,
    )
    for name, style in styles.items():
        yield Case("deeplabcut", name, "plain", lambda s=style: {"a.csv": deeplabcut({"": body}, s)}, one)
        yield Case(
            "deeplabcut",
            name,
            "two individuals",
            lambda s=style: {"a.csv": deeplabcut(dict(zip("ab", two, strict=True)), s)},
            pair,
        )
        yield Case(
            "deeplabcut",
            name,
            "frames missing",
            lambda s=style: {"a.csv": deeplabcut({"": body}, s, range(9, 15))},
            gap,
        )
        yield from _hdf5(name, {style(p): p for p in parts}, body, two, gap)
        yield Case("sleap", name, "plain", lambda s=style: {"a.csv": sleap({"t0": body}, s)}, one)
        yield Case(
            "sleap",
            name,
            "two tracks",
            lambda s=style: {"a.csv": sleap(dict(zip("ab", two, strict=True)), s)},
            pair,
        )
    solid = in_layout(body, MEDIAPIPE33)
    for defect, array in (
        ("millimetres, z up", 1000 * solid @ UPS["z"].T),
        ("millimetres, y down", 1000 * solid @ UPS["-y"].T),
        ("metres, z up", solid @ UPS["z"].T),
        *(
            (f"{name}, millimetres, z up", 1000 * in_layout(other, MEDIAPIPE33) @ UPS["z"].T)
            for name, other in OTHERS.items()
        ),
        ("lying, z up", 1000 * in_layout(lying(motion("wave")), MEDIAPIPE33) @ UPS["z"].T),
    ):
        who = lying(motion("wave")) if "lying" in defect else OTHERS.get(defect.split(",")[0], body)
        truth = Truth(((who,),))
        yield Case(
            "freemocap",
            "npy",
            defect,
            lambda a=array: {"mediapipe_body_3d_xyz.npy": npy(a)},
            truth,
            states={"up": "z"},
        )


def cases() -> Iterator[Case]:
    """All of them."""
    for part in (optical, exports, named, rigs, smpl):
        yield from part()
