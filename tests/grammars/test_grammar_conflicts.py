"""Grammars for a contextual lexer are LALR(1): lark would settle conflicts silently, and then read another language."""

from __future__ import annotations

import logging

import pytest
from lark import Lark
from lark.indenter import PythonIndenter

from constrain import grammars
from constrain.compiler.lark.header import read_header

CONTEXTUAL = [name for name in grammars.names() if read_header(grammars.load(name)).lexer == "contextual"]


def conflicts(text: str, caplog: pytest.LogCaptureFixture, start: str, indenter: PythonIndenter | None) -> list[str]:
    """What lark says of them when asked; conflicts between two rules are errors of its own."""
    caplog.set_level(logging.DEBUG, logger="lark")
    Lark(text, parser="lalr", lexer="contextual", start=start, postlex=indenter, debug=True)
    return [record.getMessage() for record in caplog.records if "conflict" in record.getMessage().lower()]


@pytest.fixture(autouse=True)
def _without_interegular(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else lark looks for collisions of terminals, only to log them, which takes minutes where they look ahead."""
    monkeypatch.setattr("lark.lexer.has_interegular", False)


def test_languages_with_keywords_are_contextual() -> None:
    assert {"cpp", "cypher", "graphql", "python", "sparql", "sql"} <= set(CONTEXTUAL)


def test_conflicts_are_seen(caplog: pytest.LogCaptureFixture) -> None:
    assert conflicts('start: "a" start ["b" start] | "c"', caplog, "start", None) != []


@pytest.mark.parametrize("name", CONTEXTUAL)
def test_no_conflicts(name: str, caplog: pytest.LogCaptureFixture) -> None:
    header = read_header(grammars.load(name))
    indenter = PythonIndenter() if header.indenter == "python" else None
    assert conflicts(grammars.load(name), caplog, header.start, indenter) == []
