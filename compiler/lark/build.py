"""The front end's one entry: a grammar's text in, the engine's grammar out."""

from __future__ import annotations

from collections.abc import Mapping

from constrain.compiler.data import DataFiles
from constrain.compiler.grammar import Grammar, Limits
from constrain.compiler.lark.checks import check
from constrain.compiler.lark.definitions import load
from constrain.compiler.lark.files import Files
from constrain.compiler.lark.header import Indenter, Lexer, read_header
from constrain.compiler.lark.reader import read
from constrain.compiler.lark.rules import grammar_of
from constrain.compiler.regex.ast import text_span
from constrain.compiler.sizes import UNBOUNDED, Sizes
from constrain.compiler.starts import no_start
from constrain.errors import GrammarError, InputError

__all__ = ["build"]

_DEFAULT_LIMITS = Limits()
_NO_FILES = Files.on_disk()


def build(
    text: str,
    *,
    start: str | None = None,
    lexer: Lexer | None = None,
    indenter: Indenter | None = None,
    source: str | None = None,
    files: Files = _NO_FILES,
    terminals: Mapping[str, str] | None = None,
    data: Mapping[str, bytes | str] | None = None,
    sizes: Sizes = UNBOUNDED,
    limits: Limits = _DEFAULT_LIMITS,
) -> Grammar:
    """The language of a Lark grammar.

    Args:
        text: the grammar.
        start: the rule to begin with; None: the one that the grammar's header names, else ``start``.
        lexer: does every split of the text into terminals count (``"complete"``), or only that of lark's LALR parser
            with its contextual lexer (``"contextual"``)? None: as the grammar's header says, else the first.
        indenter: ``"python"``: the columns of lines open and close blocks, as lark's ``PythonIndenter`` has it; for the
            contextual lexer. None: as the grammar's header says.
        source: a name for the text (a file's, say) to put in front of messages.
        files: what ``%import`` may read besides lark's own grammars.
        terminals: regular expressions for the terminals that the grammar only declares, by name.
        data: contents of the files that ``%choices`` and ``%substring_of`` name, by name.
        sizes: of these, ``max_blanks`` bounds the text that is ignored between two terminals, for texts that a model
            writes: see :mod:`~.ignored`. By default nothing does.
        limits: how long the grammar may be, and what it imports.

    Raises:
        GrammarError: a syntax error, an undefined or doubly defined name, an empty terminal, no start rule, an import
            that leads nowhere or in a circle; with line and column, and the file if it is an imported one.
        RegexError: a terminal that is not a regular expression of Python's; with line and column.
        UnsupportedError: a declared terminal that is given no regular expression, an import relative to a grammar that
            is no file, or a regex construct that is not implemented.
        DataError: a data file that is not given, not UTF-8, or empty; with line and column.
        LimitError: a grammar that is too long; nesting, imports, terminals or templates beyond the fixed bounds.
    """
    try:
        return _build(text, start, lexer, indenter, files, terminals, DataFiles(data), sizes, limits)
    except InputError as error:
        if source is None:
            raise
        raise type(error)(
            f"{source}: {error.message}", pointer=error.pointer, span=error.span, expected=error.expected
        ) from None


def _build(
    text: str,
    start: str | None,
    lexer: Lexer | None,
    indenter: Indenter | None,
    files: Files,
    terminals: Mapping[str, str] | None,
    data: DataFiles,
    sizes: Sizes,
    limits: Limits,
) -> Grammar:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise GrammarError(
            "the grammar holds a lone surrogate", span=text_span(text, error.start), expected="UTF-8 text"
        ) from None
    header = read_header(text)
    lexer, indenter = header.reading(lexer, indenter)
    start = header.start if start is None else start
    definitions = load(text, read(text, limits), files=files, terminals=terminals, limits=limits)
    check(definitions)
    if start not in definitions.rules():
        raise no_start(start, definitions.rules())
    if lexer == "contextual":
        from constrain.compiler.lark import contextual

        return contextual.grammar_of(definitions, start, indented=indenter is not None, max_ignored=sizes.max_blanks)
    return grammar_of(definitions, start, data, sizes.max_blanks)
