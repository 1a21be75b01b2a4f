"""Data that constraints are made from: lists of choices, and documents whose spans may be written.

Front ends read no files. Whoever compiles hands over the content of those that a schema or a grammar may name.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias, TypeVar

from constrain._core import text_units
from constrain.compiler.grammar import ExcerptSpelling, Expression, GrammarBuilder, Limits
from constrain.errors import DataError, Span

__all__ = ["UNITS", "DataFiles", "TextSource", "Unit", "check_size", "choices_in", "document_in", "too_many_bytes"]

Unit: TypeAlias = Literal["char", "word", "sentence"]
UNITS: tuple[Unit, ...] = ("char", "word", "sentence")
"""What a span of a document begins and ends with."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_Read = TypeVar("_Read")


_MEMORY = {"choice": 2}
_MEMORY_OF_SPANS = 10
_BYTES_PER_EXPRESSION = 128
"""Bytes of memory for a byte of text, and what weighs as much as an expression; the native engine charges the same."""


def too_many_bytes(unit: str, limits: Limits) -> int:
    """The least number of bytes that is too many for :func:`check_size`."""
    needed = (limits.max_expressions + 1) * _BYTES_PER_EXPRESSION
    return -(-needed // _MEMORY.get(unit, _MEMORY_OF_SPANS))


def check_size(length: int, unit: str, limits: Limits) -> None:
    """Hold the size of a text, in bytes, against the budget, before it is read.

    Raises:
        LimitError: it needs more.
    """
    limits.check("max_expressions", length * _MEMORY.get(unit, _MEMORY_OF_SPANS) // _BYTES_PER_EXPRESSION)


def choices_in(content: bytes | str, name: str) -> list[bytes]:
    """The choices in a list of them, one a line.

    Lines end with a line feed, or a carriage return and a line feed; the last one may go without. A byte order mark at
    the beginning and blank lines are left out; whatever else is in a line, spaces included, belongs to the choice.
    Lines that come again are harmless.

    Args:
        content: the list.
        name: what messages call it.

    Raises:
        DataError: it is not UTF-8, or holds no choice.
    """
    lines = _checked(content, name).split(b"\n")
    found = [line.removesuffix(b"\r") for line in lines if line.strip()]
    if not found:
        raise DataError(f"{name} holds no choice", expected="one choice a line")
    return found


def document_in(content: bytes | str, name: str) -> bytes:
    """A document as UTF-8, as it is but for a byte order mark at the beginning.

    Raises:
        DataError: it is not UTF-8, or empty.
    """
    text = _checked(content, name)
    if not text:
        raise DataError(f"{name} is empty", expected="a text to take spans from")
    return text


def _checked(content: bytes | str, name: str) -> bytes:
    encoded = content if isinstance(content, bytes) else _encoded(content, name)
    try:
        encoded.decode()
    except UnicodeDecodeError as error:
        line = encoded.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{name} is not UTF-8: byte 0x{encoded[error.start]:02x} in line {line}, at byte offset {error.start}",
            expected="UTF-8 text",
        ) from None
    return encoded.removeprefix(_BYTE_ORDER_MARK)


def _encoded(content: str, name: str) -> bytes:
    try:
        return content.encode(errors="surrogateescape")  # bytes that were no UTF-8 are what they were (PEP 383)
    except UnicodeEncodeError as error:
        line = content.count("\n", 0, error.start) + 1
        raise DataError(f"{name} holds a lone surrogate, which is no character, in line {line}") from None


class DataFiles:
    """The files that a constraint may name, by name."""

    def __init__(self, files: Mapping[str, bytes | str] | None = None) -> None:
        """Keep them; nothing is read before it is asked for.

        Args:
            files: contents by name.

        Raises:
            TypeError: something else than contents by name.
        """
        self._files = dict(files or {})
        for name, content in self._files.items():
            if not isinstance(name, str) or not isinstance(content, bytes | str):
                raise TypeError(f"data[{name!r}] must be bytes or a str, not {type(content).__name__}")
        self._choices: dict[str, list[bytes]] = {}
        self._documents: dict[str, bytes] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def choices(self, name: str) -> list[bytes]:
        """The choices in a file.

        Raises:
            DataError: it is not given, not UTF-8, or empty.
        """
        return self._read(name, self._choices, choices_in)

    def document(self, name: str) -> bytes:
        """The text of a file.

        Raises:
            DataError: it is not given, not UTF-8, or empty.
        """
        return self._read(name, self._documents, document_in)

    def _read(self, name: str, known: dict[str, _Read], read: Callable[[bytes | str, str], _Read]) -> _Read:
        if name not in known:
            if name not in self._files:
                raise DataError(
                    f"the data file {name!r} is not given",
                    expected=f"data={{{name!r}: ...}} (a file beside the constraint's, or --data {name}=FILE)",
                )
            known[name] = read(self._files[name], repr(name))
        return known[name]


@dataclass(frozen=True)
class TextSource:
    """Texts that something must be taken from: a list of choices, or documents whose spans are meant.

    Attributes:
        unit: of spans; None for choices.
        file: the name of a file; None where the texts are given.
        given: the texts.
        files: where the file is.
        pointer: where the schema says so, for errors.
        span: where the grammar does.
    """

    unit: Unit | None
    file: str | None
    given: tuple[str, ...] = ()
    files: DataFiles = field(default_factory=DataFiles, compare=False, repr=False)
    pointer: str | None = field(default=None, compare=False)
    span: Span | None = field(default=None, compare=False)

    def expression(self, builder: GrammarBuilder, spelling: ExcerptSpelling = "plain") -> Expression:
        """Everything that may be taken, as it is spelled.

        Raises:
            DataError: the file is not given, or cannot be used.
        """
        if self.unit is None:
            return builder.choices(self.texts, spelling)
        return builder.spans(self.texts, self.unit, spelling)

    def holds(self, text: str) -> bool:
        """May a text be taken? Looked up without an automaton.

        Raises:
            DataError: the file is not given, or cannot be used.
        """
        try:
            wanted = text.encode()
        except UnicodeEncodeError:
            return False
        if self.unit is None:
            return wanted in self._choices
        if self.unit == "char":
            return bool(wanted) and any(wanted in document for document in self.texts)
        return bool(wanted) and any(_is_span(wanted, document, units) for document, units in self._units)

    @property
    def is_given(self) -> bool:
        """Are the texts there?"""
        return self.file is None or self.file in self.files

    @cached_property
    def texts(self) -> list[bytes]:
        """The choices, or the documents.

        Raises:
            DataError: the file is not given, or cannot be used.
        """
        if self.file is None:
            return [text.encode() for text in self.given]
        try:
            return self.files.choices(self.file) if self.unit is None else [self.files.document(self.file)]
        except DataError as error:
            raise DataError(error.message, pointer=self.pointer, span=self.span, expected=error.expected) from None

    @cached_property
    def _choices(self) -> frozenset[bytes]:
        return frozenset(self.texts)

    @cached_property
    def _units(self) -> list[tuple[bytes, list[tuple[int, int]]]]:
        return [(text, text_units(text.decode(), self.unit or "word")) for text in self.texts]


def _is_span(wanted: bytes, document: bytes, units: list[tuple[int, int]]) -> bool:
    at = document.find(wanted)
    while at >= 0:
        first = bisect_left(units, (at, 0))
        if first < len(units) and units[first][0] == at:
            end = at + len(wanted)
            last = bisect_left(units, end, key=lambda unit: unit[1])
            if last < len(units) and units[last][1] == end:
                return True
        at = document.find(wanted, at + 1)
    return False
