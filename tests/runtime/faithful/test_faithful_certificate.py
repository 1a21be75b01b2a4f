"""Bounds on Z hold after any number of model calls, come together, and bound how far guided draws are off."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from faithful_models import (
    Case,
    Outputs,
    Refusing,
    case_of,
    cases,
    counts,
    exact_law,
    expected_futures,
    explored,
    explorer_of,
    law_by_definition,
    left_by,
    normaliser,
    outputs,
    rows_of,
    said_of,
    shared_explorer,
    watch_of,
)
from goodness_of_fit import p_value

from constrain.runtime.decoding.faithful import Draws, DrawSettings
from constrain.runtime.decoding.faithful.asap import asap
from constrain.runtime.decoding.faithful.certificate import Certificate, certify
from constrain.runtime.decoding.faithful.exact import exact
from constrain.runtime.decoding.faithful.explorer import Explorer
from constrain.runtime.decoding.faithful.law import law_of_trie, total_variation
from constrain.runtime.decoding.faithful.trie import Trie

ROUNDING = 1e-12
every_case = pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)


def brackets(certificate: Certificate, logprobs: Outputs) -> bool:
    log_z = normaliser(logprobs)
    return certificate.log_lower - ROUNDING <= log_z <= certificate.log_upper + ROUNDING


def step_by_step(explorer: Explorer, trie: Trie) -> Iterator[Certificate]:
    """What is known after no call of the model, after one, and so on until the bounds meet."""
    yield certify(explorer, trie, max_model_calls=0)
    while True:
        certificate = certify(explorer, trie, max_model_calls=1)
        yield certificate
        if certificate.model_calls == 0:
            return


VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "cold": {"temperature": 0.6},
    "truncated": {"top_k": 12},
    "short": {"max_bytes": 5},
}


@every_case
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_bounds_hold_at_every_number_of_calls_and_meet(case: Case, variant: str) -> None:
    shaping = VARIANTS[variant]
    logprobs = outputs(case, **shaping)
    if not logprobs:
        return  # test_faithful_errors.py has this
    explorer, trie = explorer_of(case, **shaping, truncate_before="top_k" in shaping), Trie()
    known = list(step_by_step(explorer, trie))
    assert len(known) > 3
    assert known[0] == Certificate(-math.inf, 0.0, 0)
    assert known[0].total_variation == 1.0
    for before, after in itertools.pairwise(known):
        assert brackets(after, logprobs)
        assert after.log_lower >= before.log_lower - ROUNDING
        assert after.log_upper <= before.log_upper + ROUNDING
        assert after.total_variation <= before.total_variation + ROUNDING
    assert known[-1].log_lower == pytest.approx(normaliser(logprobs), abs=1e-10)
    assert known[-1].log_upper == pytest.approx(normaliser(logprobs), abs=1e-10)
    assert known[-1].total_variation < 1e-10


@every_case
def test_the_same_holds_from_scratch(case: Case) -> None:
    for calls in (0, 1, 2, 3, 7, 20, 1_000):
        explorer = explorer_of(case)
        certificate = certify(explorer, Trie(), max_model_calls=calls)
        assert brackets(certificate, outputs(case))
        assert certificate.model_calls == explorer.calls <= calls


@every_case
def test_guided_draws_are_off_by_no_more_than_is_certified(case: Case) -> None:
    explorer, trie = explorer_of(case), Trie()
    law = exact_law(outputs(case))
    off = []
    every = 1 if len(law) < 100 else 7
    for certificate in itertools.islice(step_by_step(explorer, trie), None, None, every):
        off.append(total_variation(law, law_of_trie(shared_explorer(case), trie)))
        assert off[-1] <= certificate.total_variation + ROUNDING
    assert off[0] > 0.2 > 2 * off[-1]


@every_case
def test_the_most_probable_beginnings_are_looked_at_first(case: Case) -> None:
    asked: list[tuple[int, ...]] = []
    certify(explorer_of(case, observe=lambda place: asked.append(place.token_ids)), Trie())
    masses = [sum(said_of(case, token_ids[:at])[one] for at, one in enumerate(token_ids)) for token_ids in asked]
    assert len(masses) > 10
    assert masses == sorted(masses, reverse=True)


@every_case
@pytest.mark.parametrize("calls", [1, 4, 30])
def test_draws_after_it_are_right(case: Case, calls: int) -> None:
    trie = Trie()
    explorer = explorer_of(case)
    certify(explorer, trie, max_model_calls=calls)
    guided = asap(explorer, trie, np.random.default_rng(1))
    for _ in range(10):
        known = expected_futures(case, explored(trie))
        law = law_of_trie(explorer, trie)
        assert law == pytest.approx(law_by_definition(case, known.__getitem__))
        drawn = guided.draw()
        assert drawn.sampling_logprob == pytest.approx(law[drawn.place.token_ids])


def test_exact_draws_after_it_are_exact() -> None:
    case, trie = case_of("words"), Trie()
    explorer = explorer_of(case)
    certify(explorer, trie, max_model_calls=6)
    method = exact(explorer, trie, np.random.default_rng(3))
    assert p_value(counts([method.draw().place.token_ids for _ in range(2_000)]), exact_law(outputs(case))) > 0.01


@every_case
def test_it_goes_on_from_what_draws_have_seen(case: Case) -> None:
    explorer, trie = explorer_of(case), Trie()
    method = exact(explorer, trie, np.random.default_rng(4))
    for _ in range(10):
        method.draw()
    calls = explorer.calls
    certificate = certify(explorer, trie)
    assert brackets(certificate, outputs(case))
    assert certificate.total_variation < 1e-10
    afresh = explorer_of(case)
    certify(afresh, Trie())
    assert explorer.calls == afresh.calls > calls  # nothing was asked twice


@pytest.mark.parametrize("pattern", ["11", "00|01"])
def test_what_a_monitor_refuses_counts_as_impossible(pattern: str) -> None:
    case = case_of("flags")
    left = left_by(case, pattern)
    certificates = list(step_by_step(explorer_of(case, watch=watch_of(case, Refusing(pattern))), Trie()))
    assert all(brackets(certificate, left) for certificate in certificates)
    assert certificates[-1].log_upper == pytest.approx(normaliser(left), abs=1e-10)
    assert certificates[-1].log_lower == pytest.approx(normaliser(left), abs=1e-10)
    assert normaliser(left) < normaliser(outputs(case)) - 0.1


def test_several_stop_tokens_are_one_event() -> None:
    case = replace(case_of("words"), stops=2)
    certificates = list(step_by_step(explorer_of(case), Trie()))
    assert all(brackets(certificate, outputs(case)) for certificate in certificates)
    assert certificates[-1].log_upper == pytest.approx(normaliser(outputs(case)), abs=1e-10)


def test_a_full_trie_ends_it() -> None:
    case, trie = case_of("words"), Trie(max_nodes=6)
    certificate = certify(explorer_of(case), trie)
    assert trie.size == 6
    assert brackets(certificate, outputs(case))
    assert certificate.log_lower < certificate.log_upper - 0.01


def test_no_time_is_no_call() -> None:
    case = case_of("words")
    assert certify(explorer_of(case), Trie(), seconds=0.0) == Certificate(-math.inf, 0.0, 0)


def test_records_hold_the_closest_bounds() -> None:
    case = case_of("flags")
    settings = DrawSettings(certify=30.0)
    explorer = shared_explorer(case, method="smc")
    draws = Draws(
        case.model, case.compiled, explorer.prompt_ids, explorer.options, rows_of(case.model), settings=settings
    )
    log_z = normaliser(outputs(case))
    assert draws.certificate is not None
    assert next(draws).log_z == pytest.approx((log_z, log_z))
