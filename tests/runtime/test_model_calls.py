"""Fewer calls of the model, the same output: against a loop that asks for every token, and reads everything anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from json_schema_random import Writer

from constrain import (
    CompiledGrammar,
    LimitError,
    UnsatisfiableError,
    UnsupportedError,
    compile_json_schema,
    compile_regex,
)
from constrain.compiler.bitmask import allocate_token_bitmask, bitmask_to_ids
from constrain.runtime import GenerationOptions, GenerationResult, generate
from constrain.runtime.models import CausalModel

FORM = {
    "type": "object",
    "properties": {"first name": {"type": "boolean"}, "note": {"enum": ["price", "age"]}},
    "required": ["first name", "note"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def exact(tiny_folder: Path) -> CausalModel:
    """In double precision: reading tokens together or one by one makes no difference that matters."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(tiny_folder, dtype="float64")
    return CausalModel("exact", model, AutoTokenizer.from_pretrained(tiny_folder))


def plainly(model: CausalModel, compiled: CompiledGrammar, options: GenerationOptions) -> tuple[list[int], list[float]]:
    """The likeliest allowed token, one by one, and their log-probabilities."""
    matcher = compiled.matcher()
    bitmask = allocate_token_bitmask(1, model.vocabulary.vocab_size)
    tokens: list[int] = []
    logprobs: list[float] = []
    stops = set(model.eos_token_ids)
    while len(tokens) < options.max_tokens:
        matcher.fill_next_token_bitmask(bitmask)
        allowed = bitmask_to_ids(bitmask[0])
        if stops.issuperset(allowed.tolist()):
            break
        if options.tokenization == "canonical" and (forced := matcher.forced_tokens()):
            allowed = np.array(forced[:1])
        logits = model.forward([5, *tokens], model.new_cache()).double()
        token = int(allowed[np.argmax(logits.numpy()[allowed])])
        logprobs.append(float(logits.log_softmax(-1)[token]))
        if token in stops:
            break
        assert matcher.accept_token(token)
        tokens.append(token)
    return tokens, logprobs


MORE = [(20, 20), *((1_000 + block * 100, 100) for block in range(10))]


@pytest.mark.parametrize("tokenization", ["canonical", "any"])
@pytest.mark.parametrize(
    ("first", "count"),
    [(0, 20), *(pytest.param(*part, marks=pytest.mark.slow) for part in MORE)],
)
def test_greedy_outputs_are_those_of_the_plain_loop(
    exact: CausalModel, first: int, count: int, tokenization: str
) -> None:
    done = skipped = 0
    options = GenerationOptions(
        method="greedy", temperature=1.0, max_tokens=40, on_limit="cut", tokenization=tokenization
    )
    for seed in range(first, first + count):
        try:
            compiled = compile_json_schema(Writer(seed).document(), exact.vocabulary)
        except (UnsatisfiableError, UnsupportedError, LimitError):
            continue
        result = generate(exact, compiled, [5], options)
        tokens, logprobs = plainly(exact, compiled, options)
        assert list(result.token_ids) == tokens, seed
        assert result.logprob == pytest.approx(sum(logprobs), abs=1e-4)  # logits are handed over in single precision
        bare = generate(exact, compiled, [5], replace(options, logprobs=False))
        assert bare.token_ids == result.token_ids
        assert bare.model_calls <= result.model_calls <= len(logprobs)
        skipped += len(logprobs) - bare.model_calls
        done += 1
    assert done > 0.7 * count
    assert skipped > count // 5


def certain(result: GenerationResult, compiled: CompiledGrammar) -> tuple[list[int], list[int]]:
    """Tokens of an output where its text was certain, and those of the tokenizer."""
    matcher, written, canonical = compiled.matcher(), [], []
    while matcher.steps < len(result.token_ids):
        forced = matcher.forced_tokens()
        rest = result.token_ids[matcher.steps :]
        written += rest[: len(forced)]
        canonical += forced
        assert all(map(matcher.accept_token, rest[: max(len(forced), 1)]))
    return written, canonical


@pytest.mark.parametrize("seed", range(5))
def test_certain_text_is_spelled_as_the_tokenizer_does(tiny: CausalModel, seed: int) -> None:
    compiled = compile_json_schema(FORM, tiny.vocabulary)
    encode = tiny.vocabulary.encode
    assert encode is not None
    canonical = generate(tiny, compiled, [5], GenerationOptions(seed=seed))
    written, expected = certain(canonical, compiled)
    assert written == expected
    start = list(encode('{"first name":'))[:-1]
    assert list(canonical.token_ids)[: len(start)] == start
    seeds = range(10 * seed, 10 * seed + 5)
    anyhow = [generate(tiny, compiled, [5], GenerationOptions(seed=n, tokenization="any")) for n in seeds]
    assert any(list(result.token_ids)[: len(start)] != start for result in anyhow)
    assert all(canonical.model_calls < result.model_calls for result in anyhow)


def test_text_without_a_choice_needs_no_model(tiny: CausalModel) -> None:
    compiled = compile_regex("abcdef", tiny.vocabulary)
    bare = generate(tiny, compiled, [5], GenerationOptions(logprobs=False))
    assert (bare.text, bare.model_calls) == ("abcdef", 0)
    assert np.isnan(bare.logprob)
    scored = generate(tiny, compiled, [5])
    assert (scored.text, scored.model_calls) == ("abcdef", 1)
    assert scored.logprob < 0
