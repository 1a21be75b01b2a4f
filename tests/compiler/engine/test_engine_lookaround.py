"""Patterns with assertions in every place: every bit of every mask is the reference's.

Each pattern is taken twice, as the front end reads it and as the automaton that it has for the hard ones; ``re``
decides whether the texts that the masks lead to are right.
"""

from __future__ import annotations

import re
from random import Random

import pytest
from engine_driver import Tokens
from engine_oracle import Oracle, begun, check, position_after

from constrain import Grammar, GrammarBuilder, UnsatisfiableError
from constrain.compiler.regex import lower, python_re
from constrain.compiler.regex.determinise import determinise

ATOMS = ["a", "b", "é", "€", "[ab]", "[^a]", ".", r"\w", "[a-é]"]
ASSERTIONS = [
    "(?=a)",
    "(?!b)",
    "(?=.*é)",
    "(?!.*ab)",
    "(?<=a)",
    "(?<!b)",
    "(?<=[ab]é)",
    r"\b",
    r"\B",
    "$",
    "^",
    "(?=..|$)",
]


def random_pattern(random: Random, depth: int) -> str:
    def part() -> str:
        return random_pattern(random, depth - 1)

    if not depth:
        return random.choice([*ATOMS, *ATOMS, *ASSERTIONS])
    match random.randrange(6):
        case 0:
            return f"(?:{part()}|{part()})"
        case 1:
            return f"(?:{part()}){random.choice(['*', '+', '?', '{1,2}', '{2}'])}"
        case 2:
            return random.choice(["(?>a|ab)", "(?>[ab]*?é)", "[aé]++", *ASSERTIONS, *ASSERTIONS])
    return part() + part()


def random_texts(random: Random, count: int) -> list[str]:
    return ["".join(random.choices("abé€ ", k=random.randint(0, 6))) for _ in range(count)]


def grammars(pattern: str) -> list[Grammar]:
    found = []
    for node in (python_re.parse(pattern), determinise(python_re.syntax_tree(pattern))):
        builder = GrammarBuilder()
        found.append(builder.finish(builder.terminal(lower(node, builder), "T")))
    return found


@pytest.mark.parametrize("vocabulary", ["byte", "random"])
@pytest.mark.parametrize("block", range(2))
def test_masks(block: int, vocabulary: str, request: pytest.FixtureRequest) -> None:
    tokens: Tokens = request.getfixturevalue(f"{vocabulary}_vocabulary_tokens")
    checked = empty = 0
    for seed in range(block * 40, block * 40 + 40):
        random = Random(seed)
        pattern = random_pattern(random, 4)
        texts = random_texts(random, 40)
        for grammar in grammars(pattern):
            try:
                oracle = Oracle(grammar)
            except UnsatisfiableError:
                with pytest.raises(UnsatisfiableError):
                    tokens.compile(grammar)
                assert not any(re.fullmatch(pattern, text) for text in texts), pattern
                empty += 1
                continue
            compiled = tokens.compile(grammar)
            for _ in range(3):
                check(
                    compiled, position_after(oracle, begun(oracle, random, 8), tokens), tokens, pattern, "random text"
                )
                checked += 1
            for text in texts:
                matcher = compiled.matcher()
                accepted = matcher.accept_bytes(text.encode()) and matcher.is_accepting()
                assert accepted == (re.fullmatch(pattern, text) is not None), (pattern, text)
            completion = compiled.matcher().shortest_completion().decode()
            assert re.fullmatch(pattern, completion), (pattern, completion)
    assert checked > 100
    assert empty < 50
