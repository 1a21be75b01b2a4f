"""What ``benchmarks/awrs.py`` compares: every estimator has the right mean, and the statistics are the textbook's."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from constrain.runtime import load_model
from faithful import tasks
from rejection import particles
from rejection.contexts import Context, Repeated
from rejection.estimators import ESTIMATORS, Deck
from rejection.judging import chi_squared, p_value, ranks, spearman
from rejection.particles import divergence, divergence_of_runs
from rejection.particles_report import closest_in, report


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("kept", [0.2, 0.8])
def test_estimators_are_unbiased(name: str, kept: float) -> None:
    generator = np.random.default_rng(2)
    weights = generator.dirichlet(np.full(12, 0.5))
    accepted = generator.random(12) < kept
    mass, random = float(weights[accepted].sum()), np.random.default_rng(3)
    estimates, calls = [], []
    for _ in range(1500):
        log_mass, asked = ESTIMATORS[name](Deck(np.log(weights), accepted, random), random)
        estimates.append(math.exp(log_mass))
        calls.append(asked)
    error = np.std(estimates) / math.sqrt(len(estimates))
    assert abs(np.mean(estimates) - mass) < 3.5 * error + 1e-12
    assert error < 0.05 * mass
    assert 1 <= min(calls) <= max(calls) <= 12


def test_a_deck_is_one_draw_without_replacement() -> None:
    weights = np.array([0.5, 0.3, 0.2])
    deck = Deck(np.log(weights), np.array([True, False, True]), np.random.default_rng(1))
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
    assert ranks([3.0, 1.0, 3.0, 2.0]).tolist() == [2.5, 0.0, 2.5, 1.0]
    assert spearman([1, 2, 3, 4], [1, 8, 27, 64]) == pytest.approx(1.0)
    assert spearman([1, 2, 3, 4], [4, 3, 2, 1]) == pytest.approx(-1.0)
    assert spearman([1, 2, 3, 4, 5], [2, 1, 4, 3, 5]) == pytest.approx(0.8)  # 1 - 6 * 4 / (5 * 24)


@pytest.mark.parametrize(
    ("statistic", "degrees", "expected"), [(18.307, 10, 0.05), (29.588, 10, 0.001), (99.0, 99, 0.48)]
)
def test_p_values(statistic: float, degrees: int, expected: float) -> None:
    assert p_value(statistic, degrees) == pytest.approx(expected, rel=0.1)


def test_draws_that_miss_the_law_are_found_out() -> None:
    """Chi-squared has the power: draws from the model itself, not from what is accepted of it."""
    generator = np.random.default_rng(4)
    weights = np.array([0.4, 0.3, 0.2, 0.1])
    accepted = np.array([True, True, True, False])
    context = Context(np.log(weights).astype(np.float32), accepted, None, math.log(0.9))  # type: ignore[arg-type]  # nobody is asked
    right = Repeated(tokens=generator.choice(3, 300, p=[4 / 9, 3 / 9, 2 / 9]).tolist())
    wrong = Repeated(tokens=generator.choice(3, 300, p=[0.33, 0.33, 0.34]).tolist())
    assert p_value(*chi_squared([context], [right])) > 0.01
    assert p_value(*chi_squared([context], [wrong])) < 1e-4


def runs_of(law: dict[str, float], number: int, particles: int) -> list[dict[str, float]]:
    """Laws as runs give them: so many texts each, in equal parts."""
    generator = np.random.default_rng(5)
    texts, shares = list(law), list(law.values())
    drawn = [generator.choice(len(texts), particles, p=shares) for _ in range(number)]
    return [{texts[at]: float(np.mean(one == at)) for at in set(one.tolist())} for one in drawn]


def test_the_divergence_of_runs_is_that_of_their_law() -> None:
    target = {str(at): share for at, share in enumerate(np.random.default_rng(6).dirichlet(np.ones(40)).tolist())}
    other = {str(at): 1 / 40 for at in range(40)}
    found, error = divergence_of_runs(runs_of(target, 1_000, 2), target)
    assert abs(found) < 3 * error < 0.02  # by chance alone it would seem to be 39 / 4,000 = 0.01
    found, error = divergence_of_runs(runs_of(other, 1_000, 2), target)
    assert abs(found - divergence(other, target)) < 3 * error
    assert divergence(other, target) > 0.2


def test_who_is_closest_in_equal_time() -> None:
    points = [
        {"seconds": 1.0, "divergence": 0.5},
        {"seconds": 2.0, "divergence": 0.2},
        {"seconds": 4.0, "divergence": 0},
    ]
    assert closest_in(2.0, points) == (points[1], True)
    assert closest_in(9.0, points) == (points[2], True)
    assert closest_in(0.5, points) == (points[0], False)


def test_particles_on_a_tiny_model(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Adaptive rejection comes as close as particles with the same number of full masks, and asks less."""
    monkeypatch.setattr(particles, "KINDS", {"plain masking": (1,), "smc, full masks": (16,), particles.OURS: (16,)})
    language = tasks.Language("digits", "start: /(1[0-3]|2[0-9])\\n/", 4, "{}", (), ("x",))
    found = particles.measure(load_model(str(tiny_model)), language, paths=3_200, rounds=2, seed=1)
    masking, masked, ours = (particles.Point(**point) for point in found["points"])
    assert found["texts"] == 14
    assert masking.divergence - 3 * masking.error > 0.01 > masked.divergence - 3 * masked.error
    assert abs(masked.divergence - ours.divergence) < 3 * (masked.error + ours.error)
    assert ours.questions < masked.questions
    text = report({"digits": found})
    assert "| digits" in text
