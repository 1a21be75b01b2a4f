"""Beam search and draws without replacement, against all outputs of small languages."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from json_schema_random import Writer

from constrain import (
    CompiledGrammar,
    LimitError,
    UnsatisfiableError,
    UnsupportedError,
    allocate_token_bitmask,
    compile_json_schema,
    compile_regex,
)
from constrain.compiler.bitmask import bitmask_to_ids
from constrain.runtime import GenerationOptions, generate
from constrain.runtime.decoding.beam import beam_search, distinct_samples
from constrain.runtime.models import CausalModel
from constrain.runtime.models.rows import Rows

LANGUAGES = ["(na|n|a){1,2}x?", "na?|me?|(in|g)+", "[ab]{0,2}"]


@pytest.fixture(scope="module")
def exact(tiny_folder: Path) -> CausalModel:
    """In double precision."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(tiny_folder, dtype="float64")
    return CausalModel("exact", model, AutoTokenizer.from_pretrained(tiny_folder))


def outputs(
    model: CausalModel, compiled: CompiledGrammar, prompt: list[int], most: int
) -> dict[tuple[int, ...], tuple[float, float]]:
    """All token sequences, with their log-probabilities under the model and under plain masking."""
    found = {}
    stop = model.eos_token_ids[0]

    def visit(tokens: tuple[int, ...], logprob: float, drawn: float) -> None:
        matcher = compiled.matcher()
        assert all(map(matcher.accept_token, tokens))
        bitmask = allocate_token_bitmask(1, model.vocabulary.vocab_size)
        matcher.fill_next_token_bitmask(bitmask)
        matcher.keep_completable(bitmask, most - len(tokens))
        ids = [int(i) for i in bitmask_to_ids(bitmask[0]) if i == stop or len(tokens) < most]
        if ids == [stop] and not matcher.next_bytes():
            found[tokens] = logprob, drawn
            return
        logits = model.forward([*prompt, *tokens], model.new_cache()).double()
        logprobs, masked = logits.log_softmax(-1), logits[ids].log_softmax(-1)
        for place, token in enumerate(ids):
            after = logprob + float(logprobs[token]), drawn + float(masked[place])
            if token == stop:
                found[tokens] = after
            else:
                visit((*tokens, token), *after)

    visit((), 0.0, 0.0)
    return found


@pytest.mark.parametrize("pattern", LANGUAGES)
@pytest.mark.parametrize("most", [3, 5])
def test_a_wide_beam_finds_the_best(exact: CausalModel, pattern: str, most: int) -> None:
    compiled, rows = compile_regex(pattern, exact.vocabulary), Rows(exact)
    everything = outputs(exact, compiled, [5, 70], most)
    best = sorted(((scores[0], tokens) for tokens, scores in everything.items()), reverse=True)
    options = GenerationOptions(max_tokens=most, tokenization="any", temperature=1.0)
    for width in (len(everything), 4):
        found = beam_search(exact, compiled, [5, 70], options, rows, width=width)
        scores = [result.logprob for result in found]
        assert scores == sorted(scores, reverse=True)
        assert len(rows) == 0
        for result in found:
            assert everything[result.token_ids][0] == pytest.approx(result.logprob, abs=1e-5)
        if width > 4:
            assert [result.token_ids for result in found] == [tokens for _, tokens in best]


def test_beams_are_valid_and_no_worse_than_greedy(exact: CausalModel) -> None:
    rows, done = Rows(exact), 0
    for seed in range(60):
        try:
            compiled = compile_json_schema(Writer(seed).document(), exact.vocabulary)
        except (UnsatisfiableError, UnsupportedError, LimitError):
            continue
        needed = compiled.matcher().fewest_tokens()
        if needed is None or len(needed[0]) > 25:
            continue
        options = GenerationOptions(method="greedy", temperature=1.0, max_tokens=max(len(needed[0]), 1) + seed % 9)
        greedy = generate(exact, compiled, [5], options)
        for width in (1, 3):
            found = beam_search(exact, compiled, [5], options, rows, width=width)
            assert 1 <= len(found) <= width
            assert len({result.token_ids for result in found}) == len(found)
            for result in found:
                matcher = compiled.matcher()
                assert all(map(matcher.accept_token, result.token_ids))
                assert matcher.is_accepting()
                assert len(result.token_ids) <= options.max_tokens
                assert result.logprob == pytest.approx(sum(result.token_logprobs), abs=50)
            if width == 1:
                assert found[0].logprob >= greedy.logprob - 1e-6
        done += 1
    assert done > 30


def test_draws_without_replacement_have_their_law(exact: CausalModel) -> None:
    """The first is drawn as by plain masking, the second from what is left; chi-squared over ordered pairs."""
    compiled, rows = compile_regex("(na|n|a){1,2}", exact.vocabulary), Rows(exact)
    settings: dict[str, Any] = {"max_tokens": 4, "tokenization": "any", "temperature": 1.0}
    law = {tokens: scores[1] for tokens, scores in outputs(exact, compiled, [5], 4).items()}
    assert sum(map(_exp, law.values())) == pytest.approx(1.0)
    draws = 500
    pairs: Counter[tuple[tuple[int, ...], ...]] = Counter()
    for seed in range(draws):
        found = distinct_samples(exact, compiled, [5], GenerationOptions(seed=seed, **settings), rows, number=2)
        assert len(found) == 2
        for result in found:
            assert result.sampling_logprob == pytest.approx(law[result.token_ids], abs=1e-6)
        pairs[tuple(result.token_ids for result in found)] += 1
    expected = {
        (first, second): draws * _exp(law[first]) * _exp(law[second]) / (1 - _exp(law[first]))
        for first, second in itertools.permutations(law, 2)
    }
    assert sum(expected.values()) == pytest.approx(draws)
    pooled = [(pairs[pair], count) for pair, count in expected.items() if count >= 5]
    rest = (draws - sum(one for one, _ in pooled), draws - sum(count for _, count in pooled))
    cells = [*pooled, rest] if rest[1] >= 5 else pooled
    statistic = sum((observed - count) ** 2 / count for observed, count in cells)
    freedom = len(cells) - 1
    assert freedom > 3
    assert statistic < freedom + 3.1 * (2 * freedom) ** 0.5 + 6  # above the 99.9th percentile


def test_all_there_are(exact: CausalModel) -> None:
    compiled, rows = compile_regex("[ab]", exact.vocabulary), Rows(exact)
    found = distinct_samples(exact, compiled, [5], GenerationOptions(seed=1), rows, number=9)
    assert sorted(result.text for result in found) == ["a", "b"]


def _exp(value: float) -> float:
    return 2.718281828459045**value
