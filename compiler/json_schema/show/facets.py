"""Each field of each facet as keywords of 2020-12: one table, which has to name every field that there is.

A field becomes any number of fragments; :func:`conjoined` puts them into one object, and those that would need the same
keyword twice into ``allOf``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from constrain.compiler.json_schema.arrays import Items
from constrain.compiler.json_schema.model import FALSE, Bound, NumberFacet, PatternTerm, SchemaId, StringFacet
from constrain.compiler.json_schema.objects import Members
from constrain.compiler.json_schema.show.families import names_beside

__all__ = ["FIELDS", "Child", "Fragment", "conjoined", "fragments"]

Fragment: TypeAlias = dict[str, Any]

Child: TypeAlias = Callable[[tuple[SchemaId, ...]], Any]
"""Writes the conjunction of some schemas of members or items."""

_Field: TypeAlias = Callable[[Any, Child], Iterable[Fragment]]


def fragments(facet: Any, child: Child) -> Iterator[Fragment]:
    """What a facet says.

    Raises:
        LookupError: it has a field that no table knows; nothing is left out silently.
    """
    table = FIELDS[type(facet)]
    for name in facet._fields:
        yield from table[name](facet, child)


def conjoined(parts: Iterable[Fragment]) -> Fragment:
    """One schema that says what all fragments say."""
    merged: Fragment = {}
    more: list[Fragment] = []
    for part in parts:
        if part.keys() & merged.keys():
            if part not in more and any(merged[key] != value for key, value in part.items()):
                more.append(part)
        else:
            merged |= part
    return merged | ({"allOf": more} if more else {})


def _number(keyword: str, name: str, least: int | None = None) -> _Field:
    def field(facet: Any, child: Child) -> Iterator[Fragment]:
        value = getattr(facet, name)
        if value is not None and value != least:
            yield {keyword: value}

    return field


def _bound(keyword: str, strict: str, name: str) -> _Field:
    def field(facet: Any, child: Child) -> Iterator[Fragment]:
        bound: Bound | None = getattr(facet, name)
        if bound is not None:
            yield {strict if bound.strict else keyword: bound.value}

    return field


def _patterns(facet: StringFacet, child: Child) -> Iterator[Fragment]:
    for term in facet.patterns:
        yield _term(term)


def _term(term: PatternTerm) -> Fragment:
    said = {term.kind: term.text}
    return {"not": said} if term.negated else said


def _divisors(facet: NumberFacet, child: Child) -> Iterator[Fragment]:
    divisors: tuple[int | Decimal, ...] = facet.divisors
    for divisor in divisors:
        yield {"multipleOf": divisor}


def _prefix(items: Items, child: Child) -> Iterator[Fragment]:
    if items.prefix:
        yield {"prefixItems": [child(schemas) for schemas in items.prefix]}


def _rest(items: Items, child: Child) -> Iterator[Fragment]:
    if items.rest:
        yield {"items": child(items.rest)}


def _named(members: Members, child: Child) -> Iterator[Fragment]:
    properties = {member.name: child(member.schemas) for member in members.named}
    # a name that may not occur has to be said only where others may
    properties |= {name: False for name in members.hidden if members.families and name not in properties}
    if properties:
        yield {"properties": properties}
    required = [member.name for member in members.named if member.required]
    if required:
        yield {"required": required}


def _families(members: Members, child: Child) -> Iterator[Fragment]:
    named = {member.name: frozenset(member.schemas) for member in members.named}
    named |= {name: frozenset([FALSE]) for name in members.hidden if name not in named}
    patterns, additional = names_beside(members.families, named)
    if patterns:
        yield {"patternProperties": {pattern: child(schemas) for pattern, schemas in patterns.items()}}
    if additional:
        yield {"additionalProperties": child(additional)}


def _names(members: Members, child: Child) -> Iterator[Fragment]:
    if members.names:
        yield {"propertyNames": child(members.names)}


def _missing(members: Members, child: Child) -> Iterator[Fragment]:
    if members.missing is not None:
        yield {"properties": {members.missing: False}, "required": [members.missing]}


def _said_elsewhere(facet: Any, child: Child) -> Iterable[Fragment]:
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
    },
    Items: {
        "prefix": _prefix,
        "rest": _rest,
        "minimum": _number("minItems", "minimum", 0),
        "maximum": _number("maxItems", "maximum"),
    },
    Members: {
        "named": _named,
        "hidden": _said_elsewhere,  # with the named ones
        "families": _families,
        "names": _names,
        "minimum": _number("minProperties", "minimum", 0),
        "maximum": _number("maxProperties", "maximum"),
        "missing": _missing,
    },
}
"""Facet (arrays and objects: the conjunction of facets) -> field -> what writes it."""
