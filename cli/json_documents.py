"""Verdicts on JSON texts under a schema: its automaton decides, whatever the spelling, and jsonschema-rs explains.

The automaton knows the first byte after which no completion exists; the validator knows which keywords failed. Where
the two disagree about validity, the automaton holds, which is why the explanation is left out then. Two things are not
in it. A key that occurs twice is looked for by parsing. And a format that is not practically regular is in it as a
language that holds all of the format: of a text between that and the part that ``gen`` writes, the validator decides.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from constrain.cli.constraint import Constraint
from constrain.cli.documents import Finding, SchemaJudge, finding_at, offset_in
from constrain.cli.json_expectation import expected_in_json
from constrain.errors import InputError, LimitError, SchemaError, UnsatisfiableError

if TYPE_CHECKING:
    from constrain.compiler import CompiledGrammar

__all__ = ["JsonJudge"]

_BLANKS = b" \t\n\r"


class JsonJudge:
    """The automaton of all JSON texts that satisfy a schema."""

    def __init__(self, constraint: Constraint, *, repeated_keys: Literal["error", "last"] = "error") -> None:
        """Compile the schema.

        Args:
            constraint: the schema, and how it is read; the spellings in its options do not matter.
            repeated_keys: is a key that occurs twice in a text a mistake, or does its last value count?

        Raises:
            InputError: it is not a schema, not supported or not satisfiable; with a note that names its source.
        """
        self._constraint = constraint
        self._repeated_keys = repeated_keys
        self._outer = _language(constraint, "outer")

    def findings(self, text: bytes) -> list[Finding]:
        """The first byte after which no completion exists, then every failed keyword with its pointer.

        Raises:
            LimitError: the text nests too deeply to be judged.
        """
        wrong = self._first_wrong(self._counted(text))
        if wrong is not None:
            return self._explained(wrong, text)
        if self._repeated_keys == "error" and (twice := self._repeated_key(text)) is not None:
            return [twice]
        if not self._is_partial or (self._inner is not None and _takes(self._inner, text.strip(_BLANKS))):
            return []
        return self._validator.findings(text)

    def _counted(self, text: bytes) -> bytes:
        """The text as it counts: where the last member of a name does, without the others."""
        from constrain.compiler.json_schema.repeated_keys import without_overridden

        if self._repeated_keys == "last":
            twice = self._repeated_key(text)
            if twice is not None and twice.repeats_key:
                return without_overridden(text)
        return text

    def _first_wrong(self, text: bytes) -> Finding | None:
        # blanks around the value are no part of it (RFC 8259, section 2)
        body = text.strip(_BLANKS)
        if _takes(self._outer, body):
            return None
        text = text.rstrip(_BLANKS)
        start = len(text) - len(body)
        matcher = self._outer.matcher()
        viable = matcher.viable_prefix(body)
        matcher.accept_bytes(body[:viable])
        expected = None
        with suppress(LimitError):  # the place is known all the same
            expected = expected_in_json(matcher, body[:viable])
        may_end = matcher.is_accepting()
        if may_end:
            viable = len(body) - len(body[viable:].lstrip(_BLANKS))
        return finding_at(text, start + viable, expected, may_end=may_end)

    def _repeated_key(self, text: bytes) -> Finding | None:
        """The finding about a key that occurs twice; None where there is none, or where the text is not JSON."""
        from constrain.compiler.json_schema.read_text import DuplicateKey, check_distinct_keys

        try:
            check_distinct_keys(text)
        except SchemaError as error:
            if isinstance(error.__cause__, DuplicateKey):
                return _placed(Finding(error.message, span=error.span, expected=error.expected, repeats_key=True), text)
        return None

    def _explained(self, wrong: Finding, text: bytes) -> list[Finding]:
        """With what the validator, or the reader of JSON, has to say about it."""
        from constrain.compiler.json_schema.validators import shortened

        try:
            found = self._validator.findings(text)
        except InputError:  # too deep or too long for it, or a schema that it cannot read
            return [wrong]
        if len(found) != 1 or found[0].span is None or wrong.offset is None:
            return [wrong, *found]
        other = _placed(found[0], text)
        if other.repeats_key or not _is_text(text):
            return [wrong, other] if other.offset is None or wrong.offset < other.offset else [other]
        if other.offset is not None and other.offset > wrong.offset:
            return [wrong, other]
        # what is no JSON at all is one mistake, and the automaton knows best where it is and what to write
        return [replace(wrong, message=f"{wrong.message} ({shortened(other.message)})")]

    @cached_property
    def _validator(self) -> SchemaJudge:
        return SchemaJudge(self._constraint, repeated_keys=self._repeated_keys)

    @cached_property
    def _is_partial(self) -> bool:
        """Whether the automaton may take what does not conform to a format."""
        from constrain.compiler.json_schema.formats.partial import may_ask_for_partial
        from constrain.compiler.json_schema.read_text import read_schema_text

        options = self._constraint.options
        texts = [self._constraint.text, *(text for _, text in options.references)]
        return options.formats != "annotate" and may_ask_for_partial(map(read_schema_text, texts))

    @cached_property
    def _inner(self) -> CompiledGrammar | None:
        """The automaton of what surely conforms; None when there is none."""
        try:
            return _language(self._constraint, "inner")
        except (UnsatisfiableError, LimitError):
            return None


def _language(constraint: Constraint, formats_bound: str) -> CompiledGrammar:
    """The automaton of every spelling of the values that a schema allows."""
    options = replace(
        constraint.options,
        whitespace="any",
        order="any",
        numbers="any",
        escapes="any",
        formats_bound=formats_bound,
    )
    return replace(constraint, options=options).language()


def _takes(compiled: CompiledGrammar, text: bytes) -> bool:
    matcher = compiled.matcher()
    return matcher.accept_bytes(text) and matcher.is_accepting()


def _placed(finding: Finding, text: bytes) -> Finding:
    return finding if finding.span is None else replace(finding, offset=offset_in(text, finding.span))


def _is_text(data: bytes) -> bool:
    """UTF-8 without a byte order mark?"""
    try:
        return not data.decode().startswith("\ufeff")
    except UnicodeDecodeError:
        return False
