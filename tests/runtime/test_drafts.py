"""Drafts and shared rows change nothing but the time: outputs are those of the plain loop, token by token."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from json_schema_random import Writer
from random_constraints import random_constraint
from test_beam import outputs

from constrain import (
    BudgetError,
    LimitError,
    UnsatisfiableError,
    UnsupportedError,
    Vocabulary,
    compile_json_schema,
    compile_regex,
)
from constrain.runtime import GenerationOptions, generate
from constrain.runtime.decoding.drafters import DraftMemory, Place, States
from constrain.runtime.decoding.drafts import MOST, Drafts
from constrain.runtime.decoding.reader import Reading, RowReader
from constrain.runtime.models import CausalModel
from constrain.runtime.models.rows import Rows

ORDER = {
    "type": "object",
    "properties": {
        "name": {"enum": ["Anna", "Ada", "Bob"]},
        "tags": {"type": "array", "items": {"enum": ["chess", "hiking", "cheese"]}, "maxItems": 6},
        "n": {"type": "integer", "minimum": 0, "maximum": 99},
    },
    "required": ["name", "tags", "n"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def exact(tiny_folder: Path) -> CausalModel:
    """In double precision."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(tiny_folder, dtype="float64")
    return CausalModel("exact", model, AutoTokenizer.from_pretrained(tiny_folder))


MORE = [(30, 30), *((2_000 + block * 200, 200) for block in range(5))]


@pytest.mark.parametrize(
    ("first", "count"),
    [(0, 30), *(pytest.param(*part, marks=pytest.mark.slow) for part in MORE)],
)
def test_outputs_are_those_of_the_plain_loop(exact: CausalModel, first: int, count: int) -> None:
    rows = Rows(exact)
    drafted = done = 0
    for seed in range(first, first + count):
        choose = Random(seed)
        try:
            compiled = compile_json_schema(Writer(seed).document(), exact.vocabulary)
        except (UnsatisfiableError, UnsupportedError, LimitError):
            continue
        memory = DraftMemory()
        prompt = [5, *choose.choices(range(2, 288), k=choose.choice([1, 4, 30]))]
        for draw in range(3):
            settings: dict[str, Any] = choose.choice([{"method": "greedy"}, {"temperature": 0.3}, {"top_p": 0.8}])
            options = GenerationOptions(
                seed=seed + draw,
                max_tokens=40,
                on_limit="cut",
                tokenization=choose.choice(["canonical", "any"]),
                heal=choose.random() < 0.2,
                repetition_penalty=choose.choice([1.0, 1.2]),
                **settings,
            )
            plain = generate(exact, compiled, prompt, options)
            quick = generate(exact, compiled, prompt, options, rows=rows, memory=memory)
            assert quick.token_ids == plain.token_ids, (seed, draw)
            assert quick.finish_reason == plain.finish_reason
            assert quick.logprob == pytest.approx(plain.logprob, abs=1e-4)
            assert quick.model_calls <= plain.model_calls
            drafted += quick.drafted_tokens
            done += 1
        assert len(rows) == 0
    assert done > 2 * count
    assert drafted > count


@pytest.mark.parametrize(
    ("first", "count"),
    [(0, 50), *(pytest.param(3_000 + block * 200, 200, marks=pytest.mark.slow) for block in range(6))],
)
def test_every_kind_of_constraint_near_its_limits(exact: CausalModel, first: int, count: int) -> None:
    """Prompts begin alike, rows are shared by all outputs, and what is drafted from by those of one constraint."""
    rows, done, drafted, limited = Rows(exact), 0, 0, 0
    beginning = Random(first).choices(range(2, 288), k=12)
    for seed in range(first, first + count):
        constraint, choose, memory = random_constraint(seed, exact.vocabulary), Random(seed), DraftMemory()
        needed = constraint and constraint.compiled.matcher().fewest_tokens()
        if constraint is None or needed is None or len(needed[0]) > 60:
            continue
        for draw in range(3):
            settings: dict[str, Any] = choose.choice([{"method": "greedy"}, {"temperature": 0.4}, {"top_k": 5}])
            options = GenerationOptions(
                seed=seed + draw,
                max_tokens=max(len(needed[0]), 1) + choose.choice([0, 2, 9, 30]),
                tokenization=choose.choice(["canonical", "any"]),
                **settings,
            )
            prompt = [*beginning[: choose.choice([4, 12])], *choose.choices(range(2, 288), k=draw)]
            plain = generate(exact, constraint.compiled, prompt, options, narrowed=constraint.narrowed)
            quick = generate(
                exact, constraint.compiled, prompt, options, narrowed=constraint.narrowed, rows=rows, memory=memory
            )
            assert quick.token_ids == plain.token_ids, (constraint.name, draw)
            assert quick.masked == pytest.approx(plain.masked, abs=1e-6)
            assert quick.sampling_logprob == pytest.approx(plain.sampling_logprob, abs=1e-4)
            drafted += quick.drafted_tokens
            limited += bool(quick.masked)
        done += 1
        assert len(rows) == 0
    assert done > 0.7 * count
    assert drafted > count / 4
    assert limited > count / 2


def test_drafted_outputs_have_the_law_of_plain_masking(exact: CausalModel) -> None:
    """Chi-squared over all outputs of a small language; the outputs are drafted from one another."""
    compiled, rows, memory = compile_regex("(na|n|a){1,2}", exact.vocabulary), Rows(exact), DraftMemory()
    law = {tokens: math.exp(scores[1]) for tokens, scores in outputs(exact, compiled, [5], 4).items()}
    draws, drafted, seen = 400, 0, Counter[tuple[int, ...]]()
    for seed in range(draws):
        options = GenerationOptions(seed=seed, max_tokens=4, tokenization="any", temperature=1.0)
        result = generate(exact, compiled, [5], options, rows=rows, memory=memory)
        assert result.sampling_logprob == pytest.approx(math.log(law[result.token_ids]), abs=1e-6)
        seen[result.token_ids] += 1
        drafted += result.drafted_tokens
    assert drafted > draws / 4
    cells = [(seen[tokens], draws * share) for tokens, share in law.items() if draws * share >= 5]
    rest = (draws - sum(one for one, _ in cells), draws - sum(count for _, count in cells))
    cells += [rest] if rest[1] >= 1 else []
    freedom = len(cells) - 1
    assert freedom >= 3
    statistic = sum((observed - count) ** 2 / count for observed, count in cells)
    assert statistic < freedom + 3.1 * (2 * freedom) ** 0.5 + 6  # above the 99.9th percentile


def test_how_much_of_prompts_is_read_again(exact: CausalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled, rows, read = compile_regex("[a-z]{3} [0-9]{3}", exact.vocabulary), Rows(exact), []
    forward = rows.forward

    def counted(token_ids: Any, *arguments: Any) -> Any:
        read.append(sum(map(len, token_ids.values())))
        return forward(token_ids, *arguments)

    monkeypatch.setattr(rows, "forward", counted)
    common = list(exact.encode_prompt("what many prompts begin with, a long list of examples; "))
    endings = [list(exact.encode_prompt(text)) for text in ("the first", "second one", "the third")]
    fresh = [len(common) + len(endings[0]), len(endings[1]), len(endings[2]) - _shared(endings[0], endings[2])]
    for ending, unread in zip(endings, fresh, strict=True):
        prompt = [*common, *ending]
        for draw in range(3):
            options = GenerationOptions(seed=draw, tokenization="any", logprobs=False)
            plain = generate(exact, compiled, prompt, options)
            read.clear()
            result = generate(exact, compiled, prompt, options, rows=rows)
            assert result.token_ids == plain.token_ids
            # of a prompt that was read already, the last token alone, for what comes after it
            assert read[0] == (1 if draw else unread)
            assert sum(read[1:]) <= len(result.token_ids)


def _shared(one: list[int], other: list[int]) -> int:
    return next(place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1])


def test_what_repeats_itself_is_drafted(exact: CausalModel) -> None:
    compiled, rows, memory = compile_json_schema(ORDER, exact.vocabulary), Rows(exact), DraftMemory()
    prompt = exact.encode_prompt("Anna and Bob like chess, cheese and hiking.")
    calls = []
    for _ in range(3):
        result = generate(
            exact, compiled, prompt, GenerationOptions(method="greedy", tokenization="any"), rows=rows, memory=memory
        )
        calls.append(result.model_calls)
    assert calls[1] < 0.7 * calls[0]
    assert calls[2] <= calls[1]


def test_rows_share_the_prompt(exact: CausalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled, rows = compile_regex("[a-z]{3}", exact.vocabulary), Rows(exact)
    prompt = exact.encode_prompt("a common beginning of some length, which is read once")
    first, second = RowReader(rows, prompt), RowReader(rows, prompt)
    assert first.read_already == second.read_already == 0
    first.read(Reading(prompt, 1))
    assert RowReader(rows, prompt).read_already == len(prompt) - 1
    options = GenerationOptions(seed=1)
    assert generate(exact, compiled, prompt, options, rows=rows).text == generate(exact, compiled, prompt, options).text


def test_who_cannot_begin_takes_no_row(exact: CausalModel) -> None:
    compiled, rows = compile_regex("[a-z]{9}", exact.vocabulary), Rows(exact)
    with pytest.raises(BudgetError):
        generate(exact, compiled, [5, 9], GenerationOptions(max_tokens=1), rows=rows)
    assert len(rows) == 0


def test_drafts_rest_when_they_come_to_nothing() -> None:
    vocabulary = Vocabulary.bytes()
    matcher = compile_regex("[ab]*", vocabulary).matcher()
    memory = DraftMemory()
    memory.remember(b"abababababab")
    drafts = Drafts(vocabulary, b"", memory)
    proposed = []
    for _ in range(40):
        proposed.append(len(drafts.draft(Place(matcher, [0], b"ababab", MOST))) > 0)
        drafts.saved(0)
    assert proposed[0]
    assert not all(proposed)
    assert sum(proposed[20:]) >= 1


def test_states_go_on_as_they_did_before() -> None:
    vocabulary = Vocabulary.bytes()
    compiled = compile_regex("x(a|b|c|d)(, certain)?[e-h][e-h]", vocabulary)

    def draft(successors: int, most: int = 99) -> list[bytes]:
        memory = DraftMemory(successors=successors)
        for text in (b"xahg", b"xb, certainff", b"xb, certainfe", b"xb, certainfe", b"xcee"):
            matcher = compiled.matcher()
            for last_id, token_id in pairwise(text):
                assert matcher.accept_token(last_id)
                memory.follow(matcher.state_hash(), last_id, token_id)
        matcher = compiled.matcher()
        matcher.accept_token(ord("x"))
        tree = States(memory).draft(Place(matcher, [ord("x")], b"x", most))
        assert len(tree) <= most
        ways: list[bytes] = []
        for token_id, parent in zip(tree.token_ids, tree.parents, strict=True):
            ways.append((ways[parent] if parent >= 0 else b"") + bytes([token_id]))
        ends = {*range(len(tree))} - {*tree.parents}
        return sorted(ways[index] for index in ends)

    assert draft(1) == [b"b, certainfe"]  # what came most often lately
    assert draft(2) == [b"b, certainfe", b"b, certainff", b"cee"]
    assert draft(3) == [b"a", b"b, certainfe", b"b, certainff", b"cee"]  # after the "a" too much is uncertain
    assert draft(3, most=12) == [b"b, certainf", b"c"]  # the likeliest


def test_a_tree_saves_what_a_chain_does_not(exact: CausalModel) -> None:
    """Two outputs by turns: at the place where they part, one of two ways is the right one."""
    compiled = compile_regex("one: (t|s)(t|s)(t|s)[.]", exact.vocabulary)
    calls = {}
    for width in (1, 2):
        rows, memory, calls[width] = Rows(exact), DraftMemory(successors=width), 0
        for turn in range(8):

            def bias(token_ids: object, logits: Any, turn: int = turn) -> Any:
                wanted = b"t" if turn % 2 else b"s"
                return [
                    50.0 if (exact.vocabulary.token(token_id) or b"").startswith(wanted) else float(value)
                    for token_id, value in enumerate(logits)
                ]

            options = GenerationOptions(method="greedy", logits=(bias,))
            calls[width] += generate(exact, compiled, [5], options, rows=rows, memory=memory).model_calls
    assert calls[2] < 0.8 * calls[1]


def test_texts_at_hand_are_copied() -> None:
    vocabulary = Vocabulary.bytes()
    matcher = compile_regex("[ab]*", vocabulary).matcher()

    def draft(prompt: bytes, earlier: bytes, text: bytes) -> bytes:
        memory = DraftMemory()
        memory.remember(earlier)
        return bytes(Drafts(vocabulary, prompt, memory).draft(Place(matcher, [0], text, MOST)).token_ids)

    assert draft(b"", b"abababababab", b"xxabab") == b"ab"
    assert draft(b"in: babbaaaabaaaaa", b"", b"xxbabb") == b"aaaabaaaaa"[:MOST]
    assert draft(b"", b"", b"abcd") == b""
