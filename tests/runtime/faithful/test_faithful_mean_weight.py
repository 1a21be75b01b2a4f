"""The mean of W is Z, whatever a method draws from: within three standard errors, with fixed seeds.

Attempts that come to nothing count as zeros. Stronger: the mean of W over the draws of one output is its probability,
and of those of all others nothing (so that weighted means are means under the model).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from faithful_models import (
    Case,
    Refusing,
    case_of,
    explorer_of,
    left_by,
    made_up_leaves,
    outputs,
    shared_explorer,
    watch_of,
)

from constrain.runtime.decoding.faithful.best_of import BestDraws
from constrain.runtime.decoding.faithful.draw import Draw, DrawMethod
from constrain.runtime.decoding.faithful.explorer import Explorer
from constrain.runtime.decoding.faithful.mcmc import ChainDraws
from constrain.runtime.decoding.faithful.proposal import MaskedDraws, Proposal
from constrain.runtime.decoding.faithful.smc import ParticleDraws

Make = Callable[[Explorer, np.random.Generator], DrawMethod]


def critic(text: str) -> float:
    """An opinion with no ground."""
    return 0.7 * text.count("a") - 0.4 * text.count("0") - 0.1 * len(text)


METHODS: Mapping[str, tuple[Make, int]] = {
    "mask": (lambda explorer, random: MaskedDraws(Proposal(explorer, random)), 2_000),
    "weights": (lambda explorer, random: MaskedDraws(Proposal(explorer, random, leaves=made_up_leaves)), 2_000),
    "one particle": (lambda explorer, random: ParticleDraws(Proposal(explorer, random), random, particles=1), 1_000),
    "smc": (lambda explorer, random: ParticleDraws(Proposal(explorer, random), random, particles=5), 1_000),
    "smc, resampling always": (
        lambda explorer, random: ParticleDraws(Proposal(explorer, random), random, particles=4, resample_below=1.0),
        1_000,
    ),
    "smc, never": (
        lambda explorer, random: ParticleDraws(Proposal(explorer, random), random, particles=4, resample_below=0.0),
        1_000,
    ),
    "smc with weights and a critic": (
        lambda explorer, random: ParticleDraws(
            Proposal(explorer, random, leaves=made_up_leaves), random, particles=6, critic=critic
        ),
        1_000,
    ),
    "smc that asks on": (
        lambda explorer, random: ParticleDraws(Proposal(explorer, random, asks_on=True), random, particles=3),
        1_000,
    ),
    "mcmc": (lambda explorer, random: ChainDraws(Proposal(explorer, random), random, steps=4), 1_000),
    "mcmc without moves": (lambda explorer, random: ChainDraws(Proposal(explorer, random), random, steps=0), 1_000),
}


def errors_of(drawn: list[Draw], value: float, of: Callable[[Draw], bool] = lambda _: True) -> float:
    """How many standard errors the mean of W is off, over all attempts."""
    weights = [math.exp(one.logweight) if of(one) else 0.0 for one in drawn]
    attempts = sum(one.attempts for one in drawn)
    failed = attempts - len(drawn)
    spread = math.fsum((weight - value) ** 2 for weight in weights) + failed * value**2
    return (math.fsum(weights) - attempts * value) / math.sqrt(spread)


@pytest.mark.parametrize("case", [case_of(name) for name in ("flags", "words", "skewed")], ids=lambda case: case.name)
@pytest.mark.parametrize("name", METHODS)
def test_the_mean_weight_is_the_probability_of_the_language(name: str, case: Case) -> None:
    make, number = METHODS[name]
    method = make(shared_explorer(case), np.random.default_rng(11))
    drawn = [method.draw() for _ in range(number // 2)]
    logprobs = outputs(case)
    assert abs(errors_of(drawn, math.fsum(map(math.exp, logprobs.values())))) < 3
    if "mcmc" not in name:  # whose estimate is not of the output that is given out
        for key in sorted(logprobs, key=lambda key: -logprobs[key])[:3]:
            assert abs(errors_of(drawn, math.exp(logprobs[key]), lambda one, key=key: one.place.token_ids == key)) < 4


SPARSE = {"flags": "1", "tight": "c|b.*b"}
"""What monitors refuse, so that little is left."""


@pytest.mark.parametrize("language", SPARSE)
def test_failed_attempts_of_draws_side_by_side_count(language: str) -> None:
    case = case_of(language)
    explorer = explorer_of(case, watch=watch_of(case, Refusing(SPARSE[language])))
    method = MaskedDraws(Proposal(explorer, np.random.default_rng(15)))
    drawn = [one for _ in range(250) for one in method.several(4)]
    assert sum(one.attempts for one in drawn) > 2 * len(drawn)
    assert abs(errors_of(drawn, math.fsum(map(math.exp, left_by(case, SPARSE[language]).values())))) < 3


@pytest.mark.parametrize("language", SPARSE)
@pytest.mark.parametrize("name", METHODS)
def test_attempts_that_come_to_nothing_weigh_nothing(name: str, language: str) -> None:
    case = case_of(language)
    left = left_by(case, SPARSE[language])
    assert 0 < len(left) < len(outputs(case)) / 3
    make, number = METHODS[name]
    explorer = explorer_of(case, watch=watch_of(case, Refusing(SPARSE[language])))
    method = make(explorer, np.random.default_rng(12))
    drawn = [method.draw() for _ in range(number // 2)]
    assert {one.place.token_ids for one in drawn} <= left.keys()
    if "asks on" not in name:
        assert sum(one.attempts for one in drawn) > 1.1 * len(drawn)
    assert abs(errors_of(drawn, math.fsum(map(math.exp, left.values())))) < 3


@pytest.mark.parametrize("name", METHODS)
def test_one_output_in_many_attempts(name: str) -> None:
    # one spelling of one text is left of 61 outputs: nearly all attempts are for nothing
    case = case_of("flags")
    explorer = explorer_of(case, max_tokens=2, watch=watch_of(case, Refusing("1")))
    only = {key: value for key, value in left_by(case, "1").items() if len(key) <= 2}
    assert len(only) == 1
    make, number = METHODS[name]
    method = make(explorer, np.random.default_rng(13))
    drawn = [method.draw() for _ in range(number // 4)]
    assert {one.place.token_ids for one in drawn} == only.keys()
    assert abs(errors_of(drawn, math.exp(*only.values()))) < 3


def test_the_draws_of_best_of_are_masked_ones_with_their_own_weight() -> None:
    case = case_of("words")
    explorer = shared_explorer(case)
    singles = MaskedDraws(Proposal(explorer, np.random.default_rng(14)))
    best = BestDraws(MaskedDraws(Proposal(explorer, np.random.default_rng(14))), explorer, draws=3)
    drawn = []
    for _ in range(300):
        three = singles.several(3)
        drawn += three
        chosen = best.draw()
        assert chosen.place.token_ids == max(three, key=lambda one: one.logprob).place.token_ids
        assert chosen.logweight == max(three, key=lambda one: one.logprob).logweight
    assert abs(errors_of(drawn, math.fsum(map(math.exp, outputs(case).values())))) < 3
