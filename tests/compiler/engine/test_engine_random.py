"""Random grammars: every bit of every mask is the reference's, and every method says the same as the masks.

The reference is itself held against ``re``, lark and brute force in the files beside this one.
"""

from __future__ import annotations

from random import Random

import pytest
from engine_driver import Tokens, allowed
from engine_oracle import Oracle, after, expected
from engine_random import random_grammar, random_regular_grammar

from constrain import CompiledGrammar, Grammar, UnsatisfiableError
from constrain.compiler.reference import State

BLOCK = 25
"""Grammars in one test."""


def compile_or_skip(grammar: Grammar, tokens: Tokens) -> tuple[CompiledGrammar, Oracle] | None:
    """Both compiled forms; None when both agree that the language is empty."""
    try:
        recogniser = Oracle(grammar)
    except UnsatisfiableError:
        with pytest.raises(UnsatisfiableError):
            tokens.compile(grammar)
        return None
    return tokens.compile(grammar), recogniser


def forced(recogniser: Oracle, state: State) -> bytes:
    """The bytes that every completion begins with."""
    run = bytearray()
    while not recogniser.accepting(state) and len(following := recogniser.next_bytes(state)) == 1:
        run.append(*following)
        state = after(recogniser, run[-1:], state) or state
    return bytes(run)


def check_position(compiled: CompiledGrammar, recogniser: Oracle, tokens: Tokens, text: bytes, random: Random) -> None:
    """Everything a matcher says after ``text``, against the reference."""
    state = after(recogniser, text)
    assert state is not None
    truth = expected(recogniser, state, tokens)
    matcher = compiled.matcher()
    assert matcher.accept_bytes(text)
    for _ in range(2):
        # cold, then warm
        assert allowed(matcher, tokens) == truth
        assert matcher.steps == 1
    assert matcher.is_accepting() == recogniser.accepting(state)
    assert set(matcher.next_bytes()) == recogniser.next_bytes(state)
    assert matcher.next_bytes() == bytes(sorted(matcher.next_bytes()))
    assert matcher.forced_bytes() == forced(recogniser, state)
    completion = matcher.shortest_completion()
    assert (completion == b"") == recogniser.accepting(state)
    fork = matcher.fork()
    assert fork.accept_bytes(completion)
    assert fork.is_accepting()
    # bit set <=> the token can be accepted
    for token in [*random.choices(range(tokens.vocab_size + 2), k=12), *random.choices(sorted(truth) or [0], k=4)]:
        fork = matcher.fork()
        accepted = fork.accept_token(token)
        assert accepted == (token in truth), token
        assert fork.steps == 1 + accepted
        assert matcher.validate_tokens([token]) == accepted
        if accepted and token not in tokens.eos_token_ids:
            token_bytes = tokens.token_bytes[token]
            assert token_bytes
            reached = after(recogniser, token_bytes, state)
            assert reached is not None
            # in very ambiguous grammars the reference takes too long for one more mask
            if len(reached.threads) <= 8:
                assert allowed(fork, tokens) == expected(recogniser, reached, tokens)
    noise = bytes(random.choices([*recogniser.next_bytes(state), *b"abc\xc3\xff"], k=5))
    viable = next(count for count in range(len(noise), -1, -1) if after(recogniser, noise[:count], state) is not None)
    assert matcher.viable_prefix(noise) == viable
    assert matcher.fork().accept_bytes(noise) == (viable == len(noise))
    assert matcher.steps == 1


def walk(recogniser: Oracle, random: Random, length: int) -> list[bytes]:
    """The beginnings of a random text of the language."""
    state, text = recogniser.start(), b""
    texts = [text]
    for _ in range(length):
        following = sorted(recogniser.next_bytes(state))
        if not following:
            break
        favoured = [byte for byte in following if byte in b"abc"] or following
        byte = random.choice(random.choice([favoured, following]))
        state = recogniser.advance(state, byte) or state
        text += bytes([byte])
        texts.append(text)
    return texts


@pytest.mark.parametrize("vocabulary", ["byte", "random"])
@pytest.mark.parametrize("make", [random_regular_grammar, random_grammar])
@pytest.mark.parametrize("block", [0, *(pytest.param(block, marks=pytest.mark.slow) for block in (1, 2, 3))])
def test_positions(block: int, make, vocabulary: str, request: pytest.FixtureRequest) -> None:
    tokens = request.getfixturevalue(f"{vocabulary}_vocabulary_tokens")
    checked = 0
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        compiled = compile_or_skip(grammar := make(seed), tokens)
        if compiled is None:
            continue
        random = Random(seed)
        texts = walk(compiled[1], random, 10)
        for text in random.sample(texts, min(4, len(texts))):
            check_position(*compiled, tokens, text, random)
            checked += 1
        # the tables that other texts have left behind change nothing, nor does a way through a file
        saved = CompiledGrammar.from_bytes(compiled[0].to_bytes(), tokens.native)
        for fresh in (tokens.compile(grammar), saved):
            for text in texts[:2]:
                check_position(fresh, compiled[1], tokens, text, random)
    assert checked > BLOCK
