"""What in a grammar makes generation slow or wrong, although the grammar is valid: each finding with place and mend.

Rules are small functions in a table. What is about terminals looks at Lark grammars alone, for the other notations have
none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from constrain.compiler.grammar import Limits
from constrain.compiler.lark.header import read_header
from constrain.compiler.nesting import bounded_nesting
from constrain.compiler.notation.lint.collisions import terminal_collision
from constrain.compiler.notation.lint.data import missing_data
from constrain.compiler.notation.lint.finding import Context, GrammarWarning
from constrain.compiler.notation.lint.recursion import cyclic_rule, left_recursion, two_sided_recursion
from constrain.compiler.notation.lint.repetition import (
    adjacent_repetitions,
    duplicate_alternative,
    nullable_repetition,
)
from constrain.compiler.notation.lint.spaces import missing_ignore
from constrain.compiler.notation.lint.usage import unproductive_rule, unused
from constrain.compiler.notation.read import read
from constrain.compiler.notation.transform import pruned
from constrain.compiler.notation.tree import Notation

if TYPE_CHECKING:
    from constrain.compiler.lark import Files
    from constrain.compiler.lark.header import Indenter, Lexer

__all__ = ["CODES", "GrammarWarning", "lint"]

RULES: tuple[Callable[[Context], Iterator[GrammarWarning]], ...] = (
    unused,
    unproductive_rule,
    left_recursion,
    two_sided_recursion,
    cyclic_rule,
    nullable_repetition,
    adjacent_repetitions,
    duplicate_alternative,
    terminal_collision,
    missing_data,
    missing_ignore,
)

CODES = (
    *("adjacent-repetitions", "cyclic-rule", "duplicate-alternative", "left-recursion", "missing-ignore"),
    *("nullable-repetition", "terminal-collision", "two-sided-recursion", "unchecked", "unproductive-rule"),
    *("unsatisfiable", "unused-rule", "unused-template", "unused-terminal"),
)
"""Every kind of finding."""

_DEFAULT_LIMITS = Limits()


def lint(
    text: str,
    notation: Notation = "lark",
    *,
    start: str | None = None,
    lexer: Lexer | None = None,
    indenter: Indenter | None = None,
    files: Files | None = None,
    terminals: Mapping[str, str] | None = None,
    data: Mapping[str, bytes | str] | None = None,
    limits: Limits = _DEFAULT_LIMITS,
) -> list[GrammarWarning]:
    """Everything suspicious in a grammar, in the order of its places.

    Args:
        text: the grammar.
        notation: what it is written in.
        start: its start rule; None: as its notation has it.
        lexer: how a Lark grammar's terminals split the text; None: as its header says.
        indenter: which one supplies a Lark grammar's terminals of indentation; None: as its header says.
        files: what a Lark grammar may import.
        terminals: regular expressions for the terminals that a Lark grammar only declares.
        data: contents of the files that terminals of a Lark grammar are taken from, by name; into others nobody looks.
        limits: how long it may be.

    Raises:
        InputError: it is no grammar, or one that constrain refuses; as for :func:`~constrain.compiler.notation.read`.
        DataError: a file is not UTF-8, or empty.
    """
    with bounded_nesting("grammar", "a flatter one"):
        if notation == "lark":
            read_header(text).reading(lexer, indenter)
        every = read(
            text,
            notation,
            start=start,
            lexer=lexer,
            indenter=indenter,
            files=files,
            terminals=terminals,
            data=data,
            limits=limits,
        )
        context = Context.of(every, pruned(every), notation)
        found = [warning for rule in RULES for warning in rule(context)]
    return sorted(dict.fromkeys(found), key=lambda warning: (warning.line, warning.column, warning.code))
