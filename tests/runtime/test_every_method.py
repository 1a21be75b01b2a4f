"""Every method, whatever the model wants: what comes out is in the language, complete, and within the limits."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice, permutations
from random import Random
from typing import Any

import numpy as np
import pytest
from adversary import FarthestFromTheEnd, NeverClosing, OutOfTheLanguage, PrefixRows
from random_constraints import RandomConstraint, random_constraint

from constrain import (
    ArtifactError,
    BudgetError,
    CompiledGrammar,
    LimitError,
    ModelError,
    Vocabulary,
    compile_json_schema,
    compile_regex,
)
from constrain.runtime import GenerationOptions, GenerationResult, generate
from constrain.runtime.decoding.beam import beam_search, distinct_samples
from constrain.runtime.decoding.best_first import most_probable
from constrain.runtime.decoding.drafts import DraftMemory
from constrain.runtime.models import CausalModel

PIECES = ['","', '":', '{"', '"}', "}}", "[[", '["', "aa", "ab", "00", "12", "true", "null", "then", " +", "é", "\n\n"]
METHODS = ("mask", "greedy", "heal", "beam", "distinct", "map")
LASTS = ["a", "t", '"', "{", " ", "[", "Q"]
"""Last tokens of prompts, to be healed."""
MOST_CALLS = 60
"""Of the model, before the exact search is given up: an adversary makes it look at everything."""


@pytest.fixture(scope="module")
def bare() -> Vocabulary:
    """All bytes, some pieces, a token without text and two stop tokens; without an encoder."""
    pieces = [piece.encode() for piece in PIECES]
    return Vocabulary([*(bytes([byte]) for byte in range(256)), *pieces, None, None, None], [274, 275])


def check(constraint: RandomConstraint, result: GenerationResult, options: GenerationOptions, begun: str = "") -> bool:
    """Is it as promised? Says whether the judges had a verdict."""
    vocabulary = constraint.compiled.vocabulary
    assert result.is_complete
    assert result.finish_reason == "stop"
    # a token that only stands for the prompt's last one is not the text's
    of_prompt = bool(begun) and vocabulary.text(result.token_ids[0]) == begun.encode()
    assert len(result.token_ids) - of_prompt <= options.max_tokens
    assert options.max_bytes is None or len(result.text.encode()) <= options.max_bytes
    assert b"".join(map(vocabulary.text, result.token_ids)).decode() == begun + result.text
    assert all(0 < mass <= 1 for mass in result.masked.values())
    assert len(result.token_logprobs) == len(result.sampling_token_logprobs) == len(result.token_ids)
    if options.logprobs:
        assert not any(map(math.isnan, (result.logprob, result.sampling_logprob, *result.token_logprobs)))
    assert result.sampling_logprob <= 1e-9
    verdict = constraint.judge(result.text)
    assert verdict is not False, (constraint.name, result.text)
    return verdict is True


def limits(constraint: RandomConstraint, choose: Random) -> dict[str, Any] | None:
    """So little that it matters; None where even the least is much."""
    found = constraint.compiled.matcher().fewest_tokens()
    size = len(constraint.compiled.matcher().shortest_completion())
    if found is None or size > 300:
        return None
    room = len(found[0]) + choose.choice([0, 0, 1, 2, 5, 20])
    spelled = constraint.compiled.matcher().fewest_tokens(0, size)
    if spelled is None or choose.random() < 0.7:
        return {"max_tokens": max(room, 1)}
    return {"max_tokens": max(room, len(spelled[0]), 1), "max_bytes": max(size + choose.choice([0, 1, 5, 30]), 1)}


def outputs(
    method: str,
    model: NeverClosing,
    constraint: RandomConstraint,
    prompt: list[int],
    options: GenerationOptions,
    number: int,
) -> Iterator[GenerationResult]:
    """What the method finds, several outputs of it."""
    compiled, narrowed, rows = constraint.compiled, constraint.narrowed, PrefixRows(model)
    shared: dict[str, Any] = {"rows": rows, "narrowed": narrowed}
    if method == "beam":
        yield from beam_search(model, compiled, prompt, options, width=number, **shared)
    elif method == "distinct":
        yield from distinct_samples(model, compiled, prompt, options, number=number, **shared)
    elif method == "map":
        yield from islice(most_probable(model, compiled, prompt, options, rows, max_model_calls=MOST_CALLS), number)
    else:
        if number % 2:
            shared["memory"] = DraftMemory()
        for _ in range(number):
            yield generate(model, compiled, prompt, options, **(shared if number > 1 else {"narrowed": narrowed}))
    assert len(rows) == 0


def model_for(constraint: RandomConstraint, seed: int) -> NeverClosing:
    kind = seed % 3
    if kind == 0:
        return NeverClosing(constraint.compiled.vocabulary, seed)
    return (FarthestFromTheEnd if kind == 1 else OutOfTheLanguage)(constraint.compiled, seed)


def run(seed: int, vocabulary: Vocabulary, counts: Counter[str]) -> None:
    constraint = random_constraint(seed, vocabulary)
    choose = Random(-seed)
    bounds = None if constraint is None else limits(constraint, choose)
    if constraint is None or bounds is None:
        return
    counts["pairs"] += 1
    for method in METHODS:
        prompt, last = [0], choose.choice(LASTS)
        if method == "heal":
            prompt.append(next(i for i in range(vocabulary.vocab_size) if vocabulary.token(i) == last.encode()))
        options = GenerationOptions(
            method="greedy" if method == "greedy" else "mask",
            seed=seed,
            on_nan="uniform",
            heal=method == "heal",
            tokenization=choose.choice(["canonical", "any"]),
            temperature=choose.choice([0.2, 1.0, 3.0]),
            repetition_penalty=choose.choice([1.0, 1.0, 1.3]),
            top_k=choose.choice([None, None, 3]),
            logprobs=method in ("beam", "distinct", "map") or choose.random() < 0.8,
            **bounds,
        )
        found = []
        model, number = model_for(constraint, seed), choose.choice([1, 2, 3])
        try:
            for result in outputs(method, model, constraint, prompt, options, number):
                counts["judged"] += check(constraint, result, options, last if method == "heal" else "")
                counts[method] += 1
                found.append(result.token_ids)
                counts["limited"] += bool(result.masked)
        except BudgetError as error:
            if method != "map" or "calls of the model" not in str(error):
                raise
            counts["given up"] += 1
        else:
            assert found
        counts["found " + method] += bool(found)
        if method in ("beam", "distinct", "map"):
            assert len(set(found)) == len(found)


@pytest.mark.parametrize(
    ("first", "count"),
    [(0, 60), *(pytest.param(1_000 + block * 100, 100, marks=pytest.mark.slow) for block in range(8))],
)
def test_outputs_are_valid(bare: Vocabulary, tiny: CausalModel, first: int, count: int) -> None:
    counts: Counter[str] = Counter()
    for seed in range(first, first + count):
        run(seed, tiny.vocabulary if seed % 2 else bare, counts)
    print(counts)
    assert counts["pairs"] > 0.7 * count
    assert counts["judged"] > 2 * counts["pairs"]
    assert counts["limited"] > counts["pairs"] / 2
    assert counts["found map"] > counts["pairs"] / 4


def failing(rows: PrefixRows, method: str, compiled: CompiledGrammar, model: NeverClosing) -> list[GenerationResult]:
    options = GenerationOptions(seed=1, max_tokens=12)
    if method == "beam":
        return beam_search(model, compiled, [0], options, rows, width=3)
    if method == "distinct":
        return distinct_samples(model, compiled, [0], options, rows, number=3)
    if method == "map":
        return list(islice(most_probable(model, compiled, [0], options, rows), 3))
    return [generate(model, compiled, [0], options, rows=rows, memory=DraftMemory())]


@pytest.mark.parametrize("method", ["mask", "beam", "distinct", "map"])
def test_no_row_is_left_when_the_model_fails(bare: Vocabulary, method: str) -> None:
    compiled = compile_regex("(a|b|ab|é){2,4}!?", bare)
    for forward in range(3):
        rows = PrefixRows(NeverClosing(bare, 1))
        rows.fails_at = forward
        with pytest.raises(ModelError, match="it was to fail here"):
            failing(rows, method, compiled, NeverClosing(bare, 1))
        assert len(rows) == 0


@pytest.mark.parametrize("method", ["mask", "beam", "distinct", "map"])
def test_what_does_not_fit_together_is_refused(bare: Vocabulary, tiny: CausalModel, method: str) -> None:
    compiled, model = compile_regex("a", bare), NeverClosing(bare, 1)
    rows, options = PrefixRows(model), GenerationOptions(max_tokens=12)
    constraint = RandomConstraint("", compiled, None, lambda _: None)
    with pytest.raises(ArtifactError, match=f"{bare.vocab_size} tokens.*288 tokens"):
        failing(rows, method, compiled, tiny)
    with pytest.raises(ModelError, match="no tokens"):
        list(outputs(method, model, constraint, [], options, 1))
    model.context_length = 20
    with pytest.raises(ModelError, match=r"9 tokens of prompt and 12 .* context of 20"):
        list(outputs(method, model, constraint, [0] * 9, options, 1))
    assert len(rows) == 0


@pytest.mark.parametrize("method", ["beam", "distinct"])
def test_no_row_is_left_when_a_step_fails(bare: Vocabulary, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of it, when some beginnings have been gone on from."""
    from constrain.runtime.decoding.constraint import Constraint

    compiled = compile_regex("(a|b|ab|é){2,4}!?", bare)
    accept = Constraint.accept
    for fails_at in range(1, 7):
        accepted = 0

        def accept_some(self: Constraint, token_id: int, room: Any) -> bool:
            nonlocal accepted
            accepted += 1
            if accepted == fails_at:  # noqa: B023
                raise LimitError("it was to fail here")
            return accept(self, token_id, room)

        monkeypatch.setattr(Constraint, "accept", accept_some)
        rows = PrefixRows(NeverClosing(bare, 1))
        with pytest.raises(LimitError, match="it was to fail here"):
            failing(rows, method, compiled, NeverClosing(bare, 1))
        assert len(rows) == 0


def test_no_row_is_left_when_a_search_is_given_up(bare: Vocabulary) -> None:
    compiled, rows = compile_regex("(a|b|ab|é){2,4}!?", bare), PrefixRows(NeverClosing(bare, 1))
    found = most_probable(NeverClosing(bare, 1), compiled, [0], GenerationOptions(max_tokens=4), rows)
    assert next(found).is_complete
    assert len(rows) == 0
    found.close()  # type: ignore[attr-defined]
    assert len(rows) == 0


class Says(NeverClosing):
    """The same after every text."""

    def __init__(self, vocabulary: Vocabulary, likings: dict[int, float], other: float) -> None:
        super().__init__(vocabulary, 0)
        self._likings = np.full(vocabulary.vocab_size, other)
        for token, liking in likings.items():
            self._likings[token] = liking

    def _likings_after(self, text: Sequence[int]) -> np.ndarray:
        return self._likings


@pytest.mark.parametrize("method", ["mask", "greedy", "beam", "distinct", "map"])
@pytest.mark.parametrize(
    ("likings", "other", "message"),
    [
        ({97: math.nan}, 0.0, "not numbers at output token 1"),
        ({200: math.inf}, 0.0, "not numbers at output token 1"),
        ({}, -math.inf, "zero to every token at output token 1"),
        ({200: 0.0}, -math.inf, "zero to each of the 5 tokens .* at output token 1"),
        ({97: 0.0}, -math.inf, "zero to each of the 3 tokens .* at output token 2"),
    ],
)
def test_what_a_model_finds_impossible(
    bare: Vocabulary, method: str, likings: dict[int, float], other: float, message: str
) -> None:
    compiled, model = compile_regex("[a-d][b-d]", bare), Says(bare, likings, other)
    constraint = RandomConstraint("", compiled, None, lambda text: re.fullmatch("[a-d][b-d]", text) is not None)
    for temperature in (0.7, 1.0):
        options = GenerationOptions(method="greedy" if method == "greedy" else "mask", seed=1, temperature=temperature)
        with pytest.raises(ModelError, match=message):
            list(outputs(method, model, constraint, [0], options, 2))
        for result in outputs(method, model, constraint, [0], replace(options, on_nan="uniform"), 2):
            assert check(constraint, result, options)
            assert result.uniform_steps


@pytest.mark.parametrize("method", ["beam", "distinct", "map"])
def test_a_dead_end_is_left_for_another_way(bare: Vocabulary, method: str) -> None:
    """After "a" the model finds everything impossible, and likes it best."""
    model = Says(bare, {97: 9.0, 98: 0.0, 99: 0.0, 274: 0.0}, -math.inf)
    model._likings_after = lambda text: np.where(  # type: ignore[method-assign]
        (list(text) == [97]) & (np.arange(bare.vocab_size) < 200), -np.inf, model._likings
    )
    compiled = compile_regex("a[bc]|bc", bare)
    constraint = RandomConstraint("", compiled, None, lambda text: re.fullmatch("a[bc]|bc", text) is not None)
    found = outputs(method, model, constraint, [0], GenerationOptions(seed=1, tokenization="any"), 2)
    assert [result.text for result in found] == ["bc"]


@pytest.mark.parametrize("method", ["beam", "distinct", "map"])
def test_whichever_stop_token_comes_the_output_is_one(bare: Vocabulary, method: str) -> None:
    """Its probability is that of the tokens, and of any stop token after them."""
    compiled, model = compile_regex("a*", bare), Says(bare, {97: 1.0, 274: 0.5, 275: 0.0}, -math.inf)
    weights = {"a": math.exp(1.0), "stop": math.exp(0.5) + 1.0}
    constraint = RandomConstraint("", compiled, None, lambda text: re.fullmatch("a*", text) is not None)
    options = GenerationOptions(seed=1, max_tokens=4, temperature=1.0, tokenization="any")
    found = list(outputs(method, model, constraint, [0], options, 3))
    assert len({result.text for result in found}) == 3
    for result in found:
        letters = len(result.text) * math.log(weights["a"] / sum(weights.values()))
        stop = math.log(weights["stop"] / sum(weights.values()))
        assert result.logprob == pytest.approx(letters + stop, abs=1e-6)
        if method == "distinct":  # after four tokens there is nothing left to draw
            drawn = letters + (stop if len(result.text) < 4 else 0.0)
            assert result.sampling_logprob == pytest.approx(drawn, abs=1e-6)


def test_distinct_outputs_have_their_law_where_tokens_are_refused(bare: Vocabulary) -> None:
    """That nothing which differs from 4 fits behind it shows when it was chosen; chi-squared over pairs of outputs."""
    schema = {"type": "array", "prefixItems": [{"enum": [1, 2, 3, 4]}], "items": {"enum": [4, 222]}}
    compiled = compile_json_schema(
        schema | {"uniqueItems": True, "minItems": 2, "maxItems": 2}, bare, whitespace="compact"
    )
    shares = {"[1,4]": 0.6, "[2,4]": 0.3, "[3,4]": 0.1}
    likings = {ord(text[1]): math.log(share / 2) for text, share in shares.items()}
    model = Says(bare, {**likings, ord("4"): math.log(0.5)}, -50.0)
    draws, pairs, rows = 600, Counter[tuple[str, ...]](), PrefixRows(model)
    for seed in range(draws):
        options = GenerationOptions(seed=seed, temperature=1.0, tokenization="any", max_tokens=6)
        pairs[tuple(one.text for one in distinct_samples(model, compiled, [0], options, rows, number=2))] += 1
    expected = {
        (one, other): draws * shares[one] * shares[other] / (1 - shares[one]) for one, other in permutations(shares, 2)
    }
    assert sum(expected.values()) == pytest.approx(draws)
    statistic = sum((pairs[pair] - count) ** 2 / count for pair, count in expected.items())
    assert statistic < 20.5  # chi-squared with 5 degrees of freedom: one seed in a thousand


def test_beams_say_what_limits_ruled_out(bare: Vocabulary) -> None:
    """A single beam goes the way of the likeliest token, and so rules out the same."""
    compiled, narrowed = compile_regex("[a-z ]{2,}[.!]", bare), compile_regex("[a-m ]{2,9}[.!]", bare)
    constraint = RandomConstraint("", compiled, narrowed, lambda _: None)
    limited = 0
    for seed in range(20):
        options = GenerationOptions(method="greedy", max_tokens=4 + seed % 8, temperature=1.0, tokenization="any")
        (greedy,) = outputs("greedy", NeverClosing(bare, seed), constraint, [0], options, 1)
        (beam,) = outputs("beam", NeverClosing(bare, seed), constraint, [0], options, 1)
        if beam.token_ids == greedy.token_ids:
            assert beam.masked == pytest.approx(greedy.masked)
            limited += {*beam.masked} == {"sizes", "budget"}
    assert limited > 5


def test_the_exact_search_keeps_to_limits(bare: Vocabulary) -> None:
    compiled, rows = compile_regex("(a|bb|ccc)+!", bare), PrefixRows(NeverClosing(bare, 1))
    model = NeverClosing(bare, 1)
    with pytest.raises(BudgetError, match="into 1 tokens: 2 tokens are needed"):
        next(most_probable(model, compiled, [0], GenerationOptions(max_tokens=1), rows))
    options = GenerationOptions(max_tokens=3, max_bytes=3)
    found = [result.text for result in most_probable(model, compiled, [0], options, rows)]
    assert sorted(found) == ["a!", "aa!", "aa!", "bb!"]  # of which "aa" is a token, too
