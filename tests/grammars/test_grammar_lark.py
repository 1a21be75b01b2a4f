"""What lark itself makes of every shipped grammar: its verdicts on texts, and its conflicts.

Grammars for a contextual lexer are LALR(1): lark would settle conflicts silently, and then read another language.
"""

from __future__ import annotations

import logging
from functools import cache

import pytest
from grammar_texts import texts
from lark import Lark
from lark.exceptions import UnexpectedInput
from lark.indenter import DedentError, PythonIndenter

from constrain import grammars
from constrain.compiler.lark.header import read_header

CONTEXTUAL = [name for name in grammars.names() if read_header(grammars.load(name)).lexer == "contextual"]


class Messages(logging.Handler):
    """Keeps what lark says of conflicts when asked; conflicts between two rules are errors of its own."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.conflicts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if "conflict" in message.lower():
            self.conflicts.append(message)


def contextual(text: str, start: str, indenter: PythonIndenter | None) -> tuple[Lark, list[str]]:
    """Lark's parser, and the conflicts in its tables."""
    logger, messages = logging.getLogger("lark"), Messages()
    level = logger.level
    logger.addHandler(messages)
    logger.setLevel(logging.DEBUG)
    try:
        parser = Lark(text, parser="lalr", lexer="contextual", start=start, postlex=indenter, debug=True)
    finally:
        logger.removeHandler(messages)
        logger.setLevel(level)
    return parser, messages.conflicts


@cache
def shipped(name: str) -> tuple[Lark, list[str]]:
    """Of a grammar for a contextual lexer, made once: the tables of some take seconds."""
    header = read_header(grammars.load(name))
    indenter = PythonIndenter() if header.indenter == "python" else None
    return contextual(grammars.load(name), header.start, indenter)


@pytest.fixture(autouse=True)
def _without_interegular(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else lark looks for collisions of terminals, only to log them, which takes minutes where they look ahead."""
    monkeypatch.setattr("lark.lexer.has_interegular", False)


def test_languages_with_keywords_are_contextual() -> None:
    assert {"cpp", "cypher", "graphql", "python", "sparql", "sql"} <= set(CONTEXTUAL)


def test_conflicts_are_seen() -> None:
    assert contextual('start: "a" start ["b" start] | "c"', "start", None)[1] != []


@pytest.mark.parametrize("name", CONTEXTUAL)
def test_no_conflicts(name: str) -> None:
    assert shipped(name)[1] == []


@pytest.mark.parametrize("name", grammars.names())
def test_verdicts_of_lark(name: str) -> None:
    """Those that lark is known to judge otherwise are listed with the texts: it doesn't try every split."""
    table = texts(name)
    if name in CONTEXTUAL:
        parser, _ = shipped(name)
    else:
        start = read_header(grammars.load(name)).start
        parser = Lark(grammars.load(name), parser="earley", lexer="dynamic_complete", start=start)

    def reads(text: str) -> bool:
        try:
            parser.parse(text)
        except (UnexpectedInput, DedentError):
            return False
        return True

    disputed = set(table.get("disputed_by_lark", ()))
    assert [text for text in table["accepted"] if reads(text) == (text in disputed)] == []
    assert [text for text in table["rejected"] if reads(text)] == []
