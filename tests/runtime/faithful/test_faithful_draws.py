"""Draws against laws: chi-squared over pooled cells, with Holm's correction over the languages.

By default 2,000 draws of each method with one seed; with ``--slow`` 20 seeds of 20,000, or so many as a method's pace
allows. What has a law in closed form is held against that; what comes close to the exact law only in the limit (``smc``
in the number of particles, ``mcmc`` in that of moves, ``asap`` in that of draws) says at which number it passes.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from faithful_models import (
    Case,
    Outputs,
    case_of,
    cases,
    counts,
    exact_law,
    expected_futures,
    law_by_definition,
    made_up,
    made_up_leaves,
    one,
    outputs,
    shared_explorer,
)
from goodness_of_fit import p_value, rejected, uniform_p_value

from constrain.runtime.decoding.faithful.asap import asap
from constrain.runtime.decoding.faithful.draw import DrawMethod
from constrain.runtime.decoding.faithful.exact import exact
from constrain.runtime.decoding.faithful.law import law_of_trie
from constrain.runtime.decoding.faithful.mcmc import ChainDraws
from constrain.runtime.decoding.faithful.proposal import MaskedDraws, Proposal
from constrain.runtime.decoding.faithful.smc import ParticleDraws
from constrain.runtime.decoding.faithful.trie import Trie

DRAWS = 2_000
MANY = 20_000
SEEDS = range(20)
PARTICLES = 32
"""For words; where plain masking is farther off, it takes more."""
CROWD = 128
MOVES = 20
CERTAINLY_NOT = 1e-12

Made = Callable[[Case, int], DrawMethod]


def exactly(case: Case, seed: int) -> DrawMethod:
    return exact(shared_explorer(case), Trie(), np.random.default_rng(seed))


def masked(case: Case, seed: int) -> DrawMethod:
    return MaskedDraws(Proposal(shared_explorer(case), np.random.default_rng(seed)))


def weighted(case: Case, seed: int) -> DrawMethod:
    return MaskedDraws(Proposal(shared_explorer(case), np.random.default_rng(seed), leaves=made_up_leaves))


def particles(case: Case, seed: int) -> DrawMethod:
    random = np.random.default_rng(seed)
    return ParticleDraws(Proposal(shared_explorer(case), random), random, particles=PARTICLES)


def crowds(case: Case, seed: int) -> DrawMethod:
    random = np.random.default_rng(seed)
    return ParticleDraws(Proposal(shared_explorer(case), random), random, particles=CROWD)


def chains(case: Case, seed: int) -> DrawMethod:
    random = np.random.default_rng(seed)
    return ChainDraws(Proposal(shared_explorer(case), random), random, steps=MOVES)


def drawn(method: DrawMethod, number: int) -> dict[tuple[int, ...], int]:
    return counts([method.draw().place.token_ids for _ in range(number)])


def p_of(make: Made, case: Case, law: Outputs, *, seed: int = 1, number: int = DRAWS) -> float:
    return p_value(drawn(make(case, seed), number), law)


def test_exact_draws_follow_the_exact_law() -> None:
    assert not rejected({case: p_of(exactly, case, exact_law(outputs(case))) for case in cases()})


def test_masked_draws_do_not_but_follow_their_own() -> None:
    for case in cases():
        found = drawn(masked(case, 1), DRAWS)
        assert p_value(found, exact_law(outputs(case))) < CERTAINLY_NOT
        assert p_value(found, law_by_definition(case)) > 0.01 / len(cases())


def test_draws_with_weights_follow_their_own_law() -> None:
    for case in cases():
        found = drawn(weighted(case, 1), DRAWS)
        assert p_value(found, law_by_definition(case)) < CERTAINLY_NOT
        assert p_value(found, law_by_definition(case, made_up)) > 0.01 / len(cases())


def test_the_first_exact_draw_of_a_new_trie_is_exact() -> None:
    # and the second does not depend on it: their pairs have the product of their laws
    case = case_of("flags")
    law = exact_law(outputs(case))
    random = np.random.default_rng(2)
    pairs = []
    for _ in range(DRAWS):
        method = exact(shared_explorer(case), Trie(), random)
        first, second = (method.draw().place.token_ids for _ in range(2))
        pairs.append((first, second))
    both = {(one, other): law[one] + law[other] for one in law for other in law}
    found = {
        "first": p_value(counts([first for first, _ in pairs]), law),
        "second": p_value(counts([second for _, second in pairs]), law),
        "both": p_value(counts(pairs), both),
    }
    assert not rejected(found)


@pytest.mark.parametrize("value", [one, made_up], ids=["bounds", "estimates"])
def test_the_second_guided_draw_over_restarts_has_the_law_in_closed_form(
    value: Callable[[tuple[int, ...]], float],
) -> None:
    leaves = None if value is one else made_up_leaves
    found = {}
    for case in (case_of("words"), case_of("skewed")):
        random = np.random.default_rng(3)
        restarts = []
        for _ in range(DRAWS):
            method = asap(shared_explorer(case), Trie(), random, leaves=leaves)
            method.draw()
            restarts.append(method.draw().place.token_ids)
        found[case] = p_value(counts(restarts), law_of_second_draw(case, value))
    assert not rejected(found)
    if value is one:  # it is not the law of the first
        assert p_value(counts(restarts), law_by_definition(case)) < CERTAINLY_NOT


def law_of_second_draw(case: Case, value: Callable[[tuple[int, ...]], float]) -> Outputs:
    """The mean over all first draws of the law after it."""
    law: dict[tuple[int, ...], float] = dict.fromkeys(outputs(case), 0.0)
    for first, logprob in law_by_definition(case, value).items():
        known = expected_futures(case, {first[:end] for end in range(len(first) + 1)}, value)
        for second, after in law_by_definition(case, known.__getitem__).items():
            law[second] += math.exp(logprob + after)
    return {key: math.log(share) for key, share in law.items()}


@pytest.mark.parametrize("name", ["words", "skewed"])
def test_every_guided_draw_has_the_law_of_its_moment(name: str) -> None:
    # where a number falls in the cumulative law of its moment is uniform, and independent of all before
    case = case_of(name)
    explorer, trie, random = shared_explorer(case), Trie(), np.random.default_rng(4)
    method = asap(explorer, trie, random)
    levels = []
    for _ in range(DRAWS // 2):
        law = {key: math.exp(value) for key, value in law_of_trie(explorer, trie).items()}
        token_ids = method.draw().place.token_ids
        below = math.fsum(share for key, share in law.items() if key < token_ids)
        levels.append(below + float(random.random()) * law[token_ids])
    assert uniform_p_value(levels) > 0.01
    assert uniform_p_value(levels[: len(levels) // 10]) > 0.01


@pytest.mark.parametrize("make", [particles, chains])
def test_particles_and_chains_come_close_to_the_exact_law(make: Made) -> None:
    case = case_of("words")
    assert p_of(make, case, exact_law(outputs(case))) > 0.01


def test_few_particles_or_moves_do_not() -> None:
    case = case_of("words")
    random = np.random.default_rng(1)
    proposal = Proposal(shared_explorer(case), random)
    for method in (ParticleDraws(proposal, random, particles=2), ChainDraws(proposal, random, steps=1)):
        assert p_value(drawn(method, DRAWS), exact_law(outputs(case))) < CERTAINLY_NOT


@pytest.mark.slow
def test_exact_draws_of_many_seeds_have_uniform_p_values() -> None:
    found = {
        (case, seed): p_of(exactly, case, exact_law(outputs(case)), seed=seed, number=MANY)
        for case in cases()
        for seed in SEEDS
    }
    assert not rejected(found)
    assert uniform_p_value(list(found.values())) > 0.01


@pytest.mark.slow
def test_masked_draws_of_many_seeds_are_told_from_exact_ones() -> None:
    case = case_of("tight")  # where they are closest
    law, own = exact_law(outputs(case)), law_by_definition(case)
    found = {seed: drawn(masked(case, seed), MANY) for seed in SEEDS}
    assert all(p_value(one, law) < CERTAINLY_NOT for one in found.values())
    levels = {seed: p_value(one, own) for seed, one in found.items()}
    assert not rejected(levels)
    assert uniform_p_value(list(levels.values())) > 0.01


@pytest.mark.slow
@pytest.mark.parametrize(("make", "seeds"), [(crowds, range(1)), (chains, range(5))])
def test_particles_and_chains_of_many_seeds_come_close(make: Made, seeds: range) -> None:
    # some milliseconds each: 2,000 draws of each seed
    found = {(case, seed): p_of(make, case, exact_law(outputs(case)), seed=seed) for case in cases() for seed in seeds}
    assert not rejected(found)


@pytest.mark.slow
@pytest.mark.parametrize("number", [5, 20])
def test_the_nth_guided_draw_over_restarts_has_its_mean_law(number: int) -> None:
    case = case_of("words")
    explorer, random = shared_explorer(case), np.random.default_rng(number)
    law: dict[tuple[int, ...], float] = dict.fromkeys(outputs(case), 0.0)
    found = []
    for _ in range(MANY // 2):
        trie = Trie()
        method = asap(explorer, trie, random)
        for _ in range(number - 1):
            method.draw()
        for key, value in law_of_trie(explorer, trie).items():
            law[key] += math.exp(value) / (MANY // 2)
        found.append(method.draw().place.token_ids)
    assert p_value(counts(found), {key: math.log(share) for key, share in law.items()}) > 0.01


@pytest.mark.slow
def test_guided_draws_over_restarts_come_close_to_the_exact_law() -> None:
    case, restarts, before = case_of("flags"), 500, 3_000
    law, random = exact_law(outputs(case)), np.random.default_rng(5)
    first, last = [], []
    for _ in range(restarts):
        method = asap(shared_explorer(case), Trie(), random)
        first.append(method.draw().place.token_ids)
        for _ in range(before):
            method.draw()
        last.append(method.draw().place.token_ids)
    assert p_value(counts(first), law) < CERTAINLY_NOT
    assert p_value(counts(last), law) > 0.01
