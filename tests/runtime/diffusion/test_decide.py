"""Whether texts with gaps of any length can be completed, beside the list of all texts."""

from __future__ import annotations

import itertools
import re
from random import Random

import pytest
from canvas_oracle import language_of, random_language

from constrain import LimitError, Vocabulary, compile_json_schema, compile_lark
from constrain.runtime.diffusion import AnyGap, Blocked, Completable, decide

LONGEST = 6


SEEDS = [*range(30), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(30, 450))]
"""With the slow ones, more than 5,000 decisions."""


@pytest.mark.parametrize("seed", SEEDS)
def test_decisions_are_those_of_all_texts(seed: int) -> None:
    """All texts of few letters; a language of others may have shorter ones."""
    choose = Random(seed)
    language = random_language(4 * seed + 3)
    letters = sorted({token[place : place + 1] for token in language.tokens for place in range(len(token))} | {b"a"})
    if set(letters) <= {b"a", b"b"}:
        letters = [b"a", b"b"]
    longest = LONGEST if len(letters) == 2 else 3
    texts = [b"".join(text) for length in range(longest + 1) for text in itertools.product(letters, repeat=length)]
    texts = [text for text in texts if language.judge(text)]
    for _ in range(12):
        parts: list[bytes | AnyGap] = []
        pattern = b""
        for _ in range(choose.randint(1, 4)):
            if choose.random() < 0.5:
                parts.append(AnyGap())
                pattern += b".*"
            else:
                fixed = b"".join(choose.choice(letters) for _ in range(choose.randint(0, 2)))
                parts.append(fixed)
                pattern += re.escape(fixed)
        shortest = next((text for text in texts if re.fullmatch(pattern, text, re.DOTALL)), None)
        try:
            decision = decide(language.compiled, parts, max_states=2_000)
        except LimitError:
            # a no takes forever where all depths would have to be looked at
            assert shortest is None
            assert language.name.count("start") > 1
            continue
        if isinstance(decision, Completable):
            fillings = iter(decision.fillings)
            filled = b"".join(part if isinstance(part, bytes) else next(fillings) for part in parts)
            assert language.judge(filled)
            assert list(fillings) == []
            assert shortest is None or len(filled) <= len(shortest)
            if set(filled) <= set(b"".join(letters)):
                assert len(filled) > longest if shortest is None else len(filled) == len(shortest)
        else:
            assert shortest is None


def test_gaps_of_some_tokens() -> None:
    language = language_of("a{6}b", [b"a", b"b", b"aaa", b"aab"])
    assert decide(language.compiled, [AnyGap(0, 3), b"b"]) == Completable((b"aaaaaa",))
    assert decide(language.compiled, [AnyGap(0, 1), b"b"]) == Blocked(1, 0, b"a")
    assert decide(language.compiled, [AnyGap(3, 3)]) == Completable((b"aaaaaab",))
    assert decide(language.compiled, [AnyGap(0, 2)]) == Blocked(1, 0, b"ab")
    assert isinstance(decide(language.compiled, [b"aa", AnyGap(5, 5)]), Completable)
    assert isinstance(decide(language.compiled, [b"aa", AnyGap(6, 6)]), Blocked)
    assert decide(language.compiled, [AnyGap(6), b"b"]) == Completable((b"aaaaaa",))
    with pytest.raises(ValueError, match="at least 2 and at most 1"):
        AnyGap(2, 1)


def test_what_blocks_is_told() -> None:
    grammar = compile_json_schema({"type": "array", "items": {"type": "integer"}}, Vocabulary.bytes())
    assert decide(grammar, [b"[1, ", AnyGap(), b", x"]) == Blocked(2, 2, b"-0123456789")
    assert decide(grammar, [b"[1", b"2]", b""]) == Completable(())
    assert decide(grammar, [b"[1", b"2]", b" "]) == Blocked(2, 0, b"")
    assert decide(grammar, [b"[1"]) == Blocked(1, 0, b",0123456789]")
    assert decide(grammar, []) == Blocked(0, 0, b"[")


def test_nesting_is_decided_where_it_can_be_or_else_the_budget_is_named() -> None:
    grammar = compile_lark('start: "(" start ")" | "a"', Vocabulary.bytes())
    assert decide(grammar, [b"(((", AnyGap(), b"))"]) == Completable((b"a)",))
    with pytest.raises(LimitError, match="max_states = 500"):
        decide(grammar, [AnyGap(), b"b"], max_states=500)
