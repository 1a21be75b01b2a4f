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
    Outputs,
    case_of,
    cases,
    left_by,
    made_up_leaves,
    outputs,
    shared_explorer,
)

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


def check(drawn: list[Draw], logprobs: Outputs) -> None:
    assert abs(errors_of(drawn, math.fsum(map(math.exp, logprobs.values())))) < 3
    likeliest = sorted(logprobs, key=lambda key: -logprobs[key])[:3]
    for key in likeliest:
        assert abs(errors_of(drawn, math.exp(logprobs[key]), lambda one: one.place.token_ids == key)) < 4


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
@pytest.mark.parametrize("name", METHODS)
def test_the_mean_weight_is_the_probability_of_the_language(name: str, case: Case) -> None:
    if "particle" in name and case.name in ("tight", "skewed"):
        return
    make, number = METHODS[name]
    method = make(shared_explorer(case), np.random.default_rng(11))
    check_of(method, number, outputs(case), name)


def check_of(method: DrawMethod, number: int, logprobs: Outputs, name: str) -> None:
    drawn = [method.draw() for _ in range(number)]
    if "mcmc" in name:  # its estimate is not of the output that is given out
        assert abs(errors_of(drawn, math.fsum(map(math.exp, logprobs.values())))) < 3
    else:
        check(drawn, logprobs)


SPARSE = {"flags": "1", "words": "ba|abca", "tight": "c|b.*b"}
"""Monitors that leave little."""


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("language", SPARSE)
def test_attempts_that_come_to_nothing_weigh_nothing(name: str, language: str) -> None:
    case = case_of(language)
    left = left_by(case, SPARSE[language])
    assert 0 < len(left) < len(outputs(case)) / 4
    make, number = METHODS[name]
    method = make(watched(case, SPARSE[language]), np.random.default_rng(12))
    drawn = [method.draw() for _ in range(number // 4)]
    if name != "smc":
        assert sum(one.attempts for one in drawn) > 1.2 * len(drawn) or "smc" in name
    assert {one.place.token_ids for one in drawn} <= left.keys()
    assert abs(errors_of(drawn, math.fsum(map(math.exp, left.values())))) < 3
