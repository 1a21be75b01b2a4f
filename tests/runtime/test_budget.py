"""Limits: whatever a model wants, its output is complete within them."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from typing import Any

import jsonschema_rs
import numpy as np
import pytest
import torch
from adversary import FarthestFromTheEnd, NeverClosing
from json_schema_random import Writer

from constrain import (
    BudgetError,
    CompiledGrammar,
    LimitError,
    UnsatisfiableError,
    UnsupportedError,
    Vocabulary,
    compile_json_schema,
    compile_lark,
    compile_regex,
)
from constrain.compiler.bitmask import allocate_token_bitmask, bitmask_to_ids
from constrain.runtime import GenerationOptions, GenerationResult, generate
from constrain.runtime.models import CausalModel

PIECES = [
    '","',
    '":',
    '": ',
    '{"',
    '"}',
    "}}",
    "[[",
    "]]",
    '["',
    "aa",
    "ab",
    "00",
    "12",
    "10",
    "true",
    "null",
    "a\\u00",
]

ORDER = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "minLength": 2},
        "lines": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer"}}}},
        "note": {"type": "string"},
    },
    "required": ["id", "lines"],
}
TREE = {"$ref": "#/$defs/t", "$defs": {"t": {"type": "array", "items": {"$ref": "#/$defs/t"}}}}
SET = {"type": "array", "uniqueItems": True, "items": {"type": "integer", "minimum": 0, "maximum": 30}, "minItems": 9}


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    """All bytes, some pieces of JSON, a token without text and two stop tokens."""
    return Vocabulary([*(bytes([byte]) for byte in range(256)), *map(str.encode, PIECES), None, None, None], [274, 275])


def least(compiled: CompiledGrammar) -> tuple[int, int]:
    """Tokens and bytes that are needed from the start."""
    matcher = compiled.matcher()
    found = matcher.fewest_tokens()
    assert found is not None
    return len(found[0]), len(matcher.shortest_completion())


def check(compiled: CompiledGrammar, model: Any, options: GenerationOptions) -> GenerationResult:
    result = generate(model, compiled, [0], options)
    assert result.is_complete
    assert result.finish_reason == "stop"
    assert len(result.token_ids) <= options.max_tokens
    assert options.max_bytes is None or len(result.text.encode()) <= options.max_bytes
    matcher = compiled.matcher()
    assert all(map(matcher.accept_token, result.token_ids))
    assert matcher.is_accepting()
    assert all(0 < mass <= 1 for mass in result.masked.values())
    return result


@pytest.mark.parametrize(
    ("first", "count"),
    [(0, 200), *(pytest.param(block * 1_000, 1_000, marks=pytest.mark.slow) for block in range(1, 13))],
)
def test_random_schemas_and_budgets(vocabulary: Vocabulary, first: int, count: int) -> None:
    done = bit = hard = 0
    for seed in range(first, first + count):
        choose, schema = random.Random(seed), Writer(seed).document()
        try:
            compiled = compile_json_schema(schema, vocabulary)
        except (UnsatisfiableError, UnsupportedError, LimitError):
            continue
        tokens, size = least(compiled)
        if size > 2_000:
            continue
        room = tokens + choose.choice([0, 0, 1, 2, 5, 20, 60])
        # where bytes are scarce, it is a shortest text that has to fit
        spelled = compiled.matcher().fewest_tokens(0, size)
        max_bytes = None
        if spelled is not None and choose.random() < 0.3:
            max_bytes, room = size + choose.choice([0, 1, 5, 30]), max(room, len(spelled[0]))
        model = FarthestFromTheEnd(compiled, seed) if seed % 10 == 0 else NeverClosing(vocabulary, seed)
        settings: dict[str, Any] = choose.choice([{}, {"method": "greedy"}, {"top_k": 3}, {"temperature": 3.0}])
        options = GenerationOptions(max_tokens=max(room, 1), max_bytes=max_bytes, seed=seed, **settings)
        try:
            bit += bool(check(compiled, model, options).masked)
        except LimitError:  # keys that are few and may not repeat: a search for what is left may be given up
            hard += 1
        done += 1
    assert done > 0.8 * count
    assert hard <= 1
    assert bit > 0.4 * count


@pytest.mark.parametrize("extra", [0, 1, 3, 10, 40, pytest.param(200, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "schema", [ORDER, TREE, SET, True, {"type": "number"}], ids=["order", "tree", "set", "any", "number"]
)
def test_hard_schemas(vocabulary: Vocabulary, schema: Any, extra: int) -> None:
    compiled = compile_json_schema(schema, vocabulary)
    tokens, size = least(compiled)
    for seed in range(3):
        for limits in ({"max_tokens": tokens + extra}, {"max_tokens": 400, "max_bytes": size + extra}):
            for model in (NeverClosing(vocabulary, seed), FarthestFromTheEnd(compiled, seed)):
                text = check(compiled, model, GenerationOptions(seed=seed, **limits)).text
                jsonschema_rs.validate(
                    schema, json.loads(text, parse_float=lambda _: 0.5)
                )  # digits without end are inf


@pytest.mark.parametrize(
    "grammar",
    [
        's: s "+" t | t\nt: "(" s ")" | /[0-9]+/',  # left recursion
        's: "a" s "b" | "a" s s | "c"',
        's: (x ",")* x\nx: "<" s ">" | /[ab]+c/',
        "s: /[a-z]+/ (s | /[0-9]{5}/)",
    ],
)
@pytest.mark.parametrize("extra", [0, 1, 4, 50])
def test_recursive_grammars(vocabulary: Vocabulary, grammar: str, extra: int) -> None:
    compiled = compile_lark(grammar, vocabulary, start="s")
    for seed in range(4):
        for model in (NeverClosing(vocabulary, seed), FarthestFromTheEnd(compiled, seed)):
            check(compiled, model, GenerationOptions(seed=seed, max_tokens=least(compiled)[0] + extra))


def test_a_budget_below_the_least_is_refused(vocabulary: Vocabulary) -> None:
    compiled = compile_json_schema(ORDER, vocabulary)
    tokens, size = least(compiled)
    model = NeverClosing(vocabulary, 0)
    with pytest.raises(
        BudgetError, match=rf"into {tokens - 1} tokens: .*{tokens} tokens are needed.*--max-tokens {tokens} or"
    ):
        generate(model, compiled, [0], GenerationOptions(max_tokens=tokens - 1))
    with pytest.raises(
        BudgetError, match=rf"into {size - 1} bytes: at most {size} bytes are needed.*--max-bytes {size} or"
    ):
        generate(model, compiled, [0], GenerationOptions(max_bytes=size - 1))
    assert model.calls == 0


def test_what_may_have_been_missed_is_not_denied(vocabulary: Vocabulary) -> None:
    """There is [2,1], but the search begins with the shortest beginning, behind which only 222 differs."""
    schema = {"type": "array", "prefixItems": [{"enum": [1, 2]}], "items": {"enum": [1, 222]}, "uniqueItems": True}
    compiled = compile_json_schema(schema | {"minItems": 2, "maxItems": 2}, vocabulary, whitespace="compact")
    assert check(compiled, NeverClosing(vocabulary, 0), GenerationOptions(max_tokens=7)).text in ("[1,222]", "[2,1]")
    with pytest.raises(BudgetError, match="no output was found that fits into 6 tokens: at most 7 tokens are needed"):
        generate(NeverClosing(vocabulary, 0), compiled, [0], GenerationOptions(max_tokens=6))


@pytest.mark.parametrize("seed", [*range(2), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 8))])
def test_far_from_the_limit_nothing_changes(tiny: CausalModel, seed: int) -> None:
    compiled = compile_json_schema(ORDER | {"additionalProperties": False}, tiny.vocabulary)
    closed = generate(tiny, compiled, [5, 6], GenerationOptions(seed=seed, max_tokens=900))
    cut = generate(tiny, compiled, [5, 6], GenerationOptions(seed=seed, max_tokens=900, on_limit="cut"))
    if cut.finish_reason == "stop" and not closed.masked:
        assert closed.token_ids == cut.token_ids
        assert closed.logprob == cut.logprob
    assert bool(closed.masked) == (cut.finish_reason == "length")


@pytest.mark.parametrize("seed", range(5))
def test_the_masked_mass_is_that_of_what_cannot_be_completed(tiny: CausalModel, seed: int) -> None:
    """Replayed with brute force: after which tokens can a word of 4 to 9 letters and its end still be written?"""
    compiled = compile_regex("[a-d]{4,9}(x|yz)", tiny.vocabulary)
    result = generate(tiny, compiled, [5], GenerationOptions(seed=seed, max_tokens=6, temperature=1.0))
    words = [token for token in range(tiny.vocabulary.vocab_size) if tiny.vocabulary.text(token)]
    known: dict[tuple[bytes, int], bool] = {}

    def completable(text: bytes, left: int) -> bool:
        matcher = compiled.matcher()
        if not matcher.accept_bytes(text):
            return False
        if (text, left) not in known:
            known[text, left] = matcher.is_accepting() or (
                left > 0 and any(completable(text + tiny.vocabulary.text(token), left - 1) for token in words)
            )
        return known[text, left]

    matcher, text, kept = compiled.matcher(), b"", 0.0
    bitmask = allocate_token_bitmask(1, tiny.vocabulary.vocab_size)
    for step, token in enumerate(result.token_ids):
        matcher.fill_next_token_bitmask(bitmask)
        allowed = bitmask_to_ids(bitmask[0])
        logits = tiny.forward([5, *result.token_ids[:step]], tiny.new_cache()).double()
        fits = [int(i) for i in allowed if completable(text + tiny.vocabulary.text(int(i)), 5 - step)]
        assert token in fits
        kept += float(torch.logsumexp(logits[fits], 0) - torch.logsumexp(logits[torch.from_numpy(allowed)], 0))
        matcher.accept_token(token)
        text += tiny.vocabulary.text(token)
    assert result.masked.get("budget", 0.0) == pytest.approx(-math.expm1(kept), abs=1e-6)


def test_what_is_drawn_anew_has_the_law_of_what_is_left(vocabulary: Vocabulary) -> None:
    """That items differ is confirmed after the draw: as likely as among those that fit, nothing else is."""
    items = {"enum": [1, 22, 333]}
    schema = {"type": "array", "uniqueItems": True, "items": items, "minItems": 2, "maxItems": 2}
    compiled = compile_json_schema(schema, vocabulary, whitespace="compact")
    model = NeverClosing(vocabulary, 0)
    monotonous = np.zeros(vocabulary.vocab_size)
    model._likings_after = lambda _: monotonous  # type: ignore[method-assign]
    draws = 600
    texts = Counter(
        generate(model, compiled, [0], GenerationOptions(seed=seed, max_tokens=7)).text for seed in range(draws)
    )
    law = {"[1,22]": 1 / 6, "[1,333]": 1 / 6, "[22,1]": 1 / 3, "[333,1]": 1 / 3}
    assert texts.keys() == law.keys()
    statistic = sum((texts[text] - draws * share) ** 2 / (draws * share) for text, share in law.items())
    assert statistic < 16.27  # chi-squared with 3 degrees of freedom: one seed in a thousand


def test_tokens_without_an_alternative_cost_no_call(tiny: CausalModel) -> None:
    compiled = compile_json_schema(
        {"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"], "additionalProperties": False},
        tiny.vocabulary,
    )
    for seed in range(5):
        slow = GenerationOptions(seed=seed)
        result = generate(tiny, compiled, [5], slow)
        assert result.model_calls < len(result.token_ids)
        bare = generate(tiny, compiled, [5], GenerationOptions(seed=seed, logprobs=False))
        assert bare.token_ids == result.token_ids
        assert bare.model_calls <= result.model_calls
        # what the model says of them all, read at once
        logits = tiny.forward_last([5, *result.token_ids[:-1]], tiny.new_cache(), len(result.token_ids))
        logprobs = (logits.double() / 0.7).log_softmax(-1)
        expected = [float(row[token]) for row, token in zip(logprobs, result.token_ids, strict=True)]
        assert list(result.token_logprobs) == pytest.approx(expected, abs=1e-4)
    forced = compile_regex("abcdef", tiny.vocabulary)
    assert generate(tiny, forced, [5], GenerationOptions(logprobs=False)).text == "abcdef"


def test_the_deadline_closes_at_the_pace_so_far(tiny: CausalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    from constrain.runtime.decoding import room

    compiled = compile_regex("([a-z]{3} )+end", tiny.vocabulary)
    now = 0.0

    def passing() -> float:
        return now

    monkeypatch.setattr(room.time, "monotonic", passing)
    forward = tiny.forward_last

    def slow(*arguments: Any) -> Any:
        nonlocal now
        now += 1.0
        return forward(*arguments)

    monkeypatch.setattr(tiny, "forward_last", slow)
    for seconds in (12, 30, 60):
        now = 0.0
        result = generate(tiny, compiled, [5], GenerationOptions(seed=1, deadline=seconds, max_tokens=500))
        assert result.is_complete
        assert now <= seconds + 1
        assert result.masked
        now = 0.0
        cut = generate(tiny, compiled, [5], GenerationOptions(seed=1, deadline=seconds, max_tokens=500, on_limit="cut"))
        assert (cut.finish_reason, cut.limit) == ("length", "deadline")
    now = 0.0
    # not even the shortest output can be had in time: it is as short as can be
    hasty = generate(tiny, compiled, [5], GenerationOptions(seed=1, deadline=0.5))
    assert hasty.is_complete
    assert len(hasty.token_ids) <= least(compiled)[0] + 1


def test_bytes_are_cut_at_whole_tokens(tiny: CausalModel) -> None:
    options = GenerationOptions(seed=0, max_bytes=10, on_limit="cut")
    result = generate(tiny, compile_regex("[a-z]{20}", tiny.vocabulary), [5], options)
    assert (result.finish_reason, result.limit, result.is_complete) == ("length", "max_bytes", False)
    assert len(result.text) <= 10
