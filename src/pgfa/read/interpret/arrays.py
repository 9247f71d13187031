"""The order of an array's axes, what its columns are, and the layout: the reading in which a human body appears."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import Undecided
from pgfa.read.interpret.axis_extents import is_thin
from pgfa.read.interpret.body import Fit, fit_of, thinned, typical, typical_of_each
from pgfa.read.interpret.decision import Basis, Decision
from pgfa.read.interpret.facing import chirality
from pgfa.read.interpret.missing import absent_joints
from pgfa.read.interpret.orders import in_order, layouts_of
from pgfa.read.interpret.other_orders import better_orders, is_crossed, unknown_order
from pgfa.read.interpret.scales import MIN_CORRELATION, depth_keeps_lengths
from pgfa.read.interpret.upright import MAX_COST, RIGHT, trunk_of
from pgfa.read.interpret.vectors import any_of, are_finite, norms
from pgfa.read.stated import NOTHING, Stated
from pgfa.skeleton import Layout

MAX_FLAT_COST = 1.2
"""As `MAX_COST`, of a picture whose layout nothing but the body tells: joints in a random order look like a body there
in 3 % of the cases up to `MAX_COST`, in 0.5 % up to this, and of real recordings 1 % are above."""
MARGIN = 1.0
"""Another reading has to cost this much more, and twice as much, to fail clearly."""
SCORE_SHARE = 0.9
"""Share of the values of a column that are from 0 to 1, if these are scores: a few may be out of range."""
MAX_STEP, USUAL_RATE = 0.5, 30.0
"""Trunks that a joint moves from frame to frame, at most, in the median: between two people it is more. At a lower rate
than the usual one, so much farther."""
MIN_WIDTH = 0.03
"""Width of a body relative to its height, at least."""
RUNS, RUN = 60, 8
PIXELS = 20.0
"""Extent of x and y from which they are pixels, so that a column from 0 to 1 is not a coordinate."""
JUMPS = "joints jump from frame to frame"
"""What no person does: noise, lines in no order."""
PERCENT, BYTE = 100.0, 255.0
"""Scores that are no shares are per cent or smaller numbers, or bytes."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Candidate:
    """One reading of an array: its axes, columns and layout, how well a body fits it, and how many there are.

    `overlap`: the bodies are in the same place, as one body is from frame to frame, and two people are not.
    """

    axes: str
    columns: str
    layout: Layout
    fit: Fit
    bodies: int
    overlap: bool

    @property
    def inhuman(self) -> bool:
        """Whether the body is not taken for a human one."""
        return self.fit.cost > (MAX_COST if "z" in self.columns else MAX_FLAT_COST)

    @property
    def unlikely(self) -> tuple[bool, bool]:
        """What makes a reading likely to be a coincidence: a body without depth, people in one place."""
        return "z" not in self.columns, self.overlap


def _sample(array: NDArray[np.generic], order: str) -> NDArray[np.generic]:
    """At most RUNS runs of RUN successive frames, evenly spaced: enough to see a body and its movement."""
    axis = order.find("T")
    frames = array.shape[axis] if axis >= 0 else 1
    if frames <= RUNS * RUN:
        return array
    starts = np.linspace(0, frames - RUN, RUNS).astype(int)
    return np.take(array, (starts[:, None] + np.arange(RUN)).reshape(-1), axis=axis)


def column_orders(width: int, columns: str | None) -> tuple[str, ...]:
    """What columns may be: as given, else coordinates, with or without a score."""
    if columns:
        return (columns,) if len(columns) == width else ()
    return {2: ("xy",), 3: ("xyz", "xys"), 4: ("xyzs",)}[width]


def _columns_of(points: Floats, width: int, columns: str | None) -> tuple[str, ...]:
    """As `column_orders`; a third column of zeros alone is neither a score nor a depth."""
    if columns is None and width == 3 and points.any() and not np.nan_to_num(points[..., 2]).any():
        return ("xy-",)
    return column_orders(width, columns)


def coordinates_of(points: Floats, columns: str) -> tuple[Floats, Floats | None]:
    """The coordinates x, y (and z) and the scores of columns in that order."""
    axes = [columns.index(axis) for axis in "xyz" if axis in columns]
    return points[..., axes], points[..., columns.index("s")] if "s" in columns else None


def choose(
    array: NDArray[np.generic],
    orders: Sequence[str],
    layouts: Sequence[Layout] | None,
    columns: str | None,
    stated: Stated = NOTHING,
    *,
    deep: bool = False,
    rate: float | None = None,
) -> tuple[str, str, Layout, tuple[Decision, ...]]:
    """The order of axes, the columns and the layout in which a human body appears and all alternatives fail clearly.

    Args:
        array: numbers of any shape that has one of the orders.
        orders: from `orders_of`; at least one.
        layouts: those that the file or the user leaves possible; None for all.
        columns: as the file or the user gives them; None if neither does.
        stated: for the decisions' basis; with a stated rate, joints may jump.
        deep: whether the file or the user says what only points in space have: a unit, handedness, z up.
        rate: frames per second, as the file has it.

    Raises:
        Undecided: no human body in any reading, or in several; names them.
    """
    if stated.rate is not None:
        rate = 0.0
    candidates = [
        candidate
        for order in orders
        for candidate in _candidates(
            in_order(_sample(array, order), order), order, layouts, columns, deep=deep, rate=rate
        )
    ]
    if len({(c.axes, c.columns, c.layout.name) for c in candidates}) == 1 and (layouts and len(layouts) == 1):
        best = candidates[0]
        if best.fit.cost > MAX_COST:
            raise _no_body(candidates)
        return best.axes, best.columns, best.layout, _decisions(best, stated, columns, layouts, ())
    ranked = sorted(candidates, key=lambda c: (c.inhuman, *c.unlikely, c.fit.cost))
    if not ranked or ranked[0].inhuman:
        _check_order(array, ranked[:1], layouts)
        raise _no_body(ranked)
    best = _clearly_better(ranked)
    _check_order(array, [best], layouts)
    if rivals := _rivals(ranked, best):
        raise _several(best, rivals)
    failed = [c for c in ranked if c is not best]
    return best.axes, best.columns, best.layout, _decisions(best, stated, columns, layouts, failed)


def _rivals(ranked: Sequence[_Candidate], best: _Candidate) -> list[_Candidate]:
    """The readings that do not fail clearly beside the best."""
    limit = min(max(best.fit.cost + MARGIN, 2 * best.fit.cost), 2 * MAX_COST)
    return [
        c
        for c in ranked
        if c is not best and c.fit.cost <= limit and not _same(c, best) and c.unlikely <= best.unlikely
    ]


def _check_order(
    array: NDArray[np.generic], best: Sequence[_Candidate], layouts: Sequence[Layout] | None
) -> None:
    """Raise Undecided if the joints are in the order of another program, which the body fits better."""
    for reading in best:
        points = in_order(_sample(array, reading.axes), reading.axes)
        coordinates = _present(points, reading.columns, reading.layout)
        cost = min(reading.fit.cost, MAX_COST)
        if layouts is None and (programs := better_orders(thinned(coordinates), cost)):
            raise unknown_order(programs, layouts_of(len(reading.layout.joints)))


def _present(points: Floats, columns: str, layout: Layout) -> Floats:
    """The coordinates of joints, NaN where absent."""
    coordinates, scores = coordinates_of(points, columns)
    absent, _ = absent_joints(coordinates, layout, scores)
    return np.where(absent[..., None], np.nan, coordinates)


def _clearly_better(ranked: Sequence[_Candidate]) -> _Candidate:
    """The first, or a picture that shows a body so much better that the first fails clearly."""
    first = ranked[0]
    pictures = [
        c
        for c in ranked[1:]
        if c.overlap == first.overlap and max(c.fit.cost + MARGIN, 2 * c.fit.cost) < first.fit.cost
    ]
    return pictures[0] if pictures else first


def _candidates(
    points: Floats,
    axes: str,
    layouts: Sequence[Layout] | None,
    columns: str | None,
    *,
    deep: bool,
    rate: float | None,
) -> Iterator[_Candidate]:
    width, joints = points.shape[3], points.shape[2]
    possible = [
        layout
        for layout in layouts or layouts_of(joints)
        if joints == len(layout.joints) or layout in layouts_of(joints)
    ]
    for order in _columns_of(points, width, columns):
        if columns is None and "s" in order and not look_like_scores(points):
            continue
        for layout in possible:
            coordinates = _present(points, order, layout)
            bodies = thinned(coordinates)
            fit = fit_of(bodies, layout) if len(bodies) else Fit(float("inf"), "no joint is visible")
            if _on_a_line(bodies):
                fit = Fit(float("inf"), "all joints are on a line")
            if np.isfinite(fit.cost) and is_crossed(bodies, layout):
                fit = Fit(fit.cost + MAX_COST + MARGIN, "the left hip is beside the right shoulder")
            if np.isfinite(fit.cost) and jumps(coordinates, layout, rate):
                fit = Fit(fit.cost + MAX_COST + MARGIN, JUMPS)
            if (
                order == "xyz"
                and columns is None
                and not deep
                and look_like_scores(points)
                and not _is_solid(bodies, layout)
            ):
                fit = Fit(float("inf"), "the third column is no coordinate of a body")
            visible = np.asarray(are_finite(coordinates), dtype=np.bool_)
            people = int(visible.any(axis=(0, 2)).sum())
            yield _Candidate(axes, order, layout, fit, people, overlap(coordinates, layout))


def look_like_scores(points: Floats) -> bool:
    """Whether the last column is from 0 to 1 (or COCO's 0, 1, 2, or a depth camera's 0 to 3) but for a few values."""
    finite = are_finite(points)
    seen = any_of(points[..., :2] != 0) & any_of(points[..., :-1] != points[..., -1:])
    last = points[..., -1][finite & seen]
    if not len(last):
        return False
    levels = np.isin(last, (0, 1, 2, 3))
    return bool(((last >= 0) & (last <= 1)).mean() >= SCORE_SHARE or levels.mean() >= SCORE_SHARE)


def has_scores(points: Floats) -> bool:
    """Whether the third of three columns is from 0 to 1 beside pixels: a score, and no coordinate."""
    if points.shape[-1] != 3:
        return False
    seen = points[are_finite(points) & any_of(points[..., :2] != 0)]
    return bool(len(seen) and np.ptp(seen[:, :2]) > PIXELS and ((seen[:, 2] >= 0) & (seen[:, 2] <= 1)).all())


def may_be_scores(points: Floats, layout: Layout) -> bool:
    """Whether a third column beside pixels may be scores: in per cent, from 0 to 100; in bytes, from 0 to 255, where it
    is not the depth of a body; or without a limit (logits), and then hardly different within a body that extends over
    many pixels. Not so one that keeps the lengths of limbs that move. Further columns are not looked at.
    """
    points = points[..., :3]
    seen = are_finite(points) & any_of(points[..., :2] != 0)
    finite = points[seen]
    if not len(finite) or np.ptp(finite[:, :2], axis=0).max() <= PIXELS:
        return False
    bodies = thinned(np.where(seen[..., None], points, np.nan))
    least = MIN_CORRELATION if not _has_sides(bodies, layout) else MIN_CORRELATION / 2
    if not is_thin(bodies) and depth_keeps_lengths(bodies, layout, least):
        return False
    if ((finite[:, 2] >= 0) & (finite[:, 2] <= PERCENT)).mean() > 0.99:
        return True
    if ((finite[:, 2] >= 0) & (finite[:, 2] <= BYTE)).mean() > 0.99 and not _has_sides(bodies, layout):
        return True
    return is_thin(bodies)


def _is_solid(bodies: Floats, layout: Layout) -> bool:
    """Whether a third column from 0 to 1 is the depth of a body: not with pixels; feet and knees point one way."""
    x_y = bodies[..., :2][are_finite(bodies)]
    if not len(x_y) or np.ptp(x_y, axis=0).max() > PIXELS:
        return False
    return _has_sides(bodies, layout)


def _has_sides(bodies: Floats, layout: Layout) -> bool:
    """Whether feet, knees and elbows of bodies in space show which way they face, as no other numbers would."""
    sense, weight = chirality(bodies, layout)
    return abs(sense) >= RIGHT[0] and abs(sense) * weight >= RIGHT[1]


def jumps(coordinates: Floats, layout: Layout, rate: float | None = None) -> bool:
    """Whether joints move so far from frame to frame that the frames are not those of one person over time.

    Args:
        coordinates: (frames, bodies, joints, 2 or 3), NaN where absent.
        layout: of the joints.
        rate: frames per second, if known; 0 if they may jump.
    """
    return rate != 0 and jump_of_each(coordinates[None], layout, rate)[0]


def jump_of_each(coordinates: Floats, layout: Layout, rate: float | None = None) -> list[bool]:
    """As `jumps`, of many clips: (clips, frames, bodies, joints, 2 or 3)."""
    limit = MAX_STEP * max(1.0, USUAL_RATE / rate) if rate else MAX_STEP
    lengths, steps = norms(trunk_of(coordinates, layout)), norms(np.diff(coordinates, axis=1))
    sizes, step = (typical_of_each(values.reshape(len(values), -1)) for values in (lengths, steps))
    return [bool(jump) for jump in (sizes > 0) & (step > limit * sizes)]


def _on_a_line(bodies: Floats) -> bool:
    """Whether all joints of each body are on a line: coordinates that were taken from different bodies."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a body without joints has no mean
        centred = bodies - np.nanmean(bodies, axis=1, keepdims=True)
    centred = centred[are_finite(centred)]
    if len(centred) < 2:
        return True
    spread = np.linalg.svd(centred, compute_uv=False)
    return bool(spread[1] <= MIN_WIDTH * spread[0])


def overlap(coordinates: Floats, layout: Layout) -> bool:
    """Whether the bodies of a frame are in the same place."""
    if coordinates.shape[1] < 2:
        return False
    size = typical(norms(trunk_of(coordinates, layout)))
    apart = typical(norms(np.diff(coordinates, axis=1)))
    return bool(size > 0 and apart <= MAX_STEP * size)


def _same(one: _Candidate, other: _Candidate) -> bool:
    """Whether two readings give the same bodies: axes of length 1 may change places."""
    return (
        one.columns == other.columns
        and one.layout is other.layout
        and one.fit == other.fit
        and one.bodies == other.bodies
        and one.overlap == other.overlap
    )


def _decisions(
    best: _Candidate,
    stated: Stated,
    columns: str | None,
    layouts: Sequence[Layout] | None,
    failed: Sequence[_Candidate],
) -> tuple[Decision, ...]:
    others = list(
        dict.fromkeys(c.layout.name for c in failed if c.layout is not best.layout and c.axes == best.axes)
    )
    given = layouts is not None and len(layouts) == 1
    why = f"not {', '.join(others)}" if others and not given else ""
    basis: Basis = "stated" if stated.layout else "declared" if given else "established"
    decisions = [Decision("layout", best.layout.name, basis, why)]
    if stated.array_axes or not best.axes.endswith(("TVC", "TMVC", "VC")) or best.axes == "VC":
        decisions.append(Decision("array", best.axes, "stated" if stated.array_axes else "established"))
    if stated.columns:
        decisions.append(Decision("columns", " ".join(best.columns), "stated"))
    else:
        decisions.append(
            Decision("columns", " ".join(best.columns), "declared" if columns else "established")
        )
    return tuple(decisions)


def _no_body(ranked: Sequence[_Candidate]) -> Undecided:
    """No reading shows a human body."""
    if not ranked:
        return Undecided("", quantity="axes", found="columns that are neither coordinates nor scores")
    best = ranked[0]
    seen = [c for c in ranked if np.isfinite(c.fit.cost)]
    if seen and all(c.fit.worst == JUMPS for c in seen):
        return Undecided("", quantity="layout", found=f"{JUMPS} in every reading")
    if best.fit.worst == JUMPS and best.fit.cost <= 2 * MAX_COST + MARGIN:  # human, but for the jumps
        return Undecided("", quantity="layout", found=f"{JUMPS} in the best reading")
    names = tuple(dict.fromkeys(c.layout.name for c in ranked))
    actual = f"no human body in any reading; in the best, {best.layout.name}, {best.fit.worst}"
    return Undecided("", quantity="layout", found=actual, options=names)


def _several(best: _Candidate, rivals: Sequence[_Candidate]) -> Undecided:
    """Several readings show a human body."""
    every = (best, *rivals)
    for quantity in ("layout", "columns", "axes"):
        values = tuple(
            dict.fromkeys(c.layout.name if quantity == "layout" else getattr(c, quantity) for c in every)
        )
        if len(values) > 1:
            break
    actual = f"a body in several readings: {', '.join(values)}"
    return Undecided("", quantity="layout" if quantity == "layout" else "axes", found=actual, options=values)
