"""Chains: each move keeps the model's distribution, by enumeration of the move; and the law of a chain's end after so
many moves, in closed form, is that of its draws.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from faithful_models import (
    Case,
    beginnings,
    case_of,
    counts,
    divergence,
    exact_law,
    law_by_definition,
    outputs,
    shared_explorer,
    text_of,
    ways,
)
from goodness_of_fit import p_value

from constrain.runtime.decoding.faithful.law import law_of_proposal
from constrain.runtime.decoding.faithful.mcmc import STEPS, ChainDraws, log_ratio_of_ends
from constrain.runtime.decoding.faithful.proposal import Path, Proposal, Step

NAMES = ("braces", "skewed", "words")
every_name = pytest.mark.parametrize("name", NAMES)


def steps_of(case: Case, token_ids: tuple[int, ...]) -> list[int | None]:
    """What is drawn one after the other; None stands for stopping, which is drawn where the text could go on."""
    return [*token_ids, *([None] if text_of(token_ids) in beginnings(case) else [])]


@cache
def laws_of(case: Case, token_ids: tuple[int, ...]) -> tuple[float, ...]:
    """Log q of each step, by the definition of masking."""
    found = []
    for at, step in enumerate(steps_of(case, token_ids)):
        weights = ways(case, token_ids[:at])
        found.append(math.log(weights[step] / math.fsum(weights.values())))
    return tuple(found)


@cache
def log_move(case: Case, one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Log of the probability that the end of an output, from a place each as likely, is drawn to be that of another:
    the sum over all places.
    """
    ways_to_it = [
        math.exp(math.fsum(laws_of(case, other)[at:]))
        for at in range(len(steps_of(case, one)))
        if at < len(steps_of(case, other)) and one[:at] == other[:at]
    ]
    return math.log(math.fsum(ways_to_it) / len(steps_of(case, one)))


@cache
def path_of(case: Case, token_ids: tuple[int, ...]) -> Path:
    """An output as the chain has it."""
    explorer, steps = shared_explorer(case), []
    place = explorer.root
    for step, law in zip(steps_of(case, token_ids), laws_of(case, token_ids), strict=True):
        explorer.read([place])
        index = place.stop if step is None else int(np.searchsorted(place.ids, step))
        following = None if step is None else explorer.after(place, step)
        logprob = float(place.known[index])
        steps.append(
            Step(place=place, index=index, logprob=logprob, sampling_logprob=law, following=following, leaf=0.0)
        )
        place = following or place
    return Path(tuple(steps), place)


def test_moves_between_spellings_of_different_lengths_are_there() -> None:
    lengths = {len(steps_of(case_of(name), key)) for name in NAMES for key in outputs(case_of(name))}
    assert len(lengths) > 4


@every_name
def test_the_ratio_of_ends_is_that_of_all_ways_to_make_the_move(name: str) -> None:
    case = case_of(name)
    logprobs = outputs(case)
    for one in logprobs:
        for other in logprobs:
            expected = (logprobs[other] + log_move(case, other, one)) - (logprobs[one] + log_move(case, one, other))
            found = log_ratio_of_ends(path_of(case, one), path_of(case, other))
            assert found == pytest.approx(expected, abs=1e-9)


def kernel(case: Case) -> tuple[list[tuple[int, ...]], np.ndarray]:
    """Probabilities to go from each output to each other by one move, with the ratio of the code."""
    keys = sorted(outputs(case))
    size = len(keys)
    proposed = law_by_definition(case)
    weight = [outputs(case)[key] - proposed[key] for key in keys]
    found = np.zeros((size, size))
    for row, one in enumerate(keys):
        for column, other in enumerate(keys):
            if row == column:
                continue
            anew = math.exp(proposed[other] + min(0.0, weight[column] - weight[row]))
            ratio = log_ratio_of_ends(path_of(case, one), path_of(case, other))
            ends = math.exp(log_move(case, one, other) + min(0.0, ratio))
            found[row, column] = (anew + ends) / 2
        found[row, row] = 1.0 - found[row].sum()
    return keys, found


@every_name
def test_each_move_is_in_balance_with_its_reverse(name: str) -> None:
    case = case_of(name)
    keys, moves = kernel(case)
    assert (moves >= -1e-12).all()
    target = np.exp([exact_law(outputs(case))[key] for key in keys])
    flow = target[:, None] * moves
    assert np.abs(flow - flow.T).max() < 1e-14
    assert target @ moves == pytest.approx(target, abs=1e-12)


def law_after(case: Case, moves: int) -> dict[tuple[int, ...], float]:
    """Of the output after so many moves from a masked draw."""
    keys, matrix = kernel(case)
    proposed = law_of_proposal(shared_explorer(case))
    law = np.exp([proposed[key] for key in keys]) @ np.linalg.matrix_power(matrix, moves)
    return dict(zip(keys, np.log(law).tolist(), strict=True))


@every_name
@pytest.mark.parametrize("moves", [1, 4])
def test_draws_have_the_law_of_so_many_moves(name: str, moves: int) -> None:
    case, random = case_of(name), np.random.default_rng(moves)
    chain = ChainDraws(Proposal(shared_explorer(case), random), random, steps=moves)
    found = counts([chain.draw().place.token_ids for _ in range(2_000)])
    assert p_value(found, law_after(case, moves)) > 0.01 / 6
    if moves == 1:
        assert p_value(found, exact_law(outputs(case))) < 1e-12
        assert p_value(found, law_by_definition(case)) < 1e-6


@every_name
def test_at_the_usual_number_of_moves_the_law_is_the_exact_one_nearly(name: str) -> None:
    case = case_of(name)
    law = exact_law(outputs(case))
    after = [divergence(law, law_after(case, moves)) for moves in (0, 1, 4, STEPS)]
    assert after == sorted(after, reverse=True)
    assert after[-1] < 0.002 < 0.3 < after[0]


def test_a_chain_says_how_many_moves_it_accepted() -> None:
    case, random = case_of("words"), np.random.default_rng(0)
    chain = ChainDraws(Proposal(shared_explorer(case), random), random, steps=7)
    details = [chain.draw().details for _ in range(50)]
    assert {one["moves"] for one in details} == {7.0}
    assert {one["accepted_moves"] for one in details} <= set(map(float, range(8)))
    assert len({one["accepted_moves"] for one in details}) > 2
