"""Verdicts on finished texts: the automaton over bytes decides, and jsonschema-rs is the second opinion on schemas.

The two never share code, which is the point: ``gen`` asks both before it prints, and withholds where they disagree.
They do share how the schema is read, that is its draft and whether ``format`` constrains. ``check`` goes by the
automaton of a schema's texts in every spelling (``json_documents``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from constrain.cli.constraint import Constraint
from constrain.cli.display import byte_name, byte_set
from constrain.errors import InputError, SchemaError, Span

if TYPE_CHECKING:
    from constrain.cli.source import Source
    from constrain.compiler import CompiledGrammar

__all__ = ["AutomatonJudge", "Finding", "Judge", "SchemaJudge", "finding_at", "judge_for", "offset_in", "place_in"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason why a text is invalid.

    Attributes:
        message: what is wrong.
        pointer: JSON pointer into the document, None when it is not about a value.
        keyword: the schema keyword that failed.
        span: line and column in the text.
        offset: byte offset of the first wrong byte.
        expected: what would have been accepted there.
        repeats_key: it is about a key that occurs twice.
    """

    message: str
    pointer: str | None = None
    keyword: str | None = None
    span: Span | None = None
    offset: int | None = None
    expected: str | None = None
    repeats_key: bool = False

    @property
    def place(self) -> str:
        """The place in words, empty when there is none."""
        parts = []
        if self.span is not None:
            parts.append(str(self.span))
        if self.offset is not None:
            parts.append(f"byte {self.offset}")
        if self.pointer is not None:
            parts.append(f"at {self.pointer or '/'}")
        return ", ".join(parts)

    def as_json(self) -> dict[str, Any]:
        """For ``--format json``; parts that say nothing are left out."""
        values = {
            "message": self.message,
            "pointer": self.pointer,
            "keyword": self.keyword,
            "line": self.span.line if self.span else None,
            "column": self.span.column if self.span else None,
            "offset": self.offset,
            "expected": self.expected,
        }
        return {name: value for name, value in values.items() if value is not None}


class Judge(Protocol):
    """Anything that finds what is wrong with a text."""

    def findings(self, text: bytes) -> list[Finding]:
        """Why the text is invalid; nothing when it is valid."""


class SchemaJudge:
    """jsonschema-rs, under the draft and the reading of formats that the automaton is built for."""

    def __init__(self, constraint: Constraint, *, repeated_keys: Literal["error", "last"] = "error") -> None:
        """Read the schema.

        Args:
            constraint: the schema, and how it is read.
            repeated_keys: is a key that occurs twice in a text a mistake, or does its last value count?

        Raises:
            InputError: the schema is not one; with a note that names its source.
        """
        try:
            self._validator = _validator(constraint)
            self._repeated_keys = repeated_keys
        except InputError as error:
            error.add_note(constraint.source)
            raise

    def findings(self, text: bytes) -> list[Finding]:
        """Syntax first (JSON; duplicate keys unless they are allowed), then every failed keyword with its pointer.

        Raises:
            LimitError: the text nests too deeply, or a number is too long, to be judged.
        """
        from constrain.compiler.json_schema.pointers import pointer_of
        from constrain.compiler.json_schema.read_text import DuplicateKey, read_schema_text
        from constrain.compiler.json_schema.validators import shortened

        try:
            document = read_schema_text(text, repeated_keys=self._repeated_keys)
        except SchemaError as error:
            repeats_key = isinstance(error.__cause__, DuplicateKey)
            return [Finding(error.message, span=error.span, expected=error.expected, repeats_key=repeats_key)]
        try:
            return [
                Finding(shortened(error.message), pointer=pointer_of(error.instance_path), keyword=error.kind.name)
                for error in self._validator.iter_errors(document)
            ]
        except ValueError as error:  # a lone surrogate written as an escape: JSON by grammar, but no text
            return [Finding(f"not Unicode text: {shortened(str(error))}")]


class AutomatonJudge:
    """The automaton over bytes: the first wrong byte, and what could have stood there."""

    def __init__(self, compiled: CompiledGrammar) -> None:
        self._compiled = compiled

    def findings(self, text: bytes) -> list[Finding]:
        """At most one finding. One final line break that the language has no place for is not counted as text."""
        finding = self.exact_finding(text)
        shorter = text[:-2] if text.endswith(b"\r\n") else text[:-1] if text.endswith(b"\n") else text
        if finding is not None and shorter != text:
            finding = self.exact_finding(shorter)
        return [finding] if finding else []

    def exact_finding(self, text: bytes) -> Finding | None:
        """The finding about exactly these bytes."""
        matcher = self._compiled.matcher()
        viable = matcher.viable_prefix(text)
        matcher.accept_bytes(text[:viable])
        if viable == len(text) and matcher.is_accepting():
            return None
        return finding_at(text, viable, byte_set(matcher.next_bytes()), may_end=matcher.is_accepting())


def finding_at(text: bytes, offset: int, expected: str | None, *, may_end: bool) -> Finding:
    """The finding that a text cannot go on as it does.

    Args:
        text: all of it.
        offset: the first wrong byte, or the end.
        expected: what could have stood there, in words; None where that is not known.
        may_end: whether the text could also have ended there.
    """
    if may_end:
        nothing_else = expected in (None, "nothing more")
        expected = "the end of the text" if nothing_else else f"{expected}, or the end of the text"
    wrong = "the text ends too early" if offset == len(text) else f"unexpected {byte_name(text[offset])}"
    return Finding(wrong, span=place_in(text, offset), offset=offset, expected=expected)


def judge_for(source: Source, *, repeated_keys: Literal["error", "last"] = "error") -> Judge:
    """Who decides about texts: the automaton of the constraint, of a schema that of all JSON texts.

    Args:
        source: the constraint.
        repeated_keys: as for :class:`SchemaJudge`.

    Raises:
        InputError: the constraint is bad, unsupported or unsatisfiable.
        ArtifactError: the compiled file cannot be used.
    """
    if isinstance(source, Constraint) and source.kind == "schema":
        from constrain.cli.json_documents import JsonJudge

        return JsonJudge(source, repeated_keys=repeated_keys)
    return AutomatonJudge(source.language())


def place_in(text: bytes, offset: int) -> Span:
    """Line and column (in characters) of a byte; a byte inside a character has that character's column."""
    start = text.rfind(b"\n", 0, offset) + 1
    column = len(text[start:offset].decode("utf-8", "ignore")) + 1
    return Span(text.count(b"\n", 0, offset) + 1, column)


def offset_in(text: bytes, place: Span) -> int:
    """The byte at a line and column (in characters); bytes that are no UTF-8 count as characters."""
    start = 0
    for _ in range(place.line - 1):
        start = text.index(b"\n", start) + 1
    line = text[start:].partition(b"\n")[0].decode("utf-8", "surrogateescape")
    return start + len(line[: place.column - 1].encode("utf-8", "surrogateescape"))


def _validator(constraint: Constraint) -> Any:
    from constrain.compiler.json_schema.document import open_schema
    from constrain.compiler.json_schema.validators import validator

    # the compiler's own reading, so that both sides mean the same schema
    given = constraint.options
    document = open_schema(
        constraint.text,
        draft=given.draft,
        formats="annotate" if given.formats == "annotate" else "assert",
        ignore_formats=given.ignore_formats,
        references=dict(given.references),
        data=dict(given.data),
    )
    document.reader.check()
    return validator(document.root, document.draft, document.options, document.options.references)
