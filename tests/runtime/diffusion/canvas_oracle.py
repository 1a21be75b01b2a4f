"""What may stand on a canvas and how likely, by trying every row of tokens: for few of both.

Languages are judged by somebody else: regular expressions by ``re``, other constraints by the reference recogniser.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterator
from functools import cache
from random import Random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from constrain import CompiledGrammar, ConstrainError, Vocabulary, compile_grammar, compile_regex
from constrain.compiler import json_schema, lark
from constrain.compiler.grammar import Grammar
from constrain.compiler.reference import matches
from constrain.runtime.diffusion import DELETED, OPEN, OPTIONAL

__all__ = ["Language", "completions", "language_of", "random_cells", "random_language", "weight"]

Judge = Callable[[bytes], bool]


class Language(NamedTuple):
    """A language over a few tokens, the last of which stops."""

    name: str
    compiled: CompiledGrammar
    tokens: tuple[bytes, ...]
    judge: Judge

    @property
    def stop(self) -> int:
        """The token that stops."""
        return len(self.tokens)


SCHEMAS: list[tuple[object, list[bytes]]] = [
    ({"type": "array", "items": {"enum": [1, 11]}, "maxItems": 3}, [b"[", b"]", b"1", b", ", b"11"]),
    ({"enum": ["a", "ab", "b"]}, [b'"', b"a", b'b"', b'"a', b'ab"']),
    ({"type": "string", "maxLength": 3}, [b'"', b"a", b"aa", b'a"', b'"a']),
    ({"type": "string", "minLength": 2}, [b'"', b"a", b"\xc3", b"\xa9", b'""']),
    ({"type": "string"}, [b'"', b"a", b"ab\xc3", b"\xa9", b'\xa9"']),
    ({"type": "array", "items": {"type": "boolean"}, "minItems": 1}, [b"[tr", b"ue", b"]", b", ", b"tr"]),
    (
        {"type": "object", "properties": {"a": {"const": 1}, "b": {"const": 1}}, "additionalProperties": False},
        [b'{"', b'a": ', b'b": ', b"1}", b'1, "'],
    ),
    ({"type": "array", "items": {"enum": [1, 2]}, "uniqueItems": True}, [b"[", b"1", b"2", b", ", b"]"]),
    ({"type": "integer", "minimum": -11, "maximum": 120}, [b"1", b"-", b"0", b"11", b"2"]),
]
GRAMMARS: list[tuple[str, list[bytes]]] = [
    ('start: "a" "b"? | "b" "aa"', [b"a", b"b", b"aa", b"ab", b"ba"]),
    ('start: x ("," x)*\nx: /[ab]{1,2}/', [b"a", b"b", b",", b"a,", b",b,"]),
    ('start: "if" NAME | NAME "=" NAME\nNAME: /[fi]+/\n%ignore " "', [b"i", b"f", b"if", b" ", b"="]),
    ('start: "(" start ")" | "a"', [b"(", b")", b"a", b"((", b"a)"]),
    ('start: "a" start "b" | ', [b"a", b"b", b"ab", b"aa", b"bb"]),
]


def language_of(pattern: str, tokens: list[bytes]) -> Language:
    """That of a regular expression."""
    whole = re.compile(pattern.encode())
    compiled = compile_regex(pattern, _vocabulary(tokens))
    return Language(pattern, compiled, tuple(tokens), lambda text: whole.fullmatch(text) is not None)


def _of_grammar(name: str, grammar: Grammar, tokens: list[bytes]) -> Language:
    @cache
    def judge(text: bytes) -> bool:
        return matches(grammar, text)

    return Language(name, compile_grammar(grammar, _vocabulary(tokens)), tuple(tokens), judge)


def _vocabulary(tokens: list[bytes]) -> Vocabulary:
    return Vocabulary([*tokens, None], [len(tokens)])


def random_language(seed: int) -> Language:
    """One of them, the same for the same seed."""
    choose = Random(seed)
    kind = choose.randrange(4)
    if kind == 0:
        schema, tokens = choose.choice(SCHEMAS)
        return _of_grammar(str(schema), json_schema.build(schema), _some(choose, tokens))  # type: ignore[arg-type]
    if kind == 1:
        text, tokens = choose.choice(GRAMMARS)
        return _of_grammar(text, lark.build(text), _some(choose, tokens))
    while True:
        pattern = _pattern(choose, 3)
        pieces = ["".join(choose.choice("ab") for _ in range(choose.randint(1, 3))) for _ in range(3)]
        tokens = sorted({b"a", b"b", *(piece.encode() for piece in pieces)})
        try:
            return language_of(pattern, tokens[: choose.randint(2, 5)])
        except ConstrainError:
            continue


def _some(choose: Random, tokens: list[bytes]) -> list[bytes]:
    return tokens if choose.random() < 0.7 else [token for token in tokens if choose.random() < 0.8] or tokens


def _pattern(choose: Random, depth: int) -> str:
    kind = choose.randrange(6 if depth else 2)
    if kind < 2:
        return choose.choice(["a", "b", "[ab]", "ab", "aa", "ba?"])
    inner = [_pattern(choose, depth - 1) for _ in range(2)]
    if kind == 2:
        return inner[0] + inner[1]
    if kind == 3:
        return f"(?:{inner[0]}|{inner[1]})"
    return f"(?:{inner[0]})" + choose.choice(["*", "+", "?", "{2}", "{1,2}", "{2,}", "{0,4}"])


def random_cells(choose: Random, language: Language, length: int) -> NDArray[np.int64]:
    """A canvas with some tokens on it; sometimes it can't be completed."""
    cells = []
    for _ in range(length):
        kind = choose.random()
        if kind < 0.55:
            cells.append(OPEN)
        elif kind < 0.85:
            cells.append(OPTIONAL)
        elif kind < 0.88:
            cells.append(DELETED)
        else:
            cells.append(choose.randrange(language.stop + 1))
    return np.array(cells)


def completions(language: Language, cells: NDArray[np.int64]) -> Iterator[tuple[int, ...]]:
    """Every row of tokens, and ``DELETED`` where nothing stands, that the canvas can become."""
    every = list(range(language.stop + 1))
    choices = [every if cell == OPEN else [*every, DELETED] if cell == OPTIONAL else [int(cell)] for cell in cells]
    for row in itertools.product(*choices):
        written = [token for token in row if token != DELETED]
        text = list(itertools.takewhile(lambda token: token != language.stop, written))
        stopped = all(token == language.stop for token in written[len(text) :])
        if stopped and language.judge(b"".join(language.tokens[token] for token in text)):
            yield row


def weight(row: tuple[int, ...], cells: NDArray[np.int64], logits: NDArray[np.float64], deletion: float) -> float:
    """Logarithm of a completion's weight."""
    open_ = (cells == OPEN) | (cells == OPTIONAL)
    terms = (
        deletion if token == DELETED else float(logits[position, token])
        for position, token in enumerate(row)
        if open_[position]
    )
    return math.fsum(terms)
