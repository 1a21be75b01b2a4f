"""Tails, pooled cells and corrections, against closed forms, tables and sums of plain fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from constrain.runtime.decoding.faithful.honesty.statistics import (
    EXPECTED,
    adjusted,
    binomial_survival,
    chi_squared_survival,
    pooled_cells,
)
from constrain.runtime.decoding.faithful.honesty.weights import Spread, deviation, spread_of
from constrain.runtime.decoding.faithful.law import Law

UPPER_FIVE_PERCENT = {
    1: 3.841459,
    2: 5.991465,
    3: 7.814728,
    5: 11.070498,
    10: 18.307038,
    30: 43.772972,
    100: 124.342113,
}
UPPER_TENTH_PERCENT = {1: 10.827566, 2: 13.815511, 3: 16.266236, 5: 20.515006, 10: 29.588298, 30: 59.703064}


@pytest.mark.parametrize(("table", "share"), [(UPPER_FIVE_PERCENT, 0.05), (UPPER_TENTH_PERCENT, 0.001)])
def test_chi_squared_is_that_of_printed_tables(table: dict[int, float], share: float) -> None:
    for degrees, value in table.items():
        assert chi_squared_survival(value, degrees) == pytest.approx(share, rel=1e-6)


@pytest.mark.parametrize("degrees", [2, 4, 10, 58, 400])
def test_chi_squared_of_even_degrees_is_a_poisson_sum(degrees: int) -> None:
    for value in (0.01, 0.5 * degrees, degrees - 0.5, degrees + 1.5, 2.0 * degrees, 3.0 * degrees + 20):
        known = math.fsum(
            math.exp(-value / 2 + step * math.log(value / 2) - math.lgamma(step + 1)) for step in range(degrees // 2)
        )
        assert chi_squared_survival(value, degrees) == pytest.approx(known, rel=1e-10)


@pytest.mark.parametrize("value", [1e-9, 0.3, 1.0, 4.0, 25.0, 300.0])
def test_chi_squared_of_odd_degrees_follows_from_the_normal_law(value: float) -> None:
    known = math.erfc(math.sqrt(value / 2))
    for degrees in range(1, 30, 2):
        assert chi_squared_survival(value, degrees) == pytest.approx(known, rel=1e-9, abs=1e-15)
        half = degrees / 2  # Q(a + 1, x) = Q(a, x) + x^a e^-x / Gamma(a + 1)
        known += math.exp(half * math.log(value / 2) - value / 2 - math.lgamma(half + 1))


def test_chi_squared_at_the_edges() -> None:
    assert chi_squared_survival(0.0, 3) == 1.0
    assert chi_squared_survival(math.inf, 3) == 0.0
    assert chi_squared_survival(4999.0, 4999) == pytest.approx(0.5, abs=0.01)
    assert 0.0 <= chi_squared_survival(1e5, 10) < 1e-300


@pytest.mark.parametrize(("number", "share"), [(20, Fraction(1, 10)), (2000, Fraction(1, 1000)), (7, Fraction(9, 10))])
def test_binomial_tails_are_sums_of_fractions(number: int, share: Fraction) -> None:
    def exactly(value: int) -> Fraction:
        return math.comb(number, value) * share**value * (1 - share) ** (number - value)

    below = Fraction(0)
    for count in range(min(number, 40) + 1):
        found = binomial_survival(count, number, float(share))
        if count <= number * share:
            assert found == 1.0
        else:
            assert found == pytest.approx(float(1 - below), rel=1e-9)
        below += exactly(count)


def test_what_cannot_happen_does_not() -> None:
    assert binomial_survival(1, 10, 0.0) == 0.0
    assert binomial_survival(0, 10, 0.0) == 1.0


def test_holm_by_hand() -> None:
    assert adjusted([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert adjusted([0.9, 0.8]) == [1.0, 1.0]
    assert adjusted([]) == []


def law_of(shares: list[float]) -> Law:
    return {(index,): math.log(share) if share else -math.inf for index, share in enumerate(shares)}


def test_cells_hold_every_possible_output_once() -> None:
    random = np.random.default_rng(0)
    for _ in range(50):
        shares = random.dirichlet(np.full(40, 0.1))
        law = law_of([float(share) for share in shares])
        cells = pooled_cells(law, 300)
        sums = np.zeros(len(cells.expected))
        for key, cell in cells.of.items():
            sums[cell] += math.exp(law[key])
        assert cells.of.keys() == {key for key, value in law.items() if value > -math.inf}
        assert sums == pytest.approx(cells.expected)
        assert (300 * cells.expected[:-1] >= EXPECTED).all()
        assert 300 * cells.expected[-1] < EXPECTED


@pytest.mark.parametrize("rest", [0.0, 0.002])
def test_p_values_of_exact_draws_are_spread_evenly(rest: float) -> None:
    """Or, where a second test is made of the rest, not smaller than that."""
    random = np.random.default_rng(1)
    shares = np.array([0.5, 0.2, 0.1, *[(0.2 - rest) / 30] * 30, *[rest / 20] * 20])
    cells = pooled_cells(law_of(shares.tolist()), 1000)
    assert (cells.expected[-1] > 0) == (rest > 0)
    found = []
    for _ in range(1000):
        observed = random.multinomial(1000, shares)
        p_value = cells.p_value({(index,): int(count) for index, count in enumerate(observed) if count})
        assert p_value is not None
        found.append(p_value)
    for level in (0.5, 0.2, 0.05):
        error = math.sqrt(level * (1 - level) / 1000)
        share = np.mean(np.array(found) < level)
        assert share < level + 4 * error
        assert rest or share > level - 4 * error


def test_draws_that_are_too_many_of_what_is_hardly_expected_are_noticed() -> None:
    """All but one output expect too few draws for a chi-squared test."""
    cells = pooled_cells(law_of([0.9999, 0.00006, 0.00004]), 1000)
    good, bad = cells.p_value({(0,): 1000}), cells.p_value({(0,): 990, (1,): 4, (2,): 6})
    assert good is not None
    assert bad is not None
    assert good > 0.5
    assert bad < 1e-9


def test_one_output_leaves_nothing_to_test() -> None:
    cells = pooled_cells(law_of([1.0]), 10)
    assert cells.p_value({(0,): 10}) is None
    assert cells.floor(10) == 0.0


def test_divergences_over_cells_by_hand() -> None:
    cells = pooled_cells(law_of([0.5, 0.25, 0.25]), 100)
    counts = {(0,): 50, (1,): 50}
    assert cells.divergence(counts) == pytest.approx(0.5 * math.log(2))
    assert cells.total_variation(counts) == pytest.approx(0.25)
    assert cells.floor(100) == pytest.approx(2 / 200)


def test_the_floor_is_the_mean_of_the_divergence_of_exact_draws() -> None:
    random = np.random.default_rng(2)
    shares = [0.4, 0.3, 0.2, 0.1]
    cells = pooled_cells(law_of(shares), 500)
    counted = [dict(zip(cells.of, random.multinomial(500, shares).tolist(), strict=True)) for _ in range(2000)]
    assert np.mean([cells.divergence(counts) for counts in counted]) == pytest.approx(cells.floor(500), rel=0.1)
    variations = [cells.total_variation(counts) for counts in counted]
    assert np.mean(variations) == pytest.approx(cells.total_variation_floor(500), rel=0.05)


def test_the_spread_of_weights_by_hand() -> None:
    law, logprobs = law_of([0.5, 0.25]), law_of([0.1, 0.3])  # a quarter of the attempts comes to nothing
    outcomes = [(0.5, 0.1 / 0.5), (0.25, 0.3 / 0.25), (0.25, 0.0)]
    z = 0.4
    variance = sum(share * (weight / z - 1) ** 2 for share, weight in outcomes)
    third = sum(share * (weight / z - 1) ** 3 for share, weight in outcomes)
    found = spread_of(law, logprobs, math.log(z))
    assert found.variance == pytest.approx(variance)
    assert found.skewness == pytest.approx(third / variance**1.5)


def test_the_z_of_a_mean() -> None:
    steady = Spread(0.0, 0.0)
    assert deviation([math.log(0.2)] * 5, math.log(0.2), steady).z == 0.0
    assert deviation([math.log(0.21)] * 5, math.log(0.2), steady).z == math.inf
    found = deviation([math.log(2.0), -math.inf] * 50, 0.0, Spread(1.0, 0.0))
    assert (found.mean, found.z, found.is_telling) == (1.0, 0.0, True)
    off = deviation([math.log(3.0), -math.inf] * 50, 0.0, Spread(0.25, 0.0))
    assert off.z == pytest.approx(0.5 / (math.sqrt(2.25 * 100 / 99) / 10))  # what is seen is wider than what is known
    known = deviation([0.0] * 99 + [math.log(2.0)], 0.0, Spread(4.0, 6.0))
    assert known.z == pytest.approx(0.01 / 0.2)
    assert not known.is_telling  # 6 / sqrt(100)
