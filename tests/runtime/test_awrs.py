"""A draw that a checker accepts, and its estimate of what it accepts: every way that the draws can go, added up."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from constrain.runtime.decoding import awrs
from constrain.runtime.decoding.awrs import AcceptedDraw, draw_accepted
from constrain.runtime.decoding.distribution import Lots
from constrain.runtime.decoding.local_mass import log_accepted_mass
from constrain.runtime.decoding.urn import Urn


class Walk:
    """One way that the draws can go, and its probability; in the place of both the urn and the random numbers."""

    def __init__(self, weights: Sequence[float], accepted: Sequence[bool], stopping: float, script: list[int]) -> None:
        self.probability = 1.0
        self.others: list[list[int]] = []
        """Scripts of ways that part from this one."""
        self._weights, self._accepted, self._stopping = weights, accepted, stopping
        self._script = script
        self._taken: list[int] = []
        self._left = {index for index, weight in enumerate(weights) if weight > 0}
        self._found: int | None = None

    def _choose(self, ways: list[tuple[Any, float]]) -> Any:
        at = len(self._taken)
        if at == len(self._script):
            self.others += [[*self._script, other] for other in range(1, len(ways))]
            self._script.append(0)
        self._taken.append(self._script[at])
        value, probability = ways[self._script[at]]
        self.probability *= probability
        return value

    def _mass(self) -> float:
        return math.fsum(self._weights[index] for index in self._left)

    def random(self) -> float:
        """Does the stopper ring first? Any number below that probability says so."""
        assert self._found is not None
        rate = self._stopping * self._weights[self._found]
        stops = rate / (rate + self._mass())
        return float(self._choose([(0.0, stops), (1.0, 1.0 - stops)]))

    def log_left(self) -> float:
        return math.log(self._mass()) if self._left else -math.inf

    def draw(self, random: Any) -> int:
        mass = self._mass()
        index = int(self._choose([(index, self._weights[index] / mass) for index in sorted(self._left)]))
        self._left.remove(index)
        if self._accepted[index] and self._found is None:
            self._found = index
        return index


def ways(
    monkeypatch: pytest.MonkeyPatch,
    weights: Sequence[float],
    accepted: Sequence[bool],
    stopping: float,
    most_rejected: int | None = None,
) -> Iterator[tuple[float, AcceptedDraw | None]]:
    """Every way that a draw can go."""
    with np.errstate(divide="ignore"):
        logprobs = np.log(np.array(weights))
    scripts: list[list[int]] = [[]]
    while scripts:
        walk = Walk(weights, accepted, stopping, scripts.pop())
        asked: list[int] = []

        def accepts(index: int, asked: list[int] = asked) -> bool:
            asked.append(index)
            return accepted[index]

        monkeypatch.setattr(awrs, "Urn", lambda _, walk=walk: walk)
        drawn = draw_accepted(Lots(logprobs), accepts, walk, stopping=stopping, most_rejected=most_rejected)  # type: ignore[arg-type]
        assert len(asked) == len(set(asked))
        assert all(weights[index] > 0 for index in asked)
        if drawn is not None:
            assert drawn.calls == len(asked)
        scripts += walk.others
        yield walk.probability, drawn


CASES = [
    ([1.0], [1]),
    ([0.5, 0.5], [1, 0]),
    ([0.25, 0.25, 0.25, 0.25], [1, 0, 1, 0]),  # ties
    ([0.7, 0.0, 0.2, 0.1, 0.0], [0, 1, 1, 1, 0]),  # what cannot be drawn is accepted, and is not
    ([0.9, 0.06, 0.03, 0.01], [0, 0, 0, 1]),  # all but the least are rejected
    ([0.97, 0.01, 0.01, 0.01], [1, 0, 0, 0]),
    ([0.4, 0.3, 0.2, 0.1], [1, 1, 1, 1]),
    ([0.3, 0.25, 0.2, 0.15, 0.1], [0, 1, 0, 1, 0]),
    ([1 - 3e-9, 1e-9, 1e-9, 1e-9], [0, 1, 0, 1]),
]


@pytest.mark.parametrize("stopping", [0.01, 0.2, 1.0])
@pytest.mark.parametrize(("weights", "bits"), CASES)
def test_the_draw_and_the_estimate(
    monkeypatch: pytest.MonkeyPatch, weights: list[float], bits: list[int], stopping: float
) -> None:
    """The law is that of what is accepted, and the mean of the estimate is its mass, whichever was drawn."""
    accepted = [bool(bit) for bit in bits]
    mass = math.fsum(itertools.compress(weights, accepted))
    law, estimates, whole = np.zeros(len(weights)), np.zeros(len(weights)), 0.0
    for probability, drawn in ways(monkeypatch, weights, accepted, stopping):
        assert drawn is not None
        assert accepted[drawn.index]
        whole += probability
        law[drawn.index] += probability
        estimates[drawn.index] += probability * math.exp(drawn.log_mass)
        # not far below what is known to be accepted
        assert math.exp(drawn.log_mass) >= (1 - stopping) * weights[drawn.index] - 1e-12
        assert drawn.log_mass <= 1e-12
    assert whole == pytest.approx(1.0, abs=1e-12)
    restricted = np.where(accepted, weights, 0.0) / mass
    assert law == pytest.approx(restricted, abs=1e-12)
    assert estimates == pytest.approx(restricted * mass, rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("most_rejected", [1, 2, 3])
@pytest.mark.parametrize(("weights", "bits"), CASES)
def test_the_estimate_where_calls_are_bounded(
    monkeypatch: pytest.MonkeyPatch, weights: list[float], bits: list[int], most_rejected: int
) -> None:
    """What was not found counts as 0, and the others make up for it."""
    accepted = [bool(bit) for bit in bits]
    estimates = np.zeros(len(weights))
    for probability, drawn in ways(monkeypatch, weights, accepted, 0.2, most_rejected):
        if drawn is not None:
            estimates[drawn.index] += probability * math.exp(drawn.log_mass)
            assert drawn.calls <= most_rejected + 2
    assert estimates == pytest.approx(np.where(accepted, weights, 0.0), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("most_rejected", [None, 2])
def test_nothing_is_accepted(most_rejected: int | None) -> None:
    asked: list[int] = []
    logprobs = np.log(np.array([0.5, 0.3, 0.2]))
    random = np.random.default_rng(1)
    assert (
        draw_accepted(Lots(logprobs), lambda index: bool(asked.append(index)), random, most_rejected=most_rejected)
        is None
    )  # type: ignore[func-returns-value]
    assert len(set(asked)) == len(asked) == (most_rejected or 3)


def exact_mass(
    rejected: list[Fraction], accepted: Fraction, left: Fraction, stopping: Fraction, is_cut: bool
) -> Fraction:
    """The two integrals term by term, by inclusion and exclusion."""

    def integral(rate: Fraction) -> Fraction:
        total = Fraction(0)
        for size in range(len(rejected) + 1):
            for some in itertools.combinations(rejected, size):
                mass = sum(some, Fraction(0))
                total += (-1) ** size * (-mass if is_cut else 1) / (mass + left + rate)
        return total

    stopper = stopping * accepted
    first = integral(stopper)
    return (accepted - stopper) * first / (first - integral(accepted))


@pytest.mark.parametrize("is_cut", [False, True])
@pytest.mark.parametrize("stopping", [Fraction(1, 5), Fraction(1, 1000)])
@pytest.mark.parametrize(
    ("rejected", "accepted", "left"),
    [
        ([-1], -2, -1),
        ([-1, -1, -1, -1, -1, -1, -1, -1], -3, -4),
        ([-1], -30, -300),
        ([-1, -40, -41], -40, None),
        ([-60, -1, -7, -30], -1, -2),
        ([-5, -10, -20, -40, -80], -3, None),
    ],
)
def test_the_integrals(rejected: list[int], accepted: int, left: int | None, stopping: Fraction, is_cut: bool) -> None:
    """Against exact fractions, over many orders of magnitude; arguments are logarithms to the base 2."""
    power = Fraction(2)
    expected = exact_mass(
        [power**value for value in rejected],
        power**accepted,
        Fraction(0) if left is None else power**left,
        stopping,
        is_cut,
    )
    two = math.log(2.0)
    found = log_accepted_mass(
        [value * two for value in rejected],
        accepted * two,
        -math.inf if left is None else left * two,
        float(stopping),
        is_cut=is_cut,
    )
    assert found == pytest.approx(math.log(expected.numerator) - math.log(expected.denominator), abs=1e-9)


def test_a_thousand_rejected_tokens() -> None:
    """As many as a monitor may refuse: of equal ones, the mean number of draws until the first and second success."""
    many, each = 1000, math.log(1e-6)
    # all that is left is the accepted one's second ring: with replacement, (2 - 1) / (draws - 1) where nothing repeats
    estimate = log_accepted_mass([each] * many, each, math.log1p(-(many + 1) * 1e-6), 1.0)
    assert math.exp(estimate) == pytest.approx(1 / many, rel=0.01)
    cut = log_accepted_mass([each] * many, each, math.log1p(-(many + 1) * 1e-6), 1.0, is_cut=True)
    assert math.exp(cut) == pytest.approx(1 / many, rel=0.01)


def test_the_urn_draws_without_replacement() -> None:
    weights, count = [0.6, 0.3, 0.1, 0.0], 6000
    random = np.random.default_rng(5)
    with np.errstate(divide="ignore"):
        logweights = np.log(np.array(weights)) + 7.0  # need not be normalised
    orders: Counter[tuple[int, ...]] = Counter()
    for _ in range(count):
        urn = Urn(Lots(logweights))
        orders[urn.draw(random), urn.draw(random), urn.draw(random)] += 1
        assert urn.log_left() == -math.inf
        with pytest.raises(ValueError, match="nothing is left"):
            urn.draw(random)
    statistic = 0.0
    for first, second, third in itertools.permutations(range(3)):
        expected = count * weights[first] * weights[second] / (1 - weights[first])
        statistic += (orders.pop((first, second, third)) - expected) ** 2 / expected
    assert not orders
    assert statistic < 20.5  # chi-squared with 5 degrees of freedom: one seed in a thousand


def test_the_urn_keeps_its_digits() -> None:
    """What others dwarf by hundreds of orders of magnitude is drawn when they are gone, and its weight is known."""
    logweights = np.array([-2000.0, 0.0, -40.0, -800.0, -np.inf, -2000.0])
    urn, random = Urn(Lots(logweights)), np.random.default_rng(1)
    assert urn.log_left() == 0.0
    drawn, left = [], []
    for _ in range(4):
        drawn.append(urn.draw(random))
        left.append(urn.log_left())
    assert drawn[:3] == [1, 2, 3]
    assert drawn[3] in (0, 5)
    assert left == pytest.approx([-40.0, -800.0, math.log(2) - 2000.0, -2000.0], abs=1e-12)
    assert logweights[1] == 0.0  # those of the caller stay


def test_a_large_urn() -> None:
    """Many draws from many, some of them far likelier: what is left is what was not drawn."""
    generator = np.random.default_rng(3)
    logweights = generator.normal(0.0, 4.0, size=20_000)
    urn, random, left = Urn(Lots(logweights)), np.random.default_rng(4), set(range(20_000))
    for _ in range(3000):
        left.remove(urn.draw(random))
    assert urn.log_left() == pytest.approx(math.log(math.fsum(np.exp(logweights[sorted(left)]))), abs=1e-9)


def test_draws_against_exact_masking() -> None:
    """The real urn and random numbers: chi-squared over tokens, and the mean of the estimates."""
    generator = np.random.default_rng(11)
    weights = generator.dirichlet(np.full(40, 0.4))
    accepted = generator.random(40) < 0.3
    mass, count = float(weights[accepted].sum()), 5000
    random = np.random.default_rng(7)
    found, estimates = np.zeros(40), []
    for _ in range(count):
        drawn = draw_accepted(Lots(np.log(weights)), lambda index: bool(accepted[index]), random)
        assert drawn is not None
        found[drawn.index] += 1
        estimates.append(math.exp(drawn.log_mass))
    expected = np.where(accepted, weights / mass * count, 0.0)
    assert not found[~accepted].any()
    cells = [(found[index], expected[index]) for index in np.flatnonzero(expected >= 5)]
    few = np.flatnonzero((expected < 5) & accepted)
    cells.append((found[few].sum(), expected[few].sum()))
    statistic = sum((seen - due) ** 2 / due for seen, due in cells)
    degrees = len(cells) - 1
    # chi-squared: one seed in a thousand is above it (Wilson and Hilferty)
    assert statistic < degrees * (1 - 2 / (9 * degrees) + 3.09 * math.sqrt(2 / (9 * degrees))) ** 3
    error = np.std(estimates) / math.sqrt(count)
    assert abs(np.mean(estimates) - mass) < 3.5 * error
    assert error < 0.05 * mass
