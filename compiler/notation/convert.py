"""From one notation to another, with the same language, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from constrain.compiler.grammar import Limits
from constrain.compiler.lark.header import read_header
from constrain.compiler.nesting import bounded_nesting
from constrain.compiler.notation.bnf_writer import write_bnf
from constrain.compiler.notation.lark_writer import write_lark
from constrain.compiler.notation.llama import check_counts
from constrain.compiler.notation.productive import without_dead_ends
from constrain.compiler.notation.read import read
from constrain.compiler.notation.transform import (
    pruned,
    spelled_out,
    with_choices_written_out,
    with_differences_as_expressions,
    with_ignored_text,
    without_left_recursion,
)
from constrain.compiler.notation.tree import NOTATIONS, Notation, RuleSet
from constrain.errors import LimitError, UnsupportedError

if TYPE_CHECKING:
    from constrain.compiler.lark import Files
    from constrain.compiler.lark.header import Lexer

__all__ = ["convert"]

_DEFAULT_LIMITS = Limits()


def convert(
    text: str,
    source: Notation,
    target: Notation,
    *,
    start: str | None = None,
    lexer: Lexer | None = None,
    files: Files | None = None,
    terminals: Mapping[str, str] | None = None,
    data: Mapping[str, bytes | str] | None = None,
    limits: Limits = _DEFAULT_LIMITS,
) -> str:
    """A grammar in another notation.

    What the start rule does not reach is left out, as are comments. EBNF is written as xgrammar reads it, Lark for our
    own default reading and lark's ``dynamic_complete``: every split of the text into terminals.

    Args:
        text: the grammar.
        source: what it is written in.
        target: what it is to be written in.
        start: its start rule; None: as its notation has it.
        lexer: how a Lark grammar's terminals split the text; None: as its header says.
        files: what a Lark grammar may import.
        terminals: regular expressions for the terminals that a Lark grammar only declares.
        data: contents of the files that terminals of a Lark grammar are taken from, by name: choices are written out.
        limits: how long it may be.

    Raises:
        GrammarError: it is no grammar in ``source``.
        UnsupportedError: it cannot be said in ``target``, by name and place.
        UnsatisfiableError: no text is in its language.
        DataError: a data file that is not given, not UTF-8, or empty; with line and column.
        LimitError: it is too long, or nests too deeply; or what would be written does.
    """
    if target not in NOTATIONS:
        raise ValueError(f"unknown notation {target!r}; expected one of {', '.join(NOTATIONS)}")
    with bounded_nesting("grammar", "a flatter one"):
        rules = read(text, source, start=start, lexer=lexer, files=files, terminals=terminals, data=data, limits=limits)
        if source == "lark":
            _check_sayable(rules)
        written = _converted(with_choices_written_out(pruned(rules), limits), target)
        _check_readable(written, target, limits)
        return written


def _check_sayable(rules: RuleSet) -> None:
    """Refuse what only Lark here can say: one split of many, indentation, spans of a file."""
    header = read_header(rules.text)
    for leaf, source in rules.taken.items():
        if source.unit is not None:
            raise UnsupportedError(
                f"the terminal {leaf.written}, which is any span of a file, in other words is not implemented",
                span=rules.span(leaf.at),
                expected="choices, which are written out",
            )
    asking = [leaf for leaf in rules.sealed if leaf not in rules.taken]
    if asking and rules.lexer == "complete":
        raise UnsupportedError(
            f"the terminal {asking[0].written}, which asks what follows it, as text is not implemented",
            span=rules.span(asking[0].at),
            expected="a pattern that looks no further than its end",
        )
    if rules.lexer == "contextual":
        raise UnsupportedError(
            "the choice of the contextual lexer, which takes one split of a text where others are possible, in another "
            "notation is not implemented",
            span=header.places.get("lexer"),
            expected="the lexer complete (lexer=complete in the header, or --lexer complete), if every split may count",
        )
    if header.indenter is not None:
        raise UnsupportedError(
            "indentation, in another notation, is not implemented",
            span=header.places.get("indenter"),
            expected="a grammar without an indenter",
        )


def _check_readable(written: str, target: Notation, limits: Limits) -> None:
    """Refuse a result that would be no grammar here, for what is written out may be long."""
    try:
        read(written, target, limits=limits)
    except LimitError as error:
        raise LimitError(
            f"the grammar that would be written is too large: {error.message}", expected=error.expected
        ) from None


def _converted(rules: RuleSet, target: Notation) -> str:
    rules = pruned(without_dead_ends(spelled_out(with_differences_as_expressions(with_ignored_text(rules)))))
    if target == "lark":
        return write_lark(rules)
    if target == "gbnf":
        rules = without_left_recursion(rules)
        check_counts(rules)
    return write_bnf(rules)
