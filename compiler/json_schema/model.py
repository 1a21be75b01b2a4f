"""The one model that every draft is read into: small immutable records, interned, so that equal schemas are one number.

A schema is a conjunction: allowed types, allowed values, one facet per type (which says nothing about values of other
types), and combinators whose parts are numbers of other schemas. References stay names until they are followed, so
recursion needs no special care here.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from constrain.compiler.data import TextSource

__all__ = [
    "ALL_TYPES",
    "ARRAY",
    "BOOLEAN",
    "EVERYTHING",
    "FALSE",
    "FRACTION",
    "INTEGER",
    "NULL",
    "NUMBER",
    "OBJECT",
    "STRING",
    "TRUE",
    "TYPE_NAMES",
    "ArrayFacet",
    "Bound",
    "Count",
    "NumberFacet",
    "ObjectFacet",
    "PatternTerm",
    "Refusal",
    "Schema",
    "SchemaId",
    "Some",
    "Store",
    "StringFacet",
    "Unevaluated",
    "Value",
    "conjunction",
]

NULL, BOOLEAN, INTEGER, FRACTION, STRING, ARRAY, OBJECT = 1, 2, 4, 8, 16, 32, 64
"""One bit per type. A number is an INTEGER or a FRACTION (not integral), so that complements are exact."""

NUMBER = INTEGER | FRACTION
ALL_TYPES = 127

TYPE_NAMES = {
    "null": NULL,
    "boolean": BOOLEAN,
    "integer": INTEGER,
    "number": NUMBER,
    "string": STRING,
    "array": ARRAY,
    "object": OBJECT,
}

SchemaId: TypeAlias = int
"""Index into :attr:`Store.schemas`."""

TRUE: SchemaId = 0
FALSE: SchemaId = 1
EVERYTHING: SchemaId = 2
"""``true`` where it was written out: it evaluates what it stands for."""


def conjunction(parts: Sequence[SchemaId]) -> tuple[SchemaId, ...]:
    """What of some schemas must be said for all of them to hold: each once, in order, without ``TRUE``."""
    if len(parts) == 1:
        return tuple(parts) if parts[0] not in (TRUE, EVERYTHING) else ()
    return tuple([part for part in dict.fromkeys(parts) if part not in (TRUE, EVERYTHING)])


Value: TypeAlias = tuple[str, bool | str | None] | tuple[str, int | Decimal, str]
"""A scalar: ``("null", None)``, ``("boolean", b)``, ``("string", s)`` or ``("number", n, its spelling)``."""


class PatternTerm(NamedTuple):
    """A string must match (or, negated, must not match) a regular expression or a format, or be taken from a source."""

    kind: str
    text: str
    negated: bool = False
    source: TextSource | None = None


class StringFacet(NamedTuple):
    """Length in characters, and patterns."""

    minimum: int = 0
    maximum: int | None = None
    patterns: tuple[PatternTerm, ...] = ()


class Bound(NamedTuple):
    """One end of an interval; strict when the value itself is outside."""

    value: int | Decimal
    strict: bool = False


class NumberFacet(NamedTuple):
    """An interval, numbers that divide, and numbers that don't."""

    low: Bound | None = None
    high: Bound | None = None
    divisors: tuple[int | Decimal, ...] = ()
    avoided: tuple[int | Decimal, ...] = ()


class Count(NamedTuple):
    """How many items satisfy the schema for their place: those of the first items, and one for all later ones."""

    prefix: tuple[SchemaId, ...]
    rest: SchemaId
    minimum: int = 1
    maximum: int | None = None
    evaluates: bool = False
    """Whether these items count as evaluated (see :mod:`~constrain.compiler.json_schema.unevaluated`)."""


class ArrayFacet(NamedTuple):
    """Schemas of the first items, of all later ones; the number of items, and of items that satisfy other schemas; and
    whether no two items are equal, or some are.
    """

    prefix: tuple[SchemaId, ...] = ()
    rest: SchemaId = TRUE
    minimum: int = 0
    maximum: int | None = None
    counts: tuple[Count, ...] = ()
    unique: bool = False
    repeated: bool = False


class Some(NamedTuple):
    """At least one member is such: its value satisfies a schema for its name, or its name satisfies ``names``."""

    properties: tuple[tuple[str, SchemaId], ...] = ()
    patterns: tuple[tuple[str, SchemaId], ...] = ()
    additional: SchemaId = FALSE
    names: SchemaId = FALSE


class ObjectFacet(NamedTuple):
    """Members by name, by pattern, all others; required names; number of members; a schema for names.

    ``some`` are members that must be there, whatever their names: what is left when the rest is negated.
    """

    properties: tuple[tuple[str, SchemaId], ...] = ()
    patterns: tuple[tuple[str, SchemaId], ...] = ()
    additional: SchemaId = TRUE
    required: tuple[str, ...] = ()
    minimum: int = 0
    maximum: int | None = None
    names: SchemaId = TRUE
    some: tuple[Some, ...] = ()


class Unevaluated(NamedTuple):
    """A schema, and schemas of the members and items on which nothing in it says anything."""

    body: SchemaId
    properties: SchemaId | None = None
    items: SchemaId | None = None


class Refusal(NamedTuple):
    """A keyword that is not implemented. It matters only where a value of one of the types is still possible."""

    types: int
    keyword: str
    pointer: str
    expected: str | None = None


class Schema(NamedTuple):
    """A conjunction of everything its fields say. The defaults say nothing."""

    types: int = ALL_TYPES
    values: tuple[Value, ...] | None = None
    excluded: tuple[Value, ...] = ()
    string: StringFacet | None = None
    number: NumberFacet | None = None
    array: ArrayFacet | None = None
    object: ObjectFacet | None = None
    all_of: tuple[SchemaId, ...] = ()
    any_of: tuple[SchemaId, ...] | None = None
    one_of: tuple[SchemaId, ...] | None = None
    nots: tuple[SchemaId, ...] = ()
    reference: str | None = None
    not_reference: str | None = None
    unevaluated: Unevaluated | None = None
    refusals: tuple[Refusal, ...] = ()

    @property
    def concerns(self) -> int:
        """The types of which facets or refusals say something."""
        types = 0
        if self.string is not None:
            types |= STRING
        if self.number is not None:
            types |= NUMBER
        if self.array is not None:
            types |= ARRAY
        if self.object is not None:
            types |= OBJECT
        for refusal in self.refusals:
            types |= refusal.types
        return types


class Store:
    """Interns schemas. The first ids are ``TRUE``, ``FALSE`` and ``EVERYTHING``."""

    def __init__(self) -> None:
        self.schemas: list[Schema] = []
        self.concerns: list[int] = []
        """:attr:`Schema.concerns` of each."""
        self.places: dict[SchemaId, str] = {}
        """Pointer of the first place at which a schema was read, for errors."""
        self._ids: dict[Schema, SchemaId] = {}
        self._typed: dict[int, SchemaId] = {}
        self.typed(ALL_TYPES)  # TRUE
        self.typed(0)  # FALSE
        self.add(Schema(all_of=(TRUE,)))  # EVERYTHING

    def add(self, schema: Schema) -> SchemaId:
        """The id of ``schema``; equal schemas have equal ids."""
        known = self._ids.get(schema)
        if known is None:
            known = self._ids[schema] = len(self.schemas)
            self.schemas.append(schema)
            self.concerns.append(schema.concerns)
        return known

    def typed(self, types: int) -> SchemaId:
        """The schema that says nothing but the types, which most schemas of members and items are."""
        known = self._typed.get(types)
        if known is None:
            known = self._typed[types] = self.add(Schema(types=types))
        return known

    def all_of(self, parts: tuple[SchemaId, ...]) -> SchemaId:
        """The conjunction of some schemas, in order."""
        parts = conjunction(parts)
        if FALSE in parts:
            return FALSE
        return parts[0] if len(parts) == 1 else self.add(Schema(all_of=parts)) if parts else TRUE

    def any_of(self, parts: tuple[SchemaId, ...]) -> SchemaId:
        """The disjunction of some schemas, in order."""
        parts = tuple(dict.fromkeys(part for part in parts if part != FALSE))
        if TRUE in parts:
            return TRUE
        if len(parts) > 1:
            parts = self._values_together(parts)
        return parts[0] if len(parts) == 1 else self.add(Schema(any_of=parts)) if parts else FALSE

    def one_of(self, parts: tuple[SchemaId, ...]) -> SchemaId:
        """Exactly one of some schemas."""
        parts = tuple(part for part in parts if part != FALSE)
        if len(parts) < 2:
            return parts[0] if parts else FALSE
        lists = [schema.values for part in parts if (schema := self.schemas[part]) == Schema(values=schema.values)]
        keys = [(value[0], value[1]) for values in lists if values is not None for value in values]
        if len(lists) == len(parts) and None not in lists and len(set(keys)) == len(keys):
            return self.any_of(parts)  # constants with titles, often hundreds of them
        return self.add(Schema(one_of=parts))

    def _values_together(self, parts: tuple[SchemaId, ...]) -> tuple[SchemaId, ...]:
        """Alternatives that only list values become one list, where the first of them stood."""
        lists = [p for p in parts if (s := self.schemas[p]).values is not None and s == Schema(values=s.values)]
        if len(lists) < 2:
            return parts
        values = dict.fromkeys(value for p in lists for value in self.schemas[p].values or ())
        together = self.add(Schema(values=tuple(values)))
        later = set(lists[1:])
        return tuple(together if part == lists[0] else part for part in parts if part not in later)
