"""The statistics that other tests trust, against tables and against counting."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from goodness_of_fit import chi_squared_tail, p_value, rejected, uniform_p_value


@pytest.mark.parametrize(
    ("statistic", "degrees", "tail"),
    [  # Abramowitz and Stegun, table 26.8
        (3.84146, 1, 0.05),
        (6.63490, 1, 0.01),
        (18.3070, 10, 0.05),
        (2.15586, 10, 0.995),
        (43.7730, 30, 0.05),
        (124.342, 100, 0.05),
        (149.449, 100, 0.001),
    ],
)
def test_chi_squared_by_the_table(statistic: float, degrees: int, tail: float) -> None:
    assert chi_squared_tail(statistic, degrees) == pytest.approx(tail, rel=1e-4)


@pytest.mark.parametrize("statistic", [0.0, 0.1, 1.0, 3.9, 4.1, 30.0, 300.0])
def test_chi_squared_of_even_degrees_is_a_poisson_sum(statistic: float) -> None:
    for half in (1, 2, 5, 40):
        terms = [math.exp(-statistic / 2) * (statistic / 2) ** k / math.factorial(k) for k in range(half)]
        assert chi_squared_tail(statistic, 2 * half) == pytest.approx(math.fsum(terms), rel=1e-9, abs=1e-15)


def test_p_values_of_true_laws_are_spread_evenly_and_those_of_others_are_small() -> None:
    random = np.random.default_rng(5)
    law = {"a": math.log(0.5), "b": math.log(0.3), "c": math.log(0.199), "d": math.log(0.001)}
    shares = np.exp(list(law.values()))
    found = [p_value(dict(zip(law, random.multinomial(1000, shares).tolist(), strict=True)), law) for _ in range(400)]
    assert uniform_p_value(found) > 0.01
    assert p_value({"a": 400, "b": 400, "c": 200}, law) < 1e-6
    assert p_value({"a": 500, "b": 300, "c": 199, "x": 1}, law) == 0.0


def test_uniformity_by_counting() -> None:
    # of three numbers, how often is the distance larger? against all of a fine grid
    def distance(values: tuple[float, ...]) -> float:
        ordered = sorted(values)
        return max(max((i + 1) / 3 - value, value - i / 3) for i, value in enumerate(ordered))

    grid = [(i + 0.5) / 40 for i in range(40)]
    every = sorted(distance(values) for values in itertools.product(grid, repeat=3))
    for values in ((0.1, 0.5, 0.9), (0.4, 0.5, 0.6), (0.05, 0.1, 0.4)):
        share = sum(one >= distance(values) for one in every) / len(every)
        assert uniform_p_value(values) == pytest.approx(share, abs=0.04)  # the law in the limit, corrected for three


def test_holm_goes_on_as_long_as_each_is_small_enough_for_those_left() -> None:
    assert rejected({"a": 0.001, "b": 0.02, "c": 0.024, "d": 0.9}, 0.05) == {"a"}
    assert rejected({"a": 0.001, "b": 0.015, "c": 0.024, "d": 0.9}, 0.05) == {"a", "b", "c"}
    assert rejected({"a": 0.013, "b": 0.015, "c": 0.02, "d": 0.04}, 0.05) == set()
