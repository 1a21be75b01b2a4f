"""What ``benchmarks/awrs.py`` compares: every estimator has the right mean, and the statistics are the textbook's."""

from __future__ import annotations

import math

import numpy as np
import pytest

import awrs


@pytest.mark.parametrize("name", awrs.ESTIMATORS)
@pytest.mark.parametrize("kept", [0.2, 0.8])
def test_estimators_are_unbiased(name: str, kept: float) -> None:
    generator = np.random.default_rng(2)
    weights = generator.dirichlet(np.full(12, 0.5))
    accepted = generator.random(12) < kept
    mass, random = float(weights[accepted].sum()), np.random.default_rng(3)
    estimates, calls = [], []
    for _ in range(1500):
        log_mass, asked = awrs.ESTIMATORS[name](awrs.Deck(np.log(weights), accepted, random), random)
        estimates.append(math.exp(log_mass))
        calls.append(asked)
    error = np.std(estimates) / math.sqrt(len(estimates))
    assert abs(np.mean(estimates) - mass) < 3.5 * error + 1e-12
    assert error < 0.05 * mass
    assert 1 <= min(calls) <= max(calls) <= 12


def test_a_deck_is_one_draw_without_replacement() -> None:
    weights = np.array([0.5, 0.3, 0.2])
    deck = awrs.Deck(np.log(weights), np.array([True, False, True]), np.random.default_rng(1))
    cards = [deck[at] for at in (2, 0, 1, 3)]
    assert cards[3] is None
    drawn = [card for card in (cards[1], cards[2], cards[0]) if card is not None]
    assert sorted(math.exp(logprob) for _, logprob, _ in drawn) == pytest.approx([0.2, 0.3, 0.5])
    left = 1.0
    for before, logprob, accepted in drawn:
        assert math.exp(before) == pytest.approx(left)
        assert accepted == (round(math.exp(logprob), 3) != 0.3)
        left -= math.exp(logprob)


def test_correlation_of_ranks() -> None:
    assert awrs.ranks([3.0, 1.0, 3.0, 2.0]).tolist() == [2.5, 0.0, 2.5, 1.0]
    assert awrs.spearman([1, 2, 3, 4], [1, 8, 27, 64]) == pytest.approx(1.0)
    assert awrs.spearman([1, 2, 3, 4], [4, 3, 2, 1]) == pytest.approx(-1.0)
    assert awrs.spearman([1, 2, 3, 4, 5], [2, 1, 4, 3, 5]) == pytest.approx(0.8)  # 1 - 6 * 4 / (5 * 24)


@pytest.mark.parametrize(
    ("statistic", "degrees", "expected"), [(18.307, 10, 0.05), (29.588, 10, 0.001), (99.0, 99, 0.48)]
)
def test_p_values(statistic: float, degrees: int, expected: float) -> None:
    assert awrs.p_value(statistic, degrees) == pytest.approx(expected, rel=0.1)


def test_draws_that_miss_the_law_are_found_out() -> None:
    """Chi-squared has the power: draws from the model itself, not from what is accepted of it."""
    generator = np.random.default_rng(4)
    weights = np.array([0.4, 0.3, 0.2, 0.1])
    accepted = np.array([True, True, True, False])
    context = awrs.Context(np.log(weights).astype(np.float32), accepted, None, math.log(0.9))  # type: ignore[arg-type]
    right = awrs.Repeated(tokens=generator.choice(3, 300, p=[4 / 9, 3 / 9, 2 / 9]).tolist())
    wrong = awrs.Repeated(tokens=generator.choice(3, 300, p=[0.33, 0.33, 0.34]).tolist())
    assert awrs.p_value(*awrs.chi_squared([context], [right])) > 0.01
    assert awrs.p_value(*awrs.chi_squared([context], [wrong])) < 1e-4
