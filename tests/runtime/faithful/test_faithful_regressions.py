"""Faults of public implementations that this one must not have, each by its name in the design."""

from __future__ import annotations

import gc
import inspect
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from faithful_models import (
    PROMPT,
    beginnings,
    case_of,
    counts,
    exact_law,
    explorer_of,
    law_by_definition,
    nodes_of,
    outputs,
    rows_of,
    said_of,
    shared_explorer,
    text_of,
    texts_of,
    tokens,
)
from goodness_of_fit import p_value
from transformers import LlamaConfig, LlamaForCausalLM

from constrain import Vocabulary, compile_regex
from constrain.runtime import GenerationOptions
from constrain.runtime.decoding.faithful import Draws
from constrain.runtime.decoding.faithful.asap import asap
from constrain.runtime.decoding.faithful.certificate import certify
from constrain.runtime.decoding.faithful.exact import exact
from constrain.runtime.decoding.faithful.explorer import Explorer
from constrain.runtime.decoding.faithful.law import law_of_proposal, law_of_trie
from constrain.runtime.decoding.faithful.trie import Node, Trie
from constrain.runtime.decoding.faithful.trie_file import trie_from_bytes, trie_to_bytes
from constrain.runtime.models import CausalModel
from constrain.runtime.models.rows import Rows


def test_a_saved_trie_keeps_its_children() -> None:
    case, trie = case_of("tight"), Trie()
    method = exact(shared_explorer(case), trie, np.random.default_rng(1))
    for _ in range(50):
        method.draw()
    again = trie_from_bytes(trie_to_bytes(trie, {}), {})
    assert max(map(len, nodes_of(again))) == 3
    assert nodes_of(again).keys() == nodes_of(trie).keys()
    assert law_of_trie(shared_explorer(case), again) == law_of_trie(shared_explorer(case), trie)
    assert law_of_trie(shared_explorer(case), again) != law_of_trie(shared_explorer(case), Trie())


def drawn_for(prompt: tuple[int, ...], **settings: Any) -> Draws:
    case = case_of("words")
    options = GenerationOptions(method="asap", max_tokens=case.max_tokens, seed=1)
    return Draws(case.model, case.compiled, prompt, options, rows_of(case.model), **settings)


def test_prompts_do_not_share_a_trie() -> None:
    case, other = case_of("words"), (5, 2, 7)
    first = drawn_for(PROMPT)
    for _ in range(50):
        next(first)
    fresh = law_of_proposal(explorer_of(case, prompt=other))
    assert fresh != pytest.approx(law_of_proposal(explorer_of(case)))
    for draws in (drawn_for(other), drawn_for(other)):  # nor do two draws for one
        assert draws.trie is not first.trie
        assert draws.trie.size == 1
        drawn = next(draws)
        assert drawn.sampling_logprob == pytest.approx(fresh[drawn.token_ids])
    assert inspect.signature(Draws).parameters["trie"].default is None


@pytest.mark.parametrize("method", ["exact", "asap", "smc", "mcmc", "best-of"])
def test_what_the_budget_cuts_off_is_no_output(method: str) -> None:
    # nearly every text needs more tokens than there are, and most of those that fit could go on
    case = replace(case_of("tight"), max_tokens=2)
    options = GenerationOptions(method=method, max_tokens=case.max_tokens, seed=1, temperature=1.0, tokenization="any")
    draws = Draws(case.model, case.compiled, PROMPT, options, rows_of(case.model))
    at_the_limit = 0
    for _ in range(60):
        drawn = next(draws)
        assert drawn.is_complete
        assert drawn.finish_reason == "stop"
        assert drawn.limit is None
        assert drawn.text in texts_of(case)
        assert drawn.logprob == pytest.approx(outputs(case)[drawn.token_ids])
        at_the_limit += len(drawn.token_ids) == case.max_tokens and drawn.text in beginnings(case)
    assert at_the_limit > (0 if method == "best-of" else 2)  # the best ones are short


def test_to_end_at_the_budget_costs_what_the_model_asks_for_it() -> None:
    # P(stop) is paid at the limit, too: without it the law would be another, which draws don't follow
    case = case_of("tight")
    method = exact(shared_explorer(case), Trie(), np.random.default_rng(2))
    found = counts([method.draw().place.token_ids for _ in range(2_000)])
    unpaid = {
        key: value - said_of(case, key)[len(tokens())] if len(key) == 3 and text_of(key) in beginnings(case) else value
        for key, value in outputs(case).items()
    }
    assert p_value(found, exact_law(outputs(case))) > 0.01
    assert p_value(found, exact_law(unpaid)) < 1e-12


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_temperature_comes_before_the_correction(temperature: float) -> None:
    case, trie = case_of("words"), Trie()
    explorer = explorer_of(case, temperature=temperature)
    certify(explorer, trie)  # then the correction is all there is to it
    law = law_of_trie(explorer, trie)
    tempered = exact_law(outputs(case, temperature=temperature))
    assert law == pytest.approx(tempered, abs=1e-9)
    # neither the exact law of the plain model, made flatter or steeper, nor each token of it
    plain = exact_law(outputs(case))
    after = exact_law({key: value / temperature for key, value in plain.items()})
    assert law != pytest.approx(after, abs=0.01)
    futures = {key: math.exp(node.value / temperature) for key, node in nodes_of_complete(case).items()}
    each = law_by_definition(case, futures.__getitem__, temperature=temperature)
    assert law != pytest.approx(each, abs=0.01)
    method = exact(explorer_of(case, temperature=temperature), Trie(), np.random.default_rng(3))
    found = counts([method.draw().place.token_ids for _ in range(2_000)])
    assert p_value(found, tempered) > 0.01
    assert p_value(found, after) < 1e-12


def nodes_of_complete(case: Any) -> dict[tuple[int, ...], Node]:
    trie = Trie()
    certify(shared_explorer(case), trie)
    return nodes_of(trie)


WIDE = 50_000


@pytest.fixture(scope="module")
def wide() -> CausalModel:
    """A model with 50,000 tokens, each of them a number."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=WIDE + 1,
                hidden_size=8,
                intermediate_size=8,
                num_hidden_layers=1,
                num_attention_heads=2,
                max_position_embeddings=64,
                bos_token_id=None,
                eos_token_id=WIDE,
            )
        ).double()
    token_bytes = [f"{number},".encode() for number in range(WIDE)] + [None]
    return CausalModel("wide", network, None, Vocabulary(token_bytes, [WIDE], vocab_size=WIDE + 1))


def living_nodes() -> int:
    gc.collect()
    return sum(type(one) is Node for one in gc.get_objects())


@pytest.mark.parametrize("make", [asap, exact])
def test_allowed_tokens_are_no_objects(wide: CausalModel, make: Any) -> None:
    compiled = compile_regex("([0-9]+,){1,4}", wide.vocabulary)
    options = GenerationOptions(method="exact", max_tokens=4)
    explorer = Explorer(wide, compiled, (0, 1), options, Rows(wide, dtype=torch.float64))
    assert len(explorer.root.ids) == WIDE
    before = living_nodes()
    trie = Trie()
    method = make(explorer, trie, np.random.default_rng(4))
    tried = attempted(method)
    drawn = next(tried)
    assert len(drawn) == 4
    assert len(explorer.at(drawn[:2]).ids) == WIDE + 1
    assert trie.size == living_nodes() - before == len(drawn) + 1


def attempted(method: Any) -> Iterator[tuple[int, ...]]:
    """Outputs of attempts that came to something, the first one at once."""
    while True:
        attempt = method.attempt()
        if attempt is not None:
            yield attempt[0].token_ids


def test_a_bound_of_a_wide_place_is_right(wide: CausalModel) -> None:
    compiled = compile_regex("[0-9]+,", wide.vocabulary)
    options = GenerationOptions(method="asap", max_tokens=1)
    explorer = Explorer(wide, compiled, (0, 1), options, Rows(wide, dtype=torch.float64))
    trie = Trie()
    drawn = asap(explorer, trie, np.random.default_rng(5)).draw()
    with torch.inference_mode():
        said = torch.log_softmax(wide.network(torch.tensor([[0, 1]])).logits[0, -1], -1).numpy()
    whole = math.log(math.fsum(np.exp(said[:WIDE]).tolist()))  # each token is an output
    (token_id,) = drawn.place.token_ids
    assert drawn.sampling_logprob == pytest.approx(said[token_id] - whole)
    assert drawn.bounds == pytest.approx((said[token_id], whole))
