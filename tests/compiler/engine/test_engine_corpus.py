"""The corpus in tests/data/engine.toml: accepted and rejected texts and next bytes, on every vocabulary."""

from __future__ import annotations

import tomllib
from pathlib import Path
from random import Random
from typing import Any

import pytest
from engine_driver import Tokens, allowed
from engine_notation import byte_set, read_grammar, unescape
from engine_oracle import Oracle, after, expected

from constrain.compiler.reference import Recogniser, matches, viable_prefix

CORPUS = Path(__file__).parents[2] / "data" / "engine.toml"
CASES = [pytest.param(case, id=case["name"]) for case in tomllib.loads(CORPUS.read_text("utf-8"))["case"]]


def texts(case: dict[str, Any]) -> list[tuple[bytes, bool]]:
    return [(unescape(text), verdict) for key, verdict in (("accepts", True), ("rejects", False)) for text in case[key]]


@pytest.mark.parametrize("case", CASES)
def test_the_reference_agrees_with_the_corpus(case: dict[str, Any]) -> None:
    grammar = read_grammar(case["grammar"])
    recogniser = Recogniser(grammar)
    for text, verdict in texts(case):
        assert matches(grammar, text) == verdict, text
    for text, following in case["next"]:
        state = after(recogniser, unescape(text))
        assert state is not None
        assert recogniser.next_bytes(state) == byte_set(following), text
    for text, count in case.get("viable", []):
        assert viable_prefix(grammar, unescape(text)) == count, text


@pytest.mark.parametrize("case", CASES)
def test_verdicts(case: dict[str, Any], tokens: Tokens) -> None:
    compiled = tokens.compile(read_grammar(case["grammar"]))
    random = Random(case["name"])
    for text, verdict in texts(case):
        matcher = compiled.matcher()
        assert (matcher.accept_bytes(text) and matcher.is_accepting()) == verdict, text
        for _ in range(3):
            # whatever tokens spell the text, the verdict is that of its bytes
            spelling = tokens.split(text, random)
            if spelling is None:
                continue
            matcher = compiled.matcher()
            accepted = all(token in allowed(matcher, tokens) and matcher.accept_token(token) for token in spelling)
            assert (accepted and matcher.is_accepting()) == verdict, (text, spelling)
            if verdict:
                assert set(tokens.eos_token_ids) <= allowed(matcher, tokens)
    for text, count in case.get("viable", []):
        assert compiled.matcher().viable_prefix(unescape(text)) == count, text


@pytest.mark.parametrize("case", CASES)
def test_next_bytes_and_masks(case: dict[str, Any], tokens: Tokens) -> None:
    grammar = read_grammar(case["grammar"])
    recogniser = Oracle(grammar)
    compiled = tokens.compile(grammar)
    for text, following in case["next"]:
        prefix = unescape(text)
        matcher = compiled.matcher()
        assert matcher.accept_bytes(prefix)
        assert set(matcher.next_bytes()) == byte_set(following), text
        mask = allowed(matcher, tokens)
        firsts = {tokens.token_bytes[token][0] for token in mask - set(tokens.eos_token_ids)}
        # each of the bytes that may follow is offered, where the vocabulary has it alone; and no other
        assert firsts == {byte for byte in byte_set(following) if bytes([byte]) in tokens.by_bytes or byte in firsts}
        state = after(recogniser, prefix)
        assert state is not None
        if tokens.vocab_size < 1000 or len(byte_set(following)) < 40 or "whole_masks" in case:
            assert mask == expected(recogniser, state, tokens), text
        else:
            # too many tokens for the reference to read them all: a sample
            for piece in Random(text).sample(tokens.sorted_texts, 300):
                verdict = after(recogniser, piece, state) is not None
                assert {token in mask for token in tokens.by_bytes[piece]} == {verdict}, (text, piece)
