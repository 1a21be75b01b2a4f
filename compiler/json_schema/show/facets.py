"""Each field of each facet as keywords of 2020-12: one table, which has to name every field that there is.

A field becomes any number of fragments; :func:`conjoined` puts them into one object, and those that would need the same
keyword twice into ``allOf``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from constrain.compiler.json_schema import sources
from constrain.compiler.json_schema.arrays import Items
from constrain.compiler.json_schema.model import (
    FALSE,
    Bound,
    Count,
    NumberFacet,
    PatternTerm,
    SchemaId,
    Some,
    StringFacet,
)
from constrain.compiler.json_schema.objects import Members
from constrain.compiler.json_schema.show.families import names_beside
from constrain.errors import UnsupportedError

__all__ = ["FIELDS", "Fragment", "Inside", "conjoined", "fragments", "some_member"]

Fragment: TypeAlias = dict[str, Any]


class Inside(NamedTuple):
    """How schemas of members and items are written: the conjunction of some, and the complement of one."""

    child: Callable[[tuple[SchemaId, ...]], Any]
    negate: Callable[[SchemaId], SchemaId]

    def refusing(self, schema: SchemaId) -> Any:
        """What accepts exactly what a schema does not."""
        return self.child((self.negate(schema),))


_Field: TypeAlias = Callable[[Any, Inside], Iterable[Fragment]]


def fragments(facet: Any, inside: Inside) -> Iterator[Fragment]:
    """What a facet says.

    Raises:
        LookupError: it has a field that no table knows; nothing is left out silently.
    """
    table = FIELDS[type(facet)]
    for name in facet._fields:
        yield from table[name](facet, inside)


def conjoined(parts: Iterable[Fragment]) -> Fragment:
    """One schema that says what all fragments say."""
    merged: Fragment = {}
    more: list[Fragment] = []
    for part in parts:
        if part.keys() & merged.keys():
            # by their text: 1 and true are equal to Python
            said = {key: merged.get(key) for key in part}
            if repr(part) not in (repr(said), *map(repr, more)):
                more.append(part)
        else:
            merged |= part
    return merged | ({"allOf": more} if more else {})


def _number(keyword: str, name: str, least: int | None = None) -> _Field:
    def field(facet: Any, inside: Inside) -> Iterator[Fragment]:
        value = getattr(facet, name)
        if value is not None and value != least:
            yield {keyword: value}

    return field


def _bound(keyword: str, strict: str, name: str) -> _Field:
    def field(facet: Any, inside: Inside) -> Iterator[Fragment]:
        bound: Bound | None = getattr(facet, name)
        if bound is not None:
            yield {strict if bound.strict else keyword: bound.value}

    return field


def _patterns(facet: StringFacet, inside: Inside) -> Iterator[Fragment]:
    for term in facet.patterns:
        yield _term(term)


def _term(term: PatternTerm) -> Fragment:
    # where drafts differ, the key of a format says whose it is
    said: Fragment = {term.kind: term.text.partition(" of draft ")[0] if term.kind == "format" else term.text}
    if term.source is not None:
        said = sources.said(term.source)
    return {"not": said} if term.negated else said


def _divisors(facet: NumberFacet, inside: Inside) -> Iterator[Fragment]:
    divisors: tuple[int | Decimal, ...] = facet.divisors
    for divisor in divisors:
        yield {"multipleOf": divisor}


def _avoided(facet: NumberFacet, inside: Inside) -> Iterator[Fragment]:
    for divisor in facet.avoided:
        yield {"not": {"multipleOf": divisor}}


def _prefix(items: Items, inside: Inside) -> Iterator[Fragment]:
    if items.prefix:
        yield {"prefixItems": [inside.child(schemas) for schemas in items.prefix]}


def _rest(items: Items, inside: Inside) -> Iterator[Fragment]:
    if items.rest:
        yield {"items": inside.child(items.rest)}


def _counts(items: Items, inside: Inside) -> Iterator[Fragment]:
    for count in items.counts:
        yield from _count(count, inside)


def _unique(items: Items, inside: Inside) -> Iterator[Fragment]:
    if items.unique:
        yield {"uniqueItems": True}


def _repeated(items: Items, inside: Inside) -> Iterator[Fragment]:
    if items.repeated:
        yield {"not": {"uniqueItems": True}}


def _count(count: Count, inside: Inside) -> Iterator[Fragment]:
    """``contains``, or, where the place of an item matters, that all items are of the other kind, or not all."""
    if not count.prefix:
        least = {"minContains": count.minimum} if count.minimum != 1 else {}
        most = {"maxContains": count.maximum} if count.maximum is not None else {}
        yield {"contains": inside.child((count.rest,)), **least, **most}
        return
    none = {
        "prefixItems": [inside.refusing(item) for item in count.prefix],
        "items": inside.refusing(count.rest),
    }
    if count.minimum > 1 or count.maximum not in (0, None):
        raise UnsupportedError("the normal form cannot say how many items of different kinds there are")
    if count.minimum == 1:
        yield {"not": {"type": "array", **none}}
    if count.maximum == 0:
        yield none


def some_member(some: Some, inside: Inside) -> Fragment:
    """That at least one member is such: not all are of the other kind."""
    every: Fragment = {"type": "object"}
    for name in some._fields:
        every |= _SOME[name](some, inside)
    return {"not": every}


def _by_name(keyword: str, name: str) -> Callable[[Some, Inside], Fragment]:
    def field(some: Some, inside: Inside) -> Fragment:
        schemas: tuple[tuple[str, SchemaId], ...] = getattr(some, name)
        return {keyword: {key: inside.refusing(schema) for key, schema in schemas}} if schemas else {}

    return field


def _by_schema(keyword: str, name: str) -> Callable[[Some, Inside], Fragment]:
    def field(some: Some, inside: Inside) -> Fragment:
        schema: SchemaId = getattr(some, name)
        return {keyword: inside.refusing(schema)} if schema != FALSE else {}

    return field


_SOME: Mapping[str, Callable[[Some, Inside], Fragment]] = {
    "properties": _by_name("properties", "properties"),
    "patterns": _by_name("patternProperties", "patterns"),
    "additional": _by_schema("additionalProperties", "additional"),
    "names": _by_schema("propertyNames", "names"),
}


def _named(members: Members, inside: Inside) -> Iterator[Fragment]:
    properties = {member.name: inside.child(member.schemas) for member in members.named}
    # a name that may not occur has to be said only where others may
    properties |= {name: False for name in members.hidden if members.families and name not in properties}
    if properties:
        yield {"properties": properties}
    required = [member.name for member in members.named if member.required]
    if required:
        yield {"required": required}


def _families(members: Members, inside: Inside) -> Iterator[Fragment]:
    named = {member.name: frozenset(member.schemas) for member in members.named}
    named |= {name: frozenset([FALSE]) for name in members.hidden if name not in named}
    patterns, additional = names_beside(members.families, named)
    if patterns:
        yield {"patternProperties": {pattern: inside.child(schemas) for pattern, schemas in patterns.items()}}
    if additional:
        yield {"additionalProperties": inside.child(additional)}


def _names(members: Members, inside: Inside) -> Iterator[Fragment]:
    if members.names:
        yield {"propertyNames": inside.child(members.names)}


def _missing(members: Members, inside: Inside) -> Iterator[Fragment]:
    if members.missing is not None:
        yield {"properties": {members.missing: False}, "required": [members.missing]}


def _wanted(members: Members, inside: Inside) -> Iterable[Fragment]:
    if members.wanted:
        raise UnsupportedError("members that must be there are written by some_member, facet by facet")
    return ()


def _said_elsewhere(facet: Any, inside: Inside) -> Iterable[Fragment]:
    return ()


FIELDS: Mapping[type, Mapping[str, _Field]] = {
    StringFacet: {
        "minimum": _number("minLength", "minimum", 0),
        "maximum": _number("maxLength", "maximum"),
        "patterns": _patterns,
    },
    NumberFacet: {
        "low": _bound("minimum", "exclusiveMinimum", "low"),
        "high": _bound("maximum", "exclusiveMaximum", "high"),
        "divisors": _divisors,
        "avoided": _avoided,
    },
    Items: {
        "prefix": _prefix,
        "rest": _rest,
        "minimum": _number("minItems", "minimum", 0),
        "maximum": _number("maxItems", "maximum"),
        "counts": _counts,
        "unique": _unique,
        "repeated": _repeated,
    },
    Members: {
        "named": _named,
        "hidden": _said_elsewhere,  # with the named ones
        "families": _families,
        "wanted": _wanted,
        "names": _names,
        "minimum": _number("minProperties", "minimum", 0),
        "maximum": _number("maxProperties", "maximum"),
        "missing": _missing,
    },
}
"""Facet (arrays and objects: the conjunction of facets) -> field -> what writes it."""
