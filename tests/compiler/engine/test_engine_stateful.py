"""Accept, roll back, fork and reset in any order: the engine's masks stay the reference's."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from random import Random

from engine_driver import Tokens, allowed, random_tokens
from engine_notation import read_grammar
from engine_oracle import Oracle, expected
from engine_random import random_grammar
from engine_shapes import random_shape
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from constrain import CompiledGrammar, Grammar, Matcher, UnsatisfiableError
from constrain.compiler.reference import State

WRITTEN = [
    'start: "a" start "b" | start start | ""',
    'start: "[" (start | NUMBER){0,3 / ","} "]"\nNUMBER: "-"? [0-9]{1,3} & !"00"',
    "start: AB* B\nAB: [ab]{1,4}\nB: [b-é]{2}",
    'start: maybe start "a" | "b"\nmaybe: "" | "x"',
    'start: NAME{1,3 / ", "} "."\nNAME: [a-c]+ & !(.* "ab" .*)',
    r'start: "[" (start | TEXT){0, / ","} "]"' + "\n" + r'TEXT: "\"" [^"]{2,9} "\""',
    'start: X{2,4 / ","} X\nX: [a-z]{2,5} [a-z0-9]{1,3} "x"',
]
MOST_STEPS = 7
MOST_GRAMMARS = 60


@lru_cache
def grammars() -> list[Grammar]:
    """The written ones, and random ones whose language is more than a few texts."""
    found = [read_grammar(text) for text in WRITTEN]
    for seed in range(100):
        for grammar in (random_grammar(seed), read_grammar(random_shape(seed))):
            try:
                recogniser = Oracle(grammar)
            except UnsatisfiableError:
                continue
            if len(recogniser.next_bytes(recogniser.start())) > 2:
                found.append(grammar)
    return found[:MOST_GRAMMARS]


@lru_cache
def vocabulary() -> Tokens:
    return random_tokens()


@lru_cache
def compiled(index: int) -> tuple[CompiledGrammar, Oracle]:
    return vocabulary().compile(grammars()[index]), Oracle(grammars()[index])


class Sequence:
    """A matcher, and after each of its steps the text and what the reference says (None: a stop token was taken)."""

    def __init__(self, matcher: Matcher, states: list[State | None], texts: list[bytes]) -> None:
        self.matcher = matcher
        self.states = states
        self.texts = texts

    def fork(self) -> Sequence:
        return Sequence(self.matcher.fork(), list(self.states), list(self.texts))

    def step(self, state: State | None, text: bytes) -> None:
        self.states.append(state)
        self.texts.append(self.texts[-1] + text)

    def roll_back(self, steps: int) -> None:
        del self.states[len(self.states) - steps :]
        del self.texts[len(self.texts) - steps :]


class Interleaving(RuleBasedStateMachine):
    """Several forks of one text, each beside its own list of reference states."""

    @initialize(index=st.integers(0, MOST_GRAMMARS - 1))
    def begin(self, index: int) -> None:
        self.grammar = grammars()[index]
        self.compiled, self.recogniser = compiled(index)
        self.sequences = [Sequence(self.compiled.matcher(), [self.recogniser.start()], [b""])]

    def pick(self, choice: int) -> Sequence:
        return self.sequences[choice % len(self.sequences)]

    @rule(choice=st.integers(0, 9), seed=st.integers(0, 999))
    def accept_an_allowed_token(self, choice: int, seed: int) -> None:
        sequence = self.pick(choice)
        tokens = sorted(allowed(sequence.matcher, vocabulary()))
        # long texts of ambiguous grammars take the reference too long
        if tokens and len(sequence.states) < MOST_STEPS:
            self.accept(sequence, Random(seed).choice(tokens), accepted=True)

    @rule(choice=st.integers(0, 9), token=st.integers(0, 340))
    def accept_any_token(self, choice: int, token: int) -> None:
        sequence = self.pick(choice)
        mask = allowed(sequence.matcher, vocabulary())
        if token not in mask or len(sequence.states) < MOST_STEPS:
            self.accept(sequence, token, accepted=token in mask)

    def accept(self, sequence: Sequence, token: int, *, accepted: bool) -> None:
        state = sequence.states[-1]
        assert sequence.matcher.accept_token(token) == accepted
        if accepted:
            assert state is not None
            if token in vocabulary().eos_token_ids:
                sequence.step(None, b"")
            else:
                text = vocabulary().token_bytes[token] or b""
                sequence.step(self.read(state, text), text)

    def read(self, state: State, text: bytes) -> State:
        for byte in text:
            longer = self.recogniser.advance(state, byte)
            assert longer is not None
            state = longer
        return state

    @rule(choice=st.integers(0, 9), data=st.text("ab[],1x.é", min_size=1, max_size=3).map(str.encode))
    def accept_bytes(self, choice: int, data: bytes) -> None:
        sequence = self.pick(choice)
        state = sequence.states[-1]
        for byte in data:
            state = None if state is None else self.recogniser.advance(state, byte)
        assert sequence.matcher.accept_bytes(data) == (state is not None)
        if state is not None:
            sequence.step(state, data)

    @rule(choice=st.integers(0, 9), steps=st.integers(0, 4))
    def roll_back(self, choice: int, steps: int) -> None:
        sequence = self.pick(choice)
        steps = min(steps, len(sequence.states) - 1)
        sequence.matcher.rollback(steps)
        sequence.roll_back(steps)

    @precondition(lambda self: len(self.sequences) < 4)
    @rule(choice=st.integers(0, 9))
    def fork(self, choice: int) -> None:
        self.sequences.append(self.pick(choice).fork())

    @rule(choice=st.integers(0, 9), how=st.sampled_from([Matcher.reset, None]))
    def start_again(self, choice: int, how: Callable[[Matcher], None] | None) -> None:
        sequence = self.pick(choice)
        if how is None:
            sequence.matcher = self.compiled.matcher()
        else:
            how(sequence.matcher)
        sequence.roll_back(len(sequence.states) - 1)

    @rule(choice=st.integers(0, 9))
    def fill(self, choice: int) -> None:
        """A mask between other steps leaves no trace."""
        allowed(self.pick(choice).matcher, vocabulary())

    @rule(choice=st.integers(0, 9), again=st.booleans())
    def agrees_with_a_fresh_matcher(self, choice: int, again: bool) -> None:
        sequence = self.pick(choice)
        if sequence.states[-1] is None:
            return
        compiled = vocabulary().compile(self.grammar) if again else self.compiled
        fresh = compiled.matcher()
        assert fresh.accept_bytes(sequence.texts[-1])
        assert allowed(fresh, vocabulary()) == allowed(sequence.matcher, vocabulary())
        assert fresh.next_bytes() == sequence.matcher.next_bytes()
        assert fresh.forced_bytes() == sequence.matcher.forced_bytes()

    @invariant()
    def agrees_with_the_reference(self) -> None:
        for sequence in getattr(self, "sequences", []):
            state = sequence.states[-1]
            assert sequence.matcher.steps == len(sequence.states) - 1
            assert sequence.matcher.is_terminated() == (state is None)
            if state is None:
                assert allowed(sequence.matcher, vocabulary()) == set()
            else:
                assert sequence.matcher.is_accepting() == self.recogniser.accepting(state)
                assert set(sequence.matcher.next_bytes()) == self.recogniser.next_bytes(state)
        if sequences := getattr(self, "sequences", []):
            # the whole mask of one of them, where the reference is quick enough
            sequence = sequences[len(sequences[0].states) % len(sequences)]
            state = sequence.states[-1]
            if state is not None and len(state.threads) <= 8:
                assert allowed(sequence.matcher, vocabulary()) == expected(self.recogniser, state, vocabulary())


TestInterleaving = Interleaving.TestCase
TestInterleaving.settings = settings(derandomize=True, max_examples=120, stateful_step_count=25, deadline=None)
