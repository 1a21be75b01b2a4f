"""From an ``%import`` to the text it leads to: each file read once, cycles and towers of imports refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from constrain.compiler.grammar import Limits
from constrain.compiler.lark import library
from constrain.compiler.lark.files import Files, Location
from constrain.compiler.lark.reader import read
from constrain.compiler.lark.source import Source
from constrain.compiler.lark.syntax import Import
from constrain.errors import InputError, LimitError, UnsupportedError

__all__ = ["MAXIMUM_IMPORT_DEPTH", "Imports"]

MAXIMUM_IMPORT_DEPTH = 50
"""Grammars that import each other in a row."""


class Imports:
    """The texts that a grammar's imports lead to."""

    def __init__(self, files: Files, limits: Limits) -> None:
        """Where files are, and how long they may be: all together, each as often as it is imported."""
        self._files = files
        self._limits = limits
        self._sources: dict[Location, Source] = {}
        self._open: list[Source] = []
        self._size = 0

    @contextmanager
    def of(self, statement: Import, importer: Source) -> Iterator[Source]:
        """The text that an import leads to, to be worked through before the next.

        Args:
            statement: the import.
            importer: the text it stands in.

        Raises:
            GrammarError: there is no such grammar, it is imported by itself, cannot be read, or has a mistake.
            UnsupportedError: an import relative to a grammar that is no file.
            LimitError: imports are too deep, or too large together.
        """
        source = self._find(statement, importer)
        if source in self._open:
            cycle = [str(each.file) for each in (*self._open[self._open.index(source) :], source)]
            raise importer.error(
                f"cyclic import: {' imports '.join(cycle)}",
                statement.at,
                expected="grammars that do not import each other",
            )
        if len(self._open) == MAXIMUM_IMPORT_DEPTH:
            raise LimitError(
                f"more than {MAXIMUM_IMPORT_DEPTH} grammars import each other in a row",
                span=importer.span(statement.at),
                expected="fewer files; this limit is fixed",
            )
        self._open.append(source)
        yield source
        self._open.pop()

    def _find(self, statement: Import, importer: Source) -> Source:
        path = [name.text for name in statement.path]
        if not path:
            raise importer.error(
                f"%import {'.' * statement.relative}{statement.names[0][0].text} names nothing to import",
                statement.at,
                expected="%import grammar.NAME",
            )
        candidates = self._files.candidates(importer.location, path, relative=statement.relative)
        try:
            for location in candidates:
                source = self._source(location)
                if source is not None:
                    return source
        except InputError as error:
            if error.span is not None:
                raise
            raise type(error)(error.message, span=importer.span(statement.at), expected=error.expected) from None
        name = ".".join(path)
        looked = [self._files.name(location) for location in candidates]
        if not statement.relative:
            if name in library.names():
                return library.source(name)
            looked.append(f"one of lark's own: {', '.join(library.names())}")
        elif not self._files.has_folder:
            raise UnsupportedError(
                f"%import .{name}: the grammar is a text and lies in no folder",
                span=importer.span(statement.at),
                expected=f"a grammar in a file, or %import {name} from a search path or from lark",
            )
        raise importer.error(
            f"%import {'.' * statement.relative}{name}: there is no grammar of that name",
            statement.at,
            expected=" or ".join(looked),
        )

    def _source(self, location: Location) -> Source | None:
        source = self._sources.get(location)
        if source is None:
            text = self._files.text(location)
            if text is None:
                return None
            file = self._files.name(location)
            source = self._sources[location] = Source(text, read(text, self._limits, file), file, location)
        self._size += 3 * len(source.statements)  # a definition has a name, a colon and a line end
        self._limits.check("max_grammar_tokens", self._size)
        return source
