"""Automata given as tables: every bit of every mask is the reference's, and the texts are those of a plain search.

The reference is held against a simulation on whole characters here, which knows nothing of bytes.
"""

from __future__ import annotations

import itertools
from random import Random
from typing import NamedTuple

import pytest
from engine_driver import Tokens
from engine_oracle import Oracle, begun, check, position_after

from constrain import CompiledGrammar, Grammar, GrammarBuilder, UnsatisfiableError, Vocabulary, compile_grammar
from constrain.compiler.grammar import Expression
from constrain.compiler.reference import Recogniser

LETTERS = "abé€"
RANGES = [(0x61, 0x61), (0x61, 0x62), (0xE8, 0xEA), (0x62, 0x20AC), (0x20AC, 0x20AD), (0x1F600, 0x1F600)]


class Table(NamedTuple):
    """States that accept or not, and steps over ranges of characters or over texts."""

    accepting: list[bool]
    steps: list[list[tuple[tuple[int, int] | str, int]]]


def random_table(random: Random) -> Table:
    count = random.randint(1, 5)

    def label() -> tuple[int, int] | str:
        if random.random() < 0.7:
            return random.choice(RANGES)
        return "".join(random.choices(LETTERS, k=random.randint(1, 3)))

    steps = [[(label(), random.randrange(count)) for _ in range(random.randint(0, 3))] for _ in range(count)]
    return Table([random.random() < 0.4 for _ in range(count)], steps)


def expression_of(table: Table, builder: GrammarBuilder) -> Expression:
    states = []
    for accepting, steps in zip(table.accepting, table.steps, strict=True):
        labels = [
            (builder.literal(label.encode()) if isinstance(label, str) else builder.char_class([label]), to)
            for label, to in steps
        ]
        states.append((accepting, labels))
    return builder.automaton(states)


def random_grammar(table: Table, random: Random) -> Grammar:
    """The table alone, or among other expressions."""
    builder = GrammarBuilder()
    found = expression_of(table, builder)
    other = builder.repeat(builder.char_class([(0x61, 0xE9)]), random.randint(0, 2), None)
    match random.choice(["alone", "after", "before", "both", "not", "often"]):
        case "after":
            found = builder.concat([other, found])
        case "before":
            found = builder.concat([found, other])
        case "both":
            found = builder.intersection([found, other])
        case "not":
            found = builder.intersection([builder.complement(found), other])
        case "often":
            found = builder.repeat(found, 1, 2)
    return builder.finish(builder.terminal(found, "T"))


def reads(table: Table, text: str) -> bool:
    """Does the table lead from its first state to the end of a text?"""
    places = {(0, 0)}
    pending = [(0, 0)]
    while pending:
        state, at = pending.pop()
        for label, to in table.steps[state]:
            length = len(label) if isinstance(label, str) else 1
            piece = text[at : at + length]
            fits = piece == label if isinstance(label, str) else piece and label[0] <= ord(piece) <= label[1]
            if fits and (to, at + length) not in places:
                places.add((to, at + length))
                pending.append((to, at + length))
    return any(table.accepting[state] and at == len(text) for state, at in places)


def test_texts_are_those_that_the_table_reads(byte_vocabulary: Vocabulary) -> None:
    texts = ["".join(letters) for length in range(4) for letters in itertools.product("abé€😀", repeat=length)]
    satisfiable = 0
    for seed in range(150):
        table = random_table(Random(seed))
        expected = {text for text in texts if reads(table, text)}
        builder = GrammarBuilder()
        grammar = builder.finish(builder.terminal(expression_of(table, builder), "T"))
        try:
            compiled = compile_grammar(grammar, byte_vocabulary)
        except UnsatisfiableError:
            assert not expected
            with pytest.raises(UnsatisfiableError):
                Recogniser(grammar)
            continue
        satisfiable += 1
        found = set()
        for text in texts:
            matcher = compiled.matcher()
            if matcher.accept_bytes(text.encode()) and matcher.is_accepting():
                found.add(text)
        assert found == expected, table
        assert reads(table, compiled.matcher().shortest_completion().decode())
    assert satisfiable > 60


@pytest.mark.parametrize("vocabulary", ["byte", "random"])
def test_masks(vocabulary: str, request: pytest.FixtureRequest) -> None:
    tokens: Tokens = request.getfixturevalue(f"{vocabulary}_vocabulary_tokens")
    checked = 0
    for seed in range(80):
        random = Random(seed)
        table = random_table(random)
        grammar = random_grammar(table, random)
        try:
            oracle = Oracle(grammar)
        except UnsatisfiableError:
            with pytest.raises(UnsatisfiableError):
                tokens.compile(grammar)
            continue
        compiled = tokens.compile(grammar)
        saved = CompiledGrammar.from_bytes(compiled.to_bytes(), tokens.native)
        for _ in range(3):
            position = position_after(oracle, begun(oracle, random, 6), tokens)
            check(compiled, position, tokens, repr(table), "fresh")
            check(saved, position, tokens, repr(table), "saved")
            checked += 1
    assert checked > 120


def test_a_table_can_be_pasted_into_another_builder(byte_vocabulary: Vocabulary) -> None:
    first = GrammarBuilder()
    first.literal(b"unrelated")
    a, b = first.literal(b"a"), first.literal(b"b")
    fragment = first.fragment(first.automaton([(False, [(a, 1), (b, 0)]), (True, [])]))
    second = GrammarBuilder()
    second.literal(b"b")
    pasted = second.paste(fragment)
    compiled = compile_grammar(second.finish(second.terminal(pasted, "T")), byte_vocabulary)
    matcher = compiled.matcher()
    assert matcher.accept_bytes(b"bba")
    assert matcher.is_accepting()


@pytest.mark.parametrize("states", [[], [(True, [(0, 1)])], [(True, [(0, -1)])]])
def test_tables_with_steps_to_nowhere_are_refused(states: list[tuple[bool, list[tuple[int, int]]]]) -> None:
    builder = GrammarBuilder()
    builder.literal(b"a")
    with pytest.raises(ValueError, match="automaton"):
        builder.automaton(states)  # type: ignore[arg-type]


def test_labels_that_are_not_plain_are_refused(byte_vocabulary: Vocabulary) -> None:
    builder = GrammarBuilder()
    empty = builder.repeat(builder.literal(b"a"), 0, 1)
    other = builder.complement(builder.literal(b"a"))
    for label in (empty, other):
        found = builder.automaton([(False, [(label, 1)]), (True, [])])
        with pytest.raises(ValueError, match="malformed"):
            compile_grammar(builder.finish(builder.terminal(found, "T")), byte_vocabulary)
