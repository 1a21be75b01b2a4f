"""Every bit of every mask is the reference's, over 2,000 random pairs of a grammar and a beginning on each vocabulary
(with --slow, as in CI; over fewer of them without).

Each mask is asked for four times: from tables that know nothing yet, from tables that the other beginnings have left
behind, once more when it was remembered, and from a compiled grammar that was saved with masks computed ahead and
loaded.

A wrong mask is reported with its grammar (in the notation of ``engine_notation``, where it has one), the beginning and
the tokens that are too many or too few.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from engine_driver import Tokens, allowed, bracket_tokens, byte_tokens, random_tokens
from engine_notation import read_grammar
from engine_oracle import LIMITS, Oracle, Position, check, position_after
from engine_random import random_grammar, random_regular_grammar
from engine_shapes import deep_shape, random_shape

from constrain import CompiledGrammar, Grammar, UnsatisfiableError

BLOCK = 25
"""Grammars in one test."""

BLOCKS = 20

FEW = 10
"""Grammars in one test of a real vocabulary."""

BEGINNINGS = 6
"""Of each grammar, at most: with the grammars that are empty or finite, 2,000 pairs are left."""

PRECOMPUTED = 300_000
"""Budget in bytes: enough for all masks of some grammars, and for the first ones of others."""

MOODS = [b"abcxyz0123456789 ", b'[({<a"- ', b'])}>b,:"/\n', b'abcxyz0123456789,:.[](){}" ', bytes(range(256))]
"""Bytes that a random text prefers for a while: stay in a lexeme, go in, come out, what tokens are made of, any."""


def blocks(number: int, always: int) -> list[object]:
    """The first few always, the others with --slow."""
    return [pytest.param(block, marks=[] if block < always else pytest.mark.slow) for block in range(number)]


def sources(block: int, size: int = BLOCK) -> Iterator[tuple[str, Grammar]]:
    """The grammars of a block: of each five, four with a shape that the engine treats specially and one at random."""
    for seed in range(block * size, (block + 1) * size):
        if seed % 5 == 4:
            make = random_regular_grammar if seed % 2 else random_grammar
            yield f"{make.__name__}({seed})", make(seed)
        else:
            text = random_shape(seed)
            yield text, read_grammar(text)


def walk(oracle: Oracle, random: Random, length: int) -> list[bytes]:
    """The beginnings of a random text of the language, which uses counts up and nests deep, then comes out again."""
    state, text, mood = oracle.start(), b"", MOODS[0]
    texts = [text]
    for _ in range(length):
        if random.random() < 0.2:
            mood = random.choice(MOODS)
        following = sorted(oracle.next_bytes(state))
        if not following:
            break
        preferred = next(filter(None, ([byte for byte in following if byte in some] for some in (mood, *MOODS))))
        text += bytes([random.choice(preferred)])
        state = oracle.advance(state, text[-1]) or state
        texts.append(text)
    return texts


def spread(oracle: Oracle, random: Random, length: int, width: int) -> list[bytes]:
    """Of each length, some of the beginnings that are written in brackets and few letters."""
    texts, level = [b""], [(b"", oracle.start())]
    for _ in range(length):
        longer = []
        for text, state in level:
            for byte in oracle.next_bytes(state).intersection(b'[](){}<>/ab1,"- :\n'):
                reached = oracle.advance(state, byte)
                if reached is not None:
                    longer.append((text + bytes([byte]), reached))
        level = random.sample(longer, min(width, len(longer)))
        texts.extend(text for text, _ in level)
    return texts


def positions(oracle: Oracle, random: Random, tokens: Tokens, count: int) -> list[Position]:
    """Distinct beginnings, some of them of the same text, in random order."""
    texts: set[bytes] = set()
    for length in (5, 14, 40):
        walked = walk(oracle, random, random.randint(1, length))
        texts.update([walked[-1], *random.sample(walked, min(count // 2, len(walked)))])
    return [position_after(oracle, text, tokens) for text in random.sample(sorted(texts), min(count, len(texts)))]


def round_trip(compiled: CompiledGrammar, tokens: Tokens, folder: Path) -> CompiledGrammar:
    """The same compiled grammar, saved and loaded, with as many masks as fit into a small budget."""
    compiled.precompute(PRECOMPUTED)
    compiled.save(folder / "grammar")
    return CompiledGrammar.load(folder / "grammar", tokens.native, limits=LIMITS)


def check_grammar(source: str, grammar: Grammar, tokens: Tokens, seed: int, folder: Path) -> int:
    """Check some beginnings under one grammar, and return how many."""
    try:
        oracle = Oracle(grammar)
    except UnsatisfiableError:
        with pytest.raises(UnsatisfiableError):
            tokens.compile(grammar, LIMITS)
        return 0
    random = Random(seed)
    found = positions(oracle, random, tokens, BEGINNINGS)
    shared = tokens.compile(grammar, LIMITS)
    for position in found:
        check(tokens.compile(grammar, LIMITS), position, tokens, source, "cold")
        check(shared, position, tokens, source, "after other texts")
    loaded = round_trip(shared, tokens, folder)
    for position in random.sample(found, len(found)):
        check(shared, position, tokens, source, "remembered")
        check(loaded, position, tokens, source, "saved and loaded")
    return len(found)


def small_tokens(vocabulary: str, block: int) -> Tokens:
    """A vocabulary of its own for each block, so that what it keeps for all grammars starts out empty."""
    return byte_tokens() if vocabulary == "byte" else random_tokens(block)


@pytest.mark.parametrize("vocabulary", ["byte", "random"])
@pytest.mark.parametrize("block", blocks(BLOCKS, 5))
def test_masks(block: int, vocabulary: str, tmp_path: Path) -> None:
    tokens = small_tokens(vocabulary, block)
    pairs = [check_grammar(source, grammar, tokens, block, tmp_path) for source, grammar in sources(block)]
    assert sum(pairs) >= 4 * BLOCK


@pytest.mark.parametrize("block", blocks(BLOCKS * BLOCK // FEW, 1))
def test_masks_of_a_real_vocabulary(block: int, tekken_vocabulary_tokens: Tokens, tmp_path: Path) -> None:
    tokens = tekken_vocabulary_tokens
    pairs = [check_grammar(source, grammar, tokens, block, tmp_path) for source, grammar in sources(block, FEW)]
    assert sum(pairs) >= 4 * FEW


@pytest.mark.parametrize("block", blocks(4, 2))
def test_masks_at_other_depths(block: int) -> None:
    """Nested texts, each of their beginnings, in one compiled grammar: what looks alike may go on differently."""
    tokens, alike_but_different = bracket_tokens(), 0
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        source, random = deep_shape(seed), Random(seed)
        oracle, compiled = Oracle(read_grammar(source)), tokens.compile(read_grammar(source), LIMITS)
        texts = spread(oracle, random, 14, 12)
        masks: dict[frozenset[object], set[frozenset[int]]] = {}
        for text in random.sample(texts, len(texts)):
            found = position_after(oracle, text, tokens)
            check(compiled, found, tokens, source, "at another depth")
            under_way = frozenset((symbol, rest) for symbol, rest, _ in found.state.threads)
            masks.setdefault(under_way, set()).add(frozenset(found.mask))
        alike_but_different += sum(len(different) - 1 for different in masks.values())
    assert alike_but_different > 100


@pytest.mark.parametrize("bound", [pytest.param(300, marks=pytest.mark.slow), 100_000])
@pytest.mark.parametrize("letters", ["[a-z]", r'[^"\\\x00-\x1F]', "[aé]", r'([^"\\\x00-\x1F] | "\\" ["\\/bn])'])
def test_near_a_large_bound(letters: str, bound: int, tokens: Tokens) -> None:
    """What is left of ``{m,n}`` after k is ``{m-k,n-k}``, for which the reference needs no long text."""
    source = f'start: "\\"" X "\\"" ","\nX: {letters}{{{bound - 20},{bound}}}'
    matcher = tokens.compile(read_grammar(source), LIMITS).matcher()
    read = 0
    assert matcher.accept_bytes(b'"')
    for left in (64, 30, 21, 20, 13, 8, 3, 2, 1, 0):
        assert matcher.accept_bytes(b"a" * (bound - left - read))
        read = bound - left
        oracle = Oracle(read_grammar(f'start: X "\\"" ","\nX: {letters}{{{max(left - 20, 0)},{left}}}'))
        found = position_after(oracle, b"", tokens)
        differing = sorted(allowed(matcher, tokens) ^ found.mask)
        assert not differing, (source, left, [tokens.token_bytes[token] for token in differing[:5]])
