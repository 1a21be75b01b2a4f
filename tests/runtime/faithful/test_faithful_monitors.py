"""Under a monitor, the law is the model's own over what the monitor lets be, and nothing else."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from faithful_models import (
    Case,
    Refusing,
    RefusingEnds,
    case_of,
    counts,
    exact_law,
    expected_futures,
    explored,
    explorer_of,
    law_by_definition,
    left_by,
    nodes_of,
    normaliser,
    outputs,
    text_of,
    watch_of,
)
from goodness_of_fit import p_value

from constrain.errors import BudgetError, MonitorError, UnsatisfiableError
from constrain.runtime.decoding.faithful.asap import asap
from constrain.runtime.decoding.faithful.certificate import certify
from constrain.runtime.decoding.faithful.exact import exact
from constrain.runtime.decoding.faithful.explorer import Explorer
from constrain.runtime.decoding.faithful.law import law_of_model, law_of_trie
from constrain.runtime.decoding.faithful.mcmc import ChainDraws
from constrain.runtime.decoding.faithful.proposal import MaskedDraws, Proposal
from constrain.runtime.decoding.faithful.smc import ParticleDraws
from constrain.runtime.decoding.faithful.trie import Trie


class Suggesting:
    """After a comma, b or c comes."""

    def triggered(self, prefix: str) -> bool:
        return prefix.endswith(",")

    def suggest(self, prefix: str) -> list[str]:
        return ["b", "c"]


REFUSALS: list[tuple[str, Any, str]] = [  # language, monitor, what outputs must not have
    ("flags", Refusing("11"), "11"),
    ("flags", RefusingEnds("0.0.$"), "^0.0.$"),  # the end of a text that nothing can be added to
    ("words", Refusing("cb|abab"), "cb|abab"),
    ("words", RefusingEnds("^ab$|^ba$"), "^ab$|^ba$"),  # that of one that could have gone on
    ("tight", RefusingEnds("^.{0,3}$"), "^.{0,3}$"),
    ("skewed", Refusing("bx|11"), "bx|11"),
    ("braces", Suggesting(), ",a"),
]
every_refusal = pytest.mark.parametrize(
    ("case", "monitor", "pattern"),
    [(case_of(name), *rest) for name, *rest in REFUSALS],
    ids=[f"{name}-{pattern}" for name, _, pattern in REFUSALS],
)


def watched(case: Case, monitor: Any) -> Explorer:
    return explorer_of(case, watch=watch_of(case, monitor))


@every_refusal
def test_outputs_are_those_that_the_monitor_leaves(case: Case, monitor: Any, pattern: str) -> None:
    left = left_by(case, pattern)
    assert 0 < len(left) < len(outputs(case))
    assert law_of_model(watched(case, monitor)) == pytest.approx(left, abs=1e-10)


@every_refusal
def test_exact_draws_follow_the_law_of_what_is_left(case: Case, monitor: Any, pattern: str) -> None:
    method = exact(watched(case, monitor), Trie(), np.random.default_rng(1))
    found = counts([method.draw().place.token_ids for _ in range(1_000)])
    assert p_value(found, exact_law(left_by(case, pattern))) > 0.01 / len(REFUSALS)


@every_refusal
def test_what_is_refused_is_learned(case: Case, monitor: Any, pattern: str) -> None:
    explorer, trie = watched(case, monitor), Trie()
    left = left_by(case, pattern)
    method = asap(explorer, trie, np.random.default_rng(2))
    for _ in range(60):
        law = law_of_trie(explorer, trie)
        # what is missing to 1 is what the draw may find to be refused
        assert law.keys() == left.keys()
        attempt = method.attempt()
        if attempt is not None:
            place, _, laws = attempt
            assert sum(laws) == pytest.approx(law[place.token_ids], abs=1e-10)
    if isinstance(monitor, Refusing):
        dead = {token_ids for token_ids, node in nodes_of(trie).items() if node.value == -math.inf}
        assert dead
        known = expected_futures(case, explored(trie), lambda token_ids: float(token_ids not in dead))
        expected = law_by_definition(case, known.__getitem__)
        law = law_of_trie(explorer, trie)
        assert law == pytest.approx({key: expected[key] for key in left}, abs=1e-10)
    certify(explorer, trie)
    assert law_of_trie(explorer, trie) == pytest.approx(exact_law(left), abs=1e-10)
    assert trie.root.value == pytest.approx(normaliser(left))


def test_a_monitor_is_asked_about_a_beginning_once() -> None:
    asked: list[str] = []

    class Counting:
        def veto(self, prefix: str) -> bool:
            asked.append(prefix)
            return "11" in prefix

    case = case_of("flags")
    explorer = watched(case, Counting())
    random = np.random.default_rng(3)
    method = MaskedDraws(Proposal(explorer, random))
    for _ in range(300):
        method.draw()
    beginnings = {token_ids[:end] for token_ids in outputs(case) for end in range(len(token_ids) + 1)}
    assert len(asked) <= len(beginnings) + len(outputs(case))  # and whole texts once more, as such


@pytest.mark.parametrize("make", [asap, exact])
def test_where_nothing_is_left_guided_draws_find_out(make: Any) -> None:
    for case in (case_of("flags"), case_of("braces")):
        method = make(watched(case, Refusing("[01]|,|a}")), Trie(), np.random.default_rng(4))
        with pytest.raises(UnsatisfiableError, match="that the monitor leaves"):
            method.draw()
        with pytest.raises(UnsatisfiableError, match="that the monitor leaves"):
            method.draw()


def test_what_was_refused_is_not_drawn_again_and_weights_stay_right() -> None:
    case, random = case_of("tight"), np.random.default_rng(7)
    pattern = "^[bc]|abc"
    drawn: list[tuple[int, float]] = []
    refusals = 0
    for _ in range(400):
        proposal = Proposal(watched(case, Refusing(pattern)), random, asks_on=True)
        root = proposal.explorer.root
        third = [proposal.step(root) for _ in range(3)][-1]
        refusals += len(root.dead)
        assert third is not None
        drawn.append((third.index, math.exp(third.logprob - third.sampling_logprob)))
    assert refusals > 400  # there was something to remember
    indices, weights = np.array([index for index, _ in drawn]), np.array([weight for _, weight in drawn])
    for index, token_id in enumerate(root.ids.tolist()):
        share = 0.0 if re.search(pattern, text_of((token_id,))) else math.exp(root.known[index])
        found = np.where(indices == index, weights, 0.0)  # each token has its own probability, whatever came before
        assert abs(found.mean() - share) < 3.5 * found.std() / math.sqrt(len(found)) + 1e-12
    accepted = [
        index for index, token_id in enumerate(root.ids.tolist()) if not re.search(pattern, text_of((token_id,)))
    ]
    while len(root.dead) < len(root.ids) - len(accepted):
        assert proposal.step(root)
    for _ in range(20):  # nothing is left to estimate
        step = proposal.step(root)
        assert step is not None
        assert math.exp(step.logprob - step.sampling_logprob) == pytest.approx(np.exp(root.known[accepted]).sum())


@pytest.mark.parametrize("number", [40, None])
@pytest.mark.parametrize("name", ["mask", "smc", "smc that asks on", "mcmc"])
def test_where_nothing_is_left_other_draws_end(name: str, number: int | None) -> None:
    case, random = case_of("flags"), np.random.default_rng(5)
    proposal = Proposal(watched(case, Refusing("[01]")), random, asks_on="asks" in name)
    method = {
        "mask": lambda: MaskedDraws(proposal, max_model_calls=number),
        "smc": lambda: ParticleDraws(proposal, random, particles=2, max_model_calls=number),
        "smc that asks on": lambda: ParticleDraws(proposal, random, particles=2, max_model_calls=number),
        "mcmc": lambda: ChainDraws(proposal, random, steps=2, max_model_calls=number),
    }[name]()
    # after one call of the model there is nothing more to ask it about
    with pytest.raises(BudgetError, match=r"no output was drawn within .* attempts") as caught:
        method.draw()
    assert ("39 attempts without" if number else "10,000 attempts without") in caught.value.message


def test_a_full_trie_in_which_nothing_can_be_learned_ends_too() -> None:
    case = case_of("flags")
    method = asap(watched(case, Refusing("..")), Trie(max_nodes=1), np.random.default_rng(6), max_model_calls=100)
    with pytest.raises(BudgetError, match="attempts without"):
        method.draw()


def test_a_monitor_that_fails_says_so() -> None:
    class Failing:
        def veto(self, prefix: str) -> bool:
            raise RuntimeError("out of order")

    case = case_of("flags")
    for make in (asap, exact):
        with pytest.raises(MonitorError, match="out of order"):
            make(watched(case, Failing()), Trie(), np.random.default_rng(0)).draw()


def test_a_monitor_that_leaves_no_end_at_all_is_told_at_once() -> None:
    # the empty text is the only one that could be, and it must not
    case = Case("empty", "", "a", longest=1, max_tokens=2, seed=2, scale=0.2, draws=0)
    with pytest.raises(MonitorError):
        watched(case, RefusingEnds("^$"))
