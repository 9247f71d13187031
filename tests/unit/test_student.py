"""Student's interval of paired differences and Holm's correction: by hand, and by simulation without a difference."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from pgfa.evaluate.student import Difference, half_width, holm, paired_difference

SCRIPT = Path(__file__).parents[2] / "scripts" / "interval_coverage.py"


@pytest.fixture(scope="module")
def simulation() -> ModuleType:
    spec = importlib.util.spec_from_file_location("interval_coverage", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["interval_coverage"] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


# By hand


def test_half_width_is_that_of_student() -> None:
    values = [0.1, 0.4, 0.3]
    deviation = (sum((v - sum(values) / 3) ** 2 for v in values) / 2) ** 0.5
    assert half_width(values) == pytest.approx(4.302653 * deviation / 3**0.5, rel=1e-5)
    assert half_width([0.5]) is None
    assert half_width([0.5, 0.5, 0.5]) == 0


def test_two_units_have_a_test_but_no_interval() -> None:
    """t = 3 with one degree of freedom: p = 1 - 2 atan(3) / pi. The interval would be 12.7 standard errors wide."""
    assert half_width([0.11, 0.5]) is None
    difference = paired_difference([0.1, 0.2])
    assert (difference.low, difference.high) == (None, None)
    assert difference.p == pytest.approx(1 - 2 * math.atan(3) / math.pi)


def test_a_difference_by_hand() -> None:
    """Three units 2, 4, 9: mean 5, standard error sqrt(13/3), t = 2.402 with two degrees of freedom."""
    difference = paired_difference([0.02, 0.04, 0.09])
    assert difference.mean == pytest.approx(0.05)
    error = (13 / 3) ** 0.5 / 100
    assert difference.low == pytest.approx(0.05 - 4.302653 * error)
    assert difference.high == pytest.approx(0.05 + 4.302653 * error)
    t = 0.05 / error
    assert difference.p == pytest.approx(1 - t / (2 + t**2) ** 0.5)  # closed form for two degrees of freedom
    assert not difference.clear


def test_one_unit_has_no_interval_and_is_never_clear() -> None:
    assert paired_difference([0.4]) == Difference(0.4)
    assert not holm([paired_difference([0.4])])[0].clear
    with pytest.raises(ValueError, match="at least one"):
        paired_difference([])


@pytest.mark.parametrize("value", [0.0, 0.25])
def test_equal_units_have_no_interval_and_are_never_clear(value: float) -> None:
    """Rounding makes them differ by 1e-17, which must not count as a tiny spread."""
    units = [value, value + 1e-17, (value + 0.1) - 0.1]
    (difference,) = holm([paired_difference(units)])
    assert (difference.low, difference.high, difference.p) == (None, None, 1.0)
    assert not difference.clear


def test_the_sign_changes_the_interval_alone() -> None:
    units = [0.1, 0.3, 0.15, 0.2]
    up, down = paired_difference(units), paired_difference([-u for u in units])
    assert up.p == pytest.approx(down.p)
    assert down.low is not None
    assert up.high == pytest.approx(-down.low)


def test_holm_by_hand() -> None:
    """Sorted 0.005, 0.01, 0.03, 0.04, times 4, 3, 2, 1: 0.02, 0.03, 0.06, and 0.04 raised to 0.06."""
    p_values = [0.01, 0.04, None, 0.03, 0.005]
    corrected = holm([Difference(0.1, p=p) for p in p_values])
    assert [d.adjusted for d in corrected] == pytest.approx([0.03, 0.06, None, 0.06, 0.02])
    assert [d.clear for d in corrected] == [True, False, False, False, True]
    assert [d.p for d in corrected] == p_values
    assert [d.adjusted for d in holm([Difference(0, p=0.7), Difference(0, p=0.9)])] == [1.0, 1.0]
    assert holm([]) == []


# By simulation: nominal 5 %


DESIGNS = [(1, 3), (3, 1), (5, 1), (7, 1), (20, 1), (20, 3)]


@pytest.mark.parametrize(("splits", "seeds"), DESIGNS)
def test_students_interval_excludes_zero_in_five_per_cent(
    simulation: ModuleType, splits: int, seeds: int
) -> None:
    """1,000 trials: three standard deviations are 2.1 points."""
    rate, _ = simulation.single_rates(simulation.Design(splits, seeds), simulation.SPREADS[2], 1000)
    assert 0.029 <= rate <= 0.071


@pytest.mark.parametrize(("splits", "seeds"), [(1, 3), (3, 1), (5, 1)])
def test_the_percentile_bootstrap_would_be_detected(simulation: ModuleType, splits: int, seeds: int) -> None:
    """The interval of earlier versions is outside the band above: it takes three units for many."""
    design = simulation.Design(splits, seeds)
    _, rate = simulation.single_rates(design, simulation.SPREADS[2], 200, resamples=300)
    assert rate > 0.1


@pytest.mark.parametrize(("splits", "seeds"), [(1, 3), (7, 1)])
def test_a_column_without_a_difference_has_a_star_in_at_most_five_per_cent(
    simulation: ModuleType, splits: int, seeds: int
) -> None:
    """500 trials: three standard deviations are 2.9 points. Without the correction half of the columns have one."""
    design = simulation.Design(splits, seeds)
    corrected, plain = simulation.family_rates(design, simulation.SPREADS[2], 500)
    assert corrected <= 0.079
    assert plain > 0.2


def test_a_difference_is_detected(simulation: ModuleType) -> None:
    """Seven splits on which one method is right on every clip that the other is, and on a fifth of the others."""
    random = np.random.default_rng(0)
    correct = simulation.draw(simulation.Design(7, 1), simulation.Spread(), 2, random)
    for split in correct:
        split[1] = split[0] | (random.random(split[0].shape) < 0.2)
    (difference,) = holm([paired_difference(simulation.paired_units(correct, 1))])
    assert difference.clear
    assert difference.low is not None
    assert difference.low > 0
