"""Masks where a lexeme ends and so many tokens go on that what follows has a mask of its own: words behind spaces."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest
from engine_driver import Tokens
from engine_notation import read_grammar
from engine_oracle import LIMITS, Oracle, begun, check, position_after

GRAMMARS = {
    "free": "start: WORD (SPACE WORD){0,}\nWORD: [a-l]{1,}\nSPACE: [ \\n]{1,}",
    "counted": "start: WORD (SPACE WORD){0,}\nWORD: [a-l]{1,4}\nSPACE: [ \\n]{1,3}",
    "at least two": "start: WORD (SPACE WORD){0,}\nWORD: [a-d]{2,}\nSPACE: [ \\n]{2,5}",
    "nested": 'start: "(" SPACE{0,1} item{0,} ")"\nitem: WORD SPACE | start\nWORD: [a-f]{1,} | "l"\nSPACE: " "{1,}',
    "space begins more": 'start: (WORD | "b"){0,}\nWORD: " "{0,} [a-l]{1,} " "{1,}',
    "two": 'start: A (SPACE A){0,} | B (TWO B){0,}\nA: [a-f]{1,}\nB: [d-i]{1,}\nSPACE: " "{1,}\nTWO: "  " | "\\n"',
}


@pytest.fixture(scope="module")
def words() -> Tokens:
    """Words of up to three letters, alone and behind spaces: some thousand tokens begin with a space."""
    short = ["".join(letters) for length in (1, 2, 3) for letters in product("abcdefghijkl", repeat=length)]
    texts = [space + word for space in ("", " ", "  ", "\n") for word in short]
    texts += [" ", "  ", "   ", "\n", "(", ")", "((", " (", "))", "a)", "a b", "ab  ab", " a b", "b )"]
    return Tokens("words", [text.encode() for text in texts], [len(texts)], len(texts) + 1)


@pytest.mark.parametrize("name", GRAMMARS)
def test_masks(name: str, words: Tokens) -> None:
    grammar = read_grammar(GRAMMARS[name])
    oracle = Oracle(grammar)
    random = Random(5)
    shared = words.compile(grammar, LIMITS)
    for length in (0, 1, 2, 3, 4, 6, 9, 13):
        position = position_after(oracle, begun(oracle, random, length), words)
        check(words.compile(grammar, LIMITS), position, words, name, "cold")
        check(shared, position, words, name, "after other texts")
