"""Laws in closed form, without sampling: each against the plain definition over all outputs, adds up to 1, and is what
draws report.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from faithful_models import (
    Case,
    Outputs,
    beginnings,
    cases,
    encode,
    exact_law,
    expected_futures,
    explored,
    law_by_definition,
    live,
    log_sum,
    made_up,
    made_up_leaves,
    nodes_of,
    one,
    outputs,
    said_of,
    shared_explorer,
    text_of,
    tokens,
)

from constrain.runtime.decoding.faithful import DrawSettings
from constrain.runtime.decoding.faithful.asap import asap
from constrain.runtime.decoding.faithful.certificate import certify
from constrain.runtime.decoding.faithful.draws import make_method
from constrain.runtime.decoding.faithful.exact import exact
from constrain.runtime.decoding.faithful.explorer import Explorer
from constrain.runtime.decoding.faithful.law import (
    divergence,
    law_of_model,
    law_of_proposal,
    law_of_trie,
    normalised,
    total_variation,
)
from constrain.runtime.decoding.faithful.mcmc import ChainDraws
from constrain.runtime.decoding.faithful.proposal import MaskedDraws, Proposal
from constrain.runtime.decoding.faithful.smc import ParticleDraws
from constrain.runtime.decoding.faithful.trie import Trie

TWO_STOPS = [
    replace(case, name=f"{case.name}-two-stops", stops=2) for case in cases() if case.name in ("words", "tight")
]
CASES = [*cases(), *TWO_STOPS]
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)

SHAPED: dict[str, dict[str, Any]] = {
    "cold": {"temperature": 0.6},
    "hot": {"temperature": 1.7},
    "penalised": {"repetition_penalty": 1.6, "temperature": 0.9},
    "short": {"max_bytes": 5},
    "truncated": {"top_k": 12},
}


def shaped_explorer(case: Case, shaping: dict[str, Any]) -> Explorer:
    return shared_explorer(case, **shaping, truncate_before="top_k" in shaping)


def total(law: Outputs) -> float:
    return math.fsum(map(math.exp, law.values()))


def same(law: Outputs, other: Outputs, *, by: float = 1e-10) -> bool:
    return law.keys() == other.keys() and all(abs(value - other[key]) < by for key, value in law.items())


@every_case
def test_outputs_and_their_probabilities_are_those_of_the_definition(case: Case) -> None:
    assert same(law_of_model(shared_explorer(case)), outputs(case))


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
@pytest.mark.parametrize("how", SHAPED)
def test_the_law_is_of_the_model_after_what_the_options_make_of_it(case: Case, how: str) -> None:
    shaping = SHAPED[how]
    explorer = shaped_explorer(case, shaping)
    expected = outputs(case, **shaping)
    assert same(law_of_model(explorer), expected)
    if how not in ("short", "truncated"):
        assert not same(expected, outputs(case))
    proposed = law_of_proposal(explorer)
    if expected:
        assert proposed.keys() == expected.keys()
        # where the model rules out a token, a draw may lead nowhere, and is none
        assert total(proposed) == pytest.approx(1.0) if how != "truncated" else total(proposed) <= 1 + 1e-12


@every_case
def test_the_law_of_masking_is_that_of_the_definition(case: Case) -> None:
    law = law_of_proposal(shared_explorer(case))
    assert same(law, law_by_definition(case))
    assert total(law) == pytest.approx(1.0, abs=1e-12)


@every_case
def test_the_law_of_masking_with_weights_is_that_of_the_definition(case: Case) -> None:
    law = law_of_proposal(shared_explorer(case), leaves=made_up_leaves)
    assert same(law, law_by_definition(case, made_up))
    assert total(law) == pytest.approx(1.0, abs=1e-12)
    assert not same(law, law_by_definition(case))


@every_case
@pytest.mark.parametrize("value", [one, made_up], ids=["bounds", "estimates"])
def test_a_guided_draw_has_the_law_of_what_the_trie_knows(case: Case, value: Any) -> None:
    explorer, trie = shared_explorer(case), Trie()
    leaves = None if value is one else made_up_leaves
    method = asap(explorer, trie, np.random.default_rng(3), leaves=leaves)
    for number in range(40):
        law = law_of_trie(explorer, trie, leaves=leaves)
        assert total(law) == pytest.approx(1.0, abs=1e-12)
        if number in (0, 1, 5, 39):
            known = expected_futures(case, explored(trie), value)
            assert same(law, law_by_definition(case, known.__getitem__))
        drawn = method.draw()
        assert drawn.sampling_logprob == pytest.approx(law[drawn.place.token_ids], abs=1e-10)
        assert drawn.logprob == pytest.approx(outputs(case)[drawn.place.token_ids], abs=1e-10)
        check_steps(case, drawn)


@every_case
def test_an_exact_attempt_has_its_share_of_the_probability(case: Case) -> None:
    explorer, trie = shared_explorer(case), Trie()
    method = exact(explorer, trie, np.random.default_rng(4))
    logprobs = outputs(case)
    whole = math.fsum(map(math.exp, logprobs.values()))
    came, before = 0, math.inf
    for _ in range(60):
        bound = trie.root.value
        law = law_of_trie(explorer, trie, rejects=True)
        assert total(law) == pytest.approx(whole / math.exp(bound), rel=1e-10)
        assert same(law, {key: logprob - bound for key, logprob in logprobs.items()})
        assert bound <= before
        before = bound
        attempt = method.attempt()
        if attempt is not None:
            came += 1
            place, steps, laws = attempt
            assert sum(laws) == pytest.approx(law[place.token_ids], abs=1e-10)
            assert sum(steps) == pytest.approx(logprobs[place.token_ids], abs=1e-10)
    assert came


@every_case
def test_a_trie_that_knows_all_has_the_exact_law(case: Case) -> None:
    explorer, trie = shared_explorer(case), Trie()
    certify(explorer, trie)
    assert same(law_of_trie(explorer, trie), exact_law(outputs(case)))
    assert explored(trie) == live(case)
    futures = expected_futures(case)
    assert {key: math.exp(node.value) for key, node in nodes_of(trie).items()} == pytest.approx(futures, rel=1e-10)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
@pytest.mark.parametrize("how", SHAPED)
def test_guided_draws_follow_the_shaped_model(case: Case, how: str) -> None:
    shaping = SHAPED[how]
    logprobs = outputs(case, **shaping)
    if not logprobs:
        return  # test_faithful_errors.py has this
    explorer, trie = shaped_explorer(case, shaping), Trie()
    method = asap(explorer, trie, np.random.default_rng(5))
    for _ in range(30):
        drawn = method.draw()
        assert drawn.logprob == pytest.approx(logprobs[drawn.place.token_ids], abs=1e-10)
        check_steps(case, drawn, **shaping)
    known = expected_futures(case, explored(trie), **shaping)
    law = law_of_trie(explorer, trie)
    expected = law_by_definition(case, known.__getitem__, **shaping)
    assert same({key: value for key, value in law.items() if key in expected}, expected)
    assert {key: math.exp(node.value) for key, node in nodes_of(trie).items()} == pytest.approx(
        {key: known[key] for key in nodes_of(trie)}
    )


@every_case
def test_masked_draws_report_their_law(case: Case) -> None:
    explorer = shared_explorer(case)
    for leaves in (None, made_up_leaves):
        law = law_of_proposal(explorer, leaves=leaves)
        method = MaskedDraws(Proposal(explorer, np.random.default_rng(6), leaves=leaves))
        for _ in range(60):
            drawn = method.draw()
            assert drawn.sampling_logprob == pytest.approx(law[drawn.place.token_ids], abs=1e-10)
            assert drawn.logprob == pytest.approx(outputs(case)[drawn.place.token_ids], abs=1e-10)
            check_steps(case, drawn)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_truncation_over_the_allowed_tokens_changes_q_and_not_p(case: Case) -> None:
    explorer = shared_explorer(case, method="best-of", tokenization="any", temperature=1.0, top_k=2)
    law = law_of_proposal(explorer)
    assert total(law) == pytest.approx(1.0)
    assert 1 < len(law) < len(outputs(case))
    assert same(law_of_model(explorer), outputs(case))
    method = MaskedDraws(Proposal(explorer, np.random.default_rng(8)))
    for _ in range(40):
        drawn = method.draw()
        assert drawn.sampling_logprob == pytest.approx(law[drawn.place.token_ids], abs=1e-10)
        assert drawn.logprob == pytest.approx(outputs(case)[drawn.place.token_ids], abs=1e-10)


@every_case
def test_particles_and_chains_report_log_p_and_one_weight(case: Case) -> None:
    explorer, random = shared_explorer(case), np.random.default_rng(7)
    proposal = Proposal(explorer, random)
    for method in (ParticleDraws(proposal, random, particles=4), ChainDraws(proposal, random, steps=5)):
        for _ in range(20):
            drawn = method.draw()
            assert drawn.estimate is not None
            assert drawn.logweight == pytest.approx(drawn.estimate, abs=1e-12)
            assert drawn.logprob == pytest.approx(outputs(case)[drawn.place.token_ids], abs=1e-10)
            check_steps(case, drawn)


def test_a_canonical_language_leaves_other_spellings_out() -> None:
    case = Case("forced", "xabc[01]{1,2}", "xabc01", longest=6, max_tokens=8, seed=2, scale=0.3, draws=0)
    explorer = shared_explorer(case, tokenization="canonical")
    # "xabc" comes first whatever the model says; what follows it is open, and so is its spelling
    forced = tuple(encode("xabc"))
    expected = {key: value for key, value in outputs(case).items() if key[: len(forced)] == forced}
    assert same(law_of_model(explorer), expected)
    assert 0 < len(expected) < len(outputs(case))
    assert law_of_proposal(explorer).keys() == expected.keys()
    assert total(law_of_proposal(explorer)) == pytest.approx(1.0)
    trie = Trie()
    drawn = asap(explorer, trie, np.random.default_rng(0)).draw()
    assert drawn.logprob == pytest.approx(expected[drawn.place.token_ids])
    whole = math.fsum(math.exp(value) for value in expected.values())
    certify(explorer, trie)
    assert math.exp(trie.root.value) == pytest.approx(whole)
    assert same(law_of_model(shared_explorer(case)), outputs(case))  # "any" is what these methods mean else


@every_case
def test_distances_between_laws_are_those_of_the_definition(case: Case) -> None:
    law, other = normalised(law_of_model(shared_explorer(case))), law_of_proposal(shared_explorer(case))
    assert same(law, exact_law(outputs(case)))
    pairs = [(math.exp(value), math.exp(other[key])) for key, value in law.items()]
    assert divergence(law, other) == pytest.approx(sum(p * math.log(p / q) for p, q in pairs))
    assert total_variation(law, other) == pytest.approx(sum(max(p - q, 0.0) for p, q in pairs))


def check_steps(case: Case, drawn: Any, **shaping: Any) -> None:
    """Log P of each token is the model's own, and the stop token's is there where the text could have gone on."""
    shaping.pop("max_bytes", None)
    token_ids = drawn.place.token_ids
    expected = [said_of(case, token_ids[:at], **shaping)[token_id] for at, token_id in enumerate(token_ids)]
    if text_of(token_ids) in beginnings(case):
        expected.append(log_sum(said_of(case, token_ids, **shaping)[len(tokens()) :]))
    assert list(drawn.logprobs) == pytest.approx(expected, abs=1e-10)
    assert len(drawn.sampling_logprobs) == len(drawn.logprobs)
    assert drawn.logprob == sum(drawn.logprobs)


@pytest.mark.parametrize("method", ["mask", "exact", "asap", "smc", "mcmc", "best-of"])
def test_a_language_of_the_empty_text_alone_is_certain(method: str) -> None:
    case = Case("empty", "", "a", longest=1, max_tokens=2, seed=2, scale=0.3, draws=0)
    explorer = shared_explorer(case, method=method, tokenization="any", temperature=1.0)
    made = make_method(explorer, DrawSettings(), Trie(), np.random.default_rng(0))
    for _ in range(3):
        drawn = made.draw()
        assert drawn.place.token_ids == drawn.logprobs == ()
        assert drawn.logprob == drawn.sampling_logprob == drawn.logweight == 0.0
    assert explorer.calls == 0
    assert law_of_model(explorer) == law_of_proposal(explorer) == law_of_trie(explorer, Trie()) == {(): 0.0}
    certificate = certify(explorer, Trie())
    assert certificate.log_lower == certificate.log_upper == 0.0
