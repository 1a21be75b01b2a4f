"""Every bit of every mask is the reference's, over 2,000 random pairs of a grammar and a beginning on each vocabulary.

Each mask is asked for four times: from tables that know nothing yet, from tables that the other beginnings have left
behind, once more when it was remembered, and from a compiled grammar that was saved and loaded.

A wrong mask is reported with its grammar (in the notation of ``engine_notation``, where it has one), the beginning and
the tokens that are too many or too few.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from engine_driver import Oracle, Tokens, allowed, byte_tokens, expected, random_tokens
from engine_notation import read_grammar
from engine_random import random_grammar, random_regular_grammar
from engine_shapes import random_shape

from constrain import CompiledGrammar, Grammar, Limits, UnsatisfiableError
from constrain.compiler.reference import State

BLOCK = 25
"""Grammars in one test."""

BLOCKS = 20

BEGINNINGS = 5
"""Of each grammar, at most: with the grammars that are empty or finite, 2,000 pairs are left."""

LIMITS = Limits(max_mask_steps=1_000_000_000)
"""These tests ask whether masks are right; what they may cost is asked elsewhere."""

FAVOURED = b'abcxyz0123456789,:.[](){}" '
"""Bytes of which tokens are made; a walk that takes any byte mostly sees tokens that aren't there."""

CLOSING = b'"])},:'


@dataclass
class Position:
    """A beginning of a text, the state of the reference after it, and its mask under one vocabulary."""

    text: bytes
    state: State
    mask: set[int]


def sources(block: int) -> Iterator[tuple[str, Grammar]]:
    """The grammars of a block: of each five, four with a shape that the engine treats specially and one at random."""
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        if seed % 5 == 4:
            make = random_regular_grammar if seed % 2 else random_grammar
            yield f"{make.__name__}({seed})", make(seed)
        else:
            text = random_shape(seed)
            yield text, read_grammar(text)


def walk(oracle: Oracle, random: Random, length: int) -> list[bytes]:
    """The beginnings of a random text of the language: letters for long enough to use counts up, then out."""
    state, text = oracle.start(), b""
    texts = [text]
    closing = random.choice([0.02, 0.1, 0.5])
    for _ in range(length):
        following = sorted(oracle.next_bytes(state))
        if not following:
            break
        favoured = [byte for byte in following if byte in FAVOURED] if random.random() < 0.8 else following
        staying = [byte for byte in favoured if random.random() < closing or byte not in CLOSING]
        byte = random.choice(staying or favoured or following)
        state = oracle.advance(state, byte) or state
        text += bytes([byte])
        texts.append(text)
    return texts


def positions(oracle: Oracle, random: Random, tokens: Tokens, count: int) -> list[Position]:
    """Distinct beginnings, some of them of the same text, in random order."""
    texts: set[bytes] = set()
    for length in (5, 14, 40):
        walked = walk(oracle, random, random.randint(1, length))
        texts.update(random.sample(walked, min(count // 2, len(walked))))
    found = []
    for text in random.sample(sorted(texts), min(count, len(texts))):
        state = oracle.start()
        for byte in text:
            state = oracle.advance(state, byte) or state
        found.append(Position(text, state, expected(oracle, state, tokens)))
    return found


def check(compiled: CompiledGrammar, position: Position, tokens: Tokens, source: str, when: str) -> None:
    """One mask, beside what is most often read with it."""
    matcher = compiled.matcher()
    assert matcher.accept_bytes(position.text), (source, position.text, when)
    mask = allowed(matcher, tokens)
    if mask != position.mask:
        differing = {
            name: {token: tokens.token_bytes[token] for token in sorted(wrong)[:8]}
            for name, wrong in (("too many", mask - position.mask), ("too few", position.mask - mask))
        }
        pytest.fail(f"{when}: after {position.text!r} {differing} under\n{source}")
    assert matcher.is_accepting() == position.state.accepting, (source, position.text, when)


def round_trip(compiled: CompiledGrammar, tokens: Tokens, folder: Path) -> CompiledGrammar:
    """The same compiled grammar, saved and loaded."""
    compiled.save(folder / "grammar")
    return CompiledGrammar.load(folder / "grammar", tokens.native)


def check_grammar(
    source: str, grammar: Grammar, tokens: Tokens, seed: int, count: int, *, folder: Path | None = None
) -> int:
    """Check some beginnings under one grammar, and return how many."""
    try:
        oracle = Oracle(grammar)
    except UnsatisfiableError:
        with pytest.raises(UnsatisfiableError):
            tokens.compile(grammar, LIMITS)
        return 0
    random = Random(seed)
    found = positions(oracle, random, tokens, count)
    shared = tokens.compile(grammar, LIMITS)
    for position in found:
        check(tokens.compile(grammar, LIMITS), position, tokens, source, "cold")
        check(shared, position, tokens, source, "after other texts")
    if folder is not None:
        loaded = round_trip(shared, tokens, folder)
    for position in random.sample(found, len(found)):
        check(shared, position, tokens, source, "remembered")
        if folder is not None:
            check(loaded, position, tokens, source, "saved and loaded")
    return len(found)


def small_tokens(vocabulary: str, block: int) -> Tokens:
    """A vocabulary of its own for each block, so that what it keeps for all grammars starts out empty."""
    return byte_tokens() if vocabulary == "byte" else random_tokens(block)


@pytest.mark.parametrize("vocabulary", ["byte", "random"])
@pytest.mark.parametrize("block", range(BLOCKS))
def test_masks(block: int, vocabulary: str) -> None:
    tokens = small_tokens(vocabulary, block)
    pairs = [check_grammar(source, grammar, tokens, block, BEGINNINGS) for source, grammar in sources(block)]
    assert sum(pairs) >= 4 * BLOCK


@pytest.mark.parametrize(
    "block", [pytest.param(block, marks=[pytest.mark.slow] if block > 3 else []) for block in range(BLOCKS)]
)
def test_masks_of_a_real_vocabulary(block: int, tekken_vocabulary_tokens: Tokens) -> None:
    """400 of the pairs; all 2,000 with --slow."""
    tokens = tekken_vocabulary_tokens
    pairs = [check_grammar(source, grammar, tokens, block, BEGINNINGS) for source, grammar in sources(block)]
    assert sum(pairs) >= 4 * BLOCK


needs_artifacts = pytest.mark.skipif(
    not hasattr(CompiledGrammar, "save"), reason="this core cannot save compiled grammars"
)


@needs_artifacts
@pytest.mark.parametrize("vocabulary", ["byte", "random"])
@pytest.mark.parametrize("block", range(BLOCKS))
def test_masks_of_saved_grammars(block: int, vocabulary: str, tmp_path: Path) -> None:
    tokens = small_tokens(vocabulary, block)
    for source, grammar in sources(block):
        check_grammar(source, grammar, tokens, block, BEGINNINGS, folder=tmp_path)
