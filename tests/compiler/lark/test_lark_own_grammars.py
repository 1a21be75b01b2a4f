"""The grammar of Python that lark ships reads files as lark reads them with it, right or wrong."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random

import pytest
from lark import Lark
from lark.exceptions import UnexpectedInput
from lark.indenter import DedentError, PythonIndenter
from lark_agreement import accepts, assert_masks_are_those_of_the_bytes
from lark_texts import LIBRARY

from constrain import CompiledGrammar, Grammar, Vocabulary, compile_grammar
from constrain.compiler.lark import build

ROOT = Path(__file__).resolve().parents[3]
SOURCES = sorted(path for folder in ("compiler", "runtime", "cli") for path in (ROOT / folder).rglob("*.py"))
PIECES = [*'()] \t\n,:"#1.', "\n\n", "    ", "if", "match ", "is not", "'" * 3, "\\\n", "0x"]


@cache
def python_of_lark() -> Lark:
    return Lark(LIBRARY["python"], parser="lalr", lexer="contextual", start="file_input", postlex=PythonIndenter())


def python() -> Grammar:
    return build(LIBRARY["python"], lexer="contextual", start="file_input", indenter="python")


@cache
def compiled() -> CompiledGrammar:
    return compile_grammar(python(), Vocabulary.bytes())


def takes(text: str) -> bool:
    try:
        python_of_lark().parse(text)
    except (UnexpectedInput, DedentError, IndexError, AssertionError):  # the last two: no line feed, too many brackets
        return False
    return True


def near(random: Random, text: str) -> list[str]:
    """Some lines of a text, with a character left out, and with something put in."""
    lines = text.split("\n")
    first = random.randrange(len(lines))
    part = "\n".join(lines[first : first + random.randint(1, 12)]) + "\n"
    place = random.randrange(len(part))
    return [part, part[:place] + part[place + 1 :], part[:place] + random.choice(PIECES) + part[place:]]


@pytest.mark.parametrize("share", [40, pytest.param(3, marks=pytest.mark.slow)])
def test_files_and_texts_near_them(share: int) -> None:
    random = Random(share)
    taken = 0
    for path in random.sample(SOURCES, len(SOURCES) // share):
        text = path.read_text(encoding="utf-8")
        for each in [text, *(other for _ in range(6) for other in near(random, text))]:
            expected = takes(each)
            assert accepts(compiled(), each) == expected, each
            taken += expected
    assert taken > 20


def test_completions_of_beginnings() -> None:
    random = Random(4)
    for path in random.sample(SOURCES, 12):
        text = path.read_text(encoding="utf-8")
        for _ in range(6 if takes(text) else 0):
            begun = text[: random.randrange(len(text))]
            matcher = compiled().matcher()
            assert matcher.accept_bytes(begun.encode())
            assert takes(begun + matcher.shortest_completion().decode()), begun


@pytest.mark.slow
def test_masks() -> None:
    grammar = python()
    assert_masks_are_those_of_the_bytes(lambda: grammar, "aif:=() \n1.,'#", Random(2), walks=6, steps=20)
