"""What a grammar's header may say, and where what it may not is found."""

from __future__ import annotations

import pytest
from lark import Lark

from constrain import GrammarError, Vocabulary, compile_lark
from constrain.compiler.lark.header import Header, read_header
from constrain.errors import Span


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("", Header()),
        ('start: "a"', Header()),
        ("// constrain: lexer=contextual\n", Header(lexer="contextual")),
        ("// A grammar.\n\n  //constrain:  start=query\tlexer=complete\r\n// constrain: indenter=python\n"
         'query: "a"', Header(start="query", indenter="python")),
        ("# one\n// constrain:\n", Header()),
        ("# constrain: lexer=contextual\n  #constrain:\tstart=query\n// constrain: indenter=python\nquery: /a/",
         Header("contextual", "python", "query")),
        ("// Hello # constrain: lexer=greedy\n//// constrain: lexer=greedy\n## constrain: lexer=greedy", Header()),
        ("start: A\nA: /a\n# constrain: lexer=greedy\n/x", Header()),
        ('start: "# constrain: lexer=greedy"', Header()),
        ('// constraints: none\nstart: "// constrain: lexer=none"', Header()),
    ],
)  # fmt: skip
def test_headers(text: str, header: Header) -> None:
    assert read_header(text) == header


def test_places_are_kept() -> None:
    header = read_header("// about\n// constrain: lexer=contextual start=a")
    assert header.places == {"lexer": Span(2, 15), "start": Span(2, 32)}


@pytest.mark.parametrize(
    ("text", "says", "span"),
    [
        ("// constrain: lexer=greedy", "'lexer' cannot be 'greedy'", Span(1, 21)),
        ("\n// constrain: indenter=", "'indenter' cannot be ''", Span(2, 24)),
        ("// constrain: start=START", "'start' cannot be 'START'", Span(1, 21)),
        ("// constrain: places=1", "no directive 'places=1'", Span(1, 15)),
        ("// constrain: contextual", "no directive 'contextual'", Span(1, 15)),
        ("// constrain: start=a start=a", "'start' is given twice", Span(1, 23)),
        ('start: "a"\n // constrain: start=start', "after the first definition", Span(2, 2)),
        ('start: "a"\n # constrain: start=start', "after the first definition", Span(2, 2)),
        ('start: "a" # constrain: start=start', "after the first definition", Span(1, 12)),
        ("# constrain: lexer=bogus", "'lexer' cannot be 'bogus'", Span(1, 20)),
        ("// constrain: start=a\n#constrain: start=b", "'start' is given twice", Span(2, 13)),
    ],
)
def test_mistakes_have_a_place(text: str, says: str, span: Span) -> None:
    with pytest.raises(GrammarError, match=says) as caught:
        read_header(text)
    assert caught.value.span == span
    assert caught.value.expected


@pytest.mark.parametrize("sign", ["//", "#"])
def test_lark_ignores_directives(sign: str) -> None:
    assert Lark(f'{sign} constrain: lexer=contextual start=start\nstart: "a"').parse("a") is not None


@pytest.mark.parametrize("sign", ["//", "#"])
def test_directives_hold(sign: str) -> None:
    """Only the contextual lexer takes ``ifx`` for a name alone."""
    text = f'{sign} constrain: lexer=contextual start=name\nname: "if" NAME "?" | NAME\nNAME: /[a-z]+/\n%ignore " "\n'
    compiled = compile_lark(text, Vocabulary.bytes())
    assert compiled.matcher().accept_bytes(b"if x?")
    assert not compiled.matcher().accept_bytes(b"ifx?")
