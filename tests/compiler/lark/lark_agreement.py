"""What an engine must agree on with lark: verdicts, next bytes, completions; and masks with their bytes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from random import Random

from constrain import CompiledGrammar, Grammar, Vocabulary, allocate_token_bitmask, compile_grammar
from constrain.compiler.bitmask import bitmask_to_ids

__all__ = ["accepts", "assert_masks_are_those_of_the_bytes", "assert_same_language"]


def accepts(compiled: CompiledGrammar, text: str) -> bool:
    """Is it a text of the grammar?"""
    matcher = compiled.matcher()
    return matcher.accept_bytes(text.encode()) and matcher.is_accepting()


def assert_same_language(
    compiled: CompiledGrammar, takes: Callable[[str], bool], letters: str, longest: int, grammar: str
) -> None:
    """Walks through all texts that the engine thinks alive; each has a completion that is taken."""
    texts = ["".join(text) for size in range(longest + 1) for text in product(letters, repeat=size)]
    language = {text for text in texts if takes(text)}
    alive = {text[:size] for text in language for size in range(len(text) + 1)}
    pending = [""]
    reached = set()
    while pending:
        text = pending.pop()
        reached.add(text)
        matcher = compiled.matcher()
        assert matcher.accept_bytes(text.encode())
        assert matcher.is_accepting() == (text in language), (grammar, text)
        completed = text + matcher.shortest_completion().decode()
        assert takes(completed), (grammar, text, completed)
        if len(text) < longest:
            possible = matcher.next_bytes()
            pending.extend(text + letter for letter in letters if ord(letter) in possible)
    assert alive <= reached, grammar


def tokens_of(random: Random, letters: str, count: int) -> list[bytes]:
    """Random tokens of up to six of the letters, and each letter."""
    texts = {"".join(random.choices(letters, k=random.randint(2, 6))) for _ in range(count)}
    return [letter.encode() for letter in letters] + sorted(text.encode() for text in texts)


def assert_masks_are_those_of_the_bytes(
    build: Callable[[], Grammar], letters: str, random: Random, walks: int, steps: int = 12
) -> None:
    """A token is allowed where its bytes are; also when masks are remembered, and in a saved grammar."""
    tokens = tokens_of(random, letters, 120)
    vocabulary = Vocabulary(tokens, [len(tokens)], vocab_size=len(tokens) + 1)
    compiled = compile_grammar(build(), vocabulary)
    compiled.precompute(1 << 20)
    loaded = CompiledGrammar.from_bytes(compiled.to_bytes(), vocabulary)
    fresh = compile_grammar(build(), vocabulary)
    bitmask = allocate_token_bitmask(1, len(tokens) + 1)
    for walk in range(walks):
        matchers = [each.matcher() for each in (compiled, loaded, fresh)]
        for _ in range(steps):
            expected = {token for token, text in enumerate(tokens) if matchers[0].fork().accept_bytes(text)}
            expected |= {len(tokens)} if matchers[0].is_accepting() else set()
            for matcher in matchers:
                matcher.fill_next_token_bitmask(bitmask, 0)
                assert set(bitmask_to_ids(bitmask[0])) == expected, walk
            following = sorted(expected - {len(tokens)})
            if not following:
                break
            token = random.choice(following)
            assert all(matcher.accept_token(token) for matcher in matchers)
