"""From a grammar's text to its rules, or to the engine's grammar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from constrain.compiler.grammar import Grammar, Limits
from constrain.compiler.nesting import bounded_nesting
from constrain.compiler.notation.build import grammar_of
from constrain.compiler.notation.checks import rule_set
from constrain.compiler.notation.ebnf_reader import read_ebnf
from constrain.compiler.notation.gbnf_reader import read_gbnf
from constrain.compiler.notation.tree import Notation, RuleSet
from constrain.compiler.regex.ast import text_span
from constrain.compiler.sizes import UNBOUNDED, Sizes
from constrain.errors import GrammarError

if TYPE_CHECKING:
    from constrain.compiler.lark import Files
    from constrain.compiler.lark.header import Indenter, Lexer

__all__ = ["START", "build", "read"]

START: dict[Notation, str] = {"lark": "start", "gbnf": "root", "ebnf": "root"}
"""The rule that each notation begins with."""

_DEFAULT_LIMITS = Limits()


def build(
    text: str,
    notation: Notation,
    *,
    start: str | None = None,
    lexer: Lexer | None = None,
    indenter: Indenter | None = None,
    files: Files | None = None,
    terminals: Mapping[str, str] | None = None,
    data: Mapping[str, bytes | str] | None = None,
    sizes: Sizes = UNBOUNDED,
    limits: Limits = _DEFAULT_LIMITS,
) -> Grammar:
    """The language of a grammar in any notation.

    Args:
        text: the grammar.
        notation: what it is written in.
        start: the rule to begin with; None: as a Lark grammar's header says, else as the notation has it.
        lexer: how a Lark grammar's terminals split the text, as for :func:`constrain.compiler.lark.build`.
        indenter: which one supplies a Lark grammar's terminals of indentation, as for that function.
        files: what a Lark grammar may import.
        terminals: regular expressions for the terminals that a Lark grammar only declares.
        data: contents of the files that terminals of a Lark grammar are taken from, by name.
        sizes: bound of what a Lark grammar ignores.
        limits: how long the grammar may be.

    Raises:
        GrammarError: a syntax error, an undefined or doubly defined name, no start rule; with line and column.
        UnsupportedError: a construct that is not implemented, by name and place.
        LimitError: a grammar that is too long, or nests too deeply.
    """
    if notation == "lark":
        from constrain.compiler import lark

        return lark.build(
            text,
            start=start,
            lexer=lexer,
            indenter=indenter,
            files=files or lark.Files.on_disk(),
            terminals=terminals,
            data=data,
            sizes=sizes,
            limits=limits,
        )
    with bounded_nesting("grammar", "a flatter one"):  # differences take more of the stack than brackets
        return grammar_of(read(text, notation, start=start, limits=limits))


def read(
    text: str,
    notation: Notation,
    *,
    start: str | None = None,
    lexer: Lexer | None = None,
    indenter: Indenter | None = None,
    files: Files | None = None,
    terminals: Mapping[str, str] | None = None,
    data: Mapping[str, bytes | str] | None = None,
    limits: Limits = _DEFAULT_LIMITS,
) -> RuleSet:
    """The rules of a grammar in any notation; arguments and errors as for :func:`build`."""
    if notation not in START:
        raise ValueError(f"unknown notation {notation!r}; expected one of {', '.join(START)}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise GrammarError(
            "the grammar holds a lone surrogate", span=text_span(text, error.start), expected="UTF-8 text"
        ) from None
    if notation == "lark":
        from constrain.compiler.notation.lark_reader import read_lark

        return read_lark(
            text,
            start=start,
            lexer=lexer,
            indenter=indenter,
            files=files,
            terminals=terminals,
            data=data,
            limits=limits,
        )
    start = start or START[notation]
    return rule_set(text, (read_gbnf if notation == "gbnf" else read_ebnf)(text, limits), start)
