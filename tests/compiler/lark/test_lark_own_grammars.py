"""The grammars that lark ships, of Python and of its own notation, read files as lark reads them, right or wrong."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random

import pytest
from lark import Lark
from lark.exceptions import UnexpectedInput
from lark.indenter import DedentError, PythonIndenter
from lark_agreement import accepts, assert_masks_are_those_of_the_bytes
from lark_texts import ALL, LIBRARY

from constrain import CompiledGrammar, Grammar, Vocabulary, compile_grammar
from constrain.compiler.lark import build

ROOT = Path(__file__).resolve().parents[3]
SOURCES = sorted(path for folder in ("compiler", "runtime", "cli") for path in (ROOT / folder).rglob("*.py"))
PIECES = [*'()] \t\n,:"#1.', "\n\n", "    ", "if", "match ", "is not", "'" * 3, "\\\n", "0x"]
CLUES = ["|", ":", "\n", " ", "(", ")", '"', "/", "~", "..", "->", "!", "A", "b", "%", "//", "1", "{", "}", ","]


@cache
def lark_of(name: str) -> Lark:
    indented = {"start": "file_input", "postlex": PythonIndenter()} if name == "python" else {}
    return Lark(LIBRARY[name], parser="lalr", lexer="contextual", **indented)


def grammar_of(name: str) -> Grammar:
    options = {"start": "file_input", "indenter": "python"} if name == "python" else {}
    return build(LIBRARY[name], lexer="contextual", **options)


@cache
def compiled(name: str) -> CompiledGrammar:
    return compile_grammar(grammar_of(name), Vocabulary.bytes())


def takes(lark: Lark, text: str) -> bool:
    try:
        lark.parse(text)
    except (UnexpectedInput, DedentError, IndexError, AssertionError):  # the last two: no line feed, too many brackets
        return False
    return True


def near(random: Random, text: str, pieces: Sequence[str]) -> list[str]:
    """Some lines of a text, with a character left out, and with something put in."""
    lines = text.split("\n")
    first = random.randrange(len(lines))
    part = "\n".join(lines[first : first + random.randint(1, 12)]) + "\n"
    place = random.randrange(len(part))
    return [part, part[:place] + part[place + 1 :], part[:place] + random.choice(pieces) + part[place:]]


@pytest.mark.parametrize("name", ["python", "lark"])
@pytest.mark.parametrize("share", [40, pytest.param(3, marks=pytest.mark.slow)])
def test_files_and_texts_near_them(name: str, share: int) -> None:
    texts = [path.read_text(encoding="utf-8") for path in SOURCES] if name == "python" else ALL
    pieces = PIECES if name == "python" else CLUES
    lark, random = lark_of(name), Random(share)
    taken = 0
    for text in random.sample(texts, len(texts) // share if name == "python" else len(texts) // (1 + share // 8)):
        for each in [text, *(other for _ in range(6) for other in near(random, text, pieces))]:
            expected = takes(lark, each)
            assert accepts(compiled(name), each) == expected, each
            taken += expected
    assert taken > 10


@pytest.mark.parametrize("name", ["python", "lark"])
def test_completions_of_beginnings(name: str) -> None:
    texts = [path.read_text(encoding="utf-8") for path in SOURCES] if name == "python" else ALL
    lark, random = lark_of(name), Random(4)
    for text in random.sample(texts, 12):
        if not takes(lark, text):
            continue
        for _ in range(6):
            begun = text[: random.randrange(len(text))]
            matcher = compiled(name).matcher()
            assert matcher.accept_bytes(begun.encode())
            assert takes(lark, begun + matcher.shortest_completion().decode()), begun


@pytest.mark.slow
@pytest.mark.parametrize(("name", "letters"), [("python", "aif:=() \n1.,'#"), ("lark", 'aA_:"/\\ \n|.?+()~1%#')])
def test_masks(name: str, letters: str) -> None:
    grammar = grammar_of(name)
    assert_masks_are_those_of_the_bytes(lambda: grammar, letters, Random(2), walks=6, steps=20)
