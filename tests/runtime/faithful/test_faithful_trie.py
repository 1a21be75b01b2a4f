"""What draws learn: bounds that only get better and always hold, laws that come close, within bounded memory."""

from __future__ import annotations

import math

import numpy as np
import pytest
from faithful_models import (
    Case,
    Refusing,
    case_of,
    cases,
    counts,
    divergence,
    exact_law,
    expected_futures,
    explored,
    explorer_of,
    left_by,
    nodes_of,
    outputs,
    shared_explorer,
    watch_of,
)
from goodness_of_fit import p_value, rejected

from constrain.runtime.decoding.faithful.asap import asap
from constrain.runtime.decoding.faithful.exact import exact
from constrain.runtime.decoding.faithful.law import law_of_trie
from constrain.runtime.decoding.faithful.trie import Trie
from constrain.runtime.decoding.faithful.trie_file import trie_from_bytes, trie_to_bytes

every_case = pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
ROUNDING = 1e-12


@every_case
@pytest.mark.parametrize("make", [asap, exact])
def test_bounds_never_rise_and_never_fall_below_the_truth(case: Case, make: type) -> None:
    truth = expected_futures(case)
    trie = Trie()
    method = make(shared_explorer(case), trie, np.random.default_rng(1))
    before: dict[tuple[int, ...], tuple[float, float]] = {}
    fell = 0
    for _ in range(150):
        method.attempt()
        now = {token_ids: (math.exp(node.value), math.exp(node.proven)) for token_ids, node in nodes_of(trie).items()}
        for token_ids, (upper, lower) in now.items():
            was = before.get(token_ids, (1.0, 0.0))
            assert upper <= was[0] * (1 + ROUNDING)
            assert lower >= was[1] * (1 - ROUNDING)
            assert lower * (1 - ROUNDING) <= truth[token_ids] <= upper * (1 + ROUNDING)
            fell += upper < was[0]
        assert before.keys() <= now.keys()
        before = now
    assert fell > 20


@every_case
def test_the_law_is_close_after_the_stated_number_of_draws_and_comes_closer(case: Case) -> None:
    law = exact_law(outputs(case))
    trie = Trie()
    method = asap(shared_explorer(case), trie, np.random.default_rng(0))
    found = []
    for number in (1, case.draws - 1, case.draws):
        for _ in range(number):
            method.draw()
        found.append(divergence(law, law_of_trie(shared_explorer(case), trie)))
    first, stated, twice = found
    assert first > 0.1
    assert twice < stated < 0.01


@every_case
def test_a_trie_that_was_saved_midway_goes_on_as_if_nothing_had_happened(case: Case) -> None:
    half = min(case.draws, 800) // 2
    straight = asap(shared_explorer(case), Trie(), np.random.default_rng(2))
    expected = [straight.draw() for _ in range(2 * half)]

    random, trie, found = np.random.default_rng(2), Trie(), []
    for _ in range(2):
        explorer = explorer_of(case)  # which knows nothing
        method = asap(explorer, trie, random)
        found += [method.draw() for _ in range(half)]
        trie = trie_from_bytes(trie_to_bytes(trie, {}), {})
    assert [one.place.token_ids for one in found] == [one.place.token_ids for one in expected]
    assert [one.sampling_logprob for one in found] == pytest.approx([one.sampling_logprob for one in expected])
    assert found[half].bounds == pytest.approx(expected[half].bounds)
    if case.draws <= 800:
        law = exact_law(outputs(case))
        assert divergence(law, law_of_trie(shared_explorer(case), trie)) < 0.01


@every_case
def test_what_is_drawn_and_what_is_known_of_it_agree(case: Case) -> None:
    trie = Trie()
    method = asap(shared_explorer(case), trie, np.random.default_rng(3))
    drawn = {method.draw().place.token_ids for _ in range(50)}
    seen = {key: value for key, value in outputs(case).items() if key in drawn}
    proven = math.fsum(map(math.exp, seen.values()))
    # where the text may go on, the mass of stopping is known as soon as the model was asked
    assert math.exp(trie.root.proven) >= proven * (1 - ROUNDING)
    known = {key for key in outputs(case) if key in explored(trie)}
    assert math.exp(trie.root.proven) == pytest.approx(math.fsum(math.exp(outputs(case)[key]) for key in known))
    assert drawn <= known


def test_a_full_trie_stays_small_and_its_draws_stay_exact() -> None:
    found = {}
    for case in cases():
        if case.name == "skewed":
            continue  # one output in 4,000 attempts, where nothing is remembered
        trie = Trie(max_nodes=5)
        method = exact(shared_explorer(case), trie, np.random.default_rng(4), max_model_calls=None)
        drawn = [method.draw() for _ in range(500)]
        assert trie.size == len(nodes_of(trie)) == 5
        assert sum(one.attempts for one in drawn) > 600  # little is remembered, and much tried again
        found[case] = p_value(counts([one.place.token_ids for one in drawn]), exact_law(outputs(case)))
    assert not rejected(found)


@pytest.mark.parametrize("make", [asap, exact])
def test_a_full_trie_remembers_no_more_than_what_is_dead(make: type) -> None:
    case = case_of("flags")
    explorer = explorer_of(case, watch=watch_of(case, Refusing("11")))
    trie = Trie(max_nodes=5)
    method = make(explorer, trie, np.random.default_rng(5), max_model_calls=None)
    drawn = [method.draw().place.token_ids for _ in range(400)]
    nodes = nodes_of(trie)
    assert len(nodes) == trie.size > 5
    assert sum(node.value > -math.inf for node in nodes.values()) <= 5
    assert set(drawn) <= left_by(case, "11").keys()
    if make is exact:
        assert p_value(counts(drawn), exact_law(left_by(case, "11"))) > 0.01
    # a file of it is not refused for what is dead
    again = trie_from_bytes(trie_to_bytes(trie, {}), {}, max_nodes=5)
    assert nodes_of(again).keys() == nodes.keys()


@every_case
@pytest.mark.parametrize("make", [asap, exact])
def test_forgetful_explorers_draw_the_same(case: Case, make: type) -> None:
    mindful, forgetful = explorer_of(case), explorer_of(case, memory=1)
    plenty = make(mindful, Trie(), np.random.default_rng(6))
    scarce = make(forgetful, Trie(), np.random.default_rng(6), max_model_calls=None)
    for _ in range(60):
        one, other = plenty.draw(), scarce.draw()
        assert one.place.token_ids == other.place.token_ids
        assert one.attempts == other.attempts
        assert one.sampling_logprobs == pytest.approx(other.sampling_logprobs)
    assert forgetful.calls > mindful.calls
