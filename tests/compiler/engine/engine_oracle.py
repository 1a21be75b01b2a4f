"""The reference as an oracle of masks, quick enough for a real vocabulary, and how a mask is held against it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

import pytest
from engine_driver import Tokens, allowed
from engine_notation import read_grammar

from constrain import CompiledGrammar, Grammar, Limits, UnsatisfiableError
from constrain.compiler.reference import Recogniser, State
from constrain.compiler.reference.distinct import repeats
from constrain.compiler.reference.expressions import alive, derivative, nullable
from constrain.compiler.reference.symbols import Item

Kernel: TypeAlias = frozenset[Item]

QUOTE = ord('"')

LIMITS = Limits(max_mask_steps=1_000_000_000)
"""For tests that ask whether masks are right; what they may cost is asked elsewhere."""


class Oracle(Recogniser):
    """The reference, with its steps remembered, so that large vocabularies can be read under it.

    A state is what follows from the items that its byte has moved on, and from whether guarded terminals among them
    may end, which the text decides: the same of both is the same state, but for its text. Keys that are distinct are
    exact; of arrays with distinct items it says too much, as the reference does.
    """

    def __init__(self, grammar: Grammar) -> None:
        super().__init__(grammar)
        self.kernels: dict[tuple[int, int], Kernel | None] = {}
        self.states: dict[tuple[Kernel, bool], State] = {}
        self.guarded = {
            symbol for symbol, node in enumerate(grammar.symbols) if node[0] == "terminal" and node[3] is not None
        }
        self.first = super().start()

    def start(self) -> State:
        return self.first

    def advance(self, state: State, byte: int) -> State | None:
        step = (id(state.threads), byte)
        if step not in self.kernels:
            after = ((symbol, derivative(rest, byte), origin) for symbol, rest, origin in state.threads)
            self.kernels[step] = frozenset(item for item in after if alive(item[1])) or None
        kernel = self.kernels[step]
        if kernel is None:
            return None
        text = state.text + bytes([byte]) if self.guarded else b""
        # it matters where something guarded may end, or with the key that it is
        asks = any(symbol in self.guarded and (byte == QUOTE or nullable(rest)) for symbol, rest, _ in kernel)
        repeated = asks and repeats(text)
        if repeated and self.guarded.issuperset(symbol for symbol, _, _ in kernel):
            return None  # the key in progress was there before: it will not end
        known = kernel, repeated
        if known not in self.states:
            self.states[known] = self._close(State(text), list(kernel))
        return _with_text(self.states[known], text)


def _with_text(state: State, text: bytes) -> State:
    """The same state after another text."""
    if state.text == text:
        return state
    after = State(text)
    after.threads, after.waiting = state.threads, state.waiting
    after.complete, after.accepting = state.complete, state.accepting
    return after


def expected(recogniser: Recogniser, state: State, tokens: Tokens) -> set[int]:
    """The reference's mask: every token is tried, those that share a dead beginning at once."""
    found = set(tokens.eos_token_ids) if recogniser.accepting(state) else set()
    for _, ids in continued(recogniser, state, tokens):
        found.update(ids)
    return found


def continued(recogniser: Recogniser, state: State, tokens: Tokens) -> Iterator[tuple[State, Sequence[int]]]:
    """The states after tokens, each with the tokens of one text that lead there."""
    path: list[State] = [state] * (tokens.longest + 1)
    trie, at = tokens.trie, 0
    while at < len(trie):
        depth, byte, past, ids = trie[at]
        reached = recogniser.advance(path[depth], byte)
        if reached is None:
            at = past
        else:
            path[depth + 1] = reached
            at += 1
            if ids:
                yield reached, ids


def after(recogniser: Recogniser, text: bytes, state: State | None = None) -> State | None:
    """The reference's state after a text."""
    state = recogniser.start() if state is None else state
    for byte in text:
        if state is None:
            return None
        state = recogniser.advance(state, byte)
    return state


def satisfiable(make: Callable[[Random], str], seeds: Iterable[int]) -> Iterator[tuple[Random, str, Grammar, Oracle]]:
    """The grammars of some seeds, but for empty languages: what made each goes on with the text to read."""
    for seed in seeds:
        random = Random(seed)
        source = make(random)
        grammar = read_grammar(source)
        try:
            oracle = Oracle(grammar)
        except UnsatisfiableError:
            continue
        yield random, source, grammar, oracle


@dataclass
class Position:
    """A beginning of a text, the state of the reference after it, and its mask under one vocabulary."""

    text: bytes
    state: State
    mask: set[int]


def begun(oracle: Oracle, random: Random, length: int) -> bytes:
    """What some text of the language begins with: at most so many random bytes, fewer where none may follow."""
    state, text = oracle.start(), b""
    for _ in range(length):
        following = sorted(oracle.next_bytes(state))
        if not following:
            break
        text += bytes([random.choice(following)])
        state = oracle.advance(state, text[-1]) or state
    return text


def position_after(oracle: Oracle, text: bytes, tokens: Tokens) -> Position:
    """What the reference says after a text that some text of the language begins with."""
    state = after(oracle, text)
    assert state is not None
    return Position(text, state, expected(oracle, state, tokens))


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
