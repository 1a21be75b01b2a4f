"""Terminals that are taken from data: ``%choices "file"`` and ``%substring_of "file" unit``, which lark does not have.

They match what stands in a file, not what a regular expression describes, so that they are terminals of their own and
no part of others. As for JSON Schema, files are named, and their contents given by whoever compiles.
"""

from __future__ import annotations

from constrain.compiler.data import DataFiles, TextSource
from constrain.compiler.grammar import Limits
from constrain.compiler.lark.definitions import Definition
from constrain.compiler.lark.reader import read
from constrain.compiler.lark.source import Source
from constrain.compiler.lark.syntax import Data, Define
from constrain.errors import InputError, UnsupportedError

__all__ = ["file_name", "file_names", "no_pattern_error", "part_error", "source_of"]


def file_name(leaf: Data, source: Source) -> str:
    """The file that a terminal is taken from.

    Raises:
        GrammarError: its name cannot be read, is empty, or has a flag.
    """
    pattern = source.patterns.of(leaf.file)
    if not pattern.plain or pattern.flags or not pattern.value:
        raise source.error(f"{leaf.how} {leaf.file.text} names no file", leaf.at, expected="a string without flags")
    return pattern.value


def file_names(text: str, limits: Limits) -> set[str]:
    """The files that the terminals of a text are taken from; none where it has mistakes, which a compiler names."""
    found: set[str] = set()
    try:
        statements = read(text, limits)
        source = Source(text, statements)
        for statement in statements:
            if isinstance(statement, Define):
                found.update(file_name(leaf, source) for leaf in statement.body.leaves if isinstance(leaf, Data))
    except InputError:
        return set()
    return found


def source_of(definition: Definition, files: DataFiles) -> TextSource | None:
    """What a terminal is taken from; None where it is a pattern.

    Raises:
        GrammarError: the file's name cannot be read.
        UnsupportedError: it is that and something else, by ``%extend``.
    """
    leaves = [(leaf, scope.source) for body, scope in definition.bodies for leaf in body.leaves]
    taken = [(leaf, source) for leaf, source in leaves if isinstance(leaf, Data)]
    if not taken:
        return None
    leaf, source = taken[0]
    if len(leaves) > 1:
        raise UnsupportedError(
            f"terminal {definition.name} is taken from a file, and extended",
            span=source.span(leaf.at),
            expected="a terminal for each, and a rule (lower case) with both",
        )
    unit = None if leaf.how == "%choices" else leaf.unit
    return TextSource(unit, file_name(leaf, source), (), files, span=source.span(leaf.at))


def no_pattern_error(definition: Definition, taken: TextSource) -> UnsupportedError:
    """The refusal of such a terminal where only a pattern will do."""
    return UnsupportedError(
        f"terminal {definition.name} is taken from a file, and is no pattern",
        span=taken.span,
        expected="a pattern, or the lexer 'complete'",
    )


def part_error(definition: Definition, source: Source, at: int) -> UnsupportedError:
    """The refusal of such a terminal inside another one, or in ``%ignore``."""
    return UnsupportedError(
        f"terminal {definition.name} is taken from a file, and cannot be part of another one",
        span=source.span(at),
        expected="a rule (lower case) that puts them together",
    )
